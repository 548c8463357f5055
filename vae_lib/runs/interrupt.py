"""Ctrl-C that tears no step in half."""

from __future__ import annotations

import signal
import threading


class CtrlC:
    """Within it Ctrl-C is noted rather than raised, so that no step is cut in half; a second one is raised.

    Attributes:
        pressed: whether it was.
    """

    def __init__(self) -> None:
        self.pressed = False

    def __enter__(self) -> CtrlC:
        self._listens = threading.current_thread() is threading.main_thread()  # no other thread may, or is interrupted
        if self._listens:
            self._before = signal.signal(signal.SIGINT, self._note)
        return self

    def _note(self, *_: object) -> None:
        if self.pressed:
            raise KeyboardInterrupt
        self.pressed = True

    def __exit__(self, *_: object) -> None:
        if self._listens:
            signal.signal(signal.SIGINT, self._before)

"""Ctrl-C that tears no step in half."""

from __future__ import annotations

import signal
import threading

_listening: list[CtrlC] = []  # the innermost last


def stop(*_: object) -> None:
    """What Ctrl-C does now, for other signals: they count where Ctrl-C is ignored too, as in a background job."""
    if not _listening:
        raise KeyboardInterrupt
    _listening[-1].note()


class CtrlC:
    """Within it Ctrl-C is noted rather than raised, so that no step is cut in half; a second one is raised.

    A process that ignores Ctrl-C goes on to ignore it.

    Attributes:
        pressed: whether it was.
    """

    def __init__(self) -> None:
        self.pressed = False

    def __enter__(self) -> CtrlC:
        self._listens = threading.current_thread() is threading.main_thread()  # no other thread may, or is interrupted
        if self._listens:
            _listening.append(self)
            self._before = signal.getsignal(signal.SIGINT)
            if self._before is not signal.SIG_IGN:
                signal.signal(signal.SIGINT, self.note)
        return self

    def note(self, *_: object) -> None:
        if self.pressed:
            raise KeyboardInterrupt
        self.pressed = True

    def __exit__(self, *_: object) -> None:
        if self._listens:
            _listening.remove(self)
            if self._before is not signal.SIG_IGN:
                signal.signal(signal.SIGINT, self._before)

"""Writing files whole or not at all, and records so that a change of one is read line by line."""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import socket
from pathlib import Path
from typing import Any


def record_text(record: Any, margin: str = "") -> str:
    """A record as JSON with a line for what fits on one, and for a list of numbers however long.

    Raises:
        ValueError: a number that is not finite.
    """
    line = json.dumps(record, allow_nan=False)
    numbers = isinstance(record, list) and all(isinstance(each, int | float) for each in record)
    if not isinstance(record, dict | list) or numbers or len(margin + line) <= 116:
        return line if margin else line + "\n"
    within = margin + " "
    if isinstance(record, dict):
        parts = [f"{json.dumps(str(key))}: {record_text(value, within)}" for key, value in record.items()]
    else:
        parts = [record_text(value, within) for value in record]
    begin, end = "{}" if isinstance(record, dict) else "[]"
    text = f"{begin}\n{within}" + f",\n{within}".join(parts) + f"\n{margin}{end}"
    return text if margin else text + "\n"


def write_atomically(path: Path, content: bytes | memoryview) -> None:
    """Write to a neighbour, then rename: a reader, a crash or a full disk never meets or leaves half a file.

    Any number of processes may write one file at once: each has a neighbour of its own, and the last one wins.

    Args:
        path: where to; folders that are missing are made. The neighbour is hidden and ends in ``.part``; what a killed
            process of this machine left is taken away.
        content: what the file shall hold.
    """
    begin = f".{path.name[:100]}.{socket.gethostname()[:40]}."
    part = path.with_name(f"{begin}{os.getpid()}.{secrets.token_hex(4)}.part")
    try:
        part.parent.mkdir(parents=True, exist_ok=True)
        with part.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.replace(part, path)
    except BaseException:
        with contextlib.suppress(OSError):
            part.unlink(missing_ok=True)
        raise
    _sweep(path.parent, begin)


def check_writable(path: Path) -> None:
    """An OSError, before any work, where ``write_atomically`` could not write; leaves nothing behind.

    Raises:
        OSError: a folder of that name, or a place where no file can be made; names it.
    """
    if path.is_dir():
        raise IsADirectoryError(f"{path} is a folder; name a file")
    made = [folder for folder in path.parents if not folder.exists()]
    probe = path.with_name(f".{secrets.token_hex(8)}.part")
    try:
        probe.parent.mkdir(parents=True, exist_ok=True)
        with probe.open("wb") as file:
            file.write(b"whether there is room")
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        raise type(error)(f"{path} cannot be written ({error.strerror}); name another place") from None
    finally:
        with contextlib.suppress(OSError):
            probe.unlink(missing_ok=True)
        for folder in made:  # the innermost first
            with contextlib.suppress(OSError):
                folder.rmdir()


def _sweep(folder: Path, begin: str) -> None:
    """Take away what processes that are no more have left."""
    if os.name != "posix":
        return
    for left in folder.iterdir():
        process = left.name.removeprefix(begin).split(".")[0]
        if left.name.startswith(begin) and left.name.endswith(".part") and process.isdecimal():
            try:
                os.kill(int(process), 0)  # asks only whether it is there
            except (ProcessLookupError, OverflowError):
                with contextlib.suppress(OSError):
                    left.unlink()
            except OSError:
                pass

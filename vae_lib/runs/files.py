"""Writing files whole or not at all."""

from __future__ import annotations

import os
from pathlib import Path


def write_atomically(path: Path, content: bytes | memoryview) -> None:
    """Write to a neighbour, then rename: a reader, a crash or a full disk never meets or leaves half a file.

    Args:
        path: where to; folders that are missing are made. The neighbour is named ``.part``; one that a killed process
            left is written over by the next.
        content: what the file shall hold.
    """
    part = path.with_name(path.name + ".part")
    try:
        part.parent.mkdir(parents=True, exist_ok=True)
        with part.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.replace(part, path)
    except BaseException:
        part.unlink(missing_ok=True)
        raise

"""Writing files whole or not at all."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path


def write_atomically(contents: Mapping[Path, bytes | memoryview]) -> None:
    """Write all to neighbours, then rename: a reader, a crash or a full disk never meets or leaves half a file.

    Args:
        contents: for each path what the file shall hold; folders that are missing are made. The neighbours are named
            ``.part``; one that a killed process left is written over by the next.
    """
    parts = {path.with_name(path.name + ".part"): path for path in contents}
    try:
        for part, path in parts.items():
            part.parent.mkdir(parents=True, exist_ok=True)
            with part.open("wb") as file:
                file.write(contents[path])
                file.flush()
                os.fsync(file.fileno())
        for part, path in parts.items():
            os.replace(part, path)
    except BaseException:
        for part in parts:
            part.unlink(missing_ok=True)
        raise

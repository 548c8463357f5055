"""The state of a training between two epochs, as a file."""

from __future__ import annotations

import io
import warnings
import zipfile
from dataclasses import dataclass, field
from itertools import zip_longest
from pathlib import Path
from typing import Any, Final

import torch
from torch import Tensor

from vae_lib.runs.files import write_atomically

PARTS: Final = ("model", "optimizer", "generator", "history", "best_weights")


@dataclass(frozen=True)
class Checkpoint:
    """A file that is written whole or not at all, and read only by the training that wrote it.

    Attributes:
        path: the file.
        settings: what has to be the same in both, each as text.
    """

    path: Path
    settings: dict[str, str]
    _mine: list[tuple[int, int]] = field(default_factory=list)  # which file this training wrote or read last

    def write(self, state: dict[str, Any]) -> None:
        """Write the state, of what ``torch.load(weights_only=True)`` takes.

        Raises:
            OSError: it cannot be written; names the file and the remedy.
            ValueError: another training has written there meanwhile.
        """
        if self._mine and self._which() not in (None, self._mine[-1]):
            raise ValueError(
                f"checkpoint {self.path} is also written by another training; name another file for this one"
            )
        buffer = io.BytesIO()
        torch.save({"settings": self.settings, **state}, buffer)
        try:
            write_atomically(self.path, buffer.getbuffer())
        except OSError as error:
            raise OSError(
                f"checkpoint {self.path} cannot be written ({error.strerror}); the model keeps its weights. Make room, "
                "or name another file"
            ) from error
        self._mine[:] = [which for which in [self._which()] if which is not None]

    def _which(self) -> tuple[int, int] | None:
        try:
            found = self.path.stat()
        except OSError:
            return None
        return found.st_ino, found.st_mtime_ns

    def read(self) -> dict[str, Any]:
        """The state in the file.

        Raises:
            ValueError: the file is damaged, or is of another training; says where the settings differ.
        """
        saved = read_checkpoint(self.path)
        was, now = saved["settings"], self.settings
        longer = was.get("epochs", "").isdecimal() and int(was["epochs"]) < int(now["epochs"])
        notes = []
        for name in now:
            before, after = was.get(name, ""), now[name]
            if name == "lr" and longer:  # a told schedule has to begin alike, a cosine at the same rate
                known = 1 if now["schedule"] == "cosine" else int(was["epochs"])
                before, after = ("\n".join(text.splitlines()[:known]) for text in (before, after))
            if before == after:
                continue
            if name == "epochs" and longer:
                notes.append(
                    f"it was begun for {before} epochs and goes on to {after}, by rates for so many from here on"
                )
            elif name == "device":
                notes.append(f"it was on {before} and goes on on {after}, with other random numbers and rounding")
            elif name == "code":
                notes.append("the library's code was another, so the weights may differ from those of one training")
            else:
                raise self._of_another(name, before, after)
        if notes:
            warnings.warn(f"checkpoint {self.path}: {'; '.join(notes)}", stacklevel=5)
        self._mine[:] = [which for which in [self._which()] if which is not None]
        return saved

    def _of_another(self, name: str, before: str, after: str) -> ValueError:
        lines = zip_longest(before.splitlines(), after.splitlines(), fillvalue="nothing")
        line, line_now = next((line, other) for line, other in lines if line != other)
        return ValueError(
            f"checkpoint {self.path} is of another training: {name} was {line.strip()}, now it is "
            f"{line_now.strip()}; delete the file, name another, or go back to its settings"
        )


def read_checkpoint(path: Path) -> dict[str, Any]:
    """The whole content of a checkpoint, whatever training it is of."""
    if path.exists() and not path.is_file() and not path.is_dir():  # of a device one could read for ever
        raise ValueError(f"checkpoint {path} is no file; name one")
    try:
        with zipfile.ZipFile(path) as archive:  # torch writes checksums and does not look at them
            if broken := archive.testzip():
                raise ValueError(f"{broken} has another checksum")
        saved: dict[str, Any] = torch.load(path, weights_only=True, map_location="cpu")
    except OSError:
        raise
    except Exception as error:
        raise ValueError(f"{path} is not a whole checkpoint ({error}); delete it to start again") from error
    if not isinstance(saved, dict) or not isinstance(saved.get("settings"), dict):
        raise ValueError(f"{path} is a file of torch but no checkpoint of a training; name another")
    damaged = [name for name in PARTS if not isinstance(saved.get(name), Tensor if name == "generator" else dict)]
    damaged += [f"{name} of the settings" for name, value in saved["settings"].items() if not isinstance(value, str)]
    for part in ("model", "best_weights"):
        if part not in damaged:
            damaged += [f"{name} of {part}" for name, value in saved[part].items() if not _is_finite(value)]
    if damaged:
        raise ValueError(f"checkpoint {path} is damaged in {', '.join(damaged[:3])}; delete it to start again")
    return saved


def _is_finite(value: object) -> bool:
    return isinstance(value, Tensor) and bool(torch.isfinite(value).all())

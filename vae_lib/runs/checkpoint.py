"""The state of a training between two epochs, as a file."""

from __future__ import annotations

import io
import zipfile
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path
from typing import Any

import torch

from vae_lib.runs.files import write_atomically


@dataclass(frozen=True)
class Checkpoint:
    """A file that is written whole or not at all, and read only by the training that wrote it.

    Attributes:
        path: the file.
        settings: what has to be the same in both, each as text.
    """

    path: Path
    settings: dict[str, str]

    def write(self, state: dict[str, Any]) -> None:
        """Write the state, of what ``torch.load(weights_only=True)`` takes.

        Raises:
            OSError: it cannot be written; names the file and the remedy.
        """
        buffer = io.BytesIO()
        torch.save({"settings": self.settings, **state}, buffer)
        try:
            write_atomically(self.path, buffer.getbuffer())
        except OSError as error:
            raise OSError(
                f"checkpoint {self.path} cannot be written ({error.strerror}); the model keeps its weights. Make room, "
                "or name another file"
            ) from error

    def read(self) -> dict[str, Any]:
        """The state in the file.

        Raises:
            ValueError: the file is damaged, or is of another training; says where the settings differ.
        """
        saved = read_checkpoint(self.path)
        for name, now in self.settings.items():
            was = saved["settings"].get(name, "")
            if was != now:
                lines = zip_longest(was.splitlines(), now.splitlines(), fillvalue="nothing")
                line, line_now = next((line, other) for line, other in lines if line != other)
                raise ValueError(
                    f"checkpoint {self.path} is of another training: {name} was {line.strip()}, now it is "
                    f"{line_now.strip()}; delete the file, name another, or go back to its settings"
                )
        return saved


def read_checkpoint(path: Path) -> dict[str, Any]:
    """The whole content of a checkpoint, whatever training it is of."""
    try:
        with zipfile.ZipFile(path) as archive:  # torch writes checksums and does not look at them
            if broken := archive.testzip():
                raise ValueError(f"{broken} has another checksum")
        saved: dict[str, Any] = torch.load(path, weights_only=True, map_location="cpu")
    except OSError:
        raise
    except Exception as error:
        raise ValueError(f"{path} is not a whole checkpoint ({error}); delete it to start again") from error
    if not isinstance(saved, dict) or "settings" not in saved:
        raise ValueError(f"{path} is a file of torch but no checkpoint of a training; name another")
    return saved

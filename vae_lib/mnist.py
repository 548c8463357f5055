"""MNIST's four files: where they lie, how they come there, and what is in them."""

from __future__ import annotations

import math
import os
from pathlib import Path

import numpy as np
import torch
from torch import Tensor


class DataUnavailableError(RuntimeError):
    """A data set that has to be downloaded could not be; the message says what to do."""


def mnist_root() -> Path:
    """Folder that holds MNIST: the environment's ``VAE_LIB_DATA``, or a cache in the home directory."""
    return Path(os.environ.get("VAE_LIB_DATA") or Path.home() / ".cache" / "vae_lib")


def read_mnist() -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Pictures and labels to train on, and to test on: uint8, shapes ``(count, 28, 28)`` and ``(count,)``.

    Raises:
        DataUnavailableError: it is not on this machine and cannot be downloaded.
    """
    root = mnist_root()
    raw = root / "MNIST" / "raw"
    try:
        if not all((raw / name).exists() for name in _MNIST_FILES):
            from torchvision.datasets import MNIST  # imports torch's compiler, 160 MB: only to download

            MNIST(str(root), download=True)
        train, train_labels, test, test_labels = (_read_idx(raw / name, dims) for name, dims in _MNIST_FILES.items())
        if (len(train), len(test)) != (len(train_labels), len(test_labels)):
            raise ValueError(f"{len(train)} + {len(test)} pictures, {len(train_labels)} + {len(test_labels)} labels")
    except (OSError, RuntimeError, ValueError, EOFError) as error:
        reason = str(error).strip().splitlines()[-1] if str(error).strip() else type(error).__name__
        raise DataUnavailableError(
            f"MNIST could not be read from {root} nor downloaded ({reason}): connect to the internet, set VAE_LIB_DATA "
            "to a folder that holds MNIST/raw (delete it if damaged), or use load('digits'), which needs no network"
        ) from None
    return train, train_labels, test, test_labels


_MNIST_FILES = {
    "train-images-idx3-ubyte": 3,
    "train-labels-idx1-ubyte": 1,
    "t10k-images-idx3-ubyte": 3,
    "t10k-labels-idx1-ubyte": 1,
}


def _read_idx(path: Path, dims: int) -> Tensor:
    """A file of MNIST's: 0, 0, 8 for bytes, the number of axes, each one's length in four bytes, then the bytes."""
    content = np.fromfile(path, dtype=np.uint8)
    header = 4 + 4 * dims
    if content[:4].tolist() != [0, 0, 8, dims] or len(content) < header:
        raise ValueError(f"{path.name} does not begin as a file of bytes with {dims} axes does")
    shape = [int(length) for length in content[4:header].view(">u4")]
    if math.prod(shape) != len(content) - header or (dims == 3 and shape[1:] != [28, 28]):
        raise ValueError(f"{path.name} says it holds {shape}, but {len(content) - header} bytes follow")
    return torch.from_numpy(content[header:].reshape(shape))

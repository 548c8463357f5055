"""Data sets as tensors: one ``load(name)`` for all, every example a row of numbers between 0 and 1.

``digits`` comes with scikit-learn and needs no network. ``mnist`` is downloaded by torchvision when it is asked for.
The toys are two-dimensional, for pictures in which everything can be seen.
"""

from __future__ import annotations

import math
import os
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from torch import Tensor


class DataUnavailableError(RuntimeError):
    """A data set that has to be downloaded could not be; the message says what to do."""


@dataclass(frozen=True)
class Dataset:
    """A data set split into training and test examples.

    Attributes:
        name: the name that ``load`` takes.
        train, test: examples, shape ``(count, data_dim)``: float32 in [0, 1], or uint8 where bytes were asked for.
        train_labels, test_labels: class of each example, int64, shape ``(count,)``. No VAE is trained on them.
        image_shape: ``(height, width)``, or ``None`` for points in the plane.
    """

    name: str
    train: Tensor
    test: Tensor
    train_labels: Tensor
    test_labels: Tensor
    image_shape: tuple[int, int] | None

    @property
    def data_dim(self) -> int:
        """Numbers in one example."""
        return self.train.shape[1]


def _split(x: Tensor, labels: Tensor, test_fraction: float, seed: int) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Shuffle once with the seed, then cut: train, test, train labels, test labels."""
    order = torch.randperm(len(x), generator=torch.Generator().manual_seed(seed))
    test, train = order.split([round(test_fraction * len(x)), len(x) - round(test_fraction * len(x))])
    return x[train], x[test], labels[train], labels[test]


def _digits() -> Dataset:
    from sklearn.datasets import load_digits

    bunch = load_digits()
    x = torch.tensor(bunch.data, dtype=torch.float32) / 16  # brightness 0..16 becomes 0..1
    labels = torch.tensor(bunch.target, dtype=torch.int64)
    train, test, train_labels, test_labels = _split(x, labels, test_fraction=0.2, seed=0)
    return Dataset("digits", train, test, train_labels, test_labels, image_shape=(8, 8))


def mnist_root() -> Path:
    """Folder that holds MNIST: the environment's ``VAE_LIB_DATA``, or a cache in the home directory."""
    return Path(os.environ.get("VAE_LIB_DATA") or Path.home() / ".cache" / "vae_lib")


def _mnist() -> Dataset:
    """The pictures as bytes."""
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
    rows = (train.flatten(1), test.flatten(1))
    return Dataset("mnist", *rows, train_labels.long(), test_labels.long(), image_shape=(28, 28))


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


def _toy(draw: Callable[[int, torch.Generator], tuple[Tensor, Tensor]], name: str) -> Dataset:
    x, labels = draw(2500, torch.Generator().manual_seed(0))
    low, high = x.min(0).values, x.max(0).values
    train, test, train_labels, test_labels = _split((x - low) / (high - low), labels, test_fraction=0.2, seed=0)
    return Dataset(name, train, test, train_labels, test_labels, image_shape=None)


def _ring(count: int, generator: torch.Generator) -> tuple[Tensor, Tensor]:
    """A noisy circle: one number, the angle, places each point."""
    angle = 2 * math.pi * torch.rand(count, generator=generator)
    radius = 1 + 0.08 * torch.randn(count, generator=generator)
    return torch.stack([radius * angle.cos(), radius * angle.sin()], dim=1), torch.zeros(count, dtype=torch.int64)


def _clusters(count: int, generator: torch.Generator) -> tuple[Tensor, Tensor]:
    """Five round clusters on a circle; the label is the cluster."""
    labels = torch.randint(5, (count,), generator=generator)
    angle = 2 * math.pi * labels / 5
    centers = torch.stack([angle.cos(), angle.sin()], dim=1)
    return centers + 0.12 * torch.randn(count, 2, generator=generator), labels


def _parabola(count: int, generator: torch.Generator) -> tuple[Tensor, Tensor]:
    """X = (z, z²) + noise with z ~ N(0, 1): a curve, bent once."""
    z = torch.randn(count, generator=generator)
    x = torch.stack([z, z**2], dim=1) + 0.1 * torch.randn(count, 2, generator=generator)
    return x, torch.zeros(count, dtype=torch.int64)


_LOADERS: dict[str, Callable[[], Dataset]] = {
    "digits": _digits,
    "mnist": _mnist,
    "ring": lambda: _toy(_ring, "ring"),
    "clusters": lambda: _toy(_clusters, "clusters"),
    "parabola": lambda: _toy(_parabola, "parabola"),
}

NAMES = tuple(_LOADERS)
"""The names that ``load`` takes."""


def brightness(x: Tensor) -> Tensor:
    """Pixels as float32 in [0, 1]: bytes are divided by 255; what is no bytes comes back as it is."""
    return x.float().div_(255) if x.dtype == torch.uint8 else x


def load(name: str = "digits", *, as_bytes: bool = False) -> Dataset:
    """Load a data set by name: the same tensors on every machine and in every call.

    Args:
        name: ``"digits"`` (1,797 pictures of 8×8, carried by scikit-learn), ``"mnist"`` (70,000 of 28×28, downloaded
            once into ``mnist_root()``), or a toy of 2,500 points in the unit square: ``"ring"``, ``"clusters"``,
            ``"parabola"``.
        as_bytes: keep MNIST's pictures as they are stored, uint8 from 0 to 255: 47 MB in place of 188. ``fit`` takes
            them so; ``brightness`` makes the usual numbers of them.

    Raises:
        ValueError: an unknown name, or bytes of a data set other than MNIST.
        DataUnavailableError: MNIST is not on this machine and cannot be downloaded.
    """
    if name not in _LOADERS:
        raise ValueError(f"name must be one of {', '.join(NAMES)}, got {name!r}")
    if as_bytes and name != "mnist":
        raise ValueError(f"only mnist is stored as bytes; leave as_bytes out for {name!r}")
    dataset = _LOADERS[name]()
    if as_bytes:
        return dataset
    return replace(dataset, train=brightness(dataset.train), test=brightness(dataset.test))


def binarize(x: Tensor, *, generator: torch.Generator | None = None) -> Tensor:
    """Turn grey values into coin flips: each pixel becomes 1 with probability equal to its brightness.

    Done anew at every pass this is the dynamic binarization of Burda et al. 2015.

    Raises:
        ValueError: a value outside [0, 1].
    """
    if not bool(((x >= 0) & (x <= 1)).all()):
        raise ValueError(f"brightness must lie in [0, 1], got values from {x.min():g} to {x.max():g}")
    return torch.bernoulli(x, generator=generator)


def slant(x: Tensor, image_shape: tuple[int, int]) -> Tensor:
    """How far the ink leans to the right for each pixel that it goes up: the slope of its line of regression.

    Args:
        x: pictures, shape ``(count, height·width)``; brightness is weight of ink.
        image_shape: ``(height, width)``.

    Returns:
        Columns per row, shape ``(count,)``; 0 is upright, positive leans like ``/``. NaN for a picture whose ink lies
        in fewer than two rows.
    """
    ink = x.reshape(-1, *image_shape).double()
    up = -torch.arange(image_shape[0], dtype=torch.float64)  # (height,)
    right = torch.arange(image_shape[1], dtype=torch.float64)  # (width,)
    total = ink.sum((1, 2))[:, None]
    from_middle = up - ink.sum(2) @ up[:, None] / total  # (count, height)
    from_center = right - ink.sum(1) @ right[:, None] / total  # (count, width)
    covariance = torch.einsum("nhw,nh,nw->n", ink, from_middle, from_center)
    slope = covariance / (ink.sum(2) * from_middle**2).sum(1)
    two_rows = (ink.sum(2) > 0).sum(1) >= 2
    return torch.where(two_rows, slope, torch.nan).to(x.dtype if x.is_floating_point() else torch.float32)

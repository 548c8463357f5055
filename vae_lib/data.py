"""Data sets as tensors: one ``load(name)`` for all, every example a row of numbers between 0 and 1.

``digits`` comes with scikit-learn and needs no network. ``mnist`` is downloaded by torchvision when it is asked for.
The toys are two-dimensional, for pictures in which everything can be seen.
"""

from __future__ import annotations

import contextlib
import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, TypeAlias

import numpy as np
import torch
from torch import Tensor

from vae_lib import checks
from vae_lib.mnist import DataUnavailableError as DataUnavailableError
from vae_lib.mnist import mnist_root as mnist_root
from vae_lib.mnist import read_mnist

Examples: TypeAlias = Any
"""What ``examples`` takes: a tensor, an array, a list, a data set."""


@dataclass(frozen=True)
class About:
    """What a model was trained on, as far as pictures of it need to know; a model keeps it, and ``save`` writes it.

    Attributes:
        image_shape: ``(height, width)`` or ``(channels, height, width)`` of a picture.
        classes: the name of each label, from 0.
        columns: the name of each number of a row of a table.
        center, scale: what was taken from each column, and what it was divided by then.
    """

    image_shape: tuple[int, ...] | None = None
    classes: tuple[str, ...] = ()
    columns: tuple[str, ...] = ()
    center: tuple[float, ...] = ()
    scale: tuple[float, ...] = ()

    def standardized(self, rows: Tensor) -> Tensor:
        """Rows in the units of the table, ``(..., columns)``, as the model takes them."""
        return (rows - rows.new_tensor(self.center)) / rows.new_tensor(self.scale) if self.scale else rows

    def in_units(self, rows: Tensor) -> Tensor:
        """The way back: what a model gives, ``(..., columns)``, in the units of the table."""
        return rows * rows.new_tensor(self.scale) + rows.new_tensor(self.center) if self.scale else rows


@dataclass(frozen=True)
class Dataset:
    """A data set split into training and test examples.

    Attributes:
        name: the name that ``load`` takes.
        train, test: examples, shape ``(count, data_dim)``: float32 in [0, 1], or uint8 where bytes were asked for.
        train_labels, test_labels: class of each example, int64, shape ``(count,)``. No VAE is trained on them.
        image_shape: ``(height, width)`` or ``(channels, height, width)``; ``None`` for what is no picture.
        about: what else there is to know of your own data: names of classes and columns, and the table's units.
    """

    name: str
    train: Tensor
    test: Tensor
    train_labels: Tensor
    test_labels: Tensor
    image_shape: tuple[int, ...] | None
    about: About = About()

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


def _mnist() -> Dataset:
    """The pictures as bytes."""
    train, train_labels, test, test_labels = read_mnist()
    rows = (train.flatten(1), test.flatten(1))
    return Dataset("mnist", *rows, train_labels.long(), test_labels.long(), image_shape=(28, 28))


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


def examples(
    x: Examples,
    name: str = "x",
    *,
    width: int | None = None,
    pictures: bool = True,
    like: Tensor | None = None,
    keep_bytes: bool = False,
) -> Tensor:
    """The one rule for data, which every function keeps: rows of floating point, or a sentence that says what is wrong.

    Taken: tensors and arrays of any kind of number, nested lists, lists of pictures, data sets of torch. Bytes, uint8,
    are brightness times 255; True and False are 1 and 0. A picture that comes as ``(height, width)`` becomes a row.

    Args:
        x: the examples.
        name: of the argument, for the error.
        width: numbers in one example.
        pictures: whether they are brightness from 0 to 1; else any finite numbers, and no bytes.
        like: a tensor whose kind and device the rows shall have; by default they keep their own, or are float32.
        keep_bytes: leave uint8 for ``brightness`` to divide later, batch by batch.

    Raises:
        TypeError: something else than numbers.
        ValueError: another width, numbers that are not finite, pictures outside of [0, 1], or bytes that are none.
    """
    x = _rows(_as_tensor(x, name), width, name)
    if x.dtype == torch.uint8:
        if not pictures:
            raise ValueError(f"{name} holds bytes; pass {name}.float() for numbers, or {name} / 255 for brightness")
        if x.numel() and x.max() == 1:
            raise ValueError(f"{name} holds bytes of 0 and 1 alone, where 255 is full; if 1 is, pass {name}.float()")
        return x if keep_bytes else brightness(x) if like is None else brightness(x).to(like)
    if like is not None:
        x = x.to(like.device, like.dtype)
    elif x.dtype not in (torch.float32, torch.float64):
        x = x.float()
    if x.numel() == 0:
        return x
    low, high = (float(end) for end in x.detach().aminmax())
    if not math.isfinite(low + high):
        bad = ~torch.isfinite(x.detach()).reshape(-1, x.shape[-1]).all(1)
        raise ValueError(f"{name} must be finite, but row {int(bad.nonzero()[0])} is not; remove or repair it")
    if pictures and not (low >= -ROUNDING and high <= 1 + ROUNDING):
        raise ValueError(f"{name} must lie in [0, 1], got values from {low:g} to {high:g}; {_remedy(name, low, high)}")
    return x


ROUNDING = 1e-5
"""How far outside of [0, 1] brightness may lie, as resizing and float16 leave it."""


def _remedy(name: str, low: float, high: float) -> str:
    if low >= 0:
        return "divide by the most that a pixel can be, such as 255; for a table take VAE(..., sigmoid=False)"
    shifted = f"for brightness from -1 to 1 pass ({name} + 1) / 2, " if low >= -1 and high <= 1 else ""
    return f"{shifted}for a table take VAE(..., sigmoid=False)"


ARRAYS = ("__array__", "__array_interface__")  # what NumPy makes an array of


def _as_tensor(x: Examples, name: str) -> Tensor:
    if isinstance(x, Dataset):
        raise TypeError(f"{name} must be one part of the data set; pass {name}.train or {name}.test")
    if hasattr(x, "dataset") and hasattr(x, "batch_size"):
        raise TypeError(f"{name} is a {type(x).__name__}; pass its .dataset, of which batches are cut here")
    shapes: list[tuple[int, ...]] = []
    try:
        if isinstance(x, torch.utils.data.Dataset):  # of pairs of a picture and its class, or of pictures
            items = (x[place] for place in range(len(x)))  # type: ignore[arg-type]
            x = [item[0] if isinstance(item, tuple) else item for item in items]
        if isinstance(x, list | tuple) and x and all(isinstance(item, Tensor) for item in x):
            x = torch.stack(list(x))
        elif isinstance(x, list | tuple) or (not isinstance(x, Tensor) and {*ARRAYS} & {*dir(x)}):
            array = np.array(x)  # a copy, which torch may write to
            wide = array.dtype.kind == "u" and array.dtype.itemsize > 1  # torch has few operations for these
            x = torch.from_numpy(array.astype(np.int64 if wide else array.dtype.newbyteorder("=")))
    except (TypeError, ValueError, RuntimeError):
        with contextlib.suppress(ValueError):  # of lists within that are ragged themselves
            shapes = sorted({tuple(np.shape(item)) for item in x}) if isinstance(x, list | tuple) else []
        if len(shapes) > 1:
            raise ValueError(f"{name} holds pictures of shapes {shapes[0]} and {shapes[-1]}; make them one") from None
    plain = isinstance(x, Tensor) and not (x.is_nested or x.is_meta or x.is_complex() or x.is_quantized)
    if not plain or x.layout is not torch.strided:
        raise TypeError(f"{name} must be numbers: a tensor, an array or a list of pictures, got {checks.shown(x)}")
    if x.is_inference() and not torch.is_inference_mode_enabled():
        x = x.clone()  # or no gradient could be had
    return x.long() if x.dtype in (torch.uint16, torch.uint32, torch.uint64) else x


def _rows(x: Tensor, width: int | None, name: str) -> Tensor:
    """Pictures of any shape as rows of ``width`` numbers, where their last axes hold just so many."""
    for axis in range(x.ndim - 1, -1, -1):
        if width is not None and math.prod(x.shape[axis:]) == width:
            grey = x.ndim - axis == 2 <= axis and x.shape[axis - 1] == 1  # (count, 1, height, width)
            return x.flatten(axis - grey)
    if width is not None or x.ndim == 0:
        raise ValueError(f"{name} must have shape (..., {width or 'width'}) for this model, got {tuple(x.shape)}")
    return x


@checks.typed
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
    checks.one_of(NAMES, name=name)
    if as_bytes and name != "mnist":
        raise ValueError(f"only mnist is stored as bytes; leave as_bytes out for {name!r}")
    dataset = _LOADERS[name]()
    if as_bytes:
        return dataset
    return replace(dataset, train=brightness(dataset.train), test=brightness(dataset.test))


@checks.typed
def binarize(x: Examples, *, generator: torch.Generator | None = None) -> Tensor:
    """Turn grey values into coin flips: each pixel becomes 1 with probability equal to its brightness.

    Done anew at every pass this is the dynamic binarization of Burda et al. 2015.

    Raises:
        ValueError: a value outside [0, 1].
    """
    return torch.bernoulli(examples(x).clamp(0, 1), generator=generator)


@checks.typed
def dequantize(x: Tensor, *, levels: int = 256, generator: torch.Generator | None = None) -> Tensor:
    """Noise within each step of brightness, so that densities can be compared: (x·(levels − 1) + u) / levels.

    Args:
        x: brightness in [0, 1], whole multiples of 1 / (levels − 1).
        levels: how many there are; 256 for bytes.
        generator: the source of u, uniform from 0 to 1.

    Source: Theis et al. 2016, section 3.1; ``evidence.bits_per_dimension`` makes the usual unit of the result.
    """
    checks.at_least(2, levels=levels)
    x = examples(x)
    return (x * (levels - 1) + torch.rand(x.shape, generator=generator, dtype=x.dtype, device=x.device)) / levels


@checks.typed
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

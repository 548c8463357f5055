"""Codes of examples that a widget shows: checked, measured and packed for the browser."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, Final

import numpy as np
import torch
from numpy.typing import ArrayLike
from torch import Tensor

from vae_lib.widgets.base import FINITE, Numbers

Values = Tensor | ArrayLike | None
Labels = Values | Sequence[Any]
MOST_CHOICES: Final = 12
MOST_CLASSES: Final = 65_536  # that two bytes tell apart
SMALLEST_EXTENT: Final = 3.0


def plane_point(x: float = 0.0, y: float = 0.0) -> Numbers:
    """A trait that holds a point of a plane."""
    return Numbers([x, y], FINITE, FINITE, what="two finite numbers such as [0.5, -1.0]")


def check_codes(codes: Values) -> Tensor:
    """Codes as float32 of shape (n, 2), on the CPU; (0, 2) for none.

    Raises:
        ValueError: another shape, or values that are not finite as float16, in which they are sent.
    """
    if codes is None:
        return torch.zeros(0, 2)
    points = _numbers("codes", codes)
    if points.ndim != 2 or points.shape[1] != 2:
        raise ValueError(f"codes must have shape (n, 2), got {tuple(points.shape)}; pass encode(x).mean")
    points = points.to(torch.float32)
    _check_finite("codes", points, torch.isfinite(points.half()), most=65504)
    return points


def check_widths(log_var: Values, count: int) -> Tensor:
    """Standard deviations of log variances, as float32 of shape (count, 2), on the CPU; (0, 2) for none.

    Raises:
        ValueError: another shape, or values that are not finite as float16, in which they are sent.
    """
    if log_var is None:
        return torch.zeros(0, 2)
    values = _numbers("log_var", log_var)
    if tuple(values.shape) != (count, 2):
        raise ValueError(
            f"log_var must have shape ({count}, 2), one row for each code, got {tuple(values.shape)}; "
            "pass encode(x).log_var"
        )
    widths = (values.to(torch.float32) / 2).exp()
    _check_finite("log_var", values, torch.isfinite(values) & torch.isfinite(widths.half()), most=22)
    return widths


def check_labels(labels: Values, count: int) -> Tensor:
    """Labels of shape (count,), on the CPU; (0,) for none.

    Raises:
        ValueError: another shape, or labels that are not the digits 0 to 9.
    """
    if labels is None:
        return torch.zeros(0)
    values = _numbers("labels", labels)
    if tuple(values.shape) != (count,):
        raise ValueError(f"labels must have shape ({count},), one for each code, got {tuple(values.shape)}")
    if values.dtype == torch.bool:
        raise ValueError("labels must be the digits 0 to 9, got True and False")
    known = torch.isin(values, torch.arange(10, dtype=values.dtype))
    if not known.all():
        raise ValueError(f"labels must be the digits 0 to 9, got {values[~known][0].item()}")
    return values


def check_classes(labels: Labels, count: int, classes: tuple[str, ...] = ()) -> tuple[Tensor, tuple[str, ...]]:
    """Labels as int64 of shape (count,), and the names of their classes, of which (0,) and none for no labels.

    Args:
        labels: whole numbers from 0, which ``classes`` may have names for; or words, one for each code.
        count: how many codes there are.
        classes: the name of each label, from 0.

    Raises:
        ValueError: another shape, or labels that are neither.
    """
    if labels is None:
        return torch.zeros(0, dtype=torch.int64), ()
    values = np.asarray(labels.detach().cpu() if isinstance(labels, Tensor) else labels)
    if values.shape != (count,):
        raise ValueError(f"labels must have shape ({count},), one for each code, got {values.shape}")
    whole = values.dtype.kind in "iuf" and bool((values == np.floor(values)).all())
    most = len(classes) or MOST_CLASSES
    if whole and count and values.min() >= 0 and values.max() < most:
        return torch.from_numpy(values.astype(np.int64)), classes
    if classes or values.dtype.kind not in "bUSO":
        named = f"whole numbers from 0 to {most - 1}, or words" if count else "words"
        raise ValueError(f"labels must be {named}, got {values.tolist()[:3]} and the like")
    words = [str(value) for value in values.tolist()]
    names = sorted(set(words))
    return torch.tensor([names.index(word) for word in words], dtype=torch.int64), tuple(names)


def check_choices(codes: Tensor | ArrayLike, latent_dim: int, name: str = "codes") -> Tensor:
    """Means, or log variances, of a few examples to choose from: float64 of shape (n, latent_dim), on the CPU.

    Raises:
        ValueError: another shape, or more than ``MOST_CHOICES``.
    """
    values = _numbers(name, codes).to(torch.float64)
    if values.numel() == 0:
        return torch.zeros(0, latent_dim, dtype=torch.float64)
    if values.ndim != 2 or values.shape[1] != latent_dim or len(values) > MOST_CHOICES:
        raise ValueError(
            f"{name} must have shape (n, {latent_dim}) with n up to {MOST_CHOICES}, got {tuple(values.shape)}; "
            "pass those of a few examples, as encode(x) gives them"
        )
    return values


def choice_names(labels: Tensor | Sequence[Any] | None, count: int) -> list[str]:
    """What ``count`` choices are called: their labels, of any kind, as text; 1, 2, 3, ... without them.

    Raises:
        ValueError: not one label for each.
    """
    if labels is None:
        return [f"{place}" for place in range(1, count + 1)]
    names = [str(label.item() if isinstance(label, Tensor | np.generic) else label) for label in labels]
    if len(names) != count:
        raise ValueError(f"labels must have shape ({count},), one for each code, got {len(names)}")
    return names


def extent(points: Tensor, largest: float = math.inf) -> float:
    """How far a map reaches that shows 99.5 % of ``points`` (n, 2): a multiple of ½, from 3 to ``largest``."""
    if len(points) == 0:
        return SMALLEST_EXTENT
    reach = np.quantile(points.detach().cpu().abs().amax(dim=1).numpy(), 0.995)
    return min(max(SMALLEST_EXTENT, math.ceil(2 * float(reach)) / 2), largest)


def pack_points(points: Tensor) -> bytes:
    """Points of shape (n, 2), as little-endian float16, x and y in turn: finer than a pixel on any map."""
    return points.detach().cpu().numpy().astype("<f2").tobytes()


def pack_labels(labels: Tensor) -> bytes:
    """Labels from 0 of shape (n,), one byte each; two, little-endian, if one is over 255."""
    wide = labels.numel() > 0 and int(labels.max()) > 255
    return labels.detach().cpu().numpy().astype("<u2" if wide else np.uint8).tobytes()


def unpack_labels(packed: bytes, count: int) -> list[int]:
    """The inverse of ``pack_labels``."""
    labels: list[int] = np.frombuffer(packed, "<u2" if len(packed) == 2 * count else np.uint8).tolist()
    return labels


def first_of_each(labels: Tensor) -> list[int]:
    """The place of the first example of each class, in the order of the classes, in ``labels`` of shape (n,)."""
    return [int((labels == label).nonzero()[0]) for label in labels.unique().tolist()]


def _check_finite(name: str, values: Tensor, fits: Tensor, *, most: int) -> None:
    """Names the first row of ``values`` (n, 2) of which not all ``fits`` (n, 2), if there is one."""
    bad = ~fits.all(dim=1)
    if bad.any():
        row = int(bad.nonzero()[0])
        raise ValueError(
            f"{name} must be finite and at most {most}, got {values[row].tolist()} in row {row}; leave such rows out"
        )


def _numbers(name: str, values: Tensor | ArrayLike) -> Tensor:
    """What was given as a tensor on the CPU."""
    try:
        return values.detach().cpu() if isinstance(values, Tensor) else torch.from_numpy(np.asarray(values))
    except (TypeError, ValueError):
        raise ValueError(f"{name} must be a tensor or an array of numbers, got {str(values)[:80]}") from None

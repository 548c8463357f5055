"""What widgets share that take a digit drawn by hand: the picture, those to choose from, and the map of codes."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import torch
import traitlets
from numpy.typing import ArrayLike
from torch import Tensor

from vae_lib import pretrained
from vae_lib.model import VAE, require_vae
from vae_lib.widgets.coder import Coder
from vae_lib.widgets.codes import Values, check_codes, check_labels, extent, pack_labels, pack_points, plane_point
from vae_lib.widgets.packing import as_sent
from vae_lib.widgets.words import Words

SIDE: Final = 28
PIXELS: Final = SIDE * SIDE


def as_bytes(value: Any) -> bytes | None:
    """A picture as 784 bytes, 0 to 255, or ``None`` for anything else.

    Args:
        value: 784 bytes; or an array, a tensor or a list of shape ``(784,)`` or ``(28, 28)`` of whole numbers from 0
            to 255 or of brightnesses from 0 to 1 with a decimal point.
    """
    if isinstance(value, (bytes, bytearray, memoryview)):
        value = np.frombuffer(value, np.uint8)
    try:
        array = np.asarray(value.detach().cpu() if isinstance(value, Tensor) else value)
    except (TypeError, ValueError):
        return None
    if array.shape not in ((PIXELS,), (SIDE, SIDE)) or array.dtype.kind not in "buif":
        return None
    scale = 1 if array.dtype.kind in "ui" else 255
    levels = array.astype(np.float64) * scale
    if not bool(((levels >= 0) & (levels <= 255)).all()):
        return None
    return np.rint(levels).astype(np.uint8).tobytes()


class Picture(traitlets.TraitType[bytes, Any]):
    """A trait that holds a picture as 784 bytes, and takes whatever ``as_bytes`` takes."""

    def validate(self, obj: Any, value: Any) -> bytes:
        packed = as_bytes(value)
        if packed is None:
            raise traitlets.TraitError(
                f"{self.name} must be a picture of 28 rows and 28 columns: 784 whole numbers from 0 to 255, or "
                f"brightnesses from 0.0 to 1.0, got {outline(value)}"
            )
        return packed


class Drawn(Coder):
    """A widget with a pad of 28 by 28 pixels to draw X on, and a map of a latent plane."""

    x = Picture(bytes(PIXELS)).tag(sync=True)
    epsilon = plane_point(0.8, -0.6).tag(sync=True)
    extent = traitlets.Float(3.0).tag(sync=True)
    points = traitlets.Bytes().tag(sync=True)
    labels = traitlets.Bytes().tag(sync=True)
    examples = traitlets.Bytes(help="784 bytes for each.").tag(sync=True)
    example_labels = traitlets.Bytes(help="Their digits, if known.").tag(sync=True)

    def __init__(self, words: Words, model: VAE, codes: Values, labels: Values, **traits: Any) -> None:
        points = check_codes(codes)
        self._model = as_sent(model, "encoder", "decoder")
        super().__init__(
            words,
            **self._networks(self._model),
            extent=extent(points),
            points=pack_points(points),
            labels=pack_labels(check_labels(labels, len(points))),
            **traits,
        )

    @property
    def image(self) -> Tensor:
        """The picture X as float32 of shape ``(28, 28)``, brightness 0 to 1."""
        return torch.tensor(list(self.x), dtype=torch.float32).reshape(SIDE, SIDE) / 255


def model_and_codes(
    kind: str, model: VAE | str, codes: Values, labels: Values, dots: int
) -> tuple[VAE, Values, Values]:
    """The model, and of one that ships about ``dots`` of its test digits' codes and labels, if neither is given.

    Raises:
        ValueError: a model of another shape; ``kind`` is the widget that refuses it.
        TypeError: no VAE.
    """
    if isinstance(model, str) and codes is None and labels is None:
        means, digits = pretrained.codes(model)
        every = max(1, len(means) // dots)
        codes, labels = means[::every], digits[::every]
    model = require_vae(pretrained.load(model) if isinstance(model, str) else model, kind)
    if (model.data_dim, model.latent_dim) != (PIXELS, 2):
        raise ValueError(
            f"{kind} needs a model with data_dim {PIXELS} and latent_dim 2, got {model.data_dim} and "
            f"{model.latent_dim}; train one on MNIST, or leave model out"
        )
    return model, codes, labels


def pictures(examples: Tensor | ArrayLike) -> list[bytes]:
    """Pictures to choose from, each as 784 bytes.

    Raises:
        ValueError: what is no picture, with its row.
    """
    rows = examples if isinstance(examples, Tensor) else np.asarray(examples)
    if rows.ndim == 0:
        raise ValueError(f"examples must be pictures, shape (n, {PIXELS}), got {outline(examples)}")
    packed = []
    for place, row in enumerate(rows):
        picture = as_bytes(row)
        if picture is None:
            raise ValueError(f"examples must be pictures of {PIXELS} pixels each, got {outline(row)} in row {place}")
        packed.append(picture)
    return packed


def outline(value: Any) -> str:
    """What a wrong picture is, in a line: its shape and range where it has them."""
    if isinstance(value, (bytes, bytearray, memoryview)):
        return f"{memoryview(value).nbytes} bytes"
    try:
        array = np.asarray(value.detach().cpu() if isinstance(value, Tensor) else value, dtype=np.float64)
    except (TypeError, ValueError):
        return repr(value)[:80]
    return f"shape {array.shape}" + (f" with values from {np.min(array):g} to {np.max(array):g}" if array.size else "")

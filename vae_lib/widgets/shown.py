"""What a widget shows of any model: pictures in grey or colour, rows of a table, classes by name."""

from __future__ import annotations

import math
from typing import Any, Final

import traitlets

from vae_lib.model import VAE, Autoencoder
from vae_lib.palette import CLASSES, DIGITS
from vae_lib.widgets.base import BookWidget
from vae_lib.widgets.packing import describe_layers, pack_weights
from vae_lib.widgets.words import Words

COLOUR: Final = 3  # channels


class ModelWidget(BookWidget):
    """A widget that decodes: its networks, and what their numbers are.

    Attributes:
        image_shape: height and width, with 3 for the channels of colour before them; empty for a row of a table.
        columns: of a table, the name of each and what leads back to its unit: ``[name, center, scale]``.
        classes: the names of the labels 0, 1, 2, ...; without them a label is a number.
    """

    weights = traitlets.Bytes().tag(sync=True)
    layers: traitlets.List[Any] = traitlets.List().tag(sync=True)
    image_shape: traitlets.List[int] = traitlets.List().tag(sync=True)
    columns: traitlets.List[Any] = traitlets.List().tag(sync=True)
    classes: traitlets.List[str] = traitlets.List().tag(sync=True)

    def __init__(
        self,
        words: Words,
        of_rows: Words,
        model: VAE | Autoencoder,
        image_shape: tuple[int, ...] | None,
        classes: tuple[str, ...] = (),
        kinds: int = 0,
        **traits: Any,
    ) -> None:
        columns = columns_of(model)
        super().__init__(
            words | of_rows if columns else words,
            weights=pack_weights(model.decoder.net),
            layers=describe_layers(model.decoder.net, final="sigmoid" if model.sigmoid else "identity"),
            image_shape=[] if columns else list(shape_of(model, image_shape)),
            columns=columns,
            classes=list(classes),
            **traits,
        )
        self.palette = palette_for(self.palette, kinds)


def palette_for(palette: dict[str, Any], kinds: int) -> dict[str, Any]:
    """The book's colours, with more for classes where there are more than ten."""
    return {**palette, "digits": list(CLASSES)} if kinds > len(DIGITS) else palette


def columns_of(model: VAE | Autoencoder) -> list[list[Any]]:
    """Name, centre and scale of each column; none where the model draws pictures."""
    if model.sigmoid:
        return []
    about, count = model.about, model.data_dim
    names = about.columns or tuple(f"column {place}" for place in range(1, count + 1))
    if len(names) != count:
        raise ValueError(f"the model must have a name for each of its {count} columns, got {len(names)}")
    return [list(each) for each in zip(names, about.center or [0.0] * count, about.scale or [1.0] * count, strict=True)]


def shape_of(model: VAE | Autoencoder, image_shape: tuple[int, ...] | None) -> tuple[int, ...]:
    """``(height, width)`` or ``(3, height, width)``: as given, or as the model remembers it, or a square.

    Raises:
        ValueError: a shape that does not hold so many pixels.
    """
    return check_image_shape(image_shape or model.about.image_shape, model.data_dim)


def grey_shape(model: VAE | Autoencoder, image_shape: tuple[int, ...] | None) -> tuple[int, ...]:
    """``shape_of`` for a widget that shows grey pictures alone."""
    shape = shape_of(model, image_shape)
    if len(shape) != 2:
        raise ValueError(f"this widget shows grey pictures, got {shape}; LatentExplorer and LatentSliders show colour")
    return shape


def check_image_shape(image_shape: tuple[int, ...] | None, data_dim: int) -> tuple[int, ...]:
    """The shape of a picture of ``data_dim`` numbers, a square one unless given.

    Raises:
        ValueError: a shape that does not hold so many.
    """
    if image_shape is None:
        side = math.isqrt(data_dim)
        image_shape = (side, side)
    shape = tuple(image_shape[1:] if len(image_shape) == 3 and image_shape[0] == 1 else image_shape)
    known = len(shape) == 2 or (len(shape) == 3 and shape[0] == COLOUR)
    if not known or min(shape) < 1 or math.prod(shape) != data_dim:
        raise ValueError(
            f"image_shape must be (height, width), or (3, height, width) for colour, with {data_dim} pixels in all, "
            f"got {shape}"
        )
    return shape

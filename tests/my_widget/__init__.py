"""The example of CONTRIBUTING.md, "Add a widget": one number on a slider, and its square."""

from __future__ import annotations

from vae_lib.widgets.base import BookWidget, Numbers
from vae_lib.widgets.sources import module_source, style_source

MY_WIDGET = {
    "name": "A number and its square",
    "bad_number": "This picture cannot be drawn: x must be a number from −2 to 2. Set it again to such a number.",
    "caption": "x² over x",
    "picture_name": "The curve of x², with a ring at x = {x}",
    "axis": "x",
    "x": "x",
    "spoken": "x = {x}",
    "square": "x² = {square}",
    "play": "Play",
    "pause": "Pause",
    "hint": "Drag the ring, or move the slider.",
}


class MyWidget(BookWidget):
    """One number on a slider, and its square.

    Args:
        x: where the reader starts, from −2 to 2.
    """

    _esm = module_source(__file__)
    _css = style_source(__file__)

    x = Numbers(1.0, (-2.0, 2.0)).tag(sync=True)

    def __init__(self, x: float = 1.0) -> None:
        super().__init__(MY_WIDGET, x=x)

"""A slider of one's own: it calls a function in a notebook, and on the site shows what that drew at some stops."""

from __future__ import annotations

import contextlib
import inspect
import io
import os
import sys
from collections.abc import Callable, Sequence
from typing import Any, Final

import traitlets
from IPython.core.pylabtools import print_figure

from vae_lib.widgets.base import BookWidget
from vae_lib.widgets.sources import module_source, style_source
from vae_lib.widgets.words import OWN_SLIDER

FILMED: Final = "VAE_BOOK_FILM"
"""Set in the environment where the book is built: a slider then holds what its function shows at each stop."""
STOPS: Final = 16

Frame = dict[str, Any]
"""The place of a value, the text that the function printed, and the picture that it drew, a PNG; on the site ``narrow``
too, the same for a phone, of a figure of ``plots``."""


class OwnSlider(BookWidget):
    """A slider that calls your function, and shows what it prints and the figure that it returns.

    On the website, where no Python runs, it stops at some of the values, for which the function was called when the
    site was built.

    Args:
        function: takes one number.
        values: all numbers that the slider may hand it, in their order.
        start: the number to begin with, by default the first.
        stops: the numbers to stop at on the website, by default all ``values``, or sixteen of more.

    Attributes:
        index: the place of the number in ``values``, from 0; follows the reader's hand and moves when Python sets it.

    Raises:
        ValueError: a function that does not take one argument, or no values.
    """

    _esm = module_source(__file__)
    _css = style_source(__file__)

    argument = traitlets.Unicode().tag(sync=True)
    labels: traitlets.List[str] = traitlets.List().tag(sync=True)
    stops: traitlets.List[int] = traitlets.List().tag(sync=True)
    frames: traitlets.List[Frame] = traitlets.List().tag(sync=True)
    shown: traitlets.Dict[str, Any] = traitlets.Dict().tag(sync=True)
    index = traitlets.Int(0).tag(sync=True)

    def __init__(
        self,
        function: Callable[[Any], Any],
        values: Sequence[float],
        start: float | None = None,
        stops: Sequence[float] | None = None,
    ) -> None:
        names = list(inspect.signature(function).parameters)
        if len(names) != 1:
            raise ValueError(f"function must take one number, got one that takes ({', '.join(names)})")
        self.function, self.values = function, list(values)
        if not self.values:
            raise ValueError("values must hold one number or more, got none")
        first = 0 if start is None else self._nearest(start)
        if stops is None:
            last, count = len(self.values) - 1, min(STOPS, len(self.values))
            places = {round(i * last / max(count - 1, 1)) for i in range(count)}
        else:
            places = set(map(self._nearest, stops))
        chosen = sorted(places | {first})
        super().__init__(
            OWN_SLIDER,
            argument=names[0],
            labels=[f"{value:g}".replace("-", "−") for value in self.values],
            stops=chosen,
            index=first,
            shown=self._frame(first),
            frames=[self._frame(place) for place in chosen] if os.environ.get(FILMED) else [],
        )
        self.observe(self._follow, "index")

    @property
    def value(self) -> float:
        """The number that the slider stands at."""
        return self.values[self.index]

    @value.setter
    def value(self, value: float) -> None:
        self.index = self._nearest(value)

    @traitlets.validate("index")
    def _within(self, proposal: Any) -> int:
        if not 0 <= proposal["value"] < len(self.values):
            raise traitlets.TraitError(f"index must be from 0 to {len(self.values) - 1}, got {proposal['value']}")
        return int(proposal["value"])

    def _nearest(self, value: float) -> int:
        return min(range(len(self.values)), key=lambda place: abs(self.values[place] - value))

    def _follow(self, _change: Any) -> None:
        try:
            self.shown = self._frame(self.index)
        except Exception as error:  # of the reader's function: it is told, and the slider lives on
            self.shown = {"index": self.index, "text": f"{type(error).__name__}: {error}", "picture": b""}

    def _frame(self, place: int) -> Frame:
        """What the function prints and draws."""
        printed = io.StringIO()
        with contextlib.redirect_stdout(printed):
            returned = self.function(self.values[place])
        if returned is None and (pyplot := sys.modules.get("matplotlib.pyplot")) and pyplot.get_fignums():
            returned = pyplot.gcf()  # drawn, and not returned
            pyplot.close(returned)
        drawn = hasattr(returned, "savefig")
        text = printed.getvalue() + ("" if drawn or returned is None else repr(returned))
        frame = {"index": place, "text": text.rstrip(), "picture": print_figure(returned) if drawn else b""}
        if os.environ.get(FILMED) and hasattr(returned, "narrow"):
            frame["narrow"] = print_figure(returned.narrow())
        return frame

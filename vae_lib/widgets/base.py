"""What all widgets share: traits that refuse what they cannot show, and numbers that the page draws as well.

A widget is a Python class with synced traits and an ES module that draws and computes (``sources``).
"""

from __future__ import annotations

import math
import operator
from typing import Any, Final

import anywidget
import numpy as np
import traitlets

from vae_lib import palette
from vae_lib.widgets.words import NOT_DRAWN, Words

LARGEST_SEED: Final = 2**32 - 1
SEEDS: Final = (0, LARGEST_SEED)
"""Of ``normals`` and ``uniforms``."""

Range = tuple[float, float]
FINITE: Final[Range] = (-math.inf, math.inf)

Parts = tuple[tuple[str, str], ...]
"""The name of each number of a trait, and what to do where it lies beyond its limits."""


def widget_palette() -> dict[str, Any]:
    """The book's colours for the browser: ``terms`` and ``neutrals`` as [light, dark] by name, ``digits`` as a list."""
    terms, neutrals = (
        {name: list(shade) for name, shade in kind.items()} for kind in (palette.TERMS, palette.NEUTRALS)
    )
    return {"terms": terms, "neutrals": neutrals, "digits": list(palette.DIGITS)}


def uniforms(seed: int, count: int) -> np.ndarray:
    """The first ``count`` numbers strictly between 0 and 1 of a seed, float64 of shape (count,).

    Words of mulberry32 (T. Ettinger): a few lines in either language, so that Python and ``uniforms`` of
    ``shared/numbers.js`` hold the same numbers.

    Args:
        seed: a whole number from 0 to 2³² − 1.
        count: how many numbers; fewer are the beginning of more.
    """
    state = np.uint32(seed) + np.arange(1, count + 1, dtype=np.uint32) * np.uint32(0x6D2B79F5)
    word = (state ^ (state >> 15)) * (state | 1)
    word ^= word + (word ^ (word >> 7)) * (word | 61)
    numbers: np.ndarray = ((word ^ (word >> 14)) + 0.5) / 2**32
    return numbers


def normals(seed: int, count: int) -> np.ndarray:
    """The first ``count`` standard normal numbers of a seed, float64 of shape (count,), as the page draws them.

    ``uniforms``, two at a time, by Box and Muller (1958); equal to the page's but for the last digits.

    Args:
        seed: a whole number from 0 to 2³² − 1.
        count: how many numbers; fewer are the beginning of more.
    """
    uniform = uniforms(seed, count + count % 2)
    radius, angle = np.sqrt(-2 * np.log(uniform[0::2])), 2 * np.pi * uniform[1::2]  # finite, as no number is 0
    numbers: np.ndarray = np.stack([radius * np.cos(angle), radius * np.sin(angle)], 1).reshape(-1)[:count]
    return numbers


class Numbers(traitlets.TraitType[Any, Any]):
    """A trait that holds a number, or a list of them, each finite and within its limits, and says why it refuses.

    A list may be given as a list, a tuple, an array or a tensor. The page gets the limits as ``BookWidget.limits``.

    Args:
        default: a number, or a list of numbers; an empty list stands for one of any length.
        limits: the lowest and the highest value of each number.
        what: what the trait must be, as its refusal says.
        parts: what each number of a list is called when it lies beyond its limits, and what to do then.
        remedy: what to do when it is refused.
        whole: takes whole numbers alone, of any kind.
    """

    def __init__(
        self,
        default: float | list[float],
        *limits: Range,
        what: str = "",
        parts: Parts = (),
        remedy: str = "",
        whole: bool = False,
    ) -> None:
        super().__init__(default)
        self.limits, self.parts, self.whole = limits, parts, whole
        self.remedy = f"; {remedy}" if remedy else ""
        low, high = limits[0]
        one = f"a {'whole ' if whole else ''}number from {low} to {high}"
        self.what = what or (f"two numbers from {low:g} to {high:g}" if isinstance(default, list) else one)

    def validate(self, obj: Any, value: Any) -> Any:
        alone = not isinstance(self.default_value, list)
        numbers = self._numbers([value] if alone else value)
        limits = self.limits if self.default_value else self.limits * len(numbers)
        within = [low <= number <= high for number, (low, high) in zip(numbers, limits, strict=False)]
        if len(numbers) != len(limits) or not numbers or not (self.parts or all(within)):
            raise traitlets.TraitError(f"{self.name} must be {self.what}, got {value!r}{self.remedy}")
        for number, fits, (part, remedy), (low, high) in zip(numbers, within, self.parts, limits, strict=False):
            if not fits:
                raise traitlets.TraitError(
                    f"{self.name}'s {part} must lie from {low:g} to {high:g}, got {number}; {remedy}"
                )
        return numbers[0] if alone else numbers

    def _numbers(self, values: Any) -> list[float]:
        """``values`` as finite numbers, or none at all."""
        if isinstance(values, str | bytes):
            return []
        try:
            numbers = [operator.index(value) if self.whole else float(value) for value in values]
        except (TypeError, ValueError):
            return []
        return numbers if all(math.isfinite(number) for number in numbers) else []


class BookWidget(anywidget.AnyWidget):
    """An anywidget that carries its words, its colours and what its traits may be.

    Subclasses set ``_esm`` and ``_css``.

    Attributes:
        limits: for each trait of numbers with limits ``[low, high]``, or a list of these for a list of numbers.
        options: for each trait of a choice all that may be chosen.
    """

    words: traitlets.Dict[str, Any] = traitlets.Dict().tag(sync=True)
    palette: traitlets.Dict[str, Any] = traitlets.Dict().tag(sync=True)
    limits: traitlets.Dict[str, Any] = traitlets.Dict().tag(sync=True)
    options: traitlets.Dict[str, Any] = traitlets.Dict().tag(sync=True)

    def __init__(self, words: Words, **traits: Any) -> None:
        own = type(self).class_traits(sync=True)
        limits = {name: bounds for name, trait in own.items() if (bounds := _limits(trait))}
        options = {name: list(trait.values or ()) for name, trait in own.items() if isinstance(trait, traitlets.Enum)}
        super().__init__(words=dict(words), palette=widget_palette(), limits=limits, options=options, **traits)

    def __repr__(self) -> str:
        """What stands where no widget can be drawn, as in a page that nbconvert made."""
        return NOT_DRAWN.format(name=self.words.get("name", type(self).__name__))


def _limits(trait: traitlets.TraitType[Any, Any]) -> list[Any] | None:
    """The limits of a trait as the page takes them, or None for one without."""
    if isinstance(trait, traitlets.Int) and trait.max is not None:
        return [trait.min, trait.max]
    if not isinstance(trait, Numbers) or FINITE in trait.limits:
        return None
    return [list(each) for each in trait.limits] if isinstance(trait.default_value, list) else list(trait.limits[0])

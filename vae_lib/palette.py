"""The colours of the book, in one place: figures, widgets, equations and the site's style sheet use these.

A term keeps its colour in every chapter. Each has a shade for a light page and one for a dark page, and each
stands at 4.5:1 or more against its page (WCAG AA). Colour is never the only cue: terms are labelled as well.
"""

from __future__ import annotations

from typing import Final, NamedTuple


class Shade(NamedTuple):
    """One colour, as a hex string for a light page and one for a dark page."""

    light: str
    dark: str


TERMS: Final[dict[str, Shade]] = {
    "evidence": Shade("#2F3E9E", "#A5B4FC"),  # log P(X)
    "reconstruction": Shade("#0B7A55", "#45D0A0"),  # E_Q[log P(X|z)]
    "kl": Shade("#B25A00", "#F7A94B"),  # D[Q(z|X) || P(z)]
    "gap": Shade("#A8327E", "#F28CCB"),  # D[Q(z|X) || P(z|X)]
    "posterior": Shade("#0A6FA0", "#58C4F5"),  # Q(z|X)
    "prior": Shade("#5A6472", "#A9B4C2"),  # P(z)
}

INK: Final = "#1F2430"  # text and axes
INK_ON_DARK: Final = "#E6E9EF"
FAINT: Final = "#C9CED6"  # frames and grids
PAPER: Final = "#FFFFFF"
PICTURE: Final = "gray_r"  # matplotlib's map of brightness: ink on paper

DIGITS: Final[tuple[str, ...]] = (
    "#4477AA",
    "#EE6677",
    "#228833",
    "#B8A100",
    "#3BA9C9",
    "#AA3377",
    "#8C8C8C",
    "#E07B00",
    "#6A51A3",
    "#8B5A2B",
)
"""One colour for each of the ten digits, legible on light and dark; the digit itself is written beside its colour."""

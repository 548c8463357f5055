"""The colours of the book, in one place: figures, widgets, equations and the site use these, and name none.

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

NEUTRALS: Final[dict[str, Shade]] = {
    "paper": Shade("#FDFDFB", "#17181B"),
    "ink": Shade("#1C2430", "#EEF1F5"),  # text
    "quiet": Shade("#5D6672", "#A8B0BA"),  # captions
    "edge": Shade("#D4D8DD", "#3A3E45"),  # frames
    "track": Shade("#868E98", "#6F7782"),  # what a slider's handle runs on, and the edge of a control: 3:1 on paper
    "axis": Shade("#C3C8CF", "#484D55"),
    "grid": Shade("#ECEEF0", "#25272C"),
    "sheet": Shade(
        "#FFFFFF", "#FFFFFF"
    ),  # what figures are drawn on; the site turns their lightness over on a dark page
    "night": Shade("#000000", "#000000"),  # under a picture of white on black in a widget; a light page inverts it
    "night-edge": Shade("#2B2B2B", "#3A3E45"),
}

LINK: Final = Shade("#0B57C4", "#7FB0F5")  # and focus: the one accent beside the terms

INK: Final = NEUTRALS["ink"].light  # text and axes
FAINT: Final = "#C9CED6"  # frames and grids
PAPER: Final = NEUTRALS["sheet"].light
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

CLASSES: Final[tuple[str, ...]] = (
    *DIGITS,
    "#FF00FF",
    "#0F2DFF",
    "#A578FF",
    "#8700FF",
    "#D21E00",
    "#3CB400",
    "#F078E1",
    "#F01EA5",
    "#B400C3",
    "#0078FF",
    "#00695A",
    "#B469A5",
    "#78B487",
    "#B496D2",
    "#005AC3",
    "#D29687",
)
"""For more classes than ten: each is far from all before it, and no two of them are nearer than two of the ten."""

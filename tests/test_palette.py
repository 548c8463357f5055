"""One palette for figures, widgets, equations and the style sheet, legible on every page."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from vae_lib.palette import DIGITS, TERMS

ROOT = Path(__file__).parent.parent
LIGHT_PAGES, DARK_PAGES = ("#ffffff",), ("#121212", "#14181e")


def luminance(colour: str) -> float:
    """Relative luminance, WCAG 2.2."""
    channels = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(first: str, second: str) -> float:
    low, high = sorted((luminance(first), luminance(second)))
    return (high + 0.05) / (low + 0.05)


def test_contrast_is_that_of_wcag() -> None:
    assert contrast("#ffffff", "#000000") == pytest.approx(21)
    assert contrast("#767676", "#ffffff") == pytest.approx(4.54, abs=0.005)  # the known lightest grey of AA


def test_each_term_has_a_colour_of_its_own() -> None:
    assert set(TERMS) == {"evidence", "reconstruction", "kl", "gap", "posterior", "prior"}
    for shades in ([shade.light for shade in TERMS.values()], [shade.dark for shade in TERMS.values()], DIGITS):
        assert all(re.fullmatch(r"#[0-9A-Fa-f]{6}", shade) for shade in shades)
        assert len({shade.lower() for shade in shades}) == len(shades)
    assert len(DIGITS) == 10


@pytest.mark.parametrize("term", TERMS)
def test_each_term_is_legible_on_light_and_dark(term: str) -> None:
    for page in LIGHT_PAGES:
        assert contrast(TERMS[term].light, page) >= 4.5
    for page in DARK_PAGES:
        assert contrast(TERMS[term].dark, page) >= 4.5


@pytest.mark.parametrize("colour", DIGITS)
def test_digits_can_be_told_from_both_pages(colour: str) -> None:
    # Dots of a map, each with its digit beside it: less than the 3:1 of graphics that stand alone.
    for page in (*LIGHT_PAGES, *DARK_PAGES):
        assert contrast(colour, page) >= 2.4


@pytest.mark.parametrize("term", TERMS)
def test_the_style_sheet_uses_the_palette(term: str) -> None:
    css = (ROOT / "book" / "_static" / "book.css").read_text(encoding="utf-8").lower()
    assert f"--term-{term}: {TERMS[term].light.lower()}" in css
    assert f"--term-{term}: {TERMS[term].dark.lower()}" in css


def foreign_colours(text: str) -> set[str]:
    """Colours of \\textcolor that are not a term's light shade, which the style sheet swaps on dark pages."""
    used = {colour.strip().lower() for colour in re.findall(r"\\(?:text)?color\s*\{([^}]*)\}", text)}
    return used - {shade.light.lower() for shade in TERMS.values()}


def test_foreign_colours_are_found() -> None:
    light, dark = TERMS["kl"]
    assert foreign_colours(rf"$\textcolor{{{light}}}{{x}} + \textcolor{{{light.lower()}}}{{y}}$") == set()
    assert foreign_colours(rf"$\textcolor{{#123456}}{{x}}\color{{red}}\textcolor{{{dark}}}{{x}}$") == {
        "#123456",
        "red",
        dark.lower(),
    }


def test_equations_use_the_palette() -> None:
    notebooks = sorted((ROOT / "book").glob("*.ipynb"))
    assert notebooks
    coloured = 0
    for path in (*notebooks, *(ROOT / "book").glob("*.md")):
        text = path.read_text(encoding="utf-8")
        if path.suffix == ".ipynb":
            text = "\n".join("".join(cell["source"]) for cell in json.loads(text)["cells"])
        coloured += text.count("\\textcolor")
        assert foreign_colours(text) == set(), path.name
    assert coloured > 0

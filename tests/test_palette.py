"""One palette for figures, widgets, equations and the style sheet, legible on every page."""

from __future__ import annotations

import json
import re
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest
from matplotlib.colors import CSS4_COLORS

from vae_lib.palette import CLASSES, DIGITS, NEUTRALS, TERMS

ROOT = Path(__file__).parent.parent
SOURCES = {
    "book": ".md .ipynb .css .js .mjs .svg .html .webmanifest .py",
    "vae_lib": ".py .js .css",
    "tools": ".py",
    "benchmarks": ".py",
}
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


def oklab(colour: str) -> np.ndarray:
    """Where a colour lies in Ottosson's OKLab, in which distance is how different it looks."""
    channels = np.array([int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)])
    linear = np.where(channels <= 0.04045, channels / 12.92, ((channels + 0.055) / 1.055) ** 2.4)
    cones = np.array([[0.41222147, 0.53633254, 0.05144599], [0.2119035, 0.68069955, 0.10739696],
                      [0.08830246, 0.28171884, 0.629978701]]) @ linear  # fmt: skip
    return np.array([[0.21045426, 0.79361779, -0.00407205], [1.9779985, -2.4285922, 0.45059371],
                     [0.02590404, 0.78277177, -0.80867577]]) @ np.cbrt(cones)  # fmt: skip


def test_more_classes_than_ten_are_told_apart_as_ten_are() -> None:
    assert CLASSES[:10] == DIGITS
    nearest = {
        colours: min(np.linalg.norm(oklab(a) - oklab(b)) for a, b in combinations(colours, 2))
        for colours in (DIGITS, CLASSES)
    }
    assert len(CLASSES) > 24
    assert nearest[CLASSES] >= nearest[DIGITS]
    np.testing.assert_allclose(oklab("#FFFFFF"), [1, 0, 0], atol=1e-4)
    np.testing.assert_allclose(oklab("#FF0000"), [0.6280, 0.2249, 0.1258], atol=1e-3)  # as his page has them


def test_the_edge_of_a_control_is_seen_on_paper_of_either_kind() -> None:
    for page in (0, 1):
        assert contrast(NEUTRALS["track"][page], NEUTRALS["paper"][page]) >= 3


@pytest.mark.parametrize("colour", CLASSES)
def test_digits_can_be_told_from_both_pages(colour: str) -> None:
    # Dots of a map, each with its digit beside it: less than the 3:1 of graphics that stand alone.
    for page in (*LIGHT_PAGES, *DARK_PAGES):
        assert contrast(colour, page) >= 2.4


def own_colours(text: str, code: bool) -> set[str]:
    """Hex colours in a text, as six digits, and in code what names one in another way."""
    before = r"(?<![\w/&])" if code else r"(?<![\w/&(])"  # a link's (#section) is none
    found = {colour.lower() for colour in re.findall(before + r"#(?:[0-9a-fA-F]{6}|[0-9a-fA-F]{3})\b", text)}
    found = {f"#{''.join(2 * digit for digit in one[1:])}" if len(one) == 4 else one for one in found}
    if code:
        takes_one = r"(?:color|background|fill|stroke|colou?rs?=\[?|Style =|[fe]c=)[:=]? *[\"']?"
        found |= set(re.findall(rf"{takes_one}\b({'|'.join(CSS4_COLORS)})\b", text))
        found |= set(re.findall(r"\b(?:rgb|hsl)a?\(\d[^)]*\)", text))
    return found


def test_own_colours_are_found() -> None:
    assert own_colours("a { color: red; fill: #123; border: 1px solid #FFF }", True) == {"red", "#112233", "#ffffff"}
    assert own_colours('ax.plot(x, color="tomato"); c.fillStyle = "navy"; rgb(1, 2, 3)', True) == {
        "tomato",
        "navy",
        "rgb(1, 2, 3)",
    }
    assert own_colours("[here](#face), a green field", False) == set()


def test_nobody_else_names_a_colour() -> None:
    """But what cannot ask: formulas, which a notebook sets as they are, and files that stand alone."""
    alone = {colour.lower() for shade in (*TERMS.values(), NEUTRALS["ink"], NEUTRALS["sheet"]) for colour in shade}
    looked_at = 0
    for folder, endings in SOURCES.items():
        for path in sorted((ROOT / folder).rglob("*.*")):
            if path.suffix not in endings.split() or path.name in ("palette.py", "test.js") or "_cache" in str(path):
                continue
            text = path.read_text(encoding="utf-8")
            whole = [{"cell_type": path.suffix, "source": text}]
            for cell in json.loads(text)["cells"] if path.suffix == ".ipynb" else whole:
                code = cell["cell_type"] in ("code", ".py", ".js", ".mjs", ".css", ".html")
                known = set() if code else alone
                assert own_colours("".join(cell["source"]), code) <= known, path.relative_to(ROOT)
            looked_at += 1
    assert looked_at > 100


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

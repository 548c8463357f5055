"""On a phone formulas go on in a new line, panels of a figure stand below each other, and what is cut has a cue."""

from __future__ import annotations

import io
from collections.abc import Callable

import pytest
from PIL import Image
from playwright.sync_api import Locator, Page

OpenPage = Callable[..., Page]

CUT = """() => [...document.querySelectorAll(".cell_output")]
  .filter((output) => output.scrollWidth > output.clientWidth + 1).map((output) => output.innerHTML.slice(0, 200))"""


def edges(formula: Locator) -> tuple[bool, bool]:
    """Whether there is a shade at the left and at the right edge of a formula, above what is written in it."""
    picture = Image.open(io.BytesIO(formula.screenshot())).convert("RGB")
    paper, row = picture.getpixel((picture.width // 2, 3)), 3
    return picture.getpixel((1, row)) != paper, picture.getpixel((picture.width - 2, row)) != paper


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_cut_formula_has_a_shade_where_it_goes_on(open_page: OpenPage, site_url: str, scheme: str) -> None:
    page = open_page(f"{site_url}10-8-latent-diffusion.html", width=320, scheme=scheme)
    seen = set()
    for formula in page.locator("div.math").all():
        cut = formula.evaluate("e => e.scrollWidth - e.clientWidth")
        assert edges(formula) == (False, cut > 0)
        if cut > 40:
            formula.evaluate("e => e.scrollTo(20, 0)")
            assert edges(formula) == (True, True)
            formula.evaluate("e => e.scrollTo(e.scrollWidth, 0)")
            assert edges(formula) == (True, False)
        seen.add(cut > 40)
    assert seen == {False, True}


def test_panels_of_a_figure_stand_below_each_other_and_no_output_is_cut(open_page: OpenPage, site_url: str) -> None:
    sizes = {}
    for width in (1280, 390):
        page = open_page(f"{site_url}01-latent-space.html", width=width)
        pictures = page.locator("figure .output > img:visible")
        page.evaluate("for (const picture of document.images) picture.loading = 'eager'")
        sizes[width] = [
            (image.bounding_box(), image.evaluate("async e => (await e.decode(), e.naturalWidth)"))
            for image in pictures.all()
        ]
        assert page.evaluate(CUT) == []
    assert len(sizes[1280]) == len(sizes[390]) > 5
    for (wide, _), (narrow, pixels) in zip(sizes[1280], sizes[390], strict=True):
        assert narrow["width"] <= 358
        assert pixels < 900  # drawn for a phone: its lettering keeps at least four fifths of its size
        assert wide["width"] > narrow["width"]
    assert any(narrow["height"] > 1.5 * wide["height"] for (wide, _), (narrow, _) in zip(*sizes.values(), strict=True))


def test_what_is_said_in_a_table_is_a_list(open_page: OpenPage, site_url: str) -> None:
    page = open_page(f"{site_url}notation.html", width=390)
    cells = page.locator("table.table tbody tr").first.locator("td").all()
    places = [cell.bounding_box() for cell in cells]
    assert len(places) == 4
    assert {place["x"] for place in places} == {places[0]["x"]}
    assert [place["y"] for place in places] == sorted(place["y"] for place in places)
    wide = "all => all.filter(table => table.scrollWidth > table.clientWidth).length"
    assert page.eval_on_selector_all(".bd-article table, .pst-scrollable-table-container", wide) == 0


@pytest.mark.parametrize("width", [320, 640])  # a small phone; a desk at twice the size
@pytest.mark.parametrize("name", ["index", "08-how-good-is-it", "10-beyond", "glossary"])
def test_no_page_is_pushed_sideways(open_page: OpenPage, site_url: str, name: str, width: int) -> None:
    page = open_page(f"{site_url}{name}.html", width=width)
    assert page.evaluate("document.documentElement.scrollWidth") == width

"""On a phone formulas go on in a new line, and where one is cut all the same there is a cue."""

from __future__ import annotations

import io
from collections.abc import Callable

import pytest
from PIL import Image
from playwright.sync_api import Locator, Page

OpenPage = Callable[..., Page]


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

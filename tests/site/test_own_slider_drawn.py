"""OwnSlider in Chromium: a film of stops on the site, a call of the function where Python runs."""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from checks import open_folds, remove_change_and_show
from PIL import Image
from playwright.sync_api import Page, expect

from vae_lib import plots
from vae_lib.widgets import OwnSlider
from vae_lib.widgets.words import OWN_SLIDER as WORDS

OpenPage = Callable[..., Page]
MakePage = Callable[..., str]


def marked(step: int) -> Any:
    """A figure, and a line that says its step; nothing is drawn at 4."""
    print(f"step {step}")
    pixels = [[float(place == step) for place in range(64)]]
    return None if step == 4 else plots.images(pixels, (8, 8))


@pytest.fixture
def filmed(monkeypatch: pytest.MonkeyPatch) -> OwnSlider:
    monkeypatch.setenv("VAE_BOOK_FILM", "1")
    return OwnSlider(marked, range(10), 2, [0, 2, 4, 9])


SHOWN = """async image => {
  const canvas = new OffscreenCanvas(image.naturalWidth, image.naturalHeight);
  const context = canvas.getContext("2d");
  context.drawImage(image, 0, 0);
  return [...context.getImageData(0, 0, canvas.width, canvas.height).data];
}"""


def picture_of(png: bytes) -> list[int]:
    return list(Image.open(io.BytesIO(png)).convert("RGBA").tobytes())


def assert_shows(page: Page, frame: dict[str, Any], kind: str = "picture") -> None:
    expect(page.locator(".vae-own-text")).to_have_text(frame["text"])
    image = page.locator(".vae-own img")
    expect(image).to_have_attribute("alt", f"What the function draws at step = {frame['index']}")
    assert image.evaluate(SHOWN) == picture_of(frame[kind])


def test_the_slider_by_keyboard_changes_the_picture(
    open_page: OpenPage, widget_page: MakePage, filmed: OwnSlider
) -> None:
    page = open_page(widget_page(filmed))
    knob = page.get_by_role("slider", name="step")
    expect(knob).to_have_attribute("aria-valuetext", "step = 2")
    assert_shows(page, filmed.frames[1])
    knob.press("Home")
    assert_shows(page, filmed.frames[0])
    knob.press("End")
    expect(knob).to_have_attribute("aria-valuetext", "step = 9")
    assert_shows(page, filmed.frames[3])
    knob.press("ArrowLeft")
    expect(page.locator(".vae-own-text")).to_have_text("step 4")
    expect(page.locator(".vae-own img")).to_be_hidden()
    expect(page.locator(".vae-hint")).to_contain_text("Here 4 stops were drawn beforehand")
    expect(page.locator(".vae-live")).to_have_text("step = 4. step 4")


@pytest.mark.parametrize(("width", "scheme"), [(320, "dark"), (390, "light"), (1280, "dark")])
def test_it_fits_the_page(
    open_page: OpenPage, widget_page: MakePage, filmed: OwnSlider, width: int, scheme: str
) -> None:
    page = open_page(widget_page(filmed), width=width, scheme=scheme)
    assert_shows(page, filmed.frames[1], "narrow" if width < 500 else "picture")
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    page.set_viewport_size({"width": 1600 - width, "height": 900})  # a phone that is turned, and back
    image = page.locator(".vae-own img")
    wanted = filmed.frames[1]["picture" if width < 500 else "narrow"]
    page.wait_for_function(
        "([image, width]) => image.naturalWidth === width",
        arg=[image.element_handle(), Image.open(io.BytesIO(wanted)).width],
    )


def test_without_a_film_it_says_what_a_notebook_would_do(open_page: OpenPage, widget_page: MakePage) -> None:
    slider = OwnSlider(marked, range(10), 2)
    page = open_page(widget_page(slider))
    assert_shows(page, slider.shown)
    expect(page.get_by_role("slider")).to_be_disabled()
    expect(page.locator(".vae-hint")).to_have_text(WORDS["needs_python"])


def test_where_python_runs_it_asks_and_waits(live_widget: Callable[..., Page]) -> None:
    slider = OwnSlider(marked, range(10), 2)
    page = live_widget(slider, shown={**slider.shown, "picture": ""})
    page.evaluate(
        """async packed => {
          live.model.widget_manager = {};
          live.model.set("shown", { index: 2, text: "step 2", picture: live.bytes(packed) });
          await live.remove();
          await live.show();
        }""",
        list(slider.shown["picture"]),
    )
    assert_shows(page, slider.shown)
    page.get_by_role("slider").press("ArrowRight")
    assert page.evaluate("live.model.heard.at(-1).index") == 3
    expect(page.locator(".vae-own")).to_have_attribute("data-busy", "")
    slider.value = 3
    page.evaluate(
        "packed => live.model.set('shown', { index: 3, text: 'step 3', picture: live.bytes(packed) })",
        list(slider.shown["picture"]),
    )
    assert_shows(page, slider.shown)
    assert page.locator(".vae-own").get_attribute("data-busy") is None
    remove_change_and_show(page, "index", 4)


def test_an_index_that_is_none_becomes_one_sentence_and_heals(
    live_widget: Callable[..., Page], filmed: OwnSlider
) -> None:
    packed = [{**frame, "picture": "", "narrow": ""} for frame in filmed.frames]
    page = live_widget(filmed, frames=packed, shown={}, index=3)
    expect(page.locator(".vae-sentence")).to_have_text(WORDS["bad_index"])
    page.evaluate("live.model.set('index', 9)")
    expect(page.locator(".vae-own-text")).to_have_text("step 9")


PAGES = {
    "01-latent-space": "numbers",
    "02-equation-1": "index",
    "03-kl-divergence": "index",
    "04-equation-4": "index",
    "05-reparameterization": "draws",
    "06-training": "lr",
    "07-exploring-latent-space": "strength",
    "08-how-good-is-it": "sigma",
    "09-open-questions": "degrees",
}


@pytest.mark.parametrize("page_name", PAGES)
def test_on_the_site_each_moves_and_fetches_its_pictures_when_touched(
    open_page: OpenPage, site: Path, site_url: str, page_name: str
) -> None:
    page = open_page(f"{site_url}{page_name}.html")
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    open_folds(page)
    page.get_by_text("Code of the slider").first.scroll_into_view_if_needed()
    widget = page.locator(".widget-view:has(.vae-own)")
    knob = widget.get_by_role("slider", name=PAGES[page_name], exact=True)
    knob.scroll_into_view_if_needed()
    expect(widget.locator("img")).to_have_attribute("src", re.compile("film-"))
    before = {url for url in asked if "film-" in url}
    assert len(before) <= 1
    seen = set()
    knob.press("Home")
    for _ in range(int(knob.get_attribute("max") or 0) + 1):
        value = knob.get_attribute("aria-valuetext")
        picture = widget.locator("img:visible")
        if picture.count():
            expect(picture).to_have_attribute("alt", f"What the function draws at {value}")
            seen.add(picture.get_attribute("src"))
        knob.press("ArrowRight")
    assert len(seen) >= 5
    assert sum((site / str(name)).stat().st_size for name in seen) < 500_000

"""On paper a page is light and whole: every widget is drawn, with nothing to press, and nothing is cut."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page

OpenPage = Callable[..., Page]

BLANK = """() => [...document.querySelectorAll(".vae-widget canvas")].filter((canvas) => {
  const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
  return data.every((value, i) => value === data[i % 4]);
}).length"""
CUT = """() => [...document.querySelectorAll(".bd-article :is(pre, img, canvas, table, div.math > svg)")]
  .filter((one) => one.getBoundingClientRect().right > document.documentElement.clientWidth + 1
    || (one.matches("pre") && one.scrollWidth > one.clientWidth + 1))
  .map((one) => one.outerHTML.slice(0, 200))"""
TO_PRESS = (
    ".vae-widget .vae-button:visible, .vae-widget input[type=range]:visible, .copybtn:visible, .headerlink:visible, "
    ".folded-code > details:not([open]):visible"
)


def print_by_key(page: Page) -> None:
    page.evaluate("window.print = () => document.body.dataset.printed = document.documentElement.dataset.theme")
    page.keyboard.press("Control+p")
    page.wait_for_selector("body[data-printed]")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_page_that_nobody_scrolled_is_printed_whole(open_page: OpenPage, site_url: str, scheme: str) -> None:
    page = open_page(f"{site_url}03-kl-divergence.html", scheme=scheme)
    places = page.locator("[data-widget-model]").count()
    assert page.locator("[data-widget-ready]").count() < places
    print_by_key(page)
    assert page.locator("[data-widget-ready]").count() == places
    assert page.locator("body").get_attribute("data-printed") == "light"
    assert page.locator(".vae-widget:not([data-theme=light])").count() == 0
    page.set_viewport_size({"width": 680, "height": 960})  # a sheet of A4 between its margins
    page.emulate_media(media="print")
    assert page.locator(TO_PRESS).count() == 0
    assert page.evaluate(BLANK) == 0
    assert page.evaluate(CUT) == []
    page.emulate_media(media="screen")
    page.evaluate("dispatchEvent(new Event('afterprint'))")
    assert page.locator("html").get_attribute("data-theme") == scheme


def test_what_is_folded_is_on_paper_and_shut_again_after(open_page: OpenPage, site_url: str) -> None:
    page = open_page(f"{site_url}01-latent-space.html")
    text = page.get_by_text("Write the count of the lost draws yourself")
    page.locator("#exercise-2 > summary").click()
    assert not text.is_visible()
    print_by_key(page)
    page.emulate_media(media="print")
    assert text.is_visible()
    assert page.locator(".fold:not([open])").count() == 0
    assert page.locator("#exercise-3 [data-widget-ready]").is_visible()
    page.evaluate("dispatchEvent(new Event('afterprint'))")
    assert page.eval_on_selector_all(".fold[open]", "all => all.map(fold => fold.id)") == ["exercise-2"]


def test_a_pdf_has_the_pages_of_the_whole_chapter(open_page: OpenPage, site_url: str) -> None:
    page = open_page(f"{site_url}10-1-rate-and-distortion.html")
    print_by_key(page)
    pdf = page.pdf(format="A4")
    height = page.evaluate("document.querySelector('.bd-article').scrollHeight")
    assert len(re.findall(rb"/Type /Page\b", pdf)) > height / 2500

"""axe-core finds nothing to complain of where the reader has done something; test_pages.py asks it on every page."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from checks import complaints, start_widgets
from playwright.sync_api import Page, expect

from vae_lib.widgets import Answer, KLPlaneExplorer
from vae_lib.widgets.words import TRAINING_EXPLORER as WORDS

OpenPage = Callable[..., Page]

# What has the focus: whether it is within the text, and whether a frame is drawn round it.
FOCUS = """() => {
  const one = document.activeElement, style = getComputedStyle(one);
  const framed = style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2;
  return `${one.outerHTML.slice(0, 60)} ${one.matches(".bd-article a") ? "in the text" : ""} ${framed ? "framed" : ""}`;
}"""


def test_the_check_sees_a_violation(open_page: OpenPage, site_url: str) -> None:
    page = open_page(site_url + "genindex.html")
    bad = """<img src="data:,"><p>One <b style="color: #999; background: #aaa">pale</b> word</p>
      <div style="background: #888"><a href="#">On grey</a></div>"""
    page.evaluate("bad => document.querySelector('main').insertAdjacentHTML('beforeend', bad)", bad)
    found = complaints(page)
    assert any(line.startswith("image-alt") for line in found)
    for pale in (">pale</b>", ">On grey</a>"):
        assert any(line.startswith("color-contrast") and pale in line for line in found), pale


def test_search_has_no_violation_when_it_is_used(open_page: OpenPage, site_url: str) -> None:
    results = open_page(site_url + "search.html?q=autoencoder")
    results.wait_for_selector("#search-results li a")
    assert complaints(results) == []
    page = open_page(site_url + "genindex.html")
    page.keyboard.press("Control+k")
    page.wait_for_selector(".search-button__wrapper.show input")
    assert complaints(page) == []


@pytest.mark.parametrize(("width", "scheme"), [(1280, "light"), (390, "dark")])
def test_a_step_taken_apart_and_a_broken_training_have_no_violation(
    open_page: OpenPage, site_url: str, width: int, scheme: str
) -> None:
    page = open_page(f"{site_url}06-training.html#watch-it-learn", width=width, scheme=scheme)
    widget = page.locator(".vae-training")
    widget.scroll_into_view_if_needed()
    widget.get_by_role("slider").first.press("End")  # the longest steps
    widget.get_by_text(WORDS["apart"]).click()
    widget.get_by_role("button", name=WORDS["train"], exact=True).click()
    widget.get_by_text("no number any more").wait_for()
    assert complaints(page) == []


def test_a_pressed_button_is_seen_in_forced_colours(open_page: OpenPage, widget_page: Callable[..., str]) -> None:
    page = open_page(widget_page(KLPlaneExplorer()))
    page.emulate_media(forced_colors="active")
    page.get_by_role("button", name="The prior itself").click()
    pressed, other = (page.locator(f".vae-button[aria-pressed={is_on}]").first for is_on in ("true", "false"))
    colour = "button => getComputedStyle(button).backgroundColor"
    assert pressed.evaluate(colour) != other.evaluate(colour)


@pytest.mark.parametrize("name", ["07-exploring-latent-space", "03-kl-divergence"])
def test_pages_with_many_widgets_have_no_violation_in_forced_colours(
    open_page: OpenPage, site_url: str, name: str
) -> None:
    page = open_page(f"{site_url}{name}.html")
    page.emulate_media(forced_colors="active")
    start_widgets(page)
    assert complaints(page) == []


def test_what_a_control_holds_is_said_once_and_with_its_unit(
    open_page: OpenPage, widget_page: Callable[..., str]
) -> None:
    page = open_page(widget_page(KLPlaneExplorer(), Answer("largest gap"), Answer("one hump")))
    expect(page.get_by_role("slider", name="s₁")).to_have_attribute(
        "aria-valuetext", "width of Q in z₁, its standard deviation, = 0.400"
    )
    heard = page.locator("body").aria_snapshot()
    assert "slider" in heard
    assert "status:" not in heard  # nothing is to be said yet
    for field, unit in zip(page.get_by_role("textbox").all(), ("from 0 to 39", "nats"), strict=True):
        expect(field).to_have_accessible_description(unit)


def test_the_first_link_of_the_text_is_near_and_each_stop_has_a_frame(open_page: OpenPage, site_url: str) -> None:
    page = open_page(f"{site_url}04-equation-4.html")
    page.keyboard.press("Tab")
    assert "Skip to main content" in page.evaluate(FOCUS)
    stops = [page.evaluate(FOCUS)]
    page.keyboard.press("Enter")
    while "in the text" not in stops[-1]:
        page.keyboard.press("Tab")
        stops.append(page.evaluate(FOCUS))
        assert len(stops) <= 8, stops
    assert all("framed" in stop for stop in stops), stops

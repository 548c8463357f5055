"""Each page of the built book, and all that is asked of it in one visit: still, drawn, accessible, fit for a phone."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml
from checks import DENIED, SET, SETTINGS, complaints, open_folds, start_widgets
from playwright.sync_api import Page, expect

BOOK = Path(__file__).parents[2] / "book"
TOC = yaml.safe_load((BOOK / "_toc.yml").read_text(encoding="utf-8"))
ENTRIES = [part for entry in TOC["chapters"] for part in [entry, *entry.get("sections", [])]]
NAMES = [TOC["root"], *(entry["file"] for entry in ENTRIES), "genindex", "search"]
VISITS = [(1280, "light"), (390, "dark")]
PIECES = 0.01  # a row of buttons or a line that arrives in two pieces, where the machine is busy; good is below 0.1

OpenPage = Callable[..., Page]

ICONS = """icons => icons.map(icon => {
  for (let e = icon; e; e = e.parentElement) {
    if (getComputedStyle(e).display === "none") e.style.setProperty("display", "inline-block", "important");
  }
  const style = getComputedStyle(icon), box = icon.getBoundingClientRect();
  return [icon.className, style.maskImage, box.width, box.height, style.backgroundColor, style.color];
})"""


def assert_icons_are_drawn(page: Page) -> set[str]:
    """Each one, those of closed menus too; changes the page."""
    seen = set()
    for classes, mask, wide, high, background, colour in page.eval_on_selector_all("[class*='fa-']", ICONS):
        assert "data:image/svg+xml" in mask, classes
        assert min(wide, high) >= 8, f"{classes} is {wide} by {high} px"
        assert background == colour
        seen.add(classes)
    return seen


def assert_a_slider_of_the_learner_s_own(page: Page) -> None:
    figure = page.locator(".vae-own")
    expect(figure).to_have_count(1)
    assert figure.locator("img").evaluate("image => image.naturalWidth") > 300
    expect(figure.get_by_role("slider")).to_be_enabled()


@pytest.mark.parametrize(("width", "scheme"), VISITS)
@pytest.mark.parametrize("name", NAMES)
def test_page(open_page: OpenPage, site_url: str, name: str, width: int, scheme: str) -> None:
    page = open_page(f"{site_url}{Path(name).with_suffix('.html')}", width=width, scheme=scheme)
    assert page.locator("html").get_attribute("data-theme") == scheme
    if page.locator(".math").count():
        assert page.evaluate("shift") <= PIECES, "the text moved while the page was loaded"
    open_folds(page)
    start_widgets(page)
    overflow = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    assert overflow == 0, f"the page scrolls sideways by {overflow} px at {width} px"
    cut = page.eval_on_selector_all("div.math", "all => all.filter(e => e.scrollWidth > e.clientWidth).length")
    assert cut == (width == 390 and name == "10-8-latent-diffusion")  # a fraction as wide as a page
    if name.startswith("0"):  # the pages of chapter 10 have none
        assert_a_slider_of_the_learner_s_own(page)
    assert complaints(page) == []
    icons = {"fa-solid fa-bars", "theme-switch fa-solid fa-moon fa-lg"}
    if (BOOK / name).with_suffix(".ipynb").exists():
        icons.add("fas fa-download")
    assert icons <= assert_icons_are_drawn(page)


def test_the_nine_chapters_are_110_screens(open_page: OpenPage, site_url: str) -> None:
    """Of 1280 by 900, with all that folds shut; two more where other letters are installed."""
    height = 0
    for name in sorted(name for name in NAMES if name.startswith("0")):
        page = open_page(f"{site_url}{Path(name).with_suffix('.html')}", width=1280, height=900)
        start_widgets(page)
        height += page.evaluate("document.documentElement.scrollHeight")
        page.close()
    assert height / 900 <= 112


def test_no_page_is_left_out(site: Path) -> None:
    assert {path.name for path in site.glob("*.html")} == {f"{Path(name).with_suffix('.html')}" for name in NAMES}


def test_code_is_folded_and_one_switch_opens_all_of_it_and_is_remembered(open_page: OpenPage, site_url: str) -> None:
    page = open_page(f"{site_url}06-training.html")
    folds = page.locator(".folded-code > details")
    assert folds.count() > 15
    assert page.locator(".folded-code > details[open]").count() == 0
    assert page.get_by_text("class PlainVAE").first.is_visible()  # the text speaks of its lines
    folds.first.locator("summary").click()
    assert page.locator(".folded-code > details[open]").count() == 1
    page.get_by_role("button", name="Show all code").click()
    assert page.locator(".folded-code > details[open]").count() == folds.count()
    page.reload()
    page.wait_for_function("document.querySelector('.code-switch [aria-pressed=true]')")
    assert page.locator(".folded-code > details[open]").count() == folds.count()
    page.get_by_role("button", name="Show all code").click()
    assert page.locator(".folded-code > details[open]").count() == 0


def test_an_exercise_is_one_line_until_it_is_opened_by_hand_or_by_a_link(open_page: OpenPage, site_url: str) -> None:
    page = open_page(f"{site_url}01-latent-space.html")
    exercises = page.locator("#exercises > .fold")
    lines = exercises.locator(":scope > summary").all_inner_texts()
    assert [" ".join(line.split()) for line in lines] == [
        "1. A place for an 8 a place",
        "2. Walk a line a function",
        "3. The lazy way to sample a choice",
        "4. How far is far? a function",
    ]
    assert all(line.bounding_box()["height"] < 45 for line in exercises.all())  # type: ignore[index]
    field = exercises.nth(2).locator("[data-widget-ready]")
    expect(field).to_have_count(0)
    exercises.nth(2).locator(":scope > summary").focus()
    page.keyboard.press("Enter")
    expect(field).to_be_visible()
    page.goto(f"{site_url}01-latent-space.html#exercise-4")
    expect(page.get_by_text("Write the count of the lost draws yourself")).to_be_visible()
    page.goto(f"{site_url}09-open-questions.html#slip-4-the-expectation-that-is-set-aside")
    page.wait_for_function("document.querySelector(':target > .fold').open")
    assert page.locator("section > .fold[open]").count() == 1
    contents = page.locator(".bd-toc").get_by_role("link", name="Slip 6")
    contents.click()
    expect(page.get_by_text("Which of the two rises on the way?")).to_be_visible()


def test_what_was_read_has_a_tick_and_the_rest_its_minutes(open_page: OpenPage, site_url: str) -> None:
    page = open_page(f"{site_url}04-equation-4.html")
    expect(page.locator(".minutes-left")).to_have_text("50 minutes left")
    assert page.locator(".was-read").count() == 0
    page.evaluate("scrollTo(0, document.body.scrollHeight / 2)")
    expect(page.locator(".minutes-left")).to_have_text(re.compile("^2[2-8] minutes left"))
    assert page.locator(".was-read").count() == 0
    page.evaluate("scrollTo(0, document.body.scrollHeight)")
    expect(page.locator(".bd-links .current > a .was-read")).to_have_text("✓")
    page.goto(f"{site_url}notation.html")
    (tick,) = page.locator(".was-read").all()
    assert tick.locator("..").get_attribute("href") == "04-equation-4.html"
    assert page.locator(".minutes-left").count() == 0


@pytest.mark.parametrize("width", [1280, 390])
def test_lines_are_as_long_as_they_are_read_well(open_page: OpenPage, site_url: str, width: int) -> None:
    page = open_page(f"{site_url}01-latent-space.html", width=width)
    open_folds(page)
    script = """all => all.filter(p => p.textContent.length > 300 && !p.querySelector("svg, code")).map(p =>
      p.textContent.length / Math.round(p.clientHeight / parseFloat(getComputedStyle(p).lineHeight)))"""
    letters = page.eval_on_selector_all(".bd-article :is(section, section > .fold) > p", script)
    assert letters
    assert max(letters) <= 76
    assert min(letters) >= (60 if width > 1000 else 30)


def test_where_nothing_may_be_stored_settings_last_for_the_visit(open_page: OpenPage, site_url: str) -> None:
    page = open_page(f"{site_url}references.html")
    page.add_init_script(DENIED)
    page.goto(f"{site_url}06-training.html")
    assert page.evaluate(SET) == ["dark", "true", True]
    page.goto(f"{site_url}05-reparameterization.html")
    assert page.evaluate(SETTINGS) == ["dark", "true", True]

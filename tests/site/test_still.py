"""The text stands still: nothing moves while a page loads, and it can be read before any script has run."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from checks import SETTLED
from PIL import Image
from playwright.sync_api import Browser, Page

OpenPage = Callable[..., Page]
SHIFT = 0.05  # half of what the Web Vitals call good


def shift(browser: Browser, address: str, width: int, height: int) -> tuple[float, float]:
    """How far the text moves while a page loads, and where the target of the address ends."""
    context = browser.new_context(viewport={"width": width, "height": height}, service_workers="block")
    page = context.new_page()
    page.goto(address)
    page.wait_for_function(SETTLED)
    moved = page.evaluate("shift")
    top = page.evaluate("document.querySelector(':target')?.getBoundingClientRect().top ?? 0")
    context.close()
    return moved, top


def test_a_table_in_the_first_screen_has_its_columns_before_its_last_row(
    open_page: OpenPage, site: Path, site_url: str
) -> None:
    """A page may arrive in pieces, and a browser that fits columns to their words fits them again with each piece."""
    fitted = """screen => [...document.querySelectorAll(".bd-article table")].filter(
        table => table.rows.length > 1 && table.getBoundingClientRect().top < screen
      ).filter(table => getComputedStyle(table).tableLayout != "fixed").map(table => table.textContent)"""
    for path in site.glob("*.html"):
        if "<table" in path.read_text(encoding="utf-8"):
            assert open_page(site_url + path.name).evaluate(fitted, 900) == [], path.name


@pytest.mark.parametrize("width", [390, 430, 768, 1280, 1440])
def test_the_first_page_keeps_the_room_of_its_widget(browser: Browser, site_url: str, width: int) -> None:
    """Before the widget's script has come, and after."""
    context = browser.new_context(viewport={"width": width, "height": 900}, service_workers="block")
    page = context.new_page()
    page.route("**/widget-host.mjs*", lambda route: route.abort())
    page.goto(f"{site_url}index.html")
    place = page.locator(".tag_first-widget .cell_output")
    kept = place.bounding_box()
    page.unroute_all()
    page.goto(f"{site_url}index.html")
    page.wait_for_function(SETTLED)
    taken = place.bounding_box()
    assert kept
    assert taken
    assert kept["height"] == pytest.approx(taken["height"], abs=3)
    context.close()


@pytest.mark.parametrize(("width", "height"), [(1280, 900), (390, 844)])
@pytest.mark.parametrize("name", ["10-3-importance-weighted.html", "10-4-learned-sigma.html"])
def test_a_link_into_a_page_stays_where_it_leads(
    browser: Browser, site_url: str, name: str, width: int, height: int
) -> None:
    """Pictures, widgets and formulas above the place that a link leads to arrive after it."""
    for heading in ("quick-questions", "exercises", "summary"):
        moved, top = shift(browser, f"{site_url}{name}#{heading}", width, height)
        assert moved < SHIFT, heading
        assert 0 <= top < height, heading


@pytest.mark.parametrize("width", [1280, 390])
def test_a_picture_has_its_room_before_it_arrives(browser: Browser, site: Path, site_url: str, width: int) -> None:
    context = browser.new_context(viewport={"width": width, "height": 900}, service_workers="block")
    page = context.new_page()
    page.route("**/_images/*", lambda route: None)  # never answered
    page.goto(f"{site_url}10-4-learned-sigma.html", wait_until="domcontentloaded")
    boxes = page.eval_on_selector_all(
        ".cell_output img[src$='.png']:visible",
        "all => all.map(one => [one.getAttribute('src'), one.width, one.height])",
    )
    assert boxes
    for source, wide, high in boxes:
        with Image.open(site / source) as picture:
            assert high == pytest.approx(wide * picture.height / picture.width, abs=1)  # whole pixels
    context.close()


def test_without_scripts_the_text_is_there_and_says_what_is_missing(browser: Browser, site_url: str) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    for name in ("index.html", "04-equation-4.html"):
        page.goto(site_url + name)
        assert "Scripts are off in this browser." in page.inner_text("article")
        gaps = [box["height"] for one in page.locator(".cell_output").all() if (box := one.bounding_box())]
        assert min(gaps, default=0) < 100  # no room for what will not come
    formula = page.locator("p span.math").first
    assert formula.locator("math").text_content() == "Q(z|X)"
    assert formula.locator("svg").is_visible()
    context.close()


@pytest.mark.parametrize("name", ["04-equation-4.html", "10-8-latent-diffusion.html"])
def test_a_wide_equation_scrolls_by_the_keyboard_on_a_phone(open_page: OpenPage, site_url: str, name: str) -> None:
    page = open_page(site_url + name, width=320, touch=True)
    wide = page.locator("div.math[tabindex], span.math[tabindex]")
    overflows = "one => one.clientWidth && one.scrollWidth > one.clientWidth"
    assert wide.count() == page.evaluate(f"[...document.querySelectorAll('.math')].filter({overflows}).length")
    assert wide.count()
    for formula in wide.all():
        formula.focus()
        page.keyboard.press("ArrowRight")
        page.wait_for_function("formula => formula.scrollLeft > 0", arg=formula.element_handle())


def test_no_formula_is_a_tab_stop_where_it_has_room(open_page: OpenPage, site_url: str) -> None:
    page = open_page(f"{site_url}04-equation-4.html")
    assert page.locator(".math").count() > 100
    assert page.locator(".math[tabindex], .math [tabindex]").count() == 0


@pytest.mark.parametrize("name", ["04-equation-4.html", "10-beyond.html", "09-open-questions.html"])
def test_no_formula_in_a_line_is_cut_off_on_a_phone(open_page: OpenPage, site_url: str, name: str) -> None:
    page = open_page(site_url + name, width=390, touch=True)
    cut = page.evaluate(
        """() => [...document.querySelectorAll("span.math > svg")].filter(one => {
          const holder = one.closest("span.math");
          const hides = getComputedStyle(holder).overflowX === "hidden";
          return hides && one.getBoundingClientRect().right > holder.getBoundingClientRect().right + 1;
        }).map(one => one.closest("span.math").textContent)"""
    )
    assert cut == []

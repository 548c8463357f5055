"""The text stands still: nothing moves when the formulas are set, and it can be read before any script has run."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import Browser, Page, Route

sys.path.insert(0, str(Path(__file__).parents[2] / "book" / "_ext"))

import formula_room

OpenPage = Callable[..., Page]
SHIFT = 0.05  # half of what the Web Vitals call good

WATCH = """
window.shift = 0;
new PerformanceObserver(list => {
  for (const entry of list.getEntries()) window.shift += entry.value;
}).observe({ type: "layout-shift", buffered: true });
"""
TWO_FRAMES = "new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))"


def hold_mathjax(page: Page) -> list[Route]:
    """Where the request for MathJax waits, to be continued."""
    held: list[Route] = []
    page.route("**/tex-chtml.js*", lambda route: held.append(route))
    return held


def shift(browser: Browser, address: str, width: int, height: int) -> tuple[float, float]:
    """How far the text moves when MathJax comes after the first paint, and where the target of the address ends."""
    context = browser.new_context(viewport={"width": width, "height": height}, service_workers="block")
    page = context.new_page()
    page.add_init_script(WATCH)
    held = hold_mathjax(page)
    page.goto(address, wait_until="commit")
    page.wait_for_selector("footer.bd-footer", state="attached")
    page.evaluate(TWO_FRAMES)
    while not held:
        page.wait_for_timeout(20)
    held[0].continue_()
    page.wait_for_selector("mjx-container", state="attached")
    page.wait_for_load_state("networkidle")
    page.evaluate(TWO_FRAMES)
    moved = page.evaluate("shift")
    top = page.evaluate("document.querySelector(':target')?.getBoundingClientRect().top ?? 0")
    context.close()
    return moved, top


@pytest.mark.parametrize(("width", "height"), [(1280, 900), (390, 844)])
def test_formulas_do_not_move_the_text(browser: Browser, site: Path, site_url: str, width: int, height: int) -> None:
    moved = {
        path.name: shift(browser, f"{site_url}{path.name}", width, height)[0]
        for path in sorted(site.glob("*.html"))
        if "tex-chtml.js" in path.read_text(encoding="utf-8")
    }
    assert len(moved) > 15
    too_far = {name: shift for name, shift in moved.items() if shift > SHIFT}
    assert not too_far, f"formulas without their room? python tools/formula_room.py _build/html: {too_far}"


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
        ".cell_output img[src$='.png']", "all => all.map(one => [one.getAttribute('src'), one.width, one.height])"
    )
    assert boxes
    for source, wide, high in boxes:
        with Image.open(site / source) as picture:
            assert high == pytest.approx(wide * picture.height / picture.width, abs=1)  # whole pixels
    context.close()


def test_a_formula_waits_in_letters_in_the_room_that_it_will_take(browser: Browser, site_url: str) -> None:
    context = browser.new_context(viewport={"width": 390, "height": 844}, service_workers="block")
    page = context.new_page()
    held = hold_mathjax(page)
    page.goto(f"{site_url}04-equation-4.html", wait_until="commit")
    page.wait_for_selector("footer.bd-footer", state="attached")
    read = """() => [...document.querySelectorAll("p span.math")].map(one => {
      const box = one.getBoundingClientRect();
      return [getComputedStyle(one, "::before").content, box.width, box.height];
    })"""
    before = page.evaluate(read)
    assert '"log P(X)"' in {letters for letters, _, _ in before}
    while not held:
        page.wait_for_timeout(20)
    held[0].continue_()
    page.wait_for_selector("mjx-container", state="attached")
    page.evaluate("MathJax.startup.promise.then(() => document.fonts.ready).then(() => 0)")
    after = page.evaluate(read)
    assert {letters for letters, _, _ in after} == {"none"}
    # Two pixels: letters of a bold or slanted text have another height than those where the formula was measured.
    assert [box for _, *box in before] == [pytest.approx(box, abs=2) for _, *box in after]
    context.close()


def test_where_mathjax_does_not_come_its_tex_is_shown(browser: Browser, site_url: str) -> None:
    context = browser.new_context(service_workers="block")
    page = context.new_page()
    page.route("**/tex-chtml.js*", lambda route: route.abort())
    page.goto(f"{site_url}04-equation-4.html")
    page.wait_for_selector("html.formulas-stay")
    formula = page.locator("p span.math").first
    assert formula.inner_text() == r"\(E_{z\sim Q}P(X|z)=P(X)\)"
    assert formula.evaluate("one => getComputedStyle(one).color === getComputedStyle(one.parentElement).color")
    assert formula.evaluate("one => getComputedStyle(one, '::before').content") == "none"
    context.close()


def test_without_scripts_the_text_is_there_and_says_what_is_missing(browser: Browser, site_url: str) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    for name in ("index.html", "04-equation-4.html"):
        page.goto(site_url + name)
        assert "Scripts are off in this browser." in page.inner_text("article")
        gaps = [box["height"] for one in page.locator(".cell_output").all() if (box := one.bounding_box())]
        assert min(gaps, default=0) < 100  # no room for what will not come
    assert page.get_by_text(r"\(E_{z\sim Q}P(X|z)=P(X)\)").first.is_visible()
    context.close()


@pytest.mark.parametrize(
    ("tex", "letters"),
    [
        (r"\log P(X)", "log P(X)"),
        (r"\mathcal D[Q\|P]", "D[Q‖P]"),
        (r"z=\mu+\sigma\varepsilon", "z=μ+σϵ"),
        (r"\tfrac12\log\frac{a}{b}", "1/2loga/b"),
        (r"\textcolor{#0B7A55}{x\le\infty}", "x≤∞"),
    ],
)
def test_a_formula_in_letters(tex: str, letters: str) -> None:
    assert formula_room.in_letters(tex) == letters


def test_only_measured_formulas_have_room() -> None:
    room = {"inline": {"a<b": [1.5, 2, 0.25]}, "display": {"c": [7]}}
    span, block = '<span class="math notranslate nohighlight">', '<div class="math notranslate nohighlight">'
    body = rf"{span}\(a&lt;b\)</span>{span}\(d\)</span>{block}" + "\n\\[c\\]</div>"
    kept = formula_room.keep_room(body, room)
    assert 'style="--w:1.5ex;--h:2ex;--d:0.25ex" data-letters="a&lt;b">\\(a&lt;b\\)</span>' in kept
    assert rf"{span}\(d\)</span>" in kept
    assert 'style="--h:7ex">\n\\[c\\]</div>' in kept


@pytest.mark.parametrize("name", ["03-kl-divergence.html", "10-6-hierarchical.html"])
def test_a_wide_equation_scrolls_by_the_keyboard_on_a_phone(open_page: OpenPage, site_url: str, name: str) -> None:
    page = open_page(site_url + name, width=390, touch=True)
    page.wait_for_selector("mjx-container", state="attached")
    page.evaluate("MathJax.startup.promise.then(() => 0)")
    wide = """() => [...document.querySelectorAll("div.math")].filter(one =>
      Math.max(one.scrollWidth, one.querySelector("mjx-container").scrollWidth) > one.clientWidth + 1)"""
    count = page.evaluate(f"({wide})().length")
    assert count
    for index in range(count):
        page.evaluate(f"({wide})()[{index}].querySelector('mjx-container').focus()")
        page.keyboard.press("ArrowRight")
        there = (
            f"const one = ({wide})()[{index}]; return one.scrollLeft + one.querySelector('mjx-container').scrollLeft"
        )
        page.wait_for_function(f"() => {{ {there} > 0 }}")


@pytest.mark.parametrize("name", ["04-equation-4.html", "10-beyond.html", "09-open-questions.html"])
def test_no_formula_in_a_line_is_cut_off_on_a_phone(open_page: OpenPage, site_url: str, name: str) -> None:
    page = open_page(site_url + name, width=390, touch=True)
    page.wait_for_selector("mjx-container", state="attached")
    page.evaluate("MathJax.startup.promise.then(() => 0)")
    cut = page.evaluate(
        """() => [...document.querySelectorAll("span.math mjx-math")].filter(one => {
          const holder = one.closest("span.math");
          const hides = getComputedStyle(holder).overflowX === "hidden";
          return hides && one.getBoundingClientRect().right > holder.getBoundingClientRect().right + 1;
        }).map(one => one.closest("span.math").textContent)"""
    )
    assert cut == []

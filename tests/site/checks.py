"""What the tests of several widgets ask alike."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from axe_playwright_python.sync_playwright import Axe
from ipywidgets import DOMWidget
from playwright.sync_api import Locator, Page, expect

CORNER: Final = "c => [...c.getContext('2d').getImageData(3, 3, 1, 1).data].slice(0, 3)"
"""Red, green and blue in the corner of a canvas, where its paper shows."""

# Beside axe's own choice of rules: two that it leaves off, as an experiment and as a younger standard. What passed is
# not listed, which takes most of the time. No preload: axe would fetch the sheets that sheets import, from addresses
# that it reckons from the page.
AXE_OPTIONS = {
    "rules": {name: {"enabled": True} for name in ("label-content-name-mismatch", "target-size")},
    "resultTypes": ["violations"],
    "preload": False,
}

# Thousands of words have a few dozen looks: text and paper. The contrast of the first in each is computed.
FIRST_LOOKS = """() => {
  const seen = new Set(), isPaper = /^rgb\\(/;
  const paper = one => {
    const { backgroundColor, backgroundImage, opacity } = getComputedStyle(one);
    const above = isPaper.test(backgroundColor) || !one.parentElement ? "" : paper(one.parentElement);
    return [backgroundColor, backgroundImage, opacity, above].join();
  };
  const speaks = one => one.matches("input, select, textarea")
    || [...one.childNodes].some(part => part.nodeType === Node.TEXT_NODE && part.data.trim());
  for (const one of document.querySelectorAll("body, body *")) {
    one.removeAttribute("data-first-look");
    if (!speaks(one) || !one.checkVisibility()) continue;
    const { color, fontSize, fontWeight, textShadow } = getComputedStyle(one);
    const look = [color, fontSize, fontWeight, textShadow, paper(one)].join();
    if (!seen.has(look)) one.setAttribute("data-first-look", "");
    seen.add(look);
  }
}"""


def complaints(page: Page) -> list[str]:
    """What axe-core finds wrong with the page as it stands."""
    page.evaluate(Axe().axe_script)
    page.evaluate(FIRST_LOOKS)
    page.evaluate("axe.configure({ rules: [{ id: 'color-contrast', selector: '[data-first-look]' }] })")
    found = page.evaluate("async options => (await axe.run(options)).violations", AXE_OPTIONS)
    return [
        f"{rule['id']}: {node['html'][:200]} ({node['failureSummary']})" for rule in found for node in rule["nodes"]
    ]


def start_widgets(page: Page) -> None:
    """Come by each widget that no fold hides, and wait for it and for the numbers that are pale until computed.

    Then back up, where the page's head covers nothing.
    """
    for view in page.locator("[data-widget-model]:not(.fold:not([open]) *)").all():
        view.scroll_into_view_if_needed()
        page.wait_for_function("view => 'widgetReady' in view.dataset", arg=view.element_handle())
    page.wait_for_function("() => !document.querySelector('.vae-waits')")
    page.evaluate("scrollTo(0, 0)")


WATCHED_SHIFT: Final = """
window.shift = 0;
new PerformanceObserver(list => {
  for (const entry of list.getEntries()) window.shift += entry.value;
}).observe({ type: "layout-shift", buffered: true });
"""
"""How far the text moves while a page loads, as ``shift``."""

COUNTED_FRAMES: Final = """(() => {
  const [ask, drop] = [requestAnimationFrame.bind(window), cancelAnimationFrame.bind(window)];
  const asked = new Set();
  window.requestAnimationFrame = call => {
    const id = ask(now => { asked.delete(id); call(now); });
    asked.add(id);
    return id;
  };
  window.cancelAnimationFrame = id => { asked.delete(id); drop(id); };
  const rested = done => ask(() => (asked.size ? rested(done) : done()));
  window.settled = () => new Promise(done => ask(() => rested(done)));
})()"""
"""Counts the frames that a page asks for: ``settled()`` waits for a first, in which sizes are seen, then for all."""


# Each widget that the host starts without being scrolled to stands, or says why not, and what it drew has been shown.
SETTLED: Final = """async () => {
  await new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)));
  return document.readyState === "complete" && [...document.querySelectorAll("[data-widget-model]")].every(view => {
    const { top, bottom, width } = view.getBoundingClientRect();
    const near = width && top < innerHeight + 400 && bottom > -400;
    return !near || "widgetReady" in view.dataset || view.classList.contains("widget-said");
  });
}"""


def open_folds(page: Page) -> None:
    """All that waits for a reader to open it: exercises, side roads, the words of figures."""
    page.eval_on_selector_all(".fold", "all => all.forEach(fold => (fold.open = true))")


def settle(page: Page) -> None:
    """Until all is drawn, over however many frames a slow machine spreads it."""
    page.evaluate("settled()")


def hold_time(page: Page) -> None:
    """Timers, frames and clocks wait from now on until the test says ``page.clock.run_for``."""
    settle(page)
    page.clock.install(time=0)
    page.clock.pause_at(3600)


def assert_room_for_a_finger(target: Locator, width: int) -> None:
    """At least 44 pixels high and ``width`` wide."""
    box = target.bounding_box()
    assert box
    assert box["height"] >= 44
    assert box["width"] >= width


def remove_change_and_show(page: Page, trait: str, value: Any) -> None:
    """Thrice: the view goes, nothing listens any more, the kernel sets a trait, the view comes back."""
    listening = page.evaluate("live.listening()")
    for _ in range(3):
        page.evaluate("live.remove()")
        assert page.evaluate("live.listening()") == 0
        page.evaluate("([trait, value]) => live.model.set(trait, value)", [trait, value])
        page.evaluate("live.show()")
    assert page.evaluate("live.listening()") == listening


def assert_follows_the_theme(page: Page, *names: str) -> None:
    """The paper of these pictures, on a light page and then on a dark one."""
    settle(page)
    for name in names:
        assert min(page.locator(f".vae-{name}").evaluate(CORNER)) > 200
    page.evaluate("document.documentElement.dataset.theme = 'dark'")
    for name in names:
        page.wait_for_function(f"Math.max(...({CORNER})(document.querySelector('.vae-{name}'))) < 60")


def assert_a_sentence_until_it_heals(page: Page, sentence: str, widget: DOMWidget, names: Iterable[str]) -> None:
    """The sentence stands there alone, until these traits are the widget's again."""
    expect(page.locator(".vae-widget")).to_have_text(sentence)
    for name in names:
        value = getattr(widget, name)
        packed = isinstance(value, bytes)
        page.evaluate(
            "([name, value, packed]) => live.model.set(name, packed ? live.bytes(value) : value)",
            [name, list(value) if packed else value, packed],
        )


# A common setting, "no cookies", as the page meets it.
DENIED = """for (const kind of ["localStorage", "sessionStorage", "caches"]) {
  const get = () => { throw new DOMException("denied", "SecurityError"); };
  Object.defineProperty(window, kind, { configurable: true, get });
}"""
SETTINGS = """[document.documentElement.dataset.mode,
  document.querySelector(".code-switch button").ariaPressed,
  document.querySelectorAll(".folded-code > details[open]").length > 9]"""
SET = f"""(async () => {{
  while (document.readyState !== "complete") await new Promise(requestAnimationFrame);
  const theme = document.querySelector(".theme-switch-button");
  for (let click = 0; click < 3 && document.documentElement.dataset.mode !== "dark"; click++) theme.click();
  document.querySelector(".code-switch button").click();
  return {SETTINGS};
}})()"""

"""What the tests of several widgets ask alike."""

from __future__ import annotations

from typing import Any, Final

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Locator, Page

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

# Thousands of words of code have a dozen colours: the first in each is looked at, the rest are its text for a while.
SLIM = """() => {
  const seen = new Set();
  window.slimmed = [...document.querySelectorAll("pre")].filter(code => code.checkVisibility()).map(code => {
    const slim = code.cloneNode(true), block = code.closest("div[class*=highlight]");
    for (const word of slim.querySelectorAll("span:not(:has(*))")) {
      const kind = [word, word.parentElement, block].map(one => one?.className).join();
      if (seen.has(kind)) word.replaceWith(...word.childNodes);
      seen.add(kind);
    }
    slim.normalize();
    code.replaceWith(slim);
    return () => slim.replaceWith(code);
  });
}"""


def complaints(page: Page) -> list[str]:
    """What axe-core finds wrong with the page as it stands."""
    page.evaluate(SLIM)
    found = Axe().run(page, options=AXE_OPTIONS)
    page.evaluate("slimmed.forEach(restore => restore())")
    return [
        f"{rule['id']}: {node['html'][:200]} ({node['failureSummary']})"
        for rule in found.response["violations"]
        for node in rule["nodes"]
    ]


def start_widgets(page: Page) -> None:
    """Come by each widget, and wait for it and for the numbers that are pale until they are computed."""
    for view in page.locator("[data-widget-model]").all():
        view.scroll_into_view_if_needed()
        page.wait_for_function("view => 'widgetReady' in view.dataset", arg=view.element_handle())
    page.wait_for_function("() => !document.querySelector('.vae-waits')")


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

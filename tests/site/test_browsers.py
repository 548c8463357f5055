"""Readers' other browsers, Firefox and WebKit: pages open in silence, widgets draw, sliders heed the keyboard."""

from __future__ import annotations

import functools
import json
import queue
import threading
from collections.abc import Iterator
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, ClassVar

import pytest
from browsers import WAIT, Browser, Firefox, WebKit
from bs4 import BeautifulSoup
from checks import DENIED, SET, SETTINGS

ARROW_LEFT, ARROW_RIGHT = "\ue012", "\ue014"

# Before the page's policy, which does not govern it: what not every driver passes on is noted here.
NOTES = b"""<head><script>
window.noted = [];
for (const level of ["warn", "error"]) console[level] = (...words) => noted.push(`${level}: ${words.join(" ")}`);
addEventListener("error", (event) => noted.push(event.message ?? `failed: ${event.target.outerHTML}`), true);
addEventListener("unhandledrejection", ({ reason }) => noted.push(`unhandled: ${reason}`));
document.addEventListener("securitypolicyviolation", (event) => noted.push(`refused: ${event.blockedURI}`));
</script>"""

# What a reader does and sees. `look` and `changed` wait, and name what is missing when the reader's patience ends.
READER = """(() => {
  const widgets = [...document.querySelectorAll("[data-widget-model]")];
  for (const fold of document.querySelectorAll(".fold")) fold.open = true;
  const visible = (within, selector) => [...within.querySelectorAll(selector)].filter((one) => one.checkVisibility());
  const sliders = (widget) => visible(widget, "input[type=range]:enabled, [role=slider]");
  const pixels = (canvas) => canvas.width * canvas.height
    ? new Uint32Array(canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data.buffer) : [];
  const name = (one) =>
    `${one.tagName} ${one.className} ${one.labels?.[0]?.textContent ?? one.getAttribute("aria-label") ?? ""}`;
  const blank = (canvas) => pixels(canvas).every((pixel, _, all) => pixel === all[0]);
  const undrawn = (widget) => visible(widget, "canvas").filter(blank).map((one) => `blank: ${name(one)}`);
  const fingerprint = (canvas) => pixels(canvas).reduce((sum, pixel) => (Math.imul(sum, 31) + pixel) | 0, 7);
  const said = (slider) =>
    slider.getAttribute("aria-valuetext") ?? slider.getAttribute("aria-valuenow") ?? slider.value;
  const shown = (widget) => [widget.innerText, ...visible(widget, "canvas").map(fingerprint)].join();
  const awaited = async (missing) => {
    for (const end = performance.now() + 120000; missing().length && performance.now() < end;) {
      await new Promise(requestAnimationFrame);
    }
    return missing();
  };
  window.reader = {
    widgets: widgets.length,
    async look(index) {
      const widget = widgets[index];
      widget.scrollIntoView({ block: "center" });
      const missing = await awaited(() => ("widgetReady" in widget.dataset ? undrawn(widget) : ["not ready"]));
      return { missing, sliders: sliders(widget).length };
    },
    take(index, which) {
      const widget = widgets[index];
      const slider = sliders(widget)[which];
      const before = [said(slider), shown(widget)];
      const unchanged = ["says", "shows"].map(does => `${does} the same: ${name(slider)}`);
      this.same = () => unchanged.filter((_, i) => [said(slider), shown(widget)][i] === before[i]);
      slider.focus();
      return { atEnd: slider.matches("input") && slider.value === slider.max };
    },
    changed: () => awaited(reader.same),
  };
  return reader.widgets;
})()"""


class Server:
    """The book, each page with ``NOTES``; knows what was not there, and what was fetched ahead of its reader."""

    def __init__(self, folder: Path) -> None:
        self.head = NOTES
        self.missing: list[str] = []
        self.ahead: queue.Queue[str] = queue.Queue()
        outer = self

        class Handler(SimpleHTTPRequestHandler):
            extensions_map: ClassVar = {**SimpleHTTPRequestHandler.extensions_map, ".mjs": "text/javascript"}

            def do_GET(self) -> None:
                if self.headers["Sec-Purpose"] == "prefetch":
                    outer.ahead.put(self.path)
                if not self.path.endswith(".html"):
                    return super().do_GET()
                self.send_response(200)
                self.send_header("Content-Type", "text/html")
                self.end_headers()
                self.wfile.write((folder / self.path[1:]).read_bytes().replace(b"<head>", outer.head, 1))

            def log_error(self, *args: Any) -> None:
                outer.missing.append(self.path)

            def log_message(self, *args: Any) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Handler, directory=str(folder)))
        self.url = f"http://127.0.0.1:{self.server.server_port}/"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()


@pytest.fixture
def server(site: Path) -> Iterator[Server]:
    started = Server(site)
    yield started
    started.close()


@pytest.fixture(scope="module")
def browser(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    started = request.param(tmp_path_factory.mktemp("home"))
    yield started
    started.close()


pytestmark = pytest.mark.xdist_group("browsers")

in_browser = functools.partial(pytest.mark.parametrize, "browser", indirect=True, ids=lambda kind: kind.__name__)


def widgets_of(page: Path) -> int:
    """How many widgets stand in a built page that need no kernel."""
    soup = BeautifulSoup(page.read_text(encoding="utf-8"), "html.parser")
    states = [json.loads(one.string)["state"] for one in soup.select('script[type$="widget-state+json"]')]
    views = [json.loads(one.string)["model_id"] for one in soup.select('script[type$="widget-view+json"]')]
    return sum("_esm" in state[view]["state"] for state in states for view in views if view in state)


def use(browser: Browser, widget: int) -> tuple[int, list[str]]:
    """Look at a widget and press a key on each of its sliders: how many, and what did not happen."""
    looked = browser.run(f"reader.look({widget})")
    for slider in range(looked["sliders"]):
        taken = browser.run(f"reader.take({widget}, {slider})")
        browser.press(ARROW_LEFT if taken["atEnd"] else ARROW_RIGHT)
        looked["missing"] += browser.run("reader.changed()")
    return looked["sliders"], looked["missing"]


# Firefox says so of a formula that it lays out while the rest of it is still on its way; the next test reads it whole.
IN_PIECES = "Invalid markup: Incorrect number of children"


@in_browser([Firefox, WebKit])
def test_every_page_opens_in_silence_and_every_widget_draws_and_heeds_the_keyboard(
    browser: Browser, server: Server, site: Path
) -> None:
    troubles, sliders = [], 0
    for page in sorted(site.glob("*.html")):
        browser.open(server.url + page.name)
        widgets = browser.run(READER)
        assert widgets == widgets_of(page), page.name
        found = [use(browser, widget) for widget in range(widgets)]
        sliders += sum(count for count, _ in found)
        said = [*browser.run("noted.splice(0)"), *browser.messages()]
        troubles += [f"{page.name}: {one}" for _, missing in found for one in missing] + [
            f"{page.name}: {one}" for one in said if not one.startswith(IN_PIECES)
        ]
    assert not troubles, "\n".join(troubles)
    assert not server.missing
    assert sliders > 40


def test_each_fraction_and_index_has_its_two_parts(site: Path) -> None:
    for page in sorted(site.glob("*.html")):
        parts = BeautifulSoup(page.read_text(encoding="utf-8"), "html.parser").select("mfrac, msub, msup")
        assert all(len(part.find_all(True, recursive=False)) == 2 for part in parts), page.name


@in_browser([Firefox, WebKit])
def test_where_nothing_may_be_stored_settings_last_for_the_visit(browser: Browser, server: Server) -> None:
    server.head = NOTES.replace(b"<script>", b"<script>" + DENIED.encode(), 1)
    browser.open(f"{server.url}06-training.html")
    assert browser.run(SET) == ["dark", "true", True]
    assert not [*browser.run("noted"), *browser.messages()]
    browser.open(f"{server.url}05-reparameterization.html")
    assert browser.run(SETTINGS) == ["dark", "true", True]
    assert not [one for one in [*browser.run("noted"), *browser.messages()] if not one.startswith(IN_PIECES)]


@in_browser([Firefox])
def test_the_next_page_is_fetched_ahead(browser: Browser, server: Server) -> None:
    browser.open(f"{server.url}references.html")
    browser.open(f"{server.url}04-equation-4.html")
    while (ahead := server.ahead.get(timeout=WAIT)) != "/05-reparameterization.html":
        assert ahead
    assert not browser.messages()

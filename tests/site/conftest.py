"""The built book on a server of its own, and a browser that notes everything that goes wrong.

``VAE_BOOK_SITE`` points to a built site and saves the build; ``CHROMIUM`` names another browser; ``VAE_BOOK_SLOW``
says how many times slower every page shall run.
"""

from __future__ import annotations

import functools
import json
import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, ClassVar

import palette_sheet
import pytest
from bs4 import BeautifulSoup
from checks import COUNTED_FRAMES, SETTLED, WATCHED_SHIFT
from ipywidgets import DOMWidget
from ipywidgets.embed import dependency_state, embed_data, escape_script
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from vae_lib.widgets.base import BookWidget
from vae_lib.widgets.host import HOST

ROOT = Path(__file__).parents[2]
CHROMIUM_FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
PATIENCE_MS = 120_000  # a test awaits an event, however slow the machine; this only ends one that fails

expect.set_options(timeout=PATIENCE_MS)


def _prepared(new_page: Callable[..., Page]) -> Callable[..., Page]:
    """A page that waits long enough, counts its frames and what moves, and runs as slowly as was asked for."""

    def prepared(self: Browser | BrowserContext, **options: Any) -> Page:
        page = new_page(self, **options)
        page.set_default_timeout(PATIENCE_MS)
        page.add_init_script(COUNTED_FRAMES)
        page.add_init_script(WATCHED_SHIFT)
        if rate := float(os.environ.get("VAE_BOOK_SLOW", 0)):
            page.context.new_cdp_session(page).send("Emulation.setCPUThrottlingRate", {"rate": rate})
        return page

    return prepared


for _owner in (Browser, BrowserContext):
    _owner.new_page = _prepared(_owner.new_page)  # type: ignore[method-assign]


class _Handler(SimpleHTTPRequestHandler):
    extensions_map: ClassVar = {**SimpleHTTPRequestHandler.extensions_map, ".mjs": "text/javascript"}

    def log_message(self, *args: Any) -> None:
        pass


def _serve(folder: Path) -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(_Handler, directory=str(folder)))
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/"
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the built book."""
    if given := os.environ.get("VAE_BOOK_SITE"):
        folder = Path(given).resolve()
        if not (folder / "index.html").exists():
            pytest.fail(f"VAE_BOOK_SITE is {given}, which has no index.html; build the book or unset it")
        return folder
    output = tmp_path_factory.mktemp("site")
    command = [str(Path(sys.executable).with_name("jupyter-book")), "build", "book", "--config", "_config.yml"]
    command += ["-W", "-n", "--keep-going", "--path-output", str(output)]
    done = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if done.returncode:
        pytest.fail(f"the book does not build:\n{done.stdout[-5000:]}")
    return output / "_build" / "html"


@pytest.fixture(scope="session")
def pages(site: Path) -> dict[str, BeautifulSoup]:
    """Every page of the site, to be read and not changed."""
    return {path.name: BeautifulSoup(path.read_text(encoding="utf-8"), "html.parser") for path in site.glob("*.html")}


@pytest.hookimpl(tryfirst=True)  # before pytest-xdist looks for groups
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if "pages" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.xdist_group("pages"))  # one process reads them all


@pytest.fixture(scope="session")
def site_url(site: Path) -> Iterator[str]:
    yield from _serve(site)


@pytest.fixture(scope="session")
def pages_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("pages")
    shutil.copy(HOST, folder)
    book = (ROOT / "book" / "_static" / "book.css").read_text(encoding="utf-8")
    (folder / "book.css").write_text(palette_sheet.sheet() + book, encoding="utf-8")
    return folder


@pytest.fixture(scope="session")
def pages_url(pages_folder: Path) -> Iterator[str]:
    yield from _serve(pages_folder)


State = dict[str, Any]


@pytest.fixture
def widget_page(pages_folder: Path, pages_url: str) -> Callable[..., str]:
    """Makes a page that shows widgets through the book's own host, and gives its address.

    ``edit`` may change the saved state first; ``spacer`` is HTML between the widgets and after them.
    """

    def make(*widgets: DOMWidget, edit: Callable[[State], None] | None = None, spacer: str = "") -> str:
        state = dependency_state(widgets, drop_defaults=False) if widgets else {}
        if edit:
            edit(state)
        data = embed_data(views=list(widgets) or None, state=state)
        views = "".join(
            '<div class="cell_output"><script type="application/vnd.jupyter.widget-view+json">'
            f"{json.dumps(view)}</script></div>{spacer}"
            for view in data["view_specs"][: len(widgets)]
        )
        saved = escape_script(json.dumps(data["manager_state"]))
        name = f"page-{len(list(pages_folder.glob('page-*.html')))}.html"
        (pages_folder / name).write_text(
            '<!doctype html><html lang="en" data-theme="light"><head><meta charset="utf-8"><title>Widgets</title>'
            '<meta name="viewport" content="width=device-width, initial-scale=1"><link rel="icon" href="data:,">'
            '<link rel="stylesheet" href="book.css">'
            f'<script type="application/vnd.jupyter.widget-state+json">{saved}</script>'
            f'<script type="module" src="widget-host.mjs"></script></head><body>{views}</body></html>',
            encoding="utf-8",
        )
        return pages_url + name

    return make


@pytest.fixture(scope="session")
def launch() -> Iterator[Callable[..., Browser]]:
    """Starts a Chromium with further flags, if any."""
    # The first has no window to open for each page, which takes a quarter of the time.
    found = [os.environ.get("CHROMIUM"), *map(shutil.which, ("chromium-headless-shell", "chromium"))]
    path = next((one for one in found if one), "")
    if not Path(path).is_file():
        pytest.fail(f"no Chromium ({path}): apt-get install chromium-headless-shell, or set CHROMIUM to its path")
    with sync_playwright() as playwright:
        yield lambda *flags: playwright.chromium.launch(executable_path=path, args=[*CHROMIUM_FLAGS, *flags])


@pytest.fixture(scope="session")
def browser(launch: Callable[..., Browser]) -> Iterator[Browser]:
    started = launch()
    yield started
    started.close()


@pytest.fixture
def open_page(browser: Browser) -> Iterator[Callable[..., Page]]:
    """Opens pages; afterwards fails on any console error, page error, failed request or request to another host."""
    troubles: list[str] = []
    contexts = []

    def on_request(url: str) -> None:
        if not url.startswith(("http://127.0.0.1:", "data:", "blob:")):
            troubles.append(f"request to another host: {url}")

    def open_one(url: str, *, width: int = 1280, height: int = 900, scheme: str = "light", touch: bool = False) -> Page:
        context = browser.new_context(
            viewport={"width": width, "height": height},
            color_scheme=scheme,  # type: ignore[arg-type]
            has_touch=touch,
        )
        contexts.append(context)
        page = context.new_page()
        page.on("console", lambda m: troubles.append(f"console: {m.text}") if m.type == "error" else None)
        page.on("pageerror", lambda error: troubles.append(f"page error: {error}"))
        page.on("request", lambda request: on_request(request.url))
        page.on("requestfailed", lambda request: troubles.append(f"failed: {request.url}"))
        page.on("response", lambda r: troubles.append(f"{r.status}: {r.url}") if r.status >= 400 else None)
        page.goto(url)
        page.wait_for_function(SETTLED)
        return page

    yield open_one
    found = list(troubles)  # closing aborts what is still under way
    for context in contexts:
        context.close()
    assert not found, "\n".join(found)


LIVE = """async ({ esm, state, packed }) => {
  const bytes = values => new DataView(Uint8Array.from(values).buffer);
  for (const name of packed) state[name] = bytes(state[name]);
  const plain = () => Object.fromEntries(Object.entries(state).filter(([, value]) => !(value instanceof DataView)));
  const listeners = {};
  const model = {
    heard: [], get: name => state[name], save_changes() { this.heard.push(structuredClone(plain())); },
    set(name, value) { state[name] = value; for (const f of [...(listeners["change:" + name] ?? [])]) f(); },
    on(event, f) { (listeners[event] ??= new Set()).add(f); },
    off(event, f) { listeners[event]?.delete(f); },
  };
  const widget = (await import(URL.createObjectURL(new Blob([esm], { type: "text/javascript" })))).default;
  window.live = {
    model, bytes,
    listening: () => Object.values(listeners).reduce((sum, set) => sum + set.size, 0),
    async show() {
      this.el = document.body.appendChild(document.createElement("div"));
      this.end = await widget.render({ model, el: this.el });
    },
    async remove() { await this.end(); this.el.remove(); },
  };
  await window.live.show();
}"""


@pytest.fixture
def live_widget(open_page: Callable[..., Page], widget_page: Callable[..., str]) -> Callable[..., Page]:
    """Shows a widget with a model that the test holds, as a kernel would.

    In the page: ``live.model``, whose ``heard`` has the traits of each save; ``live.show()``, ``live.remove()``;
    ``live.bytes``, which makes a trait of bytes.
    """

    def make(widget: BookWidget, **edits: Any) -> Page:
        page = open_page(widget_page())
        names = [
            name for name in widget.keys if not name.startswith("_") and name not in ("layout", "tabbable", "tooltip")
        ]
        state = {name: getattr(widget, name) for name in names} | edits
        packed = {name: list(value) for name, value in state.items() if isinstance(value, bytes)}
        page.add_style_tag(content=str(widget._css))
        page.evaluate(LIVE, {"esm": widget._esm, "state": state | packed, "packed": list(packed)})
        return page

    return make

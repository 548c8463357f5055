"""What was read stays readable without a network, and a new build is seen at once when there is one.

The pages are opened at a name, which leads here: at 127.0.0.1 and localhost the site keeps nothing.
"""

from __future__ import annotations

import functools
import json
import re
import shutil
import threading
from collections.abc import Iterator
from hashlib import sha256
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from checks import open_folds
from kept_files import list_files
from PIL import Image
from playwright.sync_api import Browser, BrowserContext, Error, Page, expect

EXTRA = Path(__file__).parents[2] / "book" / "_extra"
TEXT = """(async (name) => {
  const at = new URL("./", location.href).href;
  return await (await (await caches.open(`book ${at}`)).match(at + name))?.text() ?? null;
})"""


class Network:
    """A server that can go away, take its time, fail, or break off in the middle of an answer."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        patient = self.patient = threading.Event()
        patient.set()
        failing = self.failing = {}  # by its path, the status that an answer has; 0 breaks it off

        class Handler(SimpleHTTPRequestHandler):
            def do_GET(self) -> None:
                patient.wait()
                del self.headers["If-Modified-Since"]  # counts in seconds, and a test is faster
                path = self.path.partition("?")[0]
                if status := failing.get(path):
                    return self.send_error(status)
                if path not in failing:
                    return super().do_GET()
                body = Path(self.translate_path(path)).read_bytes()
                self.send_response(200)
                self.send_header("Content-Type", self.guess_type(path))
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body[: len(body) // 2])

            def log_message(self, *args: Any) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Handler, directory=str(folder)))
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def stop(self) -> None:
        self.patient.set()
        self.server.shutdown()
        self.server.server_close()

    @property
    def url(self) -> str:
        return f"http://book.localhost:{self.server.server_port}/"


@pytest.fixture
def network(site: Path, tmp_path: Path) -> Iterator[Network]:
    shutil.copytree(site, tmp_path / "site", ignore=shutil.ignore_patterns("_sources"))
    network = Network(tmp_path / "site")
    yield network
    network.stop()


@pytest.fixture
def reader(browser: Browser) -> Iterator[BrowserContext]:
    context = browser.new_context()
    yield context
    context.close()


WHOLE = "This page is kept: it can be read without a network."
IN_PART = "Not all of this page could be kept: without a network, parts of it may be missing."


def read(reader: BrowserContext, url: str, note: str = WHOLE) -> Page:
    """Open a page and wait until it is kept."""
    page = reader.new_page()
    page.goto(url)
    expect(page.locator(".offline-note")).to_have_text(note)
    return page


def kept(page: Page) -> list[str]:
    """The names of all that is kept of the page's site."""
    script = """async () => {
      const store = await caches.open(`book ${new URL("./", location.href)}`);
      return (await store.keys()).map(({ url }) => url.slice(new URL("./", location.href).href.length)).sort();
    }"""
    names: list[str] = page.evaluate(script)
    return names


def release(folder: Path, number: int, *names: str) -> None:
    """A small site in the place of the one before: pages of these names, each with a picture of its own."""
    for path in folder.rglob("*.*"):
        path.unlink()
    for part in ("_static", "_images"):
        (folder / part).mkdir(exist_ok=True)
    shutil.copy(EXTRA / "sw.js", folder)
    script = (EXTRA.parent / "_static" / "site.js").read_text(encoding="utf-8") + f"window.release = {number};"
    (folder / "_static" / "site.js").write_text(script, encoding="utf-8")
    for name in names:
        picture = f'<svg xmlns="http://www.w3.org/2000/svg"><text>{name} {number}</text></svg>'
        address = f"_images/{sha256(picture.encode()).hexdigest()}.svg"
        (folder / address).write_text(picture, encoding="utf-8")
        (folder / f"{name}.html").write_text(
            f'<!doctype html><html lang="en" data-content_root="./"><head><title>{name} — Book</title>'
            f'<script defer src="_static/site.js?v={number}"></script></head><body><h1>{name} of {number}</h1>'
            f'<img alt="" src="{address}"><footer class="bd-footer"></footer></body></html>',
            encoding="utf-8",
        )
    list_files(folder)


@pytest.fixture
def small(tmp_path: Path) -> Iterator[Network]:
    release(tmp_path, 1, "one", "two", "three")
    network = Network(tmp_path)
    yield network
    network.stop()


def parts_of(folder: Path, number: int, *names: str) -> list[str]:
    """What is kept of a release of which these pages were read."""
    pictures = [re.findall(r'src="(_images/[^"]+)', (folder / f"{name}.html").read_text())[0] for name in names]
    return sorted([f"_static/site.js?v={number}", "files.json", *pictures, *(f"{name}.html" for name in names)])


def test_three_releases_leave_one_release_and_what_is_gone_is_gone(reader: BrowserContext, small: Network) -> None:
    read(reader, f"{small.url}one.html").close()
    read(reader, f"{small.url}three.html").close()
    page = read(reader, f"{small.url}two.html")
    assert kept(page) == parts_of(small.folder, 1, "one", "two", "three")
    release(small.folder, 2, "one", "two", "three")
    page = read(reader, f"{small.url}two.html")  # one page, and all that was read is of the new build
    assert page.evaluate("window.release") == 2
    assert kept(page) == parts_of(small.folder, 2, "one", "two", "three")
    release(small.folder, 3, "one", "two")
    page = read(reader, f"{small.url}two.html")
    assert kept(page) == parts_of(small.folder, 3, "one", "two")
    small.stop()
    page.goto(f"{small.url}one.html")
    expect(page.locator("h1")).to_have_text("one of 3")
    assert page.evaluate("[window.release, document.images[0].naturalWidth > 0]") == [3, True]
    page.goto(f"{small.url}three.html")
    expect(page.locator("h1")).to_have_text("This page was not read yet")
    assert page.locator("li a").all_inner_texts() == ["one", "two"]


def test_a_script_that_comes_after_its_page_takes_the_place_of_the_old_one_when_it_is_there(
    reader: BrowserContext, small: Network
) -> None:
    page = read(reader, f"{small.url}one.html")
    before = kept(page)
    old = (small.folder / "_static" / "site.js").read_bytes()
    release(small.folder, 2, "one")
    new = (small.folder / "_static" / "site.js").read_bytes()
    (small.folder / "_static" / "site.js").write_bytes(old)
    page = read(reader, f"{small.url}one.html", IN_PART)
    assert page.evaluate("window.release") == 1
    assert {*before} < {*kept(page)}
    assert "_static/site.js?v=2" not in kept(page)
    (small.folder / "_static" / "site.js").write_bytes(new)
    page = read(reader, f"{small.url}one.html")
    assert page.evaluate("window.release") == 2
    assert kept(page) == parts_of(small.folder, 2, "one")


@pytest.mark.parametrize("status", [0, 500, 503])
def test_a_broken_answer_replaces_nothing(reader: BrowserContext, small: Network, status: int) -> None:
    read(reader, f"{small.url}two.html").close()
    page = read(reader, f"{small.url}one.html")
    whole = page.evaluate(f"{TEXT}('one.html')")
    release(small.folder, 2, "one", "two")
    small.failing["/one.html"] = status
    page = read(reader, f"{small.url}two.html", IN_PART)
    assert page.evaluate(f"{TEXT}('one.html')") == whole
    small.failing[f"/{parts_of(small.folder, 2, 'two')[0]}"] = status
    if status:
        page.goto(f"{small.url}one.html")
        expect(page.locator("h1")).to_have_text("one of 1")
    small.failing.clear()
    page = read(reader, f"{small.url}two.html")
    assert kept(page) == parts_of(small.folder, 2, "one", "two")


def test_a_page_that_is_not_found_is_kept_no_longer(reader: BrowserContext, small: Network) -> None:
    read(reader, f"{small.url}one.html").close()
    page = read(reader, f"{small.url}two.html")
    (small.folder / "one.html").unlink()
    assert page.goto(f"{small.url}one.html").status == 404
    page.goto(f"{small.url}two.html")
    page.wait_for_function(f"{TEXT}('one.html').then(text => text === null)")


def test_two_sites_of_one_host_have_a_store_each(reader: BrowserContext, small: Network) -> None:
    (small.folder / "other").mkdir()
    release(small.folder / "other", 7, "one")
    read(reader, f"{small.url}one.html").close()
    page = read(reader, f"{small.url}other/one.html")
    assert kept(page) == parts_of(small.folder / "other", 7, "one")
    assert len(page.evaluate("caches.keys()")) == 2


# What can be wrong with the store, as the worker meets it.
BROKEN = {
    "denied": "Object.defineProperty(self, 'caches', { get() { throw new DOMException('denied'); } });",
    "damaged": "caches.open = async () => { throw new DOMException('damaged', 'UnknownError'); };",
    "stuck": "caches.open = () => new Promise(() => {});",
    "full": "Cache.prototype.put = async () => { throw new DOMException('full', 'QuotaExceededError'); };",
    "throws": "Map = class { constructor() { throw new Error('broken'); } }; fetch = new Proxy(fetch, { apply(...all) {"
    " if (all[2].length > 1) throw new Error('broken'); return Reflect.apply(...all); } });",
}


@pytest.mark.parametrize("fault", BROKEN)
def test_where_the_store_or_the_worker_fails_the_network_answers(
    reader: BrowserContext, small: Network, fault: str
) -> None:
    worker = small.folder / "sw.js"
    worker.write_text(BROKEN[fault] + worker.read_text(encoding="utf-8"), encoding="utf-8")
    page = reader.new_page()
    for name in ("one", "two", "one"):
        assert page.goto(f"{small.url}{name}.html").status == 200
        page.wait_for_function("navigator.serviceWorker.controller")
        expect(page.locator("h1")).to_have_text(f"{name} of 1")
        page.wait_for_function("window.release === 1 && document.images[0].naturalWidth > 0")


def test_pages_are_kept_before_their_scripts_and_pictures(reader: BrowserContext, small: Network) -> None:
    worker = small.folder / "sw.js"
    scarce = """const put = Cache.prototype.put; Cache.prototype.put = async function (...what) {
      const isFull = (await this.keys()).length > 1 && !(await this.match(what[0]));
      if (isFull) throw new DOMException("full", "QuotaExceededError");
      return put.apply(this, what);
    };"""
    worker.write_text(scarce + worker.read_text(encoding="utf-8"), encoding="utf-8")
    read(reader, f"{small.url}one.html", IN_PART).close()
    release(small.folder, 2, "one", "two")
    worker.write_text(scarce + worker.read_text(encoding="utf-8"), encoding="utf-8")
    page = read(reader, f"{small.url}one.html", IN_PART)
    assert kept(page)[-1] == "one.html"
    assert "one of 2" in page.evaluate(f"{TEXT}('one.html')")


@pytest.mark.parametrize(
    "fault", ["throw new Error('broken')", "event.respondWith(Promise.reject(new Error('broken')))"]
)
def test_a_broken_worker_is_replaced_by_a_visit_to_the_repaired_site(
    reader: BrowserContext, small: Network, fault: str
) -> None:
    worker = small.folder / "sw.js"
    good = worker.read_bytes()
    worker.write_text(
        "self.addEventListener('install', () => self.skipWaiting());"
        "self.addEventListener('activate', (event) => event.waitUntil(self.clients.claim()));"
        f"self.addEventListener('fetch', (event) => {{ {fault}; }});"
    )
    page = reader.new_page()
    page.goto(f"{small.url}one.html")
    page.wait_for_function("navigator.serviceWorker.controller")
    worker.write_bytes(good)
    with reader.expect_event("serviceworker"):
        try:
            page.goto(f"{small.url}one.html")
        except Error:
            assert "respondWith" in fault  # this once; the browser looks for another worker all the same
    read(reader, f"{small.url}one.html")


def test_a_new_build_is_seen_at_once(reader: BrowserContext, network: Network) -> None:
    read(reader, f"{network.url}notation.html").close()
    path = network.folder / "notation.html"
    old = path.read_text(encoding="utf-8")
    assert old.count(">Notation<") > 0
    path.write_text(old.replace(">Notation<", ">Signs<").replace("site.js?v=", "site.js?v=new"), encoding="utf-8")
    list_files(network.folder)
    page = read(reader, f"{network.url}notation.html")
    expect(page.locator("h1").first).to_contain_text("Signs")
    network.stop()
    page.reload()
    expect(page.locator("h1").first).to_contain_text("Signs")
    assert [name.partition("?v=")[2][:3] for name in kept(page) if "site.js" in name] == ["new"]


def test_what_was_read_is_there_without_a_network(reader: BrowserContext, network: Network) -> None:
    for name in ("index.html", "04-equation-4.html"):
        page = read(reader, network.url + name)
        open_folds(page)
        for view in page.locator("[data-widget-model]").all():
            view.scroll_into_view_if_needed()
        page.wait_for_selector("[data-widget-ready]")
        page.close()
    network.stop()
    page = reader.new_page()
    failed: list[str] = []
    page.on("requestfailed", lambda request: failed.append(request.url))
    page.goto(f"{network.url}04-equation-4.html")
    assert page.locator("span.math > svg").first.is_visible()
    page.locator("[data-widget-model]").first.scroll_into_view_if_needed()
    page.wait_for_selector("[data-widget-ready]")
    page.goto(f"{network.url}index.html")
    page.wait_for_selector("[data-widget-ready]")
    assert not failed


def test_a_page_that_was_not_read_says_so_and_lists_those_that_were(reader: BrowserContext, network: Network) -> None:
    read(reader, f"{network.url}glossary.html").close()
    read(reader, f"{network.url}notation.html").close()
    network.stop()
    page = reader.new_page()
    page.goto(f"{network.url}05-reparameterization.html")
    expect(page.locator("h1")).to_have_text("This page was not read yet")
    assert page.locator("li a").all_inner_texts() == ["Glossary", "Notation"]
    page.get_by_text("Glossary").click()
    expect(page.locator("h1").first).to_contain_text("Glossary")


def test_pictures_further_down_are_kept_too_and_both_addresses_of_the_first_page(
    reader: BrowserContext, network: Network
) -> None:
    read(reader, f"{network.url}04-equation-4.html").close()
    read(reader, network.url).close()
    network.stop()
    page = reader.new_page()
    page.goto(f"{network.url}04-equation-4.html")
    answers = "[...document.querySelectorAll('img[src^=_images]')].map(one => fetch(one.src).then(({ ok }) => ok))"
    pictures = page.evaluate(f"Promise.all({answers})")
    assert len(pictures) > 1
    assert all(pictures)
    page.goto(f"{network.url}index.html")
    expect(page.locator("h1").first).to_contain_text("Understanding")


def test_it_is_not_said_to_be_kept_when_a_part_is_missing(reader: BrowserContext, network: Network) -> None:
    name = re.findall(r'src="(_images/[^"]+)"', (network.folder / "04-equation-4.html").read_text("utf-8"))[-1]
    (network.folder / name).unlink()
    read(reader, f"{network.url}04-equation-4.html", IN_PART)


def test_what_the_search_looked_into_was_not_read(reader: BrowserContext, network: Network) -> None:
    page = read(reader, f"{network.url}search.html")  # from here on it goes through the worker
    page.goto(f"{network.url}search.html?q=gap")
    page.wait_for_selector("#search-results li p")
    read(reader, f"{network.url}notation.html").close()
    assert [name for name in kept(page) if name.endswith(".html")] == ["notation.html", "search.html"]


def test_a_kept_page_does_not_wait_for_a_slow_network(reader: BrowserContext, network: Network) -> None:
    read(reader, f"{network.url}notation.html").close()
    network.patient.clear()
    page = reader.new_page()
    page.goto(f"{network.url}notation.html", wait_until="domcontentloaded")
    expect(page.locator("h1").first).to_contain_text("Notation")


def test_nothing_is_kept_on_a_reader_s_own_computer(browser: Browser, site_url: str) -> None:
    context = browser.new_context()
    page = context.new_page()
    page.add_init_script("navigator.serviceWorker.register = (...address) => (window.asked = address)")
    page.goto(f"{site_url}notation.html")  # until it has loaded, when it would ask
    assert page.evaluate("window.asked ?? null") is None
    assert page.evaluate("navigator.serviceWorker.getRegistrations().then(all => all.length)") == 0
    context.close()


def test_the_manifest_and_its_icons(site: Path) -> None:
    manifest = json.loads((site / "site.webmanifest").read_text(encoding="utf-8"))
    assert (site / manifest["start_url"]).is_file()
    for icon in manifest["icons"]:
        assert (site / icon["src"]).is_file()
        if icon["sizes"] != "any":
            with Image.open(site / icon["src"]) as picture:
                assert f"{picture.width}x{picture.height}" == icon["sizes"]

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
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from playwright.sync_api import Browser, BrowserContext, Page, expect


class Network:
    """A server that can go away, or take its time."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        patient = self.patient = threading.Event()
        patient.set()

        class Handler(SimpleHTTPRequestHandler):
            def do_GET(self) -> None:
                patient.wait()
                super().do_GET()

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


def read(reader: BrowserContext, url: str) -> Page:
    """Open a page and wait until it is kept."""
    page = reader.new_page()
    page.goto(url)
    expect(page.locator(".offline-note")).to_have_text("This page is kept: it can be read without a network.")
    return page


def test_what_was_read_is_there_without_a_network(reader: BrowserContext, network: Network) -> None:
    for name in ("index.html", "04-equation-4.html"):
        page = read(reader, network.url + name)
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
    page = reader.new_page()
    page.add_init_script("navigator.serviceWorker.addEventListener('message', ({ data }) => (window.heard = data))")
    page.goto(f"{network.url}04-equation-4.html")
    page.wait_for_function("() => window.heard === 'not kept'")
    assert page.locator(".offline-note").count() == 0


def test_what_the_search_looked_into_was_not_read(reader: BrowserContext, network: Network) -> None:
    page = read(reader, f"{network.url}search.html")  # from here on it goes through the worker
    page.goto(f"{network.url}search.html?q=gap")
    page.wait_for_selector("#search-results li p")  # of a page that would be kept before it is shown
    kept = page.evaluate("caches.open('read').then(c => c.keys()).then(all => all.map(one => one.url))")
    assert [url for url in kept if ".html" in url and "search.html" not in url] == []


def test_a_new_build_is_seen_at_once(reader: BrowserContext, network: Network) -> None:
    read(reader, f"{network.url}notation.html").close()
    path = network.folder / "notation.html"
    old = path.read_text(encoding="utf-8")
    assert old.count(">Notation<") > 0
    path.write_text(old.replace(">Notation<", ">Signs<").replace("site.js?v=", "site.js?v=new"), encoding="utf-8")
    page = read(reader, f"{network.url}notation.html")
    expect(page.locator("h1").first).to_contain_text("Signs")
    network.stop()
    page.reload()
    expect(page.locator("h1").first).to_contain_text("Signs")
    kept = page.evaluate("caches.open('read').then(c => c.keys()).then(all => all.map(one => one.url))")
    assert [url.partition("?v=")[2][:3] for url in kept if "site.js" in url] == ["new"]


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

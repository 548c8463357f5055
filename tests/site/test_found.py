"""Each page says what it is in its own words, the search finds it, and nothing is shipped that no page leads to."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from pathlib import Path
from xml.etree import ElementTree

import pytest
from bs4 import BeautifulSoup
from PIL import Image
from playwright.sync_api import Page
from sphinx.application import Sphinx
from sphinx.util.docutils import docutils_namespace, patch_docutils

sys.path.insert(0, str(Path(__file__).parents[2] / "book" / "_ext"))

import lean_site

OpenPage = Callable[..., Page]
ADDRESS = "https://book.example/vae/"


def content(soup: BeautifulSoup, name: str) -> str:
    (tag,) = soup.select(f'meta[name="{name}"], meta[property="{name}"]')
    return str(tag["content"])


def test_every_page_has_its_own_title_and_description(pages: dict[str, BeautifulSoup]) -> None:
    titles = [soup.title.get_text() for soup in pages.values()]
    assert len({*titles}) == len(titles) > 20
    said = {name: content(soup, "description") for name, soup in pages.items()}
    assert len({*said.values()}) == len(said)
    for name, text in said.items():
        assert 20 <= len(text) <= 300, name
        assert text.endswith((".", "?", "!")), name
        assert not re.search(r"[\\{}^_$]", text.replace("vae_lib", "")), f"{name}: TeX in {text!r}"
        assert content(pages[name], "og:description") == text
        assert content(pages[name], "og:title") in pages[name].title.get_text()
    assert pages["index.html"].title.get_text() == "Understanding the Variational Autoencoder"
    assert said["04-equation-4.html"].startswith("Derive Eq. (4) and name its four terms.")


@pytest.fixture(params=[ADDRESS, ""])
def small(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[str, Path]:
    """A book of one page and a picture, with an address and without."""
    (tmp_path / "_static").mkdir()
    Image.new("RGB", (30, 20)).save(tmp_path / "_static" / "preview.png")
    (tmp_path / "index.md").write_text("# A & B\n\n**What you will be able to do.** Say $z$. Write $\\frac12$. Do it.")
    output = tmp_path / "out"
    settings = {
        "extensions": ["myst_parser", "found"],
        "myst_enable_extensions": ["dollarmath"],
        "html_baseurl": request.param,
        "html_static_path": ["_static"],
        "project": "Book",
    }
    with patch_docutils(), docutils_namespace():
        Sphinx(tmp_path, None, output, tmp_path / "trees", "html", settings, status=None, warningiserror=True).build()
    return request.param, output


def test_what_needs_an_address_is_left_out_without_one(small: tuple[str, Path]) -> None:
    address, output = small
    soup = BeautifulSoup((output / "index.html").read_text("utf-8"), "html.parser")
    assert content(soup, "description") == "Say z. Do it."
    assert content(soup, "og:title") == "A & B"
    for name in ("sitemap.xml", "robots.txt"):
        assert (output / name).exists() == bool(address)
    assert bool(soup.select("link[rel=canonical], meta[property='og:url']")) == bool(address)
    if not address:
        assert "og:image" not in str(soup)
        return
    assert content(soup, "og:image") == f"{ADDRESS}_static/preview.png"
    assert [content(soup, f"og:image:{side}") for side in ("width", "height")] == ["30", "20"]
    assert content(soup, "og:image:alt")
    assert content(soup, "twitter:card") == "summary_large_image"
    places = ElementTree.parse(output / "sitemap.xml").getroot().findall(".//{*}loc")
    assert [place.text for place in places] == [f"{ADDRESS}index.html"]
    assert f"Sitemap: {ADDRESS}sitemap.xml" in (output / "robots.txt").read_text("utf-8").splitlines()


@pytest.mark.parametrize(
    ("words", "page"), [("reparameterization", "05-reparameterization.html"), ("blurry", "faq.html")]
)
def test_the_search_finds_the_text(open_page: OpenPage, site_url: str, words: str, page: str) -> None:
    results = open_page(f"{site_url}search.html?q={words}")
    results.wait_for_selector(f"#search-results li a[href^='{page}']")


def test_every_file_is_there_for_a_reason(site: Path) -> None:
    used = {path.relative_to(site.resolve()).as_posix() for path in lean_site.used_files(site.resolve())}
    assert {"_static/favicon.svg", "_static/site.js", "site.webmanifest", "_static/icon-512.png"} <= used
    files = {path.relative_to(site).as_posix() for path in site.rglob("*") if path.is_file()}
    asked_for = {name for name in files if re.fullmatch("|".join(lean_site.ASKED_FOR), name)}
    assert files - used - asked_for == set()


def test_a_file_that_no_page_leads_to_is_dropped(tmp_path: Path) -> None:
    texts = {
        "index.html": '<link href="a.css?v=1"><a href="deep/b.txt#x">b</a><img src="https://example.org/c.png">',
        "a.css": "p { background: url(d.png) } q { background: url('data:image/png;base64,AA==') }",
        "d.png": "",
        "deep/b.txt": "",
        "deep/nothing/e.txt": "",
        "c.png": "",
        "sw.js": "",
    }
    for name, text in texts.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    lean_site.drop_unused_files(tmp_path)
    kept = {path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*")}
    assert kept == {"index.html", "a.css", "d.png", "deep", "deep/b.txt", "sw.js"}

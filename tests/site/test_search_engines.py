"""Each page says what it is in its own words, and the search finds it."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from xml.etree import ElementTree

import pytest
from bs4 import BeautifulSoup
from PIL import Image
from playwright.sync_api import Page
from sphinx.application import Sphinx
from sphinx.util.docutils import docutils_namespace, patch_docutils

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
        "extensions": ["myst_parser", "search_engines"],
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

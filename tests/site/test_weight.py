"""No page loads what it does not use, and nothing that it does use is missing."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest
from bs4 import BeautifulSoup
from one_style_sheet import one_style_sheet
from playwright.sync_api import Page
from unused_files import ASKED_FOR, drop_unused_files, used_files

OpenPage = Callable[..., Page]
ICONS = Path(__file__).parents[2] / "book" / "_static" / "icons.css"


def test_nothing_refers_to_font_awesome(site: Path, pages: dict[str, BeautifulSoup]) -> None:
    assert not [name for name, soup in pages.items() if "fontawesome" in str(soup.head).lower()]
    assert not [*site.glob("_static/vendor/fontawesome")]


def test_formulas_take_neither_script_nor_font(site: Path, pages: dict[str, BeautifulSoup]) -> None:
    assert not [name for name, soup in pages.items() if "mathjax" in str(soup).lower()]
    assert not [path for path in site.rglob("*") if "mathjax" in path.name.lower()]


def test_every_file_that_a_page_refers_to_exists(site: Path, pages: dict[str, BeautifulSoup]) -> None:
    checked = 0
    for name, soup in pages.items():
        for tag in soup.select("link[href]:not([rel=canonical]), script[src], img[src]"):
            address = urlsplit(str(tag.get("href") or tag.get("src")))
            if address.path and address.scheme != "data":
                assert (site / unquote(address.path)).is_file(), f"{name}: {tag}"
                checked += 1
    assert checked > 100


def test_every_file_that_a_style_sheet_refers_to_exists(site: Path, pages: dict[str, BeautifulSoup]) -> None:
    for href in {str(tag["href"]) for soup in pages.values() for tag in soup.select("link[rel=stylesheet]")}:
        sheet = site / urlsplit(href).path
        for url in re.findall(r"url\(\s*[\"']?((?!data:)[^\"')]+)", sheet.read_text(encoding="utf-8")):
            assert (sheet.parent / urlsplit(url).path).is_file(), f"{href}: {url}"


def drawn() -> set[str]:
    """The icons that the site has."""
    return {*re.findall(r"\.(fa-[\w-]+)[^{}]*\{[^}]*--icon:", ICONS.read_text(encoding="utf-8"))}


def test_every_icon_of_a_page_and_of_the_theme_s_scripts_is_drawn(site: Path, pages: dict[str, BeautifulSoup]) -> None:
    scripts = [path.read_text(encoding="utf-8") for path in site.glob("_static/scripts/*.js")]
    classes = [" ".join(tag["class"]) for soup in pages.values() for tag in soup.select("[class*='fa-']")]
    classes += [text for script in scripts for text in re.findall(r'"([\w -]*\bfa-[\w -]*)"', script)]
    used = {name for text in classes for name in text.split() if name.startswith("fa-")}
    assert len(used) > 10
    assert used - drawn() - {"fa-solid", "fa-brands", "fa-lg"} == set()


def test_a_page_without_use_for_a_script_does_not_load_it(pages: dict[str, BeautifulSoup]) -> None:
    uses = {
        "widget-host": "script[type='application/vnd.jupyter.widget-view+json']",
        "copybutton": ".bd-article div.highlight pre",
        "design-tabs": ".bd-article [class*='sd-']",
        "sphinx-design": ".bd-article [class*='sd-']",
        "togglebutton": ".bd-article [class*='toggle']",
    }
    for name, soup in pages.items():
        files = str([tag.get("src") or tag["data-sheets"] for tag in soup.select("script[src], link[rel=stylesheet]")])
        for part, selector in uses.items():
            assert (part in files) == bool(soup.select_one(selector)), f"{name}: {part}"


def test_a_page_has_one_style_sheet_and_its_scripts_wait(pages: dict[str, BeautifulSoup]) -> None:
    early = {"documentation_options.js", "widget-host.mjs"}
    for name, soup in pages.items():
        assert len(soup.select("link[rel=stylesheet]")) == 1, name
        if name != "search.html":
            held_up = {
                Path(urlsplit(str(tag["src"])).path).name for tag in soup.select("script[src]:not([defer], [async])")
            }
            assert held_up <= early, name


def test_one_style_sheet_says_what_the_many_said(tmp_path: Path) -> None:
    (tmp_path / "styles").mkdir()
    (tmp_path / "base.css").write_text("p { background: url(dot.png) }")
    (tmp_path / "styles" / "a.css").write_text(
        '@import "../base.css"; a { mask: url("../b c.svg") } /*# sourceMappingURL=a.css.map */'
    )
    (tmp_path / "b.css").write_text("b { background: url(data:image/png;base64,AA==) }")
    head = (
        '<link href="_static/styles/a.css?d=1" rel="stylesheet" />\n<link rel="stylesheet" href="_static/b.css?v=2" />'
    )
    page = one_style_sheet(f'<head><link rel="icon" href="x">{head}</head>', tmp_path, frozenset())
    (tag,) = BeautifulSoup(page, "html.parser").select("link[rel=stylesheet]")
    sheet = tmp_path / urlsplit(str(tag["href"])).path.removeprefix("_static/")
    assert sheet.read_text() == (
        'p{background: url("dot.png")}a{mask: url("b c.svg")}b{background: url(data:image/png;base64,AA==)}'
    )
    assert one_style_sheet(page, tmp_path, frozenset()) == page
    (tmp_path / "b.css").write_text("b { color: red }")
    again = one_style_sheet(page, tmp_path, frozenset())
    assert again != page
    assert "color: red" in sheet.read_text()
    assert one_style_sheet("<head></head>", tmp_path, frozenset()) == "<head></head>"


def test_every_file_is_there_for_a_reason(site: Path) -> None:
    used = {path.relative_to(site.resolve()).as_posix() for path in used_files(site.resolve())}
    assert {"_static/favicon.svg", "_static/site.js", "site.webmanifest", "_static/icon-512.png"} <= used
    files = {path.relative_to(site).as_posix() for path in site.rglob("*") if path.is_file()}
    asked_for = {name for name in files if re.fullmatch("|".join(ASKED_FOR), name)}
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
    drop_unused_files(tmp_path)
    kept = {path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*")}
    assert kept == {"index.html", "a.css", "d.png", "deep", "deep/b.txt", "sw.js"}


@pytest.mark.parametrize("width", [1280, 390])
def test_search_theme_and_sidebars_still_work(open_page: OpenPage, site_url: str, width: int) -> None:
    page = open_page(site_url + "02-equation-1.html", width=width)
    modes = set()
    for _ in range(3):
        page.locator(".theme-switch-button:visible").first.click()
        modes.add(mode := page.locator("html").get_attribute("data-mode"))
        assert page.locator(".theme-switch:visible").count() == 1
        assert page.locator(f".theme-switch[data-mode={mode}]:visible").count() == 1
    assert modes == {"light", "dark", "auto"}
    page.keyboard.press("Control+k")
    page.locator(".search-button__wrapper.show input").fill("evidence")
    page.keyboard.press("Enter")
    page.wait_for_selector("#search-results li a")
    page = open_page(site_url + "02-equation-1.html", width=width)
    sidebar = page.locator(".bd-sidebar-primary")
    hidden = "e => e.getBoundingClientRect().right <= 0 || getComputedStyle(e).visibility === 'hidden'"
    before = sidebar.evaluate(hidden)
    page.locator(".primary-toggle").first.click()
    page.wait_for_function(f"([e, was]) => ({hidden})(e) !== was", arg=[sidebar.element_handle(), before])

"""Every page of the built book: clean, self-contained, readable on a phone, and its picture the right one."""

from __future__ import annotations

import base64
import json
import os
import re
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
import yaml
from bs4 import BeautifulSoup, Tag
from playwright.sync_api import Page

from vae_lib.palette import TERMS
from vae_lib.widgets.packing import unpack_weights

ROOT = Path(__file__).parents[2]
TOC = yaml.safe_load((ROOT / "book" / "_toc.yml").read_text(encoding="utf-8"))
ENTRIES = [part for entry in TOC["chapters"] for part in [entry, *entry.get("sections", [])]]
PAGES = [f"{Path(name).with_suffix('')}.html" for name in [TOC["root"], *(entry["file"] for entry in ENTRIES)]]

OpenPage = Callable[..., Page]


@pytest.mark.parametrize("name", PAGES)
def test_links_within_the_book_lead_somewhere(site: Path, name: str) -> None:
    for target in re.findall(r'<a\b[^>]*?\shref="([^"]*)"', (site / name).read_text(encoding="utf-8")):
        assert target, "a link without a target"
        if not re.match(r"https?:|mailto:|#", target):
            assert (site / target.split("#")[0].split("?")[0]).exists(), target


@pytest.mark.parametrize("name", PAGES)
def test_buttons_lead_to_the_repository_once_it_has_a_name(site: Path, name: str) -> None:
    config = yaml.safe_load((ROOT / "_config.yml").read_text(encoding="utf-8"))
    named = bool(os.environ.get("GITHUB_REPOSITORY") or config["repository"]["url"])
    text = (site / name).read_text(encoding="utf-8")
    is_notebook = (ROOT / "book" / name).with_suffix(".ipynb").exists()
    assert ("dropdown-launch-buttons" in text) == (named and is_notebook)
    assert ("dropdown-source-buttons" in text) == named
    assert ("mybinder.org" in text) == (named and is_notebook)


@pytest.fixture
def formulas(pages: dict[str, BeautifulSoup]) -> dict[str, list[Tag]]:
    """The formulas of each page, as they stand in its text."""
    return {name: pages[name].select(".math") for name in PAGES}


def test_every_formula_is_set_and_no_tex_is_left(formulas: dict[str, list[Tag]]) -> None:
    assert sum(map(len, formulas.values())) > 1000
    for name, found in formulas.items():
        for formula in found:
            *drawings, mathml = formula.find_all(True, recursive=False)
            assert 1 <= len(drawings) <= 2, name  # in more lines for a phone
            assert {(one.name, one["aria-hidden"]) for one in drawings} == {("svg", "true")}, name
            assert all(one.select_one("use, rect") for one in drawings), name
            assert mathml.name == "math", name
            assert not formula.select("merror"), name
            assert "\\" not in formula.get_text(), name
            assert not formula.select("[tabindex]"), name


def test_the_four_equations_show_the_notes_numbers(formulas: dict[str, list[Tag]]) -> None:
    found = [one for all_of in formulas.values() for formula in all_of for one in formula.select("mlabeledtr")]
    assert [row.mtd.get_text() for row in found] == ["(1)", "(2)", "(3)", "(4)"]


def test_the_letters_of_formulas_are_on_their_page(site: Path) -> None:
    for name in PAGES:
        text = (site / name).read_text(encoding="utf-8")
        used = {*re.findall(r'<use href="#([^"]+)"', text)}
        assert sorted(used) == re.findall(r'<path id="([^"]+)"', text), name


@pytest.mark.parametrize("name", PAGES)
def test_links_to_a_section_find_it(site: Path, name: str) -> None:
    for target in re.findall(r'<a\b[^>]*?\shref="([^":]*#[^"]+)"', (site / name).read_text(encoding="utf-8")):
        file, section = target.split("#")
        assert f'id="{section}"' in (site / (file or name)).read_text(encoding="utf-8"), target


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_terms_in_equations_have_the_colours_of_the_page(open_page: OpenPage, site_url: str, scheme: str) -> None:
    page = open_page(site_url + "04-equation-4.html", scheme=scheme)
    read = "nodes => nodes.map(node => getComputedStyle(node).fill)"
    colours = set(page.eval_on_selector_all(".math [fill^='#'] use", read))
    shades = [getattr(shade, scheme) for shade in TERMS.values()]
    assert colours
    assert colours <= {f"rgb({', '.join(str(int(shade[i : i + 2], 16)) for i in (1, 3, 5))})" for shade in shades}
    rest = set(page.eval_on_selector_all(".bd-article section > p:not(:has([class*=term-])) > .math > svg > g", read))
    assert rest == {page.evaluate("getComputedStyle(document.querySelector('.bd-article p')).color")}


def test_search_works_offline(open_page: OpenPage, site_url: str) -> None:
    page = open_page(site_url + "search.html?q=autoencoder")
    page.wait_for_selector("#search-results li a")


@pytest.mark.parametrize(
    ("words", "page_name"),
    [
        ("reparametrization", "05-reparameterization"),
        ("reparameterisation", "05-reparameterization"),
        ("annealing", "faq"),
        ("beta-VAE", "07-exploring-latent-space"),
        ("BCE", "faq"),
        ("anomaly", "own-data"),
        ("outlier", "own-data"),
        ("CNN", "own-data"),
    ],
)
def test_search_knows_the_words_that_people_use(open_page: OpenPage, site_url: str, words: str, page_name: str) -> None:
    page = open_page(f"{site_url}search.html?q={words}")
    page.wait_for_selector(f"#search-results li a[href*='{page_name}.html']")


@pytest.mark.parametrize("word", ["constructor", "__proto__", "hasOwnProperty"])
def test_a_word_of_the_search_s_own_language_is_not_found(open_page: OpenPage, site_url: str, word: str) -> None:
    page = open_page(f"{site_url}search.html?q={word}")
    page.get_by_text("Your search did not match any documents").wait_for()


def test_chapters_are_found_before_the_library_while_one_types_and_without_tex(
    open_page: OpenPage, site_url: str
) -> None:
    page = open_page(f"{site_url}search.html?q=glossary")
    page.wait_for_selector("#search-results li p")
    page.locator("main form input[name=q]").fill("latent_dim encoder")
    page.locator("main form input[name=q]").fill("encoder")
    page.wait_for_function("() => document.querySelectorAll('#search-results li a').length > 20")
    page.get_by_text("Search finished, found").wait_for()
    found = page.eval_on_selector_all("#search-results li > a", "all => all.map(one => one.pathname.slice(1))")
    library = [name.startswith("reference") for name in found]
    assert library == sorted(library)
    assert True in library
    assert False in library
    text = page.locator("#search-results").inner_text()
    assert not re.search(r"\\[a-z]+|\$", text)
    assert page.url.endswith("?q=encoder")


def saved_machine(site: Path, name: str) -> dict[str, Any]:
    """The state of the page's Machine, with its weights as bytes."""
    text = (site / name).read_text(encoding="utf-8")
    found = re.search(r'<script type="application/vnd.jupyter.widget-state\+json">(.*?)</script>', text, re.DOTALL)
    assert found, f"{name} has no widget"
    for saved in json.loads(found[1])["state"].values():
        if saved["state"].get("_anywidget_id", "").endswith(".Machine"):
            state = saved["state"]
            for buffer in saved["buffers"]:
                data = base64.b64decode(buffer["data"])
                state[buffer["path"][0]] = zlib.decompress(data) if buffer["encoding"] == "deflate" else data
            return state
    raise AssertionError(f"{name} has no Machine")


def run_through(saved: dict[str, Any], part: str, values: torch.Tensor) -> torch.Tensor:
    """What the encoder or the decoder of the page gives, by PyTorch."""
    layers = saved[f"{part}_layers"]
    kinds = {"identity": torch.nn.Identity(), "sigmoid": torch.sigmoid, "silu": torch.nn.functional.silu}
    for layer, (weight, bias) in zip(layers, unpack_weights(saved[f"{part}_weights"], layers), strict=True):
        values = kinds[layer["activation"]](weight @ values + bias)
    return values


def test_the_landing_page_computes_what_torch_computes(open_page: OpenPage, site: Path, site_url: str) -> None:
    saved = saved_machine(site, "index.html")
    page = open_page(site_url + "index.html")
    pictures = torch.frombuffer(bytearray(saved["examples"]), dtype=torch.uint8).reshape(-1, 784)
    for place, picture in enumerate(pictures):
        page.get_by_role("radio").nth(place).check()
        z = json.loads(page.locator("[data-name=z] data").get_attribute("value") or "")
        mean, log_var = run_through(saved, "encoder", picture / 255).chunk(2)
        wanted = mean + (log_var / 2).exp() * torch.tensor(saved["epsilon"])
        assert z == pytest.approx(wanted.tolist(), abs=1e-5)
        drawn = page.eval_on_selector(
            ".vae-part-f canvas",
            "c => [...c.getContext('2d').getImageData(0, 0, c.width, c.height).data].filter((_, i) => i % 4 === 0)",
        )
        assert (torch.tensor(drawn) - 255 * run_through(saved, "decoder", torch.tensor(z))).abs().max() <= 2

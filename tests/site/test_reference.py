"""The questions, the glossary and the reference of the built book: nothing is missing, links are where they belong."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from bs4 import BeautifulSoup

import vae_lib

Pages = dict[str, BeautifulSoup]


@pytest.fixture
def articles(pages: Pages) -> Pages:
    """The text of each page of the book."""
    return {Path(name).stem: article for name, soup in pages.items() if (article := soup.select_one("article"))}


def public_names() -> Iterator[str]:
    """The functions and classes that a module defines; of the widgets, those that the package offers."""
    for found in pkgutil.walk_packages(vae_lib.__path__, "vae_lib."):
        if found.name.startswith(("vae_lib.widgets.", "vae_lib.cli")) or found.name.endswith("__main__"):
            continue
        module = importlib.import_module(found.name)
        for name, member in vars(module).items():
            own = not name.startswith("_") and getattr(member, "__module__", None) == found.name
            if (own or name in getattr(module, "__all__", ())) and (
                inspect.isclass(member) or inspect.isfunction(member)
            ):
                yield f"{found.name}.{name}"


def test_every_public_function_and_class_is_described(articles: Pages) -> None:
    described = {str(tag["id"]) for page in articles.values() for tag in page.select("dt.sig[id]")}
    wanted = set(public_names())
    assert len(wanted) > 100
    assert wanted <= described, sorted(wanted - described)
    assert not [name for name in described if "._" in name]


def test_every_equation_of_the_reference_is_a_link(articles: Pages) -> None:
    linked = 0
    for name, page in articles.items():
        if name.startswith("reference"):
            for part in page.find_all(string=re.compile(r"\((1|2|3|4)\)")):
                if re.search(r"Eqs?\.|Equation", part) and not part.find_parent("code"):
                    assert part.find_parent("a"), f"{name}: {part}"
                    linked += 1
    assert linked > 40


def test_links_to_equations_and_sections_arrive(articles: Pages) -> None:
    for name in [name for name in articles if name.startswith(("reference", "glossary", "faq"))]:
        for link in articles[name].select("a.reference.internal[href*='#']"):
            target, _, anchor = str(link["href"]).partition("#")
            arrived = articles[target.removesuffix(".html") or name]
            assert arrived.find(id=anchor), f"{name}: {link}"


def test_every_term_is_linked_from_the_text(articles: Pages) -> None:
    terms = {str(tag["id"]) for tag in articles["glossary"].select("dl.glossary dt[id]")}
    links = [link for page in articles.values() for link in page.select("a.glossary-link")]
    assert len(terms) > 40
    assert {str(link["href"]).removeprefix("glossary.html#") for link in links} == terms


def test_a_page_links_a_term_once_and_only_in_its_prose(articles: Pages) -> None:
    for name, page in articles.items():
        links = page.select("a.glossary-link")
        assert len({str(link["href"]) for link in links}) == len(links), name
        for link in links:
            assert link.find_parent("p"), f"{name}: {link}"
            assert not link.find_parent(["h1", "h2", "h3", "a", "code", "pre", "figure", "table"]), f"{name}: {link}"
    assert not articles["glossary"].select("a.glossary-link")


def test_every_entry_has_chinese_and_a_place_in_the_book(articles: Pages) -> None:
    for entry in articles["glossary"].select("dl.glossary dd"):
        assert re.match(r"\s*\(.+?\)\s", entry.text), entry.text
        assert entry.select("a[href^='0'], a[href^='1']"), entry.text


def test_twenty_questions_each_with_an_answer_a_proof_and_a_place(articles: Pages) -> None:
    sections = articles["faq"].select("section > h2")
    questions = [heading.parent for heading in sections if heading.text.rstrip("#").strip().rstrip("#").endswith("?")]
    assert len(questions) == 20
    for question in filter(None, questions):
        paragraphs = [p for p in question.find_all("p", recursive=False) if not p.text.startswith("More:")]
        words = len(" ".join(p.text for p in paragraphs).split())
        assert 60 <= words <= 150, f"{words} words: {question.h2}"
        assert "assert" in question.select_one(".tag_check div.cell_input").text
        more = next(p for p in question.find_all("p", recursive=False) if p.text.startswith("More:"))
        assert more.select("a[href*='#'], a[href^='1']")


def test_chinese_says_that_it_is(articles: Pages) -> None:
    """A screen reader changes its voice where the language is marked; a title is a proper name (WCAG 3.1.2)."""
    unmarked = []
    for name, page in articles.items():
        for text in page.find_all(string=re.compile(r"[\u4e00-\u9fff]")):
            title = text.find_parent(class_="citation-list")
            if not text.find_parent(lang="zh") and not text.find_parent(["script", "style", "head"]) and not title:
                unmarked.append(f"{name}: {text.strip()[:40]}")
    assert not unmarked

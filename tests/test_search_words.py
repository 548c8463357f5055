"""A page is found by words that it does not have, and only by its own."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path

import pytest
from small_site import Site

sys.path.append(str(Path(__file__).parents[1] / "book" / "_ext"))

import search_words

BOOK = Path(__file__).parents[1] / "book"


def test_the_index_has_the_words_of_a_page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(search_words, "WORDS", {"one": "annealing, beta-VAE"})
    pages = {"index.md": "# Home\n\n```{toctree}\none\n```\n", "one.md": "# One\n\nText.\n"}
    site = Site(tmp_path, pages, "search_words")
    assert site.warnings == ""
    index = (tmp_path / "_build" / "searchindex.js").read_text("utf-8")
    found = json.loads(re.search(r"Search\.setIndex\((.*)\)", index)[1])
    place = found["docnames"].index("one")
    for word in ("anneal", "beta", "vae"):
        assert found["terms"][word] == place
    assert '<meta content="annealing' in (tmp_path / "_build" / "one.html").read_text("utf-8")


def test_each_page_with_words_is_there() -> None:
    for name in search_words.WORDS:
        assert list(BOOK.glob(f"{name}.*")), name

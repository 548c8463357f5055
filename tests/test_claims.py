"""The audit: tests/claims/ has a table for each page, of the sentences that compare, rank, attribute or generalise.

A row is ``| sentence | measure | held by |``. The sentence is a part of the page word for word, or of the words of its
exercises; a pipe in it is written ``\\|``. In backticks stands what holds it: cells, ``cell 5b236420``, whose numbers
or argument show it, or tests, ``tests/claims/test_facts_1.py::test_...``.
"""

from __future__ import annotations

import ast
import json
import re
from pathlib import Path
from typing import Any, NamedTuple

import pytest

ROOT = Path(__file__).parent.parent
TABLES = sorted((ROOT / "tests" / "claims").glob("*.md"))


class Row(NamedTuple):
    sentence: str
    measure: str
    held_by: list[str]


def rows_of(table: Path) -> list[Row]:
    rows = []
    for line in table.read_text(encoding="utf-8").splitlines():
        if not line.startswith("|") or re.fullmatch(r"[|\s:-]+", line):
            continue
        sentence, measure, held_by = (part.strip() for part in re.split(r"(?<!\\)\|", line)[1:4])
        rows.append(Row(sentence.replace("\\|", "|").strip('"“”'), measure, re.findall(r"`([^`]+)`", held_by)))
    return rows[1:]  # the first is the head


def page_of(table: Path) -> Path:
    """The page ``10-1-rate-and-distortion`` of the table ``10-1``."""
    name = table.stem
    pages = [page for page in (ROOT / "book").glob("*.*") if page.stem == name or page.stem.startswith(f"{name}-")]
    assert len(pages) == 1, f"{table.name} is of {len(pages)} pages"
    return pages[0]


def cells_of(page: Path) -> list[dict[str, Any]]:
    return json.loads(page.read_text(encoding="utf-8"))["cells"] if page.suffix == ".ipynb" else []


def words_of(page: Path) -> str:
    """What a reader of the page meets: its cells, and the words of its exercises and questions."""
    parts = ["".join(cell["source"]) for cell in cells_of(page)] or [page.read_text(encoding="utf-8")]
    number = re.match(r"\d+(-\d)?(?=-)", page.stem)
    if number:
        chapter = "_".join(str(int(part)) for part in number[0].split("-"))
        exercises = ROOT / "vae_lib" / "exercises" / f"chapter_{chapter}.py"
        if exercises.exists():
            tree = ast.parse(exercises.read_text(encoding="utf-8"))
            texts = (node.value for node in ast.walk(tree) if isinstance(node, ast.Constant))
            parts += [text for text in texts if isinstance(text, str)]
    return plain("\n".join(parts))


def plain(text: str) -> str:
    """Without what a comment in code or a line break puts between words."""
    return " ".join(re.sub(r"\n\s*#", " ", text).split())


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.stem)
def test_each_claim_stands_in_its_page_and_is_held(table: Path) -> None:
    page = page_of(table)
    words, cells = words_of(page), {cell["id"] for cell in cells_of(page)}
    rows = rows_of(table)
    assert rows
    for row in rows:
        assert plain(row.sentence) in words, f"no longer in {page.name}: {row.sentence}"
        assert row.measure, row.sentence
        assert row.held_by, row.sentence
        for reference in row.held_by:
            assert is_there(reference, cells), f"{reference} does not hold {row.sentence}"


def is_there(reference: str, cells: set[str]) -> bool:
    if not reference.startswith("tests/"):
        return reference.removeprefix("cell ") in cells
    path, _, name = reference.partition("::")
    file = ROOT / path
    return file.exists() and bool(re.search(rf"^def {re.escape(name.partition('[')[0])}\(", file.read_text(), re.M))


def test_a_row_that_is_held_by_nothing_is_found() -> None:
    assert is_there("cell a1", {"a1"})
    assert not is_there("cell a2", {"a1"})
    assert is_there(f"tests/test_claims.py::{test_a_row_that_is_held_by_nothing_is_found.__name__}", set())
    assert not is_there("tests/test_claims.py::test_of_nothing", set())

"""The chapters as files: no output, a common shape, and figures that say in words what they show."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import nbformat
import pytest
import yaml

BOOK = Path(__file__).parent.parent / "book"
NOTEBOOKS = sorted(BOOK.glob("*.ipynb"))
CHAPTERS = [path for path in NOTEBOOKS if path.stem[:2].isdigit()]
FIGURES = re.compile(r"^(?:    )?plots\.\w+\(", re.MULTILINE)


def cells(path: Path, kind: str) -> list[dict[str, Any]]:
    notebook = json.loads(path.read_text(encoding="utf-8"))
    return [cell for cell in notebook["cells"] if cell["cell_type"] == kind]


def prose(path: Path) -> str:
    return "\n\n".join("".join(cell["source"]) for cell in cells(path, "markdown"))


def test_the_table_of_contents_names_every_page() -> None:
    toc = yaml.safe_load((BOOK / "_toc.yml").read_text(encoding="utf-8"))
    named = {toc["root"], *(entry["file"] for entry in toc["chapters"])}
    assert named == {path.stem for path in [*NOTEBOOKS, *BOOK.glob("*.md")]}
    assert len(CHAPTERS) >= 5


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_notebook_is_valid_and_holds_no_output(path: Path) -> None:
    nbformat.validate(nbformat.read(path, as_version=4))
    for cell in cells(path, "code"):
        if "keep_output" not in cell["metadata"].get("tags", []):
            assert not cell["outputs"], "run nbstripout"
            assert cell["execution_count"] is None, "run nbstripout"


@pytest.mark.parametrize("path", CHAPTERS, ids=lambda path: path.stem)
def test_chapter_has_the_template_s_parts(path: Path) -> None:
    text = prose(path)
    for part in (
        "**What you will be able to do.**",
        "**What it builds on.**",
        "**Time.**",
        "## Exercises",
        "## Summary",
    ):
        assert part in text, part
    exercises = text.split("## Exercises")[1]
    assert len(re.findall(r"^\*\*\d\. ", exercises, re.MULTILINE)) >= 2
    folded = [cell for cell in cells(path, "code") if "hide-cell" in cell["metadata"].get("tags", [])]
    assert len(folded) >= 2, "each exercise has its solution folded away"


@pytest.mark.parametrize("path", CHAPTERS, ids=lambda path: path.stem)
def test_figures_have_words_for_those_who_do_not_see_them(path: Path) -> None:
    figures = [cell for cell in cells(path, "code") if FIGURES.search("".join(cell["source"]))]
    assert figures
    for cell in figures:
        alt = cell["metadata"].get("mystnb", {}).get("image", {}).get("alt", "")
        assert len(alt) > 20, "".join(cell["source"])


@pytest.mark.parametrize("path", CHAPTERS, ids=lambda path: path.stem)
def test_numbers_of_the_prose_are_asserted_in_cells(path: Path) -> None:
    assert sum("".join(cell["source"]).count("assert ") for cell in cells(path, "code")) >= 5


def test_the_four_equations_stand_once_each_under_their_headings() -> None:
    text = "\n\n".join(prose(path) for path in CHAPTERS)
    assert re.findall(r"\\tag\{(\d)\}", text) == ["1", "2", "3", "4"]
    for number in "1234":
        section = re.search(rf"^## Equation {number}$(.*?)(?=^## |\Z)", text, re.MULTILINE | re.DOTALL)
        assert section, number
        assert rf"\tag{{{number}}}" in section[1]

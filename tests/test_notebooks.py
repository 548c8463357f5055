"""The chapters as files: no output, a common shape, and figures that say in words what they show."""

from __future__ import annotations

import json
import re
import symtable
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
    sections = [section for entry in toc["chapters"] for section in entry.get("sections", [])]
    named = {toc["root"], *(entry["file"] for entry in [*toc["chapters"], *sections])}
    assert named == {path.stem for path in [*NOTEBOOKS, *BOOK.glob("*.md")]}
    assert len(CHAPTERS) >= 5


def names(source: str) -> tuple[set[str], set[str]]:
    """Of a cell: what it reads of cells before it, in its functions too, and what it makes."""
    waiting = [symtable.symtable(source, "cell", "exec")]
    made = {each.get_name() for each in waiting[0].get_symbols() if each.is_assigned() or each.is_imported()}
    read: set[str] = set()
    while waiting:
        scope = waiting.pop()
        waiting += scope.get_children()
        read |= {each.get_name() for each in scope.get_symbols() if each.is_referenced() and each.is_global()}
    return read - made, made


REUSED = ("05", "08", "09", "10-1", "10-3", "10-8", "faq")  # in these it still happens


@pytest.mark.parametrize("path", [path for path in NOTEBOOKS if not path.stem.startswith(REUSED)], ids=lambda p: p.stem)
def test_a_cell_can_be_run_again_after_those_below_it(path: Path) -> None:
    """What a cell reads has been made above it, and nothing below makes another thing of that name."""
    sources = {
        cell["id"]: "".join(cell["source"]) for cell in cells(path, "code") if "colab" not in str(cell["source"])
    }
    found = {cell: names(source) for cell, source in sources.items()}
    checks = {cell["id"] for cell in cells(path, "code") if "check" in cell["metadata"].get("tags", [])}
    for place, (cell, (read, _)) in enumerate(found.items()):
        made = [made for _, made in found.values()]
        again = read & set().union(*made[:place]) & set().union(*made[place + 1 :])
        assert cell in checks or not again, (cell, again)


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
        "**Next.**",
    ):
        assert text.count(part) == 1, part
    exercises = text.split("## Exercises")[1]
    numbers = [int(number) for number in re.findall(r"^\*\*(\d)\. ", exercises, re.MULTILINE)]
    assert numbers
    assert numbers == list(range(1, len(numbers) + 1))
    folded = [cell for cell in cells(path, "code") if "solution" in cell["metadata"].get("tags", [])]
    assert len(folded) == len(numbers), "each exercise has its solution folded away"
    for cell in folded:
        assert cell["metadata"]["jupyter"] == {"source_hidden": True, "outputs_hidden": True}, "in notebooks too"


@pytest.mark.parametrize("path", [path for path in CHAPTERS if path.stem[0] == "0"], ids=lambda path: path.stem)
def test_the_first_nine_chapters_ask_what_has_stayed(path: Path) -> None:
    text = prose(path)
    assert text.count("**Without looking, say:**") == 1
    exercises = text.split("## Exercises")[1].split("## Summary")[0]
    blocks = re.split(r"^\*\*\d\. ", exercises, flags=re.MULTILINE)[1:]
    assert len(blocks) >= 3
    for block in blocks:
        assert block.count("<summary>Hint</summary>") == 1, block
    # One of them is done by hand, with a widget or a slider of the chapter, to which it leads back.
    by_hand = re.compile(r"\b(drag|move|slider|sliders|find a)\b", re.IGNORECASE)
    assert any(by_hand.search(block) and re.search(r"\]\(#[^)]+\)", block) for block in blocks)


@pytest.mark.parametrize("path", CHAPTERS, ids=lambda path: path.stem)
def test_figures_have_words_for_those_who_do_not_see_them(path: Path) -> None:
    figures = [cell for cell in cells(path, "code") if FIGURES.search("".join(cell["source"]))]
    assert figures
    for cell in figures:
        alt = cell["metadata"].get("mystnb", {}).get("image", {}).get("alt", "")
        assert len(alt) > 20, "".join(cell["source"])


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_words_of_figures_are_true_on_a_dark_page_too(path: Path) -> None:
    """There lightness is turned over: what is dense on paper is light, and the ground is dark."""
    for cell in cells(path, "code"):
        alt = cell["metadata"].get("mystnb", {}).get("image", {}).get("alt", "")
        alt = alt.replace("black and white", "")
        assert not re.search(r"\b(dark\w*|light(er)?|white|pale\w*|bright(er)?)\b", alt), alt


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


def test_every_citation_exists_and_is_said_to_be_for_something() -> None:
    known = re.findall(r"^@\w+\{([^,]+),", (BOOK / "references.bib").read_text(encoding="utf-8"), re.MULTILINE)
    assert len(known) == len(set(known))

    def cited(text: str) -> set[str]:
        roles = re.findall(r"\{cite(?::\w+)?\}`([^`]+)`", text)
        return {key.strip() for keys in roles for key in keys.split(",")}

    pages = {path.stem: cited(prose(path)) for path in NOTEBOOKS}
    pages |= {path.stem: cited(path.read_text(encoding="utf-8")) for path in BOOK.glob("*.md")}
    for name, keys in pages.items():
        assert keys <= set(known), f"{name}: {keys - set(known)}"
    unused = set(known).difference(*pages.values())
    assert not unused, "entries that no page cites"
    first_nine = set[str]().union(*(keys for name, keys in pages.items() if name[0] == "0"))
    assert first_nine <= pages["references"], "references.md says what each is cited for"

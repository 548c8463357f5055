"""The book's drawings are what their tool draws, small, in the book's colours, and a part of the page on the site."""

from __future__ import annotations

import json
import re
import shutil
import sys
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest
from small_site import Site

from vae_lib import palette

sys.path.append(str(Path(__file__).parents[1] / "tools"))

import drawings
from drawing import RULES

ROOT = Path(__file__).parents[1]
BOOK = ROOT / "book"
FILES = sorted((BOOK / "drawings").glob("*.svg"))
PICTURE = re.compile(r"!\[([^]]*)\]\(drawings/([\w-]+)\.svg\)")


def used() -> dict[str, str]:
    """Each drawing that a page shows, with the words for those who do not see it."""
    found = {}
    for page in sorted(BOOK.glob("*.ipynb")):
        for cell in json.loads(page.read_text("utf-8"))["cells"]:
            found.update({name: alt for alt, name in PICTURE.findall("".join(cell["source"]))})
    for page in BOOK.glob("*.md"):
        found.update({name: alt for alt, name in PICTURE.findall(page.read_text("utf-8"))})
    return found


def test_the_files_are_what_the_tool_draws() -> None:
    drawn = dict(drawings.drawings())
    assert {path.stem for path in FILES} == set(drawn)
    for path in FILES:
        assert path.read_text("utf-8") == drawn[path.stem].svg(), f"{path.name}: run python tools/drawings.py"


def test_each_drawing_is_small_and_has_the_books_colours_alone() -> None:
    known = {shade for term in palette.TERMS.values() for shade in term} | set(palette.NEUTRALS["ink"])
    for path in FILES:
        text = path.read_text("utf-8")
        ET.fromstring(text)
        assert len(text.encode()) < 8_000, path.name
        assert set(re.findall(r"#[0-9A-Fa-f]{6}", text)) <= known, path.name


def test_the_page_dresses_a_drawing_as_its_file_does() -> None:
    sheet = (BOOK / "_static" / "book.css").read_text("utf-8")
    for names, rules in re.findall(r"([^{}]+)\{([^{}]+)\}", RULES):
        name = names.split(",")[-1]
        (said,) = re.findall(rf"^\.drawing [^{{\n]*{re.escape(name)}\b[^{{\n]*\{{ ([^}}]*) \}}", sheet, re.MULTILINE)
        assert re.sub(r"\s", "", said).rstrip(";") == rules.replace(" ", ""), name


def test_each_drawing_is_shown_and_has_words() -> None:
    shown = used()
    assert set(shown) == {path.stem for path in FILES if not path.stem.endswith("-tall")}
    assert all(len(alt) > 40 for alt in shown.values())


@pytest.mark.parametrize("number", range(1, 10))
def test_a_chapter_opens_with_the_machine(number: int) -> None:
    (page,) = BOOK.glob(f"{number:02}-*.ipynb")
    for cell in json.loads(page.read_text("utf-8"))["cells"]:
        if cell["cell_type"] == "code" and "remove-cell" not in cell["metadata"].get("tags", []):
            raise AssertionError("code stands before the drawing")
        if f"(drawings/machine-{number}.svg)" in "".join(cell["source"]):
            return


def test_a_drawing_is_a_part_of_the_page(tmp_path: Path) -> None:
    (tmp_path / "drawings").mkdir()
    for name in ("plate", "machine-1", "machine-1-tall"):
        shutil.copy(BOOK / "drawings" / f"{name}.svg", tmp_path / "drawings")
    text = '# A\n\n![One "z".](drawings/plate.svg)\n\n![The machine.](drawings/machine-1.svg)\n'
    site = Site(tmp_path, {"index.md": text}, "inline_drawings")
    assert not site.warnings
    page = site.page("index")
    assert [(svg["aria-label"], svg["class"]) for svg in page.select("svg[role=img]")] == [
        ('One "z".', ["drawing"]),
        ("The machine.", ["drawing", "drawing-row"]),
        ("The machine.", ["drawing", "drawing-tall"]),
    ]
    assert not page.select("img, style")
    assert not list((tmp_path / "_build").rglob("plate.svg"))

"""The book as one PDF, on three of its pages: contents, page numbers, bookmarks, and links that lead within it."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

pypdf = pytest.importorskip("pypdf", reason="pip install -e '.[test]'")
pytest.importorskip("pikepdf", reason="pip install -e '.[test]'")
pytestmark = pytest.mark.xdist_group("pdf")  # one process prints for all
TOOL = Path(__file__).parents[2] / "tools" / "pdf.py"

CHAPTERS = {
    "index.html": "Understanding the Variational Autoencoder",
    "04-equation-4.html": "4. Equation 4: the heart of the VAE",
    "notation.html": "Notation",
}


@pytest.fixture(scope="module")
def printed(site: Path, tmp_path_factory: pytest.TempPathFactory) -> pypdf.PdfReader:
    """A site with a few of the book's pages, printed."""
    folder = tmp_path_factory.mktemp("small")
    for part in ("_static", "_images"):
        shutil.copytree(site / part, folder / part)
    for name in CHAPTERS:
        shutil.copy(site / name, folder)
    subprocess.run([sys.executable, str(TOOL), str(folder), str(folder / "book.pdf")], check=True)
    return pypdf.PdfReader(folder / "book.pdf")


def test_its_bookmarks_lead_to_the_chapters(printed: pypdf.PdfReader) -> None:
    chapters = [entry for entry in printed.outline if not isinstance(entry, list)]
    front, *rest = CHAPTERS.values()
    assert [entry.title for entry in chapters] == [front, "Contents", *rest]
    for entry in chapters:
        text = printed.pages[printed.get_destination_page_number(entry)].extract_text()
        assert re.sub(r"\s", "", entry.title) in re.sub(r"\s", "", text)


def test_each_page_has_its_number_and_the_contents_name_them(printed: pypdf.PdfReader) -> None:
    for number, page in enumerate(printed.pages, 1):
        assert page.extract_text().split()[-1] == str(number)
    chapters = [entry for entry in printed.outline if not isinstance(entry, list)]
    contents = printed.pages[printed.get_destination_page_number(chapters[1])].extract_text()
    for entry in chapters[2:]:
        assert re.search(rf"{re.escape(entry.title)}\s*{printed.get_destination_page_number(entry) + 1}\b", contents)


def test_links_lead_within_the_book_or_to_other_sites(printed: pypdf.PdfReader) -> None:
    actions = [link.get_object().get("/A", {}) for page in printed.pages for link in page.get("/Annots", ())]
    assert sum(action.get("/S") == "/GoTo" for action in actions) > 1
    assert not [action["/URI"] for action in actions if "127.0.0.1" in str(action.get("/URI", ""))]


def test_pictures_and_widgets_are_in_it(printed: pypdf.PdfReader) -> None:
    assert sum(len(page.images) for page in printed.pages) > 8
    assert printed.metadata.title == CHAPTERS["index.html"]


def test_its_sheets_are_light(printed: pypdf.PdfReader) -> None:
    size, objects = printed.stream.seek(0, 2), sum(map(len, printed.xref.values()))
    assert size / len(printed.pages) < 50_000  # the book's five hundred take 30,000 each
    assert len(printed.xref_objStm) > objects  # packed together


def test_it_says_to_a_screen_reader_what_each_part_is(printed: pypdf.PdfReader) -> None:
    root = printed.trailer["/Root"]
    assert root["/MarkInfo"]["/Marked"]
    assert root["/Lang"] == "en"
    sheets = {page.indirect_reference.idnum for page in printed.pages}
    found: dict[str, int] = {}
    parts = [root["/StructTreeRoot"]["/K"]]
    while parts:
        part = parts.pop().get_object()
        if isinstance(part, pypdf.generic.ArrayObject):
            parts.extend(part)
        elif isinstance(part, pypdf.generic.DictionaryObject):
            found[part.get("/S")] = found.get(part.get("/S"), 0) + 1
            assert "/Pg" not in part or part.raw_get("/Pg").idnum in sheets
            parts.append(part.get("/K", pypdf.generic.ArrayObject()))
    assert found["/Document"] == 1
    assert found["/Part"] == found["/H1"] == len(CHAPTERS)
    assert min(found[kind] for kind in ("/H2", "/P", "/Table", "/Figure", "/Link")) > 1
    places = root["/StructTreeRoot"]["/ParentTree"]["/Nums"][::2]
    assert len(set(places)) == len(places)
    assert {page["/StructParents"] for page in printed.pages if "/StructParents" in page} <= set(places)

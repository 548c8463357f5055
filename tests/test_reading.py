"""How a chapter reads: never long without a picture, and cells that teach short, without prints and formatting."""

from __future__ import annotations

import itertools
import json
import math
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

BOOK = Path(__file__).parents[1] / "book"
PAGES = sorted(BOOK.glob("0[1-9]-*.ipynb"))
READ = [*sorted(BOOK.glob("[01]*.ipynb")), BOOK / "faq.ipynb"]
PICTURE = re.compile(r"(!\[[^\]]*\]\([^)]*\))")
SHOWN = re.compile(
    r"^(?:    return |)plots\.|(?:Explorer|Sliders?|DigitPad|Machine|Anatomy)\(|^@interact", re.MULTILINE
)
NOT_TAUGHT = {"check", "remove-cell", "exercise", "solution", "hide-input"}


def body(path: Path) -> list[dict[str, Any]]:
    """The cells before the exercises, if there are any, with their source as one text."""
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    texts = [{**cell, "source": "".join(cell["source"])} for cell in cells]
    return list(itertools.takewhile(lambda cell: not cell["source"].startswith("## Exercises"), texts))


def words(text: str) -> int:
    """The words of a text, where a formula is one."""
    text = re.sub(r"\$\$.*?\$\$|\$[^$]*\$", " formula ", text, flags=re.DOTALL)
    text = re.sub(r"\]\([^)]*\)|<[^>]+>", "", text)
    return sum(bool(re.search(r"\w", word)) for word in text.split())


def stretches(cells: list[dict[str, Any]]) -> Iterator[int]:
    """Words from one drawing, figure or widget to the next."""
    count = 0
    for cell in cells:
        if cell["cell_type"] == "code":
            if SHOWN.search(cell["source"]):
                yield count
                count = 0
            continue
        for part in PICTURE.split(cell["source"]):
            if PICTURE.fullmatch(part):
                yield count
                count = 0
            else:
                count += words(part)
    yield count


def taught(path: Path) -> list[str]:
    """The source of each cell that the reader is to read."""
    code = [cell for cell in body(path) if cell["cell_type"] == "code"]
    return [cell["source"] for cell in code if not NOT_TAUGHT & {*cell["metadata"].get("tags", [])}]


def test_words_and_stretches_are_counted() -> None:
    assert words("Two $a b$ words\n\n$$c$$ and [one](link).") == 6
    code, text = {"cell_type": "code"}, {"cell_type": "markdown"}
    cells = [{**text, "source": "a b ![x y](z.svg) c"}, {**code, "source": "plots.f(x)"}, {**text, "source": "d e f"}]
    assert list(stretches(cells)) == [2, 1, 3]


@pytest.mark.parametrize("path", READ, ids=lambda path: path.stem)
def test_no_stretch_is_long_without_a_picture(path: Path) -> None:
    assert max(stretches(body(path))) <= 250


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.stem)
def test_the_time_is_measured(path: Path) -> None:
    """200 words a minute, and a formula on a line of its own as ten, up to the next five minutes; 5 an exercise."""
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    text = "\n\n".join(cell["source"] for cell in body(path) if cell["cell_type"] == "markdown")
    reading = 5 * math.ceil((words(text) + 9 * text.count("$$") // 2) / 200 / 5)
    exercises = 5 * sum("solution" in cell["metadata"].get("tags", []) for cell in cells)
    said = re.search(r"\*\*Time\.\*\* (\d+) minutes: (\d+) to read, 5 for each exercise, the rest for", text)
    assert said
    assert int(said[2]) == reading
    assert 5 <= int(said[1]) - reading - exercises <= 15


@pytest.mark.parametrize("path", PAGES[:5], ids=lambda path: path.stem)
def test_a_cell_that_teaches_is_short_and_does_only_that(path: Path) -> None:
    lines = []
    for source in taught(path):
        if source.startswith(("import ", "from ")):
            continue
        assert sum(bool(line.strip()) for line in source.splitlines()) <= 12, source
        assert "assert " not in source, source
        lines += source.splitlines()
    other = [line for line in lines if re.search(r"print\(|\bf[\"']|Markdown\(|\.join\(", line)]
    assert len(other) <= 0.05 * len(lines), other

"""Exercises and side roads fold: on the site each is one line that says what one will find, until it is opened.

An exercise of chapters 1 to 9 begins with its number and name, ``**2. Walk a line.**``, and ends before the next. A
section folds under its heading where the comment ``<!-- fold: what is inside -->`` stands behind it. In notebooks all
is as it was.
``site.js`` opens what a link leads into, and all of it on paper.
"""

from __future__ import annotations

import re
from html import escape
from pathlib import Path
from typing import Any

from docutils import nodes
from folded_code import tags
from sphinx.application import Sphinx
from sphinx.transforms.post_transforms import SphinxPostTransform

from vae_lib.exercises import ANSWERS

NUMBERED = re.compile(r"(\d+)\. ")
INSIDE = re.compile(r"<!-- fold: (.*?) -->\s*", re.DOTALL)
FIELD = re.compile(r'\bAnswer\(\\"(.*?)\\"\)')
END = "</details>\n"


def raw(text: str) -> nodes.raw:
    """A piece of the page."""
    return nodes.raw("", text, format="html")


def kind(cells: list[nodes.container], names: list[str]) -> str:
    """What an exercise asks for; the first of ``names``, those of the answers that are left, is taken if it has one."""
    if any("remove-input" in tags(cell) for cell in cells):
        return f"a {type(ANSWERS[names.pop(0)]).__name__.lower()}"
    return "a function" if cells else "to try"


def fold_exercise(exercise: list[nodes.Element], names: list[str]) -> list[nodes.Element]:
    """The nodes of an exercise, its name in the line that stays."""
    cells = [cell for cell in exercise if isinstance(cell, nodes.container) and "cell_metadata" in cell]
    asked = kind([cell for cell in cells if "exercise" in tags(cell)], names)
    text, *rest = exercise
    name = text[1]
    del text[:2]
    name[-1] = nodes.Text(name[-1].astext().removesuffix("."))
    if text.children and isinstance(text[0], nodes.Text):
        text[0] = nodes.Text(text[0].lstrip())
    number = NUMBERED.match(name.astext())
    assert number
    begin = raw(f'<details class="fold" id="exercise-{number[1]}"><summary>')
    return [begin, name, raw(f" <span>{asked}</span></summary>"), text, *rest, raw(END)]


def begins(node: nodes.Node) -> bool:
    """Whether an exercise begins here."""
    if not isinstance(node, nodes.paragraph) or len(node) < 2:  # MyST begins with an empty text
        return False
    return isinstance(node[1], nodes.strong) and bool(NUMBERED.match(node[1].astext()))


class Fold(SphinxPostTransform):
    """Before the code of cells is folded, wraps exercises and the sections that say so."""

    default_priority = 196
    formats = ("html",)

    def run(self, **kwargs: Any) -> None:
        page = Path(self.env.doc2path(self.env.docname)).read_text(encoding="utf-8")
        names = FIELD.findall(page)
        for section in list(self.document.findall(nodes.section)):
            inside = INSIDE.fullmatch(section[1].astext()) if len(section) > 1 else None
            if inside:
                line = raw(f" <span>{escape(inside[1])}</span></summary>")
                section[:] = [raw('<details class="fold"><summary>'), section[0], line, *section[2:], raw(END)]
            if "exercises" in section["ids"] and self.env.docname.startswith("0"):
                starts = [place for place, node in enumerate(section) if begins(node)]
                ends = [*starts[1:], len(section)]
                folded = [fold_exercise(section[a:b], names) for a, b in zip(starts, ends, strict=True)]
                section[starts[0] :] = [node for exercise in folded for node in exercise]


def setup(app: Sphinx) -> dict[str, bool]:
    """Enters the transform."""
    app.add_post_transform(Fold)
    return {"parallel_read_safe": True, "parallel_write_safe": True}

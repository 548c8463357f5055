"""Code out of the way: on the site each cell folds to a line that says what it is and how long.

A cell says it in its own first comment; one that has none is named for what it shows. One that shows nothing folds with
the next, for which it computes, and one that checks with what it checks. Answers of exercises stay open, and cells
tagged ``open``, whose code is what the text speaks of; the line that asks a quick question goes. In notebooks all is as
it was. ``site.js`` has the switch that opens all of it, and remembers.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable
import re
from html import escape
from itertools import zip_longest
from typing import Any

from docutils import nodes
from myst_nb.sphinx_ import HideCodeCellNode
from sphinx.application import Sphinx
from sphinx.transforms.post_transforms import SphinxPostTransform
from sphinx.util.docutils import SphinxTranslator

SWITCH = (
    '<p class="code-switch"><button type="button" class="btn btn-sm" aria-pressed="false">Show all code</button></p>'
)


def shown(source: str) -> str:
    """What a cell is, in a few words: its one line, its first comment, or what it shows."""
    first, *more = source.strip().split("\n")
    if not more and len(first) <= 60:
        return first
    if first.startswith("# "):
        return first[2:].rstrip(".")
    try:
        body = ast.parse(source).body
    except SyntaxError:  # a line for IPython alone
        return "Code"
    if isinstance(body[0], ast.Import | ast.ImportFrom):
        return "Imports"
    last = body[-1]
    call = last.value if isinstance(last, ast.Expr) else None
    name = ast.unparse(call.func) if isinstance(call, ast.Call) else ""
    if name.startswith("plots."):
        return "Code of the figure"
    if name == "table":
        return "Code of the table"
    if name == "OwnSlider":
        return "Code of the slider"
    if name[:1].isupper():
        return "Code of the widget"
    return "Code of the numbers" if "print(" in source else "Code"


def statements(check: str) -> int:
    """How many a cell that checks holds."""
    return sum(isinstance(node, ast.Assert) for node in ast.walk(ast.parse(check)))


def summary(source: str, tags: Iterable[str], before: int = 0, checked: int = 0) -> str:
    """The line that a cell folds to, with as many lines of cells ``before`` it, and statements, that fold with it."""
    if "check" in tags:
        count = statements(source)
        return f"Checked here: {count} {'statement' if count == 1 else 'statements'} of the text"
    lines = before + source.strip().count("\n") + 1
    checks = f" · {checked} {'check' if checked == 1 else 'checks'}" if checked else ""
    return f"{shown(source)} · {lines} {'line' if lines == 1 else 'lines'}{checks}"


QUESTIONS = re.compile(r"QuickQuestions\((.*)\)")


class Fold(SphinxPostTransform):
    """Before MyST-NB wraps what is to be hidden, asks it to hide the code of each cell."""

    default_priority = 198
    formats = ("html",)

    def run(self, **kwargs: Any) -> None:
        cells = [cell for cell in self.document.findall(nodes.container) if folds(cell)]
        if cells:
            cells[0].parent.insert(cells[0].parent.index(cells[0]), nodes.raw("", SWITCH, format="html"))
        cells = with_their_checks(cells)
        for cell, after in zip_longest(cells, cells[1:]):
            blocks = [block.astext() for block in cell[0] if "checks" not in block]
            if after and joins(cell, after, blocks[-1]):
                after[0].insert(0, cell[0].children)
                cell.parent.remove(cell)
                continue
            before = sum(block.strip().count("\n") + 1 for block in blocks[:-1])
            checked = sum(statements(block.astext()) for block in cell[0] if "checks" in block)
            asked = QUESTIONS.fullmatch("\n".join(blocks).strip())
            if asked and not checked:
                cell["classes"].append(f"questions-{asked[1].count(',')}")  # their room on the page (book.css)
                cell.pop(0)
                continue
            cell["hide_mode"] = "input"
            cell["prompt_show"] = cell["prompt_hide"] = summary(blocks[-1], tags(cell), before, checked)
            cell["classes"].append("folded-code")


def tags(cell: nodes.Element) -> set[str]:
    """What a cell is tagged with."""
    return {*cell["cell_metadata"].get("tags", [])}


def folds(cell: nodes.Element) -> bool:
    """Whether a node is a cell of code that folds, and is not yet hidden as a solution is."""
    if cell.get("nb_element") != "cell_code" or (cell.get("hide_mode") and "check" not in tags(cell)):
        return False
    return (
        bool(cell.children)
        and cell[0].get("nb_element") == "cell_code_source"
        and not {"exercise", "open"} & tags(cell)
    )


def behind(cell: nodes.Element, after: nodes.Element) -> bool:
    """Whether one cell stands right behind another."""
    return cell.parent is after.parent and cell.parent.index(after) == cell.parent.index(cell) + 1


def with_their_checks(cells: list[nodes.container]) -> list[nodes.container]:
    """The cells that have a line of their own: what a cell asserts of the one before it goes into that."""
    kept: list[nodes.container] = []
    for cell in cells:
        if kept and "check" in tags(cell) and "check" not in tags(kept[-1]) and behind(kept[-1], cell):
            for block in cell[0]:
                block["checks"] = True
            kept[-1][0].extend(cell[0].children)
            kept[-1]["classes"].append("tag_check")
            cell.parent.remove(cell)
        else:
            kept.append(cell)
    return kept


def joins(cell: nodes.Element, after: nodes.Element, source: str) -> bool:
    """Whether a cell shows nothing itself and the next stands right behind it; what is checked has its own line."""
    if len(cell) > 1 or "check" in tags(cell) | tags(after) or shown(source) == "Imports":
        return False
    return "checks" not in cell[0][-1] and behind(cell, after)


def visit(self: SphinxTranslator, node: HideCodeCellNode) -> None:
    """As MyST-NB has it, with words that a screen reader says too."""
    both = (("collapsed", node["prompt_show"]), ("expanded", node["prompt_hide"]))
    said = "".join(f'<p class="{name} admonition-title">{escape(words)}</p>' for name, words in both)
    self.body.append(f'<details class="admonition hide {" ".join(node["classes"])}">\n<summary>{said}</summary>\n')


def depart(self: SphinxTranslator, node: HideCodeCellNode) -> None:
    """The end of it."""
    self.body.append("</details>\n")


def setup(app: Sphinx) -> dict[str, Any]:
    """Enters the transform, and the words for screen readers."""
    app.add_post_transform(Fold)
    app.add_node(HideCodeCellNode, override=True, html=(visit, depart))
    return {"parallel_read_safe": True, "parallel_write_safe": True}

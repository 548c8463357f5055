"""Code out of the way: on the site each cell folds to a line that says what it is and how long.

A cell says it in its own first comment; one that has none is named for what it shows. Answers of exercises stay open,
and cells tagged ``open``, whose code is what the text speaks of. In notebooks all is as it was. ``site.js`` has the
switch that opens all of it, and remembers.
"""

from __future__ import annotations

import ast
import re
from html import escape
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


def summary(source: str, tags: list[str]) -> str:
    """The line that a cell folds to."""
    if "check" in tags:
        count = sum(isinstance(node, ast.Assert) for node in ast.walk(ast.parse(source)))
        return f"Checked here: {count} {'statement' if count == 1 else 'statements'} of the text"
    lines = source.strip().count("\n") + 1
    return f"{shown(source)} · {lines} {'line' if lines == 1 else 'lines'}"


QUESTIONS = re.compile(r"QuickQuestions\((.*)\)")


class Fold(SphinxPostTransform):
    """Before MyST-NB wraps what is to be hidden, asks it to hide the code of each cell."""

    default_priority = 198
    formats = ("html",)

    def run(self, **kwargs: Any) -> None:
        first = True
        for cell in list(self.document.findall(nodes.container)):
            if cell.get("nb_element") != "cell_code":
                continue
            tags = cell["cell_metadata"].get("tags", [])
            if cell.get("hide_mode") and "check" not in tags:
                continue
            if not cell.children or cell[0].get("nb_element") != "cell_code_source" or {"exercise", "open"} & {*tags}:
                continue
            cell["hide_mode"] = "input"
            cell["prompt_show"] = cell["prompt_hide"] = summary(cell[0].astext(), tags)
            cell["classes"].append("folded-code")
            asked = QUESTIONS.fullmatch(cell[0].astext().strip())
            if asked and asked[1].count(",") in {1, 2}:  # their room on the page (book.css)
                cell["classes"].append(f"questions-{asked[1].count(',')}")
            if first:
                cell.parent.insert(cell.parent.index(cell), nodes.raw("", SWITCH, format="html"))
                first = False


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

"""On the site each cell of code folds to a line that says what it is, and one switch opens all."""

from __future__ import annotations

from typing import Any

import folded_code
import pytest
from docutils import frontend, nodes, utils


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("explorer.z", "explorer.z · 1 line"),
        ("# Train for ten epochs.\nfit(model, x)", "Train for ten epochs · 2 lines"),
        ("import torch\nfrom torch import nn", "Imports · 2 lines"),
        ("x = 1\nplots.curves(x)", "Code of the figure · 2 lines"),
        ("x = 1\ntable({}, x)", "Code of the table · 2 lines"),
        ("x = 1\nLatentExplorer(x)", "Code of the widget · 2 lines"),
        ("x = 1\nprint(x)", "Code of the numbers · 2 lines"),
        ("def show(n):\n    print(n)\n\n\nOwnSlider(show, [3])", "Code of the slider · 5 lines"),
        ("x = 1\n%timeit x", "Code · 2 lines"),
    ],
)
def test_a_cell_folds_to_what_it_is(source: str, words: str) -> None:
    assert folded_code.summary(source, []) == words


def test_a_check_says_how_many_statements_it_holds() -> None:
    assert (
        folded_code.summary("for x in y:\n    assert x\nassert y", ["check"])
        == "Checked here: 2 statements of the text"
    )


def page(*cells: tuple[str, list[str], bool]) -> Any:
    """A document of cells, each with its source, its tags, and whether it has an output."""
    document = utils.new_document("", frontend.get_default_settings())
    for source, tags, output in cells:
        cell = nodes.container(nb_element="cell_code", cell_metadata={"tags": tags})
        cell += nodes.container("", nodes.literal_block("", source), nb_element="cell_code_source")
        if output:
            cell += nodes.container(nb_element="cell_code_output")
        document += cell
    folded_code.Fold(document).run()
    return document


def test_a_cell_that_shows_nothing_folds_with_the_next() -> None:
    """And what checks with what it checks; but not imports, what stays open, or what another thing stands between."""
    imports, figure = "import ast\nimport torch", "plots.curves(\n    x\n)"
    function = "def f():\n    ..."
    document = page(
        (imports, [], False),
        ("x = 1\ny = 2", [], False),
        ("z = 3", [], False),
        (figure, [], True),
        ("assert x", ["check"], False),
        ("z += 1", [], False),
        ("assert z", ["check"], False),
        (function, ["open"], False),
        ("assert f", ["check"], False),
        ("f()", [], True),
    )
    folds = [cell["prompt_show"] for cell in document.findall(nodes.container) if cell.get("hide_mode")]
    checked = "Checked here: 1 statement of the text"
    figure_line = "Code of the figure · 6 lines · 1 check"
    assert folds == ["Imports · 2 lines", figure_line, "z += 1 · 1 line · 1 check", checked, "f() · 1 line"]
    assert not page().children
    sources = [cell.astext() for cell in document.findall(nodes.literal_block)]
    shown = [imports, "x = 1\ny = 2", "z = 3", figure, "assert x", "z += 1", "assert z", function, "assert f", "f()"]
    assert sources == shown

"""On the site each cell of code folds to a line that says what it is, and one switch opens all."""

from __future__ import annotations

import folded_code
import pytest


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

"""The line in place of a function's check: to Binder and Colab where the repository is named, else to the notebook."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import needs_python
import pytest
from docutils import nodes


def config(**options: Any) -> Any:
    return SimpleNamespace(html_theme_options=options)


NAMED = config(repository_url="https://github.com/an-owner/a-book", repository_branch="main", path_to_docs="book")


@pytest.mark.parametrize(
    ("settings", "addresses", "words"),
    [
        (
            NAMED,
            [
                "https://mybinder.org/v2/gh/an-owner/a-book/main?urlpath=lab/tree/book/03-kl.ipynb",
                "https://colab.research.google.com/github/an-owner/a-book/blob/main/book/03-kl.ipynb",
            ],
            "open this page on Binder or open it on Colab. There",
        ),
        (
            config(repository_url=""),
            ["_sources/03-kl.ipynb"],
            "download this notebook and open it in JupyterLab. There",
        ),
    ],
)
def test_the_line_leads_to_where_python_runs(settings: Any, addresses: list[str], words: str) -> None:
    line = needs_python.note("03-kl", settings)
    assert [link["refuri"] for link in line.findall(nodes.reference)] == addresses
    assert words in line.astext()


@pytest.mark.parametrize(
    ("source", "stands"),
    [
        ("exercises.check_kl(my_kl)", True),
        ("exercises.check_kl(my_kl)\n", True),
        ("solved = exercises.check_kl(kl_to_prior)", False),
        ('exercises.check_answer("bare KL", 3)', False),
    ],
)
def test_only_the_check_of_a_function_to_write_gives_way(source: str, stands: bool) -> None:
    assert bool(needs_python.CHECK.fullmatch(source.strip())) == stands

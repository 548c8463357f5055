"""Tables of numbers: as HTML, as text, and what is refused."""

from __future__ import annotations

import re
from typing import Any

import pytest
import torch
from bs4 import BeautifulSoup

from vae_lib.tables import Table, table


def some_table() -> Table:
    rows = [("PCA", 1200, -0.25), ("a < b", torch.tensor(3), torch.tensor(1.0, dtype=torch.float64))]
    return table({"model": "", "draws": ",", "share": ".1%"}, rows)


def test_as_html_it_is_a_table_with_heads_of_columns_and_rows() -> None:
    soup = BeautifulSoup(some_table()._repr_html_(), "html.parser")
    assert [cell.get_text() for cell in soup.select("thead th[scope=col]")] == ["model", "draws", "share"]
    body = [[cell.get_text() for cell in row.select("th, td")] for row in soup.select("tbody tr")]
    assert body == [["PCA", "1,200", "−25.0%"], ["a < b", "3", "100.0%"]]
    assert len(soup.select("tbody th[scope=row]")) == 2


def test_as_text_its_columns_stand_in_line() -> None:
    assert repr(some_table()).splitlines() == [
        "model  draws   share",
        "PCA    1,200  −25.0%",
        "a < b      3  100.0%",
    ]


@pytest.mark.parametrize(
    ("columns", "rows", "message"),
    [
        ({}, [], "columns must name one column or more, got none; add"),
        ({"a": "", "b": ""}, [(1, 2), (3,)], "each row must have 2 values, one for each column, got 1: (3,)"),
        ({"a": ""}, [(1, 2)], "each row must have 1 values, one for each column, got 2: (1, 2)"),
    ],
)
def test_a_table_that_does_not_fit_is_refused(columns: dict[str, str], rows: Any, message: str) -> None:
    with pytest.raises(ValueError, match=re.escape(message)):
        table(columns, rows)

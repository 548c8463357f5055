"""Numbers as a table: one call where a chapter would print lines of aligned text."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from html import escape
from typing import Any


class Table:
    """A table, shown as one in notebooks and on the site, and as aligned text anywhere else.

    Args:
        head: what each column holds.
        rows: the cells of each row; the first names the row.
    """

    def __init__(self, head: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
        self.head, self.rows = head, rows

    def _repr_html_(self) -> str:
        head = "".join(f'<th scope="col">{escape(name)}</th>' if name else "<td></td>" for name in self.head)
        body = "".join(
            f'<tr><th scope="row">{escape(name)}</th>{"".join(f"<td>{escape(cell)}</td>" for cell in cells)}</tr>'
            for name, *cells in self.rows
        )
        return f'<table class="numbers"><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>'

    def __repr__(self) -> str:
        lines = [self.head, *self.rows]
        widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
        return "\n".join(
            "  ".join([first.ljust(widths[0]), *map(str.rjust, rest, widths[1:])]).rstrip() for first, *rest in lines
        )


def table(columns: Mapping[str, str], rows: Iterable[Sequence[Any]]) -> Table:
    """A table of numbers, such as ``table({"draws": ",", "log P(X)": ".2f"}, [(1000, -3.14159)])``.

    Args:
        columns: by its name how a column's numbers are written, as behind the colon of an f-string; ``""`` as they are.
        rows: the values of each row, numbers or text, as many as there are columns; the first names the row.

    Raises:
        ValueError: no columns, or a row that has fewer values than there are columns, or more.
    """
    if not columns:
        raise ValueError('columns must name one column or more, got none; add {"draws": ","}')
    cells = []
    for row in rows:
        if len(row) != len(columns):
            raise ValueError(f"each row must have {len(columns)} values, one for each column, got {len(row)}: {row!r}")
        cells.append([_written(value, how) for value, how in zip(row, columns.values(), strict=True)])
    return Table(list(columns), cells)


def _written(value: Any, how: str) -> str:
    return value if isinstance(value, str) else format(value, how).replace("-", "−")

r"""Breaks a formula's TeX into lines: before a relation, else before a term of a sum, else within brackets."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

TOKEN = re.compile(r"\\[A-Za-z]+\s*|\\.|.", re.DOTALL)
RELATION = r"=|\\(approx|le|ge|ne)\b"
BEFORE_A_SIGN = rf"{RELATION}|[(\[,^_&]|\\[,;]"  # where + and - are no sum's
INDENT = r"\quad{}"
STATEMENT, SIDE, TERM, WITHIN = range(4)

Part = tuple[int, str]


def parts(tex: str) -> Iterator[Part]:
    """A formula in parts, each with what it begins: a statement, a side of it, a term, or a term within brackets."""
    depth = brackets = norm = 0
    rank, part, before = STATEMENT, "", "("
    for token in TOKEN.findall(tex):
        depth += {"{": 1, "}": -1}.get(token, 0)
        brackets += {"(": 1, "[": 1, ")": -1, "]": -1}.get(token, 0) if depth == 0 else 0
        norm ^= depth == brackets == 0 and token == r"\|"
        is_sum = token in "+-" and not re.match(BEFORE_A_SIGN, before)
        begins = None
        if depth == brackets == norm == 0:
            begins = STATEMENT if token.startswith(r"\qquad") else SIDE if re.match(RELATION, token) else None
            begins = TERM if is_sum else begins
        elif depth == 0 and brackets == 1 and (is_sum or (token == "\\ " and before == ",")):
            begins = WITHIN
        if begins is not None and part.strip():
            yield rank, part
            rank, part = begins, ""
        part += token
        before = token if token.strip() else before
    yield rank, part


def balanced(row: str) -> bool:
    return row.count(r"\left") == row.count(r"\right")


def of_one_size(row: str) -> str:
    r"""The row with brackets of a fixed size for those that \left and \right fit to one line."""
    return re.sub(r"\\(left|right)\s*(?=[\[\]()])", lambda match: rf"\big{match[1][0]}", row)


def rows(tex: str, limit: float, width: Callable[[str], float]) -> list[str]:
    """A formula in rows no wider than ``limit``, as far as it can be broken; a statement goes on in indented rows."""
    found: list[str] = []

    def fits(row: str) -> bool:
        return width(row if balanced(row) else of_one_size(row)) <= limit

    def fill(group: list[Part], rank: int, statement: list[str]) -> None:
        begun = [i for i, (kind, _) in enumerate(group) if kind <= rank or i == 0]
        for start, end in zip(begun, [*begun[1:], len(group)], strict=True):
            text = "".join(part for _, part in group[start:end])
            if statement and fits(statement[-1] + text):
                statement[-1] += text
            elif rank == WITHIN or fits(INDENT + text):
                statement.append(INDENT + text if statement else text)
            else:
                fill(group[start:end], rank + 1, statement)

    tex = re.sub(r"\\qquad\s*(\\text\{\w+)\}\\qquad", r"\\qquad\1 }", tex)  # a word between two statements
    statements: list[list[Part]] = []
    for kind, part in parts(tex):
        if kind == STATEMENT:
            statements.append([])
        statements[-1].append((kind, re.sub(r"^\\qquad\s*", "", part)))
    for one in statements:
        made: list[str] = []
        fill(one, SIDE, made)
        found += made if all(map(balanced, made)) else map(of_one_size, made)
    return found

"""The figures that the README shows are those that were measured."""

from __future__ import annotations

import json
import re
from pathlib import Path

ROOT = Path(__file__).parent.parent
FIGURES = ("bytes", "first_digit_ms", "input_ms", "input_p95_ms", "longest_task_ms")


def test_the_table_of_the_readme_is_the_record() -> None:
    record = json.loads((ROOT / "benchmarks" / "results" / "browser.json").read_text(encoding="utf-8"))
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    for page, figures in record["pages"].items():
        row = re.search(rf"^\| `{re.escape(page)}` \|(.*)\|$", readme, re.MULTILINE)
        assert row, page
        shown = [cell.strip() for cell in row[1].split("|")]
        measured = [f"{figures['bytes'] / 1e6:.2f} MB", *(f"{figures[name]:g} ms" for name in FIGURES[1:])]
        assert shown == measured

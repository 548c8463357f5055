"""How long each notebook runs and how much memory it takes: ``python benchmarks/notebooks.py``, on Linux.

Every notebook runs from its first cell to its last, in a kernel of its own with two threads, as on a free machine of
Binder (two cores, 2 GB). Not counted is what shows the notebook there, JupyterLab's server.

seconds      from the start of the kernel until the last cell is done
cpu_seconds  of the kernel, whatever else the machine did; on a free one, about the seconds
peak_mb      the largest resident memory of the kernel (VmHWM)
load         of the machine in the minute before: above 1.5, others were at work, and the seconds are too long
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from pathlib import Path
from typing import Any, Final

import nbformat
from nbclient import NotebookClient
from train import _machine

from vae_lib.runs.files import record_text

ROOT: Final = Path(__file__).parents[1]
BOOK: Final = ROOT / "book"
RECORD: Final = ROOT / "benchmarks" / "results" / "notebooks.json"
README: Final = ROOT / "benchmarks" / "README.md"
BEGIN: Final = "<!-- notebooks.py writes from here -->\n\n"
END: Final = "\n\n<!-- notebooks.py writes to here -->"
THREADS: Final = 2
GOALS: Final = {"seconds": 30, "peak_mb": 1200, "book_seconds": 180}


def run(path: Path) -> dict[str, Any]:
    """The figures of one notebook.

    Raises:
        CellExecutionError: if a cell fails.
    """
    load = os.getloadavg()[0]
    notebook = nbformat.read(path, as_version=4)
    client = NotebookClient(notebook, timeout=600, resources={"metadata": {"path": str(BOOK)}})
    start = time.perf_counter()
    with client.setup_kernel():
        for index, cell in enumerate(notebook.cells):
            client.execute_cell(cell, index)
        seconds = time.perf_counter() - start
        kernel = Path(f"/proc/{client.km.provisioner.pid}")
        peak = int((kernel / "status").read_text().partition("VmHWM:")[2].split()[0]) / 1024
        ticks = (kernel / "stat").read_text().rpartition(") ")[2].split()[11:13]  # utime and stime
    return {
        "seconds": round(seconds, 1),
        "cpu_seconds": round(sum(map(int, ticks)) / os.sysconf("SC_CLK_TCK"), 1),
        "peak_mb": round(peak),
        "load": round(load, 2),
    }


def table(results: dict[str, Any]) -> str:
    """The figures as ``benchmarks/README.md`` shows them."""
    lines = ["| notebook | seconds | of a processor | peak memory |", "|---|---|---|---|"]
    for name, one in results["notebooks"].items():
        lines.append(f"| `{name}` | {one['seconds']:.1f} | {one['cpu_seconds']:.1f} | {one['peak_mb']} MB |")
    lines.append(f"| all, one after the other | {results['book_seconds']:.0f} | | |")
    goals = results["goals"]
    lines.append(f"| goal, at most | {goals['seconds']}, all {goals['book_seconds']} | | {goals['peak_mb']} MB |")
    return "\n".join(lines)


def main() -> int:
    """Runs the notebooks and writes their figures beside the goals, unless some are left out."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--only", nargs="+", metavar="NAME", help="notebooks, without .ipynb; writes no record")
    given = options.parse_args()
    names = sorted(path.stem for path in BOOK.glob("*.ipynb"))
    if unknown := set(given.only or ()).difference(names):
        options.error(f"no notebook {', '.join(sorted(unknown))} in book/")
    if not Path("/proc/self/status").exists():
        options.error("the peak of another process's memory is read from /proc, which only Linux has")
    os.environ["OMP_NUM_THREADS"] = str(THREADS)  # each kernel inherits it
    notebooks = {}
    for name in given.only or names:
        notebooks[name] = run(BOOK / f"{name}.ipynb")
        print(f"{name:30}", notebooks[name], flush=True)
    if given.only:
        return 0
    results = {
        "command": "python benchmarks/notebooks.py",
        "machine": _machine() | {"threads": THREADS},
        "goals": GOALS,
        "notebooks": notebooks,
        "book_seconds": round(sum(figures["seconds"] for figures in notebooks.values()), 1),
    }
    RECORD.write_text(record_text(results), encoding="utf-8")
    before, _, rest = README.read_text(encoding="utf-8").partition(BEGIN)
    README.write_text(before + BEGIN + table(results) + END + rest.partition(END)[2], encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())

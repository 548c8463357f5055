"""Run the notebooks as Google Colab would: ``python tools/like_colab.py FOLDER --python python3.12``.

FOLDER gets a virtual environment with the packages of ``like_colab.txt`` and a ``google.colab`` that answers as far as
the first cells ask; it is kept for the next run. There is no clone: each notebook is copied alone into an empty folder,
and its first cell installs ``vae_lib`` from the last commit of this repository. Before each notebook that is taken out
again, as in a new session of Colab. In the end torch and numpy have to be what they were.
"""

from __future__ import annotations

import argparse
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import nbformat
from jupyter_client.manager import AsyncKernelManager
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError

ROOT = Path(__file__).parents[1]
PINS = Path(__file__).with_suffix(".txt")
BROUGHT = ("vae-lib", "anywidget", "psygnal")  # by the first cell
OUTPUT = '''"""Stands in for Colab's own."""


def enable_custom_widget_manager():
    print("third-party widgets: on")
'''


def environment(folder: Path, python: str) -> Path:
    """The Python of the environment in ``folder``, made if it is not there."""
    inside = folder / "bin" / "python"
    if not inside.exists():
        subprocess.run([python, "-m", "venv", folder], check=True)
    subprocess.run([inside, "-m", "pip", "install", "-q", "-r", PINS], check=True)
    where = "import sysconfig; print(sysconfig.get_path('purelib'))"
    packages = Path(subprocess.run([inside, "-c", where], check=True, capture_output=True, text=True).stdout.strip())
    colab = packages / "google" / "colab"
    colab.mkdir(parents=True, exist_ok=True)
    (colab / "__init__.py").touch()
    (colab / "output.py").write_text(OUTPUT, encoding="utf-8")
    return inside


def versions(python: Path) -> str:
    """What Colab brought and no notebook may change."""
    ask = "import numpy, torch, torchvision; print(torch.__version__, torchvision.__version__, numpy.__version__)"
    return subprocess.run([python, "-c", ask], check=True, capture_output=True, text=True).stdout.strip()


def execute(notebook: Path, python: Path, folder: Path) -> nbformat.NotebookNode:
    """The notebook with its outputs, run by ``python`` in ``folder``.

    Raises:
        CellExecutionError: if a cell fails.
    """
    text, found = re.subn(r'(REPOSITORY = )\\"[^"\\]*\\"', rf'\1\\"{ROOT.as_uri()}\\"', notebook.read_text("utf-8"))
    if found != 1:
        raise SystemExit(f"{notebook.name} has no first cell for Colab")
    manager = AsyncKernelManager()
    manager.kernel_spec.argv = [
        str(python),
        "-Xfrozen_modules=off",
        "-m",
        "ipykernel_launcher",
        "-f",
        "{connection_file}",
    ]
    client = NotebookClient(nbformat.reads(text, as_version=4), km=manager, timeout=300)
    return client.execute(cwd=str(folder))


def main() -> int:
    """Each notebook, and whether it passed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, help="where the environment is, or is made")
    parser.add_argument("--python", default="python3.12", help="what to make it with (default: %(default)s)")
    parser.add_argument("--only", nargs="*", default=[], help="names of notebooks, without .ipynb")
    arguments = parser.parse_args()
    python = environment(arguments.folder.absolute(), arguments.python)
    before, failed = versions(python), 0
    print("torch, torchvision, numpy:", before, flush=True)
    for notebook in sorted((ROOT / "book").glob("*.ipynb")):
        if arguments.only and notebook.stem not in arguments.only:
            continue
        subprocess.run([python, "-m", "pip", "uninstall", "-q", "-y", *BROUGHT], check=True)
        start = time.monotonic()
        with tempfile.TemporaryDirectory() as empty:
            try:
                run = execute(notebook, python, Path(empty))
                widgets = "third-party widgets: on" in str(run.cells[1].outputs)
                said = "passed" if widgets else "FAILED: the first cell did not turn widgets on"
            except CellExecutionError as error:
                said = f"FAILED\n{error}"
        failed += said != "passed"
        print(f"{notebook.stem:28} {time.monotonic() - start:6.1f} s  {said}", flush=True)
    if versions(python) != before:
        print("changed by the notebooks:", versions(python))
        failed += 1
    return min(failed, 1)


if __name__ == "__main__":
    sys.exit(main())

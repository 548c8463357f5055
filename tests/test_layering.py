"""Each module of vae_lib imports only from those above it, so that it can be read on its own."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

import vae_lib

PACKAGE = Path(vae_lib.__file__).parent
ORDER = (
    "palette",
    "checks",
    "mnist",
    "data",
    "distributions",
    "networks",
    "model",
    "evidence",
    "latent",
    "linear_gaussian",
    "runs",
    "training",
    "beyond",
    "pretrained",
    "plots",
    "exercises",
    "widgets",
    "cli",
    "__main__",
)
FILES = sorted(path for path in PACKAGE.rglob("*.py") if path != PACKAGE / "__init__.py")


def layer(path: Path) -> str:
    """The module of ``ORDER`` that a file belongs to."""
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def imported(source: str, package: str = "vae_lib") -> set[str]:
    """The modules of vae_lib that a source imports, wherever in it; ``package`` resolves relative imports."""
    found = set()
    for node in ast.walk(ast.parse(source)):
        names = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            parents = package.split(".")
            base = parents[: len(parents) - node.level + 1] if node.level else []
            base += node.module.split(".") if node.module else []
            names = [".".join([*base, alias.name]) for alias in node.names]
        found |= {name.split(".")[1] for name in names if name.startswith("vae_lib.")}
    return found


def test_imports_are_found() -> None:
    assert imported("import vae_lib.plots\nfrom torch import nn") == {"plots"}
    assert imported("from vae_lib import data, evidence as e") == {"data", "evidence"}
    assert imported("def f():\n    from vae_lib.model import VAE") == {"model"}
    assert imported("from .model import VAE\nfrom . import data") == {"model", "data"}
    assert imported("from .base import W\nfrom ..data import load", "vae_lib.widgets") == {"widgets", "data"}


def test_every_module_has_its_place() -> None:
    assert {layer(path) for path in FILES} <= set(ORDER)
    assert {layer(path) for path in FILES} >= set(ORDER)


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_no_import_runs_upward(path: Path) -> None:
    own = layer(path)
    package = ".".join(["vae_lib", *path.relative_to(PACKAGE).parts[:-1]])
    allowed = {*ORDER[: ORDER.index(own)], *([own] if path.parent != PACKAGE else [])}
    assert imported(path.read_text(encoding="utf-8"), package) <= allowed


@pytest.mark.parametrize(
    ("modules", "absent"),
    [
        ("vae_lib, vae_lib.palette", "torch numpy matplotlib sklearn torchvision anywidget ipywidgets"),
        (
            "vae_lib.data, vae_lib.evidence, vae_lib.linear_gaussian, vae_lib.training, vae_lib.pretrained",
            "matplotlib sklearn torchvision anywidget ipywidgets",
        ),
    ],
)
def test_an_import_brings_in_nothing_heavy(modules: str, absent: str) -> None:
    code = f"import {modules}, sys; print(sorted(set({absent.split()!r}) & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_requirements_repeat_the_ranges_of_the_package() -> None:
    """pyproject.toml says so: a reader's installation and the package's own must not drift apart."""
    root = PACKAGE.parent
    block = re.search(r"^dependencies = \[\n(.*?)^\]", (root / "pyproject.toml").read_text("utf-8"), re.M | re.S)
    wanted = re.findall(r'"([^"]+)"', block[1])
    assert len(wanted) >= 9
    assert set(wanted) <= set((root / "requirements.txt").read_text("utf-8").splitlines())

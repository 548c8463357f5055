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
    "tables",
    "mnist",
    "data",
    "distributions",
    "networks",
    "model",
    "grids",
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
LEARNED = ("data", "distributions", "model", "latent", "evidence", "linear_gaussian", "training")
WIDGETS = PACKAGE / "widgets"
MODULES = sorted(path for path in WIDGETS.rglob("*.js") if not path.name.endswith(".test.js"))
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


def test_the_learner_s_core_is_read_in_one_sitting() -> None:
    lines = {name: len((PACKAGE / f"{name}.py").read_text("utf-8").splitlines()) for name in LEARNED}
    assert sum(lines.values()) <= 1650
    assert lines["training"] <= 220


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_a_function_fits_a_screen(path: Path) -> None:
    """Without its docstring. A widget's modules are short as well, but for the table of all words."""
    text = path.read_text("utf-8")
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef):
            described = node.body[0].end_lineno - node.body[0].lineno + 1 if ast.get_docstring(node) else 0
            assert node.end_lineno - node.lineno + 1 - described <= 80, node.name
    assert len(text.splitlines()) <= 300 or layer(path) != "widgets" or path.name == "words.py"


def names(paths: list[Path]) -> list[str]:
    return [str(path.relative_to(WIDGETS)) for path in paths]


@pytest.mark.parametrize("path", MODULES, ids=names(MODULES))
def test_a_widget_s_module_imports_its_own_folder_and_what_all_share(path: Path) -> None:
    found = re.findall(r'^(?:import|export)\b[^;]*? from "([^"]+)"', path.read_text(encoding="utf-8"), re.MULTILINE)
    assert {(path.parent / name).resolve().parent for name in found} <= {path.parent, WIDGETS / "shared"}


def functions(text: str) -> dict[str, int]:
    """How many lines each function of a module has, as ``deno fmt`` sets it, by its first line."""
    lines = text.splitlines()
    depths = [len(line) - len(line.lstrip()) if line.strip() else 1000 for line in lines]
    found: dict[str, int] = {}
    for i, line in enumerate(lines):
        opens = re.search(r"(=>|\)) \{$", line) and not re.match(r"\s*(\} else )?(if|for|while|switch)\b", line)
        if not opens:
            continue
        # Where the parameters take several lines, the function begins above.
        start = i if line.strip()[0] not in ")}]" else max(k for k in range(i) if depths[k] <= depths[i])
        end = next(k for k in range(i + 1, len(lines)) if depths[k] <= depths[i])
        found[lines[start].strip()] = end - start + 1
    return found


def test_functions_are_measured() -> None:
    text = "function f() {\n  if (a) {\n    b();\n  }\n}\n\nconst g = (\n  a,\n) => {\n\n"
    text += "  a.each((b) => {\n    c();\n  });\n};\n"
    assert functions(text) == {"function f() {": 5, "const g = (": 8, "a.each((b) => {": 3}


@pytest.mark.parametrize("path", MODULES, ids=names(MODULES))
def test_a_module_and_its_functions_are_short(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert len(text.splitlines()) <= 300
    assert {line: count for line, count in functions(text).items() if count > 80} == {}


def test_no_line_is_longer_than_120_characters() -> None:
    """Python's are measured by ruff."""
    for path in [path for path in WIDGETS.rglob("*.*") if path.suffix in (".js", ".mjs", ".css")]:
        assert [line for line in path.read_text("utf-8").splitlines() if len(line) > 120] == [], path

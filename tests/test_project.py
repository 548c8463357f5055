"""The files around the book agree with each other: what Binder installs, what CI runs, what the guides name."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import jsonschema
import pytest
import yaml

ROOT = Path(__file__).parents[1]
GUIDES = ("README.md", "CONTRIBUTING.md", "CHANGELOG.md", "benchmarks/README.md")
CONDA = {"torch": "pytorch-cpu", "matplotlib": "matplotlib-base"}  # where conda-forge has another name


def read(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def split(requirement: str) -> tuple[str, str]:
    name, limits = re.fullmatch(r"([\w.-]+)(.*)", requirement).groups()
    return name, limits


def listed(block: str) -> dict[str, str]:
    text = re.search(rf"^{block} = \[\n(.*?)^\]", read("pyproject.toml"), re.MULTILINE | re.DOTALL)[1]
    return dict(split(one) for one in re.findall(r'"([^"]+)"', text))


def test_binder_has_what_the_library_needs_and_no_more() -> None:
    environment = yaml.safe_load(read("binder/environment.yml"))
    assert environment["channels"] == ["conda-forge", "nodefaults"]
    packages = dict(split(one) for one in environment["dependencies"])
    needed = {CONDA.get(name, name): limits for name, limits in listed("dependencies").items()}
    assert needed.items() <= packages.items()
    # Beside them what opens a notebook, and what postBuild uses.
    assert set(packages) - set(needed) == {"python", "jupyterlab", "pip", "setuptools"}
    assert f"jupyterlab{packages['jupyterlab']}" in read("requirements.txt").splitlines()
    assert f'"setuptools{packages["setuptools"]}"' in read("pyproject.toml")


def test_binder_s_settings_are_settings_of_jupyterlab() -> None:
    schemas = Path(sys.prefix, "share", "jupyter", "lab", "schemas")
    for plugin, settings in json.loads(read("binder/overrides.json")).items():
        package, name = plugin.split(":")
        schema = json.loads((schemas / package / f"{name}.json").read_text(encoding="utf-8"))
        for key, value in settings.items():
            jsonschema.validate(value, schema["properties"][key])
    assert json.loads(read("binder/workspace.json"))["data"]["layout-restorer:data"]["left"]["collapsed"]


def test_binder_s_script_runs_and_is_a_script() -> None:
    assert os.access(ROOT / "binder" / "postBuild", os.X_OK)
    subprocess.run(["bash", "-n", ROOT / "binder" / "postBuild"], check=True)
    for name in re.findall(r"binder/[\w.]+", read("binder/postBuild")):
        assert (ROOT / name).exists(), name


def test_before_a_commit_runs_what_ci_runs() -> None:
    (repository,) = yaml.safe_load(read(".pre-commit-config.yaml"))["repos"]
    (hook,) = repository["hooks"]
    assert (repository["repo"], hook["language"], hook["entry"]) == ("local", "system", "make lint")
    assert not {"files", "types", "types_or", "exclude"} & set(hook), "CI's covers every file"
    assert re.search(r"^test:.*\blint\b", read("Makefile"), re.MULTILINE)
    assert read(".ci/run").rstrip().endswith("\nmake test")


def test_the_workflows_test_the_oldest_python_and_publish_what_was_tested() -> None:
    test, publish = (yaml.safe_load(read(f".github/workflows/{name}.yml")) for name in ("test", "publish"))
    oldest = re.search(r'requires-python = ">=([\d.]+)"', read("pyproject.toml"))[1]
    assert test["jobs"]["pythons"]["strategy"]["matrix"]["python"][0] == oldest
    commands = [
        [step["run"] for step in job["steps"] if "run" in step]
        for job in (test["jobs"]["all"], publish["jobs"]["site"])
    ]
    assert commands == [[".ci/run"], [".ci/run", "make pdf && cp _build/vae-book.pdf _build/html/"]]
    assert publish["jobs"]["pages"]["needs"] == "site"
    # YAML reads the key `on` as True.
    assert publish[True]["push"]["branches"] == test[True]["push"]["branches-ignore"] == ["main"]


def stamp(folder: Path) -> str:
    """The Makefile's stamp of the library and the versions in ``folder``."""
    (folder / "print.mk").write_text("include Makefile\nprint:\n\t@echo $(LIBRARY)\n", encoding="utf-8")
    command = ["make", "-s", "-f", "print.mk", "print"]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=True).stdout


def test_executed_notebooks_are_kept_by_content(tmp_path: Path) -> None:
    files = [tmp_path / name for name in ("vae_lib/model.py", "vae_lib/models/a.json", "constraints.txt")]
    for path in files:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("a\n", encoding="utf-8")
    (tmp_path / "Makefile").write_text(read("Makefile"), encoding="utf-8")
    before = stamp(tmp_path)
    for path in files:
        os.utime(path, (0, 0))
        assert stamp(tmp_path) == before
        path.write_text("b\n", encoding="utf-8")
        assert stamp(tmp_path) != before, path.name
        path.write_text("a\n", encoding="utf-8")
    assert stamp(tmp_path) == before


def test_versions_agree() -> None:
    version = re.search(r'^version = "(.+)"', read("pyproject.toml"), re.MULTILINE)[1]
    assert yaml.safe_load(read("CITATION.cff"))["version"] == version
    sections = re.findall(r"^## (.+)$", read("CHANGELOG.md"), re.MULTILINE)
    assert sections[0] == "[Unreleased]"


@pytest.mark.parametrize("guide", GUIDES)
def test_a_guide_names_what_is_there(guide: str) -> None:
    text = read(guide)
    targets = set(re.findall(r"^([\w-]+):", read("Makefile"), re.MULTILINE))
    # After `make` in a line of code, or in a list such as `make lint notebooks`.
    for words in re.findall(r"(?:^    |`|&& )make((?: [a-z]+)+)", text, re.MULTILINE):
        assert set(words.split()) <= targets, words
    for link in re.findall(r"\]\((?!https?:|#)([^)#]+)", text):
        assert (ROOT / guide).parent.joinpath(link).exists(), link
    for path in re.findall(r"`((?:book|vae_lib|tests|tools|binder|benchmarks|\.github)/[\w./-]*\w)`", text):
        assert (ROOT / path).exists() or "my" in path, path

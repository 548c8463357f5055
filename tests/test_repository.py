"""One setting names the repository; what follows from it agrees with it, and is absent while there is none."""

from __future__ import annotations

import importlib.util
import json
import shutil
import subprocess
import sys
from pathlib import Path
from types import ModuleType
from typing import Any
from urllib.parse import urlsplit

import nbformat
import pytest
from bs4 import BeautifulSoup
from small_site import Site
from sphinx.errors import ConfigError

ROOT = Path(__file__).parents[1]
WHERE = ("_config.yml", "README.md", "CITATION.cff", *(str(p.relative_to(ROOT)) for p in ROOT.glob("book/*.ipynb")))
WORKFLOWS = (".github/workflows/publish.yml", ".github/workflows/test.yml")
THERE = "https://github.com/some-one/a.book"


@pytest.fixture(scope="module")
def tool() -> ModuleType:
    spec = importlib.util.spec_from_file_location("set_repository", ROOT / "tools" / "repository.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    for name in (*WHERE, *WORKFLOWS, "tools/repository.py", "book/_ext/repository_links.py"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, tmp_path / name)
    return tmp_path


def run(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "tools/repository.py", *arguments]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)


def test_each_file_agrees_with_the_setting(tool: ModuleType) -> None:
    texts = tool.written(*tool.settings())
    assert {str(path.relative_to(ROOT)) for path in texts} == {*WHERE, *WORKFLOWS}
    for path, text in texts.items():
        assert path.read_text(encoding="utf-8") == text, f"{path.name}: run python tools/repository.py"


def test_one_command_names_it_everywhere_and_takes_it_out_again(copy: Path) -> None:
    assert run(copy, "").returncode == 0
    before = {name: (copy / name).read_text(encoding="utf-8") for name in WHERE}
    assert not any("some-one" in text for text in before.values())
    assert run(copy, "some-one/a.book").returncode == 0
    for name in WHERE:
        assert "some-one" in (copy / name).read_text(encoding="utf-8"), name
    for path in (copy / "book").glob("*.ipynb"):
        nbformat.validate(nbformat.read(path, as_version=4))
    assert run(copy, THERE + ".git").stdout == ""
    assert run(copy).stdout == ""
    assert run(copy, "").returncode == 0
    assert {name: (copy / name).read_text(encoding="utf-8") for name in WHERE} == before


def test_one_command_names_the_branch_too(copy: Path) -> None:
    names = (*WHERE, *WORKFLOWS)
    before = {name: (copy / name).read_text(encoding="utf-8") for name in names}
    assert run(copy, "some-one/a.book", "--branch", "one/trunk").returncode == 0
    assert "\n  branch: one/trunk\n" in (copy / "_config.yml").read_text(encoding="utf-8")
    readme = (copy / "README.md").read_text(encoding="utf-8")
    assert "https://mybinder.org/v2/gh/some-one/a.book/one%2Ftrunk?urlpath=" in readme
    assert "https://colab.research.google.com/github/some-one/a.book/blob/one/trunk/book/" in readme
    assert all("[one/trunk]" in (copy / name).read_text(encoding="utf-8") for name in WORKFLOWS)
    assert run(copy).stdout == run(copy, "some-one/a.book").stdout == ""
    assert "'a b'" in run(copy, "--branch", "a b").stderr
    assert run(copy, "", "--branch", "main").returncode == 0
    assert {name: (copy / name).read_text(encoding="utf-8") for name in names} == before


def test_a_name_that_is_none_changes_nothing(copy: Path) -> None:
    before = {name: (copy / name).read_text(encoding="utf-8") for name in WHERE}
    for wrong in ("book", "https://example.org/a/b", "a/b/c", "a b/c"):
        failed = run(copy, wrong)
        assert failed.returncode == 2
        assert "OWNER/NAME" in failed.stderr
        assert repr(wrong) in failed.stderr
    assert {name: (copy / name).read_text(encoding="utf-8") for name in WHERE} == before


def test_addresses() -> None:
    from repository_links import named, read

    assert read(THERE) == read(f"{THERE}/") == read("some-one/a.book") == ("some-one", "a.book")
    assert read("Some-One/Vae").site == "https://some-one.github.io/Vae/"
    assert read("Some-One/some-one.github.io").site == "https://some-one.github.io/"
    assert read("") is None
    assert named(THERE, {}).url == THERE
    assert named(THERE, {"GITHUB_REPOSITORY": "fork/book"}).url == "https://github.com/fork/book"
    assert named("", {}) is None
    with pytest.raises(ConfigError, match=r"GITHUB_REPOSITORY: .*OWNER/NAME.*'nonsense'"):
        named(THERE, {"GITHUB_REPOSITORY": "nonsense"})
    with pytest.raises(ConfigError, match=r"repository.url in _config.yml: .*'nonsense'"):
        named("nonsense", {})


def site(folder: Path, url: str) -> BeautifulSoup:
    notebook = json.dumps(nbformat.v4.new_notebook(cells=[nbformat.v4.new_markdown_cell("# One")]))
    options: dict[str, Any] = {
        "repository_url": url,
        "path_to_docs": "book",
        "repository_branch": "main",
        "launch_buttons": {"notebook_interface": "jupyterlab"},
        "use_download_button": True,
    }
    built = Site(
        folder,
        {"index.md": "# All\n\n```{toctree}\none\n```\n", "one.ipynb": notebook},
        extensions=["myst_nb", "sphinx_book_theme", "repository_links"],
        html_theme="sphinx_book_theme",
        html_theme_options=options,
        nb_execution_mode="off",
    )
    assert built.warnings == ""
    return BeautifulSoup((folder / "_build" / "one.html").read_text(encoding="utf-8"), "html.parser")


def hosts(page: BeautifulSoup) -> set[str]:
    return {urlsplit(str(a["href"])).netloc for a in page.select(".header-article-items a[href]")} - {""}


def test_a_named_repository_has_its_buttons(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("GITHUB_REPOSITORY", raising=False)
    page = site(tmp_path, THERE)
    links = {str(a["href"]) for a in page.select(".header-article-items a[href]")}
    assert links >= {
        "https://mybinder.org/v2/gh/some-one/a.book/main?urlpath=lab/tree/book/one.ipynb",
        "https://colab.research.google.com/github/some-one/a.book/blob/main/book/one.ipynb",
        THERE,
        f"{THERE}/edit/main/book/one.ipynb",
        "_sources/one.ipynb",
    }
    assert page.select_one("link[rel=canonical]")["href"] == "https://some-one.github.io/a.book/one.html"


def test_the_workflow_s_repository_comes_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GITHUB_REPOSITORY", "fork/book")
    page = site(tmp_path, THERE)
    assert "https://colab.research.google.com/github/fork/book/blob/main/book/one.ipynb" in str(page)
    assert "some-one" not in str(page)


def test_no_repository_no_button(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("GITHUB_REPOSITORY", raising=False)
    page = site(tmp_path, "")
    assert hosts(page) == set()
    assert page.select_one('a[href="_sources/one.ipynb"]')
    assert not page.select_one("link[rel=canonical]")

"""Formulas are set while the site is built; one that cannot be stops the build."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import formulas
import pytest
from docutils import nodes
from small_site import Site
from sphinx.errors import ExtensionError

MYST = {"myst_enable_extensions": ["dollarmath"], "myst_update_mathjax": False}


@pytest.fixture(scope="module")
def setter() -> Iterator[formulas.Formulas]:
    one = formulas.Formulas()
    yield one
    assert one.process
    one.process.communicate()


def test_a_formula_is_a_drawing_and_mathml(tmp_path: Path) -> None:
    text = "# A\n\nSee $\\sigma<1$.\n\n$$\\sum_i \\textcolor{#B25A00}{\\mathcal D} \\tag{4}$$\n\n$$a \\\\ b$$\n"
    site = Site(tmp_path, {"index.md": text}, "formulas", **MYST)
    assert not site.warnings
    page = site.page("index")
    inline, *blocks = page.select(".math")
    assert [inline.name, *(block.name for block in blocks)] == ["span", "div", "div"]
    assert inline["style"].startswith("vertical-align: -")
    assert inline.math.get_text() == "σ<1"
    assert [tag.get_text() for tag in blocks[0].select("mlabeledtr > mtd:first-child")] == ["(4)"]
    assert blocks[0].select_one("[fill='#B25A00'] > use")
    assert len(blocks[1].select("mtr")) == 2
    for formula in (inline, *blocks):
        assert formula.svg["aria-hidden"] == "true"
        assert formula.svg["width"].endswith(("ex", "%"))
    assert "\\" not in page.get_text()
    whole = (tmp_path / "_build" / "index.html").read_text(encoding="utf-8")
    assert "script" not in {child.name for one in (inline, *blocks) for child in one.find_all(True)}
    for use in page.select("use"):
        assert whole.count(f'id="{use["href"][1:]}"') == 1
    assert "mathjax" not in whole.lower()


def test_a_label_is_a_number_that_links_lead_to(tmp_path: Path) -> None:
    site = Site(tmp_path, {"index.md": "# A\n\n$$x$$ (one)\n\nBy {eq}`one`.\n"}, "formulas", **MYST)
    page = site.page("index")
    assert page.select_one("div.math mlabeledtr > mtd").get_text() == "(1)"
    assert page.select_one("a.reference")["href"] == f"#{page.select_one('div.math')['id']}"


def test_a_second_build_keeps_the_letters_of_the_pages_that_it_leaves(tmp_path: Path) -> None:
    pages = {"index.md": "# A\n\n$x$\n\n```{toctree}\nb\n```\n", "b.md": "# B\n\n$y$\n"}
    site = Site(tmp_path, pages, "formulas", **MYST)
    before = (tmp_path / "_build" / "b.html").read_text(encoding="utf-8")
    site.build({"index.md": pages["index.md"] + "\n$z$\n"})
    assert (tmp_path / "_build" / "b.html").read_text(encoding="utf-8") == before
    assert before.count(formulas.LETTERS) == 1
    after = (tmp_path / "_build" / "index.html").read_text(encoding="utf-8")
    assert after.count(formulas.LETTERS) == 1
    assert after.count("<path id=") == 2


@pytest.mark.parametrize(
    ("tex", "reason"),
    [(r"\foo", r"Undefined control sequence \foo"), ("{x", "missing close brace"), (r"\text{中}", "have no 中")],
)
def test_what_cannot_be_set_stops_the_build(tmp_path: Path, tex: str, reason: str) -> None:
    with pytest.raises(ExtensionError) as raised:
        Site(tmp_path, {"index.md": f"# A\n\nFine.\n\nNot ${tex}$.\n"}, "formulas", **MYST)
    said = str(raised.value)
    assert said.startswith("index, line 5: ")
    assert reason in said
    assert said.endswith(tex)


def test_a_line_of_a_notebook_is_one_of_its_cell() -> None:
    formula = nodes.math("", "x")
    assert formulas.where(formula, "a") == "a"
    formula.line = 30_002
    assert formulas.where(formula, "a") == "a, cell 3, line 2"


def test_without_deno_the_build_says_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "deno", None)
    with pytest.raises(ExtensionError, match=r"deno .* is missing: pip install -r requirements\.txt"):
        Site(tmp_path, {"index.md": "# A\n\n$x$\n"}, "formulas", **MYST)


def test_the_whole_of_tex_is_there(setter: formulas.Formulas) -> None:
    tex = r"\cancel{x} \require{mhchem} \ce{H2O} \boldsymbol{\Sigma} \mathfrak{A} \mathscr{L} \bbox[2px]{y}"
    assert "message" not in setter.set(tex, False)
    assert 'stroke-width="70"' in setter.set(r"\begin{array}{c|c} a & b \end{array}", True)["svg"]


def test_one_formula_does_not_know_the_one_before(setter: formulas.Formulas) -> None:
    first = setter.set(r"x \label{a} \tag{1}", True)
    assert "message" not in first
    assert setter.set(r"x \label{a} \tag{1}", True) == first

"""Formulas are set while the site is built; one that cannot be stops the build."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import formulas
import pytest
from broken_lines import rows
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


BROKEN = [
    ("a=b+c", 9, ["a=b+c"]),
    ("a=b+c=d", 5, ["a=b+c", r"\quad{}=d"]),
    (r"\log a-b=-c+d", 12, [r"\log a-b", r"\quad{}=-c+d"]),
    (r"x=1,\qquad y=2", 5, ["x=1,", "y=2"]),
    (r"x=1,\qquad\text{so}\qquad y=2", 5, ["x=1,", r"\text{so } y", r"\quad{}=2"]),
    (r"a=\|b-c\|^2+d", 7, ["a", r"\quad{}=\|b-c\|^2", r"\quad{}+d"]),
    (r"a=\frac{b+c}{d}-e_{f=g}", 12, ["a", r"\quad{}=\frac{b+c}{d}", r"\quad{}-e_{f=g}"]),
    (r"a=E\left[b-c\right]", 9, ["a", r"\quad{}=E\bigl[b", r"\quad{}-c\bigr]"]),
]


@pytest.mark.parametrize(("tex", "limit", "wanted"), BROKEN)
def test_a_wide_formula_is_broken_where_a_reader_would(tex: str, limit: int, wanted: list[str]) -> None:
    assert rows(tex, limit, lambda text: len(text.replace(r"\quad{}", ""))) == wanted


def test_a_formula_of_many_parts_fits_a_phone_and_keeps_its_number(setter: formulas.Formulas) -> None:
    tex = r"\log P(X)-\mathcal D[Q(z|X)\|P(z|X)]=E_{z\sim Q}[\log P(X|z)]-\mathcal D[Q(z|X)\|P(z)] \tag{4}"
    assert setter.in_lines(tex, 100) == tex
    narrow = setter.in_lines(tex, formulas.PHONE)
    assert formulas.PHONE / 2 < setter.width(narrow) <= formulas.PHONE < setter.width(tex)
    assert narrow.count(r"\\") == 2
    assert narrow.endswith("(4)")
    assert setter.in_lines(narrow, 10) == narrow


def test_a_wide_formula_has_a_second_drawing_and_one_mathml(tmp_path: Path) -> None:
    site = Site(
        tmp_path, {"index.md": "# A\n\n$$a=b$$\n\n$$" + "+".join("abcdefghijklmnop") + "=1$$\n"}, "formulas", **MYST
    )
    short, long = site.page("index").select("div.math")
    assert [one.name for one in short.find_all(True, recursive=False)] == ["svg", "math"]
    assert [one.get("class") for one in long.find_all(True, recursive=False)] == [["in-column"], ["on-phone"], None]
    assert not long.select("mtable")

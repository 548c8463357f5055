"""Docstrings as pages: equations, chapters and papers become links, and nothing is taken for a type that is none."""

from __future__ import annotations

import sys
from pathlib import Path

import api_reference
import pytest
from bs4 import BeautifulSoup
from small_site import Site

MODULE = '''"""Equations (1) to (4): everything. As in chapters 2 to 4.

    measure, Shape    Eq. (1), by draws
    x, y              letters

More.
"""

from __future__ import annotations

from typing import NamedTuple, Protocol

LIMIT = 3
"""Numbers at once: few."""


class Shape(NamedTuple):
    """A shape.

    Attributes:
        width, other: two of them,
            in metres.
    """

    width: float
    other: float

    @property
    def area(self) -> float:
        """Square units: small."""
        return self.width


class Model(Protocol):
    """Any model."""

    def f(self) -> int: ...


class Hidden:
    def __new__(cls, *args, **kwargs):
        return super().__new__(cls)


class Widget(Hidden):
    """A widget."""

    def __init__(self, size: int = 3) -> None:
        pass


def measure(x: Path, shape: Shape = Shape(1, 2)) -> Shape:
    """The right side, log |det A| and P(X|z), of Eq. (4), ``Eq. (2)``, chapter 2 and Eqs. (1), (2) and (3).

    Returns:
        The answer: a shape of Eq. (3).

    Raises:
        ValueError: never.

    Source: Burda et al. 2015, eq. 8; Kingma & Welling 2013; Nobody 1999.
    """


def _private() -> None:
    """Not shown."""
'''
PAGES = {
    "index.md": "# Start\n\n```{toctree}\nreference\nrefs\n02-one\n04-two\n10-1-part\n10-ten\n```\n",
    "02-one.md": "# Two\n\n## Equation 1\n\n## Equation 2\n\n## Equation 3\n",
    "04-two.md": "# Four\n\n## Equation 4\n",
    "10-1-part.md": "# A part\n",
    "10-ten.md": "# Ten\n",
    "refs.md": "# References\n\n```{bibliography}\n:all:\n```\n",
    "refs.bib": "@misc{burda2015importance,\n author={Burda, Yuri and Grosse, R and S, R}, title={A}, year={2016}}\n"
    "@misc{kingma2013auto,\n author={Kingma, D and Welling, M}, title={B}, year={2013}}\n",
    "reference.md": "# Reference\n\n```{eval-rst}\n.. automodule:: vae_lib_sample\n```\n",
}


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> BeautifulSoup:
    folder = tmp_path_factory.mktemp("reference")
    (folder / "vae_lib_sample.py").write_text(MODULE, encoding="utf-8")
    sys.path.insert(0, str(folder))
    try:
        site = Site(
            folder,
            PAGES,
            "sphinxcontrib.bibtex",
            "api_reference",
            bibtex_bibfiles=["refs.bib"],
            bibtex_reference_style="author_year",
            myst_heading_anchors=3,
            autodoc_default_options={"members": True, "member-order": "bysource"},
            autodoc_inherit_docstrings=False,
            napoleon_use_ivar=True,
        )
    finally:
        sys.path.remove(str(folder))
        sys.modules.pop("vae_lib_sample", None)
    assert site.warnings == ""
    return site.page("reference")


def link(page: BeautifulSoup, text: str) -> list[str]:
    return [a["href"] for a in page.select("a") if a.text == text]


def test_equations_and_chapters_link(page: BeautifulSoup) -> None:
    assert link(page, "Eq. (4)") == ["04-two.html#equation-4"]
    assert link(page, "Eq. (1)") == ["02-one.html#equation-1"]
    assert link(page, "Eq. (3)") == ["02-one.html#equation-3"]
    assert link(page, "(1)") == ["02-one.html#equation-1"] * 2
    assert link(page, "(4)") == ["04-two.html#equation-4"]
    assert link(page, "(2)") == ["02-one.html#equation-2"]
    assert link(page, "chapter 2") == ["02-one.html"]
    assert link(page, "4") == ["04-two.html"]


def test_what_stands_in_backticks_is_code(page: BeautifulSoup) -> None:
    assert "Eq. (2)" in [code.text for code in page.select("code")]
    assert link(page, "Eq. (2)") == []


def test_papers_are_cited_where_the_bibliography_has_them(page: BeautifulSoup) -> None:
    source = next(p for p in page.select("p") if p.text.startswith("Source:"))
    assert [a["href"].split("#")[0] for a in source.select("a")] == ["refs.html"] * 2
    assert source.text.startswith("Source: Burda et al. [2016], eq. 8; Kingma and Welling [2013]; Nobody 1999")


def test_a_table_of_names_is_a_list_that_links(page: BeautifulSoup) -> None:
    rows = [item for item in page.select("li") if ":" in item.text]
    assert [row.get_text(" ", strip=True).split(" :")[0] for row in rows][:2] == ["measure , Shape", "x , y"]
    assert link(page, "measure") == ["#vae_lib_sample.measure"]
    assert link(page, "Shape")[0] == "#vae_lib_sample.Shape"


def test_members(page: BeautifulSoup) -> None:
    names = [dt["id"].removeprefix("vae_lib_sample.") for dt in page.select("dt[id]")]
    assert names == ["LIMIT", "Shape", "Shape.area", "Model", "Widget", "measure"]


def test_nothing_is_taken_for_a_type(page: BeautifulSoup) -> None:
    text = page.get_text(" ", strip=True)
    for words in ("Numbers at once: few.", "Square units: small.", "The answer: a shape of", "Raises"):
        assert words in text
    for absent in ("Type", "Return type"):
        assert absent not in text


def test_names_that_share_a_line_have_one_each(page: BeautifulSoup) -> None:
    described = page.select_one("dt[id='vae_lib_sample.Shape'] + dd").get_text(" ", strip=True)
    assert " ".join(described.split()).count("– two of them, in metres.") == 2
    assert "(width,)" not in described


def test_bars_are_bars(page: BeautifulSoup) -> None:
    assert "log |det A| and P(X|z)" in page.text


def test_signatures(page: BeautifulSoup) -> None:
    def signature(name: str) -> str:
        return " ".join(page.select_one(f"dt[id='vae_lib_sample.{name}']").text.split())

    assert "Widget(size: int = 3)" in signature("Widget")
    assert "(" not in signature("Model")
    assert "args" not in page.text


def test_plain_functions() -> None:
    assert api_reference.link_equations("Eq. 8 and (4)") == "Eq. 8 and (4)"
    assert api_reference.link_chapters("chapter 10.") == ":chapter:`chapter 10 <10>`."
    assert api_reference.cite("Loaiza-Ganem & Cunningham 2019", ["loaizaganem2019x"]) == ":cite:t:`loaizaganem2019x`"
    assert api_reference.cite("Kim 2018", ["kim2018a", "kim2018b"]) == "Kim 2018"
    assert api_reference.outside_code("a ``a`` a", str.upper) == "A ``a`` A"


def test_a_type_variable_is_known_before_its_module_is_imported(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "not_yet.py").write_text("from typing import TypeVar\nModel = TypeVar('Model')\nplain = 1\n", "utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    names = ["not_yet.Model", "not_yet.plain", "not_yet.missing", "never.Model", "not_yet.Model.part"]
    assert [api_reference.is_type_variable(name) for name in names] == [True, False, False, False, False]

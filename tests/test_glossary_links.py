"""The first mention of a term leads to its entry, and nothing else does."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from small_site import Site

GLOSSARY = """# Glossary

```{glossary}
latent variable
  (隐变量) What decides and is not seen.

  % forms: latent variables, latent

latent space
  (隐空间) All values of the latent variable.

rate
  What a code costs.

  % forms: KL to the prior, coin's law
  % not: learning rate

KL divergence
  Never negative.

  % forms: KL
```
"""

INDEX = """# A latent space

```{toctree}
one
glossary
```
"""


@pytest.fixture
def links(tmp_path: Path):
    """Builds a page beside the glossary and gives the text and target of each link to the glossary on it."""

    def build(text: str) -> list[tuple[str, str]]:
        site = Site(
            tmp_path,
            {"index.md": INDEX, "glossary.md": GLOSSARY, "one.md": text},
            "glossary_links",
            myst_enable_extensions=["dollarmath"],
        )
        assert site.warnings == ""
        anchors = site.page("one").select("a.glossary-link")
        assert all(a["href"].startswith("glossary.html#term-") for a in anchors)
        targets = {tag["id"] for tag in site.page("glossary").select("dt[id]")}
        assert targets >= {a["href"].partition("#")[2] for a in anchors}
        return [(a.text, a["href"].removeprefix("glossary.html#term-")) for a in anchors]

    return build


def test_first_mention_only_and_each_entry_once(links) -> None:
    text = (
        "# One\n\nA latent variable, and a latent variable. All latent variables, and latent ones. The rate.\n\nA rate."
    )
    assert links(text) == [("latent variable", "latent-variable"), ("rate", "rate")]


def test_the_longest_form_counts(links) -> None:
    text = "# One\n\nThe latent space, the KL to the prior, and a KL. Then a latent."
    assert links(text) == [
        ("latent space", "latent-space"),
        ("KL to the prior", "rate"),
        ("KL", "KL-divergence"),
        ("latent", "latent-variable"),
    ]


@pytest.mark.parametrize(
    "text",
    [
        "# The rate",
        "# One\n\nSee [the rate](index.md).",
        "# One\n\nThe `rate`, and $rate$.",
        "# One\n\n```\nrate\n```",
        "# One\n\n| rate | b |\n|---|---|\n| rate | rate |",
        "# One\n\n```{figure} https://example.org/a.png\n:alt: the rate\n\nThe rate\n\nOf the rate.\n```",
        "# One\n\nThe learning rate.",
        "# One\n\nIrate people, rate-bound, overrates and prorated; `x`-rate.",
        "# One\n\nThe Rate of a Latent Space is no form of ours.",
    ],
)
def test_not_prose_or_not_a_term(links, text: str) -> None:
    assert links(text) == []


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Latent variables decide.", "Latent variables"),
        ("It ends. Latent variables decide.", "Latent variables"),
        ("- a point\n- the rate", "rate"),
        ("Of **rate** and speed.", "rate"),
        ("*Rate* and speed.", "Rate"),
        ("The latent\nvariable is broken over a line, latent space.", "latent"),
        ("> the rate's size", "rate"),
        ("A coin's law.", "coin’s law"),
    ],
)
def test_found(links, text: str, found: str) -> None:
    assert links(f"# One\n\n{text}")[0][0] == found


def test_comments_do_not_reach_the_page_and_the_glossary_links_nothing(tmp_path: Path) -> None:
    site = Site(tmp_path, {"index.md": INDEX, "one.md": "# One\n\nrate", "glossary.md": GLOSSARY}, "glossary_links")
    text = str(site.page("glossary"))
    for absent in ("learning rate", "forms", "glossary-link"):
        assert absent not in text
    assert len(site.page("glossary").select("dt[id]")) == 4


def test_pages_are_written_again_when_the_glossary_changes(tmp_path: Path) -> None:
    pages = {"index.md": INDEX, "glossary.md": GLOSSARY, "one.md": "# One\n\nA hole and a rate."}
    site = Site(tmp_path, pages, "glossary_links")
    assert [a.text for a in site.page("one").select("a.glossary-link")] == ["rate"]
    site.build({"glossary.md": GLOSSARY.replace("KL divergence\n", "hole\n")})
    assert [a.text for a in site.page("one").select("a.glossary-link")] == ["hole", "rate"]


def test_a_form_of_two_entries_is_a_warning(tmp_path: Path) -> None:
    twice = GLOSSARY.replace("% forms: KL\n", "% forms: KL, latent\n")
    site = Site(tmp_path, {"index.md": INDEX, "glossary.md": twice, "one.md": "# One"}, "glossary_links")
    assert re.search("'latent' stands for two entries", site.warnings)

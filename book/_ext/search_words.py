"""Lets the search find a page by words that people use and the page does not: a Sphinx extension.

Sphinx's index takes the words of a page's ``keywords`` as words of its text.
"""

from __future__ import annotations

from typing import Final

from docutils import nodes
from sphinx.application import Sphinx

WORDS: Final = {
    "05-reparameterization": "reparametrization, reparameterisation, reparametrisation",
    "07-exploring-latent-space": "beta, beta-VAE",
    "08-how-good-is-it": "BCE",
    "10-1-rate-and-distortion": "beta, beta-VAE",
    "faq": "annealing, warm-up, BCE, anomaly, outlier",
    "own-data": "anomaly, outlier, CNN, dataset, CSV, CIFAR",
}
"""By page; a word is split as the search splits it, so both halves of one with a hyphen are found."""


def add_words(app: Sphinx, doctree: nodes.document) -> None:
    """Have a page found by its words."""
    words = WORDS.get(app.env.docname)
    if words:
        parts = dict.fromkeys(part for word in words.split(", ") for part in (word, *word.split("-")))
        doctree.insert(0, nodes.meta(name="keywords", content=", ".join(parts)))


def setup(app: Sphinx) -> dict[str, bool]:
    app.connect("doctree-read", add_words)
    return {"parallel_read_safe": True, "parallel_write_safe": True}

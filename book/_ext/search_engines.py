"""Tells search engines and shared links what each page is about: a Sphinx extension.

Each page says in a sentence or two what it is about, for search engines and for links that are shared. A chapter says
what the reader will be able to do, any other page begins with its first paragraph. Where the site has an address
(``html_baseurl``), shared links have a picture, and ``sitemap.xml`` lists the pages.

``sphinxext-opengraph`` cuts a description in the middle of a sentence and leaves TeX in it, and ``sphinx-sitemap``
warns where there is no address: hence these few lines.
"""

from __future__ import annotations

import re
from html import escape, unescape
from pathlib import Path
from typing import Any

from docutils import nodes
from PIL import Image
from sphinx.application import Sphinx
from sphinx.builders.html import StandaloneHTMLBuilder
from sphinx.util import logging

logger = logging.getLogger(__name__)

LONGEST = 200  # characters; search engines show about 160
FORMULA = "\N{OBJECT REPLACEMENT CHARACTER}"
SIGNS = {"sigma": "σ", "mu": "μ", "beta": "β", "varepsilon": "ε", "mathcal D": "𝒟", "mathcal N": "N", "|": "‖"}
WORDS = re.compile(r"\\(sigma|mu|beta|varepsilon|log|mathcal [DN]|\|)")  # of TeX, that letters can stand for
LEAD = "What you will be able to do. "
PICTURE = "_static/preview.png"
PICTURE_SHOWS = (
    "A map of handwritten digits in a two-dimensional latent space, and the digit that the decoder draws there"
)

GENERATED = {
    "genindex": "Every class and function of vae_lib by its name, with the page that describes it.",
    "search": "Search the text of the book and the reference of its library.",
}  # pages that are made from no text


def plain(paragraph: nodes.paragraph) -> list[str]:
    """The sentences of a paragraph, without those whose formulas are more than a line of letters."""
    copy = paragraph.deepcopy()
    for formula in list(copy.findall(nodes.math)):
        letters = WORDS.sub(lambda match: SIGNS.get(match[1], match[1]), formula.astext())
        formula.replace_self(nodes.Text(FORMULA if re.search(r"[\\{}^_]", letters) else letters))
    text = " ".join(copy.astext().split()).removeprefix(LEAD)
    parts = re.split(r"(?<=[.?!])(?<!Eq\.)(?<!Eqs\.)(?<!e\.g\.) ", text)
    return [part for part in parts if FORMULA not in part and part.endswith((".", "?", "!"))]


def description(doctree: nodes.document) -> str:
    """What a page is about: sentences of its opening, as far as they fit; empty if none does."""
    paragraphs = [one for one in doctree.findall(nodes.paragraph) if isinstance(one.parent, nodes.section)]
    leads = [one for one in paragraphs if one.astext().startswith(LEAD)]
    said = ""
    for sentence in next(filter(None, map(plain, leads or paragraphs)), []):
        if len(f"{said} {sentence}") > LONGEST:
            break
        said = f"{said} {sentence}".strip()
    return said


def describe(app: Sphinx, pagename: str, templatename: str, context: dict[str, Any], doctree: Any) -> None:
    """Add to a page's head what it is about."""
    said = description(doctree) if doctree else GENERATED.get(pagename, "")
    if not said:
        logger.warning("no sentence at the start of %s tells what it is about", pagename, type="search_engines")
    tags = {"description": said, "twitter:card": "summary_large_image" if app.config.html_baseurl else "summary"}
    if doctree is None:
        tags["robots"] = "noindex"
    shared = {
        "og:title": unescape(re.sub(r"<[^>]+>", "", context.get("title", ""))),
        "og:description": said,
        "og:type": "website" if pagename == app.config.root_doc else "article",
        "og:site_name": app.config.html_title or app.config.project,
    }
    if base := app.config.html_baseurl:
        with Image.open(Path(app.srcdir, PICTURE)) as picture:
            width, height = picture.size
        shared |= {
            "og:url": f"{base}{app.builder.get_target_uri(pagename)}",
            "og:image": f"{base}{PICTURE}",
            "og:image:width": str(width),
            "og:image:height": str(height),
            "og:image:alt": PICTURE_SHOWS,
        }
    lines = [f'<meta name="{name}" content="{escape(value)}" />' for name, value in tags.items()]
    lines += [f'<meta property="{name}" content="{escape(value)}" />' for name, value in shared.items()]
    context["metatags"] = context.get("metatags", "") + "\n    " + "\n    ".join(lines)


def list_pages(app: Sphinx, exception: Exception | None) -> None:
    """Write ``sitemap.xml``, and ``robots.txt`` that names it, where the site has an address."""
    base = app.config.html_baseurl
    if exception or not base or not isinstance(app.builder, StandaloneHTMLBuilder):
        return
    urls = (f"{base}{app.builder.get_target_uri(name)}" for name in sorted(app.env.found_docs))
    lines = "".join(f"  <url><loc>{escape(url)}</loc></url>\n" for url in urls)
    schema = "http://www.sitemaps.org/schemas/sitemap/0.9"
    text = f'<?xml version="1.0" encoding="UTF-8"?>\n<urlset xmlns="{schema}">\n{lines}</urlset>\n'
    Path(app.outdir, "sitemap.xml").write_text(text, encoding="utf-8")
    allowed = f"User-agent: *\nAllow: /\nSitemap: {base}sitemap.xml\n"
    Path(app.outdir, "robots.txt").write_text(allowed, encoding="utf-8")


def setup(app: Sphinx) -> dict[str, bool]:
    app.connect("html-page-context", describe)
    app.connect("build-finished", list_pages)
    return {"parallel_read_safe": True, "parallel_write_safe": True}

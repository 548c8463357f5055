"""How pages are found: a Sphinx extension.

Each page says in a sentence or two what it is about, for search engines and for links that are shared. A chapter says
what the reader will be able to do, any other page begins with its first paragraph. Where the site has an address
(``html_baseurl``), shared links have a picture, and ``sitemap.xml`` lists the pages.
"""

from __future__ import annotations

import re
from html import escape
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


def plain(paragraph: nodes.paragraph) -> list[str]:
    """The sentences of a paragraph, without those whose formulas are more than a line of letters."""
    copy = paragraph.deepcopy()
    for formula in list(copy.findall(nodes.math)):
        letters = WORDS.sub(lambda match: SIGNS.get(match[1], match[1]), formula.astext())
        formula.replace_self(nodes.Text(FORMULA if re.search(r"[\\{}^_]", letters) else letters))
    text = " ".join(copy.astext().split()).removeprefix(LEAD)
    return [part for part in re.split(r"(?<=[.?!])(?<!Eq\.)(?<!Eqs\.)(?<!e\.g\.) ", text) if FORMULA not in part]


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
    if doctree is None:
        return
    said = description(doctree)
    if not said:
        logger.warning("no sentence at the start of %s tells what it is about", pagename, type="found")
    tags = {"description": said}
    shared = {
        "og:title": re.sub(r"<[^>]+>", "", context["title"]),
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
        tags["twitter:card"] = "summary"
    lines = [f'<meta name="{name}" content="{escape(value)}" />' for name, value in tags.items()]
    lines += [f'<meta property="{name}" content="{escape(value)}" />' for name, value in shared.items()]
    context["metatags"] = context.get("metatags", "") + "\n    " + "\n    ".join(lines)


def list_pages(app: Sphinx, exception: Exception | None) -> None:
    """Write ``sitemap.xml``, where the site has an address."""
    base = app.config.html_baseurl
    if exception or not base or not isinstance(app.builder, StandaloneHTMLBuilder):
        return
    urls = (f"{base}{app.builder.get_target_uri(name)}" for name in sorted(app.env.found_docs))
    lines = "".join(f"  <url><loc>{escape(url)}</loc></url>\n" for url in urls)
    schema = "http://www.sitemaps.org/schemas/sitemap/0.9"
    text = f'<?xml version="1.0" encoding="UTF-8"?>\n<urlset xmlns="{schema}">\n{lines}</urlset>\n'
    Path(app.outdir, "sitemap.xml").write_text(text, encoding="utf-8")


def setup(app: Sphinx) -> dict[str, bool]:
    app.connect("html-page-context", describe)
    app.connect("build-finished", list_pages)
    return {"parallel_read_safe": True, "parallel_write_safe": True}

"""Puts the book's drawings into the page itself, where they wear the page's colours, light or dark.

In a notebook a drawing is a picture of its own file. One with a second shape for a phone, ``NAME-tall.svg``, brings
both, and ``book.css`` shows the one that fits.
"""

from __future__ import annotations

import re
from html import escape
from pathlib import Path
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.transforms.post_transforms import SphinxPostTransform

STYLE = re.compile(r"<style>.*?</style>", re.DOTALL)


def inlined(path: Path, alt: str, kind: str) -> str:
    """The drawing as a part of a page: named for readers who do not see it, undressed."""
    opening = f'<svg class="{kind}" role="img" aria-label="{escape(alt)}"'
    return STYLE.sub("", path.read_text("utf-8")).strip().replace("<svg", opening, 1)


class Inline(SphinxPostTransform):
    """Each picture out of ``drawings/`` becomes the SVG that it is."""

    default_priority = 5
    formats = ("html",)

    def run(self, **kwargs: Any) -> None:
        for picture in list(self.document.findall(nodes.image)):
            path = Path(self.env.srcdir) / picture["uri"]
            if path.parent.name != "drawings":
                continue
            tall = path.with_stem(f"{path.stem}-tall")
            kinds = (
                {path: "drawing"} if not tall.exists() else {path: "drawing drawing-row", tall: "drawing drawing-tall"}
            )
            texts = (inlined(each, picture.get("alt", ""), kind) for each, kind in kinds.items())
            picture.replace_self(nodes.raw("", f'<span class="drawing-frame">{"".join(texts)}</span>', format="html"))
            self.env.images.pop(picture["uri"], None)


def setup(app: Sphinx) -> dict[str, Any]:
    """Enters the transform."""
    app.add_post_transform(Inline)
    return {"parallel_read_safe": True, "parallel_write_safe": True}

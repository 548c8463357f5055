"""What the extensions share that change pages once they are written."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from sphinx.application import Sphinx
from sphinx.builders.html import StandaloneHTMLBuilder


def rewrite(app: Sphinx, exception: Exception | None, change: Callable[[str], str]) -> None:
    """Put ``change(page)`` in the place of each page of a site that was built without an exception."""
    if exception or not isinstance(app.builder, StandaloneHTMLBuilder):
        return
    for path in Path(app.outdir).glob("*.html"):
        page = path.read_text(encoding="utf-8")
        if (changed := change(page)) != page:
            path.write_text(changed, encoding="utf-8")

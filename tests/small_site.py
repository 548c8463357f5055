"""A Sphinx project of a few lines, built in a folder of its own: for the tests of the book's extensions."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

from bs4 import BeautifulSoup
from sphinx.application import Sphinx
from sphinx.util.docutils import docutils_namespace, patch_docutils


class Site:
    """The pages in ``folder``, and what the build said."""

    def __init__(self, folder: Path, pages: dict[str, str], *extensions: str, **settings: Any) -> None:
        self.folder = folder
        self.settings = {
            "extensions": ["myst_parser", *extensions],
            "html_theme": "basic",
            "source_suffix": {".rst": "restructuredtext"},  # Sphinx would write into its default, for all later sites
            **settings,
        }
        self.build(pages)

    def build(self, pages: dict[str, str]) -> None:
        """Write the pages that are given, and build what has changed."""
        for name, text in pages.items():
            (self.folder / name).write_text(text, encoding="utf-8")
        output, said = self.folder / "_build", io.StringIO()
        with patch_docutils(), docutils_namespace():
            app = Sphinx(
                self.folder,
                None,
                output,
                output / "doctrees",
                "html",
                {**self.settings, "nitpicky": True},
                status=None,
                warning=said,
            )
            app.build()
        self.warnings = said.getvalue()

    def page(self, name: str) -> BeautifulSoup:
        text = (self.folder / "_build" / f"{name}.html").read_text(encoding="utf-8")
        return BeautifulSoup(text, "html.parser").select_one("div.body")

"""In place of the check of a function to write: a line that leads to where Python runs.

On the site no Python runs, so the check of a function could only say that it is not answered yet.
"""

from __future__ import annotations

import re
from typing import Any

from docutils import nodes
from repository import BINDER, COLAB
from sphinx.application import Sphinx
from sphinx.config import Config
from sphinx.transforms.post_transforms import SphinxPostTransform

CHECK = re.compile(r"exercises\.check_\w+\(my_\w+\)")


def places(page: str, config: Config) -> dict[str, str]:
    """Where a page can be run, and its address there; without a repository it can be fetched."""
    options = config.html_theme_options
    if not options.get("repository_url"):
        return {"download this notebook": f"_sources/{page}.ipynb"}
    there = options["repository_url"].removeprefix("https://github.com/")
    branch = options.get("repository_branch", "main")
    path = "/".join(part for part in (options.get("path_to_docs", "").strip("/"), f"{page}.ipynb") if part)
    return {
        "open this page on Binder": f"{BINDER}/v2/gh/{there}/{branch}?urlpath=lab/tree/{path}",
        "open it on Colab": f"{COLAB}/github/{there}/blob/{branch}/{path}",
    }


def note(page: str, config: Config) -> nodes.paragraph:
    """The line."""
    line = nodes.paragraph("", "", nodes.strong("", "Write it where Python runs:"), classes=["widget-note"])
    links = places(page, config)
    for number, (words, address) in enumerate(links.items()):
        line += nodes.Text(" or " if number else " ")
        line += nodes.reference("", words, refuri=address, internal=False)
    if len(links) == 1:
        line += nodes.Text(" and open it in JupyterLab")
    line += nodes.Text(". There the next cell checks it, and names the mistake if there is one.")
    return line


class NeedsPython(SphinxPostTransform):
    """Before the code is folded, puts the line in the place of each check."""

    default_priority = 197
    formats = ("html",)

    def run(self, **kwargs: Any) -> None:
        for cell in list(self.document.findall(nodes.container)):
            if cell.get("nb_element") == "cell_code" and cell.children and CHECK.fullmatch(cell[0].astext().strip()):
                cell.replace_self(note(self.env.docname, self.config))


def setup(app: Sphinx) -> dict[str, bool]:
    app.add_post_transform(NeedsPython)
    return {"parallel_read_safe": True, "parallel_write_safe": True}

"""Mends what a screen reader or a keyboard stumbles over, and what makes the text jump: a Sphinx extension.

The templates beside this file mend the theme's own markup; here is what docutils, Sphinx and MyST-NB write.
"""

from __future__ import annotations

import re
from functools import partial
from html import escape
from itertools import count, takewhile
from pathlib import Path
from typing import Any

from built_pages import rewrite
from docutils import nodes
from PIL import Image
from sphinx.application import Sphinx

META = re.compile(r"(<p><strong>What it builds on\.</strong>.*?</p>\s*<p><strong>Time\.</strong>.*?</p>)", re.DOTALL)
NO_SCRIPT = """<noscript><p class="widget-note">Scripts are off in this browser. The text is all here; the sliders are
missing.</p></noscript>"""


def mend_markup(app: Sphinx, pagename: str, templatename: str, context: dict[str, Any], doctree: object) -> None:
    """What docutils, Sphinx and MyST-NB write and a screen reader stumbles over, or the text jumps by.

    Entries of a bibliography are items of its list; the role they get has been withdrawn. What hides a cell is named by
    its visible text, not by another one. The arguments of a long signature are lines, no list of definitions. The size
    of a picture is in attributes, not in a style: they keep its room with ``height: auto`` too.
    """

    def lines(match: re.Match[str]) -> str:
        return f'<div class="sig-lines">{match[1].replace("<dd>", "<div>").replace("</dd>", "</div>")}</div>'

    if "body" in context:
        body = context["body"].replace('role="doc-biblioentry"', 'role="listitem"')
        body = body.replace('<summary aria-label="Toggle hidden content">', "<summary>")
        body = re.sub(r"<dl>\s*(<dd>(?:(?!<d[lt]\b).)*?</dd>)\s*</dl>", lines, body, flags=re.DOTALL)
        body = re.sub(r'(<img [^>]*)style="width: (\d+)px; height: (\d+)px;"', r'\1width="\2" height="\3"', body)
        body = META.sub(r'<div class="chapter-meta">\1</div>', body, count=1)
        if "application/vnd.jupyter.widget-view+json" in body:
            body = body.replace("</h1>", f"</h1>\n{NO_SCRIPT}", 1)
        context["body"] = body


def caption_of(name: str, text: str) -> str:
    first, *others = re.split(r"(?<=\.) (?=[A-Z])", text, maxsplit=1)
    head = f"<strong>{name}.</strong> {escape(first)}"
    if not others:
        return f"<p>{head}</p>"
    return f'<details class="fold"><summary>{head}</summary><p>{escape(others[0])}</p></details>'


def frame_pictures(app: Sphinx, doctree: nodes.document, docname: str) -> None:
    """A box around a cell's picture, of the class whose boxes the theme lets the keyboard scroll when they need it.

    A picture is loaded when the reader comes near it, and its size is said beforehand, so that the text does not jump.
    What it shows stands below it, under its number: the first sentence, and the others when they are asked for. Before
    it stands the same for a phone (``plots``), which is shown there in its place.
    """
    chapter = "".join(f"{int(number)}." for number in takewhile(str.isdigit, docname.split("-")))
    numbers = count(1)
    for output in doctree.findall(lambda node: isinstance(node, nodes.container) and "cell_output" in node["classes"]):
        phone: list[nodes.image] = []
        for picture in [child for child in output.children if isinstance(child, nodes.image)]:
            framed = picture.deepcopy()
            framed["loading"] = "lazy"
            if picture["uri"].endswith(".png"):
                with Image.open(Path(app.srcdir, picture["uri"])) as image:
                    scale = 2 if image.info.get("dpi", (0, 0))[0] > 200 else 1  # as plots says to a notebook
                    framed["width"], framed["height"] = (str(pixels // scale) for pixels in image.size)
                    narrow = image.info.get("Description") == "for a phone"
                if narrow:
                    phone = [framed]
                    output.remove(picture)
                    continue
            pair = [*phone, framed]
            shown: list[nodes.Element] = [nodes.container("", *pair, classes=["output"])]
            for one, where in zip(pair, ("on-phone", "in-column"), strict=False) if phone else ():
                one["classes"].append(where)
            if text := picture.get("alt"):
                name = f"Figure {chapter}{next(numbers)}"
                for one in pair:
                    one["alt"] = f"{name}, described below"
                caption = f"<figcaption>{caption_of(name, text)}</figcaption></figure>"
                shown = [nodes.raw("", "<figure>", format="html"), *shown, nodes.raw("", caption, format="html")]
            picture.replace_self(shown)
            phone = []


def name_toggles(page: str) -> str:
    """The page with a name for each arrow of the sidebar that unfolds what lies under a page; the theme gives none."""

    def named(match: re.Match[str]) -> str:
        title = re.sub(r"<[^>]+>", "", match["title"])
        return f'{match["before"]}<summary aria-label="Pages under {title}">'

    toggle = r'(?P<before><a class="[^"]*" href="[^"]*">(?P<title>.*?)</a><details[^>]*>)<summary>'
    return re.sub(toggle, named, page)


def setup(app: Sphinx) -> dict[str, bool]:
    app.config.templates_path.append(str(Path(__file__).parent / "templates"))
    app.connect("doctree-resolved", frame_pictures)
    app.connect("html-page-context", mend_markup, priority=900)  # what the others add to a page is known
    app.connect("build-finished", partial(rewrite, change=name_toggles), priority=900)
    return {"parallel_read_safe": True, "parallel_write_safe": True}

"""Sets every formula while the site is built, so that no page needs a script for it: a Sphinx extension.

The MathJax of the package ``sphinx-mathjax-offline`` runs in deno, by ``formulas.mjs``. A formula becomes a drawing as
large as the text around it, which screen readers pass over, and MathML, which they read and nobody sees. The outlines
of its letters stand once on each page. What cannot be set stops the build.
"""

from __future__ import annotations

import json
import math
import re
from importlib.util import find_spec
from pathlib import Path
from subprocess import PIPE, Popen
from typing import Any

from broken_lines import rows
from built_pages import rewrite
from docutils import nodes
from sphinx.application import Sphinx
from sphinx.errors import ExtensionError
from sphinx.util.math import get_node_equation_number
from sphinx.util.nodes import get_node_line
from sphinx.writers.html5 import HTML5Translator

WIDE = 28  # ex: wider than a line in a list on a small phone; such a formula scrolls within itself
COLUMN, PHONE = 72, 38  # ex: the widths of a page; a formula that is wider than one is set in lines for it
NUMBER = 6  # ex, of an equation
CELL = 10_000  # MyST-NB counts a notebook's lines from here on in its first cell, from twice this in its second
LETTERS = '<svg class="formula-letters" style="display: none" aria-hidden="true"><defs>'
PERMISSIONS = ["--no-config", "--no-lock", "--no-remote", "--no-npm", "--no-prompt"]


def start() -> Popen[str]:
    """MathJax in a process that reads and writes a line for each formula, and may read its own files only."""
    try:
        from deno import find_deno_bin

        deno = find_deno_bin()
    except (ImportError, FileNotFoundError):
        raise ExtensionError("deno sets the formulas and is missing: pip install -r requirements.txt") from None
    package = find_spec("sphinx-mathjax-offline")
    if package is None or not package.submodule_search_locations:
        raise ExtensionError("MathJax sets the formulas and is missing: pip install -r requirements.txt")
    folder = Path(package.submodule_search_locations[0], "static", "mathjax").resolve()
    script = Path(__file__).with_suffix(".mjs")
    command = [deno, "run", *PERMISSIONS, f"--allow-read={folder}", str(script), str(folder)]
    return Popen(command, stdin=PIPE, stdout=PIPE, encoding="utf-8")


def where(node: nodes.Element, docname: str) -> str:
    """The page and the line of a formula, as the author finds them."""
    try:
        cell, line = divmod(get_node_line(node), CELL)
    except ValueError:
        return docname
    return f"{docname}, cell {cell}, line {line}" if cell else f"{docname}, line {line}"


def display_tex(translator: HTML5Translator, node: nodes.math_block) -> str:
    tex = node.astext()
    if r"\\" in tex and not node.get("nowrap"):
        tex = rf"\begin{{split}}{tex}\end{{split}}"
    return rf"{tex}\tag{{{get_node_equation_number(translator, node)}}}" if node.get("number") else tex


class Formulas:
    """The formulas of a build, from the first to the last."""

    def __init__(self) -> None:
        self.process: Popen[str] | None = None
        self.letters: dict[str, str] = {}

    def set(self, tex: str, display: bool) -> dict[str, Any]:
        """The drawing and the MathML of a formula, or the message that says why there are none."""
        self.process = self.process or start()
        assert self.process.stdin
        assert self.process.stdout
        self.process.stdin.write(json.dumps([tex, display]) + "\n")
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        if not line:
            raise ExtensionError("deno ended while it set the formulas; what it said stands above")
        done: dict[str, Any] = json.loads(line)
        self.letters |= done.get("letters", {})
        return done

    def html(self, translator: HTML5Translator, node: nodes.Element, tex: str, display: bool) -> tuple[str, str]:
        done = self.set(tex, display)
        if "message" in done:
            place = where(node, translator.builder.current_docname)
            raise ExtensionError(f"{place}: a formula that cannot be set ({done['message']}): {tex}")
        return done["svg"], done["mathml"]

    def visit_math(self, translator: HTML5Translator, node: nodes.math) -> None:
        svg, mathml = self.html(translator, node, node.astext(), False)
        depth, width = re.search(r' style="([^"]*)" width="([\d.]+)ex"', svg).groups()  # type: ignore[union-attr]
        names = "math wide" if float(width) > WIDE else "math"
        tag = translator.starttag(node, "span", "", CLASS=f"{names} notranslate nohighlight", style=depth)
        translator.body.append(tag + svg.replace(f' style="{depth}"', "", 1) + mathml + "</span>")
        raise nodes.SkipNode

    def width(self, tex: str) -> float:
        """How wide a formula is, in ex; endless if it cannot be set."""
        pattern = r'<svg style="(?:[^"]*min-width: ([\d.]+)ex)?[^"]*" width="(?:([\d.]+)ex)?'
        found = re.match(pattern, self.set(tex, True).get("svg", ""))
        return float(found[1] or found[2]) if found else math.inf

    def in_lines(self, tex: str, limit: float) -> str:
        """The TeX of a formula, broken into lines no wider than ``limit`` where it is wider and can be broken."""
        if self.width(tex) <= limit or r"\begin{" in tex:
            return tex
        body, number = re.fullmatch(r"(.*?)(\s*\\tag\{\d+\})?", tex, re.DOTALL).groups("")  # type: ignore[union-attr]
        broken = r" \\ &".join(rows(body, limit - (NUMBER if number else 0), self.width))
        beside = re.sub(r"\s*\\tag\{(\d+)\}", r"\\qquad(\1)", number)
        return rf"\begin{{aligned}}&{broken}\end{{aligned}}{beside}"

    def visit_math_block(self, translator: HTML5Translator, node: nodes.math_block) -> None:
        tex = display_tex(translator, node)
        svg, mathml = self.html(translator, node, tex, True)
        wide, narrow = (self.in_lines(tex, limit) for limit in (COLUMN, PHONE))
        tag = translator.starttag(node, "div", "", CLASS="math notranslate nohighlight")
        if wide != tex:
            svg, _ = self.html(translator, node, wide, True)
        if narrow != wide:
            drawing, _ = self.html(translator, node, narrow, True)
            svg = svg.replace("<svg", '<svg class="in-column"', 1) + drawing.replace("<svg", '<svg class="on-phone"', 1)
        translator.body.append(tag + svg + mathml + "</div>\n")
        raise nodes.SkipNode

    def with_letters(self, page: str) -> str:
        """The page with the outlines of the letters that its formulas use, if it was written in this build."""
        used = sorted({*re.findall(r'<use href="#(MJX-[\w-]+)"', page)})
        if not used or LETTERS in page:
            return page
        outlines = "".join(f'<path id="{name}" d="{self.letters[name]}"/>' for name in used)
        return re.sub(r"<body\b[^>]*>", rf"\g<0>\n{LETTERS}{outlines}</defs></svg>", page, count=1)

    def finish(self, app: Sphinx, exception: Exception | None) -> None:
        if self.process:
            self.process.communicate()
        rewrite(app, exception, self.with_letters)


def setup(app: Sphinx) -> dict[str, bool]:
    formulas = Formulas()
    app.add_html_math_renderer("formulas", (formulas.visit_math, None), (formulas.visit_math_block, None))
    app.connect("build-finished", formulas.finish)  # before the others that go through the pages
    return {"parallel_read_safe": True, "parallel_write_safe": False}

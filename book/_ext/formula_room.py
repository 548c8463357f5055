"""Keeps the room of each formula until MathJax has set it, so that the text does not jump: a Sphinx extension.

The TeX of a formula is longer than the formula, and a paragraph that loses a line moves all that follows. The sizes
stand in ``formula_room.json``, measured by ``tools/formula_room.py``; ``book.css`` keeps the room. Until then a formula
in a line is shown in letters, as far as they can say it. One that was not measured yet is shown as its TeX.
"""

from __future__ import annotations

import json
import re
from html import escape, unescape
from html.entities import html5
from pathlib import Path
from typing import Any

from sphinx.application import Sphinx

RECORD = Path(__file__).with_suffix(".json")
FONT = "_static/mathjax/output/chtml/fonts/woff-v2/MathJax_Zero.woff"

# Names of TeX that are no word, and that HTML has no entity for, or another one.
SIGNS = {"infty": "∞", "partial": "∂", "sqrt": "√", "cdot": "·", "dots": "…", "to": "→", "|": "‖"}
SIGNS |= dict.fromkeys([",", ";", " ", "quad", "qquad"], " ")
WIDE = 36  # ex: wider than a line in a list on a phone; such a formula scrolls within itself
SILENT = r"\\(textcolor\{[^}]*\}|left|right|[bB]ig[lr]?|math[a-z]+|text|operatorname|bar|hat|tilde|[!:])(?![A-Za-z])"


def in_letters(tex: str) -> str:
    """A formula as a line of letters and signs, for those who wait for it."""

    def sign(match: re.Match[str]) -> str:
        return SIGNS.get(match[1]) or html5.get(f"{match[1]};", match[1])

    text = re.sub(SILENT, "", tex)
    part = r"\s*(?:\{([^{}]*)\}|(\w))"
    text = re.sub(rf"\\[td]?frac{part}{part}", lambda match: "/".join(filter(None, match.groups())), text)
    text = re.sub(r"\\([A-Za-z]+|.)", sign, text)
    return " ".join(re.sub(r"[{}]", "", text).split())


def keep_room(body: str, room: dict[str, dict[str, list[float]]]) -> str:
    """A page's body in which each formula that was measured carries its size."""

    def in_line(match: re.Match[str]) -> str:
        tex = unescape(match[2])
        size = room["inline"].get(tex.strip())
        if not size:
            return match[0]
        names = zip(("w", "h", "d"), size, strict=True)
        style = ";".join(f"--{name}:{value:g}ex" for name, value in names)
        wide = " data-wide" if size[0] > WIDE else ""
        return f'{match[1]}{wide} style="{style}" data-letters="{escape(in_letters(tex))}">\\({match[2]}\\)</span>'

    def display(match: re.Match[str]) -> str:
        size = room["display"].get(unescape(match[2]).strip())
        return f'{match[1]} style="--h:{size[0]:g}ex">\n\\[{match[2]}\\]</div>' if size else match[0]

    body = re.sub(r'(<span class="math notranslate nohighlight")>\\\((.*?)\\\)</span>', in_line, body, flags=re.DOTALL)
    return re.sub(r'(<div class="math notranslate nohighlight")>\s*\\\[(.*?)\\\]</div>', display, body, flags=re.DOTALL)


def prepare(app: Sphinx, pagename: str, templatename: str, context: dict[str, Any], doctree: object) -> None:
    """Sizes for a page's formulas; and early, on its way while they are set, the font that their lines stand on."""
    if 'class="math' in context.get("body", ""):
        context["body"] = keep_room(context["body"], json.loads(RECORD.read_text(encoding="utf-8")))
        font = f'<link rel="preload" as="font" type="font/woff" crossorigin="anonymous" href="{FONT}" />'
        context["metatags"] = context.get("metatags", "") + f"\n    {font}"


def setup(app: Sphinx) -> dict[str, bool]:
    app.connect("html-page-context", prepare)
    return {"parallel_read_safe": True, "parallel_write_safe": True}

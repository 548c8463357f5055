"""Gives each page one style sheet instead of ten, without the rules for what is on no page: a Sphinx extension."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from hashlib import sha256
from itertools import groupby, pairwise
from pathlib import Path
from typing import Any

import tinycss2
from sphinx.application import Sphinx
from sphinx.builders.html import StandaloneHTMLBuilder


def read_sheet(sheet: Path, static: Path) -> str:
    """A style sheet as it reads in ``_static`` itself: with what it imports, and addresses from there."""

    def moved(match: re.Match[str]) -> str:
        target = (sheet.parent / match[1]).resolve()
        return f'url("{target.relative_to(static.resolve()).as_posix()}")'

    text = re.sub(r"/\*# sourceMappingURL=.*?\*/", "", sheet.read_text(encoding="utf-8"))
    text = re.sub(r"url\(\s*[\"']?((?!data:|#)[^\"')]+)[\"']?\s*\)", moved, text)
    imported = r'@import\s+"([^"]+)"\s*;'
    return re.sub(imported, lambda match: read_sheet(sheet.parent / match[1], static), text)


def names_in_use(pages: list[str], scripts: list[str]) -> frozenset[str]:
    """The classes and identifiers in pages, and every word of their scripts, which may add one."""
    names = {
        name for page in pages for value in re.findall(r'\s(?:class|id)="([^"]*)"', page) for name in value.split()
    }
    within = [text for page in pages for text in re.findall(r"<script\b[^>]*>(.*?)</script>", page, re.DOTALL)]
    return frozenset(names.union(*(re.findall(r"[\w-]+", script) for script in scripts + within)))


def _asked(selector: list[Any]) -> set[str]:
    """The classes and identifiers without which a selector holds for nothing. Bootstrap makes up names with "bs-"."""
    names = {token.value for token in selector if token.type == "hash"}
    names |= {name.value for dot, name in pairwise(selector) if dot == "." and name.type == "ident"}
    return {name for name in names if not name.startswith("bs-")}


def _rules_in_use(rules: list[Any], names: frozenset[str]) -> Iterator[str]:
    for rule in rules:
        if rule.type == "qualified-rule":
            parts = [list(part) for comma, part in groupby(rule.prelude, lambda token: token == ",") if not comma]
            kept = [tinycss2.serialize(part).strip() for part in parts if _asked(part) <= names]
            if kept:
                yield f"{','.join(kept)}{{{tinycss2.serialize(rule.content).strip()}}}"
        elif rule.type == "at-rule" and rule.lower_at_keyword in ("media", "supports"):
            within = tinycss2.parse_rule_list(rule.content, skip_comments=True, skip_whitespace=True)
            if text := "".join(_rules_in_use(within, names)):
                yield f"@{rule.at_keyword}{tinycss2.serialize(rule.prelude)}{{{text}}}"
        else:
            yield rule.serialize()


@cache
def rules_in_use(sheet: str, names: frozenset[str]) -> str:
    """A style sheet without comments and without the rules that ask for a class or an identifier that nothing has."""
    return "".join(_rules_in_use(tinycss2.parse_stylesheet(sheet, skip_comments=True, skip_whitespace=True), names))


def one_style_sheet(page: str, static: Path, names: frozenset[str]) -> str:
    """The page with one style sheet in the place of its own, which it keeps the names of for the next build.

    Args:
        page: the text of a page in the folder above ``static``; one that has been here before is brought up to date.
        static: where the sheets are, and where the one goes.
        names: the classes and identifiers that are on any page, or come to it.
    """
    tags = [tag for tag in re.findall(r"<link\b[^>]*>", page) if 'rel="stylesheet"' in tag]
    if not tags:
        return page
    if kept := re.search(r'data-sheets="([^"]+)"', tags[0]):
        sheets = kept[1].split()
    else:
        sheets = [re.search(r'href="_static/([^"?]+)', tag)[1] for tag in tags]  # type: ignore[index]
    text = rules_in_use("".join(read_sheet(static / sheet, static) for sheet in sheets), names)
    one = f"site-{sha256(' '.join(sheets).encode()).hexdigest()[:8]}.css"
    (static / one).write_text(text, encoding="utf-8")
    version = sha256(text.encode()).hexdigest()[:8]
    link = f'<link rel="stylesheet" href="_static/{one}?v={version}" data-sheets="{" ".join(sheets)}" />'
    page = page.replace(tags[0], link, 1)
    for tag in tags[1:]:
        page = page.replace(tag, "", 1)
    return page


def finish(app: Sphinx, exception: Exception | None) -> None:
    """Give the pages that were built their one style sheet."""
    if exception or not isinstance(app.builder, StandaloneHTMLBuilder):
        return
    static = Path(app.outdir, "_static")
    pages = {path: path.read_text(encoding="utf-8") for path in Path(app.outdir).glob("*.html")}
    scripts = [path.read_text(encoding="utf-8") for path in static.rglob("*") if path.suffix in (".js", ".mjs")]
    names = names_in_use([*pages.values()], scripts)
    for path, page in pages.items():
        if (lean := one_style_sheet(page, static, names)) != page:
            path.write_text(lean, encoding="utf-8")


def setup(app: Sphinx) -> dict[str, bool]:
    app.connect("build-finished", finish, priority=900)  # after those who change pages
    return {"parallel_read_safe": True, "parallel_write_safe": True}

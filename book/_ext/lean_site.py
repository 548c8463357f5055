"""Makes the built site light and its markup accessible: a Sphinx extension.

The theme loads all of Font Awesome on each page, 2,000 icons in a script and three fonts, 840 kB on the wire, for about
a dozen icons. Other extensions add their scripts and style sheets to each page, whether it uses them or not. Here

- a template leaves Font Awesome's tags out. After the build ``_static/icons.css`` is written, which draws the icons
  that the pages use as masks in the colour of the text; an icon that the theme's copy does not have is a warning;
- a page gets an extension's scripts and style sheets only where its text has something for them to work on;
- a page carries the widgets that it shows, not all that its notebook made;
- a page has one style sheet, not ten, without the rules for what is on no page, and scripts that the text does not need
  come after it;
- a file that no page leads to is taken out, but for a few that are asked for in other ways.

The templates beside this file, ``mend_markup`` and ``frame_pictures`` correct what a screen reader or a keyboard would
stumble over.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from functools import cache
from hashlib import sha256
from itertools import groupby, pairwise
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import quote, unquote

import tinycss2
from bs4 import BeautifulSoup
from docutils import nodes
from PIL import Image
from sphinx.application import Sphinx
from sphinx.builders.html import StandaloneHTMLBuilder
from sphinx.util import logging

logger = logging.getLogger(__name__)

# What is added to each page, and a selector: a page where nothing matches has no use for it.
ASSETS = {
    r"sphinx-design\.min\.css|design-tabs\.js": "[class*='sd-']",
    r"togglebutton|toggleHint|toggleOpenOnPrint": "[class*=toggle], .admonition.dropdown, .below-input",
    r"copybutton\.|clipboard\.min\.js": "div.highlight pre",
}

# Files that no page leads to, and why they are there.
ASKED_FOR = {
    r"sw\.js": "site.js registers it",
    r"objects\.inv": "other books link to this one by it",
    r"sitemap\.xml|robots\.txt": "search engines look for them",
    r"_static/scripts/.*LICENSE.*": "the licence of the script beside it",
    r"\.(buildinfo|done|nojekyll)": "for the next build, and for the host",
}

NO_SCRIPT = """<noscript><p class="widget-note">Scripts are off in this browser. The text is all here; the sliders are
missing.</p></noscript>"""

PACKS = {"fa-solid": "fas", "fas": "fas", "fa": "fas", "fa-regular": "far", "far": "far"}
PACKS |= {"fa-brands": "fab", "fab": "fab"}
SIZES = {"fa-lg"}

# In the second half, theme rules for the pictures that Font Awesome's script put in the icons' stead, made to hold for
# the icons; and rules for the icons that never held beside the script, taken back.
SHEET = """/* The icons of these pages, written by lean_site.py: Font Awesome Free, fontawesome.com, CC BY 4.0 */
:where(.fa, .fas, .far, .fab, .fa-solid, .fa-regular, .fa-brands) {
  box-sizing: content-box; flex-shrink: 0; width: var(--icon-width); height: 1em; vertical-align: -0.125em;
}
:where(.fa, .fas, .far, .fab, .fa-solid, .fa-regular, .fa-brands), %(drawn)s {
  display: inline-block; background: currentColor; -webkit-print-color-adjust: exact; print-color-adjust: exact;
  -webkit-mask: var(--icon) center / contain no-repeat; mask: var(--icon) center / contain no-repeat;
}
.fa-lg { font-size: 1.25em; line-height: 0.05em; vertical-align: -0.2em; }
%(drawn)s { content: ""; width: var(--icon-width); height: 1lh; vertical-align: bottom; }
@media (forced-colors: active) {
  :where(.fa, .fas, .far, .fab, .fa-solid, .fa-regular, .fa-brands), %(drawn)s {
    background: CanvasText; forced-color-adjust: none;
  }
}
.bd-header-article .btn [class*="fa-"] { width: 1.3rem; }
.search-button-field > i { display: inline-block; }
.search-button__wrapper.show i { font-size: var(--pst-font-size-icon); }
.search-button i { font-size: 1.25em; }
.bd-search .fa-solid.fa-magnifying-glass { position: static; color: inherit; }
.prev-next-area i { font-size: inherit; }
.sidebar-secondary-item i { padding-right: 0; }
"""


class Icon(NamedTuple):
    """One of Font Awesome's pictures: its box and the path in it."""

    width: int
    height: int
    path: str

    def rule(self, selectors: list[str]) -> str:
        box = f"xmlns='http://www.w3.org/2000/svg' viewBox='0 0 {self.width} {self.height}'"
        svg = quote(f"<svg {box}><path d='{self.path}'/></svg>", safe=" /:=,'")
        icon = f'--icon: url("data:image/svg+xml,{svg}"); --icon-width: {self.width / self.height:.4g}em;'
        return f"{', '.join(selectors)} {{ {icon} }}\n"


def read_icons(script: str) -> dict[tuple[str, str], Icon]:
    """The icons in Font Awesome's script, by pack ("fas") and name, and by pack and code point ("f0c9")."""
    found: dict[tuple[str, str], Icon] = {}
    waiting: dict[str, Icon] = {}
    one = r'"?([\w-]+)"?:\[(\d+),(\d+),\[([^\]]*)\],"([0-9a-f]+)","([^"]+)"\]'
    for match in re.finditer(one + r'|\b\w\("(fa[a-z])",\w\)', script):
        name, width, height, others, code, path, pack = match.groups()
        if pack:  # a pack is named after its icons
            found |= {(pack, key): icon for key, icon in waiting.items()}
            waiting = {}
        else:
            for key in (name, code, *re.findall(r'"([\w-]+)"', others)):
                waiting[key] = Icon(int(width), int(height), path)
    return found


def used_icons(pages: list[str], scripts: list[str]) -> dict[str, tuple[str, str]]:
    """Selectors of the icons in pages and of those that the theme's scripts make, with pack and name."""
    used = {}
    strings = [text for page in pages for text in re.findall(r'class="([^"]*\bfa-[^"]*)"', page)]
    strings += [text for script in scripts for text in re.findall(r'"([\w -]*\bfa-[\w -]*)"', script)]
    for classes in map(str.split, strings):
        packs = [name for name in classes if name in PACKS]
        for name in classes:
            if packs and name.startswith("fa-") and name not in PACKS and name not in SIZES:
                used[f".{packs[0]}.{name}"] = PACKS[packs[0]], name.removeprefix("fa-")
    return used


def icons_drawn_by_style(pages: list[str], styles: str) -> dict[str, tuple[str, str]]:
    """The same for the icons that the theme's style sheets set before or after an element, as letters of a font."""
    values = dict(re.findall(r"(--pst-icon-[\w-]+):([^;}]+)", styles))
    soups = [BeautifulSoup(page, "html.parser") for page in pages]
    used = {}
    for selectors, value in re.findall(r'([^{}]+)\{[^{}]*content:(var\(--pst-icon-[\w-]+\)|"\\f\w{3}")', styles):
        while name := re.fullmatch(r"var\(([\w-]+)\)", value):
            value = values[name[1]]
        letter = value.strip('"')
        code = letter[1:] if letter.startswith("\\") else f"{ord(letter):x}"
        # A script adds .hide as the reader scrolls.
        element = re.sub(r"::?(before|after)|\.hide:not\(:hover\)", "", selectors)
        if any(soup.select_one(element) for soup in soups):
            used[selectors] = "fab" if "git" in selectors else "fas", code
    return used


def write_icons(builder: StandaloneHTMLBuilder) -> None:
    static = Path(builder.outdir, "_static")
    folders = [Path(folder, "static") for folder in builder.theme.get_theme_dirs()]
    scripts = [path for folder in folders for path in folder.glob("vendor/fontawesome/*/js/all.min.js")]
    known = read_icons("".join(path.read_text(encoding="utf-8") for path in scripts))
    files = [path for path in sorted(Path(builder.outdir).rglob("*.html")) if static not in path.parents]
    pages = [path.read_text(encoding="utf-8") for path in files]
    styles = "".join(path.read_text(encoding="utf-8") for path in sorted(static.glob("styles/*.css")))
    drawn = icons_drawn_by_style(pages, styles)
    theme_scripts = [path.read_text(encoding="utf-8") for path in sorted(static.glob("scripts/*.js"))]
    wanted = used_icons(pages, theme_scripts) | drawn
    rules: dict[Icon, list[str]] = {}
    for selector, key in sorted(wanted.items()):
        if key in known:
            rules.setdefault(known[key], []).append(selector)
        else:
            logger.warning("no icon %s %s (for %s) in the theme's Font Awesome", *key, selector, type="lean_site")
    sheet = SHEET % {"drawn": ", ".join(sorted(drawn)) or ":not(*)"}
    (static / "icons.css").write_text(sheet + "".join(map(Icon.rule, rules, rules.values())), encoding="utf-8")


def drop_unused_assets(app: Sphinx, pagename: str, templatename: str, context: dict[str, Any], doctree: object) -> None:
    soup = BeautifulSoup(context.get("body", ""), "html.parser")
    unused = "|".join(pattern for pattern, selector in ASSETS.items() if not soup.select_one(selector))
    for kind in ("css_files", "script_files") if unused else ():
        context[kind] = [file for file in context[kind] if not re.search(unused, f"{file.filename} {file.attributes}")]


def only_shown_widgets(app: Sphinx, pagename: str, templatename: str, context: dict[str, Any], doctree: object) -> None:
    """Of the widgets that a notebook made, those that the page shows, in its order, with all that they hold."""
    pattern = r'<script type="application/vnd\.jupyter\.widget-view\+json">(.*?)</script>'
    shown = [json.loads(view)["model_id"] for view in re.findall(pattern, context.get("body", ""), re.DOTALL)]
    for script in context["script_files"]:
        if script.attributes.get("type") != "application/vnd.jupyter.widget-state+json":
            continue
        saved = json.loads(script.attributes["body"])
        kept: dict[str, Any] = {}
        waiting = list(shown)
        while waiting:
            name = waiting.pop(0)
            if name in saved["state"] and name not in kept:
                kept[name] = saved["state"][name]
                waiting += re.findall(r'"IPY_MODEL_(\w+)"', json.dumps(kept[name]["state"]))
        script.attributes["body"] = json.dumps({**saved, "state": kept}).replace("<", "\\u003c")


def scripts_out_of_the_way(
    app: Sphinx, pagename: str, templatename: str, context: dict[str, Any], doctree: object
) -> None:
    """Scripts that wait for the text do not hold it up; the search page calls two of them as it arrives."""
    for script in context["script_files"]:
        name = str(script.filename)
        if pagename == "search" and re.search("doctools|sphinx_highlight", name):
            script.attributes.pop("defer", None)  # every page has the same objects
        elif re.search(r"\bsite\.js|clipboard|copybutton|sphinx-book-theme|doctools|sphinx_highlight", name):
            script.attributes["defer"] = "defer"


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
        if "application/vnd.jupyter.widget-view+json" in body:
            body = body.replace("</h1>", f"</h1>\n{NO_SCRIPT}", 1)
        context["body"] = body


def frame_pictures(app: Sphinx, doctree: nodes.document, docname: str) -> None:
    """A box around a cell's picture, of the class whose boxes the theme lets the keyboard scroll when they need it.

    A picture is loaded when the reader comes near it, and its size is said beforehand, so that the text does not jump.
    """
    for output in doctree.findall(lambda node: isinstance(node, nodes.container) and "cell_output" in node["classes"]):
        for picture in [child for child in output.children if isinstance(child, nodes.image)]:
            framed = picture.deepcopy()
            framed["loading"] = "lazy"
            if picture["uri"].endswith(".png"):
                with Image.open(Path(app.srcdir, picture["uri"])) as image:
                    framed["width"], framed["height"] = map(str, image.size)
            picture.replace_self(nodes.container("", framed, classes=["output"]))


def name_toggles(page: str) -> str:
    """The page with a name for each arrow of the sidebar that unfolds what lies under a page; the theme gives none."""

    def named(match: re.Match[str]) -> str:
        title = re.sub(r"<[^>]+>", "", match["title"])
        return f'{match["before"]}<summary aria-label="Pages under {title}">'

    toggle = r'(?P<before><a class="[^"]*" href="[^"]*">(?P<title>.*?)</a><details[^>]*>)<summary>'
    return re.sub(toggle, named, page)


def used_files(site: Path) -> set[Path]:
    """The pages in ``site`` and all files that they lead to, by way of a style sheet or a manifest too."""
    links = {
        ".html": r'\s(?:href|src)="([^"#?]+)|property="og:image" content="[^"]*/(_static/[^"]+)',
        ".css": r"url\(\s*[\"']?([^\"')#?]+)",
        ".webmanifest": r'"src":\s*"([^"]+)"',
    }
    waiting = list(site.glob("*.html"))
    used: set[Path] = set()
    while waiting:
        path = waiting.pop()
        if path in used or not path.is_file():
            continue
        used.add(path)
        for groups in re.findall(links[path.suffix], path.read_text("utf-8")) if path.suffix in links else ():
            address = groups if isinstance(groups, str) else "".join(groups)
            if not re.match(r"[a-z]+:", address):
                waiting.append((path.parent / unquote(address)).resolve())
    return used


def drop_unused_files(site: Path) -> None:
    used = used_files(site.resolve())
    for path in sorted(site.resolve().rglob("*"), reverse=True):
        if path.is_dir():
            if not any(path.iterdir()):
                path.rmdir()
        elif path not in used and not re.fullmatch("|".join(ASKED_FOR), path.relative_to(site.resolve()).as_posix()):
            path.unlink()


def finish(app: Sphinx, exception: Exception | None) -> None:
    if exception or not isinstance(app.builder, StandaloneHTMLBuilder):
        return
    write_icons(app.builder)
    static = Path(app.outdir, "_static")
    pages = {path: path.read_text(encoding="utf-8") for path in Path(app.outdir).glob("*.html")}
    scripts = [path.read_text(encoding="utf-8") for path in static.rglob("*") if path.suffix in (".js", ".mjs")]
    names = names_in_use([*pages.values()], scripts)
    for path, page in pages.items():
        if (lean := name_toggles(one_style_sheet(page, static, names))) != page:
            path.write_text(lean, encoding="utf-8")
    drop_unused_files(Path(app.outdir))


def setup(app: Sphinx) -> dict[str, bool]:
    app.config.templates_path.append(str(Path(__file__).parent / "templates"))
    # A setting that changes with these files: Sphinx then copies them, and writes every page again.
    own = [Path(__file__), *sorted(Path(app.srcdir, "_static").glob("*.*"))]
    app.add_config_value("lean_site_digest", sha256(b"".join(path.read_bytes() for path in own)).hexdigest(), "html")
    app.connect("doctree-resolved", frame_pictures)
    # After all others: what they add to a page is known.
    app.connect("html-page-context", drop_unused_assets, priority=900)
    app.connect("html-page-context", only_shown_widgets, priority=900)
    app.connect("html-page-context", scripts_out_of_the_way, priority=900)
    app.connect("html-page-context", mend_markup, priority=900)
    app.connect("build-finished", finish, priority=900)
    return {"parallel_read_safe": True, "parallel_write_safe": True}

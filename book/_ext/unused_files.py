"""Takes out of the built site what no page leads to, but for what is asked for in other ways: a Sphinx extension."""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import unquote

from sphinx.application import Sphinx
from sphinx.builders.html import StandaloneHTMLBuilder

# Files that no page leads to, and why they are there.
ASKED_FOR = {
    r"sw\.js": "site.js registers it",
    r"objects\.inv": "other books link to this one by it",
    r"sitemap\.xml|robots\.txt": "search engines look for them",
    r"_static/scripts/.*LICENSE.*": "the licence of the script beside it",
    r"\.(buildinfo|done|nojekyll)": "for the next build, and for the host",
}


def used_files(site: Path) -> set[Path]:
    """The pages in ``site`` and all files that they lead to, by way of a style sheet or a manifest too."""
    links = {
        ".html": r'\s(?:href|src)="([^"#?]+)|property="og:image" content="[^"]*/(_static/[^"]+)|"(_images/[^"]+)"',
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
    """Drop them once all pages are as they stay."""
    if not exception and isinstance(app.builder, StandaloneHTMLBuilder):
        drop_unused_files(Path(app.outdir))


def setup(app: Sphinx) -> dict[str, bool]:
    app.connect("build-finished", finish, priority=950)  # after one_style_sheet
    return {"parallel_read_safe": True, "parallel_write_safe": True}

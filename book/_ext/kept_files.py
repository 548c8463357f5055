"""Lists the files of the built site with their digests, by which ``sw.js`` keeps what was read: a Sphinx extension."""

from __future__ import annotations

import json
from base64 import b64encode
from hashlib import sha256
from pathlib import Path
from urllib.parse import quote

from sphinx.application import Sphinx
from sphinx.builders.html import StandaloneHTMLBuilder

LIST = "files.json"


def list_files(site: Path) -> None:
    """Write the list: each file's address and the beginning of its SHA-256. What is only downloaded is not in it."""
    files = {path.relative_to(site).as_posix(): path for path in sorted(site.rglob("*")) if path.is_file()}
    digests = {
        quote(name): b64encode(sha256(path.read_bytes()).digest()).decode()[:16]
        for name, path in files.items()
        if not name.startswith((".", "_sources/")) and name not in (LIST, "sw.js")
    }
    (site / LIST).write_text(json.dumps(digests, separators=(",", ":")), encoding="utf-8")


def finish(app: Sphinx, exception: Exception | None) -> None:
    if not exception and isinstance(app.builder, StandaloneHTMLBuilder):
        list_files(Path(app.outdir))


def setup(app: Sphinx) -> dict[str, bool]:
    app.connect("build-finished", finish, priority=995)  # nothing changes any more
    return {"parallel_read_safe": True, "parallel_write_safe": True}

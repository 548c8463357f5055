"""The pictures of sliders are files beside the page, which a reader's first touch fetches: a Sphinx extension.

``vae_lib.widgets.OwnSlider`` holds a picture for each of its stops where the book is built.
"""

from __future__ import annotations

import json
import os
from base64 import b64decode
from hashlib import sha256
from pathlib import Path
from typing import Any

from sphinx.application import Sphinx


def unpack(state: dict[str, Any], folder: Path) -> None:
    """Put each slider's pictures into ``folder``, and their names where they stood in the widgets' saved state."""
    for model in state.values():
        if not model["state"].get("_anywidget_id", "").endswith(".OwnSlider"):
            continue
        for buffer in model.pop("buffers", []):
            picture = b64decode(buffer["data"])
            name = f"film-{sha256(picture).hexdigest()[:16]}.png"
            if picture:
                folder.mkdir(parents=True, exist_ok=True)
                (folder / name).write_bytes(picture)
            *path, last = buffer["path"]
            holder = model["state"]
            for key in path:
                holder = holder[key]
            holder[last] = f"{folder.name}/{name}" if picture else ""


def pictures_beside_the_page(
    app: Sphinx, pagename: str, templatename: str, context: dict[str, Any], doctree: object
) -> None:
    for script in context["script_files"]:
        if script.attributes.get("type") == "application/vnd.jupyter.widget-state+json":
            saved = json.loads(script.attributes["body"])
            unpack(saved["state"], Path(app.outdir, "_images"))
            script.attributes["body"] = json.dumps(saved).replace("<", "\\u003c")


def setup(app: Sphinx) -> dict[str, bool]:
    os.environ.setdefault("VAE_BOOK_FILM", "1")  # the kernels that the build starts have it
    app.connect("html-page-context", pictures_beside_the_page, priority=910)  # of the widgets that the page shows
    return {"parallel_read_safe": True, "parallel_write_safe": True}

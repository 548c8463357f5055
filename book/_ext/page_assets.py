"""A page gets the scripts, style sheets and widgets that it uses, and no script holds its text up: a Sphinx extension.

Other extensions add theirs to each page, whether its text has something for them to work on or not, and MyST-NB all
widgets that a notebook made.
"""

from __future__ import annotations

import json
import re
import zlib
from base64 import b64decode, b64encode
from pathlib import Path
from typing import Any

from bs4 import BeautifulSoup
from sphinx.application import Sphinx
from sphinx.config import Config

# What is added to each page, and a selector: a page where nothing matches has no use for it.
ASSETS = {
    r"sphinx-design\.min\.css|design-tabs\.js": "[class*='sd-']",
    r"togglebutton|toggleHint|toggleOpenOnPrint": "[class*=toggle], .admonition.dropdown, .below-input",
    r"copybutton\.|clipboard\.min\.js": "div.highlight pre",
}


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
        say_once(kept)
        script.attributes["body"] = json.dumps({**saved, "state": kept}).replace("<", "\\u003c")


def say_once(models: dict[str, Any]) -> None:
    """Of widgets that hold the same long text, as a module or a style, the first has it, the others name that one."""
    holders: dict[tuple[str, str], str] = {}
    for name, model in models.items():
        for trait, value in model["state"].items():
            text = json.dumps(value)
            holder = holders.setdefault((trait, text), name)
            if holder != name and len(text) > 200:
                model["state"][trait] = {"same_as": holder}


def deflated(models: dict[str, Any]) -> dict[str, Any]:
    """Weights in fewer bytes: gzip sees them as text in base64, of which it makes less."""
    for model in models.values():
        for buffer in model.get("buffers", []):
            packed = b64encode(zlib.compress(b64decode(buffer["data"]), 9)).decode()
            if len(packed) < 0.95 * len(buffer["data"]):
                buffer.update(encoding="deflate", data=packed)
    return models


def deflate(app: Sphinx, pagename: str, templatename: str, context: dict[str, Any], doctree: object) -> None:
    for script in context["script_files"]:
        if script.attributes.get("type") == "application/vnd.jupyter.widget-state+json":
            saved = json.loads(script.attributes["body"])
            saved["state"] = deflated(saved["state"])
            script.attributes["body"] = json.dumps(saved).replace("<", "\\u003c")


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


def own_search(app: Sphinx, config: Config) -> None:
    config.html_search_scorer = str(Path(__file__).with_name("search.js"))


def setup(app: Sphinx) -> dict[str, bool]:
    app.connect("config-inited", own_search)
    # After all others: what they add to a page is known.
    app.connect("html-page-context", drop_unused_assets, priority=900)
    app.connect("html-page-context", only_shown_widgets, priority=900)
    app.connect("html-page-context", scripts_out_of_the_way, priority=900)
    app.connect("html-page-context", deflate, priority=920)  # the pictures of sliders have gone (films.py)
    return {"parallel_read_safe": True, "parallel_write_safe": True}

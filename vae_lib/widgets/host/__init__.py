"""A page that runs widgets without a notebook and without a kernel: the book's own, and that of ``vae_lib view``."""

from __future__ import annotations

import html
import json
from pathlib import Path
from typing import Final

from ipywidgets import DOMWidget
from ipywidgets.embed import dependency_state, embed_data, escape_script

from vae_lib.palette import NEUTRALS

HOST: Final = Path(__file__).parent / "widget-host.mjs"
PAGE: Final = NEUTRALS["paper"]
INK: Final = NEUTRALS["ink"]
STYLE: Final = (
    "body{max-width:46rem;margin:2rem auto;padding:0 1rem;font:1rem/1.5 system-ui,sans-serif;"
    f"background:{PAGE.light};color:{INK.light}}}h1{{font-size:1.2rem}}"
    f"@media(prefers-color-scheme:dark){{body{{background:{PAGE.dark};color:{INK.dark}}}}}"
)


def page(title: str, *widgets: DOMWidget) -> str:
    """HTML that shows widgets, below a title; it asks for ``widget-host.mjs`` beside it, and for nothing else."""
    saved = embed_data(views=list(widgets), state=dependency_state(widgets, drop_defaults=False))
    views = "".join(
        f'<script type="application/vnd.jupyter.widget-view+json">{escape_script(json.dumps(view))}</script>'
        for view in saved["view_specs"][: len(widgets)]
    )
    state = escape_script(json.dumps(saved["manager_state"]))
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8"><link rel="icon" href="data:,">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{html.escape(title)}</title><style>{STYLE}</style>"
        f'<script type="application/vnd.jupyter.widget-state+json">{state}</script>'
        f'<script type="module" src="{HOST.name}"></script></head>'
        f"<body><main><h1>{html.escape(title)}</h1>{views}</main></body></html>"
    )

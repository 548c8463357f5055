"""The colours of ``vae_lib.palette`` as a style sheet of every page: a Sphinx extension."""

from __future__ import annotations

from pathlib import Path

from sphinx.application import Sphinx

from vae_lib.palette import LINK, NEUTRALS, TERMS

NAME = "palette.css"


def sheet() -> str:
    """The colours by their names, and what wears a term's: words, drawings, formulas that ask for its light shade."""
    shades = {"accent": LINK, "ink": NEUTRALS["ink"], "sheet": NEUTRALS["sheet"]}
    shades |= {f"term-{name}": shade for name, shade in TERMS.items()}
    light, dark = ("".join(f"--{name}: {shade[page]};" for name, shade in shades.items()) for page in (0, 1))
    worn = "".join(
        f".term-{name} {{ color: var(--term-{name}); }}\n.drawing .{name} {{ --c: var(--term-{name}); }}\n"
        f'.math [fill="{shade.light}"] {{ fill: var(--term-{name}); stroke: var(--term-{name}); }}\n'
        for name, shade in TERMS.items()
    )
    return f':root {{ {light} }}\nhtml[data-theme="dark"] {{ {dark} }}\n{worn}'


def write(app: Sphinx) -> None:
    static = Path(app.outdir, "_static")
    static.mkdir(parents=True, exist_ok=True)
    (static / NAME).write_text(sheet(), encoding="utf-8")


def setup(app: Sphinx) -> dict[str, bool]:
    app.add_css_file(NAME)
    app.connect("builder-inited", write)
    return {"parallel_read_safe": True, "parallel_write_safe": True}

"""Turns the docstrings of ``vae_lib`` into pages that link: a Sphinx extension on top of autodoc and napoleon.

Docstrings are plain text for someone who reads the source. On a page

- "Eq. (4)" and "Eqs. (1) to (4)" link to the sections "Equation 1" to "Equation 4", wherever these stand;
- "chapter 5" links to the page whose name begins with 05;
- "Burda et al. 2015" becomes a citation where the bibliography has a key that begins with ``burda2015``;
- an indented table of names and what they are becomes a list, in which the names link;
- a name from another package is plain text: nothing is looked up elsewhere.
"""

from __future__ import annotations

import pkgutil
import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, TypeVar

from docutils import nodes
from sphinx import addnodes
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.util import inspect
from sphinx.util.docutils import ReferenceRole

PACKAGE: Final = "vae_lib"
ROW: Final = re.compile(r"    (\S.*?) {2,}(\S.*)")
COLON: Final = "\N{MODIFIER LETTER COLON}"
CITED: Final = re.compile(r"\b([A-Z][\w-]+)(?: (?:& [A-Z][\w-]+|et al\.))? (\d{4})\b")


class BookRole(ReferenceRole):
    """A link to an equation or a chapter by its number; resolved when all pages are read."""

    def run(self) -> tuple[list[nodes.Node], list[nodes.system_message]]:
        link = addnodes.pending_xref(
            self.rawtext, nodes.inline(self.rawtext, self.title), reftype=self.name, reftarget=self.target, refwarn=True
        )
        link["refdomain"] = ""
        link["refdoc"] = self.env.docname
        self.set_source_info(link)
        return [link], []


def outside_code(text: str, change: Callable[[str], str]) -> str:
    """The text with everything changed but what stands in double backticks."""
    pieces = re.split(r"(``.*?``)", text)
    return "".join(piece if place % 2 else change(piece) for place, piece in enumerate(pieces))


def keep_bars(text: str) -> str:
    """The text with the bars of an absolute value as they are; reStructuredText would look for a substitution."""
    return re.sub(r"(?<![^\s(\[])\|(?=\S)", r"\\|", text)


def link_equations(text: str) -> str:
    text = re.sub(r"\b(Eq\.|Equation) \((\d)\)", r":equation:`\1 (\2) <\2>`", text)

    def several(match: re.Match[str]) -> str:
        return match[1] + re.sub(r"\((\d)\)", r":equation:`(\1) <\1>`", match[2])

    return re.sub(r"\b(Eqs\. |Equations )(\(\d\)(?:(?:, | to | and |, and )\(\d\))+)", several, text)


def link_chapters(text: str) -> str:
    text = re.sub(r"\b(chapter )(\d+)\b", r":chapter:`\1\2 <\2>`", text)
    return re.sub(r"\b(chapters )(\d+)( to | and )(\d+)\b", r"\1:chapter:`\2 <\2>`\3:chapter:`\4 <\4>`", text)


def cite(text: str, keys: list[str]) -> str:
    """The text with a citation for each "Author year" that begins a key; the others stay as they are."""

    def cited(match: re.Match[str]) -> str:
        begin = match[1].replace("-", "").lower() + match[2]
        found = [key for key in keys if key.startswith(begin)]
        return f":cite:t:`{found[0]}`" if len(found) == 1 else match[0]

    return CITED.sub(cited, text)


def list_rows(lines: list[str], module: str) -> list[str]:
    """The lines with an indented table of names as a list."""
    known = vars(sys.modules[module]) if module in sys.modules else {}

    def item(row: re.Match[str]) -> str:
        names = [f":py:obj:`~{module}.{name}`" if name in known else f"``{name}``" for name in row[1].split(", ")]
        return f"* {', '.join(names)}: {row[2]}"

    rows = [ROW.fullmatch(line) for line in lines]
    return [item(row) if row else line for row, line in zip(rows, lines, strict=True)]


def one_field_each(text: str) -> str:
    """The text with a field for each of several names that share one, since Sphinx would take the first for a type."""

    def apart(field: re.Match[str]) -> str:
        return "\n".join(f":{field[1]} {name}:{field[3]}" for name in field[2].split(", "))

    return re.sub(r"^:(param|ivar) (\w+(?:, \w+)+):(.*(?:\n +.*)*)", apart, text, flags=re.MULTILINE)


def bibliography_keys(app: Sphinx) -> list[str]:
    files = [Path(app.srcdir, name) for name in getattr(app.config, "bibtex_bibfiles", [])]
    return [key for file in files for key in re.findall(r"^@\w+\{(.+?),", file.read_text(encoding="utf-8"), re.M)]


def hide_colon(app: Sphinx, what: str, name: str, obj: object, options: object, lines: list[str]) -> None:
    """Keep napoleon from taking what stands before a colon for the type of a property or of what is returned."""
    returns = what in ("attribute", "data", "property")
    for place, line in enumerate(lines):
        if what in ("function", "method") and not line.startswith(" "):
            returns = line == "Returns:" or (returns and not line)
        elif returns:
            lines[place] = line.replace(":", COLON)


def link_docstring(app: Sphinx, what: str, name: str, obj: object, options: object, lines: list[str]) -> None:
    lines[:] = [line.replace(COLON, ":") for line in lines]
    if what == "module":
        lines[:] = list_rows(lines, name)
    keys = bibliography_keys(app)
    text = one_field_each("\n".join(lines))
    lines[:] = outside_code(text, lambda part: cite(link_chapters(link_equations(keep_bars(part))), keys)).split("\n")


def leave_out(app: Sphinx, what: str, name: str, obj: object, skip: bool, options: object) -> bool | None:
    """Fields of a NamedTuple whose only words are Python's own."""
    return True if (getattr(obj, "__doc__", None) or "").startswith("Alias for field number") else None


def own_signature(
    app: Sphinx, what: str, name: str, obj: Any, options: object, signature: str | None, returns: str | None
) -> tuple[str | None, str | None] | None:
    """The arguments of ``__init__`` where another package's ``__new__`` or metaclass hides them."""
    if what != "class" or not (signature or "").startswith("(*args"):
        return None
    if "__init__" not in vars(obj) or getattr(obj, "_is_protocol", False):
        return "", None
    described = inspect.signature(obj.__init__, bound_method=True, type_aliases=app.config.autodoc_type_aliases)
    described = described.replace(return_annotation=described.empty)
    return inspect.stringify_signature(described, unqualified_typehints=True), None


def find_in_book(env: BuildEnvironment, kind: str, number: str) -> tuple[str, str] | None:
    """Page and anchor of an equation's section, or of a chapter."""
    if kind == "chapter":
        pages = [page for page in sorted(env.found_docs) if re.match(rf"{int(number):02d}-\D", page)]
        return (pages[0], "") if pages else None
    for page, data in sorted(env.metadata.items()):
        if slug := data.get("myst_slugs", {}).get(f"equation-{number}"):
            return page, slug[1]
    return None


def is_type_variable(target: str) -> bool:
    """It stands in a signature for another type, and has no entry of its own."""
    try:
        return isinstance(pkgutil.resolve_name(target), TypeVar)  # a build that reads few pages has not imported it
    except (ImportError, AttributeError, ValueError):
        return False


def resolve(
    app: Sphinx, env: BuildEnvironment, node: addnodes.pending_xref, contnode: nodes.TextElement
) -> nodes.Node | None:
    if node.get("refdomain") == "py" and (
        node["reftarget"].partition(".")[0] != PACKAGE or is_type_variable(node["reftarget"])
    ):
        return contnode
    if node["reftype"] in ("equation", "chapter") and (place := find_in_book(env, node["reftype"], node["reftarget"])):
        page, anchor = place
        address = app.builder.get_relative_uri(node["refdoc"], page) + (f"#{anchor}" if anchor else "")
        return nodes.reference("", "", contnode, internal=True, refuri=address)
    return None


def setup(app: Sphinx) -> dict[str, Any]:
    app.setup_extension("sphinx.ext.autodoc")
    app.setup_extension("sphinx.ext.napoleon")
    app.add_role("equation", BookRole())
    app.add_role("chapter", BookRole())
    app.connect("autodoc-process-docstring", hide_colon, priority=100)  # before napoleon
    app.connect("autodoc-process-docstring", link_docstring, priority=900)  # after napoleon
    app.connect("autodoc-process-signature", own_signature)
    app.connect("autodoc-skip-member", leave_out)
    app.connect("missing-reference", resolve)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}

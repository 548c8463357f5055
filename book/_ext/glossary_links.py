"""Links the first mention of each glossary term on a page to its entry: a Sphinx extension.

The chapters stay plain text, as Colab shows them. Terms are those of the ``glossary`` directive. Comments in an entry
list what else the term is called in the text, and phrases in which the word means another thing::

    % forms: rates, KL to the prior
    % not: learning rate, exchange rate

Only running prose is linked: paragraphs and list items, not headings, links, code, pictures, tables, outputs of cells
or descriptions of functions. Of forms that overlap the longest counts. A form is found as it is written, and with a
capital where a sentence begins.
"""

from __future__ import annotations

import re
from typing import Any, Final, NamedTuple

from docutils import nodes
from sphinx import addnodes
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.util import logging

logger = logging.getLogger(__name__)

ELSE: Final = ""  # the anchor of a phrase that means another thing
FORMS: Final = "glossary_forms"  # in a page's metadata, which Sphinx keeps, merges and forgets with the page
NOT_PROSE: Final = (
    addnodes.desc,
    addnodes.glossary,
    nodes.caption,
    nodes.citation,
    nodes.figure,
    nodes.legend,
    nodes.table,
    nodes.topic,
)
NOT_TEXT: Final = (nodes.literal, nodes.math, nodes.raw, nodes.reference, nodes.problematic)


class Target(NamedTuple):
    """Where an entry stands."""

    page: str
    anchor: str


def read_forms(glossary: addnodes.glossary) -> dict[str, str]:
    """The forms in a glossary, each with the anchor of its entry; takes the comments that list them out."""
    forms: dict[str, str] = {}
    for item in list(glossary.findall(nodes.definition_list_item)):
        terms = [child for child in item.children if isinstance(child, nodes.term)]
        names = {term.astext(): term["ids"][0] for term in terms}
        for comment in list(item.findall(nodes.comment)):
            for kind, listed in re.findall(r"^ *(forms|not):(.*)$", comment.astext(), re.MULTILINE):
                anchor = ELSE if kind == "not" else terms[0]["ids"][0]
                names |= {form.strip(): anchor for form in listed.split(",")}
            comment.parent.remove(comment)
        for form, anchor in names.items():
            if forms.setdefault(form, anchor) != anchor:
                logger.warning("%r stands for two entries of the glossary", form, location=item, type="glossary_links")
    return forms


def collect(app: Sphinx, doctree: nodes.document) -> None:
    forms: dict[str, str] = {}
    for glossary in doctree.findall(addnodes.glossary):
        forms |= read_forms(glossary)
    if forms:
        app.env.metadata[app.env.docname][FORMS] = forms


def all_forms(env: BuildEnvironment) -> dict[str, Target]:
    """Every form in the book and where its entry stands."""
    pages = sorted((page, data[FORMS]) for page, data in env.metadata.items() if FORMS in data)
    return {form: Target(page, anchor) for page, forms in pages for form, anchor in forms.items()}


def pages_to_write(app: Sphinx, env: BuildEnvironment) -> list[str]:
    """All of them where the glossary has changed since they were written."""
    now = all_forms(env)
    before = getattr(env, FORMS, None)
    setattr(env, FORMS, now)
    return sorted(env.found_docs) if before != now else []


def pattern(forms: dict[str, Target]) -> re.Pattern[str]:
    """Finds a form as a whole word, the longest first, its first letter small or large."""

    def either(form: str) -> str:
        rest = re.escape(form[1:]).replace("'", "['’]")  # Sphinx may have set it
        return f"[{re.escape(form[0] + form[0].upper())}]{rest}"

    longest_first = sorted(forms, key=lambda form: (-len(form), form))
    return re.compile(rf"(?<![\w-])(?:{'|'.join(map(either, longest_first))})(?![\w-])")


def mentions(text: str, forms: dict[str, Target], found: re.Pattern[str]) -> list[tuple[re.Match[str], Target]]:
    """The forms in a text from left to right, each with its entry."""
    matches = []
    for match in found.finditer(text):
        form = match[0].replace("’", "'")
        if form not in forms:
            form = form[0].lower() + form[1:]
            if not re.search(r"(?:^|[.!?:…]['\"’”)]*)\s*$", text[: match.start()]):
                continue
        matches.append((match, forms[form]))
    return matches


def is_prose(text: nodes.Text) -> bool:
    """Whether a text stands in a paragraph that is read as one, and is itself plain."""
    in_paragraph = False
    node = text.parent
    while node is not None:
        if isinstance(node, NOT_TEXT) and not in_paragraph:
            return False
        in_paragraph |= isinstance(node, nodes.paragraph)
        is_cell = isinstance(node, nodes.container) and any(name.startswith("cell") for name in node["classes"])
        if is_cell or isinstance(node, NOT_PROSE):
            return False
        node = node.parent
    return in_paragraph


def link_first_mentions(app: Sphinx, doctree: nodes.document, docname: str) -> None:
    forms = {form: target for form, target in all_forms(app.env).items() if target.page != docname}
    if app.builder.format != "html" or not forms:
        return
    found = pattern(forms)
    linked: set[Target] = set()
    for text in [node for node in doctree.findall(nodes.Text) if is_prose(node)]:
        pieces: list[nodes.Node] = []
        end = 0
        for match, target in mentions(text, forms, found):
            if target in linked or target.anchor == ELSE:
                continue
            linked.add(target)
            address = f"{app.builder.get_relative_uri(docname, target.page)}#{target.anchor}"
            link = nodes.reference("", match[0], internal=True, refuri=address, classes=["glossary-link"])
            pieces += [nodes.Text(text[end : match.start()]), link]
            end = match.end()
        if pieces:
            text.parent.replace(text, [*pieces, nodes.Text(text[end:])])


def setup(app: Sphinx) -> dict[str, Any]:
    app.connect("doctree-read", collect)
    app.connect("env-updated", pages_to_write)
    app.connect("doctree-resolved", link_first_mentions)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}

"""The one ES module of a widget, put together from files that import each other.

A notebook host loads a module as one text, in which an import of a sibling would find nothing. The files keep to a few
plain forms, as ``deno fmt`` sets them, so that patterns are enough to read them; any other form is refused.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

SHARED_STYLE: Final = Path(__file__).parent / "shared" / "common.css"
IMPORT: Final = re.compile(r'^import \{\s*\w+(?:,\s+\w+)*,?\s*\} from "(\.{1,2}/[\w./]+\.js)";\n', re.MULTILINE)
DECLARED: Final = re.compile(r"^(?:export )?((?:async )?(?:function|class|const|let) (\w+))", re.MULTILINE)
COMMENT: Final = re.compile(r"^[ \t]*//.*|[ \t]*/\*\*(?:(?!\*/)[\s\S])*\*/", re.MULTILINE)
REFUSED: Final = re.compile(r"^(?:import|export)\b.*|.*\bimport[(.].*|^(?:[^`\n]*`[^`\n]*`)*[^`\n]*`[^`\n]*$", re.M)
ENTRY: Final = "export default { render };\n"


def module_source(file: str) -> str:
    """The ES module of a widget: each file that it imports, once and before those that need it, then its own.

    Comments and indentation stay behind, because a page that shows the widget carries the text.

    Args:
        file: the widget's Python file, ``__file__``. Its module lies beside it, has the name of their folder and ends
            with ``export default { render };``.

    Raises:
        ValueError: a form that is not read, files that import each other, or one name in two of them.
    """
    texts: dict[Path, str] = {}
    _collect(_own(file, ".js"), (), texts)
    owners: dict[str, Path] = {}
    for path, text in texts.items():
        for _, name in DECLARED.findall(text):
            if owners.setdefault(name, path) != path:
                raise ValueError(f"{owners[name].name} and {path.name} both have {name}, and one text has room for one")
    return "".join(_bare(path, text.removesuffix(ENTRY)) for path, text in texts.items()) + ENTRY


def style_source(file: str) -> str:
    """The style sheet of a widget: what all share, then its own, which lies beside its Python ``file``."""
    return "\n".join(each.read_text(encoding="utf-8") for each in (SHARED_STYLE, _own(file, ".css")))


def _own(file: str, suffix: str) -> Path:
    """What lies beside a widget's Python file and has the name of their folder."""
    folder = Path(file).parent
    return folder / f"{folder.name}{suffix}"


def _collect(path: Path, asking: tuple[Path, ...], texts: dict[Path, str]) -> None:
    """Puts a file's text after those of all that it imports."""
    if path in asking:
        raise ValueError(" imports ".join(each.name for each in (*asking[asking.index(path) :], path)))
    if path in texts:
        return
    text = path.read_text(encoding="utf-8")
    for name in IMPORT.findall(text):
        _collect((path.parent / name).resolve(), (*asking, path), texts)
    texts[path] = text


def _bare(path: Path, text: str) -> str:
    """The statements alone: no imports, no word ``export``, no indentation, and comments only behind statements."""
    text = COMMENT.sub("", DECLARED.sub(r"\1", IMPORT.sub("", text)))
    # A text of several lines in backticks would lose its indentation.
    if refused := REFUSED.search(text):
        raise ValueError(f"{path.name}: {refused[0].strip()!r} is not read; see CONTRIBUTING.md, 'Add a widget'")
    return "".join(f"{line.strip()}\n" for line in text.splitlines() if line.strip())

"""One text of a widget from files that import each other, and what is refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from vae_lib.widgets import sources

END = "export default { render };\n"


def put(folder: Path, **files: str) -> None:
    for name, text in files.items():
        (folder / f"{name}.js").write_text(text, encoding="utf-8")


@pytest.fixture
def here(tmp_path: Path) -> Path:
    """The folder of the widget ``entry``."""
    folder = tmp_path / "entry"
    folder.mkdir()
    return folder


def test_each_file_stands_once_and_before_those_that_need_it(here: Path) -> None:
    put(
        here,
        base="// First.\n\nexport const one = 1;\n",
        other='import { one } from "./base.js";\n\n/** Two.\n */\nexport const two = one + 1; // so\n',
        entry='import {\n  one,\n} from "./base.js";\nimport { two } from "./other.js";\n\n'
        f"async function render(/** @type {{any}} */ view) {{\n  return `${{one}}${{two}}`;\n}}\n\n{END}",
    )
    assert sources.module_source(str(here / "__init__.py")) == (
        "const one = 1;\nconst two = one + 1; // so\n"
        f"async function render( view) {{\nreturn `${{one}}${{two}}`;\n}}\n{END}"
    )


@pytest.mark.parametrize(
    ("entry", "said"),
    [
        (f'import {{ one as two }} from "./base.js";\n{END}', "import { one as two }"),
        (f'import "./base.js";\n{END}', 'import "./base.js"'),
        (f'import base from "./base.js";\n{END}', "import base"),
        (f'import {{ one }} from "npm:one";\n{END}', "npm:one"),
        (f'export {{ one }} from "./base.js";\n{END}', r"export \{ one \}"),
        (f'const one = await import("./base.js");\n{END}', r"import\("),
        (f"const one = `a\n  b`;\n{END}", "const one = `a"),
        ("export default 1;\n", "export default 1"),
        (f'import {{ one }} from "./base.js";\nfunction one() {{}}\n{END}', "base.js and entry.js both have one"),
        (f'import {{ two }} from "./ring.js";\n{END}', "entry.js imports ring.js imports entry.js"),
    ],
)
def test_what_is_not_read_is_refused(here: Path, entry: str, said: str) -> None:
    put(
        here,
        base="export const one = 1;\n",
        ring='import { one } from "./entry.js";\nexport const two = one;\n',
        entry=entry,
    )
    with pytest.raises(ValueError, match=said.replace("{ one as two }", r"\{ one as two \}")):
        sources.module_source(str(here / "__init__.py"))

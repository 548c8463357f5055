"""Write the repository's name everywhere it has to stand: ``python tools/repository.py OWNER/NAME [--branch BRANCH]``.

``repository.url`` and ``repository.branch`` in ``_config.yml`` are the settings. Repeated are their consequences in
files that are read where the settings are not: the first code cell of each notebook, from which Colab installs
``vae_lib``; the links at the top of the README; the address in ``CITATION.cff``; the branch that the workflows publish.
With no argument these are brought into line with the settings, with ``""`` the name is taken out everywhere.
"""

from __future__ import annotations

import argparse
import re
import sys
from pathlib import Path
from urllib.parse import quote

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "book" / "_ext"))

from repository_links import BINDER, COLAB, Repository, read  # noqa: E402

SETTING = re.compile(r'(^repository:\n(?:  .*\n)*?  url: )"([^"\n]*)"', re.MULTILINE)
BRANCH = re.compile(r"(^repository:\n(?:  .*\n)*?  branch: )(.+)", re.MULTILINE)
PUSHED = re.compile(r"(^    branches(?:-ignore)?: )\[.*?\]", re.MULTILINE)
CELL = re.compile(r'(REPOSITORY = \\")([^"\\]*)(\\")')  # in the JSON of a notebook
README = re.compile(r"(<!-- repository -->\n)(.*?)(<!-- /repository -->)", re.DOTALL)
CITATION = re.compile(r"^(?:repository-code|url): .*\n", re.MULTILINE)
FIRST = "book/01-latent-space.ipynb"


def written(repository: Repository | None, branch: str, root: Path = ROOT) -> dict[Path, str]:
    """The text that each file should have."""
    url = repository.url if repository else ""
    texts = {}

    def put(path: Path, pattern: re.Pattern[str], new: str) -> None:
        text, count = pattern.subn(lambda _: new, path.read_text(encoding="utf-8"))
        if count != 1:
            raise SystemExit(f"{path.relative_to(root)}: {count} places for the repository's name, there should be one")
        texts[path] = text

    config = root / "_config.yml"
    texts[config] = SETTING.sub(rf'\1"{url}"', BRANCH.sub(rf"\g<1>{branch}", config.read_text(encoding="utf-8")))
    for name in ("publish", "test"):
        workflow = root / ".github" / "workflows" / f"{name}.yml"
        texts[workflow] = PUSHED.sub(rf"\1[{branch}]", workflow.read_text(encoding="utf-8"))
    for path in sorted((root / "book").glob("*.ipynb")):
        put(path, CELL, f'REPOSITORY = \\"{url}\\"')
    put(root / "README.md", README, f"<!-- repository -->\n{links(repository, branch)}<!-- /repository -->")
    citation = root / "CITATION.cff"
    text = CITATION.sub("", citation.read_text(encoding="utf-8"))
    texts[citation] = text + (f'repository-code: "{url}"\nurl: "{repository.site}"\n' if repository else "")
    return texts


def links(repository: Repository | None, branch: str) -> str:
    """The README's ways in that need an address; none without one."""
    if not repository:
        return ""
    there = f"{repository.owner}/{repository.name}"
    ways = {
        "Read it on the web": repository.site,
        "Run it on Binder": f"{BINDER}/v2/gh/{there}/{quote(branch, safe='')}?urlpath=lab/tree/{FIRST}",
        "Run it on Colab": f"{COLAB}/github/{there}/blob/{branch}/{FIRST}",
    }
    return " · ".join(f"**[{text}]({url})**" for text, url in ways.items()) + "\n"


def settings(root: Path = ROOT) -> tuple[Repository | None, str]:
    """The repository and the branch that ``_config.yml`` names."""
    text = (root / "_config.yml").read_text(encoding="utf-8")
    url, branch = SETTING.search(text), BRANCH.search(text)
    if not url or not branch:
        raise SystemExit('_config.yml has no lines   url: "..."   and   branch: ...   under repository:')
    return read(url[2]), branch[2]


def main() -> int:
    """Write what differs, and say which files."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("repository", nargs="?", help='OWNER/NAME, its address on GitHub, or "" for none')
    parser.add_argument("--branch", help="the one that is published, where it is not the one that _config.yml names")
    arguments = parser.parse_args()
    try:
        repository, branch = settings()
        if arguments.repository is not None:
            repository = read(arguments.repository)
    except ValueError as error:
        parser.error(str(error))
    branch = arguments.branch or branch
    if not re.fullmatch(r"[\w./-]+", branch):
        parser.error(f"a branch is of letters, digits and . / - _, got {branch!r}")
    for path, text in written(repository, branch).items():
        if text != path.read_text(encoding="utf-8"):
            path.write_text(text, encoding="utf-8")
            print(f"written: {path.relative_to(ROOT)}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())

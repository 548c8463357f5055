"""Write the repository's name everywhere it has to stand: ``python tools/repository.py OWNER/NAME``.

``repository.url`` in ``_config.yml`` is the setting. Repeated are its consequences in files that are read where the
setting is not: the first code cell of each notebook, from which Colab installs ``vae_lib``; the links at the top of the
README; the address in ``CITATION.cff``. With no argument these are brought into line with the setting, with ``""`` the
name is taken out everywhere.
"""

from __future__ import annotations

import argparse
import re
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "book" / "_ext"))

from repository_links import BINDER, COLAB, Repository, read  # noqa: E402

SETTING = re.compile(r'(^repository:\n(?:  .*\n)*?  url: )"([^"\n]*)"', re.MULTILINE)
CELL = re.compile(r'(REPOSITORY = \\")([^"\\]*)(\\")')  # in the JSON of a notebook
README = re.compile(r"(<!-- repository -->\n)(.*?)(<!-- /repository -->)", re.DOTALL)
CITATION = re.compile(r"^(?:repository-code|url): .*\n", re.MULTILINE)
FIRST = "book/01-latent-space.ipynb"


def written(repository: Repository | None, root: Path = ROOT) -> dict[Path, str]:
    """The text that each file should have."""
    url = repository.url if repository else ""
    texts = {}

    def put(path: Path, pattern: re.Pattern[str], new: str) -> None:
        text, count = pattern.subn(lambda _: new, path.read_text(encoding="utf-8"))
        if count != 1:
            raise SystemExit(f"{path.relative_to(root)}: {count} places for the repository's name, there should be one")
        texts[path] = text

    setting = SETTING.search((root / "_config.yml").read_text(encoding="utf-8"))
    put(root / "_config.yml", SETTING, f'{setting[1] if setting else ""}"{url}"')
    for path in sorted((root / "book").glob("*.ipynb")):
        put(path, CELL, f'REPOSITORY = \\"{url}\\"')
    put(root / "README.md", README, f"<!-- repository -->\n{links(repository)}<!-- /repository -->")
    citation = root / "CITATION.cff"
    text = CITATION.sub("", citation.read_text(encoding="utf-8"))
    texts[citation] = text + (f'repository-code: "{url}"\nurl: "{repository.site}"\n' if repository else "")
    return texts


def links(repository: Repository | None) -> str:
    """The README's ways in that need an address; none without one."""
    if not repository:
        return ""
    there = f"{repository.owner}/{repository.name}"
    ways = {
        "Read it on the web": repository.site,
        "Run it on Binder": f"{BINDER}/v2/gh/{there}/main?urlpath=lab/tree/{FIRST}",
        "Run it on Colab": f"{COLAB}/github/{there}/blob/main/{FIRST}",
    }
    return " · ".join(f"**[{text}]({url})**" for text, url in ways.items()) + "\n"


def setting(root: Path = ROOT) -> Repository | None:
    """The repository that ``_config.yml`` names."""
    found = SETTING.search((root / "_config.yml").read_text(encoding="utf-8"))
    if not found:
        raise SystemExit('_config.yml has no line   url: "..."   under repository:')
    return read(found[2])


def main() -> int:
    """Write what differs, and say which files."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("repository", nargs="?", help='OWNER/NAME, its address on GitHub, or "" for none')
    arguments = parser.parse_args()
    try:
        repository = setting() if arguments.repository is None else read(arguments.repository)
    except ValueError as error:
        parser.error(str(error))
    for path, text in written(repository).items():
        if text != path.read_text(encoding="utf-8"):
            path.write_text(text, encoding="utf-8")
            print(f"written: {path.relative_to(ROOT)}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())

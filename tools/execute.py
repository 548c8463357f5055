"""Execute the notebooks that have changed, one on each core, into the cache from which the build takes them.

python tools/execute.py. Sphinx would run them one after the other. The build runs one that fails again, and names it.
"""

from __future__ import annotations

import os
from pathlib import Path

import yaml
from jupyter_cache import get_cache
from jupyter_cache.executors import load_executor

ROOT = Path(__file__).parents[1]
COUNTS = ROOT / "book" / "made-and-checked.ipynb"  # the tests, which may change without it


def main() -> None:
    """Execute them, the longest first."""
    os.environ["TQDM_DISABLE"] = "1"  # fit shows its progress in notebooks; a page has no use for it
    os.environ["VAE_BOOK_FILM"] = "1"  # sliders of one's own hold a picture for each stop
    cache = get_cache(ROOT / "_build" / ".jupyter_cache")
    for path in sorted(ROOT.glob("book/*.ipynb"), key=lambda path: -path.stat().st_size):
        cache.add_nb_to_project(path)
    if known := cache.get_cached_project_nb(str(COUNTS)):
        cache.remove_cache(known.pk)
    seconds = yaml.safe_load((ROOT / "_config.yml").read_text(encoding="utf-8"))["execute"]["timeout"]
    done = load_executor("local-parallel", cache).run_and_cache(timeout=seconds)
    print(f"{len(done.succeeded)} notebooks executed, {len(done.excepted) + len(done.errored)} of them in vain")


if __name__ == "__main__":
    main()

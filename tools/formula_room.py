"""Measure how much room each formula of the built site takes: python tools/formula_room.py SITE

Writes ``book/_ext/formula_room.json``, from which the next build keeps the room (``book/_ext/formula_room.py``). Run it
when formulas were added or changed; those that it does not know yet move the text around them a little.
"""

from __future__ import annotations

import functools
import json
import os
import sys
import threading
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from playwright.sync_api import sync_playwright

RECORD = Path(__file__).parents[1] / "book" / "_ext" / "formula_room.json"

# In ex of the text around, because MathJax draws a formula as large as that font's letters are.
MEASURE = """() => [...MathJax.startup.document.math].filter(item => item.typesetRoot.isConnected).map(item => {
  const holder = item.typesetRoot.closest(".math");
  const line = document.createElement("span"); // a line of its own, so that nothing breaks
  line.style = "position: absolute; white-space: nowrap";
  const probe = line.appendChild(document.createElement("span"));
  probe.style = "display: inline-block; width: 0; height: 100ex"; // it stands on the line
  const copy = line.appendChild(holder.cloneNode(true));
  holder.before(line);
  const { height: ex, bottom } = probe.getBoundingClientRect();
  const box = copy.getBoundingClientRect();
  line.remove();
  const room = item.display ? [holder.getBoundingClientRect().height] : [box.width, box.height, box.bottom - bottom];
  return [item.math.trim(), item.display, room.map(value => Math.round((10000 * value) / ex) / 100)];
})"""


class Quiet(SimpleHTTPRequestHandler):
    """Serves the site and says nothing."""

    def log_message(self, *args: Any) -> None:
        """Leave the terminal to the figures."""


def measure(site: Path) -> dict[str, dict[str, list[float]]]:
    """The room of every formula on the pages in ``site``: width, height, depth below the line; a display's height."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=str(site)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    found: dict[str, dict[str, list[float]]] = {"display": {}, "inline": {}}
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=os.environ.get("CHROMIUM", "/usr/bin/chromium"),
            args=["--no-sandbox", "--disable-gpu", "--disable-background-networking"],
        )
        for path in sorted(site.glob("*.html")):
            if "tex-chtml.js" not in path.read_text(encoding="utf-8"):
                continue
            page = browser.new_page(viewport={"width": 1280, "height": 900}, service_workers="block")
            page.goto(f"http://127.0.0.1:{server.server_port}/{path.name}")
            page.wait_for_function("window.MathJax?.startup?.promise")
            page.evaluate("MathJax.startup.promise.then(() => document.fonts.ready).then(() => 0)")
            page.evaluate("document.querySelectorAll('details').forEach(one => { one.open = true })")
            for tex, display, room in page.evaluate(MEASURE):
                if any(room):
                    found["display" if display else "inline"].setdefault(tex, room)
            page.close()
        browser.close()
    server.shutdown()
    return {kind: dict(sorted(rooms.items())) for kind, rooms in found.items()}


if __name__ == "__main__":
    if len(sys.argv) != 2 or not Path(sys.argv[1], "index.html").exists():
        sys.exit(__doc__)
    rooms = measure(Path(sys.argv[1]))
    lines = (
        f'"{kind}": {{\n' + ",\n".join(f"{json.dumps(tex)}: {json.dumps(room)}" for tex, room in of.items()) + "\n}"
        for kind, of in rooms.items()
    )
    RECORD.write_text("{\n" + ",\n".join(lines) + "\n}\n", encoding="utf-8")
    print(f"{RECORD.name}: {sum(map(len, rooms.values()))} formulas")

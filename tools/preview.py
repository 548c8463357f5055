"""Make the README's picture from the built site: the landing page's latent-space map.

Usage: python tools/preview.py SITE PICTURE
"""

from __future__ import annotations

import functools
import os
import sys
import threading
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer

from playwright.sync_api import sync_playwright


def main(site: str, picture: str) -> None:
    """Serve the folder ``site`` on loopback and write a PNG of its first page to ``picture``."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(SimpleHTTPRequestHandler, directory=site))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=os.environ.get("CHROMIUM", "/usr/bin/chromium"),
            args=["--no-sandbox", "--disable-gpu", "--disable-background-networking"],
        )
        page = browser.new_page(viewport={"width": 1200, "height": 630}, color_scheme="light")
        page.goto(f"http://127.0.0.1:{server.server_port}/index.html")
        page.wait_for_selector("[data-widget-ready]")
        page.locator(".vae-widget").screenshot(path=picture)
        browser.close()
    server.shutdown()


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    main(*sys.argv[1:])

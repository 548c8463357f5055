"""Make the picture for the README and for shared links from the built site: the landing page's title and machine.

Usage: python tools/preview.py SITE PICTURE
"""

from __future__ import annotations

import functools
import io
import os
import sys
import threading
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer

from PIL import Image
from playwright.sync_api import sync_playwright

SIZE = {"width": 1200, "height": 630}  # what the cards of shared links have room for

# The page's own title and widget, without what is round them.
CARD = """
.vae-widget {
  position: fixed; inset: 0; z-index: 9999; max-width: none; padding: 88px 48px; background: var(--paper);
  font-family: system-ui, sans-serif;
}
.vae-machine h1 { margin: 0 0 40px; font-size: 44px; line-height: 1.15; }
.vae-machine h1 .headerlink, .vae-machine .vae-under, .vae-machine .vae-hint { display: none; }
.vae-machine .vae-row .vae-caption { font-size: 20px; }
"""


def main(site: str, picture: str) -> None:
    """Serve the folder ``site`` on loopback and write a PNG of what its first page shows to ``picture``."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(SimpleHTTPRequestHandler, directory=site))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=os.environ.get("CHROMIUM", "/usr/bin/chromium"),
            args=["--no-sandbox", "--disable-gpu", "--disable-background-networking"],
        )
        page = browser.new_page(viewport=SIZE, color_scheme="light")
        page.goto(f"http://127.0.0.1:{server.server_port}/index.html")
        page.wait_for_selector("[data-widget-ready]")
        page.add_style_tag(content=CARD)
        page.evaluate("document.querySelector('.vae-machine').prepend(document.querySelector('article h1'))")
        page.wait_for_timeout(1000)  # all is drawn anew in its new size
        shot = page.screenshot()
        browser.close()
    server.shutdown()
    Image.open(io.BytesIO(shot)).convert("RGB").quantize(256, dither=Image.Dither.NONE).save(picture, optimize=True)


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    main(*sys.argv[1:])

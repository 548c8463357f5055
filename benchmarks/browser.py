"""How fast a page with a widget is, in Chromium: ``python benchmarks/browser.py`` after ``make site``.

The built site is served gzipped from loopback, and every visit has a cold profile. Measured on each page, as the
median over the visits:

bytes           all that came over the network until it was idle, headers included
first_digit_ms  from the start of the navigation until a decoded digit stands on its canvas
input_ms        from the dispatch of an input event, a pointer move or a key, until the digit's pixels are on its
                canvas: median and 95th percentile over 100 moves
longest_task_ms the longest task on the main thread after the page had loaded and was idle, while the widget was moved
                and the page was scrolled to its end, so that every widget of the page started

A chapter is read as on a phone's processor, four times slower than this one, at two widths of the window:

paint_ms        when the largest part of the first screen was painted (largest contentful paint)
shift           how far what stood on the screen jumped while the page loaded (cumulative layout shift: the worst burst)
scroll_shift    the same on a slow way down to the end
bytes           as above, in a visit of its own that goes down to the end, so that every picture comes

The VAE that trains in the page is watched while it does, for ten seconds from the press on Train:

epochs_per_s    epochs of 1,797 digits
frames_per_s    how often the page could draw meanwhile; 60 is all that there is
elbo            what the page shows at the end, the mean over the last epoch, in nats

``processor_ms``, the time of one fixed loop before each visit, tells runs on a slow machine, or in its slow minutes,
from those on a fast one.
"""

from __future__ import annotations

import argparse
import functools
import gzip
import json
import os
import platform
import re
import shutil
import statistics
import subprocess
import threading
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, ClassVar, Final

from playwright.sync_api import Browser, CDPSession, Page, sync_playwright

from vae_lib.runs.files import record_text

ROOT: Final = Path(__file__).parents[1]
FLAGS: Final = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
MOVES: Final = 100
SETTLE_MS: Final = 2000  # a browser that is still starting itself is not what is measured
PAGES: Final = {
    # page: what holds the map that is moved
    "index.html": ".vae-machine",
    "07-exploring-latent-space.html": ".vae-latent",
}
LEARN: Final = "06-training.html"
LEARN_MS: Final = 10_000
LEARN_GOALS: Final = {"epochs_per_s": 5, "frames_per_s": 58}
READ: Final = "04-equation-4.html"
SIZES: Final = ((1280, 900), (390, 844))
SLOWER: Final = 4
READ_GOALS: Final = {"paint_ms": 1500, "shift": 0.05, "scroll_shift": 0.05, "bytes": 1_200_000}
GOALS: Final = {"bytes": 1_000_000, "first_digit_ms": 400, "input_ms": 4, "input_p95_ms": 8, "longest_task_ms": 50}

# A digit is on its canvas when putImageData has returned. The first one that is not all of one shade counts.
WATCH: Final = """
window.seen = { first: null, drawn: 0, events: [], tasks: [] };
const put = CanvasRenderingContext2D.prototype.putImageData;
CanvasRenderingContext2D.prototype.putImageData = function (image, ...rest) {
  put.call(this, image, ...rest);
  if (!this.canvas.closest(".vae-digit-panel, .vae-part-f")) return;
  seen.drawn = performance.now();
  const event = seen.events.at(-1);
  if (event && event.drawn === null) event.drawn = seen.drawn;
  if (seen.first === null && new Set(new Uint32Array(image.data.buffer)).size > 1) seen.first = seen.drawn;
};
for (const kind of ["pointermove", "keydown"]) {
  window.addEventListener(kind, event => {
    if (seen.recording) seen.events.push({ kind, dispatched: performance.now(), stamp: event.timeStamp, drawn: null });
  }, { capture: true });
}
new PerformanceObserver(list => {
  for (const { startTime, duration } of list.getEntries()) seen.tasks.push([startTime, duration]);
}).observe({ type: "longtask", buffered: true });
"""

# A burst of shifts has gaps under a second and lasts five at most, after web.dev/articles/cls.
WATCH_READER: Final = """
window.read = { paint: 0, shifts: [] };
new PerformanceObserver(list => {
  for (const { startTime } of list.getEntries()) read.paint = startTime;
}).observe({ type: "largest-contentful-paint", buffered: true });
new PerformanceObserver(list => {
  for (const { startTime, value, hadRecentInput } of list.getEntries()) {
    if (!hadRecentInput) read.shifts.push([startTime, value]);
  }
}).observe({ type: "layout-shift", buffered: true });
read.worst = () => {
  let worst = 0, sum = 0, start = -Infinity, last = -Infinity;
  for (const [time, value] of read.shifts) {
    if (time - last > 1000 || time - start > 5000) [sum, start] = [0, time];
    [sum, last] = [sum + value, time];
    worst = Math.max(worst, sum);
  }
  return worst;
};
"""

# A loop of plain arithmetic, the median of five.
PROCESSOR: Final = """() => {
  const times = [];
  for (let k = 0; k < 5; k++) {
    const start = performance.now();
    let x = 1;
    for (let i = 0; i < 20_000_000; i++) x = (x * 1.0000001 + i) % 1000;
    times.push(performance.now() - start + 0 * x);
  }
  return times.sort((a, b) => a - b)[2];
}"""


class _Gzipped(SimpleHTTPRequestHandler):
    """Static files, those that gain by it compressed, as any web host sends them."""

    extensions_map: ClassVar = {**SimpleHTTPRequestHandler.extensions_map, ".mjs": "text/javascript"}
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        path = Path(self.translate_path(self.path))
        if not path.is_file():
            self.send_error(404)
            return
        body = _compressed(path)
        self.send_response(200)
        self.send_header("Content-Type", self.guess_type(str(path)))
        if body is not None:
            self.send_header("Content-Encoding", "gzip")
        body = path.read_bytes() if body is None else body
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args: Any) -> None:
        pass


@functools.cache
def _compressed(path: Path) -> bytes | None:
    """The file gzipped, or None where that does not make it smaller."""
    content = path.read_bytes()
    packed = gzip.compress(content, 6)
    return packed if len(packed) < len(content) else None


def _count_bytes(session: CDPSession, sizes: dict[str, float]) -> None:
    names: dict[str, str] = {}
    session.on("Network.requestWillBeSent", lambda e: names.__setitem__(e["requestId"], e["request"]["url"]))
    session.on("Network.loadingFinished", lambda e: sizes.__setitem__(names[e["requestId"]], e["encodedDataLength"]))
    session.send("Network.enable")


def _moves(page: Page, holder: str) -> list[dict[str, Any]]:
    """A hundred moves: half by the pointer over the map, half by the arrow keys."""
    the_map = page.locator(f"{holder} .vae-map").first
    the_map.scroll_into_view_if_needed()
    page.wait_for_timeout(500)
    box = the_map.bounding_box()
    assert box
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    page.evaluate("seen.recording = true")
    for i in range(MOVES // 2):
        page.mouse.move(x - 100 + 4 * i, y + 60 - 3 * i)
        page.wait_for_timeout(20)
    page.mouse.up()
    for i in range(MOVES // 2):
        page.keyboard.press("ArrowLeft" if i % 2 else "ArrowUp")
        page.wait_for_timeout(20)
    page.evaluate("seen.recording = false")
    return [event for event in page.evaluate("seen.events") if event["drawn"] is not None]


def _scroll_to_end(page: Page) -> None:
    """Down by the wheel, a third of a screen at a time."""
    page.mouse.move(200, 400)
    for _ in range(3 * page.evaluate("Math.ceil(document.documentElement.scrollHeight / innerHeight)")):
        page.mouse.wheel(0, page.viewport_size["height"] / 3)  # type: ignore[index]
        page.wait_for_timeout(200)


def weigh(browser: Browser, url: str, width: int = 1280, height: int = 900, *, whole: bool = False) -> dict[str, float]:
    """The bytes of each file, in a visit of its own: listening to the network slows a page by a third."""
    page = browser.new_page(viewport={"width": width, "height": height})
    sizes: dict[str, float] = {}
    _count_bytes(page.context.new_cdp_session(page), sizes)
    page.goto(url, wait_until="networkidle")
    if whole:
        _scroll_to_end(page)
        page.wait_for_load_state("networkidle")
    page.close()
    return {address.rsplit("/", 1)[-1]: size for address, size in sorted(sizes.items(), key=lambda item: -item[1])}


def visit(browser: Browser, url: str, holder: str) -> dict[str, Any]:
    """One visit with a cold profile."""
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    page = context.new_page()
    page.add_init_script(WATCH)
    page.wait_for_timeout(SETTLE_MS)
    processor = page.evaluate(PROCESSOR)
    page.goto(url, wait_until="networkidle")
    page.wait_for_function("() => seen.first !== null", timeout=10_000)
    page.wait_for_timeout(500)
    loaded = page.evaluate("performance.now()")
    height = page.evaluate("document.documentElement.scrollHeight")
    for top in range(0, int(height), 400):
        page.evaluate("top => scrollTo(0, top)", top)
        page.wait_for_timeout(60)
    events = _moves(page, holder)
    if len(events) < MOVES * 0.9:
        raise RuntimeError(f"{url}: of {MOVES} moves only {len(events)} drew a digit; is {holder} on the page?")
    waits = [event["drawn"] - event["dispatched"] for event in events]
    tasks = [duration for start, duration in page.evaluate("seen.tasks") if start > loaded]
    first = page.evaluate("seen.first")
    context.close()
    return {
        "first_digit_ms": first,
        "input_ms": statistics.median(waits),
        "input_p95_ms": statistics.quantiles(waits, n=20)[-1],
        "longest_task_ms": max(tasks, default=0.0),
        "processor_ms": processor,
    }


def read(browser: Browser, url: str, width: int, height: int) -> dict[str, float]:
    """One visit of a reader with a slow processor and a cold profile, down to the end."""
    context = browser.new_context(viewport={"width": width, "height": height})
    page = context.new_page()
    page.add_init_script(WATCH_READER)
    page.wait_for_timeout(SETTLE_MS)
    processor = page.evaluate(PROCESSOR)
    context.new_cdp_session(page).send("Emulation.setCPUThrottlingRate", {"rate": SLOWER})
    page.goto(url, wait_until="networkidle")
    page.wait_for_timeout(1000)
    shift, paint = page.evaluate("[read.worst(), read.paint]")
    page.evaluate("read.shifts = []")
    _scroll_to_end(page)
    page.wait_for_timeout(1000)
    scroll_shift = page.evaluate("read.worst()")
    context.close()
    return {"paint_ms": paint, "shift": shift, "scroll_shift": scroll_shift, "processor_ms": processor}


def learn(browser: Browser, url: str) -> dict[str, float]:
    """One training in the page, with a cold profile."""
    page = browser.new_page(viewport={"width": 1280, "height": 900})
    page.wait_for_timeout(SETTLE_MS)
    processor = page.evaluate(PROCESSOR)
    page.goto(url, wait_until="networkidle")
    holder = page.locator(".vae-training").first
    page.evaluate("document.querySelector('#watch-it-learn').scrollIntoView()")
    holder.scroll_into_view_if_needed()
    page.wait_for_function("() => [...document.querySelectorAll('.vae-training dd')].every(dd => dd.textContent)")
    holder.get_by_role("button", name="Train", exact=True).scroll_into_view_if_needed()
    page.wait_for_timeout(SETTLE_MS)
    drawn = page.evaluate(
        """milliseconds => new Promise(done => {
          const start = performance.now();
          let frames = 0;
          const count = now => {
            if (now - start >= milliseconds) done(frames);
            else requestAnimationFrame(count, frames++);
          };
          document.querySelector(".vae-training button").click();
          requestAnimationFrame(count);
        })""",
        LEARN_MS,
    )
    epochs = int(re.findall(r"\d+", holder.locator(".vae-progress").inner_text())[0])
    elbo = holder.locator("[data-term=elbo] dd").inner_text().split()[0].replace("−", "-")
    page.close()
    seconds = LEARN_MS / 1000
    return {
        "epochs_per_s": epochs / seconds,
        "frames_per_s": drawn / seconds,
        "elbo": float(elbo),
        "processor_ms": processor,
    }


def _machine(browser: Browser) -> dict[str, Any]:
    describe = ["git", "-C", str(ROOT), "describe", "--always", "--dirty=+", "--abbrev=12"]
    return {
        "processor": platform.processor() or platform.machine(),
        "cores": os.cpu_count(),
        "chromium": browser.version,
        "rendering": "software",
        "code_revision": subprocess.run(describe, capture_output=True, text=True).stdout.strip(),
    }


def main() -> None:
    """Measures every page and writes the figures beside the goals."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--site", type=Path, default=ROOT / "_build" / "html", help="the built site")
    options.add_argument("--visits", type=int, default=5, help="visits to each page (default: %(default)s)")
    options.add_argument("--out", type=Path, default=ROOT / "benchmarks" / "results" / "browser.json")
    given = options.parse_args()
    if not (given.site / "index.html").exists():
        options.error(f"no site in {given.site}; make site")
    server = ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(_Gzipped, directory=str(given.site)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    path = os.environ.get("CHROMIUM") or shutil.which("chromium") or "/usr/bin/chromium"
    results: dict[str, Any] = {"command": "python benchmarks/browser.py", "goals": GOALS, "pages": {}}
    results |= {"read_goals": READ_GOALS, "read": {}}
    with sync_playwright() as playwright:
        for page, holder in PAGES.items():
            visits = []
            for _ in range(given.visits):
                browser = playwright.chromium.launch(executable_path=path, args=FLAGS)  # a cold profile each time
                results["machine"] = _machine(browser)
                visits.append(visit(browser, f"http://127.0.0.1:{server.server_port}/{page}", holder))
                browser.close()
            browser = playwright.chromium.launch(executable_path=path, args=FLAGS)
            files = weigh(browser, f"http://127.0.0.1:{server.server_port}/{page}")
            browser.close()
            figures = {"bytes": sum(files.values())} | {
                name: round(statistics.median(one[name] for one in visits), 1) for name in visits[0]
            }
            results["pages"][page] = {
                **figures,
                "visits": given.visits,
                "heaviest": dict(list(files.items())[:6]),
            }
            print(page, json.dumps(figures))
        url = f"http://127.0.0.1:{server.server_port}/{READ}"
        for width, height in SIZES:
            readings = []
            for _ in range(given.visits):
                browser = playwright.chromium.launch(executable_path=path, args=FLAGS)
                readings.append(read(browser, url, width, height))
                browser.close()
            browser = playwright.chromium.launch(executable_path=path, args=FLAGS)
            size = sum(weigh(browser, url, width, height, whole=True).values())
            browser.close()
            figures = {"bytes": size} | {
                name: round(statistics.median(one[name] for one in readings), 4 if "shift" in name else 1)
                for name in readings[0]
            }
            results["read"][f"{READ} at {width} px"] = {**figures, "visits": given.visits}
            print(READ, width, json.dumps(figures))
        trainings = []
        for _ in range(given.visits):
            browser = playwright.chromium.launch(executable_path=path, args=FLAGS)
            trainings.append(learn(browser, f"http://127.0.0.1:{server.server_port}/{LEARN}"))
            browser.close()
        results["learn_goals"] = LEARN_GOALS
        results["learn"] = {name: round(statistics.median(one[name] for one in trainings), 1) for name in trainings[0]}
        results["learn"]["visits"] = given.visits
        print(LEARN, json.dumps(results["learn"]))
    server.shutdown()
    given.out.parent.mkdir(parents=True, exist_ok=True)
    given.out.write_text(record_text(results), encoding="utf-8")


if __name__ == "__main__":
    main()

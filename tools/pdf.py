"""Print the built site as one PDF, with contents, page numbers and bookmarks: python tools/pdf.py SITE OUT.

Chromium prints each page as a reader would, pypdf puts them together, pikepdf packs them. A link to another page of the
book leads to its place in the PDF.
"""

from __future__ import annotations

import functools
import html
import io
import os
import re
import shutil
import sys
import threading
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import IO, Any

import pikepdf
from fontTools.ttLib import TTFont
from playwright.sync_api import Browser, sync_playwright
from pypdf import PdfReader, PdfWriter
from pypdf.generic import (
    ArrayObject,
    BooleanObject,
    DictionaryObject,
    NameObject,
    NumberObject,
    TextStringObject,
)

from vae_lib.palette import INK, NEUTRALS

MARGINS = {"top": "18mm", "bottom": "20mm", "left": "18mm", "right": "18mm"}
NOT_READ = {"search.html", "genindex.html"}
SHEET = f"@page {{ margin: 0 }} body {{ margin: 0; font: 9pt sans-serif; color: {NEUTRALS['quiet'].light} }}"
NUMBER = (
    '<div style="height: 296.8mm; position: relative; break-after: page"><p style="position: absolute; bottom: 6mm;'
)
NUMBER += ' width: 100%; text-align: center; margin: 0">{}</p></div>'
PRINTED = """async () => {
  window.print = () => document.body.dataset.printed = "yes";
  for (const picture of document.images) picture.loading = "eager";
  await Promise.all([...document.images].map((picture) => picture.decode().catch(() => {})));
  dispatchEvent(new KeyboardEvent("keydown", { key: "p", ctrlKey: true }));
}"""


class Handler(SimpleHTTPRequestHandler):
    """Serves the site without a word."""

    extensions_map = {**SimpleHTTPRequestHandler.extensions_map, ".mjs": "text/javascript"}  # noqa: RUF012

    def log_message(self, *args: Any) -> None:
        pass


def reading_order(site: Path) -> list[str]:
    """The pages of the book, as its first page's sidebar and then each next one lists them."""
    text = (site / "index.html").read_text(encoding="utf-8")
    links = re.findall(r'<a class="reference internal" href="([\w-]+\.html)"', text)
    return [name for name in dict.fromkeys(["index.html", *links]) if name not in NOT_READ and (site / name).is_file()]


def printed(browser: Browser, url: str) -> tuple[str, PdfReader]:
    """The title of a page, and what Chromium prints of it."""
    page = browser.new_page(color_scheme="light", viewport={"width": 1000, "height": 1400})
    page.goto(url)
    page.evaluate(PRINTED)
    page.wait_for_selector("body[data-printed]", timeout=300_000)
    title = page.locator("h1").first.evaluate(
        "h1 => [...h1.childNodes].filter(e => !e.matches?.('.headerlink')).map(e => e.textContent).join('').trim()"
    )
    pdf = page.pdf(format="A4", margin=MARGINS, outline=True, tagged=True)
    page.close()
    return title, PdfReader(io.BytesIO(pdf))


def sheets(browser: Browser, body: str) -> PdfReader:
    """Sheets of HTML, without margins."""
    page = browser.new_page()
    page.set_content(f"<style>{SHEET}</style>{body}")
    pdf = page.pdf(format="A4", print_background=True)
    page.close()
    return PdfReader(io.BytesIO(pdf))


def contents(chapters: list[tuple[str, int]]) -> str:
    """The contents as HTML: titles, and the numbers of their first sheets."""
    rows = "".join(
        f'<tr><td style="padding: 1.2mm 0">{html.escape(title)}<td style="text-align: right">{first}'
        for title, first in chapters
    )
    return f"""<div style="margin: 25mm 22mm; font-size: 11pt; color: {INK}"><h1 style="font-size: 20pt">Contents</h1>
<table style="width: 100%; border-collapse: collapse">{rows}</table></div>"""


def lead_within(writer: PdfWriter, base: str, first: dict[str, int]) -> None:
    """Links to a page of the site lead to its first sheet."""
    for sheet in writer.pages:
        for link in sheet.get("/Annots", ()):
            action = link.get_object().get("/A", {})
            if str(action.get("/URI", "")).startswith(base):
                name = re.sub(r"[?#].*", "", str(action["/URI"]).removeprefix(base)) or "index.html"
                if name not in first:  # a notebook, say
                    del link.get_object()["/A"]
                    continue
                place = ArrayObject([writer.pages[first[name]].indirect_reference, NameObject("/Fit")])
                link.get_object()[NameObject("/A")] = DictionaryObject(
                    {NameObject("/S"): NameObject("/GoTo"), NameObject("/D"): place}
                )


def packed(whole: IO[bytes], out: Path) -> None:
    """Write a PDF in few bytes: its objects in streams, its fonts without the hints that only a coarse screen needs."""
    pikepdf.settings.set_flate_compression_level(9)
    with pikepdf.open(whole) as pdf:
        for one in pdf.objects:
            if isinstance(one, pikepdf.Dictionary) and "/FontFile2" in one:
                font, plain = TTFont(io.BytesIO(one.FontFile2.read_bytes())), io.BytesIO()
                for table in {"fpgm", "prep", "cvt "} & set(font.keys()):
                    del font[table]
                for name in font.getGlyphOrder():
                    font["glyf"][name].removeHinting()
                font.save(plain, reorderTables=False)
                one.FontFile2.write(plain.getvalue())
        pdf.save(out, object_stream_mode=pikepdf.ObjectStreamMode.generate, recompress_flate=True)


class Tags:
    """What each part of a page is, for a screen reader: one tree over those that Chromium made of its pages."""

    def __init__(self, writer: PdfWriter) -> None:
        self.writer, self.next = writer, 0
        self.parts, self.places = ArrayObject(), ArrayObject()
        self.root = writer._add_object(DictionaryObject({NameObject("/Type"): NameObject("/StructTreeRoot")}))
        whole = {"/Type": NameObject("/StructElem"), "/S": NameObject("/Document"), "/P": self.root, "/K": self.parts}
        self.whole = writer._add_object(DictionaryObject({NameObject(key): value for key, value in whole.items()}))

    def take(self, pdf: PdfReader, first: int) -> None:
        """Those of ``pdf``, whose pages stand in the book from the page ``first`` on."""
        tree = pdf.trailer["/Root"]["/StructTreeRoot"].clone(self.writer)
        before, self.next = self.next, self.next + tree["/ParentTreeNextKey"]
        for sheet in self.writer.pages[first : first + len(pdf.pages)]:
            for part in (sheet, *(link.get_object() for link in sheet.get("/Annots", ()))):
                for key in {"/StructParents", "/StructParent"} & part.keys():
                    part[NameObject(key)] = NumberObject(before + part[key])
        numbers = tree["/ParentTree"]["/Nums"]
        for at, place in zip(numbers[::2], numbers[1::2], strict=True):
            self.places.extend([NumberObject(before + at), place])
        part = tree["/K"]
        part.update({NameObject("/S"): NameObject("/Part"), NameObject("/P"): self.whole})
        self.parts.append(part.indirect_reference or self.writer._add_object(part))

    def close(self) -> None:
        """Enter the tree into the PDF."""
        places = DictionaryObject({NameObject("/Nums"): self.places})
        self.root.get_object().update({NameObject("/K"): self.whole, NameObject("/ParentTree"): places})
        catalogue = self.writer.root_object
        catalogue[NameObject("/StructTreeRoot")] = self.root
        catalogue[NameObject("/MarkInfo")] = DictionaryObject({NameObject("/Marked"): BooleanObject(True)})
        catalogue[NameObject("/Lang")] = TextStringObject("en")


def book(site: Path, out: Path) -> None:
    """Print the pages of ``site`` to the file ``out``."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Handler, directory=str(site)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    base = f"http://127.0.0.1:{server.server_port}/"
    writer = PdfWriter()
    with sync_playwright() as playwright:
        flags = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
        found = [os.environ.get("CHROMIUM"), *map(shutil.which, ("chromium-headless-shell", "chromium"))]
        path = next(filter(None, found))
        browser = playwright.chromium.launch(executable_path=path, args=flags)
        done = {name: printed(browser, base + name) for name in reading_order(site)}
        first, length = {}, 0
        front, *_ = done
        for name, (_, pdf) in done.items():
            first[name] = length
            length += len(pdf.pages) + (name == front)  # the contents stand after the first page of the book
        listed = sheets(browser, contents([(title, first[name] + 1) for name, (title, _) in done.items()]))
        tags = Tags(writer)
        for name, (title, pdf) in done.items():
            writer.append(pdf, outline_item=title)
            tags.take(pdf, first[name])
            if name == front:
                writer.append(PdfReader(listed.stream), outline_item="Contents", pages=(0, 1))
        numbers = sheets(browser, "".join(NUMBER.format(i + 1) for i in range(length)))
        browser.close()
    server.shutdown()
    server.server_close()
    for sheet, number in zip(writer.pages, numbers.pages, strict=False):
        sheet.merge_page(number)
        sheet.compress_content_streams()
    lead_within(writer, base, first)
    tags.close()
    writer.compress_identical_objects()
    writer.add_metadata({"/Title": done[front][0]})
    whole = io.BytesIO()
    writer.write(whole)
    packed(whole, out)


if __name__ == "__main__":
    book(Path(sys.argv[1]), Path(sys.argv[2]))

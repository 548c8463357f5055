"""Where no kernel runs: a plain slider's figure at its first setting, and what a kernel would add."""

from __future__ import annotations

import base64
import io
from collections.abc import Callable
from typing import Any

import ipywidgets
import pytest
from PIL import Image
from playwright.sync_api import Page, expect

OpenPage = Callable[..., Page]
MakePage = Callable[..., str]
ERROR = {"output_type": "error", "ename": "E", "evalue": "", "traceback": []}


def drawn_by(slider: ipywidgets.Widget, *outputs: dict[str, Any]) -> ipywidgets.VBox:
    """What ``interact`` leaves in the page: a control above an Output that holds what the function showed."""
    shown = ipywidgets.Output()
    shown.outputs = outputs
    return ipywidgets.VBox([slider, shown])


def png() -> str:
    file = io.BytesIO()
    Image.new("RGB", (12, 7)).save(file, "png")
    return base64.encodebytes(file.getvalue()).decode()


def test_figure_and_text_are_shown(open_page: OpenPage, widget_page: MakePage) -> None:
    box = drawn_by(
        ipywidgets.FloatSlider(-0.5, min=-3, description="strength"),
        {"output_type": "stream", "name": "stdout", "text": "mean slant -0.10\n"},
        {"output_type": "display_data", "metadata": {}, "data": {"image/png": png(), "text/plain": "<Figure>"}},
    )
    page = open_page(widget_page(box))
    expect(page.locator(".widget-figure pre")).to_have_text("mean slant -0.10")
    picture = page.locator(".widget-figure img")
    assert picture.evaluate("image => [image.naturalWidth, image.naturalHeight]") == [12, 7]
    expect(picture).to_have_attribute("alt", "The figure for strength = −0.5; the text around it says what it shows.")
    expect(page.locator("figcaption")).to_contain_text("Shown for strength = −0.5. Run this chapter as a notebook")


def test_markup_in_an_output_stays_text(open_page: OpenPage, widget_page: MakePage) -> None:
    box = drawn_by(
        ipywidgets.Text("5 $' <b>x</b>", description="name"),
        {"output_type": "stream", "name": "stdout", "text": "<img src=x onerror=alert(1)>"},
    )
    page = open_page(widget_page(box))
    expect(page.locator(".widget-figure pre")).to_have_text("<img src=x onerror=alert(1)>")
    expect(page.locator("figcaption")).to_contain_text("Shown for name = 5 $' <b>x</b>. Run this chapter")
    expect(page.locator(".widget-figure :is(img, b)")).to_have_count(0)


@pytest.mark.parametrize(
    "box",
    [
        drawn_by(ipywidgets.IntSlider(description="n")),
        drawn_by(
            ipywidgets.IntSlider(description="n"), {"output_type": "error", "ename": "E", "evalue": "", "traceback": []}
        ),
        drawn_by(ipywidgets.Label(), {"output_type": "stream", "name": "stdout", "text": "no control"}),
    ],
    ids=["nothing", "an error", "no control"],
)
def test_without_a_figure_of_a_control_it_says_that_it_needs_python(
    open_page: OpenPage, widget_page: MakePage, box: ipywidgets.VBox
) -> None:
    page = open_page(widget_page(box))
    expect(page.locator(".widget-note")).to_contain_text("needs Python")
    expect(page.locator(".widget-figure")).to_have_count(0)

"""Where no kernel runs: a control of ipywidgets' own says that it needs Python, once for all that a cell shows."""

from __future__ import annotations

from collections.abc import Callable

import ipywidgets
from playwright.sync_api import Page, expect

OpenPage = Callable[..., Page]
MakePage = Callable[..., str]


def test_another_control_says_that_it_needs_python(open_page: OpenPage, widget_page: MakePage) -> None:
    shown = ipywidgets.Output()
    shown.outputs = ({"output_type": "stream", "name": "stdout", "text": "<b>said</b>"},)
    page = open_page(widget_page(ipywidgets.VBox([ipywidgets.IntSlider(description="n"), shown])))
    expect(page.locator(".widget-note")).to_contain_text("needs Python")
    expect(page.locator(".widget-view b")).to_have_count(0)

"""The example of CONTRIBUTING.md, in Chromium: what it draws, by mouse, keys and Python, and what it refuses."""

from __future__ import annotations

import inspect
from collections.abc import Callable

import my_widget
import pytest
import traitlets
from checks import complaints, hold_time, remove_change_and_show, settle
from my_widget import MY_WIDGET, MyWidget
from playwright.sync_api import Page, expect

LivePage = Callable[..., Page]
RING = """canvas => {
  const [x, y] = [live.model.get('x'), live.model.get('x') ** 2];
  const box = canvas.getBoundingClientRect();
  return [box.left + 1 + canvas.clientWidth * (x + 2.5) / 5,
    box.top + 1 + 20 + (canvas.clientHeight - 42) * (5 - y) / 5];
}"""


@pytest.fixture
def live(live_widget: LivePage) -> Page:
    page = live_widget(MyWidget(1.0))
    settle(page)
    return page


def test_the_slider_shows_the_square_and_tells_python(live: Page) -> None:
    slider = live.get_by_role("slider", name=MY_WIDGET["x"])
    for key, x in [("ArrowRight", 1.1), ("End", 2.0), ("Home", -2.0)]:
        slider.press(key)
        expect(live.locator(".vae-mine > output")).to_have_text(f"x² = {x**2:.2f}")
        assert live.evaluate("live.model.heard.at(-1).x") == pytest.approx(x)
    expect(live.locator(".vae-live")).to_have_text("x² = 4.00")
    expect(live.get_by_role("img")).to_have_accessible_name("The curve of x², with a ring at x = −2.00")


def test_a_hand_moves_the_ring(live: Page) -> None:
    canvas = live.locator("canvas")
    x, y = canvas.evaluate(RING)
    per_unit = canvas.evaluate("canvas => canvas.clientWidth / 5")
    live.mouse.move(x + 5, y + 3)
    live.mouse.down()
    live.mouse.move(x + 5 - 1.5 * per_unit, y)
    live.mouse.up()
    assert live.evaluate("live.model.get('x')") == pytest.approx(-0.5, abs=0.02)
    live.mouse.move(x, y)  # where the ring was
    live.mouse.down()
    live.mouse.move(x + 30, y)
    live.mouse.up()
    assert live.evaluate("live.model.get('x')") == pytest.approx(-0.5, abs=0.02)


def test_it_plays_to_the_end_and_pauses(live: Page) -> None:
    hold_time(live)
    live.get_by_role("button", name=MY_WIDGET["play"]).click()
    live.clock.run_for(200)
    between = live.evaluate("live.model.get('x')")
    assert 1 < between < 2
    live.get_by_role("button", name=MY_WIDGET["pause"]).click()
    live.clock.run_for(1000)
    assert live.evaluate("live.model.get('x')") == between
    live.get_by_role("button", name=MY_WIDGET["play"]).click()
    live.clock.run_for(5000)
    assert live.evaluate("live.model.get('x')") == 2
    expect(live.get_by_role("button")).to_have_text(MY_WIDGET["play"])


def test_less_motion_is_one_step(live: Page) -> None:
    live.emulate_media(reduced_motion="reduce")
    live.get_by_role("button", name=MY_WIDGET["play"]).click()
    assert live.evaluate("live.model.get('x')") == 2
    expect(live.get_by_role("button")).to_have_text(MY_WIDGET["play"])


def test_the_kernel_moves_it_and_nonsense_is_one_sentence(live: Page) -> None:
    live.evaluate("live.model.set('x', -1.5)")
    expect(live.locator(".vae-mine > output")).to_have_text("x² = 2.25")
    live.evaluate("live.model.set('x', 3)")
    expect(live.locator(".vae-sentence")).to_have_text(MY_WIDGET["bad_number"])
    live.evaluate("live.model.set('x', 0.5)")
    expect(live.locator(".vae-mine > output")).to_have_text("x² = 0.25")
    remove_change_and_show(live, "x", 0.25)
    with pytest.raises(traitlets.TraitError, match=r"x must be a number from -2.0 to 2.0, got 3"):
        MyWidget(3)


def test_the_picture_follows_the_theme_and_the_page_is_accessible(live: Page) -> None:
    paper = "c => c.getContext('2d').getImageData(3, 3, 1, 1).data[0]"
    assert live.locator("canvas").evaluate(paper) > 200
    live.evaluate("document.documentElement.dataset.theme = 'dark'")
    live.wait_for_function(f"({paper})(document.querySelector('canvas')) < 60")
    live.evaluate("document.documentElement.dataset.theme = 'light'")
    ours = [said for said in complaints(live) if not said.startswith(("landmark-", "region:", "page-has-"))]
    assert ours == []  # the others are the bare page's


def test_it_is_written_in_about_sixty_lines() -> None:
    module = inspect.getfile(my_widget).replace("__init__.py", "my_widget.js")
    with open(module, encoding="utf-8") as file:
        assert sum(bool(line.strip()) and not line.startswith(("//", "import")) for line in file) <= 65

"""LatentExplorer in Chromium, through the book's own host: every kind of hand, every pixel, every nonsense."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import ipywidgets
import pytest
import torch
from playwright.sync_api import Page, expect

from vae_lib.model import VAE
from vae_lib.widgets import LatentExplorer
from vae_lib.widgets.words import LATENT_EXPLORER

OpenPage = Callable[..., Page]
MakePage = Callable[..., str]


def a_model(data_dim: int = 784, hidden: tuple[int, ...] = (256, 128)) -> VAE:
    """Random weights, large enough that pictures differ from place to place."""
    torch.manual_seed(1)
    model = VAE(data_dim, 2, hidden)
    with torch.no_grad():
        for parameter in model.decoder.parameters():
            parameter.mul_(3)
    return model


def an_explorer(model: VAE | None = None, **options: Any) -> LatentExplorer:
    labels = torch.arange(10).repeat(50)
    codes = 1.5 * torch.stack([torch.cos(labels * 0.6), torch.sin(labels * 0.6)], 1)
    return LatentExplorer(model or a_model(64, (16,)), codes, labels, **options)


def drawn(page: Page, copy: int = 0) -> torch.Tensor:
    """Grey values of the decoded digit; all three colours must agree and nothing shine through."""
    data = (
        page.locator(".vae-digit")
        .nth(copy)
        .evaluate("c => [...c.getContext('2d').getImageData(0, 0, c.width, c.height).data]")
    )
    pixels = torch.tensor(data).reshape(-1, 4)
    assert (pixels[:, :3] == pixels[:, :1]).all()
    assert (pixels[:, 3] == 255).all()
    return pixels[:, 0].float()


def shown_z(page: Page, copy: int = 0) -> list[float]:
    text = page.locator(".vae-place").nth(copy).inner_text()
    return [float(part) for part in text.removeprefix("z = (").removesuffix(")").replace("−", "-").split(", ")]


def assert_right(page: Page, model: VAE, z: Any, copy: int = 0) -> None:
    with torch.no_grad():
        expected = 255 * model.decode(torch.tensor(z, dtype=torch.float32))
    assert (drawn(page, copy) - expected).abs().max() <= 2


def at(page: Page, z: tuple[float, float], extent: float = 3.0) -> tuple[float, float]:
    """The map's pixel at z."""
    box = page.locator(".vae-map").bounding_box()
    assert box
    return (
        box["x"] + box["width"] * (z[0] + extent) / (2 * extent),
        box["y"] + box["height"] * (extent - z[1]) / (2 * extent),
    )


@pytest.mark.parametrize(("data_dim", "hidden"), [(784, (256, 128)), (64, (32,))])
def test_every_pixel_equals_torch(
    open_page: OpenPage, widget_page: MakePage, data_dim: int, hidden: tuple[int, ...]
) -> None:
    model = a_model(data_dim, hidden)
    page = open_page(widget_page(LatentExplorer(model, z=(0.5, -1.2))))
    assert_right(page, model, [0.5, -1.2])
    sliders = [page.get_by_label(f"z{axis}", exact=True) for axis in "₁₂"]
    inside = [(round(0.05 * (i * 37 % 121 - 60), 2), round(0.05 * (i * 53 % 121 - 60), 2)) for i in range(12)]
    for z in [(3, 3), (3, -3), (-3, 3), (-3, -3), (0, 0), *inside]:
        for slider, value in zip(sliders, z, strict=True):
            slider.fill(f"{value}")
        assert_right(page, model, z)


def test_sliders_by_keyboard(open_page: OpenPage, widget_page: MakePage) -> None:
    model = a_model(64, (16,))
    page = open_page(widget_page(an_explorer(model)))
    before = drawn(page)
    slider = page.get_by_label("z₁", exact=True)
    slider.focus()
    page.keyboard.press("ArrowRight")
    assert shown_z(page) == [0.05, 0.0]
    expect(slider).to_have_attribute("aria-valuetext", "z₁ = 0.05")
    page.keyboard.press("End")
    assert shown_z(page) == [3.0, 0.0]
    assert_right(page, model, [3.0, 0.0])
    assert not torch.equal(before, drawn(page))


def test_map_by_keyboard(open_page: OpenPage, widget_page: MakePage) -> None:
    model = a_model(64, (16,))
    page = open_page(widget_page(an_explorer(model)))
    page.get_by_role("application").focus()
    for key, z in [
        ("ArrowRight", [0.1, 0.0]),
        ("ArrowUp", [0.1, 0.1]),
        ("Shift+ArrowLeft", [-0.4, 0.1]),
        ("Shift+ArrowDown", [-0.4, -0.4]),
    ]:
        page.keyboard.press(key)
        assert shown_z(page) == z
        assert_right(page, model, z)
    for _ in range(10):
        page.keyboard.press("Shift+ArrowRight")
    assert shown_z(page) == [3.0, -0.4]
    page.keyboard.press("Home")
    assert shown_z(page) == [0.0, 0.0]
    live = page.locator(".vae-live")
    expect(live).to_contain_text("z = (0.00, 0.00)")


def test_focus_is_seen(open_page: OpenPage, widget_page: MakePage) -> None:
    page = open_page(widget_page(an_explorer()))
    expect(page.locator(".vae-map")).to_be_visible()
    for _ in range(3):
        page.keyboard.press("Tab")
        assert page.evaluate("getComputedStyle(document.activeElement).outlineWidth") == "3px"


def test_map_by_mouse(open_page: OpenPage, widget_page: MakePage) -> None:
    model = a_model(64, (16,))
    page = open_page(widget_page(an_explorer(model)))
    page.mouse.move(*at(page, (0, 0)))
    page.mouse.down()
    page.mouse.move(*at(page, (1.5, 2)), steps=5)
    assert shown_z(page) == pytest.approx([1.5, 2], abs=0.03)
    assert_right(page, model, shown_z(page))
    page.mouse.move(2000, -500)  # held beyond the edge
    assert shown_z(page) == [3.0, 3.0]
    page.mouse.up()
    page.mouse.move(*at(page, (-1, -1)))
    assert shown_z(page) == [3.0, 3.0]
    page.mouse.click(*at(page, (-1, -1)), button="right")
    assert shown_z(page) == [3.0, 3.0]


def test_map_by_touch(open_page: OpenPage, widget_page: MakePage) -> None:
    model = a_model(64, (16,))
    page = open_page(widget_page(an_explorer(model)), width=390, height=844, touch=True)
    page.touchscreen.tap(*at(page, (-2, 1)))
    assert shown_z(page) == pytest.approx([-2, 1], abs=0.03)
    assert_right(page, model, shown_z(page))
    # A finger that drags: the map follows and the page does not scroll.
    client = page.context.new_cdp_session(page)
    page.evaluate("document.body.style.minHeight = '3000px'")
    for kind, z in [("touchStart", (0, 2)), ("touchMove", (0, 0)), ("touchMove", (0, -2))]:
        x, y = at(page, z)
        client.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": [{"x": x, "y": y}]})
    client.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
    assert shown_z(page) == pytest.approx([0, -2], abs=0.03)
    assert page.evaluate("scrollY") == 0


@pytest.mark.parametrize("width", [320, 390, 1280])
def test_it_fits(open_page: OpenPage, widget_page: MakePage, width: int) -> None:
    page = open_page(widget_page(an_explorer()), width=width, height=844, touch=True)
    expect(page.get_by_role("slider")).to_have_count(2)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    for box in [slider.bounding_box() for slider in page.get_by_role("slider").all()]:
        assert box
        assert box["height"] >= 44
        assert box["width"] >= 100


def test_two_copies_are_independent(open_page: OpenPage, widget_page: MakePage) -> None:
    models = [a_model(64, (16,)), a_model(64, (8,))]
    page = open_page(widget_page(*(an_explorer(model) for model in models)), height=1600)
    page.get_by_label("z₁", exact=True).nth(1).fill("2")
    assert [shown_z(page, copy) for copy in (0, 1)] == [[0.0, 0.0], [2.0, 0.0]]
    assert_right(page, models[0], [0.0, 0.0], copy=0)
    assert_right(page, models[1], [2.0, 0.0], copy=1)
    assert page.evaluate("new Set([...document.querySelectorAll('[id]')].map(e => e.id)).size") == (
        page.locator("[id]").count()
    )


def test_two_views_of_one_widget_move_together(open_page: OpenPage, widget_page: MakePage) -> None:
    model = a_model(64, (16,))
    explorer = an_explorer(model)
    page = open_page(widget_page(explorer, explorer), height=1600)
    page.get_by_label("z₂", exact=True).nth(1).fill("-1")
    assert [shown_z(page, copy) for copy in (0, 1)] == [[0.0, -1.0], [0.0, -1.0]]
    assert_right(page, model, [0.0, -1.0], copy=0)


def test_twenty_quick_drags(open_page: OpenPage, widget_page: MakePage) -> None:
    model = a_model(64, (16,))
    page = open_page(widget_page(an_explorer(model)))
    for i in range(20):
        page.mouse.move(*at(page, (-2, 0.1 * i)))
        page.mouse.down()
        page.mouse.move(*at(page, (2, -0.1 * i)), steps=2)
        page.mouse.up()
    assert shown_z(page) == pytest.approx([2, -1.9], abs=0.03)
    assert_right(page, model, shown_z(page))


BROKEN: dict[str, Callable[[dict[str, Any]], None]] = {
    "too few": lambda state: state.update(weights=b"\0" * 10),
    "odd length": lambda state: state.update(weights=state["weights"] + b"\0"),
    "nan": lambda state: state.update(weights=b"\x00\x7e" + state["weights"][2:]),
    "infinite": lambda state: state.update(weights=b"\x00\x7c" + state["weights"][2:]),
    "other picture": lambda state: state.update(image_shape=[5, 5]),
    "no layers": lambda state: state.update(layers=[]),
}


@pytest.mark.parametrize("how", list(BROKEN))
def test_nonsense_becomes_one_sentence(open_page: OpenPage, widget_page: MakePage, how: str) -> None:
    explorer = an_explorer()
    nonsense: dict[str, Any] = {"weights": explorer.weights}
    BROKEN[how](nonsense)
    with explorer.hold_trait_notifications():
        for name, value in nonsense.items():
            setattr(explorer, name, value)
    page = open_page(widget_page(explorer))
    expect(page.locator(".vae-widget")).to_have_text(LATENT_EXPLORER["bad_weights"])


@pytest.mark.parametrize("z", [None, [1], ["a", 0], "z"])
def test_a_nonsense_z_becomes_the_origin(open_page: OpenPage, widget_page: MakePage, z: Any) -> None:
    def edit(state: dict[str, Any]) -> None:
        next(saved for saved in state.values() if "z" in saved["state"])["state"]["z"] = z

    page = open_page(widget_page(an_explorer(), edit=edit))
    assert shown_z(page) == [0.0, 0.0]


def test_without_codes(open_page: OpenPage, widget_page: MakePage) -> None:
    page = open_page(widget_page(LatentExplorer(a_model(64, (16,)))))
    expect(page.locator(".vae-near")).to_have_text("")
    expect(page.locator(".vae-caption").first).to_have_text(LATENT_EXPLORER["map_caption_no_codes"])


def test_codes_nearby_are_said(open_page: OpenPage, widget_page: MakePage) -> None:
    page = open_page(widget_page(an_explorer(z=(1.5, 0.0))))
    expect(page.locator(".vae-near")).to_have_text("Most codes near z: 0")
    page.get_by_label("z₂", exact=True).fill("3")
    expect(page.locator(".vae-near")).to_have_text("No codes near z")


def test_it_follows_the_page_s_theme(open_page: OpenPage, widget_page: MakePage) -> None:
    page = open_page(widget_page(an_explorer(z=(2.0, 2.0))))
    corner = "c => [...c.getContext('2d').getImageData(3, 3, 1, 1).data].slice(0, 3)"
    canvas, digit = page.locator(".vae-map"), page.locator(".vae-digit")
    assert min(canvas.evaluate(corner)) > 200
    assert digit.evaluate("c => getComputedStyle(c).filter") == "invert(1)"
    page.evaluate("document.documentElement.dataset.theme = 'dark'")
    page.wait_for_function(f"Math.max(...({corner})(document.querySelector('.vae-map'))) < 60")
    assert digit.evaluate("c => getComputedStyle(c).filter") == "none"


@pytest.fixture
def live(live_widget: Callable[..., Page]) -> tuple[Page, VAE]:
    """The widget with a model that the test holds, as a kernel would."""
    model = a_model(64, (16,))
    return live_widget(an_explorer(model)), model


def test_the_kernel_moves_z_and_hears_of_it(live: tuple[Page, VAE]) -> None:
    page, model = live
    page.evaluate("live.model.set('z', [1.25, -0.5])")
    assert shown_z(page) == [1.25, -0.5]
    assert_right(page, model, [1.25, -0.5])
    page.get_by_label("z₁", exact=True).fill("2")
    assert page.evaluate("live.model.get('z')") == [2, -0.5]
    assert page.evaluate("live.model.heard.length") == 1


def test_a_view_that_is_removed_and_shown_again(live: tuple[Page, VAE]) -> None:
    page, model = live
    listening = page.evaluate("live.listening()")
    for _ in range(3):
        page.evaluate("live.remove()")
        assert page.evaluate("live.listening()") == 0
        page.evaluate("live.model.set('z', [0.5, 0.5])")
        page.evaluate("live.show()")
    assert page.evaluate("live.listening()") == listening
    assert shown_z(page) == [0.5, 0.5]
    assert_right(page, model, [0.5, 0.5])


def test_weights_that_break_and_heal(live: tuple[Page, VAE]) -> None:
    page, model = live
    page.evaluate("live.good = live.model.get('weights'); live.model.set('weights', live.bytes([0, 0, 0]))")
    expect(page.locator(".vae-widget")).to_have_text(LATENT_EXPLORER["bad_weights"])
    page.evaluate("live.model.set('weights', live.good)")
    expect(page.locator(".vae-digit")).to_be_visible()
    assert_right(page, model, [0.0, 0.0])


def test_a_plain_widget_says_that_it_needs_a_kernel(open_page: OpenPage, widget_page: MakePage) -> None:
    box = ipywidgets.VBox([ipywidgets.IntSlider(), ipywidgets.Output()])
    page = open_page(widget_page(box))
    expect(page.locator(".widget-note")).to_have_count(1)
    expect(page.locator(".widget-note")).to_contain_text("needs Python")


def test_a_module_that_fails_says_so(open_page: OpenPage, widget_page: MakePage) -> None:
    broken = an_explorer()
    broken._esm = "throw new Error('no')"
    page = open_page(widget_page(broken, an_explorer()), height=1600)
    expect(page.locator(".widget-note")).to_contain_text("could not start")
    expect(page.locator(".vae-digit")).to_have_count(1)


def test_far_widgets_wait(open_page: OpenPage, widget_page: MakePage) -> None:
    page = open_page(widget_page(an_explorer(), an_explorer(), spacer='<div style="height: 4000px"></div>'))
    expect(page.locator(".vae-widget")).to_have_count(1)
    page.locator("[data-widget-model]").nth(1).scroll_into_view_if_needed()
    expect(page.locator(".vae-widget")).to_have_count(2)


SHIFTS = """() => new Promise(done => {
  let sum = 0;
  new PerformanceObserver(list => list.getEntries().forEach(entry => (sum += entry.value)))
    .observe({ type: "layout-shift", buffered: true });
  setTimeout(() => done(sum), 300);
})"""


@pytest.mark.parametrize("width", [390, 690])
def test_the_page_does_not_jump(open_page: OpenPage, widget_page: MakePage, width: int) -> None:
    page = open_page(widget_page(an_explorer(), spacer="<p>Text below the widget.</p>" * 20), width=width, height=1200)
    expect(page.locator(".vae-widget")).to_be_visible()
    assert page.evaluate(SHIFTS) < 0.05

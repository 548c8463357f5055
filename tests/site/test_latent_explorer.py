"""LatentExplorer in Chromium, through the book's own host: every kind of hand, every pixel, every nonsense."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import ipywidgets
import pytest
import torch
from checks import CORNER, assert_room_for_a_finger, hold_time, remove_change_and_show, settle
from playwright.sync_api import Browser, Page, expect

from vae_lib import palette
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
    box = page.locator(".vae-map").first.bounding_box()
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
    for _ in range(8):  # map, sliders, choices, button, slider, box
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
    page.evaluate("document.body.style.minHeight = '3000px'")
    client = page.context.new_cdp_session(page)

    def swipe(*way: tuple[float, float]) -> None:
        points = [at(page, z) for z in way]
        for kind, (x, y) in zip(["touchStart", *["touchMove"] * (len(way) - 1)], points, strict=True):
            client.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": [{"x": x, "y": y}]})
        client.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})

    # A finger that holds the ring: it follows, and the page does not scroll.
    swipe((-2, 1), (0, 0), (0, -2))
    assert shown_z(page) == pytest.approx([0, -2], abs=0.03)
    assert page.evaluate("scrollY") == 0
    # One that begins beside it: the page scrolls, and z stays.
    swipe((0, 2), (0, 2.5), (0, 3), (0, 3.5))
    swipe((0, 1), (0, 2), (0, 2.5), (0, 3))
    page.wait_for_function("scrollY > 0")
    assert shown_z(page) == pytest.approx([0, -2], abs=0.03)


@pytest.mark.parametrize("width", [320, 390, 1280])
def test_it_fits(open_page: OpenPage, widget_page: MakePage, width: int) -> None:
    page = open_page(widget_page(an_explorer()), width=width, height=844, touch=True)
    expect(page.get_by_role("slider")).to_have_count(3)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    for slider in page.get_by_role("slider").all():
        assert_room_for_a_finger(slider, 100)
    for box in [one.bounding_box() for one in page.locator(":is(.vae-select, .vae-button, .vae-check)").all()]:
        assert box
        assert min(box["height"], box["width"]) >= 44


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
    canvas, digit = page.locator(".vae-map"), page.locator(".vae-digit")
    assert min(canvas.evaluate(CORNER)) > 200
    assert digit.evaluate("c => getComputedStyle(c).filter") == "invert(1)"
    page.evaluate("document.documentElement.dataset.theme = 'dark'")
    page.wait_for_function(f"Math.max(...({CORNER})(document.querySelector('.vae-map'))) < 60")
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
    remove_change_and_show(page, "z", [0.5, 0.5])
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


def test_widgets_without_a_state_take_no_other_along(open_page: OpenPage, widget_page: MakePage) -> None:
    def edit(state: dict[str, Any]) -> None:
        first, second = (name for name, one in state.items() if one["model_name"] == "AnyModel")
        state[first] = None
        state["none"] = {"model_name": "AnyModel", "model_module": "anywidget"}
        state[second]["state"]["more"] = {"same_as": first}

    page = open_page(widget_page(an_explorer(), an_explorer(), edit=edit), height=1600)
    expect(page.locator(".widget-note")).to_contain_text("needs Python")
    expect(page.locator(".vae-digit")).to_have_count(1)


def test_a_state_in_the_text_of_a_page_brings_no_module(
    open_page: OpenPage, widget_page: MakePage, pages_folder: Path
) -> None:
    address = widget_page(an_explorer())
    path = pages_folder / address.rpartition("/")[2]
    model = {"model_name": "AnyModel", "model_module": "anywidget", "state": {"_esm": "window.stranger = 1"}}
    state, view = json.dumps({"state": {"stranger": model}}), json.dumps({"model_id": "stranger"})
    injected = (
        f'<body><script type="application/vnd.jupyter.widget-state+json">{state}</script>'
        f'<script type="application/vnd.jupyter.widget-view+json">{view}</script>'
    )
    path.write_text(path.read_text("utf-8").replace("<body>", injected), "utf-8")
    page = open_page(address, height=1600)
    expect(page.locator(".vae-digit")).to_have_count(1)
    expect(page.locator(".widget-note")).to_contain_text("needs Python")
    assert page.evaluate("window.stranger ?? null") is None


def test_far_widgets_wait(open_page: OpenPage, widget_page: MakePage) -> None:
    page = open_page(widget_page(an_explorer(), an_explorer(), spacer='<div style="height: 4000px"></div>'))
    expect(page.locator(".vae-widget")).to_have_count(1)
    page.locator("[data-widget-model]").nth(1).scroll_into_view_if_needed()
    expect(page.locator(".vae-widget")).to_have_count(2)


# Shifts are reported in their order: once the last, which is our own, is there, all are.
SHIFTS = """async () => {
  await settled();
  const end = performance.now();
  document.body.prepend(Object.assign(document.createElement("div"), { style: "height: 100px" }));
  return new Promise(done => {
    let sum = 0;
    new PerformanceObserver(list => {
      for (const { startTime, value } of list.getEntries()) startTime < end ? (sum += value) : done(sum);
    }).observe({ type: "layout-shift", buffered: true });
  });
}"""


@pytest.mark.parametrize("width", [320, 390, 576, 768, 1024, 1280, 1440])
def test_the_page_does_not_jump(open_page: OpenPage, widget_page: MakePage, width: int) -> None:
    explorer = LatentExplorer("mnist-2")  # the landing page's
    page = open_page(widget_page(explorer, spacer="<p>Text below the widget.</p>" * 20), width=width, height=1200)
    expect(page.locator(".vae-widget")).to_be_visible()
    assert page.evaluate(SHIFTS) < 0.05


# ------------------------------------------------------------------------------------- ellipses, walk, backdrop


def wide_codes(labels: bool = True) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor | None]:
    """Six codes far apart, with log variances that make ellipses of many pixels, and their labels."""
    codes = torch.tensor([[-2.0, 1.5], [-1.5, -1.5], [0.25, 0.0], [1.75, 2.0], [2.0, -2.0], [2.0, 0.25]])
    log_var = 2 * torch.tensor([[0.3, 0.2], [0.15, 0.4], [0.5, 0.25], [0.2, 0.2], [0.35, 0.15], [0.25, 0.45]]).log()
    return codes, log_var, torch.tensor([0, 1, 3, 7, 7, 7]) if labels else None


def with_ellipses(**options: Any) -> LatentExplorer:
    codes, log_var, labels = wide_codes()
    return LatentExplorer(a_model(64, (16,)), codes, labels, log_var=log_var, **options)


def read_about(page: Page, copy: int = 0) -> list[float]:
    """Mean and width as they stand in the words about a code."""
    text = page.locator(".vae-about").nth(copy).inner_text().replace("−", "-")
    return [float(number) for number in re.findall(r"-?\d+\.\d+", text)]


def inks(page: Page, places: Any, canvas: str = ".vae-map", extent: float = 3.0) -> torch.Tensor:
    """Colours of the map at places of the plane, shape (n, 3), when all is drawn."""
    settle(page)
    script = """(c, [places, extent]) => {
      const at = v => Math.round((v + extent) / (2 * extent) * c.width - 0.5);
      const context = c.getContext('2d');
      return places.map(([x, y]) => [...context.getImageData(at(x), at(-y), 1, 1).data].slice(0, 3));
    }"""
    listed = torch.as_tensor(places).tolist()
    return torch.tensor(page.locator(canvas).first.evaluate(script, [listed, extent]), dtype=torch.float32)


def rgb(colour: str) -> torch.Tensor:
    return torch.tensor([int(colour[i : i + 2], 16) for i in (1, 3, 5)], dtype=torch.float32)


def on_ellipse(code: torch.Tensor, width: torch.Tensor, deviations: float) -> torch.Tensor:
    angle = torch.linspace(0, 2 * torch.pi, 17)[:-1]
    return code + deviations * width * torch.stack([angle.cos(), angle.sin()], 1)


def test_the_posterior_of_the_digit_under_the_mouse(open_page: OpenPage, widget_page: MakePage) -> None:
    codes, log_var, labels = wide_codes()
    assert labels is not None
    page = open_page(widget_page(with_ellipses(z=(-2.5, -2.5))))
    expect(page.locator(".vae-about")).to_have_text("")
    widths = (log_var / 2).exp()
    for code, width, label in zip(codes, widths, labels.tolist(), strict=True):
        page.mouse.move(*at(page, (float(code[0]) + 0.03, float(code[1]) - 0.03)))
        expect(page.locator(".vae-about")).to_contain_text(f"for this {label}:")
        assert read_about(page)[:2] == pytest.approx(code.tolist(), abs=0.006)  # two decimals and float16
        assert read_about(page)[2:] == pytest.approx(width.tolist(), abs=0.0008)
        posterior = rgb(palette.TERMS["posterior"].light)
        for deviations in (1, 2):
            seen = inks(page, on_ellipse(code, width, deviations))
            # A line two pixels wide, on grid lines and the prior's circles too, hit to half a pixel: near its colour.
            assert ((seen - posterior).abs().amax(1) < 90).float().mean() > 0.85
        seen = inks(page, on_ellipse(code, width, 1.5))
        assert ((seen - posterior).abs().amax(1) > 90).float().mean() > 0.85
    page.mouse.move(*at(page, (-2.5, -2.5)))
    expect(page.locator(".vae-about")).to_have_text("")
    assert shown_z(page) == [-2.5, -2.5]


def test_small_posteriors_are_seen_through_a_lens(open_page: OpenPage, widget_page: MakePage) -> None:
    codes, _, labels = wide_codes()
    log_var = torch.full((6, 2), 0.02).log().mul(2)
    explorer = LatentExplorer(a_model(64, (16,)), codes, labels, log_var=log_var, z=(-2.5, -2.5))
    page = open_page(widget_page(explorer))
    corner = torch.tensor([[2.32, 2.32]])  # the lens's middle: its radius and 8 pixels from the edges
    before = inks(page, corner)
    page.mouse.move(*at(page, (-2.0, 1.5)))
    expect(page.locator(".vae-about")).to_contain_text("width (0.020, 0.020)")
    assert not torch.equal(before, inks(page, corner))
    page.mouse.move(*at(page, (1.75, 2.0)))  # a code under the lens: it moves to another corner
    expect(page.locator(".vae-about")).to_contain_text("mean (1.75, 2.00)")
    assert torch.equal(before, inks(page, corner))
    page.mouse.move(5, 5)  # away from the map
    expect(page.locator(".vae-about")).to_have_text("")


def test_the_posterior_where_the_ring_rests(open_page: OpenPage, widget_page: MakePage) -> None:
    page = open_page(widget_page(with_ellipses(z=(0.1, 0.0))))
    about = page.locator(".vae-about")
    expect(about).to_have_text("")  # nobody moved yet
    page.get_by_role("application").focus()
    page.keyboard.press("ArrowRight")
    expect(about).to_contain_text("for this 3: mean (0.25, 0.00), width (0.500, 0.250)")
    expect(page.locator(".vae-live")).to_contain_text("width (0.500, 0.250)")
    page.keyboard.press("Shift+ArrowDown")
    expect(about).to_have_text("")


def test_the_posterior_under_a_finger(open_page: OpenPage, widget_page: MakePage) -> None:
    page = open_page(widget_page(with_ellipses()), width=390, height=1000, touch=True)
    page.touchscreen.tap(*at(page, (2.0, -1.95)))
    expect(page.locator(".vae-about")).to_contain_text("for this 7: mean (2.00, −2.00), width (0.350, 0.150)")
    page.touchscreen.tap(*at(page, (0, 2.0)))
    expect(page.locator(".vae-about")).to_have_text("")


@pytest.mark.parametrize("widths", [b"\0" * 4, b"\0" * 26, b"\x00\x7e" * 12, b"\x00\xbc" * 12])
def test_widths_that_are_nonsense_leave_the_map(open_page: OpenPage, widget_page: MakePage, widths: bytes) -> None:
    explorer = with_ellipses()
    explorer.widths = widths
    page = open_page(widget_page(explorer))
    page.mouse.move(*at(page, (0.25, 0.0)))
    page.mouse.down()
    page.mouse.up()
    assert shown_z(page) == pytest.approx([0.25, 0], abs=0.03)
    expect(page.locator(".vae-about")).to_have_count(0)


def typical(codes: torch.Tensor, labels: torch.Tensor, digit: int) -> torch.Tensor:
    """The code nearest to the median of a class; of an even number the upper one of the two in the middle."""
    own = codes[labels == digit].half().float()
    middle = own.sort(0).values[len(own) // 2]
    return own[(own - middle).norm(dim=1).argmin()]


def walking(**options: Any) -> tuple[LatentExplorer, torch.Tensor, torch.Tensor, VAE]:
    """An explorer with three clouds of codes."""
    torch.manual_seed(3)
    labels = torch.tensor([2, 5, 8]).repeat(31)
    centres = {2: [-1.8, -1.0], 5: [1.6, 1.4], 8: [0.4, -1.6]}
    codes = torch.tensor([centres[int(label)] for label in labels]) + 0.3 * torch.randn(len(labels), 2)
    model = a_model(64, (16,))
    return LatentExplorer(model, codes, labels, **options), codes, labels, model


def on_the_way(page: Page, copy: int = 0) -> float:
    return float(page.get_by_label("On the way").nth(copy).input_value())


def test_a_walk_plays_to_its_end_and_back(open_page: OpenPage, widget_page: MakePage) -> None:
    explorer, codes, labels, model = walking()
    ends = [typical(codes, labels, digit).tolist() for digit in (2, 5)]
    page = open_page(widget_page(explorer))
    page.evaluate(
        "window.said = []; new MutationObserver(() => said.push(document.querySelector('.vae-live').textContent))"
        ".observe(document.querySelector('.vae-live'), { childList: true, characterData: true, subtree: true })"
    )
    button = page.get_by_role("button", name="Play")
    hold_time(page)
    for end in (ends[1], ends[0]):
        button.focus()
        page.keyboard.press("Space")
        expect(page.get_by_role("button", name="Pause")).to_be_visible()
        page.clock.run_for(2000)
        assert on_the_way(page) == pytest.approx(0.5, abs=0.02)
        middle = shown_z(page)
        share = (torch.tensor(middle) - torch.tensor(ends[0])) / (torch.tensor(ends[1]) - torch.tensor(ends[0]))
        assert float(share[0]) == pytest.approx(float(share[1]), abs=0.01)  # on the line, to two decimals
        page.clock.run_for(3000)
        expect(button).to_be_visible()
        assert shown_z(page) == pytest.approx(end, abs=0.0051)
        assert_right(page, model, [round(value, 3) for value in end])
    expect(page.locator(".vae-live")).to_contain_text("Most codes near z: 2")
    assert len(page.evaluate("said")) == 2


def test_the_walk_s_choices_and_its_slider_by_keyboard(open_page: OpenPage, widget_page: MakePage) -> None:
    explorer, codes, labels, model = walking()
    page = open_page(widget_page(explorer))
    start, end = page.get_by_label("Walk from"), page.get_by_label("to", exact=True)
    assert start.locator("option").all_inner_texts() == ["2", "5", "8"]
    assert (start.input_value(), end.input_value()) == ("2", "5")
    start.focus()
    page.keyboard.press("8")
    assert (start.input_value(), end.input_value()) == ("8", "5")
    a, b = (typical(codes, labels, digit) for digit in (8, 5))
    assert shown_z(page) == pytest.approx(a.tolist(), abs=0.0051)
    position = page.get_by_label("On the way")
    position.focus()
    for _ in range(25):
        page.keyboard.press("ArrowRight")
    assert on_the_way(page) == pytest.approx(0.25)
    expect(position).to_have_attribute("aria-valuetext", "25 % of the way from 8 to 5")
    assert shown_z(page) == pytest.approx((a + 0.25 * (b - a)).tolist(), abs=0.0051)
    page.keyboard.press("End")
    assert_right(page, model, [round(value, 3) for value in b.tolist()])
    end.select_option("8")  # the same as the other: they change places
    assert (start.input_value(), end.input_value()) == ("5", "8")
    assert on_the_way(page) == 0


def test_the_walk_by_touch_waits_for_the_reader_s_hand(open_page: OpenPage, widget_page: MakePage) -> None:
    explorer, *_ = walking()
    page = open_page(widget_page(explorer), width=390, height=1000, touch=True)
    hold_time(page)
    page.get_by_role("button", name="Play").tap()
    pause = page.get_by_role("button", name="Pause")
    expect(pause).to_be_visible()
    page.clock.run_for(500)
    page.touchscreen.tap(*at(page, (2.0, -2.0)))
    expect(page.get_by_role("button", name="Play")).to_be_visible()
    assert shown_z(page) == pytest.approx([2, -2], abs=0.03)
    share = on_the_way(page)
    assert 0.1 <= share < 0.15
    page.get_by_role("button", name="Play").tap()  # goes on where it was
    expect(pause).to_be_visible()
    page.clock.run_for(500)
    pause.tap()
    expect(page.get_by_role("button", name="Play")).to_be_visible()
    page.clock.run_for(5000)
    assert share + 0.1 <= on_the_way(page) < share + 0.15


def test_the_walk_s_line_is_on_the_map(open_page: OpenPage, widget_page: MakePage) -> None:
    explorer, codes, labels, _ = walking(walk=[8, 2], z=(2.5, 2.5))
    page = open_page(widget_page(explorer))
    a, b = (typical(codes, labels, digit) for digit in (8, 2))
    places = torch.stack([a + share * (b - a) for share in torch.linspace(0.3, 0.7, 9)])
    seen = inks(page, places)
    assert ((seen - rgb("#1c2430")).abs().amax(1) < 60).float().mean() > 0.8
    assert shown_z(page) == [2.5, 2.5]


def test_a_walk_in_still_steps(browser: Browser, widget_page: MakePage) -> None:
    explorer, codes, labels, _ = walking()
    context = browser.new_context(reduced_motion="reduce", viewport={"width": 1280, "height": 900})
    page = context.new_page()
    page.goto(widget_page(explorer))
    page.locator(".vae-place").wait_for()
    page.evaluate(
        "window.seen = new Set(); const output = document.querySelector('.vae-walk output');"
        "new MutationObserver(() => seen.add(output.value))"
        ".observe(output, { childList: true, characterData: true, subtree: true })"
    )
    page.get_by_role("button", name="Play").click()
    expect(page.get_by_role("button", name="Play")).to_be_visible()
    expect(page.get_by_label("On the way")).to_have_value("1")
    assert page.evaluate("[...seen]") == [f"{round(100 * step / 8 + 1e-9)} %" for step in range(1, 9)]
    assert shown_z(page) == pytest.approx(typical(codes, labels, 5).tolist(), abs=0.0051)
    context.close()


@pytest.mark.parametrize("walk", [None, "25", [2], [2, 2], [2, 4], [2, "5"], [5, 2, 8]])
def test_a_nonsense_walk_is_none(open_page: OpenPage, widget_page: MakePage, walk: Any) -> None:
    def edit(state: dict[str, Any]) -> None:
        next(saved for saved in state.values() if "walk" in saved["state"])["state"]["walk"] = walk

    page = open_page(widget_page(walking()[0], edit=edit))
    assert page.get_by_label("Walk from").input_value() == "2"
    page.get_by_label("On the way").fill("1")
    assert_right(page, walking()[3], [round(v, 3) for v in typical(*walking()[1:3], 5).tolist()])


def test_no_walk_without_two_classes(open_page: OpenPage, widget_page: MakePage) -> None:
    codes, log_var, _ = wide_codes()
    unlabelled = LatentExplorer(a_model(64, (16,)), codes, log_var=log_var)
    one_class = LatentExplorer(a_model(64, (16,)), codes, torch.full((6,), 4))
    page = open_page(widget_page(unlabelled, one_class), height=1600)
    expect(page.locator(".vae-digit")).to_have_count(2)
    expect(page.locator(".vae-walk")).to_have_count(0)
    page.mouse.move(*at(page, (0.25, 0.0)))
    expect(page.locator(".vae-about")).to_contain_text("for this code: mean (0.25, 0.00)")


def test_two_copies_walk_alone(open_page: OpenPage, widget_page: MakePage) -> None:
    page = open_page(widget_page(walking()[0], walking()[0]), height=1600)
    page.get_by_label("On the way").nth(1).fill("0.5")
    assert [on_the_way(page, copy) for copy in (0, 1)] == [0, 0.5]
    page.get_by_label(LATENT_EXPLORER["backdrop"]).nth(0).check()
    assert not page.get_by_label(LATENT_EXPLORER["backdrop"]).nth(1).is_checked()


def test_two_views_walk_together(open_page: OpenPage, widget_page: MakePage) -> None:
    explorer = walking()[0]
    page = open_page(widget_page(explorer, explorer), height=1600)
    page.get_by_label("On the way").nth(1).fill("0.5")
    assert [on_the_way(page, copy) for copy in (0, 1)] == [0.5, 0.5]
    page.get_by_role("button", name="Play").nth(1).click()
    page.wait_for_function("document.querySelectorAll('.vae-walk input')[0].valueAsNumber > 0.6")
    page.get_by_label(LATENT_EXPLORER["backdrop"]).nth(0).check()
    assert page.get_by_label(LATENT_EXPLORER["backdrop"]).nth(1).is_checked()


def flat(model: VAE) -> VAE:
    """The model with pictures of one grey each, so that how a picture is scaled does not matter."""
    with torch.no_grad():
        for parameter in model.decoder.net[-1].parameters():
            parameter.copy_(parameter[:1].expand_as(parameter))
    return model


@pytest.mark.parametrize(("theme", "paper", "ink"), [("light", "#fdfdfb", "#1c2430"), ("dark", "#17181b", "#eef1f5")])
def test_the_backdrop_is_what_the_decoder_draws(
    open_page: OpenPage, widget_page: MakePage, theme: str, paper: str, ink: str
) -> None:
    model = flat(a_model(64, (16,)))
    explorer = LatentExplorer(model, z=(2.9, 2.9))
    page = open_page(widget_page(explorer), scheme=theme)
    if theme == "dark":
        page.evaluate("document.documentElement.dataset.theme = 'dark'")
    page.get_by_label(LATENT_EXPLORER["backdrop"]).focus()
    page.keyboard.press("Space")
    width = page.locator(".vae-map").evaluate("c => Math.floor(c.clientWidth)")
    count = math.floor(width / 32 + 0.5)
    middles = -3 + 6 * (torch.arange(count) + 0.5) / count
    places = torch.cartesian_prod(middles, middles)
    # Not where names, numbers, circles, axes or the ring lie.
    radius = places.norm(dim=1)
    free = (places.abs().amin(1) > 0.3) & (places.amin(1) > -2.6) & (places.amax(1) < 2.6)
    free &= ((radius - 1).abs() > 0.35) & ((radius - 2).abs() > 0.35)
    places = places[free]
    assert len(places) > 40
    # The pixel read is up to half a pixel from the middle, where a picture of one grey is the same.
    with torch.no_grad():
        grey = (255 * model.decode(places)).round()[:, :1] / 255
    assert grey.max() - grey.min() > 0.5
    expected = rgb(paper) + 0.6 * grey * (rgb(ink) - rgb(paper))
    page.wait_for_function(
        "([x, y, paper]) => { const c = document.querySelector('.vae-map');"
        "const pixel = c.getContext('2d').getImageData((x + 3) / 6 * c.width, (3 - y) / 6 * c.height, 1, 1);"
        "return pixel.data[0] !== paper }",
        arg=[*places[grey.argmax()].tolist(), int(rgb(paper)[0])],
    )
    assert (inks(page, places) - expected).abs().max() <= 2
    page.keyboard.press("Space")
    page.wait_for_function("!document.querySelector('.vae-check input').checked")
    assert (inks(page, places) - rgb(paper)).abs().max() <= 0


def test_the_backdrop_follows_theme_and_size(open_page: OpenPage, widget_page: MakePage) -> None:
    page = open_page(widget_page(LatentExplorer(flat(a_model(64, (16,))), backdrop=True)), width=1280)
    box = page.get_by_label(LATENT_EXPLORER["backdrop"])
    assert box.is_checked()
    place = torch.tensor([[0.6, -1.35]])
    page.wait_for_function("document.querySelector('.vae-map').width > 300")
    light = inks(page, place)
    page.evaluate("document.documentElement.dataset.theme = 'dark'")
    page.wait_for_function("document.querySelector('.vae-widget').dataset.theme === 'dark'")
    assert (inks(page, place) - light).abs().max() > 20
    page.set_viewport_size({"width": 390, "height": 1000})
    page.wait_for_function("document.querySelector('.vae-map').width < 380")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


def test_the_kernel_sets_walk_and_backdrop_and_hears_of_them(live_widget: Callable[..., Page]) -> None:
    page = live_widget(walking()[0])
    page.evaluate("live.model.set('walk', [8, 2]); live.model.set('backdrop', true)")
    assert page.get_by_label("Walk from").input_value() == "8"
    assert page.get_by_label(LATENT_EXPLORER["backdrop"]).is_checked()
    page.get_by_label("to", exact=True).select_option("5")
    page.get_by_label(LATENT_EXPLORER["backdrop"]).uncheck()
    assert page.evaluate("live.model.heard.at(-1).walk") == [8, 5]
    assert page.evaluate("live.model.heard.at(-1).backdrop") is False
    page.get_by_role("button", name="Play").click()
    page.wait_for_function("document.querySelector('.vae-walk input').valueAsNumber > 0.05")
    page.evaluate("live.model.set('z', [1, -1])")
    expect(page.get_by_role("button", name="Play")).to_be_visible()
    assert shown_z(page) == [1.0, -1.0]
    page.get_by_role("button", name="Play").click()
    page.evaluate("live.remove()")
    before = page.evaluate("live.model.heard.length")
    settle(page)  # no frame is asked for any more
    assert page.evaluate("live.model.heard.length") == before

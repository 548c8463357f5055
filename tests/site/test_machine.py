"""Machine in Chromium, through the book's own host: every number, every hand, the walk, every nonsense."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
import traitlets
from checks import (
    CORNER,
    assert_a_sentence_until_it_heals,
    assert_room_for_a_finger,
    complaints,
    hold_time,
    remove_change_and_show,
    settle,
)
from playwright.sync_api import Browser, Page, expect

from vae_lib import pretrained
from vae_lib.model import VAE, Autoencoder
from vae_lib.widgets import Machine
from vae_lib.widgets.digit_pad import shipped_examples
from vae_lib.widgets.words import MACHINE

OpenPage = Callable[..., Page]
MakePage = Callable[..., str]
Array = np.ndarray[Any, Any]

SEVEN: list[tuple[float, float]] = [(8, 6), (20, 6), (16, 14), (13, 24)]
EPSILON = (0.8, -0.6)


def a_model() -> VAE:
    """Random weights, large enough that codes and pictures differ from place to place, in float16's precision."""
    torch.manual_seed(2)
    model = VAE(784, 2, (8,))
    with torch.no_grad():
        for parameter in [*model.encoder.parameters(), *model.decoder.parameters()]:
            parameter.mul_(3)
    return pretrained.round_to_half(model).eval()


def a_machine(**options: Any) -> Machine:
    """Three clouds of codes, and pictures of little ink."""
    torch.manual_seed(3)
    labels = torch.tensor([2, 5, 8]).repeat(31)
    centres = {2: [-1.8, -1.0], 5: [1.6, 1.4], 8: [0.4, -1.6]}
    codes = torch.tensor([centres[int(label)] for label in labels]) + 0.1 * torch.randn(len(labels), 2)
    return Machine(a_model(), **({"codes": codes, "labels": labels} | options))


def digits() -> Array:
    pictures: Array = shipped_examples().pictures.numpy()
    return pictures


def shown(page: Page, copy: int = 0) -> dict[str, Any]:
    """The numbers behind the rounded text; ``None`` where there is a dash."""
    found = {}
    for name in ("mean", "std", "z"):
        value = page.locator(f".vae-machine [data-name={name}] data").nth(copy).get_attribute("value")
        found[name] = json.loads(value) if value else None
    return found


GREY = """c => {
  const data = c.getContext("2d").getImageData(0, 0, c.width, c.height).data;
  return btoa(String.fromCharCode(...data.filter((_, i) => i % 4 === 0)));
}"""


def grey(page: Page, kind: str, copy: int = 0) -> Array:
    text = page.locator(f".vae-part-{kind} .vae-digit").nth(copy).evaluate(GREY)
    return np.frombuffer(base64.b64decode(text), np.uint8).astype(np.int64)


def expected(model: VAE, x: Array) -> dict[str, list[float]]:
    """μ and s by PyTorch, in float64: the page adds up in float64 too."""
    with torch.no_grad():
        q = model.double().encode(torch.from_numpy(x.astype(np.float64) / 255))
    return {"mean": q.mean.tolist(), "std": q.std.tolist()}


def assert_decodes(page: Page, model: VAE, z: list[float], copy: int = 0) -> None:
    with torch.no_grad():
        image = 255 * model.double().decode(torch.tensor(z, dtype=torch.float64)).numpy()
    assert np.abs(grey(page, "f", copy) - image).max() <= 2


def assert_machine(page: Page, model: VAE, x: Array, copy: int = 0) -> None:
    """μ, s and z of a picture, and what comes out."""
    found, wanted = shown(page, copy), expected(model, x)
    for name, numbers in wanted.items():
        assert found[name] == pytest.approx(numbers, abs=1e-5), name
    z = [mean + std * noise for mean, std, noise in zip(wanted["mean"], wanted["std"], EPSILON, strict=True)]
    assert found["z"] == pytest.approx(np.clip(z, -3.5, 3.5), abs=1e-5)
    assert_decodes(page, model, found["z"], copy)


def at(page: Page, kind: str, point: tuple[float, float], extent: float = 3.0) -> tuple[float, float]:
    """A place on the page: of the pad in pixels of X, of the map by z."""
    box = page.locator(f".vae-part-{kind} canvas").first.bounding_box()
    assert box
    across, down = (point[0] / 28, point[1] / 28)
    if kind == "map":
        across, down = (point[0] + extent) / (2 * extent), (extent - point[1]) / (2 * extent)
    return box["x"] + 1 + (box["width"] - 2) * across, box["y"] + 1 + (box["height"] - 2) * down


def draw(page: Page, points: list[tuple[float, float]]) -> None:
    page.mouse.move(*at(page, "x", points[0]))
    page.mouse.down()
    for point in points[1:]:
        page.mouse.move(*at(page, "x", point), steps=4)
    page.mouse.up()
    settle(page)


def choose(page: Page, label: int) -> None:
    page.get_by_role("radio", name=f"Handwritten {label}").check()


# --- numbers ---------------------------------------------------------------------------------------------------------


def test_every_number_and_pixel_equals_torch(open_page: OpenPage, widget_page: MakePage) -> None:
    model = pretrained.load("mnist-2")
    page = open_page(widget_page(Machine()))
    assert page.get_by_role("radio", name="Handwritten 3").is_checked()
    assert isinstance(model, VAE)
    assert_machine(page, model, digits()[3])
    for label in (0, 6, 7, 3):
        choose(page, label)
        assert_machine(page, model, digits()[label])


def test_the_numbers_that_are_read_are_those_behind_them(open_page: OpenPage, widget_page: MakePage) -> None:
    page = open_page(widget_page(a_machine()))
    for name, numbers in shown(page).items():
        text = page.locator(f"[data-name={name}] data").inner_text().replace("−", "-")
        assert json.loads(text.replace("(", "[").replace(")", "]")) == pytest.approx(numbers, abs=5.01e-3)


def test_python_s_numbers_are_the_page_s(live_widget: Callable[..., Page]) -> None:
    machine = a_machine(x=digits()[5])
    page = live_widget(machine)
    found = shown(page)
    for name in ("mean", "std"):
        assert getattr(machine, name).tolist() == pytest.approx(found[name], abs=1e-5)
    assert machine.z == pytest.approx(found["z"], abs=1e-5)
    assert np.abs(255 * machine.reconstruction.flatten().numpy() - grey(page, "f")).max() <= 2
    assert machine.image.flatten().numpy() * 255 == pytest.approx(digits()[5])


def test_layers_are_lit_by_what_runs_through_them(live_widget: Callable[..., Page]) -> None:
    """Another picture lights others of the encoder; another z lights others of the decoder, and leaves the encoder."""
    page = live_widget(a_machine())

    def halves() -> list[str]:
        settle(page)
        pixels = """(c, half) => {
          const left = (half ? 0.64 : 0.26) * c.width;
          return c.getContext("2d").getImageData(left, 0, 0.1 * c.width, c.height).data.join();
        }"""
        return [page.locator(".vae-strip").evaluate(pixels, half) for half in (0, 1)]

    first = halves()
    page.evaluate("live.model.set('z', [1, 1])")
    moved = halves()
    assert moved[0] == first[0]
    assert moved[1] != first[1]
    page.evaluate("x => live.model.set('x', live.bytes(x))", digits()[0].tolist())
    assert halves()[0] != first[0]


# --- hands -----------------------------------------------------------------------------------------------------------


def test_drawing_by_mouse(open_page: OpenPage, widget_page: MakePage) -> None:
    model = pretrained.load("mnist-2")
    assert isinstance(model, VAE)
    page = open_page(widget_page(Machine()))
    draw(page, SEVEN)
    first = shown(page)
    assert page.get_by_role("radio", checked=True).count() == 0
    expect(page.locator(".vae-near")).to_have_text(MACHINE["near"].format(label=7))
    assert_decodes(page, model, first["z"])
    ink = page.locator(".vae-pad").evaluate("c => c.getContext('2d').getImageData(160, 60, 1, 1).data[0]")
    assert ink == 255
    gone = page.locator(".vae-pad").evaluate("c => c.getContext('2d').getImageData(210, 180, 1, 1).data[0]")
    assert gone < 255  # the digit that was chosen has given way
    draw(page, [(9, 15), (20, 15)])  # a second stroke adds to the first
    assert shown(page)["mean"] != first["mean"]
    page.get_by_role("button", name=MACHINE["clear"]).click()
    assert shown(page)["mean"] is None
    expect(page.locator(".vae-invite")).to_be_visible()
    choose(page, 6)
    assert_machine(page, model, digits()[6])
    expect(page.locator(".vae-invite")).to_be_hidden()


def test_drawing_by_finger_does_not_scroll(live_widget: Callable[..., Page]) -> None:
    page = live_widget(a_machine())
    page.set_viewport_size({"width": 390, "height": 600})
    settle(page)
    before = shown(page)["mean"]
    client = page.context.new_cdp_session(page)
    for kind, point in [("touchStart", (14, 4)), ("touchMove", (14, 14)), ("touchMove", (13, 24))]:
        x, y = at(page, "x", point)
        client.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": [{"x": x, "y": y}]})
    client.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
    settle(page)
    assert shown(page)["mean"] != before
    assert page.evaluate("scrollY") == 0


def test_the_ring_by_mouse_and_by_touch(open_page: OpenPage, widget_page: MakePage) -> None:
    for touch in (False, True):
        page = open_page(widget_page(a_machine()), touch=touch)
        before = shown(page)
        if touch:
            page.touchscreen.tap(*at(page, "map", (1.5, 2.0)))
        else:
            page.mouse.move(*at(page, "map", (0, 0)))
            page.mouse.down()
            page.mouse.move(*at(page, "map", (1.5, 2.0)), steps=3)
            page.mouse.up()
        found = shown(page)
        assert found["z"] == pytest.approx([1.5, 2.0], abs=0.03)
        assert found["mean"] == before["mean"]  # what goes in stays
        assert_decodes(page, a_model(), found["z"])


def test_the_ring_by_keyboard(open_page: OpenPage, widget_page: MakePage) -> None:
    page = open_page(widget_page(a_machine(z=(0, 0))))
    page.get_by_role("application").focus()
    moves: list[tuple[str, list[float]]] = [
        ("ArrowRight", [0.1, 0]),
        ("Shift+ArrowUp", [0.1, 0.5]),
        ("Home", [0, 0]),
        ("ArrowDown", [0, -0.1]),
    ]
    for key, z in moves:
        page.keyboard.press(key)
        assert shown(page)["z"] == pytest.approx(z)
        assert_decodes(page, a_model(), z)
    expect(page.locator(".vae-live")).to_contain_text("z = (0.00, −0.10)")


def test_digits_by_keyboard(open_page: OpenPage, widget_page: MakePage) -> None:
    page = open_page(widget_page(Machine(a_model())))
    page.get_by_role("radio", name="Handwritten 3").focus()
    for label in (6, 7, 0):
        page.keyboard.press("ArrowRight")
        assert_machine(page, a_model(), digits()[label])
    expect(page.locator(".vae-live")).to_contain_text("Q(z|X): mean")


# --- the walk --------------------------------------------------------------------------------------------------------


def test_a_walk_goes_once_from_digit_to_digit_and_back(open_page: OpenPage, widget_page: MakePage) -> None:
    page = open_page(widget_page(a_machine(z=(0, 0))))
    expect(page.get_by_role("button", name="Play")).to_be_visible()
    hold_time(page)
    page.get_by_role("button", name="Play").click()
    seen = []
    for _ in range(60):
        page.clock.run_for(250)
        seen.append(shown(page)["z"])
    far = np.linalg.norm(np.array(seen)[:, None] - [[-1.8, -1.0], [1.6, 1.4], [0.4, -1.6]], axis=2)
    assert (far.min(0) < 0.3).all()
    page.clock.run_for(1000)
    expect(page.get_by_role("button", name="Play")).to_be_visible()
    assert shown(page)["z"] == [0, 0]
    page.clock.run_for(5000)
    assert shown(page)["z"] == [0, 0]


@pytest.mark.parametrize("who", ["map", "pad", "digit", "key", "button", "python"])
def test_a_walk_stops_when_touched(live_widget: Callable[..., Page], who: str) -> None:
    page = live_widget(a_machine(z=(0, 0)))
    hold_time(page)
    page.get_by_role("button", name="Play").click()
    page.clock.run_for(1000)
    assert shown(page)["z"] != [0, 0]
    if who == "map":
        page.mouse.click(*at(page, "map", (2, 2)))
    elif who == "pad":
        page.mouse.click(*at(page, "x", (10, 10)))
    elif who == "digit":
        page.get_by_role("radio").last.check()
    elif who == "key":
        page.get_by_role("application").press("ArrowUp")
    elif who == "button":
        page.get_by_role("button", name="Pause").click()
    else:
        page.evaluate("live.model.set('z', [1, 1])")
    page.clock.run_for(100)
    stands = shown(page)["z"]
    page.clock.run_for(2000)
    assert shown(page)["z"] == stands
    expect(page.get_by_role("button", name="Play")).to_be_visible()


def test_a_walk_in_still_steps(browser: Browser, widget_page: MakePage) -> None:
    context = browser.new_context(reduced_motion="reduce")
    page = context.new_page()
    page.goto(widget_page(a_machine(z=(-1.8, -1.2))))
    play = page.get_by_role("button", name="Play")
    for digit in ([-1.8, -1.0], [0.4, -1.6], [1.6, 1.4]):
        play.click()
        assert shown(page)["z"] == pytest.approx(digit, abs=0.1)
    play.click()
    assert shown(page)["z"] == [-1.8, -1.2]
    context.close()


# --- Python, and what a page has to be -------------------------------------------------------------------------------


def test_python_and_the_page_follow_each_other(live_widget: Callable[..., Page]) -> None:
    model = a_model()
    page = live_widget(a_machine())
    page.evaluate("x => live.model.set('x', live.bytes(x))", digits()[8].tolist())
    assert_machine(page, model, digits()[8])  # z goes with it
    assert page.evaluate("live.model.get('z')") == shown(page)["z"]
    page.evaluate("live.model.set('z', [0.5, -1.25])")
    assert shown(page)["z"] == [0.5, -1.25]
    assert shown(page)["mean"] == pytest.approx(expected(model, digits()[8])["mean"], abs=1e-5)
    page.evaluate("live.show()")
    choose(page.locator(".vae-machine").first, 7)  # type: ignore[arg-type]
    heard = page.evaluate("[...new Uint8Array(live.model.get('x').buffer)]")
    assert (np.array(heard) == digits()[7]).all()
    for copy in (0, 1):
        assert_machine(page, model, digits()[7], copy)


def test_views_end(live_widget: Callable[..., Page]) -> None:
    remove_change_and_show(live_widget(a_machine()), "z", [0.25, 0.5])


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 390, 320])
def test_all_of_one_height_and_within_the_page(
    open_page: OpenPage, widget_page: MakePage, width: int, scheme: str
) -> None:
    page = open_page(widget_page(Machine(a_model())), width=width, height=844, scheme=scheme)
    page.evaluate("scheme => (document.documentElement.dataset.theme = scheme)", scheme)
    page.add_style_tag(content="html[data-theme=dark] { background: #14181e }")
    settle(page)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    boxes = [page.locator(f".vae-part-{kind} canvas").bounding_box() for kind in ("x", "map", "f")]
    assert len({round(box["height"]) for box in boxes if box}) == 1
    assert max(box["y"] + box["height"] for box in boxes if box) < 844
    if width == 1280:
        assert len({round(box["y"]) for box in boxes if box}) == 1
    for control in [*page.get_by_role("radio").all(), *page.get_by_role("button").all()]:
        assert_room_for_a_finger(control, 44)
    of_pages = ("landmark-one-main", "page-has-heading-one", "region")
    assert not [found for found in complaints(page) if not found.startswith(of_pages)]
    assert page.locator(".vae-map").evaluate(CORNER) == ([253, 253, 251] if scheme == "light" else [23, 24, 27])


BROKEN: dict[str, dict[str, Any]] = {
    "no weights": {"encoder_weights": b""},
    "too few": {"decoder_weights": b"\0\0"},
    "no layers": {"decoder_layers": []},
    "exchanged": {"encoder_weights": a_machine().decoder_weights, "encoder_layers": a_machine().decoder_layers},
}


@pytest.mark.parametrize("how", list(BROKEN))
def test_nonsense_becomes_one_sentence(live_widget: Callable[..., Page], how: str) -> None:
    machine = a_machine()
    page = live_widget(machine, **BROKEN[how])
    assert_a_sentence_until_it_heals(page, MACHINE["bad_weights"], machine, BROKEN[how])
    expect(page.locator(".vae-pad")).to_be_visible()


@pytest.mark.parametrize("edits", [{"x": b"abc"}, {"x": None}])
def test_a_nonsense_picture_is_an_empty_pad(live_widget: Callable[..., Page], edits: dict[str, Any]) -> None:
    page = live_widget(a_machine(), **edits)
    assert shown(page)["mean"] is None
    expect(page.locator(".vae-invite")).to_be_visible()


def test_no_walk_and_no_names_without_labels(live_widget: Callable[..., Page]) -> None:
    page = live_widget(a_machine(codes=None, labels=None, examples=digits()[:2]))
    expect(page.get_by_role("button", name="Play")).to_have_count(0)
    expect(page.get_by_role("radio", name="Example 2")).to_be_checked()
    expect(page.locator(".vae-near")).to_have_text("")


def test_what_does_not_fit_is_refused() -> None:
    with pytest.raises(ValueError, match="data_dim 784 and latent_dim 2, got 64 and 2"):
        Machine("digits-2")
    with pytest.raises(TypeError, match=r"Machine needs a VAE, .* got Autoencoder"):
        Machine(Autoencoder(784, 2, (4,)))  # type: ignore[arg-type]
    with pytest.raises(ValueError, match=r"examples must be pictures of 784 pixels each, got shape \(64,\) "):
        a_machine(examples=torch.zeros(2, 64))
    with pytest.raises(traitlets.TraitError, match="x must be a picture of 28 rows and 28 columns"):
        a_machine().x = b"abc"
    with pytest.raises(traitlets.TraitError, match="z must be two finite numbers"):
        a_machine().z = [1.0]
    machine = a_machine()
    machine.z = (10, -10)
    assert machine.z == [machine.extent, -machine.extent]

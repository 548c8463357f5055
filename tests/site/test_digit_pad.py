"""DigitPad in Chromium, through the book's own host: the drawing's form, every number, every hand, every nonsense."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from copy import deepcopy
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
import torch
import traitlets
from checks import assert_a_sentence_until_it_heals, assert_room_for_a_finger, settle
from playwright.sync_api import Page, expect
from scipy import stats

from vae_lib import pretrained
from vae_lib.model import VAE, Autoencoder
from vae_lib.widgets import DigitPad
from vae_lib.widgets.digit_pad import fingerprint, shipped_examples, usual_range
from vae_lib.widgets.words import DIGIT_PAD

OpenPage = Callable[..., Page]
MakePage = Callable[..., str]
Array = np.ndarray[Any, Any]

# The page sums 784 float32 products in float64, PyTorch in float32: a code and a log density, of up to some thousand
# nats, differ in the sixth digit. Weights that are no float16 numbers are rounded on their way to the page, which the
# models here are not.
RELATIVE, ABSOLUTE = 1e-4, 1e-3

PAIRS = ("mean", "std", "epsilon", "z")
TERMS = ("log_likelihood", "kl", "elbo")


def a_model() -> VAE:
    """Random weights, large enough that codes and pictures differ from place to place, in float16's precision."""
    torch.manual_seed(2)
    model = VAE(784, 2, (8,), sigma=0.5)
    with torch.no_grad():
        for parameter in [*model.encoder.parameters(), *model.decoder.parameters()]:
            parameter.mul_(3)
    return pretrained.round_to_half(model).eval()


def a_pad(model: VAE | None = None, **options: Any) -> DigitPad:
    return DigitPad(model or a_model(), **options)


def pictures() -> dict[str, Array]:
    """Pictures as rows of bytes: digits, and what is at the edge of being a picture."""
    random = np.random.default_rng(0)
    dot, edges, black = np.zeros((28, 28)), np.zeros((28, 28)), np.full((28, 28), 255)
    dot[13, 17] = 255
    edges[[0, -1]] = edges[:, [0, -1]] = 200
    found = {f"digit {i}": row.numpy() for i, row in enumerate(shipped_examples().pictures)}
    found |= {
        "dot": dot,
        "edges": edges,
        "full": black,
        "faint": np.eye(28),
        "noise": random.integers(0, 256, (28, 28)),
    }
    found["corner"] = np.pad([[255]], ((27, 0), (27, 0)))
    return {name: value.astype(np.uint8).reshape(-1) for name, value in found.items()}


def shown(page: Page, copy: int = 0) -> dict[str, Any]:
    """The numbers behind the rounded text of the chain and the fit; ``None`` where there is a dash."""
    body = page.locator(".vae-pad-widget").nth(copy)
    result: dict[str, Any] = {}
    for name in PAIRS:
        value = body.locator(f"[data-name={name}] data").get_attribute("value")
        result[name] = json.loads(value) if value else None
    for name in TERMS:
        value = body.locator(f"[data-term={name}] data").get_attribute("value")
        result[name] = float(value) if value else None
    return result


GREY = """c => {
  const data = c.getContext("2d").getImageData(0, 0, c.width, c.height).data;
  let text = "";
  for (let i = 0; i < data.length; i += 4) {
    if (data[i] !== data[i + 1] || data[i] !== data[i + 2] || data[i + 3] !== 255) throw new Error("not grey");
    text += String.fromCharCode(data[i]);
  }
  return btoa(text);
}"""


def grey(page: Page, kind: str, copy: int = 0) -> Array:
    """A canvas' grey values; the three colours agree and nothing shines through."""
    text = page.locator(f".vae-{kind}").nth(copy).evaluate(GREY)
    return np.frombuffer(base64.b64decode(text), np.uint8).astype(np.int64)


def expected(model: VAE, x: Array, epsilon: Any) -> tuple[dict[str, Any], Array]:
    """The same numbers by PyTorch and SciPy, and f(z) as grey values."""
    row = torch.from_numpy(x.astype(np.float32) / 255)
    with torch.no_grad():
        posterior = model.encode(row)
        z = posterior.mean + posterior.std * torch.tensor(epsilon)
        image = model.decode(z)
    normal = torch.distributions.Normal(posterior.mean.double(), posterior.std.double())  # type: ignore[no-untyped-call]
    kl = torch.distributions.kl_divergence(normal, torch.distributions.Normal(0.0, 1.0)).sum()  # type: ignore[no-untyped-call]
    fit = stats.norm(image.double().numpy(), model.sigma).logpdf(row.double().numpy()).sum()
    numbers = {
        "mean": posterior.mean.tolist(), "std": posterior.std.tolist(), "epsilon": list(epsilon), "z": z.tolist(),
        "log_likelihood": fit, "kl": float(kl), "elbo": fit - float(kl),
    }  # fmt: skip
    return numbers, 255 * image.numpy()


def assert_right(page: Page, model: VAE, x: Array, epsilon: Any, copy: int = 0) -> None:
    numbers, image = expected(model, x, epsilon)
    found = shown(page, copy)
    for name, value in numbers.items():
        assert found[name] == pytest.approx(value, rel=RELATIVE, abs=ABSOLUTE), name
    assert np.abs(grey(page, "f", copy) - image).max() <= 2
    assert (grey(page, "x", copy) == x).all()


def put(page: Page, x: Array) -> None:
    page.evaluate("x => live.model.set('x', live.bytes(x))", x.tolist())


def current_x(page: Page, view: int = 0) -> Array:
    """The picture X when all is drawn."""
    settle(page)
    return grey(page, "x", view).astype(np.uint8)


# --- numbers ---------------------------------------------------------------------------------------------------------


def test_every_number_and_pixel_equals_torch(open_page: OpenPage, widget_page: MakePage) -> None:
    model, given = pretrained.load("mnist-2"), list(pictures().values())
    page = open_page(widget_page(DigitPad("mnist-2", examples=np.stack(given), epsilon=(0.0, 0.0))))
    for i, x in enumerate(given):
        page.get_by_role("button", name=f"Example {i + 1}", exact=True).click()
        assert_right(page, model, x, shown(page)["epsilon"])
        page.get_by_role("button", name=DIGIT_PAD["resample"]).click()
    assert_right(page, model, given[-1], shown(page)["epsilon"])


def test_far_epsilons(live_widget: Callable[..., Page]) -> None:
    model = a_model()
    page = live_widget(a_pad(model))
    for i, x in enumerate(pictures().values()):
        put(page, x)
        epsilon = [(0.0, 0.0), (1.5, -2.25), (-35.0, 5.0)][i % 3]
        page.evaluate("e => live.model.set('epsilon', e)", epsilon)
        assert_right(page, model, x, epsilon)


def test_python_s_numbers_are_the_page_s(live_widget: Callable[..., Page]) -> None:
    model = a_model()
    pad = a_pad(model, x=pictures()["digit 3"], epsilon=[0.25, -1.0])
    page = live_widget(pad)
    found = shown(page)
    for name in ("mean", "std", "z"):
        assert getattr(pad, name).tolist() == pytest.approx(found[name], rel=RELATIVE, abs=ABSOLUTE)
    for name in TERMS:
        assert getattr(pad, name) == pytest.approx(found[name], rel=RELATIVE, abs=ABSOLUTE)
    assert np.abs(255 * pad.reconstruction.flatten().numpy() - grey(page, "f")).max() <= 2


def test_the_numbers_that_are_read_are_those_behind_them(live_widget: Callable[..., Page]) -> None:
    page = live_widget(a_pad(x=pictures()["digit 3"]))
    found = shown(page)
    for name in PAIRS:
        text = page.locator(f"[data-name={name}] data").inner_text().replace("−", "-")
        assert json.loads(text.replace("(", "[").replace(")", "]")) == pytest.approx(
            found[name], abs=5.01e-3 if name == "epsilon" else 5.01e-4
        )
    for name in TERMS:
        text = page.locator(f"[data-term={name}] data").inner_text().replace("−", "-")
        assert float(text) == pytest.approx(found[name], abs=5.01e-3)


GRID = 280

# --- hands -----------------------------------------------------------------------------------------------------------

SEVEN = [(8, 6), (20, 6), (16, 14), (13, 24)]


def at(page: Page, point: tuple[float, float]) -> tuple[float, float]:
    """A place of the pad, in pixels of X, on the page."""
    box = page.locator(".vae-pad").first.bounding_box()
    assert box
    return box["x"] + 1 + (box["width"] - 2) * point[0] / 28, box["y"] + 1 + (box["height"] - 2) * point[1] / 28


def draw(page: Page, points: list[tuple[float, float]], steps: int = 4) -> None:
    page.mouse.move(*at(page, points[0]))
    page.mouse.down()
    for point in points[1:]:
        page.mouse.move(*at(page, point), steps=steps)
    page.mouse.up()
    settle(page)


def lines(points: list[tuple[float, float]]) -> Array:
    """Where a pen of 2.2 pixels would leave ink, by distance to the line, on the pad's points."""
    y, x = (np.mgrid[:GRID, :GRID] + 0.5) / 10
    near = np.full((GRID, GRID), np.inf)
    for (x0, y0), (x1, y1) in pairwise(points):
        t = np.clip(((x - x0) * (x1 - x0) + (y - y0) * (y1 - y0)) / ((x1 - x0) ** 2 + (y1 - y0) ** 2), 0, 1)
        near = np.minimum(near, np.hypot(x - x0 - t * (x1 - x0), y - y0 - t * (y1 - y0)))
    return near


def test_drawing_by_mouse(open_page: OpenPage, widget_page: MakePage) -> None:
    model = pretrained.load("mnist-2")
    page = open_page(widget_page(DigitPad("mnist-2")))
    draw(page, SEVEN)
    distance, ink = lines(SEVEN), grey(page, "pad").reshape(GRID, GRID)
    assert (ink[distance < 0.5] == 255).all()  # the pen's core, and beyond its soft edge nothing
    assert (ink[distance > 1.7] == 0).all()
    x = current_x(page)
    assert (x == grey(page, "x")).all()
    assert_right(page, model, x, [0.8, -0.6])
    expect(page.locator(".vae-near")).to_have_text("Most codes near z: 7")
    page.mouse.move(*at(page, (3, 3)))  # the button is up
    settle(page)
    assert (current_x(page) == x).all()
    draw(page, [(14, 14), (14, 60)])  # beyond the edge
    assert_right(page, model, current_x(page), [0.8, -0.6])
    page.mouse.click(*at(page, (5, 5)), button="right")
    assert (current_x(page) == grey(page, "x")).all()


def test_drawing_by_touch_does_not_scroll(live_widget: Callable[..., Page]) -> None:
    page = live_widget(a_pad())
    page.set_viewport_size({"width": 390, "height": 600})
    client = page.context.new_cdp_session(page)
    for kind, point in [("touchStart", (14, 4)), ("touchMove", (14, 14)), ("touchMove", (13, 24))]:
        x, y = at(page, point)
        client.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": [{"x": x, "y": y}]})
    client.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
    assert current_x(page).any()
    assert page.evaluate("scrollY") == 0
    canvases = page.locator("canvas").all()
    actions = [canvas.evaluate("c => getComputedStyle(c).touchAction") for canvas in canvases]
    assert [action for action in actions if action != "auto"] == ["none"]


def test_a_pen_that_presses_draws_wider(live_widget: Callable[..., Page]) -> None:
    page = live_widget(a_pad())
    inks = []
    for pressure in (0.2, 0.5, 1.0):
        x, y = at(page, (14, 14))
        for kind in ("pointerdown", "pointermove", "pointerup"):
            page.locator(".vae-pad").evaluate(
                """(c, [kind, options]) => {
                  c.setPointerCapture = () => {};
                  c.dispatchEvent(new PointerEvent(kind, options));
                }""",
                [kind, {"clientX": x, "clientY": y, "pointerType": "pen", "pressure": pressure, "pointerId": 7}],
            )
        settle(page)
        inks.append(int((grey(page, "pad") > 127).sum()))
        page.get_by_role("button", name=DIGIT_PAD["clear"]).click()
    assert inks[0] < inks[1] < inks[2]
    assert inks[1] == pytest.approx(np.pi * 11**2, rel=0.05)


def test_clear_and_undo(live_widget: Callable[..., Page]) -> None:
    page = live_widget(a_pad())
    undo, clear = (page.get_by_role("button", name=DIGIT_PAD[name]) for name in ("undo", "clear"))
    draw(page, SEVEN)
    seven = current_x(page)
    draw(page, [(9, 15), (20, 15)])
    crossed = current_x(page)
    assert not (crossed == seven).all()
    clear.click()
    assert not current_x(page).any()
    for earlier in (crossed, seven, np.zeros(784), np.zeros(784)):
        undo.click()
        assert (current_x(page) == earlier).all()
    assert not grey(page, "pad").any()


def pen_and(page: Page, then: str) -> None:
    """A stroke of the pen and, before its frame, what ``then`` does."""
    page.evaluate(
        """([from, to, then]) => {
          const pad = document.querySelector(".vae-pad");
          pad.setPointerCapture = () => {};
          for (const [name, at] of [["pointerdown", from], ["pointermove", to], ["pointerup", to]]) {
            pad.dispatchEvent(new PointerEvent(name, { clientX: at[0], clientY: at[1], pointerId: 1, bubbles: true }));
          }
          (0, eval)(then);
        }""",
        [at(page, (6, 6)), at(page, (20, 20)), then],
    )
    settle(page)


@pytest.mark.parametrize("who", ["python", "clear", "undo", "example"])
def test_a_picture_that_is_set_before_the_pen_s_frame_stays(live_widget: Callable[..., Page], who: str) -> None:
    seven, pad = pictures()["digit 7"], a_pad()
    page = live_widget(pad)
    press = (
        "[...document.querySelectorAll('button')].find(one => [one.ariaLabel, one.innerText].includes('{0}')).click()"
    )
    then = {
        "python": f"live.model.set('x', live.bytes({seven.tolist()}))",
        "clear": press.format(DIGIT_PAD["clear"]),
        "undo": press.format(DIGIT_PAD["undo"]),
        "example": press.format(DIGIT_PAD["example_digit"].format(label=7)),
    }[who]
    pen_and(page, "")
    alone = current_x(page)
    assert alone.any()
    page.get_by_role("button", name=DIGIT_PAD["undo"]).click()
    pen_and(page, then)
    wanted = seven if who in ("python", "example") else np.zeros(784)
    assert (current_x(page) == wanted).all()
    if who == "undo":
        return
    page.get_by_role("button", name=DIGIT_PAD["undo"]).click()
    assert (current_x(page) == alone).all()  # the stroke is not lost


def test_a_stroke_is_one_step_to_undo_in_every_view(live_widget: Callable[..., Page]) -> None:
    page = live_widget(a_pad())
    put(page, pictures()["digit 4"])
    page.evaluate("live.show()")
    put(page, pictures()["digit 7"])
    page.mouse.move(*at(page, (3, 3)))
    page.mouse.down()
    for i in range(25):
        page.mouse.move(*at(page, (3 + 0.8 * i, 20)))
        settle(page)
    page.mouse.up()
    settle(page)
    undo = page.get_by_role("button", name=DIGIT_PAD["undo"]).nth(1)
    for earlier in ("digit 7", "digit 4"):
        undo.click()
        assert (current_x(page, 1) == pictures()[earlier]).all()


def test_examples_by_keyboard(open_page: OpenPage, widget_page: MakePage) -> None:
    model = pretrained.load("mnist-2")
    page = open_page(widget_page(DigitPad("mnist-2")))
    low = shipped_examples().usual[0, 0]
    page.get_by_role("button", name=DIGIT_PAD["undo"]).focus()
    names = [f"Handwritten {digit}" for digit in range(10)] + [
        DIGIT_PAD["example_scribble"],
        DIGIT_PAD["example_cross"],
    ]
    for i, name in enumerate(names):
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.ariaLabel") == name
        assert page.evaluate("getComputedStyle(document.activeElement).outlineWidth") == "3px"
        assert page.evaluate("document.activeElement.dataset.lmSuppressShortcuts") == "true"
        page.keyboard.press(["Enter", "Space"][i % 2])
        x = current_x(page)
        if i < 10:
            assert (x == shipped_examples().pictures[i].numpy()).all()
        assert_right(page, model, x, [0.8, -0.6])
        expect(page.get_by_role("button", name=name)).to_have_attribute("aria-pressed", "true")
        expect(page.locator("[aria-pressed=true]")).to_have_count(1)
        # P(X|z) falls off where X is no digit.
        assert (shown(page)["log_likelihood"] < low) == (i >= 10)
        word = DIGIT_PAD["verdict_below" if i >= 10 else "verdict_within"]
        expect(page.locator(".vae-verdict")).to_have_text(word)
    expect(page.locator(".vae-live")).to_contain_text(DIGIT_PAD["verdict_below"])
    page.keyboard.press("Tab")
    before = shown(page)
    page.keyboard.press("Enter")
    after = shown(page)
    assert after["epsilon"] != before["epsilon"]
    assert after["mean"] == before["mean"]
    assert after["z"] != before["z"]
    assert_right(page, model, current_x(page), after["epsilon"])


def test_resampling_draws_from_a_standard_normal(live_widget: Callable[..., Page]) -> None:
    page = live_widget(a_pad(), words={**DIGIT_PAD})
    page.evaluate("for (let i = 0; i < 400; i++) document.querySelector('.vae-action button').click()")
    drawn = np.array(page.evaluate("live.model.heard.map(state => state.epsilon)"))
    assert drawn.shape == (400, 2)
    # One test in a million would fail by chance.
    assert stats.kstest(drawn.reshape(-1), "norm").pvalue > 1e-6


def test_an_empty_pad(open_page: OpenPage, widget_page: MakePage) -> None:
    page = open_page(widget_page(DigitPad("mnist-2")))
    expect(page.locator(".vae-verdict")).to_have_text(DIGIT_PAD["empty"])
    expect(page.locator(".vae-invite")).to_be_visible()
    assert {name: value for name, value in shown(page).items() if value is not None} == {"epsilon": [0.8, -0.6]}
    page.get_by_role("button", name=DIGIT_PAD["resample"]).click()
    assert not grey(page, "f").any()
    assert "NaN" not in page.locator(".vae-widget").inner_text()
    page.mouse.click(*at(page, (1, 1)))  # one dot, in a corner
    assert_right(page, pretrained.load("mnist-2"), current_x(page), shown(page)["epsilon"])
    expect(page.locator(".vae-invite")).to_be_hidden()


def test_the_range_of_test_digits(open_page: OpenPage, widget_page: MakePage) -> None:
    page = open_page(widget_page(DigitPad("mnist-2", x=pictures()["digit 3"])))
    usual = shipped_examples().usual
    script = """row => ['band', 'median', 'pointer', 'tick'].map(name => {
      const [mark, last] = [row.querySelector('.vae-' + name), [...row.querySelectorAll('.vae-tick')].at(-1)];
      return [mark.style.left, mark.style.right, mark.innerText, last.innerText];
    })"""
    for i, term in enumerate(TERMS):
        band, median, pointer, tick = page.locator(f"[data-term={term}]").evaluate(script)
        low, high = (float(text.replace("−", "-")) for text in tick[2:])
        places = [band[0], median[0], band[1], pointer[0]]
        left, middle, right, here = (float(place.removesuffix("%")) / 100 for place in places)
        found = [low + (high - low) * place for place in (left, middle, 1 - right)]
        assert found == pytest.approx(usual[i].tolist(), abs=1e-3 * (high - low))
        assert low + (high - low) * here == pytest.approx(shown(page)[term], abs=1e-3 * (high - low))


# --- fit, copies, nonsense -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("width", [320, 390, 560, 690])
def test_it_fits(open_page: OpenPage, widget_page: MakePage, width: int) -> None:
    x = pictures()["full"]
    page = open_page(
        widget_page(DigitPad("mnist-2", x=x, epsilon=(-11.125, -12.75))), width=width, height=900, touch=True
    )
    expect(page.locator(".vae-widget")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    targets = page.get_by_role("button").all()
    assert len(targets) == 15
    for target in targets:
        assert_room_for_a_finger(target, 44)
    # No link of the chain runs into another, and no button into a canvas.
    parts = page.locator(".vae-chain > li > *, .vae-button, .vae-pad, .vae-map").all()
    boxes = [box for part in parts if (box := part.bounding_box())]
    for i, a in enumerate(boxes):
        assert a["x"] + a["width"] <= width
        for b in boxes[i + 1 :]:
            apart = a["x"] + a["width"] <= b["x"] + 0.5 or b["x"] + b["width"] <= a["x"] + 0.5
            assert apart or a["y"] + a["height"] <= b["y"] + 0.5 or b["y"] + b["height"] <= a["y"] + 0.5


def test_two_copies_and_two_views(open_page: OpenPage, widget_page: MakePage) -> None:
    model = a_model()
    first, second = a_pad(model), a_pad(model)
    page = open_page(widget_page(first, second, first), height=3000)
    page.get_by_role("button", name="Handwritten 4").nth(2).click()
    for copy, x in [(0, "digit 4"), (2, "digit 4")]:
        assert_right(page, model, pictures()[x], [0.8, -0.6], copy)
        assert (grey(page, "pad", copy).reshape(28, 10, 28, 10)[:, 5, :, 5].reshape(-1) == pictures()[x]).all()
    assert shown(page, 1)["z"] is None
    assert page.evaluate("new Set([...document.querySelectorAll('[id]')].map(e => e.id)).size") == (
        page.locator("[id]").count()
    )


def test_twenty_quick_strokes(live_widget: Callable[..., Page]) -> None:
    model = a_model()
    page = live_widget(a_pad(model))
    for i in range(20):
        page.mouse.move(*at(page, (4, 1.3 * i + 1)))
        page.mouse.down()
        page.mouse.move(*at(page, (24, 27 - 1.3 * i)), steps=2)
        page.mouse.up()
    assert_right(page, model, current_x(page), [0.8, -0.6])
    for _ in range(25):
        page.get_by_role("button", name=DIGIT_PAD["undo"]).click()
    assert not current_x(page).any()


def test_the_kernel_sets_a_picture_and_reads_the_drawing(live_widget: Callable[..., Page]) -> None:
    model = a_model()
    page = live_widget(a_pad(model))
    put(page, pictures()["edges"])
    assert_right(page, model, pictures()["edges"], [0.8, -0.6])
    assert page.evaluate("live.model.heard.length") == 0  # nothing echoes
    page.evaluate("live.model.set('epsilon', [0, 2])")
    assert_right(page, model, pictures()["edges"], [0, 2])
    draw(page, SEVEN)  # on top of it: all of it is brought into form
    heard = page.evaluate("[...new Uint8Array(live.model.get('x').buffer)]")
    pad = a_pad(model)
    pad.set_state({"x": memoryview(bytes(heard))})
    assert (255 * pad.image.flatten()).round().numpy() == pytest.approx(grey(page, "x"))
    page.get_by_role("button", name=DIGIT_PAD["undo"]).click()
    assert_right(page, model, pictures()["edges"], [0, 2])
    page.get_by_role("button", name=DIGIT_PAD["resample"]).click()
    assert page.evaluate("live.model.get('epsilon')") == shown(page)["epsilon"] != [0, 2]


def test_a_view_that_is_removed_and_shown_again(live_widget: Callable[..., Page]) -> None:
    model = a_model()
    page = live_widget(a_pad(model))
    listening = page.evaluate("live.listening()")
    for _ in range(3):
        page.evaluate("live.remove()")
        assert page.evaluate("live.listening()") == 0
        put(page, pictures()["digit 8"])
        page.evaluate("live.show()")
    assert page.evaluate("live.listening()") == listening
    assert_right(page, model, pictures()["digit 8"], [0.8, -0.6])


BROKEN: dict[str, dict[str, Any]] = {
    "encoder too short": {"encoder_weights": b"\0" * 10},
    "decoder too short": {"decoder_weights": b""},
    "no layers": {"encoder_layers": []},
    "no sigma": {"sigma": 0.0},
    "exchanged": {"encoder_weights": a_pad().decoder_weights, "encoder_layers": a_pad().decoder_layers},
}


@pytest.mark.parametrize("how", list(BROKEN))
def test_nonsense_becomes_one_sentence(live_widget: Callable[..., Page], how: str) -> None:
    pad = a_pad()
    page = live_widget(pad, **BROKEN[how])
    assert_a_sentence_until_it_heals(page, DIGIT_PAD["bad_weights"], pad, BROKEN[how])
    expect(page.locator(".vae-pad")).to_be_visible()


@pytest.mark.parametrize(
    "edits", [{"x": b"abc"}, {"x": None}, {"epsilon": [1]}, {"epsilon": ["a", None]}, {"epsilon": 3}]
)
def test_a_nonsense_picture_or_epsilon(live_widget: Callable[..., Page], edits: dict[str, Any]) -> None:
    page = live_widget(a_pad(), **edits)
    assert not grey(page, "pad").any()
    assert shown(page)["epsilon"] == ([0.8, -0.6] if "x" in edits else [0, 0])


def test_a_model_without_finite_numbers_says_so(live_widget: Callable[..., Page]) -> None:
    model = a_model()
    with torch.no_grad():
        model.encoder.net[-1].bias.fill_(6e4)
    page = live_widget(a_pad(model))
    put(page, pictures()["digit 1"])
    expect(page.locator(".vae-verdict")).to_have_text(DIGIT_PAD["not_finite"])
    assert "NaN" not in page.locator(".vae-widget").inner_text()
    assert "Infinity" not in page.locator(".vae-widget").inner_text()


def test_other_models(live_widget: Callable[..., Page]) -> None:
    """A model of the reader's own: with test pictures it has a range, without them none."""
    model, test = a_model(), shipped_examples().pictures.float() / 255
    assert a_pad(model).usual == []
    usual = torch.tensor(a_pad(model, test=test).usual)
    assert (usual[:, 0] < usual[:, 1]).all()
    assert (usual[:, 1] < usual[:, 2]).all()
    page = live_widget(a_pad(model, examples=test[:3]))
    expect(page.locator(".vae-band")).to_have_count(0)
    expect(page.get_by_role("button", name="Example 3")).to_be_visible()
    page.get_by_role("button", name="Example 2").click()
    assert_right(page, model, pictures()["digit 1"], [0.8, -0.6])
    expect(page.locator(".vae-near")).to_have_text("")
    expect(page.locator(".vae-verdict")).to_have_text("")


MOVES = """async together => {
  const pad = document.querySelector('.vae-pad'), box = pad.getBoundingClientRect();
  pad.setPointerCapture = () => {};
  const send = (kind, x, y) =>
    pad.dispatchEvent(new PointerEvent(kind, { clientX: box.x + x, clientY: box.y + y, pointerId: 5 }));
  const { putImageData } = CanvasRenderingContext2D.prototype;
  let drawn = 0;
  CanvasRenderingContext2D.prototype.putImageData = function (...given) {
    drawn++;
    return putImageData.apply(this, given);
  };
  send('pointerdown', 30, 30);
  for (let i = 0; i < 60; i++) {
    send('pointermove', 40 + 3 * i, 120 + 90 * Math.sin(i / 4));
    if (!together) await settled();
  }
  await settled();
  send('pointerup', 30, 30);
  return drawn;
}"""


@pytest.mark.parametrize(("together", "frames"), [(False, 60), (True, 1)])
def test_a_frame_draws_the_three_pictures_once(
    open_page: OpenPage, widget_page: MakePage, together: bool, frames: int
) -> None:
    """However many moves of the pen it has."""
    page = open_page(widget_page(DigitPad("mnist-2")))
    settle(page)
    assert page.evaluate(MOVES, together) == 3 * frames


# --- Python ----------------------------------------------------------------------------------------------------------


def test_the_shipped_range_belongs_to_the_shipped_model() -> None:
    """After mnist-2 was trained or rounded anew: VAE_LIB_DATA=FOLDER python tools/mnist_examples.py."""
    shipped = shipped_examples()
    assert shipped.fingerprint == fingerprint(pretrained.load("mnist-2"))
    assert shipped.labels.tolist() == list(range(10))
    figures = pretrained.record("mnist-2")["figures"]
    # The record's figures are means over the same test digits, and lie between their quartiles.
    for row, name in zip(shipped.usual, ("test_reconstruction", "test_kl", "test_elbo"), strict=True):
        assert row[0] < figures[name] < row[2]
        assert abs(row[1] - figures[name]) < 0.25 * (row[2] - row[0])
    changed = pretrained.load("mnist-2")
    with torch.no_grad():
        changed.decoder.net[0].weight[0, 0] += 0.01
    assert fingerprint(changed) != shipped.fingerprint


def test_the_range_is_that_of_the_terms() -> None:
    model, test = a_model(), torch.from_numpy(np.stack(list(pictures().values()))).float() / 255
    usual = usual_range(model, test)
    posterior = model.encode(test)
    kl = torch.distributions.kl_divergence(
        torch.distributions.Normal(posterior.mean, posterior.std), torch.distributions.Normal(0.0, 1.0)
    ).sum(1)  # type: ignore[no-untyped-call]
    reference = np.quantile(kl.detach().numpy(), [0.05, 0.5, 0.95])
    assert usual[1].tolist() == pytest.approx(reference.tolist(), rel=1e-4)
    assert usual.shape == (3, 3)


def test_python_speaks_of_the_model_that_the_page_has(live_widget: Callable[..., Page]) -> None:
    """Weights are sent as float16, and once: what becomes of the caller's model, or its precision, is no matter."""
    torch.manual_seed(0)
    model, x = VAE(784, 2, (8,), sigma=0.5).double(), pictures()["digit 5"]
    rounded = deepcopy(model).half().float()
    rounded.log_sigma.data = model.log_sigma.data.float()
    pad = a_pad(model, x=x)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.zero_()
    numbers, image = expected(rounded, x, pad.epsilon)
    assert pad.mean.tolist() == pytest.approx(numbers["mean"], rel=1e-5)
    assert pad.log_likelihood == pytest.approx(numbers["log_likelihood"], rel=1e-5)
    assert_right(live_widget(pad), rounded, x, pad.epsilon)
    assert (255 * pad.reconstruction.flatten()).numpy() == pytest.approx(image, abs=1e-3)


@pytest.mark.parametrize("form", ["bytes", "list", "rows", "array", "tensor", "brightness", "memory"])
def test_x_takes_pictures(form: str) -> None:
    x = pictures()["digit 5"]
    given: dict[str, Any] = {
        "bytes": x.tobytes(), "list": x.tolist(), "rows": x.reshape(28, 28).tolist(), "array": x,
        "tensor": torch.from_numpy(x), "brightness": torch.from_numpy(x).float() / 255,
        "memory": memoryview(x.tobytes()),
    }  # fmt: skip
    pad = a_pad()
    pad.x = given[form]
    assert pad.x == x.tobytes()
    assert pad.image.shape == (28, 28)
    assert pad.image.max() == 1


@pytest.mark.parametrize(
    "given", [b"abc", [0] * 783, np.full(784, 256), np.full(784, -0.1), np.full(784, np.nan), None, "x", 3]
)
def test_x_refuses_the_rest_and_names_it(given: Any) -> None:
    with pytest.raises(traitlets.TraitError, match=r"x must be a picture of 28 rows and 28 columns: .*, got "):
        a_pad().x = given


def test_models_that_do_not_fit_are_refused() -> None:
    with pytest.raises(ValueError, match="data_dim 784 and latent_dim 2, got 64 and 2"):
        DigitPad("digits-2")
    with pytest.raises(ValueError, match="latent_dim 2, got 784 and 3"):
        DigitPad(VAE(784, 3, (4,)))
    with pytest.raises(TypeError, match=r"DigitPad needs a VAE, .* got Autoencoder"):
        DigitPad(Autoencoder(784, 2, (4,)))
    with pytest.raises(ValueError, match="likelihood 'gaussian', got bernoulli"):
        DigitPad(VAE(784, 2, (4,), likelihood="bernoulli"))
    test = torch.rand(3, 784)
    for bad in (test[0], test[:0], test[:, 1:], test * 255, (test * 255).byte(), -test, test.log() * float("nan")):
        with pytest.raises(
            ValueError, match=r"test must be floating point of shape \(n, 784\) .* values from 0 to 1, got"
        ):
            a_pad(test=bad)
    test[1, 5] = float("nan")
    with pytest.raises(ValueError, match=r"values from 0 to 1, got torch.float32 of shape \(3, 784\)"):
        a_pad(test=test)
    wild = a_model()
    with torch.no_grad():
        wild.encoder.net[-1].bias[2:] = 1000  # a log variance whose exponential is infinite
    with pytest.raises(ValueError, match="nats of test must be finite, got"):
        a_pad(wild, test=torch.rand(3, 784))
    with pytest.raises(ValueError, match=r"examples must be pictures, shape \(n, 784\), got"):
        a_pad(examples=5)
    with pytest.raises(ValueError, match=r"784 pixels each, got shape .* in row 0"):
        a_pad(examples=torch.zeros(2, 64))

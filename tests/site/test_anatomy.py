"""Anatomy in Chromium, through the book's own host: every number and slope, every way to point, every nonsense."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Callable
from typing import Any, get_args

import numpy as np
import pytest
import torch
from checks import (
    assert_a_sentence_until_it_heals,
    assert_room_for_a_finger,
    complaints,
    hold_time,
    remove_change_and_show,
    settle,
)
from playwright.sync_api import Browser, Locator, Page, expect

from vae_lib.model import VAE
from vae_lib.widgets import Anatomy
from vae_lib.widgets.anatomy import Node
from vae_lib.widgets.words import ANATOMY as WORDS

OpenPage = Callable[..., Page]
MakePage = Callable[..., str]

BOXES = get_args(Node)[:16]
GREY = """c => {
  const data = c.getContext("2d").getImageData(0, 0, c.width, c.height).data;
  return btoa(String.fromCharCode(...data.filter((_, i) => i % 4 === 0)));
}"""


def box(page: Page, name: str, copy: int = 0) -> Locator:
    return page.locator(f".vae-node[data-node={name}]").nth(copy)


def piece(page: Page, name: str) -> Locator:
    return page.locator(f".vae-piece[data-node={name}]")


def line(page: Page, name: str) -> Locator:
    return page.locator(f".vae-line[data-node={name}]")


Lit = tuple[list[str], list[str], list[str]]


def lit(page: Page) -> Lit:
    """What is lit once all is drawn: boxes, pieces of the equation, lines of code."""
    settle(page)
    return lit_now(page)


def lit_now(page: Page) -> Lit:
    """The same where the test holds the time."""
    boxes = page.locator(".vae-node.vae-on").evaluate_all("all => all.map(one => one.dataset.node)")
    own = (
        "all => all.map(one => [...one.childNodes].filter(part => part.nodeName === '#text').map(t => t.data).join(''))"
    )
    pieces = page.locator(".vae-piece.vae-on").evaluate_all(own)
    return boxes, pieces, page.locator(".vae-line.vae-on").all_inner_texts()


def shown(page: Page, name: str, copy: int = 0) -> list[float]:
    return [float(one.get_attribute("value") or "nan") for one in box(page, name, copy).locator("data").all()]


def wanted(widget: Anatomy) -> dict[str, list[float]]:
    """By PyTorch in float64."""
    model, x = widget.model().double(), widget.image.flatten().double()
    noise = torch.tensor(widget.epsilon, dtype=torch.float64)
    with torch.no_grad():
        q = model.encode(x)
        z = q.mean + q.std * noise if widget.sample else q.mean
        fit, kl = float(model.log_likelihood(x, z)), float(q.kl())
    return {
        "mean": q.mean.tolist(), "log_var": q.log_var.tolist(), "exp": q.std.tolist(), "epsilon": noise.tolist(),
        "times": (q.std * noise).tolist(), "z": z.tolist(), "plus": z.tolist(), "kl": [kl], "reconstruction": [fit],
        "elbo": [fit - kl],
    }  # fmt: skip


def assert_numbers(page: Page, widget: Anatomy, copy: int = 0) -> None:
    """Every number on the page, the picture that comes out, and with the way back every slope's size."""
    for name, numbers in wanted(widget).items():
        assert shown(page, name, copy) == pytest.approx(numbers, abs=1e-5), name
    grey = np.frombuffer(base64.b64decode(box(page, "f", copy).locator("canvas").evaluate(GREY)), np.uint8)
    image = 255 * widget.reconstruction.flatten().numpy()
    assert np.abs(grey.astype(float) - image).max() <= 2
    wanted_slopes: dict[str, dict[str, float]] = {name: {} for name in BOXES}
    for (start, end), size in widget.gradients.items():
        if widget.backward and end == "weights":
            wanted_slopes[start] = {"weights": size}
        elif widget.backward and end not in ("encoder", "decoder"):
            wanted_slopes[end][start] = size
    for name, slopes in wanted_slopes.items():
        found = json.loads(box(page, name, copy).get_attribute("data-slopes") or "")
        assert found == pytest.approx(slopes, rel=1e-5, abs=1e-5), name
        said = box(page, name, copy).locator(".vae-live").text_content() or ""
        assert said.count("Slope ") == len(slopes), said
        assert widget.backward == bool(slopes or re.search(r"No slope|Here the way back begins", said)), said


# --- numbers ---------------------------------------------------------------------------------------------------------


def test_every_number_picture_and_slope_equals_torch(open_page: OpenPage, widget_page: MakePage) -> None:
    widget = Anatomy(backward=True)
    page = open_page(widget_page(widget))
    for index, label in enumerate((0, 3, 5, 7, 8)):
        page.get_by_role("radio", name=f"Picture: {label}").check()
        widget.index = index
        settle(page)
        assert_numbers(page, widget)
    kinds = [WORDS[f"gradient_{kind}"] for kind in ("score", "detached", "pathwise")]
    for gradient, label in zip(("score", "detached", "pathwise"), kinds, strict=True):
        page.get_by_label(WORDS["gradient"]).select_option(label)
        widget.gradient = gradient
        assert_numbers(page, widget)
        page.get_by_label(WORDS["sample"]).uncheck()
        widget.sample = False
        assert_numbers(page, widget)
        page.get_by_label(WORDS["sample"]).check()
        widget.sample = True


def test_what_is_read_is_what_stands_behind_it(open_page: OpenPage, widget_page: MakePage) -> None:
    page = open_page(widget_page(Anatomy()))
    for data in page.locator(".vae-node data").all():
        assert float(data.inner_text().replace("−", "-")) == pytest.approx(
            float(data.get_attribute("value") or "nan"), abs=5.01e-3
        )


def test_another_model(live_widget: Callable[..., Page]) -> None:
    torch.manual_seed(4)
    model = VAE(15, 2, (6, 5, 4), activation="tanh", sigma=0.4)
    widget = Anatomy(model, examples=torch.rand(2, 15), labels=["one", "two"], image_shape=(3, 5), backward=True)
    page = live_widget(widget)
    assert_numbers(page, widget)
    assert page.get_by_role("radio").count() == 2
    box(page, "encoder").click()
    expect(page.locator(".vae-about")).to_contain_text("15 → 6 → 5 → 4 → 4")


def test_lines_of_the_way_back_are_drawn(live_widget: Callable[..., Page]) -> None:
    """Where the gradient stops, other pixels are drawn between z and +; the noise's line stays as it is."""
    page = live_widget(Anatomy(backward=True))

    def between(first: str, second: str) -> str:
        settle(page)
        found: str = page.locator(".vae-wires").evaluate(
            """(canvas, [first, second]) => {
              const at = name => document.querySelector(`.vae-node-${name}`).getBoundingClientRect();
              const [own, a, b] = [canvas.getBoundingClientRect(), at(first), at(second)];
              const k = canvas.width / own.width;
              const [left, top] = [Math.min(a.right, b.right), Math.min(a.top, b.top)];
              const [right, bottom] = [Math.max(a.left, b.left), Math.max(a.bottom, b.bottom)];
              return canvas.getContext("2d").getImageData((left - own.left) * k, (top - own.top) * k,
                Math.max(1, (right - left) * k), Math.max(1, (bottom - top) * k)).data.join();
            }""",
            [first, second],
        )
        return found

    whole = between("plus", "z")
    page.evaluate("live.model.set('gradient', 'detached')")
    assert between("plus", "z") != whole
    page.evaluate("live.model.set('gradient', 'pathwise')")
    assert between("plus", "z") == whole


# --- pointing --------------------------------------------------------------------------------------------------------


def test_a_part_lights_in_the_equation_and_in_the_code(open_page: OpenPage, widget_page: MakePage) -> None:
    page = open_page(widget_page(Anatomy()))
    about = page.locator(".vae-about")
    for name in BOXES:
        box(page, name).hover()
        boxes, pieces, lines = lit(page)
        assert boxes == [name]
        assert pieces
        assert len(lines) == 1
        assert about.inner_text().startswith(WORDS[f"about_{name}"].split("{")[0])
    page.mouse.move(2, 2)
    assert lit(page)[0] == ["x"]  # what was picked
    box(page, "kl").click()
    page.mouse.move(2, 2)
    boxes, pieces, lines = lit(page)
    assert (boxes, lines) == (["kl"], [WORDS["line_7"]])
    assert "".join(pieces) == "𝒟[Q(z|X)‖P(z)]"


def test_the_equation_and_the_code_light_the_parts(open_page: OpenPage, widget_page: MakePage) -> None:
    page = open_page(widget_page(Anatomy()))
    for name, boxes in (
        ("evidence", ["elbo"]),
        ("gap", []),
        ("plus", ["plus"]),
        ("reconstruction", ["reconstruction"]),
        ("kl", ["kl"]),
        ("mean", ["mean"]),
        ("prior", ["prior"]),
    ):
        piece(page, name).click()
        page.mouse.move(2, 2)
        assert lit(page)[0] == boxes
        assert page.locator(".vae-about").inner_text().startswith(WORDS[f"about_{name}"].split("{")[0])
    for name, boxes in (("exp", ["exp"]), ("elbo", ["elbo"]), ("step", ["encoder", "decoder"])):
        line(page, name).click()
        page.mouse.move(2, 2)
        assert lit(page)[0] == boxes
        assert lit(page)[2] == [line(page, name).inner_text()]


def test_pointing_by_keyboard(open_page: OpenPage, widget_page: MakePage) -> None:
    page = open_page(widget_page(Anatomy()))
    box(page, "x").focus()
    for name in (*BOXES[1:], "x"):
        page.keyboard.press("ArrowRight")
        assert lit(page)[0] == [name]
        assert page.evaluate("document.activeElement.dataset.node") == name
    page.keyboard.press("End")
    assert lit(page)[0] == ["elbo"]
    page.keyboard.press("Home")
    page.keyboard.press("ArrowUp")
    assert lit(page)[0] == ["elbo"]
    expect(page.locator(".vae-live").filter(has_text=WORDS["about_elbo"])).to_have_count(1)
    page.keyboard.press("Tab")  # one stop for all parts: the equation is next
    assert page.evaluate("document.activeElement.className").startswith("vae-piece")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className").startswith("vae-line")
    page.keyboard.press("ArrowDown")
    assert page.evaluate("document.activeElement.dataset.node") == lit(page)[0][0]


def test_parts_are_a_list_of_names_with_values(open_page: OpenPage, widget_page: MakePage) -> None:
    page = open_page(widget_page(Anatomy()))
    parts = page.get_by_role("list", name=WORDS["nodes"]).get_by_role("button")
    assert parts.count() == 16
    for place, name in ((0, "X"), (2, "μ 1.15 −0.41"), (13, "KL 5.08"), (15, "ELBO 40.52")):
        expect(parts.nth(place)).to_have_accessible_name(name)
    page.get_by_label(WORDS["backward"]).check()
    expect(parts.nth(2)).to_have_accessible_name("μ 1.15 −0.41 Slope from KL: 1.22. Slope from +: 4.93.")
    expect(parts.nth(5)).to_have_accessible_name(f"ε 0.80 −0.60 {WORDS['back_none_epsilon']}")
    assert [part.get_attribute("aria-pressed") for part in parts.all()].count("true") == 1


def test_a_finger_picks(open_page: OpenPage, widget_page: MakePage) -> None:
    page = open_page(widget_page(Anatomy()), width=390, touch=True)
    box(page, "prior").tap()
    assert lit(page)[0] == ["prior"]
    piece(page, "gap").tap()
    assert lit(page)[0] == []
    assert page.locator(".vae-about").inner_text() == WORDS["about_gap"]


# --- noise, steps, the walk ------------------------------------------------------------------------------------------


def test_noise_by_sliders_and_anew(open_page: OpenPage, widget_page: MakePage) -> None:
    widget = Anatomy(backward=True)
    page = open_page(widget_page(widget))
    sliders = page.get_by_role("slider")
    sliders.nth(0).press("Home")
    sliders.nth(1).press("ArrowRight")
    widget.epsilon = [-3, -0.55]
    assert_numbers(page, widget)
    before = shown(page, "epsilon")
    page.get_by_role("radio", name="Picture: 8").check()
    assert shown(page, "epsilon") == before  # it is held
    page.get_by_role("button", name=WORDS["anew"]).click()
    assert shown(page, "epsilon") != before
    assert all(abs(one) <= 3 for one in shown(page, "epsilon"))
    page.get_by_label(WORDS["hold"]).uncheck()
    for act in (
        lambda: page.get_by_role("radio").first.check(),
        lambda: page.get_by_role("button", name="One step").click(),
    ):
        before = shown(page, "epsilon")
        act()
        assert shown(page, "epsilon") != before


@pytest.mark.parametrize("gradient", ["pathwise", "detached", "score"])
def test_a_step_is_adam_s_and_python_hears_of_it(live_widget: Callable[..., Page], gradient: str) -> None:
    widget = Anatomy(gradient=gradient, lr=0.003, backward=True)
    model, x = widget.model(), widget.image.flatten()
    weights = [*model.encoder.parameters(), *model.decoder.parameters()]
    adam = torch.optim.Adam(weights, lr=0.003)
    page = live_widget(widget)
    before = wanted(widget)["elbo"][0]
    for _ in range(2):
        q = model.encode(x)
        z = q.mean + q.std * torch.tensor(widget.epsilon)
        fit = model.log_likelihood(x, z if gradient == "pathwise" else z.detach())
        loss = q.kl() - fit
        if gradient == "score":
            loss = loss - fit.detach() * q.log_prob(z.detach())
        adam.zero_grad()
        loss.backward()
        adam.step()
        page.get_by_role("button", name=WORDS["one_step"]).click()
    packed = bytes(page.evaluate("[...new Uint8Array(live.model.get('parameters').buffer)]"))
    found = np.frombuffer(packed, "<f4")
    flat = torch.cat([weight.detach().flatten() for weight in weights]).numpy()
    moved = np.linalg.norm(flat - torch.cat([w.flatten() for w in widget.model().parameters()][1:]).detach().numpy())
    assert np.linalg.norm(found - flat) < 1e-2 * moved
    widget.set_state({"parameters": packed})
    assert_numbers(page, widget)
    page.evaluate("bytes => live.model.set('parameters', live.bytes(bytes))", list(packed))  # a host says it back
    expect(page.locator(".vae-stepped")).to_contain_text("Step 2: ELBO ")
    page.get_by_role("button", name=WORDS["reset"]).click()
    assert shown(page, "elbo") == pytest.approx([before], abs=1e-5)
    assert page.evaluate("live.model.get('parameters').byteLength") == 0
    expect(page.get_by_role("button", name=WORDS["reset"])).to_be_disabled()


def test_a_walk_calls_at_every_part_once(open_page: OpenPage, widget_page: MakePage) -> None:
    page = open_page(widget_page(Anatomy()))
    hold_time(page)
    page.get_by_role("button", name=WORDS["play"]).click()
    seen = [lit_now(page)[0][0]]
    for _ in range(100):
        page.clock.run_for(500)
        if seen[-1] != (now := lit_now(page)[0][0]):
            seen.append(now)
    assert seen == list(BOXES)
    expect(page.get_by_role("button", name=WORDS["play"])).to_be_visible()


@pytest.mark.parametrize("who", ["part", "slider", "picture", "button", "python"])
def test_a_walk_stops_when_touched(live_widget: Callable[..., Page], who: str) -> None:
    page = live_widget(Anatomy())
    hold_time(page)
    page.get_by_role("button", name=WORDS["play"]).click()
    page.clock.run_for(6000)
    assert lit_now(page)[0] != ["x"]
    if who == "part":
        box(page, "f").click()
    elif who == "slider":
        page.get_by_role("slider").first.press("ArrowRight")
    elif who == "picture":
        page.get_by_role("radio").first.check()
    elif who == "button":
        page.get_by_role("button", name=WORDS["pause"]).click()
    else:
        page.evaluate("live.model.set('node', 'elbo')")
    page.clock.run_for(100)
    stands = lit_now(page)
    page.clock.run_for(9000)
    assert lit_now(page) == stands


def test_a_walk_in_still_steps(browser: Browser, widget_page: MakePage) -> None:
    context = browser.new_context(reduced_motion="reduce")
    page = context.new_page()
    page.goto(widget_page(Anatomy()))
    for name in ("encoder", "mean", "log_var"):
        page.get_by_role("button", name=WORDS["play"]).click()
        assert lit(page)[0] == [name]
    context.close()


# --- Python, and what a page has to be -------------------------------------------------------------------------------


def test_python_and_the_page_follow_each_other(live_widget: Callable[..., Page]) -> None:
    widget = Anatomy(backward=True)
    page = live_widget(widget)
    for name, value in (("index", 4), ("epsilon", [1.25, 0.5]), ("gradient", "score"), ("sample", False)):
        page.evaluate("([name, value]) => live.model.set(name, value)", [name, value])
        setattr(widget, name, value)
        assert_numbers(page, widget)
    page.evaluate("live.model.set('node', 'gap')")
    assert page.locator(".vae-about").inner_text() == WORDS["about_gap"]
    page.evaluate("live.show()")
    box(page, "kl").click()
    page.get_by_role("radio").first.check()
    heard = page.evaluate("live.model.heard.at(-1)")
    assert (heard["node"], heard["index"]) == ("kl", 0)
    widget.index = 0
    for copy in (0, 1):
        assert_numbers(page, widget, copy)


def test_views_end(live_widget: Callable[..., Page]) -> None:
    remove_change_and_show(live_widget(Anatomy()), "epsilon", [0.25, 0.5])


@pytest.mark.parametrize("part", ["machine", "objective", "reparameterization", "training"])
@pytest.mark.parametrize(("width", "scheme"), [(1280, "light"), (1280, "dark"), (390, "light"), (320, "dark")])
def test_it_fits_and_has_no_violation(
    open_page: OpenPage, widget_page: MakePage, width: int, scheme: str, part: str
) -> None:
    gradient = "score" if part == "reparameterization" else "pathwise"
    widget = Anatomy(lit=part, backward=True, node="kl", gradient=gradient)  # type: ignore[arg-type]
    page = open_page(widget_page(widget), width=width, scheme=scheme)
    page.evaluate("scheme => (document.documentElement.dataset.theme = scheme)", scheme)
    page.add_style_tag(content="html[data-theme=dark] { background: #14181e }")
    settle(page)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    height = page.locator(".vae-widget").bounding_box()["height"]  # type: ignore[index]
    graph = page.locator(".vae-graph").bounding_box()
    assert graph
    assert height <= 780 if width == 1280 else graph["height"] <= 570
    boxes = {name: box(page, name).bounding_box() for name in BOXES}
    for name, one in boxes.items():
        assert one
        assert one["x"] >= graph["x"], name
        assert one["x"] + one["width"] <= graph["x"] + graph["width"] + 1, name
        text = box(page, name).locator(".vae-values")
        if text.count():
            assert text.bounding_box()["width"] <= one["width"], name  # type: ignore[index]
    for control in [*page.get_by_role("radio").all(), *page.get_by_role("slider").all()]:
        assert_room_for_a_finger(control, 44)
    of_pages = ("landmark-one-main", "page-has-heading-one", "region")
    assert not [found for found in complaints(page) if not found.startswith(of_pages)]


BROKEN: dict[str, tuple[str, dict[str, Any]]] = {
    "no weights": ("bad_weights", {"encoder_weights": b""}),
    "too few": ("bad_weights", {"decoder_weights": b"\0\0"}),
    "no pictures": ("bad_weights", {"images": b"\0"}),
    "no sigma": ("bad_weights", {"sigma": 0}),
    "another shape": ("bad_weights", {"image_shape": [3, 3]}),
    "no picture of that place": ("bad_numbers", {"index": 9}),
    "noise from afar": ("bad_numbers", {"epsilon": [4, 0]}),
    "an unknown gradient": ("bad_numbers", {"gradient": "none"}),
    "an unknown node": ("bad_numbers", {"node": "loss"}),
}


@pytest.mark.parametrize("how", list(BROKEN))
def test_nonsense_becomes_one_sentence(live_widget: Callable[..., Page], how: str) -> None:
    widget = Anatomy()
    word, edits = BROKEN[how]
    page = live_widget(widget, **edits)
    assert_a_sentence_until_it_heals(page, WORDS[word], widget, edits)
    expect(page.locator(".vae-graph")).to_be_visible()


def test_weights_that_do_not_fit_are_not_taken(live_widget: Callable[..., Page]) -> None:
    widget = Anatomy()
    page = live_widget(widget, parameters=b"abc")
    assert_numbers(page, widget)

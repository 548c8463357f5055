"""KLPlaneExplorer in Chromium, through the book's own host, and its traits: numbers, every hand, every nonsense."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
import torch
import traitlets
from checks import CORNER, assert_room_for_a_finger, remove_change_and_show, settle
from playwright.sync_api import Locator, Page, expect
from torch.distributions import Independent, Normal, kl_divergence

from vae_lib import data, pretrained
from vae_lib.widgets import KLPlaneExplorer
from vae_lib.widgets.words import KL_PLANE_EXPLORER

OpenPage = Callable[..., Page]
MakePage = Callable[..., str]
Pair = tuple[float, float]

START: tuple[Pair, Pair] = ((1.2, -0.5), (0.4, 0.7))
POINTS: list[tuple[Pair, Pair]] = [
    START,
    ((0.0, 0.0), (1.0, 1.0)),
    ((0.0, 0.0), (1.001, 1.0)),
    ((4.0, -4.0), (0.02, 3.0)),
    ((-4.0, 4.0), (3.0, 0.02)),
    ((0.0, 4.0), (3.0, 3.0)),
    ((-0.035, 1e-3), (0.999, 1.002)),
    ((-2.31, 0.77), (0.061, 0.118)),
]


def parts(mean: Pair, std: Pair) -> list[list[float]]:
    """For each latent, the KL's two parts in nats, by torch.distributions: a moved Q, and a Q of another width."""
    m, s = (torch.tensor(pair, dtype=torch.float64) for pair in (mean, std))
    prior = Normal(torch.zeros(2, dtype=torch.float64), 1.0)
    distance = kl_divergence(Normal(m, 1.0), prior)
    width = kl_divergence(Normal(torch.zeros_like(m), s), prior)
    return torch.stack([distance, width], 1).tolist()


def total(mean: Pair, std: Pair) -> float:
    m, s = (torch.tensor(pair, dtype=torch.float64) for pair in (mean, std))
    q, prior = Independent(Normal(m, s), 1), Independent(Normal(torch.zeros_like(m), 1.0), 1)
    return float(kl_divergence(q, prior))


def numbers(row: Locator) -> list[float]:
    """The exact values of a row, which its rounded texts must agree with."""
    values = [float(one.get_attribute("value") or "nan") for one in row.locator("data").all()]
    for text, value in zip(row.locator("data").all_inner_texts(), values, strict=True):
        assert float(text) == pytest.approx(value, abs=5.0001e-4)
    return values


def assert_shows(page: Page, mean: Pair, std: Pair, copy: int = 0) -> None:
    """Every number and every bar; the bars stand on one axis, whose end the caption names."""
    widget = page.locator(".vae-klplane").nth(copy)
    expected = parts(mean, std)
    for row, (distance, width) in zip(widget.locator(".vae-cost").all()[:2], expected, strict=True):
        # Float64 on both sides; torch's closed form loses digits where σ is nearly 1.
        assert numbers(row) == pytest.approx([distance + width, distance, width], rel=1e-9, abs=1e-12)
    sum_row = widget.locator(".vae-total")
    assert numbers(sum_row) == pytest.approx([total(mean, std)], rel=1e-9, abs=1e-12)
    end = float(widget.locator(".vae-costs .vae-caption").inner_text().rsplit(" ", 1)[1])
    assert max(1, total(mean, std)) <= end * (1 + 1e-9)
    drawn = sum_row.locator(".vae-bar span").evaluate_all("all => all.map(one => parseFloat(one.style.width))")
    # The page keeps a style's number to about six digits.
    assert drawn == pytest.approx([100 * nats / end for pair in expected for nats in pair], rel=1e-4, abs=1e-4)


def shown(page: Page) -> tuple[Pair, Pair]:
    """What the sliders say in words, to three digits."""
    said = [
        page.get_by_label(label, exact=True).get_attribute("aria-valuetext") or "" for label in ("μ₁", "μ₂", "s₁", "s₂")
    ]
    m1, m2, s1, s2 = (float(text.rsplit(" ", 1)[1].replace("−", "-")) for text in said)
    return (m1, m2), (s1, s2)


def at(page: Page, z: Pair) -> Pair:
    """The map's pixel at z, from −4 to 4 on its canvas within a border of one pixel."""
    box = page.locator(".vae-map").bounding_box()
    assert box
    scale = (box["width"] - 2) / 8
    return box["x"] + 1 + (z[0] + 4) * scale, box["y"] + 1 + (4 - z[1]) * scale


def ring(page: Page, mean: Pair, std: Pair, axis: int) -> Pair:
    """Where the ring of a width stands: 38 pixels off the ellipse, to the right or above."""
    edge = (mean[0] + std[0], mean[1]) if axis == 0 else (mean[0], mean[1] + std[1])
    x, y = at(page, edge)
    return (x + 38, y) if axis == 0 else (x, y - 38)


def pixels(page: Page) -> str:
    """The map when all is drawn."""
    settle(page)
    return str(page.locator(".vae-map").evaluate("c => c.toDataURL()"))


def an_explorer(**options: Any) -> KLPlaneExplorer:
    return KLPlaneExplorer(**({"codes": [], "log_var": []} | options))


def test_numbers_on_the_page(live_widget: Callable[..., Page]) -> None:
    page = live_widget(an_explorer())
    for mean, std in POINTS:
        page.evaluate("([mean, std]) => { live.model.set('mean', mean); live.model.set('std', std); }", [mean, std])
        assert_shows(page, mean, std)


def test_python_holds_the_same_numbers() -> None:
    for mean, std in POINTS:
        explorer = an_explorer(mean=mean, std=std)
        assert explorer.kl == pytest.approx([sum(pair) for pair in parts(mean, std)], rel=1e-9, abs=1e-12)
        assert explorer.total == pytest.approx(total(mean, std), rel=1e-9, abs=1e-12)


def test_sliders_by_keyboard(open_page: OpenPage, widget_page: MakePage) -> None:
    page = open_page(widget_page(an_explorer(mean=(0, 0), std=(1, 1))))
    mean, std = [0.0, 0.0], [1.0, 1.0]
    for label, pair, which, step, last in [
        ("μ₁", mean, 0, 0.05, 4.0),
        ("μ₂", mean, 1, 0.05, 4.0),
        ("s₁", std, 0, 0.03, 3.0),  # in equal ratios: 3 % wider
        ("s₂", std, 1, 0.03, 3.0),
    ]:
        before = pixels(page)
        slider = page.get_by_label(label, exact=True)
        slider.focus()
        page.keyboard.press("ArrowRight")
        pair[which] += step
        assert_shows(page, (mean[0], mean[1]), (std[0], std[1]))
        assert pixels(page) != before
        page.keyboard.press("ArrowLeft")
        pair[which] -= step
        assert_shows(page, (mean[0], mean[1]), (std[0], std[1]))
        page.keyboard.press("End")
        pair[which] = last
        assert_shows(page, (mean[0], mean[1]), (std[0], std[1]))
    page.keyboard.press("Home")
    assert_shows(page, (4, 4), (3, 0.02))
    for _ in range(5):  # the narrowest widths have stops of their own
        was = numbers(page.locator(".vae-total"))
        page.keyboard.press("ArrowRight")
        assert numbers(page.locator(".vae-total")) < was
    expect(page.locator(".vae-live")).to_contain_text("KL to the prior")


def test_the_hand_moves_the_center_and_both_widths(open_page: OpenPage, widget_page: MakePage) -> None:
    page = open_page(widget_page(an_explorer()))

    def drag(start: Pair, end: Pair) -> None:
        page.mouse.move(*start)
        page.mouse.down()
        page.mouse.move(*end, steps=4)
        page.mouse.up()

    start, std = START
    x, y = at(page, start)
    drag((x + 5, y - 4), (at(page, (-1, 1))[0] + 5, at(page, (-1, 1))[1] - 4))
    mean, std = shown(page)
    assert mean == pytest.approx((-1, 1), abs=0.03)  # a pixel is 0.02
    assert std == START[1]
    x, y = ring(page, mean, std, 0)
    drag((x, y), (x + at(page, (0.5, 0))[0] - at(page, (0, 0))[0], y + 30))
    assert shown(page)[0] == mean
    assert shown(page)[1] == pytest.approx((0.9, 0.7), abs=0.03)
    mean, std = shown(page)
    x, y = ring(page, mean, std, 1)
    drag((x, y), (x - 30, 4000))  # through the center and out of the map
    assert shown(page)[0] == mean
    assert shown(page)[1] == (std[0], 0.02)
    assert_shows(page, *shown(page))
    drag(at(page, (2, 2)), at(page, (5, -5)))  # no ring there: the center comes to the hand, as far as the map goes
    assert shown(page)[0] == (4, -4)
    page.mouse.click(*at(page, (0, 0)), button="right")
    assert shown(page)[0] == (4, -4)


def test_a_width_can_be_taken_wherever_q_is(open_page: OpenPage, widget_page: MakePage) -> None:
    """Near an edge the ring stands on the other side of the center; a Q too wide for the map keeps its ring on it."""
    corners = [((3.9, 3.9), (0.02, 0.02)), ((-3.9, -3.9), (3, 3)), ((0, 0), (3, 3)), ((3.9, -3.9), (3, 0.5))]
    for mean, std in corners:
        page = open_page(widget_page(an_explorer(mean=mean, std=std)), width=390, height=900)
        box = page.locator(".vae-map").bounding_box()
        assert box
        for axis in (0, 1):
            pixel = at(page, mean)
            scale = (box["width"] - 2) / 8
            upward = 1 if axis == 0 else -1
            corner = box["x"] + 1 if axis == 0 else box["y"] + 1
            out = std[axis] * scale + 38
            place = pixel[axis] - corner
            fits = 12 <= place + upward * out <= box["width"] - 2 - 12
            side = upward * (1 if fits else -1 if mean[axis] > 0 else 1)
            taken = min(max(place + side * out, 12), box["width"] - 2 - 12) + corner
            start = (taken, pixel[1]) if axis == 0 else (pixel[0], taken)
            assert box["x"] <= start[0] <= box["x"] + box["width"]
            assert box["y"] <= start[1] <= box["y"] + box["height"]
            by = 8 if std[axis] < 1 else -8
            end = (start[0] + side * by, start[1]) if axis == 0 else (start[0], start[1] + side * by)
            page.mouse.move(*start)
            page.mouse.down()
            page.mouse.move(*end)
            page.mouse.up()
            assert shown(page)[0] == mean
            assert shown(page)[1][axis] == pytest.approx(std[axis] + by / scale, abs=0.02)


def test_by_touch(open_page: OpenPage, widget_page: MakePage) -> None:
    page = open_page(widget_page(an_explorer()), width=390, height=900, touch=True)
    page.evaluate("document.body.style.minHeight = '3000px'")
    client = page.context.new_cdp_session(page)

    def drag(*places: Pair) -> None:
        for kind, (x, y) in zip(["touchStart", *["touchMove"] * (len(places) - 1)], places, strict=True):
            client.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": [{"x": x, "y": y}]})
        client.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})

    drag(at(page, START[0]), at(page, (0, 0)), at(page, (0.5, -2)))
    mean, std = shown(page)
    assert mean == pytest.approx((0.5, -2), abs=0.04)
    x, y = ring(page, mean, std, 1)
    drag((x, y), (x, y - 10), (x, y - 20))
    scale = at(page, (1, 0))[0] - at(page, (0, 0))[0]
    assert shown(page)[1] == pytest.approx((std[0], std[1] + 20 / scale), abs=0.03)
    assert page.evaluate("scrollY") == 0


def test_twenty_quick_drags(open_page: OpenPage, widget_page: MakePage) -> None:
    page = open_page(widget_page(an_explorer()))
    for i in range(20):
        page.mouse.move(*at(page, (-2, 0.1 * i)))
        page.mouse.down()
        page.mouse.move(*at(page, (-1, -0.1 * i)), steps=2)
        page.mouse.up()
    assert shown(page)[0] == pytest.approx((-1, -1.9), abs=0.03)
    assert_shows(page, *shown(page))


def test_presets(open_page: OpenPage, widget_page: MakePage) -> None:
    page = open_page(widget_page(KLPlaneExplorer()))

    def press(name: str) -> None:
        page.get_by_role("button", name=name, exact=True).click()

    press("The prior itself")
    assert_shows(page, (0, 0), (1, 1))
    expect(page.locator(".vae-button[aria-pressed=true]")).to_have_text("The prior itself")
    press("A sure code")
    assert_shows(page, (0, 0), (0.05, 0.05))
    digits = data.load("digits")
    with torch.no_grad():
        q = pretrained.load("digits-2").encode(digits.test)
    for digit in range(10):
        press(f"Q of a test digit {digit}")
        first = digits.test_labels.tolist().index(digit)
        # The encoder ran on another batch: float32 sums differ in the last digits.
        assert numbers(page.locator(".vae-total")) == pytest.approx([float(q.kl()[first])], rel=1e-4)
        assert shown(page)[0] == pytest.approx(q.mean[first].tolist(), abs=0.006)
        assert shown(page)[1] == pytest.approx(q.std[first].tolist(), abs=6e-4)
        expect(page.locator(".vae-button[aria-pressed=true]")).to_have_text(f"{digit}")
    page.get_by_label("μ₁", exact=True).fill("0.5")
    expect(page.locator(".vae-button[aria-pressed=true]")).to_have_count(0)


@pytest.mark.parametrize("width", [320, 390, 1280])
def test_it_fits(open_page: OpenPage, widget_page: MakePage, width: int) -> None:
    page = open_page(widget_page(KLPlaneExplorer((4, -4), (0.02, 0.02))), width=width, height=900, touch=True)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    sliders, buttons = page.get_by_role("slider").all(), page.get_by_role("button").all()
    assert len(sliders) == 4
    assert len(buttons) == 12
    for target, least in [*((one, 100) for one in sliders), *((one, 44) for one in buttons)]:
        assert_room_for_a_finger(target, least)


def test_focus_is_seen(open_page: OpenPage, widget_page: MakePage) -> None:
    page = open_page(widget_page(KLPlaneExplorer()))
    for kind in ["range"] * 4 + ["button"] * 12:
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.type") == kind
        assert page.evaluate("getComputedStyle(document.activeElement).outlineWidth") == "3px"
        assert page.evaluate("document.activeElement.dataset.lmSuppressShortcuts") == "true"


def test_two_copies_are_independent(open_page: OpenPage, widget_page: MakePage) -> None:
    page = open_page(widget_page(an_explorer(), an_explorer(mean=(0, 1))), height=1800)
    page.get_by_label("μ₁", exact=True).nth(1).fill("-1")
    assert_shows(page, *START, copy=0)
    assert_shows(page, (-1, 1), START[1], copy=1)


NONSENSE: list[Any] = [None, "q", 3, [], [1], [0, 1, 2], ["a", 1], [None, 1], [0, 9], {}]


def test_nonsense_becomes_one_sentence(open_page: OpenPage, widget_page: MakePage) -> None:
    widgets = [an_explorer() for _ in NONSENSE]
    given = dict(zip((widget.model_id for widget in widgets), NONSENSE, strict=True))

    def edit(state: dict[str, Any]) -> None:
        for i, (model, value) in enumerate(given.items()):
            state[model]["state"][("mean", "std")[i % 2]] = value

    page = open_page(widget_page(*widgets, edit=edit), height=8000)
    expect(page.locator(".vae-widget")).to_have_text([KL_PLANE_EXPLORER["bad_gaussian"]] * len(NONSENSE))


@pytest.fixture
def live(live_widget: Callable[..., Page]) -> Page:
    return live_widget(KLPlaneExplorer())


def test_the_kernel_moves_it_and_hears_of_it(live: Page) -> None:
    live.evaluate("live.model.set('mean', [0.5, 2]); live.model.set('std', [0.7, 2])")
    assert_shows(live, (0.5, 2), (0.7, 2))
    live.get_by_label("μ₂", exact=True).fill("1.5")
    assert live.evaluate("[live.model.get('mean'), live.model.get('std')]") == [[0.5, 1.5], [0.7, 2]]
    assert live.evaluate("live.model.heard.length") == 1
    live.get_by_role("button", name="The prior itself").click()  # both traits in one message
    assert live.evaluate("[live.model.get('mean'), live.model.get('std')]") == [[0, 0], [1, 1]]
    assert live.evaluate("live.model.heard.length") == 2


def test_nonsense_that_heals(live: Page) -> None:
    for value in ("[NaN, 1]", "[1, Infinity]", "undefined", "[1, 0]"):
        live.evaluate(f"live.model.set('std', {value})")
        expect(live.locator(".vae-widget")).to_have_text(KL_PLANE_EXPLORER["bad_gaussian"])
        live.evaluate("live.model.set('std', [1, 2])")
        expect(live.locator(".vae-map")).to_be_visible()
        assert_shows(live, START[0], (1, 2))


def test_a_view_that_is_removed_and_shown_again(live: Page) -> None:
    remove_change_and_show(live, "mean", [0.5, 0.5])
    assert_shows(live, (0.5, 0.5), START[1])


def test_it_follows_the_page_s_theme(open_page: OpenPage, widget_page: MakePage) -> None:
    page = open_page(widget_page(an_explorer()))
    pixels(page)
    assert min(page.locator(".vae-map").evaluate(CORNER)) > 200
    page.evaluate("document.documentElement.dataset.theme = 'dark'")
    page.wait_for_function(f"Math.max(...({CORNER})(document.querySelector('.vae-map'))) < 60")


@pytest.mark.parametrize("given", [[1.0], [1.0, 2.0, 3.0], [float("nan"), 1.0], [0.0, 4.5], "q", None, 3.0])
def test_what_is_no_pair_within_bounds_is_refused(given: Any) -> None:
    explorer = an_explorer()
    with pytest.raises(traitlets.TraitError, match=r"mean must be two numbers from -4 to 4, got .*; move Q"):
        explorer.mean = given
    with pytest.raises(traitlets.TraitError, match=r"std must be two numbers from 0.02 to 3, got .*; pass standard"):
        explorer.std = given
    assert (explorer.mean, explorer.std) == ([1.2, -0.5], [0.4, 0.7])


def test_choices_of_one_s_own() -> None:
    codes, log_var = torch.tensor([[0.5, -1.0], [2.0, 0.0]]), torch.tensor([[0.0, -2.0], [-4.0, 0.5]])
    explorer = KLPlaneExplorer(codes=codes, log_var=log_var, labels=torch.tensor([7, 3]))
    assert [one["label"] for one in explorer.choices] == ["7", "3"]
    assert [one["mean"] for one in explorer.choices] == codes.tolist()
    assert explorer.choices[1]["std"] == pytest.approx(torch.exp(log_var[1].double() / 2).tolist())
    assert [one["label"] for one in KLPlaneExplorer(codes=codes, log_var=log_var).choices] == ["1", "2"]
    named = KLPlaneExplorer(codes=codes, log_var=log_var, labels=["seven", 3])
    assert [one["label"] for one in named.choices] == ["seven", "3"]
    assert KLPlaneExplorer(codes=[], log_var=[]).choices == []
    with pytest.raises(ValueError, match=r"log_var must have shape \(n, 2\) .* got \(2, 3\)"):
        KLPlaneExplorer(codes=codes, log_var=torch.zeros(2, 3))
    with pytest.raises(ValueError, match=r"must have one shape, got \(2, 2\) and \(1, 2\)"):
        KLPlaneExplorer(codes=codes, log_var=log_var[:1])
    with pytest.raises(ValueError, match="belong together; pass both"):
        KLPlaneExplorer(codes=codes)
    with pytest.raises(ValueError, match=r"shape \(n, 2\) with n up to 12, got \(2, 3\)"):
        KLPlaneExplorer(codes=torch.zeros(2, 3), log_var=torch.zeros(2, 3))
    with pytest.raises(ValueError, match=r"mean must lie from -4 to 4, got \[0.0, nan\] in row 1"):
        KLPlaneExplorer(codes=[[0, 0], [0, float("nan")]], log_var=torch.zeros(2, 2))
    with pytest.raises(ValueError, match=r"standard deviation must lie from 0.02 to 3"):
        KLPlaneExplorer(codes=codes, log_var=log_var - 9)
    with pytest.raises(ValueError, match=r"labels must have shape \(2,\).* got 3"):
        KLPlaneExplorer(codes=codes, log_var=log_var, labels=[1, 2, 3])


def test_every_word_comes_from_python() -> None:
    explorer = an_explorer()
    assert explorer.words == KL_PLANE_EXPLORER
    assert not re.search(r"^\s*import\b|\bimport\(", KLPlaneExplorer._esm, re.MULTILINE)
    own = set(re.findall(r"words\.(\w+)", KLPlaneExplorer._esm))
    assert own <= set(KL_PLANE_EXPLORER)

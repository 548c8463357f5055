"""Equation4Explorer: its numbers against scipy, in Python and in Chromium, and every kind of hand on it."""

from __future__ import annotations

import functools
import itertools
import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
import traitlets
from checks import CORNER, assert_room_for_a_finger, settle
from playwright.sync_api import Page, expect
from scipy.integrate import quad
from scipy.stats import norm

from vae_lib.widgets.equation_4_explorer import Equation4Explorer
from vae_lib.widgets.words import EQUATION_4_EXPLORER as WORDS

OpenPage = Callable[..., Page]
MakePage = Callable[..., str]
Setting = tuple[float, float, float, float]  # x, sigma, mean, std
TERMS = ("evidence", "gap", "elbo", "reconstruction", "kl")

SETTINGS: list[Setting] = [
    (1.5, 0.5, 0.8, 0.4),
    (1.5, 0.5, -1.2, 0.2),
    (0.0, 0.2, 0.0, 0.05),
    (-1.0, 0.2, 3.0, 2.0),
    (3.0, 0.2, -3.0, 0.05),
    (3.0, 0.2, 1.75, 0.06),
    (3.0, 2.0, -3.0, 2.0),
    (-1.0, 2.0, 0.0, 2.0),
    (0.35, 1.05, 0.55, 0.8),
    (2.2, 0.35, 0.0, 1.0),
]


def widget(setting: Setting = (1.5, 0.5, 0.8, 0.4)) -> Equation4Explorer:
    x, sigma, mean, std = setting
    return Equation4Explorer(x, sigma, (mean, std))


def log_normal(z: float, mean: float, std: float) -> float:
    """As ``scipy.stats.norm.logpdf``, which takes a hundred times longer for one number."""
    return -0.5 * math.log(2 * math.pi) - math.log(std) - 0.5 * ((z - mean) / std) ** 2


@functools.cache
def by_quad(setting: Setting) -> dict[str, float]:
    """The terms by adaptive quadrature of their definitions; the gap as KL[Q‖P(z|X)], not as a difference."""
    x, sigma, mean, std = setting

    def integral(f: Callable[[float], float], low: float, high: float, points: list[float]) -> float:
        inside = [point for point in points if low < point < high]
        return float(quad(f, low, high, points=inside, limit=500, epsabs=1e-10, epsrel=1e-10)[0])

    def under_q(f: Callable[[float], float]) -> float:
        return integral(lambda z: math.exp(log_normal(z, mean, std)) * f(z), mean - 12 * std, mean + 12 * std, [mean])

    def log_joint(z: float) -> float:
        return log_normal(x, z * z, sigma) + log_normal(z, 0, 1)

    root = math.sqrt(max(x, 0.0))
    peaks = [-root - 0.3, -root, 0, root, root + 0.3]
    evidence = math.log(integral(lambda z: math.exp(log_joint(z)), -12, 12, peaks))
    reconstruction = under_q(lambda z: log_normal(x, z * z, sigma))
    kl = under_q(lambda z: log_normal(z, mean, std) - log_normal(z, 0, 1))
    gap = under_q(lambda z: log_normal(z, mean, std) - (log_joint(z) - evidence))
    return {
        "evidence": evidence,
        "gap": gap,
        "elbo": reconstruction - kl,
        "reconstruction": reconstruction,
        "kl": kl,
    }


def shown(page: Page, copy: int = 0) -> dict[str, float]:
    """The numbers beside the bars, before they are rounded."""
    root = page.locator(".vae-eq4").nth(copy)
    values = root.locator("data").evaluate_all("all => all.map(one => Number(one.value))")
    return dict(zip(TERMS, values, strict=True))


def texts(page: Page) -> list[str]:
    return page.locator(".vae-number").all_inner_texts()


def numbers(page: Page, copy: int = 0) -> list[str]:
    """What stands beside the sliders: mean, width, X, σ."""
    return page.locator(".vae-eq4").nth(copy).locator("output").all_inner_texts()


def at(page: Page, z: float, height: float = 0.5) -> tuple[float, float]:
    box = page.locator(".vae-densities").bounding_box()
    assert box
    return box["x"] + 1 + (box["width"] - 2) * (z + 4) / 8, box["y"] + box["height"] * height


def mean_of(page: Page) -> float:
    return float(numbers(page)[0].replace("−", "-"))


# --- Python


@pytest.mark.parametrize("setting", SETTINGS)
def test_numbers_in_python_equal_scipy(setting: Setting) -> None:
    one, right = widget(setting), by_quad(setting)
    assert one.log_evidence == pytest.approx(right["evidence"], abs=1e-4)
    for name in ("gap", "elbo", "reconstruction", "kl"):
        assert getattr(one, name) == pytest.approx(right[name], abs=1e-4, rel=1e-9)
    assert one.gap >= 0


def test_the_gap_is_the_divergence_on_a_grid() -> None:
    one = widget()
    z = np.linspace(-8, 8, 8001)
    log_q = norm.logpdf(z, *one.q)
    log_posterior = norm.logpdf(one.x, z**2, one.sigma) + norm.logpdf(z) - one.log_evidence
    grid = float(np.sum(np.exp(log_q) * (log_q - log_posterior)) * (z[1] - z[0]))
    assert one.gap == pytest.approx(grid, abs=1e-3)


def test_traits_take_any_numbers_and_are_observed() -> None:
    one = Equation4Explorer(torch.tensor(1), np.float32(0.5), torch.tensor([0.5, 0.25]))
    assert (one.x, one.sigma, one.q) == (1.0, 0.5, [0.5, 0.25])
    seen: list[Any] = []
    one.observe(lambda change: seen.append(change["new"]), "q")
    one.set_state({"q": [-1, 0.5], "x": 2})
    assert seen == [[-1.0, 0.5]]
    assert one.x == 2.0


@pytest.mark.parametrize(
    ("name", "value", "remedy"),
    [
        ("x", float("nan"), "x must be a number from -1.0 to 3.0, got nan"),
        ("x", "a", "x must be a number from -1.0 to 3.0, got 'a'"),
        ("sigma", 0.1, "sigma must be a number from 0.2 to 2.0, got 0.1"),
        ("sigma", None, "sigma must be a number from 0.2 to 2.0, got None"),
        ("q", [0.0, 0.0], r"standard deviation from 0.05 to 2.0, got \[0.0, 0.0\]"),
        ("q", (4, 1), r"mean from -3.0 to 3.0 .* got \(4, 1\)"),
        ("q", [1, 1, 1], r"q must be \[mean, standard deviation\] such as .* got \[1, 1, 1\]"),
        ("q", None, "q must be .* got None"),
    ],
)
def test_traits_refuse_the_rest_and_name_it(name: str, value: Any, remedy: str) -> None:
    one = widget()
    before = getattr(one, name)
    with pytest.raises(traitlets.TraitError, match=remedy):
        setattr(one, name, value)
    assert getattr(one, name) == before


# --- Chromium


@pytest.fixture
def live(live_widget: Callable[..., Page]) -> Page:
    """The widget with a model that the test holds, as a kernel would."""
    return live_widget(widget())


def put(page: Page, setting: Setting) -> None:
    script = (
        "([x, sigma, mean, std]) => Object.entries({ x, sigma, q: [mean, std] }).forEach(one => live.model.set(...one))"
    )
    page.evaluate(script, list(setting))


def ascend(page: Page) -> list[list[float]]:
    """Presses the button and waits for the end; every Q on the way."""
    button = page.get_by_role("button")
    page.evaluate("live.model.heard = []")
    button.click()
    page.wait_for_function("document.querySelector('.vae-button').textContent === 'Ascend'")
    return page.evaluate("live.model.heard.map(state => state.q)")


def test_numbers_in_the_page_equal_scipy(live: Page) -> None:
    for setting in SETTINGS:
        put(live, setting)
        right = by_quad(setting)
        assert shown(live) == pytest.approx(right, abs=1e-4, rel=1e-9)
        assert shown(live)["gap"] >= 0
        assert texts(live) == [f"{right[term]:.3f}".replace("-", "−") for term in TERMS]


def test_moving_q_leaves_the_evidence_where_it_is(open_page: OpenPage, widget_page: MakePage) -> None:
    page = open_page(widget_page(widget()))
    bar = page.locator('.vae-row[data-term="evidence"] .vae-bar')
    before = texts(page)[0], bar.bounding_box()
    seen = set()
    for i in range(10):
        page.get_by_label(WORDS["mean"], exact=True).fill(f"{-3 + 0.6 * i:.1f}")
        page.get_by_label(WORDS["std"], exact=True).fill(f"{16 * i}")
        assert (texts(page)[0], bar.bounding_box()) == before
        terms = shown(page)
        assert terms["elbo"] + terms["gap"] == pytest.approx(terms["evidence"], abs=1e-9)
        seen.add(terms["elbo"])
    assert len(seen) == 10
    page.get_by_label(WORDS["x"], exact=True).fill("2")
    assert texts(page)[0] != before[0]


def test_bars_stand_where_the_numbers_say_and_follow_the_theme(open_page: OpenPage, widget_page: MakePage) -> None:
    page = open_page(widget_page(widget()))
    ticks = page.locator(".vae-tick")
    places = {
        float(tick.inner_text().replace("−", "-")): (tick.bounding_box() or {"x": 0})["x"] for tick in ticks.all()
    }
    zero, scale = places[0.0], places[0.0] - places[-1.0]
    terms = shown(page)
    ends = {
        "evidence": (terms["evidence"], 0),
        "gap": (terms["elbo"], terms["evidence"]),
        "elbo": (terms["elbo"], 0),
        "reconstruction": (terms["reconstruction"], 0),
        "kl": (terms["elbo"], terms["reconstruction"]),
    }
    for term, (left, right) in ends.items():
        box = page.locator(f'.vae-row[data-term="{term}"] .vae-bar').bounding_box()
        assert box
        assert box["x"] == pytest.approx(zero + scale * left, abs=1.5)
        assert box["x"] + box["width"] == pytest.approx(zero + scale * right, abs=1.5)
    # The same page in the dark
    assert min(page.locator(".vae-densities").evaluate(CORNER)) > 200
    page.evaluate("document.documentElement.dataset.theme = 'dark'")
    page.wait_for_function(f"Math.max(...({CORNER})(document.querySelector('.vae-densities'))) < 60")


def test_sliders_by_keyboard(open_page: OpenPage, widget_page: MakePage) -> None:
    page = open_page(widget_page(widget()))
    for index, (name, up, last) in enumerate(
        [("mean", "0.85", "3.00"), ("std", "0.408", "2.000"), ("x", "1.55", "3.00"), ("sigma", "0.55", "2.00")]
    ):
        one = page.get_by_label(WORDS[name], exact=True)
        page.keyboard.press("Tab")
        expect(one).to_be_focused()
        assert one.evaluate("e => getComputedStyle(e).outlineWidth") == "3px"
        page.keyboard.press("ArrowRight")
        assert numbers(page)[index] == up
        expect(one).to_have_attribute("aria-valuetext", f"{WORDS[name]} = {up}")
        page.keyboard.press("End")
        assert numbers(page)[index] == last
    page.keyboard.press("Tab")
    expect(page.get_by_role("button")).to_be_focused()
    assert page.evaluate("getComputedStyle(document.activeElement).outlineWidth") == "3px"
    assert shown(page) == pytest.approx(by_quad((3, 2, 3, 2)), abs=1e-4)
    evidence, gap, elbo, *_ = (f"{value:.2f}".replace("-", "−") for value in shown(page).values())
    expect(page.locator(".vae-live")).to_have_text(f"log P(X) {evidence}, ELBO {elbo}, gap {gap} nats")
    before = shown(page)["elbo"]
    page.keyboard.press("Enter")
    page.wait_for_function("document.querySelector('.vae-button').textContent === 'Ascend'")
    assert shown(page)["elbo"] > before


def test_q_by_mouse(open_page: OpenPage, widget_page: MakePage) -> None:
    page = open_page(widget_page(widget()))
    page.mouse.move(*at(page, 0.8))
    page.mouse.down()
    page.mouse.move(*at(page, -1.2), steps=6)
    assert mean_of(page) == pytest.approx(-1.2, abs=0.03)
    page.mouse.move(-500, 2000)  # held beyond the edge
    assert mean_of(page) == -3
    page.mouse.up()
    page.mouse.move(*at(page, 1))
    assert mean_of(page) == -3
    page.mouse.click(*at(page, 2))
    assert mean_of(page) == pytest.approx(2, abs=0.03)
    assert shown(page)["elbo"] == pytest.approx(by_quad((1.5, 0.5, mean_of(page), 0.4))["elbo"], abs=0.3)


def test_q_by_touch_on_a_phone(open_page: OpenPage, widget_page: MakePage) -> None:
    page = open_page(widget_page(widget()), width=390, height=844, touch=True)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    for control in [*page.get_by_role("slider").all(), page.get_by_role("button")]:
        assert_room_for_a_finger(control, 100)
    page.touchscreen.tap(*at(page, -2))  # far from the ring: a finger that scrolls
    assert mean_of(page) == 0.8
    client = page.context.new_cdp_session(page)
    for kind, z in [("touchStart", 0.8), ("touchMove", 0.2), ("touchMove", -1.0)]:
        x, y = at(page, z)
        client.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": [{"x": x, "y": y}]})
    client.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
    assert mean_of(page) == pytest.approx(-1.0, abs=0.05)


def test_ascend_climbs_to_the_mode_on_its_side(live: Page) -> None:
    ends = {}
    for start in (0.8, -0.8):
        put(live, (1.5, 0.5, start, 0.4))
        path = ascend(live)
        one = widget()
        elbos = [one.elbo]
        for q in path:
            one.q = q
            elbos.append(one.elbo)
        assert 5 < len(path) <= 40
        assert all(later > earlier for earlier, later in itertools.pairwise(elbos))
        mean, std = (torch.tensor(value, dtype=torch.float64, requires_grad=True) for value in (one.q[0], one.q[1]))
        var = std**2
        error = 1.5**2 - 2 * 1.5 * (mean**2 + var) + mean**4 + 6 * mean**2 * var + 3 * var**2
        elbo = -error / (2 * 0.25) - 0.5 * (var + mean**2 - 1) + std.log()
        by_mean, by_std = torch.autograd.grad(elbo, (mean, std))
        assert abs(float(by_mean)) < 1e-3
        assert abs(float(by_std) * one.q[1]) < 1e-3  # with respect to the log width
        ends[start] = one.q
        assert one.gap > 0.5  # about log 2: half of the posterior is missed
    assert ends[0.8][0] > 1
    assert ends[-0.8][0] == pytest.approx(-ends[0.8][0], abs=1e-6)


def test_ascend_arrives_from_everywhere(live: Page) -> None:
    """Forty steps are enough from each CORNER, whatever X and σ; without motion they are one."""
    live.emulate_media(reduced_motion="reduce")
    for x, sigma in [(3.0, 0.2), (-1.0, 0.2), (0.0, 2.0)]:
        for mean, std in [(3.0, 2.0), (-3.0, 0.05), (0.1, 0.05), (-0.1, 2.0)]:
            put(live, (x, sigma, mean, std))
            assert len(ascend(live)) == 1
            elbo = shown(live)["elbo"]
            ascend(live)
            assert shown(live)["elbo"] - elbo < 1e-3, (x, sigma, mean, std)


def test_ascend_stops(live: Page) -> None:
    put(live, (1.5, 0.5, 2.9, 2.0))
    button = live.get_by_role("button")
    # By its own button, by the reader's hand, by Python, and by removal.
    for action in (
        "document.querySelector('.vae-button').click()",
        "(e => { e.value = 2.5; e.dispatchEvent(new Event('input')); })(document.querySelector('input'))",
        "live.model.set('q', [2.7, 1.9])",
        "live.remove()",
    ):
        live.evaluate(
            """action => new Promise(done => {
              live.model.set("q", [2.9, 2]);
              document.querySelector(".vae-button").click();
              let frames = 0;
              const tick = () => (++frames < 4 ? requestAnimationFrame(tick) : (eval(action), done()));
              requestAnimationFrame(tick);
            })""",
            action,
        )
        count = live.evaluate("live.model.heard.length")
        settle(live)  # no frame is asked for any more
        assert live.evaluate("live.model.heard.length") == count
        if action != "live.remove()":
            expect(button).to_have_text(WORDS["ascend"])
    assert live.evaluate("live.listening()") == 0
    live.evaluate("live.show()")
    expect(live.locator(".vae-densities")).to_be_visible()


def test_nonsense_becomes_one_sentence_and_heals(live: Page) -> None:
    for name, value in [
        ("x", "NaN"),
        ("x", "null"),
        ("sigma", "0"),
        ("sigma", "'a'"),
        ("q", "null"),
        ("q", "[1]"),
        ("q", "[NaN, 1]"),
        ("q", "[0, -1]"),
    ]:
        live.evaluate(f"live.good = live.model.get('{name}'); live.model.set('{name}', {value})")
        expect(live.locator(".vae-widget")).to_have_text(WORDS["bad_numbers"])
        live.evaluate(f"live.model.set('{name}', live.good)")
        expect(live.locator(".vae-densities")).to_be_visible()
    assert shown(live) == pytest.approx(by_quad((1.5, 0.5, 0.8, 0.4)), abs=1e-4)
    put(live, (1e300, 1e-300, -1e300, 1e300))  # numbers beyond the limits are brought within them
    assert shown(live) == pytest.approx(by_quad((3, 0.2, -3, 2)), abs=1e-4, rel=1e-9)


def test_two_copies_are_independent(open_page: OpenPage, widget_page: MakePage) -> None:
    page = open_page(widget_page(widget(), widget((2.0, 0.5, -1.0, 0.3))), height=1600)
    before = shown(page, 0)
    page.get_by_label(WORDS["mean"], exact=True).nth(1).fill("1")
    page.get_by_role("button").nth(1).click()
    expect(page.get_by_role("button").nth(1)).to_have_text(WORDS["ascend"])
    assert shown(page, 0) == before
    assert shown(page, 1)["elbo"] > by_quad((2.0, 0.5, 1.0, 0.3))["elbo"]
    ids = page.locator("[id]").evaluate_all("all => all.map(one => one.id)")
    assert len(set(ids)) == len(ids)

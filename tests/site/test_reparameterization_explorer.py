"""ReparameterizationExplorer: draws, estimates, variances against numpy, autograd, quadrature; every hand on it."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, Literal

import numpy as np
import pytest
import torch
import traitlets
from checks import CORNER, hold_time, settle
from learning import by_autograd
from playwright.sync_api import Locator, Page, expect
from scipy.stats import kstest

from vae_lib import palette
from vae_lib.widgets.base import LARGEST_SEED, normals
from vae_lib.widgets.reparameterization_explorer import HELD, MOST_SAMPLES, ReparameterizationExplorer
from vae_lib.widgets.words import REPARAMETERIZATION_EXPLORER as WORDS

OpenPage = Callable[..., Page]
MakePage = Callable[..., str]
Wrt = Literal["mu", "sigma"]
Point = tuple[float, float, Wrt]
KINDS = ("score", "pathwise")
POINTS: list[Point] = [
    (mu, sigma, wrt)
    for wrt in ("mu", "sigma")
    for mu, sigma in [(1.0, 1.0), (0.0, 1.0), (0.0, 0.1), (3.0, 0.1), (-3.0, 2.0), (-1.35, 0.65), (2.2, 1.85)]
]
STOPS = [0, 1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 4000]


# --- Python


def test_the_noise_is_standard_normal() -> None:
    numbers = normals(7, 100_001)
    assert numbers.dtype == np.float64
    assert numbers.shape == (100_001,)
    assert kstest(numbers, "norm").pvalue > 0.01
    assert abs(np.corrcoef(numbers[:-1], numbers[1:])[0, 1]) < 4 / 100_000**0.5
    first = np.array([normals(seed, 2) for seed in range(2000)])  # neighbouring seeds are as good as one seed
    assert kstest(first.ravel(), "norm").pvalue > 0.01
    assert abs(np.corrcoef(first[:-1, 0], first[1:, 0])[0, 1]) < 4 / 2000**0.5
    for count in (0, 1, 2, 999):
        assert (normals(7, count) == numbers[:count]).all()
    assert np.isfinite(normals(LARGEST_SEED, 10)).all()


@pytest.mark.parametrize("point", POINTS)
def test_estimates_are_what_autograd_says(point: Point) -> None:
    one = ReparameterizationExplorer(*point[:2], samples=300, seed=3, wrt=point[2])
    right = by_autograd(one.noise, *point)
    for kind in KINDS:
        assert one.estimates[kind] == pytest.approx(right[kind], rel=1e-9, abs=1e-9)


@pytest.mark.parametrize("point", POINTS)
def test_gradient_and_variances_by_quadrature(point: Point) -> None:
    """On a grid over ε that is exact to rounding: the integrands are smooth and vanish at its ends."""
    one = ReparameterizationExplorer(*point[:2], wrt=point[2])
    grid = np.linspace(-14, 14, 20_001)
    weight = np.exp(-0.5 * grid**2) / np.sqrt(2 * np.pi) * (grid[1] - grid[0])
    for kind, values in by_autograd(grid, *point).items():
        mean = (weight * values).sum()
        assert one.exact_gradient == pytest.approx(mean, abs=1e-8)
        assert one.exact_variances[kind] == pytest.approx((weight * (values - mean) ** 2).sum(), rel=1e-9)


def test_the_numbers_of_the_chapter() -> None:
    one = ReparameterizationExplorer(samples=MOST_SAMPLES)
    assert one.exact_gradient == 2
    assert one.exact_variances == {"score": 30, "pathwise": 4}
    for kind, values in one.estimates.items():
        assert abs(values.mean() - 2) < 4 * (one.exact_variances[kind] / MOST_SAMPLES) ** 0.5


def test_traits_are_observed_and_the_noise_stays() -> None:
    one = ReparameterizationExplorer(torch.tensor(0.5), 1, samples=20, seed=5)
    noise, held = one.noise, one.held_noise
    assert noise.shape == (20,)
    assert held.shape == (HELD,)
    seen: list[Any] = []
    one.observe(lambda change: seen.append((change["name"], change["new"])), ["mu", "samples", "wrt"])
    one.set_state({"mu": -1, "samples": 40, "wrt": "sigma"})
    assert sorted(seen) == [("mu", -1.0), ("samples", 40), ("wrt", "sigma")]
    assert (one.noise[:20] == noise).all()
    assert (one.held_noise == held).all()
    one.seed = 6
    assert not (one.noise[:20] == noise).any()


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("mu", 3.5, "mu must be a number from -3.0 to 3.0, got 3.5"),
        ("mu", float("nan"), "mu must be a number from -3.0 to 3.0, got nan"),
        ("sigma", 0.0, "sigma must be a number from 0.1 to 2.0, got 0.0"),
        ("sigma", None, "sigma must be a number from 0.1 to 2.0, got None"),
        ("samples", -1, "'samples'.* not be less than 0, but a value of -1"),
        ("samples", 4001, "'samples'.* not be greater than 4000, but a value of 4001"),
        ("samples", 1.5, "'samples'.* expected an int, not the float 1.5"),
        ("seed", 2**32, "seed must be a whole number from 0 to 4294967295, got 4294967296"),
        ("seed", 1.5, "seed must be a whole number from 0 to 4294967295, got 1.5"),
        ("wrt", "z", "'wrt'.* expected any of .*'mu', 'sigma'.*, not the str 'z'"),
    ],
)
def test_traits_refuse_the_rest_and_name_it(name: str, value: Any, message: str) -> None:
    one = ReparameterizationExplorer()
    before = getattr(one, name)
    with pytest.raises(traitlets.TraitError, match=message):
        setattr(one, name, value)
    assert getattr(one, name) == before


# --- Chromium


def numbers(page: Page, copy: int = 0) -> dict[str, str]:
    texts = page.locator(".vae-reparameterization").nth(copy).locator(".vae-numbers").all_inner_texts()
    return dict(zip(KINDS, texts, strict=True))


def number(text: str) -> tuple[float, float]:
    """A number as it is shown, and half of its last digit."""
    digits = len(text.split(".")[1]) if "." in text else 0
    return float(text.replace("−", "-").replace(",", "")), 0.5001 * 10**-digits


SENTENCE = re.compile(
    r"Mean (\S+) ± (\S+), variance (\S+) \(exact: (\S+)\)\.( Beyond the axis: (\d+) left, (\d+) right\.)?"
)


def assert_shows(page: Page, one: ReparameterizationExplorer, copy: int = 0) -> None:
    """What stands below the histograms and in the sentence, against numpy."""
    right = by_autograd(normals(one.seed, one.samples), one.mu, one.sigma, one.wrt)
    for kind, text in numbers(page, copy).items():
        found = SENTENCE.fullmatch(text)
        assert found, text
        values = right[kind]
        wanted = [values.mean(), values.std(ddof=1) / len(values) ** 0.5, values.var(ddof=1), one.exact_variances[kind]]
        for part, value in zip(found.groups()[:4], wanted, strict=True):
            got, half = number(part)
            assert got == pytest.approx(value, abs=half)
    said = page.locator(".vae-verdict").nth(copy).inner_text()
    got, half = number(said.split(" needs ")[1].split(" times")[0])
    assert got == pytest.approx(one.exact_variances["score"] / one.exact_variances["pathwise"], abs=half)


def pixels(page: Page, name: str) -> str:
    """A canvas when all is drawn."""
    settle(page)
    return str(page.locator(f".vae-{name}").first.evaluate("c => c.toDataURL()"))


def colours(page: Page, name: str, places: list[tuple[float, float]]) -> list[tuple[int, ...]]:
    """The colours at places of a canvas, x as a share of its width, y in pixels."""
    pixels(page, name)
    script = """(c, places) => places.map(([x, y]) => [...c.getContext("2d").getImageData(
      Math.round(x * c.width), Math.round(y * c.height / c.clientHeight), 1, 1).data].slice(0, 3))"""
    return [tuple(colour) for colour in page.locator(f".vae-{name}").first.evaluate(script, places)]


def share(value: float) -> float:
    """Where a value lies on the number lines."""
    return (value + 7) / 14


def assert_dots(page: Page, places: list[tuple[float, float]], colour: str) -> None:
    """Each place has the colour, up to a rounding for each of twelve lines that may be blended there."""
    for got in colours(page, "paths", places):
        assert got == pytest.approx(tuple(bytes.fromhex(colour[1:])), abs=12)


def ring(page: Page, mu: float, sigma: float) -> tuple[float, float]:
    """Where the ring of Q stands on the page."""
    box = page.locator(".vae-paths").bounding_box()
    assert box
    density = 1 / (sigma * (2 * np.pi) ** 0.5)
    top, floor = 74 + 58, box["height"] - 2 - 70
    return box["x"] + 1 + (box["width"] - 2) * share(mu), box["y"] + 1 + floor - (floor - top) * density / max(
        0.55, density
    )


def slider(page: Page, name: str) -> Locator:
    return page.get_by_label(WORDS[name], exact=True).and_(page.get_by_role("slider"))


@pytest.fixture
def live(live_widget: Callable[..., Page]) -> Page:
    """The widget with a model that the test holds, as a kernel would."""
    return live_widget(ReparameterizationExplorer(samples=200))


def trait(page: Page, name: str) -> Any:
    return page.evaluate(f"live.model.get('{name}')")


def test_numbers_in_the_page_equal_numpy(live: Page) -> None:
    for mu, sigma, wrt in POINTS:
        live.evaluate(
            "all => Object.entries(all).forEach(one => live.model.set(...one))", {"mu": mu, "sigma": sigma, "wrt": wrt}
        )
        assert_shows(live, ReparameterizationExplorer(mu, sigma, 200, wrt=wrt))
        for name in ("paths", *KINDS):
            pixels(live, name)
    live.evaluate("live.model.set('samples', 4000); live.model.set('seed', 4294967295)")
    assert_shows(live, ReparameterizationExplorer(*POINTS[-1][:2], 4000, LARGEST_SEED, "sigma"))
    live.evaluate("live.model.set('samples', 1)")
    for kind, value in by_autograd(normals(LARGEST_SEED, 1), *POINTS[-1]).items():
        got, half = number(numbers(live)[kind].split(". Exact")[0].removeprefix("One draw: "))
        assert got == pytest.approx(value[0], abs=half)
    live.evaluate("live.model.set('samples', 0)")
    assert all(text.startswith("No draws yet.") for text in numbers(live).values())


def test_each_dot_lies_where_its_number_says(open_page: OpenPage, widget_page: MakePage) -> None:
    """The ε stay; the z lie at μ + σε."""
    page = open_page(widget_page(ReparameterizationExplorer(0.5, 1.2)))
    height = page.locator(".vae-paths").evaluate("c => c.clientHeight")
    paper = (0xFD, 0xFD, 0xFB)
    for mu, sigma in [(0.5, 1.2), (-2, 2), (0, 0.4)]:
        slider(page, "mu").fill(f"{mu}")
        slider(page, "sigma").fill(f"{sigma}")
        held = normals(0, HELD)
        assert_dots(page, [(share(e), 76) for e in held], "#1C2430")
        assert_dots(page, [(share(mu + sigma * e), height - 68) for e in held], palette.TERMS["posterior"].light)
        assert colours(page, "paths", [(share(6.4), height - 68)]) == [paper]  # no dot, no dot's colour
    before = pixels(page, "paths")
    page.get_by_role("button", name=WORDS["anew"]).click()
    assert pixels(page, "paths") != before
    assert_dots(page, [(share(e), 76) for e in normals(1, HELD)], "#1C2430")


def test_bars_stand_where_the_draws_fall(open_page: OpenPage, widget_page: MakePage) -> None:
    """The tallest bar reaches the top of the bars, and an empty bin is paper."""
    page = open_page(widget_page(ReparameterizationExplorer(samples=1000)))
    low, high = -5, 30  # as its module's test has it
    height = page.locator(".vae-score").evaluate("c => c.clientHeight")
    paper = (0xFD, 0xFD, 0xFB)
    for kind, values in by_autograd(normals(0, 1000), 1, 1, "mu").items():
        bins, _ = np.histogram(values, 90, (low, high))
        tallest, rows = int(bins.argmax()), height - 40 - 22
        middles = [(i + 0.5) / 90 for i in (tallest, tallest - 1)]
        at_half = colours(page, kind, [(middles[0], height - 40 - 0.5 * rows)])[0]
        assert max(abs(a - b) for a, b in zip(at_half, paper, strict=True)) > 60
        above = [(middles[1], height - 40 - rows * (bins[tallest - 1] / bins.max()) - 5)]
        assert colours(page, kind, above)[0] == pytest.approx(paper, abs=20)  # a line of the grid is near to paper


def test_each_control_by_keyboard(live: Page) -> None:
    hold_time(live)
    order: list[tuple[str, str]] = []
    for _ in range(6):
        live.keyboard.press("Tab")
        assert live.evaluate("getComputedStyle(document.activeElement).outlineWidth") == "3px"
        assert live.evaluate("document.activeElement.dataset.lmSuppressShortcuts") == "true"
        order.append(tuple(live.evaluate("[document.activeElement.type, document.activeElement.textContent]")))
        live.keyboard.press({"range": "ArrowRight", "radio": "ArrowDown"}.get(order[-1][0], "Enter"))
        if order[-1][1] == WORDS["draw"]:
            live.keyboard.press("Enter")  # and a pause
            expect(live.locator(":focus")).to_have_text(WORDS["draw"])
            live.evaluate("live.model.set('samples', 200)")
    assert [kind for kind, _ in order] == ["range", "range", "radio", "button", "button", "range"]
    one = ReparameterizationExplorer(1.05, 1.05, 500, 1, "sigma")
    for name in ("mu", "sigma", "samples", "seed", "wrt"):
        assert trait(live, name) == getattr(one, name)
    assert_shows(live, one)
    expect(slider(live, "mu")).to_have_attribute("aria-valuetext", "μ = 1.05")
    expect(slider(live, "samples")).to_have_attribute("aria-valuetext", "500 draws")
    means = [text.split(",")[0].removeprefix("Mean ") for text in numbers(live).values()]
    said = WORDS["live"].format(exact="2.10", count="500", score=means[0], pathwise=means[1])
    live.clock.run_for(1000)
    expect(live.locator(".vae-live")).to_have_text(said)


def test_every_stop_of_the_number_of_draws(live: Page) -> None:
    one = slider(live, "samples")
    one.focus()
    live.keyboard.press("Home")
    for stop in STOPS:
        assert trait(live, "samples") == stop
        if stop > 1:
            assert_shows(live, ReparameterizationExplorer(samples=stop))
        live.keyboard.press("ArrowRight")


def test_the_choice_of_the_gradient(live: Page) -> None:
    before = {name: pixels(live, name) for name in ("paths", *KINDS)}
    captions = live.locator(".vae-caption")
    expect(captions.nth(1)).to_have_text(WORDS["score_mu"])
    live.locator(".vae-choice").nth(1).click()
    assert trait(live, "wrt") == "sigma"
    for name, picture in before.items():
        assert pixels(live, name) != picture
    expect(captions.nth(2)).to_have_text(WORDS["pathwise_sigma"])
    expect(live.locator(".vae-paths")).to_have_attribute("aria-label", re.compile("s: " + WORDS["arrows_sigma"]))
    assert_shows(live, ReparameterizationExplorer(samples=200, wrt="sigma"))


def wait_for_rest(page: Page) -> None:
    expect(page.locator(".vae-button").nth(1)).to_have_text(WORDS["draw"])


def test_draw_fills_the_histograms(live: Page) -> None:
    live.evaluate("live.model.set('samples', 0); live.model.heard = []")
    hold_time(live)
    live.get_by_role("button", name=WORDS["draw"]).click()
    live.clock.run_for(1980)
    expect(live.get_by_role("button", name=WORDS["pause"])).to_be_visible()
    live.clock.run_for(60)
    wait_for_rest(live)
    path = live.evaluate("live.model.heard.map(state => state.samples)")
    assert path[:5] == [1, 2, 3, 4, 5]  # one by one
    assert path == sorted(set(path))
    assert path[-1] == MOST_SAMPLES
    assert_shows(live, ReparameterizationExplorer(samples=MOST_SAMPLES))
    # Full: the next press starts again with new ε.
    live.emulate_media(reduced_motion="reduce")
    live.get_by_role("button", name=WORDS["draw"]).click()
    assert (trait(live, "samples"), trait(live, "seed")) == (500, 1)
    assert_shows(live, ReparameterizationExplorer(samples=500, seed=1))


def test_without_motion_a_press_adds_a_block(live: Page) -> None:
    live.emulate_media(reduced_motion="reduce")
    button = live.get_by_role("button", name=WORDS["draw"])
    for count in (700, 1200, 1700, 2200, 2700, 3200, 3700, 4000):
        button.click()
        assert trait(live, "samples") == count
        expect(button).to_have_text(WORDS["draw"])
    live.evaluate("live.model.set('seed', 4294967295)")
    button.click()
    assert (trait(live, "samples"), trait(live, "seed")) == (500, 0)  # after the largest seed comes the first


def test_nothing_half_set_is_shown(live: Page) -> None:
    """Draw on a full histogram sets seed and samples: no mean of the old draws under the new seed, or of the new ones
    under the old number, stands in the page at any time."""
    live.evaluate("live.model.set('samples', 4000)")
    live.evaluate("""() => {
      window.texts = new Set();
      const note = one => one.addedNodes.forEach(node => window.texts.add(node.textContent));
      new MutationObserver(all => all.forEach(note))
        .observe(document.querySelector(".vae-panel-score .vae-numbers"), { childList: true });
      matchMedia = () => ({ matches: true, addEventListener() {} });
    }""")
    live.get_by_role("button", name=WORDS["draw"]).click()
    exact = ReparameterizationExplorer().exact_variances["score"]
    shown = live.evaluate("[...window.texts]")
    assert len(shown) == 2  # none yet, then a block of the new seed
    assert shown[0].startswith(WORDS["mean_none"].format(exact=f"{exact:.1f}")), shown
    assert_shows(live, ReparameterizationExplorer(samples=500, seed=1))


@pytest.mark.parametrize(
    "action",
    [
        "document.querySelectorAll('.vae-button')[1].click()",
        "one = document.querySelectorAll('input')[4]; one.value = 3; one.dispatchEvent(new Event('input'))",
        "live.model.set('samples', live.model.get('samples') + 1)",
        "live.remove()",
    ],
)
def test_draw_pauses(live: Page, action: str) -> None:
    """By its own button, by the slider of the draws, by Python, and by removal."""
    hold_time(live)
    live.evaluate("live.model.set('samples', 0)")
    live.locator(".vae-button").nth(1).click()
    live.clock.run_for(70)
    live.evaluate(action)
    count = trait(live, "samples")
    assert count > 1
    live.clock.run_for(1000)
    assert trait(live, "samples") == count
    if action != "live.remove()":
        wait_for_rest(live)
        live.locator(".vae-button").nth(1).click()  # and goes on
        live.clock.run_for(70)
        assert count < trait(live, "samples") < count + 1000


def test_moving_while_draws_arrive(live: Page) -> None:
    live.evaluate("live.model.set('samples', 0)")
    live.locator(".vae-button").nth(1).click()
    slider(live, "mu").fill("-2")
    live.get_by_role("button", name=WORDS["anew"]).click()
    wait_for_rest(live)
    assert_shows(live, ReparameterizationExplorer(-2, 1, MOST_SAMPLES, 1))
    assert trait(live, "seed") == 1


def test_the_peak_by_mouse(live: Page) -> None:
    live.mouse.move(*ring(live, 1, 1))
    live.mouse.down()
    x, y = ring(live, -2, 1)
    live.mouse.move(x, y + 40, steps=5)
    assert trait(live, "mu") == pytest.approx(-2, abs=0.03)  # a pixel is 0.02
    for _ in range(20):
        live.mouse.move(3000, 0)  # held beyond the edge
        live.mouse.move(-3000, 0)
    live.mouse.move(3000, 0)
    assert trait(live, "mu") == 3
    live.mouse.up()
    live.mouse.move(*ring(live, -2, 1))
    live.mouse.down()  # no peak there
    live.mouse.move(*ring(live, 0, 1))
    live.mouse.up()
    assert trait(live, "mu") == 3
    assert_shows(live, ReparameterizationExplorer(3, 1, 200))


def test_the_peak_by_touch(open_page: OpenPage, widget_page: MakePage) -> None:
    page = open_page(widget_page(ReparameterizationExplorer()), width=390, height=1300, touch=True)
    client = page.context.new_cdp_session(page)
    for kind, mu in [("touchStart", 1.0), ("touchMove", 0.5), ("touchMove", -1.0)]:
        x, y = ring(page, mu, 1)
        client.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": [{"x": x, "y": y}]})
    client.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
    assert float(slider(page, "mu").input_value()) == pytest.approx(-1, abs=0.06)


@pytest.mark.parametrize("width", [320, 390])
def test_it_fits(open_page: OpenPage, widget_page: MakePage, width: int) -> None:
    widget = ReparameterizationExplorer(3, 0.1, MOST_SAMPLES, wrt="sigma")
    page = open_page(widget_page(widget), width=width, height=1300, touch=True)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    targets = [*page.get_by_role("slider").all(), *page.locator(".vae-choice").all(), *page.get_by_role("button").all()]
    assert len(targets) == 7
    for box in [target.bounding_box() for target in targets]:
        assert box
        assert min(box["height"], box["width"]) >= 44


def test_two_copies_are_independent(open_page: OpenPage, widget_page: MakePage) -> None:
    widgets = ReparameterizationExplorer(samples=100), ReparameterizationExplorer(0, 2, 50, 9, "sigma")
    page = open_page(widget_page(*widgets), height=2200)
    page.get_by_label("μ", exact=True).and_(page.get_by_role("slider")).nth(1).fill("-1")
    page.get_by_role("radio").nth(2).check()
    assert_shows(page, ReparameterizationExplorer(samples=100), copy=0)
    assert_shows(page, ReparameterizationExplorer(-1, 2, 50, 9), copy=1)
    ids = page.locator("[id]").evaluate_all("all => all.map(one => one.id)")
    assert len(set(ids)) == len(ids)


NONSENSE: list[tuple[str, Any]] = [
    ("mu", None),
    ("mu", "1"),
    ("mu", 3.01),
    ("sigma", 0),
    ("sigma", -1),
    ("sigma", [1]),
    ("samples", 1.5),
    ("samples", 4001),
    ("samples", -1),
    ("seed", -1),
    ("seed", 2**32),
    ("wrt", "z"),
    ("wrt", None),
]


def test_nonsense_becomes_one_sentence_and_heals(live: Page) -> None:
    for name, value in [*NONSENSE, ("mu", float("nan")), ("sigma", float("inf"))]:
        live.evaluate(
            "([name, value]) => { live.good = live.model.get(name); live.model.set(name, value); }", [name, value]
        )
        expect(live.locator(".vae-widget")).to_have_text(WORDS["bad_numbers"])
        live.evaluate("name => live.model.set(name, live.good)", name)
        expect(live.locator(".vae-paths")).to_be_visible()
    assert_shows(live, ReparameterizationExplorer(samples=200))


def test_nonsense_in_the_saved_page(open_page: OpenPage, widget_page: MakePage) -> None:
    widgets = [ReparameterizationExplorer() for _ in NONSENSE]

    def edit(state: dict[str, Any]) -> None:
        for widget, (name, value) in zip(widgets, NONSENSE, strict=True):
            state[widget.model_id]["state"][name] = value

    page = open_page(widget_page(*widgets, edit=edit), height=4000)
    expect(page.locator(".vae-widget")).to_have_text([WORDS["bad_numbers"]] * len(NONSENSE))


def test_a_view_that_is_removed_and_shown_again(live: Page) -> None:
    listening = live.evaluate("live.listening()")
    for _ in range(3):
        live.locator(".vae-button").nth(1).click()
        live.evaluate("live.remove()")
        assert live.evaluate("live.listening()") == 0
        live.evaluate("live.model.set('mu', -0.5); live.model.set('samples', 150)")
        live.evaluate("live.show()")
    assert live.evaluate("live.listening()") == listening
    assert_shows(live, ReparameterizationExplorer(-0.5, 1, 150))


def test_it_follows_the_page_s_theme(open_page: OpenPage, widget_page: MakePage) -> None:
    page = open_page(widget_page(ReparameterizationExplorer(samples=100)))
    for name in ("paths", *KINDS):
        pixels(page, name)
        assert min(page.locator(f".vae-{name}").evaluate(CORNER)) > 200
    page.evaluate("document.documentElement.dataset.theme = 'dark'")
    for name in ("paths", *KINDS):
        page.wait_for_function(f"Math.max(...({CORNER})(document.querySelector('.vae-{name}'))) < 60")


def test_every_word_comes_from_python() -> None:
    assert ReparameterizationExplorer().words == WORDS
    assert not re.search(r"^\s*import\b|\bimport\(", ReparameterizationExplorer._esm, re.MULTILINE)
    source = ReparameterizationExplorer._esm
    named = set(re.findall(r"words\.(\w+)", source))
    built = {f"{start}_{end}" for start in ("by", "path", "arrows", "score", "pathwise") for end in ("mu", "sigma")}
    built |= {"mu", "sigma", "score_name", "pathwise_name"}
    assert named | built | {"name", "bad_numbers"} == set(WORDS)

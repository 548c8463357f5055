"""IntegralExplorer: its numbers against the formulas in NumPy, in Python and in Chromium, and every kind of hand."""

from __future__ import annotations

import copy
import functools
import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import reference
import torch
import traitlets
from checks import assert_room_for_a_finger
from playwright.sync_api import Page, expect
from scipy import stats
from scipy.special import logsumexp

from vae_lib import data, pretrained
from vae_lib.model import VAE, Autoencoder
from vae_lib.widgets import IntegralExplorer
from vae_lib.widgets.base import normals
from vae_lib.widgets.words import INTEGRAL_EXPLORER as WORDS

OpenPage = Callable[..., Page]
MakePage = Callable[..., str]

# The page decodes in float32. A squared error of up to 25, right to about 3e-6, is divided by 2σ² ≥ 0.0127.
NATS = 1e-3
OWN = pretrained.load("digits-2").sigma


@functools.cache
def made(number: int) -> IntegralExplorer:
    """Few are made and then used again, as each takes seconds."""
    return IntegralExplorer()


def shared() -> IntegralExplorer:
    return made(0)


def widget(draws: int = 256, seed: int = 3, number: int = 0) -> IntegralExplorer:
    """One with the model's own σ."""
    one = made(number)
    one.draws, one.seed, one.sigma = draws, seed, one.sigmas[one.own]
    return one


@functools.cache
def networks() -> reference.Networks:
    return reference.Networks(pretrained.load("digits-2").state_dict())


def seven() -> np.ndarray:
    return data.load("digits").test[3].double().numpy()


def draws_of(seed: int) -> np.ndarray:
    """All 4096 draws, float32."""
    return normals(seed, 8192).astype(np.float32).reshape(-1, 2)


@functools.cache
def squares(seed: int) -> np.ndarray:
    """Squared errors of all 4096 draws, float64."""
    return ((seven() - networks().decode(draws_of(seed).astype(np.float64))) ** 2).sum(-1)


def log_weights(seed: int, draws: int, sigma: float) -> np.ndarray:
    return -squares(seed)[:draws] / (2 * sigma**2) - 32 * np.log(2 * np.pi * sigma**2)


def expected(seed: int, draws: int, sigma: float) -> dict[str, float]:
    """Estimate and effective draws from the formulas."""
    logs = log_weights(seed, draws, sigma)
    return {
        "estimate": float(logsumexp(logs) - np.log(draws)),
        "effective": float(np.exp(2 * logsumexp(logs) - logsumexp(2 * logs))),
    }


def shown(page: Page, copy: int = 0) -> dict[str, float]:
    """The numbers of the line, before they are rounded."""
    root = page.locator(".vae-integral").nth(copy)
    values = root.locator("data").evaluate_all("all => all.map(one => Number(one.value))")
    return dict(zip(("estimate", "exact", "difference", "effective"), values, strict=True))


def settled(page: Page, copy: int = 0) -> None:
    """Waits until all draws that are asked for are decoded."""
    expect(page.locator(".vae-share").nth(copy)).not_to_contain_text("Decoding")


def assert_right(page: Page, seed: int, draws: int, stop: int, copy: int = 0) -> None:
    settled(page, copy)
    one, sigma = shown(page, copy), shared().sigmas[stop]
    right = expected(seed, draws, sigma)
    assert one["estimate"] == pytest.approx(right["estimate"], abs=NATS)
    assert one["effective"] == pytest.approx(right["effective"], rel=4 * NATS)  # a ratio of squares of weights
    assert one["exact"] == shared().exacts[stop]
    assert one["difference"] == pytest.approx(one["estimate"] - one["exact"], abs=1e-9)


def counts(page: Page, copy: int = 0) -> list[str]:
    """What stands beside the sliders: draws, σ."""
    return page.locator(".vae-integral").nth(copy).locator("output").all_inner_texts()


# --- Python


def test_the_exact_values_at_all_stops() -> None:
    """Against a uniform grid, decoded once in NumPy.

    Its step is 1.3 times the posterior's smallest width, 0.02: the midpoint rule is then right to 1e-5.
    """
    step = 0.025
    axis = np.arange(-4.5, 4.5, step) + step / 2
    z = np.stack(np.meshgrid(axis, axis), -1).reshape(-1, 2)
    errors = np.concatenate([((seven() - networks().decode(part)) ** 2).sum(-1) for part in np.array_split(z, 60)])
    log_prior = reference.standard_log_normal(z)
    for sigma, exact in zip(shared().sigmas, shared().exacts, strict=True):
        log_joint = -errors / (2 * sigma**2) - 32 * np.log(2 * np.pi * sigma**2) + log_prior
        assert exact == pytest.approx(float(logsumexp(log_joint) + 2 * np.log(step)), abs=NATS)


def test_the_model_s_own_sigma_is_a_stop_among_equal_ratios() -> None:
    one = shared()
    own = pretrained.load("digits-2").sigma
    assert one.sigma == one.sigmas[one.own] == own
    assert np.diff(np.log(one.sigmas)) == pytest.approx(np.log(2) / 4)
    assert one.sigmas[0] < 0.081
    assert one.sigmas[-1] > 0.8


@pytest.mark.parametrize("draws", [1, 2, 300, 4096])
@pytest.mark.parametrize("stop", [0, 4, 14])
def test_numbers_in_python(draws: int, stop: int) -> None:
    one = widget(draws=draws, seed=7)
    one.sigma = one.sigmas[stop]
    right = expected(7, draws, one.sigma)
    assert one.log_weights.numpy() == pytest.approx(log_weights(7, draws, one.sigma), abs=1e-9)
    assert one.estimate == pytest.approx(right["estimate"], abs=1e-9)
    assert one.effective_draws == pytest.approx(right["effective"], rel=1e-9)
    assert one.exact == one.exacts[stop]


def test_the_draws_are_from_the_prior() -> None:
    one = widget(draws=4096)
    z = one.z
    assert z.dtype == torch.float32
    assert z.shape == (4096, 2)
    assert np.array_equal(z.numpy(), draws_of(3))
    assert np.array_equal(widget(draws=10, seed=4).z.numpy(), draws_of(4)[:10])
    assert not np.array_equal(draws_of(3)[:10], draws_of(4)[:10])
    for numbers in (*z.T.numpy(), (z.T.numpy() * [[1], [-1]]).sum(0) / 2**0.5):
        assert stats.kstest(numbers, "norm").pvalue > 0.01


def test_nine_in_ten_runs_end_in_the_band() -> None:
    """Against 400 runs of fresh draws: their share inside is 0.9 give or take 0.015, and twice that for the band."""
    one = shared()
    z = np.random.default_rng(5).standard_normal((400, 256, 2))
    errors = ((seven() - networks().decode(z.reshape(-1, 2))) ** 2).sum(-1).reshape(400, 256)
    for stop in (2, 4, 8, 14):
        for draws in (1, 16, 256):
            logs = -errors[:, :draws] / (2 * one.sigmas[stop] ** 2)
            runs = logsumexp(logs, 1) - np.log(draws) - 32 * np.log(2 * np.pi * one.sigmas[stop] ** 2)
            low, high = (line[one.band_draws.index(draws)] for line in one.bands[stop])
            assert np.mean((low <= runs) & (runs <= high)) == pytest.approx(0.9, abs=0.06)
            assert np.mean(runs < low) == pytest.approx(0.05, abs=0.04)


def test_python_speaks_of_the_model_that_the_page_has() -> None:
    """Weights are sent as float16, or less; Python's numbers are of these."""
    torch.manual_seed(0)
    model = VAE(16, 2, (8,), sigma=0.3)
    x = torch.rand(16)
    one = IntegralExplorer(model, x, draws=50)
    rounded = copy.deepcopy(model).half().double()
    with torch.no_grad():
        decoded = rounded.decode(one.z.double())
    right = reference.log_normal(x.double().numpy(), decoded.numpy(), 0.3**2)
    assert one.sigma == pytest.approx(0.3, abs=1e-6)
    assert one.log_weights.numpy() == pytest.approx(right, abs=1e-4)  # σ itself is float32
    assert torch.equal(one.x.float(), x)
    assert model.decoder.net[0].weight.dtype == torch.float32  # the caller's model is left alone
    with torch.no_grad():
        model.decoder.net[0].weight.zero_()  # nor does it matter what becomes of it
    assert one.log_weights.numpy() == pytest.approx(right, abs=1e-4)


def test_sigma_takes_the_nearest_stop() -> None:
    one = widget()
    seen: list[Any] = []
    one.observe(lambda change: seen.append(change["new"]), ["draws", "sigma", "seed"])
    one.sigma = 0.3
    assert one.sigma == min(one.sigmas, key=lambda stop: abs(np.log(stop / 0.3)))
    one.set_state({"draws": 7, "seed": 9, "sigma": one.sigmas[0]})
    assert (one.draws, one.seed, one.sigma) == (7, 9, one.sigmas[0])
    assert len(seen) == 4


@pytest.mark.parametrize(
    ("name", "value", "remedy"),
    [
        ("draws", 0, "draws.* 1"),
        ("draws", 4097, "draws.* 4096"),
        ("draws", 2.5, "draws.* int.* 2.5"),
        ("seed", -1, "seed.* 0"),
        ("seed", 2**32, "seed.* 4294967295"),
        ("sigma", 0.05, r"sigma must be a number from 0.07989 to 0.9038, got 0.05"),
        ("sigma", 2, r"sigma must be a number from 0.07989 to 0.9038, got 2"),
        ("sigma", float("nan"), "sigma must be a number .* got nan"),
        ("sigma", None, "sigma must be a number .* got None"),
    ],
)
def test_traits_refuse_the_rest_and_name_it(name: str, value: Any, remedy: str) -> None:
    one = widget()
    before = getattr(one, name)
    with pytest.raises(traitlets.TraitError, match=remedy):
        setattr(one, name, value)
    assert getattr(one, name) == before


def test_models_and_pictures_that_do_not_fit_are_refused() -> None:
    with pytest.raises(ValueError, match="latent_dim 2, got 3"):
        IntegralExplorer(VAE(16, 3, (4,)))
    with pytest.raises(ValueError, match="'gaussian', which has a sigma, got 'bernoulli'"):
        IntegralExplorer(VAE(16, 2, (4,), likelihood="bernoulli"))
    with pytest.raises(TypeError, match=r"IntegralExplorer needs a VAE, .* got Autoencoder"):
        IntegralExplorer(Autoencoder(64, 2))
    with pytest.raises(ValueError, match=r"pass a picture x of shape \(16,\)"):
        IntegralExplorer(VAE(16, 2, (4,)))
    with pytest.raises(ValueError, match=r"shape \(64,\), got \(1, 64\)"):
        IntegralExplorer("digits-2", torch.zeros(1, 64))
    with pytest.raises(ValueError, match="x must be finite, got nan in place 5"):
        IntegralExplorer("digits-2", [float("nan") if i == 5 else 0.0 for i in range(64)])


def test_every_word_comes_from_python() -> None:
    source = str(IntegralExplorer._esm)
    assert set(re.findall(r"words\.(\w+)", source)) <= set(WORDS)
    assert not re.search(r"^\s*import\b|\bimport\(", source, re.MULTILINE)
    assert re.findall(r"^export .*", source, re.MULTILINE) == ["export default { render };"]


# --- Chromium


@pytest.fixture
def live(live_widget: Callable[..., Page]) -> Page:
    """The widget with a model that the test holds, as a kernel would."""
    return live_widget(widget())


def put(page: Page, **traits: Any) -> None:
    page.evaluate("all => Object.entries(all).forEach(one => live.model.set(...one))", traits)


def grey(page: Page, which: int) -> np.ndarray:
    pixels = page.locator(".vae-digit").nth(which)
    values = pixels.evaluate("c => [...c.getContext('2d').getImageData(0, 0, c.width, c.height).data]")
    return np.array(values).reshape(-1, 4)[:, 0]


@pytest.mark.parametrize("seed", [3, 0, 2**32 - 1])
def test_numbers_in_the_page(live: Page, seed: int) -> None:
    put(live, seed=seed, draws=4096)
    settled(live)
    for draws in (1, 2, 5, 16, 100, 1000, 4096):
        put(live, draws=draws)
        for stop, sigma in enumerate(shared().sigmas):
            put(live, sigma=sigma)
            assert_right(live, seed, draws, stop)


def test_the_marked_draw(live: Page) -> None:
    assert grey(live, 0) == pytest.approx(255 * seven(), abs=0.51)
    for seed in (3, 4, 5):
        put(live, seed=seed)
        for draws in (1, 30, 2000):
            put(live, draws=draws)
            settled(live)
            logs = log_weights(seed, draws, OWN)
            best, share = int(logs.argmax()), float(np.exp(logs.max() - logsumexp(logs)))
            z = draws_of(seed)[best].astype(np.float64)
            assert np.abs(grey(live, 1) - 255 * networks().decode(z)).max() <= 2
            text = live.locator(".vae-share").inner_text()
            if draws == 1:
                assert text == WORDS["share_one"]
                continue
            carried = np.sort(np.exp(logs - logsumexp(logs)))[::-1].cumsum()
            carriers = int((carried < 0.99).sum()) + 1
            assert float(re.search(r"carries (?:more than )?([\d.]+) %", text)[1]) == pytest.approx(100 * share, abs=1)
            assert f"{carriers:,} of {draws:,} draws" in text
            place = f"z = ({z[0]:.2f}, {z[1]:.2f})".replace("-", "−")
            assert place in (live.locator(".vae-map").get_attribute("aria-label") or "")


def test_the_map_shows_the_draws_and_follows_the_theme(live: Page) -> None:
    put(live, draws=1)
    settled(live)
    z = draws_of(3)[0].tolist()
    pixel = """([z1, z2]) => { const c = document.querySelector('.vae-map'); const s = c.width / 8;
      return [...c.getContext('2d').getImageData((z1 + 4) * s + 5, (4 - z2) * s, 1, 1).data].slice(0, 3); }"""
    live.wait_for_function(f"(() => {{ const [r, , b] = ({pixel})({z}); return b - r > 40; }})()")
    assert min(live.evaluate(pixel, [3.6, 3.6])) > 200
    live.evaluate("document.documentElement.dataset.theme = 'dark'")
    live.wait_for_function(f"Math.max(...({pixel})([3.6, 3.6])) < 60")


def test_decoding_leaves_the_page_free(live: Page) -> None:
    """A clock that moves a millisecond with each look: a slice of 5 ms is five draws, and the next waits its turn."""
    live.evaluate(
        """async () => {
          await live.remove();
          let time = 0;
          live.waiting = [];
          live.real = [performance.now, window.setTimeout];
          performance.now = () => time++;
          window.setTimeout = (f, ms) => (ms ? 0 : live.waiting.push(f));
          await live.show();
        }"""
    )
    share = live.locator(".vae-share")
    expect(share).to_have_text("Decoding draw 5 of 256 …")
    assert shown(live)["estimate"] == pytest.approx(expected(3, 5, OWN)["estimate"], abs=NATS)
    live.evaluate("live.waiting.shift()()")
    expect(share).to_have_text("Decoding draw 10 of 256 …")
    live.get_by_label(WORDS["draws"], exact=True).fill("2")  # three draws: enough are there
    assert counts(live)[0] == "3"
    assert shown(live)["estimate"] == pytest.approx(expected(3, 3, OWN)["estimate"], abs=NATS)
    live.get_by_role("button").click()  # draws of another seed: what waited for the old one must not go on
    live.evaluate("[performance.now, window.setTimeout] = live.real")
    live.evaluate("live.waiting.pop()()")
    put(live, draws=4096)
    assert_right(live, 4, 4096, shared().own)


def test_sliders_and_button_by_keyboard(live: Page) -> None:
    settled(live)
    live.keyboard.press("Tab")
    expect(live.get_by_label(WORDS["draws"], exact=True)).to_be_focused()
    assert live.evaluate("getComputedStyle(document.activeElement).outlineWidth") == "3px"
    live.keyboard.press("End")
    assert counts(live)[0] == "4,096"
    assert_right(live, 3, 4096, shared().own)
    live.keyboard.press("Home")
    assert_right(live, 3, 1, shared().own)
    live.keyboard.press("ArrowRight")
    assert counts(live)[0] == "2"
    expect(live.locator("input").first).to_have_attribute("aria-valuetext", "2 draws")
    live.keyboard.press("Tab")
    sigma = live.get_by_label(WORDS["sigma"], exact=True)
    expect(sigma).to_be_focused()
    expect(sigma).to_have_attribute("aria-valuetext", "σ = 0.160, the model’s own")
    live.keyboard.press("Home")
    assert counts(live)[1] == "0.080"
    assert_right(live, 3, 2, 0)
    live.keyboard.press("Tab")
    expect(live.get_by_role("button")).to_be_focused()
    assert live.evaluate("getComputedStyle(document.activeElement).outlineWidth") == "3px"
    live.keyboard.press("Enter")
    assert_right(live, 4, 2, 0)
    texts = live.locator("data").all_inner_texts()
    expect(live.locator(".vae-live")).to_contain_text(f"estimate {texts[0]}, exact")
    last = live.evaluate("live.model.heard.at(-1)")
    assert (last["draws"], last["sigma"], last["seed"]) == (2, shared().sigmas[0], 4)


def test_the_line_adds_up(live: Page) -> None:
    for draws in (1, 3, 50, 777):
        put(live, draws=draws)
        settled(live)
        estimate, exact, difference = (
            float(text.removesuffix(" nats").replace("−", "-")) for text in live.locator("data").all_inner_texts()[:3]
        )
        assert estimate - exact == pytest.approx(difference, abs=1e-6)
        assert estimate == pytest.approx(shown(live)["estimate"], abs=0.00501)


def ring(page: Page) -> tuple[float, float, Callable[[float], float]]:
    """The ring's place on the screen, and where another number of draws lies."""
    box = page.locator(".vae-chart").bounding_box()
    assert box
    draws = int(counts(page)[0].replace(",", ""))

    def across(count: float) -> float:
        assert box
        return box["x"] + 1 + (box["width"] - 2) * (np.log2(count) + 1) / 13.5

    exact, estimate = shown(page)["exact"], shown(page)["estimate"]
    running = [expected(3, n, OWN)["estimate"] for n in range(1, draws + 1)]
    low, high = exact - 30, max(exact + 4, max(running) + 1)
    height = box["height"] - 2 - 32
    return across(draws), box["y"] + 9 + height * (high - max(low, estimate)) / (high - low), across


def test_the_ring_by_mouse(open_page: OpenPage, widget_page: MakePage) -> None:
    page = open_page(widget_page(widget()))
    settled(page)
    x, y, across = ring(page)
    page.mouse.move(x + 4, y)
    page.mouse.down()
    assert counts(page)[0] == "256"  # held off its centre, it does not jump
    page.mouse.move(across(30) + 4, y, steps=5)
    assert int(counts(page)[0]) == pytest.approx(30, abs=1)
    assert_right(page, 3, int(counts(page)[0]), shared().own)
    page.mouse.move(5000, y)
    assert counts(page)[0] == "4,096"
    page.mouse.move(-500, y)
    assert counts(page)[0] == "1"
    page.mouse.up()
    page.mouse.move(across(30), y)
    assert counts(page)[0] == "1"


def test_the_ring_by_touch_on_a_phone(open_page: OpenPage, widget_page: MakePage) -> None:
    page = open_page(widget_page(widget()), width=390, height=1300, touch=True)
    settled(page)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    for control in [*page.get_by_role("slider").all(), page.get_by_role("button")]:
        assert_room_for_a_finger(control, 100)
    _, y, across = ring(page)
    page.touchscreen.tap(across(4), y)  # far from the ring: a finger that scrolls
    assert counts(page)[0] == "256"
    client = page.context.new_cdp_session(page)
    for kind, draws in [("touchStart", 256), ("touchMove", 300), ("touchMove", 1000)]:
        client.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": [{"x": across(draws), "y": y}]})
    client.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
    assert int(counts(page)[0].replace(",", "")) == pytest.approx(1000, rel=0.06)
    page.set_viewport_size({"width": 320, "height": 1300})
    assert page.evaluate("document.documentElement.scrollWidth") <= 320


def test_twenty_quick_hands_end_at_the_last(live: Page) -> None:
    live.evaluate(
        """() => {
          const [draws, sigma] = document.querySelectorAll("input");
          for (let i = 0; i < 20; i++) {
            document.querySelector(".vae-button").click();
            for (const one of [draws, sigma]) {
              one.value = (7 * i) % 15;
              one.dispatchEvent(new Event("input"));
            }
          }
        }"""
    )
    last = live.evaluate("live.model.heard.at(-1)")
    assert last["seed"] == 23
    assert last["sigma"] == shared().sigmas[13]
    assert_right(live, 23, last["draws"], 13)


def test_nonsense_becomes_one_sentence_and_heals(live: Page) -> None:
    for name, value, word in [
        ("draws", "NaN", "bad_numbers"),
        ("draws", "null", "bad_numbers"),
        ("seed", "-1", "bad_numbers"),
        ("seed", "'a'", "bad_numbers"),
        ("sigma", "0", "bad_numbers"),
        ("sigma", "NaN", "bad_numbers"),
        ("exacts", "[1]", "bad_numbers"),
        ("bands", "null", "bad_numbers"),
        ("sigmas", "[]", "bad_numbers"),
        ("own", "99", "bad_numbers"),
        ("pixels", "live.bytes([0, 0, 0, 0])", "bad_weights"),
        ("pixels", "live.bytes(Array(256).fill(255))", "bad_weights"),
        ("weights", "live.bytes([1, 2, 3])", "bad_weights"),
        ("image_shape", "[8, 9]", "bad_weights"),
    ]:
        live.evaluate(f"live.good = live.model.get('{name}'); live.model.set('{name}', {value})")
        expect(live.locator(".vae-widget")).to_have_text(WORDS[word])
        live.evaluate(f"live.model.set('{name}', live.good)")
        expect(live.locator(".vae-map")).to_be_visible()
    assert_right(live, 3, 256, shared().own)
    put(live, draws=1e9, sigma=1e-9)  # numbers beyond the limits are brought within them
    assert_right(live, 3, 4096, 0)


def test_removed_and_shown_again(live: Page) -> None:
    put(live, draws=4096, seed=11)
    live.evaluate("live.remove()")
    assert live.evaluate("live.listening()") == 0
    live.evaluate("live.show()")
    assert_right(live, 11, 4096, shared().own)


def test_two_copies_are_independent(open_page: OpenPage, widget_page: MakePage) -> None:
    page = open_page(widget_page(widget(), widget(draws=64, seed=5, number=1)), height=2400)
    settled(page, 0)
    before = shown(page, 0)
    page.get_by_role("button").nth(1).click()
    page.get_by_label(WORDS["draws"], exact=True).nth(1).fill("0")
    assert_right(page, 6, 1, shared().own, 1)
    assert shown(page, 0) == before
    ids = page.locator("[id]").evaluate_all("all => all.map(one => one.id)")
    assert len(set(ids)) == len(ids)

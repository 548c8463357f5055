"""KLExplorer in Chromium, through the book's own host, and its traits: numbers, every control, every nonsense."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from typing import Any

import pytest
import torch
import traitlets
from checks import assert_follows_the_theme, assert_room_for_a_finger, remove_change_and_show, settle
from learning import GAUSSIANS
from playwright.sync_api import Page, expect

from vae_lib.distributions import gaussian_kl
from vae_lib.widgets.kl_explorer import KLExplorer
from vae_lib.widgets.words import KL_EXPLORER

OpenPage = Callable[..., Page]
MakePage = Callable[..., str]
Gaussian = tuple[float, float]

START: tuple[Gaussian, Gaussian] = ((1.0, 0.5), (0.0, 1.0))


def kl(a: Gaussian, b: Gaussian) -> float:
    mean, sd, other_mean, other_sd = (torch.tensor([value], dtype=torch.float64) for value in (*a, *b))
    return float(gaussian_kl(mean, 2 * sd.log(), other_mean, 2 * other_sd.log()))  # type: ignore[arg-type]


def shown(page: Page, copy: int = 0) -> list[float]:
    """Both bars' values, as they stand behind the rounded text, which must agree with them."""
    rows = page.locator(".vae-kl").nth(copy).locator(".vae-direction data")
    values = [float(row.get_attribute("value") or "nan") for row in rows.all()]
    for text, value in zip(rows.all_inner_texts(), values, strict=True):
        assert text.endswith(" nats")
        assert float(text.removesuffix(" nats")) == pytest.approx(value, abs=5.0001e-4)
    return values


def assert_shows(page: Page, q: Gaussian, p: Gaussian, copy: int = 0) -> None:
    assert shown(page, copy) == pytest.approx([kl(q, p), kl(p, q)], rel=1e-6, abs=1e-6)


def pixels(page: Page, name: str, copy: int = 0) -> str:
    """A canvas when all is drawn."""
    settle(page)
    return str(page.locator(f".vae-{name}").nth(copy).evaluate("c => c.toDataURL()"))


def peak(page: Page, gaussian: Gaussian, tallest: float) -> tuple[float, float]:
    """Where the ring of a Gaussian stands on the page."""
    box = page.locator(".vae-densities").bounding_box()
    assert box
    height = 1 / (gaussian[1] * math.sqrt(2 * math.pi)) / max(0.8, tallest)
    x = box["x"] + 1 + (box["width"] - 2) * (gaussian[0] + 6) / 12
    return x, box["y"] + box["height"] - 23 - (box["height"] - 62) * height


def test_numbers_on_the_page(open_page: OpenPage, widget_page: MakePage) -> None:
    page = open_page(widget_page(KLExplorer()))
    assert_shows(page, *START)
    for q, p in GAUSSIANS:
        if q == (0.0, 1.0) and p != q:
            continue  # finer than the sliders
        for label, value in zip(("Q mean", "Q width", "P mean", "P width"), (*q, *p), strict=True):
            page.get_by_label(label, exact=True).fill(f"{value}")
        assert_shows(page, q, p)
        said = page.locator(".vae-area").inner_text()
        filled, hatched, total = (float(number) for number in re.findall(r"\d+\.\d+", said))
        assert round(filled - hatched, 3) == total == pytest.approx(kl(q, p), abs=5.0001e-4)
        if abs(q[0]) + 6 * q[1] < 6:
            assert KL_EXPLORER["area_beyond"] not in said
    page.get_by_label("Q width", exact=True).fill("4")
    expect(page.locator(".vae-area")).to_contain_text(KL_EXPLORER["area_beyond"])


def test_each_slider_by_keyboard(open_page: OpenPage, widget_page: MakePage) -> None:
    page = open_page(widget_page(KLExplorer()))
    q, p = list(START[0]), list(START[1])
    for label, trait, which in [("Q mean", q, 0), ("Q width", q, 1), ("P mean", p, 0), ("P width", p, 1)]:
        slider = page.get_by_label(label, exact=True)
        before = pixels(page, "densities"), pixels(page, "integrand")
        slider.focus()
        page.keyboard.press("ArrowRight")
        trait[which] += 0.05
        assert_shows(page, (q[0], q[1]), (p[0], p[1]))
        name, kind = label.split()
        spoken = KL_EXPLORER[f"{kind}_spoken"].format(name=name, value=f"{trait[which]:.2f}")
        expect(slider).to_have_attribute("aria-valuetext", spoken)
        assert pixels(page, "densities") != before[0]
        assert pixels(page, "integrand") != before[1]
        page.keyboard.press("End")
        trait[which] = 4.0
        assert_shows(page, (q[0], q[1]), (p[0], p[1]))
    live = KL_EXPLORER["live"].format(qp="0.000", pq="0.000")
    expect(page.locator(".vae-live")).to_have_text(live)


def test_direction_by_pointer_and_keyboard(open_page: OpenPage, widget_page: MakePage) -> None:
    page = open_page(widget_page(KLExplorer()))
    area, caption = page.locator(".vae-area"), page.locator(".vae-caption").nth(1)
    forward = pixels(page, "integrand")
    densities = pixels(page, "densities")
    expect(area).to_contain_text("0.818 nats")
    page.get_by_text("D[P‖Q]", exact=True).click()
    backward = pixels(page, "integrand")
    assert backward != forward
    assert pixels(page, "densities") == densities
    expect(area).to_contain_text("2.807 nats")
    expect(caption).to_have_text(KL_EXPLORER["integrand_caption_pq"])
    page.keyboard.press("ArrowUp")
    expect(page.get_by_role("radio").first).to_be_checked()
    expect(caption).to_have_text(KL_EXPLORER["integrand_caption_qp"])
    assert pixels(page, "integrand") == forward
    assert_shows(page, *START)


def test_the_peaks_by_mouse(open_page: OpenPage, widget_page: MakePage) -> None:
    page = open_page(widget_page(KLExplorer()))
    q, p = START
    page.mouse.move(*peak(page, q, 0.7979))
    page.mouse.down()
    x, y = peak(page, (-2.0, 0.5), 0.7979)
    page.mouse.move(x, y + 40, steps=5)
    mean = page.get_by_label("Q mean", exact=True).evaluate("s => Number(s.value)")
    assert mean == pytest.approx(-2, abs=0.03)
    page.mouse.move(3000, 0)  # held beyond the edge
    assert_shows(page, (4.0, 0.5), p)
    page.mouse.up()
    page.mouse.move(*peak(page, (-2.0, 0.5), 0.7979))
    assert_shows(page, (4.0, 0.5), p)
    page.mouse.move(*peak(page, p, 0.7979))
    page.mouse.down()
    page.mouse.move(-3000, 0)
    page.mouse.up()
    assert_shows(page, (4.0, 0.5), (-4.0, 1.0))
    page.mouse.click(*peak(page, (0.0, 1.0), 0.7979))  # no peak there: nothing moves
    assert_shows(page, (4.0, 0.5), (-4.0, 1.0))


def test_a_peak_by_touch(open_page: OpenPage, widget_page: MakePage) -> None:
    page = open_page(widget_page(KLExplorer()), width=390, height=900, touch=True)
    client = page.context.new_cdp_session(page)
    for kind, mean in [("touchStart", 1.0), ("touchMove", 0.5), ("touchMove", 2.0)]:
        x, y = peak(page, (mean, 0.5), 0.7979)
        client.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": [{"x": x, "y": y}]})
    client.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
    mean = page.get_by_label("Q mean", exact=True).evaluate("s => Number(s.value)")
    assert mean == pytest.approx(2, abs=0.05)


@pytest.mark.parametrize("width", [320, 390])
def test_it_fits(open_page: OpenPage, widget_page: MakePage, width: int) -> None:
    page = open_page(widget_page(KLExplorer(q=(-4, 4), p=(4, 0.1))), width=width, height=900, touch=True)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    targets = [*page.get_by_role("slider").all(), *page.locator(".vae-direction").all()]
    assert len(targets) == 6
    for target in targets:
        assert_room_for_a_finger(target, 100)


def test_focus_is_seen(open_page: OpenPage, widget_page: MakePage) -> None:
    page = open_page(widget_page(KLExplorer()))
    for kind in ["radio", "range", "range", "range", "range"]:
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.type") == kind
        assert page.evaluate("getComputedStyle(document.activeElement).outlineWidth") == "3px"
        assert page.evaluate("document.activeElement.dataset.lmSuppressShortcuts") == "true"


def test_two_copies_are_independent(open_page: OpenPage, widget_page: MakePage) -> None:
    page = open_page(widget_page(KLExplorer(), KLExplorer(q=(0, 2), reverse=True)), height=1800)
    page.get_by_label("P mean", exact=True).nth(1).fill("-1")
    page.get_by_role("radio").nth(2).check()
    assert_shows(page, *START, copy=0)
    assert_shows(page, (0, 2), (-1, 1), copy=1)
    assert [radio.is_checked() for radio in page.get_by_role("radio").all()] == [True, False, True, False]


NONSENSE: list[Any] = [None, "q", 3, [], [1], [0, 1, 2], ["a", 1], [None, 1], [0, 0], [0, -1], [0, 9], [5, 1], {}]


def test_nonsense_becomes_one_sentence(open_page: OpenPage, widget_page: MakePage) -> None:
    widgets = [KLExplorer() for _ in NONSENSE]
    given = dict(zip((widget.model_id for widget in widgets), NONSENSE, strict=True))

    def edit(state: dict[str, Any]) -> None:
        for i, (model, value) in enumerate(given.items()):
            state[model]["state"]["qp"[i % 2]] = value

    page = open_page(widget_page(*widgets, edit=edit), height=4000)
    roots = page.locator(".vae-widget")
    expect(roots).to_have_text([KL_EXPLORER["bad_gaussian"]] * len(NONSENSE))


@pytest.fixture
def live(live_widget: Callable[..., Page]) -> Page:
    return live_widget(KLExplorer())


def test_the_kernel_moves_it_and_hears_of_it(live: Page) -> None:
    live.evaluate("live.model.set('q', [0.5, 2]); live.model.set('p', [-1, 0.7])")
    assert_shows(live, (0.5, 2), (-1, 0.7))
    live.get_by_label("P width", exact=True).fill("1.5")
    assert live.evaluate("[live.model.get('q'), live.model.get('p')]") == [[0.5, 2], [-1, 1.5]]
    assert live.evaluate("live.model.heard.length") == 1
    live.get_by_role("radio").nth(1).check()
    assert live.evaluate("live.model.get('reverse')") is True
    live.evaluate("live.model.set('reverse', false)")
    expect(live.get_by_role("radio").first).to_be_checked()


def test_nonsense_that_heals(live: Page) -> None:
    for value in ("[NaN, 1]", "[0, Infinity]", "undefined"):
        live.evaluate(f"live.model.set('q', {value})")
        expect(live.locator(".vae-widget")).to_have_text(KL_EXPLORER["bad_gaussian"])
        live.evaluate("live.model.set('p', [0, 2])")
        live.evaluate("live.model.set('q', [1, 1])")
        expect(live.locator(".vae-densities")).to_be_visible()
        assert_shows(live, (1, 1), (0, 2))


def test_a_view_that_is_removed_and_shown_again(live: Page) -> None:
    remove_change_and_show(live, "q", [0.5, 0.5])
    assert_shows(live, (0.5, 0.5), START[1])


def test_it_follows_the_page_s_theme(open_page: OpenPage, widget_page: MakePage) -> None:
    page = open_page(widget_page(KLExplorer()))
    assert_follows_the_theme(page, "densities", "integrand")


@pytest.mark.parametrize("given", [[1.0], [1.0, 2.0, 3.0], [float("nan"), 1.0], [0.0, float("inf")], "q", None, 3.0])
def test_what_is_no_gaussian_is_refused(given: Any) -> None:
    explorer = KLExplorer()
    with pytest.raises(traitlets.TraitError, match=r"q must be a mean and a standard deviation such as .*, got "):
        explorer.q = given
    assert explorer.q == [1.0, 0.5]


def test_what_lies_beyond_the_bounds_is_refused() -> None:
    with pytest.raises(traitlets.TraitError, match=r"q's mean must lie from -4 to 4, got 4.5; move both"):
        KLExplorer(q=(4.5, 1.0))
    for sd in (0.0, -1.0, 0.09, 4.5):
        with pytest.raises(traitlets.TraitError, match=rf"p's standard deviation must lie .* got {sd}; pass"):
            KLExplorer(p=(0.0, sd))


def test_traits_from_tensors_and_from_the_browser() -> None:
    explorer = KLExplorer(q=torch.tensor([0.25, 0.5]))
    assert explorer.q == [0.25, 0.5]
    explorer.set_state({"p": [1, 2], "reverse": True})
    assert explorer.p == [1.0, 2.0]
    assert explorer.reverse


def test_every_word_comes_from_python() -> None:
    explorer = KLExplorer()
    assert explorer.words == KL_EXPLORER
    assert not re.search(r"^\s*import\b|\bimport\(", KLExplorer._esm, re.MULTILINE)
    own = set(re.findall(r"words\.(\w+)", KLExplorer._esm))
    assert own <= set(KL_EXPLORER)

"""LatentSliders in Chromium, through the book's own host, and its traits: pixels, changes, every hand, nonsense."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import traitlets
from checks import assert_room_for_a_finger, hold_time, remove_change_and_show, settle
from playwright.sync_api import Page, expect
from torch.distributions import Normal, kl_divergence

from vae_lib import data, pretrained
from vae_lib.model import VAE, Autoencoder
from vae_lib.widgets import LatentSliders
from vae_lib.widgets.base import normals
from vae_lib.widgets.words import LATENT_SLIDERS

OpenPage = Callable[..., Page]
MakePage = Callable[..., str]

LATENTS = 12
KL = [0.4, 0.0, 2.5, 0.0099, 1.2, 0.01, 0.0003, 3.1, 0.8, 0.8, 0.002, 1.9]
DEAD = 6  # the decoder of `a_model` does not look at this latent at all


def a_model(data_dim: int = 64, hidden: tuple[int, ...] = (16,), latents: int = LATENTS) -> VAE:
    """Random weights, large enough that pictures differ from place to place."""
    torch.manual_seed(1)
    model = VAE(data_dim, latents, hidden)
    with torch.no_grad():
        for parameter in model.decoder.parameters():
            parameter.mul_(2)
        model.decoder.net[0].weight[:, min(DEAD, latents - 1)] = 0
        for parameter in model.decoder.parameters():
            parameter.copy_(parameter.half())  # as they are sent
    return model


def codes(count: int = 3) -> torch.Tensor:
    return 1.4 * torch.randn(count, LATENTS, generator=torch.Generator().manual_seed(3)).clamp(-2, 2)


def sliders_of(model: VAE | None = None, **options: Any) -> LatentSliders:
    given: dict[str, Any] = {"kl": KL, "codes": codes(), "labels": [4, 0, 9]}
    return LatentSliders(model or a_model(), **(given | options))


def drawn(page: Page, copy: int = 0) -> torch.Tensor:
    """Grey values of the picture when all is drawn; all three colours must agree and nothing shine through."""
    settle(page)
    script = "c => [...c.getContext('2d').getImageData(0, 0, c.width, c.height).data]"
    pixels = torch.tensor(page.locator(".vae-digit").nth(copy).evaluate(script)).reshape(-1, 4)
    assert (pixels[:, :3] == pixels[:, :1]).all()
    assert (pixels[:, 3] == 255).all()
    return pixels[:, 0].float()


def assert_right(page: Page, model: VAE, z: Any, copy: int = 0) -> None:
    with torch.no_grad():
        expected = 255 * model.decode(torch.tensor(z, dtype=torch.float32))
    assert (drawn(page, copy) - expected).abs().max() <= 2


def order(kl: list[float]) -> list[int]:
    return sorted(range(len(kl)), key=lambda i: (-kl[i], i))


def shown_z(page: Page, kl: list[float] = KL, copy: int = 0) -> list[float]:
    """What stands beside the sliders, to two digits, in the order of the latents."""
    texts = page.locator(".vae-lsliders").nth(copy).locator(".vae-slider output").all_inner_texts()
    z = [0.0] * len(kl)
    for i, text in zip(order(kl), texts, strict=True):
        z[i] = float(text.replace("−", "-"))
    return z


def subscript(number: int) -> str:
    return "".join("₀₁₂₃₄₅₆₇₈₉"[int(digit)] for digit in str(number))


def label(index: int) -> str:
    return f"z{subscript(index + 1)}"


def changes(page: Page) -> list[float]:
    """The measured changes once all are there, in the order of the latents."""
    expect(page.locator(".vae-waits")).to_have_count(0)
    cells = page.locator(".vae-row .vae-cost > span:last-child data")
    result = [0.0] * cells.count()
    for i, cell in zip(order(KL), cells.all(), strict=True):
        result[i] = float(cell.get_attribute("value") or "nan")
        assert float(cell.inner_text()) == pytest.approx(result[i], abs=5.0001e-4)
    return result


def reference_changes(model: VAE, z: list[float], extent: float = 3.0, places: int = 601) -> list[float]:
    """By torch: the picture at many places on each slider, and the largest difference that a pixel sees."""
    result = []
    for i in range(len(z)):
        points = torch.tensor(z).repeat(places, 1)
        points[:, i] = torch.linspace(-extent, extent, places)
        with torch.no_grad():
            pictures = model.decode(points)
        result.append(float((pictures.amax(0) - pictures.amin(0)).max()))
    return result


@pytest.mark.parametrize(
    ("data_dim", "hidden", "latents"), [(784, (128, 64), LATENTS), (64, (16,), LATENTS), (64, (8,), 3)]
)
def test_every_pixel_equals_torch(
    open_page: OpenPage, widget_page: MakePage, data_dim: int, hidden: tuple[int, ...], latents: int
) -> None:
    model = a_model(data_dim, hidden, latents)
    kl = KL[:latents]
    start = [0.5, -1.2, 2.0, *[0.3] * (latents - 3)]
    page = open_page(widget_page(LatentSliders(model, kl=kl, z=start)))
    assert_right(page, model, start)
    grid = [[round(0.05 * ((i + 1) * (k + 7) * 37 % 121 - 60), 2) for i in range(latents)] for k in range(6)]
    edges = [[3.0] * latents, [-3.0] * latents, [(-1.0) ** i * 3 for i in range(latents)], [0.0] * latents]
    for z in [*edges, *grid]:
        for i, value in enumerate(z):
            page.get_by_label(label(i), exact=True).fill(f"{value}")
        assert shown_z(page, kl) == z
        assert_right(page, model, z)


def test_the_changes_equal_torch(open_page: OpenPage, widget_page: MakePage) -> None:
    """A pixel's change over 25 places is that over 601 of them, or a little less where its peak lies between."""
    model = a_model()
    page = open_page(widget_page(sliders_of(model)))
    for z in ([0.0] * LATENTS, [2.0, -1.0, 0.5] * 4):
        for i, value in enumerate(z):
            page.get_by_label(label(i), exact=True).fill(f"{value}")
        measured, coarse, fine = changes(page), *(reference_changes(model, z, places=n) for n in (25, 601))
        assert measured == pytest.approx(coarse, abs=1e-5)  # float32 on both sides
        assert measured == pytest.approx(fine, abs=0.02)
        assert measured[DEAD] == 0
        assert max(measured) > 0.3


def test_a_latent_s_own_slider_does_not_move_its_change(open_page: OpenPage, widget_page: MakePage) -> None:
    page = open_page(widget_page(sliders_of()))
    before = changes(page)
    page.get_by_label(label(2), exact=True).fill("2.5")
    after = changes(page)
    assert after[2] == before[2]
    assert after[0] != before[0]


def test_a_measurement_ends_with_its_z(live: tuple[Page, VAE]) -> None:
    """While z rests again, no change that was measured about the old one comes in as settled."""
    page, model = live
    waits = page.locator(".vae-waits")
    hold_time(page)
    page.evaluate("(() => { let now = 0; performance.now = () => (now += 0.1); })()")  # about 40 runs for each frame
    page.evaluate("z => live.model.set('z', z)", [1.0] * LATENTS)
    page.clock.run_for(160)
    assert 0 < waits.count() < LATENTS  # under way
    page.evaluate("z => live.model.set('z', z)", [-1.0] * LATENTS)
    page.clock.run_for(110)
    assert waits.count() == LATENTS
    page.clock.run_for(3000)
    assert changes(page) == pytest.approx(reference_changes(model, [-1.0] * LATENTS, places=25), abs=1e-5)


def test_an_unused_latent_changes_nothing(open_page: OpenPage, widget_page: MakePage) -> None:
    page = open_page(widget_page(sliders_of(z=[0.7] * LATENTS)))
    before = drawn(page)
    for value in ("-3", "3"):
        page.get_by_label(label(DEAD), exact=True).fill(value)
        assert torch.equal(drawn(page), before)
    page.get_by_label(label(2), exact=True).fill("3")
    assert not torch.equal(drawn(page), before)


def test_order_bars_and_words(open_page: OpenPage, widget_page: MakePage) -> None:
    page = open_page(widget_page(sliders_of()))
    rows = page.locator(".vae-row")
    expect(rows.locator("label")).to_have_text([label(i) for i in order(KL)])
    for row, i in zip(rows.all(), order(KL), strict=True):
        nats = row.locator(".vae-cost data").first
        assert float(nats.get_attribute("value") or "nan") == KL[i]
        expect(nats).to_have_text(f"{KL[i]:.4f}" if KL[i] < 0.01 else f"{KL[i]:.3f}")
        expect(row.locator(".vae-unused")).to_have_count(1 if KL[i] < 0.01 else 0)
        if KL[i] >= 0.01:
            share = row.locator(".vae-bar span").evaluate("b => parseFloat(b.style.width)")
            assert share == pytest.approx(100 * KL[i] / max(KL), rel=1e-4)
        described = row.locator("input").get_attribute("aria-describedby")
        expect(page.locator(f"#{described}")).to_contain_text(" nats")
    expect(page.locator(".vae-says")).to_contain_text("8 of 12 latent numbers are used.")


def test_by_keyboard(open_page: OpenPage, widget_page: MakePage) -> None:
    model = a_model()
    page = open_page(widget_page(sliders_of(model)))
    slider = page.get_by_label("z₃", exact=True)
    slider.focus()
    page.keyboard.press("ArrowRight")
    assert shown_z(page)[2] == 0.05
    expect(slider).to_have_attribute("aria-valuetext", "z₃ = 0.05")
    page.keyboard.press("End")
    assert_right(page, model, [0, 0, 3.0, *[0] * 9])
    expect(page.locator(".vae-live")).to_have_text(
        LATENT_SLIDERS["said_slider"].format(latent="z₃", change=f"{changes(page)[2]:.3f}")
    )
    page.get_by_role("button", name="Origin").press("Enter")
    assert shown_z(page) == [0.0] * LATENTS
    assert_right(page, model, [0.0] * LATENTS)
    expect(page.locator(".vae-live")).to_have_text(LATENT_SLIDERS["said_origin"])


def test_draws_from_the_prior(open_page: OpenPage, widget_page: MakePage) -> None:
    model = a_model()
    page = open_page(widget_page(sliders_of(model, seed=41)))
    for seed in (41, 42, 43):
        page.get_by_role("button", name="Draw from the prior").click()
        z = normals(seed, LATENTS).clip(-3, 3).tolist()
        assert shown_z(page) == pytest.approx(z, abs=0.0051)
        assert_right(page, model, z)
    expect(page.locator(".vae-live")).to_have_text(LATENT_SLIDERS["said_draw"])


def test_codes_to_start_from(open_page: OpenPage, widget_page: MakePage) -> None:
    model = a_model()
    page = open_page(widget_page(sliders_of(model)))
    for name, code in zip((4, 0, 9), codes().tolist(), strict=True):
        page.get_by_role("button", name=f"Start from the code of an example: {name}", exact=True).click()
        assert shown_z(page) == pytest.approx(code, abs=0.0051)
        assert_right(page, model, code)
        expect(page.locator(".vae-button[aria-pressed=true]")).to_have_text(f"{name}")
    page.get_by_label(label(0), exact=True).fill("1")
    expect(page.locator(".vae-button[aria-pressed=true]")).to_have_count(0)


def test_by_touch_with_the_picture_in_sight(open_page: OpenPage, widget_page: MakePage) -> None:
    model = a_model()
    page = open_page(widget_page(sliders_of(model)), width=390, height=844, touch=True)
    last = page.get_by_label(label(order(KL)[-1]), exact=True)
    last.scroll_into_view_if_needed()
    box = last.bounding_box()
    assert box
    page.touchscreen.tap(box["x"] + box["width"] - 1, box["y"] + box["height"] / 2)
    z = [0.0] * LATENTS
    z[order(KL)[-1]] = 3.0
    assert shown_z(page) == z
    for index in order(KL):
        page.get_by_label(label(index), exact=True).focus()
        slider, picture = (
            page.get_by_label(label(index), exact=True).bounding_box(),
            page.locator(".vae-digit").bounding_box(),
        )
        assert slider
        assert picture
        assert picture["y"] >= 0
        assert picture["y"] + picture["height"] <= min(slider["y"], 844)
        assert picture["width"] >= 128
    for _ in range(LATENTS):  # backwards, with the picture over what lies above
        page.keyboard.press("Shift+Tab")
        slider, panel = page.locator(":focus").bounding_box(), page.locator(".vae-see").bounding_box()
        assert slider
        assert panel
        in_panel = page.evaluate("document.activeElement.closest('.vae-see') !== null")
        assert in_panel or slider["y"] >= panel["y"] + panel["height"]


@pytest.mark.parametrize("width", [320, 390, 1280])
def test_it_fits(open_page: OpenPage, widget_page: MakePage, width: int) -> None:
    page = open_page(widget_page(LatentSliders("digits-12")), width=width, height=844, touch=True)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    sliders, buttons = page.get_by_role("slider").all(), page.get_by_role("button").all()
    assert len(sliders) == 12
    assert len(buttons) == 12
    for target, least in [*((one, 100) for one in sliders), *((one, 44) for one in buttons)]:
        assert_room_for_a_finger(target, least)


def test_focus_is_seen(open_page: OpenPage, widget_page: MakePage) -> None:
    page = open_page(widget_page(sliders_of()))
    for kind in ["button"] * 5 + ["range"] * LATENTS:
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.type") == kind
        assert page.evaluate("getComputedStyle(document.activeElement).outlineWidth") == "3px"
        assert page.evaluate("document.activeElement.dataset.lmSuppressShortcuts") == "true"


def test_two_copies_are_independent(open_page: OpenPage, widget_page: MakePage) -> None:
    models = [a_model(), a_model(64, (8,))]
    page = open_page(widget_page(*(sliders_of(model) for model in models)), height=2400)
    page.get_by_label("z₁", exact=True).nth(1).fill("2")
    moved = [2.0, *[0.0] * (LATENTS - 1)]
    assert [shown_z(page, copy=copy) for copy in (0, 1)] == [[0.0] * LATENTS, moved]
    assert_right(page, models[0], [0.0] * LATENTS, copy=0)
    assert_right(page, models[1], moved, copy=1)
    ids = page.locator("[id]").evaluate_all("all => all.map(one => one.id)")
    assert len(set(ids)) == len(ids)


def test_twenty_quick_drags(open_page: OpenPage, widget_page: MakePage) -> None:
    model = a_model()
    page = open_page(widget_page(sliders_of(model)))
    for i in range(20):
        box = page.get_by_label(label(i % LATENTS), exact=True).bounding_box()
        assert box
        page.mouse.move(box["x"] + box["width"] / 2, box["y"] + 22)
        page.mouse.down()
        page.mouse.move(box["x"] + box["width"] / 2 + 40 - 4 * i, box["y"] + 22, steps=3)
        page.mouse.up()
    z = page.locator(".vae-slider input").evaluate_all("all => all.map(one => one.valueAsNumber)")
    assert_right(page, model, [z[order(KL).index(i)] for i in range(LATENTS)])
    assert sum(value != 0 for value in z) >= 10
    changes(page)


BROKEN: dict[str, tuple[str, dict[str, Any]]] = {
    "too few weights": ("bad_weights", {"weights": b"\0" * 10}),
    "not a number": ("bad_weights", {"weights": b"\x00\x7e" * (16 * 13 + 64 * 17)}),
    "other picture": ("bad_weights", {"image_shape": [5, 5]}),
    "no layers": ("bad_weights", {"layers": []}),
    "too few nats": ("bad_numbers", {"kl": KL[:-1]}),
    "nats below 0": ("bad_numbers", {"kl": [-1.0, *KL[1:]]}),
    "nats that are words": ("bad_numbers", {"kl": ["a", *KL[1:]]}),
}


@pytest.mark.parametrize("how", list(BROKEN))
def test_nonsense_becomes_one_sentence(open_page: OpenPage, live_widget: Callable[..., Page], how: str) -> None:
    word, nonsense = BROKEN[how]
    page = live_widget(sliders_of(), **nonsense)
    expect(page.locator(".vae-widget")).to_have_text(LATENT_SLIDERS[word])


@pytest.mark.parametrize("z", [None, [1], ["a", *[0] * 11], "z"])
def test_a_nonsense_z_becomes_the_origin(open_page: OpenPage, widget_page: MakePage, z: Any) -> None:
    def edit(state: dict[str, Any]) -> None:
        next(saved for saved in state.values() if "z" in saved["state"])["state"]["z"] = z

    page = open_page(widget_page(sliders_of(), edit=edit))
    assert shown_z(page) == [0.0] * LATENTS


@pytest.fixture
def live(live_widget: Callable[..., Page]) -> tuple[Page, VAE]:
    model = a_model()
    return live_widget(sliders_of(model)), model


def test_the_kernel_moves_z_and_hears_of_it(live: tuple[Page, VAE]) -> None:
    page, model = live
    z = [1.25, -0.5, *[0.0] * 10]
    page.evaluate("z => live.model.set('z', z)", z)
    assert shown_z(page) == z
    assert_right(page, model, z)
    page.get_by_label("z₁", exact=True).fill("2")
    assert page.evaluate("live.model.get('z')") == [2, *z[1:]]
    assert page.evaluate("live.model.heard.length") == 1
    page.evaluate("live.model.set('seed', 7)")
    page.get_by_role("button", name="Draw from the prior").click()
    assert page.evaluate("live.model.get('seed')") == 8
    assert page.evaluate("live.model.get('z')") == pytest.approx(normals(7, LATENTS).clip(-3, 3).tolist(), abs=1e-12)
    assert page.evaluate("live.model.heard.length") == 2


def test_a_view_that_is_removed_and_shown_again(live: tuple[Page, VAE]) -> None:
    page, model = live
    z = [0.5] * LATENTS
    remove_change_and_show(page, "z", z)
    assert shown_z(page) == z
    assert_right(page, model, z)
    changes(page)


def test_weights_that_break_and_heal(live: tuple[Page, VAE]) -> None:
    page, model = live
    page.evaluate("live.good = live.model.get('weights'); live.model.set('weights', live.bytes([0, 0, 0]))")
    expect(page.locator(".vae-widget")).to_have_text(LATENT_SLIDERS["bad_weights"])
    page.evaluate("live.model.set('weights', live.good)")
    expect(page.locator(".vae-digit")).to_be_visible()
    assert_right(page, model, [0.0] * LATENTS)


def test_it_follows_the_page_s_theme(open_page: OpenPage, widget_page: MakePage) -> None:
    page = open_page(widget_page(sliders_of()))
    digit = page.locator(".vae-digit")
    assert digit.evaluate("c => getComputedStyle(c).filter") == "invert(1)"
    page.evaluate("document.documentElement.dataset.theme = 'dark'")
    expect(page.locator(".vae-widget")).to_have_attribute("data-theme", "dark")
    assert digit.evaluate("c => getComputedStyle(c).filter") == "none"


def test_the_shipped_model_brings_its_kl_and_codes() -> None:
    widget = LatentSliders()
    digits, model = data.load("digits"), pretrained.load("digits-12")
    with torch.no_grad():
        q = model.encode(digits.test)
    expected = kl_divergence(Normal(q.mean.double(), q.std.double()), Normal(0.0, 1.0)).mean(0)
    assert widget.kl == pytest.approx(expected.tolist(), abs=2e-4)  # float16 in the file
    assert sum(widget.kl) == pytest.approx(pretrained.record("digits-12")["figures"]["test_kl"], abs=1e-3)
    assert 0 < sum(nats >= 0.01 for nats in widget.kl) < len(widget.kl)
    assert [one["label"] for one in widget.choices] == [f"{digit}" for digit in range(10)]
    for digit, choice in enumerate(widget.choices):
        first = digits.test_labels.tolist().index(digit)
        assert choice["z"] == pytest.approx(q.mean[first].tolist(), rel=2e-3, abs=1e-4)
    assert widget.z == [0.0] * 12


def test_what_does_not_fit_is_refused() -> None:
    model = a_model()
    with pytest.raises(ValueError, match="latent_dim 3 or more, got 2; LatentExplorer"):
        LatentSliders(VAE(64, 2, (8,)), kl=[0, 0])
    with pytest.raises(ValueError, match="kl is needed with a model that is not a shipped name; pass"):
        LatentSliders(model)
    with pytest.raises(ValueError, match=r"kl must have shape \(12,\), .* got 3"):
        LatentSliders(model, kl=[1, 2, 3])
    for bad in (-1.0, float("nan"), float("inf")):
        with pytest.raises(ValueError, match="kl must be finite and at least 0, in nats, got"):
            LatentSliders(model, kl=[bad, *KL[1:]])
    with pytest.raises(ValueError, match=r"codes must have shape \(n, 12\) with n up to 12, got \(3, 2\)"):
        sliders_of(model, codes=torch.zeros(3, 2))
    with pytest.raises(ValueError, match=r"codes must be finite, got .* in row 1; leave"):
        sliders_of(model, codes=torch.stack([torch.zeros(12), torch.full((12,), torch.nan)]))
    with pytest.raises(ValueError, match=r"labels must have shape \(3,\), one for each code, got 2"):
        sliders_of(model, labels=[1, 2])
    for given in (model, "digits-12"):
        with pytest.raises(ValueError, match="labels name codes, so they need them; pass codes"):
            LatentSliders(given, kl=KL, labels=range(10, 20))
    with pytest.raises(ValueError, match="image_shape must be"):
        sliders_of(model, image_shape=(5, 5))


@pytest.mark.parametrize("given", [["seven", "b", "?"], [7, 0, 9], np.array([7, 0, 9]), torch.tensor([7, 0, 9])])
def test_labels_of_any_kind(given: Any) -> None:
    expected = [str(label) for label in (given if isinstance(given[0], str) else [7, 0, 9])]
    assert [one["label"] for one in sliders_of(labels=given).choices] == expected


def test_a_saved_model_without_codes_needs_its_kl(tmp_path: Path) -> None:
    pretrained.save(a_model(), tmp_path / "mine")
    with pytest.raises(ValueError, match=r"mine' holds no codes of test examples; .*, or pass kl, the nats of each"):
        LatentSliders(f"{tmp_path / 'mine'}")
    assert LatentSliders(f"{tmp_path / 'mine'}", kl=KL).choices == []


def test_a_saved_model_brings_its_kl_and_codes_without_its_data(tmp_path: Path) -> None:
    model, x, labels = a_model(), torch.rand(5, 64), torch.tensor([3, 1, 3, 1, 8])
    pretrained.save(model, tmp_path / "mine", {"data": "mnist"}, test=x, test_labels=labels)
    widget = LatentSliders(f"{tmp_path / 'mine'}")
    with torch.no_grad():
        q = model.encode(x)
    expected = kl_divergence(Normal(q.mean, q.std), Normal(0.0, 1.0)).mean(0)
    assert widget.kl == pytest.approx(expected.tolist(), rel=1e-2, abs=1e-3)  # float16
    assert [one["label"] for one in widget.choices] == ["1", "3", "8"]
    for place, choice in zip((1, 0, 4), widget.choices, strict=True):
        assert choice["z"] == pytest.approx(q.mean[place].tolist(), rel=2e-3, abs=1e-3)


def test_an_autoencoder_has_no_kl(tmp_path: Path) -> None:
    torch.manual_seed(0)
    pretrained.save(Autoencoder(64, 3, (4,)), tmp_path / "plain", test=torch.rand(2, 64), test_labels=torch.arange(2))
    for given in (Autoencoder(64, 3, (4,)), f"{tmp_path / 'plain'}"):
        with pytest.raises(TypeError, match=r"LatentSliders needs a VAE, .* got Autoencoder"):
            LatentSliders(given)


@pytest.mark.parametrize("given", [[1.0], [0.0] * 13, [float("nan")] * 12, "z", None, 3.0])
def test_z_refuses_what_is_no_point(given: Any) -> None:
    widget = sliders_of()
    with pytest.raises(traitlets.TraitError, match=r"z must be (12|finite) numbers, one for each latent, got"):
        widget.z = given
    assert widget.z == [0.0] * LATENTS


def test_z_is_clipped_to_the_extent() -> None:
    widget = sliders_of(z=torch.full((LATENTS,), 9.0))
    assert widget.z == [3.0] * LATENTS
    widget.set_state({"z": [-7, *[0] * 11]})
    assert widget.z == [-3.0, *[0.0] * 11]
    far = sliders_of(codes=torch.full((1, LATENTS), 4.2), labels=None)
    assert far.extent == 4.5
    far.z = [9] * LATENTS
    assert far.z == [4.5] * LATENTS


def test_every_word_comes_from_python() -> None:
    widget = sliders_of()
    assert widget.words == LATENT_SLIDERS
    assert not re.search(r"^\s*import\b|\bimport\(", LatentSliders._esm, re.MULTILINE)
    own = set(re.findall(r"words\.(\w+)", LatentSliders._esm))
    assert own <= set(LATENT_SLIDERS)

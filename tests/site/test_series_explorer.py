"""SeriesExplorer in Chromium, through the book's own host, and its traits: every model, every hand, every nonsense."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from typing import Any

import pytest
import torch
import traitlets
from checks import assert_follows_the_theme, assert_room_for_a_finger, hold_time, settle
from playwright.sync_api import Page, expect
from torch import Tensor

from vae_lib import data, pretrained
from vae_lib.model import VAE, Autoencoder
from vae_lib.pretrained import Series
from vae_lib.widgets import SeriesExplorer
from vae_lib.widgets.words import SERIES_EXPLORER as WORDS

OpenPage = Callable[..., Page]
MakePage = Callable[..., str]

VALUES: dict[str, tuple[float, ...]] = {"beta": (0.1, 1.0, 4.0, 50.0), "epoch": (0, 1, 5, 40)}
RECONSTRUCTION = (21.5, 19.126, 4.25, -33.2)
KL = (17.08, 5.614, 2.129, 0.0312)
EXAMPLES = torch.rand(5, 64, generator=torch.Generator().manual_seed(3))


def a_series(over: str = "beta", spread: float = 1.5) -> Series:
    """Random weights, large enough that pictures differ; the second model's weights are on a grid of bytes."""
    torch.manual_seed(1)
    models = []
    for i in range(4):
        model = VAE(64, 2, (16,), sigma=0.16)
        with torch.no_grad():
            for parameter in (*model.decoder.parameters(), *model.encoder.parameters()):
                parameter.mul_(3)
        models.append((pretrained.round_to_bytes if i == 1 else pretrained.round_to_half)(model).eval())
    labels = torch.arange(10).repeat(20)
    circle = torch.stack([torch.cos(labels * 0.6), torch.sin(labels * 0.6)], 1)
    codes = tuple(circle * size * spread for size in (2.0, 1.0, 0.5, 0.01))
    entries = [
        {over: value, "test_reconstruction": reconstruction, "test_kl": kl, "active_units": 0 if kl < 1 else 2}
        for value, reconstruction, kl in zip(VALUES[over], RECONSTRUCTION, KL, strict=True)
    ]
    return Series(over, VALUES[over], tuple(models), codes, codes, labels, {"entries": entries})


def an_explorer(over: str = "beta", **options: Any) -> SeriesExplorer:
    return SeriesExplorer(a_series(over), **{"examples": EXAMPLES, **options})


def greys(page: Page, selector: str) -> Tensor:
    """Grey values of all pictures that a selector finds, shape (pictures, pixels); all three colours must agree."""
    script = "all => all.map(c => [...c.getContext('2d').getImageData(0, 0, c.width, c.height).data])"
    pixels = torch.tensor(page.locator(selector).evaluate_all(script))
    pixels = pixels.reshape(len(pixels), -1, 4)
    assert (pixels[..., :3] == pixels[..., :1]).all()
    assert (pixels[..., 3] == 255).all()
    return pixels[..., 0].float()


@torch.no_grad()
def assert_right(
    page: Page, model: VAE, explorer: SeriesExplorer, z: tuple[float, float] = (0, 0), examples: Tensor = EXAMPLES
) -> None:
    """Samples, reconstructions and f(z) equal PyTorch's to two of 255 steps: float16 biases and rounding to bytes."""
    samples = model.decode(torch.from_numpy(explorer.sample_codes).float())
    assert (greys(page, ".vae-tiles[role=img]:not(.vae-pairs) canvas") - 255 * samples).abs().max() <= 2
    columns = greys(page, ".vae-pairs canvas").reshape(-1, 2, examples.shape[1])
    assert (columns[:, 0] - 255 * examples).abs().max() <= 0.5 + 1e-4
    assert (columns[:, 1] - 255 * model.decode(model.encode(examples).mean)).abs().max() <= 2
    at_ring = model.decode(torch.tensor(z, dtype=torch.float32))
    assert (greys(page, ".vae-at-ring canvas")[0] - 255 * at_ring).abs().max() <= 2


def slider(page: Page, copy: int = 0) -> Any:
    return page.get_by_role("slider").nth(copy)


def shown_index(page: Page, copy: int = 0) -> int:
    return int(slider(page, copy).input_value())


def shown_numbers(page: Page, copy: int = 0) -> list[float]:
    texts = page.locator(".vae-series").nth(copy).locator("dd").all_inner_texts()
    return [float(re.split(" ", text.replace("−", "-"))[0]) for text in texts]


def shown_z(page: Page) -> list[float]:
    text = page.locator(".vae-place").inner_text()
    return [float(part) for part in text.removeprefix("z = (").removesuffix(")").replace("−", "-").split(", ")]


def pixels(page: Page, name: str) -> str:
    """A canvas when all is drawn."""
    settle(page)
    return str(page.locator(f".vae-{name}").evaluate("c => c.toDataURL()"))


def at(page: Page, z: tuple[float, float], extent: float) -> tuple[float, float]:
    """The map's pixel at z."""
    box = page.locator(".vae-map").bounding_box()
    assert box
    return (
        box["x"] + box["width"] * (z[0] + extent) / (2 * extent),
        box["y"] + box["height"] * (extent - z[1]) / (2 * extent),
    )


@pytest.mark.parametrize("over", ["beta", "epoch"])
def test_every_picture_equals_torch(open_page: OpenPage, widget_page: MakePage, over: str) -> None:
    explorer, series = an_explorer(over, z=(0.5, -1.2)), a_series(over)
    assert {layer["bits"] for layers in explorer.layers for layer in layers} == {8, 16}
    page = open_page(widget_page(explorer))
    for index in (1, 3, 0, 2):
        slider(page).fill(f"{index}")
        assert_right(page, series.models[index], explorer, (0.5, -1.2))


@pytest.mark.parametrize("name", ["digits-betas", "digits-epochs"])
def test_the_shipped_series(open_page: OpenPage, widget_page: MakePage, name: str) -> None:
    explorer, series = SeriesExplorer(name), pretrained.load_series(name)
    page = open_page(widget_page(explorer))
    test = data.load(series.record["data"])
    first = [int((test.test_labels == digit).nonzero()[0]) for digit in (0, 1, 4, 6, 7)]
    for index in range(len(series.values)):
        slider(page).fill(f"{index}")
        assert_right(page, series.models[index], explorer, examples=test.test[first])
        entry = series.record["entries"][index]
        rate, distortion = entry["test_kl"], -entry["test_reconstruction"]
        pair = [rate, distortion] if series.over == "beta" else [-distortion, rate]
        # two decimals; the ELBO is the difference of the two rounded numbers
        assert shown_numbers(page)[:2] == pytest.approx(pair, abs=0.00501)
        assert shown_numbers(page)[2] == pytest.approx(entry["test_elbo"], abs=0.0102)
        beyond = int((series.codes[index].abs().amax(1) > explorer.extent).sum())
        said = WORDS["beyond" if beyond else "beyond_none"].format(count=beyond, total=len(series.labels))
        expect(page.locator(".vae-below")).to_contain_text(said)


def test_numbers_of_beta(open_page: OpenPage, widget_page: MakePage) -> None:
    page = open_page(widget_page(an_explorer()))
    note = page.locator(".vae-note")
    expect(page.locator(".vae-heading")).to_have_text("β = 1")
    assert shown_numbers(page) == [5.61, -19.13, 13.52, 2]
    expect(note).to_have_text(WORDS["plain"].format(sigma="0.160"))
    slider(page).fill("2")
    assert shown_numbers(page) == [2.13, -4.25, 2.12, 2]
    expect(note).to_have_text(WORDS["equal_sigma"].format(sigma="0.160", equal="0.320"))  # 0.16 · √4
    slider(page).fill("3")
    assert shown_numbers(page) == [0.03, 33.2, -33.23, 0]
    expect(note).to_have_text(WORDS["collapsed"])


def test_numbers_of_epochs(open_page: OpenPage, widget_page: MakePage) -> None:
    page = open_page(widget_page(an_explorer("epoch")))
    expect(page.locator(".vae-heading")).to_have_text("epoch 0")
    assert shown_numbers(page) == [21.5, 17.08, 4.42, 2]
    slider(page).fill("3")
    expect(page.locator(".vae-heading")).to_have_text("epoch 40")
    assert shown_numbers(page) == [-33.2, 0.03, -33.23, 0]
    expect(page.locator(".vae-note")).to_have_text("")


def test_slider_by_keyboard(open_page: OpenPage, widget_page: MakePage) -> None:
    page = open_page(widget_page(an_explorer()))
    page.get_by_label("β", exact=True).focus()
    before = pixels(page, "chart")
    page.keyboard.press("ArrowRight")
    spoken = WORDS["beta_spoken"].format(value="4", place=3, count=4)
    expect(slider(page)).to_have_attribute("aria-valuetext", spoken)
    assert pixels(page, "chart") != before
    page.keyboard.press("Home")
    assert shown_index(page) == 0
    expect(page.locator(".vae-stops span")).to_have_text(["0.1", "1", "4", "50"])
    expect(page.locator(".vae-live")).to_contain_text("β = 0.1: rate 17.08, distortion −21.50, ELBO 4.42 nats.")


def test_map_by_hand_and_keyboard(open_page: OpenPage, widget_page: MakePage) -> None:
    explorer, series = an_explorer(), a_series()
    page = open_page(widget_page(explorer))
    page.get_by_role("application").focus()
    for key, z in [("ArrowRight", [0.1, 0.0]), ("Shift+ArrowUp", [0.1, 0.5]), ("ArrowLeft", [0, 0.5])]:
        page.keyboard.press(key)
        assert shown_z(page) == z
    page.keyboard.press("Home")
    assert shown_z(page) == [0, 0]
    page.mouse.move(*at(page, (0, 0), explorer.extent))
    page.mouse.down()
    page.mouse.move(*at(page, (1.5, -1), explorer.extent), steps=4)
    assert shown_z(page) == pytest.approx([1.5, -1], abs=0.03)
    page.mouse.move(3000, -500)
    page.mouse.up()
    assert shown_z(page) == [explorer.extent, explorer.extent]
    assert_right(page, series.models[1], explorer, (explorer.extent, explorer.extent))
    assert shown_index(page) == 1


def test_map_and_chart_by_touch(open_page: OpenPage, widget_page: MakePage) -> None:
    explorer = an_explorer("epoch")
    page = open_page(widget_page(explorer), width=390, height=1700, touch=True)
    page.touchscreen.tap(*at(page, (-1, 2), explorer.extent))
    assert shown_z(page) == pytest.approx([-1, 2], abs=0.03)
    box = page.locator(".vae-chart").bounding_box()
    assert box
    page.touchscreen.tap(box["x"] + box["width"] - 20, box["y"] + 60)
    expect(slider(page)).to_have_value("3")


def test_a_point_of_the_curve_is_picked(open_page: OpenPage, widget_page: MakePage) -> None:
    page = open_page(widget_page(an_explorer()))
    pixels(page, "chart")
    box = page.locator(".vae-chart").bounding_box()
    assert box
    distortion = [-value for value in RECONSTRUCTION]
    room = max(distortion) - min(distortion)
    for index in (0, 2, 3, 1):
        share = (max(distortion) + 0.05 * room - distortion[index]) / (1.1 * room)
        x = box["x"] + 1 + 40 + (box["width"] - 2 - 40 - 16) * KL[index] / max(KL)
        page.mouse.click(x, box["y"] + 1 + 26 + (box["height"] - 2 - 26 - 44) * share)
        assert shown_index(page) == index


def test_play_steps_to_the_end_and_starts_again(open_page: OpenPage, widget_page: MakePage) -> None:
    page = open_page(widget_page(an_explorer("epoch", index=1)))
    hold_time(page)
    button = page.get_by_role("button")
    expect(button).to_have_text(WORDS["play"])
    button.click()
    expect(button).to_have_text(WORDS["pause"])
    page.clock.run_for(300)
    assert shown_index(page) == 2
    page.clock.run_for(590)
    assert shown_index(page) == 2
    button.click()  # pause
    expect(button).to_have_text(WORDS["play"])
    page.clock.run_for(5000)
    assert shown_index(page) == 2
    button.click()
    page.clock.run_for(300)
    assert shown_index(page) == 3
    expect(button).to_have_text(WORDS["play"])
    page.clock.run_for(5000)
    assert shown_index(page) == 3
    button.click()
    page.clock.run_for(10)
    assert shown_index(page) == 0
    slider(page).fill("2")  # a hand on the slider pauses
    expect(button).to_have_text(WORDS["play"])
    page.clock.run_for(5000)
    assert shown_index(page) == 2


def test_dots_glide(open_page: OpenPage, widget_page: MakePage) -> None:
    page = open_page(widget_page(an_explorer()))
    image = "c => c.toDataURL()"
    canvas = page.locator(".vae-map")
    pixels(page, "map")
    hold_time(page)
    first = canvas.evaluate(image)
    slider(page).fill("0")
    assert shown_numbers(page)[0] == 17.08  # numbers and pictures do not wait
    seen = [first]
    for _ in range(3):
        page.clock.run_for(60)
        seen.append(canvas.evaluate(image))
    assert len(set(seen)) == 4
    page.clock.run_for(100)
    end = canvas.evaluate(image)
    assert end not in seen
    page.clock.run_for(1000)
    assert canvas.evaluate(image) == end


def test_no_gliding_with_reduced_motion(open_page: OpenPage, widget_page: MakePage) -> None:
    page = open_page(widget_page(an_explorer()))
    page.emulate_media(reduced_motion="reduce")
    canvas = page.locator(".vae-map")
    hold_time(page)
    slider(page).fill("0")
    page.clock.run_for(32)
    soon = canvas.evaluate("c => c.toDataURL()")
    page.clock.run_for(1000)
    assert canvas.evaluate("c => c.toDataURL()") == soon


def test_codes_beyond_the_edge_are_counted_and_marked(open_page: OpenPage, widget_page: MakePage) -> None:
    series = a_series(spread=3.5)  # on circles of 7, 3.5, 1.75 and 0.035
    explorer = SeriesExplorer(series, examples=EXAMPLES)
    assert explorer.extent == 6
    page = open_page(widget_page(explorer))
    below = page.locator(".vae-below")
    expect(below).to_contain_text(WORDS["beyond_none"].format(total=200))
    inside = pixels(page, "map")
    page.emulate_media(reduced_motion="reduce")
    slider(page).fill("0")
    count = int((series.codes[0].abs() > 6).any(1).sum())
    assert 0 < count < 200
    expect(below).to_contain_text(WORDS["beyond"].format(count=count, total=200))
    assert pixels(page, "map") != inside
    # digit 0 lies at (7, 0): in the strip along the right edge, where no dot lies, there is its colour, #4477AA, below
    # the ring's hairline
    script = """c => {
      const strip = Math.round(7 * c.width / c.clientWidth);
      const { data } = c.getContext("2d").getImageData(c.width - strip, 0, strip, c.height);
      return data.some((red, i) =>
        i % 4 === 0 && Math.hypot(red - 0x44, data[i + 1] - 0x77, data[i + 2] - 0xaa) < 40);
    }"""
    assert page.locator(".vae-map").evaluate(script)
    slider(page).fill("1")
    pixels(page, "map")
    assert not page.locator(".vae-map").evaluate(script)


@pytest.mark.parametrize("width", [320, 390, 1280])
@pytest.mark.parametrize("over", ["beta", "epoch"])
def test_it_fits(open_page: OpenPage, widget_page: MakePage, width: int, over: str) -> None:
    page = open_page(widget_page(an_explorer(over)), width=width, height=844, touch=True)
    expect(page.locator(".vae-series")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    for target in (slider(page), page.get_by_role("button")):
        assert_room_for_a_finger(target, 75)
    if width < 600:  # the slider stays in sight above what follows it
        assert page.locator(".vae-controls").bounding_box()["y"] <= 844 - 44


def test_focus_is_seen(open_page: OpenPage, widget_page: MakePage) -> None:
    page = open_page(widget_page(an_explorer()))
    expect(page.locator(".vae-map")).to_be_visible()
    for tag in ("CANVAS", "BUTTON", "INPUT"):
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.tagName") == tag
        assert page.evaluate("getComputedStyle(document.activeElement).outlineWidth") == "3px"
        assert page.evaluate("document.activeElement.dataset.lmSuppressShortcuts") == "true"


def test_two_copies_are_independent(open_page: OpenPage, widget_page: MakePage) -> None:
    page = open_page(widget_page(an_explorer(), an_explorer("epoch")), height=2400)
    expect(page.get_by_role("slider")).to_have_count(2)
    slider(page, 1).fill("2")
    assert [shown_index(page, copy) for copy in (0, 1)] == [1, 2]
    assert shown_numbers(page, 0)[0] == 5.61
    assert shown_numbers(page, 1)[1] == 2.13
    ids = page.evaluate("[...document.querySelectorAll('[id]')].map(e => e.id)")
    assert len(set(ids)) == len(ids)


def test_twenty_quick_drags(open_page: OpenPage, widget_page: MakePage) -> None:
    explorer, series = an_explorer(), a_series()
    page = open_page(widget_page(explorer))
    box = slider(page).bounding_box()
    assert box
    for _ in range(20):
        page.mouse.move(box["x"] + 11, box["y"] + 22)
        page.mouse.down()
        page.mouse.move(box["x"] + box["width"] - 11, box["y"] + 22, steps=3)
        page.mouse.up()
    assert shown_index(page) == 3
    assert_right(page, series.models[3], explorer)


def broken(how: str, explorer: SeriesExplorer) -> dict[str, Any]:
    nan = b"\x00\x7e"
    figures = explorer.figures
    return {
        "too few": {"weights": explorer.weights[:-2]},
        "too many": {"weights": explorer.weights + b"\0\0"},
        "nan at the start": {"index": 0, "weights": nan + explorer.weights[2:]},
        "layers of one model": {"layers": explorer.layers[:1]},
        "other picture": {"image_shape": [5, 5]},
        "figure nan": {"figures": {**figures, "kl": [0.0, None, 0.0, 0.0]}},
        "figure missing": {"figures": {"kl": figures["kl"]}},
        "one value": {"values": [1.0]},
        "codes": {"points": explorer.points[:-4]},
        "code nan": {"points": nan + explorer.points[2:]},
        "posteriors": {"posteriors": explorer.posteriors[:2]},
        "pictures": {"pictures": explorer.pictures[:-1]},
    }[how]


@pytest.mark.parametrize(
    ("how", "word"),
    [
        ("too few", "bad_weights"),
        ("too many", "bad_weights"),
        ("nan at the start", "bad_weights"),
        ("layers of one model", "bad_weights"),
        ("other picture", "bad_series"),
        ("figure nan", "bad_series"),
        ("figure missing", "bad_series"),
        ("one value", "bad_series"),
        ("codes", "bad_series"),
        ("code nan", "bad_series"),
        ("posteriors", "bad_series"),
        ("pictures", "bad_series"),
    ],
)
def test_nonsense_becomes_one_sentence(live_widget: Callable[..., Page], how: str, word: str) -> None:
    explorer = an_explorer()
    page = live_widget(explorer, **broken(how, explorer))
    expect(page.locator(".vae-widget")).to_have_text(WORDS[word])


@pytest.mark.parametrize(("index", "known"), [(None, 0), ("two", 0), (99, 3), (-5, 0), (1.6, 2)])
def test_a_nonsense_index_becomes_the_nearest(
    open_page: OpenPage, widget_page: MakePage, index: Any, known: int
) -> None:
    def edit(state: dict[str, Any]) -> None:
        next(saved for saved in state.values() if "posteriors" in saved["state"])["state"].update(index=index, z="?")

    page = open_page(widget_page(an_explorer(), edit=edit))
    assert shown_index(page) == known
    assert shown_z(page) == [0, 0]


@pytest.fixture
def live(live_widget: Callable[..., Page]) -> Page:
    return live_widget(an_explorer())


def test_the_kernel_moves_it_and_hears_of_it(live: Page) -> None:
    explorer, series = an_explorer(), a_series()
    live.evaluate("live.model.set('index', 2); live.model.set('z', [1.25, -0.5])")
    assert shown_index(live) == 2
    assert shown_z(live) == [1.25, -0.5]
    assert_right(live, series.models[2], explorer, (1.25, -0.5))
    slider(live).fill("0")
    assert live.evaluate("[live.model.get('index'), live.model.heard.length]") == [0, 1]
    live.get_by_role("application").focus()
    live.keyboard.press("Home")
    assert live.evaluate("[live.model.get('z'), live.model.heard.length]") == [[0, 0], 2]


def test_the_kernel_stops_play(live: Page) -> None:
    hold_time(live)
    live.get_by_role("button").click()
    live.evaluate("live.model.set('index', 0)")
    expect(live.get_by_role("button")).to_have_text(WORDS["play"])
    live.clock.run_for(5000)
    assert shown_index(live) == 0


def test_a_damaged_model_within_the_series(live: Page) -> None:
    """Its weights are looked at when it is first shown: then the sentence, until another index or other weights."""
    size = len(an_explorer().weights)
    live.evaluate(
        """size => {
          live.good = live.model.get("weights");
          const packed = new Uint8Array(live.good.buffer.slice(0));
          packed.set([0, 0x7e], size - 2);
          live.model.set("weights", new DataView(packed.buffer));
        }""",
        size,
    )
    expect(slider(live)).to_be_visible()
    slider(live).fill("3")
    expect(live.locator(".vae-widget")).to_have_text(WORDS["bad_weights"])
    live.evaluate("live.model.set('index', 2)")
    expect(slider(live)).to_be_visible()
    assert_right(live, a_series().models[2], an_explorer())
    slider(live).fill("3")
    expect(live.locator(".vae-widget")).to_have_text(WORDS["bad_weights"])
    live.evaluate("live.model.set('weights', live.good)")
    expect(slider(live)).to_be_visible()
    assert_right(live, a_series().models[3], an_explorer())


def test_a_view_that_is_removed_and_shown_again(live: Page) -> None:
    listening = live.evaluate("live.listening()")
    for _ in range(3):
        live.get_by_role("button").click()  # removed while it plays
        live.evaluate("live.remove()")
        assert live.evaluate("live.listening()") == 0
        live.evaluate("live.model.set('index', 2)")
        live.evaluate("live.show()")
    assert live.evaluate("live.listening()") == listening
    assert shown_index(live) == 2
    assert_right(live, a_series().models[2], an_explorer())


def test_it_follows_the_page_s_theme(open_page: OpenPage, widget_page: MakePage) -> None:
    page = open_page(widget_page(an_explorer("epoch")))
    assert_follows_the_theme(page, "map", "chart")


# ------------------------------------------------------------------------------------------------ Python alone


def test_index_and_value() -> None:
    explorer = an_explorer()
    assert (explorer.index, explorer.value) == (1, 1.0)  # β = 1 is where it starts
    explorer.value = 50
    assert explorer.index == 3
    explorer.index = torch.tensor(2)
    assert (explorer.index, explorer.value) == (2, 4.0)
    for value in (2, "x", None, math.nan):
        with pytest.raises(ValueError, match=rf"value must be one of the series' own, 0.1, 1, 4, 50, got {value!r}"):
            explorer.value = value
    for index in (-1, 4):
        with pytest.raises(traitlets.TraitError, match=rf"from 0 to 3, got {index}; set value to choose by beta"):
            explorer.index = index
    for nonsense in (1.5, "1", None):
        with pytest.raises(traitlets.TraitError, match="index must be a whole number"):
            explorer.index = nonsense
    with pytest.raises(traitlets.TraitError, match="from 0 to 3, got 9"):
        an_explorer(index=9)
    assert (explorer.index, an_explorer("epoch").index) == (2, 0)


def test_z_is_kept_on_the_map() -> None:
    explorer = an_explorer(z=(9, -0.5))
    assert explorer.z == [explorer.extent, -0.5]
    with pytest.raises(traitlets.TraitError, match="z must be two finite numbers"):
        explorer.z = [math.nan, 0]


def test_what_is_sent_is_what_was_given() -> None:
    series, explorer = a_series(), an_explorer()
    assert explorer.values == list(VALUES["beta"])
    assert explorer.figures["sigma"] == pytest.approx([0.16] * 4, rel=1e-3)  # float16's precision
    with torch.no_grad():
        posterior = series.models[2].encode(EXAMPLES)
    expected = torch.cat([posterior.mean, posterior.log_var.exp().sqrt()], 1)
    assert torch.allclose(torch.tensor(explorer.posteriors[2]), expected)
    assert explorer.extent == 3.0  # the widest codes lie on a circle of 3
    assert explorer.sample_codes.shape == (18, 2)


def test_no_sigma_is_spoken_of_where_there_is_none(open_page: OpenPage, widget_page: MakePage) -> None:
    models = tuple(VAE(64, 2, (16,), likelihood="bernoulli") for _ in range(4))
    explorer = SeriesExplorer(a_series()._replace(models=models), examples=EXAMPLES)
    assert "sigma" not in explorer.figures
    page = open_page(widget_page(explorer))
    for index, note in enumerate(("", "", "", WORDS["collapsed"])):
        slider(page).fill(f"{index}")
        expect(page.locator(".vae-note")).to_have_text(note)


REFUSED: list[tuple[Callable[[Series], Any], type[Exception], str]] = [
    (lambda s: 3, TypeError, "must be the name of one or a Series, got int"),
    (lambda s: "digits-none", FileNotFoundError, "no model 'digits-none'"),
    (lambda s: "digits-2", ValueError, "is a single model"),
    (lambda s: s._replace(over="sigma"), ValueError, "over 'beta' or 'epoch', got 'sigma'"),
    (lambda s: s._replace(values=(0.0, *s.values[1:])), ValueError, "beta must be greater than 0, got 0.0"),
    (lambda s: s._replace(models=s.models[:1]), ValueError, "at least two models, got 1"),
    (lambda s: s._replace(models=(Autoencoder(64, 2),) * 4), TypeError, "needs a VAE, .* got Autoencoder"),
    (lambda s: s._replace(models=(VAE(64, 3, (4,)),) * 4), ValueError, "latent_dim 2, got 3"),
    (lambda s: s._replace(models=(*s.models[:3], VAE(64, 3, (4,)))), ValueError, "latent_dim 2, got 3 at beta 50"),
    (lambda s: s._replace(values=(1.0, 0.1, 4.0, 50.0)), ValueError, r"must rise .* got \[1.0, 0.1, 4.0, 50.0\]"),
    (lambda s: s._replace(values=(1.0, 1.0, 4.0, 50.0)), ValueError, r"must rise .* got \[1.0, 1.0, 4.0, 50.0\]"),
    (lambda s: s._replace(models=(VAE(60, 2, (4,)),) * 4), ValueError, "with 60 pixels in all, got"),
    (lambda s: s._replace(record={}), ValueError, "figures of all 4 models, got 0"),
    (lambda s: s._replace(labels=s.labels[1:]), ValueError, r"codes of beta 0.1 must .* got \(200, 2\)"),
    (lambda s: s._replace(labels=s.labels - 5), ValueError, "labels must be whole numbers from 0"),
    (lambda s: s._replace(codes=(s.codes[0] * math.nan, *s.codes[1:])), ValueError, "must be finite"),
    (
        lambda s: s._replace(record={"entries": [{}, {}, {}, {}]}),
        ValueError,
        "test_reconstruction of beta 0.1 must be a finite number, got None",
    ),
]


@pytest.mark.parametrize(("change", "error", "text"), REFUSED)
def test_series_that_are_refused(change: Callable[[Series], Any], error: type[Exception], text: str) -> None:
    with pytest.raises(error, match=text):
        SeriesExplorer(change(a_series()), examples=EXAMPLES)


def test_examples_that_are_refused() -> None:
    for examples in (torch.rand(6, 64), torch.rand(0, 64), torch.rand(3, 60), torch.rand(64)):
        with pytest.raises(ValueError, match=r"examples must have shape \(1 to 5, 64\), got"):
            an_explorer(examples=examples)
    with pytest.raises(ValueError, match=r"pixels of examples must lie from 0 to 1, got .* to 16"):
        an_explorer(examples=torch.full((1, 64), 16.0))
    with pytest.raises(ValueError, match="names no data, so examples must be given"):
        an_explorer(examples=None)


def test_every_word_comes_from_python() -> None:
    assert an_explorer().words == WORDS
    assert not re.search(r"^\s*import\b|\bimport\(", SeriesExplorer._esm, re.MULTILINE)
    own = (pretrained.SHIPPED.parent / "widgets" / "series_explorer" / "series_explorer.js").read_text("utf-8")
    assert set(re.findall(r"(?<!/)words\.(\w+)", own)) <= set(WORDS)
    for pattern in re.findall(r"words\[`\$\{over\}_(\w+)`\]", own):
        assert {f"beta_{pattern}", f"epoch_{pattern}"} <= set(WORDS)

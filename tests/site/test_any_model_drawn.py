"""Models of any kind in Chromium: colour from convolutions, a table in its units, classes by name."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from checks import complaints, settle
from playwright.sync_api import Page, expect

from vae_lib import data
from vae_lib.model import VAE
from vae_lib.widgets import LatentExplorer, LatentSliders

LivePage = Callable[..., Page]
PIXELS = "c => [...c.getContext('2d').getImageData(0, 0, c.width, c.height).data]"
NAMES = [f"kind {place}" for place in range(14)]


def louder(model: VAE) -> VAE:
    with torch.no_grad():
        for parameter in model.decoder.parameters():
            parameter.mul_(3)  # so that what is decoded differs from place to place
    return model


def a_picture(latent_dim: int = 2) -> VAE:
    torch.manual_seed(1)
    return louder(VAE(3 * 16 * 8, latent_dim, (16,), image_shape=(3, 16, 8), channels=(5, 6)))


def a_table(latent_dim: int = 2) -> VAE:
    torch.manual_seed(2)
    model = louder(VAE(4, latent_dim, (8,), sigmoid=False))
    names = ("age", "weight (kg)", "pulse", "iron (mg)")
    model.about = data.About(None, (), names, (40.0, 70.0, 65.0, 0.002), (9.0, 12.0, 8.0, 0.0005))
    return model


def shown(page: Page) -> torch.Tensor:
    """The colours on the canvas, channel by channel as the model has them."""
    pixels = torch.tensor(page.locator(".vae-colours").evaluate(PIXELS)).reshape(-1, 4)
    assert (pixels[:, 3] == 255).all()
    return pixels[:, :3].T.reshape(-1)


@pytest.mark.parametrize("kind", [LatentExplorer, LatentSliders])
def test_every_colour_of_every_pixel_is_torch_s(live_widget: LivePage, kind: type) -> None:
    z = [0.5, -1.2] if kind is LatentExplorer else [0.5, -1.2, 2.0]
    model = a_picture(len(z))
    page = live_widget(kind(model, z=z, **({} if kind is LatentExplorer else {"kl": [1.0] * 3})))
    settle(page)
    for place in (z, [-number for number in z]):
        page.evaluate("z => live.model.set('z', z)", place)
        settle(page)
        wanted = 255 * model.decode(torch.tensor(place)).detach()
        assert (shown(page) - wanted).abs().max() <= 2
    assert (
        page.locator(".vae-colours").evaluate("c => getComputedStyle(c).filter") == "none"
    )  # colours are not inverted


@pytest.mark.parametrize("kind", [LatentExplorer, LatentSliders])
def test_a_row_has_its_width_on_a_phone(live_widget: LivePage, kind: type) -> None:
    page = live_widget(kind(a_table(2)) if kind is LatentExplorer else kind(a_table(3), kl=[1.0] * 3))
    page.set_viewport_size({"width": 390, "height": 844})
    settle(page)
    for value in page.locator(".vae-columns data").all():
        box = value.bounding_box()
        assert box
        assert 300 < box["x"] + box["width"] <= 390
        assert value.evaluate("one => one.closest('ul').scrollWidth === one.closest('ul').clientWidth")


@pytest.mark.parametrize("kind", [LatentExplorer, LatentSliders])
def test_a_row_stands_in_the_table_s_units(live_widget: LivePage, kind: type) -> None:
    z = [1.5, -0.5] if kind is LatentExplorer else [1.5, -0.5, 1.0]
    model = a_table(len(z))
    page = live_widget(kind(model, z=z, **({} if kind is LatentExplorer else {"kl": [1.0] * 3})))
    settle(page)
    standard = model.decode(torch.tensor(z)).detach()
    wanted = model.about.in_units(standard.double())
    rows = page.locator(".vae-columns li")
    expect(rows).to_have_count(4)
    assert [text.split("\n")[0] for text in rows.all_inner_texts()] == list(model.about.columns)
    values = page.locator(".vae-columns data").evaluate_all("all => all.map(one => Number(one.value))")
    torch.testing.assert_close(torch.tensor(values, dtype=torch.float64), wanted, rtol=5e-3, atol=1e-4)
    expect(page.get_by_role("list", name="The row that the decoder makes")).to_be_visible()
    for bar, value in zip(page.locator(".vae-column-bar").all(), standard.clamp(-3, 3).tolist(), strict=True):
        track = bar.locator("..").bounding_box()
        own = bar.bounding_box()
        assert track
        assert own
        middle, half = track["x"] + track["width"] / 2, track["width"] / 2
        end = own["x"] + own["width"] if value > 0 else own["x"]
        assert end == pytest.approx(middle + half * value / 3, abs=1)


def on_circle(radius: float) -> torch.Tensor:
    angle = 0.3 + 0.449 * torch.arange(14)  # none on an axis, where names stand
    return radius * torch.stack([angle.cos(), angle.sin()], 1)


def with_classes(**options: object) -> LatentExplorer:
    return LatentExplorer(a_picture(), on_circle(2), NAMES, log_var=torch.full((14, 2), -4.0), **options)


def test_names_and_units_of_any_length_fit(live_widget: LivePage) -> None:
    model = a_table()
    names, script = ("x" * 400, "__proto__", "</script><b>", "iron"), "</script><img src=x onerror=stranger=1>"
    model.about = data.About(None, (), names, (0.0, 2e9, 3e-9, 1.0), (1.0, 1e9, 1e-9, 1.0))
    page = live_widget(LatentExplorer(model, on_circle(0.1), [script * 9, "constructor"] * 7, z=[0.0, 0.0]))
    for width in (1280, 390):
        page.set_viewport_size({"width": width, "height": 844})
        settle(page)
        assert page.evaluate("document.documentElement.scrollWidth") == width
    texts = page.locator(".vae-columns data").all_inner_texts()
    assert "e+" in texts[1]
    assert "e−" in texts[2]
    assert page.evaluate("window.stranger ?? null") is None


def test_classes_go_by_their_names(live_widget: LivePage) -> None:
    page = live_widget(with_classes(walk=("kind 3", "kind 13")))
    settle(page)
    start, to = page.get_by_role("combobox").all()
    assert [start.input_value(), to.input_value()] == ["kind 3", "kind 13"]
    assert start.locator("option").all_inner_texts() == sorted(NAMES)
    start.select_option("kind 7")
    assert page.evaluate("live.model.get('walk')") == [sorted(NAMES).index("kind 7"), sorted(NAMES).index("kind 13")]
    expect(page.locator(".vae-near")).to_have_text("Most codes near z: kind 7")
    expect(page.locator(".vae-about")).to_contain_text("Q(z|X) for this one of kind 7")
    assert "digit" not in page.locator("body").inner_text().lower()


def test_more_than_ten_classes_have_dots_of_their_own_colours(live_widget: LivePage) -> None:
    codes = torch.cat([on_circle(radius) for radius in (1.2, 2, 2.8)])  # the names stand at the middle ones
    explorer = LatentExplorer(a_picture(), codes, NAMES * 3)
    page = live_widget(explorer)
    settle(page)
    found = page.locator(".vae-map").evaluate(
        """(canvas, places) => {
          const scale = canvas.width / 6, context = canvas.getContext('2d');
          return places.map(([x, y]) =>
            [...context.getImageData(Math.floor((x + 3) * scale), Math.floor((3 - y) * scale), 1, 1).data.slice(0, 3)]);
        }""",
        codes[28:].tolist(),
    )
    hexes = [explorer.palette["digits"][explorer.classes.index(name)] for name in NAMES]
    full = torch.tensor([[int(colour[i : i + 2], 16) for i in (1, 3, 5)] for colour in hexes])
    paper = torch.tensor([253, 253, 251])
    assert (torch.tensor(found) - (paper + 0.8 * (full - paper))).abs().max() <= 6
    assert len(set(hexes)) == 14


@pytest.mark.parametrize("model", [a_picture(), a_table()], ids=["colour", "table"])
def test_the_backdrop_shows_what_is_decoded(live_widget: LivePage, model: VAE) -> None:
    page = live_widget(LatentExplorer(model))
    settle(page)
    count = "c => new Set(new Uint32Array(c.getContext('2d').getImageData(0, 0, c.width, c.height).data.buffer)).size"
    before = page.locator(".vae-map").evaluate(count)
    page.get_by_role("checkbox").check()
    page.wait_for_function(f"({count})(document.querySelector('.vae-map')) > {before + 20}")


def test_tables_and_colours_are_accessible(live_widget: LivePage) -> None:
    page = live_widget(LatentExplorer(a_table()))
    settle(page)
    ours = [said for said in complaints(page) if not said.startswith(("landmark-", "region:", "page-has-"))]
    assert ours == []

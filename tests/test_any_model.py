"""What the widgets send to the page of a model of any kind: colour, convolutions, tables, classes by name."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from vae_lib import data, palette, pretrained
from vae_lib.model import VAE
from vae_lib.widgets import DigitPad, IntegralExplorer, LatentExplorer, LatentSliders, Machine
from vae_lib.widgets.codes import unpack_labels
from vae_lib.widgets.packing import as_sent
from vae_lib.widgets.words import LATENT_EXPLORER, LATENT_SLIDERS


def a_table(latent_dim: int = 2) -> VAE:
    torch.manual_seed(0)
    model = VAE(3, latent_dim, (4,), sigmoid=False)
    model.about = data.About(None, ("ill", "well"), ("age", "weight (kg)", "pulse"), (40.0, 70.0, 65.0), (9.0, 12.0, 8))
    return model


def a_picture(latent_dim: int = 2) -> VAE:
    torch.manual_seed(0)
    return VAE(3 * 8 * 4, latent_dim, (6,), image_shape=(3, 8, 4), channels=(5,))


def test_colour_and_convolutions_are_described_as_torch_has_them() -> None:
    explorer = LatentExplorer(a_picture())
    assert explorer.image_shape == [3, 8, 4]
    assert explorer.columns == []
    assert [layer.get("doubles") for layer in explorer.layers] == [None, None, [5, 4, 2]]
    assert explorer.layers[-1]["outputs"] == 96
    assert explorer.layers[-1]["activation"] == "sigmoid"


def test_what_is_sent_of_a_convolution_comes_back() -> None:
    model = a_picture()
    sent, z = as_sent(model, "decoder"), torch.randn(4, 2)
    torch.testing.assert_close(sent.decode(z), model.decode(z), atol=1e-3, rtol=0)  # float16
    torch.testing.assert_close(sent.decoder.net[-2].weight, model.decoder.net[-2].weight.half().float())


def test_a_table_brings_its_columns_and_no_sigmoid() -> None:
    explorer = LatentExplorer(a_table())
    assert explorer.columns == [["age", 40.0, 9.0], ["weight (kg)", 70.0, 12.0], ["pulse", 65.0, 8]]
    assert explorer.image_shape == []
    assert explorer.layers[-1]["activation"] == "identity"
    assert explorer.words["example_caption"].startswith("Decoded row f(z)")
    nameless = LatentExplorer(VAE(2, 2, (4,), sigmoid=False))
    assert nameless.columns == [["column 1", 0.0, 1.0], ["column 2", 0.0, 1.0]]


def test_nothing_speaks_of_digits() -> None:
    sliders = LatentSliders(a_table(4), [0.1] * 4)
    for words in (LATENT_EXPLORER, LATENT_SLIDERS, LatentExplorer(a_table()).words, sliders.words):
        assert not any("digit" in word for word in words.values())


def test_labels_are_words_or_numbers_with_names() -> None:
    codes = torch.zeros(3, 2)
    explorer = LatentExplorer(a_picture(), codes, ["moth", "ant", "moth"], walk=("moth", "ant"))
    assert explorer.classes == ["ant", "moth"]
    assert list(explorer.labels) == [1, 0, 1]
    assert explorer.walk == [1, 0]
    assert LatentExplorer(a_table(), codes, [0, 1, 1]).classes == ["ill", "well"]
    assert LatentExplorer(a_picture(), codes, np.array([True, False, True])).classes == ["False", "True"]
    with pytest.raises(ValueError, match=r"labels must be whole numbers from 0 to 1, or words, got \[0, 2, 1\]"):
        LatentExplorer(a_table(), codes, [0, 2, 1])
    with pytest.raises(ValueError, match=r"by number or name, of \['ant', 'moth'\], got 'bee'"):
        LatentExplorer(a_picture(), codes, ["moth", "ant", "moth"], walk=("moth", "bee"))


def test_any_number_of_classes_has_its_colours() -> None:
    few = LatentExplorer(a_picture(), torch.zeros(3, 2), [0, 1, 2])
    assert few.palette["digits"] == list(palette.DIGITS)
    names = [f"class {place:04}" for place in range(300)]
    many = LatentExplorer(a_picture(), torch.zeros(300, 2), names)
    assert many.palette["digits"] == list(palette.CLASSES)
    assert unpack_labels(many.labels, 300) == list(range(300))
    plain = LatentExplorer(a_picture(), torch.zeros(12, 2), torch.arange(12))
    assert plain.palette["digits"] == list(palette.CLASSES)


def test_a_saved_model_is_shown_as_what_it_was_trained_on(tmp_path: Path) -> None:
    pretrained.save(a_table(), tmp_path / "table", test=torch.randn(4, 3), test_labels=[0, 1, 1, 0])
    explorer = LatentExplorer(f"{tmp_path / 'table'}", walk=("well", "ill"))
    assert explorer.classes == ["ill", "well"]
    assert len(explorer.columns) == 3
    assert explorer.walk == [1, 0]
    pretrained.save(a_picture(4), tmp_path / "deep", test=torch.rand(4, 96), test_labels=[0] * 4)
    sliders = LatentSliders(f"{tmp_path / 'deep'}")
    assert [choice["label"] for choice in sliders.choices] == ["1", "2", "3", "4"]  # it has no classes
    assert sliders.image_shape == [3, 8, 4]
    pretrained.save(a_picture(), tmp_path / "flat", test=torch.rand(4, 96), test_labels=[0] * 4)
    assert LatentExplorer(f"{tmp_path / 'flat'}").labels == b""


def test_more_classes_than_buttons() -> None:
    with pytest.raises(ValueError, match="n up to 12"):
        LatentSliders(a_picture(4), [0.1] * 4, torch.zeros(13, 4))


def test_twenty_saved_classes_give_twelve_to_start_from(tmp_path: Path) -> None:
    model = a_picture(4)
    model.about = data.About((3, 8, 4), tuple(f"kind {place}" for place in range(20)))
    pretrained.save(model, tmp_path / "deep", test=torch.rand(20, 96), test_labels=list(range(20)))
    assert [choice["label"] for choice in LatentSliders(f"{tmp_path / 'deep'}").choices] == [
        f"kind {place}" for place in range(12)
    ]


@pytest.mark.parametrize("widget", [DigitPad, Machine, IntegralExplorer])
def test_a_widget_of_grey_pictures_says_so_of_a_table(widget: type) -> None:
    table = VAE(784, 2, (4,), sigmoid=False)
    with pytest.raises(ValueError, match="shows grey pictures, and the model makes rows of a table"):
        widget(table, **({"x": torch.rand(784)} if widget is IntegralExplorer else {}))

"""The data sets: the same rows on every machine, in the range that the models expect, and MNIST without a network."""

from __future__ import annotations

import struct
from collections.abc import Callable
from pathlib import Path
from urllib.error import URLError

import numpy as np
import pytest
import torch
from scipy import stats
from sklearn.datasets import load_digits
from torchvision.datasets import mnist as torchvision_mnist

from vae_lib import data
from vae_lib.cli import main

OFFLINE = [name for name in data.NAMES if name != "mnist"]
MNIST_FILES = ("train-images-idx3-ubyte", "train-labels-idx1-ubyte", "t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte")


@pytest.fixture
def no_network(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder for MNIST, and every download fails as it does with no network."""

    def fail(*args: object, **kwargs: object) -> None:
        raise URLError("Temporary failure in name resolution")

    monkeypatch.setenv("VAE_LIB_DATA", str(tmp_path))
    monkeypatch.setattr(torchvision_mnist, "download_and_extract_archive", fail)
    return tmp_path


@pytest.mark.parametrize("name", OFFLINE)
def test_every_data_set_is_rows_of_numbers_between_0_and_1(name: str) -> None:
    dataset = data.load(name)
    assert dataset.name == name
    for x, labels in ((dataset.train, dataset.train_labels), (dataset.test, dataset.test_labels)):
        assert x.dtype == torch.float32
        assert labels.dtype == torch.int64
        assert x.shape == (len(labels), dataset.data_dim)
        assert float(x.min()) >= 0
        assert float(x.max()) <= 1
    assert dataset.data_dim == (64 if name == "digits" else 2)
    assert dataset.image_shape == ((8, 8) if name == "digits" else None)


@pytest.mark.parametrize("name", OFFLINE)
def test_loading_twice_gives_the_same_and_touches_no_global_state(name: str) -> None:
    torch.manual_seed(1)
    first, drawn = data.load(name), torch.rand(1)
    torch.manual_seed(1)
    assert torch.equal(drawn, torch.rand(1))
    first_copy = first.train.clone()
    first.train.zero_()  # a careless reader; the next load must not see it
    assert torch.equal(data.load(name).train, first_copy)


def test_digits_is_the_default_and_holds_scikit_learns_digits_once_each(digits: data.Dataset) -> None:
    assert torch.equal(data.load().test, digits.test)
    assert (len(digits.train), len(digits.test)) == (1438, 359)
    bunch = load_digits()
    x, labels = torch.cat([digits.train, digits.test]), torch.cat([digits.train_labels, digits.test_labels])
    ours = np.column_stack([x * 16, labels])
    theirs = np.column_stack([bunch.data, bunch.target])
    assert sorted(map(tuple, ours.tolist())) == sorted(map(tuple, theirs.tolist()))


def test_digits_are_shuffled(digits: data.Dataset) -> None:
    assert set(digits.test_labels.tolist()) == set(range(10))
    assert not np.array_equal(digits.train[:100].numpy() * 16, load_digits().data[:100])
    # Every class is in both parts in about the same proportion.
    table = [torch.bincount(labels, minlength=10).tolist() for labels in (digits.train_labels, digits.test_labels)]
    assert stats.chi2_contingency(table).pvalue > 0.01  # a fixed split: a fixed outcome


@pytest.mark.parametrize("name", ["ring", "clusters", "parabola"])
def test_toys_fill_the_unit_square(name: str) -> None:
    dataset = data.load(name)
    assert (len(dataset.train), len(dataset.test)) == (2000, 500)
    x = torch.cat([dataset.train, dataset.test])
    assert x.min(0).values.tolist() == [0, 0]
    assert x.max(0).values.tolist() == [1, 1]


def test_toys_have_their_shapes() -> None:
    ring = data.load("ring").train - 0.5
    radius = ring.norm(dim=1)
    assert float(radius.std() / radius.mean()) < 0.12  # a circle with noise of 8 %
    assert float(radius.min()) > 0.2  # with a hole in it
    parabola = data.load("parabola").train.numpy()
    quadratic = np.polynomial.Polynomial.fit(parabola[:, 0], parabola[:, 1], 2)
    assert np.corrcoef(quadratic(parabola[:, 0]), parabola[:, 1])[0, 1] > 0.97
    clusters = data.load("clusters")
    assert set(clusters.train_labels.tolist()) == set(range(5))
    centers = torch.stack([clusters.train[clusters.train_labels == label].mean(0) for label in range(5)])
    nearest = torch.cdist(clusters.test, centers).argmin(1)
    assert float((nearest == clusters.test_labels).float().mean()) > 0.98


@pytest.mark.parametrize("name", ["nist", "", "Digits", "digits "])
def test_an_unknown_name_is_named(name: str) -> None:
    with pytest.raises(
        ValueError, match=f"name must be 'digits', 'mnist', 'ring', 'clusters' or 'parabola', got '{name}'"
    ):
        data.load(name)


# --- MNIST -----------------------------------------------------------------------------------------------------------


def write_mnist(root: Path, train: int = 5, test: int = 3) -> dict[str, np.ndarray]:
    """MNIST's own file format with a few random pictures, where torchvision looks for it."""
    random, written = np.random.default_rng(0), {}
    raw = root / "MNIST" / "raw"
    raw.mkdir(parents=True)
    for part, count in (("train", train), ("t10k", test)):
        images = random.integers(0, 256, (count, 28, 28), dtype=np.uint8)
        labels = random.integers(0, 10, count, dtype=np.uint8)
        (raw / f"{part}-images-idx3-ubyte").write_bytes(struct.pack(">4i", 2051, count, 28, 28) + images.tobytes())
        (raw / f"{part}-labels-idx1-ubyte").write_bytes(struct.pack(">2i", 2049, count) + labels.tobytes())
        written[part], written[part + " labels"] = images, labels
    return written


def test_mnist_is_read_from_the_folder_that_the_environment_names(no_network: Path) -> None:
    written = write_mnist(no_network)
    dataset = data.load("mnist")
    assert data.mnist_root() == no_network
    assert (dataset.name, dataset.image_shape, dataset.data_dim) == ("mnist", (28, 28), 784)
    for x, labels, part in (
        (dataset.train, dataset.train_labels, "train"),
        (dataset.test, dataset.test_labels, "t10k"),
    ):
        assert x.dtype == torch.float32
        np.testing.assert_allclose(x.numpy(), written[part].reshape(-1, 784) / 255, rtol=1e-6)
        assert labels.tolist() == written[part + " labels"].tolist()


def test_mnist_as_bytes(no_network: Path) -> None:
    written = write_mnist(no_network)
    dataset = data.load("mnist", as_bytes=True)
    for x, part in ((dataset.train, "train"), (dataset.test, "t10k")):
        assert x.dtype == torch.uint8
        np.testing.assert_array_equal(x.numpy(), written[part].reshape(-1, 784))
    assert torch.equal(data.brightness(dataset.train), data.load("mnist").train)
    halves = torch.tensor([0.0, 0.5])
    assert data.brightness(halves) is halves
    with pytest.raises(ValueError, match=r"only mnist is stored as bytes; leave as_bytes out for 'digits'"):
        data.load("digits", as_bytes=True)


def test_mnist_is_what_torchvision_reads(no_network: Path) -> None:
    write_mnist(no_network)
    dataset = data.load("mnist", as_bytes=True)
    for train, x, labels in ((True, dataset.train, dataset.train_labels), (False, dataset.test, dataset.test_labels)):
        theirs = torchvision_mnist.MNIST(str(no_network), train=train)
        assert torch.equal(x, theirs.data.flatten(1))
        assert torch.equal(labels, theirs.targets)


def test_mnist_root_has_a_default(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("VAE_LIB_DATA", raising=False)
    assert data.mnist_root() == Path.home() / ".cache" / "vae_lib"


def assert_one_line_with_the_remedy(message: str, root: Path) -> None:
    assert "\n" not in message
    assert str(root) in message
    for word in ("MNIST", "connect to the internet", "VAE_LIB_DATA", "load('digits')"):
        assert word in message


def test_mnist_without_a_network_says_so_in_one_line(no_network: Path) -> None:
    with pytest.raises(data.DataUnavailableError) as caught:
        data.load("mnist")
    assert_one_line_with_the_remedy(str(caught.value), no_network)
    assert caught.value.__suppress_context__  # no second traceback for the reader


@pytest.mark.parametrize(
    "damage",
    [
        pytest.param(lambda file: file.write_bytes(b""), id="empty"),
        pytest.param(lambda file: file.write_bytes(file.read_bytes()[:-9]), id="cut short"),
        pytest.param(lambda file: file.write_bytes(b"<html>captive portal</html>"), id="not MNIST"),
        pytest.param(lambda file: file.write_bytes(struct.pack(">2i", 2049, 0)), id="of another length"),
    ],
)
@pytest.mark.parametrize("name", [MNIST_FILES[0], MNIST_FILES[3]])
def test_damaged_mnist_says_so_in_one_line(no_network: Path, damage: Callable[[Path], object], name: str) -> None:
    write_mnist(no_network)
    damage(no_network / "MNIST" / "raw" / name)
    with pytest.raises(data.DataUnavailableError) as caught:
        data.load("mnist")
    assert_one_line_with_the_remedy(str(caught.value), no_network)


def test_a_folder_that_cannot_be_made_says_so_in_one_line(no_network: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (no_network / "file").write_text("in the way")
    monkeypatch.setenv("VAE_LIB_DATA", str(no_network / "file"))
    with pytest.raises(data.DataUnavailableError) as caught:
        data.load("mnist")
    assert_one_line_with_the_remedy(str(caught.value), no_network / "file")


def test_the_command_line_says_so_too(no_network: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["train", "--data", "mnist", "--out", str(tmp_path / "model")]) == 1
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 1
    assert_one_line_with_the_remedy(lines[0], no_network)


# --- binarization ----------------------------------------------------------------------------------------------------


def test_binarize_flips_coins_with_the_brightness_as_probability() -> None:
    brightness = torch.tensor([0.0, 0.1, 0.5, 0.9, 1.0]).expand(20_000, 5)
    x = data.binarize(brightness, generator=torch.Generator().manual_seed(0))
    assert set(x.unique().tolist()) == {0, 1}
    np.testing.assert_allclose(x.mean(0), [0, 0.1, 0.5, 0.9, 1], atol=0.015)  # four errors of 20000 flips
    assert x[:, 0].max() == 0
    assert x[:, 4].min() == 1
    assert torch.equal(x, data.binarize(brightness, generator=torch.Generator().manual_seed(0)))
    assert not torch.equal(x, data.binarize(brightness, generator=torch.Generator().manual_seed(1)))


@pytest.mark.parametrize(("values", "said"), [([0.5, 1.5], "0.5 to 1.5"), ([-0.25, 1.0], "-0.25 to 1")])
def test_binarize_refuses_what_is_no_brightness(values: list[float], said: str) -> None:
    with pytest.raises(ValueError, match=rf"x must lie in \[0, 1\], got values from {said}"):
        data.binarize(torch.tensor(values))
    with pytest.raises(ValueError, match="x must be finite, but row 0 is not"):
        data.binarize(torch.tensor([0.5, float("nan")]))


def test_slant_is_the_slope_of_weighted_regression() -> None:
    x = data.load("digits").test[:30].double()
    rows, columns = np.mgrid[:8, :8]
    for picture, value in zip(x.numpy(), data.slant(x, (8, 8)).tolist(), strict=True):
        slope = np.polyfit(-rows.ravel(), columns.ravel(), 1, w=np.sqrt(picture))[0]
        assert value == pytest.approx(slope, abs=1e-9)


def test_slant_of_strokes() -> None:
    upright, leaning = torch.zeros(5, 7), torch.zeros(5, 7)
    upright[:, 3] = 1
    leaning[range(5), [5, 4, 3, 2, 1]] = 0.5  # like /
    found = data.slant(torch.stack([upright, leaning, torch.zeros(5, 7)]).flatten(1), (5, 7))
    assert found[:2].tolist() == pytest.approx([0, 1], abs=1e-6)
    assert found[2].isnan()


@pytest.mark.parametrize("side", [8, 28])
def test_slant_of_ink_in_one_row_is_nan(side: int) -> None:
    one_row = torch.zeros(50, side, side)
    one_row[:, side // 2] = torch.rand(50, side, generator=torch.Generator().manual_seed(0))
    assert data.slant(one_row.flatten(1), (side, side)).isnan().all()


def test_slant_of_whole_numbers() -> None:
    falling = torch.eye(4).flatten()[None]
    assert data.slant(falling.to(torch.uint8), (4, 4)).tolist() == pytest.approx([-1])

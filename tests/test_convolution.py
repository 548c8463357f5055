"""Convolutions against SciPy's, and bits per dimension and dequantization against a known distribution."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy import signal, stats
from torch import Tensor

from vae_lib import data, evidence, training
from vae_lib.model import VAE


@pytest.fixture
def model() -> VAE:
    torch.manual_seed(0)
    return VAE(2 * 8 * 6, 3, (), image_shape=(2, 8, 6), channels=(4,), activation="relu")


def halved(picture: Tensor, weight: Tensor, bias: Tensor) -> np.ndarray:
    """A convolution of 4 by 4, a padding of 1, every second row and column."""
    maps = []
    for kernels, start in zip(weight.numpy(), bias.numpy(), strict=True):
        sums = sum(
            signal.correlate2d(np.pad(channel, 1), kernel, mode="valid")
            for channel, kernel in zip(picture.numpy(), kernels, strict=True)
        )
        maps.append(sums[::2, ::2] + start)
    return np.stack(maps)


def doubled(maps: np.ndarray, weight: Tensor, bias: Tensor) -> np.ndarray:
    """A transposed convolution: zeros between the numbers, then a full convolution, less its edge."""
    depth, height, width = maps.shape
    spread = np.zeros((depth, 2 * height - 1, 2 * width - 1))
    spread[:, ::2, ::2] = maps
    kernels = weight.numpy()  # (in, out, 4, 4)
    full = [sum(signal.convolve2d(spread[i], kernels[i, o]) for i in range(depth)) for o in range(kernels.shape[1])]
    return np.stack([one[1:-1, 1:-1] + start for one, start in zip(full, bias.numpy(), strict=True)])


@torch.no_grad()
def test_the_encoder_is_scipy_s_convolution(model: VAE) -> None:
    x = torch.rand(5, 96)
    _, convolution, _, _, linear = model.encoder.net
    found = model.encode(x)
    for picture, mean, log_var in zip(x.view(5, 2, 8, 6), found.mean, found.log_var, strict=True):
        features = np.maximum(halved(picture, convolution.weight, convolution.bias), 0).reshape(-1)
        wanted = linear.weight.numpy() @ features + linear.bias.numpy()
        np.testing.assert_allclose(torch.cat([mean, log_var]), wanted, atol=1e-5)


@torch.no_grad()
def test_the_decoder_is_scipy_s_transposed_convolution(model: VAE) -> None:
    z = torch.randn(5, 3)
    linear, unflatten, _, convolution, _ = model.decoder.net
    for one, picture in zip(z, model.decode(z), strict=True):
        maps = np.maximum((linear.weight @ one + linear.bias).numpy(), 0).reshape(unflatten.unflattened_size)
        logits = doubled(maps, convolution.weight, convolution.bias)
        np.testing.assert_allclose(picture, 1 / (1 + np.exp(-logits.reshape(-1))), atol=1e-5)


def test_leading_axes_are_kept(model: VAE) -> None:
    z = torch.randn(4, 7, 3)
    torch.testing.assert_close(model.decode(z)[2], model.decode(z[2]))
    x = torch.rand(4, 7, 96)
    torch.testing.assert_close(model.encode(x).mean[3], model.encode(x[3]).mean)


def test_convolutions_learn_a_shape_wherever_it_is() -> None:
    """A square at 36 places: the best constant picture is far behind."""
    squares = torch.zeros(36, 1, 8, 8)
    for place in range(36):
        squares[place, 0, place // 6 : place // 6 + 3, place % 6 : place % 6 + 3] = 1
    x = squares.flatten(1)
    torch.manual_seed(0)
    model = VAE(64, 2, (32,), sigma=0.2, image_shape=(8, 8), channels=(8,))
    training.fit(model, x, epochs=150, batch_size=12, lr=5e-3, progress=False)
    with torch.no_grad():
        error = float(((model.decode(model.encode(x).mean) - x) ** 2).mean())
    assert error < 0.3 * float(x.var(0, correction=0).mean())


@pytest.mark.parametrize("levels", [2, 17, 256])
def test_dequantized_pixels_are_their_counts_and_even_noise(levels: int) -> None:
    counts = torch.arange(levels).repeat(20_000 // levels)
    noisy = data.dequantize(counts / (levels - 1), levels=levels, generator=torch.Generator().manual_seed(0)) * levels
    assert torch.equal((noisy - 1e-3 * (noisy == noisy.round())).floor().long(), counts)
    assert stats.kstest((noisy - counts).numpy(), "uniform").pvalue > 0.01


@pytest.mark.parametrize("levels", [4, 256])
def test_bits_per_dimension_of_the_true_distribution_are_its_entropy(levels: int) -> None:
    shares = np.random.default_rng(0).dirichlet(np.ones(levels))
    counts = np.random.default_rng(1).choice(levels, size=(4000, 6), p=shares)
    x = data.dequantize(torch.tensor(counts) / (levels - 1), levels=levels, generator=torch.Generator().manual_seed(0))
    place = (x * levels).floor().long().clamp(max=levels - 1).numpy()
    log_density = torch.tensor(np.log(levels * shares)[place]).sum(1)  # flat within each step
    found = evidence.bits_per_dimension(log_density, 6, levels=levels).mean()
    spread = np.log2(shares)[counts].std() / np.sqrt(counts.size)
    assert float(found) == pytest.approx(stats.entropy(shares, base=2), abs=4 * spread)


def test_a_model_that_knows_nothing_takes_eight_bits() -> None:
    assert evidence.bits_per_dimension(torch.zeros(1), 3072).item() == pytest.approx(8)

"""The closed form of σ against scipy's minimizer and autograd; one σ for each pixel against torch.distributions."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from scipy import optimize, stats
from torch.distributions import Normal

from vae_lib.beyond.sigma import PixelSigmaVAE, optimal_sigma_elbo
from vae_lib.data import Dataset
from vae_lib.model import VAE, Autoencoder


def seeded(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def test_no_other_sigma_makes_the_batch_more_likely(small_vae: VAE, digits: Dataset) -> None:
    x = digits.test[:50]
    model = VAE(**small_vae.config())
    model.load_state_dict(small_vae.state_dict())
    with torch.no_grad():
        bound, terms = optimal_sigma_elbo(model, x, seeded())
        pictures = model.decode(model.encode(x).rsample(generator=seeded())).double().numpy()
    errors = x.double().numpy() - pictures

    def negative(log_sigma: float) -> float:
        return -float(stats.norm(0, math.exp(log_sigma)).logpdf(errors).sum()) / len(x)

    best = optimize.minimize_scalar(negative, bounds=(-4, 0), method="bounded")
    assert float(terms.reconstruction.mean()) == pytest.approx(-best.fun, abs=1e-3)
    assert model.sigma == pytest.approx(math.exp(best.x), rel=1e-3)
    np.testing.assert_allclose(terms.reconstruction, stats.norm(0, math.exp(best.x)).logpdf(errors).sum(1), rtol=1e-3)
    torch.testing.assert_close(bound, terms.elbo)


def test_its_gradient_is_that_of_the_logarithm_of_the_error(small_vae: VAE, digits: Dataset) -> None:
    x, bias = digits.test[:50], small_vae.decoder.net[-1].bias
    _, terms = optimal_sigma_elbo(VAE(**small_vae.config()), x, seeded())  # another model: small_vae stays as it is
    assert terms.reconstruction.requires_grad
    squares = (x - small_vae.decode(small_vae.encode(x).rsample(generator=seeded()))) ** 2
    (expected,) = torch.autograd.grad(-32 * squares.mean().log(), bias)
    log_sigma = small_vae.log_sigma.detach().clone()
    try:
        _, terms = optimal_sigma_elbo(small_vae, x, seeded())
        (found,) = torch.autograd.grad(terms.reconstruction.mean(), bias)
    finally:
        small_vae.log_sigma.data.copy_(log_sigma)
    torch.testing.assert_close(found, expected, rtol=1e-3, atol=1e-5)


def test_only_a_gaussian_vae_has_a_best_sigma() -> None:
    x = torch.zeros(2, 64)
    for model in (VAE(64, 2, (8,), likelihood="bernoulli"), Autoencoder(64, 2, (8,))):
        with pytest.raises(TypeError, match="the best sigma needs a VAE with the Gaussian likelihood"):
            optimal_sigma_elbo(model, x, seeded())


def test_each_pixel_has_its_sigma() -> None:
    model = PixelSigmaVAE(5, 2, (8,), sigma=0.5)
    assert model.sigma == pytest.approx(0.5)
    assert model.log_sigma.shape == (5,)
    with torch.no_grad():
        model.log_sigma.copy_(torch.tensor([0.1, 0.2, 0.3, 0.4, 0.5]).log())
    x, z = torch.rand(3, 5, generator=seeded()), torch.randn(4, 3, 2, generator=seeded())
    reference = Normal(model.decode(z), model.log_sigma.exp()).log_prob(x).sum(-1)
    torch.testing.assert_close(model.log_likelihood(x, z), reference, rtol=1e-5, atol=1e-4)
    assert model.sigma == pytest.approx(stats.gmean([0.1, 0.2, 0.3, 0.4, 0.5]))
    model.terms(x, generator=seeded()).elbo.sum().backward()
    assert (model.log_sigma.grad != 0).all()
    assert model.sample(3, generator=seeded()).shape == (3, 5)

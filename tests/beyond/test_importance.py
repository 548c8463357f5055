"""Gradients of L_k against its exact ones in a linear model, and the rates of Rainforth et al. 2018."""

from __future__ import annotations

import math

import pytest
import torch

from vae_lib import evidence
from vae_lib.beyond.importance import gradient_draws, signal_to_noise
from vae_lib.data import Dataset
from vae_lib.distributions import Gaussian
from vae_lib.model import VAE


def seeded(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def test_gradients_of_the_elbo_are_right_on_average(small_vae: VAE, digits: Dataset) -> None:
    """For k = 1 against autograd through quadrature and the closed form of the KL; five standard errors."""
    x = digits.test[0]
    mean, log_var = (part.detach().requires_grad_() for part in small_vae.encode(x[None]))
    z, shares = evidence.quadrature(Gaussian(mean, log_var))
    elbo = shares.flatten() @ small_vae.log_likelihood(x, z).flatten() - Gaussian(mean, log_var).kl().sum()
    exact = torch.cat(torch.autograd.grad(elbo, (mean, log_var)), 1)[0]
    draws = gradient_draws(small_vae, x, 1, repeats=20_000, generator=seeded()).encoder
    error = draws.std(0) / math.sqrt(len(draws))
    assert ((draws.mean(0) - exact).abs() < 5 * error).all()
    assert (error < 0.1 * exact.abs().max()).all()


def test_decoder_gradient_is_a_weighted_mean_over_the_draws(digits: Dataset) -> None:
    """Of the Bernoulli likelihood by pencil: Σ w̃_i (x − f(z_i))."""
    torch.manual_seed(0)
    model = VAE(64, 2, (8,), likelihood="bernoulli")
    x = digits.test[0].round()
    found = gradient_draws(model, x, 7, repeats=3, generator=seeded()).decoder
    with torch.no_grad():
        q = model.encode(x.expand(3, -1))
        z = q.rsample(7, generator=seeded())
        shares = torch.softmax(model.log_likelihood(x, z) + model.log_prior(z) - q.log_prob(z), 0)
        expected = (shares[..., None] * (x - model.decode(z))).sum(0)
    torch.testing.assert_close(found, expected, rtol=1e-4, atol=1e-5)


def test_the_model_stays_as_it_is(small_vae: VAE, digits: Dataset) -> None:
    small_vae.zero_grad()
    before = {name: value.clone() for name, value in small_vae.state_dict().items()}
    logits = small_vae.decoder(torch.zeros(1, 2))
    gradient_draws(small_vae, digits.test[0], 2, repeats=2, generator=seeded())
    assert all(torch.equal(value, before[name]) for name, value in small_vae.state_dict().items())
    assert all(parameter.grad is None for parameter in small_vae.decoder.parameters())
    assert torch.equal(small_vae.decoder(torch.zeros(1, 2)), logits)


def test_ratio_falls_for_the_encoder_and_rises_for_the_decoder(small_vae: VAE, digits: Dataset) -> None:
    """Rainforth et al. 2018, theorem 1: like 1/√k and √k; from k = 16 to 256 factors of ¼ and 4, within 40 %."""
    few, many = (gradient_draws(small_vae, digits.test[1], k, repeats=4000, generator=seeded()) for k in (16, 256))
    assert float(signal_to_noise(many.decoder).median() / signal_to_noise(few.decoder).median()) > 2.4
    assert float(signal_to_noise(many.encoder).max() / signal_to_noise(few.encoder).max()) < 0.6


def test_ratio_is_mean_over_spread() -> None:
    draws = torch.tensor([-2.0, 0.5]) + torch.randn(100_000, 2, generator=seeded()) * torch.tensor([4.0, 0.1])
    assert signal_to_noise(draws).tolist() == pytest.approx([0.5, 5.0], rel=0.02)


def test_bad_input_is_named(small_vae: VAE, digits: Dataset) -> None:
    with pytest.raises(ValueError, match="k must be at least 1, got 0"):
        gradient_draws(small_vae, digits.test[0], 0, repeats=10)

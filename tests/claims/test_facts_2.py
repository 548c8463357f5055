"""Sentences of chapter 2 that no cell of it holds."""

from __future__ import annotations

import math

import numpy as np
import pytest
from reference import Networks
from scipy import optimize, special, stats

from vae_lib import data, pretrained


@pytest.fixture(scope="module")
def networks() -> Networks:
    return Networks(pretrained.load("digits-2").state_dict())


def test_the_improbable_digits_are_those_that_no_z_draws(networks: Networks) -> None:
    """Chapter 2 says by how much log P(X) and the smallest squared error of any z correlate over the test digits."""
    x = data.load("digits").test.double().numpy()
    axis = np.linspace(-5, 5, 161)
    z = np.stack(np.meshgrid(axis, axis), -1).reshape(-1, 2)
    decoded = networks.decode(z)
    errors = (x**2).sum(1)[:, None] - 2 * x @ decoded.T + (decoded**2).sum(1)
    log_evidence = special.logsumexp(stats.norm.logpdf(z).sum(1) - errors / (2 * networks.sigma**2), axis=1)
    assert np.corrcoef(log_evidence, errors.min(1))[0, 1] == pytest.approx(-0.996, abs=1e-3)


def test_a_fixed_error_has_its_best_sigma_at_its_own_size() -> None:
    found = optimize.minimize_scalar(
        lambda sigma: -stats.norm.logpdf([0.3, -0.1, 0.25], 0, sigma).sum(), bounds=(0.01, 2), method="bounded"
    )
    assert found.x == pytest.approx(math.sqrt(np.mean(np.square([0.3, -0.1, 0.25]))), abs=1e-4)


def test_any_other_gaussian_prior_is_another_first_layer(networks: Networks) -> None:
    """f(z) with z ~ N(m, LLᵀ) and f(Lε + m) with ε ~ N(0, I): the first layer takes up L and m."""
    rng = np.random.default_rng(0)
    lower, shift = np.tril(rng.normal(size=(2, 2))), rng.normal(size=2)
    noise = rng.normal(size=(50, 2))
    weights = {name: value.double().numpy() for name, value in pretrained.load("digits-2").state_dict().items()}
    first = "decoder.net.0"
    bent = {
        **weights,
        f"{first}.weight": weights[f"{first}.weight"] @ lower,
        f"{first}.bias": weights[f"{first}.bias"] + weights[f"{first}.weight"] @ shift,
    }
    assert Networks(bent).decode(noise) == pytest.approx(networks.decode(noise @ lower.T + shift), abs=1e-9)


def test_a_further_latent_that_is_pinned_down_makes_the_hits_rarer() -> None:
    """z ~ N(0, I) and X|z ~ N(z, 0.01 I): the effective share of the draws, exactly, for 1, 2 and 3 latents."""

    def share(latents: int) -> float:
        first = stats.norm.pdf(1, 0, math.sqrt(1 + 0.01)) ** 2
        second = stats.norm.pdf(0, 0, math.sqrt(2 * 0.01)) * stats.norm.pdf(1, 0, math.sqrt(1 + 0.005))
        return float((first / second) ** latents)  # E[w]² / E[w²], latent by latent

    z = np.random.default_rng(0).standard_normal(2_000_000)
    w = stats.norm.pdf(1, z, 0.1)
    assert w.mean() ** 2 / (w**2).mean() == pytest.approx(share(1), rel=0.02)
    assert share(2) < 0.2 * share(1)
    assert share(3) < 0.2 * share(2)


def even_grid(networks: Networks, x: np.ndarray) -> np.ndarray:
    """log P(X) of each row, up to nothing: an even grid over z."""
    axis = np.linspace(-5, 5, 161)
    z = np.stack(np.meshgrid(axis, axis), -1).reshape(-1, 2)
    decoded = networks.decode(z)
    errors = (x**2).sum(1)[:, None] - 2 * x @ decoded.T + (decoded**2).sum(1)
    constant = 64 * math.log(networks.sigma * math.sqrt(2 * math.pi)) - 2 * math.log(axis[1] - axis[0])
    return special.logsumexp(stats.norm.logpdf(z).sum(1) - errors / (2 * networks.sigma**2), axis=1) - constant


def test_noise_is_hundreds_of_nats_below(networks: Networks) -> None:
    found = even_grid(networks, np.random.default_rng(0).random((40, 64)))
    assert found.mean() == pytest.approx(-200, abs=15)
    assert 10 < found.std() < 50


def test_a_hundred_thousand_draws_are_worth_a_few_hundred(networks: Networks) -> None:
    x = data.load("digits").test[3].double().numpy()
    rng = np.random.default_rng(0)
    worth = []
    for _ in range(5):
        z = rng.standard_normal((100_000, 2))
        errors = ((networks.decode(z) - x) ** 2).sum(1) / (2 * networks.sigma**2)
        w = np.exp(errors.min() - errors)
        worth.append(w.sum() ** 2 / (w**2).sum())
    assert 250 < np.median(worth) < 400


def test_sometimes_the_encoder_aims_beside_a_better_z(networks: Networks) -> None:
    """Over the test digits: the squared error at the encoder's z against the smallest of any z."""
    x = data.load("digits").test.double().numpy()
    axis = np.linspace(-5, 5, 161)
    decoded = networks.decode(np.stack(np.meshgrid(axis, axis), -1).reshape(-1, 2))
    best = ((x**2).sum(1)[:, None] - 2 * x @ decoded.T + (decoded**2).sum(1)).min(1)
    own = ((networks.decode(networks.encode(x)[0]) - x) ** 2).sum(1)
    assert 0.02 < (own > 1.5 * best).mean() < 0.3

"""Verdicts of chapter 2: σ read off a slider or computed, a density by pencil, and two functions in other styles."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from judged import judged
from reference import Networks
from scipy import integrate, optimize, special, stats
from torch import Tensor
from torch.distributions import Independent, MultivariateNormal, Normal

from vae_lib import data, exercises, pretrained
from vae_lib.widgets import IntegralExplorer

SEVEN = 3


@pytest.fixture(scope="module")
def networks() -> Networks:
    return Networks(pretrained.load("digits-2").state_dict())


@pytest.fixture(scope="module")
def best_sigma(networks: Networks) -> float:
    """By an even grid over z and SciPy's search over σ."""
    x = data.load("digits").test[SEVEN].double().numpy()
    axis = np.linspace(-4, 4, 160)
    z = np.stack(np.meshgrid(axis, axis), -1).reshape(-1, 2)
    squares = ((networks.decode(z) - x) ** 2).sum(1)
    log_prior = stats.norm.logpdf(z).sum(1)

    def minus_log_evidence(sigma: float) -> float:
        terms = log_prior - squares / (2 * sigma**2) - 64 * math.log(sigma)
        return -float(special.logsumexp(terms))

    return float(optimize.minimize_scalar(minus_log_evidence, bounds=(0.08, 0.3), method="bounded").x)


def test_the_best_sigma_passes_as_a_reader_would_give_it(best_sigma: float) -> None:
    stops = IntegralExplorer().sigmas
    nearest = sorted(stops, key=lambda stop: abs(math.log(stop / best_sigma)))[:2]
    for answer in (best_sigma, round(best_sigma, 2), round(best_sigma, 3), *nearest, torch.tensor(best_sigma)):
        assert exercises.check_answer("best sigma", answer).passed, answer
    for answer in (0.1, 0.14, 0.145, 0.2, 0.3):  # between the right one and those that are named
        assert judged("best sigma", answer) == (False, None), answer
    for answer in (0.16, 0.1598, 0.08, 0.0799, 0.9, 0.904):
        assert exercises.check_answer("best sigma", answer).mistake is not None


def density(x: float, slope: float, variance: float) -> float:
    """Eq. (1) by SciPy's quadrature."""
    area, _ = integrate.quad(lambda z: stats.norm.pdf(x, slope * z, math.sqrt(variance)) * stats.norm.pdf(z), -9, 9)
    return float(area)


def test_the_density_passes_to_three_digits_and_its_near_misses_are_not_misnamed() -> None:
    right = density(1, 2, 0.25)
    for answer in (right, round(right, 3), round(right, 4), 0.1715, 0.1725):
        assert exercises.check_answer("easy integral", answer).passed
    assert "per cent" in repr(exercises.check_answer("easy integral", 100 * round(right, 3)))
    assert "standard deviation of the noise" in repr(exercises.check_answer("easy integral", density(1, 2, 0.25**2)))
    for answer in (0.1735, 0.19, 0.2, 0.22, 0.2405, 0.26, 0.155, 0.12):
        assert judged("easy integral", answer) == (False, None), answer


def test_an_honest_simulation_of_the_density_passes() -> None:
    """A million draws, as the solution of exercise 5 takes them: in how many of 40 runs its answer passes."""
    passed = 0
    for seed in range(40):
        z = np.random.default_rng(seed).standard_normal(1_000_000)
        passed += exercises.check_answer("easy integral", stats.norm.pdf(1, 2 * z, 0.5).mean()).passed
    assert passed >= 39


def by_covariance(x: Tensor, mean: Tensor, sigma: float) -> Tensor:
    return MultivariateNormal(mean, sigma**2 * torch.eye(x.shape[-1])).log_prob(x)


def in_numpy(x: Tensor, mean: Tensor, sigma: float) -> np.ndarray:
    return stats.norm.logpdf(x.numpy(), mean.numpy(), sigma).sum(1)


@pytest.mark.parametrize(
    "answer",
    [
        by_covariance,
        in_numpy,
        lambda x, mean, sigma: Independent(Normal(mean, sigma), 1).log_prob(x),
        lambda x, mean, sigma: (
            -0.5 * ((x - mean) / sigma).square().sum(1) - x.shape[1] * (math.log(sigma) + math.log(2 * math.pi) / 2)
        ),
        lambda x, mean, sigma: torch.log(
            torch.exp(-((x - mean) ** 2) / (2 * sigma**2)) / (sigma * math.sqrt(2 * math.pi))
        ).sum(dim=1),
    ],
)
def test_a_log_density_in_five_styles(answer: Callable[..., Any]) -> None:
    assert exercises.check_log_density(answer).passed


def squares(x: Tensor, mean: Tensor, sigma: float) -> Tensor:
    return ((x - mean) ** 2).sum(-1) / (2 * sigma**2)


@pytest.mark.parametrize(
    ("wrong", "mistake"),
    [
        (lambda x, m, s: -squares(x, m, s) - 64 * math.log(s * math.sqrt(2 * math.pi)), "64 pixels"),
        (lambda x, m, s: -squares(x, m, s) - x.shape[1] * math.log(s * 2 * math.pi), "2π without a root"),
        (lambda x, m, s: -squares(x, m, s) - x.shape[1] * math.log(s), "no 2π"),
        (lambda x, m, s: -squares(x, m, s), "no constant"),
        (lambda x, m, s: Independent(Normal(m, s**2), 1).log_prob(x), "variance into Normal"),
        (lambda x, m, s: -squares(x, m, s) * 0.9 - x.shape[1] * math.log(s * math.sqrt(2 * math.pi)), None),
        (lambda x, m, s: -squares(x, m, s) - x.shape[1] * math.log(s * 2.5), None),
    ],
)
def test_slips_of_a_log_density_are_named_and_near_misses_are_not(
    wrong: Callable[..., Any], mistake: str | None
) -> None:
    verdict = exercises.check_log_density(wrong)
    assert not verdict.passed
    assert verdict.mistake == mistake


@pytest.mark.parametrize(
    "answer",
    [
        lambda x, z, sigma: special.logsumexp(stats.norm.logpdf(float(x), z.numpy(), sigma)) - np.log(len(z)),
        lambda x, z, sigma: torch.logsumexp(Normal(z, sigma).log_prob(x) - math.log(z.numel()), dim=0),
        lambda x, z, sigma: (
            torch.logaddexp(Normal(z, sigma).log_prob(x), torch.tensor(-1e9)).logsumexp(0)
            - torch.tensor(float(len(z))).log()
        ),
        lambda x, z, sigma: (lambda t: t.max() + (t - t.max()).exp().mean().log())(Normal(z, sigma).log_prob(x)),
        lambda x, z, sigma: (
            torch.log_softmax(torch.cat([Normal(z, sigma).log_prob(x)]), 0).neg()[0]
            + Normal(z, sigma).log_prob(x)[0]
            - math.log(len(z))
        ),
    ],
)
def test_a_marginal_in_five_styles(answer: Callable[..., Any]) -> None:
    assert exercises.check_marginal(answer).passed


@pytest.mark.parametrize(
    ("wrong", "mistake"),
    [
        (lambda x, z, s: torch.logsumexp(-((x - z) ** 2) / (2 * s**2) - math.log(s), 0) - math.log(len(z)), "no 2π"),
        (lambda x, z, s: Normal(z, s).log_prob(x).exp().mean().log(), "overflow"),
        (lambda x, z, s: torch.logsumexp(Normal(z, s).log_prob(x), 0) - math.log(len(z) - 0.5), None),
        (lambda x, z, s: Normal(z, s).log_prob(x).median(), None),
    ],
)
def test_slips_of_a_marginal_are_named_and_near_misses_are_not(wrong: Callable[..., Any], mistake: str | None) -> None:
    verdict = exercises.check_marginal(wrong)
    assert not verdict.passed
    assert verdict.mistake == mistake

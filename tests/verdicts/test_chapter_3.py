"""Verdicts of chapter 3: two numbers rounded as a reader would, and the KL and the gap in other styles."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from judged import judged
from scipy import integrate, stats
from torch import Tensor
from torch.distributions import Independent, MultivariateNormal, Normal, kl_divergence

from vae_lib import exercises


def divergence(one: Any, other: Any) -> float:
    """By SciPy's quadrature, of two distributions of scipy.stats."""
    low, high = one.ppf(1e-14), one.ppf(1 - 1e-14)
    area, _ = integrate.quad(lambda z: one.pdf(z) * (one.logpdf(z) - other.logpdf(z)), low, high, limit=200)
    return float(area)


def test_the_larger_divergence_passes_rounded_as_a_reader_would() -> None:
    right = divergence(stats.norm(0, 1), stats.norm(0, 0.1))
    for answer in (right, round(right, 1), round(right, 2), round(right), 47):
        assert exercises.check_answer("larger divergence", answer).passed
    other = divergence(stats.norm(0, 0.1), stats.norm(0, 1))
    for answer in (other, round(other, 1), round(other)):
        assert "smaller of the two" in exercises.check_answer("larger divergence", answer).words
    for answer in (46, 48, 49.5, 25, 5, 1.2, 2.6, 0.3, right / math.log(2)):  # the last are bits
        assert judged("larger divergence", answer) == (False, None), answer


def test_the_factor_passes_and_its_near_misses_are_not_misnamed() -> None:
    for answer in (0.05, 1 / 20, torch.tensor(0.05), 0.0495):
        assert exercises.check_answer("mean for sum", answer).passed
    assert "per cent" in exercises.check_answer("mean for sum", 5).words
    for answer in (0.025, 0.1, 0.06, 0.04, 0.9, 2, 10):
        assert judged("mean for sum", answer) == (False, None), answer


def by_covariances(mean: Tensor, log_var: Tensor) -> Tensor:
    q = MultivariateNormal(mean, torch.diag_embed(log_var.exp()))
    return kl_divergence(q, MultivariateNormal(torch.zeros_like(mean), torch.eye(mean.shape[1])))


def by_quadrature(mean: Tensor, log_var: Tensor) -> np.ndarray:
    rows = zip(mean.tolist(), log_var.tolist(), strict=True)
    return np.array(
        [
            sum(divergence(stats.norm(m, math.exp(v / 2)), stats.norm()) for m, v in zip(ms, vs, strict=True))
            for ms, vs in rows
        ]
    )


@pytest.mark.parametrize(
    "answer",
    [
        by_covariances,
        by_quadrature,
        lambda mean, log_var: kl_divergence(
            Independent(Normal(mean, (0.5 * log_var).exp()), 1), Independent(Normal(torch.zeros_like(mean), 1.0), 1)
        ),
        lambda mean, log_var: -0.5 * torch.sum(1 + log_var - mean.pow(2) - log_var.exp(), dim=1),
        lambda mean, log_var: (mean.square().sum(1) + log_var.exp().sum(1) - log_var.sum(1) - mean.shape[1]) / 2,
        lambda mean, log_var: [
            float(sum(m**2 + math.exp(v) - 1 - v for m, v in zip(ms, vs, strict=True)) / 2)
            for ms, vs in zip(mean.tolist(), log_var.tolist(), strict=True)
        ],
    ],
)
def test_a_kl_in_six_styles(answer: Callable[..., Any]) -> None:
    assert exercises.check_kl(answer).passed


@pytest.mark.parametrize(
    ("wrong", "mistake"),
    [
        (lambda m, v: (0.5 * m**2 + (v.exp() - 1 - v)).sum(-1), "half on the mean only"),
        (lambda m, v: (m**2 + 0.5 * (v.exp() - 1 - v)).sum(-1), "half on the width only"),
        (lambda m, v: 0.5 * ((m**2).sum(-1) + v.exp().sum(-1) - 1 - v.sum(-1)), "−1 once for all latents"),
        (lambda m, v: (0.5 * (m**2 + v.exp()) - 1 - 0.5 * v).sum(-1), None),
        (lambda m, v: 0.49 * (m**2 + v.exp() - 1 - v).sum(-1), None),
    ],
)
def test_slips_of_a_kl_are_named_and_near_misses_are_not(wrong: Callable[..., Any], mistake: str | None) -> None:
    verdict = exercises.check_kl(wrong)
    assert not verdict.passed
    assert verdict.mistake == mistake


def test_values_are_called_right_only_where_all_are() -> None:
    """The first case has log s² = 0, where the half on one part makes no difference: with an axis kept, too."""
    verdict = exercises.check_kl(lambda m, v: (0.5 * m**2 + v.exp() - 1 - v).sum(-1, keepdim=True))
    assert not verdict.passed
    assert "The shape is" in verdict.words
    assert "values in it are right" not in verdict.words
    right = exercises.check_kl(lambda m, v: 0.5 * (m**2 + v.exp() - 1 - v).sum(-1, keepdim=True))
    assert "values in it are right" in right.words


@pytest.mark.parametrize(
    "answer",
    [
        lambda q, x, p, e: float(np.mean(q.numpy() - x.numpy() - p.numpy()) + float(e)),
        lambda q, x, p, e: e - (x + p - q).mean(),
        lambda q, x, p, e: q.mean() - x.mean() - p.mean() + e,
        lambda q, x, p, e: sum(float(a - b - c + e) for a, b, c in zip(q, x, p, strict=True)) / len(q),
        lambda q, x, p, e: (q - (x + p - e)).mean(),
    ],
)
def test_a_gap_in_five_styles(answer: Callable[..., Any]) -> None:
    assert exercises.check_gap(answer).passed


@pytest.mark.parametrize(
    "wrong", [lambda q, x, p, e: (q - x - p).median() + e, lambda q, x, p, e: (q - x - p).mean() + 1.1 * e]
)
def test_near_misses_of_a_gap_are_named_for_nothing_else(wrong: Callable[..., Any]) -> None:
    verdict = exercises.check_gap(wrong)
    assert not verdict.passed
    assert verdict.mistake is None


def test_an_honest_gap_by_ten_thousand_draws_is_within_a_tenth() -> None:
    """The seven of the chapter, as exercise 4 asks for it: in all of 40 runs."""
    from vae_lib import data, evidence, pretrained
    from vae_lib.distributions import Gaussian

    vae, x = pretrained.load("digits-2"), data.load("digits").test[3]
    with torch.no_grad():
        q = Gaussian(*vae.encode(x))
        cells = evidence.grid(vae, x, q=q)
        exact = cells.kl_from(q)
        for seed in range(40):
            z = q.rsample(10_000, generator=torch.Generator().manual_seed(seed))
            terms = q.log_prob(z) - vae.log_likelihood(x, z) - vae.log_prior(z)
            assert abs(float(terms.mean()) + cells.log_evidence - exact) < 0.1

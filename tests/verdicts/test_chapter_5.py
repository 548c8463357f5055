"""Verdicts of chapter 5: right answers in other styles, honest simulations, each slip as itself, and near misses."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from judged import judged
from torch import Tensor
from torch.distributions import MultivariateNormal, Normal

from vae_lib import data, evidence, exercises
from vae_lib.model import VAE, Terms
from vae_lib.training import fit
from vae_lib.widgets import ReparameterizationExplorer

SEEDS = 50


def test_the_slider_s_stops_beside_twenty_are_right() -> None:
    def factor(mu: float) -> float:
        variances = ReparameterizationExplorer(mu=mu).exact_variances
        return variances["score"] / variances["pathwise"]

    assert factor(1.9) < 20 < factor(1.95)
    assert all(exercises.check_answer("twenty times", mu).passed for mu in (1.9, 1.92, 1.95))
    assert exercises.check_answer("twenty times", 20).mistake == "20.0"
    for mu in (0.5, 1.5, 1.8, 2.05, 2.33, 3.0, 19.0):
        assert judged("twenty times", mu) == (False, None), mu


def test_a_million_draws_find_the_factor_of_the_cube() -> None:
    """With 10,000 draws about half would fail, which is why the text asks for more."""
    passed = []
    for seed in range(SEEDS):
        z = np.random.default_rng(seed).standard_normal(1_000_000)
        passed.append(exercises.check_answer("cube", round(((z * z) ** 2).var() / (3 * z * z).var(), 1)).passed)
    assert np.mean(passed) >= 0.96


def test_near_misses_of_the_cube() -> None:
    assert all(exercises.check_answer("cube", answer).passed for answer in (16 / 3, 5.3, 5.33, 96 / 18))
    named = {96: "96.0", 18: "18.0", 0.19: "0.19", 0.1875: "0.19", 2.3: "2.31", 3.9: "3.89", 105 / 27: "3.89"}
    assert {answer: exercises.check_answer("cube", answer).mistake for answer in named} == named
    for answer in (1.0, 3.0, 4.5, 4.9, 6.0, 7.5, 35.0, 105.0, 533.0):
        assert judged("cube", answer) == (False, None), answer


def test_a_million_draws_find_the_best_baseline() -> None:
    """By the quotient of the hint, and by the smallest of many variances on the same draws."""
    passed = []
    for seed in range(SEEDS):
        z = 1 + np.random.default_rng(seed).standard_normal(1_000_000)
        score = z - 1
        quotient = (z * z * score * score).mean() / (score * score).mean()
        plain, square = z * z * score, score.var()
        covariance = np.mean((plain - plain.mean()) * (score - score.mean()))
        tried = np.arange(0, 10, 0.1)
        lowest = tried[np.argmin(plain.var() - 2 * tried * covariance + tried**2 * square)]
        passed += [exercises.check_answer("best baseline", answer).passed for answer in (round(quotient, 1), lowest)]
    assert np.mean(passed) >= 0.96


def test_near_misses_of_the_baseline() -> None:
    assert all(exercises.check_answer("best baseline", answer).passed for answer in (4, 4.0, 3.9, 4.1))
    named = {2: "2", 0: "0", 14: "14", 18: "18", 13.9: "14", 18.1: "18"}
    assert {answer: exercises.check_answer("best baseline", answer).mistake for answer in named} == named
    for answer in (1.0, 3.0, 3.5, 5.0, 10.0, 22.0, 30.0, -4.0):
        assert judged("best baseline", answer) == (False, None), answer


class VarianceForWidth(VAE):
    def terms(self, x: Tensor, *, generator: torch.Generator | None = None) -> Terms:
        q = self.encode(x)
        z = q.mean + q.log_var.exp() * torch.randn(q.mean.shape, generator=generator)
        return Terms(self.log_likelihood(x, z), q.kl())


@pytest.mark.parametrize("seed", [1, 2])
def test_an_honest_run_finds_what_the_slip_reports(seed: int) -> None:
    digits = data.load("digits")
    torch.manual_seed(seed)
    slip = VarianceForWidth(64, 2, (128, 64))
    fit(slip, digits.train, epochs=20, batch_size=64, seed=seed)
    with torch.no_grad():
        q = slip.encode(digits.test)
        apart = slip.terms(digits.test).elbo.mean() - evidence.elbo_terms(slip, digits.test, q).elbo.mean()
    assert (q.std < 1).float().mean() > 0.9
    assert exercises.check_answer("half left out", "high" if apart > 0 else "low").passed


@pytest.mark.parametrize(
    "answer",
    [
        lambda mean, log_var: mean + torch.exp(0.5 * log_var) * torch.randn_like(mean),
        lambda mean, log_var: mean + log_var.exp() ** 0.5 * torch.randn(mean.shape),
        lambda mean, log_var: Normal(mean, log_var.div(2).exp()).rsample(),
        lambda mean, log_var: torch.addcmul(mean, torch.exp(log_var / 2), torch.randn_like(mean)),
        lambda mean, log_var: MultivariateNormal(mean, torch.diag_embed(log_var.exp())).rsample(),
    ],
)
def test_the_draw_is_right_in_any_style(answer: Callable[..., Any]) -> None:
    assert exercises.check_reparameterize(answer).passed


@pytest.mark.parametrize(
    ("answer", "mistake"),
    [
        (lambda m, v: m + v.exp() * torch.randn_like(m), "variance for s"),
        (lambda m, v: m + 0.5 * v.exp() * torch.randn_like(m), "half outside the exp"),
        (lambda m, v: m + 0.5 * v * torch.randn_like(m), "half log s² for s"),
        (lambda m, v: m + v * torch.randn_like(m), "log s² for s"),
        (lambda m, v: m + torch.exp(v / 2) * torch.rand_like(m), "uniform noise"),
        (lambda m, v: m + torch.exp(v / 2) * torch.randn(len(m), 1), "one noise for both latents"),
        (lambda m, v: m + torch.exp(v / 2) * torch.randn(2), "one noise for the batch"),
        (lambda m, v: Normal(m, torch.exp(v / 2)).sample(), "no gradient"),
        # near misses
        (lambda m, v: m + torch.exp(v / 2).sqrt() * torch.randn_like(m), None),
        (lambda m, v: m + torch.exp(2 * v) * torch.randn_like(m), None),
        (lambda m, v: m + 1.2 * torch.exp(v / 2) * torch.randn_like(m), None),
        (lambda m, v: m + torch.exp(-v / 2) * torch.randn_like(m), None),
        (lambda m, v: m + math.sqrt(12) * torch.exp(v / 2) * (torch.rand_like(m) - 0.5), None),
    ],
)
def test_slips_in_the_draw(answer: Callable[..., Any], mistake: str | None) -> None:
    verdict = exercises.check_reparameterize(answer)
    assert not verdict.passed
    assert verdict.mistake == mistake


def test_what_pytorch_does_with_a_draw_by_sample() -> None:
    """The chapter's first quick question."""
    mu = torch.tensor(1.0, requires_grad=True)
    with pytest.raises(RuntimeError, match="does not require grad"):
        (Normal(mu, 1.0).sample() ** 2).backward()
    assert mu.grad is None

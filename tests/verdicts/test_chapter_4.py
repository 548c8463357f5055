"""Verdicts of chapter 4: right answers in other styles, each slip as itself, and near misses that are named nothing."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from scipy import special, stats
from torch import Tensor
from torch.distributions import Independent, Normal, kl_divergence

from vae_lib import data, evidence, exercises, pretrained
from vae_lib.distributions import Gaussian
from vae_lib.exercises.checking import Verdict


def kl(mean: Tensor, log_var: Tensor) -> Tensor:
    q = Independent(Normal(mean, (log_var / 2).exp()), 1)
    return kl_divergence(q, Independent(Normal(torch.zeros_like(mean), 1.0), 1))


def by_integrals(x: Tensor, m: Tensor, v: Tensor) -> np.ndarray:
    def divergence(mean: float, width: float) -> float:
        q = stats.norm(mean, width)
        return q.expect(lambda z: q.logpdf(z) - stats.norm.logpdf(z))

    rows = zip(m.tolist(), (v / 2).exp().tolist(), strict=True)
    return x.mean(0).numpy() - [sum(map(divergence, *row)) for row in rows]


@pytest.mark.parametrize(
    "answer",
    [
        by_integrals,
        lambda x, m, v: x.mean(dim=0) + 0.5 * torch.sum(1 + v - m.pow(2) - v.exp(), dim=1),
        lambda x, m, v: [float(x[:, i].mean() - kl(m[i : i + 1], v[i : i + 1])) for i in range(len(m))],
        lambda x, m, v: torch.stack([row - kl(m, v) for row in x]).mean(0),
        lambda x, m, v: (x.double().sum(0) / x.shape[0] - kl(m.double(), v.double())).numpy(),
    ],
)
def test_the_elbo_is_right_in_any_style(answer: Callable[..., Any]) -> None:
    assert exercises.check_elbo(answer).passed


@pytest.mark.parametrize(
    ("answer", "mistake"),
    [
        (lambda x, m, v: x.mean(0) + kl(m, v), "KL added"),
        (lambda x, m, v: -(x.mean(0) - kl(m, v)), "sign"),
        (lambda x, m, v: x.mean(0) - (m**2 + v.exp() - 1 - v).sum(-1), "KL without its half"),
        (lambda x, m, v: x.mean(0) - (0.5 * (m**2 + v.exp()) - 1 - v).sum(-1), "half on the squares only"),
        (lambda x, m, v: x.mean(0) - (0.5 * (m**2 + v.exp() - 1) - v).sum(-1), "half missing before the log"),
        (lambda x, m, v: x.mean(0) - 0.5 * (m**2 + v.exp() - 1 - v).mean(-1), "KL as a mean over latents"),
        (lambda x, m, v: x.mean(0) - 0.5 * (m**2 + v.exp() ** 2 - 1 - 2 * v).sum(-1), "log σ² for log σ"),
        (lambda x, m, v: x.exp().mean(0).log() - kl(m, v), "log of the mean"),
        (lambda x, m, v: x.sum(0) - kl(m, v), "sum over draws"),
        (lambda x, m, v: x.mean() - kl(m, v), "reconstruction averaged over the batch"),
        # near misses, which are none of these
        (lambda x, m, v: x.mean(0) / 64 - kl(m, v), None),
        (lambda x, m, v: x.mean(0) - kl(m, v) / math.log(2), None),
        (lambda x, m, v: x.median(0).values - kl(m, v), None),
        (lambda x, m, v: x.mean(0) - 0.5 * kl(m, v), None),
        (lambda x, m, v: x.mean(0) - kl(m, v) - 0.01, None),
    ],
)
def test_slips_in_the_elbo(answer: Callable[..., Any], mistake: str | None) -> None:
    verdict = exercises.check_elbo(answer)
    assert not verdict.passed
    assert verdict.mistake == mistake


@pytest.mark.parametrize(
    "answer",
    [
        lambda x, p, q: special.logsumexp((x + p - q).numpy(), axis=0) - np.log(len(x)),
        lambda x, p, q: torch.logsumexp(x.double() + p.double() - q.double() - math.log(x.shape[0]), dim=0),
        lambda x, p, q: [evidence.log_mean_exp(column) for column in (p - q + x).T],
    ],
)
def test_log_p_by_weights_is_right_in_any_style(answer: Callable[..., Any]) -> None:
    assert exercises.check_importance(answer).passed


@pytest.mark.parametrize(
    ("answer", "mistake"),
    [
        (lambda x, p, q: (x + p - q).mean(0), "mean of the logs"),
        (lambda x, p, q: torch.logsumexp(x, 0) - math.log(len(x)), "the false claim"),
        (lambda x, p, q: torch.logsumexp(x + p - q, 0), "sum for mean"),
        (lambda x, p, q: torch.logsumexp(x + p - q, 0) / len(x), "divided outside the log"),
        (lambda x, p, q: torch.log(torch.mean(torch.exp(x + p - q), dim=0)), "overflow"),
        (lambda x, p, q: torch.logsumexp(x - p + q, 0) - math.log(len(x)), "weight upside down"),
        # near misses
        (lambda x, p, q: (x + p - q).max(0).values, None),
        (lambda x, p, q: torch.logsumexp(x + p - q, 0) - math.log(len(x) - 1), None),
        (lambda x, p, q: (torch.logsumexp(x + p - q, 0) - math.log(len(x))) / math.log(2), None),
    ],
)
def test_slips_in_log_p_by_weights(answer: Callable[..., Any], mistake: str | None) -> None:
    verdict = exercises.check_importance(answer)
    assert not verdict.passed
    assert verdict.mistake == mistake


def verdicts(question: str, answers: list[float]) -> list[Verdict]:
    return [exercises.check_answer(question, answer) for answer in answers]


def test_one_hump() -> None:
    assert all(each.passed for each in verdicts("one hump", [0.0, 0.002, 0.0024, 0.01, 0.02]))
    named = {0.74: "0.74", 0.73: "0.74", 0.75: "0.74", 0.55: "0.55", 0.54: "0.55", -3.38: "-3.38", -3.37: "-3.38"}
    assert {answer: exercises.check_answer("one hump", answer).mistake for answer in named} == named
    # between right and wrong, and the right one in per cent, which no gap is
    for verdict in verdicts("one hump", [0.05, 0.1, 0.24, 0.3, 0.45, 0.6, 0.65, 0.69, 1.0, 2.4, 5.0, -0.1]):
        assert not verdict.passed
        assert verdict.mistake is None


def test_the_row_of_the_largest_gap() -> None:
    assert all(exercises.check_answer("largest gap", answer).passed for answer in (18, 18.0, torch.tensor(18)))
    for row in set(range(40)) - {18, 28, 9, 29, 19}:
        verdict = exercises.check_answer("largest gap", row)
        assert verdict.mistake is None
        assert f"It is not {row}." in repr(verdict)
        assert "too large" not in repr(verdict)
        assert "too small" not in repr(verdict)
    for gap in (16.2, 16.18, 16.185):
        assert exercises.check_answer("largest gap", gap).mistake == "16.185"


def test_by_draws_the_first_two_rows_may_change_places_and_the_second_says_so() -> None:
    """By 1,000 draws of Q a digit, in place of the grid: log of the mean weight less the mean log weight."""
    vae, x = pretrained.load("digits-2"), data.load("digits").test[:40]
    with torch.no_grad():
        q = vae.encode(x)
    found = []
    for seed in range(10):
        generator = torch.Generator().manual_seed(seed)
        log_weights = evidence.importance_log_weights(vae, x, Gaussian(*q), 1000, generator=generator)
        found.append(int((evidence.log_mean_exp(log_weights) - log_weights.mean(0)).argmax()))
    assert set(found) == {9, 18}
    assert "By draws of Q" in repr(exercises.check_answer("largest gap", 9))


def test_the_sigma_of_a_bare_kl() -> None:
    assert all(each.passed for each in verdicts("bare KL", [19.8, 19.799, math.sqrt(392), 20, 14 * math.sqrt(2)]))
    named = {392: "392.0", 28: "28.0", 0.7: "0.71", 0.7071: "0.71", 5.7: "5.66", 784: "784.0"}
    assert {answer: exercises.check_answer("bare KL", answer).mistake for answer in named} == named
    # other units (brightness to 255), 1/784, 28/255, and what lies between
    for verdict in verdicts("bare KL", [19.8 * 255, 1 / 784, 28 / 255, 14.0, 19.0, 21.0, 24.0, 10.0, 1.0, 0.16, 1980]):
        assert not verdict.passed
        assert verdict.mistake is None

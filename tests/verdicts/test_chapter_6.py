"""Verdicts of chapter 6: the loss in other styles, slips as readers write them, and near misses named nothing."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from judged import judged
from torch import Tensor, nn
from torch.distributions import Independent, Normal, kl_divergence
from torch.nn import functional

from vae_lib import exercises


def by_distributions(x: Tensor, f: Tensor, mean: Tensor, log_var: Tensor, sigma: float) -> Tensor:
    q = Independent(Normal(mean, (log_var / 2).exp()), 1)
    prior = Independent(Normal(torch.zeros_like(mean), 1.0), 1)
    pixels = Independent(Normal(f, sigma), 1)
    return (kl_divergence(q, prior) - pixels.log_prob(x)).mean()


def by_pytorch_s_losses(x: Tensor, f: Tensor, mean: Tensor, log_var: Tensor, sigma: float) -> Tensor:
    pixels = functional.gaussian_nll_loss(f, x, torch.full_like(f, sigma**2), full=True, reduction="sum")
    kl = -0.5 * torch.sum(1 + log_var - mean.pow(2) - log_var.exp())
    return (pixels + kl) / x.size(0)


def by_loops(x: Tensor, f: Tensor, mean: Tensor, log_var: Tensor, sigma: float) -> float:
    total = 0.0
    for row in range(len(x)):
        for pixel, drawn in zip(x[row].tolist(), f[row].tolist(), strict=True):
            total += (pixel - drawn) ** 2 / (2 * sigma**2) + math.log(sigma) + 0.5 * math.log(2 * math.pi)
        for m, v in zip(mean[row].tolist(), log_var[row].tolist(), strict=True):
            total += 0.5 * (m * m + math.exp(v) - v - 1)
    return total / len(x)


def by_numpy(x: Tensor, f: Tensor, mean: Tensor, log_var: Tensor, sigma: float) -> np.floating[Any]:
    a, b, m, v = (part.numpy() for part in (x, f, mean, log_var))
    first = np.square(a - b).sum(1) / sigma**2 / 2 + a.shape[1] * np.log(sigma * np.sqrt(2 * np.pi))
    return np.mean(first + (np.square(m) + np.exp(v) - v - 1).sum(1) / 2)


def by_one_picture_at_a_time(x: Tensor, f: Tensor, mean: Tensor, log_var: Tensor, sigma: float) -> Tensor:
    losses = []
    for one, back, m, v in zip(x, f, mean, log_var, strict=True):
        squares = nn.MSELoss(reduction="sum")(back, one)
        losses.append(squares / 2 / sigma**2 + len(one) * math.log(sigma * (2 * math.pi) ** 0.5))
        losses[-1] = losses[-1] + (m @ m + (v.exp() - v).sum() - len(m)) / 2
    return sum(losses) / torch.tensor(float(len(losses)))


@pytest.mark.parametrize(
    "answer", [by_distributions, by_pytorch_s_losses, by_loops, by_numpy, by_one_picture_at_a_time]
)
def test_the_loss_in_other_styles_is_right(answer: Callable[..., Any]) -> None:
    verdict = exercises.check_loss(answer)
    assert verdict.passed, verdict


def kl(mean: Tensor, log_var: Tensor) -> Tensor:
    return (mean**2 + log_var.exp() - 1 - log_var).sum(1) / 2


@pytest.mark.parametrize(
    ("answer", "mistake"),
    [
        (lambda x, f, m, v, s: nn.MSELoss()(f, x) + kl(m, v).mean(), "mean squared error"),
        (lambda x, f, m, v, s: nn.MSELoss(reduction="none")(f, x).sum(1).mean() + kl(m, v).mean(), "σ left out"),
        (lambda x, f, m, v, s: -by_distributions(x, f, m, v, s), "sign"),
        (lambda x, f, m, v, s: by_distributions(x, f, m, v, s) * len(x), "sum over the batch"),
        (lambda x, f, m, v, s: by_distributions(x, f, m, v, s) + kl(m, v).mean(), "KL without its half"),
        (lambda x, f, m, v, s: by_distributions(x, f, m, v, s) - kl(m, v).mean(), "no KL"),
        (lambda x, f, m, v, s: by_distributions(x, f, m, v, s) - 2 * kl(m, v).mean(), "KL taken off"),
        (lambda x, f, m, v, s: by_distributions(x, f, m, v, 0.16), "σ of the chapter"),
        (lambda x, f, m, v, s: by_distributions(x, f, m, 2 * v, s), "log σ² for log σ"),
    ],
)
def test_a_slip_in_the_loss_is_named(answer: Callable[..., Any], mistake: str) -> None:
    assert exercises.check_loss(answer).mistake == mistake


def test_a_slip_that_is_none_of_these_is_given_no_name() -> None:
    def with_beta(x: Tensor, f: Tensor, m: Tensor, v: Tensor, s: float) -> Tensor:
        return by_distributions(x, f, m, v, s) + 3 * kl(m, v).mean()

    verdict = exercises.check_loss(with_beta)
    assert not verdict.passed
    assert verdict.mistake is None


@pytest.mark.parametrize(
    ("question", "answers"),
    [
        ("lowest KL", [3, 3.0, torch.tensor(3), np.int64(3)]),
        ("mended mean", [1 / 64, 0.0156, 0.016, 0.015625, torch.tensor(1) / 64]),
        ("sum over the batch", ["sgd", "SGD", " sgd "]),
        ("more latents", ["none", "None"]),
    ],
)
def test_an_answer_right_to_the_digits_asked_for_passes(question: str, answers: list[Any]) -> None:
    for answer in answers:
        assert exercises.check_answer(question, answer).passed, answer


@pytest.mark.parametrize(
    ("question", "answer", "mistake"),
    [
        ("lowest KL", 0, "0"),
        ("lowest KL", 2, "2"),
        ("lowest KL", 5, None),  # a stop of the slider, and nobody's mistake
        ("lowest KL", 1.3, "1"),  # the KL itself, read off for the epoch: 1 is the nearest stop
        ("mended mean", 64, "64"),
        ("mended mean", 1, "1"),
        ("mended mean", 1 / 8, "0.125"),
        ("mended mean", 100 / 64, "per cent"),
        ("mended mean", 1 / 32, None),
        ("mended mean", 0.02, None),
        ("sum over the batch", "both", "both"),
        ("more latents", "elbo", "elbo"),
    ],
)
def test_another_answer_is_named_where_it_fits_a_mistake_and_nothing_else(
    question: str, answer: Any, mistake: str | None
) -> None:
    assert judged(question, answer) == (False, mistake)

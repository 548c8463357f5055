"""Verdicts of chapter 8: bound and effective draws in other styles, honest simulations, near misses named nothing."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from judged import judged
from scipy import special
from torch import Tensor

from vae_lib import data, evidence, exercises, pretrained
from vae_lib.distributions import Gaussian


def bound_by_loops(log_weights: Tensor) -> list[float]:
    groups, k, batch = log_weights.shape
    bounds = []
    for picture in range(batch):
        heights = []
        for group in range(groups):
            values = log_weights[group, :, picture].tolist()
            top = max(values)
            heights.append(top + math.log(sum(math.exp(value - top) for value in values) / k))
        bounds.append(sum(heights) / groups)
    return bounds


@pytest.mark.parametrize(
    "answer",
    [
        bound_by_loops,
        lambda w: special.logsumexp(w.numpy(), axis=1, b=1 / w.shape[1]).mean(0),
        lambda w: torch.stack([torch.logsumexp(g, 0) - math.log(len(g)) for g in w]).mean(0),
        lambda w: (w.amax(1) + (w - w.amax(1, keepdim=True)).exp().mean(1).log()).mean(0),
        lambda w: (
            torch.logaddexp(w, torch.full_like(w, -math.inf)).logsumexp(1).sub(math.log(w.size(1))).sum(0) / len(w)
        ),
    ],
)
def test_the_bound_in_other_styles_is_right(answer: Callable[..., Any]) -> None:
    verdict = exercises.check_iwae(answer)
    assert verdict.passed, verdict


@pytest.mark.parametrize(
    "answer",
    [
        lambda w: 1 / (special.softmax(w.numpy(), axis=0) ** 2).sum(0),
        lambda w: (2 * torch.logsumexp(w, 0) - torch.logsumexp(2 * w, 0)).exp(),
        lambda w: [1 / sum(p * p for p in torch.softmax(column, 0).tolist()) for column in w.T],
        lambda w: (w - w.max(0).values).exp().sum(0) ** 2 / (2 * (w - w.max(0).values)).exp().sum(0),
        lambda w: torch.special.softmax(w, 0).norm(dim=0) ** -2,
    ],
)
def test_the_effective_number_in_other_styles_is_right(answer: Callable[..., Any]) -> None:
    verdict = exercises.check_effective_samples(answer)
    assert verdict.passed, verdict


@pytest.mark.parametrize(
    ("check", "answer", "mistake"),
    [
        ("check_iwae", lambda w: w.mean(1).mean(0), "ELBO"),
        ("check_iwae", lambda w: torch.logsumexp(w, 1).mean(0), "sum for mean"),
        ("check_iwae", lambda w: w.exp().mean(1).log().mean(0), "overflow"),
        ("check_iwae", lambda w: w.logsumexp(1).sub(math.log(w.shape[1])), "groups not averaged"),
        ("check_iwae", lambda w: w.logsumexp(1).mean(0) - 1, None),
        ("check_effective_samples", lambda w: w.exp().sum(0) ** 2 / (w.exp() ** 2).sum(0), "overflow"),
        ("check_effective_samples", lambda w: (torch.softmax(w, 0) ** 2).sum(0), "upside down"),
        ("check_effective_samples", lambda w: 1 / torch.softmax(w, 0).amax(0), "largest share only"),
        ("check_effective_samples", lambda w: 1 / torch.softmax(w, 0).square().sum(0) - 1, None),
    ],
)
def test_a_slip_in_a_function_is_named_where_it_is_known(
    check: str, answer: Callable[..., Any], mistake: str | None
) -> None:
    verdict = getattr(exercises, check)(answer)
    assert not verdict.passed
    assert verdict.mistake == mistake


@pytest.mark.parametrize(
    ("question", "answers"),
    [
        ("worse than noise", [0.34, 34 / 100, torch.tensor(0.34)]),
        ("best noise", [0.26, 0.265, 0.2646, math.sqrt(0.07), np.sqrt(np.mean([0.01, 0.04, 0.16]))]),
        ("four times as wide", [0.92, 0.91, 0.93, 0.9]),
        ("gap of the learned", [2.2, 2.16, 2.1]),
        ("fair memoriser", [0.13, 0.14, 0.134, 0.135]),
    ],
)
def test_an_answer_right_to_the_digits_asked_for_passes(question: str, answers: list[Any]) -> None:
    for answer in answers:
        assert exercises.check_answer(question, answer).passed, answer


@pytest.mark.parametrize(
    ("question", "answer", "mistake"),
    [
        ("worse than noise", 0.32, "0.32"),
        ("worse than noise", 34, "per cent"),
        ("worse than noise", 0.36, None),
        ("best noise", 0.07, "0.07"),
        ("best noise", 0.23, "0.2333"),
        ("best noise", 0.46, "0.4583"),
        ("best noise", np.std([0.1, 0.2, 0.4]), "0.1247"),
        ("best noise", np.std([0.1, 0.2, 0.4], ddof=1), "0.1528"),
        ("best noise", math.sqrt(0.21 / 2), "0.324"),
        ("best noise", 0.25, None),
        ("best noise", 0.3, None),
        ("four times as wide", 0.6, "0.6"),
        ("four times as wide", 92, "per cent"),
        ("four times as wide", 0.75, None),
        ("gap of the learned", 6.2, "6.19"),
        ("gap of the learned", 2.5, "2.49"),
        ("gap of the learned", 2.3, None),
        ("gap of the learned", 3.0, None),
        ("fair memoriser", 0.02, "0.02"),
        ("fair memoriser", 0.16, None),
        ("fair memoriser", 0.15, None),
        ("fair memoriser", 0.12, None),
    ],
)
def test_another_answer_is_named_where_it_fits_a_mistake_and_nothing_else(
    question: str, answer: Any, mistake: str | None
) -> None:
    assert judged(question, answer) == (False, mistake)


def test_honest_draws_from_the_wider_proposal_pass() -> None:
    test, vae = data.load("digits").test, pretrained.load("digits-2")
    exact = evidence.grid_log_evidence(vae, test, spacing=1 / 16, extent=5)
    with torch.no_grad():
        q = vae.encode(test)
    wider = Gaussian(q.mean, q.log_var + 2 * math.log(4))
    for seed in range(1, 5):
        generator = torch.Generator().manual_seed(seed)
        found = evidence.importance_sampling(vae, test, wider, 1000, generator=generator)
        share = ((found.log_evidence - exact).abs() < 2 * found.standard_error).double().mean()
        assert exercises.check_answer("four times as wide", share).passed, share

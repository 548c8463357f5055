"""Sentences of chapter 3 that no cell of it holds."""

from __future__ import annotations

import numpy as np
import pytest
from reference import Networks
from scipy import integrate, special, stats

from vae_lib import data, pretrained


@pytest.mark.parametrize(("mean", "s", "other", "t"), [(1.0, 0.5, 0.0, 1.0), (-0.7, 2.0, 0.4, 0.6), (0, 1, 3, 1)])
def test_the_closed_form_is_the_integral(mean: float, s: float, other: float, t: float) -> None:
    q, p = stats.norm(mean, s), stats.norm(other, t)
    area, _ = integrate.quad(lambda z: q.pdf(z) * (q.logpdf(z) - p.logpdf(z)), mean - 12 * s, mean + 12 * s, limit=200)
    ratio = s**2 / t**2
    assert area == pytest.approx(0.5 * (ratio - 1 - np.log(ratio) + (mean - other) ** 2 / t**2), abs=1e-7)


def test_the_gap_is_large_where_q_misses() -> None:
    """Over 60 test digits: distance of Q's mean from the posterior's, in posterior widths, against the gap."""
    networks = Networks(pretrained.load("digits-2").state_dict())
    axis = np.linspace(-4.5, 4.5, 451)
    z = np.stack(np.meshgrid(axis, axis), -1).reshape(-1, 2)
    decoded, log_prior = networks.decode(z), stats.norm.logpdf(z).sum(1)
    missed, gaps = [], []
    for x in data.load("digits").test[:60].double().numpy():
        log_joint = log_prior - ((decoded - x) ** 2).sum(1) / (2 * networks.sigma**2)
        posterior = np.exp(log_joint - special.logsumexp(log_joint))
        center = posterior @ z
        width = np.sqrt(posterior @ (z - center) ** 2)
        mean, variance = networks.encode(x)
        log_q = stats.norm.logpdf(z, mean, np.sqrt(variance)).sum(1)
        q = np.exp(log_q - special.logsumexp(log_q))
        gaps.append(q @ (np.log(q + 1e-300) - (log_joint - special.logsumexp(log_joint))))
        missed.append(np.abs((mean - center) / width).max())
    assert stats.spearmanr(missed, gaps).statistic > 0.7
    assert np.median(np.array(gaps)[np.array(missed) < 0.5]) < 1


def test_draws_from_the_wide_one_mostly_miss_the_narrow_one() -> None:
    assert 2 * stats.norm.sf(0.3) > 0.75  # beyond three widths of N(0, 0.1²), drawn from N(0, 1)

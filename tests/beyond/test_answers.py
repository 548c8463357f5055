"""What the exercises of pages 10.1 to 10.8 call right and wrong, by scipy and numpy."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from scipy import integrate, optimize, special, stats

from vae_lib.exercises import ANSWERS


def check(name: str, right: float, wrong: dict[float, float]) -> None:
    """Right and every wrong number come out as their words say; the tolerance is a twentieth of the learner's."""
    question = ANSWERS[name]
    assert float(question.right) == pytest.approx(right, abs=question.tolerance / 20)
    assert {value: value for value in question.wrong} == pytest.approx(wrong, abs=question.tolerance / 20)


def test_rate_for_beta() -> None:
    def chosen(beta: float) -> float:
        lowest = optimize.minimize_scalar(lambda rate: 50 * np.exp(-rate / 5) + beta * rate, bounds=(0, 40))
        return float(lowest.x)

    no_chain_rule = optimize.brentq(lambda rate: 50 * np.exp(-rate / 5) - 2, 0, 40)
    check("rate for beta", chosen(2), {16.094: no_chain_rule, 11.513: chosen(1), -8.047: -chosen(2), 4.581: chosen(4)})


def test_worth_of_a_label() -> None:
    log_given = np.array([30.0] + [-100.0] * 9)
    right = special.logsumexp(log_given, b=0.1)
    check("worth of a label", right, {30.0: 30, 32.303: 60 - right, 3.0: 0.1 * 30, 29.0: 30 - np.log10(10)})


def test_two_weights() -> None:
    weights = np.array([1.0, 3.0])
    of_mean, of_logs = np.log(weights.mean()), np.log(weights).mean()
    by_tens = np.log10(weights.mean()) - np.log10(weights).mean()
    right = of_mean - of_logs
    check("two weights", right, {0.54931: of_logs, 0.69315: of_mean, -0.14384: -right, 0.06247: by_tens})


def test_noisier_encoder() -> None:
    few, many = 4, 36
    right = few**-0.5 / many**-0.5
    check("noisier encoder", right, {9.0: many / few, 0.33333: 1 / right, 6.0: many**0.5, 81.0: (many / few) ** 2})


def test_dead_pixels() -> None:
    wide, narrow = stats.norm(0, 0.1).logpdf(0), stats.norm(0, 0.01).logpdf(0)
    right = 5 * (narrow - wide)
    squared = 5 * (np.log(0.1**2) - np.log(0.01**2))
    check(
        "dead pixels",
        right,
        {2.3026: narrow - wide, 5.0: 5 * np.log10(10), -11.513: -right, 23.026: squared},
    )


def test_sigma_of_rounding() -> None:
    cell = stats.uniform(0, 1 / 256)
    check(
        "sigma of rounding",
        cell.std(),
        {
            0.0039062: 1 / 256,
            0.00032552: 1 / 256 / 12,
            1.2716e-6: cell.var(),
            0.016981: stats.uniform(0, 1 / 17).std(),
        },
    )


def kl_by_integral(log_q: Callable[[float], float], log_p: Callable[[float], float], around: float) -> float:
    """Of two densities on the line, where the first has next to nothing farther than 10 from ``around``."""
    value, _ = integrate.quad(
        lambda z: np.exp(log_q(z)) * (log_q(z) - log_p(z)), around - 10, around + 10, epsabs=1e-9, points=[around]
    )
    return float(value)


def test_price_of_a_component() -> None:
    left, right_half, standard = stats.norm(-4), stats.norm(4), stats.norm(0)

    def mixture(z: float) -> float:
        return float(np.logaddexp(left.logpdf(z), right_half.logpdf(z)) - np.log(2))

    right = kl_by_integral(right_half.logpdf, mixture, 4)
    from_standard = kl_by_integral(right_half.logpdf, standard.logpdf, 4)
    one_half = kl_by_integral(right_half.logpdf, right_half.logpdf, 4)
    check(
        "price of a component",
        right,
        {8.0: from_standard, 0.0: one_half, -0.6931: -right, 1.0: right / np.log(2)},
    )


def test_price_of_a_word() -> None:
    one = stats.entropy(np.full(512, 1 / 512))  # log 512: what the certain choice of one symbol costs
    positions = 32 * 32
    in_bits = positions * stats.entropy(np.full(512, 1 / 512), base=2)
    check(
        "price of a word",
        positions * one,
        {9216.0: in_bits, 6.24: one, 524288.0: positions * 512, -6388.0: -positions * one},
    )


def test_two_payments() -> None:
    def kl(mean: float, prior: float) -> float:
        return kl_by_integral(stats.norm(mean).logpdf, stats.norm(prior).logpdf, mean)

    upper, lower = kl(1, 0), kl(5, 3)
    from_origin = upper + kl(5, 0)
    check("two payments", upper + lower, {13.0: from_origin, 2.0: lower, 0.5: upper, 5.0: 2 * (upper + lower)})


def test_half_noise() -> None:
    noise = stats.norm(0, 1)

    def share_of_noise(kept: float) -> float:  # of the variance of z_t, for data of variance 1
        from_noise = (1 - kept) * noise.var()
        return float(from_noise / (from_noise + kept * stats.norm(0, 1).var()))

    right = optimize.brentq(lambda kept: share_of_noise(kept) - 0.5, 0, 1)
    assert share_of_noise(1.0) == 0
    check("half noise", right, {0.7071: right**0.5, 0.25: right**2, 1.0: 1.0})

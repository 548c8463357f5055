"""Verdicts of pages 10.1 to 10.8: right answers as readers write them, each mistake that is known, and near misses."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np
import pytest
import torch
from judged import judged
from scipy import stats

from vae_lib import exercises


@pytest.mark.parametrize(
    ("name", "answers"),
    [
        ("rate for beta", [8.0, 8.05, 8.047, 5 * np.log(5), torch.tensor(5.0).log() * 5]),
        ("equally good", [15.6, 15.63, 15.5, 15.7, torch.tensor(15.6)]),
        ("worth of a label", [27.7, 27.697, 30 - np.log(10), np.float32(27.7), torch.tensor([27.7])]),
        ("two weights", [0.14, 0.144, np.log(2 / np.sqrt(3)), 0.1438, torch.tensor(2 / 3**0.5).log()]),
        ("noisier encoder", [3, 3.0, Fraction(3), np.sqrt(9), torch.tensor(3)]),
        ("dead pixels", [11.5, 11.513, 5 * np.log(10), 11.51, torch.tensor(10.0).log() * 5]),
        ("sigma of rounding", [0.0011, 0.00113, 1.1276e-3, 1 / (256 * np.sqrt(12)), np.sqrt(1 / 12) / 256]),
        ("price of a component", [0.69, 0.693, np.log(2), 0.6931, torch.tensor(2.0).log()]),
        ("two payments", [2.5, Fraction(5, 2), 0.5 + 2, np.float32(2.5), torch.tensor(2.5)]),
        ("price of a word", [6390, 6388, 1024 * np.log(512), 6388.04, torch.tensor(512.0).log() * 1024]),
        ("half noise", [0.5, 0.50, Fraction(1, 2), np.float64(0.5), torch.tensor(0.5)]),
    ],
)
def test_right_in_other_styles(name: str, answers: list[Any]) -> None:
    for answer in answers:
        assert judged(name, answer) == (True, None), answer


@pytest.mark.parametrize(
    ("name", "answer", "mistake"),
    [
        ("rate for beta", 16.1, "16.094"),
        ("rate for beta", 11.5, "11.513"),
        ("rate for beta", 4.6, "4.581"),
        ("equally good", 15, "15.0"),
        ("equally good", 22.1, "22.12"),
        ("worth of a label", 32.3, "32.303"),
        ("worth of a label", 29, "29.0"),
        ("two weights", 0.55, "0.54931"),
        ("two weights", 0.69, "0.69315"),
        ("two weights", 0.06, "0.06247"),
        ("noisier encoder", 1 / 3, "0.33333"),
        ("dead pixels", 2.3, "2.3026"),
        ("dead pixels", 23.0, "23.026"),
        ("sigma of rounding", 0.0039, "0.0039062"),
        ("sigma of rounding", 0.00033, "0.00032552"),
        ("sigma of rounding", 0.017, "0.016981"),
        ("price of a component", 1, "1.0"),
        ("two payments", 13, "13.0"),
        ("price of a word", 9220, "9216.0"),
        ("price of a word", 6.24, "6.24"),
        ("half noise", 0.71, "0.7071"),
    ],
)
def test_a_mistake_rounded_as_a_reader_would(name: str, answer: float, mistake: str) -> None:
    assert judged(name, answer) == (False, mistake)


@pytest.mark.parametrize(
    ("name", "answers"),
    [
        ("rate for beta", [7.5, 8.5, 9, 10, 14]),
        ("equally good", [14, 16.5, 17, 12, 10, 20]),
        ("worth of a label", [27, 28, 27.5, 20, 31]),
        ("two weights", [0.12, 0.16, 0.2, 0.4, 0.6]),
        ("noisier encoder", [2.9, 3.1, 2, 4, 32]),
        ("dead pixels", [11, 12, 10, 20, 4.6]),
        ("sigma of rounding", [0.001, 0.0012, 0.002, 0.0005, 0.01]),
        ("price of a component", [0.65, 0.72, 0.5, 0.3, 2]),
        ("two payments", [2.4, 2.6, 3, 1, 4.5]),
        ("price of a word", [6300, 6400, 6500, 9000, 1024]),
        ("half noise", [0.45, 0.55, 0.4, 0.6, 0.9]),
    ],
)
def test_a_near_miss_is_given_no_name(name: str, answers: list[float]) -> None:
    for answer in answers:
        assert judged(name, answer) == (False, None), answer


def test_honest_simulations_pass_nearly_always() -> None:
    generator = np.random.default_rng(0)
    passed = {"sigma of rounding": 0, "price of a component": 0}
    for _ in range(100):
        by_rounding = (generator.random(10_000) / 256).std()
        z = generator.normal(4, 1, 10_000)
        log_p = np.logaddexp(stats.norm.logpdf(z, -4), stats.norm.logpdf(z, 4)) - np.log(2)
        by_draws = (stats.norm.logpdf(z, 4) - log_p).mean()
        for name, answer in (("sigma of rounding", by_rounding), ("price of a component", by_draws)):
            passed[name] += exercises.check_answer(name, answer).passed
    assert min(passed.values()) >= 98

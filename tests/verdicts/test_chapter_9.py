"""Verdicts of chapter 9: right answers as readers write them, each mistake that is known, and near misses."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np
import pytest
import torch
from judged import judged
from scipy import optimize, stats

from vae_lib import exercises
from vae_lib.exercises import chapter_9


@pytest.mark.parametrize(
    ("name", "answers"),
    [
        # ten degrees to the one side, eleven to the other; off the curve it is read to two or three
        ("a tenth of a nat", [10, 11, 9, 12, 8, 10.5, torch.tensor(10)]),
        ("three numbers", [1.5, Fraction(3, 2), np.float32(1.5), (0.25 + 1 + 4) / 3 - 0.25, torch.tensor([1.5])]),
        ("mean rate", [0.69, 0.6931, np.log(2), 0.693, 0.5 * np.log(1.25 / 0.3125), torch.tensor(4.0).log() / 2]),
        ("no draw", [0.1, 0.10, 0.05 / 0.5, Fraction(1, 10), np.float32(0.1), torch.tensor(0.1)]),
    ],
)
def test_right_in_other_styles(name: str, answers: list[Any]) -> None:
    for answer in answers:
        assert judged(name, answer) == (True, None), answer


@pytest.mark.parametrize(
    ("name", "answer", "mistake"),
    [
        ("a tenth of a nat", 46, "45"),
        ("a tenth of a nat", -51, "-50"),
        ("a tenth of a nat", -30, "-29"),
        ("a tenth of a nat", -11, "-10"),
        ("three numbers", 1.88, "1.875"),
        ("three numbers", 1.11, "1.1111"),
        ("three numbers", 1.22, "1.2247"),
        ("three numbers", np.var([0.5, 1, 2]) - 0.25, "0.1389"),
        ("three numbers", np.var([0.5, 1, 2], ddof=1) - 0.25, "0.3333"),
        ("mean rate", 1.39, "1.3863"),
        ("mean rate", 1, "1.0"),
        ("mean rate", np.log10(2), "0.301"),
        ("mean rate", 0.40, "0.4024"),
        ("no draw", 0.2, "0.2"),
        ("no draw", 0.45, "0.4472"),
    ],
)
def test_a_mistake_rounded_as_a_reader_would(name: str, answer: float, mistake: str) -> None:
    assert judged(name, answer) == (False, mistake)


@pytest.mark.parametrize(
    ("name", "answers"),
    [
        ("a tenth of a nat", [5, 13, 15, 17, 25, 30, 60, 0]),
        ("three numbers", [1.4, 1.6, 1.8, 2.0, 1.3, 0.25, 3.75]),
        ("mean rate", [0.65, 0.72, 0.5, 0.35, 0.8, 1.25]),
        ("no draw", [0.08, 0.12, 0.15, 0.3, 0.0, 0.5]),
    ],
)
def test_a_near_miss_is_given_no_name(name: str, answers: list[float]) -> None:
    for answer in answers:
        assert judged(name, answer) == (False, None), answer


def test_an_honest_simulation_of_the_forgotten_draw_passes_nearly_always() -> None:
    generator = np.random.default_rng(0)
    passed = 0
    for _ in range(200):
        z = generator.normal(0.8, np.sqrt(0.05), 20_000)
        excess = stats.norm.logpdf(1, 0.8, 0.5) - stats.norm.logpdf(1, z, 0.5).mean()
        passed += exercises.check_answer("no draw", excess).passed
    assert passed >= 196


def test_an_honest_search_for_the_best_square_passes() -> None:
    squares = np.arange(0, 4, 0.01)
    sums = [stats.norm(0, np.sqrt(square + 0.25)).logpdf([0.5, 1, 2]).sum() for square in squares]
    assert judged("three numbers", squares[int(np.argmax(sums))])[0]
    found = optimize.minimize_scalar(
        lambda square: -stats.norm(0, np.sqrt(square + 0.25)).logpdf([0.5, 1, 2]).sum(), bounds=(0, 4)
    )
    assert judged("three numbers", found.x)[0]


def test_the_numbers_of_the_quick_questions_are_the_chapter_s() -> None:
    words = " ".join(answer.reason for question in chapter_9.QUICK for answer in question.answers)
    for number in ("0.92", "0.28", "0.735"):
        assert number in words  # each asserted in a cell of the chapter

"""Verdicts of chapter 7: arcs in other styles, honest simulations, slips as themselves, near misses named nothing."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from judged import judged
from scipy.spatial import geometric_slerp
from scipy.spatial.transform import Rotation, Slerp
from sklearn.linear_model import LogisticRegression
from torch import Tensor

from vae_lib import data, exercises, pretrained


def by_scipy(start: Tensor, end: Tensor, steps: int) -> np.ndarray:
    a, b = start.double().numpy(), end.double().numpy()
    ends = a / np.linalg.norm(a), b / np.linalg.norm(b)
    return np.linalg.norm(a) * geometric_slerp(*ends, np.linspace(0, 1, steps))


def by_a_frame_in_the_plane(start: Tensor, end: Tensor, steps: int) -> Tensor:
    aside = end - start * (start @ end) / (start @ start)
    aside = aside / aside.norm() * start.norm()
    angle = torch.atan2(end @ aside, end @ start)
    t = torch.linspace(0, float(angle), steps)
    return t.cos()[:, None] * start + t.sin()[:, None] * aside


def by_loops(start: Tensor, end: Tensor, steps: int) -> list[list[float]]:
    a, b = start.tolist(), end.tolist()
    omega = math.acos(sum(p * q for p, q in zip(a, b, strict=True)) / math.hypot(*a) / math.hypot(*b))
    rows = []
    for step in range(steps):
        t = step / (steps - 1)
        one, other = math.sin((1 - t) * omega) / math.sin(omega), math.sin(t * omega) / math.sin(omega)
        rows.append([one * p + other * q for p, q in zip(a, b, strict=True)])
    return rows


def by_matrix_powers(start: Tensor, end: Tensor, steps: int) -> Tensor:
    """The turn of one step, again and again: exp of a generator in the plane of the two codes."""
    u = start / start.norm()
    v = end - u * (u @ end)
    v = v / v.norm()
    omega = torch.acos((start @ end) / (start.norm() * end.norm()))
    turn = torch.linalg.matrix_exp((torch.outer(v, u) - torch.outer(u, v)) * omega / (steps - 1))
    rows = [start]
    for _ in range(steps - 1):
        rows.append(turn @ rows[-1])
    return torch.stack(rows)


def by_rotations(start: Tensor, end: Tensor, steps: int) -> np.ndarray:
    a, b = (np.pad(code.double().numpy(), (0, 3 - len(code))) for code in (start, end))
    axis = np.cross(a, b)
    angle = math.acos(a @ b / np.linalg.norm(a) / np.linalg.norm(b))
    whole = Rotation.concatenate([Rotation.identity(), Rotation.from_rotvec(axis / np.linalg.norm(axis) * angle)])
    return Slerp([0, 1], whole)(np.linspace(0, 1, steps)).apply(a)[:, : len(start)]


@pytest.mark.parametrize("answer", [by_scipy, by_a_frame_in_the_plane, by_loops, by_matrix_powers, by_rotations])
def test_the_arc_in_other_styles_is_right(answer: Callable[..., Any]) -> None:
    verdict = exercises.check_interpolation(answer)
    assert verdict.passed, verdict


def by_lerp(start: Tensor, end: Tensor, steps: int) -> Tensor:
    return torch.stack([torch.lerp(start, end, step / (steps - 1)) for step in range(steps)])


@pytest.mark.parametrize(
    ("answer", "mistake"),
    [
        (by_lerp, "straight"),
        (
            lambda a, b, n: by_lerp(a, b, n) / by_lerp(a, b, n).norm(dim=1, keepdim=True) * a.norm(),
            "straight, then stretched",
        ),
        (lambda a, b, n: by_scipy(a / a.norm(), b, n), "length 1"),
        (lambda a, b, n: by_scipy(b, a, n), "backwards"),
        (lambda a, b, n: by_scipy(a, b, n + 1)[:-1], "end left out"),
    ],
)
def test_a_slip_in_the_arc_is_named_where_it_is_known(answer: Callable[..., Any], mistake: str | None) -> None:
    verdict = exercises.check_interpolation(answer)
    assert not verdict.passed
    assert verdict.mistake == mistake


@pytest.mark.parametrize(
    ("question", "answers"),
    [
        ("half a nat", [20, 20.0, torch.tensor(20.0)]),
        ("quarter of the way", [0.79, 0.791, math.sqrt(10) / 4, torch.tensor(0.625).sqrt()]),
        ("beta for sigma", [0.32, 0.16 * 2, np.float32(0.32)]),
        ("where the codes are", [0.76, 0.77, 0.765, 0.75, 0.78]),
        ("nats for a nat", [6.5, 6.46, 6.4, 13.53 / 2.1, (20.72 - 7.19) / (4.49 - 2.39)]),
        ("noise in the unused", ["unchanged", "Unchanged"]),
    ],
)
def test_an_answer_right_to_the_digits_asked_for_passes(question: str, answers: list[Any]) -> None:
    for answer in answers:
        assert exercises.check_answer(question, answer).passed, answer


@pytest.mark.parametrize(
    ("question", "answer", "mistake"),
    [
        ("half a nat", 10, "10"),
        ("half a nat", 0.44, "0.5"),  # the rate at the right stop
        ("half a nat", 15, None),
        ("quarter of the way", 79, "per cent"),
        ("quarter of the way", 0.71, "0.7071"),
        ("quarter of the way", 0.63, "0.625"),
        ("quarter of the way", 0.8, None),
        ("quarter of the way", 0.87, None),
        ("beta for sigma", 0.64, "0.64"),
        ("beta for sigma", 32, "per cent"),
        ("beta for sigma", 0.3, None),
        ("beta for sigma", 0.45, None),
        ("where the codes are", 76, "per cent"),
        ("where the codes are", 0.92, "0.915"),
        ("where the codes are", 0.65, None),
        ("nats for a nat", 7.9, "7.9"),
        ("nats for a nat", 13.5, "13.53"),
        ("nats for a nat", 0.15, "0.155"),
        ("nats for a nat", -6.5, "-6.46"),
        ("nats for a nat", 7, None),
        ("nats for a nat", 3, None),
        ("noise in the unused", "other", "other"),
    ],
)
def test_another_answer_is_named_where_it_fits_a_mistake_and_nothing_else(
    question: str, answer: Any, mistake: str | None
) -> None:
    assert judged(question, answer) == (False, mistake)


def test_an_honest_simulation_of_the_size_that_the_hint_names_passes() -> None:
    for seed in range(40):
        a, b = np.random.default_rng(seed).standard_normal((2, 100_000))
        measured = np.linalg.norm(0.75 * a + 0.25 * b) / np.linalg.norm(a)
        assert exercises.check_answer("quarter of the way", measured).passed


def test_a_thousand_draws_from_the_codes_pass_nearly_always() -> None:
    digits, vae = data.load("digits"), pretrained.load("digits-2")
    judge = LogisticRegression(max_iter=3000).fit(digits.train.numpy(), digits.train_labels.numpy())
    passed = 0
    with torch.no_grad():
        q = vae.encode(digits.train)
        for seed in range(40):
            generator = torch.Generator().manual_seed(seed)
            rows = torch.randint(len(digits.train), (1000,), generator=generator)
            z = q.mean[rows] + q.std[rows] * torch.randn(1000, 2, generator=generator)
            sure = judge.predict_proba(vae.decode(z).numpy()).max(1) > 0.9
            passed += exercises.check_answer("where the codes are", sure.mean()).passed
    assert passed >= 39

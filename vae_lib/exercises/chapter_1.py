"""Chapter 1: latent space."""

from __future__ import annotations

from typing import Any, Final

import torch
from torch import Tensor

from vae_lib import latent, pretrained
from vae_lib.exercises.checking import UNANSWERED, Choice, Function, Verdict, described, shown
from vae_lib.exercises.questions import Question, Right, Wrong
from vae_lib.exercises.shared import normal, of_a_path

__all__ = ["check_line", "check_lost", "check_place"]


def _line(start: Tensor, end: Tensor, share: Tensor) -> Tensor:
    return (1 - share[:, None]) * start + share[:, None] * end


LINE: Final = Function(
    "check_line",
    lambda start, end, steps: latent.straight(start, end, steps),
    "one point in each row, shape (steps, latents)",
    (
        (torch.tensor([0.0]), torch.tensor([1.0]), 3),
        (torch.tensor([1.0, -2.0]), torch.tensor([3.0, 0.5]), 5),
        (normal(3, seed=0), normal(3, seed=1), 8),
    ),
    {
        "end left out": (
            lambda a, b, n: _line(a, b, torch.arange(n) / n),
            "The line stops one step before the end: the shares run from 0 to (steps − 1) / steps. With both ends "
            "there are steps − 1 gaps between the points, so the last share has to be 1, as torch.linspace(0, 1, "
            "steps) has it.",
        ),
        "start left out": (
            lambda a, b, n: _line(a, b, torch.arange(1, n + 1) / n),
            "The line begins one step after the start: the first share has to be 0.",
        ),
        "both ends left out": (
            lambda a, b, n: _line(a, b, torch.arange(1, n + 1) / (n + 1)),
            "All points lie between the two ends, and both ends are missing. The shares have to run from 0 to 1.",
        ),
        "backwards": (
            lambda a, b, n: _line(b, a, torch.linspace(0, 1, n)),
            "The line runs backwards, from end to start: the weights t and 1 − t have changed places.",
        ),
        "start keeps its weight": (
            lambda a, b, n: a + torch.linspace(0, 1, n)[:, None] * b,
            "The last point is start + end: while the weight of the end grows to 1, that of the start has to fall to "
            "0. Weigh the start by 1 − t, or add t · (end − start).",
        ),
        "only the way": (
            lambda a, b, n: torch.linspace(0, 1, n)[:, None] * (b - a),
            "These are the steps from the start, t · (end − start). Add the start itself.",
        ),
        **of_a_path(latent.straight),
    },
)


def check_line(answer: Any) -> Verdict:
    """``line(start, end, steps)``: points at equal distances on the straight line, both ends included.

    ``start`` and ``end`` have shape ``(latents,)``; the result has ``(steps, latents)``. Chapter 1.
    """
    return LINE.check(answer)


LOST: Final = Function(
    "check_lost",
    lambda draws, codes, reach: (torch.cdist(draws, codes).min(1).values > reach).float().mean(),
    "one number, the share of the draws",
    (
        (torch.tensor([[0.0], [1.0], [6.0]]), torch.tensor([[0.5], [-5.0]]), 0.8),
        (normal(40, 2, seed=0), normal(30, 2, seed=1), 0.3),
        (normal(50, 3, seed=2), 1.5 * normal(20, 3, seed=3), 0.7),
        (1.5 * normal(40, 2, seed=4), normal(6, 2, seed=5), 1.6),
    ),
    {
        "found": (
            lambda d, c, r: (torch.cdist(d, c).min(1).values <= r).float().mean(),
            "This is the share of the draws that have a code within reach. The lost ones are the others: distance > "
            "reach.",
        ),
        "codes without a draw": (
            lambda d, c, r: (torch.cdist(d, c).min(0).values > r).float().mean(),
            "This is the share of the codes that have no draw within reach: the minimum runs over the draws. Take it "
            "over the codes, once for each draw: .min(1) of the distances of shape (draws, codes).",
        ),
        "farthest code": (
            lambda d, c, r: (torch.cdist(d, c).max(1).values > r).float().mean(),
            "This asks for the farthest code, and a draw is lost only if even the nearest is out of reach: min, not "
            "max.",
        ),
        "mean distance": (
            lambda d, c, r: (torch.cdist(d, c).mean(1) > r).float().mean(),
            "This compares the mean distance to all codes with the reach. A draw is lost if the nearest code is out of "
            "reach: min, not mean.",
        ),
        "all pairs": (
            lambda d, c, r: (torch.cdist(d, c) > r).float().mean(),
            "This is the share of all pairs of a draw and a code that are far apart. First take the smallest distance "
            "for each draw, then compare it with the reach.",
        ),
        "squared distance": (
            lambda d, c, r: (torch.cdist(d, c).min(1).values ** 2 > r).float().mean(),
            "This compares the square of the distance with the reach: the root is missing.",
        ),
        "in units of the spread": (
            lambda d, c, r: (torch.cdist(d, c).min(1).values / c.std(0).mean() > r).float().mean(),
            "This divides the distances by the spread of the codes. Here reach is a distance as it stands: compare "
            "with that, and hand over a quarter of the spread when you use the function.",
        ),
        "distance along the axes": (
            lambda d, c, r: (torch.cdist(d, c, p=1).min(1).values > r).float().mean(),
            "This adds up the distances along the axes. The straight distance is the root of the sum of their squares.",
        ),
        "count": (
            lambda d, c, r: (torch.cdist(d, c).min(1).values > r).float().sum(),
            "This is how many draws are lost; the share is that number divided by the number of draws.",
        ),
        "per cent": (
            lambda d, c, r: 100 * (torch.cdist(d, c).min(1).values > r).float().mean(),
            "This is the share in per cent. As a number between 0 and 1 it is a hundred times smaller.",
        ),
        "not counted": (
            lambda d, c, r: (torch.cdist(d, c).min(1).values > r).float(),
            "This says of each draw whether it is lost. The share is the mean of that: .float().mean().",
        ),
    },
)


def check_lost(answer: Any) -> Verdict:
    """``lost(draws, codes, reach)``: the share of the draws whose nearest code is farther away than ``reach``.

    ``draws`` has shape ``(draws, latents)`` and ``codes`` ``(codes, latents)``; the result is one number. Chapter 1.
    """
    return LOST.check(answer)


def check_place(digit: int, z: Any) -> Verdict:
    """A place on the map of ``digits-2`` where the decoder draws this digit: chapter 1.

    Args:
        digit: 0 to 9.
        z: two numbers. Right if most of the ten nearest codes belong to the digit, and one of them is close by.

    Raises:
        ValueError: a digit that is none.
    """
    if digit not in range(10):
        raise ValueError(f"digit must be from 0 to 9, got {digit}")
    if z is None or z is ... or (isinstance(z, list | tuple) and ... in z):
        return UNANSWERED
    try:
        point = torch.as_tensor(z, dtype=torch.float32).detach()
    except (TypeError, ValueError, RuntimeError):
        point = torch.empty(0)
    if point.shape != (2,) or not bool(point.isfinite().all()):
        return Verdict(False, f"A place on the map is two numbers, such as [0.5, -1.0]. What came is {described(z)}.")
    codes, labels = pretrained.codes("digits-2")
    distance, nearest = torch.cdist(point[None], codes)[0].sort()
    counts = torch.bincount(labels[nearest[:10]], minlength=10)
    if distance[0] > 0.5:
        return Verdict(
            False,
            f"No code lies within half a unit of {shown(point)}, so the decoder was never asked what to draw there. "
            "Look for a place among the dots.",
        )
    if counts[digit] > 5:
        return Verdict(True, f"Right: {counts[digit]} of the ten nearest codes belong to the digit {digit}.")
    kinds = [kind for kind in counts.argsort(descending=True).tolist() if counts[kind]]
    found = ", ".join(f"{counts[kind]} belong to the digit {kind}" for kind in kinds)
    return Verdict(False, f"Not yet. Of the ten codes nearest to {shown(point)}, {found}.")


ANSWERS: Final = {
    "lazy draws": Choice(
        "variety",
        "Drawn from N(0, I), z only visits one small corner of the autoencoder's map, so only a few kinds of digit can "
        "appear.",
        {
            "sharpness": "Compare single pictures with those that come back from real codes: they are about as sharp.",
            "ink": "There is as much ink in them as in other pictures. Read them one by one: which digits do you see?",
        },
    ),
}

QUICK: Final = (
    Question(
        "Someone has written a seven, and we have its 64 pixels. Which of these is latent?",
        Wrong("The brightness of the pixel in the middle", "That is in the file: it is a part of X, which we see."),
        Right(
            "How slanted the writer made it",
            "It decides many pixels, and it is not itself one of the numbers in the file.",
        ),
        Wrong(
            "The weights of the decoder",
            "They are the same for every picture. A latent variable has a value of its own for each.",
        ),
    ),
    Question(
        "With 64 numbers PCA rebuilds every digit perfectly. What does that show about digits?",
        Wrong(
            "That these 64 numbers are what the writer chose",
            "It rebuilds noise just as perfectly, and there nobody chose anything.",
        ),
        Wrong(
            "That a good model needs as many latent numbers as pixels",
            "With so many it need not find what digits have in common. A few that are well used say more.",
        ),
        Right("Nothing", "As many numbers as pixels rebuild any picture at all, noise included."),
    ),
    Question(
        "Why do draws from the autoencoder meet more holes than those from the VAE?",
        Right(
            "Nothing told it where its codes should lie",
            "So even a Gaussian that is fitted to its codes afterwards reaches places without any. The VAE paid for "
            "codes that stray from the prior.",
        ),
        Wrong(
            "It is worse at rebuilding digits",
            "Rebuilding asks only about codes of digits. A hole is where no digit has its code.",
        ),
        Wrong("It was trained on fewer digits", "Both saw the same pictures in the same number of passes."),
    ),
)

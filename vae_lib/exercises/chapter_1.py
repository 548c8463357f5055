"""Chapter 1: latent space."""

from __future__ import annotations

import functools
import itertools
import math
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

import torch
from torch import Tensor

from vae_lib import data, latent, pretrained
from vae_lib.exercises.checking import UNANSWERED, Choice, Function, Verdict, described, shown, told
from vae_lib.exercises.questions import Question, Right, Wrong
from vae_lib.exercises.shared import normal, of_a_path

__all__ = ["Place", "check_line", "check_lost"]

EDGE: Final = 4  # of the map
BLEND: Final = 0.1  # a picture of which one kind is ahead of another by less is a blend of the two


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


@functools.cache
def _reader() -> Any:
    """A classifier of real digits that is right on 357 of the 359 test digits; it votes on each pair of kinds."""
    from sklearn.svm import SVC  # slow to import, and needed here only

    digits = data.load("digits")
    return SVC(C=10, decision_function_shape="ovo").fit(digits.train.numpy(), digits.train_labels.numpy())


class _Reading(NamedTuple):
    """The kind of digit that each picture shows, the kind that comes next to it, and by how much the first is ahead."""

    kind: Tensor
    next_to_it: Tensor
    ahead: Tensor


def _read_pictures(pictures: Tensor) -> _Reading:
    """What the classifier reads in pictures of shape ``(count, 64)``."""
    votes = torch.as_tensor(_reader().decision_function(pictures.numpy())).float()
    ahead = torch.full((len(pictures), 10, 10), math.inf)  # by how much row beats column
    for pair, (one, other) in enumerate(itertools.combinations(range(10), 2)):
        ahead[:, one, other], ahead[:, other, one] = votes[:, pair], -votes[:, pair]
    closest = ahead.min(2)
    kind = closest.values.argmax(1)
    rows = torch.arange(len(pictures))
    return _Reading(kind, closest.indices[rows, kind], closest.values[rows, kind])


@dataclass(frozen=True)
class Place:
    """A place on the map of ``digits-2``, read to a tenth, where the decoder draws a digit.

    Right if a classifier of real digits reads the decoded picture as the digit, and as no other.

    Attributes:
        digit: 0 to 9.
    """

    digit: int

    def read(self, answer: Any) -> list[float]:
        """An answer as two numbers to a tenth.

        Raises:
            ValueError: it is none.
        """
        try:
            point = torch.as_tensor(answer, dtype=torch.float64).detach()
        except (TypeError, ValueError, RuntimeError):
            point = torch.empty(0)
        if point.shape != (2,) or not bool((point.abs() <= EDGE).all()):
            raise ValueError(
                f"A place on the map is two numbers from −{EDGE} to {EDGE}, such as [0.5, -1.0]. What came is "
                f"{described(answer)}."
            )
        return [math.floor(10 * value + 0.5) / 10 for value in point.tolist()]

    def said(self, kind: int, next_to_it: int, clear: bool) -> tuple[bool, str]:
        """Whether a reading is right, and what is said of it at ``{z}``."""
        if not clear:
            return False, (
                f"What the decoder draws at {{z}} is between a {kind} and a {next_to_it}: a classifier of real digits "
                "can hardly tell."
            )
        if kind != self.digit:
            return False, f"A classifier of real digits takes the picture at {{z}} for a {kind}."
        return True, f"A classifier of real digits takes the picture for the digit {self.digit}, too."

    def readings(self, points: Tensor) -> list[tuple[int, int, bool]]:
        """What the decoder draws at points of shape ``(count, 2)``: the kind, the next, and whether it is clear."""
        with torch.no_grad():
            found = _read_pictures(pretrained.load("digits-2").decode(points))
        return list(zip(found.kind.tolist(), found.next_to_it.tolist(), (found.ahead >= BLEND).tolist(), strict=True))

    def check(self, answer: Any) -> Verdict:
        """Reads what the decoder draws there."""
        if answer is None or answer is ... or (isinstance(answer, list | tuple) and ... in answer):
            return UNANSWERED
        try:
            place = self.read(answer)
        except ValueError as error:
            return Verdict(False, str(error))
        passed, words = self.said(*self.readings(torch.tensor([place]))[0])
        return told(passed, words.replace("{z}", shown(place)))


ANSWERS: Final = {
    "a place for an 8": Place(8),
    "lazy draws": Choice(
        "variety",
        "Drawn from N(0, I), z only visits one small spot of the autoencoder's map, so only a few kinds of digit can "
        "appear: over eight trainings the draws have two to three kinds in effect, the rebuilt digits nine.",
        {
            "sharpness": (
                "A little, yes: neighbouring pixels differ by 0.16 on average over eight trainings, in rebuilt digits "
                "by 0.19. Another lack is far larger. Count the kinds of digit that you can read."
            ),
            "ink": (
                "They have no less: the mean brightness is 0.34, of rebuilt digits 0.31. Read them one by one: which "
                "digits do you see?"
            ),
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
            "With so many it need not find what digits have in common. It says nothing of what fewer can do.",
        ),
        Right("Nothing", "As many numbers as pixels rebuild any picture at all, noise included."),
    ),
    Question(
        "Both models can rebuild digits. What has the VAE, and the autoencoder has not, for making up new ones?",
        Right(
            "A law for z that is known before training",
            "P(z) = N(0, I) is part of the model, and training paid for codes away from it. To an autoencoder one has "
            "to fit a law afterwards.",
        ),
        Wrong(
            "A map without holes",
            "Both have holes. Drawn from in the same way, neither had the more clear pictures in all four settings.",
        ),
        Wrong(
            "A better way to rebuild what goes in",
            "The autoencoder has only that to do, and in these runs does it no worse. Making up is another matter.",
        ),
    ),
)

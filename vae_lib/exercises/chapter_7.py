"""Chapter 7: exploring latent space."""

from __future__ import annotations

import math
from typing import Any, Final

import torch
from torch import Tensor
from torch.nn.functional import normalize

from vae_lib import latent
from vae_lib.exercises.checking import Choice, Function, Number, Verdict
from vae_lib.exercises.questions import Question, Right, Wrong
from vae_lib.exercises.shared import of_a_path

__all__ = ["check_interpolation"]


def _angle(start: Tensor, end: Tensor) -> Tensor:
    return torch.acos((start @ end) / (start.norm() * end.norm()))


def _arc(start: Tensor, end: Tensor, share: Tensor, angle: Tensor) -> Tensor:
    before, after = torch.sin((1 - share) * angle)[:, None], torch.sin(share * angle)[:, None]
    return (before * start + after * end) / torch.sin(angle)


def _ends(angle: float, length: float, *more: float) -> tuple[Tensor, Tensor]:
    """Two codes of one length, ``angle`` apart in the plane of the first two latents before ``more`` turns it."""
    start = torch.tensor([1.0, 0.0, *([0.0] * len(more))])
    end = torch.tensor([math.cos(angle), math.sin(angle), *([0.0] * len(more))])
    for turn in more:
        rotation = torch.eye(len(start))
        rotation[0, 0] = rotation[2, 2] = math.cos(turn)
        rotation[0, 2], rotation[2, 0] = -math.sin(turn), math.sin(turn)
        start, end = rotation @ start, rotation @ end
    return length * start, length * end


INTERPOLATION: Final = Function(
    "check_interpolation",
    lambda start, end, steps: latent.spherical(start, end, steps),
    "one point in each row, shape (steps, latents)",
    (
        (torch.tensor([2.0, 0.0]), torch.tensor([0.0, 2.0]), 3),
        (*_ends(1.0, 1.3), 4),
        (*_ends(2.5, 0.6, 0.7), 7),
        (*_ends(1.8, 3.0, 0.3), 6),
    ),
    {
        "straight": (
            lambda a, b, n: latent.straight(a, b, n),
            "This is the straight line. It cuts through the middle, where the points are shorter than both ends.",
        ),
        "straight, then stretched": (
            lambda a, b, n: normalize(latent.straight(a, b, n), dim=-1) * a.norm(),
            "The points lie on the arc, but not at equal angles: this is the straight line pushed out to the circle, "
            "and its steps are longest in the middle. Weigh the ends by sin((1 − t)·ω) and sin(t·ω), over sin ω.",
        ),
        "length 1": (
            lambda a, b, n: latent.spherical(a, b, n) / a.norm(),
            "The angles are right, but every point has length 1. The ends have a length of their own, and the arc "
            "keeps it.",
        ),
        "not divided by sin ω": (
            lambda a, b, n: latent.spherical(a, b, n) * torch.sin(_angle(a, b)),
            "The division by sin ω is missing: at t = 0 the weight of the start, sin ω / sin ω, has to be 1.",
        ),
        "angle of vectors not of length 1": (
            lambda a, b, n: _arc(a, b, torch.linspace(0, 1, n), torch.acos((a @ b).clamp(-1, 1))),
            "The angle comes from the scalar product of the ends as they are. Its cosine is that product divided by "
            "both lengths.",
        ),
        "backwards": (
            lambda a, b, n: latent.spherical(b, a, n),
            "The arc runs backwards, from end to start: the weights have changed places.",
        ),
        "cos for sin": (
            lambda a, b, n: (
                torch.cos(torch.linspace(0, 1, n) * _angle(a, b))[:, None] * a
                + torch.sin(torch.linspace(0, 1, n) * _angle(a, b))[:, None] * b
            ),
            "cos and sin as weights are right only where the ends stand at a right angle. For any angle ω the weights "
            "are sin((1 − t)·ω) / sin ω and sin(t·ω) / sin ω.",
        ),
        "cosine for the angle": (
            lambda a, b, n: _arc(a, b, torch.linspace(0, 1, n), torch.cos(_angle(a, b))),
            "The scalar product over both lengths is the cosine of ω, and here it stands for ω itself. torch.acos "
            "makes the angle out of it.",
        ),
        "end left out": (
            lambda a, b, n: _arc(a, b, torch.arange(n) / n, _angle(a, b)),
            "The arc stops one step before the end: t has to run from 0 to 1, as torch.linspace(0, 1, steps) has it.",
        ),
        **of_a_path(latent.spherical),
    },
)


def check_interpolation(answer: Any) -> Verdict:
    """``arc(start, end, steps)``: points at equal angles on the arc between two codes of the same length.

    ``start`` and ``end`` have shape ``(latents,)``; the result has ``(steps, latents)``. Shoemake 1985. Chapter 7.
    """
    return INTERPOLATION.check(answer)


ANSWERS: Final = {
    "half a nat": Number(
        20,
        "At β = 20 the rate is 0.44 nats. At 10 it was 2.4, and at 40 nothing is left.",
        {
            10: "There the rate is still 2.4 nats. Go one stop on.",
            40: "There the rate is 0. One stop before, it is below half a nat already.",
            3: "There the rate is 4.5 nats. Go on.",
            0.5: "That is the rate to look for. Asked for is the β.",
        },
        "Move the slider of β to the right, stop by stop, and read the rate.",
        0.2,
    ),
    "quarter of the way": Number(
        0.7906,
        "The weights are ¾ and ¼. Variances add with the squares of the weights: 9/16 + 1/16, and the root of that.",
        {
            0.7071: "That is half-way. A quarter of the way the weights are ¾ and ¼.",
            0.625: "That is the square of the length. Take the root.",
            0.75: "That counts the nearer end only. The other one, at a right angle to it, adds its quarter.",
            1.0: "The weights add up to 1, but the variances go with their squares.",
        },
        "What is the variance of ¾·a + ¼·b, if a and b are independent draws of variance 1?",
        6e-3,
    ),
    "beta for sigma": Number(
        0.32,
        "β multiplies σ² and so √β multiplies σ: 0.16 · 2.",
        {
            0.64: "That is β · σ. In the squared error it is σ² that β multiplies.",
            0.08: "That is σ / √β. A heavier KL is like more noise, not less.",
            0.04: "That is σ / β. A heavier KL is like more noise, and it is σ² that β multiplies.",
            0.16: "That is σ as it was, with β = 1.",
        },
        "Divide reconstruction − β · KL by β, and see what then stands below the squared error.",
        5e-3,
    ),
    "noise in the unused": Choice(
        "unchanged",
        "No pixel changes by a twentieth. In training the z of these latents was drawn from the prior all the time, so "
        "the decoder has learned to take no notice of them.",
        {
            "blurred": (
                "A blur comes from a decoder that cannot tell which digit is meant. The five latents in use still say "
                "it."
            ),
            "other": "That is what noise in the five latents in use does. Which ones did you exchange?",
        },
    ),
    "where the codes are": Number(
        0.765,
        "About three quarters, against a half for the prior: draws from the prior meet holes. But these are no draws "
        "from the model any more: P(X) was defined with the prior.",
        {
            0.52: (
                "That is about the share for draws from the prior. Pick a training digit first, then draw from its Q."
            ),
            0.915: "That is how sure the judge is on average. Of what share is it more than 0.9 sure?",
            0.235: "That is the share of which it is not so sure. Asked for is the rest.",
        },
        "Compute (sureness(pictures) > 0.9).float().mean() for a thousand pictures.",
        0.04,
        unit="from 0 to 1",
    ),
    "nats for a nat": Number(
        6.46,
        "It lies between 3 and 10: at each of the two models a nat of rate is worth its β, on the digits that were "
        "trained on, and nearly so on the test digits.",
        {
            7.9: "That is by the training digits, from the record. Asked for are the test digits, as the slider shows.",
            0.155: "The fraction is upside down: divide the nats of distortion by those of rate.",
            13.53: "That is by how much the distortion falls in all. Divide it by what the rate grows.",
            -6.46: "The size is right. Asked for is how much the distortion falls: a positive number.",
            5.46: "That is by the ELBO, which has the rate's own cost in it. Take the distortion.",
        },
        "Read rate and distortion at both stops, and divide one difference by the other.",
        0.1,
        unit="nats",
    ),
}

QUICK: Final = (
    Question(
        "Seven of the twelve latents change next to nothing in the picture. What are they for?",
        Wrong(
            "They wait for kinds of digit that the data does not have",
            "Nothing is stored in them: their Q is the prior, whatever X is.",
        ),
        Right(
            "Nothing: they do not earn their nats",
            "Their Q is the prior for every X, so they cost nothing, and the decoder has learned to take no notice.",
        ),
        Wrong(
            "They show that training went wrong",
            "The KL term shuts what does not pay for itself. The other five carry what there is to say.",
        ),
    ),
    Question(
        "One slider changes the slant, and next to nothing else. Has the model found that slant is a latent axis of "
        "digits?",
        Wrong(
            "Yes: it was learned from data alone",
            "A model with its latent space turned has the same P(X) for every X. The data cannot tell the two apart.",
        ),
        Wrong(
            "Yes: under the prior the latents are independent",
            "They are so along any axes at right angles, because N(0, I) looks the same from every side.",
        ),
        Right(
            "No: the data does not single out an axis",
            "Turn the space, and P(X) stays the same. What made this axis clean is something else: the diagonal Q, the "
            "network, the seed.",
        ),
    ),
    Question(
        "What is a hole?",
        Right(
            "A place from which the prior draws, and which hardly any Q(z|X) reaches",
            "There the decoder has hardly been trained, and yet it is asked when we make up digits.",
        ),
        Wrong(
            "A place beyond the circles, far away from the origin",
            "The prior hardly ever draws there, so the decoder is hardly ever asked. A hole is where it is asked.",
        ),
        Wrong(
            "A place between two kinds of digit",
            "Many a place between two kinds is full of codes. What counts is how rare they are beside the prior's "
            "draws.",
        ),
    ),
    Question(
        "At one σ, the KL term is given the weight β. Which plain VAE, with β = 1, has the same best networks?",
        Wrong("One whose σ is β times as large", "The squared error is divided by 2σ², so β enters σ as its root."),
        Right(
            "One whose σ is √β times as large",
            "Divide the objective by β: the squared error then stands over 2βσ², which is 2(σ√β)².",
        ),
        Wrong(
            "One whose σ is √β times smaller",
            "A smaller σ makes errors dearer, which is a smaller weight on the KL term, not a larger one.",
        ),
    ),
)

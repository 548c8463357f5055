"""Chapter 10.5: a richer prior."""

from __future__ import annotations

from typing import Final

from vae_lib.exercises.checking import Number
from vae_lib.exercises.questions import Question, Right, Wrong

ANSWERS: Final = {
    "price of a component": Number(
        0.6931,
        "Where Q draws, P(z) is half of Q(z), so log Q − log P = log 2: the price of saying which of the two it is.",
        {
            8.0: "That is the KL from N(0, 1), 4²/2. This prior has a hump just where Q is.",
            0.0: "The right half has Q's shape, and only half its weight.",
            -0.6931: "The sign is flipped: P(z) is smaller than Q(z) there.",
            1.0: "That is in bits. In nats take the natural logarithm.",
        },
        "Write down P(z) near z = 4, where the left half is next to nothing, and compare it with Q(z).",
        5e-3,
        unit="nats",
    ),
}

QUICK: Final = (
    Question(
        "With the networks held fixed, which prior makes the mean ELBO of the training data largest?",
        Wrong(
            "N(0, I), because the networks were trained with it",
            "They were, and a mismatch of half a nat is left all the same.",
        ),
        Right("The aggregate posterior", "The prior enters only through the mismatch, and with this prior it is 0."),
        Wrong("One narrow Gaussian around all codes", "It would be far from most codes, and the KL term would grow."),
    ),
    Question(
        "The KL term of a VampPrior came out negative for one digit in one step. What does that say?",
        Wrong(
            "log Q and log P have been swapped",
            "Then the mean over many digits would be negative, too. One value says nothing.",
        ),
        Wrong(
            "The prior has become better than the posterior",
            "P(z) was larger than Q(z|X) at one z. Both integrate to 1, so elsewhere it is smaller.",
        ),
        Right("Nothing: it is an estimate by one draw", "Only its average over Q, the KL itself, is never negative."),
    ),
    Question(
        "For one X the posterior is bent, and a Gaussian Q loses one nat to it. What brings the bound up at the same "
        "P(X)?",
        Right(
            "A flow, which bends Q",
            "The nat is the gap between Q and the posterior, and only Q can close it while P(X) stays as it is.",
        ),
        Wrong("A mixture prior", "It changes P(z), and with it P(X). The new posterior may be bent as well."),
        Wrong("More draws of z in training", "They make the estimate less noisy. The gap is in Q's shape."),
    ),
)

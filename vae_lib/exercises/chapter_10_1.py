"""Chapter 10.1: rate and distortion."""

from __future__ import annotations

from typing import Final

from vae_lib.exercises.checking import Number
from vae_lib.exercises.questions import Question, Right, Wrong

ANSWERS: Final = {
    "rate for beta": Number(
        8.047,
        "The slope of the curve is −10·e^(−R/5). It is −2 where R = 5 log 5.",
        {
            16.094: "The slope of 50·e^(−R/5) is −10·e^(−R/5). Without the 5 of the chain rule one ends up here.",
            11.513: "There the slope is −1: the rate for β = 1.",
            -8.047: "The sign is flipped. A rate is a KL, and a KL is never negative.",
            4.581: "There the slope is −4. What is asked for is −2.",
        },
        "Differentiate 50·e^(−R/5), set it to −2 and solve for R; or look for the lowest point of 50·e^(−R/5) + 2R.",
        0.06,
        unit="nats",
    ),
    "equally good": Number(
        15.63,
        "Below that price the model trained with β = 10 is the better of the two, above it that with β = 20. Each wins "
        "at its own β, so the price lies between: it is the slope from one to the other.",
        {
            0.064: "The fraction is upside down: divide the nats of distortion by those of rate.",
            30.54: "That is by how much the distortions differ. Divide it by what the rates differ.",
            8.28: "The distortion at β = 10 is below zero, −7.19. Mind its sign when you subtract.",
            6.46: "That is for β = 3 and β = 10.",
            22.12: "That is for β = 20 and β = 40.",
            15.0: "That is the middle of 10 and 20. It lies between them, not just half-way.",
            -15.63: "The sign is flipped: from 10 to 20 the distortion grows and the rate falls.",
        },
        "Set D + b·R of the two models equal and solve for b.",
        0.3,
        unit="nats",
    ),
}

QUICK: Final = (
    Question(
        "At the best model for β = 4, one more nat of rate",
        Wrong("saves one nat of distortion", "That is the trade at β = 1, the one of Eq. (4)."),
        Right(
            "saves about four nats of distortion",
            "If it saved more, training would buy it; if less, it would not have bought the last one.",
        ),
        Wrong("saves a quarter of a nat", "Such a nat would cost 4 and bring ¼."),
    ),
    Question(
        "Two latents both tell all about the size. What is the mutual information gap of that factor?",
        Wrong("1, because the size is known completely", "It is, but by two. The second best is taken off."),
        Right("0, because neither stands alone", "Best less second best is nothing."),
        Wrong("½, because they share", "A gap is a difference."),
    ),
    Question(
        "A colleague shows one model with a high MIG and says that β did it. What do you ask for first?",
        Wrong("A larger β", "First you need to know whether β did anything."),
        Wrong("The ELBO on test pictures", "It does not say whether a single latent stands for a factor."),
        Right("Several seeds at each β", "The seed alone may move the score as much as β does."),
    ),
)

"""Chapter 10.4: a learned σ."""

from __future__ import annotations

from typing import Final

from vae_lib.exercises.checking import Number
from vae_lib.exercises.questions import Question, Right, Wrong

ANSWERS: Final = {
    "dead pixels": Number(
        11.513,
        "Each gains log 10 = 2.303 nats, and no picture has become better.",
        {
            2.3026: "That is one pixel. There are five.",
            5.0: "That is with logarithms to the base ten.",
            -11.513: "The sign is flipped: a narrower Gaussian is higher in its middle.",
            23.026: "That is with log σ² in the place of log σ. The term is −½ log σ² = −log σ.",
        },
        "What is −5·log(0.01) less −5·log(0.1)?",
        0.06,
        unit="nats",
    ),
    "sigma of rounding": Number(
        0.0011276,
        "The noise is all that is left, and its standard deviation is its width over √12.",
        {
            0.0039062: "That is the width of a cell. A uniform number on it has a smaller standard deviation.",
            0.00032552: (
                "That is the width over 12. The variance is the square of the width over 12; take the root of that."
            ),
            1.2716e-6: "That is the variance. Take the root.",
            0.016981: "That is for cells of width 1/17, as in the digits.",
        },
        "Draw uniform numbers from 0 to 1/256 and take their standard deviation.",
        3e-5,
    ),
}

QUICK: Final = (
    Question(
        "The loss is the bare sum of squared errors plus the KL. What is σ?",
        Wrong("There is none", "Compare it with −*log N(f(z), σ²I)*."),
        Wrong("σ = 1", "Then the squares would be divided by 2."),
        Right("σ = 1/√2", "1/2σ² is 1. For brightness from 0 to 1 that is a lot of noise."),
    ),
    Question(
        "With σ² in closed form, the first term is −(*D*/2)·log MSE. When does halving the MSE bring the most nats?",
        Wrong("At the beginning, when it is large", "log(MSE/2) is log MSE less log 2, wherever it stands."),
        Right("It always brings the same", "(*D*/2)·log 2: the logarithm only sees ratios."),
        Wrong("At the end, when it is small", "A fixed step brings more there. Halving does not."),
    ),
    Question(
        "With one σ for each pixel, the ELBO climbs from 120 to 400 nats. What do you look at first?",
        Wrong("The samples, which must be excellent", "They may look as before."),
        Right("The smallest σ", "If it heads for 0, the nats come from pixels that do not vary."),
        Wrong("The learning rate", "The climb is real. It is the model that has no best."),
    ),
)

"""Chapter 10.3: importance-weighted training."""

from __future__ import annotations

from typing import Final

from vae_lib.exercises.checking import Number
from vae_lib.exercises.questions import Question, Right, Wrong

ANSWERS: Final = {
    "two weights": Number(
        0.14384,
        "log 2 less ½ log 3. The more unequal the weights, the more there is between L₁ and L₂.",
        {
            0.54931: "That is the mean of the logarithms, ½ log 3.",
            0.69315: "That is the logarithm of the mean, log 2.",
            -0.14384: "The sign is flipped: the logarithm of a mean is never below the mean of the logarithms.",
            0.06247: "That is with logarithms to the base ten.",
        },
        "Compute log((1 + 3)/2) and (log 1 + log 3)/2, and subtract.",
        5e-3,
        unit="nats",
    ),
    "noisier encoder": Number(
        3.0,
        "√(36/4). To make up for it, average over 9 groups: the ratio grows with the root of their number.",
        {
            9.0: "That is how many times as large k is. The ratio falls with its root.",
            0.33333: "That is what is left of it. By which factor has it fallen?",
            6.0: "That is √36. At k = 4 it was already down by √4.",
            81.0: "That squares the factor of k. Take its root instead.",
        },
        "Divide 1/√4 by 1/√36.",
        0.01,
    ),
}

QUICK: Final = (
    Question(
        "Model A has an ELBO of −21, model B an L_{20} of −20. Which has the larger *log P(X)*?",
        Wrong("B, by one nat", "L_{20} is the tighter bound of the two."),
        Wrong("A", "Its bound is the looser one, but by how much?"),
        Right("That cannot be said", "Two bounds of different tightness do not compare. Measure both in one way."),
    ),
    Question(
        "What would happen to the encoder's gradient for an infinite *k*?",
        Right("It would be zero", "L_{k} would be *log P(X)*, in which *Q* does not occur."),
        Wrong("It would point to the exact posterior", "A bound that is tight for every *Q* prefers none."),
        Wrong("It would grow with *k*", "Its size falls like 1/*k*, and its ratio to the noise like 1/√*k*."),
    ),
    Question(
        "Why may the *Q* of a model trained by L_{20} be wider?",
        Wrong("Because its prior is wider", "Both have N(0, I)."),
        Right(
            "A bad draw costs little as long as some draw is good",
            "The sum is carried by the best draws. Missing the posterior costs more than overshooting it.",
        ),
        Wrong(
            "Because 20 draws have a larger spread than one",
            "The spread of a draw does not depend on their number.",
        ),
    ),
)

"""Chapter 10.8: latent diffusion."""

from __future__ import annotations

from typing import Final

from vae_lib.exercises.checking import Number
from vae_lib.exercises.questions import Question, Right, Wrong

ANSWERS: Final = {
    "half noise": Number(
        0.5,
        "ᾱ is the share that the data has in the variance, 1 − ᾱ that of the noise.",
        {
            0.7071: "That is √ᾱ, the factor before z₀. Its square is the share of the variance.",
            0.25: "That is the square of ᾱ. The factor before z₀ is a root already.",
            1.0: "At ᾱ = 1 there is no noise yet.",
        },
        "The variance of z_t is ᾱ · 1 from the data and (1 − ᾱ) · 1 from the noise.",
        5e-3,
    ),
}

QUICK: Final = (
    Question(
        "A diffusion is a hierarchical VAE. Where is its encoder?",
        Right(
            "In the noise that is added, which has no parameters",
            "Q(z_{t}|z_{t−1}) is fixed. Only P, the way back, is learned.",
        ),
        Wrong("In the network that guesses the noise", "That network belongs to P: it makes the step back."),
        Wrong("It has none, so Eq. (4) does not apply", "Eq. (4) holds for any Q, also for one that is not trained."),
    ),
    Question(
        "Why does the VAE inside latent diffusion get so small a weight on its KL term?",
        Wrong(
            "So that its codes are as near to N(0, I) as possible",
            "A small weight lets them drift away from N(0, I).",
        ),
        Wrong("Because the diffusion needs codes without noise", "It adds far more noise itself."),
        Right(
            "Because another model is fitted to its codes afterwards",
            "The codes may have any shape. The VAE can spend its effort on reconstruction.",
        ),
    ),
    Question(
        "With all weights w_{t} set to 1, what is lost?",
        Wrong("The gradient: it is no longer right on average", "It is right on average, for another objective."),
        Right(
            "The bound: the loss is no longer one side of Eq. (4)",
            "Samples may look better for it. But a number of nats has to be computed with the true weights.",
        ),
        Wrong("Nothing: the weights cancel out", "They depend on t, and the mean over t does not cancel them."),
    ),
)

"""Chapter 10.7: discrete latents."""

from __future__ import annotations

from typing import Final

from vae_lib.exercises.checking import Number
from vae_lib.exercises.questions import Question, Right, Wrong

ANSWERS: Final = {
    "price of a word": Number(
        6388.0,
        "1024 positions, each log 512 = 6.24 nats: the same for every picture, so no KL term pulls at the encoder.",
        {
            9216.0: "That is in bits. In nats take the natural logarithm of 512.",
            6.24: "That is one position. The word has 32 · 32 of them.",
            524288.0: "That is 1024 · 512. The KL is the logarithm of the number of words.",
            -6388.0: "The sign is flipped: the KL is log Q − log P = 0 − log P.",
        },
        "Q puts all its mass on one word, and P(z) gives each of the 512^1024 words the same.",
        6.0,
        unit="nats",
    ),
}

QUICK: Final = (
    Question(
        "Why has the KL term no influence on the training of a VQ-VAE?",
        Wrong(
            "It is zero, because nothing is drawn",
            "log Q(z_{X}|X) is zero. The other half, −log P(z_{X}), is D log K.",
        ),
        Right(
            "It is the same number for every X and every encoder",
            "Q is one word, and all words have the same P(z). A constant has no gradient.",
        ),
        Wrong(
            "The commitment term takes its place",
            "That term keeps the encoder near its choice. It is no divergence from a prior.",
        ),
    ),
    Question(
        "What does straight-through do?",
        Wrong(
            "It lets the decoder see e instead of its nearest vector",
            "Forward, the decoder sees the vector of the codebook. Only the way back differs.",
        ),
        Wrong(
            "It moves the codebook along the gradient of the reconstruction",
            "That gradient goes to the encoder. The codebook is moved by a term of its own.",
        ),
        Right(
            "It hands the gradient of the chosen vector to e, as if nothing had been chosen",
            "The choice itself has a gradient of zero. So the gradient is biased, and useful while e and c are near.",
        ),
    ),
    Question(
        "A codebook has 512 vectors and a perplexity of 6. What follows?",
        Right(
            "A symbol says as much as one of six that are equally frequent",
            "The perplexity is the exponential of the symbols' entropy. Most of the 512 are idle, or nearly so.",
        ),
        Wrong(
            "Exactly six vectors are in use",
            "Many may be in use now and then. The perplexity counts them by how often.",
        ),
        Wrong("The reconstructions are off by a factor of six", "It is a number of symbols, not an error."),
    ),
)

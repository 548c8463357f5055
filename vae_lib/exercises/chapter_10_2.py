"""Chapter 10.2: a conditional VAE."""

from __future__ import annotations

from typing import Final

from vae_lib.exercises.checking import Number
from vae_lib.exercises.questions import Question, Right, Wrong

ANSWERS: Final = {
    "worth of a label": Number(
        27.697,
        "P(X) is a tenth of P(X|c) for the right c, so log P(X) = 30 − log 10: naming the digit is worth 2.3 nats.",
        {
            30.0: "That is log P(X|c). The digit has not been named, and P(c) is a tenth.",
            32.303: "The sign is flipped: P(c) is below 1, so log P(c) takes something away.",
            3.0: "That is a tenth of the logarithm. It is P(X|c) that is multiplied by a tenth, not its logarithm.",
            29.0: "That is log₁₀ 10 less. In nats take the natural logarithm.",
        },
        "Add up P(c)·P(X|c) over the ten digits, then take the logarithm.",
        0.01,
        unit="nats",
    ),
}

QUICK: Final = (
    Question(
        "Why is a higher *log P(X|c)* of the told model no proof that it beats the plain one?",
        Right(
            "The label was given to it: it has less to explain",
            "Compare *log P(X)* with *log P(X)*: sum over the conditions with *P(c)*.",
        ),
        Wrong("Conditional densities cannot be measured", "They can, by the same weighted draws as *P(X)*."),
        Wrong("Its decoder has more weights", "It has, a few. But that is not what makes the comparison unfair."),
    ),
    Question(
        "A conditional VAE is asked for a seven. Where does *z* come from?",
        Wrong("From Q(z|X, c) of some seven", "Then the picture imitates that seven. A new one needs no *X*."),
        Right(
            "From the prior P(z|c)",
            "Here it is N(0, I) for every *c*. The seven comes from *c*, the hand from *z*.",
        ),
        Wrong(
            "From the place of the sevens on the map",
            "There is no such place any more: all digits share all of the plane.",
        ),
    ),
    Question(
        "Both networks get *c*. What if only the encoder did?",
        Wrong(
            "Nothing would change",
            "The decoder could draw a seven only if *z* said so, and the KL would be charged for it.",
        ),
        Right(
            "*z* would have to carry the digit again",
            "What the decoder is to know and is not told has to pass through *z*.",
        ),
    ),
)

"""Chapter 10.6: a hierarchy of latents."""

from __future__ import annotations

from typing import Final

from vae_lib.exercises.checking import Number
from vae_lib.exercises.questions import Question, Right, Wrong

ANSWERS: Final = {
    "two payments": Number(
        2.5,
        "½ · 1² for z₂ and ½ · 2² for z₁, and the two add up.",
        {
            13.0: "That measures z₁ from the origin. Its prior is N(3, 1), where z₂ has put it.",
            2.0: "That is the lower layer alone. z₂ has its price, too.",
            0.5: "That is the upper layer alone. What z₁ says beyond it has its price, too.",
            5.0: "The half is missing in both.",
        },
        "Each KL is half the square of the distance between the two means. Add them.",
        5e-3,
        unit="nats",
    ),
}

QUICK: Final = (
    Question(
        "What does the KL term of z_{1} charge for?",
        Wrong(
            "For all that z_{1} says about X",
            "What z_{2} has said already is in the prior P(z_{1}|z_{2}), and is not charged again.",
        ),
        Wrong(
            "For the distance of z_{1} from the origin",
            "That would be so with N(0, I). Here the prior of z_{1} sits wherever z_{2} has put it.",
        ),
        Right(
            "For what z_{1} says beyond what z_{2} has said",
            "Q(z_{1}|z_{2}, X) is compared with P(z_{1}|z_{2}), and both know z_{2}.",
        ),
    ),
    Question(
        "The KL of the upper layer is 0.00 nats on every digit. What has happened?",
        Right(
            "z_{2} says nothing about the picture",
            "Q(z_{2}|X) is N(0, I) for every X. z_{1} does all the work, as in a VAE of one layer.",
        ),
        Wrong(
            "The upper layer has learned its task perfectly",
            "A KL of zero is a code that says nothing, however well the pictures come back.",
        ),
        Wrong(
            "There is a mistake: a KL of a trained layer is positive",
            "It may be zero, and in hierarchies it often is.",
        ),
    ),
    Question(
        "Why does Q draw z_{2} first?",
        Wrong("Because z_{2} is nearer to the picture", "z_{1} is nearer. P makes the picture from z_{1}."),
        Right(
            "So that Q and P take the layers in the same order",
            "Then each layer's Q can be compared with its P at the same z above, in closed form.",
        ),
        Wrong(
            "Eq. (4) holds for no other order",
            "It holds for any Q. In the other order the KL does not split so neatly.",
        ),
    ),
)

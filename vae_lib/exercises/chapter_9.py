"""Chapter 9: open questions."""

from __future__ import annotations

from typing import Final

from vae_lib.exercises.checking import Number
from vae_lib.exercises.questions import Question, Right, Wrong

ANSWERS: Final = {
    "a tenth of a nat": Number(
        10,
        "At ten degrees off, −50°, the gap has just passed a tenth of a nat. It begins flat, with the square of the "
        "angle, so a Q that is a little off costs next to nothing.",
        {
            45: "There, about half-way between the two best angles, the gap is largest: 0.55 nats.",
            90: "That is the distance of the two best angles.",
            -50: "That is where the slider stands. How far is it from −40°?",
            -29: "That is where the slider stands. How far is it from −40°?",
            -10: "The size is right. Count the degrees without a sign: the gap grows alike to either side.",
            20: "Twenty degrees away the gap is about three tenths of a nat. Go back.",
            40: "That is about the way from W as it is to the best angle. How far may one go on from there?",
        },
        "Set the slider to −40°, where the gap all but vanishes, and move it by single degrees, either way, until the "
        "gap passes 0.1.",
        2.4,
        unit="degrees",
    ),
    "three numbers": Number(
        1.5,
        "The sum is largest where w² + 0.25 is the mean of the squares, (0.25 + 1 + 4)/3 = 1.75.",
        {
            1.75: "That is the variance of X, w² + 0.25. The noise has its part in it.",
            1.875: "That is the best w² for 0.5 and 2 alone.",
            1.1111: "That squares the mean of the three. It is the mean of the squares that counts.",
            1.2247: "That is w. What is asked for is its square.",
            5.0: "That is the sum of the squares, less the noise. Divide the sum by three first.",
            0.1389: "That is for the spread around the mean of the three. The model's mean is 0.",
            0.3333: "That is for the spread around the mean of the three. The model's mean is 0.",
        },
        "X has the variance w² + 0.25, and the best variance for a mean of 0 is the mean of the squares.",
        0.02,
    ),
    "mean rate": Number(
        0.6931,
        "½ log(1.25/0.3125) = ½ log 4 = log 2: one yes or no per example.",
        {
            1.3863: "The half is missing: the rate is ½ log(1.25/σ²).",
            -0.6931: "The fraction is upside down. A rate is a KL, and a KL is never negative.",
            1.0: "That is in bits. In nats take the natural logarithm.",
            0.301: "That is with a logarithm to the base ten. In nats take the natural one.",
            0.4024: "That divides by σ. The fraction is the variance of the data over that of the noise.",
        },
        "Put σ² = 0.3125 into ½ log(1.25/σ²).",
        6e-3,
        unit="nats",
    ),
    "no draw": Number(
        0.1,
        "It is the variance of Q over 2σ²: 0.05/0.5. The narrower Q, the less is left out.",
        {
            0.2: "That is the variance over σ². The 2 of the Gaussian's exponent is missing.",
            0.4: "That is for the posterior, whose variance is 0.2.",
            0.05: "That is the variance of Q. Divide it by 2σ².",
            -0.1: "The sign is flipped: without the spread of Q the number comes out too high.",
            0.4472: "That is for the standard deviation of Q. Its variance is 0.05.",
        },
        "Compare E[(X − z)²] with (X − μ)² for z from N(μ, 0.05), then divide by 2σ².",
        6e-3,
        unit="nats",
    ),
}

QUICK: Final = (
    Question(
        "P(X|z) has a diagonal covariance. What does the model claim about the pixels?",
        Wrong(
            "That they have nothing to do with each other",
            "Over all z the first two of the small model had a correlation of 0.92. What they share comes through z.",
        ),
        Right(
            "That they share nothing more once z is known",
            "At one z only the noise is left, and the noise of one pixel knows nothing of the next.",
        ),
        Wrong(
            "Nothing: with enough data any covariance does as well",
            "It claims something that can be tested. On digits the residuals of neighbours were correlated by 0.28, "
            "with z from the exact posterior of two latents, where the model's own pictures had 0.",
        ),
    ),
    Question(
        "A network rebuilds the hundred pictures that it was trained on almost perfectly. What does that show?",
        Wrong(
            "That a latent structure exists",
            "The same network rebuilt a hundred pictures of pure noise as well, and noise has none.",
        ),
        Wrong(
            "That the model is good, because the pictures have a high log P(X)",
            "Rebuilding is one term of Eq. (4). And what counts is log P(X) of pictures that were held out.",
        ),
        Right("That the network is large enough", "It can learn a hundred pictures by heart, whatever they show."),
    ),
    Question(
        "Why may the prior be N(0, I)?",
        Right(
            "It is a choice, which a flexible decoder makes up for",
            "Whatever law the latent world follows, a decoder can make it out of N(0, I), at the same P(X). One with "
            "finite weights cannot quite.",
        ),
        Wrong(
            "The codes of real pictures are distributed like that",
            "They are not: the aggregate posterior has holes where N(0, I) has none.",
        ),
        Wrong(
            "The derivation of Eq. (4) needs it",
            "Eq. (4) holds for any P(z). A Gaussian only gives the KL term a closed form.",
        ),
    ),
    Question(
        "Q can never be the posterior, and SGD on the ELBO has settled. Where is the decoder?",
        Wrong(
            "Where log P(X) is largest: a poor Q only takes longer",
            "With the width of Q fixed it settled at w = 0.735, and log P(X) is largest at w = 1.",
        ),
        Right(
            "Where the gradient of the ELBO is zero",
            "That is all that SGD promises. In the chapter's run the decoder ended where its posterior suits Q better.",
        ),
        Wrong(
            "Nowhere in particular: each step is random",
            "Each step is right on average and the steps shrink, so their errors cancel.",
        ),
    ),
)

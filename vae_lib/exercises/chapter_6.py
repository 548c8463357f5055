"""Chapter 6: training."""

from __future__ import annotations

import math
from typing import Any, Final

import torch
from torch import Tensor

from vae_lib.distributions import LOG_2PI, gaussian_kl, gaussian_log_density
from vae_lib.exercises.checking import Choice, Function, Number, Verdict
from vae_lib.exercises.questions import Question, Right, Wrong
from vae_lib.exercises.shared import LOG_VAR_FOR_LOG_STD, kl_parts, log_pixels, normal

__all__ = ["check_loss"]


def _reconstruction(x: Tensor, f: Tensor, sigma: float) -> Tensor:
    return log_pixels(x, f, sigma).sum(-1)


LOSS: Final = Function(
    "check_loss",
    lambda x, f, mean, log_var, sigma: (gaussian_kl(mean, log_var) - _reconstruction(x, f, sigma)).mean(),
    "one number, the mean over the batch",
    (
        (torch.tensor([[1.0]]), torch.tensor([[0.5]]), torch.tensor([[1.0]]), torch.tensor([[0.5]]), 0.5),
        (normal(3, 4, seed=0), normal(3, 4, seed=1), normal(3, 2, seed=2), normal(3, 2, seed=3), 0.7),
        (normal(5, 6, seed=4), normal(5, 6, seed=5), normal(5, 3, seed=6), normal(5, 3, seed=7), 0.4),
    ),
    {
        "sign": (
            lambda x, f, m, v, s: (_reconstruction(x, f, s) - gaussian_kl(m, v)).mean(),
            "The sign is flipped: this is the ELBO, and an optimizer that makes it small makes the model worse. The "
            "loss is minus the ELBO.",
        ),
        "KL taken off": (
            lambda x, f, m, v, s: -(_reconstruction(x, f, s) + gaussian_kl(m, v)).mean(),
            "The KL has the wrong sign: this loss rewards a Q for being far from the prior.",
        ),
        "reconstruction with the wrong sign": (
            lambda x, f, m, v, s: (_reconstruction(x, f, s) + gaussian_kl(m, v)).mean(),
            "The reconstruction has the wrong sign: this loss falls as the pictures get worse.",
        ),
        "mean over pixels": (
            lambda x, f, m, v, s: (gaussian_kl(m, v) - log_pixels(x, f, s).mean(-1)).mean(),
            "The reconstruction is a mean over the pixels; log P(X|z) is their sum. With the mean the KL weighs as "
            "many times too much as there are pixels.",
        ),
        "mean over latents": (
            lambda x, f, m, v, s: (kl_parts(m, v).mean(-1) - _reconstruction(x, f, s)).mean(),
            "The KL is a mean over the latents; it is their sum.",
        ),
        "means over pixels and latents": (
            lambda x, f, m, v, s: kl_parts(m, v).mean() - log_pixels(x, f, s).mean(),
            "Both terms are means over everything. Sum over pixels and over latents, and take the mean over the batch "
            "only.",
        ),
        "sum over the batch": (
            lambda x, f, m, v, s: (gaussian_kl(m, v) - _reconstruction(x, f, s)).sum(),
            "This adds up the batch, so the size of the step would depend on the size of the batch. Take the mean.",
        ),
        "KL summed over the batch": (
            lambda x, f, m, v, s: gaussian_kl(m, v).sum() - _reconstruction(x, f, s).mean(),
            "The reconstruction is a mean over the batch and the KL a sum, so the KL weighs as many times too much as "
            "there are pictures in the batch.",
        ),
        "reconstruction summed over the batch": (
            lambda x, f, m, v, s: gaussian_kl(m, v).mean() - _reconstruction(x, f, s).sum(),
            "The KL is a mean over the batch and the reconstruction a sum, so the KL weighs too little.",
        ),
        "not averaged": (
            lambda x, f, m, v, s: gaussian_kl(m, v) - _reconstruction(x, f, s),
            "This is one number for each picture, and backward() wants a single one: take the mean over the batch.",
        ),
        "no KL": (
            lambda x, f, m, v, s: -_reconstruction(x, f, s).mean(),
            "The KL is missing: this trains an autoencoder, and nothing holds the codes near the prior.",
        ),
        "no constant": (
            lambda x, f, m, v, s: (gaussian_kl(m, v) + ((x - f) ** 2).sum(-1) / (2 * s**2)).mean(),
            "The constant log(σ√(2π)) is missing, once for each pixel. With a fixed σ it trains the same model, but "
            "the number is no longer minus the ELBO, and a learned σ would shrink the loss by growing.",
        ),
        "σ left out": (
            lambda x, f, m, v, s: (gaussian_kl(m, v) + ((x - f) ** 2).sum(-1)).mean(),
            "This is the squared error plus the KL, without σ. It trains the model of another σ, the one with 2σ² = 1, "
            "which is about 0.71.",
        ),
        "mean squared error": (
            lambda x, f, m, v, s: ((x - f) ** 2).mean() + gaussian_kl(m, v).mean(),
            "This is the mean squared error plus the KL. It has no σ in it, and with the mean over the pixels the KL "
            "weighs far too much: divide the sum over the pixels by 2σ², and add the constant.",
        ),
        "mean squared error over 2σ²": (
            lambda x, f, m, v, s: ((x - f) ** 2).mean() / (2 * s**2) + gaussian_kl(m, v).mean(),
            "The squared error is a mean over the pixels; log P(X|z) is their sum, so the KL weighs as many times too "
            "much as there are pixels. The constant log(σ√(2π)) is missing, too, once for each pixel.",
        ),
        "σ of the chapter": (
            lambda x, f, m, v, s: (gaussian_kl(m, v) - _reconstruction(x, f, 0.16)).mean(),
            "This takes 0.16 for σ, as the chapter's cells do, whatever is handed over. The σ to take is the argument "
            "sigma; two_terms, from above, does not look at it.",
        ),
        "σ for σ²": (
            lambda x, f, m, v, s: (
                gaussian_kl(m, v) + (0.5 * LOG_2PI + math.log(s) + (x - f) ** 2 / (2 * s)).sum(-1)
            ).mean(),
            "The squared error is divided by 2σ. It has to be 2σ².",
        ),
        "log σ for log σ²": (
            lambda x, f, m, v, s: (gaussian_kl(m, v) - gaussian_log_density(x, f, math.log(s))).mean(),
            "In log P(X|z), log σ is taken for log σ². The logarithm of the variance is 2 log σ.",
        ),
        "KL without its half": (
            lambda x, f, m, v, s: (2 * gaussian_kl(m, v) - _reconstruction(x, f, s)).mean(),
            "The KL is twice too large: the factor ½ of its closed form is missing.",
        ),
        "log σ² for log σ": (
            lambda x, f, m, v, s: (gaussian_kl(m, 2 * v) - _reconstruction(x, f, s)).mean(),
            LOG_VAR_FOR_LOG_STD,
        ),
    },
)


def check_loss(answer: Any) -> Verdict:
    """``loss(x, f, mean, log_var, sigma)``: minus the ELBO of Eq. (4), the mean over the batch.

    ``x`` and ``f``, the decoder's picture at one draw of z, have shape ``(batch, pixels)``; ``mean`` and ``log_var`` of
    Q have ``(batch, latents)``. The result is one number, in nats. Chapter 6.
    """
    return LOSS.check(answer)


ANSWERS: Final = {
    "lowest KL": Number(
        3,
        "At epoch 3 it is 1.3 nats: the model draws the average digit, and its codes say next to nothing. From there "
        "it climbs, because a code that says something is worth its price.",
        {
            0: "It is lowest of all there, 0.01 nats, but no step has been taken yet. Look at the stops after it.",
            1: "That is the first lurch, 1.9 nats. Go on.",
            2: "Nearly: it is 1.4 nats there. Go one stop on.",
            300: "There the KL is highest. Which stop has the lowest?",
        },
        "Move the slider stop by stop, read the KL at each, and leave epoch 0 out.",
        0.4,
    ),
    "sum over the batch": Choice(
        "sgd",
        "Plain gradient descent takes steps 64 times as long: too long. Adam divides each step by the size of the "
        "gradients of late, so a factor cancels.",
        {
            "adam": "Adam divides its step by the size of the gradients of late. What becomes of a factor of 64?",
            "both": "One of the two divides its step by the size of the gradients. To that one it is all the same.",
            "neither": "One of the two multiplies the gradient by the learning rate, and that is its step.",
        },
    ),
    "mended mean": Number(
        0.015625,
        "With a 64th of the KL the whole objective is that of Eq. (4) divided by 64: the balance is back.",
        {
            64: (
                "It is the other way round: the mean has made the reconstruction 64 times too small, so the KL is too "
                "heavy already."
            ),
            1: "That is the weight as it is now, beside a reconstruction that was divided by 64.",
            0.125: "That is the root of a 64th. The mean divides by the number of pixels itself.",
        },
        "The reconstruction is divided by 64. By what must the KL be multiplied, for the same balance?",
        1e-3,
    ),
    "more latents": Choice(
        "none",
        "More latents rebuild better and cost more nats, and what they gain is more than what they cost. That ends "
        "where further ones stay unused.",
        {
            "reconstruction": "A second latent can say what the first has no room for. Train n = 1 and n = 2.",
            "kl": "Each latent in use adds its nats. Train n = 1 and n = 2 and compare.",
            "elbo": "It would fall if a latent cost more than it gained. Compute the difference for each n.",
        },
    ),
}

QUICK: Final = (
    Question(
        "A loss takes the reconstruction as a mean over the 64 pixels, and leaves the KL as it is. What comes of it?",
        Wrong(
            "The same model: only the unit of the loss changes",
            "It would be so if both terms were divided by 64. Here only one is, so their balance changes.",
        ),
        Right(
            "Samples that are all alike",
            "It is a KL term 64 times too heavy. No nat is worth its price, and Q becomes the prior for every X.",
        ),
        Wrong(
            "Sharper samples, because the loss is smaller",
            "A smaller loss is no better model. The reconstruction now counts 64 times less than it should.",
        ),
    ),
    Question(
        "A few epochs into a run on the digits the KL is near zero. Should you stop it?",
        Wrong(
            "Yes: the posterior has collapsed",
            "Not yet. The healthy run passes here as well, while it learns the average digit.",
        ),
        Wrong(
            "No: a KL of zero is what training aims at",
            "It aims at the difference of both terms. With a KL of zero the code says nothing about X.",
        ),
        Right(
            "No, but watch whether it climbs again",
            "In the healthy run it climbs as soon as the code says something. If it stays near zero, look for the "
            "mistake.",
        ),
    ),
    Question(
        "The ELBO of the training digits still rises. That of the held-out ones has stopped. What is it?",
        Right(
            "Over-fitting",
            "What is still being learned does not carry over. `fit` with `validation=` ends with the weights of the "
            "best epoch.",
        ),
        Wrong(
            "Too little training: the ELBO still rises",
            "On digits that it is trained on it nearly always does. New digits no longer gain from it.",
        ),
        Wrong(
            "Posterior collapse",
            "Then the KL would be near zero. Here the held-out digits pay as much for their code, and get less for it.",
        ),
    ),
)

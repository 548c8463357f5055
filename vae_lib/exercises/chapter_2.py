"""Chapter 2: Equation 1."""

from __future__ import annotations

import math
from typing import Any, Final

import torch
from torch import Tensor
from torch.distributions import Normal

from vae_lib.distributions import LOG_2PI, gaussian_log_density, standard_normal_log_density
from vae_lib.evidence import log_mean_exp
from vae_lib.exercises.checking import Choice, Function, Number, Verdict
from vae_lib.exercises.questions import Question, Right, Wrong
from vae_lib.exercises.shared import log_pixels, normal, of_a_log_mean

__all__ = ["check_log_density", "check_marginal"]


LOG_DENSITY: Final = Function(
    "check_log_density",
    lambda x, mean, sigma: gaussian_log_density(x, mean, 2 * math.log(sigma)),
    "one number for each picture, shape (batch,)",
    (
        (torch.tensor([[1.0]]), torch.tensor([[0.5]]), 0.5),
        (torch.tensor([[1.0, 0.2, 0.0]]), torch.tensor([[0.5, 0.3, 0.7]]), 0.3),
        (torch.rand(4, 6, generator=torch.Generator().manual_seed(0)), normal(4, 6, seed=1), 0.7),
        (normal(3, 5, seed=2), normal(3, 5, seed=3), 1.6),
    ),
    {
        "mean over pixels": (
            lambda x, m, s: log_pixels(x, m, s).mean(-1),
            "This is the mean over the pixels. Given z they are independent, so their densities multiply and the "
            "logarithms add up: use .sum(-1).",
        ),
        "not summed": (
            lambda x, m, s: log_pixels(x, m, s),
            "This is the log density of each pixel on its own. That of the picture is their sum: add .sum(-1).",
        ),
        "summed over the batch": (
            lambda x, m, s: log_pixels(x, m, s).sum(),
            "This adds up the whole batch. Each picture has a log density of its own: .sum(-1) keeps them apart.",
        ),
        "mean over the batch": (
            lambda x, m, s: log_pixels(x, m, s).sum(-1).mean(),
            "This is the mean over the batch. Wanted is one number for each picture.",
        ),
        "sign": (
            lambda x, m, s: -log_pixels(x, m, s).sum(-1),
            "The sign is flipped: this is minus the log density, as a loss has it. An error makes a picture less "
            "probable, so its square is taken off.",
        ),
        "density": (
            lambda x, m, s: log_pixels(x, m, s).sum(-1).exp(),
            "This is the density itself. Wanted is its logarithm; for 64 pixels the density soon leaves the range of "
            "float32.",
        ),
        "σ for σ²": (
            lambda x, m, s: (-0.5 * LOG_2PI - math.log(s) - (x - m) ** 2 / (2 * s)).sum(-1),
            "The squared error is divided by 2σ. It has to be 2σ².",
        ),
        "no half in the square": (
            lambda x, m, s: (-0.5 * LOG_2PI - math.log(s) - (x - m) ** 2 / s**2).sum(-1),
            "The squared error is divided by σ². It has to be 2σ².",
        ),
        "log σ² for log σ": (
            lambda x, m, s: (-0.5 * LOG_2PI - 2 * math.log(s) - (x - m) ** 2 / (2 * s**2)).sum(-1),
            "This takes off log σ² for each pixel. The constant is log(σ√(2π)), so it is log σ, which is half of log "
            "σ².",
        ),
        "log σ with a plus": (
            lambda x, m, s: (-0.5 * LOG_2PI + math.log(s) - (x - m) ** 2 / (2 * s**2)).sum(-1),
            "The sign of log σ is flipped: a wider Gaussian is lower, so log σ is taken off.",
        ),
        "no constant": (
            lambda x, m, s: -((x - m) ** 2).sum(-1) / (2 * s**2),
            "This is the squared error over 2σ² alone. The constant log(σ√(2π)) is missing, once for each pixel. It "
            "does not matter while σ is fixed, and it does as soon as two values of σ are compared.",
        ),
        "constant once": (
            lambda x, m, s: -0.5 * LOG_2PI - math.log(s) - ((x - m) ** 2).sum(-1) / (2 * s**2),
            "The constant log(σ√(2π)) is taken off once for the picture. Each pixel is a Gaussian of its own, so it "
            "comes once for each pixel.",
        ),
        "64 pixels": (
            lambda x, m, s: -((x - m) ** 2).sum(-1) / (2 * s**2) - 64 * (math.log(s) + 0.5 * LOG_2PI),
            "The constant is taken off 64 times, whatever came. It comes once for each pixel of x, x.shape[-1] times.",
        ),
        "2π without a root": (
            lambda x, m, s: (-LOG_2PI - math.log(s) - (x - m) ** 2 / (2 * s**2)).sum(-1),
            "The constant is log(σ√(2π)): the 2π stands under a root, so ½ log 2π is taken off, and not log 2π.",
        ),
        "no 2π": (
            lambda x, m, s: (-math.log(s) - (x - m) ** 2 / (2 * s**2)).sum(-1),
            "½ log 2π is missing, once for each pixel.",
        ),
        "not squared": (
            lambda x, m, s: (-0.5 * LOG_2PI - math.log(s) - (x - m).abs() / (2 * s**2)).sum(-1),
            "This takes the size of the error for its square.",
        ),
        "variance into Normal": (
            lambda x, m, s: Normal(m, s**2).log_prob(x).sum(-1),
            "This is the density with a standard deviation of σ². PyTorch's Normal takes the standard deviation, not "
            "the variance, and in the formula σ² stands where the variance does.",
        ),
        "σ for log σ²": (
            lambda x, m, s: gaussian_log_density(x, m, s),
            "This takes σ for log σ². gaussian_log_density wants the logarithm of the variance, 2 log σ.",
        ),
        "log σ for log σ²": (
            lambda x, m, s: gaussian_log_density(x, m, math.log(s)),
            "This takes log σ for log σ²: the variance used is σ. The logarithm of the variance is 2 log σ.",
        ),
        "σ² for log σ²": (
            lambda x, m, s: gaussian_log_density(x, m, s**2),
            "This takes σ² for log σ². gaussian_log_density wants the logarithm of the variance, 2 log σ.",
        ),
    },
)


def check_log_density(answer: Any) -> Verdict:
    """``log_density(x, mean, sigma)``: log N(x | mean, σ²I), the likelihood of the notes.

    ``x`` and ``mean`` have shape ``(batch, pixels)``, ``sigma`` is a number; the result has ``(batch,)``, in nats.
    Chapter 2.
    """
    return LOG_DENSITY.check(answer)


def _each_draw(x: Tensor, z: Tensor, sigma: float) -> Tensor:
    """log N(x | z, σ²) for each z."""
    return gaussian_log_density(x[None, None], z[:, None], 2 * math.log(sigma))


MARGINAL: Final = Function(
    "check_marginal",
    lambda x, z, sigma: log_mean_exp(_each_draw(x, z, sigma)),
    "one number, log P(X) in nats",
    (
        (torch.tensor(1.0), torch.tensor([0.0, 1.0]), 0.5),
        (torch.tensor(-0.4), normal(5, seed=0), 0.7),
        (torch.tensor(1.0), normal(1000, seed=1), 0.5),
        (torch.tensor(60.0), normal(100, seed=2), 0.5),
    ),
    {
        "mean of the logs": (
            lambda x, z, s: _each_draw(x, z, s).mean(),
            "This is the mean of log P(X|z). Eq. (1) averages P(X|z) itself, and the logarithm comes last; the mean of "
            "the logs is smaller, and far smaller where most draws miss.",
        ),
        "overflow": (
            lambda x, z, s: _each_draw(x, z, s).exp().mean().log(),
            "The formula is right. But for an X far from every z each P(X|z) is too small for a floating-point number: "
            "exp gives 0, and log 0 is minus infinity. torch.logsumexp does exp, sum and log in one, safely; take off "
            "the log of the number of draws to turn the sum into a mean.",
        ),
        "sum for mean": (
            lambda x, z, s: torch.logsumexp(_each_draw(x, z, s), 0),
            "This is the log of the sum over the draws. An average is wanted, or more draws would make X more "
            "probable: take off the log of the number of draws.",
        ),
        "prior twice": (
            lambda x, z, s: log_mean_exp(_each_draw(x, z, s) + standard_normal_log_density(z[:, None])),
            "This weighs each draw by P(z). The draws come from the prior already, so the probable z are there more "
            "often: a plain mean of P(X|z) is Eq. (1). The weight belongs to a grid, where each z comes once.",
        ),
        "best draw": (
            lambda x, z, s: _each_draw(x, z, s).max(),
            "This is log P(X|z) of the best draw. Eq. (1) averages over all of them, the misses included.",
        ),
        "sum of the logs": (
            lambda x, z, s: _each_draw(x, z, s).sum(),
            "This adds up log P(X|z) over the draws, as if each were another picture. It is one picture and many z: "
            "average P(X|z), then take the logarithm.",
        ),
        "not averaged": (
            lambda x, z, s: _each_draw(x, z, s),
            "This is log P(X|z) of each draw. Eq. (1) wants them averaged, before the logarithm is taken.",
        ),
        "no constant": (
            lambda x, z, s: log_mean_exp(-((x - z) ** 2) / (2 * s**2)),
            "The constant log(σ√(2π)) of the Gaussian is missing in log P(X|z).",
        ),
        "no 2π": (
            lambda x, z, s: log_mean_exp(_each_draw(x, z, s)) + 0.5 * LOG_2PI,
            "½ log 2π is missing in log P(X|z).",
        ),
        "variance into Normal": (
            lambda x, z, s: log_mean_exp(Normal(z, s**2).log_prob(x)),
            "This has σ² for a standard deviation. PyTorch's Normal takes σ itself.",
        ),
        "log σ for log σ²": (
            lambda x, z, s: log_mean_exp(gaussian_log_density(x[None, None], z[:, None], math.log(s))),
            "This takes log σ for log σ²: the variance used is σ. The logarithm of the variance is 2 log σ.",
        ),
        **of_a_log_mean(_each_draw),
    },
)


def check_marginal(answer: Any) -> Verdict:
    """``log_marginal(x, z, sigma)``: log P(X) by Eq. (1) where P(X|z) = N(z, σ²), from draws of the prior.

    ``x`` is one number, ``z`` has shape ``(draws,)``; the result is one number, in nats. Chapter 2.
    """
    return MARGINAL.check(answer)


ANSWERS: Final = {
    "best sigma": Number(
        0.125,
        "log P(X) of this seven is largest near σ = 0.125, at a good 36 nats: about the size of the errors that the "
        "decoder makes here. A smaller σ overcharges them; a larger one spreads the density over pictures that are "
        "nothing like a seven.",
        {
            0.16: (
                "That is about the model's own σ, 0.16, which was learned from all the training digits together. This "
                "seven is rebuilt better than most, so a smaller one suits it."
            ),
            0.08: "That is the smallest σ of the slider. It overcharges every error: read the exact value there.",
            0.9: "That is the largest σ of the slider. Many draws share the sum there, but the sum itself is small.",
        },
        "Move the slider of σ and read the exact log P(X) beside the estimate; look for its largest value.",
        0.0135,
    ),
    "most probable picture": Choice(
        "average",
        "At 36.25 nats the average digit lies above the seven that somebody wrote, at 33.16. The density is highest in "
        "the middle of many pictures, where none of them may lie: the most probable picture need not be a typical one.",
        {
            "seven": (
                "It comes second, at 33.16 nats. Compute the four numbers: one picture that nobody wrote lies above."
            ),
            "flipped": "It is nearly 40 nats below the seven: this model has hardly met strokes at these places.",
            "noise": (
                "Its log P(X) is about −200, by tens more or less from draw to draw: no z makes the decoder draw "
                "anything like it."
            ),
        },
    ),
    "easy integral": Number(
        0.17204,
        "2z has the variance 2² = 4, and X is the sum of two independent Gaussians: N(0, 4.25), with 0.172 at 1.",
        {
            0.23919: "That is N(0, 1.25), as if the decoder gave z. It gives 2z, whose variance is 2² = 4.",
            0.21297: "That is N(0, 2 + 0.25): a factor of 2 multiplies the variance by 2², and not by 2.",
            0.24197: "That is the density of N(0, 1), the prior's. X is 2z plus noise, and both widen it.",
            0.10798: "That is P(X|z) at z = 0, or at z = 1. Eq. (1) averages over all z.",
            0.79788: "That is P(X|z) at z = ½, the best z of all. Eq. (1) averages over all z.",
            0.14731: "That adds the standard deviations, 2 and 0.5. It is the variances that add: 4 + 0.25.",
            0.17501: "That takes 0.25 for the standard deviation of the noise. It is its variance.",
            0.09131: "That takes 4.25 for the standard deviation. It is the variance.",
            0.04731: "That takes 4.25 for log σ². gaussian_log_density wants the logarithm of the variance.",
            -1.76005: "That is log P(X). Take its exp.",
        },
        "2z and the noise are independent Gaussians. What is the variance of their sum?",
        1e-3,
    ),
}

QUICK: Final = (
    Question(
        "log P(X) of a seven is positive, so P(X) is larger than 1. May that be?",
        Wrong(
            "No: a probability is at most 1",
            "P(X) is a density. It integrates to 1, and at single places it may be far larger.",
        ),
        Right(
            "Yes: a density may be larger than 1",
            "With σ = 0.16 the density of one pixel at its mean is about 2.5, and the picture has 64 pixels.",
        ),
        Wrong(
            "Yes, but a well-trained model would bring it down to 1",
            "Training makes the density of real digits larger. No value of it is a limit.",
        ),
    ),
    Question(
        "Given z, the noise of the pixels is independent. Are the pixels of X then independent?",
        Right(
            "No: they all depend on the same z",
            "We do not know z. A z that makes one pixel of a stroke dark makes its neighbours dark as well.",
        ),
        Wrong(
            "Yes: that is what σ²I says",
            "It says so for one z that is known. P(X) averages over all z, and that ties the pixels together.",
        ),
        Wrong(
            "Only if z has as many numbers as there are pixels",
            "Their count does not decide it. Pixels that depend on the same number of z move together.",
        ),
    ),
    Question(
        "Few draws from the prior usually give a log P(X) that is too low. Why?",
        Wrong(
            "The average of P(X|z) is biased",
            "That average is right in the mean. It owes this to rare, large hits, which a typical run does not have.",
        ),
        Wrong(
            "P(X|z) is so small that the computer rounds it to 0",
            "The sums are done with logarithms, so none is rounded away. What is missing are draws that hit.",
        ),
        Right(
            "Most runs miss the few z that count",
            "The mean of P(X|z) is carried by rare hits, and the logarithm pulls the misses far down.",
        ),
    ),
    Question(
        "Can training make P(X) large for every picture that 64 pixels can show?",
        Wrong("Yes, with a large enough network", "No network can: whatever its size, the density integrates to 1."),
        Right(
            "No: what one picture gains, another loses",
            "All the densities together integrate to 1. So training raises those of the pictures in the data.",
        ),
        Wrong(
            "Yes, with a small enough σ",
            "A small σ heaps the density up close to f(z), and takes it from everywhere else.",
        ),
    ),
)

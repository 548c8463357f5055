"""The exercises of the book as data: what is right, and the mistakes that are often made, each with what to say to it.

A mistake is a function that makes it and the words that explain it; ``exercises`` recognises one by the numbers that
come out. In the functions below, short names stand for the arguments:

    x, f, m, v, s    a picture, the decoder's picture, mean and log σ² of Q, the σ of the pixels
    x, p, q, e       log P(X|z), log P(z), log Q(z|X), log P(X), where an exercise is given those
    w                log weights
    a, b, n          the two ends of a line or arc, and the number of points
    d, c, r          draws, codes, reach
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

import torch
from torch import Tensor
from torch.distributions import Normal
from torch.nn.functional import normalize

from vae_lib import latent
from vae_lib.distributions import LOG_2PI, gaussian_kl, gaussian_log_density, standard_normal_log_density
from vae_lib.evidence import log_mean_exp, summarize


class Mistake(NamedTuple):
    """A mistake that is often made: its name, a function that makes it, and what to tell who made it."""

    name: str
    wrong: Callable[..., Any]
    words: str


@dataclass(frozen=True)
class Exercise:
    """A function to write.

    Attributes:
        name: of its check, as the learner calls it.
        right: the right function; its arguments have the names that the learner is told.
        returns: what it gives, with the shape, in words.
        cases: the arguments of each call, the smallest first, since the first that differs is shown.
        mistakes: each differs from ``right`` and from all others in some case.
        measure: makes what is compared out of the tensors that two calls returned and the arguments; by default it is
            what one call returns.
        rows: what the rows of ``measure`` are called.
        rtol, atol: how far a right answer may be off: rounding in float32, or the noise of draws.
    """

    name: str
    right: Callable[..., Any]
    returns: str
    cases: tuple[tuple[Any, ...], ...]
    mistakes: tuple[Mistake, ...]
    measure: Callable[[Sequence[Tensor], Sequence[Tensor]], Tensor] | None = None
    rows: tuple[str, ...] = ()
    rtol: float = 1e-3
    atol: float = 1e-4


@dataclass(frozen=True)
class Question:
    """A number to read off or work out, or a choice between words.

    Attributes:
        right: the number, or the word.
        because: what to say to the right answer.
        wrong: the usual wrong answers, each with what it comes from. For a choice, these are the other words.
        remedy: how to find out, for a wrong number that is none of those.
        tolerance: how far a number may be off, in its own unit.
    """

    right: float | str
    because: str
    wrong: tuple[tuple[float | str, str], ...]
    remedy: str = ""
    tolerance: float = 0.0


def _normal(*shape: int, seed: int) -> Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed))


# --- chapter 1 -------------------------------------------------------------------------------------------------------


def _line(start: Tensor, end: Tensor, share: Tensor) -> Tensor:
    return (1 - share[:, None]) * start + share[:, None] * end


LINE: Final = Exercise(
    "check_line",
    lambda start, end, steps: latent.straight(start, end, steps),
    "one point in each row, shape (steps, latents)",
    (
        (torch.tensor([0.0]), torch.tensor([1.0]), 3),
        (torch.tensor([1.0, -2.0]), torch.tensor([3.0, 0.5]), 5),
        (_normal(3, seed=0), _normal(3, seed=1), 8),
    ),
    (
        Mistake(
            "end left out",
            lambda a, b, n: _line(a, b, torch.arange(n) / n),
            "The line stops one step before the end: the shares run from 0 to (steps − 1) / steps. With both ends"
            " there are steps − 1 gaps between the points, so the last share has to be 1, as torch.linspace(0, 1,"
            " steps) has it.",
        ),
        Mistake(
            "start left out",
            lambda a, b, n: _line(a, b, torch.arange(1, n + 1) / n),
            "The line begins one step after the start: the first share has to be 0.",
        ),
        Mistake(
            "both ends left out",
            lambda a, b, n: _line(a, b, torch.arange(1, n + 1) / (n + 1)),
            "All points lie between the two ends, and both ends are missing. The shares have to run from 0 to 1.",
        ),
        Mistake(
            "one point too many",
            lambda a, b, n: _line(a, b, torch.linspace(0, 1, n + 1)),
            "That is one point too many: steps counts the points, both ends included, and not the gaps between them.",
        ),
        Mistake(
            "backwards",
            lambda a, b, n: _line(b, a, torch.linspace(0, 1, n)),
            "The line runs backwards, from end to start: the weights t and 1 − t have changed places.",
        ),
        Mistake(
            "start keeps its weight",
            lambda a, b, n: a + torch.linspace(0, 1, n)[:, None] * b,
            "The last point is start + end: while the weight of the end grows to 1, that of the start has to fall"
            " to 0. Weigh the start by 1 − t, or add t · (end − start).",
        ),
        Mistake(
            "lying on its side",
            lambda a, b, n: _line(a, b, torch.linspace(0, 1, n)).T,
            "The points are right, but each stands in a column. A decoder takes one z in each row: give t the "
            "shape (steps, 1), as in t[:, None].",
        ),
        Mistake(
            "only the way",
            lambda a, b, n: torch.linspace(0, 1, n)[:, None] * (b - a),
            "These are the steps from the start, t · (end − start). Add the start itself.",
        ),
    ),
)

LOST: Final = Exercise(
    "check_lost",
    lambda draws, codes, reach: (torch.cdist(draws, codes).min(1).values > reach).float().mean(),
    "one number, the share of the draws",
    (
        (torch.tensor([[0.0], [1.0], [6.0]]), torch.tensor([[0.5], [-5.0]]), 0.8),
        (_normal(40, 2, seed=0), _normal(30, 2, seed=1), 0.3),
        (_normal(50, 3, seed=2), 1.5 * _normal(20, 3, seed=3), 0.7),
        (1.5 * _normal(40, 2, seed=4), _normal(6, 2, seed=5), 1.6),
    ),
    (
        Mistake(
            "found",
            lambda d, c, r: (torch.cdist(d, c).min(1).values <= r).float().mean(),
            "This is the share of the draws that have a code within reach. The lost ones are the others: distance"
            " > reach.",
        ),
        Mistake(
            "codes without a draw",
            lambda d, c, r: (torch.cdist(d, c).min(0).values > r).float().mean(),
            "This is the share of the codes that have no draw within reach: the minimum runs over the draws. Take"
            " it over the codes, once for each draw: .min(1) of the distances of shape (draws, codes).",
        ),
        Mistake(
            "farthest code",
            lambda d, c, r: (torch.cdist(d, c).max(1).values > r).float().mean(),
            "This asks for the farthest code, and a draw is lost only if even the nearest is out of reach: min, "
            "not max.",
        ),
        Mistake(
            "mean distance",
            lambda d, c, r: (torch.cdist(d, c).mean(1) > r).float().mean(),
            "This compares the mean distance to all codes with the reach. A draw is lost if the nearest code is "
            "out of reach: min, not mean.",
        ),
        Mistake(
            "all pairs",
            lambda d, c, r: (torch.cdist(d, c) > r).float().mean(),
            "This is the share of all pairs of a draw and a code that are far apart. First take the smallest "
            "distance for each draw, then compare it with the reach.",
        ),
        Mistake(
            "squared distance",
            lambda d, c, r: (torch.cdist(d, c).min(1).values ** 2 > r).float().mean(),
            "This compares the square of the distance with the reach: the root is missing.",
        ),
        Mistake(
            "in units of the spread",
            lambda d, c, r: (torch.cdist(d, c).min(1).values / c.std(0).mean() > r).float().mean(),
            "This divides the distances by the spread of the codes. Here reach is a distance as it stands: compare "
            "with that, and hand over a quarter of the spread when you use the function.",
        ),
        Mistake(
            "distance along the axes",
            lambda d, c, r: (torch.cdist(d, c, p=1).min(1).values > r).float().mean(),
            "This adds up the distances along the axes. The straight distance is the root of the sum of their squares.",
        ),
        Mistake(
            "count",
            lambda d, c, r: (torch.cdist(d, c).min(1).values > r).float().sum(),
            "This is how many draws are lost; the share is that number divided by the number of draws.",
        ),
        Mistake(
            "per cent",
            lambda d, c, r: 100 * (torch.cdist(d, c).min(1).values > r).float().mean(),
            "This is the share in per cent. As a number between 0 and 1 it is a hundred times smaller.",
        ),
        Mistake(
            "not counted",
            lambda d, c, r: (torch.cdist(d, c).min(1).values > r).float(),
            "This says of each draw whether it is lost. The share is the mean of that: .float().mean().",
        ),
    ),
)


# --- chapter 2 -------------------------------------------------------------------------------------------------------


def _log_pixels(x: Tensor, mean: Tensor, sigma: float) -> Tensor:
    """log N(x | mean, σ²) of each pixel on its own."""
    return -0.5 * LOG_2PI - math.log(sigma) - (x - mean) ** 2 / (2 * sigma**2)


LOG_DENSITY: Final = Exercise(
    "check_log_density",
    lambda x, mean, sigma: gaussian_log_density(x, mean, 2 * math.log(sigma)),
    "one number for each picture, shape (batch,)",
    (
        (torch.tensor([[1.0]]), torch.tensor([[0.5]]), 0.5),
        (torch.tensor([[1.0, 0.2, 0.0]]), torch.tensor([[0.5, 0.3, 0.7]]), 0.3),
        (torch.rand(4, 6, generator=torch.Generator().manual_seed(0)), _normal(4, 6, seed=1), 0.7),
        (_normal(3, 5, seed=2), _normal(3, 5, seed=3), 1.6),
    ),
    (
        Mistake(
            "mean over pixels",
            lambda x, m, s: _log_pixels(x, m, s).mean(-1),
            "This is the mean over the pixels. Given z they are independent, so their densities multiply and the "
            "logarithms add up: use .sum(-1).",
        ),
        Mistake(
            "not summed",
            lambda x, m, s: _log_pixels(x, m, s),
            "This is the log density of each pixel on its own. That of the picture is their sum: add .sum(-1).",
        ),
        Mistake(
            "summed over the batch",
            lambda x, m, s: _log_pixels(x, m, s).sum(),
            "This adds up the whole batch. Each picture has a log density of its own: .sum(-1) keeps them apart.",
        ),
        Mistake(
            "mean over the batch",
            lambda x, m, s: _log_pixels(x, m, s).sum(-1).mean(),
            "This is the mean over the batch. Wanted is one number for each picture.",
        ),
        Mistake(
            "sign",
            lambda x, m, s: -_log_pixels(x, m, s).sum(-1),
            "The sign is flipped: this is minus the log density, as a loss has it. An error makes a picture less "
            "probable, so its square is taken off.",
        ),
        Mistake(
            "density",
            lambda x, m, s: _log_pixels(x, m, s).sum(-1).exp(),
            "This is the density itself. Wanted is its logarithm; for 64 pixels the density soon leaves the range"
            " of float32.",
        ),
        Mistake(
            "σ for σ²",
            lambda x, m, s: (-0.5 * LOG_2PI - math.log(s) - (x - m) ** 2 / (2 * s)).sum(-1),
            "The squared error is divided by 2σ. It has to be 2σ².",
        ),
        Mistake(
            "no half in the square",
            lambda x, m, s: (-0.5 * LOG_2PI - math.log(s) - (x - m) ** 2 / s**2).sum(-1),
            "The squared error is divided by σ². It has to be 2σ².",
        ),
        Mistake(
            "log σ² for log σ",
            lambda x, m, s: (-0.5 * LOG_2PI - 2 * math.log(s) - (x - m) ** 2 / (2 * s**2)).sum(-1),
            "This takes off log σ² for each pixel. The constant is log(σ√(2π)), so it is log σ, which is half of "
            "log σ².",
        ),
        Mistake(
            "log σ with a plus",
            lambda x, m, s: (-0.5 * LOG_2PI + math.log(s) - (x - m) ** 2 / (2 * s**2)).sum(-1),
            "The sign of log σ is flipped: a wider Gaussian is lower, so log σ is taken off.",
        ),
        Mistake(
            "no constant",
            lambda x, m, s: -((x - m) ** 2).sum(-1) / (2 * s**2),
            "This is the squared error over 2σ² alone. The constant log(σ√(2π)) is missing, once for each pixel. "
            "It does not matter while σ is fixed, and it does as soon as two values of σ are compared.",
        ),
        Mistake(
            "constant once",
            lambda x, m, s: -0.5 * LOG_2PI - math.log(s) - ((x - m) ** 2).sum(-1) / (2 * s**2),
            "The constant log(σ√(2π)) is taken off once for the picture. Each pixel is a Gaussian of its own, so "
            "it comes once for each pixel.",
        ),
        Mistake(
            "no 2π",
            lambda x, m, s: (-math.log(s) - (x - m) ** 2 / (2 * s**2)).sum(-1),
            "½ log 2π is missing, once for each pixel.",
        ),
        Mistake(
            "not squared",
            lambda x, m, s: (-0.5 * LOG_2PI - math.log(s) - (x - m).abs() / (2 * s**2)).sum(-1),
            "This takes the size of the error for its square.",
        ),
        Mistake(
            "variance into Normal",
            lambda x, m, s: Normal(m, s**2).log_prob(x).sum(-1),
            "This is the density with a standard deviation of σ². PyTorch's Normal takes the standard deviation, "
            "not the variance, and in the formula σ² stands where the variance does.",
        ),
        Mistake(
            "σ for log σ²",
            lambda x, m, s: gaussian_log_density(x, m, s),
            "This takes σ for log σ². gaussian_log_density wants the logarithm of the variance, 2 log σ.",
        ),
        Mistake(
            "log σ for log σ²",
            lambda x, m, s: gaussian_log_density(x, m, math.log(s)),
            "This takes log σ for log σ²: the variance used is σ. The logarithm of the variance is 2 log σ.",
        ),
        Mistake(
            "σ² for log σ²",
            lambda x, m, s: gaussian_log_density(x, m, s**2),
            "This takes σ² for log σ². gaussian_log_density wants the logarithm of the variance, 2 log σ.",
        ),
    ),
)


def _each_draw(x: Tensor, z: Tensor, sigma: float) -> Tensor:
    """log N(x | z, σ²) for each z."""
    return gaussian_log_density(x[None, None], z[:, None], 2 * math.log(sigma))


MARGINAL: Final = Exercise(
    "check_marginal",
    lambda x, z, sigma: log_mean_exp(_each_draw(x, z, sigma)),
    "one number, log P(X) in nats",
    (
        (torch.tensor(1.0), torch.tensor([0.0, 1.0]), 0.5),
        (torch.tensor(-0.4), _normal(5, seed=0), 0.7),
        (torch.tensor(1.0), _normal(1000, seed=1), 0.5),
        (torch.tensor(60.0), _normal(100, seed=2), 0.5),
    ),
    (
        Mistake(
            "mean of the logs",
            lambda x, z, s: _each_draw(x, z, s).mean(),
            "This is the mean of log P(X|z). Eq. (1) averages P(X|z) itself, and the logarithm comes last; the "
            "mean of the logs is smaller, and far smaller where most draws miss.",
        ),
        Mistake(
            "overflow",
            lambda x, z, s: _each_draw(x, z, s).exp().mean().log(),
            "The formula is right. But for an X far from every z each P(X|z) is too small for a floating-point "
            "number: exp gives 0, and log 0 is minus infinity. torch.logsumexp does exp, sum and log in one, "
            "safely; take off the log of the number of draws to turn the sum into a mean.",
        ),
        Mistake(
            "sum for mean",
            lambda x, z, s: torch.logsumexp(_each_draw(x, z, s), 0),
            "This is the log of the sum over the draws. An average is wanted, or more draws would make X more "
            "probable: take off the log of the number of draws.",
        ),
        Mistake(
            "divided outside the log",
            lambda x, z, s: torch.logsumexp(_each_draw(x, z, s), 0) / len(z),
            "The log of the sum is divided by the number of draws. It is the sum that is to be divided, inside the "
            "logarithm; outside of it that is the log of the number taken off.",
        ),
        Mistake(
            "log of the number added",
            lambda x, z, s: torch.logsumexp(_each_draw(x, z, s), 0) + math.log(len(z)),
            "The log of the number of draws is added. A mean is the sum divided by that number, so its log is taken "
            "off.",
        ),
        Mistake(
            "prior twice",
            lambda x, z, s: log_mean_exp(_each_draw(x, z, s) + standard_normal_log_density(z[:, None])),
            "This weighs each draw by P(z). The draws come from the prior already, so the probable z are there "
            "more often: a plain mean of P(X|z) is Eq. (1). The weight belongs to a grid, where each z comes "
            "once.",
        ),
        Mistake(
            "density",
            lambda x, z, s: _each_draw(x, z, s).exp().mean(),
            "This is P(X). Wanted is its logarithm.",
        ),
        Mistake(
            "best draw",
            lambda x, z, s: _each_draw(x, z, s).max(),
            "This is log P(X|z) of the best draw. Eq. (1) averages over all of them, the misses included.",
        ),
        Mistake(
            "sum of the logs",
            lambda x, z, s: _each_draw(x, z, s).sum(),
            "This adds up log P(X|z) over the draws, as if each were another picture. It is one picture and many "
            "z: average P(X|z), then take the logarithm.",
        ),
        Mistake(
            "sign",
            lambda x, z, s: -log_mean_exp(_each_draw(x, z, s)),
            "The sign is flipped: this is −log P(X).",
        ),
        Mistake(
            "not averaged",
            lambda x, z, s: _each_draw(x, z, s),
            "This is log P(X|z) of each draw. Eq. (1) wants them averaged, before the logarithm is taken.",
        ),
        Mistake(
            "no constant",
            lambda x, z, s: log_mean_exp(-((x - z) ** 2) / (2 * s**2)),
            "The constant log(σ√(2π)) of the Gaussian is missing in log P(X|z).",
        ),
        Mistake(
            "variance into Normal",
            lambda x, z, s: log_mean_exp(Normal(z, s**2).log_prob(x)),
            "This has σ² for a standard deviation. PyTorch's Normal takes σ itself.",
        ),
        Mistake(
            "log σ for log σ²",
            lambda x, z, s: log_mean_exp(gaussian_log_density(x[None, None], z[:, None], math.log(s))),
            "This takes log σ for log σ²: the variance used is σ. The logarithm of the variance is 2 log σ.",
        ),
    ),
)


# --- chapter 3 -------------------------------------------------------------------------------------------------------


def _kl_parts(mean: Tensor, log_var: Tensor) -> Tensor:
    """What each latent adds to the KL to the prior."""
    return 0.5 * (mean**2 + log_var.exp() - 1 - log_var)


KL: Final = Exercise(
    "check_kl",
    lambda mean, log_var: gaussian_kl(mean, log_var),
    "one number for each row, shape (batch,)",
    (
        (torch.tensor([[1.0]]), torch.tensor([[0.0]])),
        (torch.tensor([[0.0]]), torch.tensor([[1.0]])),
        (torch.tensor([[0.5, -1.0]]), torch.tensor([[0.8, -0.5]])),
        (_normal(5, 3, seed=0), _normal(5, 3, seed=1)),
        (2 * _normal(4, 2, seed=2), _normal(4, 2, seed=3).abs()),
    ),
    (
        Mistake(
            "mean over latents",
            lambda m, v: _kl_parts(m, v).mean(-1),
            "This is the mean over the latents; the KL is their sum. Write .sum(-1).",
        ),
        Mistake(
            "not summed",
            lambda m, v: _kl_parts(m, v),
            "This is what each latent adds. The KL of the whole Q is their sum: add .sum(-1).",
        ),
        Mistake(
            "wrong axis",
            lambda m, v: _kl_parts(m, v).sum(0),
            "This sums over the batch and keeps the latents apart. It is the other way round: .sum(-1), the last axis.",
        ),
        Mistake(
            "summed over the batch",
            lambda m, v: _kl_parts(m, v).sum(),
            "This adds up the whole batch as well. Each row is a Q of its own, with a KL of its own: .sum(-1), "
            "not .sum().",
        ),
        Mistake(
            "mean over the batch",
            lambda m, v: _kl_parts(m, v).sum(-1).mean(),
            "This is the mean over the batch, one number for all rows. Wanted is one number for each row.",
        ),
        Mistake(
            "mean over everything",
            lambda m, v: _kl_parts(m, v).mean(),
            "This is the mean over latents and batch at once. The KL is the sum over the latents, one number for "
            "each row.",
        ),
        Mistake(
            "sign",
            lambda m, v: -_kl_parts(m, v).sum(-1),
            "The sign is flipped: a KL divergence is never negative.",
        ),
        Mistake(
            "no half",
            lambda m, v: 2 * _kl_parts(m, v).sum(-1),
            "The factor ½ is missing: every value is twice the KL.",
        ),
        Mistake(
            "no minus one",
            lambda m, v: (_kl_parts(m, v) + 0.5).sum(-1),
            "The −1 is missing. For Q = P(z), with mean 0 and log σ² = 0, the KL has to be 0.",
        ),
        Mistake(
            "plus one",
            lambda m, v: (_kl_parts(m, v) + 1).sum(-1),
            "The 1 is added where it is taken off. For Q = P(z), with mean 0 and log σ² = 0, the KL has to be 0.",
        ),
        Mistake(
            "log σ² with a plus",
            lambda m, v: 0.5 * (m**2 + v.exp() - 1 + v).sum(-1),
            "The sign of log σ² is flipped: it is taken off, so that a narrow Q, whose log σ² is negative, costs.",
        ),
        Mistake(
            "log σ² for σ",
            lambda m, v: 0.5 * (m**2 + v**2 - 1 - 2 * v.abs().log()).sum(-1),
            "This takes log σ² for σ. The argument is the logarithm of the variance: σ² is log_var.exp(), and log"
            " σ² is log_var itself.",
        ),
        Mistake(
            "log σ² for σ²",
            lambda m, v: 0.5 * (m**2 + v - 1 - v.log()).sum(-1),
            "This takes log σ² for σ². The argument is the logarithm of the variance: σ² is log_var.exp(), and "
            "log σ² is log_var itself.",
        ),
        Mistake(
            "log σ² for log σ",
            lambda m, v: 0.5 * (m**2 + (2 * v).exp() - 1 - 2 * v).sum(-1),
            "This takes log σ² for log σ: exp(log_var) is the variance already, and need not be squared.",
        ),
        Mistake(
            "variance squared",
            lambda m, v: 0.5 * (m**2 + (2 * v).exp() - 1 - v).sum(-1),
            "The variance is squared: exp(log_var) is σ² already, and the formula wants σ², not its square.",
        ),
        Mistake(
            "σ for σ²",
            lambda m, v: 0.5 * (m**2 + (0.5 * v).exp() - 1 - v).sum(-1),
            "This has σ where σ² belongs: the variance is exp(log_var), and the half is for the standard deviation.",
        ),
        Mistake(
            "log σ for log σ² at the end",
            lambda m, v: 0.5 * (m**2 + v.exp() - 1 - 0.5 * v).sum(-1),
            "This takes off log σ where the formula has log σ², which is log_var itself.",
        ),
        Mistake(
            "the other direction",
            lambda m, v: gaussian_kl(torch.zeros_like(m), torch.zeros_like(m), m, v),
            "This is D[P‖Q], from the prior to Q. Wanted is D[Q‖P]; the two differ.",
        ),
        Mistake(
            "mean not squared",
            lambda m, v: 0.5 * (m + v.exp() - 1 - v).sum(-1),
            "The mean is not squared: a Q to the left of the origin costs as much as one to the right.",
        ),
        Mistake(
            "no mean",
            lambda m, v: 0.5 * (v.exp() - 1 - v).sum(-1),
            "The mean is missing: this charges Q for its width only, and not for its distance from the origin.",
        ),
    ),
)


def _of_draws(seed: int, count: int) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    log_q, log_likelihood, log_prior = _normal(3, count, seed=seed) - torch.tensor([[0.5], [2.0], [1.5]])
    return log_q, log_likelihood, log_prior, _normal(seed=seed + 1) - 2


GAP: Final = Exercise(
    "check_gap",
    lambda log_q, log_likelihood, log_prior, log_evidence: (log_q - log_likelihood - log_prior).mean() + log_evidence,
    "one number, the gap in nats",
    (
        (torch.tensor([-1.0]), torch.tensor([-2.0]), torch.tensor([-1.5]), torch.tensor(-1.4)),
        (torch.tensor([-1.0, -0.5]), torch.tensor([-2.0, -3.0]), torch.tensor([-1.5, -1.0]), torch.tensor(-1.4)),
        _of_draws(0, 6),
        _of_draws(2, 40),
    ),
    (
        Mistake(
            "log P(X) taken off",
            lambda q, x, p, e: (q - x - p).mean() - e,
            "log P(X) is taken off where Eq. (3) adds it. Bayes' theorem has it with a minus in log P(z|X), and "
            "that is taken off in its turn.",
        ),
        Mistake(
            "no log P(X)",
            lambda q, x, p, e: (q - x - p).mean(),
            "log P(X) is missing. What you have is the expectation in Eq. (3); chapter 4 gives minus this number "
            "a name, the ELBO.",
        ),
        Mistake(
            "no prior",
            lambda q, x, p, e: (q - x).mean() + e,
            "log P(z) is missing: Bayes' theorem makes log P(z|X) out of log P(X|z) + log P(z) − log P(X).",
        ),
        Mistake(
            "no likelihood",
            lambda q, x, p, e: (q - p).mean() + e,
            "log P(X|z) is missing: Bayes' theorem makes log P(z|X) out of log P(X|z) + log P(z) − log P(X).",
        ),
        Mistake(
            "KL to the prior",
            lambda q, x, p, e: (q - p).mean(),
            "This is the divergence from the prior, D[Q(z|X)‖P(z)]. The gap is that from the posterior, "
            "D[Q(z|X)‖P(z|X)].",
        ),
        Mistake(
            "prior with a plus",
            lambda q, x, p, e: (q - x + p).mean() + e,
            "The sign of log P(z) is flipped: it stands with log P(X|z), and both are taken off.",
        ),
        Mistake(
            "likelihood with a plus",
            lambda q, x, p, e: (q + x - p).mean() + e,
            "The sign of log P(X|z) is flipped: it stands with log P(z), and both are taken off.",
        ),
        Mistake(
            "sign",
            lambda q, x, p, e: (x + p - q).mean() - e,
            "The sign is flipped: this is minus the gap, and a gap is never negative on average.",
        ),
        Mistake(
            "weighted by Q",
            lambda q, x, p, e: (q.exp() * (q - x - p + e)).sum(),
            "This weighs each draw by Q(z|X). The draws come from Q already, so the probable z are there more often: "
            "the expectation is their plain mean. The weight belongs to a grid, where each z comes once.",
        ),
        Mistake(
            "sum over draws",
            lambda q, x, p, e: (q - x - p).sum() + e,
            "This adds up the draws. The expectation is their mean.",
        ),
        Mistake(
            "log P(X) once for each draw",
            lambda q, x, p, e: (q - x - p + e).sum(),
            "This adds up the draws, log P(X) included. The expectation is their mean.",
        ),
        Mistake(
            "not averaged",
            lambda q, x, p, e: q - x - p + e,
            "This is one term for each draw, and single terms may be negative. The gap is their mean.",
        ),
        Mistake(
            "log of the mean",
            lambda q, x, p, e: log_mean_exp(q - x - p) + e,
            "This averages the ratios and then takes the logarithm. A KL divergence is the mean of the logarithms.",
        ),
    ),
)


# --- chapter 4 -------------------------------------------------------------------------------------------------------

ELBO: Final = Exercise(
    "check_elbo",
    lambda log_likelihood, mean, log_var: log_likelihood.mean(0) - gaussian_kl(mean, log_var),
    "one number for each picture, shape (batch,)",
    (
        (torch.tensor([[-1.0], [-2.0]]), torch.tensor([[1.0]]), torch.tensor([[0.5]])),
        (_normal(4, 2, seed=0) + 3, _normal(2, 2, seed=1), _normal(2, 2, seed=2)),
        (5 * _normal(6, 3, seed=3), _normal(3, 4, seed=4), _normal(3, 4, seed=5) - 1),
    ),
    (
        Mistake(
            "KL added",
            lambda x, m, v: x.mean(0) + gaussian_kl(m, v),
            "The KL is added. It is the price of the code, so Eq. (4) takes it off.",
        ),
        Mistake(
            "sign",
            lambda x, m, v: gaussian_kl(m, v) - x.mean(0),
            "The sign is flipped: this is minus the ELBO, which is what training makes small. The ELBO itself is "
            "the reconstruction minus the KL.",
        ),
        Mistake(
            "no KL",
            lambda x, m, v: x.mean(0),
            "This is the reconstruction alone. The KL to the prior still has to be taken off.",
        ),
        Mistake(
            "KL as a mean over latents",
            lambda x, m, v: x.mean(0) - _kl_parts(m, v).mean(-1),
            "The KL is taken as a mean over the latents; it is their sum.",
        ),
        Mistake(
            "KL without its half",
            lambda x, m, v: x.mean(0) - 2 * gaussian_kl(m, v),
            "Twice the KL is taken off: the factor ½ of its closed form is missing.",
        ),
        Mistake(
            "log σ² for log σ",
            lambda x, m, v: x.mean(0) - gaussian_kl(m, 2 * v),
            "In the KL, log σ² is taken for log σ: exp(log_var) is the variance already, and need not be squared.",
        ),
        Mistake(
            "log of the mean",
            lambda x, m, v: log_mean_exp(x) - gaussian_kl(m, v),
            "This takes the log of the mean of P(X|z). In Eq. (4) the logarithm stands inside the expectation: "
            "average log P(X|z).",
        ),
        Mistake(
            "sum over draws",
            lambda x, m, v: x.sum(0) - gaussian_kl(m, v),
            "The draws are added up. An expectation is a mean, or twice as many draws would double it.",
        ),
        Mistake(
            "first draw",
            lambda x, m, v: x[0] - gaussian_kl(m, v),
            "This uses the first draw only. That is allowed in training, and on average right; here all draws are"
            " there to be averaged.",
        ),
        Mistake(
            "draws not averaged",
            lambda x, m, v: x - gaussian_kl(m, v),
            "This has one value for each draw. Average log P(X|z) over the draws, the first axis.",
        ),
        Mistake(
            "mean over the batch",
            lambda x, m, v: (x.mean(0) - gaussian_kl(m, v)).mean(),
            "This is the mean over the batch. Wanted is one number for each picture.",
        ),
        Mistake(
            "sum over the batch",
            lambda x, m, v: (x.mean(0) - gaussian_kl(m, v)).sum(),
            "This adds up the batch. Wanted is one number for each picture.",
        ),
        Mistake(
            "reconstruction averaged over the batch",
            lambda x, m, v: x.mean() - gaussian_kl(m, v),
            "The reconstruction is averaged over the pictures as well, so each gets the same one. Average over "
            "the draws only: .mean(0).",
        ),
        Mistake(
            "KL summed over the batch",
            lambda x, m, v: x.mean(0) - gaussian_kl(m, v).sum(),
            "From each picture the KL of the whole batch is taken off. Each has its own: .sum(-1), not .sum().",
        ),
        Mistake(
            "KL averaged over the batch",
            lambda x, m, v: x.mean(0) - gaussian_kl(m, v).mean(),
            "From each picture the mean KL of the batch is taken off. Each has its own.",
        ),
    ),
)


def _weights(seed: int, draws: int, batch: int, shift: float = 0.0) -> tuple[Tensor, Tensor, Tensor]:
    log_likelihood, log_prior, log_q = 2 * _normal(3, draws, batch, seed=seed)
    return log_likelihood + shift, log_prior, log_q


IMPORTANCE: Final = Exercise(
    "check_importance",
    lambda log_likelihood, log_prior, log_q: log_mean_exp(log_likelihood + log_prior - log_q),
    "one number for each picture, shape (batch,)",
    (
        (torch.tensor([[-1.0], [-2.0]]), torch.tensor([[-1.5], [-1.0]]), torch.tensor([[-0.5], [0.3]])),
        _weights(0, 4, 2),
        _weights(1, 30, 3, shift=20.0),
        _weights(2, 5, 2, shift=-1500.0),
    ),
    (
        Mistake(
            "the false claim",
            lambda x, p, q: log_mean_exp(x),
            "This is log E_Q[P(X|z)], the claim that is false: Q picks the z for which P(X|z) is large. Each draw"
            " needs its weight P(z) / Q(z|X).",
        ),
        Mistake(
            "no prior",
            lambda x, p, q: log_mean_exp(x - q),
            "P(z) is missing in the weight: this integrates P(X|z) over all z alike, as if every z were as "
            "probable as any other.",
        ),
        Mistake(
            "not divided by Q",
            lambda x, p, q: log_mean_exp(x + p),
            "The division by Q(z|X) is missing: Q deals out some z more often than others, and the weight makes "
            "up for it.",
        ),
        Mistake(
            "weight upside down",
            lambda x, p, q: log_mean_exp(x - p + q),
            "The weight is upside down: it is P(z) / Q(z|X), how many times as likely the prior was to deal this z.",
        ),
        Mistake(
            "mean of the logs",
            lambda x, p, q: (x + p - q).mean(0),
            "This is the mean of the logarithms, and that is the ELBO, a lower bound. For log P(X) average first,"
            " and take the logarithm last.",
        ),
        Mistake(
            "sum for mean",
            lambda x, p, q: torch.logsumexp(x + p - q, 0),
            "This is the log of the sum over the draws. A mean is wanted: take off the log of the number of draws.",
        ),
        Mistake(
            "divided outside the log",
            lambda x, p, q: torch.logsumexp(x + p - q, 0) / len(q),
            "The log of the sum is divided by the number of draws. It is the sum that is to be divided, inside the "
            "logarithm; outside of it that is the log of the number taken off.",
        ),
        Mistake(
            "log of the number added",
            lambda x, p, q: torch.logsumexp(x + p - q, 0) + math.log(len(q)),
            "The log of the number of draws is added. A mean is the sum divided by that number, so its log is taken "
            "off.",
        ),
        Mistake(
            "multiplied by Q",
            lambda x, p, q: log_mean_exp(x + p + q),
            "log Q(z|X) is added, so the draws are multiplied by Q. The weight is P(z) / Q(z|X): take log_q off.",
        ),
        Mistake(
            "overflow",
            lambda x, p, q: (x + p - q).exp().mean(0).log(),
            "The formula is right. But at −1500 nats exp gives 0 in any floating-point number, and log 0 is minus"
            " infinity. torch.logsumexp does exp, sum and log in one, safely.",
        ),
        Mistake(
            "density",
            lambda x, p, q: (x + p - q).exp().mean(0),
            "This is P(X). Wanted is its logarithm.",
        ),
        Mistake(
            "draws not averaged",
            lambda x, p, q: x + p - q,
            "These are the logarithms of the weighted terms, one for each draw. What is left to do is the log of "
            "their mean over the draws, the first axis.",
        ),
        Mistake(
            "over the batch",
            lambda x, p, q: log_mean_exp(x + p - q, 1),
            "This averages over the pictures and keeps the draws apart. The draws are the first axis.",
        ),
        Mistake(
            "over everything",
            lambda x, p, q: log_mean_exp((x + p - q).flatten()),
            "This averages over the pictures too. Each picture has its own P(X): average over the first axis only.",
        ),
        Mistake(
            "sign",
            lambda x, p, q: -log_mean_exp(x + p - q),
            "The sign is flipped: this is −log P(X).",
        ),
    ),
)


# --- chapter 5 -------------------------------------------------------------------------------------------------------


def _noise_and_gradients(draws: Sequence[Tensor], given: Sequence[Tensor]) -> Tensor:
    """What is known of a good draw, whichever noise it used: the noise's moments, and what reaches μ and log σ²."""
    z, (mean, log_var) = draws[0], given
    reached: Sequence[Tensor | None] = (None, None)
    if z.requires_grad:
        reached = torch.autograd.grad(z.sum(), (mean, log_var), allow_unused=True)
    with torch.no_grad():
        to_mean, to_log_var = (torch.zeros_like(mean) if part is None else part for part in reached)
        off = (z - mean).double()
        noise = off * torch.exp(-0.5 * log_var)
        centred, spread = noise - noise.mean(0), noise.std(0)
        link = (centred[:, 0] * centred[:, 1]).mean()
        one, two = (draw.double() - draw.double().mean(0) for draw in draws)
        repeated = (one * two).mean(0) / (one.std(0) * two.std(0)).clamp(min=1e-12)
        return torch.stack(
            [
                noise.mean(0) * spread,  # if all rows share one noise its mean is anything, and the spread 0
                spread,
                centred.abs().mean(0),
                link.expand(2),
                repeated,
                to_mean.double().mean(0),
                (to_log_var * off).mean(0) / (off**2).mean(0).clamp(min=1e-12),
            ]
        )


def _draw(mean: Tensor, std: Tensor, *shape: int) -> Tensor:
    return mean + std * torch.randn(shape or mean.shape)


REPARAMETERIZE: Final = Exercise(
    "check_reparameterize",
    lambda mean, log_var: _draw(mean, (0.5 * log_var).exp()),
    "one z for each row, shape (batch, latents)",
    ((torch.tensor([1.0, -2.0]).repeat(20_000, 1), torch.tensor([-2.0, 1.0]).repeat(20_000, 1)),),
    (
        Mistake(
            "variance for σ",
            lambda m, v: _draw(m, v.exp()),
            "The noise is multiplied by the variance. It has to be the standard deviation, exp(½ log σ²): the "
            "half is missing.",
        ),
        Mistake(
            "log σ² for σ",
            lambda m, v: _draw(m, v),
            "This takes log σ² for σ. The standard deviation is exp(½ log σ²).",
        ),
        Mistake(
            "half log σ² for σ",
            lambda m, v: _draw(m, 0.5 * v),
            "This takes ½ log σ², which is log σ, for σ. The exp is missing.",
        ),
        Mistake(
            "no noise",
            lambda m, v: m + 0 * v,
            "This returns the mean: there is no noise in it, so it is no draw from Q.",
        ),
        Mistake(
            "no mean",
            lambda m, v: (0.5 * v).exp() * torch.randn(m.shape),
            "The noise is scaled but not shifted: add the mean.",
        ),
        Mistake(
            "no σ",
            lambda m, v: m + torch.randn(m.shape),
            "The noise is shifted but not scaled: multiply it by σ, exp(½ log σ²).",
        ),
        Mistake(
            "uniform noise",
            lambda m, v: m + (0.5 * v).exp() * torch.rand(m.shape),
            "The noise is uniform between 0 and 1, from torch.rand. A standard Gaussian comes from torch.randn.",
        ),
        Mistake(
            "one noise for both latents",
            lambda m, v: _draw(m, (0.5 * v).exp(), len(m), 1),
            "All latents of a row share one noise, so they move together. Q is diagonal: draw one for each "
            "latent, with torch.randn_like(mean).",
        ),
        Mistake(
            "one noise for the batch",
            lambda m, v: _draw(m, (0.5 * v).exp(), m.shape[-1]),
            "All rows share one noise. Each picture needs its own: torch.randn_like(mean).",
        ),
        Mistake(
            "same noise in every call",
            lambda m, v: m + (0.5 * v).exp() * torch.randn(m.shape, generator=torch.Generator().manual_seed(0)),
            "Each call draws the same noise again, since the function sets the seed. In training every step needs new "
            "noise: set the seed once, before the loop, and not in the function.",
        ),
        Mistake(
            "no gradient",
            lambda m, v: Normal(m, (0.5 * v).exp()).sample(),
            "The draw is right, but no gradient gets through it. Normal(...).sample(), torch.normal, NumPy, "
            ".detach() and torch.no_grad() all cut the path. Write z as a function of mean and log_var, with "
            "noise from torch.randn.",
        ),
        Mistake(
            "no gradient for σ",
            lambda m, v: _draw(m, (0.5 * v).exp().detach()),
            "The gradient reaches the mean and not log σ²: something cuts the path from log_var, such as .detach().",
        ),
        Mistake(
            "no gradient for μ",
            lambda m, v: _draw(m.detach(), (0.5 * v).exp()),
            "The gradient reaches log σ² and not the mean: something cuts the path from it, such as .detach().",
        ),
    ),
    measure=_noise_and_gradients,
    rows=(
        "mean of (z − μ) / σ",
        "spread of (z − μ) / σ",
        "its mean size, without the sign",
        "mean of the product of both latents",
        "correlation of two calls, one after the other",
        "gradient of z for μ",
        "gradient of z for log σ², divided by z − μ",
    ),
    rtol=0,
    atol=0.05,  # seven standard errors of 20,000 draws
)


# --- chapter 6 -------------------------------------------------------------------------------------------------------


def _reconstruction(x: Tensor, f: Tensor, sigma: float) -> Tensor:
    return _log_pixels(x, f, sigma).sum(-1)


LOSS: Final = Exercise(
    "check_loss",
    lambda x, f, mean, log_var, sigma: (gaussian_kl(mean, log_var) - _reconstruction(x, f, sigma)).mean(),
    "one number, the mean over the batch",
    (
        (torch.tensor([[1.0]]), torch.tensor([[0.5]]), torch.tensor([[1.0]]), torch.tensor([[0.5]]), 0.5),
        (_normal(3, 4, seed=0), _normal(3, 4, seed=1), _normal(3, 2, seed=2), _normal(3, 2, seed=3), 0.7),
        (_normal(5, 6, seed=4), _normal(5, 6, seed=5), _normal(5, 3, seed=6), _normal(5, 3, seed=7), 0.4),
    ),
    (
        Mistake(
            "sign",
            lambda x, f, m, v, s: (_reconstruction(x, f, s) - gaussian_kl(m, v)).mean(),
            "The sign is flipped: this is the ELBO, and an optimizer that makes it small makes the model worse. "
            "The loss is minus the ELBO.",
        ),
        Mistake(
            "KL taken off",
            lambda x, f, m, v, s: -(_reconstruction(x, f, s) + gaussian_kl(m, v)).mean(),
            "The KL has the wrong sign: this loss rewards a Q for being far from the prior.",
        ),
        Mistake(
            "reconstruction with the wrong sign",
            lambda x, f, m, v, s: (_reconstruction(x, f, s) + gaussian_kl(m, v)).mean(),
            "The reconstruction has the wrong sign: this loss falls as the pictures get worse.",
        ),
        Mistake(
            "mean over pixels",
            lambda x, f, m, v, s: (gaussian_kl(m, v) - _log_pixels(x, f, s).mean(-1)).mean(),
            "The reconstruction is a mean over the pixels; log P(X|z) is their sum. With the mean the KL weighs "
            "as many times too much as there are pixels.",
        ),
        Mistake(
            "mean over latents",
            lambda x, f, m, v, s: (_kl_parts(m, v).mean(-1) - _reconstruction(x, f, s)).mean(),
            "The KL is a mean over the latents; it is their sum.",
        ),
        Mistake(
            "means over pixels and latents",
            lambda x, f, m, v, s: _kl_parts(m, v).mean() - _log_pixels(x, f, s).mean(),
            "Both terms are means over everything. Sum over pixels and over latents, and take the mean over the "
            "batch only.",
        ),
        Mistake(
            "sum over the batch",
            lambda x, f, m, v, s: (gaussian_kl(m, v) - _reconstruction(x, f, s)).sum(),
            "This adds up the batch, so the size of the step would depend on the size of the batch. Take the mean.",
        ),
        Mistake(
            "KL summed over the batch",
            lambda x, f, m, v, s: gaussian_kl(m, v).sum() - _reconstruction(x, f, s).mean(),
            "The reconstruction is a mean over the batch and the KL a sum, so the KL weighs as many times too "
            "much as there are pictures in the batch.",
        ),
        Mistake(
            "reconstruction summed over the batch",
            lambda x, f, m, v, s: gaussian_kl(m, v).mean() - _reconstruction(x, f, s).sum(),
            "The KL is a mean over the batch and the reconstruction a sum, so the KL weighs too little.",
        ),
        Mistake(
            "not averaged",
            lambda x, f, m, v, s: gaussian_kl(m, v) - _reconstruction(x, f, s),
            "This is one number for each picture, and backward() wants a single one: take the mean over the batch.",
        ),
        Mistake(
            "no KL",
            lambda x, f, m, v, s: -_reconstruction(x, f, s).mean(),
            "The KL is missing: this trains an autoencoder, and nothing holds the codes near the prior.",
        ),
        Mistake(
            "no constant",
            lambda x, f, m, v, s: (gaussian_kl(m, v) + ((x - f) ** 2).sum(-1) / (2 * s**2)).mean(),
            "The constant log(σ√(2π)) is missing, once for each pixel. With a fixed σ it trains the same model, "
            "but the number is no longer minus the ELBO, and a learned σ would shrink the loss by growing.",
        ),
        Mistake(
            "σ left out",
            lambda x, f, m, v, s: (gaussian_kl(m, v) + ((x - f) ** 2).sum(-1)).mean(),
            "This is the squared error plus the KL, without σ. It trains the model of another σ, the one with 2σ²"
            " = 1, which is about 0.71.",
        ),
        Mistake(
            "mean squared error",
            lambda x, f, m, v, s: ((x - f) ** 2).mean() + gaussian_kl(m, v).mean(),
            "This is the mean squared error plus the KL. It has no σ in it, and with the mean over the pixels the"
            " KL weighs far too much: divide the sum over the pixels by 2σ², and add the constant.",
        ),
        Mistake(
            "mean squared error over 2σ²",
            lambda x, f, m, v, s: ((x - f) ** 2).mean() / (2 * s**2) + gaussian_kl(m, v).mean(),
            "The squared error is a mean over the pixels; log P(X|z) is their sum, so the KL weighs as many times "
            "too much as there are pixels. The constant log(σ√(2π)) is missing, too, once for each pixel.",
        ),
        Mistake(
            "σ of the chapter",
            lambda x, f, m, v, s: (gaussian_kl(m, v) - _reconstruction(x, f, 0.16)).mean(),
            "This takes 0.16 for σ, as the chapter's cells do, whatever is handed over. The σ to take is the argument "
            "sigma; two_terms, from above, does not look at it.",
        ),
        Mistake(
            "σ for σ²",
            lambda x, f, m, v, s: (
                gaussian_kl(m, v) + (0.5 * LOG_2PI + math.log(s) + (x - f) ** 2 / (2 * s)).sum(-1)
            ).mean(),
            "The squared error is divided by 2σ. It has to be 2σ².",
        ),
        Mistake(
            "log σ for log σ²",
            lambda x, f, m, v, s: (gaussian_kl(m, v) - gaussian_log_density(x, f, math.log(s))).mean(),
            "In log P(X|z), log σ is taken for log σ². The logarithm of the variance is 2 log σ.",
        ),
        Mistake(
            "KL without its half",
            lambda x, f, m, v, s: (2 * gaussian_kl(m, v) - _reconstruction(x, f, s)).mean(),
            "The KL is twice too large: the factor ½ of its closed form is missing.",
        ),
        Mistake(
            "log σ² for log σ",
            lambda x, f, m, v, s: (gaussian_kl(m, 2 * v) - _reconstruction(x, f, s)).mean(),
            "In the KL, log σ² is taken for log σ: exp(log_var) is the variance already, and need not be squared.",
        ),
    ),
)


# --- chapter 7 -------------------------------------------------------------------------------------------------------


def _angle(start: Tensor, end: Tensor) -> Tensor:
    return torch.acos((start @ end) / (start.norm() * end.norm()))


def _arc(start: Tensor, end: Tensor, share: Tensor, angle: Tensor) -> Tensor:
    before, after = torch.sin((1 - share) * angle)[:, None], torch.sin(share * angle)[:, None]
    return (before * start + after * end) / torch.sin(angle)


def _ends(angle: float, length: float, *more: float) -> tuple[Tensor, Tensor]:
    """Two codes of one length, ``angle`` apart in the plane of the first two latents before ``more`` turns it."""
    start = torch.tensor([1.0, 0.0, *([0.0] * len(more))])
    end = torch.tensor([math.cos(angle), math.sin(angle), *([0.0] * len(more))])
    for turn in more:
        rotation = torch.eye(len(start))
        rotation[0, 0] = rotation[2, 2] = math.cos(turn)
        rotation[0, 2], rotation[2, 0] = -math.sin(turn), math.sin(turn)
        start, end = rotation @ start, rotation @ end
    return length * start, length * end


INTERPOLATION: Final = Exercise(
    "check_interpolation",
    lambda start, end, steps: latent.spherical(start, end, steps),
    "one point in each row, shape (steps, latents)",
    (
        (torch.tensor([2.0, 0.0]), torch.tensor([0.0, 2.0]), 3),
        (*_ends(1.0, 1.3), 4),
        (*_ends(2.5, 0.6, 0.7), 7),
        (*_ends(1.8, 3.0, 0.3), 6),
    ),
    (
        Mistake(
            "straight",
            lambda a, b, n: latent.straight(a, b, n),
            "This is the straight line. It cuts through the middle, where the points are shorter than both ends.",
        ),
        Mistake(
            "straight, then stretched",
            lambda a, b, n: normalize(latent.straight(a, b, n), dim=-1) * a.norm(),
            "The points lie on the arc, but not at equal angles: this is the straight line pushed out to the "
            "circle, and its steps are longest in the middle. Weigh the ends by sin((1 − t)·ω) and sin(t·ω), over"
            " sin ω.",
        ),
        Mistake(
            "length 1",
            lambda a, b, n: latent.spherical(a, b, n) / a.norm(),
            "The angles are right, but every point has length 1. The ends have a length of their own, and the arc"
            " keeps it.",
        ),
        Mistake(
            "not divided by sin ω",
            lambda a, b, n: latent.spherical(a, b, n) * torch.sin(_angle(a, b)),
            "The division by sin ω is missing: at t = 0 the weight of the start, sin ω / sin ω, has to be 1.",
        ),
        Mistake(
            "angle of vectors not of length 1",
            lambda a, b, n: _arc(a, b, torch.linspace(0, 1, n), torch.acos((a @ b).clamp(-1, 1))),
            "The angle comes from the scalar product of the ends as they are. Its cosine is that product divided "
            "by both lengths.",
        ),
        Mistake(
            "backwards",
            lambda a, b, n: latent.spherical(b, a, n),
            "The arc runs backwards, from end to start: the weights have changed places.",
        ),
        Mistake(
            "cos for sin",
            lambda a, b, n: (
                torch.cos(torch.linspace(0, 1, n) * _angle(a, b))[:, None] * a
                + torch.sin(torch.linspace(0, 1, n) * _angle(a, b))[:, None] * b
            ),
            "cos and sin as weights are right only where the ends stand at a right angle. For any angle ω the "
            "weights are sin((1 − t)·ω) / sin ω and sin(t·ω) / sin ω.",
        ),
        Mistake(
            "cosine for the angle",
            lambda a, b, n: _arc(a, b, torch.linspace(0, 1, n), torch.cos(_angle(a, b))),
            "The scalar product over both lengths is the cosine of ω, and here it stands for ω itself. torch.acos "
            "makes the angle out of it.",
        ),
        Mistake(
            "end left out",
            lambda a, b, n: _arc(a, b, torch.arange(n) / n, _angle(a, b)),
            "The arc stops one step before the end: t has to run from 0 to 1, as torch.linspace(0, 1, steps) has it.",
        ),
        Mistake(
            "one point too many",
            lambda a, b, n: latent.spherical(a, b, n + 1),
            "That is one point too many: steps counts the points, both ends included, and not the gaps between them.",
        ),
        Mistake(
            "lying on its side",
            lambda a, b, n: latent.spherical(a, b, n).T,
            "The points are right, but each stands in a column. A decoder takes one z in each row: give t the "
            "shape (steps, 1), as in t[:, None].",
        ),
    ),
)


# --- chapter 8 -------------------------------------------------------------------------------------------------------

IWAE: Final = Exercise(
    "check_iwae",
    lambda log_weights: log_mean_exp(log_weights, 1).mean(0),
    "one number for each picture, shape (batch,)",
    (
        (torch.tensor([[[-1.0], [2.0]]]),),
        (torch.tensor([[[-1.0], [2.0]], [[0.0], [0.5]], [[1.0], [-3.0]]]),),
        (2 * _normal(4, 5, 2, seed=0),),
        (2 * _normal(3, 6, 2, seed=1) - 1500,),
    ),
    (
        Mistake(
            "ELBO",
            lambda w: w.mean((0, 1)),
            "This is the mean of all log weights, which is the ELBO, the bound for k = 1. For the bound over k "
            "average the weights inside each group before you take the logarithm.",
        ),
        Mistake(
            "all draws inside the log",
            lambda w: log_mean_exp(w.flatten(0, 1)),
            "This puts all draws inside one logarithm: the groups are gone, and k with them. Take the logarithm "
            "of each group's mean, then average over the groups.",
        ),
        Mistake(
            "axes swapped",
            lambda w: log_mean_exp(w, 0).mean(0),
            "The two axes have changed places: the logarithm's average runs over the groups, and the plain one "
            "over the k weights. The k weights of a group are axis 1.",
        ),
        Mistake(
            "sum for mean",
            lambda w: torch.logsumexp(w, 1).mean(0),
            "This is the log of the sum of the k weights. With the mean, log k less, it stays below log P(X).",
        ),
        Mistake(
            "divided outside the log",
            lambda w: (torch.logsumexp(w, 1) / w.shape[1]).mean(0),
            "The log of the sum is divided by k. It is the sum that is to be divided, inside the logarithm; outside "
            "of it that is log k taken off.",
        ),
        Mistake(
            "log k added",
            lambda w: (torch.logsumexp(w, 1) + math.log(w.shape[1])).mean(0),
            "log k is added. The mean of the k weights is their sum divided by k, so log k is taken off.",
        ),
        Mistake(
            "number of groups for k",
            lambda w: (torch.logsumexp(w, 1) - math.log(len(w))).mean(0),
            "The log of the number of groups is taken off. The mean is over the k weights of a group, so it has to be "
            "log k: k is log_weights.shape[1].",
        ),
        Mistake(
            "overflow",
            lambda w: w.exp().mean(1).log().mean(0),
            "The formula is right. But at −1500 nats exp gives 0 in any floating-point number, and log 0 is minus"
            " infinity. torch.logsumexp does exp, sum and log in one, safely.",
        ),
        Mistake(
            "groups not averaged",
            lambda w: log_mean_exp(w, 1),
            "This has one value for each group. The bound is their mean over the groups, the first axis.",
        ),
        Mistake(
            "groups added up",
            lambda w: log_mean_exp(w, 1).sum(0),
            "This adds up the groups. The bound is their mean.",
        ),
        Mistake(
            "mean over the batch",
            lambda w: log_mean_exp(w, 1).mean(),
            "This is the mean over the pictures too. Wanted is one number for each picture.",
        ),
        Mistake(
            "largest weight",
            lambda w: w.max(1).values.mean(0),
            "This takes the largest weight of each group. It is the mean of the k weights that stands in the "
            "logarithm.",
        ),
        Mistake(
            "sign",
            lambda w: -log_mean_exp(w, 1).mean(0),
            "The sign is flipped: this is minus the bound, as a loss has it.",
        ),
    ),
)

EFFECTIVE_SAMPLES: Final = Exercise(
    "check_effective_samples",
    lambda log_weights: summarize(log_weights).effective_samples,
    "one number for each picture, shape (batch,)",
    (
        (torch.tensor([[0.0], [0.0], [1.0]]),),
        (_normal(6, 2, seed=0) + 0.5,),
        (2 * _normal(40, 3, seed=1) - 1,),
        (_normal(5, 2, seed=2) - 1500,),
    ),
    (
        Mistake(
            "overflow",
            lambda w: w.exp().sum(0) ** 2 / (2 * w).exp().sum(0),
            "The formula is right. But at −1500 nats exp gives 0, and 0/0 is no number. A common factor cancels "
            "in the fraction, so take the largest log weight off before the exp, or use torch.softmax.",
        ),
        Mistake(
            "upside down",
            lambda w: 1 / summarize(w).effective_samples,
            "The fraction is upside down: (Σw)² stands above, Σw² below. The number lies between 1 and the number"
            " of draws.",
        ),
        Mistake(
            "share",
            lambda w: summarize(w).effective_samples / len(w),
            "This is the share of the draws; the number itself is wanted, from 1 to the number of draws.",
        ),
        Mistake(
            "still a logarithm",
            lambda w: summarize(w).effective_samples.log(),
            "This is the logarithm of the number. Take the exp of it at the end.",
        ),
        Mistake(
            "log weights for weights",
            lambda w: w.sum(0) ** 2 / (w**2).sum(0),
            "This takes the log weights for the weights: the exp is missing.",
        ),
        Mistake(
            "square inside",
            lambda w: torch.ones_like(w).mean(0),
            "Both sums are of the squares, so the fraction is 1. Above stands the square of the sum, (Σw)².",
        ),
        Mistake(
            "largest share only",
            lambda w: 1 / torch.softmax(w, 0).max(0).values,
            "This is 1 over the largest share. The effective number looks at all shares: 1 / Σ share².",
        ),
        Mistake(
            "entropy",
            lambda w: torch.special.entr(torch.softmax(w, 0)).sum(0).exp(),
            "This is the exp of the entropy of the shares, another way of counting. The chapter's is (Σw)² / Σw².",
        ),
        Mistake(
            "over the batch",
            lambda w: summarize(w.T).effective_samples,
            "This sums over the pictures and keeps the draws apart. The draws are the first axis.",
        ),
        Mistake(
            "softmax over the batch",
            lambda w: 1 / (torch.softmax(w, 1) ** 2).sum(0),
            "The softmax runs along axis 1, so the shares of one draw add up to 1 over the pictures. Those of one "
            "picture have to add up to 1 over the draws: torch.softmax(log_weights, 0).",
        ),
        Mistake(
            "mean over the batch",
            lambda w: summarize(w).effective_samples.mean(),
            "This is the mean over the pictures. Wanted is one number for each picture.",
        ),
    ),
)

EXERCISES: Final = (
    LINE,
    LOST,
    LOG_DENSITY,
    MARGINAL,
    KL,
    GAP,
    ELBO,
    IMPORTANCE,
    REPARAMETERIZE,
    LOSS,
    INTERPOLATION,
    IWAE,
    EFFECTIVE_SAMPLES,
)


# --- numbers and choices ---------------------------------------------------------------------------------------------

QUESTIONS: Final = {
    # chapter 1
    "lazy draws": Question(
        "variety",
        "Drawn from N(0, I), z only visits one small corner of the autoencoder's map, so only a few kinds of digit can "
        "appear.",
        (
            (
                "sharpness",
                "Compare single pictures with those that come back from real codes: they are about as sharp.",
            ),
            (
                "ink",
                "There is as much ink in them as in other pictures. Read them one by one: which digits do you see?",
            ),
        ),
    ),
    # chapter 2
    "best sigma": Question(
        0.125,
        "log P(X) of this seven is largest near σ = 0.125, at a good 36 nats: about the size of the errors that the "
        "decoder makes here. A smaller σ overcharges them; a larger one spreads the density over pictures that are "
        "nothing like a seven.",
        (
            (
                0.16,
                "That is the model's own σ. It is best for all the training digits together; this seven is rebuilt "
                "better than most, so a smaller one suits it.",
            ),
            (0.08, "That is the smallest σ of the slider. It overcharges every error: read the exact value there."),
            (0.9, "That is the largest σ of the slider. Many draws share the sum there, but the sum itself is small."),
        ),
        "Move the slider of σ and read the exact log P(X) beside the estimate; look for its largest value.",
        0.0135,
    ),
    "most probable picture": Question(
        "average",
        "At 36.25 nats the average digit lies above the seven that somebody wrote, at 33.16. The density is highest in "
        "the middle of many pictures, where none of them may lie: the most probable picture need not be a typical "
        "one.",
        (
            (
                "seven",
                "It comes second, at 33.16 nats. Compute the four numbers: one picture that nobody wrote lies above.",
            ),
            ("flipped", "It is nearly 40 nats below the seven: this model has hardly met strokes at these places."),
            (
                "noise",
                "Its log P(X) is about −200, by tens more or less from draw to draw: no z makes the decoder draw "
                "anything like it.",
            ),
        ),
    ),
    "easy integral": Question(
        0.23919,
        "X is the sum of two independent Gaussians, so it is N(0, 1 + 0.25), and its density at 1 is 0.23919.",
        (
            (0.24197, "That is the density of N(0, 1), the prior's. X is z plus noise, and the noise widens it."),
            (0.10798, "That is P(X|z) at z = 0. Eq. (1) averages over all z."),
            (0.79788, "That is P(X|z) at z = 1, the best z of all. Eq. (1) averages over all z."),
            (0.21297, "That adds the standard deviations, 1 and 0.5. It is the variances that add: 1 + 0.25."),
            (0.23175, "That takes 1.25 for the standard deviation. It is the variance."),
            (0.18501, "That takes 1.25 for log σ². gaussian_log_density wants the logarithm of the variance."),
            (-1.43051, "That is log P(X). Take its exp."),
        ),
        "z and the noise are independent Gaussians. What is the variance of their sum?",
        5e-4,
    ),
    # chapter 3
    "larger divergence": Question(
        47.2,
        "Draws from the wide one mostly fall where the narrow one has next to no density, and pay for it each time.",
        (
            (
                1.81,
                "That is the smaller of the two: its draws come from the narrow Gaussian, and all fall under the wide.",
            ),
            (3.35, "That takes 0.1 for the variance. It is the width, the standard deviation; the variance is 0.01."),
            (0.70, "That takes 0.1 for the variance, and is the smaller of the two directions."),
        ),
        "Set Q to mean 0 and width 0.1 and P to mean 0 and width 1, and read both bars.",
        0.25,
    ),
    "mean for sum": Question(
        0.05,
        "A mean over twenty latents is a twentieth of their sum. The KL would hardly count: codes stray from the "
        "prior, and draws from the prior meet holes, as in chapter 1. It is one of the commonest mistakes in VAE "
        "code.",
        (
            (20.0, "It is the other way round: a mean is the sum divided by twenty, so the KL becomes smaller."),
            (1.0, "It would not change with one latent. With twenty, the sum is divided by twenty."),
            (0.95, "That is by what part it shrinks. What remains of the KL?"),
            (0.5, "That is the ½ of the closed form, which stays. What does a mean divide by, and a sum does not?"),
        ),
        "Compute both for the same random input, and divide the mean by the sum.",
        1e-3,
    ),
    # chapter 4
    "one hump": Question(
        0.0024,
        "For X below 0 the best z is 0 itself, so the posterior has one hump, and a Gaussian fits it almost perfectly.",
        (
            (0.72, "That is the gap with two humps, close to log 2. Has X moved to −1?"),
            (0.55, "That is the gap at X = 1, where two humps are about to part. Move X on to −1."),
        ),
        "Move the slider of X to −1, press Ascend until nothing moves, and read the bar of the gap.",
        0.05,
    ),
    "best mean": Question(
        0.8,
        "That is the posterior's own mean. As the variance of 0.2 is the posterior's too, the gap is 0 there.",
        (
            (1.0, "That is the z which makes X = 1 most likely. The prior pulls Q back a little, through the KL."),
            (0.0, "That is the prior's mean: no KL to pay for the distance, but X is badly explained."),
            (0.5, "That is the mean of the poor Q at the chapter's beginning. Is the ELBO higher farther right?"),
            (0.2, "That is the posterior's variance. Where is the largest ELBO, over the mean?"),
            (1.6, "That is the end of the line, where the ELBO is as small as at 0."),
        ),
        "Compute line.elbo(x, q) for many means at once and look for the largest: .argmax().",
        0.011,
    ),
    "largest gap": Question(
        18,
        "It is a one, and the gap is 16.2 nats: the encoder has to answer for all pictures at once, and places this "
        "one where the decoder draws another shape.",
        (
            (
                28,
                "That one is rebuilt worst, and its log P(X) is the lowest. Its gap is half a nat: the fault is not "
                "Q's.",
            ),
            (9, "That one comes second, with 14.6 nats."),
            (29, "That one comes third, with 7.6 nats."),
            (16.2, "That is the gap itself, in nats. Asked for is the row of the picture that has it."),
            (19, "That one has the largest KL to the prior, the second term on the right. Which has the largest gap?"),
        ),
        "For each of the forty, build evidence.grid(vae, x, q=each) and ask it kl_from(each).",
        0.2,
    ),
    "false claim": Question(
        5.480,
        "The factor is about e to the power of the rate: what it takes to find this z among all that the prior deals "
        "out.",
        (
            (38.64, "That is log E_Q[P(X|z)] itself. How far is it above log P(X) = 33.16?"),
            (-5.480, "The sign is flipped: the claim comes out too large."),
            (
                5.374,
                "That is the KL to the prior. It is close, and not the same: compare log E_Q[P(X|z)] with log P(X).",
            ),
            (
                4.831,
                "That is how far the reconstruction is above log P(X): the mean of the logs. The claim takes the log "
                "of the mean.",
            ),
        ),
        "Draw z from one_q, take evidence.log_mean_exp of vae.log_likelihood, and subtract log_p.",
        0.05,
    ),
    # chapter 5
    "twenty times": Question(
        1.92,
        "There (r⁴ + 14r² + 15)/4, with r = μ/σ, comes to twenty. The farther μ is from 0, the larger the values of z² "
        "that the score function has to carry.",
        (
            (0.0, "There the factor is smallest, 3.75. Move μ to the right."),
            (1.0, "There the factor is 7.5. Move μ on to the right."),
            (
                -1.92,
                "The factor is the same there, as z² does not mind the sign. Asked for is the μ to the right of 0.",
            ),
            (2.33, "There the factor is thirty. Go back a little."),
        ),
        "Leave σ at 1, move μ to the right, and read the sentence below the two histograms.",
        0.06,
    ),
    "cube": Question(
        16 / 3,
        "The variance of z⁴ is 105 − 9 = 96, that of 3z² is 18. To be equally sure takes 96/18 as many draws.",
        (
            (96.0, "That is the variance of the score-function estimate. Divide it by that of the pathwise one."),
            (18.0, "That is the variance of the pathwise estimate. By what factor is the other one larger?"),
            (0.1875, "The fraction is upside down: the score function needs more draws, not fewer."),
            (2.309, "That is the ratio of the standard deviations. The number of draws goes with the variance."),
        ),
        "At μ = 0 one estimate is z⁴ and the other 3z². Divide the variance of the first by that of the second.",
        0.4,
    ),
    "baseline": Question(
        18,
        "The baseline takes twelve off the variance of 30, and leaves the mean at 2. The pathwise estimate has 4.",
        (
            (30, "That is the variance without a baseline."),
            (22, "That is the mean of the square. The variance is that less the square of the mean, 2² = 4."),
            (4, "That is the variance of the pathwise estimate. Here it is the score function less a baseline."),
        ),
        "Draw z from N(1, 1) many times and compute the variance of (z² − 2)(z − 1).",
        0.6,
    ),
    "half left out": Question(
        "high",
        "Where σ is below 1, as it is here, the draw is narrower than the Q that the KL term charges for, so the "
        "reconstruction is too good to be true.",
        (
            ("low", "Where σ is below 1, σ² is smaller than σ, so z stays nearer to μ(X). Is that easier to decode?"),
            ("exact", "The KL belongs to one Q and the draw to another. Compute the ELBO of the first a second way."),
        ),
    ),
    # chapter 6
    "lowest KL": Question(
        3,
        "At epoch 3 it is 1.3 nats: the model draws the average digit, and its codes say next to nothing. From there "
        "it climbs, because a code that says something is worth its price.",
        (
            (0, "It is lowest of all there, 0.01 nats, but no step has been taken yet. Look at the stops after it."),
            (1, "That is the first lurch, 1.9 nats. Go on."),
            (2, "Nearly: it is 1.4 nats there. Go one stop on."),
            (300, "There the KL is highest. Which stop has the lowest?"),
        ),
        "Move the slider stop by stop, read the KL at each, and leave epoch 0 out.",
        0.4,
    ),
    "sum over the batch": Question(
        "sgd",
        "Plain gradient descent takes steps 64 times as long: too long. Adam divides each step by the size of the "
        "gradients of late, so a factor cancels.",
        (
            ("adam", "Adam divides its step by the size of the gradients of late. What becomes of a factor of 64?"),
            ("both", "One of the two divides its step by the size of the gradients. To that one it is all the same."),
            ("neither", "One of the two multiplies the gradient by the learning rate, and that is its step."),
        ),
    ),
    "mended mean": Question(
        0.015625,
        "With a 64th of the KL the whole objective is that of Eq. (4) divided by 64: the balance is back.",
        (
            (
                64,
                "It is the other way round: the mean has made the reconstruction 64 times too small, so the KL is "
                "too heavy already.",
            ),
            (1, "That is the weight as it is now, beside a reconstruction that was divided by 64."),
            (0.125, "That is the root of a 64th. The mean divides by the number of pixels itself."),
        ),
        "The reconstruction is divided by 64. By what must the KL be multiplied, for the same balance?",
        1e-3,
    ),
    "more latents": Question(
        "none",
        "More latents rebuild better and cost more nats, and what they gain is more than what they cost. That ends "
        "where further ones stay unused.",
        (
            ("reconstruction", "A second latent can say what the first has no room for. Train n = 1 and n = 2."),
            ("kl", "Each latent in use adds its nats. Train n = 1 and n = 2 and compare."),
            ("elbo", "It would fall if a latent cost more than it gained. Compute the difference for each n."),
        ),
    ),
    # chapter 7
    "half a nat": Question(
        20,
        "At β = 20 the rate is 0.44 nats. At 10 it was 2.4, and at 40 nothing is left.",
        (
            (10, "There the rate is still 2.4 nats. Go one stop on."),
            (40, "There the rate is 0. One stop before, it is below half a nat already."),
            (3, "There the rate is 4.5 nats. Go on."),
            (0.5, "That is the rate to look for. Asked for is the β."),
        ),
        "Move the slider of β to the right, stop by stop, and read the rate.",
        0.2,
    ),
    "quarter of the way": Question(
        0.7906,
        "The weights are ¾ and ¼. Variances add with the squares of the weights: 9/16 + 1/16, and the root of that.",
        (
            (0.7071, "That is half-way. A quarter of the way the weights are ¾ and ¼."),
            (0.625, "That is the square of the length. Take the root."),
            (0.75, "That counts the nearer end only. The other one, at a right angle to it, adds its quarter."),
            (1.0, "The weights add up to 1, but the variances go with their squares."),
        ),
        "What is the variance of ¾·a + ¼·b, if a and b are independent draws of variance 1?",
        5e-3,
    ),
    "beta for sigma": Question(
        0.32,
        "β multiplies σ² and so √β multiplies σ: 0.16 · 2.",
        (
            (0.64, "That is β · σ. In the squared error it is σ² that β multiplies."),
            (0.08, "That is σ / √β. A heavier KL is like more noise, not less."),
            (0.04, "That is σ / β. A heavier KL is like more noise, and it is σ² that β multiplies."),
            (0.16, "That is σ as it was, with β = 1."),
        ),
        "Divide reconstruction − β · KL by β, and see what then stands below the squared error.",
        5e-3,
    ),
    "noise in the unused": Question(
        "unchanged",
        "No pixel changes by a twentieth. In training the z of these latents was drawn from the prior all the time, so "
        "the decoder has learned to take no notice of them.",
        (
            (
                "blurred",
                "A blur comes from a decoder that cannot tell which digit is meant. The five latents in use still say "
                "it.",
            ),
            ("other", "That is what noise in the five latents in use does. Which ones did you exchange?"),
        ),
    ),
    "where the codes are": Question(
        0.765,
        "About three quarters, against a half for the prior: draws from the prior meet holes. But these are no draws "
        "from the model any more: P(X) was defined with the prior.",
        (
            (
                0.52,
                "That is about the share for draws from the prior. Pick a training digit first, then draw from its Q.",
            ),
            (0.915, "That is how sure the judge is on average. Of what share is it more than 0.9 sure?"),
            (0.235, "That is the share of which it is not so sure. Asked for is the rest."),
        ),
        "Compute (sureness(pictures) > 0.9).float().mean() for a thousand pictures.",
        0.04,
    ),
    "nats for a nat": Question(
        7.9,
        "It lies between 3 and 10, as it should: at each of the two models a nat of rate is worth its β.",
        (
            (6.46, "That is by the test digits. It is the training digits on which D + βR was made small."),
            (0.127, "The fraction is upside down: divide the nats of distortion by those of rate."),
            (16.27, "That is by how much the distortion falls in all. Divide it by what the rate grows."),
            (-7.9, "The size is right. Asked for is how much the distortion falls: a positive number."),
        ),
        'Take "train_reconstruction" and "train_kl" of the two entries, and divide one difference by the other.',
        0.2,
    ),
    # chapter 8
    "worse than noise": Question(
        0.34,
        "At σ = 0.32 the mean is still a nat above 0, and at 0.34 it is below. A σ twice as large as the best one "
        "costs all that the model knows about digits.",
        (
            (0.32, "There it is still 1 nat, above 0. Go one step on."),
            (0.16, "There it is largest, 21 nats. Move on to the right."),
            (0.08, "That is the other side of the best σ. Asked for is where it falls below 0 on the right."),
            (0.5, "That is the end of the slider. It has been below 0 for a while."),
        ),
        "Move σ up from 0.16, step by step, until the number printed is negative. As the prints are whole numbers, "
        "compute summed(squares, log_mass, sigma).mean() where you are in doubt.",
        0.009,
    ),
    "best noise": Question(
        0.2646,
        "The best σ is the root of the mean squared error: √((0.01 + 0.04 + 0.16)/3).",
        (
            (0.07, "That is the mean squared error, σ². Take the root."),
            (0.2333, "That is the mean size of the errors. A Gaussian asks for the root of their mean square."),
            (0.4583, "That is the root of the sum of the squares. It is their mean that counts."),
        ),
        "Square the errors, take their mean, then the root.",
        2e-3,
    ),
    "four times as wide": Question(
        0.92,
        "More than nine in ten, where it was six with Q. A wider proposal wastes draws where P(X|z) is small, but "
        "it reaches the posteriors that Q misses.",
        (
            (0.85, "That is the share for twice as wide. What is it for four times?"),
            (0.6, "That is the share for Q itself. Has the new proposal been used, in the draws and in the weights?"),
            (0.08, "That is the share of the bars that miss. Asked for is the rest."),
        ),
        "Four times the standard deviation is log σ² plus 2 log 4. Hand the wider Gaussian to "
        "evidence.importance_sampling, and count as above.",
        0.03,
    ),
    "gap of the learned": Question(
        2.16,
        "On test digits it is 6.2 nats. log P(X) falls by less than three nats, so prior and decoder know the new "
        "digits nearly as well; it is the encoder that has learned its digits by heart.",
        (
            (6.19, "That is the gap on the test digits. Compute it on the first 359 training digits."),
            (4.03, "That is the difference of the two gaps."),
            (2.74, "That is by how much log P(X) itself falls from training to test digits."),
            (2.49, "That is the gap over all the training digits. Asked for is that of the first 359."),
            (-2.16, "The sign is flipped. The gap is log P(X) less the ELBO, and never negative."),
            (1.32, "That is the median of the gaps. Asked for is their mean."),
            (23.98, "That is log P(X) itself. Take the ELBO off."),
            (21.82, "That is the ELBO itself. By how much does log P(X) exceed it?"),
        ),
        "The gap is log P(X), by summed and on_grid, less the ELBO, by evidence.elbo_terms; then the mean.",
        0.12,
    ),
    "fair memoriser": Question(
        0.134,
        "It is as far, in each pixel, as a digit is from the most similar ones. On the test digits that gives about "
        "29.6 nats: more than the VAE with two latents, 21.2, and less than the one with twelve.",
        (
            (
                0.02,
                "That is the σ of the chapter's memoriser. If the digit itself is left in, the smallest σ always wins.",
            ),
            (0.16, "That is the σ of the VAE. Try smaller ones."),
            (0.1, "There the training digits have 23.6 nats, seven less than at the best σ."),
        ),
        "Set the diagonal of torch.cdist(digits.train, digits.train) ** 2 to infinity, so that no digit finds itself, "
        "and try σ from 0.1 to 0.18.",
        0.0125,
    ),
    # chapter 9
    "a tenth of a nat": Question(
        10,
        "At ten degrees off, −50°, the gap is a tenth of a nat. It begins flat, with the square of the angle, so a Q "
        "that is a little off costs next to nothing.",
        (
            (45, "There, about half-way between the two best angles, the gap is largest: 0.55 nats."),
            (90, "That is the distance of the two best angles."),
            (-50, "That is where the slider stands. How far is it from −40°?"),
            (-29, "That is where the slider stands. How far is it from −40°?"),
            (-10, "The size is right. Count the degrees without a sign: the gap grows alike to either side."),
            (20, "Twenty degrees away the gap is three tenths of a nat. Go back."),
            (40, "That is from W as it is to the best angle. How far may one go on from there?"),
        ),
        "Set the slider to −40°, where the gap all but vanishes, and move it by single degrees, either way, until the "
        "gap passes 0.1.",
        1.2,
    ),
    "three numbers": Question(
        1.5,
        "The sum is largest where w² + 0.25 is the mean of the squares, (0.25 + 1 + 4)/3 = 1.75.",
        (
            (1.75, "That is the variance of X, w² + 0.25. The noise has its part in it."),
            (1.875, "That is the best w² for 0.5 and 2 alone."),
            (1.1111, "That squares the mean of the three. It is the mean of the squares that counts."),
        ),
        "X has the variance w² + 0.25, and the best variance for a mean of 0 is the mean of the squares.",
        5e-3,
    ),
    "mean rate": Question(
        0.6931,
        "½ log(1.25/0.3125) = ½ log 4 = log 2: one yes or no per example.",
        (
            (1.3863, "The half is missing: the rate is ½ log(1.25/σ²)."),
            (-0.6931, "The fraction is upside down. A rate is a KL, and a KL is never negative."),
            (1.0, "That is in bits. In nats take the natural logarithm."),
        ),
        "Put σ² = 0.3125 into ½ log(1.25/σ²).",
        2e-3,
    ),
    "no draw": Question(
        0.1,
        "It is the variance of Q over 2σ²: 0.05/0.5. The narrower Q, the less is left out.",
        (
            (0.2, "That is the variance over σ². The 2 of the Gaussian's exponent is missing."),
            (0.4, "That is for the posterior, whose variance is 0.2."),
            (0.05, "That is the variance of Q. Divide it by 2σ²."),
            (-0.1, "The sign is flipped: without the spread of Q the number comes out too high."),
        ),
        "Compare E[(X − z)²] with (X − μ)² for z from N(μ, 0.05), then divide by 2σ².",
        2e-3,
    ),
    # chapter 10, a richer prior
    "price of a component": Question(
        0.6931,
        "Where Q draws, P(z) is half of Q(z), so log Q − log P = log 2: the price of saying which of the two it is.",
        (
            (8.0, "That is the KL from N(0, 1), 4²/2. This prior has a hump just where Q is."),
            (0.0, "The right half has Q's shape, and only half its weight."),
            (-0.6931, "The sign is flipped: P(z) is smaller than Q(z) there."),
            (1.0, "That is in bits. In nats take the natural logarithm."),
        ),
        "Write down P(z) near z = 4, where the left half is next to nothing, and compare it with Q(z).",
        5e-3,
    ),
    # chapter 10, discrete latents
    "price of a word": Question(
        6388.0,
        "1024 positions, each log 512 = 6.24 nats: the same for every picture, so no KL term pulls at the encoder.",
        (
            (9216.0, "That is in bits. In nats take the natural logarithm of 512."),
            (6.24, "That is one position. The word has 32 · 32 of them."),
            (524288.0, "That is 1024 · 512. The KL is the logarithm of the number of words."),
            (-6388.0, "The sign is flipped: the KL is log Q − log P = 0 − log P."),
        ),
        "Q puts all its mass on one word, and P(z) gives each of the 512^1024 words the same.",
        3.0,
    ),
    # chapter 10, rate and distortion
    "rate for beta": Question(
        8.047,
        "The slope of the curve is −10·e^(−R/5). It is −2 where R = 5 log 5.",
        (
            (16.094, "The slope of 50·e^(−R/5) is −10·e^(−R/5). Without the 5 of the chain rule one ends up here."),
            (11.513, "There the slope is −1: the rate for β = 1."),
            (-8.047, "The sign is flipped. A rate is a KL, and a KL is never negative."),
            (4.581, "There the slope is −4. What is asked for is −2."),
        ),
        "Differentiate 50·e^(−R/5), set it to −2 and solve for R; or look for the lowest point of 50·e^(−R/5) + 2R.",
        0.02,
    ),
    "equally good": Question(
        15.63,
        "Below that price the model trained with β = 10 is the better of the two, above it that with β = 20. Each wins "
        "at its own β, so the price lies between: it is the slope from one to the other.",
        (
            (0.064, "The fraction is upside down: divide the nats of distortion by those of rate."),
            (30.54, "That is by how much the distortions differ. Divide it by what the rates differ."),
            (8.28, "The distortion at β = 10 is below zero, −7.19. Mind its sign when you subtract."),
            (6.46, "That is for β = 3 and β = 10."),
            (22.12, "That is for β = 20 and β = 40."),
            (15.0, "That is the middle of 10 and 20. It lies between them, not just half-way."),
            (-15.63, "The sign is flipped: from 10 to 20 the distortion grows and the rate falls."),
        ),
        "Set D + b·R of the two models equal and solve for b.",
        0.3,
    ),
    # chapter 10, a conditional VAE
    "worth of a label": Question(
        27.697,
        "P(X) is a tenth of P(X|c) for the right c, so log P(X) = 30 − log 10: naming the digit is worth 2.3 nats.",
        (
            (30.0, "That is log P(X|c). The digit has not been named, and P(c) is a tenth."),
            (32.303, "The sign is flipped: P(c) is below 1, so log P(c) takes something away."),
            (3.0, "That is a tenth of the logarithm. It is P(X|c) that is multiplied by a tenth, not its logarithm."),
            (29.0, "That is log₁₀ 10 less. In nats take the natural logarithm."),
        ),
        "Add up P(c)·P(X|c) over the ten digits, then take the logarithm.",
        0.01,
    ),
    # chapter 10, importance-weighted training
    "two weights": Question(
        0.14384,
        "log 2 less ½ log 3. The more unequal the weights, the more there is between L₁ and L₂.",
        (
            (0.54931, "That is the mean of the logarithms, ½ log 3."),
            (0.69315, "That is the logarithm of the mean, log 2."),
            (-0.14384, "The sign is flipped: the logarithm of a mean is never below the mean of the logarithms."),
            (0.06247, "That is with logarithms to the base ten."),
        ),
        "Compute log((1 + 3)/2) and (log 1 + log 3)/2, and subtract.",
        2e-3,
    ),
    "noisier encoder": Question(
        3.0,
        "√(36/4). To make up for it, average over 9 groups: the ratio grows with the root of their number.",
        (
            (9.0, "That is how many times as large k is. The ratio falls with its root."),
            (0.33333, "That is what is left of it. By which factor has it fallen?"),
            (6.0, "That is √36. At k = 4 it was already down by √4."),
            (81.0, "That squares the factor of k. Take its root instead."),
        ),
        "Divide 1/√4 by 1/√36.",
        0.01,
    ),
    # chapter 10, a learned sigma
    "dead pixels": Question(
        11.513,
        "Each gains log 10 = 2.303 nats, and no picture has become better.",
        (
            (2.3026, "That is one pixel. There are five."),
            (5.0, "That is with logarithms to the base ten."),
            (-11.513, "The sign is flipped: a narrower Gaussian is higher in its middle."),
            (23.026, "That is with log σ² in the place of log σ. The term is −½ log σ² = −log σ."),
        ),
        "What is −5·log(0.01) less −5·log(0.1)?",
        0.02,
    ),
    "sigma of rounding": Question(
        0.0011276,
        "The noise is all that is left, and its standard deviation is its width over √12.",
        (
            (0.0039062, "That is the width of a cell. A uniform number on it has a smaller standard deviation."),
            (
                0.00032552,
                "That is the width over 12. The variance is the square of the width over 12; take the root of that.",
            ),
            (1.2716e-6, "That is the variance. Take the root."),
            (0.016981, "That is for cells of width 1/17, as in the digits."),
        ),
        "Draw uniform numbers from 0 to 1/256 and take their standard deviation.",
        2e-5,
    ),
    # chapter 10, a hierarchy
    "two payments": Question(
        2.5,
        "½ · 1² for z₂ and ½ · 2² for z₁, and the two add up.",
        (
            (13.0, "That measures z₁ from the origin. Its prior is N(3, 1), where z₂ has put it."),
            (2.0, "That is the lower layer alone. z₂ has its price, too."),
            (0.5, "That is the upper layer alone. What z₁ says beyond it has its price, too."),
            (5.0, "The half is missing in both."),
        ),
        "Each KL is half the square of the distance between the two means. Add them.",
        5e-3,
    ),
    # chapter 10, latent diffusion
    "half noise": Question(
        0.5,
        "ᾱ is the share that the data has in the variance, 1 − ᾱ that of the noise.",
        (
            (0.7071, "That is √ᾱ, the factor before z₀. Its square is the share of the variance."),
            (0.25, "That is the square of ᾱ. The factor before z₀ is a root already."),
            (1.0, "At ᾱ = 1 there is no noise yet."),
        ),
        "The variance of z_t is ᾱ · 1 from the data and (1 − ᾱ) · 1 from the noise.",
        5e-3,
    ),
}

"""What the exercises of several chapters share: numbers to try, parts of a formula, mistakes made in more than one.

In the functions of all chapters, short names stand for the arguments:

    x, f, m, v, s    a picture, the decoder's picture, mean and log s² of Q, the σ of the pixels
    x, p, q, e       log P(X|z), log P(z), log Q(z|X), log P(X), where an exercise is given those
    w                log weights
    a, b, n          the two ends of a line or arc, and the number of points
    d, c, r          draws, codes, reach
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, Final

import torch
from torch import Tensor

from vae_lib.distributions import LOG_2PI
from vae_lib.evidence import log_mean_exp
from vae_lib.exercises.checking import Mistake

LOG_VAR_FOR_LOG_STD: Final = (
    "In the KL, log s² is taken for log s: exp(log_var) is the variance already, and need not be squared."
)
OVERFLOW: Final = (
    "The formula is right. But at −1500 nats exp gives 0 in any floating-point number, and log 0 is minus infinity. "
    "torch.logsumexp does exp, sum and log in one, safely."
)


def normal(*shape: int, seed: int) -> Tensor:
    """Standard normal numbers, the same each time."""
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed))


def log_pixels(x: Tensor, mean: Tensor, sigma: float) -> Tensor:
    """log N(x | mean, σ²) of each pixel on its own."""
    return -0.5 * LOG_2PI - math.log(sigma) - (x - mean) ** 2 / (2 * sigma**2)


def kl_parts(mean: Tensor, log_var: Tensor) -> Tensor:
    """What each latent adds to the KL to the prior."""
    return 0.5 * (mean**2 + log_var.exp() - 1 - log_var)


def of_a_log_mean(log_terms: Callable[..., Tensor]) -> dict[str, Mistake]:
    """Mistakes in log P(X) where it is the log of the mean of terms.

    Args:
        log_terms: the logarithms of the terms, from the learner's arguments; the mean runs over the first axis.
    """

    def log_sum(*given: Any) -> Tensor:
        return torch.logsumexp(log_terms(*given), 0)

    return {
        "divided outside the log": (
            lambda *given: log_sum(*given) / len(log_terms(*given)),
            "The log of the sum is divided by the number of draws. It is the sum that is to be divided, inside the "
            "logarithm; outside of it that is the log of the number taken off.",
        ),
        "log of the number added": (
            lambda *given: log_sum(*given) + math.log(len(log_terms(*given))),
            "The log of the number of draws is added. A mean is the sum divided by that number, so its log is taken "
            "off.",
        ),
        "density": (lambda *given: log_terms(*given).exp().mean(0), "This is P(X). Wanted is its logarithm."),
        "sign": (lambda *given: -log_mean_exp(log_terms(*given)), "The sign is flipped: this is −log P(X)."),
    }


def of_a_path(path: Callable[[Tensor, Tensor, int], Tensor]) -> dict[str, Mistake]:
    """Mistakes in the points of a ``path`` between two codes."""
    return {
        "one point too many": (
            lambda a, b, n: path(a, b, n + 1),
            "That is one point too many: steps counts the points, both ends included, and not the gaps between them.",
        ),
        "lying on its side": (
            lambda a, b, n: path(a, b, n).T,
            "The points are right, but each stands in a column. A decoder takes one z in each row: give t the shape "
            "(steps, 1), as in t[:, None].",
        ),
    }

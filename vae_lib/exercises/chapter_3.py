"""Chapter 3: the KL divergence."""

from __future__ import annotations

from typing import Any, Final

import torch
from torch import Tensor

from vae_lib.distributions import gaussian_kl
from vae_lib.evidence import log_mean_exp
from vae_lib.exercises.checking import Function, Number, Verdict
from vae_lib.exercises.questions import Question, Right, Wrong
from vae_lib.exercises.shared import kl_parts, normal

__all__ = ["check_gap", "check_kl"]


KL: Final = Function(
    "check_kl",
    lambda mean, log_var: gaussian_kl(mean, log_var),
    "one number for each row, shape (batch,)",
    (
        (torch.tensor([[1.0]]), torch.tensor([[0.0]])),
        (torch.tensor([[0.0]]), torch.tensor([[1.0]])),
        (torch.tensor([[0.5, -1.0]]), torch.tensor([[0.8, -0.5]])),
        (normal(5, 3, seed=0), normal(5, 3, seed=1)),
        (2 * normal(4, 2, seed=2), normal(4, 2, seed=3).abs()),
    ),
    {
        "mean over latents": (
            lambda m, v: kl_parts(m, v).mean(-1),
            "This is the mean over the latents; the KL is their sum. Write .sum(-1).",
        ),
        "not summed": (
            lambda m, v: kl_parts(m, v),
            "This is what each latent adds. The KL of the whole Q is their sum: add .sum(-1).",
        ),
        "wrong axis": (
            lambda m, v: kl_parts(m, v).sum(0),
            "This sums over the batch and keeps the latents apart. It is the other way round: .sum(-1), the last axis.",
        ),
        "summed over the batch": (
            lambda m, v: kl_parts(m, v).sum(),
            "This adds up the whole batch as well. Each row is a Q of its own, with a KL of its own: .sum(-1), not "
            ".sum().",
        ),
        "mean over the batch": (
            lambda m, v: kl_parts(m, v).sum(-1).mean(),
            "This is the mean over the batch, one number for all rows. Wanted is one number for each row.",
        ),
        "mean over everything": (
            lambda m, v: kl_parts(m, v).mean(),
            "This is the mean over latents and batch at once. The KL is the sum over the latents, one number for each "
            "row.",
        ),
        "sign": (
            lambda m, v: -kl_parts(m, v).sum(-1),
            "The sign is flipped: a KL divergence is never negative.",
        ),
        "no half": (
            lambda m, v: 2 * kl_parts(m, v).sum(-1),
            "The factor ½ is missing: every value is twice the KL.",
        ),
        "half on the mean only": (
            lambda m, v: (0.5 * m**2 + v.exp() - 1 - v).sum(-1),
            "The factor ½ stands on μ² only. It belongs to the whole sum, s² − 1 − log s² included.",
        ),
        "half on the width only": (
            lambda m, v: (m**2 + 0.5 * (v.exp() - 1 - v)).sum(-1),
            "The factor ½ stands on s² − 1 − log s² only. It belongs to the whole sum, μ² included.",
        ),
        "−1 once for all latents": (
            lambda m, v: 0.5 * ((m**2 + v.exp() - v).sum(-1) - 1),
            "The 1 is taken off once for each row. It stands inside the sum, so it comes once for each latent.",
        ),
        "no minus one": (
            lambda m, v: (kl_parts(m, v) + 0.5).sum(-1),
            "The −1 is missing. For Q = P(z), with mean 0 and log s² = 0, the KL has to be 0.",
        ),
        "plus one": (
            lambda m, v: (kl_parts(m, v) + 1).sum(-1),
            "The 1 is added where it is taken off. For Q = P(z), with mean 0 and log s² = 0, the KL has to be 0.",
        ),
        "log s² with a plus": (
            lambda m, v: 0.5 * (m**2 + v.exp() - 1 + v).sum(-1),
            "The sign of log s² is flipped: it is taken off, so that a narrow Q, whose log s² is negative, costs.",
        ),
        "log s² for s": (
            lambda m, v: 0.5 * (m**2 + v**2 - 1 - 2 * v.abs().log()).sum(-1),
            "This takes log s² for s. The argument is the logarithm of the variance: s² is log_var.exp(), and log s² "
            "is log_var itself.",
        ),
        "log s² for s²": (
            lambda m, v: 0.5 * (m**2 + v - 1 - v.log()).sum(-1),
            "This takes log s² for s². The argument is the logarithm of the variance: s² is log_var.exp(), and log s² "
            "is log_var itself.",
        ),
        "log s² for log s": (
            lambda m, v: 0.5 * (m**2 + (2 * v).exp() - 1 - 2 * v).sum(-1),
            "This takes log s² for log s: exp(log_var) is the variance already, and need not be squared.",
        ),
        "variance squared": (
            lambda m, v: 0.5 * (m**2 + (2 * v).exp() - 1 - v).sum(-1),
            "The variance is squared: exp(log_var) is s² already, and the formula wants s², not its square.",
        ),
        "s for s²": (
            lambda m, v: 0.5 * (m**2 + (0.5 * v).exp() - 1 - v).sum(-1),
            "This has s where s² belongs: the variance is exp(log_var), and the half is for the standard deviation.",
        ),
        "log s for log s² at the end": (
            lambda m, v: 0.5 * (m**2 + v.exp() - 1 - 0.5 * v).sum(-1),
            "This takes off log s where the formula has log s², which is log_var itself.",
        ),
        "the other direction": (
            lambda m, v: gaussian_kl(torch.zeros_like(m), torch.zeros_like(m), m, v),
            "This is D[P‖Q], from the prior to Q. Wanted is D[Q‖P]; the two differ.",
        ),
        "mean not squared": (
            lambda m, v: 0.5 * (m + v.exp() - 1 - v).sum(-1),
            "The mean is not squared: a Q to the left of the origin costs as much as one to the right.",
        ),
        "no mean": (
            lambda m, v: 0.5 * (v.exp() - 1 - v).sum(-1),
            "The mean is missing: this charges Q for its width only, and not for its distance from the origin.",
        ),
    },
)


def check_kl(answer: Any) -> Verdict:
    """``kl(mean, log_var)``: 𝒟[N(mean, exp(log_var)) ‖ N(0, I)], the last term of Eq. (4).

    Both have shape ``(batch, latents)``; the result has ``(batch,)``, in nats. Chapter 3.
    """
    return KL.check(answer)


def _of_draws(seed: int, count: int) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    log_q, log_likelihood, log_prior = normal(3, count, seed=seed) - torch.tensor([[0.5], [2.0], [1.5]])
    return log_q, log_likelihood, log_prior, normal(seed=seed + 1) - 2


GAP: Final = Function(
    "check_gap",
    lambda log_q, log_likelihood, log_prior, log_evidence: (log_q - log_likelihood - log_prior).mean() + log_evidence,
    "one number, the gap in nats",
    (
        (torch.tensor([-1.0]), torch.tensor([-2.0]), torch.tensor([-1.5]), torch.tensor(-1.4)),
        (torch.tensor([-1.0, -0.5]), torch.tensor([-2.0, -3.0]), torch.tensor([-1.5, -1.0]), torch.tensor(-1.4)),
        _of_draws(0, 6),
        _of_draws(2, 40),
    ),
    {
        "log P(X) taken off": (
            lambda q, x, p, e: (q - x - p).mean() - e,
            "log P(X) is taken off where Eq. (3) adds it. Bayes' theorem has it with a minus in log P(z|X), and that "
            "is taken off in its turn.",
        ),
        "no log P(X)": (
            lambda q, x, p, e: (q - x - p).mean(),
            "log P(X) is missing. What you have is the expectation in Eq. (3); chapter 4 gives minus this number a "
            "name, the ELBO.",
        ),
        "no prior": (
            lambda q, x, p, e: (q - x).mean() + e,
            "log P(z) is missing: Bayes' theorem makes log P(z|X) out of log P(X|z) + log P(z) − log P(X).",
        ),
        "no likelihood": (
            lambda q, x, p, e: (q - p).mean() + e,
            "log P(X|z) is missing: Bayes' theorem makes log P(z|X) out of log P(X|z) + log P(z) − log P(X).",
        ),
        "KL to the prior": (
            lambda q, x, p, e: (q - p).mean(),
            "This is the divergence from the prior, D[Q(z|X)‖P(z)]. The gap is that from the posterior, "
            "D[Q(z|X)‖P(z|X)].",
        ),
        "prior with a plus": (
            lambda q, x, p, e: (q - x + p).mean() + e,
            "The sign of log P(z) is flipped: it stands with log P(X|z), and both are taken off.",
        ),
        "likelihood with a plus": (
            lambda q, x, p, e: (q + x - p).mean() + e,
            "The sign of log P(X|z) is flipped: it stands with log P(z), and both are taken off.",
        ),
        "sign": (
            lambda q, x, p, e: (x + p - q).mean() - e,
            "The sign is flipped: this is minus the gap, and a gap is never negative on average.",
        ),
        "weighted by Q": (
            lambda q, x, p, e: (q.exp() * (q - x - p + e)).sum(),
            "This weighs each draw by Q(z|X). The draws come from Q already, so the probable z are there more often: "
            "the expectation is their plain mean. The weight belongs to a grid, where each z comes once.",
        ),
        "sum over draws": (
            lambda q, x, p, e: (q - x - p).sum() + e,
            "This adds up the draws. The expectation is their mean.",
        ),
        "log P(X) once for each draw": (
            lambda q, x, p, e: (q - x - p + e).sum(),
            "This adds up the draws, log P(X) included. The expectation is their mean.",
        ),
        "not averaged": (
            lambda q, x, p, e: q - x - p + e,
            "This is one term for each draw, and single terms may be negative. The gap is their mean.",
        ),
        "log of the mean": (
            lambda q, x, p, e: log_mean_exp(q - x - p) + e,
            "This averages the ratios and then takes the logarithm. A KL divergence is the mean of the logarithms.",
        ),
    },
)


def check_gap(answer: Any) -> Verdict:
    """``gap(log_q, log_likelihood, log_prior, log_evidence)``: Eq. (3), with draws of z from Q.

    log Q(z|X), log P(X|z) and log P(z) have shape ``(draws,)``, log P(X) is one number; so is the result, in nats.
    Chapters 3 and 9.
    """
    return GAP.check(answer)


ANSWERS: Final = {
    "larger divergence": Number(
        47.2,
        "Draws from the wide one mostly fall where the narrow one has next to no density, and pay for it each time.",
        {
            1.81: (
                "That is the smaller of the two: its draws come from the narrow Gaussian, and all fall under the wide."
            ),
            3.35: "That takes 0.1 for the variance. It is the width, the standard deviation; the variance is 0.01.",
            0.70: "That takes 0.1 for the variance, and is the smaller of the two directions.",
        },
        "Set Q to mean 0 and width 0.1 and P to mean 0 and width 1, and read both bars.",
        0.25,
        unit="nats",
    ),
    "mean for sum": Number(
        0.05,
        "A mean over twenty latents is a twentieth of their sum. The KL would hardly count: codes stray from the "
        "prior, and draws from the prior miss them, as those from N(0, I) missed the autoencoder's in chapter 1.",
        {
            20.0: "It is the other way round: a mean is the sum divided by twenty, so the KL becomes smaller.",
            1.0: "It would not change with one latent. With twenty, the sum is divided by twenty.",
            0.95: "That is by what part it shrinks. What remains of the KL?",
            0.5: "That is the ½ of the closed form, which stays. What does a mean divide by, and a sum does not?",
        },
        "Compute both for the same random input, and divide the mean by the sum.",
        1e-3,
    ),
}

QUICK: Final = (
    Question(
        "You draw one z from Q, and log Q(z) − log P(z) is negative. What does that say?",
        Wrong(
            "There is a mistake: a KL divergence is never negative",
            "The average is never negative. A single term is, wherever P finds that z more probable than Q does.",
        ),
        Right("Nothing is wrong", "Single terms have either sign. Only their average over Q cannot be negative."),
        Wrong(
            "P is the better distribution of the two",
            "It says only that P has more density at this one z. Both integrate to 1, so at some other z Q has more.",
        ),
    ),
    Question(
        "Q has 20 latent numbers, and the closed form gives one part for each. How do the parts go together?",
        Wrong(
            "By their mean, so that the KL does not grow with the number of latents",
            "It should grow: each latent adds its own term to log Q(z|X). A mean makes the KL term cheaper than it is.",
        ),
        Wrong(
            "By their product, because densities of independent numbers multiply",
            "The densities do. The KL averages their logarithms, and those add.",
        ),
        Right(
            "By their sum",
            "For a diagonal Gaussian log Q and log P are sums over the latents, so the average of their difference is "
            "a sum as well.",
        ),
    ),
    Question(
        "P has the two humps of this chapter, and Q is one Gaussian. Where does Q go when D[Q‖P] is made small?",
        Right(
            "Onto one hump",
            "The average runs over draws from Q, so the hump that Q leaves out is never asked about.",
        ),
        Wrong(
            "Over both humps, with the valley between them",
            "That is what D[P‖Q] asks for. Here Q would pay for every draw that falls into the valley.",
        ),
        Wrong(
            "Into the valley, as a narrow peak",
            "There P is next to nothing, which is the dearest place for a draw from Q.",
        ),
    ),
    Question(
        "In Eq. (3), why may log P(X) stand outside the expectation over Q?",
        Wrong(
            "It is small enough to be left out",
            "Nothing is left out: Eq. (3) is exact, and log P(X) stands there in full.",
        ),
        Right(
            "It does not depend on z",
            "Whichever z is drawn, it is the same number, and the average of one number is that number.",
        ),
        Wrong(
            "Q is taken to be the posterior there",
            "Eq. (3) holds for a poor Q too. If Q were the posterior, the left side would be 0.",
        ),
    ),
)

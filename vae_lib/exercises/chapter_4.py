"""Chapter 4: Equation 4."""

from __future__ import annotations

from typing import Any, Final

import torch
from torch import Tensor

from vae_lib.distributions import gaussian_kl
from vae_lib.evidence import log_mean_exp
from vae_lib.exercises.checking import Function, Number, Verdict
from vae_lib.exercises.questions import Question, Right, Wrong
from vae_lib.exercises.shared import LOG_VAR_FOR_LOG_STD, OVERFLOW, kl_parts, normal, of_a_log_mean

__all__ = ["check_elbo", "check_importance"]

ELBO: Final = Function(
    "check_elbo",
    lambda log_likelihood, mean, log_var: log_likelihood.mean(0) - gaussian_kl(mean, log_var),
    "one number for each picture, shape (batch,)",
    (
        (torch.tensor([[-1.0], [-2.0]]), torch.tensor([[1.0]]), torch.tensor([[0.5]])),
        (normal(4, 2, seed=0) + 3, normal(2, 2, seed=1), normal(2, 2, seed=2)),
        (5 * normal(6, 3, seed=3), normal(3, 4, seed=4), normal(3, 4, seed=5) - 1),
    ),
    {
        "KL added": (
            lambda x, m, v: x.mean(0) + gaussian_kl(m, v),
            "The KL is added. It is the price of the code, so Eq. (4) takes it off.",
        ),
        "half on the squares only": (
            lambda x, m, v: x.mean(0) - (0.5 * (m**2 + v.exp()) - 1 - v).sum(-1),
            "In the KL the factor ½ stands before the first two terms only. It belongs before all four.",
        ),
        "half missing before the log": (
            lambda x, m, v: x.mean(0) - (0.5 * (m**2 + v.exp() - 1) - v).sum(-1),
            "In the KL the factor ½ is missing before log s². It belongs before all four terms.",
        ),
        "sign": (
            lambda x, m, v: gaussian_kl(m, v) - x.mean(0),
            "The sign is flipped: this is minus the ELBO, which is what training makes small. The ELBO itself is the "
            "reconstruction minus the KL.",
        ),
        "no KL": (
            lambda x, m, v: x.mean(0),
            "This is the reconstruction alone. The KL to the prior still has to be taken off.",
        ),
        "KL as a mean over latents": (
            lambda x, m, v: x.mean(0) - kl_parts(m, v).mean(-1),
            "The KL is taken as a mean over the latents; it is their sum.",
        ),
        "KL without its half": (
            lambda x, m, v: x.mean(0) - 2 * gaussian_kl(m, v),
            "Twice the KL is taken off: the factor ½ of its closed form is missing.",
        ),
        "log σ² for log σ": (
            lambda x, m, v: x.mean(0) - gaussian_kl(m, 2 * v),
            LOG_VAR_FOR_LOG_STD,
        ),
        "log of the mean": (
            lambda x, m, v: log_mean_exp(x) - gaussian_kl(m, v),
            "This takes the log of the mean of P(X|z). In Eq. (4) the logarithm stands inside the expectation: average "
            "log P(X|z).",
        ),
        "sum over draws": (
            lambda x, m, v: x.sum(0) - gaussian_kl(m, v),
            "The draws are added up. An expectation is a mean, or twice as many draws would double it.",
        ),
        "first draw": (
            lambda x, m, v: x[0] - gaussian_kl(m, v),
            "This uses the first draw only. That is allowed in training, and on average right; here all draws are "
            "there to be averaged.",
        ),
        "draws not averaged": (
            lambda x, m, v: x - gaussian_kl(m, v),
            "This has one value for each draw. Average log P(X|z) over the draws, the first axis.",
        ),
        "mean over the batch": (
            lambda x, m, v: (x.mean(0) - gaussian_kl(m, v)).mean(),
            "This is the mean over the batch. Wanted is one number for each picture.",
        ),
        "sum over the batch": (
            lambda x, m, v: (x.mean(0) - gaussian_kl(m, v)).sum(),
            "This adds up the batch. Wanted is one number for each picture.",
        ),
        "reconstruction averaged over the batch": (
            lambda x, m, v: x.mean() - gaussian_kl(m, v),
            "The reconstruction is averaged over the pictures as well, so each gets the same one. Average over the "
            "draws only: .mean(0).",
        ),
        "KL summed over the batch": (
            lambda x, m, v: x.mean(0) - gaussian_kl(m, v).sum(),
            "From each picture the KL of the whole batch is taken off. Each has its own: .sum(-1), not .sum().",
        ),
        "KL averaged over the batch": (
            lambda x, m, v: x.mean(0) - gaussian_kl(m, v).mean(),
            "From each picture the mean KL of the batch is taken off. Each has its own.",
        ),
    },
)


def check_elbo(answer: Any) -> Verdict:
    """``elbo(log_likelihood, mean, log_var)``: the right side of Eq. (4).

    ``log_likelihood`` holds log P(X|z) at draws from Q, shape ``(draws, batch)``; ``mean`` and ``log_var`` are those of
    Q, shape ``(batch, latents)``. The result has ``(batch,)``, in nats. Chapter 4.
    """
    return ELBO.check(answer)


def _weights(seed: int, draws: int, batch: int, shift: float = 0.0) -> tuple[Tensor, Tensor, Tensor]:
    log_likelihood, log_prior, log_q = 2 * normal(3, draws, batch, seed=seed)
    return log_likelihood + shift, log_prior, log_q


IMPORTANCE: Final = Function(
    "check_importance",
    lambda log_likelihood, log_prior, log_q: log_mean_exp(log_likelihood + log_prior - log_q),
    "one number for each picture, shape (batch,)",
    (
        (torch.tensor([[-1.0], [-2.0]]), torch.tensor([[-1.5], [-1.0]]), torch.tensor([[-0.5], [0.3]])),
        _weights(0, 4, 2),
        _weights(1, 30, 3, shift=20.0),
        _weights(2, 5, 2, shift=-1500.0),
    ),
    {
        "the false claim": (
            lambda x, p, q: log_mean_exp(x),
            "This is log E_Q[P(X|z)], the claim that is false: Q picks the z for which P(X|z) is large. The weight "
            "of a draw is P(X|z) P(z) / Q(z|X).",
        ),
        "no prior": (
            lambda x, p, q: log_mean_exp(x - q),
            "P(z) is missing in the weight: this integrates P(X|z) over all z alike, as if every z were as probable as "
            "any other.",
        ),
        "not divided by Q": (
            lambda x, p, q: log_mean_exp(x + p),
            "The division by Q(z|X) is missing: Q deals out some z more often than others, and the weight makes up for "
            "it.",
        ),
        "weight upside down": (
            lambda x, p, q: log_mean_exp(x - p + q),
            "The ratio in the weight is upside down: it is P(z) / Q(z|X), how many times as likely the prior was to "
            "deal this z.",
        ),
        "mean of the logs": (
            lambda x, p, q: (x + p - q).mean(0),
            "This is the mean of the logarithms, and that is the ELBO, a lower bound. For log P(X) average first, and "
            "take the logarithm last.",
        ),
        "sum for mean": (
            lambda x, p, q: torch.logsumexp(x + p - q, 0),
            "This is the log of the sum over the draws. A mean is wanted: take off the log of the number of draws.",
        ),
        "multiplied by Q": (
            lambda x, p, q: log_mean_exp(x + p + q),
            "log Q(z|X) is added, so the draws are multiplied by Q. The weight is divided by it: take log_q off.",
        ),
        "overflow": (
            lambda x, p, q: (x + p - q).exp().mean(0).log(),
            OVERFLOW,
        ),
        "draws not averaged": (
            lambda x, p, q: x + p - q,
            "These are the log weights, one for each draw. What is left to do is the log of their "
            "mean over the draws, the first axis.",
        ),
        "over the batch": (
            lambda x, p, q: log_mean_exp(x + p - q, 1),
            "This averages over the pictures and keeps the draws apart. The draws are the first axis.",
        ),
        "over everything": (
            lambda x, p, q: log_mean_exp((x + p - q).flatten()),
            "This averages over the pictures too. Each picture has its own P(X): average over the first axis only.",
        ),
        **of_a_log_mean(lambda x, p, q: x + p - q),
    },
)


def check_importance(answer: Any) -> Verdict:
    """``log_evidence(log_likelihood, log_prior, log_q)``: log P(X) from draws of Q, each with its weight P(z)/Q(z|X).

    All three have shape ``(draws, batch)``; the result has ``(batch,)``, in nats. Chapter 4.
    """
    return IMPORTANCE.check(answer)


ANSWERS: Final = {
    "one hump": Number(
        0.0024,
        "For X below σ²/2 the best z is 0 itself, so the posterior has one hump, and a Gaussian fits it almost "
        "perfectly.",
        {
            0.74: "That is the gap at X = 1.5, with two humps and close to log 2. Has X moved to −1?",
            0.55: "That is the gap at X = 1, where the two humps still overlap. Move X on to −1.",
            -3.38: "That is log P(X), or the ELBO: here they nearly agree. Asked for is the gap between them.",
        },
        "Move the slider of X to −1, press Ascend until nothing moves, and read the bar of the gap.",
        0.02,
        unit="nats",
    ),
    "largest gap": Number(
        18,
        "It is a one, and the gap is 16.2 nats: the encoder has to answer for all pictures at once, and puts the "
        "Q of this one beside the place where it is drawn best.",
        {
            28: (
                "That one is rebuilt worst, and its log P(X) is the lowest. Its gap is half a nat: the fault is not "
                "Q's."
            ),
            9: "That one comes second, with 14.6 nats. (By draws of Q it may come first, as a few weights decide. Take "
            "the grid.)",
            29: "That one comes third, with 7.6 nats.",
            16.185: "That is the gap itself, in nats. Asked for is the row of the picture that has it.",
            19: "Row 19 has the largest KL to the prior, the second term on the right. Which has the largest gap? "
            "(Rows count from 0: the first digit is row 0.)",
        },
        "Asked for is a row, from 0 to 39. For each of the forty, build evidence.grid(vae, x, q=each) and ask it "
        "kl_from(each).",
        0.02,
        ordered=False,
        unit="from 0 to 39",
    ),
    "bare KL": Number(
        19.80,
        "Dividing by 784 is dividing by 2σ² with σ² = 392. Summed over the pixels it would have been σ = 0.71.",
        {
            392.0: "That is σ². Asked for is σ.",
            28.0: "That is the root of 784. In the ELBO the squared error is divided by 2σ², not by σ².",
            0.71: "That is the choice of a program that sums over the pixels. This one averages over 784.",
            5.66: "That is the σ for 64 pixels, as in the chapter. Here there are 784.",
            784.0: "That is 2σ². Asked for is σ.",
        },
        "Write the program's loss beside minus the ELBO: error / 784 + KL, and error / (2σ²) + KL.",
        0.22,
    ),
}

QUICK: Final = (
    Question(
        "A training step raises the right side of Eq. (4). What has happened on the left?",
        Wrong("The gap is smaller", "It may even be larger, if log P(X) rose by more than the gap grew."),
        Wrong("log P(X) is larger", "It may even be smaller, if the gap shrank by more than log P(X) fell."),
        Right(
            "At least one of the two: log P(X) is larger, or the gap is smaller",
            "The step raises their difference. Which of the two did it, the right side does not say.",
        ),
    ),
    Question(
        "What is D[Q(z|X)‖P(z)]?",
        Right(
            "The rate: the price of what is kept",
            "It is what the code of X costs in nats. Averaged over the data it is at least the information that z "
            "carries about X.",
        ),
        Wrong(
            "The information that is lost when the picture is rebuilt",
            "What is missing in the rebuilt picture is the distortion, which is in the other term.",
        ),
        Wrong(
            "The price of a Q that is not the posterior",
            "That is the gap, D[Q(z|X)‖P(z|X)]. The exact posterior has no gap, and still pays the rate.",
        ),
    ),
    Question(
        "Q is the exact posterior. How large is E_{z~Q} P(X|z)?",
        Wrong(
            "Exactly P(X), because Q looks where it matters",
            "In the small model it is 0.56886, and P(X) is 0.23919. It forgets how rarely the prior deals out such z.",
        ),
        Wrong(
            "At most P(X), because the right side of Eq. (4) is a lower bound",
            "The bound averages log P(X|z) and takes the KL away. Here P(X|z) itself is averaged, and nothing is taken "
            "away.",
        ),
        Right(
            "At least P(X)",
            "The posterior prefers the z whose P(X|z) is large. What averages to P(X) is P(X|z) P(z) / Q(z|X).",
        ),
    ),
    Question(
        "May one leave the draw out, and compute the right side at z = μ(X)?",
        Wrong(
            "Yes: it is the ELBO without the noise",
            "The average of log P(X|z) is not its value at the average z. In the small model one gets −1.0305, and log "
            "P(X) is −1.4305.",
        ),
        Right(
            "No: it may come out larger than log P(X)",
            "It does so in the small model, −1.0305 over −1.4305. What can exceed log P(X) is no lower bound.",
        ),
        Wrong(
            "No: the gap becomes infinite",
            "The gap belongs to Q, and Q is as it was. It is the first term that is not the expectation any more.",
        ),
    ),
)

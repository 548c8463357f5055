"""Chapter 5: reparameterization."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import torch
from torch import Tensor
from torch.distributions import Normal

from vae_lib.exercises.checking import Choice, Function, Number, Verdict
from vae_lib.exercises.questions import Question, Right, Wrong

__all__ = ["check_reparameterize"]


def _noise_and_gradients(draws: Sequence[Tensor], given: Sequence[Tensor]) -> Tensor:
    """What is known of a good draw, whichever noise it used: the noise's moments, and what reaches μ and log s²."""
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


REPARAMETERIZE: Final = Function(
    "check_reparameterize",
    lambda mean, log_var: _draw(mean, (0.5 * log_var).exp()),
    "one z for each row, shape (batch, latents)",
    ((torch.tensor([1.0, -2.0]).repeat(20_000, 1), torch.tensor([-2.0, 1.0]).repeat(20_000, 1)),),
    {
        "variance for s": (
            lambda m, v: _draw(m, v.exp()),
            "The noise is multiplied by the variance. It has to be the standard deviation, exp(½ log s²): the half is "
            "missing.",
        ),
        "log s² for s": (
            lambda m, v: _draw(m, v),
            "This takes log s² for s. The standard deviation is exp(½ log s²).",
        ),
        "half outside the exp": (
            lambda m, v: _draw(m, 0.5 * v.exp()),
            "The noise is multiplied by ½ exp(log s²), half of the variance. The half belongs into the exponent: "
            "exp(½ log s²).",
        ),
        "half log s² for s": (
            lambda m, v: _draw(m, 0.5 * v),
            "This takes ½ log s², which is log s, for s. The exp is missing.",
        ),
        "no noise": (
            lambda m, v: m + 0 * v,
            "This returns the mean: there is no noise in it, so it is no draw from Q.",
        ),
        "no mean": (
            lambda m, v: (0.5 * v).exp() * torch.randn(m.shape),
            "The noise is scaled but not shifted: add the mean.",
        ),
        "no s": (
            lambda m, v: m + torch.randn(m.shape),
            "The noise is shifted but not scaled: multiply it by s, exp(½ log s²).",
        ),
        "uniform noise": (
            lambda m, v: m + (0.5 * v).exp() * torch.rand(m.shape),
            "The noise is uniform between 0 and 1, from torch.rand. A standard Gaussian comes from torch.randn.",
        ),
        "one noise for both latents": (
            lambda m, v: _draw(m, (0.5 * v).exp(), len(m), 1),
            "All latents of a row share one noise, so they move together. Q is diagonal: draw one for each latent, "
            "with torch.randn_like(mean).",
        ),
        "one noise for the batch": (
            lambda m, v: _draw(m, (0.5 * v).exp(), m.shape[-1]),
            "All rows share one noise. Each picture needs its own: torch.randn_like(mean).",
        ),
        "same noise in every call": (
            lambda m, v: m + (0.5 * v).exp() * torch.randn(m.shape, generator=torch.Generator().manual_seed(0)),
            "Each call draws the same noise again, since the function sets the seed. In training every step needs new "
            "noise: set the seed once, before the loop, and not in the function.",
        ),
        "no gradient": (
            lambda m, v: Normal(m, (0.5 * v).exp()).sample(),
            "The draw is right, but no gradient gets through it. Normal(...).sample(), torch.normal, NumPy, .detach() "
            "and torch.no_grad() all cut the path. Write z as a function of mean and log_var, with noise from "
            "torch.randn.",
        ),
        "no gradient for s": (
            lambda m, v: _draw(m, (0.5 * v).exp().detach()),
            "The gradient reaches the mean and not log s²: something cuts the path from log_var, such as .detach().",
        ),
        "no gradient for μ": (
            lambda m, v: _draw(m.detach(), (0.5 * v).exp()),
            "The gradient reaches log s² and not the mean: something cuts the path from it, such as .detach().",
        ),
    },
    measure=_noise_and_gradients,
    rows=(
        "mean of (z − μ) / s",
        "spread of (z − μ) / s",
        "its mean size, without the sign",
        "mean of the product of both latents",
        "correlation of two calls, one after the other",
        "gradient of z for μ",
        "gradient of z for log s², divided by z − μ",
    ),
    rtol=0,
    atol=0.05,
)


def check_reparameterize(answer: Any) -> Verdict:
    """``draw(mean, log_var)``: one z from each Q, through which gradients reach the mean and log s².

    All have shape ``(batch, latents)``. Checked by the moments of 20,000 draws, by a second call, whose noise has to
    be new, and by the gradients; Kingma & Welling 2013, section 2.4. Chapter 5.
    """
    return REPARAMETERIZE.check(answer)


ANSWERS: Final = {
    "twenty times": Number(
        1.92,
        "There (r⁴ + 14r² + 15)/4, with r = μ/s, comes to twenty. The farther μ is from 0, the larger the values of z² "
        "that the score function has to carry.",
        {
            0.0: "There the factor is smallest, 3.75. Move μ to the right.",
            1.0: "There the factor is 7.5. Move μ on to the right.",
            -1.92: "The factor is the same there, as z² does not mind the sign. Asked for is the μ to the right of 0.",
            20.0: "That is the factor itself. Asked for is the μ at which it is twenty.",
        },
        "Leave s at 1, move μ to the right, and read the sentence below the two histograms.",
        0.06,
    ),
    "cube": Number(
        16 / 3,
        "The variance of z⁴ is 105 − 9 = 96, that of 3z² is 18. To be equally sure takes 96/18 as many draws.",
        {
            96.0: "That is the variance of the score-function estimate. Divide it by that of the pathwise one.",
            18.0: "That is the variance of the pathwise estimate. By what factor is the other one larger?",
            3.89: "That is 105/27, the ratio of the mean squares. From each the square of the mean, 9, has to be taken "
            "off before they are divided.",
            2.31: "That is the ratio of the standard deviations. The number of draws goes with the variance.",
            0.19: "The fraction is upside down: the score function needs more draws, not fewer.",
        },
        "At μ = 0 one estimate is z⁴ and the other 3z². Divide the variance of the first by that of the second.",
        0.3,
    ),
    "best baseline": Number(
        4,
        "It is E[g·score²]/E[score²], and leaves a variance of 14. The mean E[g] = 2 leaves 18, and the pathwise "
        "estimate has 4.",
        {
            2: "That is E[g], the usual choice. It leaves a variance of 18, and a larger b leaves less.",
            0: "Without a baseline the variance is 30.",
            14: "That is the variance at the best baseline. Which b is it that leaves 14?",
            18: "That is the variance with the mean taken off, b = 2. Asked for is the b that makes it smallest.",
        },
        "Draw z from N(1, 1) once, and compute the variance of (z² − b)(z − 1) for many b on the same draws.",
        0.15,
    ),
    "half left out": Choice(
        "high",
        "Where s is below 1, as it is here, the draw is narrower than the Q that the KL term charges for, so the "
        "reconstruction is too good to be true.",
        {
            "low": "Where s is below 1, s² is smaller than s, so z stays nearer to μ(X). Is that easier to decode?",
            "exact": "The KL belongs to one Q and the draw to another. Compute the ELBO of the first a second way.",
        },
    ),
}

QUICK: Final = (
    Question(
        "`z` comes from `Normal(mu, 1).sample()`. What does `(z**2).backward()` do?",
        Wrong(
            "It gives μ the gradient 2z, which is 2μ on average",
            "That is what `rsample()` does, where z = μ + ε is a function of μ. `sample()` cuts the connection.",
        ),
        Wrong(
            "It gives μ the gradient 0",
            "Moved inside, the derivative of a plain number is 0. But PyTorch finds nothing here to differentiate.",
        ),
        Right(
            "It stops with an error: no part of z² needs a gradient",
            "A draw by `sample()` is a plain number. In a VAE the loss still has the KL term, so "
            "there is no error, and the encoder loses the reconstruction unnoticed.",
        ),
    ),
    Question(
        "The draw is cut off from the encoder, and the VAE is trained all the same. What does the encoder learn?",
        Right(
            "To give the prior for every picture",
            "Only the KL term has a gradient for it, and that term is smallest where Q is the prior.",
        ),
        Wrong(
            "To rebuild digits, only more slowly",
            "No gradient of the reconstruction ever reaches it, so more time does not help.",
        ),
        Wrong(
            "Nothing: its weights stay as they were",
            "The KL term still moves them. That is why the run looks healthy.",
        ),
    ),
    Question(
        "The encoder gives `log_var`, which is log s². Which line draws z?",
        Wrong("`mean + log_var.exp() * eps`", "The exponential of log s² is the variance s². The draw needs its root."),
        Right("`mean + (0.5 * log_var).exp() * eps`", "Half of log s² is log s, and its exponential is s."),
        Wrong("`mean + 0.5 * log_var.exp() * eps`", "The half has to stand in the exponent: half of s² is not s."),
    ),
    Question(
        "Two estimates of one gradient have variances a thousand times apart. What do you ask first?",
        Right(
            "Whether the factor stays when a constant is added to g",
            "The gradient does not change, so the factor should not. On the seven it fell from a thousand to about "
            "four, once the mean was taken off.",
        ),
        Wrong(
            "Whether more draws bring them together",
            "More draws show either variance more exactly. The factor stays.",
        ),
        Wrong(
            "Whether the worse one is biased",
            "Bias is about the mean, and both have the right one. The variance is about how far single draws stray.",
        ),
    ),
)

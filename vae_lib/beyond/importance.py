"""What training by the importance-weighted bound L_k does to the gradients."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor

from vae_lib.evidence import log_mean_exp
from vae_lib.model import VAE


class GradientDraws(NamedTuple):
    """Many one-step estimates of the gradient of L_k for one picture.

    Attributes:
        encoder: with respect to the mean and log variance of Q(z|X), shape ``(repeats, 2·latent_dim)``.
        decoder: with respect to the biases of the decoder's last layer, shape ``(repeats, data_dim)``.
    """

    encoder: Tensor
    decoder: Tensor


def gradient_draws(
    model: VAE, x: Tensor, k: int, *, repeats: int = 1000, generator: torch.Generator | None = None
) -> GradientDraws:
    """The gradient of log(1/k Σ w_i), estimated ``repeats`` times with new z each time.

    Args:
        model: with either likelihood; its weights and their gradients stay as they are.
        x: one picture, shape ``(data_dim,)``.
        k: importance weights inside the logarithm; 1 is the ELBO with its KL estimated by the draw too.
        repeats: estimates.
        generator: the source of ε.

    Source: Burda et al. 2015, eq. 8; Rainforth et al. 2018, section 3, for one example.
    """
    if k < 1 or repeats < 1:
        raise ValueError(f"k and repeats must be at least 1, got {k} and {repeats}")
    with torch.no_grad():
        q = model.encode(x)
    q = q._replace(
        mean=q.mean.repeat(repeats, 1).requires_grad_(), log_var=q.log_var.repeat(repeats, 1).requires_grad_()
    )
    z = q.rsample(k, generator=generator)  # (k, repeats, latent_dim)
    shift = torch.zeros(repeats, model.data_dim, requires_grad=True)  # added to the last layer's biases
    handle = model.decoder.register_forward_hook(lambda _module, _inputs, logits: logits + shift)
    try:
        log_weights = model.log_likelihood(x, z) + model.log_prior(z) - q.log_prob(z)
    finally:
        handle.remove()
    bound = log_mean_exp(log_weights).sum()  # repeats do not touch each other, so one pass gives each its gradient
    by_mean, by_log_var, by_shift = torch.autograd.grad(bound, (q.mean, q.log_var, shift))
    return GradientDraws(torch.cat([by_mean, by_log_var], 1), by_shift)


def signal_to_noise(gradients: Tensor) -> Tensor:
    """|mean| / standard deviation of each entry: ``(repeats, entries)`` to ``(entries,)``.

    By chance alone it comes out near √(2/π) / √repeats where the true mean is 0.

    Source: Rainforth et al. 2018, section 3.
    """
    return gradients.mean(0).abs() / gradients.std(0)

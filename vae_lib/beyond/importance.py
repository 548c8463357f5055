"""Training by the importance-weighted bound L_k, and what it does to the gradients."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor

from vae_lib import checks
from vae_lib.evidence import log_mean_exp
from vae_lib.model import VAE, Autoencoder, Terms, require_vae


def iwae(
    model: VAE | Autoencoder, x: Tensor, generator: torch.Generator, *, k: int, drawn: int | None = None
) -> tuple[Tensor, Terms]:
    """The bound L_k on freshly binarized examples, an objective for ``training.fit``.

    Args:
        x: brightness in [0, 1], shape ``(batch, data_dim)``; each call binarizes it anew.
        k: importance weights inside the logarithm; 1 is the ELBO of Eq. (4), with its KL in closed form.
        drawn: the gradient of L_k is the sum over the k latents of their normalized weight times the gradient of their
            log weight. None computes this sum; a number draws so many of the latents by their weights and averages,
            which is unbiased too and saves most of the backward pass.

    Returns:
        L_k, shape ``(batch,)``, and as terms the KL of Q from the prior and L_k + KL, so that their ELBO is L_k.

    Source: Burda et al. 2015, eqs. 8 and 13-14; drawing latents: the end of their section 3.
    """
    model = require_vae(model, "the bound")
    x = torch.bernoulli(x, generator=generator)
    if k == 1:
        terms = model.terms(x, generator=generator)
        return terms.elbo, terms
    q = model.encode(x)
    noise = torch.randn(k, *q.mean.shape, generator=generator, device=x.device)  # (k, batch, latent_dim)

    def log_weights(noise: Tensor) -> Tensor:
        z = q.mean + q.std * noise
        return model.log_likelihood(x, z) + model.log_prior(z) - q.log_prob(z)

    if drawn is None:
        bound = log_mean_exp(log_weights(noise))
    else:
        with torch.no_grad():
            all_weights = log_weights(noise)  # (k, batch)
            value = log_mean_exp(all_weights)
            shares = torch.softmax(all_weights, 0).T
            chosen = torch.multinomial(shares, drawn, replacement=True, generator=generator).T  # (drawn, batch)
            noise = noise.gather(0, chosen[..., None].expand(-1, -1, model.latent_dim))
        surrogate = log_weights(noise).mean(0)
        bound = value + (surrogate - surrogate.detach())
    kl = q.kl()
    return bound, Terms(bound + kl, kl)


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
    checks.at_least(1, k=k, repeats=repeats)
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

"""Closed forms of the densities and divergences that the book derives. Everything is in nats.

Each function reduces the last axis and keeps the others: ``x`` of shape ``(..., dim)`` gives ``(...)``.
Variances travel as ``log_var = log σ²``, so that any real number is a valid one (chapter 5 says why).
"""

from __future__ import annotations

import math
from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn import functional

from vae_lib import checks

LOG_2PI = math.log(2 * math.pi)


@checks.typed
def gaussian_log_density(x: Tensor, mean: Tensor | float, log_var: Tensor | float) -> Tensor:
    """Log density of a diagonal Gaussian, log N(x | mean, diag(exp(log_var))).

    Args:
        x: points, shape ``(..., dim)``.
        mean: means, broadcastable against ``x``.
        log_var: log variances, broadcastable against ``x``; a number means the same variance in every dimension.

    Returns:
        Nats, shape ``(...)``: summed over the last axis, never averaged.

    Source: the Gaussian density; P(X|z) and Q(z|X) in the notes.
    """
    log_var = torch.as_tensor(log_var, dtype=x.dtype, device=x.device)
    per_dim = -0.5 * (LOG_2PI + log_var + (x - mean) ** 2 * torch.exp(-log_var))
    return per_dim.sum(-1)


@checks.typed
def gaussian_kl(
    mean: Tensor,
    log_var: Tensor,
    other_mean: Tensor | float = 0.0,
    other_log_var: Tensor | float = 0.0,
) -> Tensor:
    """KL divergence between diagonal Gaussians, 𝒟[N(mean, exp(log_var)) ‖ N(other_mean, exp(other_log_var))].

    With the defaults the second Gaussian is the prior N(0, I), and this is the second term of Eq. (4).

    Args:
        mean, log_var: the first Gaussian, shape ``(..., dim)``.
        other_mean, other_log_var: the second one, broadcastable against the first.

    Returns:
        Nats, shape ``(...)``, at least 0: summed over the last axis.

    Source: Eq. (2) with two Gaussians; Kingma & Welling 2013, appendix B, for the default prior.
    """
    other_log_var = torch.as_tensor(other_log_var, dtype=mean.dtype, device=mean.device)
    log_ratio = log_var - other_log_var
    # expm1 keeps the digits where the two variances nearly agree and the divergence is tiny.
    per_dim = 0.5 * (torch.expm1(log_ratio) - log_ratio + (mean - other_mean) ** 2 * torch.exp(-other_log_var))
    return per_dim.sum(-1)


@checks.typed
def bernoulli_log_density(x: Tensor, logits: Tensor) -> Tensor:
    """Log probability of independent coin flips, log Bernoulli(x | sigmoid(logits)).

    Args:
        x: outcomes, shape ``(..., dim)``. A likelihood only where every entry is 0 or 1: for grey values the same
            formula gives a cross-entropy that is the logarithm of no normalised density.
        logits: log odds of a 1, broadcastable against ``x``.

    Returns:
        Nats, shape ``(...)``: summed over the last axis.
    """
    return (x * logits - functional.softplus(logits, threshold=40)).sum(-1)  # beyond 40 it is the logit itself


class Gaussian(NamedTuple):
    """A batch of diagonal Gaussians N(mean, diag(exp(log_var))), each of shape ``(..., dim)``."""

    mean: Tensor
    log_var: Tensor

    @property
    def std(self) -> Tensor:
        """Standard deviation σ = exp(log_var / 2), shape ``(..., dim)``."""
        return torch.exp(0.5 * self.log_var)

    @checks.typed
    def log_prob(self, z: Tensor) -> Tensor:
        """Log density at ``z`` in nats: ``(..., dim)`` to ``(...)``."""
        return gaussian_log_density(z, self.mean, self.log_var)

    @checks.typed
    def rsample(self, samples: int | None = None, *, generator: torch.Generator | None = None) -> Tensor:
        """Reparameterized draws z = μ + sε, ε ~ N(0, I); gradients reach μ and s.

        Args:
            samples: how many draws; ``None`` draws one and adds no axis.
            generator: the source of randomness; torch's default one if absent.

        Returns:
            Shape ``(..., dim)``, or ``(samples, ..., dim)``.

        Source: Kingma & Welling 2013, section 2.4; chapter 5.
        """
        if samples is not None:
            checks.at_least(1, samples=samples)
        shape = self.mean.shape if samples is None else (samples, *self.mean.shape)
        noise = torch.randn(shape, generator=generator, dtype=self.mean.dtype, device=self.mean.device)
        return self.mean + self.std * noise

    def kl(self) -> Tensor:
        """𝒟[this ‖ N(0, I)] in nats, shape ``(...)``: the KL term of Eq. (4)."""
        return gaussian_kl(self.mean, self.log_var)


@checks.typed
def standard_normal_log_density(z: Tensor) -> Tensor:
    """Log density of the prior P(z) = N(0, I) in nats: ``(..., dim)`` to ``(...)``."""
    return gaussian_log_density(z, 0.0, 0.0)

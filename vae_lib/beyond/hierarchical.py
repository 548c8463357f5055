"""Two layers of latents: z₂ ~ N(0, I), then z₁ ~ P(z₁|z₂), then X ~ P(X|z₁).

Q takes them in the same order, from the top down: z₂ ~ Q(z₂|X), then z₁ ~ Q(z₁|z₂, X). Each of the two has a KL term.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import torch
from torch import Tensor, nn

from vae_lib import checks
from vae_lib.distributions import Gaussian, gaussian_kl, gaussian_log_density, standard_normal_log_density
from vae_lib.model import Decoder, Terms, mlp


class LayerTerms(NamedTuple):
    """The right side of Eq. (4) with its KL term by layer, for each example, in nats, shape ``(batch,)``.

    Attributes:
        reconstruction: log P(X|z₁) at the drawn z₁.
        kl_top: 𝒟[Q(z₂|X) ‖ P(z₂)], exact.
        kl_bottom: 𝒟[Q(z₁|z₂, X) ‖ P(z₁|z₂)], exact at the drawn z₂.
    """

    reconstruction: Tensor
    kl_top: Tensor
    kl_bottom: Tensor


class HierarchicalVAE(nn.Module):
    """A VAE with two layers of latents, and a Q that goes from the top down, as P does.

    P(z₁|z₂) = N(m(z₂), I). Q(z₁|z₂, X) says how X changes that: by a shift Δ and widths s. So where X has nothing to
    add, Δ = 0 and s = 1, Q is the prior and its KL is 0.

    Args:
        data_dim: pixels of one example.
        bottom, top: dimensions of z₁ and of z₂.
        hidden: width of every hidden layer.
        sigma: σ of P(X|z₁) = N(f(z₁), σ²I), where it starts; it is learned.
        learn_width: let z₂ say the widths of P(z₁|z₂) as well, as ladder VAEs and NVAE do; else they are 1.

    Raises:
        ValueError: a size below 1, or a σ that is not a positive number.

    Source: the order of Q, Sønderby et al. 2016; Q as a change of the prior, Vahdat & Kautz 2020, section 3.2.
    """

    def __init__(
        self,
        data_dim: int,
        bottom: int,
        top: int,
        hidden: int = 64,
        *,
        sigma: float = 0.2,
        learn_width: bool = False,
    ) -> None:
        super().__init__()
        checks.at_least(1, data_dim=data_dim, bottom=bottom, top=top, hidden=hidden)
        checks.positive(sigma=sigma)
        self.bottom, self.top, self.learn_width = bottom, top, learn_width
        self.features = nn.Sequential(mlp((data_dim, hidden, hidden)), nn.SiLU())
        self.read_bottom = nn.Linear(hidden + bottom, 2 * bottom)
        self.read_top = mlp((hidden, hidden, 2 * top))
        self.conditional = mlp((top, hidden, 2 * bottom if learn_width else bottom))
        self.decoder = Decoder(bottom, data_dim, (hidden, hidden))
        self.log_sigma = nn.Parameter(torch.tensor(math.log(sigma)))

    def prior_bottom(self, z_top: Tensor) -> Gaussian:
        """P(z₁|z₂) = N(m(z₂), I), or with learned widths: ``(..., top)`` to a Gaussian of shape ``(..., bottom)``."""
        if self.learn_width:
            return Gaussian(*self.conditional(z_top).chunk(2, dim=-1))
        mean = self.conditional(z_top)
        return Gaussian(mean, torch.zeros_like(mean))

    def encode_top(self, x: Tensor) -> Gaussian:
        """Q(z₂|X): ``(..., data_dim)`` to a Gaussian of shape ``(..., top)``."""
        return Gaussian(*self.read_top(self.features(x)).chunk(2, dim=-1))

    def encode_bottom(self, x: Tensor, z_top: Tensor) -> Gaussian:
        """Q(z₁|z₂, X) = N(m(z₂) + Δ, diag(s²)), where Δ and s come from X and m(z₂): ``(..., bottom)``.

        With learned widths both count in those of the prior.

        ``x`` of shape ``(..., data_dim)`` and ``z_top`` of shape ``(..., top)`` have the same leading axes.
        """
        prior = self.prior_bottom(z_top)
        change, log_var = self.read_bottom(torch.cat([self.features(x), prior.mean], -1)).chunk(2, dim=-1)
        return Gaussian(prior.mean + prior.std * change, prior.log_var + log_var)

    def decode(self, z_bottom: Tensor) -> Tensor:
        """f(z₁), every pixel in (0, 1): ``(..., bottom)`` to ``(..., data_dim)``."""
        return torch.sigmoid(self.decoder(z_bottom))

    def log_likelihood(self, x: Tensor, z_bottom: Tensor) -> Tensor:
        """log P(X|z₁) in nats, summed over pixels; leading axes broadcast."""
        return gaussian_log_density(x, self.decode(z_bottom), 2 * self.log_sigma)

    def layer_terms(self, x: Tensor, *, generator: torch.Generator | None = None) -> LayerTerms:
        """Eq. (4) with one draw of z₂ and of z₁ for each example: ``(batch, data_dim)`` to three of ``(batch,)``."""
        q_top = self.encode_top(x)
        z_top = q_top.rsample(generator=generator)
        p_bottom, q_bottom = self.prior_bottom(z_top), self.encode_bottom(x, z_top)
        z_bottom = q_bottom.rsample(generator=generator)
        return LayerTerms(self.log_likelihood(x, z_bottom), q_top.kl(), gaussian_kl(*q_bottom, *p_bottom))

    def terms(self, x: Tensor, *, generator: torch.Generator | None = None) -> Terms:
        """The same with the two KL terms added up, as ``fit`` wants it."""
        parts = self.layer_terms(x, generator=generator)
        return Terms(parts.reconstruction, parts.kl_top + parts.kl_bottom)

    @torch.no_grad()
    def log_weights(self, x: Tensor, samples: int, *, generator: torch.Generator | None = None) -> Tensor:
        """log P(X, z₁, z₂) − log Q(z₁, z₂|X) at draws from Q, nats, shape ``(samples, batch)``.

        ``evidence.summarize`` makes an estimate of log P(X) of them, and their mean is the ELBO.
        """
        q_top = self.encode_top(x)
        rows = []
        for _ in range(samples):
            z_top = q_top.rsample(generator=generator)
            p_bottom, q_bottom = self.prior_bottom(z_top), self.encode_bottom(x, z_top)
            z_bottom = q_bottom.rsample(generator=generator)
            log_p = standard_normal_log_density(z_top) + p_bottom.log_prob(z_bottom)
            log_q = q_top.log_prob(z_top) + q_bottom.log_prob(z_bottom)
            rows.append(self.log_likelihood(x, z_bottom) + log_p - log_q)
        return torch.stack(rows)

    @torch.no_grad()
    def sample(self, count: int, *, z_top: Tensor | None = None, generator: torch.Generator | None = None) -> Tensor:
        """Pictures f(z₁) from the top down, shape ``(count, data_dim)``.

        Args:
            count: how many.
            z_top: z₂ for each, shape ``(count, top)``; drawn from N(0, I) if absent.
        """
        checks.at_least(1, count=count)
        if z_top is None:
            z_top = torch.randn(count, self.top, generator=generator)
        if z_top.shape != (count, self.top):
            raise ValueError(f"z_top must have shape ({count}, {self.top}), got {tuple(z_top.shape)}")
        return self.decode(self.prior_bottom(z_top).rsample(generator=generator))

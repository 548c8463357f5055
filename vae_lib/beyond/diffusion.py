"""A small denoising diffusion: a hierarchical VAE whose Q is fixed noise, and whose P is learned step by step.

The latents z₁, …, z_T are the data z₀ with more and more noise. Q has no parameters; P goes back from z_T ~ N(0, I).
Anything may be the data: points, pictures, or the codes of a VAE (latent diffusion).
"""

from __future__ import annotations

import math
from collections.abc import Callable

import torch
from torch import Tensor, nn

from vae_lib import checks
from vae_lib.distributions import Gaussian, gaussian_kl, gaussian_log_density
from vae_lib.model import Terms, mlp

Denoise = Callable[[Tensor, Tensor], Tensor]


class Chain:
    """Q of a diffusion, q(z_t|z_{t−1}) = N(√(1−β_t) z_{t−1}, β_t I) for t = 1, …, T, and what follows from it.

    Args:
        betas: β_1, …, β_T, each between 0 and 1, shape ``(T,)``.

    Attributes:
        alpha_bar: ∏_{s≤t} (1−β_s), for t = 0, …, T, shape ``(T + 1,)``; the first is 1.

    Source: Ho et al. 2020, eqs. 2, 4, 6 and 7.
    """

    def __init__(self, betas: Tensor) -> None:
        if betas.ndim != 1 or len(betas) < 2 or not bool(((betas > 0) & (betas < 1)).all()):
            raise ValueError(f"betas must be two numbers or more between 0 and 1, got {betas}")
        self.betas = torch.cat([betas.new_zeros(1), betas])  # so that betas[t] is β_t
        self.alpha_bar = torch.cumprod(1 - self.betas, 0)

    @property
    def steps(self) -> int:
        """T."""
        return len(self.betas) - 1

    def noised(self, z0: Tensor, t: Tensor) -> Gaussian:
        """q(z_t|z_0): from ``(..., dim)`` and steps of shape ``(...)`` to a Gaussian of shape ``(..., dim)``."""
        kept = self.alpha_bar[t][..., None]
        return Gaussian(kept.sqrt() * z0, torch.log1p(-kept).expand_as(z0))

    def back(self, z0: Tensor, zt: Tensor, t: Tensor) -> Gaussian:
        """q(z_{t−1}|z_t, z_0), for t of at least 2: the step back, if one knew where it all began."""
        before, kept, beta = self.alpha_bar[t - 1][..., None], self.alpha_bar[t][..., None], self.betas[t][..., None]
        mean = (before.sqrt() * beta * z0 + (1 - beta).sqrt() * (1 - before) * zt) / (1 - kept)
        return Gaussian(mean, torch.log(beta * (1 - before) / (1 - kept)).expand_as(mean))


def linear_chain(steps: int) -> Chain:
    """A chain whose β_t grows along a line, from 0.1/T to 20/T, so that after T steps next to nothing of z₀ is left.

    Source: Ho et al. 2020, section 4, whose line from 0.0001 to 0.02 this is for T = 1000.
    """
    checks.at_least(25, steps=steps)
    return Chain(torch.linspace(0.1, 20, steps) / steps)


class Diffusion(nn.Module):
    """P of a diffusion: a network that guesses the noise ε in z_t, and steps back by its guess.

    P(z_{t−1}|z_t) has the mean of q(z_{t−1}|z_t, ẑ₀), where ẑ₀ is what the guess leaves of z_t, and the variance β_t,
    which is exact where the data is N(0, I); so bring data to mean 0 and variance 1 first.

    Args:
        dim: numbers in z.
        chain: Q.
        hidden: widths of the network, which sees z_t and the step.
        denoise: takes the place of the network: from z_t ``(..., dim)`` and t ``(...)`` to ε. For tests and lessons.

    Source: Ho et al. 2020, eqs. 5 and 8 to 14, algorithm 2.
    """

    def __init__(
        self, dim: int, chain: Chain, hidden: tuple[int, ...] = (96, 96), *, denoise: Denoise | None = None
    ) -> None:
        super().__init__()
        checks.at_least(1, dim=dim)
        self.dim, self.chain, self.denoise = dim, chain, denoise
        self.net = mlp((dim + 8, *hidden, dim))

    def noise_in(self, zt: Tensor, t: Tensor) -> Tensor:
        """The guess of ε in z_t = √ᾱ_t z₀ + √(1−ᾱ_t) ε: ``(..., dim)`` and ``(...)`` to ``(..., dim)``."""
        if self.denoise is not None:
            return self.denoise(zt, t)
        angle = t[..., None] / self.chain.steps * math.pi * torch.tensor([0.5, 1.0, 2.0, 4.0])
        return self.net(torch.cat([zt, angle.sin(), angle.cos()], -1))

    def back(self, zt: Tensor, t: Tensor) -> Gaussian:
        """P(z_{t−1}|z_t), for any t from 1 to T."""
        kept, beta = self.chain.alpha_bar[t][..., None], self.chain.betas[t][..., None]
        mean = (zt - beta / (1 - kept).sqrt() * self.noise_in(zt, t)) / (1 - beta).sqrt()
        return Gaussian(mean, beta.log().expand_as(mean))

    def step_terms(self, z0: Tensor, t: Tensor, *, generator: torch.Generator | None = None) -> Tensor:
        """One summand of the bound on −log P(z₀), by one draw of z_t: nats, shape ``(batch,)``.

        −log P(z₀|z₁) at t = 1, and 𝒟[q(z_{t−1}|z_t, z₀) ‖ P(z_{t−1}|z_t)] above.

        Args:
            z0: shape ``(batch, dim)``.
            t: a step for each, from 1 to T, shape ``(batch,)``.
        """
        zt = self.chain.noised(z0, t).rsample(generator=generator)
        p = self.back(zt, t)
        kl = gaussian_kl(*self.chain.back(z0, zt, t.clamp(min=2)), *p)
        return torch.where(t == 1, -gaussian_log_density(z0, p.mean, p.log_var), kl)

    def terms(self, x: Tensor, *, generator: torch.Generator | None = None) -> Terms:
        """The right side of Eq. (4) for z₀ = x, with one random step for all the KL terms between; shape ``(batch,)``.

        ``reconstruction`` is log P(z₀|z₁); ``kl`` is the sum of all KL terms of the chain: of z_T from N(0, I), and
        T − 1 times that of one step from 2 to T, which is right on average.
        """
        one = torch.ones(len(x), dtype=torch.int64)
        t = torch.randint(2, self.chain.steps + 1, (len(x),), generator=generator)
        between = (self.chain.steps - 1) * self.step_terms(x, t, generator=generator)
        end = self.chain.noised(x, one * self.chain.steps).kl()
        return Terms(-self.step_terms(x, one, generator=generator), between + end)

    @torch.no_grad()
    def elbo(self, x: Tensor, *, samples: int = 1, generator: torch.Generator | None = None) -> Tensor:
        """The ELBO with every step of the chain counted, by ``samples`` draws of each: nats, shape ``(batch,)``."""
        one = torch.ones(len(x), dtype=torch.int64)
        total = -self.chain.noised(x, one * self.chain.steps).kl()
        for step in range(1, self.chain.steps + 1):
            for _ in range(samples):
                total -= self.step_terms(x, one * step, generator=generator) / samples
        return total

    @torch.no_grad()
    def draw(self, count: int, *, generator: torch.Generator | None = None) -> Tensor:
        """z₀, step by step from z_T ~ N(0, I), shape ``(count, dim)``; the last step gives its mean."""
        z = torch.randn(count, self.dim, generator=generator)
        for step in range(self.chain.steps, 0, -1):
            p = self.back(z, torch.full((count,), step))
            z = p.rsample(generator=generator) if step > 1 else p.mean
        return z


def simple(model: Diffusion, x: Tensor, generator: torch.Generator) -> tuple[Tensor, Terms]:
    """What ``fit`` climbs: −‖ε − guess‖² at one random step for each example, shape ``(batch,)``.

    It is the bound with every step's KL given another weight. The terms hold it as reconstruction, and a KL of 0.

    Source: Ho et al. 2020, eq. 14.
    """
    t = torch.randint(1, model.chain.steps + 1, (len(x),), generator=generator)
    noise = torch.randn(x.shape, generator=generator)
    q = model.chain.noised(x, t)
    climbed = -((noise - model.noise_in(q.mean + q.std * noise, t)) ** 2).sum(-1)
    return climbed, Terms(climbed, torch.zeros_like(climbed))


def mmd_squared(x: Tensor, y: Tensor, width: float) -> float:
    """Squared maximum mean discrepancy of two samples under the kernel exp(−‖a−b‖²/(2·width²)), unbiased.

    Near 0, on either side of it, if both come from one distribution; the larger, the farther apart they are.

    Args:
        x, y: shapes ``(m, dim)`` and ``(n, dim)``, at least two of each.
        width: of the kernel; the median distance among real examples is usual.

    Source: Gretton et al. 2012, lemma 6.
    """
    if min(len(x), len(y)) < 2:
        raise ValueError(f"x and y must hold at least two examples each, got {len(x)} and {len(y)}")

    def kernel(one: Tensor, other: Tensor) -> Tensor:
        return torch.exp(-(torch.cdist(one.double(), other.double()) ** 2) / (2 * width**2))

    def within(one: Tensor) -> Tensor:
        pairs = kernel(one, one)
        return (pairs.sum() - pairs.diagonal().sum()) / (len(one) * (len(one) - 1))

    return float(within(x) + within(y) - 2 * kernel(x, y).mean())

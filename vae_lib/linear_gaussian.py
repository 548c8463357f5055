"""The model in which nothing has to be estimated: P(z) = N(0, I), P(X|z) = N(Wz + m, σ²I).

P(X), the posterior, the ELBO of any Gaussian Q and every gap have closed forms here, so this is what the rest of the
library is measured against. With one latent, W = 1 and σ = 0.5 it is the worked example of chapters 2 to 4.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor
from torch.distributions import MultivariateNormal, kl_divergence

from vae_lib import checks, data
from vae_lib.data import Examples
from vae_lib.distributions import Gaussian, gaussian_log_density, standard_normal_log_density


class LinearGaussian:
    """X = Wz + m + σ·noise with z ~ N(0, I): probabilistic PCA, and a VAE whose decoder is one linear layer.

    Args:
        weight: W, shape ``(data_dim, latent_dim)``.
        sigma: σ, positive.
        mean: m, shape ``(data_dim,)``; zero if absent.

    Raises:
        ValueError: a weight that is not a matrix, a mean of another length, or a σ that is not positive.

    Source: Tipping & Bishop 1999.
    """

    @checks.typed
    def __init__(self, weight: Tensor, sigma: float, mean: Tensor | None = None) -> None:
        if weight.ndim != 2:
            raise ValueError(f"weight must have shape (data_dim, latent_dim), got {tuple(weight.shape)}")
        checks.positive(sigma=sigma)
        self.data_dim, self.latent_dim = weight.shape
        if mean is not None and mean.shape != (self.data_dim,):
            raise ValueError(f"mean must have shape ({self.data_dim},), got {tuple(mean.shape)}")
        self.weight = weight
        self.sigma = float(sigma)
        self.mean = torch.zeros(self.data_dim, dtype=weight.dtype) if mean is None else mean

    def examples(self, x: Examples, name: str = "x") -> Tensor:
        """The examples as this model takes them, ``(..., data_dim)``; any finite numbers."""
        return data.examples(x, name, width=self.data_dim, pictures=False, like=self.weight)

    def decode(self, z: Tensor) -> Tensor:
        """f(z) = Wz + m: ``(..., latent_dim)`` to ``(..., data_dim)``."""
        return z @ self.weight.T + self.mean

    def log_likelihood(self, x: Examples, z: Tensor) -> Tensor:
        """log P(X|z) in nats; leading axes of ``x`` and ``z`` broadcast."""
        return gaussian_log_density(self.examples(x), self.decode(z), 2 * math.log(self.sigma))

    def log_prior(self, z: Tensor) -> Tensor:
        """log P(z) in nats: ``(..., latent_dim)`` to ``(...)``."""
        return standard_normal_log_density(z)

    def marginal(self) -> MultivariateNormal:
        """P(X) = N(m, WWᵀ + σ²I): Eq. (1), solved."""
        identity = torch.eye(self.data_dim, dtype=self.weight.dtype)
        return MultivariateNormal(self.mean, self.weight @ self.weight.T + self.sigma**2 * identity)

    def log_evidence(self, x: Tensor) -> Tensor:
        """log P(X) in nats: ``(..., data_dim)`` to ``(...)``."""
        return self.marginal().log_prob(x)

    def posterior(self, x: Tensor) -> MultivariateNormal:
        """P(z|X) = N(M⁻¹Wᵀ(X − m), σ²M⁻¹) with M = WᵀW + σ²I: ``(..., data_dim)`` to batch shape ``(...)``."""
        identity = torch.eye(self.latent_dim, dtype=self.weight.dtype)
        precision = (self.weight.T @ self.weight + self.sigma**2 * identity) / self.sigma**2
        pull = (x - self.mean) @ self.weight / self.sigma**2  # (..., latent_dim)
        mean = torch.linalg.solve(precision, pull.unsqueeze(-1)).squeeze(-1)
        return MultivariateNormal(mean, precision_matrix=precision)

    def encode(self, x: Tensor) -> Gaussian:
        """The best Q(z|X) with a diagonal covariance: the posterior's mean, and 1/precisionᵢᵢ as variances.

        It minimises 𝒟[Q‖P(z|X)], and equals the posterior where the columns of W are orthogonal.
        """
        posterior = self.posterior(x)
        log_var = -torch.diagonal(posterior.precision_matrix, dim1=-2, dim2=-1).log()
        return Gaussian(posterior.mean, log_var.expand_as(posterior.mean))

    def gap(self, x: Tensor, q: Gaussian) -> Tensor:
        """𝒟[Q(z|X) ‖ P(z|X)] in nats, exact: what Eq. (4) takes from log P(X). Shape ``(...)``."""
        return kl_divergence(MultivariateNormal(q.mean, torch.diag_embed(q.log_var.exp())), self.posterior(x))

    def reconstruction(self, x: Tensor, q: Gaussian) -> Tensor:
        """E_Q[log P(X|z)] in nats, exact: log P(X|μ) − Σᵢ σᵢ² (WᵀW)ᵢᵢ / 2σ². Shape ``(...)``."""
        spread = (q.log_var.exp() * (self.weight**2).sum(0)).sum(-1) / (2 * self.sigma**2)
        return self.log_likelihood(x, q.mean) - spread

    def elbo(self, x: Tensor, q: Gaussian) -> Tensor:
        """The right side of Eq. (4) in nats, exact. Shape ``(...)``."""
        return self.reconstruction(x, q) - q.kl()


@checks.typed
def ppca(x: Examples, latent_dim: int) -> LinearGaussian:
    """The linear-Gaussian model of largest likelihood, in closed form.

    Args:
        x: data, shape ``(count, data_dim)``, with more examples than pixels that vary.
        latent_dim: from 1 to ``data_dim − 1``.

    Returns:
        σ² is the mean of the discarded eigenvalues of the data's covariance and W = U(Λ − σ²I)^½, whose columns are
        orthogonal.

    Raises:
        ValueError: latent_dim out of range, or data that lies exactly in ``latent_dim`` dimensions, where σ would be 0.

    Source: Tipping & Bishop 1999, eqs. 7 and 8.
    """
    x = data.examples(x, pictures=False)
    data_dim = x.shape[-1]
    if x.ndim != 2 or x.numel() == 0:
        raise ValueError(f"x must have shape (count, data_dim) with at least one row, got {tuple(x.shape)}")
    if not 1 <= latent_dim < data_dim:
        raise ValueError(f"latent_dim must be between 1 and {data_dim - 1}, got {latent_dim}")
    mean = x.mean(0)
    covariance = (x - mean).T @ (x - mean) / len(x)
    eigenvalues, vectors = torch.linalg.eigh(covariance)  # ascending
    variance = float(eigenvalues[:-latent_dim].mean())
    if variance <= 1e-12 * float(eigenvalues[-1]):
        raise ValueError(f"the data lies in {latent_dim} dimensions, which leaves σ = 0; choose a smaller latent_dim")
    kept, directions = eigenvalues[-latent_dim:].flip(0), vectors[:, -latent_dim:].flip(1)
    return LinearGaussian(directions * (kept - variance).clamp(min=0).sqrt(), math.sqrt(variance), mean)

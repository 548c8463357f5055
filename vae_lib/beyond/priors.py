"""Two ways past the Gaussians of Eq. (4): a prior P(z) that is learned, and a Q(z|X) that a flow bends.

``LearnedPriorVAE`` is a VAE whose prior is a mixture of Gaussians: one with components of its own (``MixturePrior``),
or the Q(z|u) of made-up pictures u (``VampPrior``). ``FlowPosterior`` is one Q, richer than a Gaussian.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.nn import functional

from vae_lib import checks
from vae_lib.distributions import Gaussian
from vae_lib.model import VAE, LatentModel, Terms

Encode = Callable[[Tensor], Gaussian]


class MixturePrior(nn.Module):
    """P(z) = Σ_k w_k N(m_k, diag(s_k²)) with weights, means and widths to be learned.

    Args:
        mean: where the components start, shape ``(components, latent_dim)``.
        std: how wide they start.
    """

    def __init__(self, mean: Tensor, std: float = 0.5) -> None:
        super().__init__()
        if mean.ndim != 2 or len(mean) < 1:
            raise ValueError(f"mean must have shape (components, latent_dim), got {tuple(mean.shape)}")
        checks.positive(std=std)
        self.mean = nn.Parameter(mean.detach().clone())
        self.log_var = nn.Parameter(torch.full_like(mean, 2 * math.log(std)))
        self.logits = nn.Parameter(mean.new_zeros(len(mean)))

    def components(self, encode: Encode) -> tuple[Tensor, Gaussian]:
        """Log weights, shape ``(components,)``, and the Gaussians, ``(components, latent_dim)``; no encoder needed."""
        return torch.log_softmax(self.logits, 0), Gaussian(self.mean, self.log_var)


class VampPrior(nn.Module):
    """P(z) = (1/K) Σ_k Q(z|u_k): the encoder's own Gaussians for K pictures u_k, the pseudo-inputs, that are learned.

    Args:
        pseudo_inputs: where they start, brightness 0 to 1, shape ``(components, data_dim)``; training pictures do well.

    Source: Tomczak & Welling 2018, section 3.
    """

    def __init__(self, pseudo_inputs: Tensor) -> None:
        super().__init__()
        if pseudo_inputs.ndim != 2 or len(pseudo_inputs) < 1:
            raise ValueError(f"pseudo_inputs must have shape (components, data_dim), got {tuple(pseudo_inputs.shape)}")
        if not bool(((pseudo_inputs >= 0) & (pseudo_inputs <= 1)).all()):
            raise ValueError(
                f"brightness must lie in [0, 1], got values from {pseudo_inputs.min():g} to {pseudo_inputs.max():g}"
            )
        self.logits = nn.Parameter(pseudo_inputs.detach().clamp(0.02, 0.98).logit())  # so that they stay in (0, 1)

    def components(self, encode: Encode) -> tuple[Tensor, Gaussian]:
        """Log weights, shape ``(components,)``, and Q(z|u_k), ``(components, latent_dim)``."""
        q = encode(torch.sigmoid(self.logits))
        return q.mean.new_full((len(q.mean),), -math.log(len(q.mean))), q


class LearnedPriorVAE(VAE):
    """A VAE with a mixture for its prior; encoder and decoder start as those of ``base``.

    The KL term has no closed form any more. ``terms`` estimates it at the drawn z as log Q(z|X) − log P(z), without
    bias; a single estimate may be negative.

    Args:
        base: a VAE, trained or not; it stays as it is.
        prior: gives the components, and learns with the networks.

    Source: Tomczak & Welling 2018.
    """

    def __init__(self, base: VAE, prior: MixturePrior | VampPrior) -> None:
        super().__init__(**base.config())
        self.load_state_dict(base.state_dict())
        self.prior = prior

    def log_prior(self, z: Tensor) -> Tensor:
        """log P(z) in nats: ``(..., latent_dim)`` to ``(...)``."""
        log_weights, parts = self.prior.components(self.encode)
        return torch.logsumexp(log_weights + parts.log_prob(z[..., None, :]), -1)

    def terms(self, x: Tensor, *, generator: torch.Generator | None = None) -> Terms:
        """The right side of Eq. (4), both terms at one reparameterized z for each example; shape ``(batch,)``."""
        q = self.encode(x)
        z = q.rsample(generator=generator)  # (batch, latent_dim)
        return Terms(self.log_likelihood(x, z), q.log_prob(z) - self.log_prior(z))

    def draw_prior(self, count: int, *, generator: torch.Generator | None = None) -> Tensor:
        """z from P(z): a component by its weight, then a point of it; shape ``(count, latent_dim)``."""
        checks.at_least(1, count=count)
        log_weights, parts = self.prior.components(self.encode)
        chosen = torch.multinomial(log_weights.exp(), count, replacement=True, generator=generator)
        return Gaussian(parts.mean[chosen], parts.log_var[chosen]).rsample(generator=generator)

    def sample(self, count: int, *, generator: torch.Generator | None = None) -> Tensor:
        """Pictures f(z) for z drawn from the learned prior, shape ``(count, data_dim)``."""
        return self.decode(self.draw_prior(count, generator=generator))


class PlanarFlow(nn.Module):
    """z ↦ z + û tanh(wᵀz + b): pushes z along one direction, by an amount that depends on one other direction.

    Source: Rezende & Mohamed 2015, eqs. 10 to 12; û, which keeps the map invertible: their appendix A.1.
    """

    def __init__(self, latent_dim: int, *, generator: torch.Generator | None = None) -> None:
        super().__init__()
        self.w = nn.Parameter(torch.randn(latent_dim, generator=generator))
        self.u = nn.Parameter(0.1 * torch.randn(latent_dim, generator=generator))
        self.b = nn.Parameter(torch.zeros(()))

    def forward(self, z: Tensor) -> tuple[Tensor, Tensor]:
        """From z of shape ``(..., latent_dim)`` to where it goes, and log |det ∂f/∂z| of shape ``(...)``, in nats."""
        along = self.w @ self.u
        u = self.u + (functional.softplus(along) - 1 - along) * self.w / (self.w @ self.w)  # now wᵀu > −1
        bent = torch.tanh(z @ self.w + self.b)  # (...)
        return z + bent[..., None] * u, torch.log1p((1 - bent**2) * (self.w @ u))


class FlowPosterior(nn.Module):
    """Q(z|X) for one X: a diagonal Gaussian that goes through planar flows; with ``flows=0`` it stays one.

    Args:
        latent_dim: dimensions of z.
        flows: how many, one after the other.
        generator: the source of their first weights.

    Source: Rezende & Mohamed 2015, section 3.
    """

    def __init__(self, latent_dim: int, flows: int, *, generator: torch.Generator | None = None) -> None:
        super().__init__()
        checks.at_least(1, latent_dim=latent_dim)
        checks.at_least(0, flows=flows)
        self.mean = nn.Parameter(torch.zeros(latent_dim))
        self.log_var = nn.Parameter(torch.zeros(latent_dim))
        self.flows = nn.ModuleList(PlanarFlow(latent_dim, generator=generator) for _ in range(flows))

    def rsample(self, samples: int, *, generator: torch.Generator | None = None) -> tuple[Tensor, Tensor]:
        """Draws z of shape ``(samples, latent_dim)`` with log Q(z|X) at them, nats, shape ``(samples,)``.

        By the change of variables: log Q(z_K) = log Q₀(z₀) − Σ log |det ∂f_k/∂z|.
        """
        start = Gaussian(self.mean, self.log_var)
        z = start.rsample(samples, generator=generator)
        log_q = start.log_prob(z)
        for flow in self.flows:
            z, log_det = flow(z)
            log_q = log_q - log_det
        return z, log_q


def fit_posterior(
    q: FlowPosterior, model: LatentModel, x: Tensor, *, steps: int = 1000, seed: int = 0
) -> FlowPosterior:
    """Climb the ELBO of one X over the parameters of Q, by Adam with 64 draws a step; the model stays as it is.

    Args:
        q: trained in place, and returned.
        x: one example, shape ``(data_dim,)``.
    """
    generator = torch.Generator().manual_seed(seed)
    optimizer = torch.optim.Adam(q.parameters(), lr=0.03)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, steps)
    for _ in range(steps):
        z, log_q = q.rsample(64, generator=generator)
        loss = (log_q - model.log_likelihood(x, z) - model.log_prior(z)).mean()
        optimizer.zero_grad()
        loss.backward(inputs=list(q.parameters()))
        optimizer.step()
        schedule.step()
    return q

"""The variational autoencoder: a prior P(z), an encoder for Q(z|X), a decoder for P(X|z).

``VAE`` is the whole model of Kingma & Welling 2013 with the notes' likelihood P(X|z) = N(f(z), σ²I).
``Autoencoder`` is the same two networks without the probability, for comparison.
"""

from __future__ import annotations

import math
from itertools import pairwise
from typing import Any, Final, Literal, NamedTuple

import torch
from torch import Tensor, nn

from vae_lib import checks
from vae_lib.distributions import (
    Gaussian,
    bernoulli_log_density,
    gaussian_log_density,
    standard_normal_log_density,
)

Likelihood = Literal["gaussian", "bernoulli"]
Activation = Literal["silu", "tanh", "relu"]
ACTIVATIONS: Final[dict[str, type[nn.Module]]] = {"silu": nn.SiLU, "tanh": nn.Tanh, "relu": nn.ReLU}


class Terms(NamedTuple):
    """The two terms on the right of Eq. (4) for each example, in nats, shape ``(batch,)``."""

    reconstruction: Tensor
    kl: Tensor

    @property
    def elbo(self) -> Tensor:
        """reconstruction − kl, the evidence lower bound, shape ``(batch,)``."""
        return self.reconstruction - self.kl


def mlp(sizes: tuple[int, ...], activation: Activation = "silu") -> nn.Sequential:
    """Linear layers of the given sizes with an activation between them and nothing after the last.

    SiLU is smooth, so log P(X|z) is a smooth function of z and the grid of ``evidence`` converges fast.
    """
    layers: list[nn.Module] = []
    for width_in, width_out in pairwise(sizes[:-1]):
        layers += [nn.Linear(width_in, width_out), ACTIVATIONS[activation]()]
    return nn.Sequential(*layers, nn.Linear(sizes[-2], sizes[-1]))


def _check_sizes(data_dim: int, latent_dim: int, hidden: tuple[int, ...]) -> None:
    checks.at_least(1, data_dim=data_dim, latent_dim=latent_dim)
    if any(width < 1 for width in hidden):
        raise ValueError(f"every width in hidden must be at least 1, got {hidden}")


class Encoder(nn.Module):
    """The network behind Q(z|X): from X to the mean and the log variance of z."""

    def __init__(
        self, data_dim: int, latent_dim: int, hidden: tuple[int, ...], activation: Activation = "silu"
    ) -> None:
        super().__init__()
        self.net = mlp((data_dim, *hidden, 2 * latent_dim), activation)

    def forward(self, x: Tensor) -> Gaussian:  # (..., data_dim)
        mean, log_var = self.net(x).chunk(2, dim=-1)  # (..., latent_dim) each
        return Gaussian(mean, log_var)


class Decoder(nn.Module):
    """The network behind P(X|z): from z to one logit for each pixel; f(z) is their sigmoid."""

    def __init__(
        self, latent_dim: int, data_dim: int, hidden: tuple[int, ...], activation: Activation = "silu"
    ) -> None:
        super().__init__()
        self.net = mlp((latent_dim, *hidden, data_dim), activation)

    def forward(self, z: Tensor) -> Tensor:  # (..., latent_dim)
        return self.net(z)  # (..., data_dim)


class VAE(nn.Module):
    """A variational autoencoder with prior P(z) = N(0, I).

    Args:
        data_dim: pixels of one example; 784 for MNIST, 64 for the digits.
        latent_dim: dimensions of z.
        hidden: widths of the encoder's hidden layers; the decoder has them in reverse order.
        likelihood: ``"gaussian"`` for P(X|z) = N(f(z), σ²I), or ``"bernoulli"`` for binarized data.
        sigma: σ of the Gaussian likelihood, in units of pixel brightness (0 to 1).
        learn_sigma: train σ with the networks (Rybkin et al. 2021) instead of keeping it fixed.
        activation: between the layers of both networks: ``"silu"``, ``"tanh"`` or ``"relu"``.

    Raises:
        ValueError: a size below 1, an unknown likelihood or activation, or a σ that is not a positive number.

    Source: Kingma & Welling 2013; the notes' P(X|z) and Q(z|X) = N(μ(X), Σ(X)) with diagonal Σ.
    """

    def __init__(
        self,
        data_dim: int,
        latent_dim: int,
        hidden: tuple[int, ...] = (256, 128),
        *,
        likelihood: Likelihood = "gaussian",
        sigma: float = 0.25,
        learn_sigma: bool = False,
        activation: Activation = "silu",
    ) -> None:
        super().__init__()
        hidden = tuple(hidden)
        _check_sizes(data_dim, latent_dim, hidden)
        if likelihood not in ("gaussian", "bernoulli"):
            raise ValueError(f"likelihood must be 'gaussian' or 'bernoulli', got {likelihood!r}")
        if activation not in ACTIVATIONS:
            raise ValueError(f"activation must be one of {', '.join(map(repr, ACTIVATIONS))}, got {activation!r}")
        checks.positive(sigma=sigma)
        self.data_dim = data_dim
        self.latent_dim = latent_dim
        self.hidden = hidden
        self.likelihood: Likelihood = likelihood
        self.activation: Activation = activation
        self.encoder = Encoder(data_dim, latent_dim, hidden, activation)
        self.decoder = Decoder(latent_dim, data_dim, hidden[::-1], activation)
        log_sigma = torch.tensor(math.log(sigma))
        self.log_sigma = nn.Parameter(log_sigma, requires_grad=learn_sigma and likelihood == "gaussian")

    @property
    def sigma(self) -> float:
        """σ of P(X|z) = N(f(z), σ²I), in units of pixel brightness."""
        return float(self.log_sigma.detach().exp())

    def config(self) -> dict[str, Any]:
        """The arguments that build this model again, without its weights; JSON-ready."""
        return {
            "data_dim": self.data_dim,
            "latent_dim": self.latent_dim,
            "hidden": list(self.hidden),
            "likelihood": self.likelihood,
            "sigma": self.sigma,
            "learn_sigma": self.log_sigma.requires_grad,
            "activation": self.activation,
        }

    def encode(self, x: Tensor) -> Gaussian:
        """Q(z|X): ``(..., data_dim)`` to a Gaussian of shape ``(..., latent_dim)``."""
        self._check_last_axis(x, self.data_dim, "x")
        return self.encoder(x)

    def decode(self, z: Tensor) -> Tensor:
        """f(z), the mean of P(X|z), every pixel in (0, 1): ``(..., latent_dim)`` to ``(..., data_dim)``."""
        self._check_last_axis(z, self.latent_dim, "z")
        return torch.sigmoid(self.decoder(z))

    def log_likelihood(self, x: Tensor, z: Tensor) -> Tensor:
        """log P(X|z) in nats, summed over pixels.

        Args:
            x: shape ``(..., data_dim)``.
            z: shape ``(..., latent_dim)``; its leading axes broadcast against those of ``x``, so ``(samples, batch,
                latent_dim)`` with ``(batch, data_dim)`` gives ``(samples, batch)``.
        """
        self._check_last_axis(x, self.data_dim, "x")
        self._check_last_axis(z, self.latent_dim, "z")
        logits = self.decoder(z)
        if self.likelihood == "bernoulli":
            return bernoulli_log_density(x, logits)
        return gaussian_log_density(x, torch.sigmoid(logits), 2 * self.log_sigma)

    def log_prior(self, z: Tensor) -> Tensor:
        """log P(z) in nats: ``(..., latent_dim)`` to ``(...)``."""
        return standard_normal_log_density(z)

    def terms(self, x: Tensor, *, generator: torch.Generator | None = None) -> Terms:
        """The right side of Eq. (4), with one reparameterized z for each example.

        Args:
            x: shape ``(batch, data_dim)``.
            generator: the source of ε.

        Returns:
            ``reconstruction``: log P(X|z) at the drawn z, an unbiased estimate of E_Q[log P(X|z)];
            ``kl``: 𝒟[Q(z|X)‖P(z)], exact. Nats, shape ``(batch,)``.
        """
        posterior = self.encode(x)
        z = posterior.rsample(generator=generator)  # (batch, latent_dim)
        return Terms(self.log_likelihood(x, z), posterior.kl())

    def sample(self, count: int, *, generator: torch.Generator | None = None) -> Tensor:
        """Pictures f(z) for z drawn from the prior, shape ``(count, data_dim)``."""
        checks.at_least(1, count=count)
        z = torch.randn(count, self.latent_dim, generator=generator, device=self.log_sigma.device)
        return self.decode(z)

    @staticmethod
    def _check_last_axis(value: Tensor, size: int, name: str) -> None:
        if value.shape[-1:] != (size,):
            raise ValueError(f"{name} must have shape (..., {size}) for this model, got {tuple(value.shape)}")


class Autoencoder(nn.Module):
    """An encoder and a decoder with a plain vector between them: no Q, no prior, no KL term.

    Trained on log N(X | f(g(X)), σ²I) alone, which is squared error up to constants.
    """

    def __init__(
        self, data_dim: int, latent_dim: int, hidden: tuple[int, ...] = (256, 128), *, sigma: float = 0.25
    ) -> None:
        super().__init__()
        hidden = tuple(hidden)
        _check_sizes(data_dim, latent_dim, hidden)
        checks.positive(sigma=sigma)
        self.data_dim = data_dim
        self.latent_dim = latent_dim
        self.hidden = hidden
        self.encoder = mlp((data_dim, *hidden, latent_dim))
        self.decoder = Decoder(latent_dim, data_dim, hidden[::-1])
        self.log_sigma = nn.Parameter(torch.tensor(math.log(sigma)), requires_grad=False)

    @property
    def sigma(self) -> float:
        """σ of N(X | f(g(X)), σ²I), in units of pixel brightness: a factor on the loss."""
        return float(self.log_sigma.exp())

    def config(self) -> dict[str, Any]:
        """The arguments that build this model again, without its weights; JSON-ready."""
        return {
            "data_dim": self.data_dim,
            "latent_dim": self.latent_dim,
            "hidden": list(self.hidden),
            "sigma": self.sigma,
        }

    def encode(self, x: Tensor) -> Tensor:
        """The code z = g(X), a point and not a distribution: ``(..., data_dim)`` to ``(..., latent_dim)``."""
        return self.encoder(x)

    def decode(self, z: Tensor) -> Tensor:
        """f(z), every pixel in (0, 1): ``(..., latent_dim)`` to ``(..., data_dim)``."""
        return torch.sigmoid(self.decoder(z))

    def terms(self, x: Tensor, *, generator: torch.Generator | None = None) -> Terms:
        """Reconstruction in nats, shape ``(batch,)``, and a KL of 0: there is no Q to compare."""
        reconstruction = gaussian_log_density(x, self.decode(self.encode(x)), 2 * self.log_sigma)
        return Terms(reconstruction, torch.zeros_like(reconstruction))


def require_vae(model: object, asker: str) -> VAE:
    """The model, where it is a VAE; ``asker`` is what needs one, for the error.

    Raises:
        TypeError: it is another, such as an ``Autoencoder``, which has codes but no Q(z|X), no prior and no KL.
    """
    if not isinstance(model, VAE):
        raise TypeError(f"{asker} needs a VAE, which has Q and P(X|z), got {type(model).__name__}; load or train one")
    return model

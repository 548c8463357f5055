"""The variational autoencoder: a prior P(z), an encoder for Q(z|X), a decoder for P(X|z).

``VAE`` is the whole model of Kingma & Welling 2013 with the notes' likelihood P(X|z) = N(f(z), σ²I).
``Autoencoder`` is the same two networks without the probability, for comparison.
"""

from __future__ import annotations

import math
from typing import Any, Literal, NamedTuple, Protocol, runtime_checkable

import torch
from torch import Tensor, nn

from vae_lib import checks, data
from vae_lib.data import About, Examples
from vae_lib.distributions import (
    Gaussian,
    bernoulli_log_density,
    gaussian_log_density,
    standard_normal_log_density,
)
from vae_lib.networks import ACTIVATIONS as ACTIVATIONS
from vae_lib.networks import Activation, ConvDecoder, ConvEncoder, Sizes
from vae_lib.networks import Decoder as Decoder
from vae_lib.networks import Encoder as Encoder
from vae_lib.networks import mlp as mlp

Likelihood = Literal["gaussian", "bernoulli"]


class Terms(NamedTuple):
    """The two terms on the right of Eq. (4) for each example, in nats, shape ``(batch,)``."""

    reconstruction: Tensor
    kl: Tensor

    @property
    def elbo(self) -> Tensor:
        """reconstruction − kl, the evidence lower bound, shape ``(batch,)``."""
        return self.reconstruction - self.kl


@runtime_checkable
class LatentModel(Protocol):
    """A model with P(z) and P(X|z), such as a VAE."""

    latent_dim: int

    def log_likelihood(self, x: Tensor, z: Tensor) -> Tensor: ...

    def log_prior(self, z: Tensor) -> Tensor: ...


def _check_sizes(data_dim: int, latent_dim: int, **widths: Sizes) -> None:
    checks.at_least(1, data_dim=data_dim, latent_dim=latent_dim)
    for name, each in widths.items():
        if any(width < 1 for width in each):
            raise ValueError(f"every width in {name} must be at least 1, got {each}")


class Networks(nn.Module):
    """What a ``VAE`` and an ``Autoencoder`` share: an encoder, a decoder, one rule for what an example is.

    Attributes:
        row_dim: numbers in one example as ``encode`` takes it.
        about: what the model was trained on.
    """

    data_dim: int
    latent_dim: int
    row_dim: int
    log_sigma: nn.Parameter
    sigmoid = True
    about = About()

    @property
    def sigma(self) -> float:
        """σ of P(X|z) = N(f(z), σ²I), in units of pixel brightness; their geometric mean where each has its own."""
        return float(self.log_sigma.detach().mean().exp())

    def examples(self, x: Examples, name: str = "x", *, keep_bytes: bool = False) -> Tensor:
        """The examples as this model takes them, ``(..., row_dim)``, or an error that says why not.

        See ``data.examples``. Every function that is given a model and examples asks this first.
        """
        given: dict[str, Any] = {"pictures": self.sigmoid, "like": self.log_sigma, "keep_bytes": keep_bytes}
        return data.examples(x, name, width=self.row_dim, **given)

    def latents(self, z: Examples) -> Tensor:
        """z as the decoder takes it, ``(..., latent_dim)``."""
        if not isinstance(z, Tensor):
            z = data.examples(z, "z", pictures=False, like=self.log_sigma)
        self._check_last_axis(z, self.latent_dim, "z")
        return z.to(self.log_sigma.dtype)

    @staticmethod
    def _check_last_axis(value: Tensor, size: int, name: str) -> None:
        if value.shape[-1:] != (size,):
            raise ValueError(f"{name} must have shape (..., {size}) for this model, got {tuple(value.shape)}")


class VAE(Networks):
    """A variational autoencoder with prior P(z) = N(0, I).

    Args:
        data_dim: pixels of one example; 784 for MNIST, 64 for the digits.
        latent_dim: dimensions of z.
        hidden: widths of the encoder's hidden layers; the decoder has them in reverse order.
        likelihood: ``"gaussian"`` for P(X|z) = N(f(z), σ²I), or ``"bernoulli"`` for binarized data.
        sigma: σ of the Gaussian likelihood, in units of pixel brightness (0 to 1).
        learn_sigma: train σ with the networks (Rybkin et al. 2021) instead of keeping it fixed; ``"each"`` trains one
            for each pixel or column.
        activation: between the layers of both networks: ``"silu"``, ``"tanh"`` or ``"relu"``.
        sigmoid: whether f(z) ends in one, as brightness asks for; ``False`` for tables, whose numbers may be any.
        image_shape: ``(height, width)`` or ``(channels, height, width)`` of a picture.
        channels: of convolutions before the hidden layers, each halving the picture, and mirrored in the decoder; empty
            for none. They need ``image_shape``.

    Raises:
        TypeError, ValueError: an argument of the wrong kind or out of range, named.

    Source: Kingma & Welling 2013; the notes' P(X|z) and Q(z|X) = N(μ(X), Σ(X)) with diagonal Σ.
    """

    @checks.typed
    def __init__(
        self,
        data_dim: int,
        latent_dim: int,
        hidden: Sizes = (256, 128),
        *,
        likelihood: Likelihood = "gaussian",
        sigma: float = 0.25,
        learn_sigma: bool | Literal["each"] = False,
        activation: Activation = "silu",
        sigmoid: bool = True,
        image_shape: Sizes | None = None,
        channels: Sizes = (),
    ) -> None:
        super().__init__()
        hidden, channels, shape = tuple(hidden), tuple(channels), tuple(image_shape or ())
        _check_sizes(data_dim, latent_dim, hidden=hidden, channels=channels, image_shape=shape)
        checks.one_of(("gaussian", "bernoulli"), likelihood=likelihood)
        checks.one_of(ACTIVATIONS, activation=activation)
        checks.positive(sigma=sigma)
        if not 1e-12 < sigma < 1e12:
            raise ValueError(f"sigma must lie between 1e-12 and 1e12, which float32 can hold, got {sigma:g}")
        if image_shape is not None and math.prod(shape) != data_dim:
            raise ValueError(f"image_shape must hold {data_dim} numbers, as data_dim says, got {shape}")
        if likelihood == "bernoulli" and not sigmoid:
            raise ValueError("sigmoid=False is for numbers of any size; the likelihood of coin flips needs it")
        self.data_dim = self.row_dim = data_dim
        self.latent_dim = latent_dim
        self.hidden = hidden
        self.likelihood: Likelihood = likelihood
        self.activation: Activation = activation
        self.sigmoid, self.channels, self.about = sigmoid, channels, About(image_shape=shape or None)
        self.encoder: Encoder | ConvEncoder
        self.decoder: Decoder | ConvDecoder
        if channels:
            self.encoder = ConvEncoder(shape, latent_dim, channels, hidden, activation)
            self.decoder = ConvDecoder(latent_dim, shape, channels[::-1], hidden[::-1], activation)
        else:
            self.encoder = Encoder(data_dim, latent_dim, hidden, activation)
            self.decoder = Decoder(latent_dim, data_dim, hidden[::-1], activation)
        log_sigma = torch.full((data_dim,) if learn_sigma == "each" else (), math.log(sigma))
        self.log_sigma = nn.Parameter(log_sigma, requires_grad=bool(learn_sigma) and likelihood == "gaussian")

    def config(self) -> dict[str, Any]:
        """The arguments that build this model again, without its weights; JSON-ready."""
        unusual = {
            **({} if self.sigmoid else {"sigmoid": False}),
            **({"image_shape": self.about.image_shape, "channels": list(self.channels)} if self.channels else {}),
        }
        return {
            "data_dim": self.data_dim,
            "latent_dim": self.latent_dim,
            "hidden": list(self.hidden),
            "likelihood": self.likelihood,
            "sigma": self.sigma,
            "learn_sigma": "each" if self.log_sigma.ndim else self.log_sigma.requires_grad,
            "activation": self.activation,
            **unusual,
        }

    def encode(self, x: Examples) -> Gaussian:
        """Q(z|X): ``(..., data_dim)`` to a Gaussian of shape ``(..., latent_dim)``."""
        return self.encoder(self.examples(x))

    def decode(self, z: Examples) -> Tensor:
        """f(z), the mean of P(X|z), every pixel in (0, 1): ``(..., latent_dim)`` to ``(..., data_dim)``."""
        return self._mean(self.decoder(self.latents(z)))

    def _mean(self, logits: Tensor) -> Tensor:
        return torch.sigmoid(logits) if self.sigmoid else logits

    def log_likelihood(self, x: Examples, z: Examples) -> Tensor:
        """log P(X|z) in nats, summed over pixels.

        Args:
            x: shape ``(..., data_dim)``.
            z: shape ``(..., latent_dim)``; its leading axes broadcast against those of ``x``, so ``(samples, batch,
                latent_dim)`` with ``(batch, data_dim)`` gives ``(samples, batch)``.
        """
        x, logits = self.examples(x), self.decoder(self.latents(z))
        if self.likelihood == "bernoulli":
            return bernoulli_log_density(x, logits)
        return gaussian_log_density(x, self._mean(logits), 2 * self.log_sigma)

    def log_prior(self, z: Tensor) -> Tensor:
        """log P(z) in nats: ``(..., latent_dim)`` to ``(...)``."""
        return standard_normal_log_density(z)

    @checks.typed
    def terms(self, x: Examples, *, generator: torch.Generator | None = None) -> Terms:
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

    @checks.typed
    def sample(self, count: int, *, generator: torch.Generator | None = None) -> Tensor:
        """Pictures f(z) for z drawn from the prior, shape ``(count, data_dim)``."""
        checks.at_least(1, count=count)
        z = torch.randn(count, self.latent_dim, generator=generator, device=self.log_sigma.device)
        return self.decode(z)


class Autoencoder(Networks):
    """An encoder and a decoder with a plain vector between them: no Q, no prior, no KL term.

    Trained on log N(X | f(g(X)), σ²I) alone, which is squared error up to constants.
    """

    @checks.typed
    def __init__(self, data_dim: int, latent_dim: int, hidden: Sizes = (256, 128), *, sigma: float = 0.25) -> None:
        super().__init__()
        hidden = tuple(hidden)
        _check_sizes(data_dim, latent_dim, hidden=hidden)
        checks.positive(sigma=sigma)
        self.data_dim = self.row_dim = data_dim
        self.latent_dim = latent_dim
        self.hidden = hidden
        self.encoder = mlp((data_dim, *hidden, latent_dim))
        self.decoder = Decoder(latent_dim, data_dim, hidden[::-1])
        self.log_sigma = nn.Parameter(torch.tensor(math.log(sigma)), requires_grad=False)

    def config(self) -> dict[str, Any]:
        """The arguments that build this model again, without its weights; JSON-ready."""
        return {
            "data_dim": self.data_dim,
            "latent_dim": self.latent_dim,
            "hidden": list(self.hidden),
            "sigma": self.sigma,
        }

    def encode(self, x: Examples) -> Tensor:
        """The code z = g(X), a point and not a distribution: ``(..., data_dim)`` to ``(..., latent_dim)``."""
        return self.encoder(self.examples(x))

    def decode(self, z: Examples) -> Tensor:
        """f(z), every pixel in (0, 1): ``(..., latent_dim)`` to ``(..., data_dim)``."""
        return torch.sigmoid(self.decoder(self.latents(z)))

    @checks.typed
    def terms(self, x: Examples, *, generator: torch.Generator | None = None) -> Terms:
        """Reconstruction in nats, shape ``(batch,)``, and a KL of 0: there is no Q to compare."""
        x = self.examples(x)
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

"""The conditional VAE: a model that is told the class c, so that z need not say it.

An example is a row of pixels followed by its class as one number of ``classes``: 1 in the class's place, 0 elsewhere.
``join`` makes such rows. They go wherever a VAE's pictures go, so ``fit`` and ``evidence`` need no change.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from torch.nn import functional

from vae_lib import checks
from vae_lib.distributions import Gaussian, gaussian_log_density
from vae_lib.model import VAE, Decoder, Encoder


def join(values: Tensor, labels: Tensor | int, classes: int) -> Tensor:
    """Rows of pictures or of latents with their class behind them, one-hot.

    Args:
        values: shape ``(..., dim)``.
        labels: whole numbers from 0 to ``classes`` − 1, of a shape that broadcasts with that of ``values`` without its
            last axis.
        classes: how many there are.

    Returns:
        Shape ``(..., dim + classes)``.

    Raises:
        ValueError: a label out of range.
    """
    labels = torch.as_tensor(labels)
    if not bool(((labels >= 0) & (labels < classes)).all()):
        raise ValueError(f"labels must be from 0 to {classes - 1}, got {int(labels.min())} to {int(labels.max())}")
    one_hot = functional.one_hot(labels.long(), classes).to(values)
    return _side_by_side(values, one_hot)


def _side_by_side(first: Tensor, second: Tensor) -> Tensor:
    """Both along the last axis, after broadcasting all others."""
    leading = torch.broadcast_shapes(first.shape[:-1], second.shape[:-1])
    return torch.cat([first.expand(*leading, -1), second.expand(*leading, -1)], -1)


class ConditionalVAE(VAE):
    """P(X|z, c) = N(f(z, c), σ²I), Q(z|X, c) and the prior P(z|c) = N(0, I); all likelihoods are given c.

    Encoder and decoder get the class beside what a VAE's get. Whatever takes pictures takes rows of ``join`` instead,
    of shape ``(..., data_dim + classes)``, and log P(X) becomes log P(X|c).

    Args:
        data_dim, latent_dim, hidden, sigma, learn_sigma: as in ``VAE``.
        classes: how many classes there are, at least 1.

    Source: Sohn, Lee & Yan 2015, section 4; Kingma et al. 2014 for digits with a class beside z (their model M2).
    """

    def __init__(
        self,
        data_dim: int,
        latent_dim: int,
        classes: int,
        hidden: tuple[int, ...] = (256, 128),
        *,
        sigma: float = 0.25,
        learn_sigma: bool = False,
    ) -> None:
        checks.at_least(1, classes=classes)
        super().__init__(data_dim, latent_dim, hidden, sigma=sigma, learn_sigma=learn_sigma)
        self.classes = classes
        self.row_dim = data_dim + classes
        self.encoder = Encoder(data_dim + classes, latent_dim, self.hidden)
        self.decoder = Decoder(latent_dim + classes, data_dim, self.hidden[::-1])

    def encode(self, x: Tensor) -> Gaussian:
        """Q(z|X, c): rows ``(..., data_dim + classes)`` to a Gaussian of shape ``(..., latent_dim)``."""
        self._check_last_axis(x, self.data_dim + self.classes, "x")
        return self.encoder(x)

    def decode(self, z: Tensor) -> Tensor:
        """f(z, c): latents joined with the class, ``(..., latent_dim + classes)``, to ``(..., data_dim)``."""
        self._check_last_axis(z, self.latent_dim + self.classes, "z")
        return torch.sigmoid(self.decoder(z))

    def log_likelihood(self, x: Tensor, z: Tensor) -> Tensor:
        """log P(X|z, c) in nats.

        Args:
            x: rows, shape ``(..., data_dim + classes)``.
            z: shape ``(..., latent_dim)``; its leading axes broadcast against those of ``x``.
        """
        self._check_last_axis(x, self.data_dim + self.classes, "x")
        self._check_last_axis(z, self.latent_dim, "z")
        pixels, c = x.split([self.data_dim, self.classes], -1)
        return gaussian_log_density(pixels, self.decode(_side_by_side(z, c)), 2 * self.log_sigma)

    def config(self) -> dict[str, Any]:
        """The arguments that build this model again, without its weights; JSON-ready."""
        mine = {name: value for name, value in super().config().items() if name not in ("likelihood", "activation")}
        return {**mine, "classes": self.classes}

    def sample(self, count: int, *, generator: torch.Generator | None = None) -> Tensor:
        """Pictures of the classes 0, 1, 2, … in turn, each with a z from the prior; shape ``(count, data_dim)``."""
        checks.at_least(1, count=count)
        z = torch.randn(count, self.latent_dim, generator=generator, device=self.log_sigma.device)
        return self.decode(join(z, torch.arange(count, device=z.device) % self.classes, self.classes))

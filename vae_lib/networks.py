"""The networks inside the models: layers of full connections, and convolutions before or behind them for pictures."""

from __future__ import annotations

import math
from itertools import pairwise
from typing import Final, Literal, TypeAlias

from torch import Tensor, nn

from vae_lib.distributions import Gaussian

Sizes: TypeAlias = tuple[int, ...]
Activation = Literal["silu", "tanh", "relu"]
ACTIVATIONS: Final[dict[str, type[nn.Module]]] = {"silu": nn.SiLU, "tanh": nn.Tanh, "relu": nn.ReLU}


def mlp(sizes: Sizes, activation: Activation = "silu") -> nn.Sequential:
    """Linear layers of the given sizes with an activation between them and nothing after the last.

    SiLU is smooth, so log P(X|z) is a smooth function of z and the grid of ``evidence`` converges fast.
    """
    layers: list[nn.Module] = []
    for width_in, width_out in pairwise(sizes[:-1]):
        layers += [nn.Linear(width_in, width_out), ACTIVATIONS[activation]()]
    return nn.Sequential(*layers, nn.Linear(sizes[-2], sizes[-1]))


class Encoder(nn.Module):
    """The network behind Q(z|X): from X to the mean and the log variance of z."""

    def __init__(self, data_dim: int, latent_dim: int, hidden: Sizes, activation: Activation = "silu") -> None:
        super().__init__()
        self.net = mlp((data_dim, *hidden, 2 * latent_dim), activation)

    def forward(self, x: Tensor) -> Gaussian:  # (..., data_dim)
        mean, log_var = self.net(x).chunk(2, dim=-1)  # (..., latent_dim) each
        return Gaussian(mean, log_var)


class Decoder(nn.Module):
    """The network behind P(X|z): from z to one logit for each pixel; f(z) is their sigmoid."""

    def __init__(self, latent_dim: int, data_dim: int, hidden: Sizes, activation: Activation = "silu") -> None:
        super().__init__()
        self.net = mlp((latent_dim, *hidden, data_dim), activation)

    def forward(self, z: Tensor) -> Tensor:  # (..., latent_dim)
        return self.net(z)  # (..., data_dim)


def _size_below(image_shape: Sizes, channels: Sizes) -> tuple[int, int, int]:
    """Channels, height and width of a picture after convolutions that halve it, one for each of ``channels``."""
    if len(image_shape) not in (2, 3):
        raise ValueError(f"convolutions need image_shape=(channels, height, width), got {image_shape}")
    *_, height, width = image_shape
    factor = 2 ** len(channels)
    if height % factor or width % factor:
        raise ValueError(f"image_shape must have height and width in multiples of {factor} here, got {image_shape}")
    return channels[-1], height // factor, width // factor


class ConvEncoder(nn.Module):
    """An ``Encoder`` whose first layers are convolutions: each halves height and width."""

    def __init__(
        self, image_shape: Sizes, latent_dim: int, channels: Sizes, hidden: Sizes, activation: Activation
    ) -> None:
        super().__init__()
        depth, *_ = (1, *image_shape)[-3:]
        layers: list[nn.Module] = [nn.Unflatten(1, (depth, *image_shape[-2:]))]
        for maps_in, maps_out in pairwise((depth, *channels)):
            layers += [nn.Conv2d(maps_in, maps_out, 4, stride=2, padding=1), ACTIVATIONS[activation]()]
        features = math.prod(_size_below(image_shape, channels))
        self.net = nn.Sequential(*layers, nn.Flatten(), *mlp((features, *hidden, 2 * latent_dim), activation))

    def forward(self, x: Tensor) -> Gaussian:  # (..., data_dim)
        both = self.net(x.reshape(-1, x.shape[-1]))  # a convolution knows one leading axis
        mean, log_var = both.reshape(*x.shape[:-1], both.shape[-1]).chunk(2, dim=-1)
        return Gaussian(mean, log_var)  # (..., latent_dim) each


class ConvDecoder(nn.Module):
    """A ``Decoder`` whose last layers are transposed convolutions: each doubles height and width."""

    def __init__(
        self, latent_dim: int, image_shape: Sizes, channels: Sizes, hidden: Sizes, activation: Activation
    ) -> None:
        super().__init__()
        below = _size_below(image_shape, channels[::-1])
        layers: list[nn.Module] = [*mlp((latent_dim, *hidden, math.prod(below)), activation), nn.Unflatten(1, below)]
        for maps_in, maps_out in pairwise((*channels, (1, *image_shape)[-3])):
            layers += [ACTIVATIONS[activation](), nn.ConvTranspose2d(maps_in, maps_out, 4, stride=2, padding=1)]
        self.net = nn.Sequential(*layers, nn.Flatten())

    def forward(self, z: Tensor) -> Tensor:  # (..., latent_dim)
        logits = self.net(z.reshape(-1, z.shape[-1]))
        return logits.reshape(*z.shape[:-1], logits.shape[-1])  # (..., data_dim)

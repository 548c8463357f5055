"""A small dSprites of our own: pictures whose four factors are known, and a measure of how well latents part them.

``draw`` makes every combination of shape, size, column and row, ``coloured`` draws at random, and in colour.
``factor_information`` says what each latent tells about each factor, and ``information_gap`` makes the MIG of Chen et
al. 2018 out of it. Everything is in nats.
"""

from __future__ import annotations

from typing import Final, NamedTuple

import torch
from torch import Tensor

from vae_lib.distributions import Gaussian

SIDE: Final = 16  # pixels
FINE: Final = 8  # points along each side of a pixel, for soft edges
SIZES: Final = (1.6, 2.0, 2.4, 2.8)  # pixels from the centre of a square to its side
PLACES: Final = (5.0, 5.8, 6.7, 7.6, 8.4, 9.3, 10.2, 11.0)  # of the centre, in pixels from the left or the top
SHAPES: Final = ("square", "disc", "triangle")
FACTORS: Final = ("shape", "size", "column", "row")


class Shapes(NamedTuple):
    """Pictures with what was drawn in each.

    Attributes:
        x: brightness 0 to 1, shape ``(768, 256)``.
        factors: the place of each factor's value in its list, int64, shape ``(768, 4)``; columns as in ``FACTORS``.
    """

    x: Tensor
    factors: Tensor


def draw() -> Shapes:
    """All 768 combinations of 3 shapes, 4 sizes, 8 columns and 8 rows, each once, on 16×16 pixels.

    A pixel's brightness is the share of it that the shape covers. At one size the three shapes have equal areas.
    After dSprites (Matthey et al. 2017), without its angle.
    """
    factors = torch.cartesian_prod(*(torch.arange(len(values)) for values in (SHAPES, SIZES, PLACES, PLACES)))
    axis = (torch.arange(SIDE * FINE) + 0.5) / FINE  # (fine,)
    places = torch.tensor(PLACES)
    right = axis - places[factors[:, 2], None]  # (768, fine), from the centre
    down = axis - places[factors[:, 3], None]
    pictures = []
    for (shape, size, _, _), across, below in zip(factors.tolist(), right, down, strict=True):
        inside = _inside(SHAPES[shape], across[None, :] / SIZES[size], below[:, None] / SIZES[size])
        pictures.append(inside.float().reshape(SIDE, FINE, SIDE, FINE).mean((1, 3)).flatten())
    return Shapes(torch.stack(pictures), factors)


def coloured(count: int, seed: int = 0) -> tuple[Tensor, Tensor]:
    """One shape a picture, in any colour, of any size, anywhere on white: data of one's own, made on the spot.

    Returns:
        Brightness of red, green and blue, shape ``(count, 3, 16, 16)``, and the place of each in ``SHAPES``.
    """
    generator = torch.Generator().manual_seed(seed)
    kinds = torch.randint(len(SHAPES), (count,), generator=generator)
    hue, size, across, down = torch.rand(4, count, generator=generator)
    size, across, down = 2.4 + 2.2 * size, 6 + 4 * across, 6 + 4 * down
    axis = (torch.arange(SIDE * FINE) + 0.5) / FINE  # (fine,)
    pictures = []
    for kind, one, x, y in zip(kinds.tolist(), size, across, down, strict=True):
        inside = _inside(SHAPES[kind], (axis[None, :] - x) / one, (axis[:, None] - y) / one)
        pictures.append(inside.float().reshape(SIDE, FINE, SIDE, FINE).mean((1, 3)))
    ink = torch.stack(pictures)[:, None]  # (count, 1, 16, 16)
    turn = hue[:, None] - torch.arange(3) / 3  # (count, 3): how far from red, green and blue on the circle of hues
    colour = 0.5 + 0.4 * torch.cos(2 * torch.pi * turn)
    return 1 - ink * (1 - colour[:, :, None, None]), kinds


def _inside(shape: str, right: Tensor, down: Tensor) -> Tensor:
    """Which points lie in the shape of area 4 around the origin."""
    if shape == "square":
        return (right.abs() <= 1) & (down.abs() <= 1)
    if shape == "disc":
        return right**2 + down**2 <= 4 / torch.pi
    top, height = -4 / 3**0.75, 6 / 3**0.75  # equilateral, its centre of mass in the origin
    return (down <= top + height) & (right.abs() <= (down - top) / 3**0.5)


def factor_information(q: Gaussian, factors: Tensor) -> Tensor:
    """The mutual information I(z_j; v_k) of each latent with each factor, z drawn from Q(z|X), X from the pictures.

    Q(z_j) and Q(z_j|v_k) are mixtures of the pictures' Gaussians. The integral over z_j is a sum over points half of
    the narrowest Gaussian's standard deviation apart, so there is no noise of draws in it.

    Args:
        q: Q(z|X) of each picture, shape ``(pictures, latent_dim)``.
        factors: whole numbers, shape ``(pictures, factors)``.

    Returns:
        Nats, shape ``(factors, latent_dim)``.

    Raises:
        ValueError: shapes that do not fit, or a Q so narrow that the sum would have over 200,000 points.

    Source: Chen et al. 2018, section 4.1, where draws stand in for the sum.
    """
    if q.mean.ndim != 2 or factors.ndim != 2 or len(q.mean) != len(factors) or len(factors) == 0:
        raise ValueError(
            "q must have shape (pictures, latent_dim) and factors (pictures, factors), got "
            f"{tuple(q.mean.shape)} and {tuple(factors.shape)}"
        )
    return torch.stack([_of_latent(q.mean[:, j], q.std[:, j], factors) for j in range(q.mean.shape[1])], 1)


def _of_latent(mean: Tensor, std: Tensor, factors: Tensor) -> Tensor:
    """What one latent tells about each factor, shape ``(factors,)``; mean and std have shape ``(pictures,)``."""
    mean, std = mean.detach().double(), std.detach().double()
    step = float(std.min()) / 2
    low, high = float((mean - 8 * std).min()), float((mean + 8 * std).max())
    if not (high - low) / step < 200_000:
        raise ValueError(f"the narrowest Q has a standard deviation of {2 * step:g} on an axis of {high - low:g}")
    information = mean.new_zeros(factors.shape[1])
    for z in torch.arange(low, high + step, step, dtype=torch.float64).split(2000):  # (points,)
        density = Gaussian(mean[:, None, None], 2 * std[:, None, None].log()).log_prob(z[:, None]).exp()
        total = density.mean(0)  # Q(z_j) at the points
        for k, values in enumerate(factors.T):
            for value in values.unique():
                chosen = values == value
                given = density[chosen].mean(0)  # Q(z_j | v_k = value)
                ratio = torch.xlogy(given, given) - torch.xlogy(given, total)
                information[k] += chosen.double().mean() * ratio.sum() * step
    return information


def entropies(factors: Tensor) -> Tensor:
    """H(v_k) of each factor over the pictures, nats: ``(pictures, factors)`` to ``(factors,)``."""
    shares = [torch.unique(values, return_counts=True)[1].double() / len(values) for values in factors.T]
    return torch.stack([-(share * share.log()).sum() for share in shares])


def information_gap(information: Tensor, entropy: Tensor) -> Tensor:
    """The mutual information gap of each factor; their mean is the MIG.

    Of each factor: how much more its best latent tells about it than its second best, as a share of all that there is
    to tell. 1 if one latent alone knows the factor, 0 if two know it equally well or none knows it.

    Args:
        information: I(z_j; v_k), shape ``(factors, latent_dim)`` with at least two latents.
        entropy: H(v_k), shape ``(factors,)``.

    Returns:
        Shape ``(factors,)``.

    Raises:
        ValueError: shapes that do not fit, or a factor that never varies, whose entropy is 0.

    Source: Chen et al. 2018, section 4.1.
    """
    if information.ndim != 2 or information.shape[1] < 2 or entropy.shape != information.shape[:1]:
        raise ValueError(
            "information must have shape (factors, latent_dim) with at least two latents and entropy (factors,), got "
            f"{tuple(information.shape)} and {tuple(entropy.shape)}"
        )
    if not bool((entropy > 0).all()):
        raise ValueError(f"every factor must take two values or more, so that its entropy is above 0, got {entropy}")
    best = information.topk(2, dim=1).values  # (factors, 2)
    return (best[:, 0] - best[:, 1]) / entropy

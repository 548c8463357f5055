"""Moving about in latent space: lines, traversals, and the aggregate posterior, which is where the codes really lie.

Everything here works on plain tensors of latent vectors, whatever model they come from.
"""

from __future__ import annotations

import math
from typing import Final, NamedTuple

import torch
from torch import Tensor

from vae_lib import checks
from vae_lib.distributions import Gaussian, standard_normal_log_density

NUMBERS_AT_ONCE: Final = 2**23  # of a point, a component and a latent: 32 MB in float32
SMALLEST_SINE: Final = 1e-4  # below it two directions are one, and float32 has no plane left to turn in


@checks.typed
def straight(start: Tensor, end: Tensor, steps: int) -> Tensor:
    """Points on the straight line from ``start`` to ``end``, both included, at equal distances.

    Args:
        start, end: shape ``(latent_dim,)``.
        steps: at least 2.

    Returns:
        Shape ``(steps, latent_dim)``.
    """
    _check_ends(start, end, steps)
    share = torch.linspace(0, 1, steps, dtype=start.dtype)[:, None]  # (steps, 1)
    return (1 - share) * start + share * end


@checks.typed
def spherical(start: Tensor, end: Tensor, steps: int) -> Tensor:
    """Points on the arc from ``start`` to ``end`` about the origin, both included, at equal angles.

    The length changes evenly from that of ``start`` to that of ``end``, so that no point of the way is shorter than
    the shorter end. Where both lie in one direction this is the straight line.

    Args:
        start, end: shape ``(latent_dim,)``; not 0, and not opposite to each other, where the arc is not determined.
        steps: at least 2.

    Returns:
        Shape ``(steps, latent_dim)``.

    Source: Shoemake 1985 for the arc; White 2016 for its use in latent space.
    """
    _check_ends(start, end, steps)
    lengths = torch.stack([start.norm(), end.norm()])
    if not bool((lengths > 0).all()):
        raise ValueError("an arc about the origin cannot start or end in it; use straight")
    one, other = start / lengths[0], end / lengths[1]
    angle = 2 * torch.atan2((one - other).norm(), (one + other).norm())  # keeps its digits near 0 and π
    if math.sin(float(angle)) < SMALLEST_SINE:
        if float(angle) > 1:
            raise ValueError("start and end lie opposite to each other, so no arc is the shortest; use straight")
        return straight(start, end, steps)
    share = torch.linspace(0, 1, steps, dtype=start.dtype)[:, None]  # (steps, 1)
    direction = (torch.sin((1 - share) * angle) * one + torch.sin(share * angle) * other) / torch.sin(angle)
    return direction * ((1 - share) * lengths[0] + share * lengths[1])


@checks.typed
def traversal(z: Tensor, index: int, values: Tensor) -> Tensor:
    """Copies of ``z`` whose number ``index`` takes each of the values in turn.

    Args:
        z: shape ``(latent_dim,)``.
        index: which latent, from 0.
        values: shape ``(steps,)``.

    Returns:
        Shape ``(steps, latent_dim)``.
    """
    if z.ndim != 1 or not z.is_floating_point():
        raise ValueError(f"z must be floating point of shape (latent_dim,), got {z.dtype} of shape {tuple(z.shape)}")
    if not 0 <= index < len(z):
        raise ValueError(f"index must be from 0 to {len(z) - 1}, one of {len(z)} latents, got {index}")
    if values.ndim != 1 or values.is_complex():
        raise ValueError(f"values must be numbers of shape (steps,), got {values.dtype} of shape {tuple(values.shape)}")
    points = z.repeat(len(values), 1)
    points[:, index] = values
    return points


@checks.typed
def aggregate_log_density(q: Gaussian, z: Tensor) -> Tensor:
    """Log density of the aggregate posterior, the mean of Q(z|X) over the examples that ``q`` was made from.

    Args:
        q: Q(z|X) of each example, shape ``(examples, latent_dim)``.
        z: shape ``(points, latent_dim)``.

    Returns:
        log (1/N) Σ Q(z|X_n) in nats, shape ``(points,)``.

    Source: Hoffman & Johnson 2016, "ELBO surgery".
    """
    if q.mean.ndim != 2 or z.ndim != 2 or z.shape[1] != q.mean.shape[1] or len(q.mean) == 0:
        raise ValueError(
            "q must have shape (examples, latent_dim) with an example at least, and z (points, latent_dim), got "
            f"{tuple(q.mean.shape)} and {tuple(z.shape)}"
        )
    at_once = max(1, NUMBERS_AT_ONCE // q.mean.numel())
    # One tensor for all sums: small results between large ones would pin the heap.
    sums = z.new_empty(len(z), dtype=torch.result_type(q.mean, z))
    for start in range(0, len(z), at_once):
        piece = z[start : start + at_once, None]
        sums[start : start + at_once] = q.log_prob(piece).logsumexp(1)
    return sums - math.log(len(q.mean))


class RateParts(NamedTuple):
    """The mean KL to the prior, taken apart; nats.

    Attributes:
        rate: mean over the examples of 𝒟[Q(z|X)‖P(z)], exact.
        information: mean over the examples of 𝒟[Q(z|X)‖aggregate], the mutual information of example and z.
        mismatch: 𝒟[aggregate‖P(z)].
        error: standard error of ``mismatch`` and of ``information``, by draws.
    """

    rate: float
    information: float
    mismatch: float
    error: float


@checks.typed
def rate_parts(q: Gaussian, *, samples: int = 20, generator: torch.Generator | None = None) -> RateParts:
    """Takes the mean KL to the prior apart: what z says about X, and how far the codes as a whole are from the prior.

    Args:
        q: Q(z|X) of each example, shape ``(examples, latent_dim)``.
        samples: draws of z for each example; at least 2.
        generator: the source of the draws.

    Returns:
        ``rate = information + mismatch``; the rate is exact, the other two are measured by draws and add up to it.

    Source: Hoffman & Johnson 2016, "ELBO surgery".
    """
    checks.at_least(2, samples=samples)
    z = q.rsample(samples, generator=generator).flatten(0, 1)  # (samples * examples, latent_dim)
    each = aggregate_log_density(q, z) - standard_normal_log_density(z)
    # Every example has the same number of draws, so only the variance among its own draws counts.
    variance = each.view(samples, -1).var(0).mean()
    rate, mismatch = float(q.kl().mean()), float(each.mean())
    return RateParts(rate, rate - mismatch, mismatch, math.sqrt(float(variance) / len(each)))


def _check_ends(start: Tensor, end: Tensor, steps: int) -> None:
    if start.ndim != 1 or start.shape != end.shape:
        raise ValueError(
            f"start and end must have one shape (latent_dim,), got {tuple(start.shape)} and {tuple(end.shape)}"
        )
    if not (start.is_floating_point() and end.is_floating_point()):
        raise ValueError(f"start and end must be floating point, got {start.dtype} and {end.dtype}; use .float()")
    checks.at_least(2, steps=steps)

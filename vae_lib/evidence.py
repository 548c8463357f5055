"""Equations (1) to (4): the evidence log P(X), measured in every way that the book speaks of.

Each function takes any model with ``latent_dim``, ``log_likelihood(x, z)`` and ``log_prior(z)``: a ``VAE``, or the
exact ``LinearGaussian``; an ``Autoencoder`` is a TypeError. Results are per example and in nats.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from vae_lib import checks, data
from vae_lib.data import Examples
from vae_lib.distributions import Gaussian
from vae_lib.grids import CHUNK_NUMBERS, WIDEST, check_latent_dim, check_q, examples_for
from vae_lib.grids import Grid as Grid
from vae_lib.grids import grid as grid
from vae_lib.grids import grid_log_evidence as grid_log_evidence
from vae_lib.grids import uniform_grid as uniform_grid
from vae_lib.model import LatentModel, Terms


class Estimate(NamedTuple):
    """A Monte Carlo estimate of log P(X) and its standard error, in nats, each of shape ``(batch,)``.

    The error is that of the mean weight carried through the logarithm (the delta method). It is honest only where many
    draws share the weight; ``effective_samples`` says how many do.
    """

    log_evidence: Tensor
    standard_error: Tensor
    effective_samples: Tensor


def _chunks(samples: int, x: Tensor) -> list[int]:
    """Sizes that add up to ``samples``, each small enough for ``CHUNK_NUMBERS``."""
    size = max(1, CHUNK_NUMBERS // (len(x) * max(x.shape[-1], WIDEST)))
    return [size] * (samples // size) + [samples % size] * (samples % size > 0)


@checks.typed
def log_mean_exp(log_values: Tensor, dim: int = 0) -> Tensor:
    """log of the mean of exp(log_values) over one axis, without overflow."""
    return torch.logsumexp(log_values, dim) - math.log(log_values.shape[dim])


@checks.typed
def summarize(log_weights: Tensor) -> Estimate:
    """Turn log weights of shape ``(samples, batch)`` into an estimate of the log of their mean."""
    samples = len(log_weights)
    weights = torch.exp(log_weights - log_weights.max(0).values)  # largest is 1
    mean = weights.mean(0)
    spread = weights.std(0) if samples > 1 else torch.full_like(mean, math.inf)
    effective = weights.sum(0) ** 2 / (weights**2).sum(0)
    return Estimate(log_mean_exp(log_weights), spread / math.sqrt(samples) / mean, effective)


@torch.no_grad()
@checks.typed
def prior_log_weights(
    model: LatentModel, x: Examples, samples: int, *, generator: torch.Generator | None = None
) -> tuple[Tensor, Tensor]:
    """Draw z from the prior and weigh each example by P(X|z), the integrand's other factor in Eq. (1).

    Args:
        x: shape ``(batch, data_dim)``.
        samples: draws, shared by the whole batch.

    Returns:
        z of shape ``(samples, latent_dim)`` and log P(X|z) of shape ``(samples, batch)``, in nats.
    """
    x = examples_for(model, x)
    checks.at_least(1, samples=samples)
    sizes = _chunks(samples, x)
    draws = [torch.randn(n, model.latent_dim, generator=generator, dtype=x.dtype, device=x.device) for n in sizes]
    log_weights = torch.empty(samples, len(x), dtype=x.dtype, device=x.device)
    for part, z in zip(log_weights.split(sizes), draws, strict=True):
        part.copy_(model.log_likelihood(x, z[:, None, :]))  # (part, batch)
    return torch.cat(draws), log_weights


@checks.typed
def prior_monte_carlo(
    model: LatentModel, x: Examples, samples: int, *, generator: torch.Generator | None = None
) -> Estimate:
    """Eq. (1) as an average: P(X) ≈ mean of P(X|z) over z drawn from P(z).

    Unbiased for P(X), so its logarithm is too low on average. Needs very many draws once X has many pixels.
    """
    return summarize(prior_log_weights(model, x, samples, generator=generator)[1])


@torch.no_grad()
@checks.typed
def importance_log_weights(
    model: LatentModel, x: Examples, q: Gaussian, samples: int, *, generator: torch.Generator | None = None
) -> Tensor:
    """Draw z from Q(z|X) and weigh by P(X|z) P(z) / Q(z|X).

    Args:
        x: shape ``(batch, data_dim)``.
        q: one Gaussian for each example, shape ``(batch, latent_dim)``.
        samples: draws for each example.

    Returns:
        Log weights in nats, shape ``(samples, batch)``. Their mean is the ELBO; the log of the mean weight is an
        estimate of log P(X).
    """
    x = examples_for(model, x, q)
    checks.at_least(1, samples=samples)
    log_weights = torch.empty(samples, len(x), dtype=x.dtype, device=x.device)
    for part in log_weights.split(_chunks(samples, x)):  # small results kept between large ones pin their memory
        z = q.rsample(len(part), generator=generator)  # (part, batch, latent_dim)
        part.copy_(model.log_likelihood(x, z) + model.log_prior(z) - q.log_prob(z))
    return log_weights


@checks.typed
def importance_sampling(
    model: LatentModel, x: Examples, q: Gaussian, samples: int, *, generator: torch.Generator | None = None
) -> Estimate:
    """P(X) = E_Q[P(X|z) P(z) / Q(z|X)]: Eq. (1) with the draws where they count, and the weight that keeps it true.

    This is the correct form of the notes' claim E_Q[P(X|z)] = P(X). A batch is taken in parts where the weights of all
    of it would be many, so that 5000 samples of 10,000 examples stay far below 1 GB.
    """
    x = examples_for(model, x, q)
    checks.at_least(1, samples=samples)
    size = max(1, CHUNK_NUMBERS // samples)
    parts = zip(x.split(size), q.mean.split(size), q.log_var.split(size), strict=True)
    estimates = [
        summarize(importance_log_weights(model, few, Gaussian(mean, log_var), samples, generator=generator))
        for few, mean, log_var in parts
    ]
    return Estimate(*map(torch.cat, zip(*estimates, strict=True)))


@checks.typed
def iwae_curve(log_weights: Tensor, ks: Sequence[int]) -> Tensor:
    """The IWAE bound for several k from one set of weights: rises from the ELBO (k = 1) towards log P(X).

    For each k the draws are cut into as many groups of k as they hold, without overlap, and the log of each group's
    mean is averaged over the groups. So each bound is unbiased and the groups are independent; the larger k, the fewer
    there are and the rougher the mean.

    Args:
        log_weights: shape ``(samples, batch)``, from ``importance_log_weights``; draws beyond the last whole group are
            left out.
        ks: weights averaged inside the logarithm, each from 1 to ``samples``.

    Returns:
        Nats, shape ``(len(ks), batch)``.

    Source: Burda et al. 2015, eq. 8 and theorem 1.
    """
    samples = len(log_weights)
    for k in ks:
        if not 1 <= k <= samples:
            raise ValueError(f"every k must lie between 1 and the {samples} samples, got {k}; draw more, or lower k")
    groups = [log_weights[: samples - samples % k].reshape(samples // k, k, -1) for k in ks]  # (groups, k, batch)
    return torch.stack([log_mean_exp(group, dim=1).mean(0) for group in groups])


@checks.typed
def iwae_bound(
    model: LatentModel,
    x: Examples,
    q: Gaussian,
    k: int,
    *,
    repeats: int = 100,
    generator: torch.Generator | None = None,
) -> Tensor:
    """E[log of the mean of k importance weights]: the ELBO for k = 1, closing on log P(X) as k grows.

    Args:
        k: weights averaged inside the logarithm.
        repeats: independent groups of k that are averaged.

    Returns:
        Nats, shape ``(batch,)``.

    Source: Burda et al. 2015, eq. 8.
    """
    checks.at_least(1, k=k, repeats=repeats)
    log_weights = importance_log_weights(model, x, q, k * repeats, generator=generator)
    return iwae_curve(log_weights, [k])[0]


@checks.typed
def bits_per_dimension(log_evidence: Tensor, data_dim: int, *, levels: int = 256) -> Tensor:
    """What it takes to write a picture down: −log₂ P(counts) over its numbers, at most, from dequantized examples.

    Args:
        log_evidence: log P(X), or a bound below it, of ``data.dequantize(x)``, in nats.
        data_dim: numbers in one example.
        levels: of brightness; 256 for bytes. Of a model that knows nothing it takes log₂ levels: 8 bits.

    Source: Theis et al. 2016, section 3.1, eq. 4.
    """
    checks.at_least(1, data_dim=data_dim)
    checks.at_least(2, levels=levels)
    return (math.log(levels) - log_evidence / data_dim) / math.log(2)


@checks.typed
def quadrature(q: Gaussian, nodes: int = 32) -> tuple[Tensor, Tensor]:
    """Gauss–Hermite nodes and weights for expectations under a Gaussian of one or two latents.

    Args:
        q: shape ``(batch, latent_dim)``, latent_dim 1 or 2.
        nodes: nodes along each axis; exact for polynomials in z up to degree 2·nodes − 1.

    Returns:
        z of shape ``(nodes**latent_dim, batch, latent_dim)`` and weights of shape ``(nodes**latent_dim,)``; the
        weights sum to 1 and E_Q[g(z)] ≈ Σ weights · g(z).
    """
    latent_dim = q.mean.shape[-1]
    check_latent_dim(latent_dim)
    check_q(q)
    points, weights = (torch.as_tensor(a, dtype=q.mean.dtype) for a in np.polynomial.hermite_e.hermegauss(nodes))
    weights = weights / weights.sum()
    noise = torch.cartesian_prod(*[points] * latent_dim).reshape(-1, latent_dim)
    weight = torch.cartesian_prod(*[weights] * latent_dim).reshape(-1, latent_dim).prod(-1)
    noise, weight = noise.to(q.mean.device), weight.to(q.mean.device)
    return q.mean + q.std * noise[:, None, :], weight


@torch.no_grad()
@checks.typed
def elbo_terms(
    model: LatentModel,
    x: Examples,
    q: Gaussian,
    *,
    samples: int | None = None,
    generator: torch.Generator | None = None,
) -> Terms:
    """The right side of Eq. (4): E_Q[log P(X|z)] and 𝒟[Q(z|X)‖P(z)], each on its own.

    Args:
        x: shape ``(batch, data_dim)``.
        q: one Gaussian for each example, shape ``(batch, latent_dim)``.
        samples: draws from Q for the expectation; by default it is computed by quadrature instead, which is exact to
            many digits but knows one and two latents only.

    Returns:
        Both terms in nats, shape ``(batch,)``; ``.elbo`` is their difference.
    """
    x = examples_for(model, x, q)
    checks.at_least(1, samples=1 if samples is None else samples)
    if samples is None:
        z, weights = quadrature(q)
        log_likelihood = torch.cat([model.log_likelihood(x, part) for part in z.split(_chunks(len(z), x)[0])])
        return Terms((weights[:, None] * log_likelihood).sum(0), q.kl())
    total = torch.zeros(len(x), dtype=x.dtype, device=x.device)
    for size in _chunks(samples, x):
        total += model.log_likelihood(x, q.rsample(size, generator=generator)).sum(0)
    return Terms(total / samples, q.kl())


class GapParts(NamedTuple):
    """log P(X), the ELBO with the encoder's Q, and the ELBO with the best Gaussian Q: nats, each of shape ``(batch,)``.

    Attributes:
        best: that Gaussian, shape ``(batch, latent_dim)``.
    """

    log_evidence: Tensor
    elbo: Tensor
    best_elbo: Tensor
    best: Gaussian

    @property
    def approximation(self) -> Tensor:
        """What no diagonal Gaussian can do: log P(X) − the best ELBO."""
        return self.log_evidence - self.best_elbo

    @property
    def amortization(self) -> Tensor:
        """What the encoder loses by one rule for all X: the best ELBO − its own."""
        return self.best_elbo - self.elbo


@checks.typed
def gap_parts(model: LatentModel, x: Examples, q: Gaussian) -> GapParts:
    """The gap of Eq. (4), 𝒟[Q(z|X)‖P(z|X)], as the sum of two: of the family of Q and of the encoder.

    log P(X) comes from the grid, and both ELBOs by quadrature, so one or two latents only. The best Q is found for
    each example on its own, by climbing the ELBO over its mean and variances from three starts: the encoder's Q, the
    mean and variances of the exact posterior, and a narrow one at its highest peak.

    Args:
        x: shape ``(batch, data_dim)``; an example takes a second or so.
        q: the encoder's Q, shape ``(batch, latent_dim)``.

    Source: Cremer et al. 2018, eqs. 5 to 7.
    """
    x = examples_for(model, x, q)
    log_evidence, best = [], []
    for row, mean, log_var in zip(x, q.mean.detach(), q.log_var.detach(), strict=True):
        cells = grid(model, row, q=Gaussian(mean, log_var))
        center = cells.mass @ cells.z
        spread = cells.mass @ (cells.z - center) ** 2
        peak = cells.z[cells.log_joint.argmax()]  # the best Gaussian fits one of several modes rather than all
        rough = (Gaussian(center, spread.log()), Gaussian(peak, (spread / 16).log()))
        starts = [Gaussian(mean, log_var), *(Gaussian(g.mean.to(x.dtype), g.log_var.to(x.dtype)) for g in rough)]
        found = starts + [_climb(model, row[None], start) for start in starts]
        elbos = [elbo_terms(model, row[None], Gaussian(g.mean[None], g.log_var[None])).elbo for g in found]
        best.append(found[int(torch.cat(elbos).argmax())])
        log_evidence.append(cells.log_evidence)
    best_q = Gaussian(*map(torch.stack, zip(*best, strict=True)))
    exact = torch.tensor(log_evidence, dtype=x.dtype, device=x.device)
    return GapParts(exact, elbo_terms(model, x, q).elbo, elbo_terms(model, x, best_q).elbo, best_q)


@torch.enable_grad()
def _climb(model: LatentModel, x: Tensor, start: Gaussian) -> Gaussian:
    """The Gaussian of largest ELBO near ``start``, both of shape ``(latent_dim,)``; x has shape ``(1, data_dim)``."""
    change = torch.zeros(2, len(start.mean), dtype=x.dtype, device=x.device, requires_grad=True)
    climber = torch.optim.LBFGS([change], max_iter=100, line_search_fn="strong_wolfe")

    def moved() -> Gaussian:
        return Gaussian(start.mean + start.std * change[0], start.log_var + change[1])

    def loss() -> Tensor:
        q = moved()
        z, weights = quadrature(Gaussian(q.mean[None], q.log_var[None]), nodes=16)
        value = q.kl() - weights @ model.log_likelihood(x, z)[:, 0]
        (change.grad,) = torch.autograd.grad(value, change)  # of Q alone: the model's gradients stay as they are
        return value

    climber.step(loss)
    return Gaussian(*(part.detach() for part in moved()))


@checks.typed
def active_units(means: Tensor, threshold: float = 0.01) -> int:
    """How many latents have a posterior mean whose variance over the examples exceeds ``threshold``.

    Args:
        means: of Q(z|X), shape ``(count, latent_dim)``, at least two examples.

    Source: Burda et al. 2015, section 5.3.
    """
    means = data.examples(means, "means", pictures=False)
    if means.ndim != 2 or len(means) < 2:
        raise ValueError(f"means must have shape (count, latent_dim) with at least two rows, got {tuple(means.shape)}")
    return int((means.var(0) > threshold).sum())

"""Equations (1) to (4): the evidence log P(X), measured in every way that the book speaks of.

Each function takes any model with ``latent_dim``, ``log_likelihood(x, z)`` and ``log_prior(z)``: a ``VAE``, or the
exact ``LinearGaussian``; an ``Autoencoder`` is a TypeError. Results are per example and in nats.

    prior_monte_carlo     Eq. (1) with z drawn from the prior
    grid                  Eq. (1) by a sum over a fine grid of z: exact, for one or two latents
    grid_log_evidence     the same for many examples at once, on one grid
    importance_sampling   Eq. (1) with z drawn from Q and weighted
    elbo_terms            the right side of Eq. (4), by draws or by quadrature
    iwae_bound            the bound of Burda et al. 2015, between the ELBO and log P(X)
    iwae_curve            the same over k, from weights that are there already
    bits_per_dimension    the usual unit for pictures of bytes
    gap_parts             what Eq. (4) loses to the family of Q, and what to the encoder
    active_units          latents that the encoder uses
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol, runtime_checkable

import numpy as np
import torch
from torch import Tensor

from vae_lib import checks, data
from vae_lib.data import Examples
from vae_lib.distributions import Gaussian
from vae_lib.model import VAE, Terms

CHUNK_NUMBERS = 2**21
"""Pixels computed at once: bounds the memory of every function here to a few times 8 MB."""

WIDEST = 256
"""Numbers that one draw takes at least: a hidden layer may be wider than the data."""

MAX_CELLS = 2**22
"""Cells of a grid: at 32 bytes each, what fits beside everything else on a machine of 2 GB."""


@runtime_checkable
class LatentModel(Protocol):
    """A model with P(z) and P(X|z), such as a VAE."""

    latent_dim: int

    def log_likelihood(self, x: Tensor, z: Tensor) -> Tensor: ...

    def log_prior(self, z: Tensor) -> Tensor: ...


class Estimate(NamedTuple):
    """A Monte Carlo estimate of log P(X) and its standard error, in nats, each of shape ``(batch,)``.

    The error is that of the mean weight carried through the logarithm (the delta method). It is honest only where many
    draws share the weight; ``effective_samples`` says how many do.
    """

    log_evidence: Tensor
    standard_error: Tensor
    effective_samples: Tensor


def _examples(model: LatentModel, x: Examples, q: Gaussian | None = None, *, one: bool = False) -> Tensor:
    """The examples as the model takes them, a batch or one, each with its Q."""
    x = model.examples(x) if hasattr(model, "examples") else data.examples(x, pictures=False)
    if one and x.ndim != 1:
        raise ValueError(f"x must be one example of shape (data_dim,), got {tuple(x.shape)}")
    if not one and (x.ndim != 2 or len(x) == 0):
        raise ValueError(f"x must have shape (batch, data_dim) with at least one example, got {tuple(x.shape)}")
    if q is not None and not q.mean.shape == q.log_var.shape == (*x.shape[:-1], model.latent_dim):
        raise ValueError(
            f"q must have shape {(*x.shape[:-1], model.latent_dim)}, a Gaussian for each example, got "
            f"{tuple(q.mean.shape)} and {tuple(q.log_var.shape)}"
        )
    return x


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
    x = _examples(model, x)
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
    x = _examples(model, x, q)
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
    x = _examples(model, x, q)
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
    _check_latent_dim(latent_dim)
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
    x = _examples(model, x, q)
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
    x = _examples(model, x, q)
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
    if means.ndim != 2 or len(means) < 2:
        raise ValueError(f"means must have shape (count, latent_dim) with at least two rows, got {tuple(means.shape)}")
    return int((means.var(0) > threshold).sum())


@dataclass(frozen=True)
class Grid:
    """P(X, z) for one example on the cells of a grid: Eq. (1), Bayes' theorem and Eq. (2) become sums.

    Attributes:
        z: centres of the cells, shape ``(cells, latent_dim)``.
        log_cell: log of the area (length, for one latent) of each cell, shape ``(cells,)``.
        log_joint: log P(X|z) + log P(z) at the centres, in nats, float64, shape ``(cells,)``.
    """

    z: Tensor
    log_cell: Tensor
    log_joint: Tensor

    @property
    def log_evidence(self) -> float:
        """log P(X) = log Σ P(X|z) P(z) · cell, in nats: Eq. (1)."""
        return float(torch.logsumexp(self.log_joint + self.log_cell, 0))

    @property
    def mass(self) -> Tensor:
        """The exact posterior: P(z|X) · cell, shape ``(cells,)``, summing to 1. Bayes' theorem."""
        return torch.softmax(self.log_joint + self.log_cell, 0)

    def _mass_under(self, q: Gaussian) -> tuple[Tensor, Tensor]:
        """log Q(z|X) at the centres, and Q(z|X) · cell."""
        log_q = q.log_prob(self.z.to(q.mean.dtype)).double()
        return log_q, torch.exp(log_q + self.log_cell)

    def kl_from(self, q: Gaussian) -> float:
        """𝒟[Q(z|X) ‖ P(z|X)] in nats, the sum of Q · (log Q − log P(z|X)) · cell: Eq. (2).

        Args:
            q: one Gaussian of shape ``(latent_dim,)``. Pass it to ``grid`` as well, so that the cells reach wherever
                Q does.

        Raises:
            ValueError: the cells miss a part of Q.
        """
        log_q, q_mass = self._mass_under(q)
        covered = float(q_mass.sum())
        if abs(covered - 1) > 1e-4:
            raise ValueError(
                f"the cells hold {covered:.6f} of Q's mass, not 1; build the grid with grid(model, x, q=q)"
            )
        log_posterior = self.log_joint - self.log_evidence
        return float((q_mass * (log_q - log_posterior)).sum())


@torch.no_grad()
def _log_joint(model: LatentModel, x: Tensor, z: Tensor) -> Tensor:
    size = max(1, CHUNK_NUMBERS // max(x.numel(), WIDEST))
    log_joint = torch.empty(len(z), dtype=torch.float64, device=z.device)
    for part, few in zip(log_joint.split(size), z.to(x.dtype).split(size), strict=True):
        part.copy_(model.log_likelihood(x, few) + model.log_prior(few))
    return log_joint


@checks.typed
def uniform_grid(model: LatentModel, x: Examples, *, spacing: float = 0.1, extent: float = 6.0) -> Grid:
    """Cells of equal size over the square (or segment) from −extent to extent.

    Args:
        x: one example, shape ``(data_dim,)``.
        spacing: side of a cell. The sum is exact to many digits once this is below the width of the posterior.
        extent: half the side of the square; the prior leaves about 4e-9 of its mass beyond 6.

    Source: the midpoint rule on Eq. (1).
    """
    x = _examples(model, x, one=True)
    _check_latent_dim(model.latent_dim)
    if x.device.type == "mps":
        raise ValueError("a grid needs float64, which Apple's GPU has not; use model.cpu() and x.cpu()")
    if not 0 < spacing <= extent < math.inf:
        raise ValueError(f"spacing must lie between 0 and extent={extent}, got {spacing}")
    count = round(2 * extent / spacing)
    spacing = 2 * extent / count
    if count**model.latent_dim > MAX_CELLS:
        raise ValueError(
            f"a grid to ±{extent:g} in steps of {spacing:g} has more than {MAX_CELLS} cells; take longer steps"
        )
    axis = -extent + spacing * (torch.arange(count, dtype=torch.float64, device=x.device) + 0.5)
    z = torch.cartesian_prod(*[axis] * model.latent_dim).reshape(-1, model.latent_dim)
    log_cell = torch.full((len(z),), model.latent_dim * math.log(spacing), dtype=torch.float64, device=x.device)
    return Grid(z, log_cell, _log_joint(model, x, z))


@checks.typed
def grid(
    model: LatentModel,
    x: Examples,
    *,
    q: Gaussian | None = None,
    extent: float = 6.0,
    spacing: float = 0.1,
    tolerance: float = 1e-4,
    max_halvings: int = 7,
) -> Grid:
    """The exact answer for one or two latents: a uniform grid, halved where the mass is until the answer stands still.

    Cells with less than e⁻⁴⁰ of the largest density, under the posterior and under Q, are left as they are.

    Args:
        x: one example, shape ``(data_dim,)``.
        q: a Gaussian of shape ``(latent_dim,)`` that ``Grid.kl_from`` will be asked about.
        extent, spacing: the grid to start from; it grows where the posterior or Q reaches its edge.
        tolerance: nats; stop when a halving moves log P(X), and with ``q`` also Q's mass and E_Q[log Q − log P(X, z)],
            by less than this and a millionth of its size, which is about what float32 resolves.
        max_halvings: stop with an error after this many.

    Raises:
        ValueError: more than two latents, an example of the wrong shape, or more than ``MAX_CELLS`` cells.
        RuntimeError: the sum did not settle, or the posterior reaches the edge of a grid already grown beyond ±50.
    """
    x = _examples(model, x, q, one=True)
    checks.positive(spacing=spacing, extent=extent, tolerance=tolerance)
    checks.at_least(0, max_halvings=max_halvings)
    if q is not None:
        extent = max(extent, float((q.mean.abs() + 8 * q.std).max()))
    current = uniform_grid(model, x, spacing=spacing, extent=extent)
    answer, slack, settled = _answer(current, q), _slack(current), False
    for _ in range(max_halvings):
        current, slack = _halve(model, x, current, q, slack), slack / 4  # half the side, a quarter of the drop
        previous, answer = answer, _answer(current, q)
        settled = all(abs(new - old) < tolerance + 1e-6 * abs(new) for new, old in zip(answer, previous, strict=True))
        if settled:
            break
    at_edge = (current.z.abs() > extent - spacing).any(-1)
    if float(current.mass[at_edge].sum()) > tolerance:  # asked first: beyond the edge, nothing settles
        if extent > 50:
            raise RuntimeError(
                f"the posterior still reaches the edge of a grid from -{extent:g} to {extent:g}; check that x is "
                "scaled as the training data was, or start from a larger extent"
            )
        return grid(model, x, q=q, extent=2 * extent, spacing=spacing, tolerance=tolerance, max_halvings=max_halvings)
    if not settled:
        raise RuntimeError(
            f"log P(X) still moves by more than {tolerance:g} nats after {max_halvings} halvings; start from a smaller "
            f"spacing than {spacing:g}"
        )
    return current


@torch.no_grad()
def grid_log_evidence(model: VAE, x: Examples, *, spacing: float = 0.1, extent: float = 6.0) -> Tensor:
    """log P(X) of many examples by one sum over equal cells, shape ``(batch,)``: each picture is decoded once for all.

    Args:
        x: shape ``(batch, data_dim)``.
        spacing: side of a cell; where it is not below the width of the posteriors, single examples are off.
        extent: half the side of the square (or segment).

    Raises:
        ValueError: more than two latents, or a likelihood that is not Gaussian.

    Source: the midpoint rule on Eq. (1).
    """
    x = _examples(model, x)
    _check_latent_dim(model.latent_dim)
    if model.likelihood != "gaussian":
        raise ValueError(f"likelihood must be 'gaussian', got {model.likelihood!r}; take grid, for one example")
    axis = torch.arange(-extent, extent, spacing, dtype=x.dtype, device=x.device) + spacing / 2
    z = torch.cartesian_prod(*[axis] * model.latent_dim).reshape(-1, model.latent_dim)
    pictures, log_mass = model.decode(z), model.log_prior(z) + model.latent_dim * math.log(spacing)
    constant = x.shape[1] * math.log(model.sigma * math.sqrt(2 * math.pi))
    parts = []
    for few in x.split(max(1, 8 * CHUNK_NUMBERS // len(z))):
        squares = torch.cdist(few, pictures) ** 2  # (few, cells)
        parts.append(torch.logsumexp(log_mass - squares / (2 * model.sigma**2), 1))
    return torch.cat(parts) - constant


def _answer(cells: Grid, q: Gaussian | None) -> tuple[float, ...]:
    """The numbers that must settle; Q's mass on the cells is one of them, so that a narrow Q is not missed."""
    if q is None:
        return (cells.log_evidence,)
    log_q, q_mass = cells._mass_under(q)
    return cells.log_evidence, float(q_mass.sum()), float((q_mass * (log_q - cells.log_joint)).sum())


def _slack(cells: Grid) -> float:
    """How many nats log P(X, z) may drop between a ridge and the nearest centre of a uniform grid.

    From its curvature at the highest cell. Without it, a ridge thinner than the cells would be followed only where it
    happens to pass near a centre, and the sum would settle on those pieces.
    """
    dim = cells.z.shape[-1]
    lattice = cells.log_joint.reshape([round(len(cells.z) ** (1 / dim))] * dim)
    top = [int(i) for i in torch.unravel_index(lattice.argmax(), lattice.shape)]
    slack = 0.0
    for axis, at in enumerate(top):
        line = lattice[tuple(slice(None) if i == axis else j for i, j in enumerate(top))]
        at = min(max(at, 1), len(line) - 2)
        slack += abs(float(line[at - 1] - 2 * line[at] + line[at + 1]))
    return slack


def _halve(model: LatentModel, x: Tensor, cells: Grid, q: Gaussian | None, slack: float) -> Grid:
    """Split each cell that matters into two along every axis."""
    matters = cells.log_joint > cells.log_joint.max() - 40 - slack
    if q is not None:
        log_q, _ = cells._mass_under(q)
        matters |= log_q > log_q.max() - 40
    dim = cells.z.shape[-1]
    side = torch.exp(cells.log_cell[matters] / dim)  # (split,)
    signs = torch.cartesian_prod(*[torch.tensor([-0.25, 0.25], dtype=side.dtype, device=side.device)] * dim)
    offsets = side[:, None, None] * signs.reshape(-1, dim)  # (split, 2**dim, dim)
    z = (cells.z[matters, None, :] + offsets).reshape(-1, dim)
    log_cell = (cells.log_cell[matters] - dim * math.log(2)).repeat_interleave(2**dim)
    if len(z) > MAX_CELLS:
        raise RuntimeError(
            f"P(X, z) or Q is spread over more than {MAX_CELLS} cells that matter; start from wider ones"
        )
    return Grid(
        torch.cat([cells.z[~matters], z]),
        torch.cat([cells.log_cell[~matters], log_cell]),
        torch.cat([cells.log_joint[~matters], _log_joint(model, x, z)]),
    )


def _check_latent_dim(latent_dim: int) -> None:
    if latent_dim not in (1, 2):
        raise ValueError(f"a grid needs latent_dim 1 or 2, got {latent_dim}; with more latents use importance_sampling")

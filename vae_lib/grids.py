"""Eq. (1) as a sum over the cells of a fine grid of z: exact, for one or two latents. ``evidence`` has these names too.

Each function takes any model with ``latent_dim``, ``log_likelihood(x, z)`` and ``log_prior(z)``.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from vae_lib import checks, data
from vae_lib.data import Examples
from vae_lib.distributions import Gaussian
from vae_lib.model import VAE, LatentModel

CHUNK_NUMBERS = 2**21
"""Pixels computed at once: bounds the memory of every function here to a few times 8 MB."""

WIDEST = 256
"""Numbers that one draw takes at least: a hidden layer may be wider than the data."""

MAX_CELLS = 2**22
"""Cells of a grid: at 32 bytes each, what fits beside everything else on a machine of 2 GB."""


def check_q(q: Gaussian) -> None:
    """A ValueError for a Gaussian without finite means, or without widths that its floats can hold."""
    if not bool((torch.isfinite(q.mean) & torch.isfinite(q.std) & (q.std > 0)).all()):
        raise ValueError("q must have finite means and standard deviations above 0; check the encoder and its examples")


def examples_for(model: LatentModel, x: Examples, q: Gaussian | None = None, *, one: bool = False) -> Tensor:
    """The examples as the model takes them, a batch or one, each with its Q."""
    x = model.examples(x) if hasattr(model, "examples") else data.examples(x, pictures=False)
    if one and x.ndim != 1:
        raise ValueError(f"x must be one example of shape (data_dim,), got {tuple(x.shape)}")
    if not one and (x.ndim != 2 or len(x) == 0):
        raise ValueError(f"x must have shape (batch, data_dim) with at least one example, got {tuple(x.shape)}")
    if q is not None:
        check_q(q)
    if q is not None and not q.mean.shape == q.log_var.shape == (*x.shape[:-1], model.latent_dim):
        raise ValueError(
            f"q must have shape {(*x.shape[:-1], model.latent_dim)}, a Gaussian for each example, got "
            f"{tuple(q.mean.shape)} and {tuple(q.log_var.shape)}"
        )
    return x


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
    x = examples_for(model, x, one=True)
    check_latent_dim(model.latent_dim)
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
    x = examples_for(model, x, q, one=True)
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
    x = examples_for(model, x)
    check_latent_dim(model.latent_dim)
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


def check_latent_dim(latent_dim: int) -> None:
    """A ValueError where a grid, or quadrature, would need more cells than there is room for."""
    if latent_dim not in (1, 2):
        raise ValueError(f"a grid needs latent_dim 1 or 2, got {latent_dim}; with more latents use importance_sampling")

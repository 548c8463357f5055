"""Equation (4) by hand: a posterior with two modes, a Gaussian Q to drag over it, and what each term does."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final

import torch
from torch import Tensor

from vae_lib.distributions import gaussian_kl, gaussian_log_density, standard_normal_log_density
from vae_lib.widgets.base import BookWidget, Numbers, Range
from vae_lib.widgets.sources import module_source, style_source
from vae_lib.widgets.words import EQUATION_4_EXPLORER

X: Final[Range] = (-1.0, 3.0)
SIGMA: Final[Range] = (0.2, 2.0)
MEAN: Final[Range] = (-3.0, 3.0)
STD: Final[Range] = (0.05, 2.0)
GRID: Final[tuple[float, float, int]] = (-8.0, 8.0, 4001)


class Equation4Explorer(BookWidget):
    """Eq. (4) with a Gaussian Q to drag: log P(X) − gap = reconstruction − KL, and both sides are the ELBO.

    The model is z ~ N(0, 1), X|z ~ N(z², σ²): since z and −z explain X equally well, its posterior has two modes and
    no Gaussian Q fits it. The browser computes everything, so the widget works in a page without a kernel. With one,
    the traits follow the reader's hand and move when Python sets them.

    Args:
        x: the observation X, from −1 to 3.
        sigma: the standard deviation of P(X|z), from 0.2 to 2.
        q: mean (−3 to 3) and standard deviation (0.05 to 2) of Q(z|X) = N(mean, std²).

    Attributes:
        x, sigma, q: as above, in step with the page; ``q`` is a list of two numbers.

    Raises:
        traitlets.TraitError: values outside these limits or that are no numbers.

    Source: Eq. (4) of the notes; the closed forms follow from the moments of a Gaussian.
    """

    _esm = module_source(__file__)
    _css = style_source(__file__)

    x = Numbers(1.5, X).tag(sync=True)
    sigma = Numbers(0.5, SIGMA).tag(sync=True)
    q = Numbers(
        [0.8, 0.4],
        MEAN,
        STD,
        what=f"[mean, standard deviation] such as [0.8, 0.4], with a mean from {MEAN[0]} to {MEAN[1]} and a standard "
        f"deviation from {STD[0]} to {STD[1]}",
    ).tag(sync=True)

    def __init__(
        self, x: float | Tensor = 1.5, sigma: float | Tensor = 0.5, q: Sequence[float] | Tensor = (0.8, 0.4)
    ) -> None:
        super().__init__(EQUATION_4_EXPLORER, x=x, sigma=sigma, q=q)

    @property
    def log_evidence(self) -> float:
        """log P(X) in nats, from a grid over z: one number for all Q."""
        z = torch.linspace(*GRID, dtype=torch.float64)[:, None]  # (grid, 1)
        x = torch.tensor([self.x], dtype=torch.float64)
        joint = gaussian_log_density(x, z**2, 2 * math.log(self.sigma)) + standard_normal_log_density(z)
        return float(torch.logsumexp(joint, 0)) + math.log((GRID[1] - GRID[0]) / (GRID[2] - 1))

    @property
    def reconstruction(self) -> float:
        """E_Q[log P(X|z)] in nats, exactly: E_Q[(X − z²)²] needs no more than the moments of z under Q."""
        mean, var = self.q[0], self.q[1] ** 2
        square = mean**2 + var  # E[z²]
        fourth = mean**4 + 6 * mean**2 * var + 3 * var**2  # E[z⁴]
        error = self.x**2 - 2 * self.x * square + fourth
        return -0.5 * math.log(2 * math.pi * self.sigma**2) - error / (2 * self.sigma**2)

    @property
    def kl(self) -> float:
        """𝒟[Q(z|X) ‖ P(z)] in nats."""
        mean, std = torch.tensor(self.q, dtype=torch.float64)[:, None]
        return float(gaussian_kl(mean, 2 * std.log()))

    @property
    def elbo(self) -> float:
        """The right side of Eq. (4) in nats: ``reconstruction − kl``."""
        return self.reconstruction - self.kl

    @property
    def gap(self) -> float:
        """𝒟[Q(z|X) ‖ P(z|X)] in nats: what the ELBO falls short of log P(X) by."""
        return self.log_evidence - self.elbo

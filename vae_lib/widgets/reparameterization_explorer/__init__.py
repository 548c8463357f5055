"""z = μ + sε by hand: each z on its path while μ and s move, and two estimates of one gradient, draw by draw."""

from __future__ import annotations

from typing import Final, Literal

import numpy as np
import traitlets
from torch import Tensor

from vae_lib.widgets.base import SEEDS, BookWidget, Numbers, Range, normals
from vae_lib.widgets.sources import module_source, style_source
from vae_lib.widgets.words import REPARAMETERIZATION_EXPLORER

MU: Final[Range] = (-3.0, 3.0)
SIGMA: Final[Range] = (0.1, 2.0)
MOST_SAMPLES: Final = 4000
HELD: Final = 12


class ReparameterizationExplorer(BookWidget):
    """Draws ε of N(0, 1), the z = μ + sε that they become, and two estimates of a gradient of E[z²] = μ² + s².

    With ε held, each z moves smoothly with μ and s: ∂z/∂μ = 1, ∂z/∂s = ε. The score-function and the pathwise estimate
    of the gradient have one mean and very different variances. The browser computes everything, so the widget works in
    a page without a kernel. With one, the traits follow the reader's hand and move when Python sets them; ``estimates``
    are then those of the page, as both draw the same ε from ``seed``.

    Args:
        mu: μ, the mean of Q(z) = N(μ, s²), from −3 to 3.
        sigma: s, the standard deviation of Q, from 0.1 to 2.
        samples: how many draws the estimates are made from, 0 to 4000.
        seed: of the ε, from 0 to 2³² − 1.
        wrt: the parameter that the gradient is taken by, ``"mu"`` or ``"sigma"``.

    Attributes:
        mu, sigma, samples, seed, wrt: as above, in step with the page.

    Raises:
        traitlets.TraitError: values outside these limits or of another kind.

    Source: the two estimators of chapter 5; their variances follow from the moments of a Gaussian, E[ε²] = 1,
    E[ε⁴] = 3, E[ε⁶] = 15, E[ε⁸] = 105.
    """

    _esm = module_source(__file__)
    _css = style_source(__file__)

    mu = Numbers(1.0, MU).tag(sync=True)
    sigma = Numbers(1.0, SIGMA).tag(sync=True)
    samples = traitlets.Int(0, min=0, max=MOST_SAMPLES, help="How many draws the estimates are made from.").tag(
        sync=True
    )
    seed = Numbers(0, SEEDS, whole=True).tag(sync=True)
    held = traitlets.Int(HELD, help="How many ε are drawn as dots.").tag(sync=True)
    wrt = traitlets.Enum(["mu", "sigma"], "mu", help="The parameter that the gradient is taken by.").tag(sync=True)

    def __init__(
        self,
        mu: float | Tensor = 1.0,
        sigma: float | Tensor = 1.0,
        samples: int = 0,
        seed: int = 0,
        wrt: Literal["mu", "sigma"] = "mu",
    ) -> None:
        super().__init__(REPARAMETERIZATION_EXPLORER, mu=mu, sigma=sigma, samples=samples, seed=seed, wrt=wrt)

    @property
    def noise(self) -> np.ndarray:
        """The ε of the draws, float64 of shape (samples,)."""
        return normals(self.seed, self.samples)

    @property
    def held_noise(self) -> np.ndarray:
        """The ε that are drawn as dots, float64 of shape (12,): the first twelve of the seed."""
        return normals(self.seed, HELD)

    @property
    def estimates(self) -> dict[str, np.ndarray]:
        """One-draw estimates of the gradient, each of shape (samples,): ``"score"`` and ``"pathwise"``.

        By μ: g(z) times the score (z − μ)/s², and g′(z) ∂z/∂μ = 2z. By s: g(z) times the score (z − μ)²/s³ − 1/s, and
        g′(z) ∂z/∂s = 2zε.
        """
        noise = self.noise
        z = self.mu + self.sigma * noise
        if self.wrt == "mu":
            return {"score": z**2 * (z - self.mu) / self.sigma**2, "pathwise": 2 * z}
        return {
            "score": z**2 * ((z - self.mu) ** 2 / self.sigma**3 - 1 / self.sigma),
            "pathwise": 2 * z * noise,
        }

    @property
    def exact_gradient(self) -> float:
        """2μ or 2s: the derivative of E[z²] = μ² + s²."""
        return 2 * (self.mu if self.wrt == "mu" else self.sigma)

    @property
    def exact_variances(self) -> dict[str, float]:
        """The variance of one draw's estimate, in closed form: ``"score"`` and ``"pathwise"``.

        Each estimate is a polynomial in ε; its square is averaged with the moments of ε, less the squared gradient:

        - score by μ: μ²ε/s + 2με² + sε³ has E[square] = μ⁴/s² + (12 + 6)μ² + 15s²; less 4μ²;
        - pathwise by μ: 2μ + 2sε has variance 4s²;
        - score by s: μ²(ε² − 1)/s + 2μ(ε³ − ε) + s(ε⁴ − ε²) has E[square] = 2μ⁴/s² + (40 + 20)μ² + 78s²; less 4s²;
        - pathwise by s: 2με + 2sε² has E[square] = 4μ² + 12s²; less 4s².
        """
        mu2, sigma2 = self.mu**2, self.sigma**2
        if self.wrt == "mu":
            return {"score": mu2**2 / sigma2 + 14 * mu2 + 15 * sigma2, "pathwise": 4 * sigma2}
        return {"score": 2 * mu2**2 / sigma2 + 60 * mu2 + 74 * sigma2, "pathwise": 4 * mu2 + 8 * sigma2}

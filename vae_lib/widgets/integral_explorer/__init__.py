"""Eq. (1) by draws from the prior: which of them carry the sum, and how the estimate climbs to the exact value."""

from __future__ import annotations

import math
from typing import Any, Final

import numpy as np
import torch
import traitlets
from numpy.typing import ArrayLike
from torch import Tensor

from vae_lib import data, evidence, pretrained
from vae_lib.model import VAE, require_vae
from vae_lib.widgets.base import SEEDS, BookWidget, Numbers, normals
from vae_lib.widgets.packing import as_sent, describe_layers, pack_weights
from vae_lib.widgets.shown import grey_shape
from vae_lib.widgets.sources import module_source, style_source
from vae_lib.widgets.words import INTEGRAL_EXPLORER

MOST: Final = 4096
"""Draws at most."""

STOPS: Final = tuple(2 ** (step / 4) for step in range(-4, 11))
"""Stops of σ, as multiples of the model's own: equal ratios, from half of it to 5.7 times."""

BAND_DRAWS: Final = tuple(sorted({round(2 ** (step / 2)) for step in range(25)}))
"""Numbers of draws at which the band is measured, 1 to MOST."""

BAND_RUNS: Final = 400
POOL: Final = 2**16


class IntegralExplorer(BookWidget):
    """Draws z from the prior, each with its share of the sum Σ P(X|z), and the estimate of log P(X) that they make.

    The page shows X, the draws on the map of latent space, the picture that the draw with the largest share decodes
    to, and the running estimate log (1/n Σ P(X|z)) against n beside the exact value. All of it runs in the browser.
    With a kernel ``draws``, ``sigma`` and ``seed`` follow the reader's hand and move when Python sets them.

    The band around the exact value is where nine in ten runs of n draws end: the quantiles 0.05 and 0.95 of 400 runs,
    whose draws come from 65,536 points spread evenly under the prior. It is a property of the method, not of the draws
    in sight. These cannot tell their own error: while one of them carries the sum, the delta method answers with an
    error of 1 nat however far off the estimate is, and all orders of the same draws end at the same value.

    Args:
        model: a ``VAE`` with ``latent_dim`` 2 and the Gaussian likelihood, or the name of one that ships.
        x: the picture X, shape ``(data_dim,)``; for a model of the 8x8 digits, the seven of chapter 2 if absent.
        draws: how many draws the reader sees first, 1 to 4096.
        sigma: σ of P(X|z) to start from; the model's own if absent.
        seed: which draws, 0 to 2³² − 1.
        image_shape: height and width of a picture; a square one if absent.

    Attributes:
        draws, seed: whole numbers, within the same bounds.
        sigma: one of ``sigmas``; set to any number between the first and the last, it takes the nearest.
        sigmas: stops of σ in equal ratios, from half the model's own to 5.7 times, its own among them.
        exacts: log P(X) in nats at each of ``sigmas``, from ``evidence.grid``.

    Raises:
        ValueError: a model of another kind, an ``x`` or image_shape that does not fit, or values that are not finite.
        TypeError: no VAE, or a decoder with layers that the browser cannot compute.
        traitlets.TraitError: ``draws``, ``sigma`` or ``seed`` out of bounds.

    Source: Eq. (1); ``evidence.prior_monte_carlo``, with these draws.
    """

    _esm = module_source(__file__)
    _css = style_source(__file__)

    draws = traitlets.Int(256, min=1, max=MOST, help="How many draws are shown.").tag(sync=True)
    sigma = Numbers(1.0, (1e-6, 1e6)).tag(sync=True)
    seed = Numbers(0, SEEDS, whole=True).tag(sync=True)
    sigmas: traitlets.List[float] = traitlets.List().tag(sync=True)
    exacts: traitlets.List[float] = traitlets.List().tag(sync=True)
    own = traitlets.Int(0, help="Which of sigmas is the model's own.").tag(sync=True)
    band_draws: traitlets.List[int] = traitlets.List().tag(sync=True)
    bands: traitlets.List[Any] = traitlets.List(help="For each of sigmas, [low, high] at each of band_draws.").tag(
        sync=True
    )
    weights = traitlets.Bytes().tag(sync=True)
    layers: traitlets.List[Any] = traitlets.List().tag(sync=True)
    image_shape: traitlets.List[int] = traitlets.List().tag(sync=True)
    pixels = traitlets.Bytes(help="X as little-endian float32.").tag(sync=True)

    def __init__(
        self,
        model: VAE | str = "digits-2",
        x: Tensor | ArrayLike | None = None,
        draws: int = 256,
        sigma: float | None = None,
        seed: int = 3,
        image_shape: tuple[int, int] | None = None,
    ) -> None:
        model = require_vae(pretrained.load(model) if isinstance(model, str) else model, "IntegralExplorer")
        _check_model(model)
        self._x = _check_x(x, model.data_dim)
        sent = as_sent(model, "decoder")
        own = sent.sigma
        self._model = sent.double()
        net = self._model.decoder.net
        sigmas = [own * factor for factor in STOPS]
        super().__init__(
            INTEGRAL_EXPLORER,
            sigmas=sigmas,
            exacts=[evidence.grid(self._at(stop), self._x).log_evidence for stop in sigmas],
            own=STOPS.index(1.0),
            band_draws=list(BAND_DRAWS),
            bands=_bands(self._model, self._x, sigmas),
            weights=pack_weights(net),
            layers=describe_layers(net, final="sigmoid"),
            image_shape=list(grey_shape(model, image_shape)),
            pixels=self._x.numpy().astype("<f4").tobytes(),
            draws=draws,
            sigma=own if sigma is None else sigma,
            seed=seed,
        )

    @traitlets.validate("sigma")
    def _nearest_stop(self, proposal: dict[str, Any]) -> float:
        value = proposal["value"]
        low, high = self.sigmas[0], self.sigmas[-1]
        if not low * (1 - 1e-3) <= value <= high * (1 + 1e-3):
            raise traitlets.TraitError(f"sigma must be a number from {low:.4g} to {high:.4g}, got {value!r}")
        return min(self.sigmas, key=lambda stop: abs(math.log(stop / value)))

    def _at(self, sigma: float) -> VAE:
        """The model with this σ."""
        self._model.log_sigma.data.fill_(math.log(sigma))
        return self._model

    @property
    def x(self) -> Tensor:
        """X, float64, shape ``(data_dim,)``."""
        return self._x

    @property
    def z(self) -> Tensor:
        """The draws from P(z) that the page shows, float32, shape ``(draws, 2)``."""
        return torch.from_numpy(normals(self.seed, 2 * self.draws).astype(np.float32)).reshape(-1, 2)

    @property
    def log_weights(self) -> Tensor:
        """log P(X|z) of each draw in nats, float64, shape ``(draws,)``."""
        with torch.no_grad():
            return self._at(self.sigma).log_likelihood(self._x, self.z.double())

    @property
    def estimate(self) -> float:
        """log (1/n Σ P(X|z)) over the draws, in nats: Eq. (1) by Monte Carlo."""
        return float(evidence.summarize(self.log_weights[:, None]).log_evidence)

    @property
    def effective_draws(self) -> float:
        """(Σ w)² / Σ w² of the weights w = P(X|z): as many draws of equal shares would carry the sum as well."""
        return float(evidence.summarize(self.log_weights[:, None]).effective_samples)

    @property
    def exact(self) -> float:
        """log P(X) at this σ in nats, from ``evidence.grid``."""
        return self.exacts[self.sigmas.index(self.sigma)]


@torch.no_grad()
def _bands(model: VAE, x: Tensor, sigmas: list[float]) -> list[list[list[float]]]:
    """Where nine in ten runs end: for each σ the pair [low, high] in nats, each at every one of ``BAND_DRAWS``."""
    uniform = torch.quasirandom.SobolEngine(2, scramble=True, seed=0).draw(POOL, dtype=torch.float64)
    z = torch.special.ndtri(uniform.clamp(1e-12, 1 - 1e-12))
    squares = torch.cat([((x - model.decode(part)) ** 2).sum(-1) for part in z.split(8192)])
    runs = squares[torch.randint(POOL, (BAND_RUNS, MOST), generator=torch.Generator().manual_seed(0))]
    counts = torch.tensor(BAND_DRAWS)
    ends = torch.tensor([0.05, 0.95], dtype=torch.float64)
    bands = []
    for sigma in sigmas:
        constant = model.data_dim * math.log(sigma * math.sqrt(2 * math.pi))
        sums = torch.logcumsumexp(-runs / (2 * sigma**2), dim=1)[:, counts - 1]
        estimates = sums - counts.log() - constant  # (runs, counts)
        bands.append([[round(nats, 3) for nats in line] for line in estimates.quantile(ends, dim=0).tolist()])
    return bands


def _check_model(model: VAE) -> None:
    if model.latent_dim != 2:
        raise ValueError(f"IntegralExplorer needs a model with latent_dim 2, got {model.latent_dim}")
    if model.likelihood != "gaussian":
        raise ValueError(
            f"IntegralExplorer needs the likelihood 'gaussian', which has a sigma, got {model.likelihood!r}"
        )


def _check_x(x: Tensor | ArrayLike | None, data_dim: int) -> Tensor:
    """X in float64, exact in float32, shape (data_dim,)."""
    if x is None:
        if data_dim != 64:
            raise ValueError(f"pass a picture x of shape ({data_dim},); only the 8x8 digits have one by default")
        x = data.load("digits").test[3]
    values = x.detach().cpu() if isinstance(x, Tensor) else torch.from_numpy(np.asarray(x))
    if tuple(values.shape) != (data_dim,):
        raise ValueError(f"x must be one picture of shape ({data_dim},), got {tuple(values.shape)}")
    values = values.float().double()
    bad = ~torch.isfinite(values)
    if bad.any():
        raise ValueError(f"x must be finite, got {values[bad][0].item()} in place {int(bad.nonzero()[0])}")
    return values

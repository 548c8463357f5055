"""One measure for all models of chapter 10: a judge of pictures that none of them has trained, and log P(X) exactly.

``Judge`` says how many of a model's pictures a classifier of real digits is sure of, and how far all of them together
lie from real ones. ``exact_log_evidence`` is Eq. (1) by a sum over the plane, for a whole batch at once.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from pathlib import Path
from typing import Final

import torch
from sklearn.linear_model import LogisticRegression
from torch import Tensor

from vae_lib.beyond.diffusion import mmd_squared
from vae_lib.data import Dataset
from vae_lib.model import VAE
from vae_lib.tables import Table

_RECORD: Final = Path(__file__).parents[1] / "models" / "chapter-10.json"
"""The models of chapter 10 with several seeds each, written by ``python benchmarks/chapter_10.py``."""


def recorded(page: str) -> dict[str, dict[str, Tensor]]:
    """What several seeds of a page's models came to: by model and by figure one number for each seed, float64.

    Args:
        page: such as ``"10-5"``.
    """
    rows = json.loads(_RECORD.read_text(encoding="utf-8"))["pages"][page]
    return {
        row: {figure: torch.tensor(values, dtype=torch.float64) for figure, values in figures.items()}
        for row, figures in rows.items()
    }


def same_rows(page: str) -> Table:
    """What all pages measure alike, mean and standard deviation over the seeds, a row for each model.

    The columns are log P(X) of test digits, with ≥ where draws gave it, which are too low on average; the share of test
    digits that come back as what ``Judge`` is sure of; the same of samples; and the distance of the samples.

    Args:
        page: such as ``"10-5"``.
    """
    rows = []
    for name, row in recorded(page).items():
        if "sure" not in row:
            continue
        log_p = "–"
        if "log_p" in row:
            bound = "≥ " if "last_half" in row else ""
            log_p = f"{bound}{row['log_p'].mean():.1f} ± {row['log_p'].std():.1f}"
        back, new = (f"{100 * row[key].mean():.0f} ± {100 * row[key].std():.0f} %" for key in ("sure_back", "sure"))
        apart = f"{row['distance'].mean():.1f} ± {row['distance'].std():.1f}"
        rows.append((name, log_p, back, new, apart))
    return Table(("seeds: mean ± deviation", "log P(X)", "back", "samples", "1000·MMD²"), rows)


class Judge:
    """Two measures of pictures of digits, both of the digits alone.

    Args:
        digits: the classifier learns from its training digits; the distance is to its test digits.
    """

    def __init__(self, digits: Dataset) -> None:
        self.classifier = LogisticRegression(max_iter=5000)
        self.classifier.fit(digits.train.numpy(), digits.train_labels.numpy())
        self.real = digits.test
        self.width = float(torch.pdist(digits.train).median())

    def sure(self, pictures: Tensor) -> float:
        """The share of pictures, shape ``(count, data_dim)``, whose digit the classifier is more than 0.9 sure of."""
        return float((self.classifier.predict_proba(pictures.detach().numpy()).max(1) > 0.9).mean())

    def distance(self, pictures: Tensor) -> float:
        """1000 · MMD² of the pictures from the test digits: 0 on average if they come from one source."""
        return 1000 * mmd_squared(pictures.detach(), self.real, self.width)


@torch.no_grad()
def exact_log_evidence(
    model: VAE,
    x: Tensor,
    *,
    decode: Callable[[Tensor], Tensor] | None = None,
    extent: float = 8.0,
    spacing: float = 1 / 16,
) -> Tensor:
    """log P(X) of each example by a sum over the plane of two latents, with the model's own prior: Eq. (1).

    Args:
        model: with the Gaussian likelihood, one σ or one for each pixel.
        x: shape ``(batch, data_dim)``.
        decode: takes the place of ``model.decode``, for a decoder that is told more than z.
        extent, spacing: half the side of the square, and the side of a cell; it has to be small beside the posterior.

    Returns:
        Nats, float64, shape ``(batch,)``.
    """
    if model.latent_dim != 2 or model.likelihood != "gaussian":
        raise ValueError(f"the plane needs two latents and the Gaussian likelihood, got {model.config()}")
    axis = torch.arange(-extent + spacing / 2, extent, spacing)
    sigma = model.log_sigma.detach().exp()
    constant = (sigma * math.sqrt(2 * math.pi)).log().expand(x.shape[-1]).sum()
    scaled = x / sigma  # log P(X|z) is taken apart, so that a cell and an example cost one product
    total = torch.full((len(x),), -math.inf)
    for z in torch.cartesian_prod(axis, axis).split(16_384):
        pictures = (decode or model.decode)(z) / sigma  # (cells, data_dim)
        of_cell = model.log_prior(z) + 2 * math.log(spacing) - (pictures**2).sum(1) / 2
        total = torch.logaddexp(total, torch.logsumexp(pictures @ scaled.T + of_cell[:, None], 0))
    return (total - (scaled**2).sum(1) / 2 - constant).double()

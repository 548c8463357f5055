"""What becomes of log P(X) as the settings of a VAE change: ``python benchmarks/choices.py`` trains and measures.

The 8×8 digits, a sixth of the training digits held out, several seeds for each setting. The record, which chapters 6
and 8 read, is ``vae_lib/models/choices.json``. Each part can be run alone: ``python benchmarks/choices.py sigma``.

latents   1 to 20 of them, σ learned, the best epoch of the held-out digits
sigma     two latents and a fixed σ
widths    two latents, σ learned, other hidden layers
betas     two latents, σ = 0.16 and a weight β on the KL, trained as the series digits-betas is
by_heart  chapter 6's run on a hundred digits

Measured on the held-out and on the test digits, in nats per digit: the ELBO, its KL, and log P(X). With one latent or
two log P(X) is exact, by a grid; with more it is importance sampling, from a mixture of Q and of Q made twice and four
times as wide, which is a little too low.
"""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any, Final

import records
import torch
from torch import Tensor

from vae_lib import data, evidence, training
from vae_lib.distributions import Gaussian
from vae_lib.model import VAE

RECORD: Final = Path(__file__).parents[1] / "vae_lib" / "models" / "choices.json"
LATENTS: Final = (1, 2, 3, 4, 6, 8, 12, 20)
SIGMAS: Final = (0.06, 0.09, 0.12, 0.16, 0.2, 0.28, 0.4, 0.71)
WIDTHS: Final = ((16, 8), (32, 16), (64, 32), (128, 64), (256, 128))
BETAS: Final = (0.1, 0.3, 1.0, 3.0, 10.0)
SEEDS: Final = (0, 1, 2)
DRAWS: Final = 1000  # of each width of the proposal

digits = data.load("digits")
HELD: Final = len(digits.train) // 6
TRAIN, HELD_OUT = digits.train[:-HELD], digits.train[-HELD:]


@torch.no_grad()
def by_draws(model: VAE, x: Tensor) -> Tensor:
    """log P(X) by draws from Q, and from Q twice and four times as wide; each third is weighed by the whole mixture."""
    q, generator = model.encode(x), torch.Generator().manual_seed(0)
    wider = [Gaussian(q.mean, q.log_var + 2 * math.log(factor)) for factor in (1, 2, 4)]
    log_weights = []
    for one in wider:
        for _ in range(DRAWS // 20):
            z = one.rsample(20, generator=generator)
            mixture = evidence.log_mean_exp(torch.stack([each.log_prob(z) for each in wider]))
            log_weights.append(model.log_likelihood(x, z) + model.log_prior(z) - mixture)
    return evidence.log_mean_exp(torch.cat(log_weights))


def measured(model: VAE, x: Tensor) -> dict[str, float]:
    """Means over the digits, in nats."""
    reconstruction, kl = training.mean_terms(model, x, samples=20)
    if model.latent_dim <= 2:
        log_p = evidence.grid_log_evidence(model, x, spacing=1 / 32 if model.sigma < 0.1 else 1 / 16)
    else:
        log_p = by_draws(model, x)
    figures = {"elbo": reconstruction - kl, "kl": kl, "log_p": float(log_p.mean())}
    return {name: round(value, 3) for name, value in figures.items()}


def trained(latents: int, hidden: tuple[int, ...], seed: int, sigma: float | None) -> dict[str, Any]:
    """One run with the best epoch of the held-out digits, and what it reached."""
    torch.manual_seed(seed)
    model = VAE(64, latents, hidden, sigma=sigma or 0.25, learn_sigma=sigma is None)
    history = training.fit(
        model, TRAIN, epochs=100, batch_size=64, lr=5e-3, seed=seed, validation=HELD_OUT, progress=False
    )
    with torch.no_grad():
        active = evidence.active_units(model.encode(digits.test).mean)
    return {
        "seed": seed,
        "sigma": round(model.sigma, 4),
        "best_epoch": history.best_epoch,
        "active": active,
        "held_out": measured(model, HELD_OUT),
        "test": measured(model, digits.test),
    }


def latents() -> list[dict[str, Any]]:
    """Over the number of latents."""
    return [{"latents": n, **trained(n, (128, 64), seed, None)} for n in LATENTS for seed in SEEDS]


def sigma() -> list[dict[str, Any]]:
    """Over a σ that stays fixed."""
    return [trained(2, (128, 64), seed, one) for one in SIGMAS for seed in SEEDS]


def widths() -> list[dict[str, Any]]:
    """Over the hidden layers."""
    return [{"hidden": hidden, **trained(2, hidden, seed, None)} for hidden in WIDTHS for seed in SEEDS]


def betas() -> list[dict[str, Any]]:
    """Over β, as the command of digits-betas trains, but for the seed."""
    done = []
    for seed in range(5):
        for beta in BETAS:
            torch.manual_seed(seed)
            model = VAE(64, 2, (48, 24), sigma=0.16)
            training.fit(model, digits.train, epochs=300, batch_size=64, lr=5e-3, beta=beta, seed=seed, progress=False)
            done.append({"beta": beta, "seed": seed, "test": measured(model, digits.test)})
    return done


def by_heart() -> list[dict[str, Any]]:
    """A hundred digits, learned by heart, and the held-out ones: ELBO and log P(X) of each."""
    done = []
    for seed in range(10):
        torch.manual_seed(seed)
        model, few = VAE(64, 2, (128, 64), sigma=0.16), TRAIN[:100]
        training.fit(model, few, epochs=120, batch_size=50, lr=lambda epoch: 1e-2, seed=seed, progress=False)
        done.append({"seed": seed, "learned": measured(model, few), "held_out": measured(model, HELD_OUT)})
    return done


PARTS: Final = {"latents": latents, "sigma": sigma, "widths": widths, "betas": betas, "by_heart": by_heart}

if __name__ == "__main__":
    records.write(RECORD, PARTS, __doc__)

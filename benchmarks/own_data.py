"""How to choose for data of your own: ``python benchmarks/own_data.py`` trains and measures.

Coloured shapes of 16×16 pixels and the wines that scikit-learn carries; three seeds for each setting of the pictures,
ten splits of the table. The record, which the page "Your own data" reads, is ``vae_lib/models/own-data.json``. Each
part can be run alone: ``python benchmarks/own_data.py latents``.

latents  of pictures, σ learned
widths   of the hidden layers, 8 latents
sigmas   fixed or learned, 8 latents
layers   convolutions or none, over the number of pictures
table    the wines: latents, and one σ or one for each column, beside two Gaussians fitted in closed form
odd      the wines: measures that shall find rows whose values come from different wines
annealed the digits: β from 0 to 1 over the first 20 of 60 epochs, and 1 all the time; five seeds, twelve latents
steps    the digits: learning rates and batch sizes, 40 epochs, two latents

A picture's settings are compared by the ELBO of 400 held-out pictures at the best of their epochs, all after as many
steps: 1000, of ``layers`` 400. A table's by log P(X) of the held-out fifth, by 500 draws from Q; areas under the curve
are 0.5 for a measure that knows nothing.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import records
import torch
from sklearn.datasets import load_wine
from sklearn.metrics import roc_auc_score
from torch import Tensor

from vae_lib import data, evidence, training
from vae_lib.beyond.shapes import coloured
from vae_lib.model import VAE

RECORD: Final = Path(__file__).parents[1] / "vae_lib" / "models" / "own-data.json"
RATES: Final = (1e-4, 3e-4, 1e-3, 3e-3, 1e-2)
SHAPE: Final = (3, 16, 16)
STEPS: Final = 1000
BATCH: Final = 32
SEEDS: Final = (0, 1, 2)
SPLITS: Final = range(10)
LATENTS: Final = (1, 2, 3, 4, 6, 8, 12)

X: Final = (255 * coloured(4400)[0].flatten(1)).round() / 255  # as a file has them
HELD_OUT, PICTURES = X[:400], X[400:]


def of_pictures(seed: int, count: int = 1000, latents: int = 8, steps: int = STEPS, **settings: Any) -> dict[str, Any]:
    """One training, and the held-out ELBO of its best epoch."""
    torch.manual_seed(seed)
    hidden = settings.pop("hidden", (64,))
    sigma = settings.pop("sigma", None)
    model = VAE(
        X.shape[1], latents, hidden, sigma=sigma or 0.2, learn_sigma=sigma is None, image_shape=SHAPE, **settings
    )
    history = training.fit(
        model,
        PICTURES[:count],
        epochs=max(1, round(steps * BATCH / count)),
        batch_size=BATCH,
        lr=5e-3,
        seed=seed,
        validation=HELD_OUT,
        progress=False,
    )
    reconstruction, kl = training.mean_terms(model, HELD_OUT, samples=20)
    with torch.no_grad():
        active = evidence.active_units(model.encode(HELD_OUT).mean)
    return {
        "seed": seed,
        "elbo": round(reconstruction - kl, 2),
        "kl": round(kl, 2),
        "sigma": round(model.sigma, 4),
        "active": active,
        "best_epoch": history.best_epoch,
        "parameters": sum(part.numel() for part in model.parameters()),
    }


def latents() -> list[dict[str, Any]]:
    """Over the number of latents."""
    return [{"latents": n, **of_pictures(seed, latents=n)} for n in LATENTS for seed in SEEDS]


def widths() -> list[dict[str, Any]]:
    """Over the hidden layers."""
    several = ((16,), (64,), (256,), (128, 64))
    return [{"hidden": hidden, **of_pictures(seed, hidden=hidden)} for hidden in several for seed in SEEDS]


def sigmas() -> list[dict[str, Any]]:
    """Over σ, the last one learned."""
    several = (0.02, 0.05, 0.15, 0.4, None)
    return [{"fixed": sigma, **of_pictures(seed, sigma=sigma)} for sigma in several for seed in SEEDS]


def layers() -> list[dict[str, Any]]:
    """Over the number of pictures, with convolutions and without."""
    kinds: dict[str, dict[str, Any]] = {"none": {}, "convolutions": {"channels": (8, 16), "hidden": (64,)}}
    return [
        {"layers": kind, "count": count, **of_pictures(seed, count, steps=400, **settings)}
        for count in (250, 4000)
        for kind, settings in kinds.items()
        for seed in SEEDS
    ]


def wines(split: int) -> tuple[Tensor, Tensor]:
    """Standardized rows to train on and held out."""
    rows = torch.tensor(load_wine().data, dtype=torch.float32)
    rows = rows[torch.randperm(len(rows), generator=torch.Generator().manual_seed(split))]
    train, held_out = rows[36:], rows[:36]
    return (train - train.mean(0)) / train.std(0, correction=0), (held_out - train.mean(0)) / train.std(0, correction=0)


def of_table(split: int, latents: int, learn_sigma: Any) -> tuple[VAE, Tensor, Tensor]:
    """A model of the wines after 100 epochs, and the rows."""
    train, held_out = wines(split)
    torch.manual_seed(split)
    model = VAE(train.shape[1], latents, (16,), sigma=0.5, learn_sigma=learn_sigma, sigmoid=False)
    training.fit(model, train, epochs=100, batch_size=32, lr=5e-3, seed=split, progress=False)
    return model, train, held_out


def normals(train: Tensor) -> dict[str, torch.distributions.MultivariateNormal]:
    """A Gaussian for each column alone, and one for all together."""
    covariance = train.T.cov(correction=0)
    return {
        name: torch.distributions.MultivariateNormal(train.mean(0), one)
        for name, one in {"columns alone": covariance.diag().diag(), "one Gaussian": covariance}.items()
    }


@torch.no_grad()
def log_p(model: VAE, x: Tensor) -> Tensor:
    generator = torch.Generator().manual_seed(0)
    return evidence.importance_sampling(model, x, model.encode(x), 500, generator=generator).log_evidence


def table() -> list[dict[str, Any]]:
    """log P(X) of the held-out wines."""
    done = []
    for split in SPLITS:
        train, held_out = wines(split)
        for name, normal in normals(train).items():
            done.append({"split": split, "model": name, "log_p": round(float(normal.log_prob(held_out).mean()), 3)})
        for count in (1, 2, 3, 5):
            for sigma in (True, "each"):
                model, _, held_out = of_table(split, count, sigma)
                name = "one σ" if sigma is True else "σ for each"
                reached = round(float(log_p(model, held_out).mean()), 3)
                done.append({"split": split, "model": name, "latents": count, "log_p": reached})
    return done


@torch.no_grad()
def odd() -> list[dict[str, Any]]:
    """How well each measure finds rows whose every value is a held-out wine's, but of different wines."""
    done = []
    for split in SPLITS:
        with torch.enable_grad():
            model, train, held_out = of_table(split, 2, True)
        generator = torch.Generator().manual_seed(split)
        mixed = torch.stack([column[torch.randperm(36, generator=generator)] for column in held_out.T], 1)
        x, truth = torch.cat([held_out, mixed]), [0] * 36 + [1] * 36
        q = model.encode(x)
        both = normals(train)
        measures = {
            "log P(X)": -log_p(model, x),
            "ELBO": -sum_of_terms(model, x),
            "error": ((model.decode(q.mean) - x) ** 2).sum(1),
            "KL": q.kl(),
            **{name: -normal.log_prob(x) for name, normal in both.items()},
        }
        scores = {name: round(float(roc_auc_score(truth, measure)), 3) for name, measure in measures.items()}
        done.append({"split": split, "area": scores})
    return done


def sum_of_terms(model: VAE, x: Tensor) -> Tensor:
    """The ELBO of each, of 50 draws."""
    generator = torch.Generator().manual_seed(0)
    return torch.stack([model.terms(x, generator=generator).elbo for _ in range(50)]).mean(0)


def of_digits(seed: int, latents: int, warm_up: int = 0, **settings: Any) -> dict[str, Any]:
    """The digits' test ELBO after a training whose β rises from 0 to 1 over the first ``warm_up`` epochs."""
    digits = data.load("digits")
    torch.manual_seed(seed)
    model, now = VAE(64, latents, (128, 64), learn_sigma=True), [0]

    def objective(model: Any, x: Tensor, generator: torch.Generator) -> tuple[Tensor, Any]:
        beta = min(1.0, now[0] / warm_up) if warm_up else 1.0
        return training.elbo(model, x, generator, beta=beta)

    training.fit(
        model,
        digits.train,
        seed=seed,
        objective=objective,
        after_epoch=lambda epoch: now.__setitem__(0, epoch),
        progress=False,
        **settings,
    )
    reconstruction, kl = training.mean_terms(model, digits.test, samples=20)
    with torch.no_grad():
        active = evidence.active_units(model.encode(digits.test).mean)
    return {"seed": seed, "elbo": round(reconstruction - kl, 3), "kl": round(kl, 3), "active": active}


def annealed() -> list[dict[str, Any]]:
    """With a warm-up and without."""
    settings = {"epochs": 60, "batch_size": 64, "lr": 3e-3}
    return [{"warm_up": n, **of_digits(seed, 12, n, **settings)} for n in (0, 20) for seed in range(5)]


def steps() -> list[dict[str, Any]]:
    """Over the learning rate and the batch size."""
    return [
        {"lr": lr, "batch": batch, **of_digits(seed, 2, lr=lr, batch_size=batch, epochs=40)}
        for batch in (32, 128)
        for lr in RATES
        for seed in SEEDS
    ]


PARTS: Final = {
    "table": table,
    "odd": odd,
    "annealed": annealed,
    "steps": steps,
    "latents": latents,
    "sigmas": sigmas,
    "widths": widths,
    "layers": layers,
}

if __name__ == "__main__":
    records.write(RECORD, PARTS, __doc__)

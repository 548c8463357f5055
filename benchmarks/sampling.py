"""Can an autoencoder be sampled as well as a VAE? ``python benchmarks/sampling.py`` writes the record of chapter 1.

Both models have the same widths, see the same digits in the same order as often, and are drawn from by the same laws;
each setting is trained from eight seeds. The laws of z:

codes     the codes of the test digits: no draws, but what any law would give at best
fitted    a Gaussian with the mean and the covariance of the training codes
shrunk    the same, narrower by the width that the VAE's training codes have in that run
standard  N(0, I), the VAE's prior

A record holds for each law, from 5,000 draws (the codes: 359):

clear     the share of the decoded pictures of which a logistic regression of real digits is more than 0.9 sure
kinds     exp of the entropy of the kinds that it reads: 10 where all ten digits come equally often
mmd       1000 · MMD² between the pictures and the test digits (page 10.8): how far the one crowd is from the other
lost      the share of the draws farther from every training code than a quarter of these codes' own spread
edges     mean difference of neighbouring pixels;  ink: mean brightness

and for each model the mean squared error of rebuilt test digits and the spread of its training codes.
"""

from __future__ import annotations

import argparse
import math
from pathlib import Path
from typing import Any, Final

import torch
from sklearn.linear_model import LogisticRegression
from torch import Tensor
from torch.distributions import MultivariateNormal

from vae_lib import data, pretrained
from vae_lib.beyond.diffusion import mmd_squared
from vae_lib.model import VAE, Autoencoder
from vae_lib.runs.files import record_text, write_atomically
from vae_lib.training import fit

RECORD: Final = pretrained.SHIPPED / "sampling.json"
MODELS: Final = {"autoencoder": Autoencoder, "VAE": VAE}
DRAWS: Final = 5_000


class Pictures:
    """What is measured of pictures, against the digits."""

    def __init__(self, digits: data.Dataset) -> None:
        self.digits = digits
        self.judge = LogisticRegression(max_iter=3000).fit(digits.train.numpy(), digits.train_labels.numpy())
        self.width = float(torch.pdist(digits.train).median())

    def measure(self, x: Tensor) -> dict[str, float]:
        sureness = torch.tensor(self.judge.predict_proba(x.numpy()))
        shares = torch.bincount(sureness.argmax(1), minlength=10) / len(x)
        image = x.reshape(-1, *self.digits.image_shape)
        steps = image.diff(dim=1).abs().mean(), image.diff(dim=2).abs().mean()
        return {
            "clear": float((sureness.max(1).values > 0.9).float().mean()),
            "kinds": math.exp(float(torch.special.entr(shares).sum())),
            "mmd": 1000 * mmd_squared(x, self.digits.test, self.width),
            "edges": float(sum(steps) / 2),
            "ink": float(x.mean()),
        }


def codes_of(model: VAE | Autoencoder, x: Tensor) -> Tensor:
    """The point that stands for each picture: a VAE's is the mean of Q(z|X)."""
    return model.encode(x).mean if isinstance(model, VAE) else model.encode(x)


@torch.no_grad()
def laws(model: VAE | Autoencoder, digits: data.Dataset, shrink: float, seed: int) -> dict[str, Tensor]:
    codes = codes_of(model, digits.train)
    center, covariance = codes.mean(0), torch.cov(codes.T)
    torch.manual_seed(seed)
    draws = {
        "fitted": MultivariateNormal(center, covariance),
        "shrunk": MultivariateNormal(center, covariance / shrink**2),
        "standard": MultivariateNormal(torch.zeros_like(center), torch.eye(len(center))),
    }
    return {
        "codes": codes_of(model, digits.test),
        **{name: law.sample(torch.Size([DRAWS])) for name, law in draws.items()},
    }


@torch.no_grad()
def measured(model: VAE | Autoencoder, pictures: Pictures, shrink: float, seed: int) -> dict[str, Any]:
    digits = pictures.digits
    codes = codes_of(model, digits.train)
    spread = float(codes.std(0).mean())
    found: dict[str, Any] = {
        "error": float(((model.decode(codes_of(model, digits.test)) - digits.test) ** 2).mean()),
        "spread": spread,
    }
    for name, z in laws(model, digits, shrink, seed).items():
        nearest = torch.cdist(z, codes).min(1).values
        lost = float((nearest > spread / 4).float().mean())
        found[name] = {**pictures.measure(model.decode(z)), "lost": lost}
    return found


def one_run(pictures: Pictures, latents: int, epochs: int, seed: int) -> dict[str, Any]:
    """Both models from one seed."""
    train = pictures.digits.train
    models: dict[str, VAE | Autoencoder] = {}
    for name, kind in MODELS.items():
        torch.manual_seed(seed)
        models[name] = kind(train.shape[1], latents, (128, 64))
        fit(models[name], train, epochs=epochs, batch_size=64, seed=seed, progress=False)
    with torch.no_grad():
        shrink = float(codes_of(models["VAE"], train).std(0).mean())
    return {name: measured(model, pictures, shrink, seed) for name, model in models.items()}


def rounded(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: rounded(each) for name, each in value.items()}
    if isinstance(value, list):
        return [rounded(each) for each in value]
    return round(value, 4) if isinstance(value, float) else value


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--seeds", type=int, default=8, help="trainings of each (default: %(default)s)")
    options.add_argument("--latents", type=int, nargs="+", default=[2, 12])
    options.add_argument("--epochs", type=int, nargs="+", default=[50, 200])
    options.add_argument("--out", type=Path, default=RECORD, help="the record (default: %(default)s)")
    chosen = options.parse_args()
    torch.set_num_threads(1)
    torch.set_flush_denormal(True)
    pictures = Pictures(data.load("digits"))
    digits = pictures.digits
    generator = torch.Generator().manual_seed(0)
    record: dict[str, Any] = {
        "command": "python benchmarks/sampling.py",
        "seeds": chosen.seeds,
        "draws": DRAWS,
        "baselines": {
            "test digits": {**pictures.measure(digits.test), "mmd": None},  # of a crowd from itself
            "training digits": pictures.measure(digits.train),
            "noise": pictures.measure(torch.rand(DRAWS, digits.train.shape[1], generator=generator)),
        },
        "settings": [],
    }
    for latents in chosen.latents:
        for epochs in chosen.epochs:
            runs = [one_run(pictures, latents, epochs, seed) for seed in range(chosen.seeds)]
            record["settings"].append({"latents": latents, "epochs": epochs, "runs": runs})
            print(f"{latents} latents, {epochs} epochs: done", flush=True)
    write_atomically(chosen.out, record_text(rounded(record)).encode())


if __name__ == "__main__":
    main()

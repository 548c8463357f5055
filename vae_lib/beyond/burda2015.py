"""Table 1 of Burda et al. 2015 for one stochastic layer on MNIST, as ``python -m vae_lib reproduce`` repeats it.

A decoder with 50 latents and two tanh layers of 200 each way, trained on images binarized anew in every epoch, by the
bound L_k for k = 1 (the VAE), 5 and 50, and measured by −log P(X) of the test images with 5000 importance samples.
"""

from __future__ import annotations

import functools
import json
import math
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn
from tqdm import tqdm

from vae_lib import evidence, training
from vae_lib.beyond.importance import iwae
from vae_lib.data import Dataset, binarize
from vae_lib.model import VAE
from vae_lib.runs.files import write_atomically
from vae_lib.runs.optimizer import Adam
from vae_lib.runs.settings import cosine

PUBLISHED = {"vae": 86.76, "iwae-5": 85.54, "iwae-50": 84.78}
"""Test −log P(X) in nats: Burda et al. 2015, Table 1, MNIST, one stochastic layer, k = 1, 5, 50."""

SOURCE = "Burda, Grosse and Salakhutdinov 2015, Importance Weighted Autoencoders, arXiv:1509.00519, Table 1"


class Stage(NamedTuple):
    """Epochs on one objective.

    Attributes:
        k: importance weights of the bound.
        rates: Adam's learning rate in each epoch.
        drawn: of the k latents, how many carry the gradient; see ``iwae``.
    """

    k: int
    rates: tuple[float, ...]
    drawn: int | None = None


def falling(epochs: int, first: float, last: float) -> tuple[float, ...]:
    """Rates from ``first`` to ``last``, each the same fraction of the one before."""
    return tuple(first * (last / first) ** (done / max(1, epochs - 1)) for done in range(epochs))


def _published(k: int) -> tuple[Stage, ...]:
    """3^(i-1) epochs at the rate 1e-4 · round(10^(1-(i-1)/7), 1), for i = 1 to 8: 3280 epochs."""
    rates = [[1e-4 * round(10 ** (1 - i / 7), 1)] * 3**i for i in range(8)]
    return (Stage(k, tuple(rate for passes in rates for rate in passes)),)


_VAE = (  # as it was run for the record, the first stages cut off where the next seemed better
    Stage(1, cosine(320, 4e-3, 1e-5)[:48]),
    Stage(1, falling(160, 2e-3, 3e-5)[:128]),
    Stage(1, cosine(600, 2e-3, 1e-5)),
)
SCHEDULES: dict[str, tuple[int, dict[str, tuple[Stage, ...]]]] = {
    "short": (
        200,
        {
            "vae": _VAE,
            "iwae-5": (*_VAE, Stage(5, falling(60, 7e-4, 1e-5), drawn=1)),
            "iwae-50": (*_VAE, Stage(50, falling(20, 7e-4, 1e-5), drawn=1)),
        },
    ),
    "published": (20, {name: _published(k) for name, k in (("vae", 1), ("iwae-5", 5), ("iwae-50", 50))}),
}
"""Examples a step, and each objective's stages. The short IWAE runs go on from the VAE, as in section 5.3."""


def build(dataset: Dataset, *, seed: int, latent_dim: int = 50, hidden: tuple[int, ...] = (200, 200)) -> VAE:
    """The paper's model before its first step: Glorot uniform weights, output bias at the logit of the mean image."""
    torch.manual_seed(seed)
    model = VAE(dataset.data_dim, latent_dim, hidden, likelihood="bernoulli", activation="tanh")
    linears = [module for module in model.modules() if isinstance(module, nn.Linear)]
    for linear in linears:
        nn.init.xavier_uniform_(linear.weight)
        nn.init.zeros_(linear.bias)
    with torch.no_grad():
        linears[-1].bias.copy_(torch.logit(dataset.train.mean(0), eps=1e-3))
    return model


def train(
    model: VAE, x: Tensor, stages: Sequence[Stage], folder: Path, *, batch_size: int, seed: int
) -> list[dict[str, Any]]:
    """Train in place through the stages, going on from whatever ``folder`` holds of them.

    A stage keeps its checkpoint under the names of the stages up to it, so that objectives with the same beginning
    share it.

    Returns:
        What each stage was: its settings, seconds of wall clock and of the processor, and the bound that the training
        examples reached in its last epoch, in nats.

    Raises:
        KeyboardInterrupt: Ctrl-C; whole epochs are in the folder.
    """
    done, name = [], ""
    for stage in stages:
        name += f"{'-' if name else ''}k{stage.k}x{len(stage.rates)}"
        clock = _Clock(folder / f"{name}.seconds.json")
        objective = functools.partial(iwae, k=stage.k, drawn=stage.drawn)
        history = training.fit(
            model,
            x,
            epochs=len(stage.rates),
            batch_size=batch_size,
            lr=(0.0, *stage.rates).__getitem__,  # epochs count from 1
            seed=seed,
            after_epoch=clock,
            checkpoint=folder / f"{name}.ckpt",
            objective=objective,
            optimizer=functools.partial(Adam, eps=1e-4),
        )
        if history.stopped:
            raise KeyboardInterrupt
        done.append(
            {
                "k": stage.k,
                "gradient": "of all k latents" if stage.drawn is None else f"of {stage.drawn} drawn from the k latents",
                "epochs": len(stage.rates),
                "rates": [stage.rates[0], stage.rates[-1]],
                "batch_size": batch_size,
                **clock.total(),
                "train_bound": round(history.elbo[-1], 4),
            }
        )
    return done


class _Clock:
    """Called after every epoch, keeps in a file what each took, over all the runs that it takes to train."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.taken: dict[str, list[float]] = {}
        try:
            if path.exists():
                self.taken = {
                    str(epoch): [float(one) for one in both]
                    for epoch, both in json.loads(path.read_text("utf-8")).items()
                }
        except (ValueError, TypeError, AttributeError) as error:
            raise ValueError(f"{path} is damaged ({error}); delete it to go on without its times") from None
        self.last = time.monotonic(), time.process_time()

    def __call__(self, epoch: int) -> None:
        now = time.monotonic(), time.process_time()
        self.taken[str(epoch)] = [now[0] - self.last[0], now[1] - self.last[1]] if epoch else [0.0, 0.0]
        self.last = now
        write_atomically(self.path, json.dumps(self.taken).encode())

    def total(self) -> dict[str, float]:
        wall, processor = zip(*self.taken.values(), strict=True)
        return {"seconds": round(sum(wall), 1), "processor_seconds": round(sum(processor), 1)}


@torch.no_grad()
def measure(model: VAE, test: Tensor, *, samples: int, seed: int) -> dict[str, Any]:
    """The figures of Table 1 on test examples, in nats per example.

    Args:
        test: brightness in [0, 1], shape ``(count, data_dim)`` with at least two rows; binarized once, with the seed.
        samples: importance samples from Q for each example.
        seed: of the binarization and of the samples.

    Returns:
        ``negative_log_evidence``, the mean of −log P(X), with two errors: ``standard_error`` over the examples, and
        ``monte_carlo_error`` of the samples, which is the smaller; ``bounds``, L_k for several k from the same samples;
        ``active_units`` (their section 5.3).
    """
    binary = binarize(test.cpu(), generator=torch.Generator().manual_seed(seed)).to(test.device)
    generator = torch.Generator(test.device).manual_seed(seed)
    ks = [k for k in (1, 2, 5, 10, 50, 100, 500, 1000, 5000) if k < samples] + [samples]
    means, log_evidence, variance, bounds = [], [], [], []
    for x in tqdm(binary.split(100), desc="log P(X)", unit="hundred", disable=None):
        q = model.encode(x)
        log_weights = evidence.importance_log_weights(model, x, q, samples, generator=generator)  # (samples, 100)
        estimate = evidence.summarize(log_weights)
        means.append(q.mean)
        log_evidence.append(estimate.log_evidence)
        variance.append(estimate.standard_error**2)
        bounds.append(evidence.iwae_curve(log_weights, ks))
    exact, count = torch.cat(log_evidence).double(), len(binary)
    curve = torch.cat(bounds, 1).double().mean(1).tolist()
    return {
        "negative_log_evidence": round(-float(exact.mean()), 4),
        "standard_error": round(float(exact.std()) / math.sqrt(count), 4),
        "monte_carlo_error": round(float(torch.cat(variance).double().sum().sqrt()) / count, 4),
        "bounds": {str(k): round(bound, 4) for k, bound in zip(ks, curve, strict=True)},
        "active_units": evidence.active_units(torch.cat(means)),
        "examples": count,
        "samples": samples,
        "binarized": f"once, each pixel a coin flip with its brightness, seed {seed}",
    }


def read_record(path: Path) -> dict[str, Any]:
    """The record in the file, to be added to, or an empty one where there is no file.

    Raises:
        ValueError: a file that holds something else, which is then left alone.
    """
    empty = {
        "source": SOURCE,
        "measure": "test -log P(X), nats per image",
        "published": PUBLISHED,
        "full_run": "python -m vae_lib reproduce burda2015 --schedule published",
        "entries": {},
    }
    if not path.exists():
        return empty
    try:
        found = json.loads(path.read_text("utf-8"))
        if found["source"] == SOURCE and isinstance(found["entries"], dict):
            return {**empty, "entries": found["entries"]}
    except (ValueError, KeyError, TypeError):
        pass
    raise ValueError(f"{path} holds no record of this table, so it is left as it is; give --out another name")


def describe(device: torch.device) -> str:
    """The device for a record."""
    return torch.cuda.get_device_name(device) if device.type == "cuda" else device.type


def stages_of(
    schedule: str, objective: str, *, epochs: int | None = None, lr: float | None = None
) -> tuple[Stage, ...]:
    """The stages of an objective, with the curve of rates kept where their number or their height is changed.

    Args:
        epochs: in each stage, in place of the schedule's.
        lr: the first rate of each stage, in place of the schedule's; the others in proportion.
    """
    stages = SCHEDULES[schedule][1][objective]
    changed = []
    for stage in stages:
        count = len(stage.rates) if epochs is None else epochs
        rates = [stage.rates[done * len(stage.rates) // count] for done in range(count)]
        factor = 1.0 if lr is None else lr / rates[0]
        changed.append(stage._replace(rates=tuple(rate * factor for rate in rates)))
    return tuple(changed)

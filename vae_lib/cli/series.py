"""``python -m vae_lib series``: models that differ in one thing, for a slider."""

from __future__ import annotations

import argparse
import copy
import math
import time
from collections.abc import Sequence
from typing import Any, Final

from vae_lib import data, pretrained, training
from vae_lib.cli import shared
from vae_lib.model import VAE
from vae_lib.runs.interrupt import CtrlC

SUMMARY: Final = "train models that differ in one thing"
HELP: Final = """\
Train several models that differ in one thing, and save them as one file, for a slider to go through.

  --over beta   one model for each weight on the KL term, all from the same first weights, with the same data, order
                and noise, for --epochs epochs each
  --over epoch  one training, of which the weights after each of these epochs are kept; 0 is before the first step

For --over beta, sigma has to be fixed by --sigma: only sigma^2 times beta matters for which model is best. The loss
with weight beta at sigma has the same optimum as the plain loss, Eq. (4) with beta = 1, at sigma times the square root
of beta. No part of the data is held out, and nothing stops early. Ctrl-C saves the models that are finished.

Examples:
  python -m vae_lib series --over beta --values 0.01 0.1 1 10 100 --sigma 0.16 --out my-betas
      from a map far wider than the prior to one point; a few minutes on scikit-learn's digits
  python -m vae_lib series --over epoch --values 0 1 2 5 20 100 --out my-epochs
      moments of one training of 100 epochs; under a minute
"""

Figures = tuple[float | None, float | None]
"""Reconstruction and KL of the training data in an epoch; none before the first."""


def options(command: argparse.ArgumentParser) -> None:
    """What the command takes."""
    command.add_argument("--over", choices=("beta", "epoch"), required=True, help="what the models differ in")
    command.add_argument(
        "--values", type=float, nargs="+", required=True, metavar="VALUE", help="its values, rising, a model for each"
    )
    shared.model_options(command)
    command.add_argument(
        "--epochs", type=shared.positive, help="how many (default: 300, or the last of --values with --over epoch)"
    )
    shared.step_options(command)


def _series_values(options: argparse.Namespace) -> tuple[list[float], int]:
    """The values, whole numbers for epochs, and how many epochs to train."""
    values: list[float] = options.values
    if not all(math.isfinite(value) and value >= 0 for value in values) or sorted(set(values)) != values:
        raise ValueError(f"--values must be numbers of at least 0, rising, got {' '.join(f'{v:g}' for v in values)}")
    if options.over == "beta":
        if options.likelihood == "gaussian" and options.sigma is None:
            raise ValueError("--over beta needs --sigma, which is then the same for all; such as --sigma 0.16")
        return values, options.epochs or 300
    if not all(value.is_integer() for value in values) or values[-1] < 1:
        raise ValueError(f"epochs are whole numbers, the last at least 1, got {' '.join(f'{v:g}' for v in values)}")
    epochs = options.epochs or int(values[-1])
    if epochs < values[-1]:
        raise ValueError(f"--epochs {epochs} ends before the last of --values, {values[-1]:g}; leave --epochs out")
    return [int(value) for value in values], epochs


def _train(
    options: argparse.Namespace, dataset: data.Dataset, values: list[float], epochs: int
) -> tuple[list[VAE], list[Figures], BaseException | None]:
    """The models that were finished, the figures of each in training, and what ended it early, if anything."""
    betas, kept = (values, [epochs]) if options.over == "beta" else ([1.0], values)
    models: list[VAE] = []
    seen: list[Figures] = []
    for beta in betas:
        model = shared.first_model(options, dataset)

        def keep(epoch: int, model: VAE = model) -> None:
            if epoch in kept:
                models.append(copy.deepcopy(model))

        try:
            history = training.fit(
                model,
                dataset.train,
                epochs=epochs,
                batch_size=options.batch_size,
                lr=options.lr,
                beta=beta,
                seed=options.seed,
                after_epoch=keep,
            )
        except training.NonFiniteLossError as error:
            return models[: len(seen)], seen, error
        by_epoch = zip(history.reconstruction, history.kl, strict=True)
        rounded = [(None, None), *((round(reconstruction, 4), round(kl, 4)) for reconstruction, kl in by_epoch)]
        seen += [rounded[int(epoch)] for epoch in kept if epoch < len(rounded)]
        if history.stopped:
            return models[: len(seen)], seen, KeyboardInterrupt()
    return models, seen, None


def _entry(
    options: argparse.Namespace, dataset: data.Dataset, value: float, model: VAE, in_training: Figures
) -> dict[str, Any]:
    """The figures of one model, rounded as it will be saved."""
    shared.round_weights(model, options.bits)
    reached = pretrained.entry_figures(model, dataset.test)
    shared.say(
        f"{options.over} {value:g}: KL {reached['test_kl']}, ELBO {reached['test_elbo']} nats on the test examples"
    )
    reconstruction, kl = in_training
    return {options.over: value, "train_reconstruction": reconstruction, "train_kl": kl, **reached}


def run(options: argparse.Namespace, command_line: Sequence[str]) -> None:
    """Train them all, measure each, save them together: those that are finished, whatever ends it."""
    values, epochs = _series_values(options)
    dataset = shared.prepare(options, command_line)
    shared.say(f"{dataset.name}: {len(dataset.train)} to train on, {len(dataset.test)} to test on")
    started = time.monotonic()
    models, seen, ended = _train(options, dataset, values, epochs)
    seconds = time.monotonic() - started
    if ended and not models:
        raise ended
    with CtrlC() as ctrl_c:  # what was trained is measured and saved all the same, which takes seconds
        entries = [_entry(options, dataset, *one) for one in zip(values, models, seen, strict=False)]
        details = {
            **shared.origin(options, command_line, train=len(dataset.train), test=len(dataset.test)),
            "epochs": epochs,
            "seconds": round(seconds, 1),
            **({"stopped": True} if ended else {}),
            "entries": entries,
        }
        test = {"test": dataset.test, "test_labels": dataset.test_labels}
        path = shared.save(
            options.out,
            lambda out: pretrained.save_series(models, out, options.over, values[: len(models)], details, **test),
        )
    held = f"{path} holds {len(models)} of the {len(values)} models"
    if isinstance(ended, Exception):
        raise RuntimeError(f"{ended}; {held}")
    if ended or ctrl_c.pressed:
        raise KeyboardInterrupt(held)
    shared.say(f"saved {path}")

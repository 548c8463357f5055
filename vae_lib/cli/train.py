"""``python -m vae_lib train``: the models that ship are made by this command."""

from __future__ import annotations

import argparse
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import torch

from vae_lib import data, pretrained, training
from vae_lib.cli import shared
from vae_lib.model import Autoencoder
from vae_lib.pretrained import rebuilt
from vae_lib.runs.device import find_device

SUMMARY: Final = "train a model and save it"
HELP: Final = """\
Train a variational autoencoder and save it with a record of how it was made.

The loss is minus the right side of Eq. (4): the reconstruction log P(X|z) at one z drawn from Q(z|X), less the KL
divergence of Q(z|X) from the prior. A part of the training data is held out; training stops when the ELBO on it has
not improved for --patience epochs, and the best epoch's weights are kept. The test examples are looked at once, at the
end.

Examples:
  python -m vae_lib train --data digits --out my-digits
      a model with 2 latents on scikit-learn's digits; under a minute
  python -m vae_lib train --data mnist --hidden 512 128 --out my-mnist
      the same on MNIST, downloaded on first use; --epochs 20 gives a first look
  python -m vae_lib train --data mnist --likelihood bernoulli --out grey
      cross-entropy on grey values: usual, but not the logarithm of a density of the data
  python -m vae_lib train --data digits --autoencoder --sigma 0.16 --out my-plain
      a plain autoencoder to compare with: squared error alone, no prior and no KL; sigma only weighs the loss
"""
MOST_CODES: Final = 1000
"""Test examples whose Q(z|X) is saved with a model of more than two latents; of two, a map shows all."""


def options(command: argparse.ArgumentParser) -> None:
    """What the command takes."""
    shared.model_options(command)
    command.add_argument(
        "--autoencoder", action="store_true", help="train a plain autoencoder in place of the VAE: no Q, prior or KL"
    )
    command.add_argument("--beta", type=float, default=1.0, help="weight on the KL term; 1 is Eq. (4) (default: 1)")
    command.add_argument("--epochs", type=shared.positive, default=300, help="at most this many (default: %(default)s)")
    command.add_argument(
        "--patience", type=shared.positive, default=30, help="epochs without gain (default: %(default)s)"
    )
    command.add_argument(
        "--checkpoint", type=Path, help="a file written after every epoch; the same command goes on from it"
    )
    command.add_argument("--device", default="auto", help="auto, cpu or cuda (default: auto: a GPU where there is one)")
    shared.step_options(command)
    shared.examples_option(command)


def _first_autoencoder(options: argparse.Namespace, dataset: data.Dataset) -> Autoencoder:
    if options.likelihood != "gaussian":
        raise ValueError(f"an autoencoder is trained on squared error; leave --likelihood {options.likelihood} out")
    if options.beta != 1:
        raise ValueError(f"--beta weighs the KL term, which an autoencoder has not; leave --beta {options.beta:g} out")
    torch.manual_seed(options.seed)
    sigma = {} if options.sigma is None else {"sigma": options.sigma}
    return Autoencoder(dataset.data_dim, options.latent_dim, tuple(options.hidden), **sigma)


def run(options: argparse.Namespace, command_line: Sequence[str]) -> None:
    """Train, save, measure, save the figures too."""
    dataset = shared.prepare(options)
    held_out = max(1, len(dataset.train) // 10)
    train, validation = dataset.train[:-held_out], dataset.train[-held_out:]
    model = _first_autoencoder(options, dataset) if options.autoencoder else shared.first_model(options, dataset)
    resumed = options.checkpoint is not None and options.checkpoint.exists()
    print(f"{dataset.name}: {len(train)} to train on, {len(validation)} held out, {len(dataset.test)} to test on")
    started = time.monotonic()
    history = training.fit(
        model,
        train,
        epochs=options.epochs,
        batch_size=options.batch_size,
        lr=options.lr,
        beta=options.beta,
        seed=options.seed,
        validation=validation,
        patience=options.patience,
        checkpoint=options.checkpoint,
        device=options.device,
    )
    seconds = time.monotonic() - started
    if history.stopped and not history.kl:
        raise KeyboardInterrupt
    exact = rebuilt(model, dataset.test)
    shared.round_weights(model, options.bits)
    details = {
        **shared.origin(options, command_line, train=len(train), validation=len(validation), test=len(dataset.test)),
        **({} if options.autoencoder else {"beta": options.beta}),
        "epochs_run": len(history.kl),
        "best_epoch": history.best_epoch,
        "gained_lately": _gained(history.validation, options.patience),
        "rounding": round(float((rebuilt(model, dataset.test) - exact).abs().max()), 6),  # of a pixel, at most
        "stopped": history.stopped,
        "resumed": resumed,
        "device": find_device(options.device).type,
        "seconds": round(seconds, 1),
    }
    few = slice(None if options.latent_dim <= 2 else MOST_CODES)
    codes = {"test": dataset.test[few], "test_labels": dataset.test_labels[few]}
    path = pretrained.save(model, options.out, details, **codes)  # before measuring, which takes long and can fail
    print(f"best epoch {history.best_epoch} of {len(history.kl)}; saved {path}")
    if history.stopped:
        onward = f"; the same command goes on from {options.checkpoint}" if options.checkpoint else ""
        raise KeyboardInterrupt(f"{path} holds the model, without figures; measure it with evaluate{onward}")
    try:
        reached = pretrained.figures(model, dataset.test, examples=options.examples)
    except (RuntimeError, KeyboardInterrupt) as error:
        raise RuntimeError(
            f"{path} holds the model, without figures ({error or 'stopped'}); measure it with evaluate"
        ) from None
    pretrained.save(model, options.out, {**details, "figures": reached}, **codes)
    print(shared.table(reached))


def _gained(validation: list[float], patience: int) -> float | None:
    """Nats that the held-out ELBO gained in the last ``patience`` epochs: 0 where patience ran out."""
    before = validation[:-patience]
    return round(max(validation) - max(before), 3) if before else None

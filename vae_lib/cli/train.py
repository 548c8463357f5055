"""``python -m vae_lib train``: the models that ship are made by this command."""

from __future__ import annotations

import argparse
import math
import shlex
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import torch

from vae_lib import data, pretrained, training
from vae_lib.cli import shared
from vae_lib.model import VAE, Autoencoder
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
  python -m vae_lib train --data my-pictures --image-size 32 --out mine
      your own pictures, in a folder with a subfolder for each class or without; so do a table.csv and an array.npy.
      What was found is said first; one in five is kept for the test, the same ones each time
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
    command.add_argument(
        "--device", default="auto", help="auto (a GPU if there is one), cpu, cuda, mps (default: auto)"
    )
    shared.step_options(command)
    shared.examples_option(command)


def _first_autoencoder(options: argparse.Namespace, dataset: data.Dataset) -> Autoencoder:
    if options.likelihood != "gaussian":
        raise ValueError(f"an autoencoder is trained on squared error; leave --likelihood {options.likelihood} out")
    if options.beta != 1:
        raise ValueError(f"--beta weighs the KL term, which an autoencoder has not; leave --beta {options.beta:g} out")
    if dataset.about.columns or options.channels or options.sigma == "each":
        raise ValueError("an autoencoder is for pictures, without --channels and --sigma each; leave --autoencoder out")
    torch.manual_seed(shared.seed_of(options))
    sigma = {} if options.sigma is None else {"sigma": options.sigma}
    return Autoencoder(dataset.data_dim, options.latent_dim, tuple(options.hidden), **sigma)


def run(options: argparse.Namespace, command_line: Sequence[str]) -> None:
    """Train, save, measure, save the figures too."""
    kept = options.checkpoint
    if kept is not None and kept.resolve() == pretrained.file_of(options.out).resolve():
        raise ValueError(f"--checkpoint {kept} is the file of the model, which would be written over it; name another")
    dataset = shared.prepare(options, command_line)
    held_out = max(1, len(dataset.train) // 10)
    train, validation = dataset.train[:-held_out], dataset.train[-held_out:]
    if len(train) == 0:
        raise ValueError(f"{options.data} holds {len(dataset.train)} examples to train on, too few to hold one out")
    model = _first_autoencoder(options, dataset) if options.autoencoder else shared.first_model(options, dataset)
    model.about = replace(dataset.about, image_shape=dataset.image_shape)
    resumed = options.checkpoint is not None and options.checkpoint.exists()
    shared.say(f"{dataset.name}: {len(train)} to train on, {len(validation)} held out, {len(dataset.test)} to test on")
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
        after_epoch=_progress(options.epochs),
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
    path = shared.save(
        options.out, lambda out: pretrained.save(model, out, details, **codes)
    )  # before measuring, which takes long and can fail
    shared.say(f"best epoch {history.best_epoch} of {len(history.kl)}; saved {path}")
    if history.stopped:
        onward = f"; the same command goes on from {options.checkpoint}" if options.checkpoint else ""
        raise KeyboardInterrupt(f"{path} holds the model, without figures; measure it with evaluate{onward}")
    left = f"{path} holds the model, without figures ({{}}); measure it with evaluate"
    try:
        reached = pretrained.figures(model, dataset.test, examples=options.examples)
        shared.save(options.out, lambda out: pretrained.save(model, out, {**details, "figures": reached}, **codes))
    except KeyboardInterrupt:
        raise KeyboardInterrupt(left.format("stopped")) from None
    except (RuntimeError, ValueError, OSError, MemoryError) as error:
        raise RuntimeError(left.format(error)) from None
    shared.say(shared.table(reached))
    for line in _summary(options, model, reached, details["gained_lately"], path):
        shared.say(line)


def _progress(epochs: int) -> Callable[[int], object]:
    """Where no bar is seen, a line on standard error for each twentieth of the epochs."""
    every = max(1, epochs // 20)

    def tell(epoch: int) -> None:
        if epoch and epoch % every == 0 and not (sys.stderr and sys.stderr.isatty()):
            shared.complain(f"epoch {epoch} of at most {epochs}")

    return tell


def _summary(
    options: argparse.Namespace, model: VAE | Autoencoder, reached: dict[str, Any], gained: float | None, path: Path
) -> list[str]:
    """What was reached, in units; whether more epochs would help; and how to look at it in Python."""
    off = math.sqrt(reached["squared_error"])
    unit = "standard deviations of its column" if model.about.columns else "of the brightness from 0 to 1"
    lines = [f"f(z) is off by {off:.3f} {unit}, as a root mean square over the test examples"]
    if "test_elbo" in reached:
        rate, bits = reached["test_kl"], reached["test_kl"] / math.log(2)
        lines.append(f"ELBO {reached['test_elbo']:.2f} nats an example; z costs {rate:.2f} of them, {bits:.1f} bits")
    if gained is None:
        lines.append(f"training was shorter than --patience {options.patience}: more --epochs may gain")
    elif gained > 0:
        lines.append(f"training was still gaining, {gained:.2f} nats in its last {options.patience} epochs: try more")
    else:
        lines.append(f"training had stopped improving: nothing gained in its last {options.patience} epochs")
    name = str(path.with_suffix("")) if path.parent != Path() else f"./{path.stem}"
    if model.latent_dim == 2 or (model.latent_dim > 2 and isinstance(model, VAE)):
        widget = "LatentExplorer" if model.latent_dim == 2 else "LatentSliders"
        lines.append(f"look at it: python -m vae_lib view {shlex.quote(name)}")
        lines.append(f"in a notebook: from vae_lib.widgets import {widget}; {widget}({name!r})")
    else:
        lines.append(f"in Python: from vae_lib import pretrained; codes, labels = pretrained.codes({name!r})")
    return lines


def _gained(validation: list[float], patience: int) -> float | None:
    """Nats that the held-out ELBO gained in the last ``patience`` epochs: 0 where patience ran out."""
    before = validation[:-patience]
    return round(max(validation) - max(before), 3) if before else None

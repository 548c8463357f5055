"""``python -m vae_lib reproduce``: a published table once more."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from vae_lib import data
from vae_lib.beyond import burda2015
from vae_lib.cli import shared
from vae_lib.cli.shared import positive, several
from vae_lib.runs.device import find_device
from vae_lib.runs.files import check_writable, record_text, write_atomically

SUMMARY: Final = "train and measure a published table"
HELP: Final = """\
Train and measure the models of a published table, and write a record that stands beside it.

burda2015 is Table 1 of Burda, Grosse and Salakhutdinov 2015 on MNIST, with one stochastic layer of 50 latents: the
VAE, and the IWAE with k = 5 and 50. Each is trained on images that are binarized anew in every epoch, and measured by
-log P(X) of the test images, binarized once, with 5000 importance samples each.

  --schedule short      what a processor does in about two hours for all three; the IWAEs go on from the VAE
  --schedule published  theirs: batches of 20, 3280 epochs; days on a processor, so for a GPU

Every epoch is kept in --folder: start a stopped command again, and it goes on. The record is written after each
objective; those in it that are not asked for stay as they are.

Examples:
  python -m vae_lib reproduce burda2015
  python -m vae_lib reproduce burda2015 --objectives vae --epochs 5 --samples 100
      a first look, in a few minutes
  python -m vae_lib reproduce burda2015 --schedule published --device cuda
"""


def options(command: argparse.ArgumentParser) -> None:
    """What the command takes."""
    command.add_argument("paper", choices=("burda2015",), help="whose table")
    command.add_argument(
        "--objectives",
        nargs="+",
        choices=tuple(burda2015.PUBLISHED),
        default=list(burda2015.PUBLISHED),
        metavar="OBJECTIVE",
        help=f"which rows, of {', '.join(burda2015.PUBLISHED)} (default: all)",
    )
    command.add_argument(
        "--schedule", choices=tuple(burda2015.SCHEDULES), default="short", help="rates and epochs (default: short)"
    )
    command.add_argument("--epochs", type=positive, help="in each stage of the schedule, in place of its own number")
    command.add_argument("--batch-size", type=positive, help="examples a step, in place of the schedule's")
    command.add_argument("--lr", type=float, help="first rate of each stage, in place of the schedule's")
    command.add_argument("--samples", type=several, default=5000, help="for each test example (default: %(default)s)")
    command.add_argument("--examples", type=several, help="measure this many test examples (default: all)")
    command.add_argument("--data", choices=("mnist", "digits"), default="mnist", help="digits: to try the command")
    command.add_argument("--seed", type=int, default=0, help="of weights, order and noise (default: %(default)s)")
    command.add_argument("--device", default="auto", help="auto, cpu or cuda (default: auto: a GPU where there is one)")
    command.add_argument("--out", type=Path, default=Path("burda2015.json"), help="the record (default: %(default)s)")
    command.add_argument(
        "--folder", type=Path, default=Path("burda2015"), help="for checkpoints (default: %(default)s)"
    )


def run(options: argparse.Namespace, command_line: Sequence[str]) -> None:
    """Train and measure each objective, and write the record after each."""
    try:
        _reproduce(options, command_line)
    except KeyboardInterrupt:
        raise KeyboardInterrupt(
            f"{options.folder} keeps the whole epochs; the same command goes on from there"
        ) from None


def _reproduce(options: argparse.Namespace, command_line: Sequence[str]) -> None:
    dataset = data.load(options.data)
    device = find_device(options.device)
    batch_size = options.batch_size or burda2015.SCHEDULES[options.schedule][0]
    record = burda2015.read_record(options.out)
    for path in (options.folder / "one", options.out):
        check_writable(path)  # fails now rather than after the training
    options.folder.mkdir(parents=True, exist_ok=True)
    for objective in options.objectives:
        stages = burda2015.stages_of(options.schedule, objective, epochs=options.epochs, lr=options.lr)
        model = burda2015.build(dataset, seed=options.seed).to(device)
        train, test = dataset.train.to(device), dataset.test[: options.examples].to(device)
        done = burda2015.train(model, train, stages, options.folder, batch_size=batch_size, seed=options.seed)
        record["entries"][objective] = {
            **shared.origin(options, command_line, train=len(train), test=len(test)),
            "device": burda2015.describe(device),
            "published": burda2015.PUBLISHED[objective],
            "model": model.config(),
            "schedule": options.schedule,
            "stages": done,
            "epochs": sum(stage["epochs"] for stage in done),
            "seconds": round(sum(stage["seconds"] for stage in done), 1),
            "test": burda2015.measure(model, test, samples=options.samples, seed=options.seed),
        }
        write_atomically(options.out, record_text(record).encode())
        reached = record["entries"][objective]["test"]
        shared.say(
            f"{objective}: -log P(X) {reached['negative_log_evidence']:.2f} ± {reached['standard_error']:.2f} nats, "
            f"published {burda2015.PUBLISHED[objective]}; {reached['active_units']} active units"
        )
    shared.say(f"saved {options.out}")

"""``python -m vae_lib evaluate``: a saved model on the test examples of its data."""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from typing import Final

from vae_lib import pretrained
from vae_lib.cli import shared

SUMMARY: Final = "measure a saved model"
HELP: Final = """\
Measure a saved model on the test examples of its data. Nats per example, pixels and latents summed.

  reconstruction  E_Q[log P(X|z)], first term of Eq. (4)      (minus the distortion)
  kl              D[Q(z|X)||P(z)], second term of Eq. (4)     (the rate)
  elbo            their difference, at most log P(X)
  log_evidence    log P(X): by a grid over z for 1 or 2 latents, otherwise by importance sampling from Q
  squared_error   mean over pixels at the mean of Q(z|X)

A plain autoencoder has its reconstruction and its squared error, both at its code: there is no Q, KL or log P(X).

Examples:
  python -m vae_lib evaluate digits-2
  python -m vae_lib evaluate my-mnist --examples 200 --json
"""


def options(command: argparse.ArgumentParser) -> None:
    """What the command takes."""
    command.add_argument("model", help=f"a path, or a model that ships: {', '.join(pretrained.names())}")
    command.add_argument("--json", action="store_true", help="print JSON instead of a table")
    command.add_argument("--data", help="where its data lies now, if not where it lay (default: as the record says)")
    shared.own_options(command)
    shared.examples_option(command)


def run(options: argparse.Namespace, command_line: Sequence[str]) -> None:
    """Measure, and print a table or JSON."""
    model = pretrained.load(options.model)
    record = pretrained.record(options.model)
    name = options.data or record.get("data")
    if not isinstance(name, str):
        raise ValueError(f"the record of {options.model!r} does not name its data set; name it with --data")
    given = {
        key: record.get(key) if getattr(options, key) is None else getattr(options, key)
        for key in ("image_size", "white")
    }
    say = shared.complain if options.json else shared.say  # standard output is JSON alone then
    dataset = shared.find_data(name, **given, say=say)
    test = dataset.test
    if model.about.columns:
        if dataset.about.columns != model.about.columns:
            raise ValueError(
                f"{name} must have the columns {', '.join(model.about.columns)}, got {', '.join(dataset.about.columns)}"
            )
        test = model.about.standardized(dataset.about.in_units(test.double())).float()
    split = record.get("data_split")
    if isinstance(split, dict) and split.get("test") not in (None, len(test)):
        say(f"{name}: {len(test)} examples to test on, {split['test']} when the model was made")
    reached = pretrained.figures(model, test, examples=options.examples)
    text = json.dumps(reached, indent=2, allow_nan=False) if options.json else shared.table(reached)
    shared.say(text)

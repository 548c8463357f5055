"""``python -m vae_lib train`` and ``evaluate``: the models that ship are made by this command."""

from __future__ import annotations

import argparse
import json
import math
import shlex
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from tqdm import tqdm

from vae_lib import data, evidence, pretrained, training
from vae_lib.model import VAE

TRAIN_HELP = """\
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
"""

EVALUATE_HELP = """\
Measure a saved model on the test examples of its data. Nats per example, pixels and latents summed.

  reconstruction  E_Q[log P(X|z)], first term of Eq. (4)      (minus the distortion)
  kl              D[Q(z|X)||P(z)], second term of Eq. (4)     (the rate)
  elbo            their difference, at most log P(X)
  log_evidence    log P(X): by a grid over z for 1 or 2 latents, otherwise by importance sampling from Q

Examples:
  python -m vae_lib evaluate digits-2
  python -m vae_lib evaluate my-mnist --examples 200 --json
"""


def _positive(text: str) -> int:
    value = int(text)
    if value < 1:
        raise argparse.ArgumentTypeError(f"must be at least 1, got {value}")
    return value


def parser() -> argparse.ArgumentParser:
    """The command line, with help that says what each setting means."""
    top = argparse.ArgumentParser(
        prog="python -m vae_lib", description="Train and measure variational autoencoders.", allow_abbrev=False
    )
    commands = top.add_subparsers(dest="command", required=True, metavar="{train,evaluate}")
    style = argparse.RawDescriptionHelpFormatter

    train = commands.add_parser(
        "train", help="train a model and save it", description=TRAIN_HELP, formatter_class=style
    )
    train.add_argument("--data", choices=data.NAMES, default="digits", help="data set (default: %(default)s)")
    train.add_argument("--out", type=Path, required=True, help="where to save, without an ending")
    train.add_argument("--latent-dim", type=_positive, default=2, help="dimensions of z (default: %(default)s)")
    train.add_argument(
        "--hidden",
        type=_positive,
        nargs="+",
        default=[256, 128],
        metavar="WIDTH",
        help="hidden layers of the encoder; the decoder mirrors them (default: 256 128)",
    )
    train.add_argument(
        "--likelihood",
        choices=("gaussian", "bernoulli"),
        default="gaussian",
        help="P(X|z): N(f(z), sigma^2 I), or coin flips for binarized data (default: %(default)s)",
    )
    train.add_argument(
        "--sigma",
        type=float,
        help="keep sigma of the Gaussian at this value, in units of brightness 0..1; without it sigma is learned",
    )
    train.add_argument("--beta", type=float, default=1.0, help="weight on the KL term; 1 is Eq. (4) (default: 1)")
    train.add_argument("--epochs", type=_positive, default=300, help="at most this many (default: %(default)s)")
    train.add_argument("--patience", type=_positive, default=30, help="epochs without gain (default: %(default)s)")
    train.add_argument("--batch-size", type=_positive, default=128, help="examples a step (default: %(default)s)")
    train.add_argument("--lr", type=float, default=1e-3, help="Adam's first learning rate (default: %(default)s)")
    train.add_argument("--seed", type=int, default=0, help="of weights, order and noise (default: %(default)s)")

    evaluate = commands.add_parser(
        "evaluate", help="measure a saved model", description=EVALUATE_HELP, formatter_class=style
    )
    evaluate.add_argument("model", help=f"a path, or a model that ships: {', '.join(pretrained.names())}")
    evaluate.add_argument("--json", action="store_true", help="print JSON instead of a table")
    for command in (train, evaluate):
        command.add_argument(
            "--examples",
            type=_positive,
            default=1000,
            help="test examples whose log P(X) is measured (default: at most %(default)s)",
        )
    return top


@torch.no_grad()
def figures(model: VAE, test: Tensor, *, examples: int = 1000) -> dict[str, Any]:
    """The figures of a model's record, on test examples, in nats per example.

    Args:
        test: shape ``(count, data_dim)``; the ELBO is that of all of them, with ten draws of z each.
        examples: log P(X) is measured on the first so many.

    Returns:
        ``test_reconstruction``, ``test_kl``, ``test_elbo``; ``test_log_evidence`` with the ``standard_error`` of its
        mean over examples, and ``test_elbo_same_examples`` beside it; ``squared_error``, mean over pixels at z = μ(X).
    """
    reconstruction, kl = training.mean_terms(model, test, samples=10)
    few = test[:examples]
    bar = tqdm(few, desc="log P(X)", unit="example", disable=None)
    if model.latent_dim <= 2:
        method = "grid"
        log_evidence = torch.tensor([evidence.grid(model, x).log_evidence for x in bar])
    else:
        method = "importance sampling from Q, 500 draws"
        generator = torch.Generator().manual_seed(0)
        log_evidence = torch.cat(
            [
                evidence.importance_sampling(model, x[None], model.encode(x[None]), 500, generator=generator)[0]
                for x in bar
            ]
        )
    few_reconstruction, few_kl = training.mean_terms(model, few, samples=10)
    return {
        "test_reconstruction": round(reconstruction, 4),
        "test_kl": round(kl, 4),
        "test_elbo": round(reconstruction - kl, 4),
        "test_log_evidence": round(float(log_evidence.mean()), 4),
        "standard_error": round(float(log_evidence.std()) / math.sqrt(len(few)), 4) if len(few) > 1 else None,
        "test_elbo_same_examples": round(few_reconstruction - few_kl, 4),
        "log_evidence_method": method,
        "log_evidence_examples": len(few),
        "squared_error": round(float(((model.decode(model.encode(test).mean) - test) ** 2).mean()), 6),
        "sigma": round(model.sigma, 6),
        "likelihood": model.likelihood,
    }


def _revision() -> str:
    """The commit of the code, with ``+`` where the working tree differs from it."""
    command = ["git", "-C", str(Path(__file__).parent), "describe", "--always", "--dirty=+", "--abbrev=12"]
    try:
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return "unknown"


def _train(options: argparse.Namespace, command_line: Sequence[str]) -> None:
    if not options.out.name:
        raise ValueError(f"--out must name a file, without an ending, got {str(options.out)!r}")
    dataset = data.load(options.data)
    options.out.parent.mkdir(parents=True, exist_ok=True)  # fails now rather than after the training
    held_out = max(1, len(dataset.train) // 10)
    train, validation = dataset.train[:-held_out], dataset.train[-held_out:]
    torch.manual_seed(options.seed)  # the first weights
    sigma = {"learn_sigma": True} if options.sigma is None else {"sigma": options.sigma}
    model = VAE(dataset.data_dim, options.latent_dim, tuple(options.hidden), likelihood=options.likelihood, **sigma)
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
    )
    seconds = time.monotonic() - started
    pretrained.round_to_half(model)
    details = {
        "command": "python -m vae_lib " + shlex.join(command_line),
        "data": dataset.name,
        "data_split": {"train": len(train), "validation": len(validation), "test": len(dataset.test)},
        "seed": options.seed,
        "beta": options.beta,
        "epochs_run": len(history.kl),
        "best_epoch": history.best_epoch,
        "seconds": round(seconds, 1),
        "threads": torch.get_num_threads(),
        "torch": torch.__version__,
        "code_revision": _revision(),
    }
    codes = {"test": dataset.test, "test_labels": dataset.test_labels}
    path = pretrained.save(model, options.out, details, **codes)  # before measuring, which takes long and can fail
    print(f"best epoch {history.best_epoch} of {len(history.kl)}; saved {path} and {path.with_suffix('.json').name}")
    try:
        reached = figures(model, dataset.test, examples=options.examples)
    except (RuntimeError, KeyboardInterrupt) as error:
        raise RuntimeError(
            f"{path} holds the model, without figures ({error or 'stopped'}); measure it with evaluate"
        ) from None
    pretrained.save(model, options.out, {**details, "figures": reached}, **codes)
    print(_table(reached))


def _evaluate(options: argparse.Namespace) -> None:
    model = pretrained.load(options.model)
    record = pretrained.record(options.model)
    if "data" not in record:
        raise ValueError(
            f"the record of {options.model!r} does not name its data set; save it with details={{'data': ...}}"
        )
    dataset = data.load(record["data"])
    reached = figures(model, dataset.test, examples=options.examples)
    print(json.dumps(reached, indent=2) if options.json else _table(reached))


def _table(reached: dict[str, Any]) -> str:
    return "\n".join(f"{name:<26}{value}" for name, value in reached.items())


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; 0 on success, 2 with one line on standard error if something is wrong."""
    arguments = list(sys.argv[1:] if arguments is None else arguments)
    options = parser().parse_args(arguments)
    try:
        if options.command == "train":
            _train(options, arguments)
        else:
            _evaluate(options)
    except (ValueError, OSError, RuntimeError, training.NonFiniteLossError) as error:
        print(f"vae_lib: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("vae_lib: stopped; nothing was saved", file=sys.stderr)
        return 130
    return 0


if __name__ == "__main__":
    # Adam's state decays into denormal numbers, which are slow; this has to come before torch starts its threads.
    torch.set_flush_denormal(True)
    sys.exit(main())

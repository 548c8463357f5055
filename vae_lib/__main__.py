"""``python -m vae_lib train``, ``series`` and ``evaluate``: the models that ship are made by this command."""

from __future__ import annotations

import argparse
import copy
import json
import math
import shlex
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import torch
from torch import Tensor
from tqdm import tqdm

from vae_lib import data, evidence, pretrained, reproduce, training
from vae_lib.files import write_atomically
from vae_lib.model import VAE, Autoencoder

MOST_CODES: Final = 1000
"""Test examples whose Q(z|X) is saved with a model of more than two latents; of two, a map shows all."""

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
  python -m vae_lib train --data digits --autoencoder --sigma 0.16 --out my-plain
      a plain autoencoder to compare with: squared error alone, no prior and no KL; sigma only weighs the loss
"""

SERIES_HELP = """\
Train several models that differ in one thing, and save them as one pair of files, for a slider to go through.

  --over beta   one model for each weight on the KL term, all from the same first weights, with the same data, order
                and noise, for --epochs epochs each
  --over epoch  one training, of which the weights after each of these epochs are kept; 0 is before the first step

For --over beta, sigma has to be fixed by --sigma: only sigma^2 times beta matters for which model is best. The loss
with weight beta at sigma has the same optimum as the plain loss, Eq. (4) with beta = 1, at sigma times the square root
of beta. No part of the data is held out, and nothing stops early.

Examples:
  python -m vae_lib series --over beta --values 0.01 0.1 1 10 100 --sigma 0.16 --out my-betas
      from a map far wider than the prior to one point; a few minutes on scikit-learn's digits
  python -m vae_lib series --over epoch --values 0 1 2 5 20 100 --out my-epochs
      moments of one training of 100 epochs; under a minute
"""

EVALUATE_HELP = """\
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

REPRODUCE_HELP = """\
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
    commands = top.add_subparsers(dest="command", required=True, metavar="{train,series,reproduce,evaluate}")
    style = argparse.RawDescriptionHelpFormatter

    train = commands.add_parser(
        "train", help="train a model and save it", description=TRAIN_HELP, formatter_class=style
    )
    series = commands.add_parser(
        "series", help="train models that differ in one thing", description=SERIES_HELP, formatter_class=style
    )
    series.add_argument("--over", choices=("beta", "epoch"), required=True, help="what the models differ in")
    series.add_argument(
        "--values", type=float, nargs="+", required=True, metavar="VALUE", help="its values, rising, a model for each"
    )
    for command in (train, series):
        command.add_argument("--data", choices=data.NAMES, default="digits", help="data set (default: %(default)s)")
        command.add_argument("--out", type=Path, required=True, help="where to save, without an ending")
        command.add_argument("--latent-dim", type=_positive, default=2, help="dimensions of z (default: %(default)s)")
        command.add_argument(
            "--hidden",
            type=_positive,
            nargs="+",
            default=[256, 128],
            metavar="WIDTH",
            help="hidden layers of the encoder; the decoder mirrors them (default: 256 128)",
        )
        command.add_argument(
            "--likelihood",
            choices=("gaussian", "bernoulli"),
            default="gaussian",
            help="P(X|z): N(f(z), sigma^2 I), or coin flips for binarized data (default: %(default)s)",
        )
        command.add_argument(
            "--sigma",
            type=float,
            help="keep sigma of the Gaussian at this value, in units of brightness 0..1; without it sigma is learned "
            "(an autoencoder's is 0.25)",
        )
    train.add_argument(
        "--autoencoder", action="store_true", help="train a plain autoencoder in place of the VAE: no Q, prior or KL"
    )
    train.add_argument("--beta", type=float, default=1.0, help="weight on the KL term; 1 is Eq. (4) (default: 1)")
    train.add_argument("--epochs", type=_positive, default=300, help="at most this many (default: %(default)s)")
    train.add_argument("--patience", type=_positive, default=30, help="epochs without gain (default: %(default)s)")
    train.add_argument(
        "--checkpoint", type=Path, help="a file written after every epoch; the same command goes on from it"
    )
    train.add_argument("--device", default="auto", help="auto, cpu or cuda (default: auto: a GPU where there is one)")
    series.add_argument(
        "--epochs", type=_positive, help="how many (default: 300, or the last of --values with --over epoch)"
    )
    for command in (train, series):
        command.add_argument("--batch-size", type=_positive, default=128, help="examples a step (default: %(default)s)")
        command.add_argument("--lr", type=float, default=1e-3, help="Adam's first learning rate (default: %(default)s)")
        command.add_argument("--seed", type=int, default=0, help="of weights, order and noise (default: %(default)s)")
        command.add_argument(
            "--bits",
            type=int,
            choices=(16, 8),
            default=16,
            help="of each weight as saved; 8 rounds every row to a grid of 255 steps, half the bytes on a page "
            "(default: %(default)s)",
        )

    again = commands.add_parser(
        "reproduce", help="train and measure a published table", description=REPRODUCE_HELP, formatter_class=style
    )
    again.add_argument("paper", choices=("burda2015",), help="whose table")
    again.add_argument(
        "--objectives",
        nargs="+",
        choices=tuple(reproduce.PUBLISHED),
        default=list(reproduce.PUBLISHED),
        metavar="OBJECTIVE",
        help=f"which rows, of {', '.join(reproduce.PUBLISHED)} (default: all)",
    )
    again.add_argument(
        "--schedule", choices=tuple(reproduce.SCHEDULES), default="short", help="rates and epochs (default: short)"
    )
    again.add_argument("--epochs", type=_positive, help="in each stage of the schedule, in place of its own number")
    again.add_argument("--batch-size", type=_positive, help="examples a step, in place of the schedule's")
    again.add_argument("--lr", type=float, help="first rate of each stage, in place of the schedule's")
    again.add_argument("--samples", type=_positive, default=5000, help="for each test example (default: %(default)s)")
    again.add_argument("--examples", type=_positive, help="measure this many test examples (default: all)")
    again.add_argument("--data", choices=("mnist", "digits"), default="mnist", help="digits: to try the command")
    again.add_argument("--seed", type=int, default=0, help="of weights, order and noise (default: %(default)s)")
    again.add_argument("--device", default="auto", help="auto, cpu or cuda (default: auto: a GPU where there is one)")
    again.add_argument("--out", type=Path, default=Path("burda2015.json"), help="the record (default: %(default)s)")
    again.add_argument("--folder", type=Path, default=Path("burda2015"), help="for checkpoints (default: %(default)s)")

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
def figures(model: VAE | Autoencoder, test: Tensor, *, examples: int = 1000) -> dict[str, Any]:
    """The figures of a model's record, on test examples, in nats per example.

    Args:
        test: shape ``(count, data_dim)``; the ELBO is that of all of them, with ten draws of z each.
        examples: log P(X) is measured on the first so many.

    Returns:
        ``test_reconstruction``, ``test_kl``, ``test_elbo``; ``test_log_evidence`` with the ``standard_error`` of its
        mean over examples, and ``test_elbo_same_examples`` beside it; ``squared_error``, mean over pixels at z = μ(X).
        Of an ``Autoencoder`` only ``test_reconstruction`` and ``squared_error``, both at its code.
    """
    if isinstance(model, Autoencoder):
        return {
            "test_reconstruction": round(training.mean_terms(model, test)[0], 4),
            "squared_error": _squared_error(model, test),
            "sigma": round(model.sigma, 6),
        }
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
        "squared_error": _squared_error(model, test),
        "sigma": round(model.sigma, 6),
        "likelihood": model.likelihood,
    }


@torch.no_grad()
def _rebuilt(model: VAE | Autoencoder, test: Tensor) -> Tensor:
    """f(z) at the mean of Q(z|X) or at the code, shape of ``test``."""
    return model.decode(model.encode(test) if isinstance(model, Autoencoder) else model.encode(test).mean)


def _squared_error(model: VAE | Autoencoder, test: Tensor) -> float:
    return round(float(((_rebuilt(model, test) - test) ** 2).mean()), 6)


def _revision() -> str:
    """The commit of the code, with ``+`` where the library differs from it; its models are results, not code."""

    def git(*arguments: str) -> str:
        command = ["git", "-C", str(Path(__file__).parent), *arguments]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()

    try:
        changed = git("status", "--porcelain", "--", ".", ":(exclude)models")
        return git("describe", "--always", "--abbrev=12") + ("+" if changed else "")
    except (OSError, subprocess.CalledProcessError):
        return "unknown"


def _first_model(options: argparse.Namespace, dataset: data.Dataset) -> VAE:
    torch.manual_seed(options.seed)  # the first weights
    sigma = {"learn_sigma": True} if options.sigma is None else {"sigma": options.sigma}
    return VAE(dataset.data_dim, options.latent_dim, tuple(options.hidden), likelihood=options.likelihood, **sigma)


def _first_autoencoder(options: argparse.Namespace, dataset: data.Dataset) -> Autoencoder:
    if options.likelihood != "gaussian":
        raise ValueError(f"an autoencoder is trained on squared error; leave --likelihood {options.likelihood} out")
    if options.beta != 1:
        raise ValueError(f"--beta weighs the KL term, which an autoencoder has not; leave --beta {options.beta:g} out")
    torch.manual_seed(options.seed)
    sigma = {} if options.sigma is None else {"sigma": options.sigma}
    return Autoencoder(dataset.data_dim, options.latent_dim, tuple(options.hidden), **sigma)


def _round(model: VAE | Autoencoder, bits: int) -> None:
    """Before measuring, so that the figures are those of what is saved."""
    (pretrained.round_to_bytes if bits == 8 else pretrained.round_to_half)(model)


def _prepare(options: argparse.Namespace) -> data.Dataset:
    if not options.out.name:
        raise ValueError(f"--out must name a file, without an ending, got {str(options.out)!r}")
    dataset = data.load(options.data)
    options.out.parent.mkdir(parents=True, exist_ok=True)  # fails now rather than after the training
    return dataset


def _train(options: argparse.Namespace, command_line: Sequence[str]) -> None:
    dataset = _prepare(options)
    held_out = max(1, len(dataset.train) // 10)
    train, validation = dataset.train[:-held_out], dataset.train[-held_out:]
    model = _first_autoencoder(options, dataset) if options.autoencoder else _first_model(options, dataset)
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
    exact = _rebuilt(model, dataset.test)
    _round(model, options.bits)
    details = {
        **_origin(options, command_line, train=len(train), validation=len(validation), test=len(dataset.test)),
        **({} if options.autoencoder else {"beta": options.beta}),
        "epochs_run": len(history.kl),
        "best_epoch": history.best_epoch,
        "gained_lately": _gained(history.validation, options.patience),
        "rounding": round(float((_rebuilt(model, dataset.test) - exact).abs().max()), 6),  # of a pixel, at most
        "stopped": history.stopped,
        "resumed": resumed,
        "device": training.find_device(options.device).type,
        "seconds": round(seconds, 1),
    }
    few = slice(None if options.latent_dim <= 2 else MOST_CODES)
    codes = {"test": dataset.test[few], "test_labels": dataset.test_labels[few]}
    path = pretrained.save(model, options.out, details, **codes)  # before measuring, which takes long and can fail
    print(f"best epoch {history.best_epoch} of {len(history.kl)}; saved {path} and {path.with_suffix('.json').name}")
    if history.stopped:
        onward = f"; the same command goes on from {options.checkpoint}" if options.checkpoint else ""
        raise KeyboardInterrupt(f"{path} holds the model, without figures; measure it with evaluate{onward}")
    try:
        reached = figures(model, dataset.test, examples=options.examples)
    except (RuntimeError, KeyboardInterrupt) as error:
        raise RuntimeError(
            f"{path} holds the model, without figures ({error or 'stopped'}); measure it with evaluate"
        ) from None
    pretrained.save(model, options.out, {**details, "figures": reached}, **codes)
    print(_table(reached))


def _gained(validation: list[float], patience: int) -> float | None:
    """Nats that the held-out ELBO gained in the last ``patience`` epochs: 0 where patience ran out."""
    before = validation[:-patience]
    return round(max(validation) - max(before), 3) if before else None


def _origin(options: argparse.Namespace, command_line: Sequence[str], **split: int) -> dict[str, Any]:
    """What every record says of how it was made."""
    return {
        "command": "python -m vae_lib " + shlex.join(command_line),
        "data": options.data,
        "data_split": split,
        "seed": options.seed,
        **({"bits": options.bits} if "bits" in options else {}),
        "threads": torch.get_num_threads(),
        "torch": torch.__version__,
        "code_revision": _revision(),
    }


@torch.no_grad()
def entry_figures(model: VAE, test: Tensor) -> dict[str, Any]:
    """The figures of one model of a series, on test examples, in nats per example.

    Args:
        test: shape ``(count, data_dim)``, at least two; the ELBO is that of all of them, with ten draws of z each.

    Returns:
        ``test_reconstruction``, ``test_kl``, ``test_elbo``; ``active_units``, how many latents have a posterior mean
        whose variance over the examples is above 0.01 (Burda et al. 2015); ``squared_error``, mean over pixels at
        z = μ(X); ``sigma``.
    """
    reconstruction, kl = training.mean_terms(model, test, samples=10)
    return {
        "test_reconstruction": round(reconstruction, 4),
        "test_kl": round(kl, 4),
        "test_elbo": round(reconstruction - kl, 4),
        "active_units": evidence.active_units(model.encode(test).mean),
        "squared_error": _squared_error(model, test),
        "sigma": round(model.sigma, 6),
    }


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


def _series(options: argparse.Namespace, command_line: Sequence[str]) -> None:
    values, epochs = _series_values(options)
    dataset = _prepare(options)
    print(f"{dataset.name}: {len(dataset.train)} to train on, {len(dataset.test)} to test on")
    started = time.monotonic()
    betas, kept = (values, [epochs]) if options.over == "beta" else ([1.0], values)
    models: list[VAE] = []
    seen: list[tuple[float | None, float | None]] = []  # (reconstruction, kl) of the training data in that epoch
    for beta in betas:
        model = _first_model(options, dataset)

        def keep(epoch: int, model: VAE = model) -> None:
            if epoch in kept:
                models.append(copy.deepcopy(model))

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
        if history.stopped:
            raise KeyboardInterrupt
        by_epoch = zip(history.reconstruction, history.kl, strict=True)
        rounded = [(None, None), *((round(reconstruction, 4), round(kl, 4)) for reconstruction, kl in by_epoch)]
        seen += [rounded[int(epoch)] for epoch in kept]
    seconds = time.monotonic() - started
    entries = []
    for value, model, (reconstruction, kl) in zip(values, models, seen, strict=True):
        _round(model, options.bits)
        reached = {"train_reconstruction": reconstruction, "train_kl": kl, **entry_figures(model, dataset.test)}
        entries.append({options.over: value, **reached})
        print(
            f"{options.over} {value:g}: KL {reached['test_kl']}, ELBO {reached['test_elbo']} nats on the test examples"
        )
    path = pretrained.save_series(
        models,
        options.out,
        options.over,
        values,
        {
            **_origin(options, command_line, train=len(dataset.train), test=len(dataset.test)),
            "epochs": epochs,
            "seconds": round(seconds, 1),
            "entries": entries,
        },
        test=dataset.test,
        test_labels=dataset.test_labels,
    )
    print(f"saved {path} and {path.with_suffix('.json').name}")


def _reproduce(options: argparse.Namespace, command_line: Sequence[str]) -> None:
    dataset = data.load(options.data)
    device = training.find_device(options.device)
    batch_size = options.batch_size or reproduce.SCHEDULES[options.schedule][0]
    record = reproduce.read_record(options.out)
    for path in (options.folder, options.out.parent):
        path.mkdir(parents=True, exist_ok=True)  # fails now rather than after the training
    for objective in options.objectives:
        stages = reproduce.stages_of(options.schedule, objective, epochs=options.epochs, lr=options.lr)
        model = reproduce.build(dataset, seed=options.seed).to(device)
        train, test = dataset.train.to(device), dataset.test[: options.examples].to(device)
        done = reproduce.train(model, train, stages, options.folder, batch_size=batch_size, seed=options.seed)
        record["entries"][objective] = {
            **_origin(options, command_line, train=len(train), test=len(test)),
            "device": reproduce.describe(device),
            "published": reproduce.PUBLISHED[objective],
            "model": model.config(),
            "schedule": options.schedule,
            "stages": done,
            "epochs": sum(stage["epochs"] for stage in done),
            "seconds": round(sum(stage["seconds"] for stage in done), 1),
            "test": reproduce.measure(model, test, samples=options.samples, seed=options.seed),
        }
        write_atomically({options.out: (json.dumps(record, indent=2, allow_nan=False) + "\n").encode()})
        reached = record["entries"][objective]["test"]
        print(
            f"{objective}: -log P(X) {reached['negative_log_evidence']:.2f} ± {reached['standard_error']:.2f} nats, "
            f"published {reproduce.PUBLISHED[objective]}; {reached['active_units']} active units"
        )
    print(f"saved {options.out}")


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
        elif options.command == "series":
            _series(options, arguments)
        elif options.command == "reproduce":
            _reproduce(options, arguments)
        else:
            _evaluate(options)
    except (ValueError, OSError, RuntimeError, training.NonFiniteLossError) as error:
        print(f"vae_lib: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt as stop:
        print(f"vae_lib: stopped; {str(stop) or 'nothing was saved'}", file=sys.stderr)
        return 130
    return 0


if __name__ == "__main__":
    # Adam's state decays into denormal numbers, which are slow; this has to come before torch starts its threads.
    torch.set_flush_denormal(True)
    sys.exit(main())

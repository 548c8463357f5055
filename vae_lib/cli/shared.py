"""What the commands share: options, the first model, the rounding, and what every record says."""

from __future__ import annotations

import argparse
import shlex
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch

import vae_lib
from vae_lib import data, pretrained
from vae_lib.model import VAE, Autoencoder


def positive(text: str) -> int:
    """An option's whole number of at least 1."""
    value = int(text)
    if value < 1:
        raise argparse.ArgumentTypeError(f"must be at least 1, got {value}")
    return value


def model_options(command: argparse.ArgumentParser) -> None:
    """What is trained, on what, and where it is saved."""
    command.add_argument("--data", choices=data.NAMES, default="digits", help="data set (default: %(default)s)")
    command.add_argument("--out", type=Path, required=True, help="where to save, without an ending")
    command.add_argument("--latent-dim", type=positive, default=2, help="dimensions of z (default: %(default)s)")
    command.add_argument(
        "--hidden",
        type=positive,
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


def step_options(command: argparse.ArgumentParser) -> None:
    """How it is trained."""
    command.add_argument("--batch-size", type=positive, default=128, help="examples a step (default: %(default)s)")
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


def examples_option(command: argparse.ArgumentParser) -> None:
    """On how many examples log P(X) is measured."""
    command.add_argument(
        "--examples",
        type=positive,
        default=1000,
        help="test examples whose log P(X) is measured (default: at most %(default)s)",
    )


def first_model(options: argparse.Namespace, dataset: data.Dataset) -> VAE:
    """The VAE that the options ask for, before its first step."""
    torch.manual_seed(options.seed)  # the first weights
    sigma = {"learn_sigma": True} if options.sigma is None else {"sigma": options.sigma}
    return VAE(dataset.data_dim, options.latent_dim, tuple(options.hidden), likelihood=options.likelihood, **sigma)


def round_weights(model: VAE | Autoencoder, bits: int) -> None:
    """Leave the weights as they will be saved: before measuring, so that the figures are those of what is saved."""
    (pretrained.round_to_bytes if bits == 8 else pretrained.round_to_half)(model)


def prepare(options: argparse.Namespace) -> data.Dataset:
    """The data set, after a look at where the model shall be saved."""
    if not options.out.name:
        raise ValueError(f"--out must name a file, without an ending, got {str(options.out)!r}")
    dataset = data.load(options.data)
    options.out.parent.mkdir(parents=True, exist_ok=True)  # fails now rather than after the training
    return dataset


def origin(options: argparse.Namespace, command_line: Sequence[str], **split: int) -> dict[str, Any]:
    """What every record says of how it was made."""
    return {
        "command": "python -m vae_lib " + shlex.join(command_line),
        "data": options.data,
        "data_split": split,
        "seed": options.seed,
        **({"bits": options.bits} if "bits" in options else {}),
        "threads": torch.get_num_threads(),
        "torch": torch.__version__,
        "code_revision": revision(),
    }


def revision() -> str:
    """The commit of the code, with ``+`` where the library differs from it; its models are results, not code."""

    def git(*arguments: str) -> str:
        command = ["git", "-C", str(Path(vae_lib.__file__).parent), *arguments]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()

    try:
        changed = git("status", "--porcelain", "--", ".", ":(exclude)models")
        return git("describe", "--always", "--abbrev=12") + ("+" if changed else "")
    except (OSError, subprocess.CalledProcessError):
        return "unknown"


def table(reached: dict[str, Any]) -> str:
    """Figures as lines of a table."""
    return "\n".join(f"{name:<26}{value}" for name, value in reached.items())

"""What the commands share: options, the first model, the rounding, and what every record says."""

from __future__ import annotations

import argparse
import contextlib
import os
import shlex
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TextIO

import torch

import vae_lib
from vae_lib import data, pretrained
from vae_lib.model import VAE, Autoencoder
from vae_lib.runs import own_data
from vae_lib.runs.files import check_writable


def say(text: str) -> None:
    """A line on standard output; where nobody can read it any more, the work goes on without."""
    _write(sys.stdout, text, "standard output is closed; the command goes on without it")


def complain(text: str) -> None:
    """A line on standard error."""
    _write(sys.stderr, f"vae_lib: {text}", "")


def _write(stream: TextIO | None, text: str, otherwise: str) -> None:
    if stream is None:
        return
    try:
        if text:
            encoding = getattr(stream, "encoding", None) or "utf-8"
            stream.write(text.encode(encoding, "replace").decode(encoding) + "\n")
        stream.flush()
    except (OSError, ValueError):  # a reader that left, a disk that is full, a stream that was closed
        if hasattr(stream, "fileno"):
            with contextlib.suppress(OSError, ValueError):  # or Python complains of it at its end
                os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
        if otherwise:
            complain(otherwise)


def sigma_of(text: str) -> float | str:
    """An option's σ: a number, or the word ``each``."""
    return text if text == "each" else float(text)


def positive(text: str) -> int:
    """An option's whole number of at least 1."""
    value = int(text)
    if value < 1:
        raise argparse.ArgumentTypeError(f"must be at least 1, got {value}")
    return value


def several(text: str) -> int:
    """An option's whole number of at least 2, of which there is a spread."""
    value = positive(text)
    if value < 2:
        raise argparse.ArgumentTypeError(f"must be at least 2, or there is no standard error, got {value}")
    return value


def model_options(command: argparse.ArgumentParser) -> None:
    """What is trained, on what, and where it is saved."""
    command.add_argument(
        "--data",
        default="digits",
        help=f"one of {', '.join(data.NAMES)}; or your own: a folder of pictures, with a subfolder for each class or "
        "without, table.csv, array.npy or file.npz (default: %(default)s)",
    )
    own_options(command)
    command.add_argument("--out", type=Path, required=True, help="where to save, without an ending")
    command.add_argument("--force", action="store_true", help="write over a model that is there already")
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
        type=sigma_of,
        help="keep sigma of the Gaussian at this value, in units of brightness 0..1; without it sigma is learned "
        "(an autoencoder's is 0.25). The word each: learn one for each pixel or column",
    )
    command.add_argument(
        "--channels",
        type=positive,
        nargs="+",
        default=[],
        metavar="MAPS",
        help="convolutions before the hidden layers, each halving the picture, such as 16 32 (default: none)",
    )


def own_options(command: argparse.ArgumentParser) -> None:
    """How data of one's own is read."""
    command.add_argument("--image-size", type=positive, help="height and width that pictures are made to")
    command.add_argument("--white", type=float, help="the number of full brightness in an array, such as 16")


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
    if options.likelihood == "bernoulli" and options.sigma is not None:
        complain("note: --sigma is of the Gaussian likelihood, so beside --likelihood bernoulli it has no use")
    learned = {None: True, "each": "each"}.get(options.sigma, False)
    unusual: dict[str, Any] = {"learn_sigma": learned} if learned else {"sigma": options.sigma}
    if options.channels:
        unusual |= {"image_shape": dataset.image_shape, "channels": tuple(options.channels)}
    if options.channels and dataset.image_shape is None:
        raise ValueError(f"--channels are convolutions of pictures, and {options.data} holds none; leave them out")
    torch.manual_seed(seed_of(options))  # the first weights
    return VAE(
        dataset.data_dim,
        options.latent_dim,
        tuple(options.hidden),
        likelihood=options.likelihood,
        sigmoid=not dataset.about.columns,
        **unusual,
    )


def seed_of(options: argparse.Namespace) -> int:
    """The seed, where torch can take it."""
    if not 0 <= options.seed < 2**63:
        raise ValueError(f"--seed must be a whole number from 0 to 2**63 - 1, got {options.seed}")
    seed: int = options.seed
    return seed


def round_weights(model: VAE | Autoencoder, bits: int) -> None:
    """Leave the weights as they will be saved: before measuring, so that the figures are those of what is saved."""
    (pretrained.round_to_bytes if bits == 8 else pretrained.round_to_half)(model)


def prepare(options: argparse.Namespace, command_line: Sequence[str]) -> data.Dataset:
    """The data set, after a look at where the model shall be saved; what was found is said first."""
    if not options.out.name or "\0" in str(options.out) or options.out.is_dir():
        raise ValueError(f"--out must name a file, without an ending, got {str(options.out)!r}")
    there = pretrained.file_of(options.out)
    check_writable(there)
    if there.exists() and not options.force and not _was_stopped(there, command_line):
        raise ValueError(f"{there} is there already; name another --out, or write over it with --force")
    return find_data(options.data, options.image_size, options.white)


def _was_stopped(path: Path, command_line: Sequence[str]) -> bool:
    """Whether this very command left the model when it was stopped, and may go on."""
    try:
        left = pretrained.record(path)
    except (ValueError, OSError):
        return False
    return left.get("stopped") is True and left.get("command") == _command(command_line)


def save(out: Path, write: Callable[[Path], Path]) -> Path:
    """Save, where it was asked for or, if that has become impossible, where there is room."""
    try:
        return write(out)
    except OSError as error:
        path = write(Path(tempfile.mkdtemp(prefix="vae_lib-")) / out.name)
        raise RuntimeError(f"{out} cannot be written ({error.strerror}); it is in {path}") from error


def find_data(
    name: str, image_size: int | None = None, white: float | None = None, say: Callable[[str], None] = say
) -> data.Dataset:
    """A data set by its name, or your own by its path."""
    if name in data.NAMES:
        if image_size is not None or white is not None:
            raise ValueError(f"--image-size and --white are for data of your own; leave them out for {name}")
        return data.load(name)
    if not Path(name).exists():
        raise ValueError(f"there is no file or folder {name!r}, and no data set of that name: {', '.join(data.NAMES)}")
    dataset, lines = own_data.read(name, image_size=image_size, white=white)
    for line in lines:
        say(f"{name}: {line}")
    return dataset


def origin(options: argparse.Namespace, command_line: Sequence[str], **split: int) -> dict[str, Any]:
    """What every record says of how it was made."""
    return {
        "command": _command(command_line),
        "data": options.data,
        **{name: value for name in ("image_size", "white") if (value := getattr(options, name, None)) is not None},
        "data_split": split,
        "seed": options.seed,
        **({"bits": options.bits} if "bits" in options else {}),
        "threads": torch.get_num_threads(),
        "torch": torch.__version__,
        "code_revision": revision(),
    }


def _command(command_line: Sequence[str]) -> str:
    return "python -m vae_lib " + shlex.join(command_line)


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

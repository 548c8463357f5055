"""What a training is told: checked before the first step, and written down for its checkpoint."""

from __future__ import annotations

import functools
import math
import zlib
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import torch
from torch import Tensor, nn

from vae_lib import checks, data
from vae_lib.model import VAE, Networks
from vae_lib.runs.optimizer import Optimizer

MOST_EPOCHS: Final = 10**6
"""More would fill the memory with rates, one for each."""


def cosine(epochs: int, first: float, last: float) -> tuple[float, ...]:
    """Rates from ``first`` towards ``last`` along half a cosine."""
    return tuple(last + (first - last) * 0.5 * (1 + math.cos(math.pi * done / epochs)) for done in range(epochs))


def learning_rates(lr: float | Callable[[int], float], epochs: int) -> list[float]:
    """The learning rate of each epoch: as the function says, or falling from ``lr`` to a tenth of it."""
    checks.at_least(1, epochs=epochs)
    if epochs > MOST_EPOCHS:
        raise ValueError(f"epochs must be at most {MOST_EPOCHS}, got {checks.shown(epochs)}")
    if callable(lr):
        rates = []
        for epoch in range(1, epochs + 1):
            rates.append(lr(epoch))
            try:
                checks.positive(lr=rates[-1])
            except (TypeError, ValueError) as error:
                raise type(error)(f"{error} in epoch {epoch}") from None
        return [float(rate) for rate in rates]
    checks.positive(lr=lr)
    return [lr * share for share in cosine(epochs, 1.0, 0.1)]


def check_settings(batch_size: int, beta: float, seed: int, patience: int | None, *, held_out: bool, own: bool) -> None:
    """A ValueError for a setting out of range; ``own`` says that the objective is not the ELBO of Eq. (4)."""
    checks.at_least(1, batch_size=batch_size)
    checks.at_least(0, seed=seed)
    checks.not_negative(beta=beta)
    if own and beta != 1:
        raise ValueError(f"beta={beta} weighs the KL term of the ELBO; leave it out beside an objective of your own")
    if patience is not None:
        if not held_out:
            raise ValueError(f"patience={patience} needs validation examples to watch; pass validation=...")
        checks.at_least(1, patience=patience)


def train_part(model: object, x: data.Examples) -> data.Examples:
    """What to train on: of a data set of this library its part for that, and the model keeps what the set is about."""
    if not isinstance(x, data.Dataset):
        return x
    if isinstance(model, Networks):
        model.about = replace(x.about, image_shape=x.image_shape)
    return x.train


def table(model: object, x: data.Examples, name: str) -> Tensor:
    """Examples as a table for this model, by the one rule of ``data.examples``; bytes stay bytes."""
    if isinstance(model, Networks):
        x = model.examples(x, name, keep_bytes=True)
    else:  # a model of which nothing is known takes any finite numbers, and bytes as brightness
        x = data.examples(x, name, pictures=getattr(x, "dtype", None) == torch.uint8, keep_bytes=True)
    if x.ndim != 2 or len(x) == 0:
        raise ValueError(f"{name} must have shape (count, data_dim) with at least one row, got {tuple(x.shape)}")
    return x


def described(
    model: nn.Module,
    optimizer: Optimizer,
    x: Tensor,
    validation: Tensor | None,
    rates: list[float],
    lr: float | Callable[[int], float],
    objective: Callable[..., Any],
    **others: object,
) -> dict[str, str]:
    """What a checkpoint must agree on with the training that goes on from it, each as text."""
    lines = [repr(model)]
    if isinstance(model, VAE):
        lines += [f"{name} = {value}" for name, value in model.config().items() if name != "sigma"]
    lines += [f"{name} = {p.tolist()}" for name, p in model.named_parameters() if not p.requires_grad]
    defaults = {name: value for name, value in optimizer.defaults.items() if name != "lr"}
    return {
        "model": "\n".join(lines),
        "x": _fingerprint(x),
        "validation": "absent" if validation is None else _fingerprint(validation),
        "epochs": str(len(rates)),
        "schedule": "as told" if callable(lr) else "cosine",
        "lr": "\n".join(f"{rate!r} in epoch {epoch}" for epoch, rate in enumerate(rates, start=1)),
        "optimizer": f"{type(optimizer).__name__}({defaults})",
        "device": x.device.type,
        "code": _code(),
        "objective": _name(objective),
        **{name: str(value) for name, value in others.items()},
    }


def _fingerprint(data: Tensor) -> str:
    checksum = zlib.crc32(data.cpu().contiguous().numpy().data)
    return f"{tuple(data.shape)} with checksum {checksum:08x}"


@functools.cache
def _code() -> str:
    """A checksum of what a step consists of, so that a change of it between two parts of a training is noticed."""
    package = Path(__file__).parent.parent
    files = [package / f"{name}.py" for name in ("distributions", "model", "training")]
    return f"checksum {zlib.crc32(b''.join(path.read_bytes() for path in files)):08x}"


def _name(function: Callable[..., Any]) -> str:
    if isinstance(function, functools.partial):
        given = [*map(repr, function.args), *(f"{name}={value!r}" for name, value in function.keywords.items())]
        return f"{_name(function.func)}({', '.join(given)})"
    return getattr(function, "__qualname__", repr(function))

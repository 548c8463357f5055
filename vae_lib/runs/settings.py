"""What a training is told: checked before the first step, and written down for its checkpoint."""

from __future__ import annotations

import functools
import math
import zlib
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn

from vae_lib import checks
from vae_lib.model import VAE
from vae_lib.runs.optimizer import Optimizer


def cosine(epochs: int, first: float, last: float) -> tuple[float, ...]:
    """Rates from ``first`` towards ``last`` along half a cosine."""
    return tuple(last + (first - last) * 0.5 * (1 + math.cos(math.pi * done / epochs)) for done in range(epochs))


def learning_rates(lr: float | Callable[[int], float], epochs: int) -> list[float]:
    """The learning rate of each epoch: as the function says, or falling from ``lr`` to a tenth of it."""
    checks.at_least(1, epochs=epochs)
    if callable(lr):
        rates = [float(lr(epoch)) for epoch in range(1, epochs + 1)]
        for epoch, rate in enumerate(rates, start=1):
            if not 0 < rate < math.inf:
                raise ValueError(f"lr must be a positive number, got {rate} in epoch {epoch}")
        return rates
    checks.positive(lr=lr)
    return [lr * share for share in cosine(epochs, 1.0, 0.1)]


def check_settings(
    x: Tensor, validation: Tensor | None, *, batch_size: int, beta: float, patience: int | None, own_objective: bool
) -> None:
    """A ValueError for a setting out of range, or data that is no table of finite numbers."""
    checks.at_least(1, batch_size=batch_size)
    if not 0 <= beta < math.inf:
        raise ValueError(f"beta must be a number of at least 0, got {beta}")
    if own_objective and beta != 1:
        raise ValueError(f"beta={beta} weighs the KL term of the ELBO; leave it out beside an objective of your own")
    if patience is not None:
        if validation is None:
            raise ValueError(f"patience={patience} needs validation examples to watch; pass validation=...")
        checks.at_least(1, patience=patience)
    for name, data in (("x", x), ("validation", validation)):
        if data is None:
            continue
        if data.ndim != 2 or len(data) == 0:
            raise ValueError(f"{name} must have shape (count, data_dim) with at least one row, got {tuple(data.shape)}")
        if not all(math.isfinite(end) for end in data.aminmax()):  # in one pass and without a copy
            bad = int((~torch.isfinite(data).all(dim=1)).nonzero()[0])
            raise ValueError(f"{name} must be finite, but row {bad} is not; remove or repair it")


def described(
    model: nn.Module,
    optimizer: Optimizer,
    x: Tensor,
    validation: Tensor | None,
    rates: list[float],
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
        "lr": "\n".join(f"{rate!r} in epoch {epoch}" for epoch, rate in enumerate(rates, start=1)),
        "optimizer": f"{type(optimizer).__name__}({defaults})",
        "device": x.device.type,
        "objective": _name(objective),
        **{name: str(value) for name, value in others.items()},
    }


def _fingerprint(data: Tensor) -> str:
    checksum = zlib.crc32(data.cpu().contiguous().numpy().data)
    return f"{tuple(data.shape)} with checksum {checksum:08x}"


def _name(function: Callable[..., Any]) -> str:
    if isinstance(function, functools.partial):
        given = [*map(repr, function.args), *(f"{name}={value!r}" for name, value in function.keywords.items())]
        return f"{_name(function.func)}({', '.join(given)})"
    return getattr(function, "__qualname__", repr(function))

"""Where a training runs."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import nn

from vae_lib import checks


def find_device(name: str) -> torch.device:
    """The device that is meant by ``"auto"`` (a GPU where there is one), ``"cpu"``, ``"cuda"`` or Apple's ``"mps"``.

    Raises:
        ValueError: another name, or no such device where one is asked for.
    """
    checks.one_of(("auto", "cpu", "cuda", "mps"), device=name)
    has = {"cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available(), "cpu": True}
    if name == "auto":
        return torch.device(next(kind for kind, there in has.items() if there))
    if not has[name]:
        raise ValueError(f"device is {name!r}, but torch finds no such GPU; use 'auto' or 'cpu'")
    return torch.device(name)


_lent: set[int] = set()  # models that a training is using, by their ids


@contextmanager
def placed(model: nn.Module, device: str | None) -> Iterator[torch.device]:
    """Lend the model to a device and to one training; it comes back to where it was, after an error too.

    Raises:
        ValueError: another thread trains it, or it has nothing to train.
    """
    home = next((parameter.device for parameter in model.parameters()), None)
    if home is None:
        raise ValueError(f"model must have weights to train, got {type(model).__name__} without any")
    place = home if device is None else find_device(device)
    if id(model) in _lent:
        raise ValueError("model is being trained by another call of fit; give each thread a copy, copy.deepcopy(model)")
    _lent.add(id(model))
    try:
        model.to(place)
        yield place
    finally:
        _lent.discard(id(model))
        model.to(home)

"""Where a training runs."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import nn


def find_device(name: str) -> torch.device:
    """The device that is meant by ``"auto"`` (a GPU where there is one), ``"cpu"`` or ``"cuda"``.

    Raises:
        ValueError: another name, or no GPU where one is asked for.
    """
    has_gpu = torch.cuda.is_available()
    if name not in ("auto", "cpu", "cuda"):
        raise ValueError(f"device must be 'auto', 'cpu' or 'cuda', got {name!r}")
    if name == "cuda" and not has_gpu:
        raise ValueError("device is 'cuda', but torch finds no GPU; use 'auto' or 'cpu'")
    return torch.device("cuda" if has_gpu and name != "cpu" else "cpu")


@contextmanager
def placed(model: nn.Module, device: str | None) -> Iterator[torch.device]:
    """Lend the model to a device; it comes back to where it was, after an error too."""
    home = next(model.parameters()).device
    place = home if device is None else find_device(device)
    try:
        model.to(place)
        yield place
    finally:
        model.to(home)

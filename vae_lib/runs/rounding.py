"""Weights of one byte each: every row of a matrix a multiple k of a step of its own, k a whole number from -127 to 127.

The step has four significant bits and k has seven, so their product has eleven: float16 and float32 both hold it
exactly, and a browser that multiplies them gets PyTorch's weights, not weights near them.
"""

from __future__ import annotations

import torch
from torch import Tensor

_SMALLEST_HALF = 2.0**-24  # the smallest positive float16


def _step_at_least(size: Tensor) -> Tensor:
    """The smallest number of four significant bits that is at least ``size`` and that float16 can hold."""
    fraction, _ = torch.frexp(size)  # size = fraction · 2^n with fraction in [1/2, 1)
    unit = (size / fraction / 16).clamp(min=_SMALLEST_HALF)  # 2^n / 16, exactly
    return torch.where(size == 0, torch.ones_like(size), torch.ceil(size / unit) * unit)


def _fit(weight: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Nearest multiples (rows, columns) and step (rows, 1) of each row, and whether the row is exactly that (rows, 1).

    A row that was rounded once may have lost enough of its largest value for a smaller step to reach it, so a row
    that is not on the smallest step's grid is tried on the next one's, which can only be the one it was made with.
    """
    step = _step_at_least(weight.abs().amax(dim=1, keepdim=True) / 127)
    multiples = torch.round(weight / step)
    exact = (multiples * step == weight).all(dim=1, keepdim=True)
    larger = _step_at_least(step * 1.01)  # the next one is more than a hundredth larger
    on_larger = ~exact & (torch.round(weight / larger) * larger == weight).all(dim=1, keepdim=True)
    step = torch.where(on_larger, larger, step)
    return torch.round(weight / step), step, exact | on_larger


def round_rows(weight: Tensor) -> Tensor:
    """Each row rounded to multiples of the smallest step that reaches its largest value in 127 of them.

    Args:
        weight: shape ``(rows, columns)``, finite.

    Returns:
        float32 of the same shape. A row that ``byte_rows`` can take apart already comes back unchanged.
    """
    multiples, step, _ = _fit(weight.float())
    return multiples * step


def byte_rows(weight: Tensor) -> tuple[Tensor, Tensor] | None:
    """The whole numbers and steps of a matrix that ``round_rows`` made.

    Args:
        weight: shape ``(rows, columns)``.

    Returns:
        Whole numbers, int8, shape ``(rows, columns)``, and steps, float32, shape ``(rows,)``: row i of ``weight`` is
        exactly ``steps[i]`` times its whole numbers. A row of zeros has step 1. ``None`` where some row is on no such
        grid, or holds a value that is not finite.
    """
    multiples, step, exact = _fit(weight.detach().float())
    return (multiples.to(torch.int8), step[:, 0]) if bool(exact.all()) else None

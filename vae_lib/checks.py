"""What more than one module asks of its arguments: each check refuses in one sentence that names the value."""

from __future__ import annotations

import math


def at_least(least: int, **values: int) -> None:
    """A ValueError that names the first of the values that is below ``least``."""
    for name, value in values.items():
        if value < least:
            raise ValueError(f"{name} must be at least {least}, got {value}")


def positive(**values: float) -> None:
    """A ValueError that names the first of the values that is not positive and finite."""
    for name, value in values.items():
        if not 0 < value < math.inf:
            raise ValueError(f"{name} must be a positive number, got {value}")

"""What every public function asks of its arguments, written once: each refuses in one sentence that names the argument.

``typed`` looks at the kind of each argument, by its annotation; the others at its range.
"""

from __future__ import annotations

import collections.abc
import functools
import inspect
import operator
import sys
import types
import typing
from collections.abc import Callable
from typing import Any, ParamSpec, TypeVar

import torch
from torch import Tensor

Arguments = ParamSpec("Arguments")
Result = TypeVar("Result")
Test = Callable[[Any], bool]
LARGEST = int(sys.float_info.max)  # a whole number beyond it cannot be made a float


def at_least(least: int, **values: int) -> None:
    """A TypeError or ValueError that names the first of the values that is no whole number or is below ``least``."""
    for name, value in values.items():
        if not _is_whole(value):
            raise TypeError(f"{name} must be a whole number, got {shown(value)}")
        if value < least:
            raise ValueError(f"{name} must be at least {least}, got {shown(value)}")
        if value >= 2**63:
            raise ValueError(f"{name} must be below 2**63, got {shown(value)}")


def positive(**values: float) -> None:
    """A TypeError or ValueError that names the first of the values that is not a positive, finite number."""
    _numbers(values, lambda value: 0 < value <= LARGEST, "a positive number")


def not_negative(**values: float) -> None:
    """A TypeError or ValueError that names the first of the values that is not a finite number of at least 0."""
    _numbers(values, lambda value: 0 <= value <= LARGEST, "a number of at least 0")


def _numbers(values: dict[str, Any], fits: Test, words: str) -> None:
    for name, value in values.items():
        if not _is_number(value):
            raise TypeError(f"{name} must be a number, got {shown(value)}")
        if not fits(value if isinstance(value, int) and abs(value) > LARGEST else float(value)):
            raise ValueError(f"{name} must be {words}, got {shown(value)}")


def one_of(choices: collections.abc.Iterable[str], **values: object) -> None:
    """A ValueError that names the first of the values that is none of the choices."""
    for name, value in values.items():
        if not isinstance(value, str) or value not in choices:
            *most, last = map(repr, choices)
            raise ValueError(f"{name} must be {', '.join(most)} or {last}, got {shown(value)}")


def shown(value: object) -> str:
    """A value as an error shows it: a number as it is, anything else by its beginning."""
    try:
        if isinstance(value, Tensor) and value.ndim:
            return f"a tensor of shape {tuple(value.shape)}"
        text = str(value) if _is_number(value) else " ".join(repr(value).split())
    except Exception:  # a number of more digits than Python prints, or an object that cannot say what it is
        text = type(value).__name__
    return text if len(text) <= 60 else text[:57] + "..."


def typed(function: Callable[Arguments, Result]) -> Callable[Arguments, Result]:
    """The function, with a TypeError that names the first argument that is not of the kind of its annotation.

    Whole numbers do for numbers, NumPy's do for Python's, and lists for tuples; ``True`` is no number.
    """
    names = list(inspect.signature(function).parameters)
    kinds: dict[str, tuple[Test, str] | None] = {}

    @functools.wraps(function)
    def checked(*args: Arguments.args, **kwargs: Arguments.kwargs) -> Result:
        if not kinds:  # at the first call, when every name of an annotation is known
            hints = typing.get_type_hints(function)
            kinds.update({name: _kind(hints[name]) if name in hints else None for name in names})
        for name, value in (*zip(names, args, strict=False), *kwargs.items()):
            kind = kinds.get(name)
            if kind is not None and not kind[0](value):
                raise TypeError(f"{name} must be {kind[1]}, got {shown(value)}")
        return function(*args, **kwargs)

    return checked


def _is_whole(value: object) -> bool:
    if isinstance(value, bool) or (isinstance(value, Tensor) and (value.ndim or value.dtype == torch.bool)):
        return False
    try:
        operator.index(value)  # type: ignore[arg-type]
    except TypeError:
        return False
    return True


def _is_number(value: object) -> bool:
    if isinstance(value, Tensor):
        return value.ndim == 0 and value.dtype != torch.bool and not value.is_complex()
    return (
        (isinstance(value, int | float) and not isinstance(value, bool)) or _is_whole(value) or _is_numpy_float(value)
    )


def _is_numpy_float(value: object) -> bool:
    kind = getattr(getattr(value, "dtype", None), "kind", "")
    return type(value).__module__ == "numpy" and kind == "f" and getattr(value, "ndim", 1) == 0


PLAIN: dict[Any, tuple[Test, str]] = {
    int: (_is_whole, "a whole number"),
    float: (_is_number, "a number"),
    bool: (lambda value: isinstance(value, bool), "True or False"),
    str: (lambda value: isinstance(value, str), "text"),
    type(None): (lambda value: value is None, "None"),
    Tensor: (lambda value: isinstance(value, Tensor) and not value.is_nested, "a tensor"),
}


def _kind(hint: Any) -> tuple[Test, str] | None:
    """How to see whether a value is of a kind, and the words for it; None where anything goes."""
    if hint in PLAIN:
        return PLAIN[hint]
    origin, inner = typing.get_origin(hint), typing.get_args(hint)
    if origin in (typing.Union, types.UnionType):
        kinds = [_kind(each) for each in inner]
        if any(kind is None for kind in kinds):
            return None
        known = [kind for kind in kinds if kind is not None]
        return lambda value: any(test(value) for test, _ in known), " or ".join(words for _, words in known)
    if origin is typing.Literal:
        return lambda value: isinstance(value, str), f"one of {', '.join(map(repr, inner))}"
    if origin is collections.abc.Callable:
        return callable, "a function"
    if origin in (tuple, list, collections.abc.Sequence):
        return _many(origin, inner)
    if origin is dict:
        return lambda value: isinstance(value, dict), "a dictionary"
    if not isinstance(hint, type) or hint in (Any, object):
        return None
    protocol = getattr(hint, "_is_protocol", False)  # says in its docstring what it is
    words = (hint.__doc__ or "").splitlines()[0].rstrip(".") if protocol else f"a {hint.__name__}"
    return lambda value: isinstance(value, hint), words[0].lower() + words[1:] if protocol else words


def _many(origin: Any, inner: tuple[Any, ...]) -> tuple[Test, str]:
    """A sequence, with each of its values of a kind."""
    length = len(inner) if origin is tuple and Ellipsis not in inner else None
    each = [_kind(hint) for hint in inner if hint is not Ellipsis]

    def fits(value: Any) -> bool:
        if not isinstance(value, tuple | list | range) or length not in (None, len(value)):
            return False
        kinds = each if length is not None else each[:1] * len(value)
        return all(kind is None or kind[0](one) for kind, one in zip(kinds, value, strict=True))

    words = each[0][1].removeprefix("a ") if each and each[0] is not None else "value"
    return fits, f"{length} {words}s" if length is not None else f"a sequence of {words}s"

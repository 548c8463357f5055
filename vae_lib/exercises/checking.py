"""The machine that checks: a learner's function, number or choice against the right one and the usual mistakes."""

from __future__ import annotations

import contextlib
import inspect
import io
import itertools
import math
import textwrap
import traceback
import warnings
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

import numpy as np
import torch
from torch import Tensor

WIDTH: Final = 72  # characters in a line of text, so that it fits a page
MOST_SHOWN: Final = 12  # numbers of a tensor; a larger one is told by its shape


@dataclass(frozen=True, repr=False)
class Verdict:
    """What a check found; shows itself as text.

    Attributes:
        passed: the answer is right.
        words: what to tell the learner; a line that begins with a space is shown as it is.
        mistake: the name of the mistake that was recognised, if one was.
        answered: False as long as the answer is the ``...`` that the exercise began with.
    """

    passed: bool
    words: str
    mistake: str | None = None
    answered: bool = True

    def __repr__(self) -> str:
        lines = self.words.splitlines()
        return "\n".join(line if line.startswith(" ") else textwrap.fill(line, WIDTH) for line in lines)


UNANSWERED: Final = Verdict(
    False,
    "Not answered yet. Put your answer where the cell above has ..., run that cell, and then this one again.",
    answered=False,
)


# --- a function to write ---------------------------------------------------------------------------------------------

Mistake = tuple[Callable[..., Any], str]
"""A function that makes a mistake, and what to tell who made it."""


@dataclass(frozen=True)
class Function:
    """A function to write.

    Attributes:
        name: of its check, as the learner calls it.
        right: the right function; its arguments have the names that the learner is told.
        returns: what it gives, with the shape, in words.
        cases: the arguments of each call, the smallest first, since the first that differs is shown.
        mistakes: by name a function that makes it, and what to tell who made it; each differs from ``right`` and from
            all others in some case.
        measure: makes what is compared out of the tensors that two calls returned and the arguments; by default it is
            what one call returns.
        rows: what the rows of ``measure`` are called.
        rtol, atol: how far a right answer may be off: rounding in float32, or the noise of draws.
    """

    name: str
    right: Callable[..., Any]
    returns: str
    cases: tuple[tuple[Any, ...], ...]
    mistakes: Mapping[str, Mistake]
    measure: Callable[[Sequence[Tensor], Sequence[Tensor]], Tensor] | None = None
    rows: tuple[str, ...] = ()
    rtol: float = 1e-3
    atol: float = 1e-4

    def check(self, answer: Any) -> Verdict:
        """Runs ``answer``, a function, on the cases and says what it found."""
        if answer is None or answer is ...:
            return UNANSWERED
        if not callable(answer):
            return Verdict(
                False,
                f"{self.name} calls your function itself, so hand over the function and not what it returns: its name, "
                f"without brackets after it. What came is {described(answer)}.",
            )
        try:
            _check_arguments(self, answer)
            outcomes = _run(self, answer)
        except _UnansweredError:
            return UNANSWERED
        except _UnusableError as trouble:
            return _in_another_order(self, answer) or Verdict(False, str(trouble))
        came, right = [outcome.value for outcome in outcomes], _values(self, self.right)
        if _agree(self, came, right):
            if changed := sorted({name for outcome in outcomes for name in outcome.changed}):
                return Verdict(
                    False,
                    f"The values are right, but the function changes its argument {' and '.join(changed)} on the way, "
                    "so whoever uses that tensor next meets other numbers. Operations such as += and those whose name "
                    "ends in _ write into the tensor; make a new one instead, as in x = x + 1.",
                )
            return Verdict(True, f"Right, in each of the {len(right)} cases tried." if len(right) > 1 else "Right.")
        for mistake, (wrong, words) in self.mistakes.items():
            if _agree(self, came, _values(self, wrong), but_for_nan=True):
                return Verdict(False, f"Not yet. {words}", mistake)
        return _in_another_order(self, answer) or _difference(self, came, right)


class _UnansweredError(Exception):
    """The function still holds the ... that the exercise began with."""


class _UnusableError(Exception):
    """The function gave nothing that could be compared; the message says why."""


class _Outcome(NamedTuple):
    value: Tensor  # float64
    changed: list[str]  # arguments that the function wrote into


def _arguments(exercise: Function) -> list[str]:
    return list(inspect.signature(exercise.right).parameters)


def _run(exercise: Function, function: Callable[..., Any], order: Iterable[int] | None = None) -> list[_Outcome]:
    """One outcome for each case; ``order`` says which argument comes first, which second."""
    places = list(range(len(exercise.cases[0])) if order is None else order)
    return [_call(exercise, function, case, places) for case in exercise.cases]


def _values(exercise: Function, function: Callable[..., Any]) -> list[Tensor]:
    return [outcome.value for outcome in _run(exercise, function)]


def _call(exercise: Function, function: Callable[..., Any], case: Sequence[Any], places: Sequence[int]) -> _Outcome:
    given = [value.clone() if isinstance(value, Tensor) else value for value in case]
    if exercise.measure:
        given = [value.requires_grad_() for value in given]
    printed = io.StringIO()
    with torch.random.fork_rng(devices=[]), contextlib.redirect_stdout(printed), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.default_generator.manual_seed(0)  # the CPU's alone: what is not kept, such as a GPU's, stays as it is
        try:
            values = [function(*(given[place] for place in places)) for _ in range(2 if exercise.measure else 1)]
        except Exception as error:
            if isinstance(error, NotImplementedError) or "ellipsis" in str(error):
                raise _UnansweredError from error
            raise _UnusableError(_told(error, function, _inputs(exercise, case))) from error
    tensors = [_usable(exercise, function, value, printed.getvalue()) for value in values]
    names = _arguments(exercise)
    changed = [
        name
        for name, now, before in zip(names, given, case, strict=True)
        if isinstance(before, Tensor) and not torch.equal(now, before)
    ]
    if exercise.measure:
        for tensor in tensors:
            if tensor.shape != given[0].shape:
                raise _UnusableError(
                    f"The shape is {tuple(tensor.shape)}, not {tuple(given[0].shape)}: wanted is {exercise.returns}."
                )
        tensors = [exercise.measure(tensors, given)]
    return _Outcome(tensors[0].detach().double().cpu(), changed)


def _usable(exercise: Function, function: Callable[..., Any], value: Any, printed: str) -> Tensor:
    """What the function returned, as a tensor."""
    if value is ... or (value is None and _is_stub(function)):
        raise _UnansweredError
    if value is None:
        remedy = "it prints its answer; return it" if printed else "begin its last line with return"
        raise _UnusableError(f"Your function returns nothing: {remedy}.")
    tensor = _as_tensor(value)
    if tensor is None:
        raise _UnusableError(f"Your function returns {described(value)}. Wanted is {exercise.returns}.")
    return tensor


def _as_tensor(value: Any) -> Tensor | None:
    """A number, an array, or lists of them as a tensor; None for anything else."""
    if isinstance(value, list | tuple):
        parts = [_as_tensor(part) for part in value]
        same = [part for part in parts if part is not None and part.shape == getattr(parts[0], "shape", None)]
        return torch.stack(same) if parts and len(same) == len(parts) else None
    if not isinstance(value, Tensor):
        array = np.asarray(value)
        if array.dtype.kind not in "fiub":
            return None
        value = torch.as_tensor(array)
    return None if value.is_complex() else value


def _check_arguments(exercise: Function, answer: Callable[..., Any]) -> None:
    names = _arguments(exercise)
    try:
        signature = inspect.signature(answer)
    except (TypeError, ValueError):  # some functions written in C have none
        return
    try:
        signature.bind(*names)
    except TypeError as error:
        raise _UnusableError(
            f"Your function is called with {len(names)} argument{'s' * (len(names) > 1)}, ({', '.join(names)}), in "
            f"this order; it takes {signature}."
        ) from error


def _told(error: Exception, function: Callable[..., Any], inputs: str) -> str:
    """An exception in the learner's function, with the line of theirs that it came from."""
    words = f"Your function raised {type(error).__name__}: {error}"
    code = getattr(function, "__code__", None)
    frames = traceback.extract_tb(error.__traceback__)
    own = [frame.line for frame in frames if code and frame.filename == code.co_filename and frame.line]
    where = f"\nThat was in the line\n    {own[-1]}" if own else ""
    return f"{words}{where}\nIt had been called with\n{inputs}"


def _is_stub(function: Callable[..., Any]) -> bool:
    """Whether a function has no body yet: it uses no name and sets no variable."""
    code = getattr(inspect.unwrap(function), "__code__", None)
    return code is None or not (code.co_names or code.co_nlocals > len(inspect.signature(function).parameters))


def _close(exercise: Function, one: Tensor, other: Tensor) -> bool:
    same = one.shape == other.shape
    return same and torch.allclose(one, other, rtol=exercise.rtol, atol=exercise.atol, equal_nan=True)


def _agree(exercise: Function, came: Sequence[Tensor], other: Sequence[Tensor], *, but_for_nan: bool = False) -> bool:
    if any(one.shape != two.shape for one, two in zip(came, other, strict=True)):
        return False
    if but_for_nan:  # one mistake, written in two ways, may fail in different places
        nan = torch.cat([value.isnan().flatten() for value in came])
        if nan.double().mean() < 0.5:
            other = [two.where(~one.isnan(), math.nan) for one, two in zip(came, other, strict=True)]
    return all(_close(exercise, one, two) for one, two in zip(came, other, strict=True))


def _in_another_order(exercise: Function, answer: Callable[..., Any]) -> Verdict | None:
    right, names = _values(exercise, exercise.right), _arguments(exercise)
    for order in itertools.permutations(range(len(names))):
        with contextlib.suppress(_UnusableError, _UnansweredError):
            if _agree(exercise, [outcome.value for outcome in _run(exercise, answer, order)], right):
                return Verdict(
                    False,
                    "The formula is right, but the arguments come in another order. Your function is called with "
                    f"({', '.join(names)}), and takes them for ({', '.join(names[place] for place in order)}).",
                    "arguments in another order",
                )
    return None


def _difference(exercise: Function, came: Sequence[Tensor], right: Sequence[Tensor]) -> Verdict:
    """The smallest case in which the answer is not right, and what can be said of all of them."""
    case, ours, wanted = next(
        trio for trio in zip(exercise.cases, came, right, strict=True) if not _close(exercise, trio[1], trio[2])
    )
    if exercise.measure:
        lines = ["Not yet. Over many draws, for two latents:"]
        for row, one, other in zip(exercise.rows, ours, wanted, strict=True):
            if not _close(exercise, one, other):
                lines += [f"    {row}", f"        came      {shown(one, 2)}", f"        expected  {shown(other, 2)}"]
        return Verdict(False, "\n".join(lines))
    words = _pattern(came, right)
    if ours.shape != wanted.shape:
        words = f"The shape is {tuple(ours.shape)}, not {tuple(wanted.shape)}: wanted is {exercise.returns}."
        if all(_close(exercise, one.flatten(), other.flatten()) for one, other in zip(came, right, strict=True)):
            words += " The values in it are right."
    return Verdict(
        False,
        f"Not yet. {words}\nThe smallest case that differs:\n{_inputs(exercise, case)}\n"
        f"    came      {shown(ours)}\n    expected  {shown(wanted)}",
    )


def _pattern(came: Sequence[Tensor], right: Sequence[Tensor]) -> str:
    """What all cases have in common, if anything: a nan, a factor, or a constant that is missing."""
    if any(one.shape != other.shape for one, other in zip(came, right, strict=True)):
        return ""
    ours, wanted = (torch.cat([value.flatten() for value in values]) for values in (came, right))
    if not bool(ours.isfinite().all()):
        return "A nan or an infinity came out: the logarithm of a negative number, 0/0, or an exp that is too large."
    counts = wanted.abs() > 1e-3
    factors = ours[counts] / wanted[counts]
    if len(factors) > 1 and bool(((factors - factors[0]).abs() < 1e-3 * factors[0].abs()).all()):
        return f"Every value is {shown(factors[0])} times what it should be."
    offsets = ours - wanted
    if len(offsets) > 1 and bool(((offsets - offsets[0]).abs() < 1e-3 * offsets[0].abs()).all()):
        return f"Every value is too {'large' if offsets[0] > 0 else 'small'} by the same {shown(offsets[0].abs())}."
    return ""


def _inputs(exercise: Function, case: Sequence[Any]) -> str:
    return "\n".join(f"    {name} = {shown(value)}" for name, value in zip(_arguments(exercise), case, strict=True))


# --- a number, a choice ----------------------------------------------------------------------------------------------

LEAD: Final = {True: "Right.", False: "Not yet."}
"""What a verdict begins with."""


def told(passed: bool, words: str, mistake: str | None = None) -> Verdict:
    """A verdict on an answer that could be read."""
    return Verdict(passed, f"{LEAD[passed]} {words}", mistake)


class Band(NamedTuple):
    """Numbers of which the same is said: those that are off ``center`` by at most ``reach``.

    ``mistake`` names the mistake that they come from; the right ones have none.
    """

    center: float
    reach: float
    words: str
    mistake: str | None = None


@dataclass(frozen=True)
class Number:
    """A number to read off or work out.

    Attributes:
        right: the number.
        because: what to say to it.
        wrong: the usual wrong numbers, each with what it comes from.
        remedy: how to find out, for a number that is none of those.
        tolerance: how far a number may be off, in its own unit.
        ordered: False where larger and smaller mean nothing, as in the number of a row.
        unit: what stands behind the field for it.
    """

    right: float
    because: str
    wrong: Mapping[float, str]
    remedy: str
    tolerance: float
    ordered: bool = True
    unit: str = ""

    @property
    def bands(self) -> list[Band]:
        """What is right, the usual mistakes, and what is right in per cent; the first that holds a number counts."""
        found = [Band(self.right, self.tolerance, self.because)]
        found += [Band(value, self.tolerance, words, str(value)) for value, words in self.wrong.items()]
        if 0.01 < self.right < 1:
            reach = 100 * min(self.tolerance, 0.05 * self.right)
            found.append(Band(100 * self.right, reach, "That is right in per cent. Divide it by 100.", "per cent"))
        return found

    @property
    def beyond(self) -> tuple[str, str]:
        """What is said of a ``{number}`` in no band, below the right one and above it."""
        if not self.ordered:
            return (f"It is not {{number}}. {self.remedy}",) * 2
        return f"{{number}} is too small. {self.remedy}", f"{{number}} is too large. {self.remedy}"

    def read(self, answer: Any) -> float:
        """An answer as a number.

        Raises:
            ValueError: it is none.
        """
        if isinstance(answer, str):
            raise ValueError(f"Answer with a number, without quotes. What came is the text {answer!r}.")
        try:
            number = float(answer)
        except (TypeError, ValueError, RuntimeError):
            raise ValueError(f"Answer with one number. What came is {described(answer)}.") from None
        if not math.isfinite(number):
            raise ValueError(f"Answer with a finite number. What came is {number}.")
        return number

    def check(self, answer: Any) -> Verdict:
        """Compares ``answer`` with the right number and the usual wrong ones."""
        if answer is None or answer is ...:
            return UNANSWERED
        try:
            number = self.read(answer)
        except ValueError as error:
            return Verdict(False, str(error))
        for band in self.bands:
            if abs(number - band.center) <= band.reach:
                return told(band.mistake is None, band.words, band.mistake)
        return told(False, self.beyond[number > self.right].replace("{number}", f"{number:.4g}"))


@dataclass(frozen=True)
class Choice:
    """A choice between words.

    Attributes:
        right: the right word.
        because: what to say to it.
        wrong: the other words, each with what to say to it.
    """

    right: str
    because: str
    wrong: Mapping[str, str]

    @property
    def words(self) -> list[str]:
        """All that may be chosen, in alphabetical order."""
        return sorted([self.right, *self.wrong])

    def read(self, answer: Any) -> str:
        """An answer as one of the words.

        Raises:
            ValueError: it is none.
        """
        word = answer.strip().lower() if isinstance(answer, str) else ""
        if word not in self.words:
            choices = " or ".join(f'"{word}"' for word in self.words)
            raise ValueError(f"Answer with {choices}, in quotes. What came is {described(answer)}.")
        return word

    def check(self, answer: Any) -> Verdict:
        """Compares ``answer`` with the words."""
        if answer is None or answer is ...:
            return UNANSWERED
        try:
            word = self.read(answer)
        except ValueError as error:
            return Verdict(False, str(error))
        if word == self.right:
            return told(True, self.because)
        return told(False, self.wrong[word], word)


# --- values in words --------------------------------------------------------------------------------------------------


def described(value: Any) -> str:
    """A value that is no answer, in words."""
    if isinstance(value, Tensor):
        return f"a tensor of shape {tuple(value.shape)}"
    return f"{textwrap.shorten(repr(value), 60, placeholder=' ...')}, of type {type(value).__name__}"


def shown(value: Any, digits: int = 4) -> str:
    """A number, or the numbers of a small tensor."""
    if isinstance(value, Tensor):
        if value.numel() > MOST_SHOWN:
            return f"a tensor of shape {tuple(value.shape)}"
        value = value.tolist()
    if isinstance(value, list):
        return f"[{', '.join(shown(number, digits) for number in value)}]"
    return f"{value:.{digits}g}"

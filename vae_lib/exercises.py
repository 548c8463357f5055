"""Checks of a learner's own answers: right or, if not, which of the usual mistakes it is, in words.

A check runs the learner's function on a few cases and looks whose numbers come out: those of the right function, or of
one that makes a mistake known from ``mistakes``. Each returns a ``Verdict``, which a notebook shows as text. None
raises, whatever the learner's function does, so a notebook runs to its end with exercises not yet answered.

    check_place, check_line, check_lost     chapter 1: a place on the map, a line, draws without a code nearby
    check_log_density, check_marginal       chapter 2: log P(X|z), and Eq. (1) by draws
    check_kl, check_gap                     chapter 3: the KL to the prior, and Eq. (3)
    check_elbo, check_importance            chapter 4: the right side of Eq. (4), and log P(X) by weighted draws of Q
    check_reparameterize                    chapter 5: a draw that lets the gradient through
    check_loss                              chapter 6: what training makes small
    check_interpolation                     chapter 7: the arc between two codes
    check_iwae, check_effective_samples     chapter 8: the bound over k, and how many draws carry a sum
    check_answer                            every chapter: a number read off, or a choice
"""

from __future__ import annotations

import contextlib
import inspect
import io
import itertools
import math
import textwrap
import traceback
import warnings
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

import numpy as np
import torch
from torch import Tensor

from vae_lib import mistakes, pretrained
from vae_lib.mistakes import Exercise, Question

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


class _UnansweredError(Exception):
    """The function still holds the ... that the exercise began with."""


class _UnusableError(Exception):
    """The function gave nothing that could be compared; the message says why."""


class _Outcome(NamedTuple):
    value: Tensor  # float64
    changed: list[str]  # arguments that the function wrote into


def check_function(exercise: Exercise, answer: Any) -> Verdict:
    """Runs ``answer`` on the cases of an exercise and says what it found.

    Args:
        exercise: what is right, and which mistakes are known.
        answer: the learner's function; ``...`` or a function without a body as long as there is none.
    """
    if answer is None or answer is ...:
        return UNANSWERED
    if not callable(answer):
        return Verdict(
            False,
            f"{exercise.name} calls your function itself, so hand over the function and not what it returns: its name, "
            f"without brackets after it. What came is {_described(answer)}.",
        )
    try:
        _check_arguments(exercise, answer)
        outcomes = _run(exercise, answer)
    except _UnansweredError:
        return UNANSWERED
    except _UnusableError as trouble:
        return _in_another_order(exercise, answer) or Verdict(False, str(trouble))
    came, right = [outcome.value for outcome in outcomes], _values(exercise, exercise.right)
    if _agree(exercise, came, right):
        if changed := sorted({name for outcome in outcomes for name in outcome.changed}):
            return Verdict(
                False,
                f"The values are right, but the function changes its argument {' and '.join(changed)} on the way, so "
                "whoever uses that tensor next meets other numbers. Operations such as += and those whose name ends in "
                "_ write into the tensor; make a new one instead, as in x = x + 1.",
            )
        return Verdict(True, f"Right, in each of the {len(right)} cases tried." if len(right) > 1 else "Right.")
    for mistake in exercise.mistakes:
        if _agree(exercise, came, _values(exercise, mistake.wrong), but_for_nan=True):
            return Verdict(False, f"Not yet. {mistake.words}", mistake.name)
    return _in_another_order(exercise, answer) or _difference(exercise, came, right)


def _arguments(exercise: Exercise) -> list[str]:
    return list(inspect.signature(exercise.right).parameters)


def _run(exercise: Exercise, function: Callable[..., Any], order: Iterable[int] | None = None) -> list[_Outcome]:
    """One outcome for each case; ``order`` says which argument comes first, which second."""
    places = list(range(len(exercise.cases[0])) if order is None else order)
    return [_call(exercise, function, case, places) for case in exercise.cases]


def _values(exercise: Exercise, function: Callable[..., Any]) -> list[Tensor]:
    return [outcome.value for outcome in _run(exercise, function)]


def _call(exercise: Exercise, function: Callable[..., Any], case: Sequence[Any], places: Sequence[int]) -> _Outcome:
    given = [value.clone() if isinstance(value, Tensor) else value for value in case]
    if exercise.measure:
        given = [value.requires_grad_() for value in given]
    printed = io.StringIO()
    with torch.random.fork_rng(devices=[]), contextlib.redirect_stdout(printed), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.manual_seed(0)
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


def _usable(exercise: Exercise, function: Callable[..., Any], value: Any, printed: str) -> Tensor:
    """What the function returned, as a tensor."""
    if value is ... or (value is None and _is_stub(function)):
        raise _UnansweredError
    if value is None:
        remedy = "it prints its answer; return it" if printed else "begin its last line with return"
        raise _UnusableError(f"Your function returns nothing: {remedy}.")
    tensor = _as_tensor(value)
    if tensor is None:
        raise _UnusableError(f"Your function returns {_described(value)}. Wanted is {exercise.returns}.")
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


def _check_arguments(exercise: Exercise, answer: Callable[..., Any]) -> None:
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


def _close(exercise: Exercise, one: Tensor, other: Tensor) -> bool:
    same = one.shape == other.shape
    return same and torch.allclose(one, other, rtol=exercise.rtol, atol=exercise.atol, equal_nan=True)


def _agree(exercise: Exercise, came: Sequence[Tensor], other: Sequence[Tensor], *, but_for_nan: bool = False) -> bool:
    if any(one.shape != two.shape for one, two in zip(came, other, strict=True)):
        return False
    if but_for_nan:  # one mistake, written in two ways, may fail in different places
        nan = torch.cat([value.isnan().flatten() for value in came])
        if nan.double().mean() < 0.5:
            other = [two.where(~one.isnan(), math.nan) for one, two in zip(came, other, strict=True)]
    return all(_close(exercise, one, two) for one, two in zip(came, other, strict=True))


def _in_another_order(exercise: Exercise, answer: Callable[..., Any]) -> Verdict | None:
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


def _difference(exercise: Exercise, came: Sequence[Tensor], right: Sequence[Tensor]) -> Verdict:
    """The smallest case in which the answer is not right, and what can be said of all of them."""
    case, ours, wanted = next(
        trio for trio in zip(exercise.cases, came, right, strict=True) if not _close(exercise, trio[1], trio[2])
    )
    if exercise.measure:
        lines = ["Not yet. Over many draws, for two latents:"]
        for row, one, other in zip(exercise.rows, ours, wanted, strict=True):
            if not _close(exercise, one, other):
                lines += [f"    {row}", f"        came      {_shown(one, 2)}", f"        expected  {_shown(other, 2)}"]
        return Verdict(False, "\n".join(lines))
    words = _pattern(came, right)
    if ours.shape != wanted.shape:
        words = f"The shape is {tuple(ours.shape)}, not {tuple(wanted.shape)}: wanted is {exercise.returns}."
        if ours.numel() == wanted.numel() and _close(exercise, ours.flatten(), wanted.flatten()):
            words += " The values in it are right."
    return Verdict(
        False,
        f"Not yet. {words}\nThe smallest case that differs:\n{_inputs(exercise, case)}\n"
        f"    came      {_shown(ours)}\n    expected  {_shown(wanted)}",
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
        return f"Every value is {_shown(factors[0])} times what it should be."
    offsets = ours - wanted
    if len(offsets) > 1 and bool(((offsets - offsets[0]).abs() < 1e-3 * offsets[0].abs()).all()):
        return f"Every value is too {'large' if offsets[0] > 0 else 'small'} by the same {_shown(offsets[0].abs())}."
    return ""


def _inputs(exercise: Exercise, case: Sequence[Any]) -> str:
    return "\n".join(f"    {name} = {_shown(value)}" for name, value in zip(_arguments(exercise), case, strict=True))


def _described(value: Any) -> str:
    if isinstance(value, Tensor):
        return f"a tensor of shape {tuple(value.shape)}"
    return f"{textwrap.shorten(repr(value), 60, placeholder=' ...')}, of type {type(value).__name__}"


def _shown(value: Any, digits: int = 4) -> str:
    """A number, or the numbers of a small tensor."""
    if isinstance(value, Tensor):
        if value.numel() > MOST_SHOWN:
            return f"a tensor of shape {tuple(value.shape)}"
        value = value.tolist()
    if isinstance(value, list):
        return f"[{', '.join(_shown(number, digits) for number in value)}]"
    return f"{value:.{digits}g}"


# --- a number or a choice --------------------------------------------------------------------------------------------


def check_question(question: Question, answer: Any) -> Verdict:
    """Compares ``answer`` with the right one of a question and with the usual wrong ones."""
    if answer is None or answer is ...:
        return UNANSWERED
    if isinstance(question.right, str):
        options = [question.right, *(str(word) for word, _ in question.wrong)]
        if not isinstance(answer, str) or answer.strip().lower() not in options:
            choices = " or ".join(f'"{word}"' for word in sorted(options))
            return Verdict(False, f"Answer with {choices}, in quotes. What came is {_described(answer)}.")
        word = answer.strip().lower()
        if word == question.right:
            return Verdict(True, f"Right. {question.because}")
        return Verdict(False, f"Not yet. {dict(question.wrong)[word]}", word)
    if isinstance(answer, str):
        return Verdict(False, f"Answer with a number, without quotes. What came is the text {answer!r}.")
    try:
        number = float(answer)
    except (TypeError, ValueError, RuntimeError):
        return Verdict(False, f"Answer with one number. What came is {_described(answer)}.")
    if not math.isfinite(number):
        return Verdict(False, f"Answer with a finite number. What came is {number}.")
    if abs(number - question.right) <= question.tolerance:
        return Verdict(True, f"Right. {question.because}")
    for value, words in question.wrong:
        if abs(number - float(value)) <= question.tolerance:
            return Verdict(False, f"Not yet. {words}", str(value))
    if 0 < question.right < 1 and abs(number / 100 - question.right) <= question.tolerance:
        return Verdict(False, "Not yet. That is right in per cent. Divide it by 100.", "per cent")
    side = "large" if number > question.right else "small"
    return Verdict(False, f"Not yet: {number:.4g} is too {side}. {question.remedy}")


def check_answer(question: str, answer: Any) -> Verdict:
    """A number that the reader has read off or worked out, or a choice between words.

    Args:
        question: which, one of ``mistakes.QUESTIONS``; the chapter says it.
        answer: a number or a word; ``...`` as long as there is none.

    Raises:
        ValueError: no such question.
    """
    if question not in mistakes.QUESTIONS:
        raise ValueError(f"question must be one of {', '.join(map(repr, mistakes.QUESTIONS))}, got {question!r}")
    return check_question(mistakes.QUESTIONS[question], answer)


def check_place(digit: int, z: Any) -> Verdict:
    """A place on the map of ``digits-2`` where the decoder draws this digit: chapter 1.

    Args:
        digit: 0 to 9.
        z: two numbers. Right if most of the ten nearest codes belong to the digit, and one of them is close by.

    Raises:
        ValueError: a digit that is none.
    """
    if digit not in range(10):
        raise ValueError(f"digit must be from 0 to 9, got {digit}")
    if z is None or z is ... or (isinstance(z, list | tuple) and ... in z):
        return UNANSWERED
    try:
        point = torch.as_tensor(z, dtype=torch.float32).detach()
    except (TypeError, ValueError, RuntimeError):
        point = torch.empty(0)
    if point.shape != (2,) or not bool(point.isfinite().all()):
        return Verdict(False, f"A place on the map is two numbers, such as [0.5, -1.0]. What came is {_described(z)}.")
    codes, labels = pretrained.codes("digits-2")
    distance, nearest = torch.cdist(point[None], codes)[0].sort()
    counts = torch.bincount(labels[nearest[:10]], minlength=10)
    if distance[0] > 0.5:
        return Verdict(
            False,
            f"No code lies within half a unit of {_shown(point)}, so the decoder was never asked what to draw there. "
            "Look for a place among the dots.",
        )
    if counts[digit] > 5:
        return Verdict(True, f"Right: {counts[digit]} of the ten nearest codes belong to the digit {digit}.")
    kinds = [kind for kind in counts.argsort(descending=True).tolist() if counts[kind]]
    found = ", ".join(f"{counts[kind]} belong to the digit {kind}" for kind in kinds)
    return Verdict(False, f"Not yet. Of the ten codes nearest to {_shown(point)}, {found}.")


def check_line(answer: Any) -> Verdict:
    """``line(start, end, steps)``: points at equal distances on the straight line, both ends included.

    ``start`` and ``end`` have shape ``(latents,)``; the result has ``(steps, latents)``. Chapter 1.
    """
    return check_function(mistakes.LINE, answer)


def check_lost(answer: Any) -> Verdict:
    """``lost(draws, codes, reach)``: the share of the draws whose nearest code is farther away than ``reach``.

    ``draws`` has shape ``(draws, latents)`` and ``codes`` ``(codes, latents)``; the result is one number. Chapter 1.
    """
    return check_function(mistakes.LOST, answer)


def check_log_density(answer: Any) -> Verdict:
    """``log_density(x, mean, sigma)``: log N(x | mean, σ²I), the likelihood of the notes.

    ``x`` and ``mean`` have shape ``(batch, pixels)``, ``sigma`` is a number; the result has ``(batch,)``, in nats.
    Chapter 2.
    """
    return check_function(mistakes.LOG_DENSITY, answer)


def check_marginal(answer: Any) -> Verdict:
    """``log_marginal(x, z, sigma)``: log P(X) by Eq. (1) where P(X|z) = N(z, σ²), from draws of the prior.

    ``x`` is one number, ``z`` has shape ``(draws,)``; the result is one number, in nats. Chapter 2.
    """
    return check_function(mistakes.MARGINAL, answer)


def check_kl(answer: Any) -> Verdict:
    """``kl(mean, log_var)``: 𝒟[N(mean, exp(log_var)) ‖ N(0, I)], the last term of Eq. (4).

    Both have shape ``(batch, latents)``; the result has ``(batch,)``, in nats. Chapter 3.
    """
    return check_function(mistakes.KL, answer)


def check_gap(answer: Any) -> Verdict:
    """``gap(log_q, log_likelihood, log_prior, log_evidence)``: Eq. (3), with draws of z from Q.

    log Q(z|X), log P(X|z) and log P(z) have shape ``(draws,)``, log P(X) is one number; so is the result, in nats.
    Chapters 3 and 9.
    """
    return check_function(mistakes.GAP, answer)


def check_elbo(answer: Any) -> Verdict:
    """``elbo(log_likelihood, mean, log_var)``: the right side of Eq. (4).

    ``log_likelihood`` holds log P(X|z) at draws from Q, shape ``(draws, batch)``; ``mean`` and ``log_var`` are those of
    Q, shape ``(batch, latents)``. The result has ``(batch,)``, in nats. Chapter 4.
    """
    return check_function(mistakes.ELBO, answer)


def check_importance(answer: Any) -> Verdict:
    """``log_evidence(log_likelihood, log_prior, log_q)``: log P(X) from draws of Q, each with its weight P(z)/Q(z|X).

    All three have shape ``(draws, batch)``; the result has ``(batch,)``, in nats. Chapter 4.
    """
    return check_function(mistakes.IMPORTANCE, answer)


def check_reparameterize(answer: Any) -> Verdict:
    """``draw(mean, log_var)``: one z from each Q, through which gradients reach the mean and log σ².

    All have shape ``(batch, latents)``. Checked by the moments of 20,000 draws, by a second call, whose noise has to
    be new, and by the gradients; Kingma & Welling 2013, section 2.4. Chapter 5.
    """
    return check_function(mistakes.REPARAMETERIZE, answer)


def check_loss(answer: Any) -> Verdict:
    """``loss(x, f, mean, log_var, sigma)``: minus the ELBO of Eq. (4), the mean over the batch.

    ``x`` and ``f``, the decoder's picture at one draw of z, have shape ``(batch, pixels)``; ``mean`` and ``log_var`` of
    Q have ``(batch, latents)``. The result is one number, in nats. Chapter 6.
    """
    return check_function(mistakes.LOSS, answer)


def check_interpolation(answer: Any) -> Verdict:
    """``arc(start, end, steps)``: points at equal angles on the arc between two codes of the same length.

    ``start`` and ``end`` have shape ``(latents,)``; the result has ``(steps, latents)``. Shoemake 1985. Chapter 7.
    """
    return check_function(mistakes.INTERPOLATION, answer)


def check_iwae(answer: Any) -> Verdict:
    """``bound(log_weights)``: the IWAE bound, the mean over groups of the log of the mean of k weights.

    ``log_weights`` has shape ``(groups, k, batch)``; the result has ``(batch,)``, in nats. Burda et al. 2015, eq. 8.
    Chapter 8.
    """
    return check_function(mistakes.IWAE, answer)


def check_effective_samples(answer: Any) -> Verdict:
    """``effective(log_weights)``: (Σw)² / Σw², how many draws carry a sum.

    ``log_weights`` has shape ``(draws, batch)``; the result has ``(batch,)``. Chapters 2 and 8.
    """
    return check_function(mistakes.EFFECTIVE_SAMPLES, answer)

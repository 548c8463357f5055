"""Quick questions: multiple choice, with the reason for each answer."""

from __future__ import annotations

import re
from collections.abc import Sequence
from html import escape
from typing import Any, Final

import traitlets
from IPython.display import display

from vae_lib.exercises import quick_questions
from vae_lib.exercises.questions import Question, Right
from vae_lib.widgets.base import BookWidget
from vae_lib.widgets.sources import module_source, style_source
from vae_lib.widgets.words import QUICK_QUESTIONS

MARKUP: Final = re.compile(
    r"`(?P<code>[^`]+)`|\*(?P<i>[^*\s](?:[^*]*[^*\s])?)\*|_\{(?P<sub>[^{}]+)\}|\^\{(?P<sup>[^{}]+)\}"
)

Piece = list[str]
"""A tag, one of ``MARKUP``'s names or an empty string for plain text, and the text in it."""


class Chosen(traitlets.TraitType[list[int], Any]):
    """A trait that holds for each question the place of the answer that is chosen, from 0, or −1 for none."""

    def validate(self, obj: Any, value: Any) -> list[int]:
        counts = [len(question["answers"]) for question in obj.questions]
        fits = isinstance(value, list | tuple) and len(value) == len(counts)
        if not fits or not all(
            type(place) is int and -1 <= place < count for place, count in zip(value, counts, strict=True)
        ):
            raise traitlets.TraitError(
                f"chosen must be a list of {len(counts)} places, each from -1, for none, to the last answer "
                f"({[count - 1 for count in counts]}), got {value!r}"
            )
        return list(value)


class QuickQuestions(BookWidget):
    """Questions whose answers say at once whether they are right, and why; the reader may choose again.

    The widget needs no kernel. Where it cannot run, as in a page without JavaScript, the questions are text, with each
    answer folded under its question. Nothing is stored.

    Args:
        questions: the chapter whose questions they are, such as ``"chapter-3"``, or your own, one or more: each a
            ``Question`` of ``vae_lib.exercises.questions``.
        numbers: which of them are shown, from 1, as in ``QuickQuestions("chapter-3", 1, 2)``; without, all of them.

    Attributes:
        chosen: for each question the place of the answer that is chosen, from 0, or −1 for none; follows the reader's
            hand and moves when Python sets it.

    Raises:
        ValueError: no such chapter, no questions, or no such number.
        traitlets.TraitError: ``chosen`` that does not fit the questions.
    """

    _esm = module_source(__file__)
    _css = style_source(__file__)

    questions: traitlets.List[Any] = traitlets.List().tag(sync=True)
    chosen = Chosen(default_value=[]).tag(sync=True)

    def __init__(self, questions: str | Sequence[Question], *numbers: int) -> None:
        if isinstance(questions, str):
            questions = quick_questions(questions)
        if not questions:
            raise ValueError(
                'questions must hold one Question or more, got none; add Question("...", Right("...", "..."), ...)'
            )
        for number in numbers:
            if not isinstance(number, int) or not 0 < number <= len(questions):
                raise ValueError(f"each number must be from 1 to {len(questions)}, got {number!r}")
        self._asked = tuple(questions[number - 1] for number in numbers) or tuple(questions)
        packed = [_packed(one) for one in self._asked]
        super().__init__(QUICK_QUESTIONS, questions=packed, chosen=[-1] * len(packed))

    @property
    def correct(self) -> int:
        """How many questions are answered right."""
        return sum(place == question.right for place, question in zip(self.chosen, self._asked, strict=True))

    def _ipython_display_(self) -> None:
        """Shows the widget, and the text that stands in its place until it runs."""
        bundle, metadata = self._repr_mimebundle_() or ({}, {})
        display(bundle, metadata=metadata, raw=True)
        display({"text/html": self.as_html(), "text/plain": ""}, raw=True)

    def as_html(self) -> str:
        """The questions as text, each with its answers and, folded, the right one and its reason."""
        items = []
        for question in self._asked:
            answers = "".join(f"<li>{_html(answer.text)}</li>" for answer in question.answers)
            right = question.answers[question.right]
            items.append(
                f'<li><p>{_html(question.text)}</p><ul>{answers}</ul><details class="vae-questions-answer">'
                f"<summary>{escape(self.words['solution'])}</summary>"
                f"<p><strong>{_html(right.text)}</strong> {_html(right.reason)}</p></details></li>"
            )
        kind = "ol" if len(items) > 1 else "ul"  # one alone has no number
        return f'<{kind} class="vae-questions-text">{"".join(items)}</{kind}>'


def _pieces(text: str) -> list[Piece]:
    """A text cut where its markup begins and ends."""
    result: list[Piece] = []
    start = 0
    for match in MARKUP.finditer(text):
        tag = str(match.lastgroup)
        result += [["", text[start : match.start()]], [tag, match[tag]]]
        start = match.end()
    return [piece for piece in [*result, ["", text[start:]]] if piece[1]]


def _html(text: str) -> str:
    return "".join(f"<{tag}>{escape(part)}</{tag}>" if tag else escape(part) for tag, part in _pieces(text))


def _packed(question: Question) -> dict[str, Any]:
    """A question as the page takes it."""
    answers = [
        {"text": _pieces(answer.text), "reason": _pieces(answer.reason), "right": isinstance(answer, Right)}
        for answer in question.answers
    ]
    return {"text": _pieces(question.text), "answers": answers}

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

    Attributes:
        chosen: for each question the place of the answer that is chosen, from 0, or −1 for none; follows the reader's
            hand and moves when Python sets it.

    Raises:
        ValueError: no such chapter, or no questions.
        traitlets.TraitError: ``chosen`` that does not fit the questions.
    """

    _esm = module_source(__file__)
    _css = style_source(__file__)

    questions: traitlets.List[Any] = traitlets.List().tag(sync=True)
    chosen = Chosen(default_value=[]).tag(sync=True)

    def __init__(self, questions: str | Sequence[Question]) -> None:
        if isinstance(questions, str):
            questions = quick_questions(questions)
        if not questions:
            raise ValueError(
                'questions must hold one Question or more, got none; add Question("...", Right("...", "..."), ...)'
            )
        self._asked = tuple(questions)
        super().__init__(QUICK_QUESTIONS, questions=[_packed(one) for one in questions], chosen=[-1] * len(questions))

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
        return f'<ol class="vae-questions-text">{"".join(items)}</ol>'


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

"""Quick questions: several answers to choose from, each with why it is right or wrong."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Answer:
    """What the reader may choose, and in one or two short sentences why it is right or wrong."""

    text: str
    reason: str


class Right(Answer):
    """The answer that is right."""


class Wrong(Answer):
    """An answer that is not, such as a mistake that readers make."""


class Question:
    """A question and its answers in the order that the reader sees, of which one is ``Right``.

    In each text stars set a letter in italics, as in ``*z*``, and backticks set code; ``E_{z~Q}`` has a subscript and
    ``e^{x}`` a superscript. Anything else stands as it is written, so a product takes a · and a formula Unicode.

    Raises:
        ValueError: an empty text or reason, fewer than two answers, two of one text, or not one right answer.
    """

    def __init__(self, text: str, *answers: Answer) -> None:
        self.text, self.answers = text, answers
        if not text.strip():
            raise ValueError(f"a question must have a text, got {text!r}; write what the reader is asked")
        where = f"in the question {text!r}"
        if len(answers) < 2:
            raise ValueError(f"a question needs two answers or more, got {len(answers)} {where}; add a Wrong(...)")
        for answer in answers:
            if not answer.text.strip():
                raise ValueError(f"an answer must have a text, got {answer.text!r} {where}; write or remove it")
            if not answer.reason.strip():
                raise ValueError(f"the answer {answer.text!r} has no reason {where}; say why it is right or wrong")
        texts = [answer.text.strip() for answer in answers]
        for i, one in enumerate(texts):
            if one in texts[:i]:
                raise ValueError(f"two answers are {one!r} {where}; change or remove one")
        right = sum(isinstance(answer, Right) for answer in answers)
        if right != 1:
            raise ValueError(
                f"one answer must be right, got {right} {where}; mark one as Right(...), others as Wrong(...)"
            )

    @property
    def right(self) -> int:
        """The place of the right answer, from 0."""
        return next(place for place, answer in enumerate(self.answers) if isinstance(answer, Right))

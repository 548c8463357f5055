"""The answer to an exercise: a field for a number, two for a place, buttons for a choice, and the check's verdict."""

from __future__ import annotations

from typing import Any

import torch
import traitlets

from vae_lib.exercises import question_of
from vae_lib.exercises.chapter_1 import EDGE, Place
from vae_lib.exercises.checking import Choice, Number, Verdict
from vae_lib.widgets.base import BookWidget
from vae_lib.widgets.sources import module_source, style_source
from vae_lib.widgets.words import ANSWER

Rule = dict[str, Any]


class Given(traitlets.TraitType[Any, Any]):
    """A trait that holds an answer as the exercise's ``read`` makes it, or None, and says why it refuses another."""

    def validate(self, obj: Any, value: Any) -> Any:
        if value is None or value is ...:
            return None
        try:
            return obj._asked.read(value)
        except ValueError as error:
            raise traitlets.TraitError(str(error)) from None


class Answer(BookWidget):
    """A field for the answer to an exercise, which says whether it is right and, if not, which mistake it looks like.

    The page judges by the numbers and in the words of ``check_answer``. The widget needs no kernel and stores nothing.

    Args:
        question: which exercise; the chapter says it.
        answer: what stands in the field at first, such as a number that Python has computed.

    Attributes:
        answer: what was answered last: a number, a word, or two numbers; None as long as nothing was. Follows the
            reader's hand and moves when Python sets it.

    Raises:
        ValueError: no such question.
        traitlets.TraitError: an ``answer`` of the wrong kind.
    """

    _esm = module_source(__file__)
    _css = style_source(__file__)

    rule: traitlets.Dict[str, Any] = traitlets.Dict().tag(sync=True)
    table = traitlets.Bytes().tag(sync=True)
    answer = Given(default_value=None).tag(sync=True)

    def __init__(self, question: str, answer: Any = None) -> None:
        self._asked = question_of(question)
        rule, table = rule_of(self._asked)
        words = {**ANSWER, "name": ANSWER["name"].replace("{question}", question)}
        super().__init__(words, rule=rule, table=table, answer=answer)

    @property
    def verdict(self) -> Verdict:
        """What ``check_answer`` says to the answer."""
        return self._asked.check(self.answer)


def rule_of(question: Number | Choice | Place) -> tuple[Rule, bytes]:
    """What the page judges by, and for a place the number of what is said at each tenth of the map.

    ``bands``: center, reach, what is said, and whether it is right; the first that holds a number counts. ``beyond``:
    what is said of any other, below the right one and above. ``choices``: word, what is said, whether it is right.
    ``sayings``: what is said, and whether it is right.
    """
    if isinstance(question, Number):
        bands = [[band.center, band.reach, band.words, band.mistake is None] for band in question.bands]
        return {"bands": bands, "beyond": list(question.beyond), "unit": question.unit}, b""
    if isinstance(question, Choice):
        said = {question.right: question.because, **question.wrong}
        return {"choices": [[word, said[word], word == question.right] for word in question.words]}, b""
    axis = torch.arange(-10 * EDGE, 10 * EDGE + 1) / 10
    read = [question.said(*reading)[::-1] for reading in question.readings(torch.cartesian_prod(axis, axis))]
    sayings = list(dict.fromkeys(read))
    return {"sayings": [list(each) for each in sayings], "edge": EDGE}, bytes(map(sayings.index, read))

"""Checks of a learner's own answers: right or, if not, which of the usual mistakes it is, in words.

A check runs the learner's function on a few cases and looks whose numbers come out: those of the right function, or of
one that makes a known mistake. Each returns a ``Verdict``, which a notebook shows as text. None raises, whatever the
learner's function does, so a notebook runs to its end with exercises not yet answered.

What a chapter asks stands in its own file: functions to write with their cases and mistakes, each behind a
``check_...``; numbers and choices, for ``check_answer``; and quick questions. ``checking`` is the machine.
"""

# ruff: noqa: F403

from __future__ import annotations

import importlib
from pathlib import Path
from typing import Any, Final

from vae_lib.exercises.chapter_1 import *
from vae_lib.exercises.chapter_1 import Place
from vae_lib.exercises.chapter_2 import *
from vae_lib.exercises.chapter_3 import *
from vae_lib.exercises.chapter_4 import *
from vae_lib.exercises.chapter_5 import *
from vae_lib.exercises.chapter_6 import *
from vae_lib.exercises.chapter_7 import *
from vae_lib.exercises.chapter_8 import *
from vae_lib.exercises.checking import Choice, Number, Verdict
from vae_lib.exercises.questions import Question

CHAPTERS: Final = {
    name.replace("_", "-"): importlib.import_module(f"{__name__}.{name}")
    for name in sorted(
        (path.stem for path in Path(__file__).parent.glob("chapter_*.py")),
        key=lambda name: [int(number) for number in name.split("_")[1:]],
    )
}
ANSWERS: Final[dict[str, Number | Choice | Place]] = {
    name: answer for chapter in CHAPTERS.values() for name, answer in chapter.ANSWERS.items()
}


def question_of(name: str) -> Number | Choice | Place:
    """What an exercise asks for.

    Args:
        name: which; the chapter says it.

    Raises:
        ValueError: no such question.
    """
    if name not in ANSWERS:
        raise ValueError(f"question must be one of {', '.join(map(repr, ANSWERS))}, got {name!r}")
    return ANSWERS[name]


def check_answer(question: str, answer: Any) -> Verdict:
    """A number that the reader has read off or worked out, a choice between words, or a place on the map.

    ``vae_lib.widgets.Answer`` is a field that says the same.

    Args:
        question: which; the chapter says it.
        answer: a number, a word, or two numbers; ``...`` as long as there is none.

    Raises:
        ValueError: no such question.
    """
    return question_of(question).check(answer)


def quick_questions(chapter: str) -> tuple[Question, ...]:
    """The quick questions of a chapter.

    Args:
        chapter: which, such as ``"chapter-3"`` or ``"chapter-10-1"``.

    Raises:
        ValueError: no such chapter.
    """
    if chapter not in CHAPTERS:
        raise ValueError(f"chapter must be one of {', '.join(map(repr, CHAPTERS))}, got {chapter!r}")
    questions: tuple[Question, ...] = CHAPTERS[chapter].QUICK
    return questions

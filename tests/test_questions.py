"""QuickQuestions in Python: what it refuses, what it sends, and the text that stands in its place."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
import traitlets
from bs4 import BeautifulSoup

from vae_lib import widgets
from vae_lib.exercises import quick_questions
from vae_lib.exercises.questions import Answer, Question, Right, Wrong
from vae_lib.widgets import QuickQuestions
from vae_lib.widgets import quick_questions as module
from vae_lib.widgets.words import QUICK_QUESTIONS

CHAPTERS = sorted(path for path in (Path(__file__).parents[1] / "book").glob("0[1-9]-*.ipynb"))
YES, NO = Right("Yes", "It is so."), Wrong("No", "It is not so.")


def some_questions() -> QuickQuestions:
    return QuickQuestions([Question("First?", YES, NO), Question("Second?", NO, Wrong("Perhaps", "No."), YES)])


@pytest.mark.parametrize(
    ("text", "answers", "message"),
    [
        (" ", (YES, NO), "a question must have a text, got ' '; write"),
        ("Q?", (YES,), "needs two answers or more, got 1 in the question 'Q?'; add"),
        ("Q?", (YES, Wrong("", "why")), "must have a text, got '' in the question 'Q?'; write"),
        ("Q?", (YES, Wrong("No", " ")), "the answer 'No' has no reason in the question 'Q?'; say why"),
        ("Q?", (YES, NO, Wrong(" No", "Other.")), "two answers are 'No' in the question 'Q?'; change"),
        ("Q?", (NO, Wrong("Never", "No.")), "one answer must be right, got 0 in the question 'Q?'; mark"),
        ("Q?", (YES, Right("Yes, twice", "Both.")), "one answer must be right, got 2 in the question 'Q?'; mark"),
    ],
)
def test_a_question_that_cannot_be_asked_is_refused(text: str, answers: tuple[Answer, ...], message: str) -> None:
    with pytest.raises(ValueError, match=re.escape(message)):
        Question(text, *answers)


def test_no_questions_are_refused() -> None:
    with pytest.raises(ValueError, match="one Question or more, got none; add"):
        QuickQuestions([])
    with pytest.raises(ValueError, match=r"chapter must be one of 'chapter-1', .* got 'chapter-0'"):
        QuickQuestions("chapter-0")


def test_some_of_a_chapter_s_questions() -> None:
    """So that each can stand behind the section that it is about."""
    asked = quick_questions("chapter-3")
    some = QuickQuestions("chapter-3", 3, 1)
    assert [question["text"] for question in some.questions] == [
        QuickQuestions([asked[place]]).questions[0]["text"] for place in (2, 0)
    ]
    some.chosen = [asked[2].right, -1]
    assert some.correct == 1
    for number in (0, len(asked) + 1, -1, "1", 1.0):
        with pytest.raises(ValueError, match=f"from 1 to {len(asked)}, got {number!r}"):
            QuickQuestions("chapter-3", 1, number)  # type: ignore[arg-type]


def test_one_question_alone_has_no_number() -> None:
    assert BeautifulSoup(QuickQuestions("chapter-3", 2).as_html(), "html.parser").select("ul.vae-questions-text")
    assert BeautifulSoup(QuickQuestions("chapter-3").as_html(), "html.parser").select("ol.vae-questions-text")


def test_correct_counts_the_right_answers() -> None:
    questions = some_questions()
    assert (questions.chosen, questions.correct) == ([-1, -1], 0)
    for chosen, correct in [([0, -1], 1), ([1, 2], 1), ((0, 2), 2), ([1, 0], 0)]:
        questions.chosen = chosen
        assert (questions.chosen, questions.correct) == (list(chosen), correct)
    with pytest.raises(AttributeError):
        questions.correct = 2  # type: ignore[misc]


@pytest.mark.parametrize("chosen", [[0], [0, 0, 0], [2, 0], [0, -2], [0, 0.5], [0, None], [True, 0], "01", None])
def test_a_choice_that_does_not_fit_is_refused(chosen: Any) -> None:
    questions = some_questions()
    with pytest.raises(traitlets.TraitError, match=r"list of 2 places.*\(\[1, 2\]\), got "):
        questions.chosen = chosen
    assert questions.chosen == [-1, -1]


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("plain", "plain"),
        ("*P*(*X*|*z*)", "<i>P</i>(<i>X</i>|<i>z</i>)"),
        ("E_{z~Q} of e^{x}", "E<sub>z~Q</sub> of e<sup>x</sup>"),
        ("`a * b_{c}`", "<code>a * b_{c}</code>"),
        ("2 * 3 * 4, *", "2 * 3 * 4, *"),
        ("<b>1</b> & `<i>`", "&lt;b&gt;1&lt;/b&gt; &amp; <code>&lt;i&gt;</code>"),
    ],
)
def test_markup(text: str, html: str) -> None:
    widget = QuickQuestions([Question(text, Right(f"a {text}", text), NO)])
    assert f"<p>{html}</p>" in widget.as_html()
    assert f"<li>a {html}</li>" in widget.as_html()
    sent = widget.questions[0]["text"]
    assert {tag for tag, _ in sent} <= {"", "i", "sub", "sup", "code"}
    assert "".join(part for _, part in sent) == BeautifulSoup(html, "html.parser").get_text()


def test_it_shows_the_widget_and_then_its_text(monkeypatch: pytest.MonkeyPatch) -> None:
    shown: list[dict[str, Any]] = []
    monkeypatch.setattr(module, "display", lambda data, **options: shown.append(data))
    questions = some_questions()
    questions._ipython_display_()
    assert [next(iter(set(data) - {"text/plain"})) for data in shown] == [
        "application/vnd.jupyter.widget-view+json",
        "text/html",
    ]
    assert shown[0]["application/vnd.jupyter.widget-view+json"]["model_id"] == questions.model_id
    soup = BeautifulSoup(shown[1]["text/html"], "html.parser")
    assert [item.get_text() for item in soup.select("ol > li > p")] == ["First?", "Second?"]
    assert [item.get_text() for item in soup.select("ul > li")] == ["Yes", "No", "No", "Perhaps", "Yes"]
    assert [item.get_text() for item in soup.select("details > p")] == ["Yes It is so."] * 2


def test_every_word_comes_from_python() -> None:
    questions = some_questions()
    assert questions.words == QUICK_QUESTIONS
    used = set(re.findall(r"words\.(\w+)", questions._esm))
    assert used <= set(QUICK_QUESTIONS)
    assert re.findall(r"^export .*", questions._esm, re.MULTILINE) == ["export default { render };"]


def asked_in(path: Path, monkeypatch: pytest.MonkeyPatch) -> list[Question]:
    """The questions of a chapter in the order of its cells, which need nothing of the chapter but their import."""
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    sources = ["".join(cell["source"]) for cell in cells if cell["cell_type"] == "code"]
    named: list[tuple[Any, ...]] = []
    monkeypatch.setattr(widgets, "QuickQuestions", lambda *which: named.append(which))
    for source in sources:
        if "QuickQuestions(" in source:
            exec(source, {"QuickQuestions": widgets.QuickQuestions})
    chapter = f"chapter-{int(path.stem[:2])}"
    assert {name for name, *_ in named} == {chapter}
    asked = quick_questions(chapter)
    places = [number - 1 for _, *some in named for number in some or range(1, len(asked) + 1)]
    assert sorted(places) == list(range(len(asked))), "each question is asked once"
    return [asked[place] for place in places]


@pytest.mark.parametrize("path", CHAPTERS, ids=lambda path: path.stem)
def test_every_chapter_asks_three_or_more_questions(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    questions = asked_in(path, monkeypatch)
    assert len(questions) >= 3
    assert all(len(question.answers) >= 3 for question in questions)
    # The right answer is not always in one place, and not always the longest.
    assert len({question.right for question in questions}) > 1
    longest = [max(question.answers, key=lambda answer: len(answer.text)) for question in questions]
    assert not all(isinstance(answer, Right) for answer in longest)

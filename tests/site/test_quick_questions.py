"""QuickQuestions in Chromium, through the book's own host: every hand, the text in its place, every nonsense."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from checks import assert_room_for_a_finger, remove_change_and_show
from playwright.sync_api import Browser, Page, expect

from vae_lib.exercises import quick_questions
from vae_lib.exercises.questions import Question, Right, Wrong
from vae_lib.widgets import QuickQuestions

OpenPage = Callable[..., Page]
MakePage = Callable[..., str]

SIGN = "b => getComputedStyle(b, '::before').content"


def some_questions() -> QuickQuestions:
    return QuickQuestions(
        [
            Question(
                "Is *P*(*X*|*z*) <b>one</b> Gaussian?",
                Wrong("No, a mixture `of many`", "That is the marginal *P*(*X*)."),
                Right("Yes", "At one *z* it is."),
            ),
            Question("What has E_{z~Q}?", Right("Eq. (4)", "Its first term."), Wrong("None", "One has."), NEITHER),
        ]
    )


NEITHER = Wrong("Neither of the two, but a sentence long enough to break the line on a narrow page", "It has.")


def marks(page: Page) -> list[bool]:
    return [one.is_checked() for one in page.get_by_role("radio").all()]


def verdicts(page: Page) -> list[str]:
    return page.locator(".vae-verdict").all_inner_texts()


def test_choosing_by_mouse_says_whether_and_why(open_page: OpenPage, widget_page: MakePage) -> None:
    page = open_page(widget_page(some_questions()))
    expect(page.get_by_role("group", name="1. Is P(X|z) <b>one</b> Gaussian?")).to_have_count(1)
    assert page.locator("legend i").all_inner_texts() == ["P", "X", "z"]
    assert page.locator("legend sub").all_inner_texts() == ["z~Q"]
    assert page.locator("legend b").count() == 0
    assert marks(page) == [False] * 5
    assert verdicts(page) == ["", ""]
    expect(page.locator(".vae-score")).to_have_text("0 of 2 right")

    page.get_by_text("No, a mixture of many").click()
    expect(page.locator(".vae-verdict").first).to_have_text("Not quite. That is the marginal P(X).")
    cross = page.locator(".vae-verdict b").first.evaluate(SIGN)
    assert "✗" in cross
    page.get_by_text("Yes", exact=True).click()
    expect(page.locator(".vae-verdict").first).to_have_text("Right. At one z it is.")
    assert "✓" in page.locator(".vae-verdict b").first.evaluate(SIGN)
    assert marks(page) == [False, True, False, False, False]
    expect(page.locator(".vae-score")).to_have_text("1 of 2 right")
    page.get_by_text("Eq. (4)").click()
    expect(page.locator(".vae-score")).to_have_text("2 of 2 right")


def test_one_question_alone_is_not_numbered_or_counted(open_page: OpenPage, widget_page: MakePage) -> None:
    page = open_page(widget_page(QuickQuestions("chapter-3", 2)))
    (question,) = quick_questions("chapter-3")[1:2]
    assert page.locator("legend").inner_text() == question.text
    assert page.locator(".vae-score, .vae-hint").count() == 0
    page.get_by_role("radio").nth(question.right).click()
    expect(page.locator(".vae-verdict b")).to_have_text("Right.")


def test_choosing_by_touch(open_page: OpenPage, widget_page: MakePage) -> None:
    page = open_page(widget_page(some_questions()), width=390, touch=True)
    page.get_by_text("Yes", exact=True).tap()
    expect(page.get_by_role("radio").nth(1)).to_be_checked()
    assert marks(page) == [False, True, False, False, False]
    for row in page.locator("fieldset label").all():
        assert_room_for_a_finger(row, 200)


def test_choosing_by_keyboard(open_page: OpenPage, widget_page: MakePage) -> None:
    page = open_page(widget_page(some_questions()))
    page.keyboard.press("Tab")
    page.keyboard.press("Space")
    assert marks(page) == [True, False, False, False, False]
    ring = page.locator(":focus").evaluate(
        "e => [getComputedStyle(e).outlineStyle, parseFloat(getComputedStyle(e).outlineWidth)]"
    )
    assert ring == ["solid", 3]
    page.keyboard.press("ArrowDown")
    assert marks(page) == [False, True, False, False, False]
    page.keyboard.press("Tab")
    page.keyboard.press("ArrowUp")  # from the first to the last
    assert marks(page) == [False, True, False, False, True]
    assert verdicts(page) == ["Right. At one z it is.", "Not quite. It has."]


def test_a_verdict_is_announced_once(open_page: OpenPage, widget_page: MakePage) -> None:
    page = open_page(widget_page(some_questions()))
    first = page.locator(".vae-verdict").first
    expect(first).to_have_role("status")
    page.get_by_text("Yes", exact=True).click()
    first.evaluate(
        """verdict => {
          window.changes = 0;
          const count = all => (window.changes += all.length);
          new MutationObserver(count).observe(verdict, { childList: true, subtree: true });
        }"""
    )
    page.get_by_text("Eq. (4)").click()
    expect(page.locator(".vae-score")).to_have_text("2 of 2 right")
    assert page.evaluate("window.changes") == 0


def test_it_follows_python_and_tells_it(live_widget: Callable[..., Page]) -> None:
    page = live_widget(some_questions())
    page.get_by_text("Eq. (4)").click()
    assert page.evaluate("live.model.heard.map(state => state.chosen)") == [[-1, 0]]
    page.evaluate("live.model.set('chosen', [0, 2])")
    assert marks(page) == [True, False, False, False, True]
    page.evaluate("live.model.set('chosen', [-1, -1])")
    assert marks(page) == [False] * 5
    assert verdicts(page) == ["", ""]
    assert page.evaluate("live.model.heard.length") == 1
    remove_change_and_show(page, "chosen", [1, 1])
    assert marks(page) == [False, True, False, True, False]
    assert verdicts(page) == ["Right. At one z it is.", "Not quite. One has."]


def test_two_copies_agree(open_page: OpenPage, widget_page: MakePage) -> None:
    questions = some_questions()
    page = open_page(widget_page(questions, questions))
    page.get_by_text("Yes", exact=True).first.click()
    assert marks(page) == [False, True, False, False, False] * 2


@pytest.mark.parametrize(
    "nonsense",
    [
        {"chosen": [9, 0]},
        {"chosen": [0]},
        {"chosen": None},
        {"chosen": ["1", 0]},
        {"questions": []},
        {"questions": None},
        {"questions": [{"text": "no pieces", "answers": []}]},
        {"questions": [{"text": [["", "Q"]], "answers": [{"text": [["", "A"]], "right": True}]}], "chosen": [0]},
    ],
    ids=str,
)
def test_nonsense_becomes_one_sentence_and_heals(live_widget: Callable[..., Page], nonsense: dict[str, Any]) -> None:
    page = live_widget(some_questions(), **nonsense)
    expect(page.locator(".vae-sentence")).to_contain_text("These questions cannot be shown")
    page.evaluate(
        "([questions, chosen]) => { live.model.set('questions', questions); live.model.set('chosen', chosen); }",
        [some_questions().questions, [1, -1]],
    )
    expect(page.locator(".vae-score")).to_have_text("1 of 2 right")


def test_markup_makes_only_what_it_knows(live_widget: Callable[..., Page]) -> None:
    questions = some_questions().questions
    questions[0]["text"] = [["script", "window.evil = 1"], ["", "<img src=x onerror=alert(1)>"]]
    page = live_widget(some_questions(), questions=questions)
    expect(page.locator("legend").first).to_have_text("1. window.evil = 1<img src=x onerror=alert(1)>")
    assert page.locator("fieldset :is(script, img)").count() == 0


@pytest.mark.parametrize("width", [320, 390, 1280])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_fits_the_page(open_page: OpenPage, widget_page: MakePage, width: int, scheme: str) -> None:
    page = open_page(widget_page(some_questions()), width=width, scheme=scheme)
    page.get_by_text(NEITHER.text).click()
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    for legend in page.locator("legend").all():
        inner, outer = legend.bounding_box(), legend.locator("..").bounding_box()
        assert inner
        assert outer
        assert outer["y"] < inner["y"]
        assert inner["y"] + inner["height"] < outer["y"] + outer["height"]


def test_in_a_chapter_the_text_gives_way_to_the_widget(open_page: OpenPage, site_url: str) -> None:
    page = open_page(f"{site_url}03-kl-divergence.html")
    texts = page.locator(".vae-questions-text")
    asked = 0
    for text in texts.all():
        text.evaluate("text => text.closest('.cell_output').scrollIntoView()")
        output = text.locator("xpath=ancestor::div[contains(@class, 'cell_output')][1]")
        expect(output.locator("fieldset").first).to_be_visible()
        expect(text).to_be_hidden()
        asked += text.locator(":scope > li").count()
    assert asked == page.locator(".vae-questions fieldset").count() >= 3


def test_without_javascript_the_questions_are_text(browser: Browser, site_url: str) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{site_url}03-kl-divergence.html")
    items = page.locator(".vae-questions-text > li")
    assert items.count() >= 3
    expect(items.first.locator("li").first).to_be_visible()
    expect(items.first.locator("details p")).to_be_hidden()
    items.first.locator("summary").click()
    expect(items.first.locator("details p")).to_be_visible()
    context.close()


def test_on_paper_the_questions_stand(open_page: OpenPage, site_url: str) -> None:
    page = open_page(f"{site_url}03-kl-divergence.html")
    page.emulate_media(media="print")
    questions = page.locator(":is(.vae-questions fieldset, .vae-questions-text > li)").locator("visible=true")
    assert questions.count() >= 3

"""Answer in Chromium, through the book's own host: each kind by every hand, the words of Python's check, nonsense."""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Callable
from typing import Any

import pytest
from bs4 import BeautifulSoup
from checks import assert_room_for_a_finger, complaints, open_folds, remove_change_and_show
from playwright.sync_api import Page, expect

from vae_lib.exercises import ANSWERS, check_answer
from vae_lib.exercises.checking import Choice, Number
from vae_lib.widgets import Answer
from vae_lib.widgets.words import ANSWER as WORDS

OpenPage = Callable[..., Page]
MakePage = Callable[..., str]


def verdict(page: Page) -> str:
    return page.locator(".vae-verdict").inner_text()


def answered(page: Page, text: str) -> str:
    page.get_by_label(WORDS["label"], exact=True).fill(text)
    page.get_by_role("button", name=WORDS["check"]).click()
    return verdict(page)


@pytest.mark.parametrize("text", ["0.125", "1/8", "0.16", "0.5", "12.5", "−3"])
def test_a_number_gets_the_words_of_python_s_check(open_page: OpenPage, widget_page: MakePage, text: str) -> None:
    page = open_page(widget_page(Answer("best sigma")))
    expect(page.get_by_role("group", name="Your answer: best sigma")).to_have_count(1)
    assert verdict(page) == ""
    said = check_answer("best sigma", {"1/8": 0.125, "−3": -3.0}.get(text) or float(text))
    assert answered(page, text) == said.words
    assert page.locator(".vae-verdict").get_attribute("data-right") == ("" if said.passed else None)
    sign = page.locator(".vae-verdict b").evaluate("b => getComputedStyle(b, '::before').content")
    assert ("✓" if said.passed else "✗") in sign


def test_by_keyboard_and_what_is_no_number(open_page: OpenPage, widget_page: MakePage) -> None:
    page = open_page(widget_page(Answer("bare KL")))
    page.keyboard.press("Tab")
    page.keyboard.type("20,1")
    page.keyboard.press("Enter")
    assert verdict(page) == WORDS["no_number"]
    page.keyboard.press("ControlOrMeta+a")
    page.keyboard.type("19.8")
    page.keyboard.press("Tab")
    page.keyboard.press("Space")
    assert verdict(page) == check_answer("bare KL", 19.8).words
    expect(page.get_by_label(WORDS["label"], exact=True)).to_have_value("19.8")
    expect(page.locator(".vae-verdict")).to_have_role("status")


def test_a_verdict_comes_back_after_what_is_no_number(open_page: OpenPage, widget_page: MakePage) -> None:
    page = open_page(widget_page(Answer("bare KL")))
    right = answered(page, "19.8")
    assert answered(page, "twenty") == WORDS["no_number"]
    assert answered(page, "19.8") == right


def test_a_choice_by_mouse_and_by_keyboard(open_page: OpenPage, widget_page: MakePage) -> None:
    page = open_page(widget_page(Answer("more latents")))
    words = page.locator("label").all_inner_texts()
    assert words == ["elbo", "kl", "none", "reconstruction"]
    page.get_by_text("kl", exact=True).click()
    assert verdict(page) == check_answer("more latents", "kl").words
    page.keyboard.press("ArrowRight")
    expect(page.get_by_role("radio", name="none")).to_be_checked()
    assert verdict(page) == check_answer("more latents", "none").words


def test_a_place_is_read_to_a_tenth(open_page: OpenPage, widget_page: MakePage) -> None:
    page = open_page(widget_page(Answer("a place for an 8")))
    for place in ([0.23, -0.54], [3, 3], [0.6, -1.9], [-4, 4]):
        for name, number in zip((WORDS["first"], WORDS["second"]), place, strict=True):
            page.get_by_label(name).fill(f"{number}")
        page.get_by_role("button", name=WORDS["check"]).click()
        assert verdict(page) == check_answer("a place for an 8", place).words
    page.get_by_label(WORDS["first"]).fill("4.01")
    page.keyboard.press("Enter")
    assert verdict(page) == "Answer with two numbers from −4 to 4."


def test_it_follows_python_and_tells_it(live_widget: Callable[..., Page]) -> None:
    page = live_widget(Answer("mended mean"))
    field = page.get_by_label(WORDS["label"], exact=True)
    assert answered(page, "1/64") == check_answer("mended mean", 1 / 64).words
    assert page.evaluate("live.model.heard.map(state => state.answer)") == [1 / 64]
    expect(field).to_have_value("1/64")
    page.evaluate("live.model.set('answer', 64)")
    expect(field).to_have_value("64")
    assert verdict(page) == check_answer("mended mean", 64).words
    page.evaluate("live.model.set('answer', null)")
    expect(field).to_have_value("")
    assert verdict(page) == ""
    remove_change_and_show(page, "answer", 0.25)
    expect(field).to_have_value("0.25")


@pytest.mark.parametrize(
    "nonsense",
    [{"rule": {}}, {"rule": None}, {"rule": {"bands": []}}, {"answer": "0.5"}, {"answer": [1, 2]}, {"answer": True}],
    ids=str,
)
def test_nonsense_becomes_one_sentence_and_heals(live_widget: Callable[..., Page], nonsense: dict[str, Any]) -> None:
    page = live_widget(Answer("bare KL"), **nonsense)
    expect(page.locator(".vae-sentence")).to_have_text(WORDS["bad_answer"])
    page.evaluate(
        "([rule, answer]) => { live.model.set('rule', rule); live.model.set('answer', answer); }",
        [Answer("bare KL").rule, 19.8],
    )
    expect(page.locator(".vae-verdict")).to_have_text(check_answer("bare KL", 19.8).words)


@pytest.mark.parametrize("width", [320, 390, 1280])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_fits_the_page(open_page: OpenPage, widget_page: MakePage, width: int, scheme: str) -> None:
    asked = ("a place for an 8", "most probable picture", "where the codes are")
    page = open_page(widget_page(*map(Answer, asked)), width=width, scheme=scheme, touch=True)
    for field in page.get_by_role("textbox").all():
        field.fill("0.5")
    for button in page.get_by_role("button").all():
        assert_room_for_a_finger(button, 44)
        button.tap()
    page.get_by_text("noise").tap()
    assert page.locator(".vae-verdict").all_inner_texts().count("") == 0
    assert page.evaluate("document.documentElement.scrollWidth") <= width


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_in_a_chapter_an_answer_has_no_violation(open_page: OpenPage, site_url: str, scheme: str) -> None:
    page = open_page(f"{site_url}01-latent-space.html#exercises", width=390, scheme=scheme)
    open_folds(page)
    place = page.get_by_role("group", name="Your answer: a place for an 8")
    place.get_by_label(WORDS["first"]).fill("0.2")
    place.get_by_label(WORDS["second"]).fill("-0.5")
    page.keyboard.press("Enter")
    expect(place.locator(".vae-verdict")).to_contain_text("Right.")
    page.get_by_text("The lazy way to sample").scroll_into_view_if_needed()
    lazy = page.get_by_role("group", name="Your answer: lazy draws")
    lazy.get_by_role("radio", name="ink").check()
    expect(lazy.locator(".vae-verdict")).to_contain_text("Not yet.")
    assert complaints(page) == []


def test_on_the_site_every_question_has_its_field_and_none_is_left(
    pages: dict[str, BeautifulSoup],
) -> None:
    asked = set()
    for name, page in pages.items():
        assert "Not answered yet" not in page.get_text() or name.startswith(("reference", "search")), name
        state = page.select_one("script[type='application/vnd.jupyter.widget-state+json']")
        for model in json.loads(state.text)["state"].values() if state else ():
            asked |= {*re.findall("Your answer: (.*)", model["state"].get("words", {}).get("name", ""))}
        for cell in page.select(".cell.tag_exercise"):
            code = cell.select_one("pre")
            assert not code or code.get_text().startswith("def my_"), name
            if code:
                note = cell.find_next_sibling()
                assert "widget-note" in note["class"], name
                assert note.select("a"), name
    assert asked == set(ANSWERS)


def test_what_is_right_does_not_stand_in_the_page_s_own_words(pages: dict[str, BeautifulSoup]) -> None:
    for name, page in pages.items():
        if re.match(r"\d", name):
            own = copy.copy(page)
            for folded in own.select("details:not(.fold), script"):
                folded.extract()
            text = own.get_text()
            for question in ANSWERS.values():
                if isinstance(question, Number | Choice):
                    assert question.because not in text, name

"""TrainingExplorer in Chromium: its arithmetic beside PyTorch's, and all that a reader's hand, or a mistake, can do."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
import traitlets
from checks import CORNER, assert_room_for_a_finger, hold_time, remove_change_and_show, settle
from learning import PLAIN, SETTINGS, digits, double_model, loss_of
from playwright.sync_api import Browser, Locator, Page, expect
from torch import Tensor, nn

from vae_lib import data
from vae_lib.distributions import Gaussian
from vae_lib.model import VAE
from vae_lib.widgets import TrainingExplorer
from vae_lib.widgets.base import normals, uniforms
from vae_lib.widgets.training_explorer import count_parameters, first_parameters
from vae_lib.widgets.words import TRAINING_EXPLORER as WORDS

OpenPage = Callable[..., Page]
MakePage = Callable[..., str]
LivePage = Callable[..., Page]


def examples() -> Tensor:
    """The digits a to e of the widget, the first 0, 1, 4, 6 and 7: shape (5, 64)."""
    loaded = data.load("digits")
    labels = torch.cat([loaded.train_labels, loaded.test_labels])
    return digits()[[int((labels == digit).nonzero()[0]) for digit in (0, 1, 4, 6, 7)]]


# ------------------------------------------------------------------------------------------------------ the widget


def button(page: Page | Locator, name: str) -> Locator:
    return page.get_by_role("button", name=WORDS[name], exact=True)


def epoch(page: Page, copy: int = 0) -> int:
    return int(re.findall(r"\d+", page.locator(".vae-progress").nth(copy).inner_text())[0])


def place(page: Page, copy: int = 0) -> tuple[int, int]:
    """Epoch and step."""
    first, second = re.findall(r"\d+", page.locator(".vae-progress").nth(copy).inner_text())[:2]
    return int(first), int(second)


def wait_for_epoch(page: Page, least: int, copy: int = 0) -> None:
    page.wait_for_function(
        "([least, copy]) => +document.querySelectorAll('.vae-progress')[copy].textContent.match(/\\d+/)[0] >= least",
        arg=[least, copy],
    )


def runs_of(page: Page, epochs: int | None) -> None:
    """A press on Train is good for so many epochs; for None it ends by another press only, on a fast machine too."""
    page.evaluate(
        """epochs => {
          window.post ??= Worker.prototype.postMessage;
          Worker.prototype.postMessage = function (message) {
            post.call(this, "epochs" in message ? { ...message, epochs: epochs ?? Infinity } : message);
          };
        }""",
        epochs,
    )


def ready(page: Page) -> None:
    """The first pictures stand: the training thread has answered."""
    page.wait_for_function("() => [...document.querySelectorAll('.vae-training dd')].every(dd => dd.textContent)")
    runs_of(page, None)


def assert_stands(page: Page, place: tuple[int, int]) -> None:
    """Answers come in order: the one to another step shows that nothing was trained between."""
    epoch, step = place
    button(page, "one_step").click()
    following = f"Epoch {epoch}, step {step + 1} of" if step < 28 else f"Epoch {epoch + 1}, step 0 of"
    expect(page.locator(".vae-progress")).to_contain_text(following)
    expect(button(page, "train")).to_be_visible()


GREY = """selector => [...document.querySelectorAll(selector)].map(c =>
  [...c.getContext('2d').getImageData(0, 0, c.width, c.height).data].filter((_, i) => i % 4 === 0))"""


def shown(page: Page, selector: str) -> Tensor:
    """Grey values of the pictures that a selector finds, shape (pictures, pixels), when all is drawn."""
    settle(page)
    return torch.tensor(page.evaluate(GREY, selector)).float()


def wait_for_pictures(page: Page, selector: str, holds: str, wanted: Tensor | None = None) -> None:
    """Until ``holds`` is true of the ``pictures`` that a selector finds, and of those that are ``wanted``."""
    page.wait_for_function(
        f"([selector, wanted]) => {{ const pictures = ({GREY})(selector); return {holds}; }}",
        arg=[selector, None if wanted is None else wanted.tolist()],
    )


# A training thread that the test leads: ``frame`` is its answer to the order with that number, or to the last.
LED = """
window.Worker = class {
  orders = [];
  constructor() { window.thread = this; }
  postMessage(message) { this.orders.push(message); }
  terminate() {}
};
window.frame = (changes) => {
  const { images, pixels } = thread.orders[0].task;
  thread.onmessage({ data: {
    parameters: new Float32Array(COUNT), codes: new Float32Array((2 * images.length) / pixels), history: [[-10, 3]],
    done: 0, batches: 0, stepTime: 0, running: true, trouble: "", fresh: false, before: null,
    heard: thread.orders.at(-1).number, ...changes,
  } });
};
""".replace("COUNT", str(count_parameters(4)))


def open_led(browser: Browser, widget_page: MakePage, **options: Any) -> Page:
    """A page whose thread and whose clock the test leads."""
    page = browser.new_page(**options)
    page.add_init_script(LED)
    page.clock.install(time=0)  # before the first timer, which would run by the machine's clock
    page.goto(widget_page(TrainingExplorer(hidden=4)))
    page.wait_for_function("() => window.thread")
    hold_time(page)
    frame(page, epoch=0, fresh=True, running=False)
    page.clock.run_for(100)
    return page


def frame(page: Page, **changes: Any) -> None:
    page.evaluate("changes => frame(changes)", changes)


def orders(page: Page) -> list[str]:
    """All but what it is told when a picture is drawn."""
    return page.evaluate("thread.orders.map(({ order }) => order).filter(order => order !== 'drawn')")


def weights_in(page: Page) -> np.ndarray:
    values = page.evaluate("[...new Float32Array(live.model.get('parameters').buffer)]")
    return np.array(values, dtype="<f4")


def open_widget(open_page: OpenPage, widget_page: MakePage, *widgets: TrainingExplorer, **options: Any) -> Page:
    page = open_page(widget_page(*(widgets or (TrainingExplorer(),))), **options)
    ready(page)
    return page


def test_train_pause_step_reset(open_page: OpenPage, widget_page: MakePage) -> None:
    page = open_widget(open_page, widget_page)
    before = shown(page, ".vae-tiles canvas")
    numbers = page.locator(".vae-training dd").all_inner_texts()
    assert place(page) == (0, 0)
    button(page, "one_step").click()
    expect(page.locator(".vae-progress")).to_contain_text("Epoch 0, step 1 of 29")
    button(page, "train").click()
    wait_for_epoch(page, 3)
    button(page, "pause").click()
    expect(button(page, "train")).to_be_visible()
    stood = place(page)
    after = shown(page, ".vae-tiles canvas")
    assert (after - before).abs().max() > 50
    assert_stands(page, stood)
    assert page.locator(".vae-training dd").all_inner_texts() != numbers
    button(page, "reset").click()
    expect(page.locator(".vae-progress")).to_contain_text("Epoch 0, step 0")
    assert torch.equal(shown(page, ".vae-tiles canvas"), before)
    assert page.locator(".vae-training dd").all_inner_texts() == numbers


@torch.no_grad()
def test_every_picture_is_the_models(live_widget: LivePage) -> None:
    """What stands in the page after some steps, and what Python makes of the weights that came back: 1 of 255."""
    page = live_widget(TrainingExplorer(hidden=32))
    ready(page)
    button(page, "train").click()
    wait_for_epoch(page, 2)
    button(page, "pause").click()
    expect(button(page, "train")).to_be_visible()
    heard = page.evaluate("live.model.get('epoch')")
    assert heard == epoch(page) >= 2
    explorer = TrainingExplorer(hidden=32)
    explorer.parameters = memoryview(weights_in(page).tobytes())  # as a kernel gets them
    vae = explorer.model()
    x, five = digits().float(), examples().float()
    columns = shown(page, ".vae-pairs canvas").reshape(5, 2, 64)
    assert (columns[:, 0] - 255 * five).abs().max() <= 0.5 + 1e-4
    assert (columns[:, 1] - 255 * vae.decode(vae.encode(five).mean)).abs().max() <= 1
    sheet = shown(page, ".vae-training .vae-panel > .vae-digit").reshape(107, 107)
    extent = float(
        re.findall(r"to (\d+),", str(page.locator(".vae-panel > .vae-digit").get_attribute("aria-label")))[0]
    )
    middles = torch.tensor([(2 * i + 1) / 12 - 1 for i in range(12)]) * extent
    for row, column in ((0, 0), (3, 7), (11, 11)):
        cell = sheet[9 * row : 9 * row + 8, 9 * column : 9 * column + 8].flatten()
        wanted = vae.decode(torch.stack([middles[column], -middles[row]]))
        assert (cell - 255 * wanted).abs().max() <= 1
    reach = vae.encode(x).mean.abs().amax(1).quantile(0.99)
    assert extent / 2 <= max(reach, 2) <= extent


def test_what_is_set_counts_and_python_follows(live_widget: LivePage) -> None:
    page = live_widget(TrainingExplorer())
    ready(page)
    page.get_by_label(WORDS["sample_check"]).uncheck()
    expect(page.locator(".vae-trained")).to_have_text(WORDS["trained_point"])
    expect(page.get_by_label(WORDS["gradient"])).to_be_disabled()  # without a draw there is no choice
    page.get_by_label(WORDS["kl_check"]).uncheck()
    expect(page.locator(".vae-trained")).to_have_text(WORDS["trained_autoencoder"])
    page.get_by_label(WORDS["sample_check"]).check()
    expect(page.locator(".vae-trained")).to_have_text(WORDS["trained_no_kl"])
    page.get_by_label(WORDS["gradient"]).select_option("score")
    page.get_by_label(WORDS["mistake"]).select_option("mean")
    page.get_by_role("slider").nth(0).press("ArrowRight")
    page.get_by_role("slider").nth(1).press("End")
    page.get_by_role("slider").nth(2).press("Home")
    said = page.evaluate(
        "Object.fromEntries(['lr', 'beta', 'sigma', 'sample', 'kl', 'gradient', 'mistake']"
        ".map(name => [name, live.model.get(name)]))"
    )
    assert said == {
        "lr": 0.013,
        "beta": 100,
        "sigma": 0.05,
        "sample": True,
        "kl": False,
        "gradient": "score",
        "mistake": "mean",
    }
    TrainingExplorer(**said)  # Python takes what a hand can set
    page.evaluate(
        "settings => { for (const [name, value] of Object.entries(settings)) live.model.set(name, value); }",
        {"lr": 0.1, "beta": 1, "kl": True, "mistake": "none", "gradient": "pathwise"},
    )
    assert page.get_by_role("slider").nth(0).input_value() == "-1"
    expect(page.locator(".vae-trained")).to_have_text(WORDS["trained_vae"])


def test_the_terms_of_the_start_are_those_of_what_is_set(live_widget: LivePage) -> None:
    page = live_widget(TrainingExplorer(hidden=8))
    ready(page)
    before = page.locator("[data-term=reconstruction] dd").inner_text()
    page.get_by_role("slider").nth(2).press("End")  # σ = 1
    expect(page.locator("[data-term=reconstruction] dd")).not_to_have_text(before)
    vae, _ = double_model(first_parameters(0, 8), 8, 1.0)
    with torch.no_grad():
        q = vae.encode(digits())
        wanted = vae.log_likelihood(digits(), q.rsample(generator=torch.Generator().manual_seed(0))).mean()
    found = float(page.locator("[data-term=reconstruction] dd").inner_text().split()[0].replace("−", "-"))
    assert found == pytest.approx(float(wanted), abs=0.2)  # other draws of ε; at σ = 1 they hardly matter
    page.get_by_label(WORDS["sample_check"]).uncheck()
    expect(page.locator("[data-term=elbo] dt")).to_have_text(WORDS["difference"])  # no bound without a draw


def test_what_is_set_reaches_the_training(live_widget: LivePage) -> None:
    """One step with each setting: the weights that PyTorch would have from the same ε."""
    for settings in ({}, {"kl": False}, {"lr": 0.1}, {"mistake": "detached"}, {"sigma": 0.5, "beta": 10.0}):
        page = live_widget(TrainingExplorer(hidden=8, **settings))
        ready(page)
        order, noise = first_batch(8)
        button(page, "one_step").click()
        expect(page.locator(".vae-progress")).to_contain_text("step 1 of")
        used = PLAIN | settings
        vae, weights = double_model(first_parameters(0, 8), 8, used["sigma"])
        adam = torch.optim.Adam(weights, lr=used["lr"])
        loss, _, _ = loss_of(vae, digits()[order], torch.from_numpy(noise), used)
        loss.backward()
        adam.step()
        wanted = torch.cat([weight.detach().flatten() for weight in weights]).numpy()
        np.testing.assert_allclose(weights_in(page), wanted, atol=1e-5)  # as float32; Adam's first step is ±lr


def first_batch(hidden: int, seed: int = 0, count: int = 1797, batch: int = 64) -> tuple[np.ndarray, np.ndarray]:
    """The first pictures that a learner takes, shuffled as Fisher and Yates do, and their ε."""
    total = count_parameters(hidden)
    drawn = uniforms(seed, total + count - 1 + 2 * batch)[total:]
    order = np.arange(count)
    for i, uniform in zip(range(count - 1, 0, -1), drawn, strict=False):
        other = int(uniform * (i + 1))
        order[[i, other]] = order[[other, i]]
    radius, angle = np.sqrt(-2 * np.log(drawn[count - 1 :: 2])), 2 * np.pi * drawn[count::2]
    return order[:batch], np.stack([radius * np.cos(angle), radius * np.sin(angle)], 1)


def test_weights_from_python_are_taken_up(live_widget: LivePage) -> None:
    page = live_widget(TrainingExplorer(hidden=16))
    ready(page)
    other = first_parameters(9, 16).astype("<f4")
    page.evaluate("values => live.model.set('parameters', live.bytes(values))", list(other.tobytes()))

    @torch.no_grad()
    def assert_drawn(parameters: np.ndarray) -> None:
        vae, _ = double_model(parameters, 16, 0.16)
        wanted = 255 * vae.decode(vae.encode(examples()).mean)
        near = "wanted.every((all, i) => all.every((value, j) => Math.abs(value - pictures[i][j]) <= 1))"
        wait_for_pictures(page, ".vae-pairs canvas:last-child", near, wanted)

    assert_drawn(other)
    page.evaluate("live.model.set('parameters', live.bytes([]))")  # Python begins anew
    assert_drawn(first_parameters(0, 16))


@pytest.mark.parametrize("how", ["lr", "sign"])
def test_a_loss_that_is_no_number_ends_in_a_sentence_and_a_reset(
    open_page: OpenPage, widget_page: MakePage, how: str
) -> None:
    broken = TrainingExplorer(lr=10.0) if how == "lr" else TrainingExplorer(mistake="sign", lr=1.0)
    page = open_widget(open_page, widget_page, broken)
    button(page, "train").click()
    trouble = page.locator(".vae-training > .vae-sentence")
    expect(trouble).to_be_visible()
    expect(trouble).to_contain_text("no number any more")
    expect(button(page, "reset")).to_be_focused()  # the hand is not left on a button that is dead
    assert set(page.locator(".vae-training dd").all_inner_texts()) == {WORDS["no_number"]}
    expect(button(page, "train")).to_be_disabled()
    expect(button(page, "one_step")).to_be_disabled()
    page.get_by_role("slider").nth(0).fill("-2")
    page.get_by_label(WORDS["mistake"]).select_option("none")
    button(page, "reset").click()
    expect(trouble).to_be_hidden()
    button(page, "train").click()
    wait_for_epoch(page, 2)
    assert all(
        np.isfinite(float(t.split()[0].replace("−", "-"))) for t in page.locator(".vae-training dd").all_inner_texts()
    )


def test_a_hidden_tab_rests(open_page: OpenPage, widget_page: MakePage) -> None:
    page = open_widget(open_page, widget_page)
    hide = """hidden => {
      Object.defineProperty(document, "hidden", { configurable: true, get: () => hidden });
      document.dispatchEvent(new Event("visibilitychange"));
    }"""
    button(page, "train").click()
    wait_for_epoch(page, 1)
    page.evaluate(hide, True)
    expect(button(page, "train")).to_be_visible()
    stood = place(page)
    assert_stands(page, stood)
    page.evaluate(hide, False)
    wait_for_epoch(page, stood[0] + 2)
    button(page, "pause").click()
    expect(button(page, "train")).to_be_visible()
    page.evaluate(hide, True)
    page.evaluate(hide, False)
    expect(button(page, "train")).to_be_visible()  # what the reader paused stays so


def test_two_copies_do_not_disturb_each_other(open_page: OpenPage, widget_page: MakePage) -> None:
    page = open_page(widget_page(TrainingExplorer(), TrainingExplorer(beta=0.01)))
    second = page.locator(".vae-training").nth(1)
    second.scroll_into_view_if_needed()
    ready(page)
    button(page, "train").nth(1).click()
    wait_for_epoch(page, 2, copy=1)
    assert place(page, copy=0) == (0, 0)
    button(page, "train").first.click()  # now the other, which says Pause, trains too
    wait_for_epoch(page, 2, copy=0)
    before = epoch(page, copy=1)
    wait_for_epoch(page, before + 1, copy=1)
    second.get_by_label(WORDS["kl_check"]).uncheck()
    expect(page.get_by_label(WORDS["kl_check"]).first).to_be_checked()
    assert len(page.workers) == 2


def test_orders_that_follow_fast(open_page: OpenPage, widget_page: MakePage) -> None:
    """Answers to the orders before are under way while the next is given; what is shown is true of the last."""
    page = open_widget(open_page, widget_page)
    page.evaluate("""() => {
      const [train, one, reset] = document.querySelectorAll(".vae-controls button");
      for (let i = 0; i < 5; i++) [one, train, reset, one, one, train].forEach(button => button.click());
    }""")
    expect(button(page, "pause")).to_be_visible()
    wait_for_epoch(page, 2)
    expect(button(page, "pause")).to_be_visible()
    page.evaluate("""() => {
      const [train, one, reset] = document.querySelectorAll(".vae-controls button");
      train.click(); reset.click(); one.click();
    }""")
    expect(page.locator(".vae-progress")).to_contain_text("Epoch 0, step 1 of 29")
    assert_stands(page, (0, 1))


@pytest.mark.parametrize("asked", [1, 2, 3])
def test_a_pause_is_answered_however_often_it_is_asked_for(browser: Browser, widget_page: MakePage, asked: int) -> None:
    """The button says what is so: Pause until the last of them is answered, then Train."""
    page = open_led(browser, widget_page)
    button(page, "train").click()
    frame(page, epoch=1)
    for _ in range(asked):
        button(page, "pause").click()
    assert orders(page) == ["start", "run", *["pause"] * asked]
    numbers = page.evaluate("thread.orders.filter(({ order }) => order === 'pause').map(({ number }) => number)")
    for number in numbers:
        expect(button(page, "pause")).to_be_visible()
        frame(page, epoch=2, running=False, heard=number)
    expect(button(page, "train")).to_be_visible()
    button(page, "train").click()
    assert orders(page)[-1] == "run"
    frame(page, epoch=3)
    expect(button(page, "pause")).to_be_visible()
    page.close()


def test_a_pause_that_is_asked_for_twice(open_page: OpenPage, widget_page: MakePage) -> None:
    page = open_widget(open_page, widget_page)
    button(page, "train").click()
    wait_for_epoch(page, 1)
    page.evaluate("() => { for (let i = 0; i < 2; i++) document.querySelector('.vae-controls button').click(); }")
    expect(button(page, "train")).to_be_visible()
    stood = place(page)
    assert_stands(page, stood)
    button(page, "train").click()
    wait_for_epoch(page, stood[0] + 2)
    expect(button(page, "pause")).to_be_visible()


def test_the_kernel_may_send_back_what_it_was_told(live_widget: LivePage) -> None:
    """The same weights in another object are no news: training goes on from where it was."""
    page = live_widget(TrainingExplorer(hidden=16))
    ready(page)
    runs_of(page, 3)
    button(page, "train").click()
    wait_for_epoch(page, 3)
    expect(button(page, "train")).to_be_visible()
    numbers = page.locator(".vae-training dd").all_inner_texts()
    page.evaluate("""() => {
      const { get } = live.model;
      live.model.get = name => name === "parameters" ? new DataView(get(name).buffer.slice(0)) : get(name);
    }""")
    page.get_by_label(WORDS["kl_check"]).uncheck()
    page.get_by_role("slider").first.press("ArrowLeft")
    assert_stands(page, (3, 0))
    assert page.locator(".vae-training dd").all_inner_texts() == numbers


def test_two_views_of_one_model_show_the_same(live_widget: LivePage) -> None:
    page = live_widget(TrainingExplorer(hidden=16))
    ready(page)
    page.evaluate("live.show()")
    page.wait_for_function("document.querySelectorAll('.vae-training dd').length === 6")
    ready(page)
    button(page, "train").first.click()
    wait_for_epoch(page, 2, copy=1)  # it hears of the weights every few seconds
    expect(button(page, "pause")).to_have_count(1)  # and does not stop the one that trains
    before = epoch(page)
    wait_for_epoch(page, before + 1)
    button(page, "pause").click()
    expect(button(page, "train")).to_have_count(2)
    wait_for_pictures(page, ".vae-pairs canvas", "`${pictures.slice(0, 10)}` === `${pictures.slice(10)}`")
    assert epoch(page, copy=0) == epoch(page, copy=1)


def test_the_same_seed_is_the_same_training(open_page: OpenPage, widget_page: MakePage) -> None:
    """In a worker and, where there can be none, on the page's own thread."""
    pictures = []
    page = open_widget(open_page, widget_page, TrainingExplorer(seed=3))
    for _ in range(2):
        for _ in range(3):
            button(page, "one_step").click()
        expect(page.locator(".vae-progress")).to_contain_text("step 3 of")
        pictures.append(shown(page, ".vae-tiles canvas"))
        button(page, "reset").click()
        expect(page.locator(".vae-progress")).to_contain_text("step 0 of")
    assert torch.equal(*pictures)
    page.get_by_label(WORDS["seed"]).fill("4")
    page.keyboard.press("Tab")
    wait_for_pictures(page, ".vae-tiles canvas", "`${pictures}` !== `${wanted}`", pictures[0])
    page.get_by_label(WORDS["seed"]).fill("-1")
    page.keyboard.press("Tab")
    expect(page.get_by_label(WORDS["seed"])).to_have_value("4")


@pytest.mark.parametrize(
    "stub",
    [
        "window.Worker = class { constructor() { throw new Error('none here'); } };",
        "window.Worker = class { postMessage() {} terminate() {}"
        " constructor() { setTimeout(() => this.onerror(new Event('error', { cancelable: true }))); } };",
    ],
)
def test_without_a_worker_it_trains_on_the_pages_own_thread(browser: Browser, widget_page: MakePage, stub: str) -> None:
    page = browser.new_page()
    page.add_init_script(stub)
    page.goto(widget_page(TrainingExplorer(hidden=16)))
    ready(page)
    button(page, "train").click()
    wait_for_epoch(page, 2)
    pause = button(page, "pause")
    pause.evaluate_all("all => all.forEach(one => one.click())")  # where its epochs are over already, there is none
    expect(button(page, "train")).to_be_visible()
    assert not page.workers
    page.close()


def test_a_view_that_goes_takes_its_worker_and_its_listeners_along(live_widget: LivePage) -> None:
    page = live_widget(TrainingExplorer())
    ready(page)
    button(page, "train").click()
    wait_for_epoch(page, 1)
    page.evaluate("""() => {
      window.ended = 0;
      const { terminate } = Worker.prototype;
      Worker.prototype.terminate = function () { terminate.call(this); ended++; };
    }""")
    remove_change_and_show(page, "beta", 2.0)
    ready(page)
    assert page.evaluate("ended") == 3
    with page.workers[-1].expect_event("close"):
        page.evaluate("live.remove()")
    assert page.evaluate("ended") == 4


def test_by_keyboard_alone(open_page: OpenPage, widget_page: MakePage) -> None:
    page = open_widget(open_page, widget_page)
    page.keyboard.press("Tab")
    expect(button(page, "train")).to_be_focused()
    page.keyboard.press("Enter")
    wait_for_epoch(page, 1)
    page.keyboard.press("Space")
    expect(button(page, "train")).to_be_focused()
    reached = []
    for _ in range(12):
        page.keyboard.press("Tab")
        reached.append(
            page.evaluate("document.activeElement.labels?.[0]?.textContent ?? document.activeElement.textContent")
        )
    wanted = [
        "one_step",
        "reset",
        "lr",
        "beta",
        "sigma",
        "sample_check",
        "kl_check",
        "gradient",
        "mistake",
        "seed",
        "apart",
    ]
    assert reached[: len(wanted)] == [WORDS[name] for name in wanted]


def test_on_a_phone(open_page: OpenPage, widget_page: MakePage) -> None:
    page = open_widget(open_page, widget_page, width=390, height=844, touch=True)
    for name in ("train", "one_step", "reset"):
        assert_room_for_a_finger(button(page, name), 44)
    button(page, "train").tap()
    wait_for_epoch(page, 1)
    button(page, "pause").tap()
    page.locator("summary").tap()
    button(page, "apart_take").tap()
    expect(page.locator(".vae-apart-result")).to_contain_text("before the step")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    for control in page.locator(".vae-training :is(button, select, input, summary)").all():
        box = control.bounding_box()
        assert box
        assert min(box["width"], box["height"]) >= 22, control.inner_text()  # a check box, in a label of 44


@pytest.mark.parametrize(("motion", "rest"), [("reduce", 1500), ("no-preference", 0)])
def test_who_wants_little_motion_sees_a_picture_now_and_then(
    browser: Browser, widget_page: MakePage, motion: Any, rest: int
) -> None:
    page = open_led(browser, widget_page, reduced_motion=motion)
    button(page, "train").click()
    count = "thread.orders.filter(({ order }) => order === 'drawn').length"
    page.clock.run_for(3000)
    for i in range(1, 4):
        before = page.evaluate(count)
        frame(page, epoch=i)
        page.clock.run_for(max(0, rest - 50))
        assert page.evaluate(count) == before
        page.clock.run_for(150)  # a few frames, one of which drew it
        assert page.evaluate(count) == before + 1
    page.close()


def test_in_the_book_the_kl_is_dropped(open_page: OpenPage, site_url: str) -> None:
    """What chapter 6 asks for, under the policy of the site: the KL climbs by nats once it does not count."""
    page = open_page(f"{site_url}06-training.html#watch-it-learn")
    widget = page.locator(".vae-training")
    widget.scroll_into_view_if_needed()
    ready(page)
    after = []
    for tick in (True, False):
        widget.get_by_label(WORDS["kl_check"]).set_checked(tick)
        runs_of(page, 15)
        ends = epoch(page) + 15
        button(widget, "train").click()
        wait_for_epoch(page, ends)
        expect(button(widget, "train")).to_be_visible()
        assert place(page) == (ends, 0)
        terms = [widget.locator(f"[data-term={name}] dd").inner_text() for name in ("reconstruction", "kl")]
        after.append([float(text.split()[0].replace("−", "-")) for text in terms])
    (reconstruction, kl), (without, climbed) = after
    assert without > reconstruction + 1
    assert climbed > kl + 2
    assert len(page.workers) == 1  # off the page's own thread


def test_screen_readers_hear_it_at_a_rate_that_can_be_followed(browser: Browser, widget_page: MakePage) -> None:
    """At most every five seconds, and at once when it ends."""
    page = open_led(browser, widget_page)
    page.evaluate("""() => {
      window.said = [];
      const [start, live] = [performance.now(), document.querySelector(".vae-live")];
      const note = () => said.push([performance.now() - start, live.textContent]);
      new MutationObserver(note).observe(live, { childList: true });
    }""")
    button(page, "train").click()
    for second in range(1, 15):
        page.clock.run_for(1000)
        frame(page, epoch=second)
    frame(page, epoch=15, running=False)
    page.clock.run_for(10)
    said = page.evaluate("said")
    assert [text for _, text in said] == ["epoch 6, loss 13.0", "epoch 12, loss 13.0", "Paused at epoch 15, loss 13.0"]
    assert [time for time, _ in said] == pytest.approx([6000, 12000, 14000], abs=10)
    assert page.evaluate("thread.orders.find(({ order }) => order === 'run').epochs") == 300
    page.close()


@pytest.mark.parametrize("name", SETTINGS)
def test_one_step_taken_apart_equals_autograd(live_widget: LivePage, name: str) -> None:
    settings = PLAIN | SETTINGS[name]
    page = live_widget(TrainingExplorer(seed=1, **settings))
    ready(page)
    page.locator("summary").click()
    page.get_by_role("button", name="digit c").click()

    def read() -> dict[str, list[float]]:
        rows = page.locator(".vae-apart tbody tr").evaluate_all(
            "rows => rows.map(row => [row.dataset.row, [...row.cells].slice(2).map(cell => cell.textContent)])"
        )
        return {
            row: [float(text.replace("−", "-")) if text != "–" else np.nan for text in texts] for row, texts in rows
        }

    def wanted(noise: Tensor) -> tuple[dict[str, Any], VAE, list[Tensor], Tensor]:
        vae, weights = double_model(first_parameters(1, 64), 64, settings["sigma"])
        x = examples()[2:3]
        q = vae.encode(x)
        mean, sd = q.mean.detach().requires_grad_(), q.std.detach().requires_grad_()

        class Given(nn.Module):
            def forward(self, x: Tensor) -> Gaussian:
                return Gaussian(mean, 2 * sd.log())

        z = (mean + sd * noise if settings["sample"] else mean).detach().requires_grad_()
        pixels = torch.distributions.Normal(vae.decode(z), settings["sigma"]).log_prob(x).sum()
        share = 1 / 64 if settings["mistake"] == "mean" else 1
        to_z = torch.autograd.grad(-share * pixels, z)[0]
        loss, reconstruction, kl = loss_of(vae, x, noise, settings)
        whole = torch.autograd.grad(loss, weights, allow_unused=True)
        size = [torch.cat([g.flatten() for g in part if g is not None]).norm() for part in (whole[:4], whole[4:])]
        network, vae.encoder = vae.encoder, Given()  # type: ignore[assignment]
        to_mean, to_sd = torch.autograd.grad(loss_of(vae, x, noise, settings)[0], (mean, sd), allow_unused=True)
        vae.encoder = network
        none = torch.zeros(1, 2)
        return (
            {
                "mean": mean,
                "sd": sd,
                "noise": noise if settings["sample"] else torch.full((2,), torch.nan),
                "z": z,
                "reconstruction": reconstruction,
                "kl": kl,
                "to_z": to_z,
                "to_mean": none if to_mean is None else to_mean,
                "to_sd": none if to_sd is None else to_sd,
                "to_noise": torch.full((2,), torch.nan),
                "to_encoder": size[0],
                "to_decoder": size[1],
            },
            vae,
            weights,
            loss,
        )

    found = read()
    noise = torch.from_numpy(page_noise()).view(1, 2)
    numbers, _, _, loss = wanted(noise)
    for row, value in numbers.items():
        expected = value.detach().flatten().double().numpy()
        np.testing.assert_allclose(found[row], expected, atol=0.0051, rtol=1e-5, err_msg=row)
    # The formulas beside the slopes, computed with the numbers that are shown.
    assert_formulas(page, found, settings)
    result = page.locator(".vae-apart-result").inner_text().replace("−", "-")
    assert float(re.findall(r"-?\d+\.\d+", result)[0]) == pytest.approx(loss.item(), abs=0.0051)


def assert_formulas(page: Page, found: dict[str, list[float]], settings: dict[str, Any]) -> None:
    """Where μ and s are not tiny, what the page says of ∂L/∂μ and ∂L/∂s gives the numbers beside it."""
    for row in ("to_mean", "to_sd"):
        text = page.locator(f"[data-row={row}] td").first.inner_text()
        for i in range(2):
            values = {"ε": found["noise"][i], "μ": found["mean"][i], "s": found["sd"][i], "dz": found["to_z"][i]}
            formula = text.replace("∂L/∂z", "dz").replace("log P(X|z)", "logp").replace("−", "-").replace("·", "*")
            formula = re.sub(r"ε²", "ε**2", formula)
            formula = re.sub(r"β(?=[μ(])", "β*", formula)
            known = values | {"β": settings["beta"], "logp": found["reconstruction"][0]}
            expected = 0.0 if text == WORDS["apart_nothing"] else eval(formula, {"__builtins__": {}}, known)
            assert found[row][i] == pytest.approx(expected, rel=0.05, abs=0.1), f"{row}: {text}"


def page_noise() -> np.ndarray:
    """The ε with which the step is first taken apart."""
    return normals(10, 2)


def test_a_step_on_one_digit(live_widget: LivePage) -> None:
    """Adam's step on that picture with that ε, and the loss before and after it."""
    page = live_widget(TrainingExplorer(hidden=16, lr=0.001))
    ready(page)
    page.locator("summary").click()
    button(page, "apart_take").click()
    expect(page.locator(".vae-apart-result")).to_contain_text("before the step")
    before, after = (
        float(t) for t in re.findall(r"-?\d+\.\d+", page.locator(".vae-apart-result").inner_text().replace("−", "-"))
    )
    vae, weights = double_model(first_parameters(0, 16), 16, 0.16)
    adam = torch.optim.Adam(weights, lr=0.001)
    noise = torch.from_numpy(page_noise()).view(1, 2)
    losses = []
    for _ in range(2):
        adam.zero_grad()
        loss = loss_of(vae, examples()[:1], noise, PLAIN)[0]
        losses.append(loss.item())
        loss.backward()
        adam.step()
    assert [before, after] == pytest.approx(losses, abs=0.02)  # the page shows float32 weights
    assert after < before
    said = page.locator(".vae-live").inner_text()
    assert said == page.locator(".vae-apart-result").inner_text()
    page.get_by_role("button", name="digit b").click()
    expect(page.locator(".vae-apart-result")).not_to_contain_text("before the step")
    shown_noise = page.locator("[data-row=noise] td").nth(1).inner_text()
    button(page, "apart_redraw").click()
    expect(page.locator("[data-row=noise] td").nth(1)).not_to_have_text(shown_noise)


@pytest.mark.parametrize(
    "edits",
    [
        {"hidden": 0},
        {"batch_size": 0},
        {"lr": 0.0},
        {"beta": float("nan")},
        {"images": b"\x01" * 63},
        {"images": b"\xff" * 64 * 1797},
        {"parameters": b"\x00" * 8},
        {"parameters": np.full(count_parameters(64), np.nan, "<f4").tobytes()},
    ],
)
def test_nonsense_is_one_sentence(live_widget: LivePage, edits: dict[str, Any]) -> None:
    page = live_widget(TrainingExplorer(), **edits)
    expect(page.locator(".vae-sentence[role=status]")).to_have_text(WORDS["bad_training"])
    assert page.locator("canvas").count() == 0


def test_in_the_dark(open_page: OpenPage, widget_page: MakePage) -> None:
    page = open_widget(open_page, widget_page)
    expect(page.locator(".vae-widget")).to_have_attribute("data-theme", "light")
    light = [page.locator(f".vae-{name}").evaluate(CORNER) for name in ("map", "chart")]
    page.evaluate("document.documentElement.dataset.theme = 'dark'")
    expect(page.locator(".vae-widget")).to_have_attribute("data-theme", "dark")
    settle(page)
    dark = [page.locator(f".vae-{name}").evaluate(CORNER) for name in ("map", "chart")]
    assert all(sum(before) > 600 > 200 > sum(after) for before, after in zip(light, dark, strict=True))


# ------------------------------------------------------------------------------------------------------ in Python


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"lr": 0.0}, "lr must be a number from 0.0001 to 10.0, got 0.0"),
        ({"beta": -1}, "beta must be a number from 0.01 to 100.0, got -1"),
        ({"sigma": float("nan")}, "sigma must be a number from 0.05 to 1.0, got nan"),
        ({"seed": -1}, "seed must be a whole number from 0 to 4294967295, got -1"),
        ({"gradient": "straight"}, "'gradient' trait of a TrainingExplorer instance expected any of"),
        ({"mistake": "none at all"}, "'mistake' trait of a TrainingExplorer instance expected any of"),
    ],
)
def test_what_python_refuses(wrong: dict[str, Any], said: str) -> None:
    with pytest.raises(traitlets.TraitError, match=re.escape(said)):
        TrainingExplorer(**wrong)


@pytest.mark.parametrize("hidden", [0, 257, 8.0])
def test_a_width_that_is_none(hidden: Any) -> None:
    with pytest.raises(ValueError, match=re.escape(f"hidden must be a whole number from 1 to 256, got {hidden!r}")):
        TrainingExplorer(hidden=hidden)


def test_weights_that_do_not_fit_are_refused() -> None:
    explorer = TrainingExplorer(hidden=4)
    kept = explorer.model().encoder.net[0].weight
    with pytest.raises(traitlets.TraitError, match="parameters must have 2448 bytes for hidden=4, got 8"):
        explorer.parameters = b"12345678"
    with pytest.raises(traitlets.TraitError, match="parameters must be bytes, as the page sends them, got list"):
        explorer.parameters = [0.0]
    with pytest.raises(traitlets.TraitError, match="parameters must be finite"):
        explorer.parameters = np.full(count_parameters(4), np.inf, "<f4").tobytes()
    assert torch.equal(explorer.model().encoder.net[0].weight, kept)


def test_the_model_is_a_vae_of_the_library() -> None:
    explorer = TrainingExplorer(hidden=4, sigma=0.3)
    numbers = np.arange(count_parameters(4), dtype="<f4") / 1000
    explorer.parameters = numbers.tobytes()
    vae = explorer.model()
    assert isinstance(vae, VAE)
    assert vae.sigma == pytest.approx(0.3)
    assert sum(p.numel() for net in (vae.encoder, vae.decoder) for p in net.parameters()) == count_parameters(4)
    flat = torch.cat([p.detach().flatten() for net in (vae.encoder, vae.decoder) for p in net.parameters()])
    assert torch.equal(flat, torch.from_numpy(numbers))
    assert len(explorer.labels) == len(explorer.images) // 64 == 1797

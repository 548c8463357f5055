"""The widgets in a real JupyterLab, with a kernel: what the reader moves, Python reads, and the other way round."""

from __future__ import annotations

import json
import os
import re
import secrets
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import nbformat
import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from vae_lib import widgets

ROOT = Path(__file__).parents[2]
Lab = tuple[Path, str, str]

pytestmark = pytest.mark.xdist_group("jupyterlab")


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """A JupyterLab on loopback: the folder that it shows, its address, its token."""
    folder = tmp_path_factory.mktemp("lab")
    home = {name: str(folder / name) for name in ("JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "JUPYTER_RUNTIME_DIR")}
    command = [sys.executable, "-m", "jupyterlab", "--no-browser", "--ip=127.0.0.1", "--port=0", "--allow-root"]
    command += [f"--ServerApp.root_dir={folder}", "--LabApp.expose_app_in_browser=True"]
    command += ["--LabApp.news_url=None", "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate"]
    token = secrets.token_hex(16)
    environment = os.environ | home | {"JUPYTER_TOKEN": token}
    server = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    said: list[str] = []
    try:
        assert server.stdout
        for line in server.stdout:
            said.append(line)
            if found := re.search(r"http://127\.0\.0\.1:\d+", line):
                break
        else:
            pytest.fail("".join(said))
        threading.Thread(target=said.extend, args=[server.stdout], daemon=True).start()  # or the pipe would fill
        yield folder, found[0], token
    finally:
        server.terminate()
        server.wait()


@pytest.fixture
def open_notebook(browser: Browser, lab: Lab) -> Iterator[Callable[[nbformat.NotebookNode], Page]]:
    """Opens a notebook in JupyterLab and waits until its kernel is ready."""
    folder, address, token = lab
    contexts = []

    def open_one(notebook: nbformat.NotebookNode) -> Page:
        name = f"open-{secrets.token_hex(4)}.ipynb"
        nbformat.write(notebook, folder / name)
        contexts.append(browser.new_context(viewport={"width": 1280, "height": 1400}))
        page = contexts[-1].new_page()
        page.goto(f"{address}/lab/tree/{name}?reset&token={token}")
        page.wait_for_selector(".jp-Notebook-cell")
        expect(page.locator("#jp-main-statusbar")).to_contain_text("| Idle")
        return page

    yield open_one
    for context in contexts:
        context.close()


def notebook_of(*sources: str) -> nbformat.NotebookNode:
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source) for source in sources])
    notebook.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3", "language": "python"}
    return notebook


def command(page: Page, name: str) -> None:
    """A command of JupyterLab's, until it is done: of a cell or of all of them, until they have run."""
    page.evaluate("name => jupyterapp.restored.then(() => jupyterapp.commands.execute(name)).then(() => 0)", name)


def run_cell(page: Page, cell: Locator) -> None:
    """Run one cell, until its number shows that it has run anew."""
    prompt = cell.locator(".jp-InputPrompt").first
    before = prompt.inner_text()
    cell.locator(".cm-content").click()
    expect(cell).to_have_class(re.compile("jp-mod-active"))
    command(page, "notebook:run-cell")
    expect(prompt).to_have_text(re.compile(r"\[\d+\]:"))
    expect(prompt).not_to_have_text(before)


def nth_cell(page: Page, index: int) -> Locator:
    return page.locator(".jp-Notebook-cell").nth(index)


def test_slider_and_python_follow_each_other(open_notebook: Callable[[nbformat.NotebookNode], Page]) -> None:
    page = open_notebook(
        notebook_of(
            "from vae_lib.widgets import LatentExplorer\n"
            "explorer = LatentExplorer('digits-2', z=(0.5, -0.5))\nexplorer",
            "print('python reads', explorer.z)",
            "explorer.z = [-1.25, 0.75]",
        )
    )
    run_cell(page, nth_cell(page, 0))
    first = page.get_by_role("slider", name="z₁")
    expect(first).to_have_value("0.5")

    first.focus()
    page.keyboard.press("ArrowRight")
    moved = float(first.input_value())
    assert moved > 0.5
    run_cell(page, nth_cell(page, 1))
    expect(page.get_by_text(f"python reads [{moved:g}, -0.5]")).to_be_visible()

    page.get_by_role("application").focus()
    page.keyboard.press("ArrowUp")
    expect(page.get_by_role("slider", name="z₂")).to_have_value("-0.4")

    run_cell(page, nth_cell(page, 2))
    expect(first).to_have_value("-1.25")
    expect(page.get_by_role("slider", name="z₂")).to_have_value("0.75")


def test_a_chapter_runs_and_its_sliders_drive_python(open_notebook: Callable[[nbformat.NotebookNode], Page]) -> None:
    chapter = nbformat.read(ROOT / "book" / "01-latent-space.ipynb", as_version=4)
    chapter.cells.append(nbformat.v4.new_code_cell("explorer.z"))
    page = open_notebook(chapter)
    command(page, "notebook:run-all-cells")
    code = page.locator(".jp-CodeCell")
    own = code.filter(has=page.locator(".cm-content", has_text="OwnSlider("))
    expect(own.locator(".jp-InputPrompt").first).to_have_text(re.compile(r"\[\d+\]:"))
    expect(page.locator("#jp-main-statusbar")).to_contain_text("| Idle")  # the folded cells as well
    expect(page.locator(".jp-OutputArea-output[data-mime-type*=error]")).to_have_count(0)

    # The widget: by the hand on the slider, read back in Python.
    slider = page.get_by_role("slider", name="z₁")
    slider.scroll_into_view_if_needed()
    box = slider.bounding_box()
    assert box
    middle = box["height"] / 2
    slider.drag_to(  # it waits until the notebook stands still
        slider,
        source_position={"x": box["width"] / 2, "y": middle},
        target_position={"x": 0.8 * box["width"], "y": middle},
    )
    moved = float(slider.input_value())
    assert moved > 1
    reading = code.filter(has=page.locator(".cm-content", has_text=re.compile(r"^explorer\.z$")))
    run_cell(page, reading)
    expect(reading.locator(".jp-OutputArea-output")).to_contain_text(f"[{moved:g}, ")

    # The slider of one's own: Python computes the figure anew.
    knob = own.get_by_role("slider")
    knob.scroll_into_view_if_needed()
    said = own.locator(".vae-own-text")
    expect(said).to_contain_text("error per pixel")
    picture, words = own.locator(".vae-own img").get_attribute("src"), said.inner_text()
    for number in range(3, 9):
        knob.press("ArrowRight")
        expect(knob).to_have_attribute("aria-valuetext", f"numbers = {number}")
    expect(said).not_to_have_text(words)
    expect(own.locator(".vae-own img")).to_have_attribute("alt", "What the function draws at numbers = 8")
    expect(own.locator(".vae-own img")).not_to_have_attribute("src", picture)


# What makes each widget, what Python reads of what its first slider moves, and what Python does to move it back.
EVERY_WIDGET = {
    "Anatomy()": ("w.epsilon[0]", "w.epsilon = [-2.0, 0.0]"),
    "LatentExplorer('digits-2')": ("w.z[0]", "w.z = [-1.0, 0.0]"),
    "IntegralExplorer()": ("w.draws", "w.draws = 16"),
    "KLExplorer()": ("w.q[0]", "w.q = [-2.0, 0.5]"),
    "KLPlaneExplorer()": ("w.mean[0]", "w.mean = [-2.0, 0.5]"),
    "Equation4Explorer()": ("w.q[0]", "w.q = [-2.0, 0.5]"),
    "ReparameterizationExplorer()": ("w.mu", "w.mu = -2.0"),
    "SeriesExplorer('digits-epochs')": ("w.index", "w.index = 7"),
    "SeriesExplorer('digits-betas')": ("w.index", "w.index = 7"),
    "TrainingExplorer()": ("w.lr", "w.lr = 0.0001"),
    "OwnSlider(lambda number: number**2, range(9), 4)": ("w.value", "w.value = 2"),
    "LatentSliders('digits-12')": ("round(sum(w.z), 3)", "w.z = [-2.0] * 12"),
}


def test_the_pad_and_python_follow_each_other(open_notebook: Callable[[nbformat.NotebookNode], Page]) -> None:
    page = open_notebook(
        notebook_of(
            "from vae_lib.widgets import DigitPad\nw = DigitPad()\nw",
            "print('ink', sum(w.x) / 255)",
            "w.x = bytes(784)",
        )
    )
    shown, reading, writing = (nth_cell(page, i) for i in range(3))
    run_cell(page, shown)
    seven = shown.get_by_role("button", name="Handwritten 7").first
    seven.click()
    expect(seven).to_have_attribute("aria-pressed", "true")
    run_cell(page, reading)
    assert float(reading.locator(".jp-OutputArea-output pre").first.inner_text().removeprefix("ink ")) > 20
    run_cell(page, writing)
    expect(seven).to_have_attribute("aria-pressed", "false")
    expect(shown.locator(".vae-invite")).to_be_visible()


def test_the_machine_and_python_follow_each_other(open_notebook: Callable[[nbformat.NotebookNode], Page]) -> None:
    page = open_notebook(
        notebook_of(
            "from vae_lib.widgets import Machine\nw = Machine()\nw",
            "print('ink', sum(w.x) // 255, 'at', [round(value, 2) for value in w.z])",
            "w.z = [1.0, 0.5]",
        )
    )
    shown, reading, writing = (nth_cell(page, i) for i in range(3))
    run_cell(page, shown)
    said = reading.locator(".jp-OutputArea-output pre").first
    z = shown.locator("[data-name=z] data")
    shown.get_by_role("radio", name="Handwritten 6").check()
    run_cell(page, reading)
    expect(said).to_contain_text("ink 175 at")
    chosen = json.loads(said.inner_text().split(" at ")[1])
    shown.get_by_role("application").press("ArrowRight")  # the notebook leaves it to the map
    run_cell(page, reading)
    expect(said).not_to_contain_text(f"{chosen}")
    moved = json.loads(said.inner_text().split(" at ")[1])
    assert moved == pytest.approx([chosen[0] + 0.1, chosen[1]], abs=0.011)
    assert json.loads(z.inner_text().replace("−", "-").replace("(", "[").replace(")", "]")) == pytest.approx(
        moved, abs=0.011
    )
    run_cell(page, writing)
    expect(z).to_have_text("(1.00, 0.50)")


def test_what_the_page_learned_comes_back(open_notebook: Callable[[nbformat.NotebookNode], Page]) -> None:
    page = open_notebook(
        notebook_of(
            "import torch\nfrom vae_lib import data, training\nfrom vae_lib.widgets import TrainingExplorer\n"
            "w = TrainingExplorer()\nx = data.load('digits').train\n"
            "def elbo():\n    r, k = training.mean_terms(w.model(), x)\n    return round(r - k, 1)\n"
            "print('before', elbo())\nw",
            "print('after', elbo(), 'epoch', w.epoch)",
            "w.parameters = b''",
        )
    )
    shown, reading, writing = (nth_cell(page, i) for i in range(3))
    run_cell(page, shown)
    train = shown.get_by_role("button", name="Train")
    train.scroll_into_view_if_needed()
    before = float(shown.locator(".jp-OutputArea-output pre").first.inner_text().removeprefix("before "))
    train.focus()
    page.keyboard.press("Enter")
    expect(shown.locator(".vae-progress")).to_contain_text(re.compile(r"Epoch ([5-9]|\d\d)"))
    page.keyboard.press("Space")
    expect(train).to_be_visible()
    seen = re.search(r"ELBO\s*(\S+) nats", shown.locator(".vae-training dl").inner_text())
    assert seen
    run_cell(page, reading)
    found = re.search(r"after (\S+) epoch (\d+)", reading.locator(".jp-OutputArea-output pre").first.inner_text())
    assert found
    assert before < -90
    # The page's figure is the mean over an epoch of steps, each with its weights.
    assert float(found[1]) == pytest.approx(float(seen[1].replace("−", "-")), abs=10)
    assert int(found[2]) >= 5
    run_cell(page, writing)
    expect(shown.locator(".vae-progress")).to_contain_text("Epoch 0, step 0")


def test_the_questions_and_python_follow_each_other(open_notebook: Callable[[nbformat.NotebookNode], Page]) -> None:
    page = open_notebook(
        notebook_of(
            "from vae_lib.exercises.questions import Question, Right, Wrong\n"
            "from vae_lib.widgets import QuickQuestions\n"
            "w = QuickQuestions([Question('Which?', Wrong('this', 'not so'), Right('that', 'it is'))])\nw",
            "print('chosen', w.chosen, 'correct', w.correct)",
            "w.chosen = [-1]",
        )
    )
    shown, reading, writing = (nth_cell(page, i) for i in range(3))
    run_cell(page, shown)
    first = shown.get_by_role("radio", name="this")
    first.focus()
    expect(shown.locator(".vae-questions-text")).to_be_hidden()
    page.keyboard.press("Space")
    expect(shown.locator(".vae-verdict")).to_have_text("Not quite. not so")
    page.keyboard.press("ArrowDown")  # the notebook leaves it to the radio buttons
    expect(shown.locator(".vae-verdict")).to_have_text("Right. it is")
    run_cell(page, reading)
    expect(page.get_by_text("chosen [1] correct 1")).to_be_visible()  # a kernel may be slow
    run_cell(page, writing)
    expect(shown.get_by_role("radio", checked=True)).to_have_count(0)


def test_the_answer_and_python_follow_each_other(open_notebook: Callable[[nbformat.NotebookNode], Page]) -> None:
    page = open_notebook(
        notebook_of(
            "from vae_lib.widgets import Answer\nw = Answer('mended mean')\nw",
            "print('read', w.answer, w.verdict.passed)",
            "w.answer = 64",
        )
    )
    shown, reading, writing = (nth_cell(page, i) for i in range(3))
    run_cell(page, shown)
    shown.get_by_label("Your answer", exact=True).click()
    page.keyboard.type("1/64")  # the notebook leaves it to the field
    page.keyboard.press("Enter")
    expect(shown.locator(".vae-verdict")).to_contain_text("Right.")
    run_cell(page, reading)
    expect(page.get_by_text("read 0.015625 True")).to_be_visible()
    run_cell(page, writing)
    expect(shown.locator(".vae-verdict")).to_contain_text("Not yet.")
    expect(shown.get_by_label("Your answer", exact=True)).to_have_value("64")


def test_every_widget_is_driven_here() -> None:
    driven = {maker.split("(")[0] for maker in EVERY_WIDGET} | {"Answer", "DigitPad", "Machine", "QuickQuestions"}
    assert driven == set(widgets.__all__)


def test_every_widget_and_python_follow_each_other(open_notebook: Callable[[nbformat.NotebookNode], Page]) -> None:
    sources = ["from vae_lib.widgets import *"]
    for maker, (read, write) in EVERY_WIDGET.items():
        sources += [f"w = {maker}\nprint('was', {read})\nw", f"print('is', {read})", write]
    page = open_notebook(notebook_of(*sources))
    run_cell(page, nth_cell(page, 0))
    for number, maker in enumerate(EVERY_WIDGET):
        shown, reading, writing = (nth_cell(page, 3 * number + i) for i in (1, 2, 3))
        run_cell(page, shown)
        slider = shown.get_by_role("slider").first
        slider.scroll_into_view_if_needed()
        was = shown.locator(".jp-OutputArea-output pre").first.inner_text().removeprefix("was ")
        slider.focus()
        page.keyboard.press("ArrowRight")
        moved = slider.input_value()
        run_cell(page, reading)
        now = reading.locator(".jp-OutputArea-output pre").first.inner_text().removeprefix("is ")
        assert float(now) > float(was), maker
        run_cell(page, writing)
        expect(slider).not_to_have_value(moved)
        expect(shown.locator(".vae-sentence")).to_have_count(0)

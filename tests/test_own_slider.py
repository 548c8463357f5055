"""OwnSlider: it calls the function, and where the book is built it holds what the function shows at each stop."""

from __future__ import annotations

import io
import json
from base64 import b64encode
from pathlib import Path
from typing import Any

import films
import matplotlib.pyplot as plt
import numpy as np
import pytest
import torch
from matplotlib.figure import Figure
from PIL import Image
from traitlets import TraitError

from vae_lib import plots
from vae_lib.widgets import OwnSlider

X = torch.rand(10, 64, generator=torch.Generator().manual_seed(0))


def blurred(times: int) -> Figure:
    print(f"{times} times")
    return plots.images(X / (1 + times), (8, 8))


def pixels(png: bytes) -> np.ndarray[Any, Any]:
    return np.asarray(Image.open(io.BytesIO(png)).convert("RGB"))


def drawn(times: int) -> np.ndarray[Any, Any]:
    """The figure as matplotlib saves it, the way a notebook shows it."""
    file = io.BytesIO()
    plots.images(X / (1 + times), (8, 8)).savefig(file, format="png", bbox_inches="tight")
    return pixels(file.getvalue())


@pytest.fixture
def filmed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VAE_BOOK_FILM", "1")


def test_a_move_calls_the_function() -> None:
    calls = []
    slider = OwnSlider(lambda count: calls.append(count), range(5), 3)
    assert calls == [3]
    assert slider.frames == []
    slider.index = 1
    slider.value = 4
    assert calls == [3, 1, 4]
    assert slider.argument == "count"
    assert slider.shown == {"index": 4, "text": "", "picture": b""}


def test_what_it_shows_is_what_python_draws() -> None:
    slider = OwnSlider(blurred, range(10), 2)
    for times in (2, 7):
        slider.value = times
        assert slider.shown["text"] == f"{times} times"
        assert np.array_equal(pixels(slider.shown["picture"]), drawn(times))


@pytest.mark.usefixtures("filmed")
def test_the_film_is_what_python_draws_at_each_stop() -> None:
    slider = OwnSlider(blurred, range(100), 5, [0, 40, 99])
    assert slider.stops == [0, 5, 40, 99]
    for stop, frame in zip(slider.stops, slider.frames, strict=True):
        assert (frame["index"], frame["text"]) == (stop, f"{stop} times")
        assert np.array_equal(pixels(frame["picture"]), drawn(stop))


def test_a_value_that_it_prints_and_a_figure_that_is_not_returned_are_shown() -> None:
    assert OwnSlider(lambda x: x**2, [1.5, -2.0]).shown["text"] == "2.25"

    def draws(x: float) -> None:
        plt.plot([0, x])

    slider = OwnSlider(draws, [1, 2])
    assert pixels(slider.shown["picture"]).size > 0
    assert not plt.get_fignums()


def test_an_error_of_the_function_is_told_and_the_slider_lives_on() -> None:
    slider = OwnSlider(lambda x: 1 / x, [1, 0, 2])
    slider.index = 1
    assert slider.shown["text"] == "ZeroDivisionError: division by zero"
    slider.index = 2
    assert slider.shown["text"] == "0.5"


@pytest.mark.parametrize(
    ("stops", "count", "wanted"),
    [(None, 5, range(5)), (None, 181, {round(place * 180 / 15) for place in range(16)} | {3}), ([0], 9, {0, 3})],
)
def test_the_stops(stops: Any, count: int, wanted: Any) -> None:
    assert OwnSlider(lambda x: x, range(count), 3, stops).stops == sorted(wanted)


def test_what_cannot_be_a_slider_is_refused() -> None:
    with pytest.raises(ValueError, match=r"function must take one number, got one that takes \(a, b\)"):
        OwnSlider(lambda a, b: a, [1])
    with pytest.raises(ValueError, match="values must hold one number or more"):
        OwnSlider(lambda a: a, [])
    with pytest.raises(TraitError, match="index must be from 0 to 2, got 3"):
        OwnSlider(lambda a: a, range(3)).index = 3


def test_its_pictures_become_files_beside_the_page(tmp_path: Path) -> None:
    data = b64encode(b"a picture").decode()
    own = {"_anywidget_id": "vae_lib.widgets.own_slider.OwnSlider", "shown": {}, "frames": [{}, {"picture": None}]}
    paths = [["shown", "picture"], ["frames", 0, "picture"], ["frames", 1, "picture"]]
    buffers = [{"path": path, "data": data, "encoding": "base64"} for path in paths]
    buffers[2]["data"] = ""
    other = {"state": {"_anywidget_id": "x.Machine"}, "buffers": [{"path": ["weights"], "data": data}]}
    state = {"one": {"state": own, "buffers": buffers}, "other": json.loads(json.dumps(other))}
    films.unpack(state, tmp_path / "_images")
    (file,) = (tmp_path / "_images").iterdir()
    assert file.read_bytes() == b"a picture"
    name = f"_images/{file.name}"
    assert own["shown"] == {"picture": name}
    assert own["frames"] == [{"picture": name}, {"picture": ""}]
    assert state["other"] == other
    assert "buffers" not in state["one"]

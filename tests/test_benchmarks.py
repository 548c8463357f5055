"""The figures that benchmarks/README.md shows are those that were measured."""

from __future__ import annotations

import importlib.util
import json
import os
import re
import statistics
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from vae_lib import pretrained
from vae_lib.runs.files import record_text

ROOT = Path(__file__).parent.parent
FIGURES = ("bytes", "first_digit_ms", "input_ms", "input_p95_ms", "longest_task_ms")


def test_a_record_is_read_line_by_line() -> None:
    """As its writer would write it."""
    assert record_text({"a": [1, 2], "b": {}}) == '{"a": [1, 2], "b": {}}\n'
    assert record_text({"a": [{"b": 105 * "c"}, 1]}) == '{\n "a": [\n  {"b": "' + 105 * "c" + '"},\n  1\n ]\n}\n'
    records = [*(ROOT / "benchmarks" / "results").glob("*.json"), *pretrained.SHIPPED.glob("*.json")]
    assert len(records) > 8
    for path in records:
        text = path.read_text("utf-8")
        assert record_text(json.loads(text)) == text, path.name


def test_the_table_of_pages_is_the_record() -> None:
    record = json.loads((ROOT / "benchmarks" / "results" / "browser.json").read_text(encoding="utf-8"))
    readme = (ROOT / "benchmarks" / "README.md").read_text(encoding="utf-8")
    for page, figures in record["pages"].items():
        row = re.search(rf"^\| `{re.escape(page)}` \|(.*)\|$", readme, re.MULTILINE)
        assert row, page
        shown = [cell.strip() for cell in row[1].split("|")]
        measured = [f"{figures['bytes'] / 1e6:.2f} MB", *(f"{figures[name]:g} ms" for name in FIGURES[1:])]
        assert shown == measured


def test_the_tables_of_reading_and_learning_are_the_record() -> None:
    record = json.loads((ROOT / "benchmarks" / "results" / "browser.json").read_text(encoding="utf-8"))
    lines = (ROOT / "benchmarks" / "README.md").read_text(encoding="utf-8").splitlines()
    for page, one in (record["read"] | {"goal, at most": record["read_goals"]}).items():
        figures = f"{one['paint_ms']:g} ms | {one['shift']:g} | {one['scroll_shift']:g} | {one['bytes'] / 1e6:.2f} MB"
        assert f"| {page} | {figures} |" in lines
    learn, goals = record["learn"], record["learn_goals"]
    figures = f"{learn['epochs_per_s']:g} | {learn['frames_per_s']:g} | {learn['elbo']:g} nats"
    assert f"| 06-training.html | {figures} |" in lines
    assert f"| goal, at least | {goals['epochs_per_s']} | {goals['frames_per_s']} | |" in lines


def script(name: str) -> Any:
    """A script of benchmarks/ as a module."""
    spec = importlib.util.spec_from_file_location(f"bench_{name}", ROOT / "benchmarks" / f"{name}.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_table_of_notebooks_is_the_record(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(ROOT / "benchmarks")
    record = json.loads((ROOT / "benchmarks" / "results" / "notebooks.json").read_text(encoding="utf-8"))
    assert script("notebooks").table(record) in (ROOT / "benchmarks" / "README.md").read_text(encoding="utf-8")
    assert set(record["notebooks"]) == {path.stem for path in (ROOT / "book").glob("*.ipynb")}
    assert max(one["peak_mb"] for one in record["notebooks"].values()) <= record["goals"]["peak_mb"]


@pytest.fixture(scope="module")
def bench() -> Any:
    """benchmarks/train.py as a module."""
    return script("train")


@pytest.fixture(scope="module")
def race() -> dict[str, Any]:
    return json.loads((ROOT / "benchmarks" / "results" / "train.json").read_text(encoding="utf-8"))


def test_the_tables_of_training_are_the_record(bench: Any, race: dict[str, Any]) -> None:
    assert bench.table(race) in (ROOT / "benchmarks" / "README.md").read_text(encoding="utf-8")


def test_the_record_of_training_agrees_with_itself(race: dict[str, Any]) -> None:
    figures = race["contenders"]
    assert {"examples", "bare", "ours", "gemm"} | ({"pythae"} - set(race["absent"])) == set(figures)
    for one in figures.values():
        assert len(one["ratios_to_examples"]) == race["rounds"]
        assert one["against"]["examples"] == pytest.approx(statistics.median(one["ratios_to_examples"]), abs=1e-3)
        # Medians of ratios and ratios of medians: not the same, but a slip would be far off.
        assert one["against"]["examples"] == pytest.approx(one["seconds"] / figures["examples"]["seconds"], rel=0.25)
    assert race["reached"]["epoch_against_examples"] == figures["ours"]["against"]["examples"]
    assert race["reached"]["peak_mb"] == figures["ours"]["peak_mb"] > figures["gemm"]["peak_mb"]
    assert figures["gemm"]["seconds"] == min(one["seconds"] for one in figures.values())
    assert {"processor", "cores", "threads", "torch", "code_revision"} == set(race["machine"])


def test_no_quality_is_given_up_for_speed(race: dict[str, Any]) -> None:
    """The same epochs end at the same negative ELBO, up to what another seed does to it."""
    reached = {name: one["negative_elbo"] for name, one in race["contenders"].items() if name != "gemm"}
    assert reached["ours"] == pytest.approx(reached["examples"], abs=1.5)


def test_time_to_quality_is_the_sum_of_its_epochs(race: dict[str, Any]) -> None:
    quality = race["time_to_quality"]
    assert quality, "a quick run is no record: make bench"
    for name in ("examples", "ours"):
        one = quality[name]
        assert len(one["negative_elbos"]) == one["epochs"]
        assert one["negative_elbos"][-1] <= quality["target"] < min([*one["negative_elbos"][:-1], np.inf])
    assert quality["ratio"] == pytest.approx(quality["ours"]["seconds"] / quality["examples"]["seconds"], abs=1e-3)


def test_every_contender_climbs_the_same_bound(bench: Any) -> None:
    """Sums over pixels and latents: the loss of the bare loop against NumPy's terms, and ours on the same weights."""
    torch.manual_seed(0)
    plain, model = bench.Plain(), bench._network()
    with torch.no_grad():
        plain.log_var.bias.fill_(-40.0)  # no noise, so that every draw is the mean
        for mine, theirs in zip(bench._layers(model), plain.layers(), strict=True):
            mine.copy_(theirs)
    x = torch.rand(5, 784, generator=torch.Generator().manual_seed(1))
    hidden, mean, log_var, back, pixels = (
        (getattr(plain, name).weight.detach().double().numpy(), getattr(plain, name).bias.detach().double().numpy())
        for name in ("hidden", "mean", "log_var", "back", "pixels")
    )
    h = np.maximum(x.double().numpy() @ hidden[0].T + hidden[1], 0)
    z, spread = h @ mean[0].T + mean[1], h @ log_var[0].T + log_var[1]
    p = 1 / (1 + np.exp(-(np.maximum(z @ back[0].T + back[1], 0) @ pixels[0].T + pixels[1])))
    cross = -(x.numpy() * np.log(p) + (1 - x.numpy()) * np.log1p(-p)).sum()
    kl = 0.5 * (np.exp(spread) + z**2 - 1 - spread).sum()
    assert plain.loss(x).item() == pytest.approx(cross + kl, rel=1e-5)
    assert bench._negative_elbo(plain.layers(), x) == pytest.approx((cross + kl) / 5, rel=1e-5)
    assert -model.terms(x).elbo.sum().item() == pytest.approx(cross + kl, rel=1e-5)


def test_without_mnist_it_says_so_in_one_line(tmp_path: Path) -> None:
    here = {
        "VAE_LIB_DATA": str(tmp_path / "nothing"),
        "http_proxy": "http://127.0.0.1:9",
        "https_proxy": "http://127.0.0.1:9",
    }
    done = subprocess.run(
        [sys.executable, "benchmarks/train.py", "--out", str(tmp_path / "train.json")],
        capture_output=True,
        text=True,
        cwd=ROOT,
        env={**os.environ, **here, "PYTHONPATH": str(ROOT)},
    )
    assert done.returncode == 2
    assert done.stderr.splitlines() == [done.stderr.strip()]
    assert "MNIST could not be read" in done.stderr
    assert not (tmp_path / "train.json").exists()

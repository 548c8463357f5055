"""python -m vae_lib: trains, measures, explains itself, and fails in one line."""

from __future__ import annotations

import copy
import json
import math
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from reference import Networks, gauss_hermite_elbo, log_normal
from safetensors.torch import load_file, save
from scipy import special

from vae_lib import data, evidence, pretrained, training
from vae_lib.cli import main
from vae_lib.data import Dataset
from vae_lib.model import VAE, Autoencoder
from vae_lib.runs.rounding import byte_rows

QUICK = ["--hidden", "24", "12", "--epochs", "2", "--examples", "4"]


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("cli") / "mine"
    assert main(["train", "--data", "digits", "--out", str(path), "--seed", "5", *QUICK]) == 0
    return path


def stored(path: Path) -> bytes:
    """All tensors of a model's file: its record has the command and the seconds as well."""
    return save(load_file(path.with_suffix(".safetensors")))


def test_train_saves_a_model_with_its_record(trained: Path) -> None:
    model, record = pretrained.load(trained), pretrained.record(trained)
    assert model.config() | {"sigma": 0} == {
        "data_dim": 64,
        "latent_dim": 2,
        "hidden": [24, 12],
        "likelihood": "gaussian",
        "sigma": 0,
        "learn_sigma": True,
        "activation": "silu",
    }
    assert record["command"] == (
        f"python -m vae_lib train --data digits --out {trained} --seed 5 --hidden 24 12 --epochs 2 --examples 4"
    )
    assert record["data"] == "digits"
    assert record["data_split"] == {"train": 1295, "validation": 143, "test": 359}
    assert (record["seed"], record["beta"], record["epochs_run"]) == (5, 1, 2)
    assert record["best_epoch"] in (1, 2)
    assert record["figures"]["log_evidence_examples"] == 4
    assert pretrained.codes(trained)[0].shape == (359, 2)


def test_training_again_gives_the_same_weights(trained: Path, tmp_path: Path) -> None:
    torch.manual_seed(99)  # whatever came before
    assert main(["train", "--data", "digits", "--out", str(tmp_path / "again"), "--seed", "5", *QUICK]) == 0
    assert stored(tmp_path / "again") == stored(trained)
    assert main(["train", "--data", "digits", "--out", str(tmp_path / "other"), "--seed", "6", *QUICK]) == 0
    assert stored(tmp_path / "other") != stored(trained)


def test_evaluate_says_what_the_record_says(trained: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["evaluate", str(trained), "--examples", "4", "--json"]) == 0
    out = capsys.readouterr().out
    assert json.loads(out) == pretrained.record(trained)["figures"]
    assert main(["evaluate", str(trained), "--examples", "4"]) == 0
    table = capsys.readouterr().out
    for name, value in json.loads(out).items():
        assert any(line.split(maxsplit=1) == [name, str(value)] for line in table.splitlines())


def test_evaluate_measures_what_numpy_measures(trained: Path, digits: Dataset) -> None:
    reached = pretrained.record(trained)["figures"]
    networks = Networks(pretrained.load(trained).state_dict())
    reconstruction, kl = gauss_hermite_elbo(networks, digits.test, nodes=8)
    assert reached["test_kl"] == pytest.approx(kl.mean(), abs=1e-3)
    assert reached["test_reconstruction"] == pytest.approx(reconstruction.mean(), abs=0.5)  # ten draws each
    assert reached["test_elbo"] == pytest.approx(reached["test_reconstruction"] - reached["test_kl"], abs=2e-4)
    exact = []
    for x in digits.test[:4]:
        _, log_joint, log_cell = networks.dense_grid(x, count=220)
        exact.append(special.logsumexp(log_joint) + log_cell)
    assert reached["test_log_evidence"] == pytest.approx(np.mean(exact), abs=1e-2)  # an even grid, not refined
    assert reached["standard_error"] == pytest.approx(np.std(exact, ddof=1) / 2, abs=1e-2)
    squared = float(((networks.decode(networks.encode(digits.test)[0]) - digits.test.numpy()) ** 2).mean())
    assert reached["squared_error"] == pytest.approx(squared, abs=2e-6)
    assert reached["sigma"] == pytest.approx(networks.sigma, abs=2e-6)
    assert (reached["log_evidence_method"], reached["likelihood"]) == ("grid", "gaussian")


def test_more_latents_are_measured_by_importance_sampling(digits: Dataset) -> None:
    torch.manual_seed(0)
    model = VAE(64, 3, (16,))
    training.fit(model, digits.train[:320], epochs=8, lr=5e-3, batch_size=32)
    reached = pretrained.figures(model, digits.test[:8], examples=6)
    assert reached["log_evidence_method"] == "importance sampling from Q, 500 draws"
    assert reached["log_evidence_examples"] == 6
    networks = Networks(model.state_dict())
    mean, var = networks.encode(digits.test[:6])
    noise = np.random.default_rng(0).normal(size=(4000, 6, 3))
    z = mean + np.sqrt(var) * noise
    log_q = (-0.5 * noise**2 - 0.5 * np.log(2 * np.pi * var)).sum(-1)
    estimate = special.logsumexp(networks.log_joint(digits.test[:6], z) - log_q, axis=0) - math.log(4000)
    assert reached["test_log_evidence"] == pytest.approx(estimate.mean(), abs=1.0)  # 500 draws: rough
    assert pretrained.figures(model, digits.test[:3], examples=1)["standard_error"] is None  # one example has no spread


@pytest.mark.parametrize("likelihood", ["gaussian", "bernoulli"])
def test_settings_reach_the_model(tmp_path: Path, likelihood: str) -> None:
    out = tmp_path / "model"
    arguments = ["train", "--out", str(out), "--likelihood", likelihood, "--latent-dim", "1", "--beta", "2"]
    assert main([*arguments, "--sigma", "0.3", "--hidden", "9", "--epochs", "1", "--examples", "1"]) == 0
    model, record = pretrained.load(out), pretrained.record(out)
    assert (model.latent_dim, model.hidden, model.likelihood) == (1, (9,), likelihood)
    assert model.sigma == pytest.approx(0.3, rel=2e-3)  # float16
    assert not model.log_sigma.requires_grad
    assert record["beta"] == 2
    assert record["figures"]["standard_error"] is None


def test_patience_stops_the_command_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: dict[str, Any] = {}

    def fit(model: VAE, x: torch.Tensor, **kwargs: Any) -> training.History:
        seen.update(kwargs, count=len(x))
        return training.History([0.0], [0.0], [0.0], 1)

    monkeypatch.setattr(training, "fit", fit)
    arguments = ["--patience", "7", "--lr", "0.01", "--batch-size", "9", "--beta", "0.5", "--seed", "3"]
    assert main(["train", "--out", str(tmp_path / "m"), *arguments, *QUICK]) == 0
    validation, _ = seen.pop("validation"), seen.pop("after_epoch")
    given = {"epochs": 2, "batch_size": 9, "lr": 0.01, "beta": 0.5, "seed": 3, "patience": 7}
    assert seen == {"count": 1295, "checkpoint": None, "device": "auto", **given}
    assert len(validation) == 143


def test_eight_bits_round_before_the_figures(tmp_path: Path, digits: Dataset) -> None:
    assert main(["train", "--out", str(tmp_path / "m"), "--bits", "8", *QUICK]) == 0
    model, record = pretrained.load(tmp_path / "m"), pretrained.record(tmp_path / "m")
    assert record["bits"] == 8
    matrices = [value for key, value in model.state_dict().items() if key.endswith(".weight")]
    assert len(matrices) == 6
    for matrix in matrices:
        assert byte_rows(matrix) is not None
    assert record["figures"] == pretrained.figures(model, digits.test, examples=4)


@pytest.mark.parametrize(("bits", "least"), [("16", 1e-5), ("8", 1e-4)])
def test_the_record_says_what_rounding_changes(bits: str, least: float, tmp_path: Path, digits: Dataset) -> None:
    assert main(["train", "--out", str(tmp_path / "m"), "--bits", bits, "--sigma", "0.1", *QUICK]) == 0
    torch.manual_seed(0)
    exact = VAE(64, 2, (24, 12), sigma=0.1)
    training.fit(exact, digits.train[:-143], epochs=2, validation=digits.train[-143:], patience=30)
    pictures = []
    for model in (exact, pretrained.load(tmp_path / "m")):
        networks = Networks(model.state_dict())
        pictures.append(networks.decode(networks.encode(digits.test)[0]))
    rounding = pretrained.record(tmp_path / "m")["rounding"]
    assert rounding == pytest.approx(np.abs(pictures[1] - pictures[0]).max(), abs=2e-6)  # as printed, and float32
    assert rounding > least


@pytest.mark.parametrize(("validation", "gained"), [([1, 4, 9, 2, 3], 0), ([1, 4, 2, 9.25, 3], 5.25), ([1, 4], None)])
def test_the_record_says_what_the_last_epochs_gained(
    validation: list[float], gained: float | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    history = training.History([0.0] * len(validation), [0.0] * len(validation), validation, 3)
    monkeypatch.setattr(training, "fit", lambda *args, **kwargs: history)
    assert main(["train", "--out", str(tmp_path / "m"), "--patience", "2", *QUICK]) == 0
    assert pretrained.record(tmp_path / "m")["gained_lately"] == gained


def test_codes_of_more_latents_than_a_map_shows_are_the_first_thousand(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, digits: Dataset
) -> None:
    many = replace(digits, test=digits.test.repeat(4, 1), test_labels=digits.test_labels.repeat(4))  # 1436 of them
    monkeypatch.setattr(data, "load", lambda name: many)
    for latent_dim, count in (("2", 1436), ("3", 1000)):
        assert main(["train", "--out", str(tmp_path / "m"), "--force", "--latent-dim", latent_dim, *QUICK]) == 0
        means, labels = pretrained.codes(tmp_path / "m")
        expected = Networks(pretrained.load(tmp_path / "m").state_dict()).encode(many.test[:count])[0]
        np.testing.assert_allclose(means.numpy(), expected, rtol=2e-3, atol=1e-3)  # float16
        assert torch.equal(labels, many.test_labels[:count])


# --- a plain autoencoder ---------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("cli") / "plain"
    assert main(["train", "--autoencoder", "--sigma", "0.2", "--out", str(path), "--seed", "5", *QUICK]) == 0
    return path


def test_an_autoencoder_is_trained_as_a_vae_is_but_for_q(plain: Path, digits: Dataset) -> None:
    model, record = pretrained.load(plain), pretrained.record(plain)
    assert isinstance(model, Autoencoder)
    assert record["kind"] == "autoencoder"
    assert record["model"] == {"data_dim": 64, "latent_dim": 2, "hidden": [24, 12], "sigma": pytest.approx(0.2, 2e-3)}
    assert record["command"].startswith("python -m vae_lib train --autoencoder --sigma 0.2 ")
    assert record["data_split"] == {"train": 1295, "validation": 143, "test": 359}
    assert (record["seed"], record["epochs_run"]) == (5, 2)
    assert "beta" not in record
    torch.manual_seed(5)
    again = Autoencoder(64, 2, (24, 12), sigma=0.2)
    held_out = {"validation": digits.train[-143:], "patience": 30}
    training.fit(again, digits.train[:-143], epochs=2, seed=5, **held_out)
    for key, value in pretrained.round_to_half(again).state_dict().items():
        assert torch.equal(value, model.state_dict()[key])


def test_an_autoencoders_figures_are_what_numpy_measures(plain: Path, digits: Dataset) -> None:
    reached = pretrained.record(plain)["figures"]
    assert set(reached) == {"test_reconstruction", "squared_error", "sigma"}  # no KL, ELBO or log P(X)
    networks, x = Networks(pretrained.load(plain).state_dict()), digits.test.double().numpy()
    code = networks.code(x)
    pictures = networks.decode(code)
    assert reached["test_reconstruction"] == pytest.approx(log_normal(x, pictures, networks.sigma**2).mean(), abs=1e-3)
    assert reached["squared_error"] == pytest.approx(((pictures - x) ** 2).mean(), abs=2e-6)
    assert reached["sigma"] == pytest.approx(networks.sigma, abs=2e-6)
    codes, labels = pretrained.codes(plain)
    np.testing.assert_allclose(codes.numpy(), code, rtol=2e-3, atol=1e-3)  # float16
    assert torch.equal(labels, digits.test_labels)


def test_evaluate_measures_an_autoencoder(plain: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["evaluate", str(plain), "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == pretrained.record(plain)["figures"]


def test_an_autoencoders_sigma_is_not_learned(tmp_path: Path) -> None:
    assert main(["train", "--autoencoder", "--out", str(tmp_path / "m"), *QUICK]) == 0
    assert pretrained.load(tmp_path / "m").sigma == pytest.approx(0.25, rel=2e-3)  # the class's own


# --- a series --------------------------------------------------------------------------------------------------------


def run_series(out: Path, over: str, values: str, *more: str) -> pretrained.Series:
    arguments = ["series", "--over", over, "--values", *values.split(), "--out", str(out), "--sigma", "0.2"]
    assert main([*arguments, "--hidden", "12", "8", "--batch-size", "256", *more]) == 0
    return pretrained.load_series(out)


def same(first: VAE, second: VAE) -> bool:
    pairs = zip(first.state_dict().values(), second.state_dict().values(), strict=True)
    return all(torch.equal(one, other) for one, other in pairs)


def test_epochs_are_moments_of_one_training(tmp_path: Path, digits: Dataset) -> None:
    series = run_series(tmp_path / "e", "epoch", "0 1 3", "--seed", "4", "--bits", "8")
    assert {path.name for path in tmp_path.iterdir()} == {"e.safetensors"}
    assert (series.over, series.values) == ("epoch", (0, 1, 3))
    torch.manual_seed(4)
    model = VAE(64, 2, (12, 8), sigma=0.2)
    first = pretrained.round_to_bytes(copy.deepcopy(model))
    history = training.fit(model, digits.train, epochs=3, batch_size=256, seed=4)
    assert same(series.models[0], first)
    assert same(series.models[2], pretrained.round_to_bytes(model))
    assert not same(series.models[0], series.models[1])
    entries = series.record["entries"]
    assert [entry["epoch"] for entry in entries] == [0, 1, 3]
    assert [entry["train_kl"] for entry in entries] == [None, *(round(history.kl[i], 4) for i in (0, 2))]
    assert [entry["train_reconstruction"] for entry in entries[1:]] == [
        round(history.reconstruction[i], 4) for i in (0, 2)
    ]


def test_a_series_record_says_how_it_was_made(tmp_path: Path) -> None:
    record = run_series(tmp_path / "e", "epoch", "1 2").record
    assert record["command"] == (
        f"python -m vae_lib series --over epoch --values 1 2 --out {tmp_path / 'e'} --sigma 0.2 --hidden 12 8 "
        "--batch-size 256"
    )
    assert record["data_split"] == {"train": 1438, "test": 359}
    assert (record["data"], record["seed"], record["epochs"], record["bits"]) == ("digits", 0, 2, 16)
    assert record["model"] == {**record["model"], "hidden": [12, 8], "learn_sigma": False}
    assert {"torch", "code_revision", "seconds", "threads"} <= set(record)


def test_betas_start_from_the_same_weights_and_meet_the_same_noise(tmp_path: Path) -> None:
    still = run_series(tmp_path / "still", "beta", "0 1 50", "--epochs", "1", "--lr", "1e-12")
    torch.manual_seed(0)
    first = pretrained.round_to_half(VAE(64, 2, (12, 8), sigma=0.2))
    assert all(same(model, first) for model in still.models)
    # The history at that learning rate is the first weights' under the noise of training: the same for all.
    assert len({entry["train_reconstruction"] for entry in still.record["entries"]}) == 1
    betas = run_series(tmp_path / "betas", "beta", "0.1 1 50", "--epochs", "3")
    epochs = run_series(tmp_path / "epochs", "epoch", "3")
    assert same(betas.models[1], epochs.models[0])  # beta = 1 is the plain training
    rates = [entry["test_kl"] for entry in betas.record["entries"]]
    assert rates == sorted(rates, reverse=True)
    assert betas.record["model"]["sigma"] == pytest.approx(0.2, rel=2e-3)  # float16


def test_a_series_is_the_same_again(tmp_path: Path) -> None:
    for name in ("first", "again"):
        torch.manual_seed(hash(name) % 1000)  # whatever came before
        run_series(tmp_path / name, "beta", "0.5 2", "--epochs", "1")
    first, again = (stored(tmp_path / name) for name in ("first", "again"))
    assert first == again


@pytest.mark.parametrize(("how", "code", "said"), [("stop", 130, "stopped; "), ("inf", 1, "loss inf in epoch 1")])
def test_what_ends_a_series_leaves_the_models_that_were_finished(
    how: str, code: int, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    real, calls = training.elbo, []

    def elbo(*args: Any, **kwargs: Any) -> Any:
        calls.append(1)
        climbed, terms = real(*args, **kwargs)
        if len(calls) == 5 and how == "stop":  # of the second model: three batches an epoch
            signal.raise_signal(signal.SIGINT)
        return (climbed - math.inf if len(calls) == 5 and how == "inf" else climbed), terms

    command = ["series", "--over", "beta", "--values", "0.5", "1", "2", "--sigma", "0.2", "--epochs", "1"]
    command += ["--hidden", "8", "--batch-size", "500", "--out", str(tmp_path / "m")]
    with monkeypatch.context() as patch:
        patch.setattr(training, "elbo", elbo)
        assert main(command) == code
    last = capsys.readouterr().err.splitlines()[-1]
    assert said in last
    assert last.endswith("m.safetensors holds 1 of the 3 models")
    assert pretrained.load_series(tmp_path / "m").values == (0.5,)
    assert main(command) == 0  # the same command writes over what it left itself
    assert pretrained.load_series(tmp_path / "m").values == (0.5, 1.0, 2.0)


def test_ctrl_c_while_a_series_is_measured_waits_for_the_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    real = pretrained.entry_figures

    def press(*args: Any) -> dict[str, Any]:
        signal.raise_signal(signal.SIGINT)
        monkeypatch.undo()
        return real(*args)

    monkeypatch.setattr(pretrained, "entry_figures", press)
    command = ["series", "--over", "epoch", "--values", "0", "1", "--hidden", "8", "--out", str(tmp_path / "m")]
    assert main(command) == 130
    assert capsys.readouterr().err.splitlines()[-1].endswith("m.safetensors holds 2 of the 2 models")
    assert len(pretrained.load_series(tmp_path / "m").record["entries"]) == 2


def test_entry_figures_are_what_numpy_measures(digits: Dataset) -> None:
    torch.manual_seed(0)
    model = VAE(64, 2, (16,), sigma=0.2)
    training.fit(model, digits.train[:320], epochs=8, lr=5e-3, batch_size=32)
    with torch.no_grad():  # one latent that says almost nothing: its posterior mean hardly moves
        model.encoder.net[-1].weight[1] *= 1e-3
    reached = pretrained.entry_figures(model, digits.test)
    networks = Networks(model.state_dict())
    means = networks.encode(digits.test)[0]
    spread = means.var(axis=0, ddof=1)
    assert spread[0] > 0.01 > spread[1]
    assert reached["active_units"] == 1
    reconstruction, kl = gauss_hermite_elbo(networks, digits.test, nodes=10)
    assert reached["test_kl"] == pytest.approx(kl.mean(), abs=1e-3)
    assert reached["test_reconstruction"] == pytest.approx(reconstruction.mean(), abs=0.5)  # ten draws each
    assert reached["test_elbo"] == pytest.approx(reached["test_reconstruction"] - reached["test_kl"], abs=2e-4)
    squared = float(((networks.decode(means) - digits.test.numpy()) ** 2).mean())
    assert reached["squared_error"] == pytest.approx(squared, abs=2e-6)
    assert reached["sigma"] == pytest.approx(0.2)


# --- what can go wrong -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "required: {train,series,reproduce,evaluate,view}"),
        (["teach"], "'teach'"),
        (["train"], "required: --out"),
        (["train", "--out", "m", "--epochs", "0"], "must be at least 1, got 0"),
        (["train", "--out", "m", "--epochs", "many"], "'many'"),
        (["train", "--out", "m", "--latent-dim", "-1"], "must be at least 1, got -1"),
        (["train", "--out", "m", "--hidden", "8", "0"], "must be at least 1, got 0"),
        (["train", "--out", "m", "--lr", "fast"], "'fast'"),
        (["train", "--out", "m", "--likelihood", "poisson"], "'poisson'"),
        (["train", "--out", "m", "--bits", "4"], "4"),
        (["series", "--out", "m", "--over", "beta"], "required: --values"),
        (["series", "--out", "m", "--values", "1"], "required: --over"),
        (["series", "--out", "m", "--values", "1", "--over", "sigma"], "'sigma'"),
        (["series", "--out", "m", "--values", "one", "--over", "beta"], "'one'"),
        (["series", "--out", "m", "--values", "1", "--over", "beta", "--autoencoder"], "--autoencoder"),
        (["evaluate"], "required: model"),
        (["evaluate", "digits-2", "--examples", "0"], "must be at least 1, got 0"),
        (["evaluate", "digits-2", "--nonsense"], "--nonsense"),
    ],
)
def test_arguments_that_do_not_parse(
    arguments: list[str], said: str, capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SystemExit) as caught:
        main(arguments)
    assert caught.value.code == 2
    captured = capsys.readouterr()
    error = [line for line in captured.err.splitlines() if "error:" in line]
    assert len(error) == 1  # below argparse's usage
    assert said in error[0]
    assert captured.out == ""
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (
            ["train", "--out", "m", "--data", "faces"],
            "there is no file or folder 'faces', and no data set",
        ),
        (["train", "--out", "m", "--lr", "-1"], "lr must be a positive number, got -1.0"),
        (["train", "--out", "m", "--lr", "nan"], "lr must be a positive number, got nan"),
        (["train", "--out", "m", "--sigma", "0"], "sigma must be a positive number, got 0.0"),
        (["train", "--out", "m", "--beta", "-2"], "beta must be a number of at least 0, got -2.0"),
        (["train", "--out", "m", "--autoencoder", "--beta", "4"], "an autoencoder has not; leave --beta 4 out"),
        (["train", "--out", "m", "--autoencoder", "--likelihood", "bernoulli"], "leave --likelihood bernoulli out"),
        (["train", "--out", "m", "--autoencoder", "--sigma", "-1"], "sigma must be a positive number, got -1.0"),
        (["train", "--out", "m", "--lr", "1e30"], "Lower the learning rate (lr=1e+30)"),
        (["series", "--out", "m", "--over", "beta", "--values", "1"], "--over beta needs --sigma"),
        (["series", "--out", "m", "--over", "beta", "--values", "1", "0.5", "--sigma", "1"], "rising, got 1 0.5"),
        (["series", "--out", "m", "--over", "beta", "--values", "1", "1", "--sigma", "1"], "rising, got 1 1"),
        (["series", "--out", "m", "--over", "beta", "--values", "-1", "--sigma", "1"], "at least 0, rising, got -1"),
        (["series", "--out", "m", "--over", "beta", "--values", "nan", "--sigma", "1"], "at least 0, rising, got nan"),
        (
            ["series", "--out", "m", "--over", "beta", "--values", "1", "--sigma", "0"],
            "sigma must be a positive number",
        ),
        (["series", "--out", "m", "--over", "epoch", "--values", "0", "1.5"], "whole numbers, the last at least 1"),
        (["series", "--out", "m", "--over", "epoch", "--values", "0"], "whole numbers, the last at least 1, got 0"),
        (["series", "--out", "m", "--over", "epoch", "--values", "0", "9"], "--epochs 2 ends before the last"),
        (["series", "--out", "m", "--over", "epoch", "--values", "1", "--lr", "1e30"], "Lower the learning rate"),
        (["evaluate", "digits-betas"], "is a series of models over beta; load it with load_series"),
        (["evaluate", "no-such-model"], "no model 'no-such-model'"),
        (["evaluate", ""], "no model ''"),
    ],
)
def test_values_that_cannot_be_end_in_one_line(
    arguments: list[str], said: str, capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    quick = {"train": QUICK, "series": QUICK[:5]}.get(arguments[0], [])
    assert main([*arguments, *quick]) == (1 if "1e30" in arguments else 2)
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 1
    assert lines[0].startswith("vae_lib: ")
    assert said in lines[0]
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("out", ["", ".", "file/model", "a\0b"])
def test_a_place_that_cannot_be_written_is_named_before_training(
    out: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def no_training(*args: object, **kwargs: object) -> None:
        pytest.fail("trained for a model that cannot be saved")

    monkeypatch.chdir(tmp_path)
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setattr(training, "fit", no_training)
    assert main(["train", "--out", out, *QUICK]) == 2
    assert len(capsys.readouterr().err.splitlines()) == 1


def test_sigma_beside_coin_flips_is_said_to_have_no_use(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    coins = ["train", "--likelihood", "bernoulli", "--sigma", "0.2", "--out", str(tmp_path / "m")]
    assert main([*coins, *QUICK]) == 0
    assert "note: --sigma is of the Gaussian likelihood, so beside --likelihood bernoulli it" in capsys.readouterr().err


@pytest.mark.parametrize("command", ["evaluate", "view"])
def test_a_damaged_model_is_one_sentence_and_no_number(
    command: str, trained: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    whole = trained.with_suffix(".safetensors").read_bytes()
    tensors = load_file(trained.with_suffix(".safetensors"))
    tensors["encoder.net.0.weight"][0, 0] = math.nan
    flipped = whole[:-20] + bytes([whole[-20] ^ 1]) + whole[-19:]
    described = {"record": json.dumps(pretrained.record(trained))}
    for content, said in [
        (flipped, "is damaged: its weights and its record are not those that were saved"),
        (whole[:-3], "is not a safetensors file"),
        (b"", "is not a safetensors file"),
        (save(tensors, described), "holds encoder.net.0.weight with values that are not finite"),
    ]:
        (tmp_path / "m.safetensors").write_bytes(content)
        assert main([command, str(tmp_path / "m"), *(["--json"] if command == "evaluate" else ["--no-browser"])]) == 2
        captured = capsys.readouterr()
        assert captured.out == ""
        assert captured.err.count("\n") == 1
        assert said in captured.err


def test_a_record_without_data_ends_in_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pretrained.save(VAE(64, 2, (4,)), tmp_path / "mine")
    assert main(["evaluate", str(tmp_path / "mine"), "--examples", "1"]) == 2
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 1
    assert "data" in lines[0]


def test_interrupting_saves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def interrupt(*args: object, **kwargs: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(training, "fit", interrupt)
    for command in (["train"], ["series", "--over", "epoch", "--values", "2"]):
        assert main([*command, "--out", str(tmp_path / "m"), *QUICK[:5]]) == 130
        assert capsys.readouterr().err == "vae_lib: stopped; nothing was saved\n"
    assert list(tmp_path.iterdir()) == []


# --- help that teaches -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ([], "train | series | evaluate | variational autoencoders"),
        (
            ["series"],
            "--over beta | --over epoch | 0 is before the first step | same first weights | square root of beta | "
            "sigma^2 times beta | held out | Examples | --values 0 1 2 5 | --bits | default: 300, or the last",
        ),
        (
            ["train"],
            "Eq. (4) | KL | ELBO | prior | held out | --patience | sigma | learned | log P(X) | Adam | Examples | "
            "digits | mnist | downloaded | ring | clusters | parabola | beta | default: 256 128 | N(f(z) | "
            "--autoencoder",
        ),
        (
            ["evaluate"],
            "Nats per example | rate | distortion | at most log P(X) | grid | importance sampling | --json | "
            "autoencoder | digits-2 | mnist-2 | Examples",
        ),
    ],
)
def test_help(arguments: list[str], words: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        main([*arguments, "--help"])
    assert caught.value.code == 0
    shown = " ".join(capsys.readouterr().out.split())
    for word in words.split(" | "):
        assert word in shown, word


def test_runs_as_a_module(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "vae_lib", "evaluate", "nothing-here"], capture_output=True, text=True, cwd=tmp_path
    )
    assert done.returncode == 2
    assert done.stdout == ""
    assert "no model 'nothing-here'" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_trained_model_outlives_a_failed_measurement(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(*args: Any, **kwargs: Any) -> None:
        raise RuntimeError("the sum did not settle")

    monkeypatch.setattr(evidence, "grid", fail)
    code = main(["train", "--epochs", "1", "--hidden", "8", "--out", str(tmp_path / "m")])
    said = capsys.readouterr().err.strip().splitlines()[-1]
    assert code == 1
    assert "holds the model, without figures (the sum did not settle); measure it with evaluate" in said
    assert "figures" not in pretrained.record(tmp_path / "m")
    assert pretrained.load(tmp_path / "m").hidden == (8,)

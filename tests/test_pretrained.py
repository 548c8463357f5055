"""Models as files: whole or not at all, refused when damaged, and the ones that ship do what their records say."""

from __future__ import annotations

import ast
import json
import math
import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from reference import Networks, gauss_hermite_elbo, standard_log_normal
from safetensors.torch import load_file, save_file
from scipy import special

from vae_lib import evidence, pretrained
from vae_lib.data import Dataset
from vae_lib.model import VAE

PACKAGE = Path(pretrained.__file__).parent
SHIPPED = pretrained.names()


def small(seed: int = 0, **kwargs: Any) -> VAE:
    torch.manual_seed(seed)
    return VAE(6, 2, (8, 5), **kwargs)


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


# --- there and back --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kwargs", [{}, {"likelihood": "bernoulli"}, {"sigma": 0.1, "learn_sigma": True}])
def test_round_trip(tmp_path: Path, kwargs: dict[str, Any]) -> None:
    model = small(**kwargs)
    path = pretrained.save(model, tmp_path / "deep" / "mine", {"data": "toy", "seed": 3})
    assert path == tmp_path / "deep" / "mine.safetensors"
    assert set(contents(path.parent)) == {"mine.safetensors", "mine.json"}
    x = torch.rand(5, 6).round()
    for name in (tmp_path / "deep" / "mine", str(path)):  # with and without its ending
        loaded = pretrained.load(name)
        assert not loaded.training
        # sigma comes out of float16, everything else of the configuration as it went in.
        assert {**loaded.config(), "sigma": 0} == {**model.config(), "sigma": 0}
        assert loaded.sigma == pytest.approx(model.sigma, rel=2e-3)
        for key, value in loaded.state_dict().items():
            assert value.dtype == torch.float32
            np.testing.assert_array_equal(value, model.state_dict()[key].numpy().astype(np.float16))
        torch.testing.assert_close(loaded.encode(x).mean, model.encode(x).mean, rtol=1e-2, atol=1e-2)  # float16
        assert pretrained.record(name) == {"model": model.config(), "data": "toy", "seed": 3}


def test_round_to_half_measures_what_is_shipped(tmp_path: Path) -> None:
    model = small(learn_sigma=True)
    before = {key: value.clone() for key, value in model.state_dict().items()}
    assert pretrained.round_to_half(model) is model
    for key, value in model.state_dict().items():
        assert value.dtype == torch.float32
        np.testing.assert_array_equal(value, before[key].numpy().astype(np.float16).astype(np.float32))
    pretrained.save(model, tmp_path / "mine")
    for key, value in pretrained.load(tmp_path / "mine").state_dict().items():
        assert torch.equal(value, model.state_dict()[key])


def test_weights_take_two_bytes_each(tmp_path: Path) -> None:
    model = small()
    tensors = load_file(pretrained.save(model, tmp_path / "mine"))
    assert {tensor.dtype for tensor in tensors.values()} == {torch.float16}
    assert set(tensors) == set(model.state_dict())


def test_codes_are_the_posterior_of_the_test_examples(tmp_path: Path) -> None:
    model, test, labels = small(), torch.rand(7, 6), torch.arange(7)
    path = pretrained.save(model, tmp_path / "mine", test=test, test_labels=labels)
    means, stored_labels = pretrained.codes(path)
    mean, var = Networks(model.state_dict()).encode(test)
    assert means.dtype == torch.float32
    assert stored_labels.dtype == torch.int64
    assert stored_labels.tolist() == list(range(7))
    np.testing.assert_allclose(means.numpy(), mean, rtol=2e-3, atol=1e-3)  # float16
    np.testing.assert_allclose(load_file(path)["codes.log_var"].numpy(), np.log(var), rtol=2e-3, atol=1e-3)
    torch.testing.assert_close(pretrained.load(path).decode(means), model.decode(means), rtol=1e-2, atol=1e-2)


@pytest.mark.parametrize("name", ["v1.5", "my model", "модель"])
def test_names_with_dots_and_spaces(tmp_path: Path, name: str) -> None:
    pretrained.save(small(), tmp_path / name)
    assert set(contents(tmp_path)) == {f"{name}.safetensors", f"{name}.json"}
    assert pretrained.load(tmp_path / name).data_dim == 6
    assert pretrained.record(tmp_path / name)["model"]["latent_dim"] == 2


# --- whole or not at all ---------------------------------------------------------------------------------------------


def fail_in_replace(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*args: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", fail)


def fail_in_write(monkeypatch: pytest.MonkeyPatch, after: int) -> None:
    """Let ``after`` files be written, then fill the disk in the middle of the next."""
    open_file, opened = os.fdopen, []

    def fdopen(handle: int, *args: Any, **kwargs: Any) -> Any:
        file = open_file(handle, *args, **kwargs)
        opened.append(file)
        if len(opened) > after:
            write = file.write

            class Full:
                def __enter__(self) -> Any:
                    return self

                def __exit__(self, *args: object) -> None:
                    file.close()

                def write(self, content: bytes) -> None:
                    write(content[: len(content) // 2])
                    raise OSError(28, "No space left on device")

            return Full()
        return file

    monkeypatch.setattr(os, "fdopen", fdopen)


@pytest.mark.parametrize(
    "break_it",
    [
        pytest.param(fail_in_replace, id="replace"),
        pytest.param(lambda monkeypatch: fail_in_write(monkeypatch, 0), id="first write"),
        pytest.param(lambda monkeypatch: fail_in_write(monkeypatch, 1), id="second write"),
    ],
)
def test_a_full_disk_leaves_the_old_model_as_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, break_it: Callable[[pytest.MonkeyPatch], None]
) -> None:
    pretrained.save(small(0), tmp_path / "mine", {"run": 1})
    before = contents(tmp_path)
    with monkeypatch.context() as patch:
        break_it(patch)
        with pytest.raises(OSError, match="No space left"):
            pretrained.save(small(1), tmp_path / "mine", {"run": 2})
    assert contents(tmp_path) == before  # the old pair, and nothing half-written beside it
    pretrained.save(small(1), tmp_path / "mine", {"run": 2})
    assert pretrained.record(tmp_path / "mine")["run"] == 2


@pytest.mark.parametrize("value", [math.nan, math.inf, 1e6])
def test_weights_that_float16_cannot_hold_are_not_written(tmp_path: Path, value: float) -> None:
    model = small()
    with torch.no_grad():
        model.decoder.net[0].weight[1, 1] = value
    with pytest.raises(ValueError, match=r"weight decoder\.net\.0\.weight is not finite in float16"):
        pretrained.save(model, tmp_path / "mine")
    with pytest.raises(ValueError, match=r"decoder\.net\.0\.weight"):
        pretrained.round_to_half(model)
    assert contents(tmp_path) == {}


def test_a_record_that_json_cannot_say_is_not_written(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="JSON"):
        pretrained.save(small(), tmp_path / "mine", {"test_elbo": math.nan})
    assert contents(tmp_path) == {}


# --- damage ----------------------------------------------------------------------------------------------------------


def test_an_unknown_name_names_those_that_ship() -> None:
    for call in (pretrained.load, pretrained.record, pretrained.codes):
        with pytest.raises(FileNotFoundError, match="no model 'no-such-model'") as caught:
            call("no-such-model")
        assert all(name in str(caught.value) for name in SHIPPED)


@pytest.mark.parametrize("keep", [0, 4, 100, -1])
def test_damaged_weights_are_refused(tmp_path: Path, keep: int) -> None:
    path = pretrained.save(small(), tmp_path / "mine")
    path.write_bytes(path.read_bytes()[:keep])
    for call in (pretrained.load, pretrained.codes):
        with pytest.raises(ValueError, match=r"mine\.safetensors is not a safetensors file"):
            call(tmp_path / "mine")


def test_a_pickle_is_refused_unopened(tmp_path: Path) -> None:
    path = pretrained.save(small(), tmp_path / "mine")
    torch.save(small().state_dict(), path)
    with pytest.raises(ValueError, match="is not a safetensors file"):
        pretrained.load(path)


def test_a_missing_record_is_named(tmp_path: Path) -> None:
    path = pretrained.save(small(), tmp_path / "mine")
    path.with_suffix(".json").unlink()
    for call in (pretrained.load, pretrained.record):
        with pytest.raises(FileNotFoundError, match=r"record .*mine\.json is missing"):
            call(tmp_path / "mine")


CONFIG = small().config()


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("", id="empty"),
        pytest.param('{"model": {"data_dim": 6', id="cut short"),
        pytest.param("[1, 2]", id="not an object"),
        pytest.param("{}", id="no model"),
        pytest.param('{"model": 3}', id="model is a number"),
        pytest.param(json.dumps({"model": {"data_dim": 6}}), id="a size is missing"),
        pytest.param(json.dumps({"model": {**CONFIG, "colour": "red"}}), id="an argument too many"),
        pytest.param(json.dumps({"model": {**CONFIG, "data_dim": "6"}}), id="a size is a string"),
        pytest.param(json.dumps({"model": {**CONFIG, "latent_dim": 0}}), id="a size is out of range"),
        pytest.param(json.dumps({"model": {**CONFIG, "hidden": [8, 6]}}), id="other widths"),
        pytest.param(json.dumps({"model": {**CONFIG, "hidden": [8]}}), id="fewer layers"),
        pytest.param(json.dumps({"model": {**CONFIG, "data_dim": 7}}), id="other data"),
    ],
)
def test_a_record_that_does_not_describe_the_weights_is_one_clear_error(tmp_path: Path, text: str) -> None:
    path = pretrained.save(small(), tmp_path / "mine")
    path.with_suffix(".json").write_text(text, encoding="utf-8")
    with pytest.raises(ValueError, match=r"mine\.json") as caught:
        pretrained.load(tmp_path / "mine")
    assert "\n" not in str(caught.value)  # the command line prints it as one line


def test_weights_missing_or_too_many_are_refused(tmp_path: Path) -> None:
    path = pretrained.save(small(), tmp_path / "mine")
    tensors = load_file(path)
    save_file({**tensors, "extra": torch.zeros(1)}, path)
    with pytest.raises(ValueError, match=r"(?s)does not fit its record mine\.json.*extra"):
        pretrained.load(path)
    save_file({key: value for key, value in tensors.items() if key != "log_sigma"}, path)
    with pytest.raises(ValueError, match=r"(?s)does not fit its record mine\.json.*log_sigma"):
        pretrained.load(path)


def test_codes_that_were_not_saved_are_missed_by_name(tmp_path: Path) -> None:
    pretrained.save(small(), tmp_path / "mine")
    with pytest.raises(ValueError, match="holds no codes of test examples"):
        pretrained.codes(tmp_path / "mine")


def test_nothing_in_the_package_pickles() -> None:
    for path in PACKAGE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            names = []
            if isinstance(node, ast.Import):
                names = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom):
                names = [f"{node.module}.{alias.name}" for alias in node.names]
            elif isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
                names = [f"{node.value.id}.{node.attr}"]
            for name in names:
                assert name.split(".")[0] not in ("pickle", "cPickle", "dill", "joblib", "shelve"), path
                assert name not in ("torch.load", "torch.save", "np.load", "numpy.load"), path
    kinds = {path.suffix for path in (PACKAGE / "models").iterdir()}
    assert kinds <= {".safetensors", ".json"}


# --- the models that ship --------------------------------------------------------------------------------------------


def test_the_two_models_ship() -> None:
    assert {"digits-2", "mnist-2"} <= set(SHIPPED)
    assert {path.stem for path in (PACKAGE / "models").glob("*.json")} == set(SHIPPED)


def agrees(ours: float, recorded: float, absolute: float) -> None:
    assert ours == pytest.approx(recorded, abs=absolute)


@pytest.mark.parametrize("name", SHIPPED)
def test_a_shipped_model_is_small_finite_and_half_precision(name: str) -> None:
    path = PACKAGE / "models" / f"{name}.safetensors"
    tensors = load_file(path)
    # A page carries the decoder, and each code as two numbers and a label.
    decoder = sum(tensor.nbytes for key, tensor in tensors.items() if key.startswith("decoder."))
    assert decoder + 5 * len(tensors["codes.label"]) < 750_000  # bytes: a third more as base64, below 1 MB
    assert {tensor.dtype for key, tensor in tensors.items() if key != "codes.label"} == {torch.float16}
    assert all(torch.isfinite(tensor).all() for tensor in tensors.values())
    model = pretrained.load(name)
    assert model.latent_dim == int(name.split("-")[-1])
    pictures = model.sample(50, generator=torch.Generator().manual_seed(0)).detach()
    assert torch.isfinite(pictures).all()
    assert float(pictures.std(0).max()) > 0.1  # z changes the picture: not collapsed


@pytest.mark.parametrize("name", SHIPPED)
def test_a_shipped_models_record_says_how_it_was_made(name: str) -> None:
    record = pretrained.record(name)
    dataset = name.split("-")[0]
    assert record["data"] == dataset
    assert record["model"] == {**record["model"], "likelihood": "gaussian", "latent_dim": 2}
    assert isinstance(record["seed"], int)
    assert record["beta"] == 1
    assert 1 <= record["best_epoch"] <= record["epochs_run"]
    assert record["command"].startswith("python -m vae_lib train ")
    assert f"--data {dataset}" in record["command"]
    assert record["code_revision"] not in ("", "unknown")
    figures = record["figures"]
    for key in ("test_reconstruction", "test_kl", "test_elbo", "test_log_evidence", "squared_error", "sigma"):
        assert math.isfinite(figures[key]), key
    assert figures["log_evidence_method"] == "grid"
    agrees(figures["test_elbo"], figures["test_reconstruction"] - figures["test_kl"], 2e-4)  # rounded to four places
    assert figures["test_elbo_same_examples"] < figures["test_log_evidence"]
    assert figures["test_kl"] > 1  # nats: two latents in use
    assert 0 < figures["squared_error"] < 0.1
    if record["model"]["learn_sigma"]:
        # Where training has converged, learned σ² is the mean squared error at a drawn z, a little above that at μ.
        assert 0.8 * figures["squared_error"] < figures["sigma"] ** 2 < 1.5 * figures["squared_error"]
    else:
        assert figures["sigma"] ** 2 > 0.8 * figures["squared_error"]  # smaller would weigh the KL term too lightly
    assert figures["sigma"] == pytest.approx(pretrained.load(name).sigma, abs=2e-6)


@pytest.mark.parametrize("name", SHIPPED)
def test_a_shipped_models_training_had_stopped_improving(name: str) -> None:
    """It ended because patience ran out, not because the epochs did."""
    record = pretrained.record(name)
    patience = re.search(r"--patience (\d+)", record["command"])
    assert record["epochs_run"] == record["best_epoch"] + (int(patience[1]) if patience else 30)


@pytest.mark.parametrize("name", SHIPPED)
def test_codes_of_a_shipped_model_roughly_follow_the_prior(name: str) -> None:
    tensors, record = load_file(PACKAGE / "models" / f"{name}.safetensors"), pretrained.record(name)
    means, labels = pretrained.codes(name)
    assert means.shape == (len(labels), 2)
    assert 300 <= len(means) <= record["data_split"]["test"]
    assert set(labels.tolist()) == set(range(10))
    # The aggregate posterior, the mean of Q(z|X) over X, is what N(0, I) is held against. Loose: it never fits.
    var = means.var(0) + tensors["codes.log_var"].float().exp().mean(0)
    assert means.mean(0).abs().max() < 0.5
    assert ((var > 0.5) & (var < 2.5)).all()
    # And the classes lie apart: the nearest class mean beats a guess by far.
    centers = torch.stack([means[labels == label].mean(0) for label in range(10)])
    assert float((torch.cdist(means, centers).argmin(1) == labels).float().mean()) > 0.4


def test_digits_2_reaches_the_figures_of_its_record(digits: Dataset) -> None:
    model, figures = pretrained.load("digits-2"), pretrained.record("digits-2")["figures"]
    networks = Networks(model.state_dict())
    mean, var = networks.encode(digits.test)
    x = digits.test.double().numpy()
    reconstruction, kl = gauss_hermite_elbo(networks, x, nodes=10)
    agrees(float(kl.mean()), figures["test_kl"], 1e-3)
    # The record's expectation is over ten draws for each example: four standard errors.
    noise = np.random.default_rng(0).normal(size=mean.shape)
    spread = (networks.log_likelihood(x, mean + np.sqrt(var) * noise) - reconstruction).std()
    error = 4 * float(spread) / math.sqrt(10 * len(x))
    agrees(float(reconstruction.mean()), figures["test_reconstruction"], error)
    agrees(float((reconstruction - kl).mean()), figures["test_elbo"], error)
    agrees(float(((networks.decode(mean) - x) ** 2).mean()), figures["squared_error"], 2e-6)
    agrees(networks.sigma, figures["sigma"], 2e-6)
    means, labels = pretrained.codes("digits-2")
    assert torch.equal(labels, digits.test_labels)
    np.testing.assert_allclose(means.numpy(), mean, rtol=2e-3, atol=2e-3)  # float16


def test_digits_2_log_evidence_on_some_examples_and_its_order(digits: Dataset) -> None:
    model, figures = pretrained.load("digits-2"), pretrained.record("digits-2")["figures"]
    networks = Networks(model.state_dict())
    exact = []
    for x in digits.test[:2]:
        _, log_joint, log_cell = networks.dense_grid(x)
        exact.append(float(special.logsumexp(log_joint) + log_cell))
        agrees(evidence.grid(model, x).log_evidence, exact[-1], 1e-2)  # the NumPy grid is even, not refined
    elbo = np.subtract(*gauss_hermite_elbo(networks, digits.test[:2], nodes=32))
    assert (elbo < exact).all()
    # All of them on one even grid in NumPy, which shares its pictures among the examples.
    x, axis = digits.test.double().numpy(), np.arange(-7, 7, 0.06)
    log_evidence = np.full(len(x), -np.inf)
    for first in axis:
        z = np.stack([np.full_like(axis, first), axis], axis=-1)
        pictures = networks.decode(z)
        squared = (pictures**2).sum(1)[:, None] - 2 * pictures @ x.T + (x**2).sum(1)
        log_joint = standard_log_normal(z)[:, None] - squared / (2 * networks.sigma**2)
        top = log_joint.max(0)
        log_evidence = np.logaddexp(log_evidence, top + np.log(np.exp(log_joint - top).sum(0)))
    log_evidence += 2 * math.log(0.06) - 32 * math.log(2 * math.pi * networks.sigma**2)
    assert figures["log_evidence_examples"] == len(x)
    agrees(float(log_evidence.mean()), figures["test_log_evidence"], 5e-3)  # the even grid's own error
    agrees(float(log_evidence.std(ddof=1)) / math.sqrt(len(x)), figures["standard_error"], 1e-3)
    assert figures["test_elbo"] < float(log_evidence.mean())


def test_an_own_file_is_not_taken_for_a_shipped_model(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    mine = VAE(64, 3, (4,))
    pretrained.save(mine, "digits-2")
    assert pretrained.load("./digits-2").latent_dim == 3
    assert pretrained.load(Path("digits-2")).latent_dim == 3
    assert pretrained.load("digits-2").latent_dim == 2
    for name in ("./digits-2.safetensors", "./digits-2.json"):
        assert pretrained.load(name).latent_dim == 3


def test_codes_need_their_labels(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="test and test_labels belong together"):
        pretrained.save(VAE(4, 2, (4,)), tmp_path / "m", test=torch.rand(3, 4))
    assert not list(tmp_path.iterdir())

"""Models as files: whole or not at all, refused when damaged, and the ones that ship do what their records say."""

from __future__ import annotations

import ast
import copy
import json
import math
import os
import re
import subprocess
import sys
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from reference import Networks, gauss_hermite_elbo, standard_log_normal
from safetensors import safe_open
from safetensors.torch import load_file, save_file
from scipy import special

from vae_lib import evidence, pretrained
from vae_lib.data import Dataset
from vae_lib.model import VAE, Autoencoder
from vae_lib.runs.rounding import byte_rows
from vae_lib.widgets.digit_pad import shipped_examples

PACKAGE = Path(pretrained.__file__).parent
SHIPPED = pretrained.names()
SERIES = pretrained.series_names()
PLAIN = [name for name in SHIPPED if "plain" in name]  # autoencoders
VAES = [name for name in SHIPPED if name not in PLAIN]


def small(seed: int = 0, **kwargs: Any) -> VAE:
    torch.manual_seed(seed)
    return VAE(6, 2, (8, 5), **kwargs)


def small_autoencoder() -> Autoencoder:
    torch.manual_seed(0)
    return Autoencoder(6, 2, (8, 5), sigma=0.1)


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def fail_in_replace(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*args: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", fail)


def fail_in_write(monkeypatch: pytest.MonkeyPatch, after: int) -> None:
    """Let ``after`` files be written, then fill the disk in the middle of the next."""
    open_file, opened = Path.open, []

    def fill(path: Path, mode: str = "r", **kwargs: Any) -> Any:
        file = open_file(path, mode, **kwargs)
        if mode != "wb":
            return file
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

    monkeypatch.setattr(Path, "open", fill)


FULL_DISK = pytest.mark.parametrize(
    "break_it",
    [
        pytest.param(fail_in_replace, id="replace"),
        pytest.param(lambda monkeypatch: fail_in_write(monkeypatch, 0), id="write"),
    ],
)


def rewrite(path: Path, record: str | None) -> None:
    """Put another record, or none, into a model's file."""
    save_file(load_file(path), path, None if record is None else {"record": record})


# --- there and back --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kwargs", [{}, {"likelihood": "bernoulli"}, {"sigma": 0.1, "learn_sigma": True}])
def test_round_trip(tmp_path: Path, kwargs: dict[str, Any]) -> None:
    model = small(**kwargs)
    path = pretrained.save(model, tmp_path / "deep" / "mine", {"data": "toy", "seed": 3})
    assert path == tmp_path / "deep" / "mine.safetensors"
    assert set(contents(path.parent)) == {"mine.safetensors"}
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
        assert pretrained.record(name) == {"kind": "vae", "model": model.config(), "data": "toy", "seed": 3}


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


@pytest.mark.parametrize("round_it", [pretrained.round_to_half, pretrained.round_to_bytes])
def test_an_autoencoder_comes_back_as_one(tmp_path: Path, round_it: Callable[[Autoencoder], Autoencoder]) -> None:
    model, test, labels = round_it(small_autoencoder()), torch.rand(7, 6), torch.arange(7)
    path = pretrained.save(model, tmp_path / "plain", {"data": "toy"}, test=test, test_labels=labels)
    assert pretrained.record(path) == {"kind": "autoencoder", "model": model.config(), "data": "toy"}
    loaded = pretrained.load(path)
    assert isinstance(loaded, Autoencoder)
    assert not loaded.training
    for key, value in model.state_dict().items():
        assert torch.equal(loaded.state_dict()[key], value)
    networks, (codes, stored_labels) = Networks(loaded.state_dict()), pretrained.codes(path)
    np.testing.assert_allclose(codes.numpy(), networks.code(test), rtol=2e-3, atol=1e-3)  # float16
    assert stored_labels.tolist() == list(range(7))
    pictures = loaded.decode(loaded.encode(test)).detach().numpy()
    np.testing.assert_allclose(pictures, networks.decode(networks.code(test)), rtol=1e-5, atol=1e-5)
    with pytest.raises(ValueError, match=r"is a plain autoencoder: each code is a point.*; take a VAE"):
        pretrained.log_vars(path)


def test_a_record_without_a_kind_is_that_of_a_vae(tmp_path: Path) -> None:
    path = pretrained.save(small(), tmp_path / "mine")
    record = pretrained.record(path)
    del record["kind"]
    rewrite(path, json.dumps(record))
    assert isinstance(pretrained.load(path), VAE)


@pytest.mark.parametrize("name", ["v1.5", "my model", "модель"])
def test_names_with_dots_and_spaces(tmp_path: Path, name: str) -> None:
    pretrained.save(small(), tmp_path / name)
    assert set(contents(tmp_path)) == {f"{name}.safetensors"}
    assert pretrained.load(tmp_path / name).data_dim == 6
    assert pretrained.record(tmp_path / name)["model"]["latent_dim"] == 2


# --- one byte each ---------------------------------------------------------------------------------------------------


def on_grid(weight: torch.Tensor) -> torch.Tensor:
    """The weight as ``round_to_bytes`` leaves it."""
    model = VAE(weight.shape[1], 1, (weight.shape[0],))
    with torch.no_grad():
        model.encoder.net[0].weight.copy_(weight)
    return pretrained.round_to_bytes(model).encoder.net[0].weight.detach()


def awkward() -> torch.Tensor:
    """Rows of every size that float16 holds, and those that break a careless rounding."""
    generator = torch.Generator().manual_seed(0)
    weight = torch.randn(3000, 40, generator=generator) * 2.0 ** (torch.arange(3000) % 30 - 18.0)[:, None]
    weight[0] = 0
    weight[1] = torch.eye(40)[3] * 60_000  # one huge value
    weight[2] = torch.eye(40)[3] * 60_000 + 1  # and small ones beside it
    weight[3] = 2.0**-24  # the smallest positive float16
    weight[4] = torch.arange(40) * 2.0**-24
    weight[5] = 1e-9  # nothing in float16
    weight[6] = 0.125
    weight[7] = (torch.arange(40) * 3 + 10) * -3.25  # on a grid already: 127 steps of 13/4
    return weight


def test_bytes_and_steps_give_the_weights_back_bit_for_bit() -> None:
    weight = awkward()
    rounded = on_grid(weight)
    whole, steps = byte_rows(rounded)
    assert (whole.dtype, whole.shape, steps.dtype, steps.shape) == (torch.int8, (3000, 40), torch.float32, (3000,))
    assert int(whole.min()) >= -127
    exact = whole.double() * steps.double()[:, None]
    assert torch.equal(exact, rounded.double())
    assert torch.equal(exact.half().double(), exact)  # in float16, as the file has it
    assert torch.equal((whole.half() * steps.half()[:, None]).float(), rounded)  # and multiplied in float16
    fraction = torch.frexp(steps).mantissa * 16
    assert torch.equal(fraction, fraction.round())  # four significant bits
    zero = (rounded == 0).all(dim=1)
    assert zero[[0, 5]].all()
    assert (steps[zero] == 1).all()
    assert (whole[zero] == 0).all()


def test_rounding_to_bytes_is_as_near_as_the_grid_allows() -> None:
    weight = awkward()
    off = (on_grid(weight) - weight).abs().amax(dim=1)
    # Half a step, which is at most 9/8 of the largest value over 127; then what float16 loses, here or below 2^-24.
    assert (off <= weight.abs().amax(dim=1) * (9 / 8 / 254 + 2.0**-11) + 2.0**-24).all()
    assert torch.equal(on_grid(weight)[7], weight[7])


def test_rounding_to_bytes_twice_is_rounding_once() -> None:
    once = on_grid(awkward())
    assert torch.equal(on_grid(once), once)


@pytest.mark.parametrize(
    "weight",
    [
        pytest.param(torch.randn(4, 50, generator=torch.Generator().manual_seed(1)), id="random"),
        pytest.param(torch.tensor([[0.0, 0.0], [1.0, 0.3]]), id="one row of two"),
        pytest.param(torch.tensor([[1.0, 1.0 + 2.0**-20]]), id="a bit beside the grid"),
        pytest.param(torch.tensor([[128.0, 1.0]]), id="one step too many"),
        pytest.param(torch.tensor([[math.nan, 1.0]]), id="nan"),
        pytest.param(torch.tensor([[math.inf, 1.0]]), id="inf"),
    ],
)
def test_weights_on_no_grid_are_not_taken_apart(weight: torch.Tensor) -> None:
    assert byte_rows(weight) is None


def test_a_model_of_bytes_is_saved_as_it_is(tmp_path: Path) -> None:
    model = small(learn_sigma=True)
    before = copy.deepcopy(model.state_dict())
    assert pretrained.round_to_bytes(model) is model
    loaded = pretrained.load(pretrained.save(model, tmp_path / "mine")).state_dict()
    for key, value in model.state_dict().items():
        assert torch.equal(loaded[key], value)
        if key.endswith(".weight"):
            assert byte_rows(value) is not None
            assert not torch.equal(value, before[key].half().float())
        else:
            assert torch.equal(value, before[key].half().float())


@pytest.mark.parametrize("value", [math.nan, math.inf, 1e6, 65_504.0])
def test_weights_that_no_grid_in_float16_holds_are_refused(value: float) -> None:
    model = small()
    with torch.no_grad():
        model.decoder.net[0].weight[1, 1] = value  # 65504 would be rounded up, and float16 ends there
    with pytest.raises(ValueError, match=r"weight decoder\.net\.0\.weight is not finite in float16"):
        pretrained.round_to_bytes(model)


# --- a series --------------------------------------------------------------------------------------------------------

TEST, LABELS = torch.rand(7, 6, generator=torch.Generator().manual_seed(0)), torch.arange(7)


def save_three(path: Path, **details: Any) -> Path:
    models = [small(seed) for seed in range(3)]
    return pretrained.save_series(models, path, "beta", [0.5, 1, 2], details, test=TEST, test_labels=LABELS)


def test_round_trip_of_a_series(tmp_path: Path) -> None:
    path = save_three(tmp_path / "deep" / "mine", data="toy", entries=[{"test_kl": 1.5}] * 3)
    assert path == tmp_path / "deep" / "mine.safetensors"
    assert set(contents(path.parent)) == {"mine.safetensors"}
    for name in (tmp_path / "deep" / "mine", str(path)):  # with and without its ending
        series = pretrained.load_series(name)
        assert (series.over, series.values) == ("beta", (0.5, 1, 2))
        assert series.labels.dtype == torch.int64
        assert series.labels.tolist() == list(range(7))
        assert len(series.models) == len(series.codes) == len(series.log_vars) == 3
        for seed, model in enumerate(series.models):
            assert not model.training
            for key, value in model.state_dict().items():
                np.testing.assert_array_equal(value, small(seed).state_dict()[key].numpy().astype(np.float16))
            mean, var = Networks(small(seed).state_dict()).encode(TEST)
            assert series.codes[seed].dtype == series.log_vars[seed].dtype == torch.float32
            np.testing.assert_allclose(series.codes[seed].numpy(), mean, rtol=2e-3, atol=1e-3)  # float16
            np.testing.assert_allclose(series.log_vars[seed].numpy(), np.log(var), rtol=2e-3, atol=1e-3)
        assert series.record == pretrained.record(name)
        assert series.record["entries"][2] == {"test_kl": 1.5}
    tensors = load_file(path)
    assert {f"2/{key}" for key in small().state_dict()} | {"2/codes.mean", "codes.label"} <= set(tensors)
    assert {tensor.dtype for key, tensor in tensors.items() if key != "codes.label"} == {torch.float16}


def test_more_than_ten_models_keep_their_order(tmp_path: Path) -> None:
    models = [small(seed) for seed in range(12)]
    path = pretrained.save_series(models, tmp_path / "m", "epoch", range(12), test=TEST, test_labels=LABELS)
    loaded = pretrained.load_series(path)
    assert loaded.values == tuple(range(12))
    for model, other in zip(models, loaded.models, strict=True):
        assert torch.equal(model.encoder.net[0].bias.half().float(), other.encoder.net[0].bias)


def test_a_series_and_a_model_are_not_taken_for_each_other(tmp_path: Path) -> None:
    save_three(tmp_path / "three")
    pretrained.save(small(), tmp_path / "one")
    for call in (pretrained.load, pretrained.codes):
        with pytest.raises(
            ValueError, match=r"three' is a series of models over beta; load it with load_series"
        ) as caught:
            call(tmp_path / "three")
        assert all(name in str(caught.value) for name in SHIPPED)
    with pytest.raises(ValueError, match=r"one' is a single model; load it with load, or ask for a series") as caught:
        pretrained.load_series(tmp_path / "one")
    assert all(name in str(caught.value) for name in SERIES)


@FULL_DISK
def test_a_full_disk_leaves_the_old_series_as_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, break_it: Callable[[pytest.MonkeyPatch], None]
) -> None:
    save_three(tmp_path / "mine", run=1)
    before = contents(tmp_path)
    break_it(monkeypatch)
    with pytest.raises(OSError, match="No space left"):
        save_three(tmp_path / "mine", run=2)
    assert contents(tmp_path) == before


@pytest.mark.parametrize(
    ("models", "values", "message"),
    [
        ([], [], "got 0 models and 0 values"),
        ([small()], [1, 2], "got 1 models and 2 values"),
        ([small(), VAE(6, 3, (8, 5))], [1, 2], "one shape, but that of beta 2 is .*'latent_dim': 3"),
    ],
)
def test_models_that_make_no_series_are_not_written(
    tmp_path: Path, models: list[VAE], values: list[float], message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        pretrained.save_series(models, tmp_path / "mine", "beta", values, test=TEST, test_labels=LABELS)
    assert contents(tmp_path) == {}


def test_an_autoencoder_is_no_part_of_a_series(tmp_path: Path) -> None:
    models: list[Any] = [small(), small_autoencoder()]
    with pytest.raises(TypeError, match=r"a series needs a VAE, which has Q and P\(X\|z\), got Autoencoder"):
        pretrained.save_series(models, tmp_path / "m", "beta", [1, 2], test=TEST, test_labels=LABELS)
    assert contents(tmp_path) == {}


def test_a_weight_of_a_series_that_is_not_finite_is_not_written(tmp_path: Path) -> None:
    model = small()
    with torch.no_grad():
        model.decoder.net[0].weight[1, 1] = math.nan
    with pytest.raises(ValueError, match=r"decoder\.net\.0\.weight is not finite"):
        pretrained.save_series([small(), model], tmp_path / "m", "beta", [1, 2], test=TEST, test_labels=LABELS)
    assert contents(tmp_path) == {}


@pytest.mark.parametrize("missing", ["1/decoder.net.0.weight", "1/codes.mean", "0/codes.log_var", "codes.label", "2/"])
def test_a_series_with_a_part_missing_is_one_clear_error(tmp_path: Path, missing: str) -> None:
    path = save_three(tmp_path / "mine")
    record = json.dumps(pretrained.record(path))
    save_file({key: value for key, value in load_file(path).items() if not key.startswith(missing)}, path)
    rewrite(path, record)
    with pytest.raises(ValueError, match=r"mine\.safetensors") as caught:
        pretrained.load_series(path)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("change", [{"values": [1, 2]}, {"values": None}, {"values": 3}, {"model": 3}, {"model": {}}])
def test_a_record_that_does_not_describe_the_series_is_one_clear_error(tmp_path: Path, change: dict[str, Any]) -> None:
    path = save_three(tmp_path / "mine")
    record = pretrained.record(path) | change
    rewrite(path, json.dumps(record))
    with pytest.raises(ValueError, match=r"mine\.safetensors"):
        pretrained.load_series(path)


def test_a_damaged_or_missing_series_is_named(tmp_path: Path) -> None:
    path = save_three(tmp_path / "mine")
    whole = path.read_bytes()
    path.write_bytes(whole[:100])
    with pytest.raises(ValueError, match=r"mine\.safetensors is not a safetensors file"):
        pretrained.load_series(path)
    path.write_bytes(whole)
    rewrite(path, None)
    with pytest.raises(ValueError, match=r"mine\.safetensors holds no record of a model"):
        pretrained.load_series(path)
    with pytest.raises(FileNotFoundError, match="no model 'no-such-series'") as caught:
        pretrained.load_series("no-such-series")
    assert all(name in str(caught.value) for name in SERIES)


# --- whole or not at all ---------------------------------------------------------------------------------------------


@FULL_DISK
def test_a_full_disk_leaves_the_old_model_as_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, break_it: Callable[[pytest.MonkeyPatch], None]
) -> None:
    pretrained.save(small(0), tmp_path / "mine", {"run": 1})
    before = contents(tmp_path)
    with monkeypatch.context() as patch:
        break_it(patch)
        with pytest.raises(OSError, match="No space left"):
            pretrained.save(small(1), tmp_path / "mine", {"run": 2})
    assert contents(tmp_path) == before  # the old file, and nothing half-written beside it
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
    rewrite(path, None)
    for call in (pretrained.load, pretrained.record):
        with pytest.raises(ValueError, match=r"mine\.safetensors holds no record of a model"):
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
        pytest.param(json.dumps({"kind": "gan", "model": CONFIG}), id="another kind"),
        pytest.param(json.dumps({"kind": ["vae"], "model": CONFIG}), id="kind is a list"),
        pytest.param(json.dumps({"kind": "autoencoder", "model": CONFIG}), id="arguments of a VAE"),
        pytest.param(json.dumps({"kind": "autoencoder", "model": small_autoencoder().config()}), id="weights of a VAE"),
    ],
)
def test_a_record_that_does_not_describe_the_weights_is_one_clear_error(tmp_path: Path, text: str) -> None:
    path = pretrained.save(small(), tmp_path / "mine")
    rewrite(path, text)
    with pytest.raises(ValueError, match=r"mine\.safetensors") as caught:
        pretrained.load(tmp_path / "mine")
    assert "\n" not in str(caught.value)  # the command line prints it as one line


def test_weights_missing_or_too_many_are_refused(tmp_path: Path) -> None:
    path = pretrained.save(small(), tmp_path / "mine")
    tensors = load_file(path)
    with safe_open(path, "pt") as file:
        metadata = {"record": file.metadata()["record"]}  # as before there were checksums
    save_file({**tensors, "extra": torch.zeros(1)}, path, metadata)
    with pytest.raises(ValueError, match=r"(?s)does not fit its record.*extra"):
        pretrained.load(path)
    save_file({key: value for key, value in tensors.items() if key != "log_sigma"}, path, metadata)
    with pytest.raises(ValueError, match=r"(?s)does not fit its record.*log_sigma"):
        pretrained.load(path)


@pytest.mark.parametrize("value", [math.nan, math.inf])
def test_a_file_of_before_checksums_is_refused_by_the_name_of_what_is_not_finite(tmp_path: Path, value: float) -> None:
    path = pretrained.save(small(), tmp_path / "mine", test=torch.rand(3, 6), test_labels=[0, 1, 2])
    for name in ("decoder.net.0.weight", "codes.mean"):
        tensors = load_file(path)
        tensors[name].view(-1)[1] = value
        save_file(tensors, tmp_path / "other.safetensors", {"record": json.dumps(pretrained.record(path))})
        for call in (pretrained.load, pretrained.codes):
            with pytest.raises(ValueError, match=rf"other\.safetensors holds {re.escape(name)} with"):
                call(tmp_path / "other")


def test_codes_and_labels_of_other_lengths_are_refused(tmp_path: Path) -> None:
    path = pretrained.save(small(), tmp_path / "mine", test=torch.rand(3, 6), test_labels=[0, 1, 2])
    tensors = load_file(path)
    tensors["codes.label"] = tensors["codes.label"][:2]
    save_file(tensors, path, {"record": json.dumps(pretrained.record(path))})
    with pytest.raises(ValueError, match=r"holds codes that do not fit each other: .*'codes.label': 2"):
        pretrained.codes(path)


def test_every_flipped_bit_of_weights_and_record_is_found(tmp_path: Path) -> None:
    """Bits that change no number of the file, such as a space in its header, may pass; then nothing else is loaded."""
    path = pretrained.save(small(), tmp_path / "mine", {"data": "digits"}, test=torch.rand(9, 6), test_labels=[1] * 9)
    content, model, codes = path.read_bytes(), pretrained.load(path), pretrained.codes(path)
    random, refused = np.random.default_rng(0), 0
    for place in random.integers(0, 8 * len(content), 300):
        flipped = bytearray(content)
        flipped[place // 8] ^= 1 << place % 8
        path.write_bytes(flipped)
        try:
            loaded, found = pretrained.load(path), pretrained.codes(path)
        except ValueError:
            refused += 1
        else:
            assert all(torch.equal(value, loaded.state_dict()[key]) for key, value in model.state_dict().items())
            assert all(map(torch.equal, found, codes))
    assert refused > 290


def test_weights_and_record_of_two_models_are_not_taken_for_one(tmp_path: Path) -> None:
    one, other = (pretrained.save(small(seed), tmp_path / f"{seed}", {"seed": seed}) for seed in (0, 1))
    with safe_open(one, "pt") as file:
        save_file(load_file(other), one, file.metadata())
    with pytest.raises(ValueError, match=r"0\.safetensors is damaged: its weights and its record are not those"):
        pretrained.load(one)


SAVERS = """
import sys, torch
from pathlib import Path
from vae_lib import pretrained
from vae_lib.model import VAE
torch.set_num_threads(1)
seed, path = int(sys.argv[1]), Path(sys.argv[2])
torch.manual_seed(seed)
model = VAE(6, 2, (300,))
for turn in range(25):
    pretrained.save(model, path, {"seed": seed, "bias": float(model.decoder.net[0].bias.data[0].half())})
    loaded, record = pretrained.load(path), pretrained.record(path)  # of whichever process wrote last
"""


def test_processes_that_save_one_model_at_once_leave_it_whole(tmp_path: Path) -> None:
    path = tmp_path / "mine"
    command = [sys.executable, "-c", SAVERS]
    running = [subprocess.Popen([*command, str(i), str(path)], stderr=subprocess.PIPE, text=True) for i in range(3)]
    for process in running:
        assert process.communicate()[1] == ""
        assert process.returncode == 0
    loaded = pretrained.load(path)
    assert float(loaded.decoder.net[0].bias.data[0]) == pretrained.record(path)["bias"]
    assert set(contents(tmp_path)) == {"mine.safetensors"}


class Leaky(VAE):
    """Changed in a way that its configuration does not say."""


@pytest.mark.parametrize("change", ["activation", "width", "sigmoid", "class", "decode"])
def test_a_model_that_was_changed_by_hand_is_refused_when_it_is_saved(change: str, tmp_path: Path) -> None:
    model: Any = Leaky(6, 2, (8,)) if change == "class" else small()
    if change == "activation":
        model.decoder.net[1] = torch.nn.LeakyReLU()
    elif change == "width":
        model.decoder.net[0], model.decoder.net[2] = torch.nn.Linear(2, 9), torch.nn.Linear(9, 6)
    elif change == "sigmoid":
        model.decoder.net.append(torch.nn.Tanh())
    elif change == "decode":
        model.decode = lambda z: torch.full((*z.shape[:-1], 6), 0.5)
    with pytest.raises((ValueError, TypeError), match=r"^model (was changed after it was made|must be a plain VAE)"):
        pretrained.save(model, tmp_path / "mine")
    assert contents(tmp_path) == {}


@pytest.mark.parametrize("labels", [[0, 1], [0, 1, -1], [0.5, 1, 2], [[0], [1], [2]], [True, False, True], "abc"])
def test_labels_that_do_not_fit_are_refused(labels: Any, tmp_path: Path) -> None:
    with pytest.raises((ValueError, TypeError), match=r"^test_labels must be 3 whole numbers of at least 0"):
        pretrained.save(small(), tmp_path / "mine", test=torch.rand(3, 6), test_labels=labels)
    assert contents(tmp_path) == {}


def test_a_thousand_classes_are_kept(tmp_path: Path) -> None:
    pretrained.save(small(), tmp_path / "mine", test=torch.rand(3, 6), test_labels=[0, 255, 1000])
    assert pretrained.codes(tmp_path / "mine")[1].tolist() == [0, 255, 1000]


def test_codes_that_were_not_saved_are_missed_by_name(tmp_path: Path) -> None:
    pretrained.save(small(), tmp_path / "mine")
    with pytest.raises(ValueError, match="holds no codes of test examples"):
        pretrained.codes(tmp_path / "mine")


def test_nothing_in_the_package_runs_what_a_file_holds() -> None:
    """No pickle, but for torch's own files (checkpoints) opened by the loader that takes data alone."""
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
                assert name not in ("np.load", "numpy.load"), path
            if isinstance(node, ast.Call) and ast.unparse(node.func) == "torch.load":
                assert "weights_only=True" in ast.unparse(node), path
    kinds = {path.suffix for path in (PACKAGE / "models").iterdir()}
    assert kinds <= {".safetensors", ".json"}


# --- the models that ship --------------------------------------------------------------------------------------------


def test_the_models_and_series_ship() -> None:
    assert {"digits-2", "digits-12", "mnist-2", "mnist-10", "mnist-20"} <= set(VAES)
    assert PLAIN == ["mnist-plain-2"]
    for name in SHIPPED:
        assert isinstance(pretrained.load(name), Autoencoder if name in PLAIN else VAE), name
    assert {"digits-betas", "digits-epochs"} <= set(SERIES)
    assert not set(SHIPPED) & set(SERIES)
    without_weights = {
        "burda2015",
        "chapter-10",
        "choices",
        "own-data",
        "sampling",
    }  # records: of `reproduce`, of benchmarks/
    assert {path.stem for path in (PACKAGE / "models").glob("*.json")} == without_weights


def agrees(ours: float, recorded: float, absolute: float) -> None:
    assert ours == pytest.approx(recorded, abs=absolute)


@pytest.mark.parametrize("name", SHIPPED)
def test_a_shipped_model_is_small_finite_and_half_precision(name: str) -> None:
    path = PACKAGE / "models" / f"{name}.safetensors"
    assert path.stat().st_size < 1_000_000  # bytes
    tensors = load_file(path)
    # A page carries the decoder, and each code as two numbers and a label.
    decoder = sum(tensor.nbytes for key, tensor in tensors.items() if key.startswith("decoder."))
    assert decoder + 5 * len(tensors["codes.label"]) < 750_000  # bytes: a third more as base64, below 1 MB
    assert {tensor.dtype for key, tensor in tensors.items() if key != "codes.label"} == {torch.float16}
    assert all(torch.isfinite(tensor).all() for tensor in tensors.values())
    model = pretrained.load(name)
    assert model.latent_dim == int(name.split("-")[-1])
    generator = torch.Generator().manual_seed(0)
    z = torch.randn(50, model.latent_dim, generator=generator) if name in VAES else tensors["codes.mean"][:50].float()
    pictures = model.decode(z).detach()
    assert torch.isfinite(pictures).all()
    assert float(pictures.std(0).max()) > 0.1  # z changes the picture: not collapsed


@pytest.mark.parametrize("name", SHIPPED)
def test_a_shipped_models_record_says_how_it_was_made(name: str) -> None:
    record = pretrained.record(name)
    dataset = name.split("-")[0]
    assert record["data"] == dataset
    assert record["model"]["latent_dim"] == int(name.split("-")[-1])
    assert isinstance(record["seed"], int)
    assert 1 <= record["best_epoch"] <= record["epochs_run"]
    assert record["command"].startswith("python -m vae_lib train ")
    assert f"--data {dataset}" in record["command"]
    assert record["command"].endswith(f" --out vae_lib/models/{name}")
    assert record["code_revision"] not in ("", "unknown")
    if record.get("bits") != 8:
        assert record.get("rounding", 0) < 2 / 255  # of a pixel: nobody sees it; the oldest records do not say it


@pytest.mark.parametrize("name", VAES)
def test_a_shipped_vaes_figures_fit_each_other(name: str) -> None:
    record = pretrained.record(name)
    latent_dim, figures = record["model"]["latent_dim"], record["figures"]
    assert record["model"]["likelihood"] == "gaussian"
    assert record["beta"] == 1
    for key in ("test_reconstruction", "test_kl", "test_elbo", "test_log_evidence", "squared_error", "sigma"):
        assert math.isfinite(figures[key]), key
    assert figures["log_evidence_method"].startswith("grid" if latent_dim <= 2 else "importance sampling")
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


@pytest.mark.parametrize("name", VAES)
def test_a_shipped_vaes_kl_is_that_of_its_codes(name: str) -> None:
    """Whatever its data: mean and variance of each Q(z|X) are in the file, of all test examples or of the first."""
    mean, log_var = pretrained.codes(name)[0].double(), pretrained.log_vars(name).double()
    kl = 0.5 * (log_var.exp() + mean**2 - 1 - log_var).sum(1)
    record = pretrained.record(name)
    some = len(kl) < record["data_split"]["test"]
    error = 4 * float(kl.std()) / math.sqrt(len(kl)) if some else 2e-3  # four standard errors, or float16
    agrees(float(kl.mean()), record["figures"]["test_kl"], error)


@pytest.mark.parametrize("name", [name for name in SHIPPED if name.startswith("mnist")])
def test_a_shipped_model_of_mnist_rebuilds_ten_digits_of_its_test_set(name: str) -> None:
    """The digits ship with the drawing pad; the rest of MNIST may be out of reach."""
    networks, record = Networks(pretrained.load(name).state_dict()), pretrained.record(name)
    x, labels = shipped_examples().pictures.numpy() / 255, shipped_examples().labels.numpy()
    code = networks.code(x) if name in PLAIN else networks.encode(x)[0]
    squared = float(((networks.decode(code) - x) ** 2).mean())
    assert squared == pytest.approx(record["figures"]["squared_error"], rel=0.35)  # ten of ten thousand
    codes, classes = (tensor.numpy() for tensor in pretrained.codes(name))
    if len(codes) == record["data_split"]["test"]:
        found = np.array([np.abs(codes - one).max(1).argmin() for one in code])
        np.testing.assert_allclose(codes[found], code, rtol=2e-3, atol=2e-3)  # float16
        assert (classes[found] == labels).all()


@pytest.mark.parametrize("name", PLAIN)
def test_a_shipped_autoencoder_is_made_as_the_vae_beside_it(name: str) -> None:
    record, other = pretrained.record(name), pretrained.record(name.replace("plain-", ""))
    for key in ("data", "data_split", "seed"):
        assert record[key] == other[key], key
    for key in ("data_dim", "latent_dim", "hidden", "sigma"):
        assert record["model"][key] == other["model"][key], key

    def schedule(made: dict[str, Any]) -> str:
        return re.sub(r" --(autoencoder|bits \d+|out \S+)", "", made["command"])

    assert schedule(record) == schedule(other)
    figures, sigma = record["figures"], record["figures"]["sigma"]
    assert set(figures) == {"test_reconstruction", "squared_error", "sigma"}
    # log N(X | f, σ²I) from the squared error, which the record rounds to six places.
    pixels = record["model"]["data_dim"]
    expected = -pixels / 2 * (math.log(2 * math.pi * sigma**2) + figures["squared_error"] / sigma**2)
    agrees(expected, figures["test_reconstruction"], 1e-3 + pixels * 5e-7 / (2 * sigma**2))
    assert figures["squared_error"] < other["figures"]["squared_error"]  # it has nothing else to do
    means, others = pretrained.codes(name)[0], pretrained.codes(name.replace("plain-", ""))[0]
    assert (means.std(0) > 3 * others.std(0)).all()  # and nothing holds its codes together


@pytest.mark.parametrize("name", SHIPPED)
def test_a_shipped_models_training_had_stopped_improving(name: str) -> None:
    """It ended because patience ran out, or with epochs that gained next to nothing."""
    record = pretrained.record(name)
    epochs, patience = (int(re.search(rf"--{key} (\d+)", record["command"])[1]) for key in ("epochs", "patience"))
    if record["epochs_run"] == epochs:
        assert 0 <= record["gained_lately"] < 1  # nats in so many epochs, below the figures' standard error
    else:
        assert record["epochs_run"] == record["best_epoch"] + patience


@pytest.mark.parametrize("name", SHIPPED)
def test_codes_of_a_shipped_model_tell_the_classes_apart(name: str) -> None:
    record, (means, labels) = pretrained.record(name), pretrained.codes(name)
    assert means.shape == (len(labels), record["model"]["latent_dim"])
    assert 300 <= len(means) <= record["data_split"]["test"]
    assert set(labels.tolist()) == set(range(10))
    # The nearest class mean beats a guess by far.
    centers = torch.stack([means[labels == label].mean(0) for label in range(10)])
    assert float((torch.cdist(means, centers).argmin(1) == labels).float().mean()) > 0.4


@pytest.mark.parametrize("name", VAES)
def test_codes_of_a_shipped_vae_roughly_follow_the_prior(name: str) -> None:
    """The aggregate posterior, the mean of Q(z|X) over X, is what N(0, I) is held against. Loose: it never fits."""
    means, log_vars = pretrained.codes(name)[0], pretrained.log_vars(name)
    var = means.var(0) + log_vars.exp().mean(0)
    assert means.mean(0).abs().max() < 0.5
    assert ((var > 0.5) & (var < 2.5)).all()


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
    assert pretrained.load("./digits-2.safetensors").latent_dim == 3


def test_codes_need_their_labels(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="test and test_labels belong together"):
        pretrained.save(VAE(4, 2, (4,)), tmp_path / "m", test=torch.rand(3, 4))
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("name", [name for name in (*SHIPPED, *SERIES) if pretrained.record(name).get("bits") == 8])
def test_shipped_weights_of_eight_bits_are_on_their_grid(name: str) -> None:
    for key, value in load_file(PACKAGE / "models" / f"{name}.safetensors").items():
        if key.endswith(".weight"):
            whole, steps = byte_rows(value)
            assert torch.equal(whole.half() * steps.half()[:, None], value), key


def test_more_latents_tell_more_of_mnist() -> None:
    figures = {name: pretrained.record(name)["figures"] for name in ("mnist-2", "mnist-10", "mnist-20")}
    errors, rates = ([figure[key] for figure in figures.values()] for key in ("squared_error", "test_kl"))
    assert errors == sorted(errors, reverse=True)
    assert rates == sorted(rates)
    ten, twenty = figures["mnist-10"], figures["mnist-20"]
    assert ten["sigma"] == twenty["sigma"]  # so that these compare
    assert ten["test_log_evidence"] < twenty["test_log_evidence"]
    for name in ("mnist-10", "mnist-20"):  # most latents are in use: Q(z|X) says more than the prior
        mean, log_var = pretrained.codes(name)[0], pretrained.log_vars(name)
        kl = 0.5 * (log_var.exp() + mean**2 - 1 - log_var).mean(0)
        assert (kl > 0.1).sum() > 0.7 * len(kl), name  # nats


def test_digits_12_uses_some_of_its_latents(digits: Dataset) -> None:
    """What chapter and widget show: some latents carry the picture, others stay with the prior."""
    mean, var = Networks(pretrained.load("digits-12").state_dict()).encode(digits.test)
    kl = (0.5 * (var + mean**2 - 1 - np.log(var))).mean(axis=0)
    agrees(float(kl.sum()), pretrained.record("digits-12")["figures"]["test_kl"], 1e-3)
    assert 4 <= (kl > 0.5).sum() <= 8  # nats
    assert 4 <= (kl < 0.01).sum() <= 8
    assert ((kl > 0.5) | (kl < 0.05)).all()  # none between


# --- the series that ship --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", SERIES)
def test_a_shipped_series_reaches_the_figures_of_its_record(name: str, digits: Dataset) -> None:
    series = pretrained.load_series(name)
    assert torch.equal(series.labels, digits.test_labels)
    entries = series.record["entries"]
    assert [entry[series.over] for entry in entries] == list(series.values)
    for model, codes, log_vars, entry in zip(series.models, series.codes, series.log_vars, entries, strict=True):
        networks = Networks(model.state_dict())
        mean, var = networks.encode(digits.test)
        x = digits.test.double().numpy()
        agrees(float((0.5 * (var + mean**2 - 1 - np.log(var))).sum(1).mean()), entry["test_kl"], 1e-3)
        noise = np.random.default_rng(0).normal(size=(10, *mean.shape))
        drawn = networks.log_likelihood(x, mean + np.sqrt(var) * noise)  # (draws, examples)
        # Ten draws here and ten in the record: four standard errors of their difference, and some room for float32.
        error = 4 * float(drawn.std(axis=0).mean()) * math.sqrt(2 / drawn.size) + 1e-2
        agrees(float(drawn.mean()), entry["test_reconstruction"], error)
        agrees(entry["test_elbo"], entry["test_reconstruction"] - entry["test_kl"], 2e-4)
        agrees(float(((networks.decode(mean) - x) ** 2).mean()), entry["squared_error"], 2e-6)
        assert entry["active_units"] == (mean.var(axis=0, ddof=1) > 0.01).sum()
        assert entry["sigma"] == pytest.approx(networks.sigma, abs=2e-6)
        np.testing.assert_allclose(codes.numpy(), mean, rtol=2e-3, atol=2e-3)  # float16
        np.testing.assert_allclose(log_vars.numpy(), np.log(var), rtol=2e-3, atol=2e-3)


@pytest.mark.parametrize("name", SERIES)
def test_a_shipped_series_says_how_it_was_made(name: str) -> None:
    record = pretrained.record(name)
    assert record["command"].startswith(f"python -m vae_lib series --over {record['over']} ")
    assert record["command"].endswith(f" --out vae_lib/models/{name}")
    assert (record["data"], record["bits"], record["model"]["latent_dim"]) == ("digits", 8, 2)
    assert record["code_revision"] not in ("", "unknown")
    size = (PACKAGE / "models" / f"{name}.safetensors").stat().st_size
    assert size < 500_000  # bytes, two for each weight; a page carries half of that, and the decoder alone


def test_digits_betas_go_from_a_wide_map_to_collapse() -> None:
    series = pretrained.load_series("digits-betas")
    entries = series.record["entries"]
    assert series.over == "beta"
    assert 1 in series.values
    rate = [entry["test_kl"] for entry in entries]
    assert all(later < earlier for earlier, later in pairwise(rate))
    assert rate[-1] < 0.01  # nats: collapsed
    assert [entries[0]["active_units"], entries[-1]["active_units"]] == [2, 0]
    assert series.codes[0].std(dim=0).min() > 2.5  # far wider than the prior
    assert series.codes[-1].abs().max() < 0.2
    assert len({entry["sigma"] for entry in entries}) == 1
    best = max(entries, key=lambda entry: entry["test_elbo"])
    assert 0.3 <= best["beta"] <= 3  # the ELBO is what beta = 1 trains
    # Rate against distortion on the training examples: falling and convex, each slope flatter than the one before.
    points = [(entry["train_kl"], -entry["train_reconstruction"]) for entry in reversed(entries)]
    slopes = [(d2 - d1) / (r2 - r1) for (r1, d1), (r2, d2) in pairwise(points)]
    assert all(later > earlier for earlier, later in pairwise(slopes))
    assert all(slope < 0.1 for slope in slopes)


def test_digits_epochs_end_where_beta_1_does() -> None:
    series, betas = pretrained.load_series("digits-epochs"), pretrained.load_series("digits-betas")
    entries = series.record["entries"]
    assert series.over == "epoch"
    assert series.values[0] == 0
    assert series.values[-1] == series.record["epochs"]
    assert entries[0]["test_kl"] < 0.1  # nats: every Q(z|X) is about the prior
    assert entries[-1]["test_elbo"] > entries[0]["test_elbo"] + 100
    assert [entry["train_kl"] is None for entry in entries] == [epoch == 0 for epoch in series.values]
    at_one = betas.models[betas.values.index(1)]  # the same first weights, order and noise, so the same model
    for key, value in series.models[-1].state_dict().items():
        torch.testing.assert_close(value, at_one.state_dict()[key], rtol=0, atol=0)

"""Every public function names the argument that is wrong, whatever is put there: a result or a sentence, never NaN."""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from vae_lib import data, distributions, evidence, latent, pretrained, training
from vae_lib.distributions import Gaussian
from vae_lib.linear_gaussian import LinearGaussian, ppca
from vae_lib.model import VAE, Autoencoder

X = torch.rand(4, 6, generator=torch.Generator().manual_seed(0))
Q = Gaussian(torch.zeros(4, 2), torch.zeros(4, 2))
torch.manual_seed(0)
MODEL = VAE(6, 2, (4,))

numbers = st.one_of(st.integers(-3, 300), st.just(10**400), st.floats(), st.booleans())
json_like = st.recursive(
    st.one_of(st.none(), numbers, st.text(max_size=8)),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=3), inner, max_size=2)),
    max_leaves=5,
)
# Each with arguments that are right; one of them at a time is put in question.
DOORS: dict[str, tuple[Callable[..., Any], dict[str, Any]]] = {
    "VAE": (VAE, {"data_dim": 6, "latent_dim": 2, "hidden": (4,), "likelihood": "gaussian", "sigma": 0.3,
                  "learn_sigma": False, "activation": "silu", "sigmoid": True, "channels": ()}),
    "Autoencoder": (Autoencoder, {"data_dim": 6, "latent_dim": 2, "hidden": (4,), "sigma": 0.3}),
    "encode": (MODEL.encode, {"x": X}),
    "terms": (MODEL.terms, {"x": X, "generator": None}),
    "sample": (MODEL.sample, {"count": 2, "generator": None}),
    "fit": (training.fit, {"x": X, "epochs": 1, "batch_size": 4, "lr": 1e-3, "beta": 1.0, "seed": 0, "progress": False,
                           "device": "cpu"}),
    "mean_terms": (training.mean_terms, {"x": X, "samples": 1, "seed": 0, "batch_size": 9}),
    "importance_sampling": (evidence.importance_sampling, {"model": MODEL, "x": X, "q": Q, "samples": 2}),
    "prior_monte_carlo": (evidence.prior_monte_carlo, {"model": MODEL, "x": X, "samples": 2, "generator": None}),
    "iwae_bound": (evidence.iwae_bound, {"model": MODEL, "x": X, "q": Q, "k": 2, "repeats": 2}),
    "elbo_terms": (evidence.elbo_terms, {"model": MODEL, "x": X, "q": Q, "samples": 2}),
    "quadrature": (evidence.quadrature, {"q": Q}),
    "active_units": (evidence.active_units, {"means": X}),
    "bits": (evidence.bits_per_dimension, {"log_evidence": X, "data_dim": 6, "levels": 256}),
    "gaussian_kl": (distributions.gaussian_kl, {"mean": X, "log_var": X}),
    "bernoulli": (distributions.bernoulli_log_density, {"x": X, "logits": X}),
    "straight": (latent.straight, {"start": X[0], "end": X[1], "steps": 3}),
    "traversal": (latent.traversal, {"z": X[0], "index": 1, "values": X[1]}),
    "rate_parts": (latent.rate_parts, {"q": Q, "samples": 2}),
    "load": (data.load, {"name": "ring", "as_bytes": False}),
    "binarize": (data.binarize, {"x": X}),
    "dequantize": (data.dequantize, {"x": X, "levels": 256}),
    "LinearGaussian": (LinearGaussian, {"weight": X, "sigma": 0.5}),
    "ppca": (ppca, {"x": X, "latent_dim": 1}),
    "pretrained.load": (pretrained.load, {"name": "digits-2"}),
}  # fmt: skip


# What torch and NumPy can make, and nobody means.
NO_NUMBERS: dict[str, Any] = {
    "meta": torch.empty(4, 6, device="meta"),
    "sparse": X.to_sparse(),
    "compressed": X.to_sparse_csr(),
    "complex": X + 0j,
    "nested": torch.nested.nested_tensor([X[0], X[1, :3]], layout=torch.strided),
    "array": X.numpy()[0],
    "nan": Gaussian(torch.full((4, 2), math.nan), torch.zeros(4, 2)),
    "no width": Gaussian(torch.zeros(4, 2), torch.full((4, 2), -500.0)),
    "no bound": Gaussian(torch.zeros(4, 2), torch.full((4, 2), 500.0)),
}
NAMED_ALONE = ("x", "q", "sigma", "lr", "beta", "means", "values")  # arguments of which each must name itself


def test_what_holds_no_number_is_named_and_gives_no_nan() -> None:
    for door, (function, right) in DOORS.items():
        if door in ("gaussian_kl", "bernoulli", "ppca", "LinearGaussian", "rate_parts"):  # of tensors, as they are
            continue
        for name in set(right) & set(NAMED_ALONE):
            for kind, wrong in NO_NUMBERS.items():
                more = {"model": VAE(6, 2, (4,))} if door in ("fit", "mean_terms") else {}
                found = tried(function, {**right, **more, name: wrong})
                if isinstance(found, Exception):
                    assert isinstance(found, ValueError | TypeError), (door, name, kind, found)
                    assert name in str(found), (door, name, kind, found)
                else:
                    assert not any(bool(part.isnan().any()) for part in numbers_in(found)), (door, name, kind)


def test_what_was_made_in_inference_mode_is_taken() -> None:
    with torch.inference_mode():
        x = torch.rand(4, 6)
    MODEL.terms(x).elbo.mean().backward()


def numbers_in(found: Any) -> list[torch.Tensor]:
    if isinstance(found, torch.Tensor):
        return [found]
    return [part for each in found for part in numbers_in(each)] if isinstance(found, tuple) else []


@pytest.mark.parametrize("door", DOORS)
@settings(max_examples=80)
@given(st.data())
def test_anything_for_an_argument_gives_a_result_or_its_name(door: str, draw: st.DataObject) -> None:
    function, right = DOORS[door]
    name = draw.draw(st.sampled_from(sorted(right)))
    given = {**right, name: draw.draw(json_like)}
    if door in ("fit", "mean_terms"):
        torch.manual_seed(0)
        given["model"] = VAE(6, 2, (4,))
    assert name in inspect.signature(function).parameters
    found = tried(function, given)
    if isinstance(found, FileNotFoundError):
        assert "no model" in str(found)
    elif isinstance(found, ValueError | TypeError):
        assert name in str(found), found
        assert "\n" not in str(found)
    elif isinstance(found, Exception):
        too_much = isinstance(given[name], int | float) and abs(given[name]) > 100  # samples: as many as it asks for
        assert too_much or isinstance(found, FloatingPointError), repr(found)
    else:
        assert not any(bool(part.isnan().any()) for part in numbers_in(found)), (name, given[name])


def tried(function: Callable[..., Any], given: dict[str, Any]) -> Any:
    """What a call gives, or the error that it ends in."""
    try:
        return function(**given)
    except Exception as error:
        return error


def test_a_door_that_is_right_is_open() -> None:
    for door, (function, right) in DOORS.items():
        more = {"model": VAE(6, 2, (4,))} if door in ("fit", "mean_terms") else {}
        assert function(**right, **more) is not None
    assert math.isfinite(float(evidence.bits_per_dimension(torch.tensor(-20.0), 6)))

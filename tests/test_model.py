"""The networks and what they mean, against NumPy's forward pass, scipy's densities and autograd."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from reference import Networks, log_normal
from safetensors.torch import load_file, save_file
from scipy import special, stats
from torch import nn
from torch.distributions import Independent, Normal, kl_divergence

from vae_lib import pretrained
from vae_lib.model import ACTIVATIONS, VAE, Autoencoder, Terms, require_vae
from vae_lib.widgets.packing import describe_layers

FLOAT32 = {"rtol": 1e-4, "atol": 1e-4}  # a float32 network against a float64 one, sums of up to 64 terms


def vae(data_dim: int = 6, latent_dim: int = 2, hidden: tuple[int, ...] = (8, 5), seed: int = 0, **kwargs: Any) -> VAE:
    torch.manual_seed(seed)
    model = VAE(data_dim, latent_dim, hidden, **kwargs)
    with torch.no_grad():  # larger weights than a fresh network's, so that nothing is nearly constant
        for parameter in model.parameters():
            parameter += 0.5 * torch.randn(parameter.shape) * (parameter.ndim > 0)
    return model


def uniform(*shape: int, seed: int = 1) -> torch.Tensor:
    return torch.rand(shape, generator=torch.Generator().manual_seed(seed))


@given(
    data_dim=st.integers(1, 7),
    latent_dim=st.integers(1, 4),
    hidden=st.lists(st.integers(1, 6), max_size=3).map(tuple),
    batch=st.integers(0, 5),
    samples=st.integers(1, 3),
)
def test_shapes(data_dim: int, latent_dim: int, hidden: tuple[int, ...], batch: int, samples: int) -> None:
    model = VAE(data_dim, latent_dim, hidden)
    x, z = uniform(batch, data_dim), uniform(samples, batch, latent_dim)
    posterior, terms = model.encode(x), model.terms(x)
    assert posterior.mean.shape == posterior.log_var.shape == (batch, latent_dim)
    assert model.decode(z).shape == (samples, batch, data_dim)
    assert model.log_likelihood(x, z).shape == model.log_prior(z).shape == (samples, batch)
    assert terms.reconstruction.shape == terms.kl.shape == terms.elbo.shape == (batch,)
    assert model.sample(samples).shape == (samples, data_dim)
    assert model.encode(x[:0]).mean.shape == (0, latent_dim)


@settings(max_examples=20)
@given(st.permutations(range(6)))
def test_the_order_of_the_batch_does_not_matter(order: list[int]) -> None:
    model, x, z = vae(), uniform(6, 6), uniform(6, 2)
    for ours in (lambda rows: model.encode(x[rows]).mean, lambda rows: model.encode(x[rows]).log_var):
        torch.testing.assert_close(ours(order), ours(list(range(6)))[order])
    torch.testing.assert_close(model.log_likelihood(x[order], z[order]), model.log_likelihood(x, z)[order])


def test_forward_pass_equals_numpy() -> None:
    model, x, z = vae(), uniform(4, 6), 3 * uniform(5, 2) - 1.5
    networks = Networks(model.state_dict())
    mean, var = networks.encode(x)
    with torch.no_grad():
        np.testing.assert_allclose(model.encode(x).mean.numpy(), mean, **FLOAT32)
        np.testing.assert_allclose(model.encode(x).log_var.numpy(), np.log(var), **FLOAT32)
        np.testing.assert_allclose(model.decode(z).numpy(), networks.decode(z.numpy()), **FLOAT32)
    assert ((model.decode(z) > 0) & (model.decode(z) < 1)).all()


def test_decoder_mirrors_the_encoder() -> None:
    model = VAE(20, 3, (11, 7))
    assert [m.weight.shape for m in model.encoder.net if hasattr(m, "weight")] == [(11, 20), (7, 11), (6, 7)]
    assert [m.weight.shape for m in model.decoder.net if hasattr(m, "weight")] == [(7, 3), (11, 7), (20, 11)]


@pytest.mark.parametrize("sigma", [0.05, 0.25, 2.0])
def test_gaussian_log_likelihood_is_a_sum_over_pixels(sigma: float) -> None:
    model, x, z = vae(sigma=sigma), uniform(4, 6), uniform(3, 4, 2)
    with torch.no_grad():
        ours = model.log_likelihood(x, z).numpy()
    expected = log_normal(x.numpy(), Networks(model.state_dict()).decode(z.numpy()), sigma**2)
    # Divided by sigma², the networks' rounding of 1e-7 grows.
    np.testing.assert_allclose(ours, expected, rtol=1e-4, atol=1e-4 / sigma)


def test_bernoulli_log_likelihood() -> None:
    model, x, z = vae(likelihood="bernoulli"), uniform(4, 6).round(), uniform(3, 4, 2)
    with torch.no_grad():
        ours = model.log_likelihood(x, z).numpy()
    expected = stats.bernoulli.logpmf(x.numpy(), Networks(model.state_dict()).decode(z.numpy())).sum(-1)
    np.testing.assert_allclose(ours, expected, **FLOAT32)


def test_log_prior_is_standard_normal() -> None:
    z = uniform(3, 4, 2)
    expected = stats.multivariate_normal.logpdf(z.numpy(), np.zeros(2), np.eye(2))
    np.testing.assert_allclose(vae().log_prior(z).numpy(), expected, rtol=1e-5)


def test_terms_are_the_right_side_of_equation_4() -> None:
    model, x = vae(), uniform(5, 6)
    with torch.no_grad():
        terms = model.terms(x, generator=torch.Generator().manual_seed(3))
        posterior = model.encode(x)
    noise = torch.randn(5, 2, generator=torch.Generator().manual_seed(3)).numpy()
    mean, var = Networks(model.state_dict()).encode(x)
    q = Independent(Normal(posterior.mean, torch.exp(posterior.log_var / 2)), 1)
    prior = Independent(Normal(torch.zeros(5, 2), torch.ones(5, 2)), 1)
    torch.testing.assert_close(terms.kl, kl_divergence(q, prior), **FLOAT32)
    expected = Networks(model.state_dict()).log_likelihood(x, mean + np.sqrt(var) * noise)
    np.testing.assert_allclose(terms.reconstruction.numpy(), expected, rtol=1e-4, atol=1e-3)
    torch.testing.assert_close(terms.elbo, terms.reconstruction - terms.kl)
    assert Terms(torch.tensor([5.0]), torch.tensor([2.0])).elbo == 3


def test_terms_draw_a_new_z_every_time() -> None:
    model, x = vae(), uniform(5, 6)
    first, second = (model.terms(x).reconstruction for _ in range(2))
    assert not torch.equal(first, second)
    assert not torch.equal(*model.terms(x[:1].expand(2, 6)).reconstruction)


def test_every_weight_gets_a_gradient_from_the_elbo() -> None:
    model = vae(learn_sigma=True)
    model.terms(uniform(5, 6)).elbo.sum().backward()
    for name, parameter in model.named_parameters():
        assert parameter.grad is not None, name
        assert parameter.grad.abs().sum() > 0, name


def test_the_reconstruction_reaches_the_encoder_through_the_draw() -> None:
    """Its gradient equals that of log P(X | μ + sε) at a fixed ε, by central differences in NumPy."""
    model, x = vae(), uniform(3, 6)
    bias = model.encoder.net[-1].bias
    model.terms(x, generator=torch.Generator().manual_seed(6)).reconstruction.sum().backward()
    noise = torch.randn(3, 2, generator=torch.Generator().manual_seed(6)).numpy()

    def reconstruction(entry: int, change: float) -> float:
        state = {key: value.clone() for key, value in model.state_dict().items()}
        name = next(key for key, value in model.named_parameters() if value is bias)
        state[name] = state[name].double()
        state[name][entry] += change
        networks = Networks(state)
        mean, var = networks.encode(x)
        return float(networks.log_likelihood(x, mean + np.sqrt(var) * noise).sum())

    for entry in range(4):  # two means, two log variances
        slope = (reconstruction(entry, 1e-5) - reconstruction(entry, -1e-5)) / 2e-5
        assert float(bias.grad[entry]) == pytest.approx(slope, rel=1e-3, abs=1e-3)


def test_gradient_of_sigma() -> None:
    """d/dlog σ of log P(X|z) is squared error / σ² − number of pixels: zero where σ² is the mean squared error."""
    model, x, z = vae(sigma=0.3, learn_sigma=True), uniform(4, 6), uniform(4, 2)
    model.log_likelihood(x, z).sum().backward()
    squared = ((x - model.decode(z)) ** 2).sum().item()
    assert float(model.log_sigma.grad) == pytest.approx(squared / 0.3**2 - 4 * 6, rel=1e-4)


def test_sigma_is_trained_only_where_asked_and_where_it_means_something() -> None:
    assert not vae().log_sigma.requires_grad
    assert vae(learn_sigma=True).log_sigma.requires_grad
    assert not vae(learn_sigma=True, likelihood="bernoulli").log_sigma.requires_grad
    assert vae(sigma=0.125).sigma == pytest.approx(0.125, rel=1e-6)


def test_sample_decodes_draws_from_the_prior() -> None:
    model = vae()
    with torch.no_grad():
        pictures = model.sample(7, generator=torch.Generator().manual_seed(4)).numpy()
    z = torch.randn(7, 2, generator=torch.Generator().manual_seed(4)).numpy()
    np.testing.assert_allclose(pictures, Networks(model.state_dict()).decode(z), **FLOAT32)


@pytest.mark.parametrize(
    "kwargs", [{}, {"likelihood": "bernoulli"}, {"sigma": 0.1, "learn_sigma": True}, {"activation": "tanh"}]
)
def test_config_builds_the_same_model_again(kwargs: dict[str, Any]) -> None:
    model, x = vae(hidden=(9,), **kwargs), uniform(3, 6).round()
    again = VAE(**json.loads(json.dumps(model.config())))
    assert again.config() == model.config()
    again.load_state_dict(model.state_dict())
    z = uniform(3, 2)
    assert torch.equal(again.log_likelihood(x, z), model.log_likelihood(x, z))


@pytest.mark.parametrize(
    ("kwargs", "message"),
    [
        ({"data_dim": 0}, "data_dim must be at least 1, got 0"),
        ({"latent_dim": -2}, "latent_dim must be at least 1, got -2"),
        ({"hidden": (8, 0)}, r"hidden must be at least 1, got \(8, 0\)"),
        ({"likelihood": "poisson"}, "'gaussian' or 'bernoulli', got 'poisson'"),
        ({"activation": "gelu"}, "activation must be 'silu', 'tanh' or 'relu', got 'gelu'"),
        ({"sigma": 0.0}, "sigma must be a positive number, got 0"),
        ({"sigma": -0.5}, "sigma must be a positive number, got -0.5"),
        ({"sigma": math.nan}, "sigma must be a positive number, got nan"),
        ({"sigma": math.inf}, "sigma must be a positive number, got inf"),
    ],
)
def test_vae_refuses_what_it_cannot_be(kwargs: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        VAE(**{"data_dim": 6, "latent_dim": 2, **kwargs})


@pytest.mark.parametrize(
    ("kwargs", "message"),
    [
        ({"latent_dim": 0}, "latent_dim must be at least 1, got 0"),
        ({"hidden": (0,)}, r"hidden must be at least 1, got \(0,\)"),
        ({"sigma": 0.0}, "sigma must be a positive number, got 0"),
    ],
)
def test_autoencoder_refuses_what_it_cannot_be(kwargs: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Autoencoder(**{"data_dim": 6, "latent_dim": 2, **kwargs})


@pytest.mark.parametrize(
    ("activation", "function"),
    [("silu", lambda v: v * special.expit(v)), ("tanh", np.tanh), ("relu", lambda v: np.maximum(v, 0))],
)
def test_the_activation_is_between_the_layers_of_both_networks(activation: Any, function: Callable[[Any], Any]) -> None:
    model, x, z = vae(activation=activation), uniform(4, 6), uniform(4, 2)

    def forward(net: nn.Sequential, values: Any) -> Any:
        linears = [(m.weight.detach().numpy(), m.bias.detach().numpy()) for m in net if isinstance(m, nn.Linear)]
        for position, (weight, bias) in enumerate(linears):
            values = values @ weight.T + bias
            values = function(values) if position < len(linears) - 1 else values
        return values

    with torch.no_grad():
        posterior, pictures = model.encode(x), model.decode(z).numpy()
    mean, log_var = np.split(forward(model.encoder.net, x.numpy()), 2, axis=-1)
    np.testing.assert_allclose(posterior.mean.numpy(), mean, **FLOAT32)
    np.testing.assert_allclose(posterior.log_var.numpy(), log_var, **FLOAT32)
    np.testing.assert_allclose(pictures, special.expit(forward(model.decoder.net, z.numpy())), **FLOAT32)


def test_the_activation_is_saved_and_older_files_are_silu(tmp_path: Path) -> None:
    model, z = vae(activation="tanh"), uniform(3, 2)
    path = pretrained.save(model, tmp_path / "mine")
    again = pretrained.load(path)
    assert again.activation == "tanh"
    torch.testing.assert_close(again.decode(z), model.decode(z), rtol=1e-2, atol=1e-2)  # float16
    record = pretrained.record(path)
    del record["model"]["activation"]
    save_file(load_file(path), path, {"record": json.dumps(record)})
    assert pretrained.load(path).activation == "silu"


def test_a_page_is_told_the_activation() -> None:
    layers = describe_layers(vae(activation="tanh").decoder.net, final="sigmoid")
    assert [layer["activation"] for layer in layers] == ["tanh", "tanh", "sigmoid"]
    assert {"silu", "relu", "tanh", "sigmoid"} >= set(ACTIVATIONS)  # which shared/network.test.js compares with torch's


def test_shapes_that_do_not_fit_are_named() -> None:
    model = vae()
    for call, wrong in (
        (lambda: model.encode(uniform(3, 5)), r"x must have shape \(..., 6\) for this model, got \(3, 5\)"),
        (lambda: model.terms(uniform(3, 7)), r"x must have shape \(..., 6\) for this model, got \(3, 7\)"),
        (lambda: model.decode(uniform(3, 1)), r"z must have shape \(..., 2\) for this model, got \(3, 1\)"),
        (lambda: model.log_likelihood(uniform(3, 1), uniform(3, 2)), r"x must have .* got \(3, 1\)"),
        (lambda: model.log_likelihood(uniform(3, 6), uniform(3, 6)), r"z must have .* got \(3, 6\)"),
        (lambda: model.encode(torch.tensor(0.5)), r"x must have .* got \(\)"),
        (lambda: model.sample(0), "count must be at least 1, got 0"),
    ):
        with pytest.raises(ValueError, match=wrong):
            call()


def test_autoencoder_is_squared_error_and_nothing_else() -> None:
    torch.manual_seed(5)
    model, x = Autoencoder(6, 2, (8,), sigma=0.5), uniform(4, 6)
    with torch.no_grad():
        terms, pictures = model.terms(x), model.decode(model.encode(x))
        assert model.encode(x).shape == (4, 2)
        assert torch.equal(terms.reconstruction, model.terms(x).reconstruction)  # no chance in it
    np.testing.assert_allclose(terms.reconstruction.numpy(), log_normal(x.numpy(), pictures.numpy(), 0.25), **FLOAT32)
    assert torch.equal(terms.kl, torch.zeros(4))
    assert torch.equal(terms.elbo, terms.reconstruction)


def test_an_autoencoder_is_built_again_from_its_configuration() -> None:
    model = Autoencoder(6, 3, [8, 5], sigma=0.5)  # a list, as a JSON record has it
    config = json.loads(json.dumps(model.config()))
    assert config == {"data_dim": 6, "latent_dim": 3, "hidden": [8, 5], "sigma": pytest.approx(0.5)}
    assert model.sigma == pytest.approx(0.5)
    again, x = Autoencoder(**config), uniform(4, 6)
    again.load_state_dict(model.state_dict())
    assert again.hidden == (8, 5)
    assert torch.equal(again.terms(x).reconstruction, model.terms(x).reconstruction)


def test_only_a_vae_passes_for_one() -> None:
    model = vae()
    assert require_vae(model, "this") is model
    for other in (Autoencoder(6, 2), nn.Linear(6, 2)):
        with pytest.raises(TypeError, match=rf"this needs a VAE, which has Q .*, got {type(other).__name__}; load"):
            require_vae(other, "this")

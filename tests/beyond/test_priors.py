"""Learned priors against torch's mixtures and sums over a grid; flows against autograd's Jacobian."""

from __future__ import annotations

import copy
import math
from collections.abc import Callable

import numpy as np
import pytest
import torch
from scipy import stats
from torch.distributions import Categorical, Independent, MixtureSameFamily, Normal

from vae_lib import evidence, training
from vae_lib.beyond.priors import (
    FlowPosterior,
    LearnedPriorVAE,
    MixturePrior,
    PlanarFlow,
    VampPrior,
    fit_posterior,
)
from vae_lib.data import Dataset
from vae_lib.linear_gaussian import LinearGaussian
from vae_lib.model import VAE


def seeded(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def with_mixture(base: VAE, components: int = 4) -> LearnedPriorVAE:
    prior = MixturePrior(torch.randn(components, base.latent_dim, generator=seeded()), 0.4)
    with torch.no_grad():
        prior.logits.copy_(torch.randn(components, generator=seeded(1)))
        prior.log_var.add_(torch.randn(components, base.latent_dim, generator=seeded(2)))
    return LearnedPriorVAE(base, prior)


def test_mixture_is_that_of_torch(small_vae: VAE) -> None:
    model = with_mixture(small_vae)
    prior = model.prior
    assert isinstance(prior, MixturePrior)
    parts = Independent(Normal(prior.mean, (prior.log_var / 2).exp()), 1)
    mixture = MixtureSameFamily(Categorical(logits=prior.logits), parts)
    z = 2 * torch.randn(3, 50, 2, generator=seeded(3))
    assert torch.allclose(model.log_prior(z), mixture.log_prob(z), atol=1e-4)


def test_vamp_prior_is_the_mean_of_q_over_its_pictures(small_vae: VAE, digits: Dataset) -> None:
    pictures = digits.train[:7].clamp(0.02, 0.98)
    model = LearnedPriorVAE(small_vae, VampPrior(pictures))
    z = torch.randn(20, 2, generator=seeded())
    with torch.no_grad():
        q = small_vae.encode(pictures)
        densities = [
            stats.multivariate_normal(mean.double().numpy(), np.diag(log_var.double().exp().numpy())).pdf(z.numpy())
            for mean, log_var in zip(*q, strict=True)
        ]
        assert np.allclose(model.log_prior(z).numpy(), np.log(np.mean(densities, 0)), atol=1e-3)


@pytest.mark.parametrize("kind", ["mixture", "vamp"])
def test_a_prior_is_a_density_and_its_draws_follow_it(kind: str, small_vae: VAE, digits: Dataset) -> None:
    vamp = LearnedPriorVAE(small_vae, VampPrior(digits.train[:5]))
    model = with_mixture(small_vae) if kind == "mixture" else vamp
    axis = torch.linspace(-8, 8, 641)
    plane = torch.cartesian_prod(axis, axis)
    with torch.no_grad():
        mass = model.log_prior(plane).double().exp() * 0.025**2
        draws = model.draw_prior(40_000, generator=seeded())
    assert float(mass.sum()) == pytest.approx(1, abs=2e-3)
    mean = mass @ plane.double()
    spread = (mass @ (plane.double() - mean) ** 2).sqrt()
    # a mean of 40,000 draws is off by less than 0.02 widths, four standard errors
    assert bool(((draws.mean(0) - mean).abs() < 0.02 * spread).all())
    assert torch.allclose(draws.std(0).double(), spread, rtol=0.02)


def test_the_kl_by_one_draw_is_right_on_average(small_vae: VAE, digits: Dataset) -> None:
    model = with_mixture(small_vae)
    x = digits.test[:1]
    with torch.no_grad():
        q = model.encode(x)
        z, weights = evidence.quadrature(q, nodes=64)
        exact = float(weights @ (q.log_prob(z) - model.log_prior(z))[:, 0])
        kl = model.terms(x.expand(40_000, -1), generator=seeded()).kl
    error = float(kl.std()) / 200
    assert float(kl.mean()) == pytest.approx(exact, abs=4 * error)
    assert float(kl.std()) > 0  # a draw, not the closed form


def test_evidence_of_a_learned_prior_is_the_sum_over_the_plane(small_vae: VAE, digits: Dataset) -> None:
    model = with_mixture(small_vae)
    x = digits.test[:3]
    with torch.no_grad():
        exact = [evidence.grid(model, row).log_evidence for row in x]
        drawn = evidence.importance_sampling(model, x, model.encode(x), 20_000, generator=seeded())
    for row in range(3):
        assert float(drawn.log_evidence[row]) == pytest.approx(
            exact[row], abs=0.02 + 4 * float(drawn.standard_error[row])
        )


def test_training_moves_the_prior_and_leaves_the_base_alone(small_vae: VAE, digits: Dataset) -> None:
    before = copy.deepcopy(small_vae.state_dict())
    model = LearnedPriorVAE(small_vae, VampPrior(digits.train[:10]))
    start = training.mean_terms(model, digits.train[:640], samples=5)
    logits = model.prior.logits.detach().clone()
    training.fit(model, digits.train[:640], epochs=4, batch_size=64, lr=3e-3)
    end = training.mean_terms(model, digits.train[:640], samples=5)
    assert end[0] - end[1] > start[0] - start[1] + 0.2
    assert not torch.equal(model.prior.logits, logits)
    assert all(torch.equal(value, before[name]) for name, value in small_vae.state_dict().items())
    assert model.sample(3, generator=seeded()).shape == (3, 64)


def test_a_planar_flow_has_the_jacobian_of_autograd() -> None:
    for seed in range(20):
        flow = PlanarFlow(3, generator=seeded(seed)).double()
        with torch.no_grad():
            flow.u.copy_(3 * torch.randn(3, generator=seeded(seed + 50)))  # large: wᵀu below −1 in some
            flow.b.fill_(0.3)
        z = torch.randn(3, generator=seeded(seed + 100), dtype=torch.float64)
        jacobian = torch.autograd.functional.jacobian(lambda point, flow=flow: flow(point)[0], z)
        determinant = torch.linalg.det(jacobian)
        assert determinant > 0  # invertible, whatever the weights
        assert torch.allclose(flow(z)[1], determinant.log(), atol=1e-9)


def test_a_flow_s_density_follows_from_the_whole_jacobian() -> None:
    q = FlowPosterior(2, 3, generator=seeded(4)).double()
    noise = torch.randn(5, 2, generator=seeded(), dtype=torch.float64)
    z, log_q = q.rsample(5, generator=seeded())

    def push(point: torch.Tensor) -> torch.Tensor:
        for flow in q.flows:
            point = flow(point)[0]
        return point

    for row in range(5):
        jacobian = torch.autograd.functional.jacobian(push, noise[row])
        exact = stats.norm.logpdf(noise[row].numpy()).sum() - math.log(float(torch.linalg.det(jacobian)))
        assert torch.allclose(z[row], push(noise[row]))
        assert float(log_q[row].detach()) == pytest.approx(exact, abs=1e-9)


def test_without_flows_the_best_q_of_a_linear_model_is_found() -> None:
    model = LinearGaussian(torch.ones(1, 1), sigma=0.5)
    q = fit_posterior(FlowPosterior(1, 0), model, torch.ones(1), steps=1500)
    # posterior N(0.8, 0.2); Adam with 64 draws a step comes this close
    assert q.mean.item() == pytest.approx(0.8, abs=0.03)
    assert q.log_var.exp().item() == pytest.approx(0.2, abs=0.02)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: MixturePrior(torch.zeros(3)), "mean must have shape"),
        (lambda: MixturePrior(torch.zeros(3, 2), std=0), "std must be a positive number, got 0"),
        (lambda: VampPrior(torch.zeros(0, 64)), "pseudo_inputs must have shape"),
        (lambda: VampPrior(torch.full((1, 64), 1.5)), "must lie in .*1.5"),
        (lambda: FlowPosterior(0, 1), "latent_dim must be at least 1"),
    ],
)
def test_what_cannot_be_is_refused(make: Callable[[], object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        make()

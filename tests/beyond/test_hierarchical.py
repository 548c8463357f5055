"""Two layers against torch's KL divergences and against a sum over a grid of both latents."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest
import torch
from scipy import special, stats
from torch.distributions import Independent, Normal, kl_divergence

from vae_lib import evidence, training
from vae_lib.beyond.hierarchical import HierarchicalVAE
from vae_lib.data import Dataset


def seeded(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def enlarge(model: HierarchicalVAE, factor: float = 3.0) -> HierarchicalVAE:
    """Larger weights, so that the layers depend on each other from the start."""
    with torch.no_grad():
        for parameter in model.parameters():
            if parameter.ndim == 2:
                parameter.mul_(factor)
    return model


@pytest.fixture(params=[False, True], ids=["width 1", "width learned"])
def model(request: pytest.FixtureRequest) -> HierarchicalVAE:
    torch.manual_seed(0)
    return enlarge(HierarchicalVAE(64, bottom=3, top=2, hidden=16, learn_width=request.param))


@pytest.fixture(params=[False, True], ids=["width 1", "width learned"])
def tiny(request: pytest.FixtureRequest) -> HierarchicalVAE:
    torch.manual_seed(1)
    return enlarge(HierarchicalVAE(3, bottom=1, top=1, hidden=8, sigma=0.3, learn_width=request.param))


def test_each_layer_s_kl_is_that_of_torch(model: HierarchicalVAE, digits: Dataset) -> None:
    x = digits.test[:8]
    terms = model.layer_terms(x, generator=seeded())
    q_top = model.encode_top(x)
    z_top = q_top.rsample(generator=seeded())  # the first thing that layer_terms draws
    p, q = model.prior_bottom(z_top), model.encode_bottom(x, z_top)

    def divergence(one: tuple[torch.Tensor, ...], other: tuple[torch.Tensor, ...]) -> torch.Tensor:
        return kl_divergence(*(Independent(Normal(mean, (log_var / 2).exp()), 1) for mean, log_var in (one, other)))

    zero = torch.zeros_like(q_top.mean)
    assert torch.allclose(terms.kl_top, divergence(tuple(q_top), (zero, zero)), rtol=1e-4)
    assert torch.allclose(terms.kl_bottom, divergence(tuple(q), tuple(p)), rtol=1e-4)
    both = model.terms(x, generator=seeded())
    assert torch.allclose(both.elbo, terms.reconstruction - terms.kl_top - terms.kl_bottom, rtol=1e-4)


def log_evidence_by_a_sum(model: HierarchicalVAE, x: torch.Tensor) -> np.ndarray:
    """Eq. (1) over z₂ and z₁ on a grid, with scipy's densities: shape ``(batch,)``."""
    axis = torch.linspace(-7, 7, 281)
    step = 0.05
    with torch.no_grad():
        prior = model.prior_bottom(axis[:, None])
        shifts = torch.linspace(-7, 7, 281)
        z_bottom = prior.mean + prior.std * shifts  # (top, bottom)
        pictures = model.decode(z_bottom[..., None]).double().numpy()
    log_p = stats.norm.logpdf(axis.double())[:, None] + stats.norm.logpdf(shifts.double()) + 2 * math.log(step)
    sigma = float(model.log_sigma.detach().exp())
    return np.array(
        [special.logsumexp(log_p + stats.norm(pictures, sigma).logpdf(row.double().numpy()).sum(-1)) for row in x]
    )


def test_weights_give_the_evidence_and_the_elbo_stays_below(tiny: HierarchicalVAE) -> None:
    x = torch.rand(4, 3, generator=seeded())
    exact = log_evidence_by_a_sum(tiny, x)
    weights = tiny.log_weights(x.repeat(1000, 1), 40, generator=seeded()).view(-1, 4)  # 40,000 draws
    estimate = evidence.summarize(weights)
    assert np.allclose(estimate.log_evidence.numpy(), exact, atol=0.02 + 4 * float(estimate.standard_error.max()))
    with torch.no_grad():
        elbo = tiny.terms(x.repeat(40_000, 1), generator=seeded(1)).elbo.view(-1, 4)
    errors = (elbo.std(0) / 200 + weights.std(0) / 200).numpy()
    assert np.all(np.abs((elbo.mean(0) - weights.mean(0)).numpy()) < 4 * errors)
    assert np.all(elbo.mean(0).numpy() < exact + 4 * errors)


def test_samples_follow_the_marginal(tiny: HierarchicalVAE) -> None:
    z_top = torch.randn(50_000, 1, generator=seeded(5))
    with torch.no_grad():
        prior = tiny.prior_bottom(z_top)
        z_bottom = prior.mean + prior.std * torch.randn(50_000, 1, generator=seeded(6))
        expected = tiny.decode(z_bottom)
    drawn = tiny.sample(50_000, generator=seeded())
    # a pixel lies in [0, 1], so a mean of 50,000 is off by less than 0.01, four standard errors
    assert torch.allclose(drawn.mean(0), expected.mean(0), atol=0.01)
    assert torch.allclose(drawn.std(0), expected.std(0), atol=0.01)


def test_the_layer_above_can_be_held(model: HierarchicalVAE) -> None:
    z_top = torch.tensor([[2.0, -1.0]]).expand(4000, 2)
    held = model.sample(4000, z_top=z_top, generator=seeded()).var(0).sum()
    free = model.sample(4000, generator=seeded()).var(0).sum()
    assert float(held) < float(free)


def test_training_climbs(digits: Dataset) -> None:
    torch.manual_seed(0)
    model = HierarchicalVAE(64, bottom=4, top=2, hidden=32)
    before = training.mean_terms(model, digits.test)
    training.fit(model, digits.train[:640], epochs=6, batch_size=64, lr=8e-3)
    after = training.mean_terms(model, digits.test)
    assert after[0] - after[1] > before[0] - before[1] + 20  # from far below the mean image


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: HierarchicalVAE(64, 0, 2), "bottom must be at least 1, got 0"),
        (lambda: HierarchicalVAE(64, 2, 2, sigma=-1), "sigma must be a positive number, got -1"),
        (lambda: HierarchicalVAE(64, 2, 2).sample(0), "count must be at least 1, got 0"),
        (lambda: HierarchicalVAE(64, 2, 2).sample(3, z_top=torch.zeros(2, 2)), r"z_top must have shape \(3, 2\)"),
    ],
)
def test_what_cannot_be_is_refused(make: Callable[[], object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        make()

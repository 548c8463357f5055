"""A diffusion of Gaussian data, where every marginal and every step back is exact; the MMD by plain loops."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest
import torch
from scipy import stats
from sklearn.metrics.pairwise import rbf_kernel
from torch import Tensor

from vae_lib import training
from vae_lib.beyond.diffusion import Chain, Diffusion, linear_chain, mmd_squared, simple


def seeded(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def knowing(chain: Chain, variance: float) -> Callable[[Tensor, Tensor], Tensor]:
    """E[ε|z_t] for data from N(0, variance): what the best network would guess."""

    def guess(zt: Tensor, t: Tensor) -> Tensor:
        kept = chain.alpha_bar[t][..., None]
        return (1 - kept).sqrt() * zt / (kept * variance + 1 - kept)

    return guess


def test_the_closed_form_of_q_is_that_of_single_steps() -> None:
    chain = linear_chain(30)
    factor, variance = 1.0, 0.0
    for t, beta in enumerate(chain.betas[1:].tolist(), start=1):
        factor, variance = factor * math.sqrt(1 - beta), variance * (1 - beta) + beta
        q = chain.noised(torch.tensor([[2.0]]), torch.tensor([t]))
        assert float(q.mean) == pytest.approx(2 * factor, abs=1e-5)
        assert float(q.log_var.exp()) == pytest.approx(variance, rel=1e-4)
    assert factor < 0.01  # nothing of the data is left


def test_the_step_back_is_bayes_theorem() -> None:
    chain = linear_chain(25)
    axis = np.linspace(-8, 8, 40_001)
    for t in (2, 10, 25):
        z0, zt, beta = 0.7, -0.4, float(chain.betas[t])
        before = chain.noised(torch.tensor([[z0]]), torch.tensor([t - 1]))
        density = stats.norm.pdf(axis, float(before.mean), float(before.std))
        density *= stats.norm.pdf(zt, math.sqrt(1 - beta) * axis, math.sqrt(beta))
        density /= density.sum()
        back = chain.back(torch.tensor([[z0]]), torch.tensor([[zt]]), torch.tensor([t]))
        mean = float(density @ axis)
        assert float(back.mean) == pytest.approx(mean, abs=1e-4)
        assert float(back.log_var.exp()) == pytest.approx(float(density @ (axis - mean) ** 2), rel=1e-3)


def test_for_standard_data_the_bound_is_the_log_density() -> None:
    chain = linear_chain(30)
    model = Diffusion(1, chain, denoise=knowing(chain, 1.0))
    x = torch.tensor([[-1.5], [0.0], [0.5], [2.0]])
    bound = model.elbo(x.repeat(4000, 1), generator=seeded()).view(-1, 4).mean(0)
    # 4000 draws of 30 steps: a standard error below 0.02
    assert np.allclose(bound.numpy(), stats.norm.logpdf(x[:, 0]), atol=0.06)


def marginal(chain: Chain, variance: float) -> float:
    """Variance of P(z₀) where the guess is the best linear one: each step back is linear, so P(z₀) is Gaussian."""
    v = 1.0
    for t in range(chain.steps, 0, -1):
        kept, beta = float(chain.alpha_bar[t]), float(chain.betas[t])
        factor = (1 - beta / (kept * variance + 1 - kept)) / math.sqrt(1 - beta)
        v = factor**2 * v + beta
    return v


@pytest.mark.parametrize("variance", [0.3, 1.0, 4.0])
def test_for_gaussian_data_the_bound_stays_below_the_exact_log_density(variance: float) -> None:
    chain = linear_chain(25)
    model = Diffusion(1, chain, denoise=knowing(chain, variance))
    v = marginal(chain, variance)
    x = math.sqrt(variance) * torch.randn(4000, 1, generator=seeded())
    bound = model.elbo(x, samples=3, generator=seeded(1)).mean()
    exact = float(np.mean(stats.norm.logpdf(x, 0, math.sqrt(v))))
    assert float(bound) < exact + 0.02
    assert float(bound) > exact - 0.5
    drawn = model.draw(50_000, generator=seeded(2))  # the last step gives its mean: β_1 less
    assert float(drawn.var()) == pytest.approx(v - float(chain.betas[1]), rel=0.03)


def test_more_steps_close_the_gap() -> None:
    bounds = []
    x = 2 * torch.randn(4000, 1, generator=seeded())
    for steps in (25, 50, 200):
        chain = linear_chain(steps)
        model = Diffusion(1, chain, denoise=knowing(chain, 4.0))
        bounds.append(float(model.elbo(x, generator=seeded()).mean()))
    assert bounds == sorted(bounds)


def test_one_random_step_is_right_on_average() -> None:
    torch.manual_seed(0)
    model = Diffusion(2, linear_chain(25), hidden=(8,))
    x = torch.tensor([[0.5, -1.0]])
    with torch.no_grad():
        terms = model.terms(x.expand(60_000, -1), generator=seeded())
    whole = float(model.elbo(x.expand(5000, -1), generator=seeded(1)).mean())
    error = float(terms.elbo.std()) / math.sqrt(60_000)
    assert float(terms.elbo.mean()) == pytest.approx(whole, abs=5 * error)


def test_the_simple_loss_of_the_best_guess_is_known() -> None:
    chain = linear_chain(25)
    model = Diffusion(3, chain, denoise=knowing(chain, 1.0))
    x = torch.randn(40_000, 3, generator=seeded())
    climbed, _ = simple(model, x, seeded(1))
    # for N(0, I), Var(ε|z_t) = ᾱ_t in each of the three
    expected = -3 * float(chain.alpha_bar[1:].mean())
    assert float(climbed.mean()) == pytest.approx(expected, abs=5 * float(climbed.std()) / 200)


def test_training_brings_two_clusters_back() -> None:
    torch.manual_seed(0)
    sides = torch.randint(0, 2, (1000, 1), generator=seeded()) * 2.0 - 1
    x = sides + 0.15 * torch.randn(1000, 1, generator=seeded(1))  # mean 0, variance about 1, two clusters
    model = Diffusion(1, linear_chain(40), hidden=(48, 48))
    training.fit(model, x, epochs=60, batch_size=100, lr=1.5e-2, objective=simple)
    drawn = model.draw(2000, generator=seeded(2))
    assert float((drawn.abs() - 1).abs().lt(0.6).float().mean()) > 0.85
    assert 0.35 < float((drawn > 0).float().mean()) < 0.65
    gauss = torch.randn(2000, 1, generator=seeded(3))
    assert mmd_squared(drawn, x, 0.5) < 0.3 * mmd_squared(gauss, x, 0.5)


def test_mmd_is_the_sum_over_pairs() -> None:
    x, y = torch.randn(7, 3, generator=seeded()), 1 + torch.randn(5, 3, generator=seeded(1))
    gamma = 1 / (2 * 0.8**2)
    within = [rbf_kernel(a, gamma=gamma)[~np.eye(len(a), dtype=bool)].mean() for a in (x.numpy(), y.numpy())]
    expected = sum(within) - 2 * rbf_kernel(x.numpy(), y.numpy(), gamma=gamma).mean()
    assert mmd_squared(x, y, 0.8) == pytest.approx(expected, abs=1e-6)
    one, other = torch.randn(2, 1500, 3, generator=seeded(2))
    assert abs(mmd_squared(one, other, 1.0)) < 2e-3 < mmd_squared(one, other + 0.5, 1.0)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: linear_chain(24), "steps must be at least 25, got 24"),
        (lambda: Chain(torch.tensor([0.1, 1.0])), "betas must be two numbers or more between 0 and 1"),
        (lambda: Diffusion(0, linear_chain(25)), "dim must be at least 1, got 0"),
        (lambda: mmd_squared(torch.zeros(1, 2), torch.zeros(3, 2), 1.0), "at least two examples each, got 1 and 3"),
    ],
)
def test_what_cannot_be_is_refused(make: Callable[[], object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        make()

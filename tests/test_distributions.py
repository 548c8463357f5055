"""The closed forms, against scipy, torch.distributions, integrals and autograd."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from scipy import integrate, stats
from torch.distributions import Bernoulli, Independent, Normal, kl_divergence

from vae_lib.distributions import (
    Gaussian,
    bernoulli_log_density,
    gaussian_kl,
    gaussian_log_density,
    standard_normal_log_density,
)

EXACT = {"rtol": 1e-10, "atol": 1e-10}  # float64 on both sides: only rounding may differ

numbers = st.floats(-4, 4)
rows = st.integers(1, 6).flatmap(lambda dim: st.tuples(*[st.lists(numbers, min_size=dim, max_size=dim)] * 4))


def double(values: object) -> torch.Tensor:
    return torch.tensor(values, dtype=torch.float64)


def random_gaussian(*shape: int, seed: int = 0) -> Gaussian:
    generator = torch.Generator().manual_seed(seed)
    return Gaussian(*torch.randn(2, *shape, generator=generator, dtype=torch.float64))


@given(rows)
def test_log_density_equals_scipy_and_torch(values: tuple[list[float], ...]) -> None:
    x, mean, log_var, _ = map(double, values)
    ours = gaussian_log_density(x, mean, log_var)
    scipys = stats.norm.logpdf(x.numpy(), mean.numpy(), np.exp(log_var.numpy() / 2)).sum()
    torchs = Independent(Normal(mean, torch.exp(log_var / 2)), 1).log_prob(x)
    assert ours.shape == ()
    assert float(ours) == pytest.approx(scipys, rel=1e-10, abs=1e-10)
    torch.testing.assert_close(ours, torchs, **EXACT)


def test_log_density_takes_one_variance_for_all_dimensions() -> None:
    x, mean = torch.randn(2, 5, 3, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    expected = stats.multivariate_normal.logpdf((x - mean).numpy(), np.zeros(3), 0.25 * np.eye(3))
    np.testing.assert_allclose(gaussian_log_density(x, mean, math.log(0.25)).numpy(), expected, rtol=1e-10)
    np.testing.assert_allclose(gaussian_log_density(x - mean, 0.0, math.log(0.25)).numpy(), expected, rtol=1e-10)


def test_log_density_broadcasts_samples_against_a_batch() -> None:
    q = random_gaussian(4, 3)
    z = torch.randn(7, 4, 3, generator=torch.Generator().manual_seed(2), dtype=torch.float64)
    ours = gaussian_log_density(z, q.mean, q.log_var)
    assert ours.shape == (7, 4)
    expected = gaussian_log_density(z[5, 2], q.mean[2], q.log_var[2])
    torch.testing.assert_close(ours[5, 2], expected, **EXACT)


def test_density_integrates_to_one() -> None:
    mean, log_var = double([0.3, -1.0]), double([0.4, -0.8])

    def density(b: float, a: float) -> float:
        return float(gaussian_log_density(double([a, b]), mean, log_var).exp())

    assert integrate.dblquad(density, -10, 10, -8, 6, epsabs=1e-6)[0] == pytest.approx(1, abs=1e-5)  # quad's own error


@given(rows)
def test_doubling_the_pixels_doubles_the_nats(values: tuple[list[float], ...]) -> None:
    x, mean, log_var, logits = map(double, values)
    twice = [torch.cat([t, t]) for t in (x, mean, log_var, logits)]
    coins, coins_twice = (x > 0).double(), (twice[0] > 0).double()
    for once, doubled in (
        (gaussian_log_density(x, mean, log_var), gaussian_log_density(*twice[:3])),
        (gaussian_kl(mean, log_var), gaussian_kl(*twice[1:3])),
        (bernoulli_log_density(coins, logits), bernoulli_log_density(coins_twice, twice[3])),
    ):
        torch.testing.assert_close(doubled, 2 * once, **EXACT)


def test_gradient_of_the_log_density() -> None:
    x, mean, log_var = (t.requires_grad_() for t in double([[0.5, -1.2], [0.1, 0.3], [-0.7, 0.9]]))
    gaussian_log_density(x, mean, log_var).backward()
    var, difference = log_var.detach().exp(), (x - mean).detach()
    torch.testing.assert_close(mean.grad, difference / var, **EXACT)
    torch.testing.assert_close(x.grad, -difference / var, **EXACT)
    torch.testing.assert_close(log_var.grad, 0.5 * (difference**2 / var - 1), **EXACT)


@given(rows)
def test_kl_equals_torch(values: tuple[list[float], ...]) -> None:
    mean, log_var, other_mean, other_log_var = map(double, values)
    first = Independent(Normal(mean, torch.exp(log_var / 2)), 1)
    second = Independent(Normal(other_mean, torch.exp(other_log_var / 2)), 1)
    ours = gaussian_kl(mean, log_var, other_mean, other_log_var)
    torch.testing.assert_close(ours, kl_divergence(first, second), **EXACT)
    prior = Independent(Normal(torch.zeros_like(mean), torch.ones_like(mean)), 1)
    torch.testing.assert_close(gaussian_kl(mean, log_var), kl_divergence(first, prior), **EXACT)
    torch.testing.assert_close(Gaussian(mean, log_var).kl(), kl_divergence(first, prior), **EXACT)


@pytest.mark.parametrize(("mean", "std", "other_mean", "other_std"), [(0.5, 0.5**0.5, 0, 1), (1.0, 2.0, -0.5, 0.7)])
def test_kl_equals_the_integral_it_stands_for(mean: float, std: float, other_mean: float, other_std: float) -> None:
    q, p = stats.norm(mean, std), stats.norm(other_mean, other_std)
    integral = integrate.quad(lambda z: q.pdf(z) * (q.logpdf(z) - p.logpdf(z)), mean - 12 * std, mean + 12 * std)[0]
    args = (double([v]) for v in (mean, 2 * math.log(std), other_mean, 2 * math.log(other_std)))
    assert float(gaussian_kl(*args)) == pytest.approx(integral, abs=1e-7)  # quad's own error


@given(rows)
def test_kl_is_never_negative_and_zero_only_for_equal(values: tuple[list[float], ...]) -> None:
    mean, log_var, other_mean, other_log_var = map(double, values)
    assert float(gaussian_kl(mean, log_var, mean, log_var)) == 0
    kl = float(gaussian_kl(mean, log_var, other_mean, other_log_var))
    assert kl >= 0
    apart = max(float((mean - other_mean).abs().max()), float((log_var - other_log_var).abs().max()))
    if apart > 1e-6:
        assert kl > 0


def test_kl_is_not_symmetric() -> None:
    wide, narrow = (double([0.0]), double([1.0])), (double([0.0]), double([-1.0]))
    assert float(gaussian_kl(*wide, *narrow)) == pytest.approx((math.e**2 - 1 - 2) / 2)
    assert float(gaussian_kl(*narrow, *wide)) == pytest.approx((math.e**-2 - 1 + 2) / 2)


def test_kl_keeps_its_digits_near_zero() -> None:
    # (e^d - 1 - d)/2 ≈ d²/4; with exp instead of expm1, float32 would give 0 or twice as much.
    for d in (1e-3, -1e-3):
        assert float(gaussian_kl(torch.zeros(1), torch.tensor([d]))) == pytest.approx(d**2 / 4, rel=1e-2)


def test_bernoulli_equals_scipy_and_torch() -> None:
    generator = torch.Generator().manual_seed(3)
    logits = 3 * torch.randn(6, 5, generator=generator, dtype=torch.float64)
    x = torch.randint(2, (6, 5), generator=generator).double()
    ours = bernoulli_log_density(x, logits)
    expected = stats.bernoulli.logpmf(x.numpy(), torch.sigmoid(logits).numpy()).sum(-1)
    np.testing.assert_allclose(ours.numpy(), expected, rtol=1e-9)
    torch.testing.assert_close(ours, Independent(Bernoulli(logits=logits), 1).log_prob(x), **EXACT)


def test_bernoulli_probabilities_add_up_to_one_and_stay_finite() -> None:
    outcomes = double(list(itertools.product([0, 1], repeat=4)))
    total = bernoulli_log_density(outcomes, double([0.3, -2.0, 5.0, 0.0])).exp().sum()
    assert float(total) == pytest.approx(1, abs=1e-12)
    assert float(bernoulli_log_density(torch.tensor([0.0]), torch.tensor([200.0]))) == pytest.approx(-200)


def test_standard_normal_is_the_prior() -> None:
    z = torch.randn(5, 3, generator=torch.Generator().manual_seed(4), dtype=torch.float64)
    expected = stats.multivariate_normal.logpdf(z.numpy(), np.zeros(3), np.eye(3))
    np.testing.assert_allclose(standard_normal_log_density(z).numpy(), expected, rtol=1e-10)


def test_gaussian_std_and_log_prob() -> None:
    q = random_gaussian(4, 2)
    np.testing.assert_allclose(q.std.numpy() ** 2, np.exp(q.log_var.numpy()), rtol=1e-12)
    z = torch.zeros(4, 2, dtype=torch.float64)
    torch.testing.assert_close(q.log_prob(z), Independent(Normal(q.mean, q.std), 1).log_prob(z), **EXACT)


@pytest.mark.parametrize(("samples", "shape"), [(None, (4, 2)), (1, (1, 4, 2)), (9, (9, 4, 2))])
def test_rsample_shapes_and_repeatability(samples: int | None, shape: tuple[int, ...]) -> None:
    q = random_gaussian(4, 2)
    first, again = (q.rsample(samples, generator=torch.Generator().manual_seed(5)) for _ in range(2))
    assert first.shape == shape
    assert first.dtype == torch.float64
    assert torch.equal(first, again)
    assert not torch.equal(first, q.rsample(samples, generator=torch.Generator().manual_seed(6)))


def test_rsample_follows_its_gaussian() -> None:
    q = Gaussian(double([2.0, -1.0]), double([math.log(0.04), math.log(9.0)]))
    draws = q.rsample(20_000, generator=torch.Generator().manual_seed(7))
    for axis, (mean, std) in enumerate([(2.0, 0.2), (-1.0, 3.0)]):
        assert stats.kstest(draws[:, axis].numpy(), stats.norm(mean, std).cdf).pvalue > 0.01  # seeded: a fixed outcome
    assert abs(np.corrcoef(draws.numpy().T)[0, 1]) < 0.03  # four standard errors of 1/√20000


def test_rsample_lets_gradients_through() -> None:
    mean, log_var = double([0.5, -0.5]).requires_grad_(), double([0.2, -0.4]).requires_grad_()
    noise = torch.randn(2, generator=torch.Generator().manual_seed(8), dtype=torch.float64)
    Gaussian(mean, log_var).rsample(generator=torch.Generator().manual_seed(8)).sum().backward()
    torch.testing.assert_close(mean.grad, torch.ones_like(mean), **EXACT)
    torch.testing.assert_close(log_var.grad, 0.5 * torch.exp(0.5 * log_var.detach()) * noise, **EXACT)


def test_pathwise_and_score_function_gradients_of_the_worked_example() -> None:
    """d/dμ E[z²] at μ=1, σ=1 is 2; one pathwise sample has variance 4, one score-function sample 30."""
    count = 200_000
    mean = torch.ones(count, 1, dtype=torch.float64, requires_grad=True)
    q = Gaussian(mean, torch.zeros(1, dtype=torch.float64))
    z = q.rsample(generator=torch.Generator().manual_seed(9))
    pathwise = torch.autograd.grad((z**2).sum(), mean, retain_graph=True)[0]
    score = torch.autograd.grad(q.log_prob(z.detach()).sum(), mean)[0] * z.detach() ** 2
    # Tolerances are four or more standard errors at this number of draws.
    assert float(pathwise.mean()) == pytest.approx(2, abs=0.02)
    assert float(pathwise.var()) == pytest.approx(4, rel=0.02)
    assert float(score.mean()) == pytest.approx(2, abs=0.06)
    assert float(score.var()) == pytest.approx(30, rel=0.1)


@pytest.mark.parametrize("samples", [0, -3])
def test_rsample_refuses_no_draws(samples: int) -> None:
    with pytest.raises(ValueError, match=rf"samples must be at least 1, got {samples}"):
        random_gaussian(1, 1).rsample(samples)

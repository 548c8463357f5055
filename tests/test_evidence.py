"""Eqs. (1) to (4) on models whose answers are known: closed forms, scipy's quadrature, a dense NumPy grid."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from reference import Networks, gauss_hermite_elbo
from scipy import integrate, optimize, special, stats

from vae_lib import evidence, grids
from vae_lib.data import Dataset
from vae_lib.distributions import Gaussian
from vae_lib.linear_gaussian import LinearGaussian
from vae_lib.model import VAE, Autoencoder


def double(values: object) -> torch.Tensor:
    return torch.tensor(values, dtype=torch.float64)


def seeded(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


class Parabola:
    """X = z² + noise with z ~ N(0, 1): for X > 0 the posterior has two modes, which no Gaussian Q fits."""

    latent_dim = 1
    std = 0.3

    def log_likelihood(self, x: torch.Tensor, z: torch.Tensor) -> torch.Tensor:
        return torch.distributions.Normal(z**2, self.std).log_prob(x).sum(-1)

    def log_prior(self, z: torch.Tensor) -> torch.Tensor:
        return torch.distributions.Normal(0.0, 1.0).log_prob(z).sum(-1)

    def joint(self, x: float, z: float) -> float:
        return float(stats.norm.pdf(x, z**2, self.std) * stats.norm.pdf(z))

    def log_evidence(self, x: float) -> float:
        return math.log(integrate.quad(lambda z: self.joint(x, z), -6, 6, points=[-1.2, 0, 1.2], limit=200)[0])


def worked_example() -> tuple[LinearGaussian, torch.Tensor, Gaussian]:
    """z ~ N(0, 1), X|z ~ N(z, 0.25), X = 1, Q = N(0.5, 0.5): research.md has its numbers."""
    return LinearGaussian(double([[1.0]]), 0.5), double([[1.0]]), Gaussian(double([[0.5]]), double([[math.log(0.5)]]))


def random_linear(seed: int, latent_dim: int = 2) -> tuple[LinearGaussian, torch.Tensor, Gaussian, np.ndarray]:
    """A model, four examples, a Q near the posterior but not equal to it, and log P(X) by scipy."""
    random = np.random.default_rng(seed)
    weight, sigma = random.normal(size=(3, latent_dim)), float(random.uniform(0.4, 1.2))
    x = random.normal(size=(4, latent_dim)) @ weight.T + sigma * random.normal(size=(4, 3))
    model = LinearGaussian(double(weight), sigma)
    best = model.encode(double(x))
    shift = 0.3 * double(random.normal(size=(4, latent_dim)))
    q = Gaussian(best.mean + shift * best.std, best.log_var + 0.3)
    exact = stats.multivariate_normal(np.zeros(3), weight @ weight.T + sigma**2 * np.eye(3)).logpdf(x)
    return model, double(x), q, exact


# --- Monte Carlo -----------------------------------------------------------------------------------------------------


def test_log_mean_exp_is_the_log_of_the_mean() -> None:
    values = double(np.random.default_rng(0).normal(size=(7, 3)) * 5)
    for dim in (0, 1):
        expected = special.logsumexp(values.numpy(), axis=dim) - math.log(values.shape[dim])
        np.testing.assert_allclose(evidence.log_mean_exp(values, dim).numpy(), expected, rtol=1e-12)
    assert float(evidence.log_mean_exp(double([-5000.0, -5000.0]))) == -5000


def test_effective_samples_and_error_of_known_weights() -> None:
    log_weights = double([[0.0, 0.0, -1000.0], [0.0, -800.0, -1001.0], [0.0, -800.0, -1002.0], [0.0, -800.0, -1003.0]])
    estimate = evidence.summarize(log_weights)
    w = np.exp([0, -1, -2, -3])
    assert estimate.effective_samples.tolist() == pytest.approx([4, 1, w.sum() ** 2 / (w**2).sum()])
    assert estimate.log_evidence.tolist() == pytest.approx([0, -math.log(4), -1000 + math.log(w.mean())])
    # Equal weights leave no error; one weight that has it all leaves an error as large as the answer.
    assert estimate.standard_error.tolist() == pytest.approx([0, 1, w.std(ddof=1) / 2 / w.mean()])
    assert evidence.summarize(log_weights[:1]).standard_error.tolist() == [math.inf] * 3


@pytest.mark.parametrize("seed", range(3))
def test_prior_monte_carlo_agrees_with_the_closed_form(seed: int) -> None:
    model, x, _, exact = random_linear(seed)
    estimate = evidence.prior_monte_carlo(model, x, 20_000, generator=seeded(seed))
    error = np.abs(estimate.log_evidence.numpy() - exact)
    assert (error < 4 * estimate.standard_error.numpy()).all()
    assert (estimate.standard_error < 0.2).all()


@pytest.mark.parametrize("seed", range(3))
def test_importance_sampling_agrees_with_the_closed_form(seed: int) -> None:
    model, x, q, exact = random_linear(seed)
    estimate = evidence.importance_sampling(model, x, q, 5000, generator=seeded(seed))
    error = np.abs(estimate.log_evidence.numpy() - exact)
    assert (error < 4 * estimate.standard_error.numpy()).all()
    prior = evidence.prior_monte_carlo(model, x, 5000, generator=seeded(seed))
    assert (estimate.standard_error < prior.standard_error).all()  # which is why Q is there
    assert (estimate.effective_samples > prior.effective_samples).all()


def test_with_the_exact_posterior_every_weight_is_the_evidence() -> None:
    model, x, _ = worked_example()
    log_weights = evidence.importance_log_weights(model, x, model.encode(x), 50, generator=seeded())
    assert log_weights.shape == (50, 1)
    np.testing.assert_allclose(log_weights.numpy(), -1.43051, atol=5e-6)  # digits that research.md gives
    assert float(log_weights.std()) < 1e-12


def test_two_modes_need_importance_sampling_too() -> None:
    model, x = Parabola(), double([[1.5], [0.2]])
    exact = [model.log_evidence(1.5), model.log_evidence(0.2)]
    q = Gaussian(torch.zeros(2, 1, dtype=torch.float64), torch.zeros(2, 1, dtype=torch.float64))
    for estimate in (
        evidence.importance_sampling(model, x, q, 20_000, generator=seeded()),
        evidence.prior_monte_carlo(model, x, 20_000, generator=seeded(1)),
    ):
        error = np.abs(estimate.log_evidence.numpy() - exact)
        assert (error < 4 * estimate.standard_error.numpy()).all()
        assert (error < 0.05).all()


@pytest.mark.parametrize("method", ["prior", "importance"])
def test_the_standard_error_is_honest(method: str) -> None:
    """The truth lies within one and two standard errors as often as a Gaussian says, over repeated estimates."""
    model, x, q = worked_example()
    truth, inside, repeats = stats.norm(0, math.sqrt(1.25)).logpdf(1.0), np.zeros(2), 600
    generator = seeded(11)
    for _ in range(repeats):
        if method == "prior":
            estimate = evidence.prior_monte_carlo(model, x, 500, generator=generator)
        else:
            estimate = evidence.importance_sampling(model, x, q, 500, generator=generator)
        inside += abs(float(estimate.log_evidence) - truth) < float(estimate.standard_error) * np.array([1, 2])
    # 4 standard errors of a proportion over 600 repeats: 0.076 and 0.034.
    assert inside[0] / repeats == pytest.approx(0.683, abs=0.076)
    assert inside[1] / repeats == pytest.approx(0.954, abs=0.034)


def test_prior_weights_belong_to_the_draws_that_come_with_them() -> None:
    model, x, _, _ = random_linear(4)
    z, log_weights = evidence.prior_log_weights(model, x, 30, generator=seeded())
    assert z.shape == (30, 2)
    assert log_weights.shape == (30, 4)
    mean = z.numpy() @ model.weight.numpy().T
    expected = stats.norm.logpdf(x.numpy()[None], mean[:, None], model.sigma).sum(-1)
    np.testing.assert_allclose(log_weights.numpy(), expected, rtol=1e-9)
    draws = evidence.prior_log_weights(model, x, 5000, generator=seeded(1))[0].numpy()
    assert stats.kstest(draws.ravel(), "norm").pvalue > 0.01  # seeded: a fixed outcome


# --- bounds ----------------------------------------------------------------------------------------------------------


@settings(max_examples=25)
@given(st.integers(0, 2**31))
def test_elbo_iwae_evidence_in_order(seed: int) -> None:
    """ELBO ≤ IWAE ≤ log P(X), and the ELBO as one-weight bound, each within four errors of its estimate."""
    model, x, q, exact = random_linear(seed)
    repeats = 400
    elbo = evidence.elbo_terms(model, x, q).elbo.numpy()
    assert (elbo <= exact + 1e-9).all()
    log_weights = evidence.importance_log_weights(model, x, q, repeats, generator=seeded(seed)).numpy()
    one = evidence.iwae_bound(model, x, q, 1, repeats=repeats, generator=seeded(seed)).numpy()
    ten = evidence.iwae_bound(model, x, q, 10, repeats=repeats, generator=seeded(seed + 1)).numpy()
    error = log_weights.std(0, ddof=1) / math.sqrt(repeats)  # of `one`; that of `ten` is smaller
    np.testing.assert_allclose(one, log_weights.mean(0), rtol=1e-9)
    assert (np.abs(one - elbo) < 4 * error + 1e-9).all()
    assert (ten > elbo - 4 * error).all()
    assert (ten < exact + 4 * error).all()


def test_iwae_closes_on_the_evidence() -> None:
    model, x, q = worked_example()
    bounds = [float(evidence.iwae_bound(model, x, q, k, repeats=4000, generator=seeded(k))) for k in (1, 5, 50)]
    assert bounds[0] == pytest.approx(-1.947365, abs=0.05)  # four errors of 4000 draws
    assert bounds[0] < bounds[1] - 0.2 < bounds[2]
    assert bounds[1] < bounds[2] < -1.43051 + 0.01
    assert bounds[2] == pytest.approx(-1.43051, abs=0.02)


@settings(max_examples=10)
@given(st.integers(0, 2**31))
def test_the_curve_rises_to_the_evidence(seed: int) -> None:
    model, x, q, exact = random_linear(seed)
    log_weights = evidence.importance_log_weights(model, x, q, 6000, generator=seeded(seed))
    curve = evidence.iwae_curve(log_weights, [1, 10, 100, 6000]).numpy()
    assert curve.shape == (4, 4)
    error = log_weights.numpy().std(0, ddof=1) / math.sqrt(
        6000
    )  # of the first, and of the last but for the delta method
    np.testing.assert_allclose(curve[0], log_weights.numpy().mean(0), rtol=1e-12)
    assert (np.abs(curve[0] - model.elbo(x, q).numpy()) < 5 * error).all()
    assert (np.diff(curve, axis=0) > -5 * error).all()
    assert (curve < exact + 5 * error).all()
    assert (np.abs(curve[-1] - exact) < 5 * error).all()


def test_the_curve_leaves_an_incomplete_group_out() -> None:
    log_weights = double(np.random.default_rng(1).normal(size=(11, 2)))
    groups = [special.logsumexp(log_weights.numpy()[i : i + 4], axis=0) - math.log(4) for i in (0, 4)]
    np.testing.assert_allclose(evidence.iwae_curve(log_weights, [4])[0].numpy(), np.mean(groups, axis=0), rtol=1e-12)
    for k in (0, 12):
        with pytest.raises(ValueError, match=f"between 1 and the 11 samples, got {k}"):
            evidence.iwae_curve(log_weights, [2, k])


def test_iwae_with_two_weights_equals_its_double_integral() -> None:
    model, x, q = worked_example()
    points, mass = np.polynomial.hermite_e.hermegauss(60)
    z = 0.5 + math.sqrt(0.5) * points
    log_w = stats.norm.logpdf(1.0, z, 0.5) + stats.norm.logpdf(z) - stats.norm.logpdf(z, 0.5, math.sqrt(0.5))
    pairs = np.logaddexp(log_w[:, None], log_w[None, :]) - math.log(2)
    exact = float(mass @ pairs @ mass) / (2 * math.pi)
    ours = float(evidence.iwae_bound(model, x, q, 2, repeats=20_000, generator=seeded(2)))
    assert ours == pytest.approx(exact, abs=0.02)  # four errors of 20000 draws


# --- the right side of Eq. (4) ---------------------------------------------------------------------------------------


@settings(max_examples=25)
@given(st.integers(0, 2**31), st.integers(1, 2))
def test_quadrature_gives_the_elbo_of_the_linear_model(seed: int, latent_dim: int) -> None:
    model, x, _, exact = random_linear(seed, latent_dim)
    random = np.random.default_rng(seed)
    mean, log_var = random.normal(size=(2, 4, latent_dim))
    q = Gaussian(double(mean), double(log_var))
    terms = evidence.elbo_terms(model, x, q)
    weight, var = model.weight.numpy(), np.exp(log_var)
    reconstruction = stats.norm.logpdf(x.numpy(), mean @ weight.T, model.sigma).sum(-1)
    reconstruction -= (var * (weight**2).sum(0)).sum(-1) / (2 * model.sigma**2)
    kl = 0.5 * (var + mean**2 - 1 - log_var).sum(-1)
    np.testing.assert_allclose(terms.reconstruction.numpy(), reconstruction, rtol=1e-9)
    np.testing.assert_allclose(terms.kl.numpy(), kl, rtol=1e-9)
    # Eq. (4): what is missing to log P(X) is the divergence from the posterior, a full-covariance Gaussian.
    posterior = np.linalg.inv(np.eye(latent_dim) + weight.T @ weight / model.sigma**2)
    centre = x.numpy() @ weight @ posterior.T / model.sigma**2
    for row in range(4):
        off, inverse = mean[row] - centre[row], np.linalg.inv(posterior)
        gap = np.trace(inverse @ np.diag(var[row])) + off @ inverse @ off - latent_dim
        gap = 0.5 * (gap + np.linalg.slogdet(posterior)[1] - log_var[row].sum())
        assert float(terms.elbo[row]) == pytest.approx(exact[row] - gap, rel=1e-9, abs=1e-8)


def test_the_number_of_the_worked_example() -> None:
    model, x, q = worked_example()
    assert float(evidence.elbo_terms(model, x, q).elbo) == pytest.approx(-1.947365, abs=5e-7)
    cells = evidence.grid(model, x[0], q=Gaussian(q.mean[0], q.log_var[0]))
    assert cells.log_evidence == pytest.approx(-1.43051, abs=5e-6)
    assert cells.log_evidence - cells.kl_from(Gaussian(q.mean[0], q.log_var[0])) == pytest.approx(-1.947365, abs=1e-4)


@pytest.mark.parametrize("latent_dim", [1, 2])
def test_quadrature_is_exact_for_polynomials(latent_dim: int) -> None:
    q = Gaussian(double([[0.5, -1.0], [2.0, 0.3]])[:, :latent_dim], double([[0.2, -0.5], [-1.0, 0.7]])[:, :latent_dim])
    z, weights = evidence.quadrature(q, nodes=5)
    assert z.shape == (5**latent_dim, 2, latent_dim)
    assert weights.shape == (5**latent_dim,)
    assert float(weights.sum()) == pytest.approx(1, abs=1e-12)
    for degree in range(10):  # 2 · nodes − 1 = 9
        ours = (weights[:, None, None] * z**degree).sum(0).numpy()
        expected = [
            [stats.norm(float(m), float(s)).moment(degree) for m, s in zip(*row, strict=True)]
            for row in zip(q.mean, q.std, strict=True)
        ]
        np.testing.assert_allclose(ours, expected, rtol=1e-9, atol=1e-9)
    product = (weights[:, None] * z.prod(-1)).sum(0)  # the axes are independent
    np.testing.assert_allclose(product.numpy(), q.mean.prod(-1).numpy(), rtol=1e-9)


def test_elbo_terms_by_draws_agree_with_quadrature() -> None:
    model, x, q, _ = random_linear(5)
    exact = evidence.elbo_terms(model, x, q)
    drawn = evidence.elbo_terms(model, x, q, samples=20_000, generator=seeded())
    z = q.rsample(2000, generator=seeded(1))
    error = model.log_likelihood(x, z).std(0) / math.sqrt(20_000)
    assert ((drawn.reconstruction - exact.reconstruction).abs() < 4 * error).all()
    torch.testing.assert_close(drawn.kl, exact.kl)


def test_draws_work_with_more_latents_than_a_grid_can_hold() -> None:
    random = np.random.default_rng(6)
    model, x = LinearGaussian(double(random.normal(size=(6, 5))), 0.7), double(random.normal(size=(2, 6)))
    q = model.encode(x)
    drawn = evidence.elbo_terms(model, x, q, samples=20_000, generator=seeded())
    spread = (q.log_var.exp() * (model.weight**2).sum(0)).sum(-1) / (2 * 0.49)
    expected = stats.norm.logpdf(x.numpy(), (q.mean @ model.weight.T).numpy(), 0.7).sum(-1) - spread.numpy()
    np.testing.assert_allclose(drawn.reconstruction.numpy(), expected, atol=0.1)  # four errors of 20000 draws


# --- chunks ----------------------------------------------------------------------------------------------------------


def test_chunks_add_up() -> None:
    x = torch.zeros(3, 5)
    for samples in (1, 7, 8, 9, 64):
        assert sum(evidence._chunks(samples, x)) == samples


def test_many_samples_of_many_examples_never_stand_in_memory_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """5000 samples of 10,000 examples: no tensor of weights or of pixels is larger than a chunk."""
    largest = {"weights": 0, "pixels": 0}
    log_likelihood, summarize = LinearGaussian.log_likelihood, evidence.summarize

    def watched_likelihood(model: LinearGaussian, x: torch.Tensor, z: torch.Tensor) -> torch.Tensor:
        largest["pixels"] = max(largest["pixels"], z.shape[0] * x.shape[0] * evidence.WIDEST)
        return log_likelihood(model, x, z)

    def watched_summary(log_weights: torch.Tensor) -> evidence.Estimate:
        largest["weights"] = max(largest["weights"], log_weights.numel())
        return summarize(log_weights)

    monkeypatch.setattr(LinearGaussian, "log_likelihood", watched_likelihood)
    monkeypatch.setattr(evidence, "summarize", watched_summary)
    monkeypatch.setattr(evidence, "CHUNK_NUMBERS", 2**14)  # everything 128 times smaller, so that it is quick
    model, _, _, _ = random_linear(3, latent_dim=1)
    x = double(np.random.default_rng(0).normal(size=(80, 3)))
    best = model.encode(x)
    wider = Gaussian(best.mean, best.log_var + 0.5)
    estimate = evidence.importance_sampling(model, x, wider, 5000, generator=seeded())
    assert all(part.shape == (80,) for part in estimate)
    assert 5000 <= largest["weights"] <= 2**14
    assert largest["pixels"] <= 2**14
    exact = model.marginal().log_prob(x)
    assert ((estimate.log_evidence - exact).abs() < 4.5 * estimate.standard_error).all()  # of 80 examples


def test_chunking_changes_no_result(monkeypatch: pytest.MonkeyPatch) -> None:
    model, x, q, exact = random_linear(7)
    one = Gaussian(q.mean[0], q.log_var[0])

    def answers() -> tuple[torch.Tensor, torch.Tensor, float, float]:
        terms, cells = evidence.elbo_terms(model, x, q), evidence.grid(model, x[0], q=one)
        return terms.reconstruction, terms.kl, cells.log_evidence, cells.kl_from(one)

    whole = answers()
    for numbers in (7 * x.numel(), 1):  # several chunks; then one draw at a time, fewer numbers than an example has
        for module in (evidence, grids):
            monkeypatch.setattr(module, "WIDEST", 1)
            monkeypatch.setattr(module, "CHUNK_NUMBERS", numbers * (10 if numbers > 1 else 1))
        if numbers == 1:  # a grid cell by cell would take a minute
            terms = evidence.elbo_terms(model, x, q)
            torch.testing.assert_close(terms.reconstruction, whole[0], rtol=1e-12, atol=1e-12)
        else:
            for ours, expected in zip(answers(), whole, strict=True):
                assert ours == pytest.approx(expected, rel=1e-12)
        # Draws: each weight belongs to its own z, none is drawn twice, and the mean divides by all of them.
        z, log_weights = evidence.prior_log_weights(model, x, 150, generator=seeded())
        mean = z.numpy() @ model.weight.numpy().T
        expected = stats.norm.logpdf(x.numpy()[None], mean[:, None], model.sigma).sum(-1)
        np.testing.assert_allclose(log_weights.numpy(), expected, rtol=1e-9)
        assert len(np.unique(z.numpy())) == 300
        drawn = evidence.importance_log_weights(model, x, q, 150, generator=seeded())
        assert drawn.shape == (150, 4)
        assert len(np.unique(drawn.numpy())) == 600
        flat = LinearGaussian(torch.zeros(3, 2, dtype=torch.float64), 1.0)  # P(X|z) does not depend on z
        expected = stats.norm.logpdf(x.numpy()).sum(-1)
        ours = evidence.elbo_terms(flat, x, q, samples=150, generator=seeded()).reconstruction
        np.testing.assert_allclose(ours.numpy(), expected, rtol=1e-12)
        estimate = evidence.importance_sampling(model, x, q, 2000, generator=seeded())
        # Six errors: a diagonal Q leaves a tilted posterior some heavy weights, which the error itself may have missed.
        assert (np.abs(estimate.log_evidence.numpy() - exact) < 6 * estimate.standard_error.numpy()).all()


# --- the grid --------------------------------------------------------------------------------------------------------


@settings(max_examples=15)
@given(st.integers(0, 2**31), st.integers(1, 2))
def test_grid_equals_the_closed_forms(seed: int, latent_dim: int) -> None:
    model, x, q, exact = random_linear(seed, latent_dim)
    one = Gaussian(q.mean[0], q.log_var[0])
    cells = evidence.grid(model, x[0], q=one)
    # tolerance=1e-4 is what the grid promises; the quadrature of the ELBO is exact here.
    assert cells.log_evidence == pytest.approx(exact[0], abs=1e-4)
    assert cells.kl_from(one) == pytest.approx(exact[0] - float(evidence.elbo_terms(model, x, q).elbo[0]), abs=2e-4)
    assert float(cells.mass.sum()) == pytest.approx(1, abs=1e-12)
    precision = np.eye(latent_dim) + model.weight.numpy().T @ model.weight.numpy() / model.sigma**2
    centre = np.linalg.solve(precision, model.weight.numpy().T @ x[0].numpy() / model.sigma**2)
    np.testing.assert_allclose((cells.mass[:, None] * cells.z).sum(0).numpy(), centre, atol=1e-3)


def test_grid_finds_both_modes() -> None:
    model = Parabola()
    for value in (2.0, 0.1, -0.4):
        cells = evidence.grid(model, double([value]))
        assert cells.log_evidence == pytest.approx(model.log_evidence(value), abs=1e-4)
        assert float(cells.mass[(cells.z > 0)[:, 0]].sum()) == pytest.approx(0.5, abs=1e-3)
    # D[Q‖P(z|X)] for a Q on one of the modes, by scipy.
    q, law, total = Gaussian(double([1.4]), double([math.log(0.01)])), stats.norm(1.4, 0.1), model.log_evidence(2.0)
    gap = integrate.quad(lambda z: law.pdf(z) * (law.logpdf(z) - math.log(model.joint(2.0, z)) + total), 0.6, 2.2)[0]
    assert evidence.grid(model, double([2.0]), q=q).kl_from(q) == pytest.approx(gap, abs=2e-4)


def test_grid_finds_all_of_both_modes_when_they_are_narrower_than_its_first_cells() -> None:
    """X = (z − 0.013)² + noise of 0.01: the first grid's centres lie close to one mode and far from the other."""

    class Shifted(Parabola):
        std = 0.01

        def log_likelihood(self, x: torch.Tensor, z: torch.Tensor) -> torch.Tensor:
            return super().log_likelihood(x, z - 0.013)

    def joint(z: float) -> float:
        return float(stats.norm.pdf(1.21, (z - 0.013) ** 2, 0.01) * stats.norm.pdf(z))

    low, high = (integrate.quad(joint, c - 0.06, c + 0.06, points=[c])[0] for c in (0.013 - 1.1, 0.013 + 1.1))
    cells = evidence.grid(Shifted(), double([1.21]))
    assert cells.log_evidence == pytest.approx(math.log(low + high), abs=5e-4)  # a few times the grid's tolerance
    assert float(cells.mass[(cells.z > 0)[:, 0]].sum()) == pytest.approx(high / (low + high), abs=1e-3)


def test_grid_equals_dblquad() -> None:
    """A curved posterior in the plane: X = z₁² + z₂ + noise."""

    class Curved:
        latent_dim = 2

        def log_likelihood(self, x: torch.Tensor, z: torch.Tensor) -> torch.Tensor:
            return torch.distributions.Normal(z[..., 0] ** 2 + z[..., 1], 0.4).log_prob(x[..., 0])

        def log_prior(self, z: torch.Tensor) -> torch.Tensor:
            return torch.distributions.Normal(0.0, 1.0).log_prob(z).sum(-1)

    def joint(b: float, a: float) -> float:
        exponent = ((0.7 - a**2 - b) / 0.4) ** 2 + a**2 + b**2
        return math.exp(-0.5 * exponent) / (0.4 * (2 * math.pi) ** 1.5)

    # Inner limits where the integrand lives, or quad would step over the ridge.
    exact = integrate.dblquad(
        joint, -4.5, 4.5, lambda a: 0.7 - a**2 - 4, lambda a: 0.7 - a**2 + 4, epsabs=1e-9, epsrel=1e-7
    )[0]
    assert evidence.grid(Curved(), double([0.7])).log_evidence == pytest.approx(math.log(exact), abs=1e-4)


@pytest.mark.parametrize("sigma", [0.05, 0.01, 0.005, 0.002])
def test_a_narrow_tilted_ridge_is_right_or_refused(sigma: float) -> None:
    """Few cells of the first grid touch the ridge; the sum over those alone settles on a wrong answer."""
    turn = double([[math.cos(0.77), -math.sin(0.77)], [math.sin(0.77), math.cos(0.77)]])
    weight = torch.diag(double([1.0, 0.01])) @ turn.T
    model = LinearGaussian(weight, sigma)
    x = model.decode(double([0.333, -0.7171]))
    covariance = (weight @ weight.T).numpy() + sigma**2 * np.eye(2)
    exact = stats.multivariate_normal(np.zeros(2), covariance).logpdf(x.numpy())
    try:
        ours = evidence.grid(model, x).log_evidence
    except RuntimeError as error:
        assert "halvings" in str(error)  # noqa: PT017
        assert sigma < 0.004  # wider ones it can do
    else:
        assert ours == pytest.approx(exact, abs=1e-3)


@pytest.mark.parametrize(("value", "sigma"), [(7.0, 0.5), (7.0, 0.1), (20.0, 0.1)])
def test_grid_grows_to_reach_a_posterior_beyond_its_edge(value: float, sigma: float) -> None:
    model = LinearGaussian(double([[1.0]]), sigma)
    exact = stats.norm(0, math.sqrt(1 + sigma**2)).logpdf(value)
    assert evidence.grid(model, double([value])).log_evidence == pytest.approx(exact, abs=1e-3)


def test_grid_takes_a_q_narrower_than_its_cells_and_one_beyond_its_edge() -> None:
    model, x = LinearGaussian(double([[1.0]]), 0.5), double([1.0])
    for mean, std in ((0.33, 0.004), (5.9, 0.5), (7.0, 0.3)):
        q = Gaussian(double([mean]), double([2 * math.log(std)]))
        # KL between N(mean, std²) and the posterior N(0.8, 0.2).
        expected = 0.5 * (std**2 / 0.2 + (mean - 0.8) ** 2 / 0.2 - 1 - math.log(std**2 / 0.2))
        assert evidence.grid(model, x, q=q).kl_from(q) == pytest.approx(expected, rel=1e-4)


def test_cells_that_miss_q_are_refused() -> None:
    cells = evidence.grid(LinearGaussian(double([[1.0]]), 0.5), double([1.0]))
    with pytest.raises(ValueError, match=r"the cells hold 0\.\d+ of Q's mass, not 1; build the grid with"):
        cells.kl_from(Gaussian(double([6.0]), double([0.0])))


def test_uniform_grid_tiles_the_square() -> None:
    model, x, _, exact = random_linear(8)
    cells = evidence.uniform_grid(model, x[0], spacing=0.07, extent=5.0)
    assert float(cells.log_cell.exp().sum()) == pytest.approx(100)  # 10 × 10, though 0.07 does not divide 10
    assert float(cells.z.abs().max()) < 5
    assert cells.log_evidence == pytest.approx(exact[0], abs=1e-3)  # the prior's mass beyond 5, and the cells' width
    cells = evidence.grid(model, x[0])
    assert float(cells.log_cell.exp().sum()) == pytest.approx(144)  # halving keeps the tiles whole


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda m, x, q: evidence.prior_monte_carlo(m, x, 0), ValueError, "samples must be at least 1, got 0"),
        (lambda m, x, q: evidence.importance_sampling(m, x, q, -1), ValueError, "samples must be at least 1, got -1"),
        (lambda m, x, q: evidence.elbo_terms(m, x, q, samples=0), ValueError, "samples must be at least 1, got 0"),
        (lambda m, x, q: evidence.prior_monte_carlo(m, x[0], 5), ValueError, r"at least one example, got \(3,\)"),
        (lambda m, x, q: evidence.importance_sampling(m, x[0], q, 5), ValueError, r"at least one example, got \(3,\)"),
        (lambda m, x, q: evidence.elbo_terms(m, x[0], q), ValueError, r"at least one example, got \(3,\)"),
        (lambda m, x, q: evidence.iwae_bound(m, x, q, 0), ValueError, "k must be at least 1, got 0"),
        (lambda m, x, q: evidence.iwae_bound(m, x, q, 5, repeats=0), ValueError, "repeats must be at least 1, got 0"),
        (lambda m, x, q: evidence.grid(m, x), ValueError, r"\(data_dim,\), got \(4, 3\)"),
        (lambda m, x, q: evidence.uniform_grid(m, x), ValueError, r"\(data_dim,\), got \(4, 3\)"),
        (lambda m, x, q: evidence.uniform_grid(m, x[0], spacing=0.0), ValueError, r"spacing .* got 0\.0"),
        (lambda m, x, q: evidence.uniform_grid(m, x[0], spacing=7.0), ValueError, r"extent=6\.0, got 7\.0"),
        (
            lambda m, x, q: evidence.grid(LinearGaussian(double([[1.0]]), 0.01), double([0.3]), max_halvings=2),
            RuntimeError,
            r"more than 0\.0001 nats after 2 halvings; start from a smaller spacing than 0\.1",
        ),
        (
            lambda m, x, q: evidence.grid(LinearGaussian(double([[1e-4]]), 1e-7), double([0.02])),
            RuntimeError,
            "reaches the edge of a grid",
        ),
    ],
)
def test_errors_name_the_value(call: Callable[..., object], error: type[Exception], message: str) -> None:
    model, x, q, _ = random_linear(9)
    with pytest.raises(error, match=message):
        call(model, x, q)


@pytest.mark.parametrize("latent_dim", [1, 2])
def test_one_grid_for_many_examples_equals_scipy_s_integral(latent_dim: int) -> None:
    torch.manual_seed(0)
    model = VAE(3, latent_dim, (6,), sigma=0.3).double()
    with torch.no_grad():
        for weight in model.parameters():
            weight.mul_(3)  # posteriors that are not the prior
    model.log_sigma.data.fill_(math.log(0.3))
    x = torch.rand(2, 3, dtype=torch.float64, generator=seeded())

    axis = np.linspace(-6, 6, 241)
    z = np.stack(np.meshgrid(*[axis] * latent_dim, indexing="ij"), -1)
    with torch.no_grad():
        means = model.decode(torch.from_numpy(z)).numpy()
    for row, found in zip(x.numpy(), evidence.grid_log_evidence(model, x, spacing=0.05), strict=True):
        value = stats.norm.pdf(row, means, 0.3).prod(-1) * stats.norm.pdf(z).prod(-1)
        for _ in range(latent_dim):
            value = integrate.simpson(value, x=axis)
        assert float(found) == pytest.approx(math.log(value), abs=1e-4)


def test_one_grid_for_many_examples_refuses_what_it_cannot_sum() -> None:
    with pytest.raises(ValueError, match="latent"):
        evidence.grid_log_evidence(VAE(4, 3, (5,)), torch.rand(2, 4))
    with pytest.raises(ValueError, match="likelihood must be 'gaussian', got 'bernoulli'"):
        evidence.grid_log_evidence(VAE(4, 2, (5,), likelihood="bernoulli"), torch.rand(2, 4))


def test_a_grid_that_would_not_fit_in_memory_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(grids, "MAX_CELLS", 20_000)
    model, x, _, _ = random_linear(11)
    wide = Gaussian(torch.zeros(2, dtype=torch.float64), torch.full((2,), 4.0, dtype=torch.float64))
    for call in (
        lambda: evidence.grid(model, x[0], q=wide),
        lambda: evidence.uniform_grid(model, x[0], spacing=0.05),
        lambda: evidence.grid(LinearGaussian(0.3 * model.weight, 1.0), x[0]),  # fits at first, not once halved
    ):
        with pytest.raises((ValueError, RuntimeError), match="more than 20000 cells"):
            call()


def test_a_grid_knows_one_and_two_latents() -> None:
    model, x, q, _ = random_linear(10, latent_dim=3)
    message = "a grid needs latent_dim 1 or 2, got 3; with more latents use importance_sampling"
    for call in (
        lambda: evidence.grid(model, x[0]),
        lambda: evidence.uniform_grid(model, x[0]),
        lambda: evidence.elbo_terms(model, x, q),
        lambda: evidence.quadrature(q),
    ):
        with pytest.raises(ValueError, match=message):
            call()


# --- parts of the gap ------------------------------------------------------------------------------------------------


def test_the_gap_of_a_correlated_posterior_is_the_familys() -> None:
    """research.md's number, 0.538 nats, whatever the encoder's Q; the rest is the encoder's."""
    model = LinearGaussian(double([[1, 0.9], [0.8, 1.2], [0.3, -0.4]]), math.sqrt(0.1))
    x = double([[0.5, -0.2, 1.0], [2.0, 1.0, 0.0]])
    for q in (Gaussian(torch.zeros(2, 2).double(), torch.zeros(2, 2).double()), model.encode(x)):
        parts = evidence.gap_parts(model, x, q)
        exact = model.marginal().log_prob(x)
        torch.testing.assert_close(parts.log_evidence, exact, rtol=0, atol=1e-6)
        torch.testing.assert_close(parts.approximation, double([0.538, 0.538]), rtol=0, atol=1e-3)
        torch.testing.assert_close(parts.elbo, model.elbo(x, q), rtol=1e-9, atol=1e-9)
        torch.testing.assert_close(parts.approximation + parts.amortization, model.gap(x, q), rtol=1e-6, atol=1e-6)
        torch.testing.assert_close(parts.best.mean, model.posterior(x).mean, rtol=0, atol=1e-4)
    assert float(parts.amortization.abs().max()) < 1e-8  # `encode` is the best diagonal Q
    rotated = LinearGaussian(torch.linalg.svd(model.weight).U[:, :2] * torch.linalg.svdvals(model.weight), model.sigma)
    assert float(evidence.gap_parts(rotated, x, q).approximation.abs().max()) < 1e-6  # the same P(X), no correlation


@settings(max_examples=10)
@given(st.integers(0, 2**31))
def test_one_latent_of_a_linear_model_has_no_approximation_gap(seed: int) -> None:
    model, x, q, exact = random_linear(seed, latent_dim=1)
    parts = evidence.gap_parts(model, x, q)
    np.testing.assert_allclose(parts.log_evidence.numpy(), exact, atol=1e-4)
    np.testing.assert_allclose(parts.approximation.numpy(), 0, atol=1e-4)  # the grid's tolerance
    np.testing.assert_allclose(parts.amortization.numpy(), model.gap(x, q).numpy(), atol=1e-6)


@pytest.mark.parametrize(("mean", "log_var"), [(0.8, -3.0), (-0.2, 0.0)])
def test_of_two_modes_the_better_gaussian_is_found(mean: float, log_var: float) -> None:
    model, x = Parabola(), double([[1.0]])
    parts = evidence.gap_parts(model, x, Gaussian(double([[mean]]), double([[log_var]])))
    points, mass = np.polynomial.hermite_e.hermegauss(80)

    def minus_elbo(values: np.ndarray) -> float:
        z = values[0] + np.exp(values[1] / 2) * points
        joint = stats.norm.logpdf(1.0, z**2, model.std) + stats.norm.logpdf(z)
        return float(-(mass @ joint) / mass.sum() - 0.5 * (math.log(2 * math.pi) + 1 + values[1]))

    best = min(optimize.minimize(minus_elbo, start).fun for start in ([1.0, -3.0], [0.0, 0.0], [0.3, -1.0]))
    assert float(parts.best_elbo) == pytest.approx(-best, abs=1e-5)
    assert float(parts.log_evidence) == pytest.approx(model.log_evidence(1.0), abs=1e-4)
    assert float(parts.approximation) > 0.5  # one bump cannot be two: about log 2
    assert float(parts.elbo) == pytest.approx(-minus_elbo(np.array([mean, log_var])), abs=1e-6)


def test_parts_of_a_trained_vaes_gap(small_vae: VAE, digits: Dataset) -> None:
    x = digits.test[:3]
    with torch.no_grad():
        q = small_vae.encode(x)
    for parameter in small_vae.parameters():
        parameter.grad = None
    parts = evidence.gap_parts(small_vae, x, q)
    assert all(parameter.grad is None for parameter in small_vae.parameters())
    assert float(parts.approximation.min()) > 0
    assert float(parts.amortization.min()) > 0
    for row, mean, log_var, gap in zip(x, parts.best.mean, parts.best.log_var, parts.approximation, strict=True):
        best = Gaussian(mean, log_var)
        assert evidence.grid(small_vae, row, q=best).kl_from(best) == pytest.approx(float(gap), abs=2e-3)  # float32
        for nudged in (Gaussian(mean + 0.3 * best.std, log_var), Gaussian(mean, log_var - 0.4)):
            terms = evidence.elbo_terms(small_vae, row[None], Gaussian(nudged.mean[None], nudged.log_var[None]))
            assert float(terms.elbo) < float(evidence.grid(small_vae, row).log_evidence) - float(gap)


def test_active_units_vary_over_the_examples() -> None:
    random = np.random.default_rng(0)
    means = random.normal(size=(500, 4)) * np.array([1.0, 0.2, 0.08, 0.0]) + 5
    assert evidence.active_units(double(means)) == int((means.var(0, ddof=1) > 0.01).sum()) == 2
    assert evidence.active_units(double(means), threshold=0.005) == 3
    with pytest.raises(ValueError, match=r"\(count, latent_dim\) with at least two rows, got \(1, 4\)"):
        evidence.active_units(double(means[:1]))


# --- a trained network on real digits --------------------------------------------------------------------------------


def test_grid_of_a_trained_vae_equals_a_dense_numpy_grid(small_vae: VAE, digits: Dataset) -> None:
    networks = Networks(small_vae.state_dict())
    for x in digits.test[:2]:
        _, log_joint, log_cell = networks.dense_grid(x)
        expected = special.logsumexp(log_joint) + log_cell
        assert evidence.grid(small_vae, x).log_evidence == pytest.approx(expected, abs=1e-3)


def test_grid_of_a_vae_with_one_latent_equals_quad(narrow_vae: VAE, digits: Dataset) -> None:
    networks = Networks(narrow_vae.state_dict())
    for x in digits.test[:4]:
        line = np.linspace(-6, 6, 4001)
        log_joint = networks.log_joint(x, line[:, None])
        top, peak = log_joint.max(), line[log_joint.argmax()]
        integral, error = integrate.quad(
            lambda z, x=x, top=top: float(np.exp(networks.log_joint(x, np.array([z])) - top)),
            -6,
            6,
            points=[peak - 0.1, peak, peak + 0.1],
            limit=300,
        )
        assert error / integral < 1e-5
        assert evidence.grid(narrow_vae, x).log_evidence == pytest.approx(math.log(integral) + top, abs=1e-3)


def test_both_sides_of_equation_4_on_a_trained_vae(small_vae: VAE, digits: Dataset) -> None:
    x = digits.test[:6]
    networks = Networks(small_vae.state_dict())
    reconstruction, kl = gauss_hermite_elbo(networks, x)
    with torch.no_grad():
        q = small_vae.encode(x)
    terms = evidence.elbo_terms(small_vae, x, q)
    # The right side, term by term, against NumPy; then the left side against the right. 1e-3 nats is issue 2's mark.
    np.testing.assert_allclose(terms.reconstruction.numpy(), reconstruction, atol=1e-3)
    np.testing.assert_allclose(terms.kl.numpy(), kl, atol=1e-3)
    for row in range(len(x)):
        one = Gaussian(q.mean[row], q.log_var[row])
        cells = evidence.grid(small_vae, x[row], q=one)
        gap = cells.kl_from(one)
        assert gap > 0
        assert cells.log_evidence - gap == pytest.approx(reconstruction[row] - kl[row], abs=1e-3)


def test_the_gap_of_a_trained_vae_equals_a_numpy_sum(small_vae: VAE, digits: Dataset) -> None:
    x = digits.test[0]
    networks = Networks(small_vae.state_dict())
    z, log_joint, log_cell = networks.dense_grid(x)
    mean, var = networks.encode(x)
    log_q = stats.norm.logpdf(z, mean, np.sqrt(var)).sum(-1)
    log_posterior = log_joint - special.logsumexp(log_joint) - log_cell
    expected = float((np.exp(log_q + log_cell) * (log_q - log_posterior)).sum())
    with torch.no_grad():
        q = small_vae.encode(x)
    assert evidence.grid(small_vae, x, q=q).kl_from(q) == pytest.approx(expected, abs=1e-3)


def test_bounds_of_a_trained_vae_are_in_order(small_vae: VAE, digits: Dataset) -> None:
    x = digits.test[:5]
    with torch.no_grad():
        q = small_vae.encode(x)
    exact = torch.tensor([evidence.grid(small_vae, row).log_evidence for row in x])
    elbo = evidence.elbo_terms(small_vae, x, q).elbo
    iwae = evidence.iwae_bound(small_vae, x, q, 20, repeats=200, generator=seeded())
    error = evidence.importance_log_weights(small_vae, x, q, 400, generator=seeded(1)).std(0) / math.sqrt(200)
    assert (elbo < exact).all()
    assert (iwae > elbo - 4 * error).all()
    assert (iwae < exact + 4 * error).all()
    assert float((iwae - elbo).mean()) > 0
    estimate = evidence.importance_sampling(small_vae, x, q, 5000, generator=seeded(2))
    # The posterior of a half-trained model is no Gaussian, so the error's own error counts: five of them.
    assert ((estimate.log_evidence - exact).abs() < 5 * estimate.standard_error + 1e-3).all()


def test_results_follow_the_order_of_the_batch(small_vae: VAE, digits: Dataset) -> None:
    x, order = digits.test[:5], [3, 0, 4, 1, 2]
    with torch.no_grad():
        terms = evidence.elbo_terms(small_vae, x, small_vae.encode(x))
        shuffled = evidence.elbo_terms(small_vae, x[order], small_vae.encode(x[order]))
    torch.testing.assert_close(terms.reconstruction[order], shuffled.reconstruction)
    torch.testing.assert_close(terms.kl[order], shuffled.kl)


def test_no_gradients_are_kept(small_vae: VAE, digits: Dataset) -> None:
    x = digits.test[:2]
    q = small_vae.encode(x)
    for result in (
        *evidence.elbo_terms(small_vae, x, q),
        evidence.iwae_bound(small_vae, x, q, 2, repeats=3),
        *evidence.prior_monte_carlo(small_vae, x, 3),
    ):
        assert not result.requires_grad


def test_an_autoencoder_has_no_evidence() -> None:
    model: Any = Autoencoder(6, 2, (8,))
    x = torch.rand(3, 6)
    q = model.encode(x)  # points, and no Q
    for call in (
        lambda: evidence.prior_monte_carlo(model, x, 5),
        lambda: evidence.grid(model, x[0]),
        lambda: evidence.grid(model, x[0], q=q),
        lambda: evidence.uniform_grid(model, x[0]),
        lambda: evidence.importance_sampling(model, x, q, 5),
        lambda: evidence.elbo_terms(model, x, q),
        lambda: evidence.elbo_terms(model, x, q, samples=5),
        lambda: evidence.iwae_bound(model, x, q, 5),
        lambda: evidence.gap_parts(model, x, q),
    ):
        with pytest.raises(TypeError, match=r"model must be a model with P\(z\) and P\(X\|z\).*got Auto"):
            call()

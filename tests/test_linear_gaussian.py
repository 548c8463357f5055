"""The exact model, against scipy's multivariate normal, integrals, scikit-learn's PCA and plain gradient ascent."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from scipy import integrate, stats
from sklearn.decomposition import PCA
from torch import nn

from vae_lib.distributions import Gaussian, gaussian_kl, gaussian_log_density
from vae_lib.linear_gaussian import LinearGaussian, ppca

W_OF_THE_NOTES = [[1.0, 0.9], [0.8, 1.2], [0.3, -0.4]]  # research.md, open question 1


def double(values: object) -> torch.Tensor:
    return torch.tensor(values, dtype=torch.float64)


def worked_example() -> tuple[LinearGaussian, torch.Tensor]:
    """z ~ N(0, 1), X|z ~ N(z, 0.25), X = 1."""
    return LinearGaussian(double([[1.0]]), 0.5), double([1.0])


def random_model(
    seed: int, data_dim: int = 3, latent_dim: int = 2
) -> tuple[LinearGaussian, torch.Tensor, Gaussian, np.random.Generator]:
    """A model, five examples drawn from it and five Gaussians Q that have nothing to do with the posterior."""
    random = np.random.default_rng(seed)
    weight, mean = random.normal(size=(data_dim, latent_dim)), random.normal(size=data_dim)
    sigma = float(np.exp(random.uniform(-1.5, 0.5)))
    x = random.normal(size=(5, latent_dim)) @ weight.T + mean + sigma * random.normal(size=(5, data_dim))
    q = Gaussian(double(random.normal(size=(5, latent_dim))), double(random.normal(size=(5, latent_dim))))
    return LinearGaussian(double(weight), sigma, double(mean)), double(x), q, random


# --- the known numbers -----------------------------------------------------------------------------------------------


def test_numbers_of_the_worked_example() -> None:
    model, x = worked_example()
    assert float(model.log_evidence(x)) == pytest.approx(-1.43051, abs=5e-6)  # digits that research.md gives
    assert float(model.log_evidence(x).exp()) == pytest.approx(0.23919, abs=5e-6)
    posterior = model.posterior(x)
    assert float(posterior.mean) == pytest.approx(0.8)
    assert float(posterior.covariance_matrix) == pytest.approx(0.2)
    q = Gaussian(double([0.5]), double([math.log(0.5)]))
    assert float(model.elbo(x, q)) == pytest.approx(-1.947365, abs=5e-7)
    assert float(model.log_evidence(x) - model.gap(x, q)) == pytest.approx(-1.947365, abs=5e-7)
    best = model.encode(x)
    assert float(model.elbo(x, best)) == pytest.approx(-1.43051, abs=5e-6)
    assert float(model.log_likelihood(x, best.mean) - best.kl()) == pytest.approx(-1.0305, abs=5e-5)


def test_the_false_claim_of_the_notes_in_numbers() -> None:
    """E over the exact posterior of P(X|z) is 0.56886, not P(X)."""
    model, x = worked_example()
    q = stats.norm(0.8, math.sqrt(0.2))
    wrong = integrate.quad(lambda z: q.pdf(z) * float(model.log_likelihood(x, double([z])).exp()), -4, 6)[0]
    assert wrong == pytest.approx(0.56886, abs=5e-6)
    assert wrong / float(model.log_evidence(x).exp()) == pytest.approx(2.38, abs=5e-3)


def test_gap_of_a_diagonal_q_and_its_end_after_a_rotation() -> None:
    weight = double(W_OF_THE_NOTES)
    model, x = LinearGaussian(weight, math.sqrt(0.1)), double([[0.5, -1.0, 2.0], [0.0, 0.0, 0.0]])
    gap = model.gap(x, model.encode(x))
    np.testing.assert_allclose(gap.numpy(), 0.538, atol=5e-4)  # the same for every X; digits that research.md gives
    rotated = LinearGaussian(weight @ torch.linalg.svd(weight).Vh.T, math.sqrt(0.1))
    np.testing.assert_allclose(rotated.log_evidence(x).numpy(), model.log_evidence(x).numpy(), rtol=1e-12)
    np.testing.assert_allclose(rotated.gap(x, rotated.encode(x)).numpy(), 0, atol=1e-10)


def test_encode_is_the_best_diagonal_gaussian() -> None:
    """Coordinate by coordinate, no small change of mean or variance brings the ELBO up."""
    model, x, _, _ = random_model(3)
    best = model.encode(x)
    mean, log_var = best.mean.clone().requires_grad_(), best.log_var.clone().requires_grad_()
    model.elbo(x, Gaussian(mean, log_var)).sum().backward()
    np.testing.assert_allclose(mean.grad.numpy(), 0, atol=1e-9)
    np.testing.assert_allclose(log_var.grad.numpy(), 0, atol=1e-9)
    assert (model.elbo(x, best) > model.elbo(x, Gaussian(best.mean, best.log_var + 0.1))).all()


# --- Eq. (4), for any model and any Q --------------------------------------------------------------------------------


@given(st.integers(0, 2**31), st.integers(1, 4), st.integers(1, 3))
def test_evidence_and_posterior_equal_scipy(seed: int, data_dim: int, latent_dim: int) -> None:
    model, x, _, random = random_model(seed, data_dim, latent_dim)
    weight, mean, noise = model.weight.numpy(), model.mean.numpy(), model.sigma**2 * np.eye(data_dim)
    marginal = stats.multivariate_normal(mean, weight @ weight.T + noise)
    np.testing.assert_allclose(model.log_evidence(x).numpy(), marginal.logpdf(x.numpy()), rtol=1e-8, atol=1e-8)
    # Bayes' theorem at a random z: log P(z|X) = log P(X|z) + log P(z) − log P(X).
    z = random.normal(size=(5, latent_dim))
    log_likelihood = [stats.multivariate_normal(weight @ a + mean, noise).logpdf(b) for a, b in zip(z, x, strict=True)]
    log_prior = stats.norm.logpdf(z).sum(-1)
    np.testing.assert_allclose(model.log_likelihood(x, double(z)).numpy(), log_likelihood, rtol=1e-8, atol=1e-8)
    np.testing.assert_allclose(model.log_prior(double(z)).numpy(), log_prior, rtol=1e-10)
    expected = np.array(log_likelihood) + log_prior - marginal.logpdf(x.numpy())
    np.testing.assert_allclose(model.posterior(x).log_prob(double(z)).numpy(), expected, rtol=1e-6, atol=1e-6)


@given(st.integers(0, 2**31), st.integers(1, 4), st.integers(1, 3))
def test_equation_4_holds_for_any_q(seed: int, data_dim: int, latent_dim: int) -> None:
    model, x, q, _ = random_model(seed, data_dim, latent_dim)
    gap, elbo = model.gap(x, q), model.elbo(x, q)
    assert (gap >= -1e-10).all()  # rounding in float64
    np.testing.assert_allclose((model.log_evidence(x) - gap).numpy(), elbo.numpy(), rtol=1e-9, atol=1e-8)


@pytest.mark.parametrize("seed", range(3))
def test_each_term_equals_its_integral(seed: int) -> None:
    model, x, q, _ = random_model(seed, data_dim=2, latent_dim=1)
    mean, std = float(q.mean[0]), float(q.std[0])
    law, posterior = stats.norm(mean, std), model.posterior(x[0])

    def expectation(log_ratio: object) -> float:
        return integrate.quad(lambda z: law.pdf(z) * float(log_ratio(double([z]))), mean - 10 * std, mean + 10 * std)[0]

    # Tolerances: quad's own error.
    wanted = expectation(lambda z: model.log_likelihood(x[0], z))
    assert float(model.reconstruction(x, q)[0]) == pytest.approx(wanted, abs=1e-5)
    wanted = expectation(lambda z: law.logpdf(float(z)) - posterior.log_prob(z))
    assert float(model.gap(x, q)[0]) == pytest.approx(wanted, abs=1e-5)


def test_shapes_and_order_of_the_batch() -> None:
    model, x, q, _ = random_model(1)
    order = [4, 2, 0, 3, 1]
    shuffled = Gaussian(q.mean[order], q.log_var[order])
    assert model.decode(torch.zeros(7, 5, 2, dtype=torch.float64)).shape == (7, 5, 3)
    for one, other in (
        (model.log_evidence(x), model.log_evidence(x[order])),
        (model.elbo(x, q), model.elbo(x[order], shuffled)),
        (model.gap(x, q), model.gap(x[order], shuffled)),
        (model.encode(x).mean, model.encode(x[order]).mean),
        (model.encode(x).log_var, model.encode(x[order]).log_var),
    ):
        assert len(one) == 5
        torch.testing.assert_close(one[order], other)


@pytest.mark.parametrize(
    ("weight", "sigma", "mean", "message"),
    [
        ([1.0, 2.0], 1.0, None, r"weight must have shape \(data_dim, latent_dim\), got \(2,\)"),
        ([[1.0]], 0.0, None, "sigma must be a positive number, got 0"),
        ([[1.0]], -1.0, None, "sigma must be a positive number, got -1"),
        ([[1.0]], math.nan, None, "sigma must be a positive number, got nan"),
        ([[1.0]], math.inf, None, "sigma must be a positive number, got inf"),
        ([[1.0]], 1.0, [0.0, 0.0], r"mean must have shape \(1,\), got \(2,\)"),
    ],
)
def test_linear_gaussian_refuses(weight: object, sigma: float, mean: object, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        LinearGaussian(double(weight), sigma, None if mean is None else double(mean))


# --- probabilistic PCA -----------------------------------------------------------------------------------------------


def correlated(count: int, data_dim: int, seed: int = 0) -> torch.Tensor:
    random = np.random.default_rng(seed)
    return double(random.normal(size=(count, data_dim)) @ random.normal(size=(data_dim, data_dim)) + 3)


def maximum_likelihood_pca(x: torch.Tensor, latent_dim: int) -> PCA:
    """scikit-learn's PCA, whose variances divide by n − 1, brought to the n of maximum likelihood."""
    pca = PCA(latent_dim, svd_solver="full").fit(x.numpy())
    pca.explained_variance_ *= (len(x) - 1) / len(x)
    pca.noise_variance_ *= (len(x) - 1) / len(x)
    return pca


def test_ppca_of_the_two_by_two_example() -> None:
    """Covariance [[10, 5], [5, 10]] and one latent: σ² = 5, W = ±√10·[1, 1]/√2."""
    x = double([[1, 1], [-1, -1], [1, -1], [-1, 1]]) * double([[15**0.5], [15**0.5], [5**0.5], [5**0.5]])
    assert torch.allclose(x.T @ x / 4, double([[10, 5], [5, 10]]))
    model = ppca(x, 1)
    assert model.sigma**2 == pytest.approx(5)
    np.testing.assert_allclose(model.weight.abs().numpy(), math.sqrt(5), rtol=1e-12)
    assert float(model.weight.prod()) > 0  # both entries have the same sign


@pytest.mark.parametrize("latent_dim", [1, 2, 5])
def test_ppca_equals_scikit_learn(latent_dim: int) -> None:
    x = correlated(200, 6)
    model, pca = ppca(x, latent_dim), maximum_likelihood_pca(x, latent_dim)
    assert model.sigma**2 == pytest.approx(pca.noise_variance_, rel=1e-9)
    assert float(model.log_evidence(x).mean()) == pytest.approx(pca.score(x.numpy()), rel=1e-9)
    np.testing.assert_allclose(model.marginal().covariance_matrix.numpy(), pca.get_covariance(), rtol=1e-8, atol=1e-9)
    np.testing.assert_allclose(model.mean.numpy(), pca.mean_, rtol=1e-12)
    gram = (model.weight.T @ model.weight).numpy()
    np.testing.assert_allclose(gram, np.diag(np.diag(gram)), atol=1e-9)
    np.testing.assert_allclose(model.gap(x, model.encode(x)).numpy(), 0, atol=1e-9)


def test_ppca_of_digits_matches_scikit_learns_own_score() -> None:
    from sklearn.datasets import load_digits

    x = double(load_digits().data) / 16
    x = x[:, x.std(0) > 0]
    score = PCA(10, svd_solver="full").fit(x.numpy()).score(x.numpy())
    # n and n − 1 differ by 1/1797 in the variances, which moves the mean log density by far less than 1e-3 nats.
    assert float(ppca(x, 10).log_evidence(x).mean()) == pytest.approx(score, abs=1e-3)


@pytest.mark.parametrize("latent_dim", [0, 3, 4])
def test_ppca_refuses_a_latent_dim_out_of_range(latent_dim: int) -> None:
    with pytest.raises(ValueError, match=f"latent_dim must be between 1 and 2, got {latent_dim}"):
        ppca(correlated(20, 3), latent_dim)


def test_ppca_refuses_data_without_noise() -> None:
    flat = correlated(20, 2) @ double([[1.0, 0.0, 1.0], [0.0, 1.0, 1.0]])
    with pytest.raises(ValueError, match=r"lies in 2 dimensions, which leaves σ = 0; choose a smaller latent_dim"):
        ppca(flat, 2)


class LinearVAE(nn.Module):
    """A VAE with linear encoder and decoder, trained on the exact terms of Eq. (4). Lucas et al. 2019."""

    def __init__(self, data_dim: int, latent_dim: int) -> None:
        super().__init__()
        self.encoder = nn.Linear(data_dim, latent_dim)
        self.decoder = nn.Linear(latent_dim, data_dim)
        self.log_var = nn.Parameter(torch.zeros(latent_dim))
        self.log_sigma = nn.Parameter(torch.zeros(()))
        self.double()

    def elbo(self, x: torch.Tensor) -> torch.Tensor:
        mean = self.encoder(x)
        var = self.log_var.exp()
        spread = (var * (self.decoder.weight**2).sum(0)).sum() / (2 * torch.exp(2 * self.log_sigma))
        reconstruction = gaussian_log_density(x, self.decoder(mean), 2 * self.log_sigma) - spread
        return reconstruction - gaussian_kl(mean, self.log_var.expand_as(mean))


def test_a_linear_vae_reaches_ppca_and_closes_the_gap() -> None:
    x, latent_dim = correlated(300, 5, seed=1), 2
    torch.manual_seed(0)
    vae = LinearVAE(5, latent_dim)
    optimizer = torch.optim.LBFGS(
        vae.parameters(), max_iter=500, tolerance_grad=1e-9, tolerance_change=1e-13, line_search_fn="strong_wolfe"
    )

    def loss() -> torch.Tensor:
        optimizer.zero_grad()
        value = -vae.elbo(x).mean()
        value.backward()
        return value

    optimizer.step(loss)
    vae.requires_grad_(False)
    elbo = vae.elbo(x)
    reached = LinearGaussian(vae.decoder.weight, float(vae.log_sigma.exp()), vae.decoder.bias)
    q = Gaussian(vae.encoder(x), vae.log_var.expand(len(x), latent_dim))
    gap = reached.gap(x, q)
    # 1e-4 nats: where the optimizer stops.
    assert float(elbo.mean()) == pytest.approx(maximum_likelihood_pca(x, latent_dim).score(x.numpy()), abs=1e-4)
    assert float(elbo.mean()) == pytest.approx(float(ppca(x, latent_dim).log_evidence(x).mean()), abs=1e-4)
    assert float(gap.mean()) == pytest.approx(0, abs=1e-4)
    np.testing.assert_allclose(elbo.numpy(), reached.elbo(x, q).numpy(), rtol=1e-9)
    assert reached.sigma == pytest.approx(ppca(x, latent_dim).sigma, rel=1e-3)

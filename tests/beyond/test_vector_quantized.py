"""Nearest vectors against scikit-learn, the codebook's gradient against k-means, words against counting by hand."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable
from unittest.mock import Mock

import numpy as np
import pytest
import torch
from scipy import special, stats
from sklearn.cluster import KMeans
from sklearn.neighbors import NearestNeighbors

from vae_lib import training
from vae_lib.beyond.vector_quantized import VQVAE, WordPrior, log_joint, objective, perplexity, start_codebook
from vae_lib.data import Dataset


@pytest.fixture
def model(digits: Dataset) -> VQVAE:
    torch.manual_seed(0)
    model = VQVAE(64, 3, 5, hidden=16)
    start_codebook(model, digits.train)
    return model


def test_the_nearest_vector_is_that_of_scikit_learn(model: VQVAE, digits: Dataset) -> None:
    e = model.encode(digits.test).detach()
    search = NearestNeighbors(n_neighbors=1, algorithm="brute").fit(model.codebook.detach().numpy())
    found = search.kneighbors(e.reshape(-1, 4).numpy(), return_distance=False).reshape(e.shape[:2])
    assert np.array_equal(model.words(digits.test).numpy(), found)


def test_forward_sees_the_codebook_and_backward_passes_straight_through(model: VQVAE, digits: Dataset) -> None:
    x = digits.test[:6]
    terms = model.terms(x)
    picture = model.decode(model.words(x)).detach().numpy()
    exact = stats.norm(picture, model.log_sigma.exp().item()).logpdf(x.numpy()).sum(-1)
    assert np.allclose(terms.reconstruction.detach().numpy(), exact, atol=1e-3)
    assert np.allclose(terms.kl.numpy(), 3 * math.log(5))

    vectors = model.codebook[model.words(x)].detach().requires_grad_()
    pictures = torch.sigmoid(model.decoder(vectors.flatten(-2)))
    (-((x - pictures) ** 2).sum() / (2 * model.log_sigma.exp() ** 2)).backward(inputs=[vectors])
    e = model.encode(x).detach().requires_grad_()
    model.encode = lambda _: e  # type: ignore[method-assign]
    model.terms(x).reconstruction.sum().backward(inputs=[e, model.codebook])
    assert vectors.grad is not None
    assert torch.allclose(e.grad, vectors.grad, atol=1e-4)
    assert model.codebook.grad is None or not model.codebook.grad.any()  # the ELBO does not move the codebook


def test_the_codebook_rests_at_the_centers_of_k_means(model: VQVAE, digits: Dataset) -> None:
    e = model.encode(digits.train).detach()
    centers = KMeans(5, n_init=3, random_state=0).fit(e.reshape(-1, 4).numpy()).cluster_centers_

    def slope(codebook: np.ndarray) -> torch.Tensor:
        with torch.no_grad():
            model.codebook.copy_(torch.as_tensor(codebook))
        climbed, _ = objective(model, digits.train, torch.Generator(), commitment=0.0)
        (gradient,) = torch.autograd.grad(climbed.mean(), model.codebook)
        return gradient

    assert float(slope(centers).abs().max()) < 0.01
    assert float(slope(centers + 0.3).abs().max()) > 0.1


def test_the_objective_encodes_once(model: VQVAE, digits: Dataset, monkeypatch: pytest.MonkeyPatch) -> None:
    encoder = Mock(wraps=model.encode)
    monkeypatch.setattr(model, "encode", encoder)
    climbed, terms = objective(model, digits.test[:4], torch.Generator())
    encoder.assert_called_once()
    assert torch.equal(terms.elbo, model.terms(digits.test[:4]).elbo)
    assert bool((climbed < terms.elbo).all())


def test_commitment_draws_the_encoder_only(model: VQVAE, digits: Dataset) -> None:
    x = digits.test[:4]
    difference = (
        objective(model, x, torch.Generator(), commitment=0.0)[0]
        - objective(model, x, torch.Generator(), commitment=0.5)[0]
    )
    e, c = model.encode(x), model.codebook[model.words(x)]
    assert torch.allclose(difference, 0.5 * ((e - c) ** 2).sum((-1, -2)), rtol=1e-3, atol=1e-3)
    gradient = torch.autograd.grad(difference.sum(), [model.codebook, model.encoder[-1].weight], allow_unused=True)
    assert gradient[0] is None or float(gradient[0].abs().max()) < 1e-5
    assert float(gradient[1].abs().max()) > 1e-3


def test_word_prior_is_a_distribution_made_of_counts() -> None:
    words = torch.tensor([[0, 1], [0, 1], [0, 2], [1, 1]])
    prior = WordPrior(words, 3, pseudo_count=0.5)
    every = torch.tensor(list(itertools.product(range(3), repeat=2)))
    assert float(prior.log_prob(every).exp().sum()) == pytest.approx(1, abs=1e-6)
    # by hand: three of four begin with 0; after a 0 twice 1, once 2
    assert float(prior.log_prob(torch.tensor([0, 1])).exp()) == pytest.approx(3.5 / 5.5 * 2.5 / 4.5, abs=1e-6)
    assert float(prior.log_prob(torch.tensor([2, 0])).exp()) == pytest.approx(0.5 / 5.5 / 3, abs=1e-6)

    drawn = prior.sample(40_000, generator=torch.Generator().manual_seed(0))
    shares = torch.bincount(drawn[:, 0] * 3 + drawn[:, 1], minlength=9) / 40_000
    # 0.01 is four standard errors of a share of one half
    assert torch.allclose(shares, prior.log_prob(every).exp(), atol=0.01)


def test_evidence_is_the_sum_over_all_words(model: VQVAE, digits: Dataset) -> None:
    prior = WordPrior(model.words(digits.train), 5)
    x = digits.test[:3]
    with torch.no_grad():
        values = log_joint(model, x, prior.log_prob(model.all_words())).logsumexp(0)
        total = np.zeros(3)
        for word in itertools.product(range(5), repeat=3):
            one = torch.tensor(word)
            picture = model.decode(one).numpy()
            density = stats.norm(picture, model.log_sigma.exp().item()).logpdf(x.numpy()).sum(-1)
            total += np.exp(density + float(prior.log_prob(one)))
    assert np.allclose(values.numpy(), np.log(total), atol=1e-3)
    assert len(model.all_words().unique(dim=0)) == 125


@pytest.mark.parametrize("shares", [(1, 0, 0), (1, 1, 1), (5, 3, 2)])
def test_perplexity_is_exp_of_scipy_s_entropy(shares: tuple[int, ...]) -> None:
    words = torch.repeat_interleave(torch.arange(3), torch.tensor(shares))[:, None]
    assert perplexity(words, 3) == pytest.approx(math.exp(special.entr(np.array(shares) / sum(shares)).sum()))


def test_training_uses_the_codebook_and_climbs(model: VQVAE, digits: Dataset) -> None:
    before = training.mean_terms(model, digits.test)
    training.fit(model, digits.train[:640], epochs=5, batch_size=64, lr=1e-2, objective=objective)
    after = training.mean_terms(model, digits.test)
    assert after[0] > before[0] + 10  # from near the mean image
    assert after[1] == pytest.approx(3 * math.log(5))
    assert perplexity(model.words(digits.test), 5) > 2


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: VQVAE(64, 0, 5), "positions must be at least 1, got 0"),
        (lambda: VQVAE(64, 2, 5, sigma=0), "sigma must be a positive number, got 0"),
        (lambda: WordPrior(torch.zeros(0, 2, dtype=torch.int64), 3), "words must have shape"),
        (lambda: WordPrior(torch.tensor([[3, 0]]), 3), "symbols must lie from 0 to 2, got 0 to 3"),
        (lambda: WordPrior(torch.tensor([[1, 0]]), 3, pseudo_count=0), "pseudo_count must be a positive number"),
    ],
)
def test_what_cannot_be_is_refused(make: Callable[[], object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        make()

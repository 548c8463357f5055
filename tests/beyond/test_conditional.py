"""The conditional VAE against torch.distributions and numpy sums over a grid of z."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from scipy.special import logsumexp
from torch.distributions import Normal, kl_divergence

from vae_lib import evidence, training
from vae_lib.beyond.conditional import ConditionalVAE, join
from vae_lib.data import Dataset


def seeded(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


@pytest.fixture(scope="module")
def model(digits: Dataset) -> ConditionalVAE:
    """One latent, trained for a second: Eq. (1) is a sum over a line."""
    torch.manual_seed(0)
    made = ConditionalVAE(64, 1, 10, (32,), sigma=0.25)
    rows = join(digits.train[:640], digits.train_labels[:640], 10)
    training.fit(made, rows, epochs=8, batch_size=32, lr=5e-3, progress=False)
    return made


def test_join_puts_a_one_in_the_class_s_place() -> None:
    rows = join(torch.tensor([[0.1, 0.2], [0.3, 0.4]]), torch.tensor([2, 0]), 3)
    np.testing.assert_array_equal(rows, torch.tensor([[0.1, 0.2, 0, 0, 1], [0.3, 0.4, 1, 0, 0]]))
    assert join(torch.zeros(5, 1, 2), torch.arange(3), 3).shape == (5, 3, 5)
    assert join(torch.zeros(4, 2), 1, 3)[:, 2:].tolist() == [[0, 1, 0]] * 4
    with pytest.raises(ValueError, match="labels must be from 0 to 2, got 0 to 3"):
        join(torch.zeros(2, 2), torch.tensor([0, 3]), 3)


def test_terms_are_those_of_torch(model: ConditionalVAE, digits: Dataset) -> None:
    x, labels = digits.test[:7], digits.test_labels[:7]
    rows = join(x, labels, 10)
    q = model.encode(rows)
    terms = model.terms(rows, generator=seeded())
    z = q.rsample(generator=seeded())
    reference = Normal(model.decode(join(z, labels, 10)), 0.25).log_prob(x).sum(-1)
    torch.testing.assert_close(terms.reconstruction, reference, rtol=1e-5, atol=1e-4)
    torch.testing.assert_close(terms.kl, kl_divergence(Normal(q.mean, q.std), Normal(0.0, 1.0)).sum(-1))


def test_the_condition_reaches_decoder_and_encoder(model: ConditionalVAE, digits: Dataset) -> None:
    x = digits.test[:1]
    as_each = [join(x, label, 10) for label in (3, 7)]
    z = torch.zeros(1, 1)
    assert not torch.allclose(*(model.encode(rows).mean for rows in as_each), atol=1e-3)
    assert not torch.allclose(*(model.log_likelihood(rows, z) for rows in as_each), atol=1e-1)


def test_log_evidence_given_the_class_is_the_integral(model: ConditionalVAE, digits: Dataset) -> None:
    """numpy's sum over 4,001 points of z."""
    x = digits.test[:3]
    line = np.linspace(-8, 8, 4001)
    for label in (0, 4):
        with torch.no_grad():
            mean = model.decode(join(torch.tensor(line, dtype=torch.float32)[:, None], label, 10)).double().numpy()
        for row, picture in enumerate(x.double().numpy()):
            log_likelihood = -((picture - mean) ** 2).sum(1) / (2 * 0.25**2) - 64 * math.log(
                0.25 * math.sqrt(2 * math.pi)
            )
            log_joint = log_likelihood - line**2 / 2 - math.log(math.sqrt(2 * math.pi))
            exact = logsumexp(log_joint) + math.log(line[1] - line[0])
            rows = join(x[row : row + 1], label, 10)
            with torch.no_grad():
                by_line = evidence.grid(model, rows[0]).log_evidence
            assert by_line == pytest.approx(exact, abs=1e-3)


def test_config_builds_it_again_and_samples_take_turns(model: ConditionalVAE) -> None:
    again = ConditionalVAE(**model.config())
    again.load_state_dict(model.state_dict())
    assert again.config() == model.config()
    torch.testing.assert_close(again.sample(12, generator=seeded()), model.sample(12, generator=seeded()))
    z = torch.randn(12, 1, generator=seeded())
    torch.testing.assert_close(model.sample(12, generator=seeded())[11:], model.decode(join(z[11:], 1, 10)))


def test_bad_input_is_named(model: ConditionalVAE) -> None:
    with pytest.raises(ValueError, match="classes must be at least 1, got 0"):
        ConditionalVAE(64, 2, 0)
    with pytest.raises(ValueError, match=r"x must have shape \(..., 74\)"):
        model.encode(torch.zeros(1, 64))
    with pytest.raises(ValueError, match=r"z must have shape \(..., 11\)"):
        model.decode(torch.zeros(1, 1))
    with pytest.raises(ValueError, match="count must be at least 1, got 0"):
        model.sample(0)

"""Lines and arcs against numpy and scipy, the aggregate posterior against torch.distributions and a grid."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from scipy.spatial import geometric_slerp
from torch.distributions import Categorical, Independent, MixtureSameFamily, Normal

from vae_lib import latent
from vae_lib.distributions import Gaussian


def pair(dimensions: int = 5) -> tuple[torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(0)
    both = torch.randn(2, dimensions, generator=generator, dtype=torch.float64)
    return both[0], both[1]


def test_straight_equals_numpy() -> None:
    start, end = pair()
    expected = np.linspace(start.numpy(), end.numpy(), 7)
    np.testing.assert_allclose(latent.straight(start, end, 7).numpy(), expected, atol=1e-12)


def test_spherical_on_the_unit_sphere_equals_scipy() -> None:
    start, end = (vector / vector.norm() for vector in pair())
    expected = geometric_slerp(start.numpy(), end.numpy(), np.linspace(0, 1, 9))
    np.testing.assert_allclose(latent.spherical(start, end, 9).numpy(), expected, atol=1e-12)


def test_the_length_changes_evenly_along_the_arc() -> None:
    start, end = pair()
    lengths = latent.spherical(start, 3 * end, 5).norm(dim=1)
    np.testing.assert_allclose(lengths.numpy(), np.linspace(float(start.norm()), float(3 * end.norm()), 5), atol=1e-12)


@pytest.mark.parametrize("angle", [0.0, 1e-7, 1e-3])
def test_nearly_one_direction_stays_finite(angle: float) -> None:
    start = torch.tensor([1.0, 0.0])
    end = 2 * torch.tensor([math.cos(angle), math.sin(angle)])
    path = latent.spherical(start, end, 5)
    torch.testing.assert_close(path[[0, -1]], torch.stack([start, end]), atol=1e-6, rtol=0)
    torch.testing.assert_close(path, latent.straight(start, end, 5), atol=1e-3, rtol=0)


def test_arcs_that_are_not_determined_are_refused() -> None:
    one = torch.tensor([1.0, 2.0])
    with pytest.raises(ValueError, match="cannot start or end in it; use straight"):
        latent.spherical(one, torch.zeros(2), 3)
    with pytest.raises(ValueError, match="opposite to each other"):
        latent.spherical(one, -3 * one, 3)


@pytest.mark.parametrize("way", [latent.straight, latent.spherical])
def test_ends_and_steps_are_checked(way: object) -> None:
    assert callable(way)
    with pytest.raises(ValueError, match=r"one shape \(latent_dim,\), got \(2,\) and \(3,\)"):
        way(torch.ones(2), torch.ones(3), 4)
    with pytest.raises(ValueError, match="steps must be at least 2, got 1"):
        way(torch.ones(2), torch.tensor([1.0, 0.0]), 1)
    with pytest.raises(ValueError, match=r"must be floating point, got torch.int64 and torch.float32; use .float\(\)"):
        way(torch.ones(2, dtype=torch.int64), torch.tensor([1.0, 0.0]), 4)


def test_traversal_moves_one_number() -> None:
    z = torch.tensor([1.0, 2.0, 3.0])
    points = latent.traversal(z, 1, torch.tensor([-1.0, 0.0]))
    assert points.tolist() == [[1.0, -1.0, 3.0], [1.0, 0.0, 3.0]]
    assert z.tolist() == [1.0, 2.0, 3.0]
    for index in (-1, 3):
        with pytest.raises(ValueError, match=f"from 0 to 2, one of 3 latents, got {index}"):
            latent.traversal(z, index, torch.zeros(2))
    for wrong in (torch.zeros(3, 2), torch.zeros(3, dtype=torch.int64)):
        with pytest.raises(ValueError, match=r"floating point of shape \(latent_dim,\), got torch"):
            latent.traversal(wrong, 0, torch.zeros(2))


def codes(count: int, dimensions: int = 2) -> Gaussian:
    generator = torch.Generator().manual_seed(1)
    mean = torch.randn(count, dimensions, generator=generator, dtype=torch.float64)
    return Gaussian(mean, -1 - torch.rand(count, dimensions, generator=generator, dtype=torch.float64))


@pytest.mark.parametrize("pairs", [2**22, 100])
def test_aggregate_density_equals_torch_distributions(monkeypatch: pytest.MonkeyPatch, pairs: int) -> None:
    monkeypatch.setattr(latent, "NUMBERS_AT_ONCE", pairs)  # in one piece, and in many
    q = codes(30)
    mixture = MixtureSameFamily(
        Categorical(torch.ones(30, dtype=torch.float64)),
        Independent(Normal(q.mean, q.std), 1),
    )
    z = 3 * torch.randn(200, 2, generator=torch.Generator().manual_seed(2), dtype=torch.float64)
    expected = mixture.log_prob(z)
    torch.testing.assert_close(latent.aggregate_log_density(q, z), expected, atol=1e-10, rtol=0)


def test_aggregate_density_checks_shapes() -> None:
    with pytest.raises(ValueError, match=r"got \(30, 2\) and \(4, 3\)"):
        latent.aggregate_log_density(codes(30), torch.zeros(4, 3))
    with pytest.raises(ValueError, match="with an example at least"):
        latent.aggregate_log_density(Gaussian(torch.zeros(0, 2), torch.zeros(0, 2)), torch.zeros(4, 2))


def test_parts_of_the_rate_agree_with_a_grid() -> None:
    q = codes(40)
    parts = latent.rate_parts(q, samples=500, generator=torch.Generator().manual_seed(3))
    axis = torch.linspace(-7, 7, 701, dtype=torch.float64)
    z = torch.cartesian_prod(axis, axis)
    cell = float(axis[1] - axis[0]) ** 2
    log_aggregate = latent.aggregate_log_density(q, z)
    log_prior = Normal(0.0, 1.0).log_prob(z).sum(1)
    mismatch = float((log_aggregate.exp() * (log_aggregate - log_prior)).sum()) * cell
    assert abs(parts.mismatch - mismatch) < 4 * parts.error
    assert parts.error < 0.01
    assert abs(parts.information + parts.mismatch - parts.rate) < 1e-12
    assert 0 < parts.information < math.log(40)
    assert parts.rate == pytest.approx(float(q.kl().mean()))


def test_codes_that_are_the_prior_say_nothing() -> None:
    q = Gaussian(torch.zeros(10, 3), torch.zeros(10, 3))
    parts = latent.rate_parts(q, generator=torch.Generator().manual_seed(0))
    assert parts == pytest.approx((0, 0, 0, 0), abs=1e-6)
    with pytest.raises(ValueError, match="samples must be at least 2, got 1"):
        latent.rate_parts(q, samples=1)

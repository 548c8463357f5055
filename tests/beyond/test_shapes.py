"""The shapes against areas by pencil and numpy's moments; the metric against scipy's integrals and scikit-learn."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from scipy import integrate, stats
from sklearn.metrics import mutual_info_score

from vae_lib.beyond import shapes
from vae_lib.distributions import Gaussian


@pytest.fixture(scope="module")
def drawn() -> shapes.Shapes:
    return shapes.draw()


def test_every_combination_is_drawn_once(drawn: shapes.Shapes) -> None:
    assert drawn.x.shape == (768, shapes.SIDE**2)
    assert drawn.x.min() == 0
    assert drawn.x.max() == 1
    assert len(torch.unique(drawn.factors, dim=0)) == 768
    assert len(torch.unique(drawn.x, dim=0)) == 768
    assert drawn.factors.max(0).values.tolist() == [2, 3, 7, 7]


def test_area_and_place_are_those_of_the_factors(drawn: shapes.Shapes) -> None:
    """Ink is the area, (2·size)², and its centre of mass the place; 64 points a pixel are good for 8 % and 0.1."""
    pictures = drawn.x.reshape(-1, shapes.SIDE, shapes.SIDE).numpy().astype(float)
    places = np.asarray(shapes.PLACES)
    axis = np.arange(shapes.SIDE) + 0.5
    ink = pictures.sum((1, 2))
    area = (2 * np.asarray(shapes.SIZES)[drawn.factors[:, 1]]) ** 2
    np.testing.assert_allclose(ink, area, rtol=0.08)
    np.testing.assert_allclose(pictures.sum(1) @ axis / ink, places[drawn.factors[:, 2]], atol=0.1)
    np.testing.assert_allclose(pictures.sum(2) @ axis / ink, places[drawn.factors[:, 3]], atol=0.1)


def test_shapes_differ_as_their_names_say(drawn: shapes.Shapes) -> None:
    """Moment of inertia over area²: square 1/6, disc 1/(2π), equilateral triangle 1/(3√3); 10 % for the pixels."""
    pictures = drawn.x.reshape(-1, shapes.SIDE, shapes.SIDE).double()
    axis = torch.arange(shapes.SIDE) + 0.5
    places = torch.tensor(shapes.PLACES)
    right = (axis - places[drawn.factors[:, 2], None]) ** 2
    down = (axis - places[drawn.factors[:, 3], None]) ** 2
    inertia = (pictures * (right[:, None, :] + down[:, :, None])).sum((1, 2)) / pictures.sum((1, 2)) ** 2
    large = drawn.factors[:, 1] == 3
    for kind, expected in enumerate((1 / 6, 1 / (2 * math.pi), 1 / (3 * math.sqrt(3)))):
        assert inertia[large & (drawn.factors[:, 0] == kind)].mean() == pytest.approx(expected, rel=0.1)


def test_information_is_the_integral() -> None:
    """Two values, three pictures, overlapping Gaussians: scipy's adaptive quadrature."""
    q = Gaussian(torch.tensor([[-1.0], [0.5], [1.5]]), torch.tensor([[0.3], [0.7], [0.5]]).log() * 2)
    factors = torch.tensor([[0], [1], [1]])
    parts = [stats.norm(m, s) for m, s in zip(q.mean[:, 0].tolist(), (0.3, 0.7, 0.5), strict=True)]

    def integrand(z: float) -> float:
        first, second = parts[0].pdf(z), (parts[1].pdf(z) + parts[2].pdf(z)) / 2
        total = first / 3 + second * 2 / 3
        return first / 3 * math.log(first / total) + second * 2 / 3 * math.log(second / total)

    exact, _ = integrate.quad(integrand, -6, 6, points=[-1, 0.5, 1.5], epsabs=1e-10)
    found = shapes.factor_information(q, factors)
    assert found.shape == (1, 1)
    assert float(found) == pytest.approx(exact, abs=1e-5)


def test_a_code_that_names_the_value_tells_all_of_it() -> None:
    """Gaussians far apart make z as good as a label: scikit-learn's mutual information of labels."""
    factors = torch.tensor([[0, 0], [0, 1], [1, 0], [1, 1], [2, 0], [2, 1]])
    label = torch.tensor([0, 1, 1, 1, 2, 0])
    q = Gaussian(10.0 * label[:, None], torch.full((6, 1), -2.0))
    found = shapes.factor_information(q, factors)[:, 0]
    assert found.tolist() == pytest.approx([mutual_info_score(v, label) for v in factors.T], abs=1e-6)
    assert shapes.entropies(factors).tolist() == pytest.approx([math.log(3), math.log(2)])


def test_information_gap_is_one_for_one_latent_a_factor_and_zero_for_two() -> None:
    factors = torch.cartesian_prod(torch.arange(3), torch.arange(2))
    entropy = shapes.entropies(factors)
    narrow = torch.full((6, 2), -4.0)
    apart = shapes.factor_information(Gaussian(10.0 * factors, narrow), factors)
    assert shapes.information_gap(apart, entropy).tolist() == pytest.approx([1, 1], abs=1e-6)
    both = shapes.factor_information(Gaussian(10.0 * factors[:, [0, 0]], narrow), factors)
    assert shapes.information_gap(both, entropy).tolist() == pytest.approx([0, 0], abs=1e-6)


def test_bad_input_is_named() -> None:
    factors = torch.zeros(3, 1, dtype=torch.int64)
    with pytest.raises(ValueError, match=r"q must have shape .*\(2, 1\) and \(3, 1\)"):
        shapes.factor_information(Gaussian(torch.zeros(2, 1), torch.zeros(2, 1)), factors)
    spread = Gaussian(torch.tensor([[0.0], [1e6], [0.0]]), torch.zeros(3, 1))
    with pytest.raises(ValueError, match="narrowest Q has a standard deviation of 1 "):
        shapes.factor_information(spread, factors)
    with pytest.raises(ValueError, match=r"at least two latents .*got \(4, 1\)"):
        shapes.information_gap(torch.zeros(4, 1), torch.zeros(4))


def test_a_factor_that_never_varies_has_no_gap() -> None:
    with pytest.raises(ValueError, match=r"every factor must take two values or more"):
        shapes.information_gap(torch.zeros(2, 3), torch.tensor([0.0, 1.0]))

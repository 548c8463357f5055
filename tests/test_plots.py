"""What a figure shows is what it was given; how it looks is for the eye."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from matplotlib.patches import Ellipse
from torch.distributions import MultivariateNormal

from vae_lib import plots
from vae_lib.distributions import Gaussian
from vae_lib.training import History


def outline(ellipse: Ellipse) -> np.ndarray:
    """Points around the ellipse in data coordinates, shape ``(points, 2)``."""
    angles = np.linspace(0, 2 * np.pi, 60)
    return ellipse.get_patch_transform().transform(np.stack([np.cos(angles), np.sin(angles)], axis=1))


@pytest.mark.parametrize("correlation", [-0.9, 0.0, 0.6])
@pytest.mark.parametrize("spreads", [(0.3, 1.1), (1.1, 0.3)])
def test_both_ellipses_lie_two_standard_deviations_out(correlation: float, spreads: tuple[float, float]) -> None:
    center = torch.tensor([0.4, -1.2], dtype=torch.float64)
    first, second = spreads
    shared = correlation * first * second
    covariance = torch.tensor([[first**2, shared], [shared, second**2]], dtype=torch.float64)
    q = Gaussian(torch.tensor([1.0, 2.0]), 2 * torch.tensor([0.5, 0.25]).log())
    figure = plots.tilted_posteriors([MultivariateNormal(center, covariance)] * 2, [q, q], ["one", "other"])
    assert [ax.get_title(loc="left") for ax in figure.axes] == ["one", "other"]
    for ax in figure.axes:
        exact, approximate = (outline(patch) for patch in ax.patches if isinstance(patch, Ellipse))
        away = exact - center.numpy()
        # Mahalanobis distance, from the covariance itself: 2 all the way round, to rounding
        assert np.allclose(np.einsum("ni,ij,nj->n", away, np.linalg.inv(covariance.numpy()), away), 4, atol=1e-9)
        assert np.allclose((((approximate - [1.0, 2.0]) / [0.5, 0.25]) ** 2).sum(1), 4, atol=1e-5)


def test_the_longest_axis_is_within_the_panel() -> None:
    narrow = MultivariateNormal(torch.zeros(2), torch.tensor([[4.0, 1.9], [1.9, 1.0]]))
    ax = plots.tilted_posteriors([narrow], [Gaussian(torch.zeros(2), torch.zeros(2))], ["x"]).axes[0]
    reach = 2 * math.sqrt(float(torch.linalg.eigvalsh(narrow.covariance_matrix)[-1]))
    low, high = ax.get_xlim()
    assert low < -reach
    assert high > reach


def test_as_many_q_as_posteriors_are_needed() -> None:
    round_one = MultivariateNormal(torch.zeros(2), torch.eye(2))
    with pytest.raises(ValueError, match="shorter"):
        plots.tilted_posteriors([round_one, round_one], [Gaussian(torch.zeros(2), torch.zeros(2))], ["a", "b"])


def test_the_kl_over_the_epochs_is_shown_from_zero_with_all_that_it_does_at_first() -> None:
    kl = [1.9, 0.08, 0.07, 1.0, 3.5, 4.2, 4.6, 4.7, 4.8, 4.9, 5.0, 5.3]
    record = History(reconstruction=[float(-epoch) for epoch in range(12)], kl=kl)
    low, high = plots.history(record).axes[1].get_ylim()
    assert low == 0 < min(kl)
    assert max(kl) < high

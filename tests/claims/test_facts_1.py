"""Sentences of chapter 1 that no cell of it holds."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy.spatial import KDTree
from sklearn.model_selection import cross_val_score
from sklearn.neighbors import KNeighborsClassifier
from sklearn.svm import SVC
from torch import Tensor

from vae_lib import data, pretrained


@pytest.fixture(scope="module")
def reader(digits: data.Dataset) -> SVC:
    return SVC(C=10).fit(digits.train.numpy(), digits.train_labels.numpy())


@pytest.fixture(scope="module")
def codes(digits: data.Dataset) -> Tensor:
    with torch.no_grad():
        return pretrained.load("digits-2").encode(digits.test).mean


def test_noise_is_farther_from_every_digit_than_digits_are_from_one_another(digits: data.Dataset) -> None:
    every = np.concatenate([digits.train.numpy(), digits.test.numpy()])
    tree = KDTree(every)
    among_digits = tree.query(every, k=2)[0][:, 1]
    noise = np.random.default_rng(0).random((100_000, 64))
    closest = min(
        np.sqrt(((part**2).sum(1)[:, None] - 2 * part @ every.T + (every**2).sum(1)).min())
        for part in np.array_split(noise, 100)
    )
    assert closest > 1.1 * among_digits.max()


def test_most_digits_survive_and_one_of_the_ten_does_not(digits: data.Dataset, codes: Tensor, reader: SVC) -> None:
    with torch.no_grad():
        back = pretrained.load("digits-2").decode(codes).numpy()
    same = reader.predict(back) == digits.test_labels.numpy()
    assert same[:10].sum() == 9
    assert 0.85 < same.mean() < 0.95


def test_most_kinds_of_digit_lie_together(digits: data.Dataset, codes: Tensor) -> None:
    """The ten nearest codes tell the kind of nearly nine digits in ten; with shuffled labels of one in ten."""
    labels = digits.test_labels.numpy()
    shuffled = np.random.default_rng(0).permutation(labels)
    found, null = (cross_val_score(KNeighborsClassifier(10), codes, y, cv=5).mean() for y in (labels, shuffled))
    assert found > 0.85 > 0.2 > null


def test_half_way_between_zeros_and_sixes_it_is_a_bit_of_both(digits: data.Dataset, codes: Tensor) -> None:
    """Along the line the reader sees zeros, then sixes, and no third kind; in the middle it votes by a little."""
    zero, six = (codes[digits.test_labels == kind].median(0).values for kind in (0, 6))
    walk = torch.lerp(zero, six, torch.linspace(0, 1, 41)[:, None])
    with torch.no_grad():
        pictures = pretrained.load("digits-2").decode(walk)
    judge = SVC(C=10).fit(*of_kinds(digits, (0, 6)))
    votes = judge.decision_function(pictures.numpy())
    assert (np.diff(votes) > -0.05).all(), "gradual, from the one to the other"
    assert votes[0] < -0.8 < 0.8 < votes[-1]
    assert np.abs(votes[18:23]).min() < 0.3
    steps = (pictures[1:] - pictures[:-1]).norm(dim=1)
    assert steps.max() < 0.25 * (pictures[-1] - pictures[0]).norm()


def of_kinds(digits: data.Dataset, kinds: tuple[int, int]) -> tuple[np.ndarray, np.ndarray]:
    chosen = torch.isin(digits.train_labels, torch.tensor(kinds))
    return digits.train[chosen].numpy(), digits.train_labels[chosen].numpy()


def test_pca_with_more_numbers_never_rebuilds_the_training_data_worse(digits: data.Dataset) -> None:
    """What is left is the sum of the eigenvalues that were dropped."""
    left = np.linalg.eigvalsh(np.cov(digits.train.numpy().T)).cumsum()
    assert (np.diff(left) >= -1e-9).all()

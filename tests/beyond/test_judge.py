"""The measures of chapter 10 against the grid, scikit-learn and a sum over pairs."""

from __future__ import annotations

import json
import re

import numpy as np
import pytest
import torch
from scipy import special, stats
from sklearn.linear_model import LogisticRegression
from sklearn.metrics.pairwise import rbf_kernel

from vae_lib import evidence, pretrained
from vae_lib.beyond import conditional
from vae_lib.beyond.judge import Judge, exact_log_evidence, recorded, same_rows
from vae_lib.beyond.sigma import PixelSigmaVAE
from vae_lib.data import Dataset
from vae_lib.evidence import importance_log_weights, log_mean_exp
from vae_lib.model import VAE


def test_the_sum_over_the_plane_is_the_grid_s(digits: Dataset) -> None:
    model, few = pretrained.load("digits-2"), digits.test[:5]
    by_grid = [evidence.grid(model, x).log_evidence for x in few]
    assert exact_log_evidence(model, few).tolist() == pytest.approx(by_grid, abs=1e-2)


def test_a_width_for_each_pixel_is_heard() -> None:
    torch.manual_seed(0)
    model = PixelSigmaVAE(3, 2, (8,))
    model.log_sigma.data = torch.tensor([-1.0, -0.5, 0.2])
    x = torch.rand(2, 3)
    axis = np.arange(-6, 6, 0.1) + 0.05
    z = np.stack(np.meshgrid(axis, axis, indexing="ij"), -1).reshape(-1, 2)
    with torch.no_grad():
        pictures = model.decode(torch.tensor(z, dtype=torch.float32)).double().numpy()
    log_prior = stats.norm.logpdf(z).sum(1) + 2 * np.log(0.1)
    widths = np.exp(model.log_sigma.detach().numpy().astype(float))
    wanted = [special.logsumexp(log_prior + stats.norm(pictures, widths).logpdf(row).sum(1)) for row in x.numpy()]
    assert exact_log_evidence(model, x).tolist() == pytest.approx(wanted, abs=1e-4)


def test_a_decoder_that_is_told_more() -> None:
    torch.manual_seed(0)
    told, x = conditional.ConditionalVAE(3, 2, 2, (8,), sigma=0.3), torch.rand(4, 3)
    seeded = torch.Generator().manual_seed(0)
    for label in (0, 1):
        rows = conditional.join(x, label, 2)
        by_draws = log_mean_exp(importance_log_weights(told, rows, told.encode(rows), 20_000, generator=seeded))
        exact = exact_log_evidence(told, x, decode=lambda z, label=label: told.decode(conditional.join(z, label, 2)))
        assert exact.tolist() == pytest.approx(by_draws.tolist(), abs=0.03)


def test_what_has_no_plane_is_refused() -> None:
    for model in (VAE(3, 3, (4,)), VAE(3, 2, (4,), likelihood="bernoulli")):
        with pytest.raises(ValueError, match="the plane needs two latents"):
            exact_log_evidence(model, torch.rand(2, 3))


def test_the_judge_is_a_classifier_and_a_distance(digits: Dataset) -> None:
    judge, some = Judge(digits), digits.test[:50]
    by_sklearn = LogisticRegression(max_iter=5000).fit(digits.train.numpy(), digits.train_labels.numpy())
    assert judge.sure(some) == (by_sklearn.predict_proba(some.numpy()).max(1) > 0.9).mean()
    assert judge.sure(torch.full((5, 64), 0.3)) == 0
    x, y = some.numpy(), digits.test.numpy()
    within = [k[~np.eye(len(k), dtype=bool)].mean() for k in (kernel(judge, x, x), kernel(judge, y, y))]
    assert judge.distance(some) == pytest.approx(1000 * (sum(within) - 2 * kernel(judge, x, y).mean()), abs=1e-3)


def kernel(judge: Judge, one: np.ndarray, other: np.ndarray) -> np.ndarray:
    return rbf_kernel(one.astype(float), other.astype(float), gamma=1 / (2 * judge.width**2))


def test_the_rows_of_a_page_are_means_of_its_record() -> None:
    rows = json.loads((pretrained.SHIPPED / "chapter-10.json").read_text("utf-8"))["pages"]["10-7"]
    shown_rows = same_rows("10-7").rows
    assert [name for name, *_ in shown_rows] == list(rows)
    for (_, *cells), row in zip(shown_rows, rows.values(), strict=True):
        shown = [float(number) for number in re.findall(r"-?\d+(?:\.\d+)?", " ".join(cells))]
        figures = (row["log_p"], 100 * np.array(row["sure_back"]), 100 * np.array(row["sure"]), row["distance"])
        wanted = [number for figure in figures for number in (np.mean(figure), np.std(figure, ddof=1))]
        assert shown == pytest.approx(wanted, abs=0.51)
        assert ("≥" in cells[0]) == ("last_half" in row)
    assert recorded("10-7")["plain"]["sure"].tolist() == rows["plain"]["sure"]

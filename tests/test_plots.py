"""What a figure shows is what it was given; how it looks is for the eye."""

from __future__ import annotations

import base64
import io
import math

import nbformat
import numpy as np
import pytest
import torch
from matplotlib.patches import Ellipse
from nbclient import NotebookClient
from PIL import Image
from torch.distributions import MultivariateNormal

from vae_lib import plots
from vae_lib.distributions import Gaussian
from vae_lib.palette import TERMS
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


def test_factors_stand_where_they_are_with_their_median() -> None:
    rows = {"few": torch.tensor([2.0, 8.0, 32.0]), "many": torch.tensor([[100.0, 1000.0], [1000.0, 20_000.0]])}
    (ax,) = plots.factors(rows, "times as many").axes
    assert [label.get_text() for label in ax.get_yticklabels()] == list(rows)
    for row, (dots, values) in enumerate(zip(ax.collections, rows.values(), strict=True)):
        at = np.asarray(dots.get_offsets())
        assert at[:, 0].tolist() == values.flatten().tolist()
        assert (np.abs(at[:, 1] - row) < 0.2).all()
    assert [text.get_text() for text in ax.texts] == ["median 8", "median 1,000"]
    assert ax.get_xscale() == "log"


def test_the_kl_over_the_epochs_is_shown_from_zero_with_all_that_it_does_at_first() -> None:
    kl = [1.9, 0.08, 0.07, 1.0, 3.5, 4.2, 4.6, 4.7, 4.8, 4.9, 5.0, 5.3]
    record = History(reconstruction=[float(-epoch) for epoch in range(12)], kl=kl)
    low, high = plots.history(record).axes[1].get_ylim()
    assert low == 0 < min(kl)
    assert max(kl) < high


def test_runs_are_dots_with_a_bar_at_their_mean() -> None:
    values = {"one": torch.tensor([0.1, 0.2, 0.6]), "other": torch.tensor([0.5, 0.5, 0.8])}
    figure = plots.by_seed({"first": values, "second": values}, xlabel="share")
    assert [ax.get_title(loc="left") for ax in figure.axes] == ["first", "second"]
    for ax in figure.axes:
        for place, (dots, bar) in enumerate(zip(ax.lines[::2], ax.lines[1::2], strict=True)):
            runs = list(values.values())[place]
            assert dots.get_xdata() == pytest.approx(runs.numpy())
            assert bar.get_xdata() == pytest.approx([float(runs.mean())] * 2)
            assert np.mean(bar.get_ydata()) == pytest.approx(place)
    assert [label.get_text() for label in figure.axes[0].get_yticklabels()] == list(values)


def test_at_most_forty_runs_of_a_size_are_shown_and_all_count() -> None:
    estimates = {10: torch.linspace(-1, 1, 101), 100: torch.linspace(-0.1, 0.1, 11)}
    (ax,) = plots.draws_against_exact(estimates, 0.25).axes
    _, *dots = ax.collections
    assert [len(each.get_offsets()) for each in dots] == [40, 11]
    middle, exact = ax.lines
    assert middle.get_ydata() == pytest.approx([0, 0], abs=1e-6)
    assert list(exact.get_ydata()) == [0.25, 0.25]


def test_bars_are_as_long_as_their_numbers_and_say_them() -> None:
    (ax,) = plots.bars([("one", 3.25), ("two", torch.tensor(-1.5)), ("two", 2.0, 0.5)], xlabel="nats").axes
    found = [(bar.get_x(), bar.get_width(), bar.get_y() + bar.get_height() / 2) for bar in ax.patches]
    assert found == [(0, 3.25, 0), (0, -1.5, 1), (0, 2, 2), (2, 0.5, 2)]
    assert [text.get_text() for text in ax.texts] == ["3.2", "−1.5", "2.0 + 0.5"]
    assert [label.get_text() for label in ax.get_yticklabels()] == ["one", "two", "two"]
    low, high = ax.get_xlim()
    assert low < -1.5
    assert high > 3.25


def test_the_elbo_has_one_colour_that_is_none_of_a_term() -> None:
    x = torch.linspace(0, 1, 5)
    over_epochs = plots.history(History([-9.0, -8.0], [1.0, 1.5])).axes[2]
    over_k = plots.iwae_curves([1, 10, 100], {"one": (torch.tensor([1.0, 2.0, 3.0]), 4.0)}).axes[0]
    over_rate = plots.curves(x, {"−ELBO": (x, "elbo")}, xlabel="rate", ylabel="nats").axes[0]
    colours = {axes.lines[0].get_color() for axes in (over_epochs, over_k, over_rate)}
    assert len(colours) == 1
    assert not colours & {shade.light for shade in TERMS.values()}


def test_a_notebook_draws_two_pixels_for_each_and_says_the_size() -> None:
    cell = nbformat.v4.new_code_cell("from vae_lib import plots\nplots.equation_4(-1.4, 0.5, -1.7, 0.2)")
    notebook = nbformat.v4.new_notebook(cells=[cell])
    NotebookClient(notebook).execute()
    (output,) = notebook.cells[0].outputs
    with Image.open(io.BytesIO(base64.b64decode(output["data"]["image/png"]))) as picture:
        assert picture.width == pytest.approx(2 * output["metadata"]["image/png"]["width"], abs=1)
        assert 680 < picture.width / 2 < 720  # the site's column


def test_on_a_phone_panels_stand_below_each_other() -> None:
    values = {"one, whose name is so long that it takes two lines": torch.tensor([0.1, 0.2]), "two": torch.ones(2)}
    wide = plots.by_seed({"first": values, "second": values}, xlabel="share")
    narrow = wide.narrow()
    assert (wide.get_figwidth(), narrow.get_figwidth()) == (plots.WIDTH, plots.NARROW)
    for figure, beside in ((wide, True), (narrow, False)):
        figure.draw_without_rendering()
        first, second = (ax.get_position() for ax in figure.axes)
        assert (first.x1 < second.x0) == beside
        assert (first.y0 > second.y1) == (not beside)
    for before, after in zip(wide.axes, narrow.axes, strict=True):
        assert [line.get_xydata().tolist() for line in before.lines] == [
            line.get_xydata().tolist() for line in after.lines
        ]
    assert narrow.axes[0].get_yticklabels()[0].get_text().count("\n") > 0


def test_on_a_phone_no_name_stands_on_another() -> None:
    x = torch.linspace(0, 1, 20)
    lines = {f"the name of curve {i}": (torch.ones(20) + 0.001 * i, "evidence") for i in range(3)}
    figure = plots.curves(x, lines, xlabel="x", ylabel="y").narrow()
    boxes = [text.get_window_extent() for text in figure.axes[0].texts]
    assert not any(one.overlaps(other) for i, one in enumerate(boxes) for other in boxes[:i])


def test_rows_that_are_made_once_are_drawn_twice() -> None:
    figure = plots.bars((row for row in [("one", 1.0), ("two", 2.0)]), xlabel="nats")
    assert [bar.get_width() for bar in figure.narrow().axes[0].patches] == [1.0, 2.0]


def test_where_the_site_is_built_the_one_for_a_phone_stands_before_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VAE_BOOK_FILM", "1")
    cell = nbformat.v4.new_code_cell("from vae_lib import plots\nplots.equation_4(-1.4, 0.5, -1.7, 0.2)")
    notebook = nbformat.v4.new_notebook(cells=[cell])
    NotebookClient(notebook).execute()
    pictures = [base64.b64decode(output["data"]["image/png"]) for output in notebook.cells[0].outputs]
    narrow, wide = (Image.open(io.BytesIO(picture)) for picture in pictures)
    assert [picture.info.get("Description") for picture in (narrow, wide)] == ["for a phone", None]
    assert narrow.width < 0.65 * wide.width

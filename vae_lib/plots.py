"""The figures of the book, one call each, in one style. Every function returns a matplotlib ``Figure``.

Labels stand on the thing that they name rather than in a legend, and terms have the colours of ``palette``. Arguments
are tensors or arrays as the rest of the library makes them; log densities are in nats.
"""

from __future__ import annotations

import functools
import math
import os
import sys
import textwrap
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, ParamSpec, cast

import matplotlib.pyplot as plt
import numpy as np
import torch
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Ellipse
from matplotlib.text import Annotation
from matplotlib.ticker import FixedLocator
from torch import Tensor
from torch.distributions import MultivariateNormal

from vae_lib import checks
from vae_lib.data import Examples, examples
from vae_lib.distributions import Gaussian
from vae_lib.evidence import GapParts, Grid
from vae_lib.palette import DIGITS, FAINT, INK, NEUTRALS, PAPER, PICTURE, TERMS
from vae_lib.training import History

QUIET = NEUTRALS["quiet"].light  # what is no term of Eq. (4)
COLORS = {term: shade.light for term, shade in TERMS.items()} | {"elbo": INK}

STYLE: Any = {
    "figure.dpi": 108,  # as wide as the site's column; a notebook shows it with twice as many pixels
    "figure.constrained_layout.use": True,
    "font.size": 9.5,
    "font.family": ["DejaVu Sans"],
    "axes.titlesize": 10,
    "axes.titlelocation": "left",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.edgecolor": INK,
    "axes.labelcolor": INK,
    "axes.linewidth": 0.8,
    "text.color": INK,
    "xtick.color": INK,
    "ytick.color": INK,
    "lines.linewidth": 1.8,
    "grid.color": FAINT,
    "grid.linewidth": 0.6,
}


WIDTH, NARROW = 6.4, 3.2
"""Width of every figure, in inches, and on a phone."""


def _twice_the_pixels() -> None:
    """Have a notebook draw figures for screens with two pixels where others have one, and the site for phones too."""
    if shell := getattr(sys.modules.get("IPython"), "get_ipython", lambda: None)():
        from matplotlib_inline.config import InlineBackend

        backend = InlineBackend.instance(parent=shell)
        backend.shell = shell
        backend.figure_formats = {"retina"}
        if os.environ.get("VAE_BOOK_FILM"):
            shell.display_formatter.mimebundle_formatter.for_type(Figure, _show_narrow)


def _show_narrow(figure: Figure) -> None:
    """Show, before a figure, the same for a phone, with a mark by which the site tells it."""
    from IPython.core.pylabtools import print_figure
    from IPython.display import display

    if draw := getattr(figure, "narrow", None):
        picture = print_figure(draw(), "retina", base64=True, metadata={"Description": "for a phone"})
        display({"image/png": picture}, raw=True)


_twice_the_pixels()

Arguments = ParamSpec("Arguments")


def _in_style(draw: Callable[Arguments, Figure]) -> Callable[Arguments, Figure]:
    """Draw in the book's style, and keep the figure out of pyplot's list so that a notebook shows it once.

    Its attribute ``narrow`` draws the same figure for a phone, with its panels below each other.
    """

    @functools.wraps(draw)
    def styled(*args: Arguments.args, **kwargs: Arguments.kwargs) -> Figure:
        kept: Any = [list(one) if isinstance(one, Iterator) else one for one in args]  # for twice

        def at(width: float) -> Figure:
            with plt.rc_context({**STYLE, "figure.figsize": (width, 2.8)}):
                figure = draw(*kept, **kwargs)
                if width < WIDTH:
                    _break_lines(figure)
            plt.close(figure)
            return figure

        figure: Any = at(WIDTH)
        figure.narrow = functools.partial(at, NARROW)
        return cast(Figure, figure)

    return styled


def _break_lines(figure: Figure) -> None:
    """What is written beside a narrow figure's axes goes on in a new line where the figure ends; no name on another."""
    for ax in figure.axes:
        for text, letters in ((ax.xaxis.label, 40), (ax.yaxis.label, 22), (ax._left_title, 40)):  # type: ignore[attr-defined]
            text.set_text(textwrap.fill(text.get_text(), letters))
        if isinstance(ax.yaxis.get_major_locator(), FixedLocator) and ax.get_yticks().size:
            ax.set_yticks(ax.get_yticks(), [textwrap.fill(label.get_text(), 20) for label in ax.get_yticklabels()])
    if figure.get_supxlabel():
        figure.supxlabel(textwrap.fill(figure.get_supxlabel(), 40), fontsize=9)
    crowds = [[text for text in ax.texts if isinstance(text, Annotation)] for ax in figure.axes]
    if max(map(len, crowds)) > 1:
        figure.draw_without_rendering()  # places them
    for names in crowds:
        for place, name in enumerate(names):
            while any(name.get_window_extent().overlaps(other.get_window_extent()) for other in names[:place]):
                name.xyann = (name.xyann[0], name.xyann[1] - 3)


def _width() -> float:
    """Of the figure that is being drawn, in inches."""
    return float(plt.rcParams["figure.figsize"][0])


def _subplots(rows: int = 1, columns: int = 1, *, height: float = 2.8, **settings: Any) -> tuple[Figure, Any]:
    """Axes in rows and columns; on a phone the panels of a row stand below each other."""
    if columns == 1 or _width() == WIDTH:
        return plt.subplots(rows, columns, figsize=(_width(), height), **settings)
    squeeze = settings.pop("squeeze", True)
    stacked = (_width(), 0.85 * columns * height)
    figure, axes = plt.subplots(rows * columns, 1, figsize=stacked, squeeze=False, **settings)
    return figure, axes.reshape(rows, columns).squeeze() if squeeze else axes.reshape(rows, columns)


def _pictures(x: Examples, shape: Sequence[int], name: str) -> Tensor:
    """Pictures as the library takes them, but that a value a little outside of [0, 1] is drawn as its end."""
    like = torch.zeros(())  # on the processor, in float32
    try:
        rows = examples(x, name, width=math.prod(shape), like=like).detach()
    except ValueError:  # which says again what is wrong, unless it is the range alone
        rows = examples(x, name, width=math.prod(shape), pictures=False, like=like).detach()
    if rows.ndim != 2 or len(rows) == 0:
        raise ValueError(f"{name} must have shape (count, pixels) with at least one picture, got {tuple(rows.shape)}")
    if not -1 <= float(rows.min()) <= float(rows.max()) <= 2:
        seen = f"{rows.min():g} to {rows.max():g}"
        raise ValueError(f"{name} must lie in [0, 1], got values from {seen}; divide by the most that a pixel can be")
    return rows


def _draw_image(ax: Axes, pixels: Tensor, shape: Sequence[int], title: str | None = None) -> None:
    picture = pixels.detach().reshape(tuple(shape)).clamp(0, 1)
    if len(shape) == 3:  # channels: one is grey, three are colours
        picture = picture[0] if shape[0] == 1 else picture.permute(1, 2, 0)
    ax.imshow(picture.numpy(), cmap=PICTURE, vmin=0, vmax=1, interpolation="nearest")
    ax.set_xticks([])
    ax.set_yticks([])
    for spine in ax.spines.values():
        spine.set_visible(True)
        spine.set_color(FAINT)
    if title is not None:
        ax.set_title(title, fontsize=8, loc="center")


@_in_style
def images(
    x: Examples,
    shape: Sequence[int],
    *,
    titles: Sequence[str] | None = None,
    rows: Sequence[str] | None = None,
    columns: int = 10,
) -> Figure:
    """Pictures in rows, ink on paper.

    Args:
        x: shape ``(count, height·width)``, brightness 0 to 1.
        shape: ``(height, width)`` or ``(channels, height, width)``.
        titles: a line above each picture.
        rows: a name to the left of each row.
        columns: pictures a row.
    """
    x = _pictures(x, shape, "x")
    checks.at_least(1, columns=columns)
    columns = min(columns, len(x))
    count_rows, phone = -(-len(x) // columns), _width() < WIDTH
    if titles and phone:
        titles = [textwrap.fill(title, 48 // columns) for title in titles]
    lines = max(title.count("\n") for title in titles) if titles else 0
    words = 0.25 + 0.13 * lines if titles or (rows and phone) else 0.05
    height = count_rows * (_width() / max(columns, 3 if phone else 6) + words)
    figure, axes = plt.subplots(count_rows, columns, figsize=(_width(), height), squeeze=False)
    for index, ax in enumerate(axes.flat):
        if index >= len(x):
            ax.axis("off")
            continue
        _draw_image(ax, x[index], shape, titles[index] if titles else None)
    for row, name in zip(axes, rows or [], strict=False):
        if phone and not titles:  # there is no room beside the row
            row[columns // 2].set_title(name, fontsize=8.5, loc="center")
        else:
            row[0].set_ylabel(name, rotation=0, ha="right", va="center", fontsize=8.5)
    return figure


def _draw_codes(ax: Axes, codes: Tensor, labels: Tensor) -> None:
    for digit in labels.unique().tolist():
        points = codes[labels == digit].detach().numpy()
        color = DIGITS[digit % len(DIGITS)]
        ax.scatter(points[:, 0], points[:, 1], s=5, color=color, alpha=0.55, lw=0)
        ax.text(
            float(np.median(points[:, 0])),
            float(np.median(points[:, 1])),
            str(digit),
            color=color,
            fontsize=13,
            fontweight="bold",
            ha="center",
            va="center",
            path_effects=_halo(),
        )
    ax.set_aspect("equal")
    ax.set_xlabel("z₁")
    ax.set_ylabel("z₂", rotation=0)


def _halo() -> list[Any]:
    from matplotlib.patheffects import withStroke

    return [withStroke(linewidth=3, foreground=PAPER)]


@_in_style
def two_latent_spaces(
    codes: tuple[Tensor, Tensor],
    labels: Tensor,
    draws: tuple[Tensor, Tensor],
    ringed: tuple[Tensor, Tensor],
    pictures: tuple[Tensor, Tensor],
    shape: tuple[int, int],
    names: tuple[str, str],
) -> Figure:
    """Two latent spaces side by side: codes, points drawn for decoding, and what they decode to.

    Args:
        codes: codes of the same examples in either space, shape ``(count, 2)`` each.
        labels: class of each example.
        draws: points drawn in either space, shape ``(draws, 2)`` each, marked with crosses.
        ringed: indices of the draws that were decoded, at most 16 in either space.
        pictures: what those decode to, shape ``(16, pixels)`` each or fewer.
        shape: ``(height, width)`` of a picture.
        names: what to call the two.
    """
    phone = _width() < WIDTH
    figure = plt.figure(figsize=(_width(), 9 if phone else 4.5))
    layout: Any = {"nrows": 4, "ncols": 1} if phone else {"nrows": 2, "ncols": 2, "wspace": 0.08}
    parts: Any = figure.subfigures(**layout, height_ratios=[2.6, 1] * (1 + phone), hspace=0.03)
    parts = parts.reshape(2, 2).T if phone else parts
    for column, name in enumerate(names):
        ax = parts[0, column].subplots()
        _draw_codes(ax, codes[column], labels)
        crosses = draws[column].detach().numpy()
        ax.scatter(crosses[:, 0], crosses[:, 1], marker="x", s=7, lw=0.6, color=INK)
        chosen = crosses[ringed[column]]
        ax.scatter(chosen[:, 0], chosen[:, 1], s=60, lw=1.2, facecolors="none", edgecolors=INK)
        ax.set_title(f"{name}: {len(crosses)} draws")
        parts[1, column].suptitle(f"{name}: the {len(chosen)} ringed draws, decoded", fontsize=8.5)
        panels = parts[1, column].subplots(2, 8)
        for ax, picture in zip(panels.flat, pictures[column], strict=False):
            _draw_image(ax, picture, shape)
    return figure


@_in_style
def by_seed(panels: dict[str, dict[str, Tensor]], *, xlabel: str) -> Figure:
    """What several runs came to, a dot for each, with a bar at their mean: up to three panels in a row, or two.

    Args:
        panels: by its title the rows of a panel, by name what each run came to, shape ``(runs,)``; the names and their
            order are those of the first panel.
    """
    names = list(next(iter(panels.values())))
    columns = len(panels) if len(panels) < 4 else 2
    rows = -(-len(panels) // columns)
    height = rows * (0.6 + (0.2 if _width() == WIDTH else 0.36) * len(names))
    figure, axes = _subplots(rows, columns, height=height, sharex=True, sharey=True, squeeze=False)
    for ax, (title, values) in zip(axes.flat, panels.items(), strict=True):
        for place, name in enumerate(names):
            color = INK if place % 2 else QUIET
            runs = values[name].numpy()
            ax.plot(runs, [place] * len(runs), "o", ms=3.5, color=color, alpha=0.55, mew=0)
            ax.plot([runs.mean()] * 2, [place - 0.35, place + 0.35], color=color, lw=1.4)
        ax.set_title(title, fontsize=9)
        ax.grid(axis="x")
        ax.locator_params(axis="x", nbins=4)
    axes[0, 0].set_yticks(range(len(names)), names)
    axes[0, 0].set_ylim(len(names) - 0.5, -0.5)
    figure.supxlabel(xlabel, fontsize=9)
    return figure


@_in_style
def history(record: History, held_out: Sequence[tuple[float, float]] = ()) -> Figure:
    """The two terms of Eq. (4) over the epochs, and their difference, in nats per example.

    Args:
        record: what ``fit`` returned.
        held_out: both terms of held-out examples after each epoch, from ``training.mean_terms``; dashed.

    Raises:
        ValueError: the training was stopped within its first epoch, so there is nothing to draw.
    """
    if not record.kl:
        raise ValueError("the history holds no whole epoch; train for at least one")
    figure, axes = _subplots(1, 3, height=2.3)
    epochs = np.arange(1, len(record.kl) + 1)
    reconstruction, kl = ([terms[i] for terms in held_out] for i in (0, 1))
    difference = [first - second for first, second in held_out] or record.validation
    curves = (
        ("reconstruction", record.reconstruction, reconstruction, COLORS["reconstruction"]),
        ("KL to the prior", record.kl, kl, COLORS["kl"]),
        ("ELBO, their difference", record.elbo, difference, COLORS["elbo"]),
    )
    for ax, (name, seen, unseen, color) in zip(axes, curves, strict=True):
        ax.plot(epochs, seen, color=color, marker="o" if len(epochs) == 1 else None)
        ax.set_title(name, color=color)
        ax.set_xlabel("epoch")
        if unseen:
            ax.plot(epochs, unseen, color=color, lw=1.2, ls="--")
            ax.text(0.98, 0.05, "dashed: held out", transform=ax.transAxes, color=color, fontsize=8, ha="right")
        if name == "KL to the prior":  # from zero, as what it does in the first epochs matters
            ax.set_ylim(0, 1.1 * max(*seen, *unseen, 1e-9))
            continue
        low, high = np.quantile([*seen, *unseen], [0.1, 1])  # the first epochs would flatten all the others
        ax.set_ylim(low - 0.25 * (high - low + 1e-9), high + 0.1 * (high - low + 1e-9))
    if record.validation:  # the epoch whose weights the model kept
        axes[2].plot([record.best_epoch], [difference[record.best_epoch - 1]], "o", color=COLORS["elbo"], ms=4)
    axes[0].set_ylabel("nats per example")
    return figure


@_in_style
def curves(
    x: Tensor,
    lines: dict[str, tuple[Tensor, str]],
    *,
    xlabel: str,
    ylabel: str,
    fill: Sequence[str] = (),
    labels_at: dict[str, float] | None = None,
    height: float = 2.4,
) -> Figure:
    """Curves over one axis, each with its name beside it.

    Args:
        x: shape ``(count,)``.
        lines: name to ``(values of shape (count,), colour)``; a colour is a key of ``COLORS`` or a hex string.
        fill: names of the curves to shade down to zero.
        labels_at: where on the axis a name stands; its curve's peak if absent.
    """
    figure, ax = _subplots(height=height)
    grid = x.detach().numpy()
    for name, (values, color) in lines.items():
        shade = COLORS.get(color, color)
        heights = values.detach().numpy()
        ax.plot(grid, heights, color=shade)
        if name in fill:
            ax.fill_between(grid, heights, 0, color=shade, alpha=0.15, lw=0)
        at = (labels_at or {}).get(name)
        index = int(np.argmax(heights)) if at is None else int(np.argmin(np.abs(grid - at)))
        ax.annotate(
            name,
            (grid[index], heights[index]),
            xytext=(6, 4),
            textcoords="offset points",
            color=shade,
            path_effects=_halo(),
        )
    ax.axhline(0, color=FAINT, lw=0.8, zorder=0)
    ax.set_xlabel(xlabel)
    ax.set_ylabel(ylabel)
    ax.margins(x=0, y=0.12)
    return figure


@_in_style
def kl_integrand(z: Tensor, p: Tensor, q: Tensor) -> Figure:
    """Two densities, and below them q·(log q − log p), whose signed area is 𝒟[q‖p].

    Args:
        z: even grid, shape ``(count,)``.
        p, q: densities on it.
    """
    figure, (top, bottom) = _subplots(2, 1, height=3.4, sharex=True)
    grid = z.numpy()
    for values, name, color in ((q, "Q", COLORS["posterior"]), (p, "P", COLORS["prior"])):
        top.plot(grid, values.numpy(), color=color)
        peak = int(values.argmax())
        top.annotate(name, (grid[peak], float(values[peak])), xytext=(6, 2), textcoords="offset points", color=color)
    top.set_ylabel("density")
    integrand = torch.where(q > 0, q * (q.log() - p.log()), torch.zeros_like(q)).numpy()
    step = float(z[1] - z[0])
    bottom.plot(grid, integrand, color=COLORS["gap"], lw=1)
    bottom.fill_between(grid, integrand, 0, where=integrand > 0, color=COLORS["gap"], alpha=0.35, lw=0)
    bottom.fill_between(grid, integrand, 0, where=integrand < 0, color=COLORS["gap"], alpha=0.12, hatch="///", lw=0)
    positive, negative = integrand[integrand > 0].sum() * step, integrand[integrand < 0].sum() * step
    bottom.set_title(
        f"area above {positive:.3f}, area below (hatched) {negative:.3f}, "
        rf"sum $\mathcal{{D}}[Q\Vert P]$ = {positive + negative:.3f} nats",
        fontsize=9,
    )
    bottom.axhline(0, color=INK, lw=0.8)
    bottom.set_xlabel("z")
    bottom.set_ylabel("Q (log Q − log P)")
    return figure


@_in_style
def draws_against_exact(estimates: dict[int, Tensor], exact: float) -> Figure:
    """Estimates of log P(X) against the number of draws, with the exact value as a line.

    Args:
        estimates: by the number of draws what as many runs came to as there are, shape ``(runs,)``, nats; at most 40 of
            them are shown as dots.
        exact: log P(X), nats.
    """
    figure, ax = _subplots(height=2.7)
    counts = list(estimates)
    low, middle, high = (np.array([values.quantile(q) for values in estimates.values()]) for q in (0.05, 0.5, 0.95))
    ax.fill_between(counts, low, high, color=COLORS["prior"], alpha=0.25, lw=0)
    ax.plot(counts, middle, color=COLORS["prior"], marker="o", ms=4)
    for count, values in estimates.items():
        ax.scatter([count] * len(values[:40]), values[:40].numpy(), s=4, color=COLORS["prior"], alpha=0.5, lw=0)
    ax.axhline(exact, color=COLORS["evidence"])
    ax.annotate(
        "log P(X), exact",
        (counts[-1], exact),
        xytext=(0, 5),
        textcoords="offset points",
        ha="right",
        color=COLORS["evidence"],
    )
    ax.annotate(
        "median and 90 % of the estimates",
        (counts[-1], middle[-1]),
        xytext=(0, -34),
        textcoords="offset points",
        ha="right",
        color=COLORS["prior"],
    )
    ax.set_xscale("log")
    ax.set_xlabel("draws of z from the prior")
    ax.set_ylabel("estimate of log P(X), nats")
    ax.margins(y=0.15)
    return figure


@_in_style
def cumulative_share(log_weights: Tensor) -> Figure:
    """Share of the sum that the largest weights carry, draw by draw.

    Args:
        log_weights: log P(X|z) of the draws, shape ``(samples,)``.
    """
    figure, ax = _subplots(height=2.3)
    share = torch.softmax(log_weights.double(), 0).sort(descending=True).values.cumsum(0)
    needed = int((share < 0.99).sum()) + 1
    ax.step(np.arange(1, len(share) + 1), share.numpy(), color=COLORS["evidence"], where="post")
    ax.plot(needed, 0.99, "o", color=COLORS["evidence"])
    ax.annotate(
        f"{needed:,} of {len(share):,} draws carry 99 %",
        (needed, 0.99),
        xytext=(8, -16),
        textcoords="offset points",
        color=COLORS["evidence"],
    )
    ax.set_xscale("log")
    ax.set_xlabel("draws, those with the largest P(X|z) first")
    ax.set_ylabel("share of the sum")
    return figure


@_in_style
def posterior_map(grids: Sequence[Grid], qs: Sequence[Gaussian], pictures: Examples, shape: Sequence[int]) -> Figure:
    """For a few examples: the picture, the exact posterior P(z|X) as shading, and Q(z|X) as an ellipse.

    Args:
        grids: one for each example, from ``evidence.grid``.
        qs: one Gaussian of shape ``(2,)`` each; its ellipse is drawn at 2 standard deviations.
        pictures: shape ``(count, pixels)``.
        shape: ``(height, width)``.
    """
    pictures = _pictures(pictures, shape, "pictures")
    if _width() == WIDTH:
        figure, axes = _subplots(2, len(grids), height=3.7, squeeze=False, height_ratios=[1, 2.2])
    else:  # the picture beside its map
        layout: Any = {"squeeze": False, "width_ratios": [1, 2.2]}
        figure, axes = plt.subplots(len(grids), 2, figsize=(_width(), 2.3 * len(grids)), **layout)
        axes = axes.T
    for top, bottom, cells, q, picture in zip(axes[0], axes[1], grids, qs, pictures, strict=True):
        _draw_image(top, picture, shape)
        mean, std = q.mean.detach().numpy(), q.std.detach().numpy()
        mass = cells.mass
        centre = (mass[:, None] * cells.z).sum(0).numpy()
        spread = np.sqrt((mass[:, None] * (cells.z - torch.as_tensor(centre)) ** 2).sum(0).numpy())
        reach = max(4 * spread.max(), 4 * std.max(), np.abs(centre - mean).max() + 3 * std.max())
        density = (mass / cells.log_cell.exp()).numpy()
        near = (np.abs(cells.z.numpy() - centre) < 1.5 * reach).all(1)
        bottom.tripcolor(
            *cells.z.numpy()[near].T, density[near], shading="gouraud", cmap=_fade(COLORS["gap"]), rasterized=True
        )
        bottom.add_patch(Ellipse(tuple(mean), *(4 * std), fill=False, ec=COLORS["posterior"], lw=1.8))
        bottom.annotate("Q", (mean[0], mean[1] + 2 * std[1]), color=COLORS["posterior"], ha="center", va="bottom")
        bottom.set_xlim(centre[0] - reach, centre[0] + reach)
        bottom.set_ylim(centre[1] - reach, centre[1] + reach)
        bottom.set_aspect("equal")
        bottom.set_xlabel("z₁")
        bottom.tick_params(labelsize=7)
        bottom.locator_params(nbins=5)
    axes[1, 0].set_ylabel("z₂", rotation=0)
    return figure


@_in_style
def tilted_posteriors(
    posteriors: Sequence[MultivariateNormal], qs: Sequence[Gaussian], titles: Sequence[str]
) -> Figure:
    """Exact Gaussian posteriors of two latents, which may be tilted, each under a diagonal Q, which may not.

    Args:
        posteriors: P(z|X), each of batch shape ``()``; the shaded ellipse is drawn at 2 standard deviations.
        qs: one Gaussian of shape ``(2,)`` each; its outline is drawn at 2 standard deviations too.
        titles: a line above each panel.
    """
    figure, axes = _subplots(1, len(posteriors), height=3.0, squeeze=False)
    for ax, posterior, q, title in zip(axes[0], posteriors, qs, titles, strict=True):
        center = posterior.mean.detach().numpy()
        variances, directions = np.linalg.eigh(posterior.covariance_matrix.detach().numpy())
        tilt = np.degrees(np.arctan2(directions[1, 1], directions[0, 1]))  # of the longest axis, which comes last
        ax.add_patch(
            Ellipse(tuple(center), *(4 * np.sqrt(variances[::-1])), angle=tilt, color=COLORS["gap"], alpha=0.3, lw=0)
        )
        mean, std = q.mean.detach().numpy(), q.std.detach().numpy()
        ax.add_patch(Ellipse(tuple(mean), *(4 * std), fill=False, ec=COLORS["posterior"], lw=1.8))
        ax.annotate("Q", (mean[0], mean[1] + 2 * std[1]), color=COLORS["posterior"], ha="center", va="bottom")
        lower = center - 2 * np.sqrt(variances[1]) * directions[:, 1] * (1 if directions[1, 1] > 0 else -1)
        ax.annotate("P(z|X)", lower, xytext=(4, -3), textcoords="offset points", color=COLORS["gap"], va="top")
        reach = 3 * np.sqrt(variances[1])
        ax.set_xlim(center[0] - reach, center[0] + reach)
        ax.set_ylim(center[1] - reach, center[1] + reach)
        ax.set_aspect("equal")
        ax.set_title(title)
        ax.set_xlabel("z₁")
    axes[0, 0].set_ylabel("z₂", rotation=0)
    return figure


def _fade(color: str) -> Any:
    from matplotlib.colors import LinearSegmentedColormap

    return LinearSegmentedColormap.from_list("fade", [PAPER, color])


@_in_style
def prior_and_aggregate(axis: Tensor, log_prior: Tensor, log_aggregate: Tensor, *, hole: float = 0.1) -> Figure:
    """Two maps of latent space to ±4: where the prior puts z, and where the codes lie; hatched where it meets a hole.

    Args:
        axis: places along either axis, shape ``(n,)``.
        log_prior, log_aggregate: log densities at ``torch.cartesian_prod(axis, axis)``, nats, shape ``(n²,)``.
        hole: hatched is where the aggregate is below this share of the prior, within 3 standard deviations.
    """
    figure, axes = _subplots(1, 2, height=3.3, sharey=True)
    places = axis.numpy()
    prior, aggregate = (values.view(len(axis), -1).T.exp().numpy() for values in (log_prior, log_aggregate))
    top = float(np.quantile(aggregate, 0.999)) or float(aggregate.max())
    for ax, density, term, title in (
        (axes[0], prior, "prior", "the prior P(z)"),
        (axes[1], aggregate, "posterior", "all Q(z|X) together"),
    ):
        if top > 0:  # else the codes lie beyond the map
            levels = np.linspace(0.03 * top, top, 8)
            ax.contourf(places, places, density, levels=levels, cmap=_fade(COLORS[term]), extend="max")
        for radius in (1, 2):
            circle = Ellipse((0, 0), 2 * radius, 2 * radius, fill=False, ec=COLORS["prior"], ls="--", lw=1)
            ax.add_patch(circle)
        ax.set_title(title, color=COLORS[term])
        ax.set_xlim(-4, 4)
        ax.set_ylim(-4, 4)
        ax.set_aspect("equal")
        ax.set_xlabel("z₁")
    near = np.hypot(*np.meshgrid(places, places)) < 3
    with plt.rc_context({"hatch.color": INK, "hatch.linewidth": 0.7}):
        empty = np.where(near, (aggregate < hole * prior).astype(float), 0)
        axes[1].contourf(places, places, empty, levels=[0.5, 1.5], colors="none", hatches=["////"])
        axes[1].contour(places, places, empty, levels=[0.5], colors=[INK], linewidths=0.7)
    axes[0].set_ylabel("z₂", rotation=0)
    return figure


@_in_style
def equation_4(log_evidence: float, gap: float, reconstruction: float, kl: float) -> Figure:
    """Both sides of Eq. (4) as bars: log P(X) less the gap, and reconstruction less the KL term, end at the ELBO."""
    figure, ax = _subplots(height=2.2)
    elbo = log_evidence - gap
    bars = (
        ("log P(X)", 0.0, log_evidence, "evidence"),
        (r"− $\mathcal{D}[Q\Vert P(z|X)]$", log_evidence, elbo, "gap"),
        (r"$E_Q$[log P(X|z)]", 0.0, reconstruction, "reconstruction"),
        (r"− $\mathcal{D}[Q\Vert P(z)]$", reconstruction, reconstruction - kl, "kl"),
    )
    for row, (name, start, end, term) in enumerate(bars):
        ax.barh(row, end - start, left=start, color=COLORS[term], height=0.62)
        right = max(start, end) if max(start, end) > 0 else 0
        ax.annotate(
            f"{name} = {end - start:.3f}".replace("-", "−"),
            (right, row),
            xytext=(6, 0),
            textcoords="offset points",
            va="center",
            color=COLORS[term],
        )
    ax.axvline(elbo, color=INK, lw=1, ls="--")
    ax.set_title(f"both sides end at the ELBO, {elbo:.3f} nats")
    ax.axvline(0, color=INK, lw=0.8)
    ax.invert_yaxis()
    ax.set_yticks([0.5, 2.5], ["left side", "right side"])
    ax.tick_params(axis="y", length=0)
    ax.set_xlabel("nats")
    low, high = ax.get_xlim()
    ax.set_xlim(low, high + 0.45 * (high - low))
    return figure


@_in_style
def rate_and_distortion(terms: Any, labels: Tensor) -> Figure:
    """Each example by its rate 𝒟[Q‖P(z)] and its distortion −E_Q[log P(X|z)], in nats, with its label."""
    figure, ax = _subplots(height=3.1)
    rate, distortion = terms.kl.detach().numpy(), -terms.reconstruction.detach().numpy()
    for digit in labels.unique().tolist():
        chosen = (labels == digit).numpy()
        color = DIGITS[digit % len(DIGITS)]
        ax.scatter(rate[chosen], distortion[chosen], s=6, color=color, alpha=0.5, lw=0)
        ax.text(
            float(np.median(rate[chosen])),
            float(np.median(distortion[chosen])),
            str(digit),
            color=color,
            fontsize=13,
            fontweight="bold",
            path_effects=_halo(),
        )
    ax.set_xlabel("rate: KL to the prior, nats", color=COLORS["kl"])
    ax.set_ylabel("distortion: −reconstruction, nats", color=COLORS["reconstruction"])
    return figure


@_in_style
def iwae_curves(ks: Sequence[int], models: dict[str, tuple[Tensor, float | None]]) -> Figure:
    """The IWAE bound over k, a panel for each model, with log P(X) as a line and the gap shaded where it is known.

    Args:
        ks: weights inside the logarithm, rising from 1.
        models: name to the bounds, shape ``(len(ks),)``, and log P(X) or ``None``; means over examples, in nats.
    """
    figure, axes = _subplots(1, len(models), height=2.6, squeeze=False)
    for ax, (name, (bounds, log_evidence)) in zip(axes[0], models.items(), strict=True):
        values = bounds.detach().numpy()
        ax.plot(ks, values, color=COLORS["elbo"], marker="o", ms=4)
        below = {"textcoords": "offset points", "xytext": (6, -12)}
        ax.annotate("ELBO, k = 1", (ks[0], values[0]), color=COLORS["elbo"], **below)
        if log_evidence is not None:
            ax.axhline(log_evidence, color=COLORS["evidence"])
            ax.fill_between(ks, values, log_evidence, color=COLORS["gap"], alpha=0.13, lw=0)
            above = {"textcoords": "offset points", "xytext": (0, 4)}
            ax.annotate("log P(X), exact", (ks[0], log_evidence), color=COLORS["evidence"], **above)
            below = {"textcoords": "offset points", "xytext": (4, -13)}
            ax.annotate("gap", (ks[0], log_evidence), color=COLORS["gap"], **below)
        ax.set_title(name)
        ax.set_xscale("log")
        ax.set_xlabel("k")
        ax.margins(y=0.2)
    axes[0, 0].set_ylabel("nats, mean over the examples")
    return figure


@_in_style
def bars(rows: Iterable[Sequence[Any]], *, xlabel: str, color: str = "evidence", digits: int = 1) -> Figure:
    """A bar for each row, with what it says; of two numbers the second stands hatched behind the first.

    Args:
        rows: of each a name and one number or two.
        xlabel: what the numbers are.
        color: a term of ``palette`` or a hex string.
        digits: after the point.
    """
    names, numbers = zip(*((name, tuple(map(float, values))) for name, *values in rows), strict=True)
    figure, ax = _subplots(height=(0.28 if _width() == WIDTH else 0.38) * len(names) + 0.9)
    shade = COLORS.get(color, color)
    for row, (first, *more) in enumerate(numbers):
        ax.barh(row, first, color=shade, height=0.62)
        with plt.rc_context({"hatch.linewidth": 0.8}):
            for second in more:
                ax.barh(row, second, left=first, fc=PAPER, ec=shade, hatch="/////", height=0.62, lw=0.8)
        words = " + ".join(f"{value:.{digits}f}".replace("-", "−") for value in (first, *more))
        where = {"xytext": (6, 0), "textcoords": "offset points", "va": "center", "fontsize": 8.5, "color": shade}
        ax.annotate(words, (max(0.0, first + sum(more)), row), **where)
    ax.invert_yaxis()
    ax.set_yticks(range(len(names)), names)
    ax.tick_params(axis="y", length=0)
    ax.margins(x=0.2)
    if min(map(min, numbers)) >= 0:
        ax.set_xlim(left=0)
    ax.set_xlabel(xlabel)
    return figure


def gap_parts(parts: GapParts, names: Sequence[str]) -> Figure:
    """The gap of each example as a bar in two parts: amortization, and hatched what no Gaussian Q can close.

    Args:
        parts: of ``len(names)`` examples.
        names: a word for each example.
    """
    rows = zip(names, parts.amortization.tolist(), parts.approximation.tolist(), strict=True)
    return bars(rows, xlabel="nats: amortization (solid) + approximation (hatched)", color="gap", digits=2)


@_in_style
def beside_published(published: dict[str, float], reached: dict[str, tuple[float, float]]) -> Figure:
    """Figures of a paper as rings, and ours as dots with an error bar of two standard errors.

    Args:
        published: name of a model to its −log P(X), nats.
        reached: name to ours and its standard error; a name may be missing.
    """
    figure, ax = _subplots(height=0.5 * len(published) + 0.9)
    rows = {name: row for row, name in enumerate(published)}
    for name, row in rows.items():
        ax.axhline(row, color=FAINT, lw=0.6, zorder=0)
        ax.plot(published[name], row, "o", ms=9, mfc=PAPER, mec=COLORS["prior"], mew=1.6)
        text = {"textcoords": "offset points", "ha": "center", "fontsize": 8.5}
        ax.annotate(f"{published[name]:.2f}", (published[name], row), xytext=(0, 8), color=COLORS["prior"], **text)
        if name in reached:
            value, error = reached[name]
            ax.errorbar(value, row, xerr=2 * error, fmt="o", ms=5, color=COLORS["evidence"], lw=1.4, capsize=2.5)
            ax.annotate(f"{value:.2f}", (value, row), xytext=(0, -15), color=COLORS["evidence"], **text)
    ax.set_yticks(list(rows.values()), list(rows))
    ax.set_ylim(len(rows) - 0.4, -0.6)
    ax.tick_params(axis="y", length=0)
    ax.margins(x=0.15)
    ax.set_xlabel("−log P(X) of test images, nats: published (ring), ours (dot)")
    return figure


@_in_style
def gradient_estimates(estimates: dict[str, Tensor], exact: float) -> Figure:
    """Histograms of one-sample gradient estimates on one scale, with the exact gradient as a line.

    Args:
        estimates: name to one-sample estimates, shape ``(count,)``; the one named "pathwise" has the colour of Q.
        exact: the gradient that they estimate.
    """
    figure, axes = _subplots(len(estimates), 1, height=1.2 * len(estimates) + 0.4, sharex=True, squeeze=False)
    everything = torch.cat(list(estimates.values()))
    low, high = everything.quantile(0.005).item(), everything.quantile(0.995).item()
    for ax, (name, values) in zip(axes[:, 0], estimates.items(), strict=True):
        color = COLORS["posterior"] if name == "pathwise" else QUIET
        ax.hist(values.numpy(), bins=np.linspace(low, high, 90), color=color, alpha=0.8, density=True)
        ax.axvline(exact, color=INK, lw=1.2)
        ax.set_title(f"{name}: mean {values.mean():.3f}, variance {values.var():.2f}", color=color)
        ax.set_yticks([])
        ax.spines["left"].set_visible(False)
    axes[-1, 0].set_xlabel(f"one-sample estimate of the gradient (exact: {exact:g}, the black line)")
    return figure


@_in_style
def factors(rows: dict[str, Tensor], xlabel: str) -> Figure:
    """Factors as dots on a logarithmic axis, a row for each group, with its median and a line at 1.

    Args:
        rows: name to the factors, all positive, of any shape.
        xlabel: what each factor says.
    """
    figure, ax = _subplots(height=0.7 * len(rows) + 0.7)
    jitter = torch.Generator().manual_seed(0)
    for row, values in enumerate(rows.values()):
        at = row + 0.25 * (torch.rand(values.numel(), generator=jitter) - 0.5)
        ax.scatter(values.flatten().numpy(), at.numpy(), s=6, color=COLORS["posterior"], alpha=0.35, lw=0)
        median = float(values.median())
        ax.plot([median] * 2, [row - 0.28, row + 0.28], color=INK, lw=1.6)
        ax.annotate(f"median {median:,.0f}", (median, row - 0.3), ha="center", va="bottom", fontsize=8.5)
    ax.axvline(1, color=INK, lw=0.8, ls="--")
    ax.set_xscale("log")
    ax.set_yticks(range(len(rows)), list(rows))
    ax.set_ylim(len(rows) - 0.5, -0.75)
    ax.tick_params(axis="y", length=0)
    ax.set_xlabel(xlabel)
    return figure

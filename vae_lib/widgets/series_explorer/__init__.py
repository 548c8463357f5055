"""One slider through a series of models: the map, samples and reconstructions of each, and where its terms lie."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any, Final

import numpy as np
import torch
import traitlets
from numpy.typing import ArrayLike
from torch import Tensor

from vae_lib import data, pretrained
from vae_lib.model import require_vae
from vae_lib.pretrained import Series
from vae_lib.runs.own_data import read
from vae_lib.widgets.base import FINITE, SEEDS, BookWidget, Numbers, normals
from vae_lib.widgets.codes import SMALLEST_EXTENT, check_classes, extent, pack_labels, pack_points, plane_point
from vae_lib.widgets.packing import describe_layers, pack_weights
from vae_lib.widgets.shown import palette_for, shape_of
from vae_lib.widgets.sources import module_source, style_source
from vae_lib.widgets.words import SERIES_EXPLORER

SAMPLES: Final = 18
MOST_EXAMPLES: Final = 5
LARGEST_EXTENT: Final = 6.0
EXAMPLE_CLASSES: Final = (0, 1, 4, 6, 7)
FIGURES: Final = {"reconstruction": "test_reconstruction", "kl": "test_kl", "active": "active_units"}


class SeriesExplorer(BookWidget):
    """Models of one shape on one slider: where each puts the test pictures, what it draws, and its terms in nats.

    Over ``"beta"``, models that were trained with different weights on the KL term: rate and distortion of each, on
    the curve of all. Over ``"epoch"``, moments of one training: both terms and the ELBO, over the epochs. All decoders
    run in the browser, so the widget works in a page without a kernel. With one, ``index`` and ``z`` follow the
    reader's hand and move when Python sets them: ``explorer.observe(function, "index")``, ``explorer.value = 0.1``.

    Args:
        series: a series that ships with the package, by name, or one that you made, with ``latent_dim`` 2 and
            values that rise.
        index: the place in the series where the reader starts, from 0; by default that of β = 1, or the first epoch.
        z: the point on the map that is decoded.
        examples: up to five pictures, shape ``(n, data_dim)``, for the reconstructions and the ellipses of Q(z|X); by
            default five test pictures of the series' own data, of as many classes as there are.
        seed: of the samples' z, drawn once from the prior: ``base.normals(seed, 36)``, two numbers for each.

    Attributes:
        index: the place in the series, from 0.
        value: β or the epoch there; set it to move to another entry.
        z: list of two numbers. Values beyond ``extent`` are clipped to it.
        extent: the map reaches from −extent to extent, the same for all entries: as far as it takes to show 99.5 % of
            each entry's codes, but no less than 3 and no more than 6. Codes beyond are marked at the edge.

    Raises:
        ValueError: a series that this widget cannot show, examples of another size, or a ``value`` not in the series.
        TypeError: a ``series`` that is no name and no Series, or holds another model than VAEs.
        traitlets.TraitError: an ``index`` that is not in the series, or a ``z`` that is not two finite numbers.

    Source: Eq. (4) with a weight β on its KL term (Higgins et al. 2017); rate and distortion as in Alemi et al. 2018.
    """

    _esm = module_source(__file__)
    _css = style_source(__file__)

    index = Numbers(0, FINITE, what="a whole number such as 0", whole=True).tag(sync=True)
    z = plane_point().tag(sync=True)
    over = traitlets.Enum(("beta", "epoch"), "beta").tag(sync=True)
    values: traitlets.List[float] = traitlets.List().tag(sync=True)
    figures: traitlets.Dict[str, Any] = traitlets.Dict().tag(sync=True)
    weights = traitlets.Bytes(help="All decoders, one after the other.").tag(sync=True)
    layers: traitlets.List[Any] = traitlets.List(help="The layers of each decoder.").tag(sync=True)
    image_shape: traitlets.List[int] = traitlets.List().tag(sync=True)
    points = traitlets.Bytes(help="The codes of all entries, one entry after the other.").tag(sync=True)
    labels = traitlets.Bytes().tag(sync=True)
    classes: traitlets.List[str] = traitlets.List(help="The names of the labels, from 0.").tag(sync=True)
    posteriors: traitlets.List[Any] = traitlets.List(
        help="For each entry and example the two means and the two standard deviations of Q(z|X)."
    ).tag(sync=True)
    pictures = traitlets.Bytes(help="The examples, a byte for each pixel.").tag(sync=True)
    extent = traitlets.Float(SMALLEST_EXTENT).tag(sync=True)
    samples = traitlets.Int(SAMPLES, help="How many pictures the page draws from the prior.").tag(sync=True)
    seed = Numbers(0, SEEDS, whole=True).tag(sync=True)

    def __init__(
        self,
        series: Series | str = "digits-betas",
        index: int | None = None,
        z: Sequence[float] | Tensor = (0.0, 0.0),
        examples: Tensor | ArrayLike | None = None,
        seed: int = 4,
    ) -> None:
        if isinstance(series, str):
            series = pretrained.load_series(series)
        _check_series(series)
        shape = _image_shape(series)
        labels, classes = check_classes(series.labels, len(series.labels), series.models[0].about.classes)
        pictures = _examples(series, examples)
        nets = [model.decoder.net for model in series.models]
        super().__init__(
            SERIES_EXPLORER,
            index=_start(series) if index is None else index,
            z=z,
            over=series.over,
            values=[float(value) for value in series.values],
            figures=_figures(series),
            weights=b"".join(pack_weights(net) for net in nets),
            layers=[describe_layers(net, final="sigmoid") for net in nets],
            image_shape=list(shape),
            points=b"".join(pack_points(codes) for codes in series.codes),
            labels=pack_labels(labels),
            classes=list(classes),
            posteriors=_posteriors(series, pictures),
            pictures=(255 * pictures).round().to(torch.uint8).numpy().tobytes(),
            extent=max(extent(codes, LARGEST_EXTENT) for codes in series.codes),
            seed=seed,
        )
        self.palette = palette_for(self.palette, int(labels.max()) + 1)

    @property
    def value(self) -> float:
        """β or the epoch at ``index``."""
        return self.values[self.index]

    @value.setter
    def value(self, value: float) -> None:
        try:
            places = [i for i, known in enumerate(self.values) if math.isclose(known, float(value), rel_tol=1e-6)]
        except (TypeError, ValueError):
            places = []
        if not places:
            known = ", ".join(f"{known:g}" for known in self.values)
            raise ValueError(f"value must be one of the series' own, {known}, got {value!r}")
        self.index = places[0]

    @property
    def sample_codes(self) -> np.ndarray:
        """The z of the samples, drawn from the prior, float64 of shape (18, 2)."""
        drawn: np.ndarray = normals(self.seed, 2 * SAMPLES).reshape(SAMPLES, 2)
        return drawn

    @traitlets.validate("index")
    def _index_in_series(self, proposal: dict[str, Any]) -> int:
        index: int = proposal["value"]
        if not 0 <= index < len(self.values):
            raise traitlets.TraitError(
                f"index must be a place in the series, from 0 to {len(self.values) - 1}, got {index}; "
                f"set value to choose by {self.over}"
            )
        return index

    @traitlets.validate("z")
    def _clip_z(self, proposal: dict[str, Any]) -> list[float]:
        return [min(max(value, -self.extent), self.extent) for value in proposal["value"]]


def _check_series(series: Series) -> None:
    if not isinstance(series, Series):
        raise TypeError(
            f"series must be the name of one or a Series, got {type(series).__name__}; pass load_series(...)"
        )
    if series.over not in ("beta", "epoch"):
        raise ValueError(f"SeriesExplorer shows a series over 'beta' or 'epoch', got {series.over!r}")
    if len(series.models) < 2:
        raise ValueError(f"a series to slide through needs at least two models, got {len(series.models)}")
    for value, model in zip(series.values, series.models, strict=True):
        require_vae(model, "SeriesExplorer")
        if model.latent_dim != 2:
            raise ValueError(
                f"SeriesExplorer needs models with latent_dim 2, got {model.latent_dim} at {series.over} {value:g}"
            )
    if not all(low < high for low, high in pairwise(series.values)):
        raise ValueError(f"the values of the series must rise from each to the next, got {list(series.values)}")
    if series.over == "beta" and not all(value > 0 for value in series.values):
        raise ValueError(f"every beta must be greater than 0, got {min(series.values)}; leave that model out")
    count = len(series.labels)
    for value, codes in zip(series.values, series.codes, strict=True):
        if tuple(codes.shape) != (count, 2) or not bool(torch.isfinite(codes.half()).all()):
            raise ValueError(
                f"the codes of {series.over} {value:g} must be finite, of shape ({count}, 2) as the labels, "
                f"got {tuple(codes.shape)}; pass encode(x).mean"
            )


def _start(series: Series) -> int:
    if series.over == "epoch":
        return 0
    return min(range(len(series.values)), key=lambda i: abs(math.log(series.values[i])))


def _figures(series: Series) -> dict[str, list[float]]:
    """Reconstruction and KL in nats, and active units, of each entry; and its σ, where its likelihood has one."""
    entries = series.record.get("entries", [])
    if len(entries) != len(series.values):
        raise ValueError(
            f'record["entries"] must have the figures of all {len(series.values)} models, got {len(entries)}; '
            "make the series with python -m vae_lib series"
        )
    for value, entry in zip(series.values, entries, strict=True):
        for key in FIGURES.values():
            figure = entry.get(key)
            if not isinstance(figure, int | float) or not math.isfinite(figure):
                raise ValueError(
                    f"{key} of {series.over} {value:g} must be a finite number, got {figure!r}; "
                    "make the series with python -m vae_lib series"
                )
    gaussian = all(model.likelihood == "gaussian" for model in series.models)
    return {
        **{name: [entry[key] for entry in entries] for name, key in FIGURES.items()},
        **({"sigma": [model.sigma for model in series.models]} if gaussian else {}),
    }


def _image_shape(series: Series) -> tuple[int, ...]:
    if not series.models[0].sigmoid:
        raise ValueError(
            "SeriesExplorer draws pictures, and these models make rows of a table; LatentExplorer shows one of them"
        )
    return shape_of(series.models[0], None)


def _examples(series: Series, examples: Tensor | ArrayLike | None) -> Tensor:
    """Pictures as float32 of shape (n, data_dim)."""
    pixels = series.models[0].data_dim
    if examples is None:
        if "data" not in series.record:
            raise ValueError("the series' record names no data, so examples must be given, shape (n, data_dim)")
        name, given = series.record["data"], {key: series.record.get(key) for key in ("image_size", "white")}
        if name not in data.NAMES and not Path(name).exists():
            raise ValueError(f"the series was made of {name}, which is not here; give examples, shape (n, data_dim)")
        dataset = data.load(name) if name in data.NAMES else read(name, **given).dataset
        known = dataset.test_labels.unique().tolist()
        kinds = EXAMPLE_CLASSES if set(EXAMPLE_CLASSES) <= set(known) else known[:MOST_EXAMPLES]
        firsts = [int((dataset.test_labels == kind).nonzero()[0]) for kind in kinds]
        return dataset.test[firsts if len(known) > 1 else slice(MOST_EXAMPLES)]
    pictures = examples.detach() if isinstance(examples, Tensor) else torch.from_numpy(np.asarray(examples))
    if pictures.ndim != 2 or pictures.shape[1] != pixels or not 1 <= len(pictures) <= MOST_EXAMPLES:
        raise ValueError(f"examples must have shape (1 to {MOST_EXAMPLES}, {pixels}), got {tuple(pictures.shape)}")
    if not bool(((pictures >= 0) & (pictures <= 1)).all()):
        raise ValueError(
            f"pixels of examples must lie from 0 to 1, got {float(pictures.min()):g} to {float(pictures.max()):g}"
        )
    return pictures.to(torch.float32)


@torch.no_grad()
def _posteriors(series: Series, pictures: Tensor) -> list[list[list[float]]]:
    rows = []
    for model in series.models:
        posterior = model.encode(pictures)
        rows.append(torch.cat([posterior.mean, torch.exp(0.5 * posterior.log_var)], 1).tolist())
    return rows

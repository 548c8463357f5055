"""The latent space as a map: drag z, and see the digit that the decoder draws there."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
import traitlets
from numpy.typing import ArrayLike
from torch import Tensor

from vae_lib.model import VAE, Autoencoder
from vae_lib.widgets.base import (
    BookWidget,
    check_image_shape,
    describe_layers,
    finite_pair,
    module_source,
    pack_labels,
    pack_points,
    pack_weights,
    style_source,
)
from vae_lib.widgets.words import LATENT_EXPLORER

Values = Tensor | ArrayLike | None


class PlanePoint(traitlets.TraitType[list[float], Any]):
    """A trait that holds two finite numbers as a list, and takes them as a list, a tuple, an array or a tensor."""

    def validate(self, obj: Any, value: Any) -> list[float]:
        numbers = finite_pair(value)
        if numbers is None:
            raise traitlets.TraitError(f"{self.name} must be two finite numbers such as [0.5, -1.0], got {value!r}")
        return numbers


class LatentExplorer(BookWidget):
    """A map of a two-dimensional latent space, a point z to drag on it, and the decoded digit f(z).

    The decoder runs in the browser, so the widget works in a page without a kernel. With a kernel, ``z`` follows the
    reader's hand and moves when Python sets it: ``explorer.observe(function, "z")``, ``explorer.z = [1.0, 0.0]``.

    Args:
        model: a model with ``latent_dim`` 2, or the name of one that ships with the package, whose test digits'
            codes, their log variances and labels then come with it. An ``Autoencoder`` is shown without the prior's
            circles: it has none.
        codes: the codes of digits, their posterior means, shape ``(n, 2)``; no dots without them.
        labels: the digits 0 to 9, shape ``(n,)``; grey dots and no walk without them.
        z: where the reader starts.
        image_shape: height and width of a picture; a square one if absent.
        log_var: the logarithms of the variances of Q(z|X), shape ``(n, 2)``; no ellipses without them.
        walk: the two digits of a walk, such as ``[0, 6]``; its line is on the map from the start.
        backdrop: whether the map starts on a grid of decoded digits.

    Attributes:
        z: list of two numbers. Values beyond ``extent`` are clipped to it, as ipywidgets' own sliders do.
        extent: the map and both sliders reach from −extent to extent. It is 3, or as much more as it takes to show
            99.5 % of the codes.
        walk: list of two digits, from and to, between whose most typical codes the reader's walk goes; empty until
            the reader starts one.
        backdrop: whether the grid of decoded digits lies under the dots.

    Raises:
        ValueError: another ``latent_dim``, codes, log_var, labels or image_shape that do not fit, or values that are
            not finite.
        TypeError: a decoder with layers that the browser cannot compute.
        traitlets.TraitError: a ``z`` that is not two finite numbers, or a ``walk`` that is not empty and not two
            different digits with codes.
    """

    _esm = module_source("latent_map.js", "latent_explorer.js")
    _css = style_source("latent_explorer.css")

    z = PlanePoint([0.0, 0.0]).tag(sync=True)
    extent = traitlets.Float(3.0).tag(sync=True)
    weights = traitlets.Bytes().tag(sync=True)
    layers: traitlets.List[Any] = traitlets.List().tag(sync=True)
    image_shape: traitlets.List[int] = traitlets.List().tag(sync=True)
    points = traitlets.Bytes().tag(sync=True)
    widths = traitlets.Bytes(help="Standard deviations of Q(z|X), packed as the points are.").tag(sync=True)
    labels = traitlets.Bytes().tag(sync=True)
    walk: traitlets.List[int] = traitlets.List(traitlets.Int()).tag(sync=True)
    backdrop = traitlets.Bool(False).tag(sync=True)
    prior = traitlets.Bool(True, help="Draw the circles of P(z) = N(0, I).").tag(sync=True)

    def __init__(
        self,
        model: VAE | Autoencoder | str,
        codes: Values = None,
        labels: Values = None,
        z: Sequence[float] | Tensor = (0.0, 0.0),
        image_shape: tuple[int, int] | None = None,
        log_var: Values = None,
        walk: Sequence[int] = (),
        backdrop: bool = False,
    ) -> None:
        if isinstance(model, str):
            model, codes, labels, log_var = _shipped(model, codes, labels, log_var)
        if model.latent_dim != 2:
            raise ValueError(f"LatentExplorer needs a model with latent_dim 2, got {model.latent_dim}")
        points = _check_codes(codes)
        net = model.decoder.net
        super().__init__(
            LATENT_EXPLORER,
            extent=_extent(points),
            weights=pack_weights(net),
            layers=describe_layers(net, final="sigmoid"),
            image_shape=list(check_image_shape(image_shape, model.data_dim)),
            points=pack_points(points),
            widths=pack_points(_check_widths(log_var, len(points))),
            labels=pack_labels(_check_labels(labels, len(points))),
            prior=isinstance(model, VAE),
            z=z,
            walk=list(walk),
            backdrop=backdrop,
        )

    @traitlets.validate("z")
    def _clip_z(self, proposal: dict[str, Any]) -> list[float]:
        return [min(max(value, -self.extent), self.extent) for value in proposal["value"]]

    @traitlets.validate("walk")
    def _check_walk(self, proposal: dict[str, Any]) -> list[int]:
        walk: list[int] = proposal["value"]
        known = sorted(set(self.labels))
        if walk and not (len(walk) == 2 and walk[0] != walk[1] and set(walk) <= set(known)):
            raise traitlets.TraitError(
                f"walk must be empty or two different digits that have codes, of {known}, got {walk}; pass [from, to]"
            )
        return walk


def _shipped(name: str, codes: Values, labels: Values, log_var: Values) -> tuple[VAE, Values, Values, Values]:
    """The shipped model, and the codes, labels and log variances that ship with it unless others were given."""
    from vae_lib import pretrained

    if codes is None and labels is None and log_var is None:
        codes, labels = pretrained.codes(name)
        log_var = pretrained.log_vars(name)
    return pretrained.load(name), codes, labels, log_var


def _check_codes(codes: Values) -> Tensor:
    """Codes as float32 of shape (n, 2); (0, 2) for none."""
    if codes is None:
        return torch.zeros(0, 2)
    points = codes.detach() if isinstance(codes, Tensor) else torch.from_numpy(np.asarray(codes))
    if points.ndim != 2 or points.shape[1] != 2:
        raise ValueError(f"codes must have shape (n, 2), got {tuple(points.shape)}; pass encode(x).mean")
    points = points.to(torch.float32)
    bad = ~torch.isfinite(points.half()).all(dim=1)  # as they are sent
    if bad.any():
        row = int(bad.nonzero()[0])
        raise ValueError(
            f"codes must be finite and at most 65504, got {points[row].tolist()} in row {row}; leave such rows out"
        )
    return points


def _check_widths(log_var: Values, count: int) -> Tensor:
    """Standard deviations as float32 of shape (count, 2); (0, 2) for none."""
    if log_var is None:
        return torch.zeros(0, 2)
    values = log_var.detach() if isinstance(log_var, Tensor) else torch.from_numpy(np.asarray(log_var))
    if tuple(values.shape) != (count, 2):
        raise ValueError(
            f"log_var must have shape ({count}, 2), one row for each code, got {tuple(values.shape)}; "
            "pass encode(x).log_var"
        )
    widths = (values.to(torch.float32) / 2).exp()
    bad = ~(torch.isfinite(values) & torch.isfinite(widths.half())).all(dim=1)  # as they are sent
    if bad.any():
        row = int(bad.nonzero()[0])
        raise ValueError(
            f"log_var must be finite and at most 22, got {values[row].tolist()} in row {row}; leave such rows out"
        )
    return widths


def _check_labels(labels: Values, count: int) -> Tensor:
    """Labels of shape (count,); (0,) for none."""
    if labels is None:
        return torch.zeros(0)
    values = labels.detach() if isinstance(labels, Tensor) else torch.from_numpy(np.asarray(labels))
    if tuple(values.shape) != (count,):
        raise ValueError(f"labels must have shape ({count},), one for each code, got {tuple(values.shape)}")
    known = torch.isin(values, torch.arange(10, dtype=values.dtype))
    if not known.all():
        raise ValueError(f"labels must be the digits 0 to 9, got {values[~known][0].item()}")
    return values


def _extent(points: Tensor) -> float:
    if len(points) == 0:
        return 3.0
    reach = np.quantile(points.abs().amax(dim=1).numpy(), 0.995)
    return max(3.0, math.ceil(2 * float(reach)) / 2)

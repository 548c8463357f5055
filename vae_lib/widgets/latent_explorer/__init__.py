"""The latent space as a map: drag z, and see the digit that the decoder draws there."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import traitlets
from torch import Tensor

from vae_lib.model import VAE, Autoencoder
from vae_lib.widgets.base import (
    BookWidget,
    check_image_shape,
    describe_layers,
    pack_weights,
)
from vae_lib.widgets.codes import (
    Values,
    check_codes,
    check_labels,
    check_widths,
    extent,
    pack_labels,
    pack_points,
    plane_point,
)
from vae_lib.widgets.sources import module_source, style_source
from vae_lib.widgets.words import LATENT_EXPLORER


class LatentExplorer(BookWidget):
    """A map of a two-dimensional latent space, a point z to drag on it, and the decoded digit f(z).

    The decoder runs in the browser, so the widget works in a page without a kernel. With a kernel, ``z`` follows the
    reader's hand and moves when Python sets it: ``explorer.observe(function, "z")``, ``explorer.z = [1.0, 0.0]``.

    Args:
        model: a model with ``latent_dim`` 2, or the name of one that ships with the package, whose test digits'
            codes, their log variances and labels then come with it. An ``Autoencoder`` is shown without the prior's
            circles and without ellipses: it has no prior and no Q(z|X).
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

    _esm = module_source(__file__)
    _css = style_source(__file__)

    z = plane_point().tag(sync=True)
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
        points = check_codes(codes)
        net = model.decoder.net
        super().__init__(
            LATENT_EXPLORER,
            extent=extent(points),
            weights=pack_weights(net),
            layers=describe_layers(net, final="sigmoid"),
            image_shape=list(check_image_shape(image_shape, model.data_dim)),
            points=pack_points(points),
            widths=pack_points(check_widths(log_var, len(points))),
            labels=pack_labels(check_labels(labels, len(points))),
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


def _shipped(
    name: str, codes: Values, labels: Values, log_var: Values
) -> tuple[VAE | Autoencoder, Values, Values, Values]:
    """The shipped model, and the codes, labels and log variances that ship with it unless others were given."""
    from vae_lib import pretrained

    model = pretrained.load(name)
    if codes is None and labels is None and log_var is None:
        codes, labels = pretrained.codes(name)
        log_var = pretrained.log_vars(name) if isinstance(model, VAE) else None
    return model, codes, labels, log_var

"""The latent space as a map: drag z, and see what the decoder makes of it: a picture, or a row of a table."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import traitlets
from torch import Tensor

from vae_lib.data import About
from vae_lib.model import VAE, Autoencoder
from vae_lib.widgets.codes import (
    Labels,
    Values,
    check_classes,
    check_codes,
    check_widths,
    extent,
    pack_labels,
    pack_points,
    plane_point,
    unpack_labels,
)
from vae_lib.widgets.shown import ModelWidget
from vae_lib.widgets.sources import module_source, style_source
from vae_lib.widgets.words import LATENT_EXPLORER, LATENT_EXPLORER_ROWS


class LatentExplorer(ModelWidget):
    """A map of a two-dimensional latent space, a point z to drag on it, and f(z): a picture or a row of a table.

    The decoder runs in the browser, so the widget works in a page without a kernel. With a kernel, ``z`` follows the
    reader's hand and moves when Python sets it: ``explorer.observe(function, "z")``, ``explorer.z = [1.0, 0.0]``.

    Args:
        model: a model with ``latent_dim`` 2, or the name of one that ships with the package, or the path of one that
            you saved; the codes of its test examples, their log variances and labels then come with it. An
            ``Autoencoder`` is shown without the prior's circles and without ellipses: it has no prior and no Q(z|X).
        codes: the codes of examples, their posterior means, shape ``(n, 2)``; no dots without them.
        labels: the class of each, shape ``(n,)``: words, or whole numbers that the model may have names for; grey dots
            and no walk without them.
        z: where the reader starts.
        image_shape: ``(height, width)`` or ``(3, height, width)`` of a picture; if absent, as the model remembers it,
            or a square. A model without a sigmoid makes rows of a table.
        log_var: the logarithms of the variances of Q(z|X), shape ``(n, 2)``; no ellipses without them.
        walk: the two classes of a walk, such as ``[0, 6]``, by label or name; its line is on the map from the start.
        backdrop: whether the map starts on a grid of what is decoded.

    Attributes:
        z: list of two numbers. Values beyond ``extent`` are clipped to it, as ipywidgets' own sliders do.
        extent: the map and both sliders reach from −extent to extent. It is 3, or as much more as it takes to show
            99.5 % of the codes.
        walk: list of two labels, from and to, between whose most typical codes the reader's walk goes; empty until
            the reader starts one.
        backdrop: whether the grid of what is decoded lies under the dots.

    Raises:
        ValueError: another ``latent_dim``, codes, log_var, labels or image_shape that do not fit, or values that are
            not finite.
        TypeError: a decoder with layers that the browser cannot compute.
        traitlets.TraitError: a ``z`` that is not two finite numbers, or a ``walk`` that is not empty and not two
            different labels with codes.
    """

    _esm = module_source(__file__)
    _css = style_source(__file__)

    z = plane_point().tag(sync=True)
    extent = traitlets.Float(3.0).tag(sync=True)
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
        labels: Labels = None,
        z: Sequence[float] | Tensor = (0.0, 0.0),
        image_shape: tuple[int, ...] | None = None,
        log_var: Values = None,
        walk: Sequence[int | str] = (),
        backdrop: bool = False,
    ) -> None:
        if isinstance(model, str):
            model, codes, labels, log_var = _shipped(model, codes, labels, log_var)
        if model.latent_dim != 2:
            raise ValueError(f"LatentExplorer needs a model with latent_dim 2, got {model.latent_dim}")
        points = check_codes(codes)
        numbers, classes = check_classes(labels, len(points), model.about.classes)
        super().__init__(
            LATENT_EXPLORER,
            LATENT_EXPLORER_ROWS,
            model,
            image_shape,
            classes,
            kinds=int(numbers.max()) + 1 if len(numbers) else 0,
            extent=extent(points),
            points=pack_points(points),
            widths=pack_points(check_widths(log_var, len(points))),
            labels=pack_labels(numbers),
            prior=isinstance(model, VAE),
            z=z,
            walk=[_label(one, classes) for one in walk],
            backdrop=backdrop,
        )

    @traitlets.validate("z")
    def _clip_z(self, proposal: dict[str, Any]) -> list[float]:
        return [min(max(value, -self.extent), self.extent) for value in proposal["value"]]

    @traitlets.validate("walk")
    def _check_walk(self, proposal: dict[str, Any]) -> list[int]:
        walk: list[int] = proposal["value"]
        known = sorted({*unpack_labels(self.labels, len(self.points) // 4)})
        if walk and not (len(walk) == 2 and walk[0] != walk[1] and set(walk) <= set(known)):
            raise traitlets.TraitError(
                f"walk must be empty or two different labels that have codes, of {known}, got {walk}; pass [from, to]"
            )
        return walk


def _label(one: int | str, classes: tuple[str, ...]) -> int:
    """A label as a number, of its name too."""
    if isinstance(one, str) and one not in classes:
        raise ValueError(f"walk must be two labels, by number or name, of {list(classes)[:12]}, got {one!r}")
    return classes.index(one) if isinstance(one, str) else one


def _shipped(
    name: str, codes: Values, labels: Labels, log_var: Values
) -> tuple[VAE | Autoencoder, Values, Labels, Values]:
    """The saved model, and the codes, labels and log variances in its file unless others were given."""
    from vae_lib import pretrained

    model = pretrained.load(name)
    if codes is None and labels is None and log_var is None:
        codes, numbers = pretrained.codes(name)
        labels = None if model.about != About() and not model.about.classes and not numbers.any() else numbers
        log_var = pretrained.log_vars(name) if isinstance(model, VAE) else None
    return model, codes, labels, log_var

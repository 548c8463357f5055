"""The whole VAE in a row: a digit drawn or chosen → encoder → its Q on the map → decoder → the digit that comes out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import torch
import traitlets
from numpy.typing import ArrayLike
from torch import Tensor

from vae_lib import pretrained
from vae_lib.model import VAE, require_vae
from vae_lib.widgets.base import as_sent
from vae_lib.widgets.coder import Coder
from vae_lib.widgets.codes import Values, check_codes, check_labels, extent, pack_labels, pack_points, plane_point
from vae_lib.widgets.digit_pad import PIXELS, SIDE, Picture, as_bytes, shipped_examples
from vae_lib.widgets.sources import module_source, style_source
from vae_lib.widgets.words import MACHINE

DOTS: Final = 1000  # on the map, of a shipped model: it is small
CHOICES: Final = (0, 3, 6, 7)  # of the shipped digits: few, and such that two latent numbers tell apart
START: Final = 1


class Machine(Coder):
    """A VAE in a row: a digit X to draw or to choose, the encoder, Q(z|X) on a map, the decoder, and f(z).

    Both networks run in the browser, so the widget works in a page without a kernel. With a kernel, ``x`` and ``z``
    follow the reader's hand and move when Python sets them. Where ``x`` alone is set, the page sets ``z`` to μ + sε.

    Args:
        model: a VAE with ``data_dim`` 784 and ``latent_dim`` 2, or the name of one that ships with the package, whose
            test digits' codes and labels then come with it. The widget keeps a copy of it.
        codes: the codes of digits for the map, their posterior means, shape ``(n, 2)``; no dots without them.
        labels: the digits 0 to 9 of these codes, shape ``(n,)``; no walk and no names without them.
        examples: pictures to choose from, shape ``(n, 784)``, whole numbers from 0 to 255 or brightnesses from 0 to 1;
            a few of MNIST's test digits if absent.
        x: the picture to start with; the second of the examples if absent.
        z: where the ring is at the start; μ + sε of Q(z|X) if absent.
        epsilon: the ε with which a picture's z is made from its Q. It is held, so that a picture has one z.

    Attributes:
        x: the picture as 784 bytes, row by row; white ink on black paper, as in MNIST.
        z: list of two numbers, from −extent to extent. Values beyond are clipped.
        mean, std: μ and s of Q(z|X), shape ``(2,)``.

    Raises:
        ValueError: a model of another shape, or codes, labels or examples that do not fit.
        TypeError: no VAE, or a network with layers that the browser cannot compute.
        traitlets.TraitError: an ``x`` that is no such picture, or a ``z`` that is not two finite numbers.

    Source: Kingma & Welling 2013; LeCun et al. 1998 for the form of MNIST's digits.
    """

    _esm = module_source(__file__)
    _css = style_source(__file__)

    x = Picture(bytes(PIXELS)).tag(sync=True)
    z = plane_point().tag(sync=True)
    epsilon = plane_point().tag(sync=True)
    extent = traitlets.Float(3.0).tag(sync=True)
    points = traitlets.Bytes().tag(sync=True)
    labels = traitlets.Bytes().tag(sync=True)
    examples = traitlets.Bytes(help="784 bytes for each.").tag(sync=True)
    example_labels = traitlets.Bytes(help="Their digits, if known.").tag(sync=True)

    def __init__(
        self,
        model: VAE | str = "mnist-2",
        *,
        codes: Values = None,
        labels: Values = None,
        examples: Tensor | ArrayLike | None = None,
        x: Tensor | ArrayLike | bytes | None = None,
        z: Sequence[float] | Tensor | None = None,
        epsilon: Sequence[float] | Tensor = (0.8, -0.6),
    ) -> None:
        if isinstance(model, str) and codes is None and labels is None:
            means, digits = pretrained.codes(model)
            every = max(1, len(means) // DOTS)
            codes, labels = means[::every], digits[::every]
        model = require_vae(pretrained.load(model) if isinstance(model, str) else model, "Machine")
        if (model.data_dim, model.latent_dim) != (PIXELS, 2):
            raise ValueError(
                f"Machine needs a model with data_dim {PIXELS} and latent_dim 2, got {model.data_dim} and "
                f"{model.latent_dim}; train one on MNIST, or leave model out"
            )
        points = check_codes(codes)
        pictures = _pictures(shipped_examples().pictures[list(CHOICES)] if examples is None else examples)
        self._model = model = as_sent(model, "encoder", "decoder")
        super().__init__(
            MACHINE,
            **self.networks(model),
            extent=extent(points),
            points=pack_points(points),
            labels=pack_labels(check_labels(labels, len(points))),
            examples=b"".join(pictures),
            example_labels=bytes(CHOICES) if examples is None else b"",
            epsilon=epsilon,
            x=[*pictures, bytes(PIXELS)][min(START, len(pictures))] if x is None else x,
        )
        self.z = self.mean + self.std * torch.tensor(self.epsilon) if z is None else z

    @property
    def image(self) -> Tensor:
        """The picture X as float32 of shape ``(28, 28)``, brightness 0 to 1."""
        return torch.tensor(list(self.x), dtype=torch.float32).reshape(SIDE, SIDE) / 255

    @property
    @torch.no_grad()
    def reconstruction(self) -> Tensor:
        """f(z), shape ``(28, 28)``, brightness 0 to 1."""
        return self._model.decode(torch.tensor(self.z)).reshape(SIDE, SIDE)

    @traitlets.validate("z")
    def _clip_z(self, proposal: dict[str, Any]) -> list[float]:
        return [min(max(value, -self.extent), self.extent) for value in proposal["value"]]


def _pictures(examples: Tensor | ArrayLike) -> list[bytes]:
    """Pictures to choose from, each as 784 bytes."""
    rows = examples if isinstance(examples, Tensor) else list(examples)  # type: ignore[arg-type]
    packed = [as_bytes(row) for row in rows]
    if None in packed:
        raise ValueError(
            f"examples must be pictures of {PIXELS} pixels each, whole numbers from 0 to 255 or brightnesses from 0.0 "
            f"to 1.0; row {packed.index(None)} is none"
        )
    return [picture for picture in packed if picture is not None]

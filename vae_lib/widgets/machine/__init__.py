"""The whole VAE in a row: a digit drawn or chosen → encoder → its Q on the map → decoder → the digit that comes out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import torch
import traitlets
from numpy.typing import ArrayLike
from torch import Tensor

from vae_lib.model import VAE
from vae_lib.widgets.codes import Values, plane_point
from vae_lib.widgets.digit_pad import shipped_examples
from vae_lib.widgets.drawn import PIXELS, Drawn, model_and_codes, pictures
from vae_lib.widgets.sources import module_source, style_source
from vae_lib.widgets.words import MACHINE

DOTS: Final = 1000  # on the map, of a shipped model: it is small
CHOICES: Final = (0, 3, 6, 7)  # of the shipped digits: few, and such that two latent numbers tell apart
START: Final = 1


class Machine(Drawn):
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

    Raises:
        ValueError: a model of another shape, or codes, labels or examples that do not fit.
        TypeError: no VAE, or a network with layers that the browser cannot compute.
        traitlets.TraitError: an ``x`` that is no such picture, or a ``z`` that is not two finite numbers.

    Source: Kingma & Welling 2013; LeCun et al. 1998 for the form of MNIST's digits.
    """

    _esm = module_source(__file__)
    _css = style_source(__file__)

    z = plane_point().tag(sync=True)

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
        model, codes, labels = model_and_codes("Machine", model, codes, labels, DOTS)
        chosen = pictures(shipped_examples().pictures[list(CHOICES)] if examples is None else examples)
        super().__init__(
            MACHINE,
            model,
            codes,
            labels,
            examples=b"".join(chosen),
            example_labels=bytes(CHOICES) if examples is None else b"",
            epsilon=epsilon,
            x=[*chosen, bytes(PIXELS)][min(START, len(chosen))] if x is None else x,
        )
        self.z = self.mean + self.std * torch.tensor(self.epsilon) if z is None else z

    @traitlets.validate("z")
    def _clip_z(self, proposal: dict[str, Any]) -> list[float]:
        return [min(max(value, -self.extent), self.extent) for value in proposal["value"]]

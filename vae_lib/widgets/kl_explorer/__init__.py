"""Two Gaussians Q and P to drag, and the two divergences between them as signed areas."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import traitlets
from torch import Tensor

from vae_lib.widgets.base import BookWidget, Numbers, Range
from vae_lib.widgets.sources import module_source, style_source
from vae_lib.widgets.words import KL_EXPLORER

MEAN: Final[Range] = (-4.0, 4.0)
SD: Final[Range] = (0.1, 4.0)


def gaussian(mean: float, sd: float) -> Numbers:
    """A trait that holds a Gaussian as ``[mean, standard deviation]``."""
    return Numbers(
        [mean, sd],
        MEAN,
        SD,
        what="a mean and a standard deviation such as [1.0, 0.5]",
        parts=(
            ("mean", "move both Gaussians by the same amount, which leaves the divergences as they are"),
            ("standard deviation", "pass a standard deviation, not a variance or its logarithm"),
        ),
    )


class KLExplorer(BookWidget):
    """Two densities Q and P over z, the integrand of 𝒟[Q‖P] or 𝒟[P‖Q] as a signed area, and both values in nats.

    The values come from the closed form that ``gaussian_kl`` computes. The widget needs no kernel. With one, ``q`` and
    ``p`` follow the reader's hand and move when Python sets them: ``explorer.observe(function, "q")``,
    ``explorer.p = [0.0, 2.0]``.

    Args:
        q: mean and standard deviation of Q, where the reader starts.
        p: mean and standard deviation of P.
        reverse: start with the integrand of 𝒟[P‖Q] instead of 𝒟[Q‖P].

    Attributes:
        q, p: lists ``[mean, standard deviation]``; means from −4 to 4, standard deviations from 0.1 to 4.
        reverse: whether the integrand of 𝒟[P‖Q] is drawn.

    Raises:
        traitlets.TraitError: a ``q`` or ``p`` that is not two finite numbers within these bounds.

    Source: Eq. (2) with two Gaussians.
    """

    _esm = module_source(__file__)
    _css = style_source(__file__)

    q = gaussian(1.0, 0.5).tag(sync=True)
    p = gaussian(0.0, 1.0).tag(sync=True)
    reverse = traitlets.Bool(False, help="Draw the integrand of D[P‖Q] instead of D[Q‖P].").tag(sync=True)

    def __init__(
        self,
        q: Sequence[float] | Tensor = (1.0, 0.5),
        p: Sequence[float] | Tensor = (0.0, 1.0),
        reverse: bool = False,
    ) -> None:
        super().__init__(KL_EXPLORER, q=q, p=p, reverse=reverse)

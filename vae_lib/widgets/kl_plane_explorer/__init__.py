"""Q(z|X) on a map of two latent numbers, beside its divergence from the prior, part by part."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import torch
import traitlets
from numpy.typing import ArrayLike
from torch import Tensor

from vae_lib.distributions import gaussian_kl
from vae_lib.widgets.base import BookWidget, Numbers, Range
from vae_lib.widgets.codes import check_choices, choice_names, first_of_each
from vae_lib.widgets.sources import module_source, style_source
from vae_lib.widgets.words import KL_PLANE_EXPLORER

MEAN: Final[Range] = (-4.0, 4.0)
STD: Final[Range] = (0.02, 3.0)


class KLPlaneExplorer(BookWidget):
    """Q(z|X) = N(μ, diag s²) to drag on a map with the prior N(0, I), and 𝒟[Q(z|X) ‖ P(z)] in nats.

    The divergence is a sum over the two latent numbers, and each summand has two parts, as the closed form of
    ``gaussian_kl`` has them: ½μ² for a center away from 0, and ½(s² − 1 − log s²) for a width other than 1. The widget
    needs no kernel. With one, ``mean`` and ``std`` follow the reader's hand and move when Python sets them.

    Args:
        mean: the two means μ of Q, where the reader starts.
        std: its two standard deviations s.
        codes, log_var: means and log variances of Q for examples to choose from, shape ``(n, 2)`` with n up to 12,
            such as ``encode(x)`` gives them. Without them, one test digit of each class, as the model ``digits-2``
            encodes it; ``codes=[], log_var=[]`` offers none.
        labels: what the choices are called, shape ``(n,)``, of any kind; 1, 2, 3, ... if absent.

    Attributes:
        mean, std: lists of two numbers; means from −4 to 4, standard deviations from 0.02 to 3.

    Raises:
        ValueError: codes, log_var or labels that do not fit each other or these bounds.
        traitlets.TraitError: a ``mean`` or ``std`` that is not two numbers within these bounds.

    Source: the second term of Eq. (4); Kingma & Welling 2013, appendix B.
    """

    _esm = module_source(__file__)
    _css = style_source(__file__)

    mean = Numbers([1.2, -0.5], MEAN, MEAN, remedy="move Q onto the map").tag(sync=True)
    std = Numbers(
        [0.4, 0.7],
        STD,
        STD,
        remedy="pass standard deviations, not variances or their logarithms",
    ).tag(sync=True)
    choices: traitlets.List[Any] = traitlets.List().tag(sync=True)

    def __init__(
        self,
        mean: Sequence[float] | Tensor = (1.2, -0.5),
        std: Sequence[float] | Tensor = (0.4, 0.7),
        codes: Tensor | ArrayLike | None = None,
        log_var: Tensor | ArrayLike | None = None,
        labels: Tensor | Sequence[Any] | None = None,
    ) -> None:
        if codes is None and log_var is None and labels is None:
            codes, log_var, labels = _shipped()
        super().__init__(KL_PLANE_EXPLORER, mean=mean, std=std, choices=_choices(codes, log_var, labels))

    @property
    def kl(self) -> list[float]:
        """The divergence from the prior of each latent number, in nats; their sum is ``total``."""
        mean, std = (torch.tensor(pair, dtype=torch.float64)[:, None] for pair in (self.mean, self.std))
        return [float(nats) for nats in gaussian_kl(mean, 2 * std.log())]

    @property
    def total(self) -> float:
        """𝒟[Q(z|X) ‖ P(z)] in nats."""
        mean, std = (torch.tensor(pair, dtype=torch.float64) for pair in (self.mean, self.std))
        return float(gaussian_kl(mean, 2 * std.log()))


def _shipped() -> tuple[Tensor, Tensor, Tensor]:
    """Means, log variances and labels: the first test digit of each class, as ``digits-2`` encodes it."""
    from vae_lib import data, pretrained

    digits = data.load("digits")
    chosen = first_of_each(digits.test_labels)
    with torch.no_grad():
        mean, log_var = pretrained.load("digits-2").encode(digits.test[chosen])
    return mean, log_var, digits.test_labels[chosen]


def _choices(
    codes: Tensor | ArrayLike | None, log_var: Tensor | ArrayLike | None, labels: Tensor | Sequence[Any] | None
) -> list[dict[str, Any]]:
    """What the reader may choose: name, means and standard deviations of each, as the page takes them."""
    if codes is None or log_var is None:
        raise ValueError("codes and log_var belong together; pass both, such as encode(x).mean and encode(x).log_var")
    means, log_vars = check_choices(codes, 2), check_choices(log_var, 2, "log_var")
    if means.shape != log_vars.shape:
        raise ValueError(
            f"codes and log_var must have one shape, got {tuple(means.shape)} and {tuple(log_vars.shape)}; "
            "pass those of the same examples"
        )
    stds = torch.exp(0.5 * log_vars)
    for name, values, (low, high) in (("mean", means, MEAN), ("standard deviation", stds, STD)):
        fits = ((values >= low) & (values <= high)).all(1)
        if not fits.all():
            row = int((~fits).nonzero()[0])
            raise ValueError(
                f"each {name} must lie from {low:g} to {high:g}, got {values[row].tolist()} in row {row}; leave it out"
            )
    return [
        {"label": text, "mean": mean, "std": std}
        for text, mean, std in zip(choice_names(labels, len(means)), means.tolist(), stds.tolist(), strict=True)
    ]

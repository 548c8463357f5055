"""A latent space with more dimensions than a map can show: one slider for each, with what it costs in nats."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, Final

import torch
import traitlets
from numpy.typing import ArrayLike
from torch import Tensor

from vae_lib import pretrained
from vae_lib.distributions import gaussian_kl
from vae_lib.model import VAE, require_vae
from vae_lib.widgets.base import FINITE, SEEDS, Numbers
from vae_lib.widgets.codes import MOST_CHOICES, check_choices, choice_names, first_of_each
from vae_lib.widgets.shown import ModelWidget
from vae_lib.widgets.sources import module_source, style_source
from vae_lib.widgets.words import LATENT_SLIDERS, LATENT_SLIDERS_ROWS

FEWEST_LATENTS: Final = 3
EXTENT: Final = 3.0
UNUSED: Final = 0.01
"""A latent number whose KL is under this many nats is not used."""


class LatentSliders(ModelWidget):
    """One slider for each latent number of a VAE, sorted by its KL in nats, and f(z): a picture or a row of a table.

    Beside each slider stand its KL to the prior, averaged over the test set, and how far its whole range moves a
    pixel. The decoder runs in the browser, so the widget works in a page without a kernel. With a kernel, ``z``
    follows the reader's hand and moves when Python sets it.

    Args:
        model: a model with ``latent_dim`` 3 or more, or the name of one that ships with the package; ``kl``, ``codes``
            and ``labels`` are then those of the test examples that were saved with it, unless they are given.
        kl: the KL of each latent number in nats, averaged over examples, shape ``(latent_dim,)``, such as
            ``gaussian_kl(q.mean[..., None], q.log_var[..., None]).mean(0)``. Needed with a model that is not a name.
        codes: posterior means of examples to start from, shape ``(n, latent_dim)`` with n up to 12; none without them.
        labels: what the given codes are called, shape ``(n,)``, of any kind; 1, 2, 3, ... if absent.
        z: where the reader starts; the origin if absent.
        image_shape: ``(height, width)`` or ``(3, height, width)`` of a picture; if absent, as the model remembers it,
            or a square. A model without a sigmoid makes rows of a table.
        seed: of the first draw from the prior, 0 to 2³² − 1.

    Attributes:
        z: list of ``latent_dim`` numbers. Values beyond ``extent`` are clipped to it.
        extent: the sliders reach from −extent to extent. It is 3, or as much more as the codes need.
        kl: list of ``latent_dim`` numbers, in nats.
        seed: of the next draw from the prior; each draw adds 1. The draw is ``normals(seed, latent_dim)`` of
            ``vae_lib.widgets.base``, clipped to ``extent``.

    Raises:
        ValueError: fewer latents, or kl, codes, labels or image_shape that do not fit the model or are not finite.
        TypeError: no VAE, or a decoder with layers that the browser cannot compute.
        traitlets.TraitError: a ``z`` that is not ``latent_dim`` finite numbers.
    """

    _esm = module_source(__file__)
    _css = style_source(__file__)

    z = Numbers([], FINITE, what="finite numbers, one for each latent").tag(sync=True)
    extent = traitlets.Float(EXTENT).tag(sync=True)
    kl: traitlets.List[float] = traitlets.List().tag(sync=True)
    unused = traitlets.Float(UNUSED).tag(sync=True)
    choices: traitlets.List[Any] = traitlets.List().tag(sync=True)
    seed = Numbers(0, SEEDS, whole=True).tag(sync=True)

    def __init__(
        self,
        model: VAE | str = "digits-12",
        kl: Sequence[float] | Tensor | None = None,
        codes: Tensor | ArrayLike | None = None,
        labels: Tensor | Sequence[Any] | None = None,
        z: Sequence[float] | Tensor | None = None,
        image_shape: tuple[int, ...] | None = None,
        seed: int = 0,
    ) -> None:
        if codes is None and labels is not None:
            raise ValueError("labels name codes, so they need them; pass codes too, or leave labels out")
        name, model = model, require_vae(pretrained.load(model) if isinstance(model, str) else model, "LatentSliders")
        if isinstance(name, str):
            kl, codes, labels = _stored(name, model, kl, codes, labels)
        if model.latent_dim < FEWEST_LATENTS:
            raise ValueError(
                f"LatentSliders needs a model with latent_dim {FEWEST_LATENTS} or more, got {model.latent_dim}; "
                "LatentExplorer shows two on a map"
            )
        choices = _choices(codes, labels, model.latent_dim)
        nats = _check_kl(kl, model.latent_dim)
        reach = max((abs(number) for choice in choices for number in choice["z"]), default=0.0)
        super().__init__(
            LATENT_SLIDERS,
            LATENT_SLIDERS_ROWS,
            model,
            image_shape,
            kl=nats,
            extent=max(EXTENT, math.ceil(2 * reach) / 2),
            choices=choices,
            seed=seed,
            z=[0.0] * model.latent_dim if z is None else z,
        )

    @traitlets.validate("z")
    def _clip_z(self, proposal: dict[str, Any]) -> list[float]:
        if len(proposal["value"]) != len(self.kl):
            raise traitlets.TraitError(
                f"z must be {len(self.kl)} numbers, one for each latent, got {proposal['value']}"
            )
        return [min(max(value, -self.extent), self.extent) for value in proposal["value"]]


def _stored(
    name: str,
    model: VAE,
    kl: Sequence[float] | Tensor | None,
    codes: Tensor | ArrayLike | None,
    labels: Tensor | Sequence[Any] | None,
) -> tuple[Sequence[float] | Tensor | None, Tensor | ArrayLike | None, Tensor | Sequence[Any] | None]:
    """Each latent's KL and one code of each class, unless given: of the examples whose Q(z|X) the model's file holds.

    So nobody has to have its data.
    """
    if kl is not None and codes is not None:
        return kl, codes, labels
    try:
        means, classes = pretrained.codes(name)
    except ValueError as error:
        if kl is not None:
            return kl, codes, labels
        raise ValueError(f"{error}, or pass kl, the nats of each latent") from None
    if kl is None:
        kl = gaussian_kl(means[..., None], pretrained.log_vars(name)[..., None]).mean(0)
    if codes is None:
        names, chosen = model.about.classes, first_of_each(classes)[:MOST_CHOICES]
        if len(chosen) == 1 and not names:  # data without classes
            return kl, means[:MOST_CHOICES], None
        codes, labels = means[chosen], [names[i] if names else i for i in classes[chosen].tolist()]
    return kl, codes, labels


def _check_kl(kl: Sequence[float] | Tensor | None, latent_dim: int) -> list[float]:
    if kl is None:
        raise ValueError(
            "kl is needed with a model that is not a shipped name; pass the nats of each latent, "
            "gaussian_kl(q.mean[..., None], q.log_var[..., None]).mean(0)"
        )
    nats = [float(value) for value in kl]
    if len(nats) != latent_dim:
        raise ValueError(f"kl must have shape ({latent_dim},), one number for each latent, got {len(nats)}")
    if not all(0 <= value < math.inf for value in nats):
        raise ValueError(f"kl must be finite and at least 0, in nats, got {nats}")
    return nats


def _choices(
    codes: Tensor | ArrayLike | None, labels: Tensor | Sequence[Any] | None, latent_dim: int
) -> list[dict[str, Any]]:
    """What the reader may start from: name and code of each, as the page takes them."""
    if codes is None:
        return []
    means = check_choices(codes, latent_dim)
    if not torch.isfinite(means).all():
        row = int((~torch.isfinite(means).all(1)).nonzero()[0])
        raise ValueError(f"codes must be finite, got {means[row].tolist()} in row {row}; leave such rows out")
    names = choice_names(labels, len(means))
    return [{"label": name, "z": z} for name, z in zip(names, means.tolist(), strict=True)]

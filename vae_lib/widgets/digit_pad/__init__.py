"""A pad to draw a digit on, and the whole VAE at work on the drawing: X → Q(z|X) → ε → z → f(z), and log P(X|z)."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple

import numpy as np
import torch
import traitlets
from numpy.typing import ArrayLike
from safetensors import safe_open
from torch import Tensor

from vae_lib import pretrained
from vae_lib.model import VAE, require_vae
from vae_lib.widgets.base import as_sent
from vae_lib.widgets.coder import Coder
from vae_lib.widgets.codes import Values, check_codes, check_labels, extent, pack_labels, pack_points, plane_point
from vae_lib.widgets.sources import module_source, style_source
from vae_lib.widgets.words import DIGIT_PAD

SIDE: Final = 28
PIXELS: Final = SIDE * SIDE
QUANTILES: Final = (0.05, 0.5, 0.95)
DOTS: Final = 2500  # on the map, of a shipped model: enough to see where each kind lies, at a quarter of the bytes
EXAMPLES: Final = Path(__file__).with_name("mnist-examples.safetensors")


class Examples(NamedTuple):
    """What ``tools/mnist_examples.py`` made of MNIST's test digits and one model.

    Attributes:
        pictures: one test digit of each class, uint8, shape ``(10, 784)``.
        labels: their classes, uint8, shape ``(10,)``.
        usual: ``usual_range`` of the model over all test digits, in nats, shape ``(3, 3)``.
        fingerprint: that of the model.
    """

    pictures: Tensor
    labels: Tensor
    usual: Tensor
    fingerprint: str


def shipped_examples() -> Examples:
    """The ten handwritten digits that ship with the widget."""
    with safe_open(EXAMPLES, "pt") as file:
        tensors = {name: file.get_tensor(name) for name in ("pictures", "labels", "usual")}
        return Examples(**tensors, fingerprint=file.metadata()["fingerprint"])


def fingerprint(model: VAE) -> str:
    """A short text that two models share only if their weights agree to float16, in which they are stored."""
    digest = hashlib.sha256()
    for name, weight in sorted(model.state_dict().items()):
        digest.update(name.encode())
        digest.update(weight.detach().cpu().numpy().astype("<f2").tobytes())
    return digest.hexdigest()[:16]


@torch.no_grad()
def usual_range(model: VAE, test: Tensor) -> Tensor:
    """Where test digits lie: quantiles of what the pad shows for a drawing, each digit with one z from its Q(z|X).

    Args:
        test: shape ``(count, data_dim)``, brightness 0 to 1.

    Returns:
        Nats, shape ``(3, 3)``: a row for each of log P(X|z), the KL to the prior and their difference, the ELBO with
        this one z; a column for each of ``QUANTILES``.
    """
    terms = model.terms(test, generator=torch.Generator().manual_seed(0))
    values = torch.stack([terms.reconstruction, terms.kl, terms.elbo])  # (3, count)
    return torch.quantile(values.double(), torch.tensor(QUANTILES, dtype=torch.float64), dim=1).T


def as_bytes(value: Any) -> bytes | None:
    """A picture as 784 bytes, 0 to 255, or ``None`` for anything else.

    Args:
        value: 784 bytes; or an array, a tensor or a list of shape ``(784,)`` or ``(28, 28)`` of whole numbers from 0
            to 255 or of brightnesses from 0 to 1 with a decimal point.
    """
    if isinstance(value, (bytes, bytearray, memoryview)):
        value = np.frombuffer(value, np.uint8)
    try:
        array = np.asarray(value.detach().cpu() if isinstance(value, Tensor) else value)
    except (TypeError, ValueError):
        return None
    if array.shape not in ((PIXELS,), (SIDE, SIDE)) or array.dtype.kind not in "buif":
        return None
    scale = 1 if array.dtype.kind in "ui" else 255
    levels = array.astype(np.float64) * scale
    if not bool(((levels >= 0) & (levels <= 255)).all()):
        return None
    return np.rint(levels).astype(np.uint8).tobytes()


class Picture(traitlets.TraitType[bytes, Any]):
    """A trait that holds a picture as 784 bytes, and takes whatever ``as_bytes`` takes."""

    def validate(self, obj: Any, value: Any) -> bytes:
        packed = as_bytes(value)
        if packed is None:
            raise traitlets.TraitError(
                f"{self.name} must be a picture of 28 rows and 28 columns: 784 whole numbers from 0 to 255, or "
                f"brightnesses from 0.0 to 1.0, got {_outline(value)}"
            )
        return packed


class DigitPad(Coder):
    """A pad to draw a digit X on, and what a VAE makes of it: Q(z|X), a z from it, the reconstruction f(z), log P(X|z).

    Encoder and decoder run in the browser, so the widget works in a page without a kernel. With a kernel, ``x`` and
    ``epsilon`` follow the reader's hand and move when Python sets them: ``pad.x = test[0]``, ``pad.image``.

    A drawing is brought into the form of MNIST's digits before it is encoded: its box is shrunk to 20 by 20 pixels and
    placed in 28 by 28 by its centre of mass. A picture that Python sets is encoded as it is.

    Args:
        model: a VAE with ``data_dim`` 784, ``latent_dim`` 2 and the Gaussian likelihood, or the name of one that ships
            with the package, whose test digits' codes and labels then come with it. The widget keeps a copy of it.
        codes: the codes of digits for the map, their posterior means, shape ``(n, 2)``; no dots without them.
        labels: the digits 0 to 9 of these codes, shape ``(n,)``.
        test: test pictures, floating point, shape ``(n, 784)``, brightness 0 to 1, for the range in which the model's
            own digits lie. For the shipped MNIST model it is known already; for others it is not drawn without them.
        examples: pictures to choose from, shape ``(n, 784)``, whole numbers from 0 to 255 or brightnesses from 0 to 1;
            ten of MNIST's test digits if absent.
        x: the picture to start with; an empty pad if absent.
        epsilon: the ε to start with.

    Attributes:
        x: the picture as 784 bytes, row by row; white ink on black paper, as in MNIST.
        epsilon: list of two numbers.
        mean, std: the mean and the standard deviation of Q(z|X), shape ``(2,)``.

    Raises:
        ValueError: a model of another shape or likelihood, or codes, labels, test or examples that do not fit.
        TypeError: no VAE, or a network with layers that the browser cannot compute.
        traitlets.TraitError: an ``x`` that is no such picture, or an ``epsilon`` that is not two finite numbers.

    Source: Eq. (4) with one z for each X; LeCun et al. 1998 for the form of MNIST's digits.
    """

    _esm = module_source(__file__)
    _css = style_source(__file__)

    x = Picture(bytes(PIXELS)).tag(sync=True)
    epsilon = plane_point(0.8, -0.6).tag(sync=True)
    sigma = traitlets.Float(1.0, help="σ of P(X|z) = N(f(z), σ²I).").tag(sync=True)
    extent = traitlets.Float(3.0).tag(sync=True)
    points = traitlets.Bytes().tag(sync=True)
    labels = traitlets.Bytes().tag(sync=True)
    examples = traitlets.Bytes(help="784 bytes for each.").tag(sync=True)
    example_labels = traitlets.Bytes(help="Their digits, if known.").tag(sync=True)
    usual: traitlets.List[Any] = traitlets.List(help="As from usual_range, or empty.").tag(sync=True)

    def __init__(
        self,
        model: VAE | str = "mnist-2",
        *,
        codes: Values = None,
        labels: Values = None,
        test: Tensor | None = None,
        examples: Tensor | ArrayLike | None = None,
        x: Tensor | ArrayLike | bytes | None = None,
        epsilon: Sequence[float] | Tensor = (0.8, -0.6),
    ) -> None:
        if isinstance(model, str) and codes is None and labels is None:
            means, digits = pretrained.codes(model)
            every = max(1, len(means) // DOTS)
            codes, labels = means[::every], digits[::every]
        model = require_vae(pretrained.load(model) if isinstance(model, str) else model, "DigitPad")
        _check_model(model)
        points = check_codes(codes)
        shipped = shipped_examples()
        known = fingerprint(model) == shipped.fingerprint  # before weights are rounded, and lose the sign of a zero
        self._model = model = as_sent(model, "encoder", "decoder")
        shipped_usual = shipped.usual.tolist() if known else []
        super().__init__(
            DIGIT_PAD,
            **self.networks(model),
            sigma=model.sigma,
            extent=extent(points),
            points=pack_points(points),
            labels=pack_labels(check_labels(labels, len(points))),
            examples=_pack_examples(shipped.pictures if examples is None else examples),
            example_labels=pack_labels(shipped.labels) if examples is None else b"",
            usual=shipped_usual if test is None else _usual(model, test),
            x=bytes(PIXELS) if x is None else x,
            epsilon=epsilon,
        )

    @property
    def image(self) -> Tensor:
        """The picture X as float32 of shape ``(28, 28)``, brightness 0 to 1."""
        return torch.tensor(list(self.x), dtype=torch.float32).reshape(SIDE, SIDE) / 255

    @property
    def z(self) -> Tensor:
        """z = μ + sε, shape ``(2,)``."""
        return self.mean + self.std * torch.tensor(self.epsilon)

    @property
    @torch.no_grad()
    def reconstruction(self) -> Tensor:
        """f(z), shape ``(28, 28)``, brightness 0 to 1."""
        return self._model.decode(self.z).reshape(SIDE, SIDE)

    @property
    @torch.no_grad()
    def log_likelihood(self) -> float:
        """log P(X|z) in nats, at this z."""
        return float(self._model.log_likelihood(self.image.flatten(), self.z))

    @property
    def kl(self) -> float:
        """𝒟[Q(z|X) ‖ P(z)] in nats."""
        return float(self._posterior().kl())

    @property
    def elbo(self) -> float:
        """``log_likelihood − kl`` in nats: the right side of Eq. (4), estimated with this one z."""
        return self.log_likelihood - self.kl


def _outline(value: Any) -> str:
    """What a wrong picture is, in a line: its shape and range where it has them."""
    if isinstance(value, (bytes, bytearray, memoryview)):
        return f"{memoryview(value).nbytes} bytes"
    try:
        array = np.asarray(value.detach().cpu() if isinstance(value, Tensor) else value, dtype=np.float64)
    except (TypeError, ValueError):
        return repr(value)[:80]
    return f"shape {array.shape}" + (f" with values from {np.min(array):g} to {np.max(array):g}" if array.size else "")


def _check_model(model: VAE) -> None:
    if (model.data_dim, model.latent_dim) != (PIXELS, 2):
        raise ValueError(
            f"DigitPad needs a model with data_dim {PIXELS} and latent_dim 2, got {model.data_dim} and "
            f"{model.latent_dim}; train one on MNIST, or leave model out"
        )
    if model.likelihood != "gaussian":
        raise ValueError(
            f"DigitPad needs a VAE with likelihood 'gaussian', got {model.likelihood}: a drawing has grey values, of "
            "which only a Gaussian P(X|z) is a density"
        )


def _usual(model: VAE, test: Tensor) -> list[list[float]]:
    """``usual_range`` as the page takes it, of test pictures that are checked first."""
    shaped = test.ndim == 2 and test.shape[1] == PIXELS and len(test) > 0 and test.is_floating_point()
    if not shaped or not bool(((test >= 0) & (test <= 1)).all()):
        raise ValueError(
            f"test must be floating point of shape (n, {PIXELS}) with n at least 1 and values from 0 to 1, got "
            f"{test.dtype} of {_outline(test)}; divide grey values of 0 to 255 by 255"
        )
    nats = usual_range(model, test.detach().cpu().float())
    if not bool(torch.isfinite(nats).all()):
        raise ValueError(f"the model's nats of test must be finite, got {nats.tolist()}; train it again")
    usual: list[list[float]] = nats.tolist()
    return usual


def _pack_examples(examples: Tensor | ArrayLike) -> bytes:
    rows = examples if isinstance(examples, Tensor) else np.asarray(examples)
    if rows.ndim == 0:
        raise ValueError(f"examples must be pictures, shape (n, {PIXELS}), got {_outline(examples)}")
    packed = [as_bytes(row) for row in rows]
    for row, picture in enumerate(packed):
        if picture is None:
            raise ValueError(
                f"examples must be pictures of {PIXELS} pixels each, got {_outline(rows[row])} in row {row}"
            )
    return b"".join(picture for picture in packed if picture is not None)

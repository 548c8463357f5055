"""A pad to draw a digit on, and the whole VAE at work on the drawing: X → Q(z|X) → ε → z → f(z), and log P(X|z)."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple

import torch
import traitlets
from numpy.typing import ArrayLike
from safetensors import safe_open
from torch import Tensor

from vae_lib.model import VAE
from vae_lib.widgets.codes import Values, pack_labels
from vae_lib.widgets.drawn import PIXELS, Drawn, model_and_codes, outline, pictures
from vae_lib.widgets.sources import module_source, style_source
from vae_lib.widgets.words import DIGIT_PAD

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


class DigitPad(Drawn):
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

    Raises:
        ValueError: a model of another shape or likelihood, or codes, labels, test or examples that do not fit.
        TypeError: no VAE, or a network with layers that the browser cannot compute.
        traitlets.TraitError: an ``x`` that is no such picture, or an ``epsilon`` that is not two finite numbers.

    Source: Eq. (4) with one z for each X; LeCun et al. 1998 for the form of MNIST's digits.
    """

    _esm = module_source(__file__)
    _css = style_source(__file__)

    sigma = traitlets.Float(1.0, help="σ of P(X|z) = N(f(z), σ²I).").tag(sync=True)
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
        model, codes, labels = model_and_codes("DigitPad", model, codes, labels, DOTS)
        _check_likelihood(model)
        shipped = shipped_examples()
        known = fingerprint(model) == shipped.fingerprint  # before weights are rounded, and lose the sign of a zero
        super().__init__(
            DIGIT_PAD,
            model,
            codes,
            labels,
            sigma=float(model.sigma),
            examples=b"".join(pictures(shipped.pictures if examples is None else examples)),
            example_labels=pack_labels(shipped.labels) if examples is None else b"",
            usual=shipped.usual.tolist() if known else [],
            x=bytes(PIXELS) if x is None else x,
            epsilon=epsilon,
        )
        if test is not None:
            self.usual = _usual(self._model, test)

    @property
    def z(self) -> Tensor:
        """z = μ + sε, shape ``(2,)``."""
        return self.mean + self.std * torch.tensor(self.epsilon)


def _check_likelihood(model: VAE) -> None:
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
            f"{test.dtype} of {outline(test)}; divide grey values of 0 to 255 by 255"
        )
    nats = usual_range(model, test.detach().cpu().float())
    if not bool(torch.isfinite(nats).all()):
        raise ValueError(f"the model's nats of test must be finite, got {nats.tolist()}; train it again")
    usual: list[list[float]] = nats.tolist()
    return usual

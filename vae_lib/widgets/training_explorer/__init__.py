"""A VAE that learns the digits in the browser: encoder, decoder, gradients and Adam, without a kernel."""

from __future__ import annotations

from itertools import pairwise
from typing import Any, Final, Literal, get_args

import numpy as np
import torch
import traitlets
from torch import Tensor, nn

from vae_lib import data
from vae_lib.model import VAE
from vae_lib.widgets.base import SEEDS, BookWidget, Numbers, Range, uniforms
from vae_lib.widgets.codes import pack_labels
from vae_lib.widgets.sources import module_source, style_source
from vae_lib.widgets.words import TRAINING_EXPLORER

PIXELS: Final = 64
LATENTS: Final = 2
BRIGHTEST: Final = 16
BATCH_SIZE: Final = 64
LEARNING_RATES: Final[Range] = (1e-4, 10.0)
BETAS: Final[Range] = (0.01, 100.0)
SIGMAS: Final[Range] = (0.05, 1.0)
MOST_HIDDEN: Final = 256

Gradient = Literal["pathwise", "score"]
Mistake = Literal["none", "mean", "sign", "detached"]


class Parameters(traitlets.TraitType[bytes, Any]):
    """A trait that holds all weights as float32, as many as the widget's ``hidden`` asks for, or none."""

    default_value = b""

    def validate(self, obj: Any, value: Any) -> bytes:
        if not isinstance(value, bytes | bytearray | memoryview):
            raise traitlets.TraitError(f"{self.name} must be bytes, as the page sends them, got {type(value).__name__}")
        given, needed = bytes(value), 4 * count_parameters(obj.hidden)
        if given and len(given) != needed:
            raise traitlets.TraitError(
                f"{self.name} must have {needed} bytes for hidden={obj.hidden}, got {len(given)}; set b'' to begin anew"
            )
        if not np.isfinite(np.frombuffer(given, "<f4")).all():
            raise traitlets.TraitError(f"{self.name} must be finite, got a weight that is not; set b'' to begin anew")
        return given


class TrainingExplorer(BookWidget):
    """A VAE that learns scikit-learn's 1,797 digits before the reader's eyes: map, samples and both terms.

    One hidden layer of SiLU in each network, two latents, P(X|z) = N(f(z), σ²I), Adam on batches of 64. All of it runs
    in the browser, off the page's own thread, so the widget works in a page without a kernel. With one, the settings
    follow the reader's hand and move when Python sets them, and the weights come back: ``explorer.model()``.

    Args:
        seed: of the first weights, of each epoch's order and of every ε. Another seed begins anew.
        hidden: the width of both hidden layers, from 1 to 256.
        lr: Adam's learning rate, from 0.0001 to 10.
        beta: the weight of the KL term, from 0.01 to 100.
        sigma: σ of P(X|z), from 0.05 to 1, in units of pixel brightness.
        sample: draw z from Q(z|X); without, z is the mean μ(X).
        kl: keep the KL term in the loss. Without it, and without ``sample``, what trains is an autoencoder.
        gradient: how the encoder learns from log P(X|z): ``"pathwise"``, through z = μ + sε, or ``"score"``, by the
            slope of log Q(z|X) weighted with log P(X|z).
        mistake: breaks the loss as learners do: ``"mean"`` over the pixels in the place of their sum, the KL with
            the wrong ``"sign"``, a z that is ``"detached"`` from the encoder; or ``"none"``.

    Attributes:
        epoch: whole epochs so far, as of the last pause or of a few seconds ago.
        parameters: the weights then, float32, in the order of the model's layers; empty before the first step. The
            trainer starts anew from what Python sets here.

    Raises:
        ValueError: a ``hidden`` that is not from 1 to 256.
        traitlets.TraitError: any other value beyond what is said above.

    Source: Eq. (4); Kingma & Welling 2013 for the pathwise gradient, Williams 1992 for the other; Kingma & Ba 2015.
    """

    _esm = module_source(__file__)
    _css = style_source(__file__)

    seed = Numbers(0, SEEDS, whole=True).tag(sync=True)
    lr = Numbers(0.01, LEARNING_RATES).tag(sync=True)
    beta = Numbers(1.0, BETAS).tag(sync=True)
    sigma = Numbers(0.16, SIGMAS).tag(sync=True)
    sample = traitlets.Bool(True).tag(sync=True)
    kl = traitlets.Bool(True).tag(sync=True)
    gradient = traitlets.Enum(get_args(Gradient), "pathwise").tag(sync=True)
    mistake = traitlets.Enum(get_args(Mistake), "none").tag(sync=True)
    epoch = traitlets.Int(0, min=0).tag(sync=True)
    hidden = traitlets.Int(64).tag(sync=True)
    parameters = Parameters().tag(sync=True)
    batch_size = traitlets.Int(BATCH_SIZE, min=8).tag(sync=True)
    brightest = traitlets.Int(BRIGHTEST, help="The largest of the images' bytes.").tag(sync=True)
    images = traitlets.Bytes(help="The digits, a byte from 0 to 16 for each pixel.").tag(sync=True)
    labels = traitlets.Bytes().tag(sync=True)

    def __init__(
        self,
        seed: int = 0,
        *,
        hidden: int = 64,
        lr: float = 0.01,
        beta: float = 1.0,
        sigma: float = 0.16,
        sample: bool = True,
        kl: bool = True,
        gradient: Gradient = "pathwise",
        mistake: Mistake = "none",
    ) -> None:
        if not isinstance(hidden, int) or not 1 <= hidden <= MOST_HIDDEN:
            raise ValueError(f"hidden must be a whole number from 1 to {MOST_HIDDEN}, got {hidden!r}")
        digits = data.load("digits")
        pictures = torch.cat([digits.train, digits.test])  # (1797, 64)
        super().__init__(
            TRAINING_EXPLORER,
            seed=seed,
            hidden=hidden,
            lr=lr,
            beta=beta,
            sigma=sigma,
            sample=sample,
            kl=kl,
            gradient=gradient,
            mistake=mistake,
            images=(BRIGHTEST * pictures).round().to(torch.uint8).numpy().tobytes(),
            labels=pack_labels(torch.cat([digits.train_labels, digits.test_labels])),
        )

    def model(self) -> VAE:
        """The model as it is in the page, or was at the last pause or a few seconds ago: float32, on the CPU.

        Before the first step it is the model at the start, which has the seed's weights.
        """
        vae = VAE(PIXELS, LATENTS, (self.hidden,), sigma=self.sigma)
        flat = np.frombuffer(self.parameters, "<f4") if self.parameters else first_parameters(self.seed, self.hidden)
        values = torch.from_numpy(flat.astype(np.float32))
        tensors = _layers(vae)
        with torch.no_grad():
            for tensor, part in zip(tensors, values.split([tensor.numel() for tensor in tensors]), strict=True):
                tensor.copy_(part.view_as(tensor))
        return vae.eval()


def _layers(vae: VAE) -> list[Tensor]:
    """Weights and biases, encoder first: the order of ``parameters``."""
    linears = [module for module in (*vae.encoder.net, *vae.decoder.net) if isinstance(module, nn.Linear)]
    return [tensor for linear in linears for tensor in (linear.weight, linear.bias)]


def _shapes(hidden: int) -> list[tuple[int, int]]:
    """(inputs, numbers) of every weight and bias, in the order of ``parameters``."""
    widths = [*pairwise((PIXELS, hidden, 2 * LATENTS)), *pairwise((LATENTS, hidden, PIXELS))]
    return [(inputs, count) for inputs, outputs in widths for count in (inputs * outputs, outputs)]


def count_parameters(hidden: int) -> int:
    """How many numbers a model has, with hidden layers of this width."""
    return sum(count for _, count in _shapes(hidden))


def first_parameters(seed: int, hidden: int) -> np.ndarray:
    """The weights that training starts from, float64 of shape (count_parameters(hidden),), as the page draws them.

    Uniform between ±1/√inputs, weights and biases alike, as PyTorch's Linear begins.
    """
    shapes = _shapes(hidden)
    bounds = np.concatenate([np.full(count, inputs**-0.5) for inputs, count in shapes])
    numbers: np.ndarray = (2 * uniforms(seed, len(bounds)) - 1) * bounds
    return numbers

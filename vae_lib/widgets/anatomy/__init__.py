"""The whole VAE taken apart: every number between X and the ELBO, and the gradient's way back."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from typing import Any, Final, Literal, get_args

import numpy as np
import torch
import traitlets
from numpy.typing import ArrayLike
from torch import Tensor, nn
from torch.distributions import Normal

from vae_lib import data, pretrained
from vae_lib.model import VAE, require_vae
from vae_lib.widgets.base import Numbers, Range
from vae_lib.widgets.coder import Coder
from vae_lib.widgets.codes import MOST_CHOICES, choice_names
from vae_lib.widgets.packing import as_sent
from vae_lib.widgets.shown import grey_shape
from vae_lib.widgets.sources import module_source, style_source
from vae_lib.widgets.words import ANATOMY

CHOICES: Final = (11, 17, 2, 3, 22)  # of the test digits: 0, 3, 5, 7 and 8, of which the 5 comes back badly
START: Final = 1
FARTHEST: Final[Range] = (-3.0, 3.0)
RATES: Final[Range] = (1e-5, 0.1)

Node = Literal[
    "x", "encoder", "mean", "log_var", "exp", "epsilon", "times", "plus", "z", "decoder", "f", "likelihood",
    "prior", "kl", "reconstruction", "elbo", "evidence", "gap", "backward", "step",
]  # fmt: skip
Lit = Literal["machine", "objective", "reparameterization", "training"]
Gradient = Literal["pathwise", "detached", "score"]


class Anatomy(Coder):
    """A VAE on one picture, from X to the ELBO: every part a node with its number, in Eq. (4) and in ten lines of code.

    All of it runs in the browser, the gradient too, so the widget works in a page without a kernel. With a kernel, what
    the reader sets follows and moves when Python sets it.

    Args:
        model: a VAE with ``latent_dim`` 2 and the Gaussian likelihood, or the name of one that ships with the package.
            The widget keeps a copy of it.
        lit: the part in full strength: ``"machine"`` for all of it, ``"objective"``, ``"reparameterization"``, or
            ``"training"``, for which the gradient's way back is shown as well.
        examples: pictures to choose from, shape ``(n, data_dim)``, brightness 0 to 1; a few test digits if absent.
        labels: what they are called; 1, 2, 3, ... if absent.
        index: which of them is X.
        epsilon: the ε of z = μ + sε, two numbers from −3 to 3.
        hold: whether ε stays when a step is taken or another picture is chosen, or is drawn anew.
        sample: draw z from Q(z|X); without, z is μ.
        gradient: how the encoder learns from log P(X|z): ``"pathwise"``, through z = μ + sε; ``"score"``, by the slope
            of log Q(z|X) times log P(X|z), where z is drawn; or not at all, as z is ``"detached"``.
        backward: show the gradient's way back.
        node: what is pointed at: a part, a piece of Eq. (4) or a line of code, by a name of ``options["node"]``.
        lr: Adam's learning rate for a training step, from 0.00001 to 0.1.
        image_shape: height and width of a picture; square if absent.

    Attributes:
        parameters: the weights after training steps, float32, encoder first; empty before the first.

    Raises:
        ValueError: a model of another shape or likelihood, or examples that do not fit.
        TypeError: no VAE, or a network with layers that the browser cannot compute.
        traitlets.TraitError: another value beyond what is said above.

    Source: Eq. (4); Kingma & Welling 2013 for the pathwise gradient, Williams 1992 for the other; Kingma & Ba 2015.
    """

    _esm = module_source(__file__)
    _css = style_source(__file__)

    index = traitlets.Int(0, min=0).tag(sync=True)
    epsilon = Numbers([0.8, -0.6], FARTHEST, FARTHEST).tag(sync=True)
    hold = traitlets.Bool(True).tag(sync=True)
    sample = traitlets.Bool(True).tag(sync=True)
    gradient = traitlets.Enum(get_args(Gradient), "pathwise").tag(sync=True)
    backward = traitlets.Bool(False).tag(sync=True)
    node = traitlets.Enum(get_args(Node), "x").tag(sync=True)
    lit = traitlets.Enum(get_args(Lit), "machine").tag(sync=True)
    lr = Numbers(0.001, RATES).tag(sync=True)
    parameters = traitlets.Bytes().tag(sync=True)
    sigma = traitlets.Float(1.0, help="σ of P(X|z) = N(f(z), σ²I).").tag(sync=True)
    images = traitlets.Bytes(help="The pictures to choose from, float32.").tag(sync=True)
    names: traitlets.List[str] = traitlets.List().tag(sync=True)
    image_shape: traitlets.List[int] = traitlets.List().tag(sync=True)

    def __init__(
        self,
        model: VAE | str = "digits-2",
        *,
        lit: Lit = "machine",
        examples: Tensor | ArrayLike | None = None,
        labels: Tensor | Sequence[Any] | None = None,
        index: int | None = None,
        epsilon: Sequence[float] | Tensor = (0.8, -0.6),
        hold: bool = True,
        sample: bool = True,
        gradient: Gradient = "pathwise",
        backward: bool | None = None,
        node: Node | None = None,
        lr: float = 0.001,
        image_shape: tuple[int, int] | None = None,
    ) -> None:
        model = require_vae(pretrained.load(model) if isinstance(model, str) else model, "Anatomy")
        _check_model(model)
        if examples is None:
            examples, labels = _test_digits(model)
        pictures = _check_examples(model, examples)
        self._model = as_sent(model, "encoder", "decoder")
        first = {"machine": "x", "objective": "elbo", "reparameterization": "plus", "training": "backward"}
        super().__init__(
            ANATOMY,
            **self._networks(self._model),
            sigma=float(model.log_sigma.detach().double().exp()),
            images=pictures.numpy().astype("<f4").tobytes(),
            names=choice_names(labels, len(pictures)),
            image_shape=list(grey_shape(model, image_shape)),
            lit=lit,
            index=min(START, len(pictures) - 1) if index is None else index,
            epsilon=epsilon,
            hold=hold,
            sample=sample,
            gradient=gradient,
            backward=lit == "training" if backward is None else backward,
            node=first.get(lit, "x") if node is None else node,
            lr=lr,
        )

    @property
    def image(self) -> Tensor:
        """The picture X as float32 of shape ``image_shape``, brightness 0 to 1."""
        pixels = np.frombuffer(self.images, "<f4").reshape(len(self.names), *self.image_shape)
        return torch.from_numpy(pixels[self.index].astype(np.float32))

    @property
    def z(self) -> Tensor:
        """z = μ + sε, or μ without ``sample``; shape ``(2,)``."""
        return self.mean + self.std * torch.tensor(self.epsilon) * self.sample

    @property
    def gradients(self) -> dict[tuple[str, str], float]:
        """The size of the loss's gradient on each line of the way back, by PyTorch's autograd.

        The loss is minus the ELBO. Keys are where it comes from and where it goes; where nothing flows there is none.
        ``("encoder", "weights")`` and ``("decoder", "weights")`` are those at all weights together.
        """
        return _gradients(self._model, self.image.flatten(), torch.tensor(self.epsilon), self.sample, self.gradient)

    def model(self) -> VAE:
        """A copy of the model as it is in the page, after its training steps: float32, on the CPU."""
        return copy.deepcopy(self._model)

    @traitlets.validate("index")
    def _check_index(self, proposal: dict[str, Any]) -> int:
        value: int = proposal["value"]
        if value >= len(self.names):
            raise traitlets.TraitError(
                f"index must be a whole number from 0 to {len(self.names) - 1}, got {value}; there are no more examples"
            )
        return value

    @traitlets.validate("parameters")
    def _check_parameters(self, proposal: dict[str, Any]) -> bytes:
        value: bytes = proposal["value"]
        needed = 4 * sum(weight.numel() for weight in _weights(self._model))
        if value and (len(value) != needed or not np.isfinite(np.frombuffer(value, "<f4")).all()):
            raise traitlets.TraitError(
                f"parameters must be {needed} bytes of finite float32, got {len(value)} bytes; set b'' to begin anew"
            )
        return value

    @traitlets.observe("parameters")
    def _take_parameters(self, change: dict[str, Any]) -> None:
        if not change["old"]:
            self._first = torch.cat([weight.detach().flatten() for weight in _weights(self._model)])
        flat = (
            torch.from_numpy(np.frombuffer(change["new"], "<f4").astype(np.float32)) if change["new"] else self._first
        )
        weights = _weights(self._model)
        with torch.no_grad():
            for weight, part in zip(weights, flat.split([weight.numel() for weight in weights]), strict=True):
                weight.copy_(part.view_as(weight))


def _weights(model: VAE) -> list[Tensor]:
    """Weights and biases, encoder first: the order of ``parameters``."""
    linears = [module for module in (*model.encoder.net, *model.decoder.net) if isinstance(module, nn.Linear)]
    return [weight for linear in linears for weight in (linear.weight, linear.bias) if weight is not None]


def _gradients(model: VAE, x: Tensor, epsilon: Tensor, sample: bool, gradient: str) -> dict[tuple[str, str], float]:
    """As ``Anatomy.gradients``: each line of the way back has a copy of its own of what it leads to."""
    model, x, epsilon = copy.deepcopy(model).double(), x.double(), epsilon.double()
    encoder, decoder = (
        [weight for module in net if isinstance(module, nn.Linear) for weight in module.parameters()]
        for net in (model.encoder.net, model.decoder.net)
    )
    q = model.encode(x)
    mean, log_var = q.mean.clone(), q.log_var.clone()
    at: dict[tuple[str, str], Tensor] = {("mean", "encoder"): mean, ("log_var", "encoder"): log_var}

    def along(start: str, end: str, value: Tensor) -> Tensor:
        at[end, start] = value.clone()
        return at[end, start]

    std = torch.exp(0.5 * along("log_var", "exp", log_var))
    noise = along("exp", "times", std) * epsilon
    path = along("mean", "plus", mean) + along("times", "plus", noise) if sample else along("mean", "plus", mean)
    score = sample and gradient == "score"
    z = along("plus", "z", path)
    z = along("z", "decoder", z.detach().requires_grad_() if score or gradient == "detached" else z)
    f = along("decoder", "f", model.decode(z))
    f = along("likelihood", "reconstruction", along("f", "likelihood", f))
    reconstruction = Normal(f, model.sigma).log_prob(x).sum()
    to_mean, to_log_var = along("mean", "kl", mean), along("log_var", "kl", log_var)
    kl = 0.5 * (to_mean**2 + torch.expm1(to_log_var) - to_log_var).sum()
    loss = along("kl", "elbo", kl) - along("reconstruction", "elbo", reconstruction)
    if score:
        q_mean = along("mean", "reconstruction", mean)
        q_std = torch.exp(0.5 * along("log_var", "reconstruction", log_var))
        loss = loss - reconstruction.detach() * Normal(q_mean, q_std).log_prob(z.detach()).sum()
    wanted = [*at.values(), *encoder, *decoder]
    found = torch.autograd.grad(loss, wanted, allow_unused=True)
    sizes = {key: float(each.norm()) for key, each in zip(at, found, strict=False) if each is not None}
    split = len(at), len(at) + len(encoder)
    for name, parts in (("encoder", found[split[0] : split[1]]), ("decoder", found[split[1] :])):
        sizes[name, "weights"] = float(torch.cat([part.flatten() for part in parts]).norm())
    return sizes


def _check_model(model: VAE) -> None:
    if model.latent_dim != 2:
        raise ValueError(f"Anatomy needs a model with latent_dim 2, got {model.latent_dim}; train one")
    if model.likelihood != "gaussian" or model.log_sigma.ndim:
        raise ValueError(
            "Anatomy needs a VAE with likelihood 'gaussian' and one σ for all pixels, got "
            f"{model.likelihood} with {max(1, model.log_sigma.numel())}; train one without learn_sigma='each'"
        )


def _test_digits(model: VAE) -> tuple[Tensor, list[int]]:
    """A few test digits of scikit-learn's, and what they are."""
    digits = data.load("digits")
    if model.data_dim != digits.data_dim:
        raise ValueError(
            f"examples must be given for a model with data_dim {model.data_dim}; pass some of its pictures"
        )
    rows = list(CHOICES)
    return digits.test[rows], digits.test_labels[rows].tolist()


def _check_examples(model: VAE, examples: Tensor | ArrayLike) -> Tensor:
    """Examples as float32 of shape (n, data_dim)."""
    pictures = model.examples(examples, "examples").detach().cpu().float()
    if pictures.ndim != 2 or not 1 <= len(pictures) <= MOST_CHOICES:
        raise ValueError(
            f"examples must have shape (n, {model.data_dim}) with n from 1 to {MOST_CHOICES}, got "
            f"{tuple(pictures.shape)}"
        )
    return pictures

"""What all widgets share: traits that refuse what they cannot show, and what is packed for the browser.

A widget is a Python class with synced traits and an ES module that draws and computes (``sources``).
"""

from __future__ import annotations

import copy
import math
import operator
from typing import Any, Final, Literal, TypedDict, TypeGuard

import anywidget
import numpy as np
import torch
import traitlets
from torch import Tensor, nn

from vae_lib import palette
from vae_lib.model import VAE
from vae_lib.runs.rounding import byte_rows
from vae_lib.widgets.words import NOT_DRAWN, Words

ACTIVATIONS: Final[dict[type[nn.Module], str]] = {
    nn.SiLU: "silu",
    nn.ReLU: "relu",
    nn.Tanh: "tanh",
    nn.Sigmoid: "sigmoid",
}
KERNEL: Final = 4  # height and width of a convolution's
LARGEST_SEED: Final = 2**32 - 1
SEEDS: Final = (0, LARGEST_SEED)
"""Of ``normals`` and ``uniforms``."""

Range = tuple[float, float]
FINITE: Final[Range] = (-math.inf, math.inf)

Parts = tuple[tuple[str, str], ...]
"""The name of each number of a trait, and what to do where it lies beyond its limits."""


class Convolution(TypedDict, total=False):
    """Of a transposed convolution, 4 by 4, that doubles a picture: ``[channels, height, width]`` that it takes."""

    doubles: list[int]


class Layer(Convolution):
    """One layer and what follows it; ``activation`` is a value of ``ACTIVATIONS`` or ``"identity"``.

    ``bits`` is 8 where every row of the weight is a multiple of one step (``runs.rounding``), which is half the bytes
    at no loss, and 16 for any other.
    """

    inputs: int
    outputs: int
    activation: str
    bits: int


def describe_layers(net: nn.Sequential, final: str) -> list[Layer]:
    """The layers of a network with activations between them.

    Args:
        net: Linear modules, each followed by at most one of SiLU, ReLU, Tanh, Sigmoid, and behind them the transposed
            convolutions of a ``ConvDecoder``.
        final: the activation that is applied to the output of ``net``, such as ``"sigmoid"``.

    Raises:
        TypeError: a module that the browser cannot compute.
    """
    layers: list[Layer] = []
    shape: tuple[int, ...] = ()  # of the maps of a convolution
    for module in net:
        if isinstance(module, nn.Linear):
            inputs, outputs, bits = (
                module.in_features,
                module.out_features,
                16 if byte_rows(module.weight) is None else 8,
            )
            layers.append({"inputs": inputs, "outputs": outputs, "activation": "identity", "bits": bits})
        elif layers and layers[-1]["activation"] == "identity" and type(module) in ACTIVATIONS:
            layers[-1]["activation"] = ACTIVATIONS[type(module)]
        elif isinstance(module, nn.Unflatten):
            shape = tuple(module.unflattened_size)
        elif shape and _doubles(module):
            doubles, shape = list(shape), (module.out_channels, *(2 * side for side in shape[1:]))
            inputs, outputs = math.prod(doubles), math.prod(shape)
            layers.append(
                {"inputs": inputs, "outputs": outputs, "activation": "identity", "bits": 16, "doubles": doubles}
            )
        elif not (shape and isinstance(module, nn.Flatten)):
            known = ", ".join(kind.__name__ for kind in ACTIVATIONS)
            raise TypeError(
                f"a widget computes Linear layers, and convolutions that double, each followed by at most one of "
                f"{known}, got {module}; build the decoder from these"
            )
    if not layers or layers[-1]["activation"] != "identity":
        raise TypeError(f"the network must end with a Linear layer, got {net}")
    layers[-1]["activation"] = final
    return layers


def _doubles(module: nn.Module) -> TypeGuard[nn.ConvTranspose2d]:
    """Whether it is the one convolution that the browser computes."""
    usual = nn.ConvTranspose2d(1, 1, KERNEL, stride=2, padding=1)
    same = ("kernel_size", "stride", "padding", "output_padding", "dilation", "groups")
    return type(module) is nn.ConvTranspose2d and all(getattr(module, name) == getattr(usual, name) for name in same)


def pack_weights(net: nn.Sequential) -> bytes:
    """The layers' weights, each layer after the other, little-endian.

    A layer of 16 bits: weight (outputs, inputs), then bias (outputs), float16. One of 8 bits: a step for each row
    (outputs), float16; whole numbers (outputs, inputs), int8, which the steps multiply; bias (outputs), float16.
    A convolution: weight (channels in, channels out, 4, 4), then bias (channels out), float16.

    Raises:
        ValueError: a value that is not finite as float16, whose largest number is 65504.
    """
    parts: list[bytes] = []
    for module in net:
        if isinstance(module, nn.Linear):
            rows = byte_rows(module.weight)
            parts += [_halves(module.weight)] if rows is None else [_halves(rows[1]), rows[0].cpu().numpy().tobytes()]
            parts.append(_halves(torch.zeros(module.out_features) if module.bias is None else module.bias))
        elif isinstance(module, nn.ConvTranspose2d):
            parts += [_halves(module.weight), _halves(_bias(module))]
    return b"".join(parts)


def _bias(module: nn.ConvTranspose2d) -> Tensor:
    return torch.zeros(module.out_channels) if module.bias is None else module.bias


def _halves(values: Tensor) -> bytes:
    flat = values.detach().float().cpu().flatten()
    halves = flat.half()
    if not torch.isfinite(halves).all():
        worst = flat[~torch.isfinite(halves)][0].item()
        raise ValueError(
            f"the network's weights must be finite and at most 65504, got {worst}; "
            "train again with a smaller learning rate"
        )
    return halves.numpy().astype("<f2").tobytes()


def unpack_weights(data: bytes, layers: list[Layer]) -> list[tuple[Tensor, Tensor]]:
    """The inverse of ``pack_weights``: weight (outputs, inputs) and bias (outputs) of each layer as float32.

    Raises:
        ValueError: a number of bytes that does not fit the layers.
    """
    needed = sum(_bytes_of(layer) for layer in layers)
    if len(data) != needed:
        raise ValueError(f"these layers need {needed} bytes of weights, got {len(data)}")
    start = 0

    def take(kind: str, *shape: int) -> Tensor:
        nonlocal start
        values = np.frombuffer(data, kind, math.prod(shape), start)
        start += values.nbytes
        return torch.from_numpy(values.astype(np.float32)).reshape(shape)

    result = []
    for layer in layers:
        outputs, inputs = layer["outputs"], layer["inputs"]
        if "doubles" in layer:
            depth, maps = _maps(layer)
            weight, outputs = take("<f2", depth, maps, KERNEL, KERNEL), maps
        elif layer["bits"] == 8:
            step = take("<f2", outputs, 1)
            weight = step * take("i1", outputs, inputs)
        else:
            weight = take("<f2", outputs, inputs)
        result.append((weight, take("<f2", outputs)))
    return result


def _bytes_of(layer: Layer) -> int:
    outputs, inputs = layer["outputs"], layer["inputs"]
    if "doubles" in layer:
        depth, maps = _maps(layer)
        return 2 * maps * (depth * KERNEL**2 + 1)
    return outputs * (inputs + 4) if layer["bits"] == 8 else 2 * outputs * (inputs + 1)


def _maps(layer: Layer) -> tuple[int, int]:
    """Channels that a convolution takes and gives."""
    depth, height, width = layer["doubles"]
    return depth, layer["outputs"] // (4 * height * width)


def as_sent(model: VAE, *parts: Literal["encoder", "decoder"]) -> VAE:
    """A copy of a model in float32 on the CPU, whose ``parts`` hold the weights that ``pack_weights`` sends.

    Python's numbers are then of the model that the page has, whatever becomes of the one that was given.

    Raises:
        TypeError: a part with layers that the browser cannot compute.
        ValueError: a weight that is not finite as float16, or a model of a table's rows.
    """
    if not model.sigmoid:
        raise ValueError(
            "this widget shows grey pictures, and the model makes rows of a table; LatentExplorer and LatentSliders "
            "show those"
        )
    copied = copy.deepcopy(model).cpu().float()
    with torch.no_grad():
        for part in parts:
            net: nn.Sequential = getattr(copied, part).net
            linears = [module for module in net if isinstance(module, nn.Linear | nn.ConvTranspose2d)]
            sent = unpack_weights(pack_weights(net), describe_layers(net, final="identity"))
            for module, (weight, bias) in zip(linears, sent, strict=True):
                module.weight.copy_(weight)
                if module.bias is not None:
                    module.bias.copy_(bias)
    return copied


def widget_palette() -> dict[str, Any]:
    """The book's colours for the browser: ``terms`` as [light, dark] by name, ``digits`` as a list."""
    return {"terms": {name: list(shade) for name, shade in palette.TERMS.items()}, "digits": list(palette.DIGITS)}


def uniforms(seed: int, count: int) -> np.ndarray:
    """The first ``count`` numbers strictly between 0 and 1 of a seed, float64 of shape (count,).

    Words of mulberry32 (T. Ettinger): a few lines in either language, so that Python and ``uniforms`` of
    ``shared/numbers.js`` hold the same numbers.

    Args:
        seed: a whole number from 0 to 2³² − 1.
        count: how many numbers; fewer are the beginning of more.
    """
    state = np.uint32(seed) + np.arange(1, count + 1, dtype=np.uint32) * np.uint32(0x6D2B79F5)
    word = (state ^ (state >> 15)) * (state | 1)
    word ^= word + (word ^ (word >> 7)) * (word | 61)
    numbers: np.ndarray = ((word ^ (word >> 14)) + 0.5) / 2**32
    return numbers


def normals(seed: int, count: int) -> np.ndarray:
    """The first ``count`` standard normal numbers of a seed, float64 of shape (count,), as the page draws them.

    ``uniforms``, two at a time, by Box and Muller (1958); equal to the page's but for the last digits.

    Args:
        seed: a whole number from 0 to 2³² − 1.
        count: how many numbers; fewer are the beginning of more.
    """
    uniform = uniforms(seed, count + count % 2)
    radius, angle = np.sqrt(-2 * np.log(uniform[0::2])), 2 * np.pi * uniform[1::2]  # finite, as no number is 0
    numbers: np.ndarray = np.stack([radius * np.cos(angle), radius * np.sin(angle)], 1).reshape(-1)[:count]
    return numbers


class Numbers(traitlets.TraitType[Any, Any]):
    """A trait that holds a number, or a list of them, each finite and within its limits, and says why it refuses.

    A list may be given as a list, a tuple, an array or a tensor. The page gets the limits as ``BookWidget.limits``.

    Args:
        default: a number, or a list of numbers; an empty list stands for one of any length.
        limits: the lowest and the highest value of each number.
        what: what the trait must be, as its refusal says.
        parts: what each number of a list is called when it lies beyond its limits, and what to do then.
        remedy: what to do when it is refused.
        whole: takes whole numbers alone, of any kind.
    """

    def __init__(
        self,
        default: float | list[float],
        *limits: Range,
        what: str = "",
        parts: Parts = (),
        remedy: str = "",
        whole: bool = False,
    ) -> None:
        super().__init__(default)
        self.limits, self.parts, self.whole = limits, parts, whole
        self.remedy = f"; {remedy}" if remedy else ""
        low, high = limits[0]
        one = f"a {'whole ' if whole else ''}number from {low} to {high}"
        self.what = what or (f"two numbers from {low:g} to {high:g}" if isinstance(default, list) else one)

    def validate(self, obj: Any, value: Any) -> Any:
        alone = not isinstance(self.default_value, list)
        numbers = self._numbers([value] if alone else value)
        limits = self.limits if self.default_value else self.limits * len(numbers)
        within = [low <= number <= high for number, (low, high) in zip(numbers, limits, strict=False)]
        if len(numbers) != len(limits) or not numbers or not (self.parts or all(within)):
            raise traitlets.TraitError(f"{self.name} must be {self.what}, got {value!r}{self.remedy}")
        for number, fits, (part, remedy), (low, high) in zip(numbers, within, self.parts, limits, strict=False):
            if not fits:
                raise traitlets.TraitError(
                    f"{self.name}'s {part} must lie from {low:g} to {high:g}, got {number}; {remedy}"
                )
        return numbers[0] if alone else numbers

    def _numbers(self, values: Any) -> list[float]:
        """``values`` as finite numbers, or none at all."""
        if isinstance(values, str | bytes):
            return []
        try:
            numbers = [operator.index(value) if self.whole else float(value) for value in values]
        except (TypeError, ValueError):
            return []
        return numbers if all(math.isfinite(number) for number in numbers) else []


class BookWidget(anywidget.AnyWidget):
    """An anywidget that carries its words, its colours and what its traits may be.

    Subclasses set ``_esm`` and ``_css``.

    Attributes:
        limits: for each trait of numbers with limits ``[low, high]``, or a list of these for a list of numbers.
        options: for each trait of a choice all that may be chosen.
    """

    words: traitlets.Dict[str, Any] = traitlets.Dict().tag(sync=True)
    palette: traitlets.Dict[str, Any] = traitlets.Dict().tag(sync=True)
    limits: traitlets.Dict[str, Any] = traitlets.Dict().tag(sync=True)
    options: traitlets.Dict[str, Any] = traitlets.Dict().tag(sync=True)

    def __init__(self, words: Words, **traits: Any) -> None:
        own = type(self).class_traits(sync=True)
        limits = {name: bounds for name, trait in own.items() if (bounds := _limits(trait))}
        options = {name: list(trait.values or ()) for name, trait in own.items() if isinstance(trait, traitlets.Enum)}
        super().__init__(words=dict(words), palette=widget_palette(), limits=limits, options=options, **traits)

    def __repr__(self) -> str:
        """What stands where no widget can be drawn, as in a page that nbconvert made."""
        return NOT_DRAWN.format(name=self.words.get("name", type(self).__name__))


def _limits(trait: traitlets.TraitType[Any, Any]) -> list[Any] | None:
    """The limits of a trait as the page takes them, or None for one without."""
    if isinstance(trait, traitlets.Int) and trait.max is not None:
        return [trait.min, trait.max]
    if not isinstance(trait, Numbers) or FINITE in trait.limits:
        return None
    return [list(each) for each in trait.limits] if isinstance(trait.default_value, list) else list(trait.limits[0])

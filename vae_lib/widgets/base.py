"""What all widgets share: traits that refuse what they cannot show, and what is packed for the browser.

A widget is a Python class with synced traits and an ES module that draws and computes (``sources``).
"""

from __future__ import annotations

import copy
import math
from typing import Any, Final, Literal, TypedDict

import anywidget
import numpy as np
import torch
import traitlets
from torch import Tensor, nn

from vae_lib import palette
from vae_lib.model import VAE
from vae_lib.runs.rounding import byte_rows
from vae_lib.widgets.words import Words

ACTIVATIONS: Final[dict[type[nn.Module], str]] = {
    nn.SiLU: "silu",
    nn.ReLU: "relu",
    nn.Tanh: "tanh",
    nn.Sigmoid: "sigmoid",
}
LARGEST_SEED: Final = 2**32 - 1

Range = tuple[float, float]


class Layer(TypedDict):
    """One linear layer and what follows it; ``activation`` is a value of ``ACTIVATIONS`` or ``"identity"``.

    ``bits`` is 8 where every row of the weight is a multiple of one step (``runs.rounding``), which is half the bytes
    at no loss, and 16 for any other.
    """

    inputs: int
    outputs: int
    activation: str
    bits: int


def describe_layers(net: nn.Sequential, final: str) -> list[Layer]:
    """The layers of a network of Linear modules with activations between them.

    Args:
        net: Linear modules, each followed by at most one of SiLU, ReLU, Tanh, Sigmoid.
        final: the activation that is applied to the output of ``net``, such as ``"sigmoid"``.

    Raises:
        TypeError: a module that the browser cannot compute.
    """
    layers: list[Layer] = []
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
        else:
            known = ", ".join(kind.__name__ for kind in ACTIVATIONS)
            raise TypeError(
                f"a widget computes Linear layers, each followed by at most one of {known}, got {module}; "
                "build the decoder from these"
            )
    if not layers or layers[-1]["activation"] != "identity":
        raise TypeError(f"the network must end with a Linear layer, got {net}")
    layers[-1]["activation"] = final
    return layers


def pack_weights(net: nn.Sequential) -> bytes:
    """The layers' weights, each layer after the other, little-endian.

    A layer of 16 bits: weight (outputs, inputs), then bias (outputs), float16. One of 8 bits: a step for each row
    (outputs), float16; whole numbers (outputs, inputs), int8, which the steps multiply; bias (outputs), float16.

    Raises:
        ValueError: a value that is not finite as float16, whose largest number is 65504.
    """
    parts: list[bytes] = []
    for module in net:
        if isinstance(module, nn.Linear):
            rows = byte_rows(module.weight)
            parts += [_halves(module.weight)] if rows is None else [_halves(rows[1]), rows[0].cpu().numpy().tobytes()]
            parts.append(_halves(torch.zeros(module.out_features) if module.bias is None else module.bias))
    return b"".join(parts)


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
        if layer["bits"] == 8:
            step = take("<f2", outputs, 1)
            weight = step * take("i1", outputs, inputs)
        else:
            weight = take("<f2", outputs, inputs)
        result.append((weight, take("<f2", outputs)))
    return result


def _bytes_of(layer: Layer) -> int:
    outputs, inputs = layer["outputs"], layer["inputs"]
    return outputs * (inputs + 4) if layer["bits"] == 8 else 2 * outputs * (inputs + 1)


def as_sent(model: VAE, *parts: Literal["encoder", "decoder"]) -> VAE:
    """A copy of a model in float32 on the CPU, whose ``parts`` hold the weights that ``pack_weights`` sends.

    Python's numbers are then of the model that the page has, whatever becomes of the one that was given.

    Raises:
        TypeError: a part with layers that the browser cannot compute.
        ValueError: a weight that is not finite as float16.
    """
    copied = copy.deepcopy(model).cpu().float()
    with torch.no_grad():
        for part in parts:
            net: nn.Sequential = getattr(copied, part).net
            linears = [module for module in net if isinstance(module, nn.Linear)]
            sent = unpack_weights(pack_weights(net), describe_layers(net, final="identity"))
            for module, (weight, bias) in zip(linears, sent, strict=True):
                module.weight.copy_(weight)
                if module.bias is not None:
                    module.bias.copy_(bias)
    return copied


def widget_palette() -> dict[str, Any]:
    """The book's colours for the browser: ``terms`` as [light, dark] by name, ``digits`` as a list."""
    return {"terms": {name: list(shade) for name, shade in palette.TERMS.items()}, "digits": list(palette.DIGITS)}


def finite_pair(value: Any) -> list[float] | None:
    """Two finite numbers of a list, a tuple, an array or a tensor, or ``None`` for anything else."""
    try:
        numbers = [] if isinstance(value, str | bytes) else [float(number) for number in value]
    except (TypeError, ValueError):
        return None
    return numbers if len(numbers) == 2 and all(math.isfinite(number) for number in numbers) else None


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


def number_in(value: Any, limits: Range) -> float | None:
    """``value`` as a number within the limits, or None."""
    try:
        number = float(value)
    except (TypeError, ValueError):
        return None
    return number if limits[0] <= number <= limits[1] else None


class NumberIn(traitlets.TraitType[float, Any]):
    """A trait that holds a number from ``limits``, and names value and limits when it refuses another."""

    def __init__(self, default: float, limits: Range) -> None:
        super().__init__(default)
        self.limits = limits

    def validate(self, obj: Any, value: Any) -> float:
        number = number_in(value, self.limits)
        if number is None:
            low, high = self.limits
            raise traitlets.TraitError(f"{self.name} must be a number from {low} to {high}, got {value!r}")
        return number


class Seed(traitlets.TraitType[int, Any]):
    """A trait that holds the seed of ``normals``, a whole number from 0 to 2³² − 1."""

    default_value = 0

    def validate(self, obj: Any, value: Any) -> int:
        if isinstance(value, int) and 0 <= value <= LARGEST_SEED:
            return value
        raise traitlets.TraitError(f"{self.name} must be a whole number from 0 to {LARGEST_SEED}, got {value!r}")


def check_image_shape(image_shape: tuple[int, int] | None, data_dim: int) -> tuple[int, int]:
    """Height and width of a picture of ``data_dim`` pixels, a square one unless given.

    Raises:
        ValueError: a shape that does not hold so many pixels.
    """
    if image_shape is None:
        side = math.isqrt(data_dim)
        image_shape = (side, side)
    height, width = image_shape
    if height < 1 or width < 1 or height * width != data_dim:
        raise ValueError(f"image_shape must be (height, width) with {data_dim} pixels in all, got {(height, width)}")
    return height, width


class BookWidget(anywidget.AnyWidget):
    """An anywidget that carries its words and colours. Subclasses set ``_esm`` and ``_css``."""

    words: traitlets.Dict[str, Any] = traitlets.Dict().tag(sync=True)
    palette: traitlets.Dict[str, Any] = traitlets.Dict().tag(sync=True)

    def __init__(self, words: Words, **traits: Any) -> None:
        super().__init__(words=dict(words), palette=widget_palette(), **traits)

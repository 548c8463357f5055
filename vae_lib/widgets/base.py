"""What all widgets share: one ES module each, and weights, points and colours packed for the browser.

A widget is a Python class with synced traits and an ES module that draws and computes. The module is the text of
``common.js`` followed by the widget's own file, because a notebook host loads it alone and an import of a sibling
would find nothing.
"""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any, Final, TypedDict

import anywidget
import numpy as np
import torch
import traitlets
from torch import Tensor, nn

from vae_lib import palette
from vae_lib.widgets.words import Words

HERE: Final = Path(__file__).parent
ACTIVATIONS: Final[dict[type[nn.Module], str]] = {
    nn.SiLU: "silu",
    nn.ReLU: "relu",
    nn.Tanh: "tanh",
    nn.Sigmoid: "sigmoid",
}


Range = tuple[float, float]


class Layer(TypedDict):
    """One linear layer and what follows it; ``activation`` is a value of ``ACTIVATIONS`` or ``"identity"``."""

    inputs: int
    outputs: int
    activation: str


def module_source(*names: str) -> str:
    """The ES module of a widget: ``common.js``, then what it shares with some others, then its own file."""
    return _joined("common.js", *names)


def style_source(*names: str) -> str:
    """The style sheet of a widget: ``common.css``, then its own file."""
    return _joined("common.css", *names)


def _joined(*names: str) -> str:
    return "\n".join((HERE / name).read_text(encoding="utf-8") for name in names)


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
            layers.append({"inputs": module.in_features, "outputs": module.out_features, "activation": "identity"})
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
    """Weight (outputs, inputs) and bias (outputs) of each Linear in turn, as little-endian float16.

    Raises:
        ValueError: a value that is not finite as float16, whose largest number is 65504.
    """
    parts: list[Tensor] = []
    for module in net:
        if isinstance(module, nn.Linear):
            bias = torch.zeros(module.out_features) if module.bias is None else module.bias
            parts += [module.weight.detach().flatten(), bias.detach()]
    flat = torch.cat([part.float().cpu() for part in parts])
    halves = flat.half()
    if not torch.isfinite(halves).all():
        worst = flat[~torch.isfinite(halves)][0].item()
        raise ValueError(
            f"the decoder's weights must be finite and at most 65504, got {worst}; "
            "train again with a smaller learning rate"
        )
    return halves.numpy().astype("<f2").tobytes()


def unpack_weights(data: bytes, layers: list[Layer]) -> list[tuple[Tensor, Tensor]]:
    """The inverse of ``pack_weights``: weight and bias of each layer as float32.

    Raises:
        ValueError: a number of bytes that does not fit the layers.
    """
    flat = torch.from_numpy(np.frombuffer(data, "<f2").astype(np.float32))
    needed = sum(layer["outputs"] * (layer["inputs"] + 1) for layer in layers)
    if len(flat) != needed:
        raise ValueError(f"these layers need {needed} weights, got {len(flat)}")
    result = []
    for layer in layers:
        size = layer["outputs"] * layer["inputs"]
        weight, bias, flat = flat[:size], flat[size : size + layer["outputs"]], flat[size + layer["outputs"] :]
        result.append((weight.reshape(layer["outputs"], layer["inputs"]), bias))
    return result


def pack_points(points: Tensor) -> bytes:
    """Points of shape (n, 2), as little-endian float16, x and y in turn: finer than a pixel on any map."""
    return points.detach().cpu().numpy().astype("<f2").tobytes()


def pack_labels(labels: Tensor) -> bytes:
    """Labels 0 to 9 of shape (n,), one byte each."""
    return labels.detach().cpu().numpy().astype(np.uint8).tobytes()


def widget_palette() -> dict[str, Any]:
    """The book's colours for the browser: ``terms`` as [light, dark] by name, ``digits`` as a list."""
    return {"terms": {name: list(shade) for name, shade in palette.TERMS.items()}, "digits": list(palette.DIGITS)}


def finite_pair(value: Any) -> list[float] | None:
    """Two finite numbers of a list, a tuple, an array or a tensor, or ``None`` for anything else."""
    try:
        numbers = [float(number) for number in value]
    except (TypeError, ValueError):
        return None
    return numbers if len(numbers) == 2 and all(math.isfinite(number) for number in numbers) else None


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


class BookWidget(anywidget.AnyWidget):
    """An anywidget that carries its words and colours. Subclasses set ``_esm`` and ``_css``."""

    words: traitlets.Dict[str, Any] = traitlets.Dict().tag(sync=True)
    palette: traitlets.Dict[str, Any] = traitlets.Dict().tag(sync=True)

    def __init__(self, words: Words, **traits: Any) -> None:
        super().__init__(words=dict(words), palette=widget_palette(), **traits)

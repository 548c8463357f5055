"""Models as files: weights in safetensors (float16, never pickle) with a JSON record beside them.

``load("mnist-2")`` gives a model that ships with the package; ``load("path/to/mine")`` one that you saved.
"""

from __future__ import annotations

import json
import os
import tempfile
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load as parse_safetensors
from safetensors.torch import save as to_safetensors
from torch import Tensor

from vae_lib.model import VAE

SHIPPED = Path(__file__).parent / "models"
_CODES, _LOG_VARS, _LABELS = "codes.mean", "codes.log_var", "codes.label"


def names() -> tuple[str, ...]:
    """The models that ship with the package."""
    return tuple(sorted(path.stem for path in SHIPPED.glob("*.safetensors")))


def _path(name: str | Path) -> Path:
    """The weights' file of a shipped model's name or of a path, with or without its ending."""
    if name in names():  # a bare name; "./digits-2" and Path("digits-2") are your own file
        return SHIPPED / f"{name}.safetensors"
    path = Path(name)
    path = path.with_suffix("") if path.suffix in (".safetensors", ".json") else path
    path = path.with_name(f"{path.name}.safetensors") if path.name else Path(".safetensors")
    if not path.exists():
        raise FileNotFoundError(
            f"no model {str(name)!r}: shipped are {', '.join(names())}, and there is no file {path}"
        )
    return path


def _tensors(path: Path) -> dict[str, Tensor]:
    try:
        return parse_safetensors(path.read_bytes())
    except Exception as error:
        raise ValueError(f"{path} is not a safetensors file ({error}); save the model again") from error


def load(name: str | Path) -> VAE:
    """Load a model in float32, ready to evaluate.

    Args:
        name: a shipped model, one of ``names()``, or the path that was given to ``save``.

    Raises:
        FileNotFoundError: no such model; names those that ship.
        ValueError: the file is damaged, or its weights do not fit the record.
    """
    path = _path(name)
    described = record(name)
    try:
        model = VAE(**described["model"])
    except (KeyError, TypeError, ValueError) as error:
        raise ValueError(f"{path.with_suffix('.json')} describes no model ({error!r}); save the model again") from None
    weights = {key: value.float() for key, value in _tensors(path).items() if not key.startswith("codes.")}
    try:
        model.load_state_dict(weights)
    except RuntimeError as error:
        raise ValueError(
            f"{path} does not fit its record {path.with_suffix('.json').name}: {' '.join(str(error).split())}"
        ) from None
    return model.eval()


def record(name: str | Path) -> dict[str, Any]:
    """The JSON record of a model: how it was made and the figures that it reached, in nats per example."""
    path = _path(name).with_suffix(".json")
    if not path.exists():
        raise FileNotFoundError(f"the model's record {path} is missing; a model is two files, keep them together")
    try:
        loaded = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise ValueError(f"the model's record {path} is damaged ({error}); save the model again") from None
    if not isinstance(loaded, dict):
        raise ValueError(f"the model's record {path} must be a JSON object, got {type(loaded).__name__}")
    return loaded


def codes(name: str | Path) -> tuple[Tensor, Tensor]:
    """Where the model puts the test examples of its data: posterior means and labels.

    Returns:
        Means of Q(z|X), float32, shape ``(count, latent_dim)``, and the class of each, int64, shape ``(count,)``.

    Raises:
        ValueError: the model was saved without them.
    """
    tensors = _tensors(_path(name))
    if _CODES not in tensors:
        raise ValueError(f"model {str(name)!r} holds no codes of test examples; save it with test=..., test_labels=...")
    return tensors[_CODES].float(), tensors[_LABELS].long()


def _half(name: str, weight: Tensor) -> Tensor:
    rounded = weight.half().contiguous()
    if not bool(torch.isfinite(rounded).all()):
        raise ValueError(
            f"weight {name} is not finite in float16 (it holds {weight.abs().max():g}); train again with a lower lr"
        )
    return rounded


def round_to_half(model: VAE) -> VAE:
    """Round the weights in place to float16's precision, so that figures are measured on what is shipped."""
    for name, weight in model.state_dict().items():
        weight.copy_(_half(name, weight))
    return model


def save(
    model: VAE,
    path: str | Path,
    details: dict[str, Any] | None = None,
    *,
    test: Tensor | None = None,
    test_labels: Tensor | None = None,
) -> Path:
    """Write ``path.safetensors`` and ``path.json``, whole or not at all: a full disk leaves the old pair as it was.

    Args:
        model: the model; weights are stored as float16.
        path: where to, without an ending.
        details: what the record says besides the model's own configuration: data, seed, figures.
        test, test_labels: examples whose Q(z|X) is stored too, for the maps of the widgets.

    Returns:
        The weights' path.

    Raises:
        ValueError: a weight is NaN or too large for float16; nothing is written.
    """
    path = Path(path)
    path = path.with_suffix("") if path.suffix in (".safetensors", ".json") else path
    tensors = {key: _half(key, value) for key, value in model.state_dict().items()}
    if (test is None) != (test_labels is None):
        raise ValueError("test and test_labels belong together; pass both or neither")
    if test is not None and test_labels is not None:
        with torch.no_grad():
            posterior = model.encode(test)
        tensors |= {
            _CODES: _half(_CODES, posterior.mean),
            _LOG_VARS: _half(_LOG_VARS, posterior.log_var),
            _LABELS: test_labels.to(torch.uint8),
        }
    text = json.dumps({"model": model.config(), **(details or {})}, indent=2, allow_nan=False) + "\n"
    path.parent.mkdir(parents=True, exist_ok=True)
    weights = path.with_name(path.name + ".safetensors")
    _write_atomically({path.with_name(path.name + ".json"): text.encode(), weights: to_safetensors(tensors)})
    return weights


def _write_atomically(contents: dict[Path, bytes]) -> None:
    """Write everything to neighbours, then rename: a reader or a crash never meets half a file."""
    staged: list[tuple[str, Path]] = []
    try:
        for path, content in contents.items():
            handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=path.name, suffix=".tmp")
            staged.append((temporary, path))
            with os.fdopen(handle, "wb") as file:
                file.write(content)
            os.chmod(temporary, 0o644)
        for temporary, path in staged:
            os.replace(temporary, path)
    except BaseException:
        for temporary, _ in staged:
            Path(temporary).unlink(missing_ok=True)
        raise

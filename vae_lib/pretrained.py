"""Models as files: weights in safetensors (float16, never pickle), and in the file's metadata a record as JSON.

``load("mnist-2")`` gives a model that ships with the package; ``load("path/to/mine")`` one that you saved. The record
says its ``kind``, a VAE where it says none. A series is several VAEs of one shape in one such file, and its record says
what they differ in: ``over``. ``figures`` measures what a record says of a model.
"""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple, TypeVar

import torch
from safetensors import safe_open
from safetensors.torch import load as parse_safetensors
from safetensors.torch import save as to_safetensors
from torch import Tensor, nn
from tqdm import tqdm

from vae_lib import evidence, training
from vae_lib.model import VAE, Autoencoder, require_vae
from vae_lib.runs.files import write_atomically
from vae_lib.runs.rounding import round_rows

Model = TypeVar("Model", bound=VAE | Autoencoder)
KINDS: Final[dict[str, type[VAE] | type[Autoencoder]]] = {"vae": VAE, "autoencoder": Autoencoder}
SHIPPED = Path(__file__).parent / "models"
_CODES, _LOG_VARS, _LABELS = "codes.mean", "codes.log_var", "codes.label"
_RECORD = "record"  # the key in the metadata


class Series(NamedTuple):
    """Models of one shape, one for each value of what they differ in.

    Attributes:
        over: ``"beta"``, the weight on the KL term, or ``"epoch"``, moments of one training.
        values: of ``over``, rising; one for each model.
        models: in the order of ``values``, float32, ready to evaluate.
        codes: for each model the means of Q(z|X) of the test examples, float32, shape ``(count, latent_dim)``.
        log_vars: for each model the logarithms of the variances of Q(z|X), of the same shape.
        labels: the classes of the test examples, int64, shape ``(count,)``.
        record: how they were made; ``record["entries"]`` has the figures of each, in nats per example.
    """

    over: str
    values: tuple[float, ...]
    models: tuple[VAE, ...]
    codes: tuple[Tensor, ...]
    log_vars: tuple[Tensor, ...]
    labels: Tensor
    record: dict[str, Any]


def names() -> tuple[str, ...]:
    """The single models that ship with the package, for ``load``."""
    return tuple(name for name in _shipped() if "over" not in record(name))


def series_names() -> tuple[str, ...]:
    """The series of models that ship with the package, for ``load_series``."""
    return tuple(name for name in _shipped() if "over" in record(name))


def _shipped() -> tuple[str, ...]:
    return tuple(sorted(path.stem for path in SHIPPED.glob("*.safetensors")))


def _path(name: str | Path) -> Path:
    """The file of a shipped model's name or of a path, with or without its ending."""
    if name in _shipped():  # a bare name; "./digits-2" and Path("digits-2") are your own file
        return SHIPPED / f"{name}.safetensors"
    path = _with_ending(Path(name))
    if not path.exists():
        raise FileNotFoundError(
            f"no model {str(name)!r}: shipped are {', '.join(names())}, the series {', '.join(series_names())}, "
            f"and there is no file {path}"
        )
    return path


def _with_ending(path: Path) -> Path:
    return path if path.suffix == ".safetensors" else path.parent / f"{path.name}.safetensors"


def _tensors(path: Path) -> dict[str, Tensor]:
    try:
        return parse_safetensors(path.read_bytes())
    except Exception as error:
        raise _damaged(path, error) from error


def _damaged(path: Path, error: Exception) -> ValueError:
    return ValueError(f"{path} is not a safetensors file ({error}); save the model again")


def load(name: str | Path) -> VAE | Autoencoder:
    """Load a model in float32, ready to evaluate: an ``Autoencoder`` where the record says that kind, or a ``VAE``.

    Args:
        name: a shipped model, one of ``names()``, or the path that was given to ``save``.

    Raises:
        FileNotFoundError: no such model; names those that ship.
        ValueError: the file is damaged, or its weights do not fit the record; or it is a series.
    """
    path, described = _path(name), _record_of(name, series=False)
    return _model(path, described, _tensors(path))


def load_series(name: str | Path) -> Series:
    """Load a series of models.

    Args:
        name: a shipped series, one of ``series_names()``, or the path that was given to ``save_series``.

    Raises:
        FileNotFoundError: no such series; names those that ship.
        ValueError: the file is damaged, or its weights or codes do not fit the record; or it is a single model.
    """
    path, described = _path(name), _record_of(name, series=True)
    grouped: dict[str, dict[str, Tensor]] = {}
    for key, tensor in _tensors(path).items():
        index, _, rest = key.rpartition("/")
        grouped.setdefault(index, {})[rest] = tensor
    labels, values = grouped.pop("", {}).get(_LABELS), described.get("values")
    if labels is None or not isinstance(values, list) or set(grouped) != {str(index) for index in range(len(values))}:
        raise ValueError(f"{path} does not fit its record, which names the values {values!r}; save the series again")
    entries = [grouped[str(index)] for index in range(len(values))]
    models = tuple(require_vae(_model(path, described, entry), "a series") for entry in entries)
    for entry in entries:
        for key in (_CODES, _LOG_VARS):
            if key not in entry or entry[key].shape != (len(labels), models[0].latent_dim):
                raise ValueError(f"{path} holds no {key} that fits its labels; save the series again")
    return Series(
        described["over"],
        tuple(values),
        models,
        tuple(entry[_CODES].float() for entry in entries),
        tuple(entry[_LOG_VARS].float() for entry in entries),
        labels.long(),
        described,
    )


def _model(path: Path, described: dict[str, Any], tensors: dict[str, Tensor]) -> VAE | Autoencoder:
    """The model that a record describes, with these of the tensors in ``path`` for weights."""
    try:
        model = KINDS[described.get("kind", "vae")](**described["model"])
    except (KeyError, TypeError, ValueError) as error:
        raise ValueError(f"the record in {path} describes no model ({error!r}); save the model again") from None
    try:
        model.load_state_dict({key: value.float() for key, value in tensors.items() if not key.startswith("codes.")})
    except RuntimeError as error:
        raise ValueError(f"{path} does not fit its record: {' '.join(str(error).split())}") from None
    return model.eval()


def _record_of(name: str | Path, *, series: bool) -> dict[str, Any]:
    """The record, if it is that of a series or of a single model, as asked."""
    described = record(name)
    if ("over" in described) != series:
        remedy = (
            f"is a single model; load it with load, or ask for a series: {', '.join(series_names())}"
            if series
            else f"is a series of models over {described['over']}; load it with load_series, or ask for a single "
            f"model: {', '.join(names())}"
        )
        raise ValueError(f"{str(name)!r} {remedy}")
    return described


def record(name: str | Path) -> dict[str, Any]:
    """The record of a model or a series: how it was made and the figures that it reached, in nats per example."""
    path = _path(name)
    try:
        with safe_open(path, "pt") as file:
            metadata = file.metadata() or {}
    except Exception as error:
        raise _damaged(path, error) from error
    if _RECORD not in metadata:
        raise ValueError(f"{path} holds no record of a model, only tensors; save the model again")
    try:
        loaded = json.loads(metadata[_RECORD])
    except ValueError as error:
        raise ValueError(f"the record in {path} is damaged ({error}); save the model again") from None
    if not isinstance(loaded, dict):
        raise ValueError(f"the record in {path} must be a JSON object, got {type(loaded).__name__}")
    return loaded


def codes(name: str | Path) -> tuple[Tensor, Tensor]:
    """Where the model puts the test examples of its data, or the first of them: posterior means and labels.

    Returns:
        Means of Q(z|X), or the codes of an ``Autoencoder``, float32, shape ``(count, latent_dim)``, and the class of
        each, int64, shape ``(count,)``.

    Raises:
        ValueError: the model was saved without them; or it is a series.
    """
    tensors = _test_tensors(name, _CODES, _LABELS)
    return tensors[_CODES].float(), tensors[_LABELS].long()


def log_vars(name: str | Path) -> Tensor:
    """The logarithms of the variances of Q(z|X) at the test examples, in the order of ``codes(name)``.

    Returns:
        float32, shape ``(count, latent_dim)``.

    Raises:
        ValueError: the model was saved without them; or it is a series, or an ``Autoencoder``, which has no Q(z|X).
    """
    return _test_tensors(name, _LOG_VARS)[_LOG_VARS].float()


def _test_tensors(name: str | Path, *needed: str) -> dict[str, Tensor]:
    tensors = _tensors(_path(name))
    if not set(needed) <= set(tensors):
        described = _record_of(name, series=False)
        if _LOG_VARS in needed and described.get("kind") == "autoencoder":
            raise ValueError(
                f"model {str(name)!r} is a plain autoencoder: each code is a point, without a Q(z|X) and its variance; "
                "take a VAE"
            )
        raise ValueError(f"model {str(name)!r} holds no codes of test examples; save it with test=..., test_labels=...")
    return tensors


def _half(name: str, weight: Tensor) -> Tensor:
    rounded = weight.half().contiguous()
    if not bool(torch.isfinite(rounded).all()):
        raise ValueError(
            f"weight {name} is not finite in float16 (it holds {weight.abs().max():g}); train again with a lower lr"
        )
    return rounded


def round_to_half(model: Model) -> Model:
    """Round the weights in place to float16's precision, so that figures are measured on what is shipped."""
    for name, weight in model.state_dict().items():
        weight.copy_(_half(name, weight))
    return model


def round_to_bytes(model: Model) -> Model:
    """Round each row of each Linear weight in place to a grid of 255 steps, and all else to float16's precision.

    The weights that result are exact in float16, so ``save`` changes them no further, and
    ``rounding.byte_rows`` takes them apart into one byte each, for a page that carries them.

    Raises:
        ValueError: a weight is NaN or too large for float16.
    """
    round_to_half(model)
    with torch.no_grad():
        for module in model.modules():
            if isinstance(module, nn.Linear):
                module.weight.copy_(round_rows(module.weight))
    return round_to_half(model)


def save(
    model: VAE | Autoencoder,
    path: str | Path,
    details: dict[str, Any] | None = None,
    *,
    test: Tensor | None = None,
    test_labels: Tensor | None = None,
) -> Path:
    """Write ``path.safetensors``, whole or not at all: a full disk leaves the old file as it was.

    Args:
        model: the model; weights are stored as float16.
        path: where to, without an ending.
        details: what the record says besides the model's own kind and configuration: data, seed, figures.
        test, test_labels: examples whose Q(z|X), or code, is stored too, for the widgets.

    Returns:
        The file's path.

    Raises:
        ValueError: a weight is NaN or too large for float16; nothing is written.
    """
    tensors = {key: _half(key, value) for key, value in model.state_dict().items()}
    if (test is None) != (test_labels is None):
        raise ValueError("test and test_labels belong together; pass both or neither")
    if test is not None and test_labels is not None:
        tensors |= {**_places(model, test), _LABELS: test_labels.to(torch.uint8)}
    return _write(path, tensors, {**_description(model), **(details or {})})


def save_series(
    models: Sequence[VAE],
    path: str | Path,
    over: str,
    values: Sequence[float],
    details: dict[str, Any] | None = None,
    *,
    test: Tensor,
    test_labels: Tensor,
) -> Path:
    """Write models of one shape as one file, whole or not at all, as ``save`` does.

    Args:
        models: one for each of ``values``; weights are stored as float16 under the model's place and a slash, such as
            ``3/decoder.net.0.weight``.
        path: where to, without an ending.
        over: what they differ in: ``"beta"`` or ``"epoch"``.
        values: of ``over``, one for each model.
        details: what the record says besides: data, seed, and under ``"entries"`` the figures of each.
        test, test_labels: examples whose Q(z|X) is stored for each model, and their classes.

    Returns:
        The file's path.

    Raises:
        ValueError: not one value for each model, models of different shapes, or a weight that is NaN or too large for
            float16; nothing is written.
        TypeError: an ``Autoencoder``, which has no Q(z|X).
    """
    if not models or len(models) != len(values):
        raise ValueError(f"a series needs one value for each model, got {len(models)} models and {len(values)} values")
    shapes = [{**require_vae(model, "a series").config(), "sigma": None} for model in models]
    for value, shape in zip(values, shapes, strict=True):
        if shape != shapes[0]:
            raise ValueError(f"the models of a series must have one shape, but that of {over} {value} is {shape}")
    tensors: dict[str, Tensor] = {_LABELS: test_labels.to(torch.uint8)}
    for index, model in enumerate(models):
        weights = {key: _half(key, value) for key, value in model.state_dict().items()}
        tensors |= {f"{index}/{key}": value for key, value in {**weights, **_places(model, test)}.items()}
    described = {**_description(models[0]), "over": over, "values": list(values), **(details or {})}
    return _write(path, tensors, described)


def _description(model: VAE | Autoencoder) -> dict[str, Any]:
    kind = next(kind for kind, made in KINDS.items() if isinstance(model, made))
    return {"kind": kind, "model": model.config()}


@torch.no_grad()
def _places(model: VAE | Autoencoder, test: Tensor) -> dict[str, Tensor]:
    """Where in latent space the examples are."""
    if isinstance(model, Autoencoder):
        return {_CODES: _half(_CODES, model.encode(test))}
    posterior = model.encode(test)
    return {_CODES: _half(_CODES, posterior.mean), _LOG_VARS: _half(_LOG_VARS, posterior.log_var)}


def _write(path: str | Path, tensors: dict[str, Tensor], described: dict[str, Any]) -> Path:
    path = _with_ending(Path(path))
    write_atomically(path, to_safetensors(tensors, {_RECORD: json.dumps(described, allow_nan=False)}))
    return path


@torch.no_grad()
def figures(model: VAE | Autoencoder, test: Tensor, *, examples: int = 1000) -> dict[str, Any]:
    """The figures of a model's record, on test examples, in nats per example.

    Args:
        test: shape ``(count, data_dim)``; the ELBO is that of all of them, with ten draws of z each.
        examples: log P(X) is measured on the first so many.

    Returns:
        ``test_reconstruction``, ``test_kl``, ``test_elbo``; ``test_log_evidence`` with the ``standard_error`` of its
        mean over examples, and ``test_elbo_same_examples`` beside it; ``squared_error``, mean over pixels at z = μ(X).
        Of an ``Autoencoder`` only ``test_reconstruction`` and ``squared_error``, both at its code.
    """
    if isinstance(model, Autoencoder):
        return {
            "test_reconstruction": round(training.mean_terms(model, test)[0], 4),
            "squared_error": _squared_error(model, test),
            "sigma": round(model.sigma, 6),
        }
    reconstruction, kl = training.mean_terms(model, test, samples=10)
    few = test[:examples]
    bar = tqdm(few, desc="log P(X)", unit="example", disable=None)
    if model.latent_dim <= 2:
        method = "grid"
        log_evidence = torch.tensor([evidence.grid(model, x).log_evidence for x in bar])
    else:
        method = "importance sampling from Q, 500 draws"
        generator = torch.Generator().manual_seed(0)
        log_evidence = torch.cat(
            [
                evidence.importance_sampling(model, x[None], model.encode(x[None]), 500, generator=generator)[0]
                for x in bar
            ]
        )
    few_reconstruction, few_kl = training.mean_terms(model, few, samples=10)
    return {
        "test_reconstruction": round(reconstruction, 4),
        "test_kl": round(kl, 4),
        "test_elbo": round(reconstruction - kl, 4),
        "test_log_evidence": round(float(log_evidence.mean()), 4),
        "standard_error": round(float(log_evidence.std()) / math.sqrt(len(few)), 4) if len(few) > 1 else None,
        "test_elbo_same_examples": round(few_reconstruction - few_kl, 4),
        "log_evidence_method": method,
        "log_evidence_examples": len(few),
        "squared_error": _squared_error(model, test),
        "sigma": round(model.sigma, 6),
        "likelihood": model.likelihood,
    }


@torch.no_grad()
def rebuilt(model: VAE | Autoencoder, test: Tensor) -> Tensor:
    """f(z) at the mean of Q(z|X) or at the code, shape of ``test``."""
    return model.decode(model.encode(test) if isinstance(model, Autoencoder) else model.encode(test).mean)


def _squared_error(model: VAE | Autoencoder, test: Tensor) -> float:
    return round(float(((rebuilt(model, test) - test) ** 2).mean()), 6)


@torch.no_grad()
def entry_figures(model: VAE, test: Tensor) -> dict[str, Any]:
    """The figures of one model of a series, on test examples, in nats per example.

    Args:
        test: shape ``(count, data_dim)``, at least two; the ELBO is that of all of them, with ten draws of z each.

    Returns:
        ``test_reconstruction``, ``test_kl``, ``test_elbo``; ``active_units``, how many latents have a posterior mean
        whose variance over the examples is above 0.01 (Burda et al. 2015); ``squared_error``, mean over pixels at
        z = μ(X); ``sigma``.
    """
    reconstruction, kl = training.mean_terms(model, test, samples=10)
    return {
        "test_reconstruction": round(reconstruction, 4),
        "test_kl": round(kl, 4),
        "test_elbo": round(reconstruction - kl, 4),
        "active_units": evidence.active_units(model.encode(test).mean),
        "squared_error": _squared_error(model, test),
        "sigma": round(model.sigma, 6),
    }

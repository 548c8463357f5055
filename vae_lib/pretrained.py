"""Models as files: weights in safetensors (float16, never pickle), and in the file's metadata a record as JSON.

Weights and record are one file with one checksum, so that neither can change without the other. Files that were written
before there were checksums are read without.

``load("mnist-2")`` gives a model that ships with the package; ``load("path/to/mine")`` one that you saved. The record
says its ``kind``, a VAE where it says none. A series is several VAEs of one shape in one such file, and its record says
what they differ in: ``over``. ``figures`` measures what a record says of a model.
"""

from __future__ import annotations

import dataclasses
import hashlib
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

from vae_lib import checks, evidence, training
from vae_lib.data import Examples, brightness
from vae_lib.model import VAE, Autoencoder, require_vae
from vae_lib.runs.files import write_atomically
from vae_lib.runs.rounding import round_rows
from vae_lib.runs.settings import table

Model = TypeVar("Model", bound=VAE | Autoencoder)
KINDS: Final[dict[str, type[VAE] | type[Autoencoder]]] = {"vae": VAE, "autoencoder": Autoencoder}
GRID_DIM: Final = 1024  # a grid decodes some 100,000 z for an example: of larger pictures it would take minutes
SHIPPED = Path(__file__).parent / "models"
_CODES, _LOG_VARS, _LABELS = "codes.mean", "codes.log_var", "codes.label"
_RECORD, _CHECKSUM = "record", "checksum"  # the keys in the metadata


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
    path = file_of(Path(name))
    try:
        if path.exists():
            return path
    except (OSError, ValueError):  # a name that no file can have
        pass
    raise FileNotFoundError(
        f"no model {str(name)!r}: shipped are {', '.join(names())}, the series {', '.join(series_names())}, "
        f"and there is no file {path}"
    )


def file_of(path: Path) -> Path:
    """The file that ``save`` writes for a path without an ending."""
    return path if path.suffix == ".safetensors" else path.parent / f"{path.name}.safetensors"


def _read(path: Path) -> tuple[dict[str, Tensor], dict[str, Any]]:
    """The tensors of a file and its record, of one moment: whole, finite, and written together."""
    try:
        content = path.read_bytes()
        tensors = parse_safetensors(content)
        length = int.from_bytes(content[:8], "little")  # of the header, which is JSON
        metadata = json.loads(content[8 : 8 + length]).get("__metadata__", {})
    except Exception as error:
        raise _damaged(path, error) from error
    if _CHECKSUM in metadata and metadata[_CHECKSUM] != _checksum(tensors, metadata.get(_RECORD, "")):
        raise ValueError(f"{path} is damaged: its weights and its record are not those that were saved; save it again")
    for name, tensor in tensors.items():
        if tensor.is_floating_point() and not bool(torch.isfinite(tensor).all()):
            raise ValueError(f"{path} holds {name} with values that are not finite; train and save the model again")
    return tensors, _parsed(path, metadata)


def _checksum(tensors: dict[str, Tensor], described: str) -> str:
    """SHA-256 over the record and over each tensor's name, kind, shape and bytes."""
    digest = hashlib.sha256(described.encode())
    for name, tensor in sorted(tensors.items()):
        digest.update(f"\0{name} {tensor.dtype} {tuple(tensor.shape)}\0".encode())
        digest.update(tensor.contiguous().cpu().numpy().data)
    return f"sha256:{digest.hexdigest()}"


def _damaged(path: Path, error: Exception) -> ValueError:
    return ValueError(f"{path} is not a safetensors file ({error}); save the model again")


@checks.typed
def load(name: str | Path) -> VAE | Autoencoder:
    """Load a model in float32, ready to evaluate: an ``Autoencoder`` where the record says that kind, or a ``VAE``.

    Args:
        name: a shipped model, one of ``names()``, or the path that was given to ``save``.

    Raises:
        FileNotFoundError: no such model; names those that ship.
        ValueError: the file is damaged, or its weights do not fit the record; or it is a series.
    """
    path = _path(name)
    tensors, described = _read(path)
    _check_kind(name, described, series=False)
    return _model(path, described, tensors)


@checks.typed
def load_series(name: str | Path) -> Series:
    """Load a series of models.

    Args:
        name: a shipped series, one of ``series_names()``, or the path that was given to ``save_series``.

    Raises:
        FileNotFoundError: no such series; names those that ship.
        ValueError: the file is damaged, or its weights or codes do not fit the record; or it is a single model.
    """
    path = _path(name)
    tensors, described = _read(path)
    _check_kind(name, described, series=True)
    grouped: dict[str, dict[str, Tensor]] = {}
    for key, tensor in tensors.items():
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
    try:
        about = {name: _as_tuple(value) for name, value in described.get("about", {}).items()}
        model.about = dataclasses.replace(model.about, **about)
    except (AttributeError, TypeError) as error:
        raise ValueError(f"the record in {path} does not say what the data was ({error}); save it again") from None
    return model.eval()


def _as_tuple(value: object) -> Any:
    return tuple(value) if isinstance(value, list) else value


def _check_kind(name: str | Path, described: dict[str, Any], *, series: bool) -> None:
    """A ValueError where the record is not that of a series, or of a single model, as asked."""
    if ("over" in described) != series:
        remedy = (
            f"is a single model; load it with load, or ask for a series: {', '.join(series_names())}"
            if series
            else f"is a series of models over {described['over']}; load it with load_series, or ask for a single "
            f"model: {', '.join(names())}"
        )
        raise ValueError(f"{str(name)!r} {remedy}")


@checks.typed
def record(name: str | Path) -> dict[str, Any]:
    """The record of a model or a series: how it was made and the figures that it reached, in nats per example."""
    path = _path(name)
    try:
        with safe_open(path, "pt") as file:
            metadata = file.metadata() or {}
    except Exception as error:
        raise _damaged(path, error) from error
    return _parsed(path, metadata)


def _parsed(path: Path, metadata: dict[str, str]) -> dict[str, Any]:
    if _RECORD not in metadata:
        raise ValueError(f"{path} holds no record of a model, only tensors; save the model again")
    try:
        loaded = json.loads(metadata[_RECORD])
    except ValueError as error:
        raise ValueError(f"the record in {path} is damaged ({error}); save the model again") from None
    if not isinstance(loaded, dict):
        raise ValueError(f"the record in {path} must be a JSON object, got {type(loaded).__name__}")
    return loaded


@checks.typed
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


@checks.typed
def log_vars(name: str | Path) -> Tensor:
    """The logarithms of the variances of Q(z|X) at the test examples, in the order of ``codes(name)``.

    Returns:
        float32, shape ``(count, latent_dim)``.

    Raises:
        ValueError: the model was saved without them; or it is a series, or an ``Autoencoder``, which has no Q(z|X).
    """
    return _test_tensors(name, _LOG_VARS)[_LOG_VARS].float()


def _test_tensors(name: str | Path, *needed: str) -> dict[str, Tensor]:
    tensors, described = _read(_path(name))
    lengths = {key: len(tensors[key]) for key in (_CODES, _LOG_VARS, _LABELS) if key in tensors and tensors[key].ndim}
    if len(set(lengths.values())) > 1:
        raise ValueError(f"model {str(name)!r} holds codes that do not fit each other: {lengths}; save it again")
    if not set(needed) <= set(tensors):
        _check_kind(name, described, series=False)
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


@checks.typed
def round_to_half(model: Model) -> Model:
    """Round the weights in place to float16's precision, so that figures are measured on what is shipped."""
    for name, weight in model.state_dict().items():
        weight.copy_(_half(name, weight))
    return model


@checks.typed
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


@checks.typed
def save(
    model: VAE | Autoencoder,
    path: str | Path,
    details: dict[str, Any] | None = None,
    *,
    test: Examples | None = None,
    test_labels: Examples | None = None,
) -> Path:
    """Write ``path.safetensors``, whole or not at all: a full disk leaves the old file as it was.

    Args:
        model: the model; weights are stored as float16.
        path: where to, without an ending.
        details: what the record says besides the model's own kind and configuration: data, seed, figures.
        test, test_labels: examples whose Q(z|X), or code, is stored too, for the widgets; labels are whole numbers.

    Returns:
        The file's path.

    Raises:
        TypeError: another kind of model, which the record could not build again.
        ValueError: a weight is NaN or too large for float16, a model that was changed by hand, or test examples and
            labels that do not fit; nothing is written.
    """
    tensors = {key: _half(key, value) for key, value in model.state_dict().items()}
    if (test is None) != (test_labels is None):
        raise ValueError("test and test_labels belong together; pass both or neither")
    if test is not None and test_labels is not None:
        places = _places(model, test)
        tensors |= {**places, _LABELS: _labels(test_labels, len(places[_CODES]), model.about.classes)}
    return _write(path, tensors, {**_description(model), **(details or {})})


@checks.typed
def save_series(
    models: Sequence[VAE | Autoencoder],
    path: str | Path,
    over: str,
    values: Sequence[float],
    details: dict[str, Any] | None = None,
    *,
    test: Examples,
    test_labels: Examples,
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
    labels = _labels(test_labels, len(test), models[0].about.classes)
    tensors: dict[str, Tensor] = {_LABELS: labels}
    for index, model in enumerate(models):
        weights = {key: _half(key, value) for key, value in model.state_dict().items()}
        tensors |= {f"{index}/{key}": value for key, value in {**weights, **_places(model, test)}.items()}
    described = {**_description(models[0]), "over": over, "values": list(values), **(details or {})}
    return _write(path, tensors, described)


def _description(model: VAE | Autoencoder) -> dict[str, Any]:
    kind = next((kind for kind, made in KINDS.items() if type(model) is made), None)
    if kind is None:
        raise TypeError(f"model must be a plain VAE or Autoencoder, got {type(model).__name__}, which load cannot make")
    _check_as_built(model)
    about = {name: value for name, value in dataclasses.asdict(model.about).items() if value}
    return {"kind": kind, "model": model.config(), **({"about": about} if about else {})}


@torch.no_grad()
def _check_as_built(model: VAE | Autoencoder) -> None:
    """A ValueError if a model that is built from the configuration does not do the same with the same weights."""
    with torch.random.fork_rng(devices=[]):
        fresh = type(model)(**model.config()).to(model.log_sigma)
    x = torch.linspace(0, 1, 3 * model.row_dim).reshape(3, -1)
    z = torch.linspace(-2, 2, 3 * model.latent_dim).reshape(3, -1).to(model.log_sigma)
    try:
        fresh.load_state_dict(model.state_dict())
        found = [torch.cat([*_parts(one, x), one.decode(z)], 1) for one in (model, fresh)]
        same = torch.equal(*found)
    except RuntimeError:
        same = False
    if not same:
        raise ValueError(
            "model was changed after it was made: one of its configuration would give other pictures; save it as "
            "torch.save does, or make it with the arguments of VAE"
        )


def _labels(labels: Examples, count: int, classes: tuple[str, ...]) -> Tensor:
    """Labels as they are stored, one for each of ``count`` examples."""
    try:
        values = torch.as_tensor(labels)
    except (TypeError, ValueError, RuntimeError):
        values = torch.full((0,), torch.nan)
    most = len(classes) if classes else 2**31
    whole = not (values.is_floating_point() or values.is_complex() or values.dtype == torch.bool)
    if not whole or values.shape != (count,) or not bool(((values >= 0) & (values < most)).all()):
        raise ValueError(
            f"test_labels must be {count} whole numbers of at least 0{f' and below {most}' if classes else ''}, got "
            f"{values.dtype} of shape {tuple(values.shape)}"
            + (f" from {values.min()} to {values.max()}" if values.numel() and whole else "")
        )
    return values.to(torch.uint8 if count == 0 or values.max() < 256 else torch.int32)


@torch.no_grad()
def _places(model: VAE | Autoencoder, test: Examples) -> dict[str, Tensor]:
    """Where in latent space the examples are."""
    parts = _parts(model, table(model, test, "test"))
    for key, part in zip((_CODES, _LOG_VARS), parts, strict=False):
        if not bool(torch.isfinite(part).all()):
            raise ValueError(f"{key} of test is not finite; take away what lies far from all other examples")
    # As float16, where that can hold them: one odd row may lie a million standard deviations from all others.
    halves = [part.half() for part in parts]
    kept = [half if bool(torch.isfinite(half).all()) else part for half, part in zip(halves, parts, strict=True)]
    return {key: part.contiguous() for key, part in zip((_CODES, _LOG_VARS), kept, strict=False)}


def _parts(model: VAE | Autoencoder, x: Tensor) -> tuple[Tensor, ...]:
    """Mean and log variance of Q(z|X), or the code alone."""
    found = model.encode(x)
    return (found,) if isinstance(found, Tensor) else tuple(found)


def _write(path: str | Path, tensors: dict[str, Tensor], described: dict[str, Any]) -> Path:
    path = file_of(Path(path))
    text = json.dumps(described, allow_nan=False)
    write_atomically(path, to_safetensors(tensors, {_RECORD: text, _CHECKSUM: _checksum(tensors, text)}))
    return path


@torch.no_grad()
@checks.typed
def figures(model: VAE | Autoencoder, test: Examples, *, examples: int = 1000) -> dict[str, Any]:
    """The figures of a model's record, on test examples, in nats per example.

    Args:
        test: shape ``(count, data_dim)``; the ELBO is that of all of them, with ten draws of z each.
        examples: log P(X) is measured on the first so many.

    Returns:
        ``test_reconstruction``, ``test_kl``, ``test_elbo``; ``test_log_evidence`` with the ``standard_error`` of its
        mean over examples, and ``test_elbo_same_examples`` beside it; ``squared_error``, mean over pixels at z = μ(X).
        Of an ``Autoencoder`` only ``test_reconstruction`` and ``squared_error``, both at its code.
    """
    test = brightness(table(model, test, "test"))
    checks.at_least(1, examples=examples)
    if isinstance(model, Autoencoder):
        return {
            "test_reconstruction": round(training.mean_terms(model, test)[0], 4),
            "squared_error": _squared_error(model, test),
            "sigma": round(model.sigma, 6),
        }
    reconstruction, kl = training.mean_terms(model, test, samples=10)
    few = test[:examples]
    bar = tqdm(few, desc="log P(X)", unit="example", disable=None)
    if model.latent_dim <= 2 and model.data_dim <= GRID_DIM and not model.channels:
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
@checks.typed
def rebuilt(model: VAE | Autoencoder, test: Examples) -> Tensor:
    """f(z) at the mean of Q(z|X) or at the code, shape of ``test``."""
    return model.decode(model.encode(test) if isinstance(model, Autoencoder) else model.encode(test).mean)


def _squared_error(model: VAE | Autoencoder, test: Tensor) -> float:
    return round(float(((rebuilt(model, test) - model.examples(test)) ** 2).mean()), 6)


@torch.no_grad()
@checks.typed
def entry_figures(model: VAE, test: Examples) -> dict[str, Any]:
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

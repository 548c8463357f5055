"""Training: ``fit`` climbs the ELBO, the right side of Eq. (4), by stochastic gradient steps.

The data stays in one tensor and batches are cut from a permutation of its rows, which is both the shortest and the
fastest way for data that fits in memory.
"""

from __future__ import annotations

import copy
import dataclasses
import functools
import io
import math
import signal
import sys
import threading
import zipfile
import zlib
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import zip_longest
from pathlib import Path
from types import TracebackType
from typing import Any, Protocol

import torch
from torch import Tensor, nn
from torch.optim.adam import adam as adam_step
from tqdm import tqdm

from vae_lib.data import brightness
from vae_lib.files import write_atomically
from vae_lib.model import VAE, Autoencoder, Terms

Objective = Callable[[VAE | Autoencoder, Tensor, torch.Generator], tuple[Tensor, Terms]]
"""From a model, a batch and the source of ε: what the batch climbs, in nats, shape ``(batch,)``, and both terms."""


class Optimizer(Protocol):
    """What ``fit`` asks of an optimizer; those of ``torch.optim`` have it."""

    param_groups: list[dict[str, Any]]
    state: Any
    defaults: dict[str, Any]

    def zero_grad(self) -> None: ...
    def step(self) -> Any: ...
    def state_dict(self) -> dict[str, Any]: ...
    def load_state_dict(self, state_dict: dict[str, Any]) -> None: ...


class Adam:
    """Adam, the very numbers of ``torch.optim.Adam(fused=True)``: one pass over the weights instead of a dozen.

    That class imports torch's compiler, 146 MB and three seconds of a first ``fit``; the function that it calls does
    not.

    Args:
        parameters: what to train.
        lr, betas, eps: as in the paper.

    Source: Kingma & Ba 2015, algorithm 1.
    """

    def __init__(
        self,
        parameters: Iterable[nn.Parameter],
        lr: float = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
    ) -> None:
        self.defaults = {"lr": lr, "betas": betas, "eps": eps}
        self.param_groups: list[dict[str, Any]] = [{"params": list(parameters), **self.defaults}]
        self.state: dict[nn.Parameter, dict[str, Tensor]] = {}

    def zero_grad(self) -> None:
        """Forget the gradients."""
        for parameter in self.param_groups[0]["params"]:
            parameter.grad = None

    @torch.no_grad()
    def step(self) -> None:
        """Move each parameter that has a gradient."""
        group = self.param_groups[0]
        moved = [parameter for parameter in group["params"] if parameter.grad is not None]
        for parameter in moved:
            if parameter not in self.state:
                self.state[parameter] = {
                    "step": torch.zeros((), device=parameter.device),
                    "exp_avg": torch.zeros_like(parameter),
                    "exp_avg_sq": torch.zeros_like(parameter),
                }
        states = [self.state[parameter] for parameter in moved]
        adam_step(
            moved,
            [parameter.grad for parameter in moved],
            [state["exp_avg"] for state in states],
            [state["exp_avg_sq"] for state in states],
            [],
            [state["step"] for state in states],
            lr=group["lr"],
            beta1=group["betas"][0],
            beta2=group["betas"][1],
            eps=group["eps"],
            weight_decay=0,
            amsgrad=False,
            maximize=False,
            fused=True,
        )

    def state_dict(self) -> dict[str, Any]:
        """What the next step depends on besides the weights, by the parameter's place."""
        group = {name: value for name, value in self.param_groups[0].items() if name != "params"}
        places = {place: self.state.get(parameter) for place, parameter in enumerate(self.param_groups[0]["params"])}
        return {"group": group, "state": {place: state for place, state in places.items() if state is not None}}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Take up what ``state_dict`` gave."""
        parameters = self.param_groups[0]["params"]
        self.param_groups[0].update(state_dict["group"])
        self.state = {
            parameters[place]: {name: value.to(parameters[place].device, copy=True) for name, value in state.items()}
            for place, state in state_dict["state"].items()
        }


class NonFiniteLossError(FloatingPointError):
    """The loss, its gradient or the held-out ELBO became infinite or NaN; the message says where."""


@dataclass
class History:
    """What happened in each epoch: nats per example, averaged over the examples.

    Attributes:
        reconstruction, kl: means over the training examples, as the epoch saw them.
        validation: mean ELBO of the held-out examples after the epoch; empty where none were given.
        best_epoch: the epoch, counted from 1, whose weights the model holds at the end.
        stopped: Ctrl-C ended the training; the lists hold the whole epochs before it.
    """

    reconstruction: list[float] = field(default_factory=list)
    kl: list[float] = field(default_factory=list)
    validation: list[float] = field(default_factory=list)
    best_epoch: int = 0
    stopped: bool = False

    @property
    def elbo(self) -> list[float]:
        """reconstruction − kl for each epoch."""
        return [r - k for r, k in zip(self.reconstruction, self.kl, strict=True)]


@torch.no_grad()
def mean_terms(
    model: VAE | Autoencoder, x: Tensor, *, samples: int = 1, seed: int = 0, batch_size: int = 2000
) -> tuple[float, float]:
    """Mean reconstruction and KL over the examples, with ``samples`` draws of z for each.

    Args:
        x: shape ``(count, data_dim)``; bytes, uint8, are divided by 255.
        samples: draws of z for each example; at least 1.
        seed: of the noise, so that two models, or two epochs, meet the same draws.

    Returns:
        ``(reconstruction, kl)`` in nats per example; their difference is the mean ELBO.
    """
    if samples < 1:
        raise ValueError(f"samples must be at least 1, got {samples}")
    if len(x) == 0:
        raise ValueError(f"x must hold at least one example, got shape {tuple(x.shape)}")
    generator = torch.Generator(x.device).manual_seed(seed)
    reconstruction = kl = 0.0
    for _ in range(samples):
        for batch in x.split(batch_size):
            terms = model.terms(brightness(batch), generator=generator)
            reconstruction += float(terms.reconstruction.sum())
            kl += float(terms.kl.sum())
    count = samples * len(x)
    return reconstruction / count, kl / count


def elbo(model: VAE | Autoencoder, x: Tensor, generator: torch.Generator, *, beta: float = 1.0) -> tuple[Tensor, Terms]:
    """The objective of Eq. (4): reconstruction − beta · kl, shape ``(batch,)``, and both terms."""
    terms = model.terms(x, generator=generator)
    return terms.reconstruction - beta * terms.kl, terms


def fit(
    model: VAE | Autoencoder,
    x: Tensor,
    *,
    epochs: int,
    batch_size: int = 128,
    lr: float | Callable[[int], float] = 1e-3,
    beta: float = 1.0,
    seed: int = 0,
    validation: Tensor | None = None,
    patience: int | None = None,
    progress: bool | None = None,
    after_epoch: Callable[[int], object] = lambda epoch: None,
    checkpoint: str | Path | None = None,
    objective: Objective | None = None,
    optimizer: Callable[[list[nn.Parameter]], Optimizer] | None = None,
    device: str | None = None,
) -> History:
    """Train a model by Adam on the mean over a batch of −(reconstruction − beta · kl).

    Args:
        model: a ``VAE`` or an ``Autoencoder``; trained in place.
        x: training examples, shape ``(count, data_dim)``. Bytes, uint8, are divided by 255 batch by batch.
        epochs: passes over the data.
        batch_size: examples a step.
        lr: the learning rate at the start, which falls to a tenth of that along a cosine; or a function from an epoch,
            counted from 1, to its rate.
        beta: weight on the KL term; 1 is Eq. (4), others are the β-VAE of Higgins et al. 2017.
        seed: of the order of the data and of the noise ε. The same seed gives the same weights on the same machine.
        validation: held-out examples; their ELBO is measured after every epoch, and the best epoch's weights are kept.
        patience: stop after this many epochs without a better validation ELBO; needs ``validation``.
        progress: show a bar; by default only in a terminal.
        after_epoch: called with 0 before the first step and with each epoch's number after it, while ``model`` holds
            the weights of that moment; ``copy.deepcopy(model)`` keeps them. A resumed run calls it from where it is.
        checkpoint: a file that is written after every epoch, whole or not at all. Where it exists, training goes on
            from it, to the very weights and history of a training that was never interrupted.
        objective: what to climb in place of the ELBO, such as the IWAE bound of Burda et al. 2015.
        optimizer: makes the optimizer from the parameters; Adam if absent. ``lr`` sets its rate.
        device: ``"auto"`` for a GPU where there is one, ``"cpu"`` or ``"cuda"``; if absent, where the model is. Data
            and model are moved there, and the model comes back afterwards. Each has random numbers of its own.

    Returns:
        The history of both terms, in nats. Ctrl-C ends training after the batch that is running: ``stopped`` is then
        true and the model keeps what it learned, the best epoch's weights where there are held-out examples.

    Raises:
        ValueError: a setting out of range, data that holds a value that is not finite, or a checkpoint that is damaged
            or of another training.
        OSError: the checkpoint cannot be written; before the first step if it cannot be written at all.
        NonFiniteLossError: the loss, a weight or the held-out ELBO became infinite or NaN: names epoch and batch. The
            model has the weights from before that epoch. A gradient that is not finite shows in the loss that follows.

    Source: Kingma & Welling 2013, algorithm 1; β: Higgins et al. 2017.
    """
    rates = _rates(lr, epochs)
    _check_settings(x, validation, epochs, batch_size, beta, patience, objective)
    objective = objective or functools.partial(elbo, beta=beta)
    with _placed(model, device) as place, _CtrlC() as ctrl_c:
        x = x.to(place)
        maker = optimizer or Adam
        run = _Run(
            model,
            maker([parameter for parameter in model.parameters() if parameter.requires_grad]),
            torch.Generator(place).manual_seed(seed),
            None if validation is None else validation.to(place),
            patience,
        )
        if checkpoint is not None:
            run.resume(Path(checkpoint), x, rates, batch_size=batch_size, seed=seed, objective=_name(objective))

        model.train()
        if run.epochs == 0:
            after_epoch(0)
        with _bar(epochs, run.epochs, progress) as bar:
            while run.epochs < epochs and not run.out_of_patience and not ctrl_c.pressed:
                epoch = run.epochs + 1
                run.begin(rates[epoch - 1])
                reconstruction = kl = 0.0
                order = torch.randperm(len(x), generator=run.generator, device=place)
                for batch, rows in enumerate(order.split(batch_size), start=1):
                    # index_select is faster than x[rows]
                    climbed, terms = objective(model, brightness(x.index_select(0, rows)), run.generator)
                    loss = -climbed.mean()
                    if not math.isfinite(loss.item()):
                        raise run.undone(f"loss {loss.item():g} in epoch {epoch}, batch {batch}")
                    run.optimizer.zero_grad()
                    loss.backward()
                    run.optimizer.step()
                    reconstruction += float(terms.reconstruction.detach().sum())
                    kl += float(terms.kl.detach().sum())
                    if ctrl_c.pressed:
                        break
                else:
                    after_epoch(epoch)
                    bar.set_postfix(run.end(batch, reconstruction / len(x), kl / len(x)))
                    bar.update()
        run.close(stopped=ctrl_c.pressed)
    return run.history


def _bar(epochs: int, done: int, progress: bool | None) -> Any:
    hide = not sys.stderr.isatty() if progress is None else not progress
    return tqdm(total=epochs, initial=done, unit="epoch", disable=hide)


@contextmanager
def _placed(model: nn.Module, device: str | None) -> Iterator[torch.device]:
    """Lend the model to a device; it comes back to where it was, after an error too."""
    home = next(model.parameters()).device
    place = home if device is None else find_device(device)
    try:
        model.to(place)
        yield place
    finally:
        model.to(home)


def find_device(name: str) -> torch.device:
    """The device that is meant by ``"auto"`` (a GPU where there is one), ``"cpu"`` or ``"cuda"``.

    Raises:
        ValueError: another name, or no GPU where one is asked for.
    """
    has_gpu = torch.cuda.is_available()
    if name not in ("auto", "cpu", "cuda"):
        raise ValueError(f"device must be 'auto', 'cpu' or 'cuda', got {name!r}")
    if name == "cuda" and not has_gpu:
        raise ValueError("device is 'cuda', but torch finds no GPU; use 'auto' or 'cpu'")
    return torch.device("cuda" if has_gpu and name != "cpu" else "cpu")


def _rates(lr: float | Callable[[int], float], epochs: int) -> list[float]:
    """The learning rate of each epoch."""
    if callable(lr):
        rates = [float(lr(epoch)) for epoch in range(1, epochs + 1)]
    else:
        rates = [lr * (0.1 + 0.45 * (1 + math.cos(math.pi * done / epochs))) for done in range(epochs)]
    for epoch, rate in enumerate(rates, start=1):
        if not 0 < rate < float("inf"):
            where = f" in epoch {epoch}" if callable(lr) else ""
            raise ValueError(f"lr must be a positive number, got {rate if callable(lr) else lr}{where}")
    return rates


class _CtrlC:
    """Within it Ctrl-C is noted rather than raised, so that no step is cut in half; a second one is raised."""

    def __init__(self) -> None:
        self.pressed = False

    def __enter__(self) -> _CtrlC:
        self._listens = threading.current_thread() is threading.main_thread()  # no other thread may, or is interrupted
        if self._listens:
            self._before = signal.signal(signal.SIGINT, self._note)
        return self

    def _note(self, *_: object) -> None:
        if self.pressed:
            raise KeyboardInterrupt
        self.pressed = True

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        if self._listens:
            signal.signal(signal.SIGINT, self._before)


@dataclass
class _Run:
    """All that the next epoch depends on."""

    model: VAE | Autoencoder
    optimizer: Optimizer
    generator: torch.Generator
    validation: Tensor | None
    patience: int | None
    history: History = field(default_factory=History)
    best_weights: dict[str, Tensor] = field(default_factory=dict)
    before: dict[str, Tensor] = field(default_factory=dict)
    checkpoint: Path | None = None
    settings: dict[str, str] = field(default_factory=dict)

    @property
    def epochs(self) -> int:
        """How many are behind us."""
        return len(self.history.kl)

    @property
    def out_of_patience(self) -> bool:
        return self.patience is not None and self.epochs - self.history.best_epoch >= self.patience

    def begin(self, rate: float) -> None:
        """Make ready for an epoch at this learning rate."""
        for group in self.optimizer.param_groups:
            group["lr"] = rate
        self.before = copy.deepcopy(self.model.state_dict())
        _sweep(self.optimizer)

    def undone(self, what: str) -> NonFiniteLossError:
        """The error to raise, after the steps of the epoch are taken back."""
        self.model.load_state_dict(self.before)
        rate = self.optimizer.param_groups[0]["lr"]
        return NonFiniteLossError(
            f"{what}; the model has its weights from before that epoch. Lower the learning rate (lr={rate:g}) or check "
            "that the data lies in [0, 1]"
        )

    def end(self, batch: int, reconstruction: float, kl: float) -> dict[str, str]:
        """Note an epoch, choose the best, save; gives what the bar shows."""
        epoch = self.epochs + 1
        if not all(bool(torch.isfinite(p).all()) for p in self.model.parameters()):
            raise self.undone(f"a weight that is not finite after epoch {epoch}, batch {batch}")
        self.history.reconstruction.append(reconstruction)
        self.history.kl.append(kl)
        shown = {"reconstruction": f"{reconstruction:.2f}", "kl": f"{kl:.2f}"}
        if self.validation is not None:
            held_out, held_out_kl = mean_terms(self.model, self.validation, samples=5)
            if not math.isfinite(held_out - held_out_kl):
                raise self.undone(f"validation ELBO {held_out - held_out_kl:g} after epoch {epoch}, batch {batch}")
            self.history.validation.append(held_out - held_out_kl)
            shown["validation"] = f"{held_out - held_out_kl:.2f}"
            if self.history.validation[-1] >= max(self.history.validation):
                self.history.best_epoch = epoch
                self.best_weights = copy.deepcopy(self.model.state_dict())
        if self.checkpoint is not None:
            self.save(self.checkpoint)
        return shown

    def close(self, stopped: bool) -> None:
        """Leave the model with its best weights, ready to evaluate."""
        self.history.stopped = stopped
        if self.best_weights:
            self.model.load_state_dict(self.best_weights)
        else:
            self.history.best_epoch = self.epochs
        self.model.eval()

    def save(self, path: Path) -> None:
        """Write the state between two epochs."""
        buffer = io.BytesIO()
        torch.save(
            {
                "settings": self.settings,
                "model": self.model.state_dict(),
                "optimizer": self.optimizer.state_dict(),
                "generator": self.generator.get_state(),
                "history": dataclasses.asdict(self.history),
                "best_weights": self.best_weights,
            },
            buffer,
        )
        try:
            write_atomically({path: buffer.getbuffer()})
        except OSError as error:
            raise OSError(
                f"checkpoint {path} cannot be written ({error.strerror}); the model keeps its weights. Make room, or "
                "name another file"
            ) from error

    def resume(self, path: Path, x: Tensor, rates: list[float], **settings: object) -> None:
        """Take up the state in the file; without a file, write the first one, which shows that it can be written."""
        self.checkpoint = path
        self.settings = _settings(self, x, rates) | {name: str(value) for name, value in settings.items()}
        if not path.exists():
            self.save(path)
            return
        saved = _read_checkpoint(path)
        for name, now in self.settings.items():
            was = saved["settings"].get(name, "")
            if was != now:
                lines = zip_longest(was.splitlines(), now.splitlines(), fillvalue="nothing")
                line, line_now = next((line, other) for line, other in lines if line != other)
                raise ValueError(
                    f"checkpoint {path} is of another training: {name} was {line.strip()}, now it is "
                    f"{line_now.strip()}; delete the file, name another, or go back to its settings"
                )
        self.model.load_state_dict(saved["model"])
        self.optimizer.load_state_dict(saved["optimizer"])
        self.generator.set_state(saved["generator"])
        self.history = History(**saved["history"])
        self.best_weights = saved["best_weights"]


def _sweep(optimizer: Optimizer) -> None:
    """Set to 0 what in Adam's averages is too small to move a weight.

    Where a pixel is seldom lit, the averages of its gradients fade into denormal numbers, which a processor multiplies
    many times slower: after four epochs of MNIST an epoch would take a fifth longer.
    """
    for state in optimizer.state.values():
        for name, limit in (("exp_avg", 1e-18), ("exp_avg_sq", 1e-36)):  # the second is of squares
            if name in state:
                state[name][state[name].abs() < limit] = 0


def _read_checkpoint(path: Path) -> dict[str, Any]:
    try:
        with zipfile.ZipFile(path) as archive:  # torch writes checksums and does not look at them
            if broken := archive.testzip():
                raise ValueError(f"{broken} has another checksum")
        saved: dict[str, Any] = torch.load(path, weights_only=True, map_location="cpu")
    except OSError:
        raise
    except Exception as error:
        raise ValueError(f"{path} is not a whole checkpoint ({error}); delete it to start again") from error
    if not isinstance(saved, dict) or "settings" not in saved:
        raise ValueError(f"{path} is a file of torch but no checkpoint of a training; name another")
    return saved


def _settings(run: _Run, x: Tensor, rates: list[float]) -> dict[str, str]:
    """What a checkpoint must agree on, each as text."""
    model, optimizer = run.model, run.optimizer
    described = [repr(model)]
    if isinstance(model, VAE):
        described += [f"{name} = {value}" for name, value in model.config().items() if name != "sigma"]
    described += [f"{name} = {p.tolist()}" for name, p in model.named_parameters() if not p.requires_grad]
    defaults = {name: value for name, value in optimizer.defaults.items() if name != "lr"}
    return {
        "model": "\n".join(described),
        "x": _fingerprint(x),
        "validation": "absent" if run.validation is None else _fingerprint(run.validation),
        "epochs": str(len(rates)),
        "lr": "\n".join(f"{rate!r} in epoch {epoch}" for epoch, rate in enumerate(rates, start=1)),
        "patience": str(run.patience),
        "optimizer": f"{type(optimizer).__name__}({defaults})",
        "device": x.device.type,
    }


def _fingerprint(data: Tensor) -> str:
    checksum = zlib.crc32(data.cpu().contiguous().numpy().data)
    return f"{tuple(data.shape)} with checksum {checksum:08x}"


def _name(function: Callable[..., Any]) -> str:
    if isinstance(function, functools.partial):
        given = [*map(repr, function.args), *(f"{name}={value!r}" for name, value in function.keywords.items())]
        return f"{_name(function.func)}({', '.join(given)})"
    return getattr(function, "__qualname__", repr(function))


def _check_settings(
    x: Tensor,
    validation: Tensor | None,
    epochs: int,
    batch_size: int,
    beta: float,
    patience: int | None,
    objective: Objective | None,
) -> None:
    for name, value in (("epochs", epochs), ("batch_size", batch_size)):
        if value < 1:
            raise ValueError(f"{name} must be at least 1, got {value}")
    if not 0 <= beta < float("inf"):
        raise ValueError(f"beta must be a number of at least 0, got {beta}")
    if objective is not None and beta != 1:
        raise ValueError(f"beta={beta} weighs the KL term of the ELBO; leave it out beside an objective of your own")
    if patience is not None and validation is None:
        raise ValueError(f"patience={patience} needs validation examples to watch; pass validation=...")
    if patience is not None and patience < 1:
        raise ValueError(f"patience must be at least 1, got {patience}")
    for name, data in (("x", x), ("validation", validation)):
        if data is None:
            continue
        if data.ndim != 2 or len(data) == 0:
            raise ValueError(f"{name} must have shape (count, data_dim) with at least one row, got {tuple(data.shape)}")
        if not all(math.isfinite(end) for end in data.aminmax()):  # in one pass and without a copy
            bad = int((~torch.isfinite(data).all(dim=1)).nonzero()[0])
            raise ValueError(f"{name} must be finite, but row {bad} is not; remove or repair it")

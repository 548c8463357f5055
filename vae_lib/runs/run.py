"""A training between its epochs: what it has seen, what was best, how to take an epoch back or go on another day."""

from __future__ import annotations

import copy
import dataclasses
import math
import warnings
from collections.abc import Callable
from dataclasses import dataclass, field

import torch
from torch import Tensor, nn

from vae_lib.runs.checkpoint import Checkpoint
from vae_lib.runs.denormals import sweep
from vae_lib.runs.optimizer import Optimizer


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


@dataclass
class Run:
    """All that the next epoch depends on.

    Attributes:
        held_out: measures both terms of the held-out examples, or ``None`` where there are none.
        patience: how many epochs without a better ELBO of theirs are allowed.
    """

    model: nn.Module
    optimizer: Optimizer
    generator: torch.Generator
    held_out: Callable[[], tuple[float, float]] | None
    patience: int | None
    history: History = field(default_factory=History)
    best_weights: dict[str, Tensor] = field(default_factory=dict)
    before: dict[str, Tensor] = field(default_factory=dict)
    checkpoint: Checkpoint | None = None
    begun_here: bool = False

    @property
    def epochs(self) -> int:
        """How many are behind us."""
        return len(self.history.kl)

    @property
    def out_of_patience(self) -> bool:
        return self.patience is not None and self.epochs - self.history.best_epoch >= self.patience

    def resume(self, checkpoint: Checkpoint, seed: int) -> None:
        """Take up the state in the file; without a file, write the first one, which shows that it can be written."""
        self.checkpoint = checkpoint
        if not checkpoint.path.exists():
            self._save(checkpoint)
            self.begun_here = True
            return
        saved = checkpoint.read()
        try:
            self.model.load_state_dict(saved["model"])
            self.optimizer.load_state_dict(saved["optimizer"])
            self.history = History(**saved["history"])
            self.best_weights = saved["best_weights"]
            if saved["settings"].get("device") == checkpoint.settings.get("device"):
                self.generator.set_state(saved["generator"])
            else:  # whose random numbers are others: begin new ones, of this place
                self.generator.manual_seed(seed + 1_000_003 * self.epochs)
        except (KeyError, TypeError, ValueError, RuntimeError, AttributeError) as error:
            raise ValueError(
                f"checkpoint {checkpoint.path} is damaged ({error!r}); delete it to start again"
            ) from error

    def __enter__(self) -> Run:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        """A training that failed in its first epoch leaves no checkpoint that the next call would be compared with."""
        if (
            kind is not None
            and issubclass(kind, Exception)
            and self.begun_here
            and self.epochs == 0
            and self.checkpoint
        ):
            self.checkpoint.path.unlink(missing_ok=True)

    def _save(self, checkpoint: Checkpoint) -> None:
        checkpoint.write(
            {
                "model": self.model.state_dict(),
                "optimizer": self.optimizer.state_dict(),
                "generator": self.generator.get_state(),
                "history": dataclasses.asdict(self.history),
                "best_weights": self.best_weights,
            }
        )

    def begin(self, rate: float) -> None:
        """Make ready for an epoch at this learning rate."""
        for group in self.optimizer.param_groups:
            group["lr"] = rate
        self.before = copy.deepcopy(self.model.state_dict())
        sweep(self.optimizer)

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
        if self.held_out is not None:
            held_out, held_out_kl = self.held_out()
            if not math.isfinite(held_out - held_out_kl):
                raise self.undone(f"validation ELBO {held_out - held_out_kl:g} after epoch {epoch}, batch {batch}")
            self.history.validation.append(held_out - held_out_kl)
            shown["validation"] = f"{held_out - held_out_kl:.2f}"
            if self.history.validation[-1] >= max(self.history.validation):
                self.history.best_epoch = epoch
                self.best_weights = copy.deepcopy(self.model.state_dict())
        if self.checkpoint is not None:
            self._save(self.checkpoint)
        return shown

    def close(self, stopped: bool) -> History:
        """Leave the model with its best weights, ready to evaluate."""
        self.history.stopped = stopped
        if stopped:
            warnings.warn(
                f"training was stopped after {self.epochs} whole epochs; the model keeps what it learned", stacklevel=4
            )
        if self.best_weights:
            self.model.load_state_dict(self.best_weights)
        else:
            self.history.best_epoch = self.epochs
        self.model.eval()
        return self.history

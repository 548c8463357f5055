"""Training: ``fit`` climbs the ELBO, the right side of Eq. (4), by stochastic gradient steps.

The data stays in one tensor and batches are cut from a permutation of its rows, which is both the shortest and the
fastest way for data that fits in memory.
"""

from __future__ import annotations

import copy
import math
import sys
from collections.abc import Callable
from dataclasses import dataclass, field

import torch
from torch import Tensor, nn
from tqdm import tqdm

from vae_lib.model import VAE, Autoencoder


class NonFiniteLossError(FloatingPointError):
    """The loss, its gradient or the held-out ELBO became infinite or NaN; the message says where."""


@dataclass
class History:
    """What happened in each epoch: nats per example, averaged over the examples.

    Attributes:
        reconstruction, kl: means over the training examples, as the epoch saw them.
        validation: mean ELBO of the held-out examples after the epoch; empty where none were given.
        best_epoch: the epoch, counted from 1, whose weights the model holds at the end.
    """

    reconstruction: list[float] = field(default_factory=list)
    kl: list[float] = field(default_factory=list)
    validation: list[float] = field(default_factory=list)
    best_epoch: int = 0

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
        x: shape ``(count, data_dim)``.
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
            terms = model.terms(batch, generator=generator)
            reconstruction += float(terms.reconstruction.sum())
            kl += float(terms.kl.sum())
    count = samples * len(x)
    return reconstruction / count, kl / count


def fit(
    model: VAE | Autoencoder,
    x: Tensor,
    *,
    epochs: int,
    batch_size: int = 128,
    lr: float = 1e-3,
    beta: float = 1.0,
    seed: int = 0,
    validation: Tensor | None = None,
    patience: int | None = None,
    progress: bool | None = None,
    after_epoch: Callable[[int], object] = lambda epoch: None,
) -> History:
    """Train a model by Adam on the mean over a batch of −(reconstruction − beta · kl).

    Args:
        model: a ``VAE`` or an ``Autoencoder``; trained in place.
        x: training examples, shape ``(count, data_dim)``, on the model's device.
        epochs: passes over the data.
        batch_size: examples a step.
        lr: Adam's learning rate at the start; it falls to a tenth of that along a cosine.
        beta: weight on the KL term; 1 is Eq. (4), others are the β-VAE of Higgins et al. 2017.
        seed: of the order of the data and of the noise ε. The same seed gives the same weights on the same machine.
        validation: held-out examples; their ELBO is measured after every epoch, and the best epoch's weights are kept.
        patience: stop after this many epochs without a better validation ELBO; needs ``validation``.
        progress: show a bar; by default only in a terminal.
        after_epoch: called with 0 before the first step and with each epoch's number after it, while ``model`` holds
            the weights of that moment; ``copy.deepcopy(model)`` keeps them.

    Returns:
        The history of both terms, in nats.

    Raises:
        ValueError: a setting out of range, or data that holds a value that is not finite.
        NonFiniteLossError: the loss or a gradient became infinite or NaN: names epoch and batch; the step was not
            taken, and the model keeps the weights of the step before. Or the held-out ELBO did after an epoch: that
            epoch's steps are taken, so make the model again.

    Source: Kingma & Welling 2013, algorithm 1; β: Higgins et al. 2017.
    """
    _check_settings(x, epochs=epochs, batch_size=batch_size, lr=lr, beta=beta, patience=patience, validation=validation)
    parameters = [p for p in model.parameters() if p.requires_grad]
    optimizer = torch.optim.Adam(parameters, lr=lr)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=epochs, eta_min=lr / 10)
    generator = torch.Generator(x.device).manual_seed(seed)
    history = History()
    best_weights: dict[str, Tensor] = {}
    hide_bar = not sys.stderr.isatty() if progress is None else not progress

    model.train()
    after_epoch(0)
    with tqdm(range(1, epochs + 1), unit="epoch", disable=hide_bar) as bar:
        for epoch in bar:
            totals = torch.zeros(2, dtype=torch.float64)
            order = torch.randperm(len(x), generator=generator, device=x.device)
            for number, rows in enumerate(order.split(batch_size), start=1):
                terms = model.terms(x[rows], generator=generator)
                loss = -(terms.reconstruction - beta * terms.kl).mean()
                optimizer.zero_grad()
                loss.backward()
                _check_step(loss, parameters, epoch, number, lr)
                optimizer.step()
                totals += torch.stack([terms.reconstruction.detach().sum(), terms.kl.detach().sum()]).double().cpu()
            schedule.step()
            after_epoch(epoch)

            reconstruction, kl = (totals / len(x)).tolist()
            history.reconstruction.append(reconstruction)
            history.kl.append(kl)
            shown = {"reconstruction": f"{reconstruction:.2f}", "kl": f"{kl:.2f}"}
            if validation is not None:
                held_out, held_out_kl = mean_terms(model, validation, samples=5)
                if not math.isfinite(held_out - held_out_kl):
                    raise NonFiniteLossError(
                        f"validation ELBO {held_out - held_out_kl:g} after epoch {epoch}, batch {number}; lower the "
                        f"learning rate (lr={lr:g}) or check that the data lies in [0, 1]"
                    )
                history.validation.append(held_out - held_out_kl)
                shown["validation"] = f"{history.validation[-1]:.2f}"
                if history.validation[-1] >= max(history.validation):
                    history.best_epoch = epoch
                    best_weights = copy.deepcopy(model.state_dict())
            bar.set_postfix(shown)
            if patience is not None and epoch - history.best_epoch >= patience:
                break

    if best_weights:
        model.load_state_dict(best_weights)
    else:
        history.best_epoch = epochs
    model.eval()
    return history


def _check_step(loss: Tensor, parameters: list[nn.Parameter], epoch: int, batch: int, lr: float) -> None:
    """Stop before the step that would spoil the weights."""
    norm = nn.utils.clip_grad_norm_(parameters, max_norm=float("inf"), foreach=True)  # only measures
    if not (torch.isfinite(loss) and torch.isfinite(norm)):
        raise NonFiniteLossError(
            f"loss {loss.item():g} with gradient norm {norm.item():g} in epoch {epoch}, batch {batch}; the weights are "
            f"those of the step before. Lower the learning rate (lr={lr:g}) or check that the data lies in [0, 1]"
        )


def _check_settings(
    x: Tensor,
    *,
    epochs: int,
    batch_size: int,
    lr: float,
    beta: float,
    patience: int | None,
    validation: Tensor | None,
) -> None:
    for name, value in (("epochs", epochs), ("batch_size", batch_size)):
        if value < 1:
            raise ValueError(f"{name} must be at least 1, got {value}")
    if not 0 < lr < float("inf"):
        raise ValueError(f"lr must be a positive number, got {lr}")
    if not 0 <= beta < float("inf"):
        raise ValueError(f"beta must be a number of at least 0, got {beta}")
    if patience is not None and validation is None:
        raise ValueError(f"patience={patience} needs validation examples to watch; pass validation=...")
    if patience is not None and patience < 1:
        raise ValueError(f"patience must be at least 1, got {patience}")
    for name, data in (("x", x), ("validation", validation)):
        if data is None:
            continue
        if data.ndim != 2 or len(data) == 0:
            raise ValueError(f"{name} must have shape (count, data_dim) with at least one row, got {tuple(data.shape)}")
        if not bool(torch.isfinite(data).all()):
            bad = int((~torch.isfinite(data).all(dim=1)).nonzero()[0])
            raise ValueError(f"{name} must be finite, but row {bad} is not; remove or repair it")

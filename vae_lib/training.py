"""Training: ``fit`` climbs the ELBO, the right side of Eq. (4), by stochastic gradient steps.

The data stays in one tensor and batches are cut from a permutation of its rows, which is both the shortest and the
fastest way for data that fits in memory. What a training needs besides its loop is in ``vae_lib.runs``.
"""

from __future__ import annotations

import functools
import math
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from tqdm import tqdm

from vae_lib import checks
from vae_lib.data import Examples, brightness
from vae_lib.model import VAE, Autoencoder, Terms
from vae_lib.runs.checkpoint import Checkpoint
from vae_lib.runs.device import placed
from vae_lib.runs.interrupt import CtrlC
from vae_lib.runs.optimizer import Adam, Optimizer
from vae_lib.runs.run import History as History
from vae_lib.runs.run import NonFiniteLossError as NonFiniteLossError
from vae_lib.runs.run import Run
from vae_lib.runs.settings import check_settings, described, learning_rates, table, train_part

Objective = Callable[[Any, Tensor, torch.Generator], tuple[Tensor, Terms]]
"""From a model, a batch and the source of ε: what the batch climbs, in nats, shape ``(batch,)``, and both terms."""


@torch.no_grad()
@checks.typed
def mean_terms(
    model: Any, x: Examples, *, samples: int = 1, seed: int = 0, batch_size: int = 2000
) -> tuple[float, float]:
    """Mean reconstruction and KL over the examples, with ``samples`` draws of z for each.

    Args:
        x: shape ``(count, data_dim)``; bytes, uint8, are divided by 255.
        samples: draws of z for each example; at least 1.
        seed: of the noise, so that two models, or two epochs, meet the same draws.

    Returns:
        ``(reconstruction, kl)`` in nats per example; their difference is the mean ELBO.
    """
    checks.at_least(1, samples=samples, batch_size=batch_size)
    x = table(model, x, "x")
    generator = torch.Generator(x.device).manual_seed(seed)
    reconstruction = kl = 0.0
    for _ in range(samples):
        for batch in x.split(batch_size):
            terms: Terms = model.terms(brightness(batch), generator=generator)
            reconstruction += float(terms.reconstruction.sum())
            kl += float(terms.kl.sum())
    count = samples * len(x)
    return reconstruction / count, kl / count


def elbo(model: VAE | Autoencoder, x: Tensor, generator: torch.Generator, *, beta: float = 1.0) -> tuple[Tensor, Terms]:
    """The objective of Eq. (4): reconstruction − beta · kl, shape ``(batch,)``, and both terms."""
    terms = model.terms(x, generator=generator)
    return terms.reconstruction - beta * terms.kl, terms


@checks.typed
def fit(
    model: Any,
    x: Examples,
    *,
    epochs: int,
    batch_size: int = 128,
    lr: float | Callable[[int], float] = 1e-3,
    beta: float = 1.0,
    seed: int = 0,
    validation: Examples | None = None,
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
        model: a ``VAE`` or an ``Autoencoder``, or another module with their ``terms``; trained in place.
        x: training examples, shape ``(count, data_dim)``, or all else that ``data.examples`` takes: pictures in [0, 1],
            bytes, a data set, of this library's the part to train on.
        epochs: passes over the data.
        batch_size: examples a step.
        lr: the learning rate at the start, which falls to a tenth of that along a cosine; or a function from an epoch,
            counted from 1, to its rate.
        beta: weight on the KL term; 1 is Eq. (4), others are the β-VAE of Higgins et al. 2017.
        seed: of the order of the data and of the noise ε. The same first weights and the same seed give the same
            weights to the bit on one machine, with as many threads and one torch; elsewhere sums are rounded otherwise.
        validation: held-out examples; their ELBO is measured after every epoch, and the best epoch's weights are kept.
        patience: stop after this many epochs without a better validation ELBO; needs ``validation``.
        progress: show a bar; by default in a terminal and in a notebook.
        after_epoch: called with 0 before the first step and with each epoch's number after it, while ``model`` holds
            the weights of that moment; ``copy.deepcopy(model)`` keeps them. A resumed run calls it from where it is.
        checkpoint: a file that is written after every epoch, whole or not at all. Where it exists, training goes on
            from it, to the very weights and history of a training that was never interrupted. With more ``epochs`` it
            goes on too, and on another device; a warning then says what is not the same.
        objective: what to climb in place of the ELBO, such as the IWAE bound of Burda et al. 2015.
        optimizer: makes the optimizer from the parameters; Adam if absent. ``lr`` sets its rate.
        device: ``"auto"`` for a GPU where there is one, ``"cpu"``, ``"cuda"`` or ``"mps"``; if absent, where the model
            is. Data and model are moved there, and the model comes back. Each has random numbers of its own.

    Returns:
        The history of both terms, in nats. Ctrl-C, or a notebook's stop, ends training after the batch that is running:
        a warning says so, ``stopped`` is true and the model keeps what it learned, the best epoch's weights where there
        are held-out examples. Do not fork a process after ``fit`` has used several threads: the child would hang.

    Raises:
        TypeError, ValueError: a setting of the wrong kind or out of range, data that is none, a model that another
            thread trains, or a checkpoint that is damaged or of another training. A failed start leaves no checkpoint.
        OSError: the checkpoint cannot be written; before the first step if it cannot be written at all.
        NonFiniteLossError: the loss, a weight or the held-out ELBO became infinite or NaN: names epoch and batch. The
            model has the weights from before that epoch. A gradient that is not finite shows in the loss that follows.

    Source: Kingma & Welling 2013, algorithm 1; β: Higgins et al. 2017.
    """
    rates = learning_rates(lr, epochs)
    check_settings(batch_size, beta, seed, patience, held_out=validation is not None, own=objective is not None)
    x = table(model, train_part(model, x), "x")
    validation = None if validation is None else table(model, validation, "validation")
    objective = objective or functools.partial(elbo, beta=beta)
    with placed(model, device) as place, CtrlC() as ctrl_c:
        x = x.to(place)
        maker = optimizer or Adam
        run = Run(
            model,
            maker([parameter for parameter in model.parameters() if parameter.requires_grad]),
            torch.Generator(place).manual_seed(seed),
            None if validation is None else functools.partial(mean_terms, model, validation.to(place), samples=5),
            patience,
        )
        if checkpoint is not None:
            others = {"batch_size": batch_size, "seed": seed, "patience": patience}
            settings = described(model, run.optimizer, x, validation, rates, lr, objective, **others)
            run.resume(Checkpoint(Path(checkpoint), settings), seed)

        model.train()
        if run.epochs == 0:
            after_epoch(0)
        with run, _bar(epochs, run.epochs, progress) as bar:
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
        return run.close(stopped=ctrl_c.pressed)


def _bar(epochs: int, done: int, progress: bool | None) -> Any:
    shell = getattr(sys.modules.get("IPython"), "get_ipython", lambda: None)()
    if progress is None and hasattr(shell, "kernel"):  # a notebook: shown unless TQDM_DISABLE is set
        return tqdm(total=epochs, initial=done, unit="epoch")
    hide = None if progress is None else not progress  # None: where standard error is no terminal
    return tqdm(total=epochs, initial=done, unit="epoch", disable=hide)

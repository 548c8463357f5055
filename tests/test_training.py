"""fit: repeatable, honest about what it saw, and safe when the numbers blow up."""

from __future__ import annotations

import errno
import json
import math
import os
import re
import signal
import subprocess
import sys
import threading
from itertools import chain, count
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from reference import Networks, gauss_hermite_elbo, log_normal
from safetensors.torch import load_file, save

from vae_lib import grids, plots, pretrained, training
from vae_lib.cli import main
from vae_lib.data import Dataset
from vae_lib.model import VAE, Autoencoder
from vae_lib.runs.denormals import sweep
from vae_lib.runs.device import find_device
from vae_lib.training import NonFiniteLossError, fit, mean_terms

ROOT = Path(__file__).parent.parent


def toy(count: int = 50, seed: int = 0) -> torch.Tensor:
    return torch.rand(count, 6, generator=torch.Generator().manual_seed(seed))


def small(seed: int = 0, **kwargs: Any) -> VAE:
    torch.manual_seed(seed)
    return VAE(6, 2, (8,), **kwargs)


def weights(model: torch.nn.Module) -> torch.Tensor:
    return torch.cat([value.detach().flatten() for value in model.state_dict().values()])


@pytest.fixture
def steps(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """Every step that Adam takes: its learning rate, and the weights after it."""
    taken: list[dict[str, Any]] = []

    class Watched(training.Adam):
        def step(self) -> None:
            super().step()
            group = self.param_groups[0]
            flat = torch.cat([p.detach().flatten().clone() for p in group["params"]])
            taken.append({"lr": group["lr"], "weights": flat})

    monkeypatch.setattr(training, "Adam", Watched)
    return taken


# --- the same again --------------------------------------------------------------------------------------------------


def test_the_same_seed_gives_the_same_weights_bit_for_bit() -> None:
    x, trained = toy(), []
    for global_seed, seed in ((1, 3), (2, 3), (1, 4)):
        model = small()
        torch.manual_seed(global_seed)  # fit keeps to its own seed whatever this is
        history = fit(model, x, epochs=3, batch_size=16, seed=seed, validation=toy(10, 1))
        trained.append((weights(model), history))
    assert torch.equal(trained[0][0], trained[1][0])
    assert trained[0][1] == trained[1][1]
    assert not torch.equal(trained[0][0], trained[2][0])


def test_fit_draws_nothing_from_the_global_generator() -> None:
    torch.manual_seed(5)
    expected = torch.rand(3)
    model = small()
    torch.manual_seed(5)
    fit(model, toy(), epochs=1)
    assert torch.equal(torch.rand(3), expected)


# --- what the history says -------------------------------------------------------------------------------------------


def test_history_holds_sums_over_pixels_and_means_over_examples() -> None:
    """At a learning rate of almost nothing the first epoch's figures are those of the untouched model."""
    model, x = small(), toy(20)
    networks = Networks(model.state_dict())
    mean, var = networks.encode(x)
    history = fit(model, x, epochs=2, batch_size=7, lr=1e-12)  # 7, 7 and 6: a mean of batch means would be off
    kl = float((0.5 * (var + mean**2 - 1 - np.log(var)).sum(-1)).mean())
    assert history.kl == pytest.approx([kl, kl], rel=1e-4)  # float32 against float64
    exact = float(gauss_hermite_elbo(networks, x, nodes=12)[0].mean())
    assert history.reconstruction[0] == pytest.approx(exact, abs=0.1)  # one draw of z for each of 20 examples
    assert history.elbo == [r - k for r, k in zip(history.reconstruction, history.kl, strict=True)]
    assert history.validation == []
    assert history.best_epoch == 2


def test_history_weighs_a_short_last_batch_by_its_examples() -> None:
    x = toy(20) / 10 + 0.45
    x[0] = 0.0  # one row that stands out in whichever batch it lands
    torch.manual_seed(0)
    model = Autoencoder(6, 2, (8,), sigma=0.01)
    with torch.no_grad():
        expected = log_normal(x.numpy(), model.decode(model.encode(x)).numpy(), 1e-4).mean()
    for batch_size in (1, 7, 19, 20, 500):
        history = fit(model, x, epochs=1, batch_size=batch_size, lr=1e-12)
        assert history.reconstruction[0] == pytest.approx(expected, rel=1e-4)
        assert history.kl == [0]


def test_mean_terms_agree_with_quadrature() -> None:
    model, x = small(), toy(40)
    reconstruction, kl = gauss_hermite_elbo(Networks(model.state_dict()), x, nodes=12)
    ours, our_kl = mean_terms(model, x, samples=400, seed=2)
    assert our_kl == pytest.approx(kl.mean(), rel=1e-4)
    assert ours == pytest.approx(reconstruction.mean(), abs=0.01)  # 16000 draws
    assert mean_terms(model, x, samples=3, batch_size=7)[1] == pytest.approx(kl.mean(), rel=1e-4)
    assert mean_terms(model, x, seed=3) == mean_terms(model, x, seed=3)
    assert mean_terms(model, x, seed=3) != mean_terms(model, x, seed=4)
    many = mean_terms(model, x, samples=50, batch_size=7)[0]
    assert many == pytest.approx(reconstruction.mean(), abs=0.05)  # 2000 draws


def test_training_brings_the_elbo_up(digits: Dataset) -> None:
    torch.manual_seed(0)
    model = VAE(64, 2, (32, 16), learn_sigma=True)
    before = mean_terms(model, digits.test)
    history = fit(model, digits.train, epochs=6, batch_size=64, lr=3e-3, validation=digits.test)
    assert history.elbo[-1] > history.elbo[0] + 10
    assert history.validation[-1] > history.validation[0] > before[0] - before[1]
    assert min(history.kl) > 0
    assert len(history.kl) == len(history.reconstruction) == len(history.validation) == 6
    # What the history says about held-out examples is so, by NumPy's quadrature on the weights that were kept.
    reconstruction, kl = gauss_hermite_elbo(Networks(model.state_dict()), digits.test[:100], nodes=16)
    drawn = mean_terms(model, digits.test[:100], samples=5)
    assert drawn[0] - drawn[1] == pytest.approx((reconstruction - kl).mean(), abs=0.5)  # 500 draws
    drawn = mean_terms(model, digits.test, samples=5)
    assert drawn[0] - drawn[1] == pytest.approx(max(history.validation), abs=1e-6)


def test_sigma_is_learned_where_the_squared_error_puts_it() -> None:
    """With pixels of independent noise, σ must come out as their spread."""
    x = (0.5 + 0.1 * torch.randn(400, 6, generator=torch.Generator().manual_seed(0))).clamp(0, 1)
    model = small(sigma=0.4, learn_sigma=True)
    fit(model, x, epochs=60, batch_size=50, lr=1e-2)
    assert model.sigma == pytest.approx(0.1, rel=0.1)
    fixed = small(sigma=0.4)
    fit(fixed, x, epochs=2)
    assert fixed.sigma == pytest.approx(0.4, rel=1e-6)


def test_beta_weighs_the_kl_term() -> None:
    x = (toy(200) > 0.5).float()
    kl = []
    for beta in (0.0, 1.0, 20.0):
        kl.append(fit(small(sigma=0.2), x, epochs=30, batch_size=20, lr=1e-2, beta=beta).kl[-1])
    assert kl[0] > kl[1] > kl[2]
    assert kl[2] < 0.1


def test_the_loss_is_minus_the_elbo(steps: list[dict[str, Any]]) -> None:
    """Adam's first step goes lr against the sign of each gradient, so its direction shows what was minimised."""
    x = toy(8)
    for beta in (1.0, 3.0):
        steps.clear()
        model = small()
        before = torch.cat([p.detach().flatten() for p in model.parameters() if p.requires_grad])
        generator = torch.Generator().manual_seed(7)
        order = torch.randperm(8, generator=generator)
        mean, log_var = model.encoder.net(x[order]).chunk(2, -1)
        z = mean + torch.exp(log_var / 2) * torch.randn(8, 2, generator=generator)
        squared = ((x[order] - torch.sigmoid(model.decoder.net(z))) ** 2).sum(1) / (2 * 0.25**2)
        kl = 0.5 * (log_var.exp() + mean**2 - 1 - log_var).sum(1)
        (squared + beta * kl).mean().backward()
        gradient = torch.cat([p.grad.flatten() for p in model.parameters() if p.requires_grad])
        model.zero_grad()
        fit(model, x, epochs=1, batch_size=8, lr=1e-3, beta=beta, seed=7)
        moved = steps[0]["weights"] - before
        clear = gradient.abs() > 1e-4
        assert clear.float().mean() > 0.8
        # 1e-3 · g / (|g| + 1e-8) is ±1e-3 to four digits where the gradient is clear.
        torch.testing.assert_close(moved[clear], -1e-3 * gradient[clear].sign(), rtol=1e-2, atol=1e-6)


def test_learning_rate_falls_to_a_tenth_along_a_cosine(steps: list[dict[str, Any]]) -> None:
    fit(small(), toy(30), epochs=20, batch_size=10, lr=1e-3)
    rates = [step["lr"] for step in steps]
    assert len(rates) == 60
    assert rates[0] == rates[2] == 1e-3
    expected = [1e-4 + 9e-4 * (1 + math.cos(math.pi * epoch / 20)) / 2 for epoch in range(20) for _ in range(3)]
    assert rates == pytest.approx(expected, rel=1e-6)


def test_a_learning_rate_may_be_told_for_each_epoch(steps: list[dict[str, Any]]) -> None:
    fit(small(), toy(30), epochs=3, batch_size=10, lr=lambda epoch: 0.1 / epoch)
    assert [step["lr"] for step in steps] == [0.1] * 3 + [0.05] * 3 + [0.1 / 3] * 3


@pytest.mark.parametrize("given", [{}, {"lr": 0.02, "betas": (0.5, 0.9), "eps": 1e-3}])
def test_adam_is_that_of_torch_to_the_bit(given: dict[str, Any]) -> None:
    """Through a change of the rate, gradients that are absent, and a state that goes through ``state_dict``."""
    random = torch.Generator().manual_seed(0)
    ours, theirs = ([torch.nn.Parameter(torch.linspace(-1, 1, size)) for size in (6, 3, 1)] for _ in range(2))
    adams: list[Any] = [training.Adam(ours, **given), torch.optim.Adam(theirs, fused=True, **given)]
    for step in range(12):
        gradients = [torch.randn(size, generator=random) for size in (6, 3, 1)]
        for adam, parameters in zip(adams, (ours, theirs), strict=True):
            adam.zero_grad()
            for place, (parameter, gradient) in enumerate(zip(parameters, gradients, strict=True)):
                if place != 1 or step % 3 == 2:
                    parameter.grad = gradient.clone()
            adam.param_groups[0]["lr"] = 0.01 / (1 + step)
            adam.step()
        if step == 6:
            saved = adams[0].state_dict()
            adams[0] = training.Adam(ours, **given)
            adams[0].load_state_dict(saved)
            next(iter(saved["state"].values()))["exp_avg"].fill_(9.0)  # the optimizer's own is a copy
        for our, their in zip(ours, theirs, strict=True):
            assert torch.equal(our, their), step
    assert ours[0].tolist() != torch.linspace(-1, 1, 6).tolist()
    assert adams[0].defaults == {name: adams[1].defaults[name] for name in ("lr", "betas", "eps")}


def test_fit_does_not_wait_for_the_compiler() -> None:
    """Seconds and 146 MB of a learner's first training; with torchvision, as much again."""
    code = """
import sys, torch
from vae_lib import data, model, training
history = training.fit(model.VAE(64, 2, (8,)), data.load("digits").train, epochs=2)
assert len(history.kl) == 2
print(sorted({"torch._dynamo", "torchvision"} & set(sys.modules)))
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.stdout == "[]\n", done.stderr


def test_bytes_are_trained_on_as_the_numbers_they_stand_for() -> None:
    pixels = torch.randint(0, 256, (50, 6), dtype=torch.uint8, generator=torch.Generator().manual_seed(0))
    trained = []
    for x in (pixels, pixels / 255):
        model = small()
        trained.append((model, fit(model, x, epochs=2, batch_size=16, validation=x[:9])))
    assert trained[0][1] == trained[1][1]
    assert torch.equal(weights(trained[0][0]), weights(trained[1][0]))
    assert training.mean_terms(trained[0][0], pixels) == training.mean_terms(trained[0][0], pixels / 255)


def test_what_is_swept_from_adam_moves_no_weight() -> None:
    """Denormal averages are gone, and the next steps are the same to the bit."""
    parameters = [torch.nn.Parameter(torch.linspace(-1, 1, 6)) for _ in range(2)]
    adams = [training.Adam([parameter]) for parameter in parameters]
    averages = torch.tensor([0.0, 1e-40, -1e-20, 1e-17, -1e-3, 2.0])
    for adam, parameter in zip(adams, parameters, strict=True):
        parameter.grad = torch.zeros(6)
        adam.step()
        adam.state[parameter]["exp_avg"].copy_(averages)
        adam.state[parameter]["exp_avg_sq"].copy_(averages**2)
    sweep(adams[0])
    swept = adams[0].state[parameters[0]]
    kept = torch.tensor([0, 0, 0, 1e-17, -1e-3, 2])
    assert torch.equal(swept["exp_avg"], kept)
    assert torch.equal(swept["exp_avg_sq"], kept**2)
    assert swept["step"] == 1
    for adam in adams:
        for _ in range(3):
            adam.step()
    assert torch.equal(*parameters)
    sweep(torch.optim.SGD(parameters))  # has nothing to sweep


def test_an_objective_and_an_optimizer_of_ones_own() -> None:
    """Plain gradient steps on a bound with two draws of z, against the same steps written out."""

    def two_draws(model: Any, x: torch.Tensor, generator: torch.Generator) -> Any:
        first, second = (model.terms(x, generator=generator) for _ in range(2))
        return torch.logaddexp(first.elbo, second.elbo) - math.log(2), first

    x, model, ours = toy(20), small(), small()
    generator = torch.Generator().manual_seed(3)
    parameters = [p for p in model.parameters() if p.requires_grad]
    for epoch in (1, 2):
        for rows in torch.randperm(20, generator=generator).split(8):
            both = torch.stack([model.terms(x[rows], generator=generator).elbo for _ in range(2)])
            gradients = torch.autograd.grad(both.exp().mean(0).log().mean(), parameters)
            with torch.no_grad():
                for parameter, gradient in zip(parameters, gradients, strict=True):
                    parameter += 1e-2 / epoch * gradient
    history = fit(
        ours,
        x,
        epochs=2,
        batch_size=8,
        seed=3,
        lr=lambda epoch: 1e-2 / epoch,
        objective=two_draws,
        optimizer=lambda parameters: torch.optim.SGD(parameters, lr=1.0),
    )
    torch.testing.assert_close(weights(ours), weights(model), rtol=1e-4, atol=1e-6)  # the sums in another order
    assert len(history.kl) == 2
    default, named = small(), small()
    assert fit(default, x, epochs=2) == fit(named, x, epochs=2, objective=training.elbo)
    assert torch.equal(weights(default), weights(named))


def test_an_epoch_sees_every_example_once_in_a_new_order() -> None:
    seen: list[list[float]] = []

    class Spy(Autoencoder):
        def terms(self, x: torch.Tensor, **kwargs: Any) -> Any:
            seen.append(x[:, 0].tolist())
            return super().terms(x, **kwargs)

    x = toy(11)
    x[:, 0] = torch.arange(11) / 11
    fit(Spy(6, 2, (8,)), x, epochs=2, batch_size=4)
    assert [len(batch) for batch in seen] == [4, 4, 3, 4, 4, 3]
    first, second = list(chain(*seen[:3])), list(chain(*seen[3:]))
    assert sorted(first) == sorted(second) == x[:, 0].tolist()
    assert first != second
    assert first != x[:, 0].tolist()


def test_an_autoencoder_trains_too(digits: Dataset) -> None:
    torch.manual_seed(0)
    model = Autoencoder(64, 2, (32, 16))
    history = fit(model, digits.train, epochs=5, lr=3e-3, validation=digits.test)
    assert history.reconstruction[-1] > history.reconstruction[0] + 10
    assert set(history.kl) == {0}
    with torch.no_grad():
        pictures = model.decode(model.encode(digits.test))
    expected = log_normal(digits.test.numpy(), pictures.numpy(), 0.25**2).mean()
    assert max(history.validation) == pytest.approx(expected, rel=1e-4)


def test_fit_leaves_the_model_ready_to_evaluate() -> None:
    model = small()
    fit(model, toy(), epochs=1)
    assert not model.training
    assert not model.encoder.training


# --- looking on ------------------------------------------------------------------------------------------------------


def test_after_epoch_meets_the_weights_of_each_moment(steps: list[dict[str, Any]]) -> None:
    model, kept = small(), []
    first = weights(model).clone()
    fit(model, toy(), epochs=4, batch_size=16, after_epoch=lambda epoch: kept.append((epoch, weights(model).clone())))
    assert [epoch for epoch, _ in kept] == [0, 1, 2, 3, 4]
    assert torch.equal(kept[0][1], first)
    for epoch, seen in kept[1:]:  # 16, 16, 16 and 2 examples: four steps an epoch; log_sigma, the first, is fixed
        assert torch.equal(seen[1:], steps[4 * epoch - 1]["weights"])
    assert torch.equal(kept[4][1], weights(model))
    assert len({tuple(seen.tolist()) for _, seen in kept}) == 5


def test_a_snapshot_is_the_model_of_a_training_stopped_there() -> None:
    kept: dict[int, torch.Tensor] = {}

    def stop(epoch: int) -> None:
        if epoch == 3:
            raise KeyboardInterrupt

    model, stopped, short = small(), small(), small()
    fit(model, toy(), epochs=5, seed=2, after_epoch=lambda epoch: kept.update({epoch: weights(model).clone()}))
    with pytest.raises(KeyboardInterrupt):
        fit(stopped, toy(), epochs=5, seed=2, after_epoch=stop)
    assert torch.equal(kept[3], weights(stopped))
    # The learning rate falls over the epochs asked for, so a shorter training is the same in its first epoch only.
    fit(short, toy(), epochs=1, seed=2)
    assert torch.equal(kept[1], weights(short))


def test_looking_on_changes_nothing() -> None:
    watched, plain = small(), small()
    settings: dict[str, Any] = {"epochs": 3, "batch_size": 16, "validation": toy(10, 1)}
    first = fit(watched, toy(), **settings, after_epoch=lambda epoch: mean_terms(watched, toy(10, 2)))
    assert first == fit(plain, toy(), **settings)
    assert torch.equal(weights(watched), weights(plain))


# --- the best epoch --------------------------------------------------------------------------------------------------


def scripted(monkeypatch: pytest.MonkeyPatch, elbos: list[float]) -> list[torch.Tensor]:
    """Let the validation ELBO go as told, and keep the weights at each look."""
    seen: list[torch.Tensor] = []

    def told(model: torch.nn.Module, x: torch.Tensor, **kwargs: Any) -> tuple[float, float]:
        seen.append(weights(model).clone())
        return elbos[len(seen) - 1] + 2.0, 2.0

    monkeypatch.setattr(training, "mean_terms", told)
    return seen


def test_the_best_epochs_weights_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    seen = scripted(monkeypatch, [-9.0, -3.0, -5.0, -4.0])
    model = small()
    history = fit(model, toy(), epochs=4, validation=toy(5))
    assert history.best_epoch == 2
    assert history.validation == [-9, -3, -5, -4]
    assert torch.equal(weights(model), seen[1])
    assert not torch.equal(seen[1], seen[3])


def test_patience_stops(monkeypatch: pytest.MonkeyPatch) -> None:
    seen = scripted(monkeypatch, [-9.0, -8.0, -8.5, -7.0, -7.5, -7.2, -7.1, -1.0])
    model = small()
    history = fit(model, toy(), epochs=8, validation=toy(5), patience=3)
    assert history.best_epoch == 4
    assert len(history.validation) == len(history.kl) == 7
    assert torch.equal(weights(model), seen[3])


def test_held_out_examples_choose_the_epoch_and_are_not_trained_on() -> None:
    """Eight examples are soon learned by heart; the held-out ELBO turns down and the weights from before are kept."""
    x, held_out = toy(8), toy(200, 1)
    model = small(sigma=0.1)
    history = fit(model, x, epochs=150, batch_size=4, lr=3e-2, validation=held_out, patience=40)
    assert history.best_epoch < len(history.validation) <= 150
    assert max(history.validation) == history.validation[history.best_epoch - 1]
    assert max(history.validation) > history.validation[-1]
    kept = mean_terms(model, held_out, samples=5)
    assert kept[0] - kept[1] == pytest.approx(max(history.validation), abs=1e-9)
    plain = small(sigma=0.1)
    first = fit(plain, x, epochs=150, batch_size=4, lr=3e-2)
    assert first.kl[: len(history.kl)] == history.kl  # looking at held-out examples changes nothing in training


# --- what must not happen in silence ---------------------------------------------------------------------------------


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_data_that_is_not_finite_is_refused_by_row(value: float) -> None:
    x, model = toy(), small()
    before = weights(model)
    x[17, 3] = x[33, 0] = value
    with pytest.raises(ValueError, match=r"^x must be finite, but row 17 is not; remove or repair it"):
        fit(model, x, epochs=1)
    with pytest.raises(ValueError, match=r"^validation must be finite, but row 17 is not"):
        fit(model, toy(), epochs=1, validation=x)
    assert torch.equal(weights(model), before)


def named_place(message: str) -> tuple[int, int]:
    epoch, batch = re.search(r"epoch (\d+), batch (\d+)", message).groups()
    return int(epoch), int(batch)


@pytest.mark.parametrize("lr", [1e4, 1e30])
def test_a_learning_rate_that_blows_up_leaves_the_weights_of_the_epoch_before(
    steps: list[dict[str, Any]], lr: float
) -> None:
    model, x = small(learn_sigma=True), toy(50)
    first = torch.cat([p.detach().flatten() for p in model.parameters()])
    with pytest.raises(NonFiniteLossError, match="Lower the learning rate") as caught:
        fit(model, x, epochs=30, batch_size=10, lr=lambda epoch: 1e-3 if epoch < 3 else lr)
    assert f"lr={lr:g}" in str(caught.value)
    epoch, batch = named_place(str(caught.value))
    assert epoch >= 3
    refused = str(caught.value).startswith("loss")  # else the batch's step spoiled the weights
    assert len(steps) == (epoch - 1) * 5 + batch - refused
    kept = torch.cat([p.detach().flatten() for p in model.parameters()])
    assert torch.equal(kept, steps[(epoch - 1) * 5 - 1]["weights"])
    assert torch.isfinite(kept).all()
    assert not torch.equal(kept, first)


def test_a_batch_that_overflows_stops_before_its_step(steps: list[dict[str, Any]]) -> None:
    """Finite data whose square is infinite in float32."""
    model, x = small(sigmoid=False), toy(50)
    first = weights(model)
    x[23] = 1e30
    order = torch.randperm(50, generator=torch.Generator().manual_seed(4)).tolist()
    with pytest.raises(NonFiniteLossError, match="check that the data lies in") as caught:
        fit(model, x, epochs=2, batch_size=10, seed=4)
    assert named_place(str(caught.value)) == (1, order.index(23) // 10 + 1)
    assert len(steps) == order.index(23) // 10
    assert torch.equal(weights(model), first)


@pytest.mark.parametrize(("batch_size", "place"), [(50, (1, 1)), (10, (1, 2))])
def test_a_gradient_that_is_not_finite_stops_though_the_loss_is_finite(batch_size: int, place: tuple[int, int]) -> None:
    """It shows in the loss of the next batch, or in the weights where no batch follows."""

    class BadGradient(torch.autograd.Function):
        @staticmethod
        def forward(ctx: Any, value: torch.Tensor) -> torch.Tensor:
            return value.clone()

        @staticmethod
        def backward(ctx: Any, gradient: torch.Tensor) -> torch.Tensor:
            return gradient * math.nan

    class Model(Autoencoder):
        def decode(self, z: torch.Tensor) -> torch.Tensor:
            return BadGradient.apply(super().decode(z))

    model = Model(6, 2, (8,))
    before = weights(model)
    with pytest.raises(NonFiniteLossError) as caught:
        fit(model, toy(), epochs=1, batch_size=batch_size)
    assert named_place(str(caught.value)) == place
    assert torch.equal(weights(model), before)


def test_a_held_out_elbo_that_is_not_finite_is_not_called_best() -> None:
    """One step of 1e30: training ends before another batch could notice, the held-out examples do."""
    x, model = toy(10), small()
    before = weights(model)
    with pytest.raises(NonFiniteLossError, match=r"^validation ELBO .* after epoch 1, batch 1"):
        fit(model, x, epochs=1, batch_size=10, lr=1e30, validation=x)
    assert torch.equal(weights(model), before)


@pytest.mark.parametrize(
    ("kwargs", "message"),
    [
        ({"epochs": 0}, "epochs must be at least 1, got 0"),
        ({"batch_size": 0}, "batch_size must be at least 1, got 0"),
        ({"lr": 0.0}, r"lr must be a positive number, got 0\.0"),
        ({"lr": -1e-3}, r"lr must be a positive number, got -0\.001"),
        ({"lr": math.nan}, "lr must be a positive number, got nan"),
        ({"lr": math.inf}, "lr must be a positive number, got inf"),
        ({"lr": lambda epoch: 2.0 - epoch, "epochs": 3}, r"lr must be a positive number, got 0\.0 in epoch 2"),
        ({"objective": training.elbo, "beta": 2.0}, r"beta=2\.0 weighs the KL term of the ELBO; leave it out"),
        ({"device": "gpu"}, "device must be 'auto', 'cpu', 'cuda' or 'mps', got 'gpu'"),
        ({"beta": -1.0}, r"beta must be a number of at least 0, got -1\.0"),
        ({"beta": math.nan}, "beta must be a number of at least 0, got nan"),
        ({"patience": 3}, "patience=3 needs validation examples"),
        ({"patience": 0, "validation": toy(3)}, "patience must be at least 1, got 0"),
        ({"x": toy(3)[:0]}, r"x must have shape \(count, data_dim\) with at least one row, got \(0, 6\)"),
        ({"x": toy(3)[0]}, r"x must have shape .* got \(6,\)"),
        ({"validation": toy(3)[:0]}, r"validation must have shape .* got \(0, 6\)"),
        ({"x": toy(3)[:, :4]}, r"x must have shape \(\.\.\., 6\) for this model, got \(3, 4\)"),
    ],
)
def test_settings_out_of_range_are_named(kwargs: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        fit(small(), **{"x": toy(), "epochs": 1, **kwargs})


def test_mean_terms_refuses_nothing_to_average() -> None:
    with pytest.raises(ValueError, match="samples must be at least 1, got 0"):
        mean_terms(small(), toy(), samples=0)
    with pytest.raises(ValueError, match=r"x must have shape .* with at least one row, got \(0, 6\)"):
        mean_terms(small(), toy()[:0])


def test_progress_bar_shows_the_terms(capsys: pytest.CaptureFixture[str]) -> None:
    fit(small(), toy(), epochs=2, progress=True, validation=toy(5))
    shown = capsys.readouterr().err
    for word in ("epoch", "reconstruction", "kl", "validation"):
        assert word in shown
    fit(small(), toy(), epochs=2, progress=False)
    assert capsys.readouterr().err == ""


def test_a_history_is_drawn_as_it_is() -> None:
    history = training.History([-9.0, -5.0, -4.0], [1.0, 2.0, 3.0], [-8.0, -6.0, -7.5], best_epoch=2)
    panels = plots.history(history).axes
    drawn = [[line.get_ydata().tolist() for line in ax.lines] for ax in panels]
    assert drawn == [[[-9, -5, -4]], [[1, 2, 3]], [[-10, -7, -7], [-8, -6, -7.5], [-6]]]
    assert panels[2].lines[2].get_xdata().tolist() == [2]
    single = plots.history(training.History([-9.0], [1.0], best_epoch=1))
    assert {ax.lines[0].get_marker() for ax in single.axes} == {"o"}  # a line of one point would not be seen
    with pytest.raises(ValueError, match="the history holds no whole epoch"):
        plots.history(training.History())


# --- checkpoints -----------------------------------------------------------------------------------------------------


class CrashError(BaseException):
    """Ends a training from its hook, as a crash would: nothing is tidied up."""


def crash_after(epoch: int) -> Any:
    def look(at: int) -> None:
        if at == epoch:
            raise CrashError

    return look


def momentum(parameters: list[torch.nn.Parameter]) -> torch.optim.Optimizer:
    return torch.optim.SGD(parameters, momentum=0.9)


@pytest.mark.parametrize(
    "kwargs",
    [
        {},
        {"lr": lambda epoch: 1e-2 / epoch, "beta": 3.0, "batch_size": 7},
        {"validation": toy(9, 1), "lr": 0.1},
        {"validation": toy(9, 1), "lr": 0.3, "patience": 3, "epochs": 60, "seed": 5},
        {"optimizer": momentum, "objective": training.elbo, "lr": 1e-3},
    ],
    ids=["plain", "rates and beta", "best weights", "patience", "momentum"],
)
def test_a_resumed_training_equals_an_uninterrupted_one(kwargs: dict[str, Any], tmp_path: Path) -> None:
    settings = {"epochs": 8, "batch_size": 16, **kwargs}
    whole, parts = small(learn_sigma=True), small(learn_sigma=True)
    expected = fit(whole, toy(), **settings)
    for stop in (0, 1, 3, 4):  # before any step, after the first epoch, and twice more
        with pytest.raises(CrashError):
            fit(parts, toy(), **settings, checkpoint=tmp_path / "run", after_epoch=crash_after(stop))
        parts = small(seed=stop + 1, learn_sigma=True)  # another process starts with other weights
    called: list[int] = []
    assert fit(parts, toy(), **settings, checkpoint=tmp_path / "run", after_epoch=called.append) == expected
    assert torch.equal(weights(parts), weights(whole))
    assert called == list(range(4, len(expected.kl) + 1))
    assert [path.name for path in tmp_path.iterdir()] == ["run"]
    # Once more: it has ended, and nothing is trained.
    again = small(learn_sigma=True)
    assert fit(again, toy(), **settings, checkpoint=tmp_path / "run", after_epoch=crash_after(8)) == expected
    assert torch.equal(weights(again), weights(whole))
    if "patience" in kwargs:
        assert expected.best_epoch + 3 == len(expected.kl) < 60


KILLED = r"""
import json, os, random, re, signal, sys
from pathlib import Path
import torch
from vae_lib import training
from vae_lib.model import VAE
from vae_lib.runs.checkpoint import read_checkpoint

torch.set_num_threads(1)
path = Path(sys.argv[1])
x = torch.rand(300, 6, generator=torch.Generator().manual_seed(0))
settings = dict(epochs=100_000, batch_size=50, validation=x[:20], progress=False)


def model():
    torch.manual_seed(0)
    return VAE(6, 2, (64,))


def objective(*given):
    os.write(into, b".")
    return training.elbo(*given)


training.fit(model(), x, epochs=1)  # what torch loads at its first step is loaded
moments = random.Random(0)
seen = []
for _ in range(10):
    out, into = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(out)
        try:
            tell = lambda epoch: os.write(into, b"%d " % epoch)
            training.fit(model(), x, **settings, objective=objective, checkpoint=path, after_epoch=tell)
        finally:
            os._exit(1)
    os.close(into)
    told, batches = b"", moments.randint(13, 60)  # six are an epoch
    while told.count(b".") < batches:
        told += os.read(out, 1)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    while more := os.read(out, 1 << 16):
        told += more
    os.close(out)
    kept = read_checkpoint(path)
    seen.append((int(re.findall(rb"\d+", told)[-1]), len(kept["history"]["kl"])))


class Enough(Exception):
    pass


def stop(epoch):
    if epoch == seen[-1][1]:
        raise Enough


reference = model()
try:
    training.fit(reference, x, **settings, after_epoch=stop)
except Enough:
    pass
same = all(torch.equal(value, kept["model"][key]) for key, value in reference.state_dict().items())
print(json.dumps({"seen": seen, "same": same, "files": sorted(os.listdir(path.parent))}))
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="kills a child that was forked")
def test_killed_at_ten_random_moments_it_loses_at_most_the_running_epoch(tmp_path: Path) -> None:
    """Whatever the moments are, the file is whole, and holds every epoch but the one whose end was told last."""
    done = subprocess.run(
        [sys.executable, "-c", KILLED, str(tmp_path / "run")], capture_output=True, text=True, cwd=ROOT, check=True
    )
    result = json.loads(done.stdout)
    assert len(result["seen"]) == 10
    for told, kept in result["seen"]:
        assert told - 1 <= kept <= told
    kept = [kept for _, kept in result["seen"]]
    assert kept == sorted(set(kept))
    assert kept[-1] >= 20
    assert result["same"]  # ten times interrupted, to the bit what an uninterrupted training has after that epoch
    assert all(name == "run" or name.endswith(".part") for name in result["files"])
    assert len(result["files"]) <= 2  # what nine of the ten left is gone


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"model": VAE(6, 2, (9,))}, "model was .*out_features=8, bias=True.*, now it is .*out_features=9"),
        ({"model": VAE(6, 2, (8,), activation="tanh")}, r"model was \(1\): SiLU\(\), now it is \(1\): Tanh"),
        (
            {"model": VAE(6, 2, (8,), likelihood="bernoulli")},
            "model was likelihood = gaussian, now it is likelihood = b",
        ),
        ({"model": VAE(6, 2, (8,), sigma=0.3)}, r"model was log_sigma = -1\.386.*, now it is log_sigma = -1\.203"),
        ({"model": VAE(6, 2, (8,), learn_sigma=True)}, "model was learn_sigma = False, now it is learn_sigma = True"),
        ({"model": Autoencoder(6, 2, (8,))}, r"model was VAE\(, now it is Autoencoder\("),
        ({"x": toy(50, 1)}, r"x was \(50, 6\) with checksum \w+, now it is \(50, 6\) with checksum"),
        ({"x": toy(49)}, r"x was \(50, 6\) .*, now it is \(49, 6\)"),
        ({"epochs": 2}, "epochs was 3, now it is 2"),
        ({"lr": 2e-3}, r"lr was 0\.001 in epoch 1, now it is 0\.002 in epoch 1"),
        ({"lr": lambda epoch: 1e-3}, "schedule was cosine, now it is as told"),
        ({"beta": 2.0}, r"objective was elbo\(beta=1\.0\), now it is elbo\(beta=2\.0\)"),
        ({"batch_size": 64}, "batch_size was 128, now it is 64"),
        ({"seed": 1}, "seed was 0, now it is 1"),
        ({"validation": toy(5, 2)}, r"validation was \(5, 6\) with checksum \w+, now it is \(5, 6\)"),
        ({"validation": None, "patience": None}, r"validation was \(5, 6\) with checksum \w+, now it is absent"),
        ({"patience": 3}, "patience was 2, now it is 3"),
        ({"optimizer": momentum}, r"optimizer was Adam\(.*, now it is SGD\("),
    ],
)
def test_a_checkpoint_of_another_training_is_refused(change: dict[str, Any], named: str, tmp_path: Path) -> None:
    settings: dict[str, Any] = {"x": toy(), "epochs": 3, "validation": toy(5), "patience": 2}
    fit(small(), **settings, checkpoint=tmp_path / "run")
    content = (tmp_path / "run").read_bytes()
    model, given = change.get("model", small()), {**settings, **change, "checkpoint": tmp_path / "run"}
    given.pop("model", None)
    before = weights(model).clone()
    with pytest.raises(ValueError, match=f"run is of another training: {named}") as caught:
        fit(model, **given)
    assert str(caught.value).endswith("; delete the file, name another, or go back to its settings")
    assert "\n" not in str(caught.value)
    assert torch.equal(weights(model), before)
    assert (tmp_path / "run").read_bytes() == content


def test_a_damaged_checkpoint_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "run"
    fit(small(), toy(), epochs=2, checkpoint=path)
    whole = path.read_bytes()
    at = whole.index(
        small_bytes := torch.load(path, weights_only=True)["model"]["decoder.net.2.weight"].numpy().tobytes()
    )
    flipped = bytearray(whole)
    flipped[at + len(small_bytes) // 2] ^= 1  # one bit of a weight
    damaged = [b"", b"weights", bytes(1000), whole[:100], whole[: len(whole) // 2], whole[:-1], bytes(flipped)]
    for content in damaged:
        path.write_bytes(content)
        model = small()
        before = weights(model)
        with pytest.raises(ValueError, match=r"run is not a whole checkpoint \(.*\); delete it to start again"):
            fit(model, toy(), epochs=2, checkpoint=path)
        assert torch.equal(weights(model), before)
        assert path.read_bytes() == content
    torch.save({"weights": torch.zeros(3)}, path)
    with pytest.raises(ValueError, match="is a file of torch but no checkpoint of a training"):
        fit(small(), toy(), epochs=2, checkpoint=path)


class Mischief:
    def __reduce__(self) -> Any:
        return Path.touch, (Path("ran"),)


def test_a_checkpoint_runs_no_code(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    torch.save({"settings": Mischief()}, "run")
    with pytest.raises(ValueError, match="not a whole checkpoint"):
        fit(small(), toy(), epochs=1, checkpoint="run")
    assert not Path("ran").exists()
    torch.load("run", weights_only=False)  # what a careless reader would have done
    assert Path("ran").exists()


def test_a_place_that_cannot_be_written_is_named_before_the_first_step(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    (tmp_path / "folder").mkdir()
    for place in ("file/run", "folder"):
        model = small()
        before = weights(model)
        with pytest.raises(OSError, match=place):
            fit(model, toy(), epochs=1, checkpoint=tmp_path / place, after_epoch=crash_after(0))
        assert torch.equal(weights(model), before)
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["file", "folder"]


@pytest.mark.parametrize("writes", [0, 2])
def test_a_full_disk_leaves_the_last_whole_checkpoint(
    writes: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, synced = os.fsync, []

    def fsync(handle: int) -> None:
        synced.append(handle)
        if len(synced) > writes:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        real(handle)

    monkeypatch.setattr(os, "fsync", fsync)
    model = small()
    with pytest.raises(
        OSError, match=r"run cannot be written \(No space left on device\); the model keeps its weights"
    ):
        fit(model, toy(), epochs=5, checkpoint=tmp_path / "run")
    monkeypatch.undo()
    assert [path.name for path in tmp_path.iterdir()] == ([] if writes == 0 else ["run"])
    resumed, whole = small(), small()
    assert fit(resumed, toy(), epochs=5, checkpoint=tmp_path / "run") == fit(whole, toy(), epochs=5)
    assert torch.equal(weights(resumed), weights(whole))


# --- Ctrl-C ----------------------------------------------------------------------------------------------------------


def press_at(*calls: int) -> Any:
    """An objective in whose nth call somebody presses Ctrl-C."""
    numbers = count(1)

    def objective(model: Any, x: torch.Tensor, generator: torch.Generator) -> Any:
        if next(numbers) in calls:
            signal.raise_signal(signal.SIGINT)
        return training.elbo(model, x, generator)

    return objective


def test_ctrl_c_ends_after_the_batch_and_keeps_what_was_learned(steps: list[dict[str, Any]], tmp_path: Path) -> None:
    handler = signal.getsignal(signal.SIGINT)
    model, whole = small(), small()
    settings: dict[str, Any] = {"epochs": 4, "batch_size": 10}
    with pytest.warns(UserWarning, match="training was stopped after 1 whole epochs"):  # seen in a notebook too
        history = fit(model, toy(), **settings, objective=press_at(8), checkpoint=tmp_path / "run")
    assert len(steps) == 8  # the batch during which it was pressed is the last one
    assert torch.equal(torch.cat([p.detach().flatten() for p in model.parameters()][1:]), steps[-1]["weights"])
    assert history.stopped
    assert (len(history.kl), history.best_epoch) == (1, 1)
    assert not model.training
    assert signal.getsignal(signal.SIGINT) is handler
    # The checkpoint holds the whole epoch, and the training goes on from it as if nothing had been.
    again = fit(model, toy(), **settings, objective=press_at(), checkpoint=tmp_path / "run")
    assert again == fit(whole, toy(), **settings)
    assert not again.stopped
    assert torch.equal(weights(model), weights(whole))


def test_ctrl_c_keeps_the_best_weights() -> None:
    model, best = small(), small()
    settings: dict[str, Any] = {"batch_size": 10, "lr": lambda epoch: 1e-2, "validation": toy(9, 1)}
    history = fit(model, toy(), epochs=9, objective=press_at(28), **settings)
    assert len(history.validation) == 5
    assert history.best_epoch == 1 + int(np.argmax(history.validation))
    fit(best, toy(), epochs=history.best_epoch, **settings)
    assert torch.equal(weights(model), weights(best))


def test_ctrl_c_while_the_epoch_ends_keeps_that_epoch(tmp_path: Path) -> None:
    def press(epoch: int) -> None:
        if epoch == 2:
            signal.raise_signal(signal.SIGINT)

    history = fit(small(), toy(), epochs=9, after_epoch=press, validation=toy(9, 1))
    assert history.stopped
    assert len(history.kl) == len(history.validation) == 2


def test_a_second_ctrl_c_is_raised() -> None:
    with pytest.raises(KeyboardInterrupt):
        fit(small(), toy(), epochs=4, batch_size=50, objective=two_presses)


def two_presses(model: Any, x: torch.Tensor, generator: torch.Generator) -> Any:
    signal.raise_signal(signal.SIGINT)
    signal.raise_signal(signal.SIGINT)
    return training.elbo(model, x, generator)


def test_it_trains_in_another_thread() -> None:
    """Where Python lets nobody listen to Ctrl-C."""
    model, other = small(), small()
    thread = threading.Thread(target=fit, args=(model, toy()), kwargs={"epochs": 2})
    thread.start()
    thread.join()
    fit(other, toy(), epochs=2)
    assert torch.equal(weights(model), weights(other))


def press_during(monkeypatch: pytest.MonkeyPatch, call: int) -> None:
    """Ctrl-C at this call of ``VAE.terms``."""
    real, calls = VAE.terms, count(1)

    def terms(*args: Any, **kwargs: Any) -> Any:
        if next(calls) == call:
            signal.raise_signal(signal.SIGINT)
        return real(*args, **kwargs)

    monkeypatch.setattr(VAE, "terms", terms)


def test_the_command_saves_what_was_learned_until_ctrl_c(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    out, plain, kept = tmp_path / "mine", tmp_path / "plain", tmp_path / "run"
    command = ["train", "--hidden", "12", "--epochs", "4", "--examples", "2", "--batch-size", "500", "--device", "cpu"]
    with monkeypatch.context() as patch:
        press_during(
            patch, 10
        )  # batches of 500, 500 and 295, and after each epoch five draws for the held-out examples
        assert main([*command, "--out", str(out), "--checkpoint", str(kept)]) == 130
    said = capsys.readouterr().err
    assert "stopped; " in said
    assert f"the same command goes on from {kept}" in said
    record = pretrained.record(out)
    assert (record["epochs_run"], record["stopped"], record["resumed"]) == (1, True, False)
    assert "figures" not in record
    assert pretrained.load(out).hidden == (12,)
    assert main([*command, "--out", str(out), "--checkpoint", str(kept)]) == 0
    assert main([*command, "--out", str(plain)]) == 0
    ours, theirs = (load_file(path.with_suffix(".safetensors")) for path in (out, plain))
    assert save(ours) == save(theirs)
    record = pretrained.record(out)
    assert (record["epochs_run"], record["stopped"], record["resumed"], record["device"]) == (4, False, True, "cpu")
    assert pretrained.record(plain)["figures"] == record["figures"]


def test_the_command_saves_nothing_before_the_first_epoch(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for command in (["train"], ["series", "--over", "epoch", "--values", "1"]):
        with monkeypatch.context() as patch:
            press_during(patch, 1)
            assert main([*command, "--hidden", "12", "--batch-size", "500", "--out", str(tmp_path / "mine")]) == 130
        assert capsys.readouterr().err.splitlines()[-1] == "vae_lib: stopped; nothing was saved"
    assert list(tmp_path.iterdir()) == []


# --- where it runs ---------------------------------------------------------------------------------------------------


if torch.cuda.is_available():

    def test_a_gpu_is_used_and_the_model_comes_back(digits: Dataset, tmp_path: Path) -> None:
        torch.manual_seed(0)
        model, places = VAE(64, 2, (32, 16)), []
        settings: dict[str, Any] = {"epochs": 4, "lr": 3e-3, "validation": digits.test, "checkpoint": tmp_path / "run"}
        look = lambda epoch: places.append(model.log_sigma.device.type)  # noqa: E731
        history = fit(model, digits.train, **settings, device="auto", after_epoch=look)
        assert set(places) == {"cuda"}
        assert model.log_sigma.device.type == "cpu"
        assert history.elbo[-1] > history.elbo[0] + 10
        assert fit(VAE(64, 2, (32, 16)), digits.train, **settings, device="auto") == history
        with pytest.warns(UserWarning, match="it was on cuda and goes on on cpu"):
            fit(VAE(64, 2, (32, 16)), digits.train, **{**settings, "epochs": 5}, device="cpu")

else:

    def test_without_a_gpu_auto_is_the_cpu() -> None:
        plain, auto = small(), small()
        assert fit(plain, toy(), epochs=2) == fit(auto, toy(), epochs=2, device="auto")
        assert torch.equal(weights(plain), weights(auto))
        with pytest.raises(ValueError, match="torch finds no such GPU; use 'auto' or 'cpu'"):
            fit(small(), toy(), epochs=1, device="cuda")


def test_apple_s_gpu_is_taken_where_torch_has_it_and_no_grid_is_asked_of_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: True)
    assert find_device("auto") == find_device("mps") == torch.device("mps")
    there = SimpleNamespace(device=torch.device("mps"))  # stands for a tensor that only such a machine can make
    monkeypatch.setattr(grids, "examples_for", lambda model, x, one: there)
    with pytest.raises(ValueError, match=r"a grid needs float64, which Apple's GPU has not; use model.cpu\(\)"):
        grids.uniform_grid(small(), toy()[0])


# --- checkpoints that go on elsewhere, or longer ---------------------------------------------------------------------


@pytest.mark.parametrize("lr", [1e-2, lambda epoch: 1e-2 / epoch], ids=["cosine", "told"])
def test_a_longer_training_goes_on_from_a_shorter_one_and_says_so(lr: Any, tmp_path: Path) -> None:
    model, whole = small(), small()
    fit(model, toy(), epochs=2, lr=lr, checkpoint=tmp_path / "run")
    with pytest.warns(UserWarning, match="begun for 2 epochs and goes on to 5, by rates for so many from here on"):
        history = fit(small(1), toy(), epochs=5, lr=lr, checkpoint=tmp_path / "run")
    assert len(history.kl) == 5
    expected = fit(whole, toy(), epochs=5, lr=lr)
    if callable(lr):  # whose first rates are the same however long it is
        assert history == expected
    else:
        assert history.kl[0] == expected.kl[0]


def test_a_checkpoint_of_another_device_goes_on_with_a_note(tmp_path: Path) -> None:
    path = tmp_path / "run"
    with pytest.raises(CrashError):
        fit(small(), toy(), epochs=4, checkpoint=path, after_epoch=crash_after(3))
    saved = torch.load(path, weights_only=True)
    saved["settings"]["device"] = "cuda"
    saved["generator"] = torch.zeros(16, dtype=torch.uint8)  # as that of a GPU is
    torch.save(saved, path)
    with pytest.warns(UserWarning, match="it was on cuda and goes on on cpu, with other random numbers and rounding"):
        history = fit(small(), toy(), epochs=4, checkpoint=path)
    assert history.kl[:2] == saved["history"]["kl"]
    assert len(history.kl) == 4


def test_a_checkpoint_of_other_code_is_noted(tmp_path: Path) -> None:
    path = tmp_path / "run"
    fit(small(), toy(), epochs=1, checkpoint=path)
    saved = torch.load(path, weights_only=True)
    saved["settings"]["code"] = "checksum 00000000"
    torch.save(saved, path)
    with pytest.warns(UserWarning, match="the library's code was another"):
        fit(small(), toy(), epochs=1, checkpoint=path)


def test_a_start_that_fails_leaves_no_checkpoint(tmp_path: Path) -> None:
    path = tmp_path / "run"
    for wrong in (toy()[:, :5], 255 * toy()):
        with pytest.raises(ValueError, match=r"^x must"):
            fit(small(), wrong, epochs=2, checkpoint=path)

    def broken(model: Any, x: torch.Tensor, generator: torch.Generator) -> Any:
        raise RuntimeError("a bug in an objective of one's own")

    with pytest.raises(RuntimeError, match="a bug"):
        fit(small(), toy(), epochs=2, checkpoint=path, objective=broken)
    with pytest.raises(NonFiniteLossError):
        fit(small(), toy(), epochs=2, batch_size=5, checkpoint=path, lr=1e30)
    assert list(tmp_path.iterdir()) == []
    assert len(fit(small(), toy(), epochs=2, checkpoint=path).kl) == 2


def test_two_trainings_do_not_share_a_checkpoint(tmp_path: Path) -> None:
    def meanwhile(epoch: int) -> None:
        if epoch == 2:
            (tmp_path / "other").replace(tmp_path / "run")

    fit(small(), toy(), epochs=1, checkpoint=tmp_path / "other")
    with pytest.raises(ValueError, match="run is also written by another training; name another file for this one"):
        fit(small(), toy(), epochs=4, checkpoint=tmp_path / "run", after_epoch=meanwhile)


@pytest.mark.parametrize(
    ("change", "named"),
    [
        (lambda saved: saved.pop("optimizer"), "damaged in optimizer"),
        (lambda saved: saved.pop("history"), "damaged in history"),
        (lambda saved: saved["settings"].update(seed=0), "damaged in seed of the settings"),
        (lambda saved: saved["best_weights"]["log_sigma"].fill_(math.nan), "damaged in log_sigma of best_weights"),
        (lambda saved: saved["model"]["log_sigma"].fill_(math.inf), "damaged in log_sigma of model"),
        (lambda saved: saved["model"].pop("log_sigma"), "is damaged .*log_sigma"),
        (lambda saved: saved["history"].update(more=1), "is damaged .*more"),
        (lambda saved: saved.update(settings=[]), "no checkpoint of a training"),
    ],
)
def test_a_checkpoint_that_is_damaged_within_is_refused_by_name(change: Any, named: str, tmp_path: Path) -> None:
    path = tmp_path / "run"
    fit(small(), toy(), epochs=1, validation=toy(5, 1), checkpoint=path)
    saved = torch.load(path, weights_only=True)
    change(saved)
    torch.save(saved, path)
    with pytest.raises(ValueError, match=rf"run .*{named}"):
        fit(small(), toy(), epochs=1, validation=toy(5, 1), checkpoint=path)


def test_one_model_is_not_trained_twice_at_once() -> None:
    model = small()

    def again(epoch: int) -> None:
        with pytest.raises(ValueError, match="model is being trained by another call of fit; give each thread a copy"):
            fit(model, toy(), epochs=1)

    fit(model, toy(), epochs=1, after_epoch=again)
    fit(model, toy(), epochs=1)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        *(("epochs", value) for value in (2.5, "3", None, True, [1], 10**7)),
        *(("batch_size", value) for value in (2.5, "3", None, True)),
        *(("beta", value) for value in ("1", None, [1], True, 10**400)),
        *(("lr", value) for value in ("x", None, {}, lambda epoch: "x", lambda epoch: None)),
        *(("seed", value) for value in (1.5, "0", None, -1, 2**64)),
        *(("patience", value) for value in (1.5, "2", -1)),
        *(("progress", value) for value in ("yes", 1)),
        *(("after_epoch", value) for value in (3, None)),
        *(("objective", value) for value in (3, "elbo")),
        *(("optimizer", value) for value in (3, "adam")),
        *(("device", value) for value in (3, "tpu")),
        *(("checkpoint", value) for value in (3, ["run"])),
    ],
)
def test_an_argument_of_the_wrong_kind_is_named(name: str, value: Any) -> None:
    with pytest.raises((TypeError, ValueError), match=rf"^{name} "):
        fit(small(), toy(), **{"epochs": 1, "validation": toy(5), name: value})

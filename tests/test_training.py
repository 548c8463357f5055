"""fit: repeatable, honest about what it saw, and safe when the numbers blow up."""

from __future__ import annotations

import math
import re
from itertools import chain
from typing import Any

import numpy as np
import pytest
import torch
from reference import Networks, gauss_hermite_elbo, log_normal

from vae_lib import training
from vae_lib.data import Dataset
from vae_lib.model import VAE, Autoencoder
from vae_lib.training import NonFiniteLossError, fit, mean_terms


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

    class Watched(torch.optim.Adam):
        def step(self, closure: Any = None) -> Any:
            result = super().step(closure)
            group = self.param_groups[0]
            flat = torch.cat([p.detach().flatten().clone() for p in group["params"]])
            taken.append({"lr": group["lr"], "weights": flat})
            return result

    monkeypatch.setattr(torch.optim, "Adam", Watched)
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
    x = toy(20)
    x[0] = 30.0  # one row that stands out in whichever batch it lands
    torch.manual_seed(0)
    model = Autoencoder(6, 2, (8,), sigma=0.5)
    with torch.no_grad():
        expected = log_normal(x.numpy(), model.decode(model.encode(x)).numpy(), 0.25).mean()
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
def test_a_learning_rate_that_blows_up_stops_before_the_bad_step(steps: list[dict[str, Any]], lr: float) -> None:
    model, x = small(learn_sigma=True), toy(50)
    with pytest.raises(NonFiniteLossError, match="Lower the learning rate") as caught:
        fit(model, x, epochs=30, batch_size=10, lr=lr)
    assert f"lr={lr:g}" in str(caught.value)
    epoch, batch = named_place(str(caught.value))
    assert len(steps) == (epoch - 1) * 5 + batch - 1 > 0  # every step before the one that is named, and not that one
    kept = torch.cat([p.detach().flatten() for p in model.parameters()])
    assert torch.isfinite(kept).all()
    assert torch.equal(kept, steps[-1]["weights"])


def test_a_batch_that_overflows_stops_before_its_step(steps: list[dict[str, Any]]) -> None:
    """Finite data whose square is infinite in float32."""
    model, x = small(), toy(50)
    x[23] = 1e30
    order = torch.randperm(50, generator=torch.Generator().manual_seed(4)).tolist()
    with pytest.raises(NonFiniteLossError, match="check that the data lies in") as caught:
        fit(model, x, epochs=2, batch_size=10, seed=4)
    assert named_place(str(caught.value)) == (1, order.index(23) // 10 + 1)
    assert len(steps) == order.index(23) // 10
    assert torch.isfinite(weights(model)).all()


def test_a_gradient_that_is_not_finite_stops_though_the_loss_is_finite() -> None:
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
    with pytest.raises(NonFiniteLossError, match="epoch 1, batch 1"):
        fit(model, toy(), epochs=1)
    assert torch.equal(weights(model), before)


def test_a_held_out_elbo_that_is_not_finite_is_not_called_best() -> None:
    """One step of 1e30: training ends before another batch could notice, the held-out examples do."""
    x = toy(10)
    with pytest.raises(NonFiniteLossError, match="epoch 1"):
        fit(small(), x, epochs=1, batch_size=10, lr=1e30, validation=x)


@pytest.mark.parametrize(
    ("kwargs", "message"),
    [
        ({"epochs": 0}, "epochs must be at least 1, got 0"),
        ({"batch_size": 0}, "batch_size must be at least 1, got 0"),
        ({"lr": 0.0}, r"lr must be a positive number, got 0\.0"),
        ({"lr": -1e-3}, r"lr must be a positive number, got -0\.001"),
        ({"lr": math.nan}, "lr must be a positive number, got nan"),
        ({"lr": math.inf}, "lr must be a positive number, got inf"),
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
    with pytest.raises(ValueError, match=r"x must hold at least one example, got shape \(0, 6\)"):
        mean_terms(small(), toy()[:0])


def test_progress_bar_shows_the_terms(capsys: pytest.CaptureFixture[str]) -> None:
    fit(small(), toy(), epochs=2, progress=True, validation=toy(5))
    shown = capsys.readouterr().err
    for word in ("epoch", "reconstruction", "kl", "validation"):
        assert word in shown
    fit(small(), toy(), epochs=2, progress=False)
    assert capsys.readouterr().err == ""

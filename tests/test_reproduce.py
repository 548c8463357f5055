"""The reproduction of a published table: the bound that it climbs, what it measures, and a command that goes on."""

from __future__ import annotations

import copy
import itertools
import json
import math
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from scipy import special, stats

from vae_lib import training
from vae_lib.beyond import burda2015 as reproduce
from vae_lib.cli import main
from vae_lib.data import Dataset
from vae_lib.model import VAE, Autoencoder

QUICK = ["--data", "digits", "--epochs", "2", "--samples", "20", "--examples", "30", "--seed", "3"]


def seeded(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def toy(latent_dim: int = 2, seed: int = 0) -> tuple[VAE, torch.Tensor]:
    """A model of six binary pixels with weights large enough to matter, in float64, and five examples."""
    torch.manual_seed(seed)
    model = VAE(6, latent_dim, (8,), likelihood="bernoulli", activation="tanh").double()
    with torch.no_grad():
        for parameter in model.parameters():
            parameter += 0.5 * torch.randn(parameter.shape) * (parameter.ndim > 0)
    return model, torch.bernoulli(torch.full((5, 6), 0.5, dtype=torch.float64), generator=seeded(seed))


def log_weights(model: VAE, x: torch.Tensor, k: int, seed: int) -> torch.Tensor:
    """log P(X, z) − log Q(z|X) by torch.distributions, at the draws that ``iwae`` makes; shape (k, batch)."""
    generator = seeded(seed)
    torch.bernoulli(x, generator=generator)  # changes nothing in examples of zeros and ones
    mean, log_var = model.encoder.net(x).chunk(2, -1)
    q = torch.distributions.Normal(mean, (log_var / 2).exp())
    z = mean + q.scale * torch.randn(k, *mean.shape, generator=generator)
    likelihood = torch.distributions.Bernoulli(logits=model.decoder.net(z)).log_prob(x.expand(k, -1, -1)).sum(-1)
    return likelihood + torch.distributions.Normal(0.0, 1.0).log_prob(z).sum(-1) - q.log_prob(z).sum(-1)


def gradient(model: VAE, value: torch.Tensor) -> torch.Tensor:
    parameters = [p for p in model.parameters() if p.requires_grad]
    return torch.cat([part.flatten() for part in torch.autograd.grad(value, parameters)])


# --- the bound -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("drawn", [None, 1])
def test_the_bound_is_the_log_of_the_mean_weight(drawn: int | None) -> None:
    model, x = toy()
    bound, terms = reproduce.iwae(model, x, seeded(4), k=7, drawn=drawn)
    expected = special.logsumexp(log_weights(model, x, 7, 4).detach().numpy(), axis=0) - math.log(7)
    np.testing.assert_allclose(bound.detach().numpy(), expected, rtol=1e-6)  # the noise is drawn in float32
    np.testing.assert_allclose(terms.elbo.detach().numpy(), expected, rtol=1e-6)


def test_the_gradient_is_that_of_the_bound_and_drawing_latents_leaves_it_unbiased() -> None:
    model, x = toy()
    exact = gradient(model, torch.logsumexp(log_weights(model, x, 5, 4), 0).mean())
    full = gradient(model, reproduce.iwae(model, x, seeded(4), k=5)[0].mean())
    torch.testing.assert_close(full, exact, rtol=1e-5, atol=1e-6)
    many = gradient(model, reproduce.iwae(model, x, seeded(4), k=5, drawn=40_000)[0].mean())
    scale = float(exact.abs().max())
    torch.testing.assert_close(many, exact, rtol=0, atol=0.03 * scale)  # 1/√40000 of terms a few times that size
    one = gradient(model, reproduce.iwae(model, x, seeded(4), k=5, drawn=1)[0].mean())
    assert not torch.allclose(one, exact, rtol=0, atol=0.03 * scale)  # the tolerance tells them apart


def test_one_weight_is_the_elbo() -> None:
    model, x = toy()
    bound, terms = reproduce.iwae(model, x, seeded(1), k=1)
    mean, log_var = model.encoder.net(x).chunk(2, -1)
    q = torch.distributions.Normal(mean, (log_var / 2).exp())
    kl = torch.distributions.kl_divergence(q, torch.distributions.Normal(0.0, 1.0)).sum(-1)
    torch.testing.assert_close(terms.kl, kl)
    torch.testing.assert_close(bound, terms.reconstruction - kl)
    draws = torch.stack([reproduce.iwae(model, x, seeded(seed), k=1)[0] for seed in range(2000)]).detach()
    weights = torch.cat([log_weights(model, x, 1, seed) for seed in range(2000)]).detach()
    error = (draws - weights).std(0) / math.sqrt(2000)  # the same expectation, the KL in closed form or by draws
    assert ((draws - weights).mean(0).abs() < 4 * error).all()


def test_every_call_binarizes_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    model, _ = toy()
    seen: list[torch.Tensor] = []
    encode = model.encode
    monkeypatch.setattr(model, "encode", lambda x: (seen.append(x), encode(x))[1])
    grey = torch.tensor([0.0, 0.1, 0.4, 0.7, 0.9, 1.0], dtype=torch.float64).expand(4000, 6)
    generator = seeded()
    for k in (1, 3):
        reproduce.iwae(model, grey, generator, k=k)
    first, second = seen
    assert set(first.unique().tolist()) == {0, 1}
    assert not torch.equal(first, second)
    for drawn in seen:  # four standard errors of 4000 coins are 0.032
        np.testing.assert_allclose(drawn.mean(0).numpy(), grey[0].numpy(), atol=0.032)


def test_a_plain_autoencoder_has_no_bound() -> None:
    with pytest.raises(TypeError, match="needs a VAE, which has Q and P\\(X\\|z\\), got Autoencoder"):
        reproduce.iwae(Autoencoder(6, 2), torch.zeros(1, 6), seeded(), k=5)


# --- the paper's model and schedule ----------------------------------------------------------------------------------


def test_the_model_begins_as_the_paper_says(digits: Dataset) -> None:
    model = reproduce.build(digits, seed=0)
    assert (model.latent_dim, model.hidden, model.likelihood, model.activation) == (50, (200, 200), "bernoulli", "tanh")
    linears = [module for module in model.modules() if isinstance(module, torch.nn.Linear)]
    assert [tuple(linear.weight.shape) for linear in linears] == [
        (200, 64),
        (200, 200),
        (100, 200),
        (200, 50),
        (200, 200),
        (64, 200),
    ]
    for linear in linears:
        limit = math.sqrt(6 / sum(linear.weight.shape))
        drawn = linear.weight.detach().flatten().numpy()
        assert stats.kstest(drawn, stats.uniform(-limit, 2 * limit).cdf).pvalue > 1e-3
    for linear in linears[:-1]:
        assert not linear.bias.any()
    mean = digits.train.mean(0)
    inside = (mean > 0.001) & (mean < 0.999)
    torch.testing.assert_close(torch.sigmoid(linears[-1].bias.detach())[inside], mean[inside])
    assert torch.isfinite(linears[-1].bias).all()  # a pixel that is never inked has no logit
    again, other = reproduce.build(digits, seed=0), reproduce.build(digits, seed=1)
    assert torch.equal(again.encoder.net[0].weight, model.encoder.net[0].weight)
    assert not torch.equal(other.encoder.net[0].weight, model.encoder.net[0].weight)


@pytest.mark.parametrize(("objective", "k"), [("vae", 1), ("iwae-5", 5), ("iwae-50", 50)])
def test_the_published_schedule(objective: str, k: int) -> None:
    batch_size, schedules = reproduce.SCHEDULES["published"]
    (stage,) = schedules[objective]
    assert (batch_size, stage.k, stage.drawn, len(stage.rates)) == (20, k, None, 3280)
    tenths = [10, 7.2, 5.2, 3.7, 2.7, 1.9, 1.4, 1.0]  # 10^(1 - i/7), rounded
    expected = [1e-4 * tenth for i, tenth in enumerate(tenths) for _ in range(3**i)]
    assert stage.rates == pytest.approx(expected)


def test_changed_stages_keep_the_curve() -> None:
    (stage,) = reproduce.stages_of("published", "vae", epochs=8)
    assert stage.rates[0] == pytest.approx(1e-3)
    assert stage.rates[-1] == pytest.approx(1e-4)
    assert list(stage.rates) == sorted(stage.rates, reverse=True)
    (half,) = reproduce.stages_of("published", "vae", epochs=8, lr=5e-4)
    assert half.rates == pytest.approx([rate / 2 for rate in stage.rates])
    assert reproduce.stages_of("short", "iwae-50") == reproduce.SCHEDULES["short"][1]["iwae-50"]


def test_curves_of_rates() -> None:
    assert reproduce.cosine(4, 3.0, 1.0) == pytest.approx((3, 2 + math.sqrt(0.5), 2, 2 - math.sqrt(0.5)))
    assert reproduce.falling(3, 4.0, 1.0) == pytest.approx((4, 2, 1))
    assert reproduce.falling(1, 4.0, 1.0) == (4.0,)


# --- measuring -------------------------------------------------------------------------------------------------------


def test_measure_agrees_with_a_sum_over_z() -> None:
    model, _ = toy(latent_dim=1)
    model.float()
    grey = torch.rand(140, 6, generator=seeded(8))  # more than one part of a hundred
    reached = reproduce.measure(model, grey, samples=3000, seed=5)
    x = torch.bernoulli(grey, generator=seeded(5))
    z = torch.linspace(-9, 9, 3001)[:, None]
    with torch.no_grad():
        joint = torch.distributions.Bernoulli(logits=model.decoder.net(z)[:, None]).log_prob(x).sum(-1).double()
        joint += torch.distributions.Normal(0.0, 1.0).log_prob(z).double()
        means = model.encoder.net(x)[:, 0].numpy()
    exact = special.logsumexp(joint.numpy(), axis=0) + math.log(18 / 3000)
    assert reached["negative_log_evidence"] == pytest.approx(-exact.mean(), abs=4 * reached["monte_carlo_error"] + 1e-4)
    assert reached["monte_carlo_error"] < 0.01
    assert reached["standard_error"] == pytest.approx(exact.std(ddof=1) / math.sqrt(140), rel=0.02)
    bounds = list(reached["bounds"].values())
    assert list(reached["bounds"]) == ["1", "2", "5", "10", "50", "100", "500", "1000", "3000"]
    assert bounds == sorted(bounds)
    assert bounds[-1] == pytest.approx(-reached["negative_log_evidence"], abs=2e-4)
    assert reached["active_units"] == int(means.var(ddof=1) > 0.01)
    assert (reached["examples"], reached["samples"]) == (140, 3000)


# --- the command -----------------------------------------------------------------------------------------------------


def run(folder: Path, *arguments: str) -> dict[str, Any]:
    where = ["--out", str(folder / "record.json"), "--folder", str(folder / "checkpoints")]
    assert main(["reproduce", "burda2015", *QUICK, *where, *arguments]) == 0
    record: dict[str, Any] = json.loads((folder / "record.json").read_text("utf-8"))
    return record


def without_time(entry: dict[str, Any]) -> dict[str, Any]:
    entry = copy.deepcopy(entry)
    for part in (entry, *entry["stages"]):
        for name in ("seconds", "processor_seconds", "command"):
            part.pop(name, None)
    return entry


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Any]]:
    """Run with a clock of its own: an epoch takes 4 seconds, and 1.5 of them on the processor."""
    folder = tmp_path_factory.mktemp("reproduce")
    clock = SimpleNamespace(monotonic=itertools.count(0, 4).__next__, process_time=itertools.count(0, 1.5).__next__)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(reproduce, "time", clock)
        return folder, run(folder)


def test_the_record_stands_beside_the_published_figures(whole: tuple[Path, dict[str, Any]]) -> None:
    _, record = whole
    assert record["published"] == {"vae": 86.76, "iwae-5": 85.54, "iwae-50": 84.78}
    assert "1509.00519" in record["source"]
    assert list(record["entries"]) == ["vae", "iwae-5", "iwae-50"]
    for name, entry in record["entries"].items():
        stages = reproduce.SCHEDULES["short"][1][name]
        assert entry["published"] == record["published"][name]
        assert [stage["k"] for stage in entry["stages"]] == [stage.k for stage in stages]
        assert [stage["rates"][0] for stage in entry["stages"]] == [stage.rates[0] for stage in stages]
        assert entry["epochs"] == 2 * len(stages)
        assert [stage["seconds"] for stage in entry["stages"]] == [8] * len(stages)  # of two epochs
        assert [stage["processor_seconds"] for stage in entry["stages"]] == [3] * len(stages)
        assert entry["seconds"] == 8 * len(stages)
        assert (entry["data"], entry["seed"], entry["device"], entry["schedule"]) == ("digits", 3, "cpu", "short")
        assert entry["data_split"] == {"train": 1438, "test": 30}
        assert entry["command"].startswith("python -m vae_lib reproduce burda2015 --data digits --epochs 2")
        assert entry["test"]["samples"] == 20
        assert 5 < entry["test"]["negative_log_evidence"] < 45  # 64 coins are 44 nats
        assert entry["model"]["activation"] == "tanh"
        assert "bits" not in entry


def test_a_killed_run_goes_on_to_the_same_figures(
    whole: tuple[Path, dict[str, Any]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls = 0
    fit = training.fit

    def killed(*arguments: Any, after_epoch: Any, **settings: Any) -> training.History:
        def count(epoch: int) -> None:
            nonlocal calls
            calls += epoch > 0
            if calls == 2:
                raise RuntimeError("killed")
            after_epoch(epoch)

        return fit(*arguments, after_epoch=count, **settings)

    monkeypatch.setattr(training, "fit", killed)
    where = ["--out", str(tmp_path / "record.json"), "--folder", str(tmp_path / "checkpoints")]
    assert main(["reproduce", "burda2015", *QUICK, *where, "--objectives", "vae"]) == 1
    assert not (tmp_path / "record.json").exists()
    monkeypatch.setattr(training, "fit", fit)
    record = run(tmp_path, "--objectives", "vae")
    assert without_time(record["entries"]["vae"]) == without_time(whole[1]["entries"]["vae"])
    seconds = json.loads(next((tmp_path / "checkpoints").glob("*.seconds.json")).read_text("utf-8"))
    assert list(seconds) == ["0", "1", "2"]


def test_a_finished_training_is_not_repeated(
    whole: tuple[Path, dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, before = whole

    def refuse(*_: Any, **__: Any) -> None:
        raise AssertionError("a batch was trained on")

    monkeypatch.setattr(reproduce, "iwae", refuse)
    refuse.__qualname__ = "iwae"  # the checkpoint knows the objective by its name
    after = run(folder, "--objectives", "iwae-5")
    assert list(after["entries"]) == list(before["entries"])  # those not asked for stay
    assert without_time(after["entries"]["iwae-5"]) == without_time(before["entries"]["iwae-5"])
    assert after["entries"]["iwae-5"]["seconds"] == before["entries"]["iwae-5"]["seconds"]


def test_ctrl_c_keeps_whole_epochs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(training, "fit", lambda *_, **__: training.History(stopped=True))
    where = ["--out", str(tmp_path / "record.json"), "--folder", str(tmp_path / "checkpoints")]
    assert main(["reproduce", "burda2015", *QUICK, *where]) == 130
    said = f"vae_lib: stopped; {tmp_path / 'checkpoints'} keeps the whole epochs; the same command goes on from there\n"
    assert capsys.readouterr().err == said
    assert not (tmp_path / "record.json").exists()


def test_a_spread_of_one_is_asked_for_before_training(capsys: pytest.CaptureFixture[str]) -> None:
    for option in ("--samples", "--examples"):
        with pytest.raises(SystemExit) as caught:
            main(["reproduce", "burda2015", option, "1"])
        assert caught.value.code == 2
        assert "must be at least 2, or there is no standard error, got 1" in capsys.readouterr().err


@pytest.mark.parametrize("content", ["", "[]", '{"1": 2}', "\x00"])
def test_damaged_times_are_named(content: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = tmp_path / "checkpoints"
    folder.mkdir()
    (folder / "k1x2.seconds.json").write_text(content)
    where = ["--out", str(tmp_path / "record.json"), "--folder", str(folder), "--objectives", "vae"]
    assert main(["reproduce", "burda2015", *QUICK, *where]) == 2
    assert ".seconds.json is damaged" in capsys.readouterr().err


@pytest.mark.parametrize("content", ["{", "[]", '{"entries": {}}', '{"source": "mine", "entries": {}}'])
def test_another_file_is_left_alone(tmp_path: Path, content: str, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "record.json"
    path.write_text(content, "utf-8")
    assert main(["reproduce", "burda2015", *QUICK, "--out", str(path), "--folder", str(tmp_path / "c")]) == 2
    assert f"{path} holds no record of this table" in capsys.readouterr().err
    assert path.read_text("utf-8") == content


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--device", "abacus"], "device must be 'auto', 'cpu', 'cuda' or 'mps', got 'abacus'"),
        (["--lr", "-1"], "lr must be a positive number, got -1"),
    ],
)
def test_errors_are_one_line(
    tmp_path: Path, arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    where = ["--out", str(tmp_path / "record.json"), "--folder", str(tmp_path / "checkpoints")]
    assert main(["reproduce", "burda2015", *QUICK, *where, *arguments]) == 2
    error = capsys.readouterr().err
    assert message in error
    assert error.count("\n") == 1


def test_the_record_that_ships_says_how_it_was_made() -> None:
    record = reproduce.read_record(Path(reproduce.__file__).parents[1] / "models" / "burda2015.json")
    assert set(record["entries"]) <= set(reproduce.PUBLISHED)
    assert record["entries"]
    for name, entry in record["entries"].items():
        made = entry["test"]
        assert (made["examples"], made["samples"], entry["data"]) == (10_000, 5000, "mnist")
        assert entry["data_split"] == {"train": 60_000, "test": 10_000}
        assert made["monte_carlo_error"] < made["standard_error"] < 1
        assert made["negative_log_evidence"] > entry["published"] - 1
        stages = reproduce.SCHEDULES[entry["schedule"]][1][name]
        assert [(stage["k"], stage["epochs"]) for stage in entry["stages"]] == [(s.k, len(s.rates)) for s in stages]
        assert [stage["rates"] for stage in entry["stages"]] == [[s.rates[0], s.rates[-1]] for s in stages]

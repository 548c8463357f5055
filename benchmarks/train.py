"""How fast training is beside its peers: ``make bench``, or ``python benchmarks/train.py``, with MNIST at hand.

All do the same work: 784-400-20-400-784, batch 128, Adam at 1e-3, 60,000 pictures an epoch, and the same optimum, the
cross-entropy of every pixel's grey value and the KL divergence, summed. Each contender is a process of its own, and
they take turns, so that a slow minute of the machine falls on all of them.

examples  the loop of pytorch/examples vae/main.py, written anew: a DataLoader with ToTensor, sigmoid, BCE
pythae    the package pythae with its own BaseTrainer; absent where ``import pythae`` fails
bare      a loop over one tensor, as short as it gets: sigmoid, BCE, Adam as it comes
ours      vae_lib.training.fit
gemm      the limit: the matrix products of that network forward and backward, nothing else

seconds          median time of an epoch
against          median over the rounds of the time against another's in the same round
negative_elbo    of the test pictures in nats after a round's epochs, ten draws of z each
peak_mb          the largest resident memory of the process; torch_alone_mb is that of a process that has no data and
                 takes one step of Adam
time_to_quality  seconds of training until the negative ELBO is at most 105.6: examples, and ours with the schedule that
                 stands there
"""

from __future__ import annotations

import argparse
import contextlib
import functools
import importlib.util
import json
import logging
import os
import platform
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import torch
from torch import Tensor, nn
from torch.nn import functional

from vae_lib import data, training
from vae_lib.model import VAE
from vae_lib.runs.files import record_text
from vae_lib.runs.optimizer import Adam
from vae_lib.runs.settings import cosine

ROOT: Final = Path(__file__).parents[1]
RECORD: Final = ROOT / "benchmarks" / "results" / "train.json"
README: Final = ROOT / "benchmarks" / "README.md"
BATCH: Final = 128
RATE: Final = 1e-3
TARGET: Final = 105.6
SCHEDULE: Final[dict[str, Any]] = {"epochs": 6, "batch_size": BATCH, "first_rate": 4e-3, "betas": (0.9, 0.99)}
"""Of ours on the way to ``TARGET``; the rate falls to a fiftieth along a cosine."""
GOALS: Final = {
    "epoch_against_examples": 0.30,
    "epoch_against_pythae": 0.5,
    "time_to_quality_against_examples": 0.2,
    "peak_mb": 700,
}
GOAL_NAMES: Final = {
    "epoch_against_examples": "an epoch against pytorch/examples",
    "epoch_against_pythae": "an epoch against pythae",
    "time_to_quality_against_examples": f"training to {TARGET} nats, against pytorch/examples",
    "peak_mb": "peak memory, MB",
}
NAMES: Final = {
    "examples": "pytorch/examples",
    "pythae": "pythae, `BaseTrainer`",
    "bare": "a bare loop over one tensor",
    "ours": "`vae_lib.training.fit`",
    "gemm": "the limit: only the matrix products",
}

AfterEpoch = Callable[[list[Tensor]], None]
"""Meets the weights, layer by layer from X to X, before the first epoch and after each."""


class Plain(nn.Module):
    """The network with the layers of pytorch/examples: two heads for Q, and a sigmoid at the end."""

    def __init__(self) -> None:
        super().__init__()
        self.hidden, self.mean, self.log_var = nn.Linear(784, 400), nn.Linear(400, 20), nn.Linear(400, 20)
        self.back, self.pixels = nn.Linear(20, 400), nn.Linear(400, 784)

    def encode(self, x: Tensor) -> tuple[Tensor, Tensor]:
        h = functional.relu(self.hidden(x))
        return self.mean(h), self.log_var(h)

    def decode(self, z: Tensor) -> Tensor:
        return torch.sigmoid(self.pixels(functional.relu(self.back(z))))

    def loss(self, x: Tensor) -> Tensor:
        mean, log_var = self.encode(x)
        pixels = self.decode(mean + torch.exp(0.5 * log_var) * torch.randn_like(mean))
        kl = -0.5 * torch.sum(1 + log_var - mean.pow(2) - log_var.exp())
        return functional.binary_cross_entropy(pixels, x, reduction="sum") + kl

    def layers(self) -> list[Tensor]:
        heads = [torch.cat(pair) for pair in zip(self.mean.parameters(), self.log_var.parameters(), strict=True)]
        return [*self.hidden.parameters(), *heads, *self.back.parameters(), *self.pixels.parameters()]


def examples(epochs: int, after_epoch: AfterEpoch) -> None:
    from torch.utils.data import DataLoader
    from torchvision.datasets import MNIST
    from torchvision.transforms import ToTensor

    loader = DataLoader(MNIST(str(data.mnist_root()), transform=ToTensor()), batch_size=BATCH, shuffle=True)
    model = Plain()
    adam = torch.optim.Adam(model.parameters(), lr=RATE)
    after_epoch(model.layers())
    for _ in range(epochs):
        seen = 0.0
        for pictures, _labels in loader:
            adam.zero_grad()
            loss = model.loss(pictures.view(-1, 784))
            loss.backward()
            seen += loss.item()
            adam.step()
        after_epoch(model.layers())


def bare(epochs: int, after_epoch: AfterEpoch) -> None:
    train = data.load("mnist").train
    model = Plain()
    adam = torch.optim.Adam(model.parameters(), lr=RATE)
    after_epoch(model.layers())
    for _ in range(epochs):
        for rows in torch.randperm(len(train)).split(BATCH):
            adam.zero_grad()
            model.loss(train[rows]).backward()
            adam.step()
        after_epoch(model.layers())


def pythae(epochs: int, after_epoch: AfterEpoch) -> None:
    from pythae import models
    from pythae.data.datasets import BaseDataset
    from pythae.models.base.base_utils import ModelOutput
    from pythae.models.nn import BaseDecoder, BaseEncoder
    from pythae.trainers import BaseTrainer, BaseTrainerConfig
    from pythae.trainers.training_callbacks import TrainingCallback

    plain = Plain()

    class Encoder(BaseEncoder):
        def __init__(self) -> None:
            super().__init__()
            self.hidden, self.mean, self.log_var = plain.hidden, plain.mean, plain.log_var

        def forward(self, x: Tensor) -> Any:
            mean, log_var = plain.encode(x)
            return ModelOutput(embedding=mean, log_covariance=log_var)

    class Decoder(BaseDecoder):
        def __init__(self) -> None:
            super().__init__()
            self.back, self.pixels = plain.back, plain.pixels

        def forward(self, z: Tensor) -> Any:
            return ModelOutput(reconstruction=plain.decode(z))

    class Watch(TrainingCallback):
        def on_train_begin(self, *args: Any, **kwargs: Any) -> None:
            after_epoch(plain.layers())

        def on_epoch_end(self, *args: Any, **kwargs: Any) -> None:
            after_epoch(plain.layers())

    logging.disable()
    train = data.load("mnist").train
    with tempfile.TemporaryDirectory() as folder:
        settings = BaseTrainerConfig(
            output_dir=folder, per_device_train_batch_size=BATCH, num_epochs=epochs, learning_rate=RATE, no_cuda=True
        )
        model = models.VAE(models.VAEConfig((784,), 20, reconstruction_loss="bce"), Encoder(), Decoder())
        BaseTrainer(
            model, BaseDataset(train, torch.zeros(len(train))), training_config=settings, callbacks=[Watch()]
        ).train()


def _network() -> VAE:
    return VAE(784, 20, (400,), likelihood="bernoulli", activation="relu")


def _layers(model: VAE) -> list[Tensor]:
    return [parameter for parameter in model.parameters() if parameter.requires_grad]


def ours(epochs: int, after_epoch: AfterEpoch) -> None:
    model = _network()
    training.fit(
        model,
        data.load("mnist", as_bytes=True).train,
        epochs=epochs,
        batch_size=BATCH,
        lr=lambda epoch: RATE,
        after_epoch=lambda epoch: after_epoch(_layers(model)),
    )


def ours_scheduled(epochs: int, after_epoch: AfterEpoch) -> None:
    model = _network()
    first = SCHEDULE["first_rate"]
    rates = cosine(2 * epochs - 1, first, first / 50)[::2]  # the last epoch ends half a step before the lowest rate
    training.fit(
        model,
        data.load("mnist", as_bytes=True).train,
        epochs=epochs,
        batch_size=SCHEDULE["batch_size"],
        lr=(0.0, *rates).__getitem__,  # epochs count from 1
        optimizer=functools.partial(Adam, betas=SCHEDULE["betas"]),
        after_epoch=lambda epoch: after_epoch(_layers(model)),
    )


def gemm(epochs: int, after_epoch: AfterEpoch) -> None:
    sizes = [(784, 400), (400, 40), (20, 400), (400, 784)]
    weights = [torch.randn(size_in, size_out) for size_in, size_out in sizes]
    inputs = [torch.randn(BATCH, size_in) for size_in, _ in sizes]
    gradients = [torch.randn(BATCH, size_out) for _, size_out in sizes]
    after_epoch([])
    for _ in range(epochs):
        for _ in range(-(-60_000 // BATCH)):
            for layer, (x, weight, gradient) in enumerate(zip(inputs, weights, gradients, strict=True)):
                x @ weight
                x.T @ gradient
                if layer > 0:  # nobody asks for the gradient of X
                    gradient @ weight.T
        after_epoch([])


def memory(epochs: int, after_epoch: AfterEpoch) -> None:
    """What torch and one step of its Adam take before there are any data."""
    model = Plain()
    adam = torch.optim.Adam(model.parameters())
    model.loss(torch.zeros(BATCH, 784)).backward()
    adam.step()
    after_epoch([])


CONTENDERS: Final = {f.__name__: f for f in (examples, pythae, bare, ours, gemm, memory, ours_scheduled)}
RACE: Final = ("examples", "pythae", "bare", "ours", "gemm")


class _ReachedError(Exception):
    """The target is reached; ends a training from its hook."""


def _negative_elbo(layers: list[Tensor], test: Tensor) -> float:
    model = _network()
    with torch.no_grad():
        for parameter, layer in zip(_layers(model), layers, strict=True):
            parameter.copy_(layer)
    reconstruction, kl = training.mean_terms(model, test, samples=10)
    return kl - reconstruction


def run(name: str, epochs: int, seed: int, target: float | None) -> dict[str, Any]:
    """One contender in this process: the seconds of each epoch, and what the last weights are worth."""
    torch.manual_seed(seed)
    seconds: list[float] = []
    negative_elbos: list[float] = []
    last: list[Tensor] = []
    test = None if target is None else data.load("mnist").test
    started = 0.0

    def after_epoch(layers: list[Tensor]) -> None:
        nonlocal started, last
        seconds.append(time.perf_counter() - started)
        last = layers
        if target is not None and test is not None and len(seconds) > 1:
            negative_elbos.append(_negative_elbo(layers, test))
            if negative_elbos[-1] <= target:
                raise _ReachedError
        started = time.perf_counter()  # measuring is not training

    with contextlib.suppress(_ReachedError):
        CONTENDERS[name](epochs, after_epoch)
    peak = _peak_mb()
    if target is None and last:
        negative_elbos.append(_negative_elbo(last, data.load("mnist").test))
    return {"seconds": seconds[1:], "negative_elbos": negative_elbos, "peak_mb": peak}


def _peak_mb() -> float:
    """The largest resident memory of this process; Linux' ``ru_maxrss`` begins with that of the parent."""
    status = Path("/proc/self/status")
    if status.exists():
        return int(status.read_text().partition("VmHWM:")[2].split()[0]) / 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1024**2 if sys.platform == "darwin" else 1024)


def _in_own_process(name: str, epochs: int, seed: int = 0, target: float | None = None) -> dict[str, Any]:
    """The record of a run."""
    command = [sys.executable, __file__, "--run", name, "--epochs", str(epochs), "--seed", str(seed)]
    command += [] if target is None else ["--target", str(target)]
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True)
    if done.returncode != 0:
        raise RuntimeError(f"{name} ended with exit code {done.returncode}: {done.stderr[-2000:]}")
    record: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return record


def _machine() -> dict[str, Any]:
    described = Path("/proc/cpuinfo").read_text() if Path("/proc/cpuinfo").exists() else ""
    names = [line.split(":", 1)[1].strip() for line in described.splitlines() if line.startswith("model name")]
    git = ["git", "-C", str(ROOT), "describe", "--always", "--dirty=+", "--abbrev=12"]
    return {
        "processor": names[0] if names else platform.processor() or platform.machine(),
        "cores": os.cpu_count(),
        "threads": torch.get_num_threads(),
        "torch": torch.__version__,
        "code_revision": subprocess.run(git, capture_output=True, text=True).stdout.strip(),
    }


def race(rounds: int, epochs: int, names: list[str]) -> dict[str, Any]:
    """Everyone in turn, ``rounds`` times."""
    records: dict[str, list[dict[str, Any]]] = {name: [] for name in names}
    for number in range(rounds):
        for name in names:
            record = _in_own_process(name, epochs, seed=number)
            records[name].append(record)
            print(f"round {number + 1} {name:<9}" + " ".join(f"{s:6.2f}" for s in record["seconds"]), flush=True)
    typical = {name: [statistics.median(one["seconds"]) for one in runs] for name, runs in records.items()}
    results = {}
    for name, runs in records.items():
        ratios = {
            other: [mine / theirs for mine, theirs in zip(typical[name], typical[other], strict=True)]
            for other in ("examples", "pythae", "gemm")
            if other in typical
        }
        elbos = [one["negative_elbos"][-1] for one in runs if one["negative_elbos"]]
        results[name] = {
            "seconds": round(statistics.median(second for one in runs for second in one["seconds"]), 3),
            "against": {other: round(statistics.median(rounds), 3) for other, rounds in ratios.items()},
            "ratios_to_examples": [round(ratio, 3) for ratio in ratios["examples"]],
            "negative_elbo": round(statistics.mean(elbos), 2) if elbos else None,
            "peak_mb": round(max(one["peak_mb"] for one in runs)),
        }
    return results


def time_to_quality(longest: int) -> dict[str, Any]:
    """Seconds of training until the target, for pytorch/examples and for ours with its schedule."""
    results: dict[str, Any] = {"target": TARGET, "schedule": SCHEDULE}
    for name, epochs in (("examples", longest), ("ours_scheduled", SCHEDULE["epochs"])):
        record = _in_own_process(name, epochs, target=TARGET)
        reached = record["negative_elbos"][-1] <= TARGET
        results[name.removesuffix("_scheduled")] = {
            "seconds": round(sum(record["seconds"]), 2) if reached else None,
            "epochs": len(record["seconds"]),
            "negative_elbos": [round(elbo, 2) for elbo in record["negative_elbos"]],
        }
    seconds = [results[name]["seconds"] for name in ("ours", "examples")]
    results["ratio"] = round(seconds[0] / seconds[1], 3) if all(seconds) else None
    return results


def table(results: dict[str, Any]) -> str:
    """The figures as ``benchmarks/README.md`` shows them."""
    lines = [
        f"| | seconds an epoch | against pytorch/examples | against the limit | nats after {results['epochs']} epochs "
        "| peak memory |",
        "|---|---|---|---|---|---|",
    ]
    for name, figures in results["contenders"].items():
        against = figures["against"]
        nats = "" if figures["negative_elbo"] is None else f"{figures['negative_elbo']:.2f}"
        lines.append(
            f"| {NAMES[name]} | {figures['seconds']:.2f} | {against['examples']:.2f} | {against['gemm']:.1f} | {nats} "
            f"| {figures['peak_mb']} MB |"
        )
    lines += ["", "| | goal, at most | reached |", "|---|---|---|"]
    for name, goal in results["goals"].items():
        reached = results["reached"][name]
        lines.append(f"| {GOAL_NAMES[name]} | {goal:g} | {'not measured' if reached is None else f'{reached:g}'} |")
    return "\n".join(lines)


def main() -> int:
    """Runs the race and writes its figures beside the goals."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--epochs", type=int, default=5, help="of each contender in a round (default: %(default)s)")
    options.add_argument("--rounds", type=int, default=5, help="default: %(default)s")
    options.add_argument("--longest", type=int, default=20, help="epochs that examples gets to the target")
    options.add_argument("--quick", action="store_true", help="one round of one epoch, and no time to quality")
    options.add_argument("--out", type=Path, default=RECORD)
    for hidden, kind in (("--run", str), ("--seed", int), ("--target", float)):
        options.add_argument(hidden, type=kind, help=argparse.SUPPRESS)
    given = options.parse_args()
    if given.run:
        print(json.dumps(run(given.run, given.epochs, given.seed, given.target)))
        return 0
    try:
        data.load("mnist", as_bytes=True)
    except data.DataUnavailableError as error:
        print(f"benchmarks/train.py: {error}", file=sys.stderr)
        return 2
    epochs, rounds = (1, 1) if given.quick else (given.epochs, given.rounds)
    absent = [] if importlib.util.find_spec("pythae") else ["pythae"]
    contenders = race(rounds, epochs, [name for name in RACE if name not in absent])
    quality = None if given.quick else time_to_quality(given.longest)
    mine = contenders["ours"]
    results = {
        "command": f"python benchmarks/train.py --epochs {epochs} --rounds {rounds}",
        "machine": _machine(),
        "epochs": epochs,
        "rounds": rounds,
        "absent": absent,
        "goals": GOALS,
        "reached": {
            "epoch_against_examples": mine["against"]["examples"],
            "epoch_against_pythae": mine["against"].get("pythae"),
            "time_to_quality_against_examples": quality and quality["ratio"],
            "peak_mb": mine["peak_mb"],
        },
        "contenders": contenders,
        "torch_alone_mb": round(_in_own_process("memory", 1)["peak_mb"]),
        "time_to_quality": quality,
    }
    print(table(results))
    given.out.parent.mkdir(parents=True, exist_ok=True)
    given.out.write_text(record_text(results), encoding="utf-8")
    if given.out == RECORD:
        before, mark, rest = README.read_text(encoding="utf-8").partition("<!-- train.py writes from here -->\n")
        end = "<!-- to here -->\n"
        README.write_text(f"{before}{mark}\n{table(results)}\n\n{end}{rest.partition(end)[2]}", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())

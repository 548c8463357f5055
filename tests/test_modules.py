"""The modules' pure functions: PyTorch, SciPy and NumPy make the numbers here, ``deno test`` compares."""

from __future__ import annotations

import json
import math
import os
import subprocess
import sys
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pytest
import torch
from learning import GAUSSIANS, PLAIN, SETTINGS, by_autograd, digits, double_model, loss_of
from PIL import Image
from scipy import ndimage
from torch import nn
from torch.distributions import Normal, kl_divergence

from vae_lib import pretrained, training
from vae_lib.exercises import ANSWERS, check_answer
from vae_lib.exercises.chapter_1 import Place
from vae_lib.exercises.checking import LEAD, Choice, Number
from vae_lib.model import VAE
from vae_lib.runs.rounding import round_rows
from vae_lib.widgets import Anatomy, DigitPad, LatentExplorer
from vae_lib.widgets.answer import rule_of
from vae_lib.widgets.base import LARGEST_SEED, normals
from vae_lib.widgets.digit_pad import shipped_examples
from vae_lib.widgets.packing import ACTIVATIONS, describe_layers, pack_weights
from vae_lib.widgets.reparameterization_explorer import ReparameterizationExplorer
from vae_lib.widgets.training_explorer import count_parameters, first_parameters

ROOT = Path(__file__).parents[1]
GRID = 280
Array = np.ndarray[Any, Any]
Numbers = dict[str, Any]


# --- trainer.js


def gradients() -> Numbers:
    """At ten random points, on seven pictures each: both sides compute in float64."""
    x, generator = digits(), torch.Generator().manual_seed(5)
    points: list[Any] = []
    wanted: Numbers = {name: [] for name in SETTINGS}
    for scale in np.linspace(0.5, 3, 10):
        parameters = scale * torch.randn(count_parameters(24), generator=generator, dtype=torch.float64) / 5
        pictures = torch.randint(1797, (7,), generator=generator)
        noise = torch.randn(7, 2, generator=generator, dtype=torch.float64)
        points.append({"parameters": parameters, "pictures": pictures, "noise": noise.flatten()})
        for name, own in SETTINGS.items():
            settings = PLAIN | own
            vae, weights = double_model(parameters, 24, settings["sigma"])
            loss, reconstruction, kl = loss_of(vae, x[pictures], noise, settings)
            gradient = torch.cat([part.flatten() for part in torch.autograd.grad(loss, weights)])
            wanted[name].append({"gradient": gradient, "terms": [reconstruction.sum(), kl.sum()]})
    return {"points": points, "wanted": wanted}


def library_terms() -> Numbers:
    """Reconstruction and KL of every digit, from ``VAE.log_likelihood`` and ``Gaussian.kl``."""
    x, noise = digits(), torch.randn(1797, 2, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    vae, _ = double_model(first_parameters(0, 64), 64, 0.16)
    with torch.no_grad():
        q = vae.encode(x)
        return {
            "noise": noise.flatten(),
            "reconstruction": vae.log_likelihood(x, q.mean + q.std * noise),
            "kl": q.kl(),
        }


def hundred_steps(name: str) -> Numbers:
    """The same start, pictures and ε, with ``torch.optim.Adam``."""
    settings, generator = PLAIN | SETTINGS[name], torch.Generator().manual_seed(2)
    orders = [torch.randperm(1797, generator=generator)[: 64 if i % 9 else 5] for i in range(100)]
    noises = [torch.randn(len(order), 2, generator=generator, dtype=torch.float64) for order in orders]
    vae, weights = double_model(first_parameters(0, 24), 24, settings["sigma"])
    adam = torch.optim.Adam(weights, lr=settings["lr"])
    x, terms = digits(), []
    for order, noise in zip(orders, noises, strict=True):
        adam.zero_grad()
        loss, reconstruction, kl = loss_of(vae, x[order], noise, settings)
        loss.backward()
        adam.step()
        terms.append([reconstruction.sum(), kl.sum()])
    parameters = torch.cat([weight.flatten() for weight in weights])
    return {"orders": orders, "noises": [n.flatten() for n in noises], "parameters": parameters, "terms": terms}


def library_elbo() -> float:
    """Of all digits after thirty epochs of the library's own training, the mean of two seeds."""
    x, ends = digits().float(), []
    for seed in (0, 1):
        torch.manual_seed(seed)
        ours = VAE(64, 2, (64,), sigma=0.16)
        training.fit(ours, x, epochs=30, batch_size=64, lr=lambda epoch: 0.01, seed=seed)
        reconstruction, kl = training.mean_terms(ours, x, samples=5)
        ends.append(reconstruction - kl)
    return float(np.mean(ends))


def trainer() -> Numbers:
    spread = nn.Linear(64, 24).weight.abs().std()  # PyTorch's own range
    return {
        "images": (16 * digits()).round().int().flatten(),
        "plain": PLAIN,
        "settings": {name: PLAIN | own for name, own in SETTINGS.items()},
        "gradients": gradients(),
        "library": library_terms(),
        "steps": {name: hundred_steps(name) for name in ("pathwise", "score function", "autoencoder")},
        "starts": [
            {"seed": seed, "parameters": first_parameters(seed, 24), "spread": spread} for seed in (0, 7, LARGEST_SEED)
        ],
        "elbo": library_elbo(),
    }


# --- kl_explorer.js


def kl_explorer() -> list[Numbers]:
    """Each divergence, and both areas on a grid of another step and reach than the page's."""
    found = []
    for a, b in [pair for q, p in GAUSSIANS for pair in ((q, p), (p, q))]:
        z = a[0] + a[1] * torch.linspace(-12, 12, 200_001, dtype=torch.float64)
        one, other = (Normal(*torch.tensor(g, dtype=torch.float64)) for g in (a, b))
        values = one.log_prob(z).exp() * (one.log_prob(z) - other.log_prob(z)) * (z[1] - z[0])
        parts = [values.clamp(min=0).sum(), -values.clamp(max=0).sum()]
        found.append({"a": a, "b": b, "kl": kl_divergence(one, other), "parts": parts})
    return found


# --- reparameterization_explorer.js


def reparameterization(mu: float, sigma: float, wrt: Literal["mu", "sigma"]) -> Numbers:
    one = ReparameterizationExplorer(mu, sigma, samples=500, seed=3, wrt=wrt)
    many = by_autograd(np.random.default_rng(0).standard_normal(200_000), mu, sigma, wrt)
    kinds = {}
    for kind, values in by_autograd(one.noise, mu, sigma, wrt).items():
        ends = np.sort(many[kind])[[2399, -2400]]  # with fewer than 12 of 1,000 beyond
        kinds[kind] = {
            "values": values, "mean": values.mean(), "variance": values.var(ddof=1),
            "error": values.std(ddof=1) / 500**0.5, "low": ends[0], "high": ends[1],
        }  # fmt: skip
    setting = {"mu": mu, "sigma": sigma, "wrt": wrt}
    return {"setting": setting, "gradient": one.exact_gradient, "variances": one.exact_variances, "kinds": kinds}


# --- digit_pad.js


def normalised(ink: Array) -> Array:
    """By another way: area means as differences of the integral over the ink, read between its points."""
    rows, columns = np.nonzero(ink.sum(1))[0], np.nonzero(ink.sum(0))[0]
    cut = ink[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1].astype(np.float64)
    piece = max(cut.shape) / 20
    for axis in (0, 1):
        length = cut.shape[axis]
        edges = np.minimum(piece * np.arange(np.ceil(length / piece - 1e-9) + 1), length)
        integral = np.concatenate([np.zeros_like(cut.take([0], axis)), cut.cumsum(axis)], axis)
        read = np.apply_along_axis(lambda line, e=edges, n=length: np.interp(e, np.arange(n + 1), line), axis, integral)
        cut = np.diff(read, axis=axis) / piece
    small = np.rint(255 * cut)
    center = ndimage.center_of_mass(small)
    result = np.zeros((28, 28))
    y, x = (
        min(max(14 - int(np.floor(c + 0.5)), 0), 28 - length) for c, length in zip(center, small.shape, strict=True)
    )
    result[y : y + small.shape[0], x : x + small.shape[1]] = small
    return result.reshape(-1)


def drawing(top: int, left: int, rows: Array) -> Numbers:
    ink = np.zeros((GRID, GRID), np.float32)
    ink[top : top + len(rows), left : left + rows.shape[1]] = rows
    return {"drawn": {"top": top, "left": left, "rows": rows}, "wanted": normalised(ink)}


def drawings() -> list[Numbers]:
    random = np.random.default_rng(1)
    shapes = [(280, 280), (1, 1), (280, 1), (3, 280), (97, 61), (20, 20), (7, 19), (150, 149), (33, 200)]
    found = []
    for height, width in shapes:
        smooth = ndimage.gaussian_filter(random.random((height, width)), 2, mode="wrap")
        rows = np.clip((smooth - smooth.min()) / (np.ptp(smooth) or 1), 0.02, 1).astype(np.float32)
        top, left = random.integers(0, GRID - height + 1), random.integers(0, GRID - width + 1)
        found.append(drawing(int(top), int(left), rows))
    lopsided = np.full((100, 100), 1e-2, np.float32)
    lopsided[:8, :8] = 1  # its centre of mass in a corner: the box must stay within the picture
    last = [(0, 0, lopsided), (180, 180, lopsided[::-1, ::-1]), (90, 20, np.ones((5, 140), np.float32))]
    return found + [drawing(*each) for each in last]


def digit_pad() -> Numbers:
    # A drawing whose box is 200 points high and wide: every pixel is the mean of 10 by 10 points, Pillow's BOX too.
    y, x = np.mgrid[:200, :200]
    disc = np.float32((np.hypot(x - 99.5, y - 99.5) <= 100) & (np.hypot(x - 99.5, y - 79.5) >= 60))
    shrunk = 255 * np.asarray(Image.fromarray(disc).resize((20, 20), Image.Resampling.BOX))
    examples, pad, larger = shipped_examples().pictures, DigitPad("mnist-2"), []
    with torch.no_grad():
        codes = pretrained.load("mnist-2").encode(examples.float() / 255).mean
    for i, digit in enumerate(examples.numpy().reshape(-1, 28, 28)):
        large = np.asarray(Image.fromarray(digit).resize((230, 230), Image.Resampling.BICUBIC)) / np.float32(255)
        rows = np.where(large > 0.05, large, 0)
        larger.append({"drawn": {"top": 3 * i, "left": 50 - 5 * i, "rows": rows}, "code": codes[i]})
    return {
        "drawings": drawings(),
        "disc": {"drawn": {"top": 50, "left": 11, "rows": disc}, "wanted": shrunk.flatten()},
        "digits": examples,
        "larger": larger,
        "encoder": {"layers": pad.encoder_layers, "weights": list(pad.encoder_weights)},
    }


# --- answer.js


def answers_to(question: Number | Choice | Place) -> list[Any]:
    """Right ones, every known mistake, near misses on both sides of each bound, and far ones."""
    if isinstance(question, Choice):
        return question.words
    if isinstance(question, Place):
        random = np.random.default_rng(0).uniform(-4, 4, (300, 2)).round(3).tolist()
        return [*random, [-4, -4], [4, 4], [4, -4], [0.25, -0.55], [-0.05, 0.05], [0, 0]]
    bounds = [band.center + side * band.reach for band in question.bands for side in (-1, 1)]
    near = [np.nextafter(bound, side).item() for bound in bounds for side in (-np.inf, np.inf)]
    return [*[band.center for band in question.bands], *bounds, *near, 0, 1e-5, -1e4, 1e4, 123456.7, 7 / 3]


def answers() -> Numbers:
    found = []
    for name, question in ANSWERS.items():
        rule, table = rule_of(question)
        verdicts = [
            {"answer": answer, "passed": said.passed, "words": said.words.removeprefix(LEAD[said.passed]).strip()}
            for answer in answers_to(question)
            for said in [check_answer(name, answer)]
        ]
        assert any(each["passed"] for each in verdicts)
        assert not all(each["passed"] for each in verdicts)
        found.append({"question": name, "rule": rule, "table": list(table), "verdicts": verdicts})
    written = [
        (number, f"{number:.4g}") for exponent in range(-12, 13) for number in (10.0**exponent, -(math.pi**exponent))
    ]
    return {"questions": found, "written": written}


# --- latent_explorer.js


def buckets() -> Numbers:
    explorer = LatentExplorer("mnist-2")
    points = torch.from_numpy(np.frombuffer(explorer.points, "<f2").astype(np.float32)).reshape(-1, 2)
    places = torch.tensor([[0.1, 0.2], [-1.0, 1.0], [0.0, -0.9], [3.4, 3.4], [-3.5, -3.5], [2.0, 0.5]])
    distances = torch.cdist(places, points, compute_mode="donot_use_mm_for_euclid_dist").amin(1).tolist()
    nearest = [distance if distance <= 0.14 else None for distance in distances]
    return {"points": points.flatten(), "extent": explorer.extent, "places": places, "nearest": nearest}


def backdrop() -> Numbers:
    torch.manual_seed(1)
    model = VAE(784, 2, (256, 128))
    with torch.no_grad():
        for parameter in model.decoder.parameters():
            parameter.mul_(3)  # so that pictures differ from place to place
        middles = -3 + 6 * (torch.arange(13) + 0.5) / 13
        places = torch.stack(torch.meshgrid(middles, -middles, indexing="xy"), -1).reshape(-1, 2)
        wanted = 255 * model.decode(places)
    explorer = LatentExplorer(model)
    return {"layers": explorer.layers, "weights": list(explorer.weights), "wanted": wanted}


# --- machine: tour.js, networks.js


def walk() -> Numbers:
    """Places on a line through points, by NumPy's interpolation over its length."""
    line = np.random.default_rng(4).normal(size=(8, 2))
    ends = np.concatenate([[0], np.cumsum(np.linalg.norm(np.diff(line, axis=0), axis=1))])
    lengths = np.linspace(0, 1.1 * ends[-1], 40)
    places = np.stack([np.interp(lengths, ends, line[:, axis]) for axis in (0, 1)], 1)
    return {"line": line, "lengths": lengths, "places": places}


# --- anatomy: passes.js


def anatomy() -> list[Numbers]:
    """Every number and the size of every slope, by autograd in float64, and the weights after three steps of Adam."""
    found = []
    settings = [(True, "pathwise"), (True, "detached"), (True, "score"), (False, "pathwise"), (False, "detached")]
    for seed, (sample, gradient) in enumerate([*settings, (False, "score")]):
        torch.manual_seed(seed)
        kind: Literal["silu", "tanh", "relu"] = ("silu", "tanh", "relu")[seed % 3]  # type: ignore[assignment]
        given = VAE(16, 2, (7, 5), activation=kind, sigma=0.3)
        widget = Anatomy(given, examples=torch.rand(2, 16), sample=sample, gradient=gradient, epsilon=(-1.3, 0.4))
        model, x, noise = widget.model().double(), widget.image.flatten().double(), torch.tensor([-1.3, 0.4]).double()
        weights = [w for net in (model.encoder, model.decoder) for w in net.parameters()]
        adam, ends, terms = torch.optim.Adam(weights, lr=0.01), [], []
        for _ in range(3):
            loss, numbers = step_of_anatomy(model, x, noise, sample, gradient)
            adam.zero_grad()
            loss.backward()
            adam.step()
            terms.append(numbers)
            ends.append(torch.cat([w.detach().flatten() for w in weights]))
        sizes = {f"{start} {end}": size for (start, end), size in widget.gradients.items()}
        nets = {
            name: {"layers": getattr(widget, f"{name}_layers"), "weights": list(getattr(widget, f"{name}_weights"))}
            for name in ("encoder", "decoder")
        }
        setting = {"sample": sample, "gradient": gradient}
        found.append({
            **nets, "setting": setting, "x": x, "epsilon": noise, "sigma": widget.sigma, "terms": terms, "sizes": sizes,
            "ends": ends,
        })  # fmt: skip
    return found


def step_of_anatomy(model: VAE, x: torch.Tensor, noise: torch.Tensor, sample: bool, gradient: str) -> Any:
    """The loss as PyTorch has it, and the numbers on the way."""
    q = model.encode(x)
    z = q.mean + q.std * noise if sample else q.mean
    score = sample and gradient == "score"
    f = model.decode(z.detach() if score or gradient == "detached" else z)
    fit = Normal(f, model.sigma).log_prob(x).sum()
    kl = kl_divergence(Normal(q.mean, q.std), Normal(0.0, 1.0)).sum()
    loss = kl - fit
    if score:
        loss = loss - fit.detach() * Normal(q.mean, q.std).log_prob(z.detach()).sum()
    return loss, {"mean": q.mean, "logVar": q.log_var, "std": q.std, "z": z, "f": f, "logLikelihood": fit, "kl": kl}


# --- shared


def networks() -> list[Numbers]:
    """One of each activation, its first layer in bytes."""
    found = []
    for kind in ACTIVATIONS:
        torch.manual_seed(3)
        net = nn.Sequential(nn.Linear(3, 7), kind(), nn.Linear(7, 4))
        inputs = 3 * torch.randn(20, 3)
        with torch.no_grad():
            for parameter in net.parameters():
                parameter.copy_(parameter.half())
            net[0].weight.copy_(round_rows(net[0].weight))
            layers, weights = describe_layers(net, "identity"), list(pack_weights(net))
            found.append({"layers": layers, "weights": weights, "inputs": inputs, "wanted": net(inputs)})
        assert [layer["bits"] for layer in layers] == [8, 16]
    torch.manual_seed(4)
    decoder = VAE(3 * 8 * 12, 3, (7,), image_shape=(3, 8, 12), channels=(5, 6)).decoder
    net, inputs = decoder.net.half().float(), torch.randn(5, 3)
    with torch.no_grad():
        layers, weights = describe_layers(net, "identity"), list(pack_weights(net))
        found.append({"layers": layers, "weights": weights, "inputs": inputs, "wanted": decoder(inputs)})
    return found


def halves() -> list[float | str]:
    names = {"nan": "NaN", "inf": "Infinity", "-inf": "-Infinity"}
    values = np.arange(65536, dtype=np.uint16).view("<f2").astype(np.float64).tolist()
    return [names.get(str(value), value) for value in values]


def plain(value: Any) -> Any:
    """Tensors, arrays and NumPy's numbers for JSON."""
    return value.detach().tolist() if isinstance(value, torch.Tensor) else value.tolist()


@pytest.fixture
def numbers(tmp_path: Path) -> Path:
    points = [(1.0, 1.0), (0.0, 1.0), (0.0, 0.1), (3.0, 0.1), (-3.0, 2.0), (-1.35, 0.65), (2.2, 1.85)]
    seeds = (0, 1, 3, 7, 2**31, LARGEST_SEED)
    made = {
        "trainer": trainer(),
        "kl_explorer": kl_explorer(),
        "reparameterization_explorer": [reparameterization(*p, wrt) for wrt in ("mu", "sigma") for p in points],
        "digit_pad": digit_pad(),
        "answer": answers(),
        "machine": walk(),
        "anatomy": anatomy(),
        "latent_explorer": {"buckets": buckets(), "backdrop": backdrop()},
        "network": networks(),
        "numbers": {"normals": [{"seed": s, "wanted": normals(s, 8192)} for s in seeds], "halves": halves()},
    }
    path = tmp_path / "numbers.json"
    path.write_text(json.dumps(made, default=plain), encoding="utf-8")
    return path


def test_the_modules_compute_what_torch_scipy_and_numpy_do(numbers: Path) -> None:
    deno = Path(sys.executable).with_name("deno")
    command = [deno, "test", "--no-remote", "--no-check", "--allow-read", "--allow-env=VAE_NUMBERS", "vae_lib/widgets"]
    given = os.environ | {"VAE_NUMBERS": str(numbers), "NO_COLOR": "1", "DENO_NO_UPDATE_CHECK": "1"}
    done = subprocess.run(command, cwd=ROOT, env=given, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    assert done.returncode == 0, done.stdout[-10_000:]

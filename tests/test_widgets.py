"""LatentExplorer and Anatomy in Python: their traits, what they refuse, and what they pack for the browser."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
import torch
import traitlets
from bs4 import BeautifulSoup
from nbconvert import HTMLExporter
from nbformat.v4 import new_code_cell, new_notebook, new_output
from torch import nn
from torch.distributions import Normal

from vae_lib import data, palette, pretrained
from vae_lib.model import VAE, Autoencoder
from vae_lib.runs.rounding import round_rows
from vae_lib.widgets import Anatomy, Answer, KLExplorer, LatentExplorer
from vae_lib.widgets.packing import describe_layers, pack_weights, unpack_weights
from vae_lib.widgets.words import ANATOMY, LATENT_EXPLORER


@pytest.fixture
def model() -> VAE:
    torch.manual_seed(0)
    return VAE(16, 2, (8, 6))


def test_weights_survive_the_round_trip(model: VAE) -> None:
    explorer = LatentExplorer(model)
    values = torch.tensor([[0.5, -1.25], [-3.0, 3.0]])
    expected = model.decode(values)
    for layer, (weight, bias) in zip(explorer.layers, unpack_weights(explorer.weights, explorer.layers), strict=True):
        values = values @ weight.T + bias
        values = {"silu": nn.functional.silu, "sigmoid": torch.sigmoid}[layer["activation"]](values)
    torch.testing.assert_close(values, expected, atol=1e-3, rtol=0)


def test_half_precision_weights_are_exact(model: VAE) -> None:
    net = model.half().float().decoder.net
    packed = unpack_weights(pack_weights(net), describe_layers(net, "sigmoid"))
    for (weight, bias), linear in zip(packed, [m for m in net if isinstance(m, nn.Linear)], strict=True):
        assert torch.equal(weight, linear.weight)
        assert torch.equal(bias, linear.bias)


def test_weights_on_a_grid_of_bytes_take_half_the_room(model: VAE) -> None:
    net = model.decoder.net
    room = len(pack_weights(net))
    before = torch.cat([linear.weight.detach().flatten() for linear in net if isinstance(linear, nn.Linear)])
    with torch.no_grad():
        for linear in net:
            if isinstance(linear, nn.Linear):
                linear.weight.copy_(round_rows(linear.weight))
                linear.bias.copy_(linear.bias.half())
    layers, packed = describe_layers(net, "sigmoid"), pack_weights(net)
    assert [layer["bits"] for layer in layers] == [8, 8, 8]
    assert len(packed) == room - len(before) + 2 * (6 + 8 + 16)  # a byte less for each weight, a step for each row
    for (weight, bias), linear in zip(
        unpack_weights(packed, layers), [m for m in net if isinstance(m, nn.Linear)], strict=True
    ):
        assert torch.equal(weight, linear.weight)
        assert torch.equal(bias, linear.bias)


def test_layers_name_sizes_and_activations(model: VAE) -> None:
    assert LatentExplorer(model).layers == [
        {"inputs": 2, "outputs": 6, "activation": "silu", "bits": 16},
        {"inputs": 6, "outputs": 8, "activation": "silu", "bits": 16},
        {"inputs": 8, "outputs": 16, "activation": "sigmoid", "bits": 16},
    ]


def test_wrong_number_of_weights_is_named(model: VAE) -> None:
    layers = describe_layers(model.decoder.net, "sigmoid")
    with pytest.raises(ValueError, match="need 436 bytes of weights, got 434"):
        unpack_weights(pack_weights(model.decoder.net)[:-2], layers)


@pytest.mark.parametrize("module", [nn.GELU(), nn.Dropout()])
def test_layers_that_the_browser_lacks_are_named(module: nn.Module) -> None:
    with pytest.raises(TypeError, match=f"got {module.__class__.__name__}"):
        describe_layers(nn.Sequential(nn.Linear(2, 3), module, nn.Linear(3, 4)), "sigmoid")


@pytest.mark.parametrize("value", [float("nan"), float("inf"), 1e6])
def test_weights_that_are_not_finite_halves_are_refused(model: VAE, value: float) -> None:
    with torch.no_grad():
        model.decoder.net[0].weight[0, 0] = value
    with pytest.raises(ValueError, match="must be finite and at most 65504, got"):
        LatentExplorer(model)


@pytest.mark.parametrize("given", [[0.5, -1.0], (0.5, -1.0), np.array([0.5, -1.0]), torch.tensor([0.5, -1.0])])
def test_z_takes_any_two_numbers(model: VAE, given: object) -> None:
    explorer = LatentExplorer(model, z=given)
    assert explorer.z == [0.5, -1.0]
    assert all(type(number) is float for number in explorer.z)


@pytest.mark.parametrize(
    "given", [[1.0], [1.0, 2.0, 3.0], [float("nan"), 0.0], [0.0, float("inf")], "z", "12", None, 3.0]
)
def test_z_refuses_the_rest_and_names_it(model: VAE, given: object) -> None:
    explorer = LatentExplorer(model, z=(1.0, 1.0))
    with pytest.raises(traitlets.TraitError, match=r"z must be two finite numbers such as \[0.5, -1.0\], got "):
        explorer.z = given
    assert explorer.z == [1.0, 1.0]


def test_z_is_clipped_to_the_map(model: VAE) -> None:
    explorer = LatentExplorer(model, z=(10.0, -10.0))
    assert explorer.z == [3.0, -3.0]


def test_z_is_observed_and_linked(model: VAE) -> None:
    first, second = LatentExplorer(model), LatentExplorer(model)
    seen: list[list[float]] = []
    first.observe(lambda change: seen.append(change["new"]), "z")
    traitlets.link((first, "z"), (second, "z"))
    first.z = [1.0, -1.0]
    assert seen == [[1.0, -1.0]]
    assert second.z == [1.0, -1.0]


def test_the_browser_s_z_arrives(model: VAE) -> None:
    explorer = LatentExplorer(model)
    explorer.set_state({"z": [0.25, 0.5]})
    assert explorer.z == [0.25, 0.5]


def test_codes_and_labels_are_packed(model: VAE) -> None:
    codes, labels = torch.tensor([[0.5, -0.25], [1.0, 2.0]]), torch.tensor([3, 9])
    explorer = LatentExplorer(model, codes.numpy(), labels)
    assert np.frombuffer(explorer.points, "<f2").tolist() == [0.5, -0.25, 1.0, 2.0]
    assert list(explorer.labels) == [3, 9]


def test_the_map_grows_with_the_codes(model: VAE) -> None:
    assert LatentExplorer(model).extent == 3.0
    assert LatentExplorer(model, torch.full((10, 2), 4.2)).extent == 4.5


def test_codes_that_do_not_fit_are_refused(model: VAE) -> None:
    with pytest.raises(ValueError, match=r"shape \(n, 2\), got \(4, 3\)"):
        LatentExplorer(model, torch.zeros(4, 3))
    with pytest.raises(ValueError, match=r"must be finite and at most 65504, got .*nan.* in row 1"):
        LatentExplorer(model, [[0.0, 1.0], [float("nan"), 0.0]])
    with pytest.raises(ValueError, match=r"shape \(2,\), one for each code, got \(3,\)"):
        LatentExplorer(model, torch.zeros(2, 2), torch.zeros(3))
    for labels in ([0.5, 1.0], [-1, 2], [0, 65_536], [float("nan"), 1.0]):
        with pytest.raises(ValueError, match="labels must be whole numbers from 0 to 65535, or words, got "):
            LatentExplorer(model, torch.zeros(2, 2), labels)


def test_widths_are_the_posterior_s_standard_deviations() -> None:
    examples = data.load("digits").test
    with torch.no_grad():
        expected = pretrained.load("digits-2").encode(examples).std
    explorer = LatentExplorer("digits-2")
    widths = torch.from_numpy(np.frombuffer(explorer.widths, "<f2").astype(np.float32)).reshape(-1, 2)
    torch.testing.assert_close(widths, expected, rtol=2e-3, atol=0)  # log variances and widths, both rounded to float16


def test_there_are_no_widths_without_log_variances(model: VAE) -> None:
    assert LatentExplorer(model, torch.zeros(2, 2)).widths == b""
    assert LatentExplorer("digits-2", torch.zeros(2, 2)).widths == b""


def test_log_variances_that_do_not_fit_are_refused(model: VAE) -> None:
    with pytest.raises(ValueError, match=r"shape \(2, 2\), one row for each code, got \(3, 2\)"):
        LatentExplorer(model, torch.zeros(2, 2), log_var=torch.zeros(3, 2))
    with pytest.raises(ValueError, match=r"shape \(0, 2\), one row for each code, got \(3, 2\)"):
        LatentExplorer(model, log_var=torch.zeros(3, 2))
    for value in (float("nan"), float("inf"), float("-inf"), 30.0):
        with pytest.raises(ValueError, match=r"must be finite and at most 22, got .* in row 1"):
            LatentExplorer(model, torch.zeros(2, 2), log_var=[[0.0, 0.0], [0.0, value]])


def test_a_walk_is_between_two_digits_that_have_codes(model: VAE) -> None:
    explorer = LatentExplorer(model, torch.zeros(3, 2), torch.tensor([1, 4, 9]))
    assert explorer.walk == []
    explorer.walk = [9, 1]
    for walk in ([1], [1, 1], [1, 2], [1, 4, 9]):
        with pytest.raises(traitlets.TraitError, match=r"that have codes, of \[1, 4, 9\], got"):
            explorer.walk = walk
    assert explorer.walk == [9, 1]
    explorer.walk = []
    assert LatentExplorer("digits-2", walk=(0, 6)).walk == [0, 6]
    with pytest.raises(traitlets.TraitError, match=r"of \[\], got \[0, 6\]"):
        LatentExplorer(model, walk=[0, 6])


def test_the_browser_s_walk_and_backdrop_arrive() -> None:
    explorer = LatentExplorer("digits-2", backdrop=True)
    assert explorer.backdrop
    explorer.set_state({"walk": [3, 8], "backdrop": False})
    assert explorer.walk == [3, 8]
    assert not explorer.backdrop


def test_other_latent_dims_are_refused() -> None:
    with pytest.raises(ValueError, match="latent_dim 2, got 3"):
        LatentExplorer(VAE(16, 3, (4,)))


def test_image_shape() -> None:
    wide = VAE(18, 2, (4,))
    assert LatentExplorer(wide, image_shape=(3, 6)).image_shape == [3, 6]
    assert LatentExplorer(VAE(18, 2, (4,), image_shape=(6, 3))).image_shape == [6, 3]
    for shape in (None, (3, 5), (-3, -6), (2, 3, 3)):
        with pytest.raises(ValueError, match="with 18 pixels in all, got"):
            LatentExplorer(wide, image_shape=shape)


def test_only_a_vae_has_a_prior(model: VAE) -> None:
    assert LatentExplorer(model).prior
    assert not LatentExplorer(Autoencoder(16, 2, (4,))).prior


def test_a_saved_autoencoder_brings_its_codes_and_no_widths(tmp_path: Path) -> None:
    torch.manual_seed(0)
    model, x, labels = Autoencoder(16, 2, (4,)), torch.rand(3, 16), torch.tensor([1, 0, 9])
    pretrained.save(model, tmp_path / "plain", test=x, test_labels=labels)
    explorer = LatentExplorer(f"{tmp_path / 'plain'}", walk=(0, 9))
    points = np.frombuffer(explorer.points, "<f2").reshape(-1, 2)
    np.testing.assert_allclose(points, model.encode(x).detach().numpy(), rtol=2e-3, atol=1e-3)  # float16
    assert list(explorer.labels) == [1, 0, 9]
    assert explorer.widths == b""
    assert not explorer.prior


def test_the_module_imports_nothing_and_exports_one_thing(model: VAE) -> None:
    source = LatentExplorer(model)._esm
    assert not re.search(r"^\s*import\b|\bimport\(", source, re.MULTILINE)
    assert re.findall(r"^export .*", source, re.MULTILINE) == ["export default { render };"]


def test_every_word_comes_from_python(model: VAE) -> None:
    explorer = LatentExplorer(model)
    assert explorer.words == LATENT_EXPLORER
    used = set(re.findall(r"words\.(\w+)", explorer._esm))
    assert used <= set(LATENT_EXPLORER)
    assert explorer.palette["terms"]["kl"] == list(palette.TERMS["kl"])


# --- Anatomy

WAYS = [(True, "pathwise"), (True, "detached"), (True, "score"), (False, "pathwise"), (False, "detached")]


def code_of(sample: bool, gradient: str) -> str:
    """The ten lines as the page shows them, with the noise that is held."""
    kinds = {4: "" if sample else "_point", 8: ""}
    if gradient != "pathwise":
        kinds[4] += "_detached"
    if gradient == "score":
        kinds[8] = "_score"
    lines = [ANATOMY[f"line_{number}{kinds.get(number, '')}"] for number in range(1, 11)]
    return "\n".join(lines).replace("torch.randn(2)", "held")


@pytest.mark.parametrize(("sample", "gradient"), WAYS)
def test_the_ten_lines_run_and_say_what_the_anatomy_says(sample: bool, gradient: str) -> None:
    """The code that the page shows, run by PyTorch: its numbers, its slopes at z and at all weights."""
    widget = Anatomy(sample=sample, gradient=gradient, epsilon=(-0.7, 1.9))
    model = widget.model().double()
    kept: dict[str, torch.Tensor] = {}

    def decoder(z: torch.Tensor) -> torch.Tensor:
        kept["z"] = z.clone() if z.requires_grad else z.clone().requires_grad_()
        kept["z"].retain_grad()
        return torch.sigmoid(model.decoder.net(kept["z"]))

    weights = [*model.encoder.parameters(), *model.decoder.parameters()]
    names = {
        "torch": torch, "Normal": Normal, "encoder": model.encoder.net, "decoder": decoder, "sigma": widget.sigma,
        "x": widget.image.flatten().double(), "held": torch.tensor(widget.epsilon).double(),
        "optimizer": torch.optim.Adam(weights, lr=0.001),
    }  # fmt: skip
    exec(code_of(sample, gradient), names)
    assert widget.mean.tolist() == pytest.approx(names["mean"].tolist(), abs=1e-5)  # type: ignore[attr-defined]
    assert widget.std.tolist() == pytest.approx(names["std"].tolist(), abs=1e-5)  # type: ignore[attr-defined]
    assert widget.z.tolist() == pytest.approx(kept["z"].tolist(), abs=1e-5)
    assert widget.log_likelihood == pytest.approx(names["reconstruction"].item(), abs=1e-3)  # type: ignore[attr-defined]
    assert widget.kl == pytest.approx(names["kl"].item(), abs=1e-5)  # type: ignore[attr-defined]
    assert widget.elbo == pytest.approx(widget.log_likelihood - widget.kl)
    sizes = widget.gradients
    assert sizes["decoder", "z"] == pytest.approx(float(kept["z"].grad.norm()), rel=1e-9)  # type: ignore[union-attr]
    for name in ("encoder", "decoder"):
        slopes = torch.cat([w.grad.flatten() for w in getattr(model, name).parameters()])
        assert sizes[name, "weights"] == pytest.approx(float(slopes.norm()), rel=1e-9)


def test_what_is_cut_gets_nothing() -> None:
    widget = Anatomy()
    behind = {("z", "plus"), ("plus", "mean"), ("plus", "times"), ("times", "exp"), ("exp", "log_var")}
    assert behind <= set(widget.gradients)
    widget.sample = False
    assert behind & set(widget.gradients) == {("z", "plus"), ("plus", "mean")}
    widget.sample = True
    for gradient in ("detached", "score"):
        widget.gradient = gradient
        assert behind & set(widget.gradients) == set()
        assert (("reconstruction", "mean") in widget.gradients) == (gradient == "score")
    assert not [end for _, end in widget.gradients if end in ("epsilon", "prior", "x")]


def test_the_score_function_and_the_path_agree_on_average() -> None:
    """The mean of both over 40,000 ε, with the score function's own baseline taken off to quieten it."""
    widget = Anatomy()
    model, x = widget.model(), widget.image.flatten()
    with torch.no_grad():
        q = model.encode(x)
    noise = torch.randn(40_000, 2, generator=torch.Generator().manual_seed(0))
    z = (q.mean + q.std * noise).requires_grad_()
    fit = model.log_likelihood(x, z)
    path = torch.autograd.grad(fit.sum(), z)[0]
    score = (fit - fit.mean()).detach()[:, None] * noise / q.std
    error = ((path - score).var(0) / len(noise)).sqrt()
    assert ((path.mean(0) - score.mean(0)).abs() < 4 * error).all()


def test_weights_that_the_page_has_moved_come_back() -> None:
    widget = Anatomy()
    before = widget.elbo
    moved = widget.model()
    with torch.no_grad():
        for weight in moved.parameters():
            weight.mul_(1.01)
    linears = [m for net in (moved.encoder.net, moved.decoder.net) for m in net if isinstance(m, nn.Linear)]
    flat = torch.cat([w.detach().flatten() for linear in linears for w in (linear.weight, linear.bias)])
    widget.set_state({"parameters": flat.numpy().astype("<f4").tobytes()})
    x = widget.image.flatten()
    assert widget.kl == pytest.approx(moved.encode(x).kl().item(), abs=1e-5)
    assert widget.elbo != pytest.approx(before)
    widget.parameters = b""
    assert widget.elbo == before


def test_a_part_that_is_lit_begins_with_what_it_is_about() -> None:
    begun = {lit: (Anatomy(lit=lit).node, Anatomy(lit=lit).backward) for lit in ("machine", "objective", "training")}
    assert begun == {"machine": ("x", False), "objective": ("elbo", False), "training": ("backward", True)}


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        ("index", 5, "index must be a whole number from 0 to 4, got 5"),
        ("epsilon", [0.0, 3.5], "epsilon must be two numbers from -3 to 3, got"),
        ("epsilon", [float("nan"), 0.0], "epsilon must be two numbers from -3 to 3, got"),
        ("gradient", "none", "gradient"),
        ("node", "sigma", "node"),
        ("lit", "loss", "lit"),
        ("lr", 1.0, "lr must be a number from 1e-05 to 0.1, got 1.0"),
        ("parameters", b"abc", r"parameters must be 134416 bytes of finite float32, got 3 bytes; set b'' to begin"),
        ("parameters", np.full(33_604, np.nan, "<f4").tobytes(), "of finite float32"),
    ],
)
def test_the_anatomy_refuses_what_it_cannot_show(name: str, value: object, says: str) -> None:
    widget = Anatomy()
    before = getattr(widget, name)
    with pytest.raises(traitlets.TraitError, match=says):
        setattr(widget, name, value)
    assert getattr(widget, name) == before


def test_the_anatomy_needs_a_vae_of_two_latents_and_pictures_of_its_size(model: VAE) -> None:
    own = Anatomy(model, examples=torch.rand(3, 16), labels=["a", "b", "c"])
    assert own.image.shape == (4, 4)
    assert own.names == ["a", "b", "c"]
    with pytest.raises(ValueError, match="latent_dim 2, got 3"):
        Anatomy(VAE(16, 3, (4,)))
    with pytest.raises(ValueError, match="one σ for all pixels, got bernoulli"):
        Anatomy(VAE(16, 2, (4,), likelihood="bernoulli"))
    with pytest.raises(ValueError, match="one σ for all pixels, got gaussian with 16"):
        Anatomy(VAE(16, 2, (4,), learn_sigma="each"))
    with pytest.raises(TypeError, match=r"Anatomy needs a VAE, .* got Autoencoder"):
        Anatomy(Autoencoder(16, 2, (4,)))  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="examples must be given for a model with data_dim 16"):
        Anatomy(model)
    with pytest.raises(ValueError, match=r"examples must have shape \(n, 16\) with n from 1 to 12, got \(13, 16\)"):
        Anatomy(model, examples=torch.zeros(13, 16))
    with pytest.raises(ValueError, match=r"labels must have shape \(3,\)"):
        Anatomy(model, examples=torch.rand(3, 16), labels=[1])


def test_a_page_that_nbconvert_makes_has_words_in_the_place_of_a_widget() -> None:
    widgets = [KLExplorer(), Answer("half left out"), Anatomy()]
    shown = [new_output("execute_result", widget._repr_mimebundle_()[0]) for widget in widgets]
    notebook = new_notebook(cells=[new_code_cell("widget", outputs=[output]) for output in shown])
    page, _ = HTMLExporter().from_notebook_node(notebook)
    text = BeautifulSoup(page, "html.parser").select_one("main").get_text()
    for widget in widgets:
        assert f"{widget.words['name']}. This widget is drawn where its notebook runs" in text
    assert "object at" not in text

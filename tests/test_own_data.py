"""What readers bring: each input through every entrance is taken as the picture that it is, or refused by name."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from torch.utils.data import DataLoader, TensorDataset

from vae_lib import data, evidence, plots, pretrained
from vae_lib.distributions import Gaussian
from vae_lib.model import VAE, Autoencoder
from vae_lib.training import fit, mean_terms

BYTES = torch.randint(0, 256, (9, 64), generator=torch.Generator().manual_seed(0), dtype=torch.uint8)
CLEAN = BYTES / 255
COINS = (CLEAN > 0.5).float()
NAN, INF, MINUS, LATE = (CLEAN.clone() for _ in range(4))
NAN[3, 5], INF[4, 0], MINUS[8, 63], LATE[8, 63] = math.nan, math.inf, -math.inf, 1.5


class Pairs(torch.utils.data.Dataset[Any]):
    """Pictures of torch with their classes, one by one."""

    def __init__(self, rows: Any) -> None:
        self.rows = rows

    def __len__(self) -> int:
        return len(self.rows)

    def __getitem__(self, place: int) -> Any:
        return self.rows[place], place


class Frame:
    """Stands for a data frame: an object with the array's door and nothing else."""

    def __array__(self, dtype: Any = None, copy: Any = None) -> Any:
        return CLEAN.double().numpy()


PICTURES = [Image.fromarray(row.view(8, 8).numpy()) for row in BYTES]
DIGITS = data.load("digits")

# name: (the input, the rows it stands for, or the words of the refusal)
TAKEN: dict[str, tuple[Any, torch.Tensor]] = {
    "float32": (CLEAN, CLEAN),
    "float64": (CLEAN.double(), CLEAN),
    "half": (CLEAN.half(), CLEAN.half().float()),
    "bfloat16": (CLEAN.bfloat16(), CLEAN.bfloat16().float()),
    "bytes": (BYTES, CLEAN),
    "bool": (COINS.bool(), COINS),
    "int64 of 0 and 1": (COINS.long(), COINS),
    "int32 of 0 and 1": (COINS.int(), COINS),
    "float64 of 0 and 1": (COINS.double(), COINS),
    "numpy float32": (CLEAN.numpy(), CLEAN),
    "numpy float64": (CLEAN.double().numpy(), CLEAN),
    "numpy float16": (CLEAN.half().numpy(), CLEAN.half().float()),
    "numpy bytes": (BYTES.numpy(), CLEAN),
    "numpy bool": (COINS.bool().numpy(), COINS),
    "numpy big endian": (CLEAN.numpy().astype(">f4"), CLEAN),
    "numpy read only": (np.broadcast_to(CLEAN[0].numpy(), (9, 64)), CLEAN[:1].expand(9, 64)),
    "numpy backwards": (CLEAN.numpy()[::-1], CLEAN.flip(0)),
    "numpy in Fortran's order": (np.asfortranarray(CLEAN.numpy()), CLEAN),
    "numpy of 0 and 1, uint16": (COINS.numpy().astype(np.uint16), COINS),
    "a frame": (Frame(), CLEAN),
    "nested lists": (CLEAN.tolist(), CLEAN),
    "nested tuples": (tuple(map(tuple, CLEAN.tolist())), CLEAN),
    "lists of True and False": (COINS.bool().tolist(), COINS),
    "a list of rows": (list(CLEAN), CLEAN),
    "a list of pictures": ([row.view(8, 8) for row in CLEAN], CLEAN),
    "a list of arrays": ([row.view(8, 8).numpy() for row in CLEAN], CLEAN),
    "a list of PIL's pictures": (PICTURES, CLEAN),
    "pictures of height and width": (CLEAN.view(9, 8, 8), CLEAN),
    "pictures with a channel": (CLEAN.view(9, 1, 8, 8), CLEAN),
    "byte pictures": (BYTES.view(9, 8, 8), CLEAN),
    "channels last": (CLEAN.view(9, 8, 8, 1), CLEAN),
    "not contiguous": (CLEAN.t().contiguous().t(), CLEAN),
    "expanded": (CLEAN[:1].expand(9, 64), CLEAN[:1].repeat(9, 1)),
    "that asks for a gradient": (CLEAN.clone().requires_grad_(), CLEAN),
    "a data set of torch": (TensorDataset(CLEAN, torch.arange(9)), CLEAN),
    "a data set of pairs": (Pairs(CLEAN.view(9, 8, 8)), CLEAN),
    "a data set of PIL's pictures": (Pairs(PICTURES), CLEAN),
    "a rounding above 1": (CLEAN.clamp(max=1) * (1 + 1e-7), CLEAN * (1 + 1e-7)),
    "black": (torch.zeros(9, 64), torch.zeros(9, 64)),
    "black bytes": (torch.zeros(9, 64, dtype=torch.uint8), torch.zeros(9, 64)),
    "white bytes": (torch.full((9, 64), 255, dtype=torch.uint8), torch.ones(9, 64)),
}
SHAPE, RANGE, KIND = r"must have shape", r"must lie in \[0, 1\], got values from", "must be numbers: a tensor, an array"
REFUSED: dict[str, tuple[Any, str]] = {
    "0 to 255 as float": (BYTES.float(), rf"{RANGE} 0 to 255; divide by the most"),
    "0 to 255 as int64": (BYTES.long(), f"{RANGE} 0 to 255; divide by the most"),
    "0 to 255 as double": (BYTES.double().numpy(), f"{RANGE} 0 to 255"),
    "0 to 16": ((16 * CLEAN).round(), f"{RANGE} 0 to 16; divide by the most"),
    "16 bits": (BYTES.numpy().astype(np.uint16) * 257, f"{RANGE} 0 to 65535"),
    "-1 to 1": (2 * CLEAN - 1, rf"{RANGE} -1 to 1; for brightness from -1 to 1 pass \(\w+ \+ 1\) / 2"),
    "z-scores": ((CLEAN - CLEAN.mean(0)) / CLEAN.std(0), f"{RANGE} -.* to "),
    "one value above 1, at the end": (LATE, f"{RANGE} 0 to 1.5"),
    "a little above": (CLEAN * 1.001, f"{RANGE} 0 to 1.001"),
    "a little below": (CLEAN - 0.001, f"{RANGE} -0.001 to 0.999"),
    "1e30": (CLEAN * 1e30, f"{RANGE} 0 to 1e"),
    "bytes of 0 and 1": (COINS.byte(), "holds bytes( of 0 and 1 alone, where 255 is full; if 1 is, pass|; pass)"),
    "signed bytes": (BYTES.to(torch.int8), f"{RANGE} -128 to 127"),
    "nan": (NAN, "must be finite, but row 3 is not"),
    "nan in numpy": (NAN.numpy(), "must be finite, but row 3 is not"),
    "nan in pictures": (NAN.view(9, 8, 8), "must be finite, but row 3 is not"),
    "inf": (INF, "must be finite, but row 4 is not"),
    "-inf": (MINUS, "must be finite, but row 8 is not"),
    "too large for float32": (CLEAN.double() * 1e300, "must be finite, but row 0 is not"),
    "None in a list": ([[None] * 64] * 9, KIND),
    "63 numbers": (CLEAN[:, :63], rf"{SHAPE} \(\.\.\., 64\) for this model, got \(9, 63\)"),
    "128 numbers": (CLEAN.repeat(1, 2), rf"{SHAPE} \(\.\.\., 64\) for this model, got \(9, 128\)"),
    "turned": (CLEAN.t(), rf"{SHAPE} \(\.\.\., 64\) for this model, got \(64, 9\)"),
    "pictures of 28x28": (torch.zeros(9, 28, 28), rf"{SHAPE} \(\.\.\., 64\) for this model, got \(9, 28, 28\)"),
    "colour": (torch.zeros(9, 3, 9, 9), rf"{SHAPE} \(\.\.\., 64\) for this model, got \(9, 3, 9, 9\)"),
    "a number": (torch.tensor(0.5), SHAPE),
    "a Python number": (0.5, KIND),
    "nothing": (CLEAN[:0], "at least one (row|example|picture)"),
    "an empty list": ([], SHAPE),
    "None": (None, KIND),
    "text": ("digits", KIND),
    "bytes of Python": (b"abc", KIND),
    "a list of text": (["a", "b"], KIND),
    "an array of text": (np.array([["0.5"] * 64]), KIND),
    "an array of objects": (np.array([[object()] * 64]), KIND),
    "dates": (np.zeros((9, 64), dtype="datetime64[s]"), KIND),
    "complex": (CLEAN + 0j, KIND),
    "complex of NumPy": (CLEAN.numpy() + 0j, KIND),
    "sparse": (CLEAN.to_sparse(), KIND),
    "a dictionary": ({"x": CLEAN}, KIND),
    "a set": ({0.5}, KIND),
    "pictures of two sizes": ([np.zeros((8, 8)), np.zeros((9, 9))], r"holds pictures of shapes \(8, 8\) and \(9, 9\)"),
    "tensors of two sizes": ([torch.zeros(8, 8), torch.zeros(4, 4)], r"holds pictures of shapes \(4, 4\) and \(8, 8\)"),
    "rows of two lengths": ([[0.5] * 64, [0.5] * 63], r"holds pictures of shapes \(63,\) and \(64,\)"),
    "a loader": (DataLoader(TensorDataset(CLEAN)), "is a DataLoader; pass its .dataset"),
    "a function": (torch.rand, KIND),
}


def vae() -> VAE:
    torch.manual_seed(0)
    return VAE(64, 2, (8,))


Q = Gaussian(torch.zeros(9, 2), torch.zeros(9, 2))


def seeded() -> torch.Generator:
    return torch.Generator().manual_seed(1)


def trained(x: Any, **more: Any) -> torch.Tensor:
    model = vae()
    fit(model, x, epochs=1, batch_size=4, **more)
    return torch.cat([value.flatten() for value in model.state_dict().values()])


def trained_plain(x: Any) -> torch.Tensor:
    torch.manual_seed(0)
    model = Autoencoder(64, 2, (8,))
    fit(model, x, epochs=1, batch_size=4)
    return torch.cat([value.flatten() for value in model.state_dict().values()])


def validated(x: Any) -> torch.Tensor:
    return torch.tensor(fit(vae(), CLEAN, epochs=1, validation=x).validation)


def saved(x: Any, folder: Path) -> torch.Tensor:
    pretrained.save(vae(), folder / "m", test=x, test_labels=torch.zeros(9, dtype=torch.int64))
    return pretrained.codes(folder / "m")[0]


# Each takes what is meant to be nine pictures, and gives numbers that depend on all of them.
ENTRANCES: dict[str, Callable[[Any, Path], torch.Tensor]] = {
    "fit": lambda x, folder: trained(x),
    "fit of an autoencoder": lambda x, folder: trained_plain(x),
    "fit, validation": lambda x, folder: validated(x),
    "encode": lambda x, folder: vae().encode(x).mean,
    "encode of an autoencoder": lambda x, folder: Autoencoder(64, 2, ()).encode(x) * 0 + 1,
    "terms": lambda x, folder: vae().terms(x, generator=seeded()).elbo,
    "log_likelihood": lambda x, folder: vae().log_likelihood(x, torch.zeros(9, 2)),
    "mean_terms": lambda x, folder: torch.tensor(mean_terms(vae(), x)),
    "prior_log_weights": lambda x, folder: evidence.prior_log_weights(vae(), x, 3, generator=seeded())[1],
    "prior_monte_carlo": lambda x, folder: evidence.prior_monte_carlo(vae(), x, 3, generator=seeded()).log_evidence,
    "importance_log_weights": lambda x, folder: evidence.importance_log_weights(vae(), x, Q, 3, generator=seeded()),
    "importance_sampling": lambda x, folder: evidence.importance_sampling(vae(), x, Q, 3, generator=seeded())[0],
    "iwae_bound": lambda x, folder: evidence.iwae_bound(vae(), x, Q, 2, repeats=2, generator=seeded()),
    "elbo_terms": lambda x, folder: evidence.elbo_terms(vae(), x, Q).elbo,
    "save": saved,
    "figures": lambda x, folder: torch.tensor(pretrained.figures(vae(), x, examples=1)["test_elbo"]),
    "rebuilt": lambda x, folder: pretrained.rebuilt(vae(), x),
    "plots.images": lambda x, folder: plots._pictures(x, (8, 8), "x"),  # before anything is drawn, which takes long
}
TAKES_NONE = {"encode", "encode of an autoencoder", "terms", "log_likelihood", "rebuilt"}  # nothing in, nothing out
# A figure shows what lies a little outside, such as a picture that PCA made, as its nearest shade.
DRAWN = {"a little above", "a little below", "-1 to 1", "one value above 1, at the end"}


@pytest.mark.parametrize("entrance", ENTRANCES)
def test_what_is_no_doubt_is_taken_everywhere_as_what_it_is(entrance: str, tmp_path: Path) -> None:
    assert len(TAKEN) + len(REFUSED) >= 60
    wanted: dict[int, torch.Tensor] = {}
    for name, (given, rows) in TAKEN.items():
        found = ENTRANCES[entrance](given, tmp_path)
        if id(rows) not in wanted:
            wanted[id(rows)] = ENTRANCES[entrance](rows.float().contiguous(), tmp_path)
        torch.testing.assert_close(found, wanted[id(rows)], rtol=1e-5, atol=1e-5, msg=lambda m, n=name: f"{n}: {m}")
        assert bool(torch.isfinite(found).all()), name


NAMED = {"fit, validation": "validation", "save": "test", "figures": "test"}  # by the other entrances: x


@pytest.mark.parametrize("entrance", ENTRANCES)
def test_what_is_in_doubt_is_refused_everywhere_in_one_sentence(entrance: str, tmp_path: Path) -> None:
    left_out = {"nothing"} if entrance in TAKES_NONE else DRAWN if entrance == "plots.images" else set()
    left_out |= {"None"} if entrance in ("fit, validation", "save") else set()  # there it says that there is none
    for name, (given, words) in REFUSED.items():
        if name not in left_out:
            with pytest.raises((ValueError, TypeError)) as caught:
                print(entrance, "took", name, ENTRANCES[entrance](given, tmp_path))
            message = str(caught.value)
            assert message.startswith(f"{NAMED.get(entrance, 'x')} "), (name, message)
            assert re.search(words, message), (name, message)
            assert "\n" not in message, name
    assert list(tmp_path.iterdir()) == []


def test_one_example_goes_through_the_grid_by_the_same_rule() -> None:
    model = vae()
    wanted = evidence.uniform_grid(model, CLEAN[0], spacing=1.0).log_joint
    for given in (BYTES[0], CLEAN[0].double(), CLEAN[0].numpy(), CLEAN[0].view(8, 8), CLEAN[0].tolist(), PICTURES[0]):
        torch.testing.assert_close(evidence.uniform_grid(model, given, spacing=1.0).log_joint, wanted)
    for given, words in (
        (BYTES[0].float(), RANGE),
        (NAN[3], "must be finite"),
        (CLEAN, "one example of shape"),
        (CLEAN[0, :63], SHAPE),
        (None, KIND),
    ):
        for call in (evidence.grid, evidence.uniform_grid):
            with pytest.raises((ValueError, TypeError), match=rf"^x .*{words}"):
                call(model, given)
    for q in (Gaussian(torch.zeros(3), torch.zeros(3)), Gaussian(torch.zeros(9, 2), torch.zeros(9, 2))):
        with pytest.raises(ValueError, match=r"^q must have shape \(2,\), a Gaussian for each example"):
            evidence.grid(model, CLEAN[0], q=q)


def test_a_data_set_of_this_library_is_trained_on_and_nothing_else() -> None:
    by_set, by_rows = vae(), vae()
    assert fit(by_set, DIGITS, epochs=1) == fit(by_rows, DIGITS.train, epochs=1)
    for call in (lambda: vae().encode(DIGITS), lambda: fit(vae(), DIGITS, epochs=1, validation=DIGITS)):
        with pytest.raises(TypeError, match=r"must be one part of the data set; pass \w+\.train or \w+\.test"):
            call()


def test_pictures_are_drawn_by_the_same_rule() -> None:
    for given, shape in ((BYTES[:2], (8, 8)), (CLEAN[:2].numpy(), (8, 8)), (torch.zeros(2, 3, 4, 4), (3, 4, 4))):
        figure = plots.images(given, shape)
        shown = np.stack([ax.images[0].get_array().data for ax in figure.axes if ax.images])
        wanted = np.zeros((2, 4, 4, 3)) if len(shape) == 3 else CLEAN[:2].view(2, 8, 8).numpy()
        np.testing.assert_allclose(shown, wanted, atol=1e-6)


def test_bytes_are_weighed_as_the_brightness_that_they_are() -> None:
    """249.9 nats came out of it once, where 14.7 was true."""
    q = vae().encode(CLEAN)
    as_bytes = evidence.importance_sampling(vae(), BYTES, q, 200, generator=seeded()).log_evidence
    by_hand = evidence.importance_sampling(vae(), CLEAN, q, 200, generator=seeded()).log_evidence
    torch.testing.assert_close(as_bytes, by_hand)


def test_numbers_of_a_table_go_where_pictures_do_not() -> None:
    torch.manual_seed(0)
    model, rows = VAE(64, 2, (8,), sigmoid=False), 30 * (CLEAN - 0.5)
    assert model.encode(rows).mean.shape == (9, 2)
    fit(model, rows, epochs=1)
    assert bool(torch.isfinite(evidence.elbo_terms(model, rows, model.encode(rows)).elbo).all())
    with pytest.raises(ValueError, match=r"x holds bytes; pass x\.float\(\) for numbers, or x / 255 for brightness"):
        model.encode(BYTES)
    with pytest.raises(ValueError, match="x must be finite, but row 3 is not"):
        model.encode(NAN)


def test_a_model_keeps_what_its_data_was(tmp_path: Path) -> None:
    model = vae()
    about = data.About(classes=("zéro", "one", "two"))
    fit(model, replace(DIGITS, about=about), epochs=1)
    about = replace(about, image_shape=(8, 8))
    assert model.about == about
    pretrained.save(model, tmp_path / "m", test=CLEAN, test_labels=[0, 1, 2] * 3)
    assert pretrained.load(tmp_path / "m").about == about
    with pytest.raises(ValueError, match=r"test_labels must be 9 whole numbers .* below 3, got .* 0 to 3"):
        pretrained.save(model, tmp_path / "n", test=CLEAN, test_labels=[0, 1, 3] * 3)

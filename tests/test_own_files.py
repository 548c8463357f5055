"""python -m vae_lib on data of one's own: from a folder, a table or an array to a model, and to one sentence if not."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from vae_lib import pretrained, training
from vae_lib.cli import main
from vae_lib.runs import own_data

QUICK = ["--hidden", "4", "--epochs", "1", "--batch-size", "16", "--examples", "1"]
RANDOM = np.random.default_rng(0)
SHADES = RANDOM.integers(0, 256, (40, 8, 8), dtype=np.uint8)
COLOURS = RANDOM.integers(0, 256, (40, 8, 8, 3), dtype=np.uint8)
COLUMNS = RANDOM.normal([10, -3, 0.5], [5, 0.1, 100], (60, 3))


def pictures(folder: Path, shades: np.ndarray[Any, Any], classes: tuple[str, ...] = ("left", "right")) -> None:
    for place, picture in enumerate(shades):
        there = folder / classes[place % len(classes)] if classes else folder
        there.mkdir(parents=True, exist_ok=True)
        Image.fromarray(picture).save(there / f"{place:03}.png")


def rows(*extra: str, header: str = "weight,height,price") -> str:
    return "\n".join([header, *(",".join(f"{value:.6f}" for value in row) for row in COLUMNS), *extra]) + "\n"


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Everything that a reader might bring, good and bad."""
    folder = tmp_path_factory.mktemp("files")
    pictures(folder / "grey", SHADES)
    pictures(folder / "colour", COLOURS, ("a b", "ü", "3"))
    pictures(folder / "flat", SHADES, ())
    pictures(folder / "sizes", SHADES)
    Image.fromarray(SHADES[0].repeat(2, 0)).save(folder / "sizes" / "left" / "other.png")
    pictures(folder / "broken", SHADES)
    (folder / "broken" / "left" / "bad.png").write_bytes(b"\x89PNG\r\n\x1a\nno more")
    pictures(folder / "mixed", SHADES)
    Image.fromarray(SHADES[0]).save(folder / "mixed" / "beside.png")
    pictures(folder / "one", SHADES[:1], ())
    for name, most in (("floats", 1), ("bright", 9)):  # TIFF can hold any number
        (folder / name).mkdir()
        for place in range(9):
            shades = RANDOM.random((8, 8), dtype=np.float32) * most
            Image.fromarray(shades).save(folder / name / f"{place}.tif")
    (folder / "empty").mkdir()
    (folder / "words").mkdir()
    (folder / "words" / "read.me").write_text("nothing here")
    texts = {
        "table.csv": rows(),
        "messy.csv": "\n".join(
            ["id;w;word;same;gone", *(f"{i};{i**0.5};{'ab'[i % 2]};5;{'' if i else 1}" for i in range(50)), ";;a;5;"]
        ),
        "bare.csv": rows(header="1,2,3"),
        "stamps.csv": "time,weight\n" + "".join(f"{17 * 10**8 + i},{row[0]}\n" for i, row in enumerate(COLUMNS)),
        "large.csv": "a,b\n" + "".join(f"{row[0]:.3f}e300,{row[1]:.3f}e-300\n" for row in COLUMNS),
        "far.csv": rows("12,1e300,2"),  # a row to test on, by its bytes
        "odd.csv": rows("5,1e9,2"),
        "letters.csv": "name\n" + "\n".join("abcdefghij"),
        "constant.csv": "x,y\n" + "1,2\n" * 9,
        "ragged.csv": rows("1,2"),
        "nothing.csv": "",
        "header.csv": "a,b,c\n",
        "two.csv": "a,b\n1,2\n3,4\n",
        "note.docx": "x",
    }
    for name, text in texts.items():
        (folder / name).write_text(text)
    (folder / "latin.csv").write_bytes("größe\n1\n2\n".encode("latin-1"))
    arrays = {
        "bytes.npy": SHADES,
        "channels-last.npy": COLOURS,
        "channels-first.npy": COLOURS.transpose(0, 3, 1, 2),
        "unit.npy": SHADES / 255,
        "to255.npy": SHADES.astype(float),
        "to16.npy": (SHADES // 16).astype(np.int64),
        "minus.npy": SHADES / 127.5 - 1,
        "nan.npy": np.where(SHADES > 250, np.nan, SHADES / 255),
        "table.npy": COLUMNS,
        "nan-table.npy": np.where(COLUMNS > 200, np.inf, COLUMNS),
        "rows.npy": SHADES.reshape(40, 64),
        "point.npy": np.float64(3),
        "line.npy": np.arange(9.0),
        "five.npy": np.zeros((2, 2, 2, 2, 2)),
        "none.npy": np.zeros((0, 8, 8), dtype=np.uint8),
        "complex.npy": np.zeros((9, 3), dtype=complex),
        "text.npy": np.array([["a"] * 3] * 9),
        "same.npy": np.zeros((40, 8, 8), dtype=np.uint8),
    }
    for name, array in arrays.items():
        np.save(folder / name, array)
    np.save(folder / "pickled.npy", np.array([{"x": 1}], dtype=object), allow_pickle=True)
    np.savez(folder / "pairs.npz", x=SHADES, y=np.array(["cat", "dog"] * 20))
    np.savez(folder / "uneven.npz", x=SHADES, y=np.arange(7))
    np.savez(folder / "unnamed.npz", one=SHADES, two=SHADES)
    os.mkfifo(folder / "pipe.csv")
    (folder / "cut.npy").write_bytes((folder / "bytes.npy").read_bytes()[:300])
    (folder / "cut.npz").write_bytes((folder / "pairs.npz").read_bytes()[:300])
    return folder


# what is given to --data and more, what is said, classes, image_shape, columns
GOOD: list[tuple[str, str, tuple[str, ...], tuple[int, ...] | None, int]] = [
    ("grey", "40 pictures, 8x8, grey, from 0 to 1", ("left", "right"), (8, 8), 0),
    ("grey --image-size 4", "40 pictures, 4x4, grey", ("left", "right"), (4, 4), 0),
    ("colour", "40 pictures, 8x8, colour", ("3", "a b", "ü"), (3, 8, 8), 0),
    ("colour --channels 4 8", "classes: 3 (13), a b (14), ü (13)", ("3", "a b", "ü"), (3, 8, 8), 0),
    ("flat", "40 pictures, 8x8, grey", (), (8, 8), 0),
    ("sizes --image-size 8", "41 pictures, 8x8, grey", ("left", "right"), (8, 8), 0),
    ("table.csv", "a table of 60 rows and 3 columns", (), None, 3),
    ("table.csv --sigma each", "3 columns, brought to mean 0 and variance 1: weight, height, price", (), None, 3),
    ("messy.csv", "left out, since they do not change: same", ("a", "b"), None, 2),
    ("stamps.csv", "2 columns, brought to mean 0 and variance 1: time, weight", (), None, 2),
    ("large.csv", "2 columns, brought to mean 0 and variance 1: a, b", (), None, 2),
    ("floats", "9 pictures, 8x8, grey", (), (8, 8), 0),
    ("bare.csv", "column 1, column 2, column 3", (), None, 3),
    ("bytes.npy", "an array x of shape (40, 8, 8), uint8, from 0 to 255", (), (8, 8), 0),
    ("channels-last.npy", "shape (40, 8, 8, 3)", (), (3, 8, 8), 0),
    ("channels-first.npy", "shape (40, 3, 8, 8)", (), (3, 8, 8), 0),
    ("unit.npy", "float64, from 0 to 1", (), (8, 8), 0),
    ("to255.npy --white 255", "from 0 to 255", (), (8, 8), 0),
    ("to16.npy --white 15", "int64, from 0 to 15", (), (8, 8), 0),
    ("table.npy", "two axes, so a table", (), None, 3),
    ("rows.npy --image-size 8", "uint8, from 0 to 255", (), (8, 8), 0),
    ("pairs.npz", "classes: cat (20), dog (20)", ("cat", "dog"), (8, 8), 0),
]
BAD: list[tuple[str, str]] = [
    ("nowhere", "there is no file or folder 'nowhere', and no data set of that name: digits, mnist"),
    ("no\nwhere", "there is no file or folder"),
    ("empty", "empty holds no pictures"),
    ("words", "words holds no pictures: no file in it ends in .png, .jpg, .jpeg"),
    ("sizes", "holds pictures of 2 sizes, from 8x8 (40 of it) to 8x16; --image-size 32 makes all"),
    ("broken", "bad.png cannot be read as a picture"),
    ("mixed", "holds pictures both in it and in its subfolders"),
    ("one", "holds 1 examples, less than three different ones"),
    ("far.csv", "far.csv holds a value in height that lies 1e+301 standard deviations from the others"),
    ("letters.csv", "holds no column of numbers, among name"),
    ("constant.csv", "holds 9 examples, less than three different ones"),
    ("ragged.csv", "has 3 columns, but 2 in row 62"),
    ("nothing.csv", "nothing.csv is empty"),
    ("header.csv", "header.csv holds no column of numbers, among a, b, c"),
    ("two.csv", "holds 2 examples, less than three"),
    ("latin.csv", "is not text in UTF-8"),
    ("note.docx", "must be a folder of pictures, or end in .csv, .npy or .npz"),
    ("to255.npy", "must hold brightness from 0 to 1, got from 0 to 255; --white 255 says else"),
    ("to16.npy", "got from 0 to 15; --white"),
    ("minus.npy", "must hold brightness from 0 to 1, got from -1 to 1"),
    ("nan.npy", "must hold brightness from 0 to 1, got from nan to nan"),
    ("nan-table.npy", "must be finite, but row"),
    ("bright", "must hold brightness from 0 to 1, got from"),
    ("point.npy", "must hold numbers of shape"),
    ("line.npy", "must hold numbers of shape (count, columns), (count, height, width)"),
    ("five.npy", "must hold numbers of shape"),
    ("none.npy", "must hold numbers of shape"),
    ("complex.npy", "must hold numbers of shape"),
    ("text.npy", "must hold numbers of shape"),
    ("same.npy", "less than three different ones"),
    ("pickled.npy", "cannot be read as arrays of NumPy"),
    ("cut.npy", "cannot be read as arrays of NumPy"),
    ("cut.npz", "cannot be read as arrays of NumPy"),
    ("uneven.npz", "must hold a class for each of 40 examples"),
    ("unnamed.npz", "holds the arrays one, two; name the examples x"),
    ("bytes.npy --image-size 9", "holds examples of shape (8, 8), which are not 9x9"),
    ("rows.npy --image-size 9", "holds examples of shape (64,), which are not 9x9"),
    ("bytes.npy --white 0", "white must be a positive number"),
    ("bytes.npy --white nan", "white must be a positive number, got nan"),
    ("digits --image-size 8", "--image-size and --white are for data of your own"),
    ("table.csv --channels 4", "--channels are convolutions of pictures"),
    ("grey --channels 4 4 4 4", "height and width in multiples of 16 here, got (8, 8)"),
    ("table.csv --likelihood bernoulli", "sigmoid=False is for numbers of any size"),
    ("table.csv --autoencoder", "an autoencoder is for pictures"),
    ("digits --sigma each --autoencoder", "an autoencoder is for pictures, without --channels and --sigma each"),
    ("digits --sigma 1e300", "sigma must lie between 1e-12 and 1e12"),
    ("digits --sigma -1", "sigma must be a positive number"),
    ("digits --epochs 99999999999999", "epochs must be at most 1000000"),
    ("digits --epochs 99999999999999999999", "epochs must be below 2**63"),
    ("digits --seed -1", "--seed must be a whole number from 0"),
    ("digits --seed 99999999999999999999", "--seed must be a whole number from 0"),
    ("digits --device abacus", "device must be 'auto', 'cpu', 'cuda' or 'mps'"),
    ("digits --lr inf", "lr must be a positive number, got inf"),
    ("digits --beta nan", "beta must be a number of at least 0, got nan"),
    ("digits --checkpoint .", "."),
    ("digits --checkpoint {files}/table.csv", "table.csv is not a whole checkpoint"),
    ("digits --checkpoint {files}/table.csv/run", "table.csv"),
    ("digits --checkpoint /dev/null", "checkpoint /dev/null is no file; name one"),
    ("digits --checkpoint m.safetensors", "is the file of the model, which would be written over it; name another"),
    ("/dev/null", "/dev/null is neither a file nor a folder"),
    ("pipe.csv", "pipe.csv is neither a file nor a folder"),
]
UNPARSED = [
    "--ou m",
    "--nonsense",
    "--epochs",
    "--hidden 0",
    "--channels x",
    "--sigma wide",
    "--image-size -1",
    "--bits 7",
]


def call(files: Path, given: str, out: Path) -> int:
    name, *more = given.format(files=files).split(" ") if "\n" not in given else [given]
    data = str(files / name) if (files / name).exists() else name
    return main(["train", "--data", data, "--out", str(out), *QUICK, *more])


@pytest.mark.parametrize(("given", "said", "classes", "shape", "columns"), GOOD, ids=[row[0] for row in GOOD])
def test_from_a_file_to_a_model_and_its_test(
    given: str,
    said: str,
    classes: tuple[str, ...],
    shape: tuple[int, ...] | None,
    columns: int,
    files: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert len(GOOD) + len(BAD) + len(UNPARSED) >= 60
    assert call(files, given, tmp_path / "m") == 0
    out = capsys.readouterr().out
    assert said in out
    assert "more --epochs may gain" in out
    assert out.index(said) < out.index("held out") < out.index("best epoch") < out.index("f(z) is off by")
    model, record = pretrained.load(tmp_path / "m"), pretrained.record(tmp_path / "m")
    assert (model.about.classes, model.about.image_shape, len(model.about.columns)) == (classes, shape, columns)
    assert model.sigmoid == (columns == 0)
    assert main(["evaluate", str(tmp_path / "m"), "--json", "--examples", "1"]) == 0
    assert json.loads(capsys.readouterr().out) == pytest.approx(record["figures"], abs=2e-3)
    assert json.loads(json.dumps(record, allow_nan=False)) == record


@pytest.mark.parametrize(("given", "said"), BAD, ids=[row[0] for row in BAD])
def test_what_cannot_be_is_said_in_one_line_before_the_first_step(
    given: str,
    said: str,
    files: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    assert call(files, given, tmp_path / "m") == 2
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 1
    assert lines[0].startswith("vae_lib: ")
    assert said in lines[0]
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("given", UNPARSED)
def test_options_that_are_none(given: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        main(["train", "--out", str(tmp_path / "m"), *given.split()])
    assert caught.value.code == 2
    assert "error:" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_what_is_tested_on_stays_so_when_data_is_added(files: Path, tmp_path: Path) -> None:
    (tmp_path / "more.csv").write_text(rows("1,2,3", "4,5,6", "7,8,9"))
    parts = []
    for path in (files / "table.csv", tmp_path / "more.csv"):
        dataset = own_data.read(path).dataset
        parts.append([dataset.about.in_units(x.double()).round(decimals=3) for x in (dataset.train, dataset.test)])
    for before, after in zip(*parts, strict=True):
        distance = torch.cdist(before, after).min(1).values
        assert float(distance.max()) < 0.01
    assert len(parts[1][0]) + len(parts[1][1]) == len(parts[0][0]) + len(parts[0][1]) + 3
    twice = own_data.read(tmp_path / "more.csv").dataset
    assert torch.equal(twice.train, own_data.read(tmp_path / "more.csv").dataset.train)


def test_one_row_far_from_all_others_costs_no_model(
    files: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert call(files, "odd.csv", tmp_path / "m") == 1  # no grid reaches it, so there are no figures
    assert "m.safetensors holds the model, without figures" in capsys.readouterr().err
    codes, _ = pretrained.codes(tmp_path / "m")
    test = own_data.read(files / "odd.csv").dataset.test
    torch.testing.assert_close(codes, pretrained.load(tmp_path / "m").encode(test).mean.detach(), rtol=1e-3, atol=1e-3)
    assert float(codes.abs().max()) > 1e5  # more than float16 holds


def test_pictures_that_would_fill_the_memory_are_refused_before_they_do(
    files: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(own_data, "MOST_BYTES", 9 * 64 * 4)
    assert call(files, "grey", tmp_path / "m") == 2
    said = capsys.readouterr().err
    assert "holds 40 pictures, too many of this size: 10 take 0.0 GB of memory; --image-size 32 makes all" in said
    assert own_data.read(files / "floats").dataset.data_dim == 64


def test_a_table_comes_back_in_its_units(files: Path) -> None:
    dataset = own_data.read(files / "table.csv").dataset
    assert dataset.about.columns == ("weight", "height", "price")
    np.testing.assert_allclose(dataset.train.mean(0), 0, atol=1e-5)
    np.testing.assert_allclose(dataset.train.std(0, correction=0), 1, atol=1e-5)
    back = dataset.about.in_units(torch.cat([dataset.train, dataset.test]).double()).numpy()
    np.testing.assert_allclose(np.sort(back, 0), np.sort(COLUMNS, 0), atol=1e-4)
    assert torch.allclose(dataset.about.standardized(dataset.about.in_units(dataset.test)), dataset.test, atol=1e-5)


def test_pictures_are_those_of_the_files(files: Path) -> None:
    dataset = own_data.read(files / "colour").dataset
    found = {row.tobytes() for row in (torch.cat([dataset.train, dataset.test]) * 255).round().byte().numpy()}
    assert found == {picture.transpose(2, 0, 1).tobytes() for picture in COLOURS}


def test_a_model_is_written_over_only_when_it_is_said(
    files: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "m"
    assert call(files, "bytes.npy", out) == 0
    before = out.with_suffix(".safetensors").read_bytes()
    assert call(files, "unit.npy", out) == 2
    assert (
        "m.safetensors is there already; name another --out, or write over it with --force" in capsys.readouterr().err
    )
    assert out.with_suffix(".safetensors").read_bytes() == before
    assert call(files, "unit.npy --force", out) == 0
    assert out.with_suffix(".safetensors").read_bytes() != before


def test_the_line_of_python_opens_the_map(files: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    start = "in a notebook: "
    for given in ("grey", "table.csv"):
        assert call(files, given, tmp_path / given) == 0
        view, line = capsys.readouterr().out.splitlines()[-2:]
        assert view.startswith("look at it: python -m vae_lib view ")
        assert line.startswith(start)
        exec(line.removeprefix(start), {})


@pytest.mark.skipif(os.name != "posix", reason="signals of POSIX")
@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM", "SIGHUP"])
def test_a_signal_ends_it_after_the_batch_and_what_was_learned_is_saved(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    real, calls = training.elbo, []

    def elbo(*args: Any, **kwargs: Any) -> Any:
        calls.append(1)
        if len(calls) == 100:
            signal.raise_signal(getattr(signal, name))
        return real(*args, **kwargs)

    monkeypatch.setattr(training, "elbo", elbo)
    before = signal.getsignal(getattr(signal, name))
    assert main(["train", "--out", str(tmp_path / "m"), "--hidden", "4", "--batch-size", "64"]) == 130
    assert signal.getsignal(getattr(signal, name)) == before
    said = capsys.readouterr().err.splitlines()[-1]
    assert said.startswith("vae_lib: stopped; ")
    assert "m.safetensors holds the model, without figures; measure it with evaluate" in said
    assert pretrained.record(tmp_path / "m")["stopped"] is True


@pytest.mark.skipif(os.name != "posix", reason="signals of POSIX")
@pytest.mark.parametrize(("ignored", "sent", "code"), [("SIGHUP", "SIGHUP", 0), ("SIGINT", "SIGINT", 0),
                                                       ("SIGINT", "SIGTERM", 130)])  # fmt: skip
def test_what_is_ignored_stays_ignored_as_by_nohup_and_the_rest_is_heard(
    ignored: str, sent: str, code: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, calls = training.elbo, []

    def elbo(*args: Any, **kwargs: Any) -> Any:
        calls.append(1)
        if len(calls) == 15:  # in the second epoch
            signal.raise_signal(getattr(signal, sent))
        return real(*args, **kwargs)

    monkeypatch.setattr(training, "elbo", elbo)
    before = signal.signal(getattr(signal, ignored), signal.SIG_IGN)
    try:
        assert main(["train", "--out", str(tmp_path / "m"), *QUICK[:2], "--epochs", "3", "--examples", "1"]) == code
    finally:
        signal.signal(getattr(signal, ignored), before)
    assert pretrained.record(tmp_path / "m")["stopped"] is (code == 130)


@pytest.mark.skipif(os.name != "posix", reason="signals of POSIX")
@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM", "SIGHUP"])
def test_a_signal_during_the_imports_leaves_no_traceback(name: str, tmp_path: Path) -> None:
    (tmp_path / "torch.py").write_text(f"import signal\nsignal.raise_signal(signal.{name})\n")
    done = subprocess.run(
        [sys.executable, "-m", "vae_lib", "evaluate", "digits-2"],
        env={**os.environ, "PYTHONPATH": f"{tmp_path}:{Path(__file__).parents[1]}"},
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
        capture_output=True,
        text=True,
    )
    assert (done.returncode, done.stdout, done.stderr) == (130, "", "vae_lib: stopped; nothing was saved\n")


def test_ctrl_c_while_it_is_measured_says_what_is_saved(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def press(*args: Any, **kwargs: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(pretrained, "figures", press)
    assert main(["train", "--out", str(tmp_path / "m"), *QUICK]) == 130
    assert "holds the model, without figures (stopped); measure it" in capsys.readouterr().err.splitlines()[-1]


@pytest.mark.parametrize("command", ["train", "series --over epoch --values 1"])
def test_a_disk_that_fills_while_it_trains_loses_nothing(
    command: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    real = pretrained.write_atomically

    def write(path: Path, content: bytes) -> None:
        if path.parent == tmp_path / "full":
            raise OSError(28, "No space left on device")
        real(path, content)

    monkeypatch.setattr(pretrained, "write_atomically", write)
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    options = QUICK if command == "train" else QUICK[:4]
    assert main([*command.split(), "--out", str(tmp_path / "full" / "m"), *options]) == 1
    said = capsys.readouterr().err.splitlines()[-1]
    assert "cannot be written (No space left on device); it is in " in said
    assert pretrained.record(said.rpartition(" is in ")[2])["model"]["latent_dim"] == 2


@pytest.mark.skipif(os.name != "posix", reason="closes the streams of a process")
@pytest.mark.parametrize("how", [">&-", "2>&-", "| true", "> /dev/full"])
def test_a_model_is_saved_whatever_becomes_of_the_words(how: str, tmp_path: Path) -> None:
    command = (
        f"{sys.executable} -m vae_lib train --data ring --out m {' '.join(QUICK)} {how}; echo ${{PIPESTATUS[0]}} >code"
    )
    done = subprocess.run(
        ["bash", "-c", command],
        cwd=tmp_path,
        env={**os.environ, "PYTHONIOENCODING": "ascii", "PYTHONPATH": str(Path(__file__).parents[1])},
        stderr=subprocess.PIPE,
        text=True,
    )
    assert (tmp_path / "code").read_text() == "0\n"
    assert "Traceback" not in done.stderr
    assert "Exception ignored" not in done.stderr
    assert "figures" in pretrained.record(tmp_path / "m")

"""Your own data from files: a folder of pictures, a table as CSV, arrays of NumPy.

``read`` finds out what is there and says so, and parts it: an example is tested on or not by its own bytes, so that it
stays on its side when others are added, and two copies of one never lie on both.
"""

from __future__ import annotations

import csv
import math
import zipfile
import zlib
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple

import numpy as np
import torch

from vae_lib import checks
from vae_lib.data import About, Dataset

MOST_SPREADS: Final = 1e15  # whose square float32 can hold
MOST_BYTES: Final = 2**32
"""Of pictures in memory; of more there would soon be three times as many."""
PICTURE_ENDINGS: Final = (".png", ".jpg", ".jpeg", ".bmp", ".gif", ".webp", ".tif", ".tiff", ".pgm", ".ppm")
MISSING: Final = ("", "na", "nan", "n/a", "null", "none", "?", "-", "inf", "-inf")
TEST_SHARE: Final = 0.2
MOST_WORDS: Final = 100  # of a column of text that names a class


class Found(NamedTuple):
    """Data that was read, and what there is to say about it, a line each."""

    dataset: Dataset
    lines: tuple[str, ...]


class _Rows(NamedTuple):
    """Examples before they are parted."""

    values: np.ndarray[Any, Any]  # (count, width)
    labels: np.ndarray[Any, Any]  # (count,)
    about: About
    lines: list[str]


@checks.typed
def read(path: str | Path, *, image_size: int | None = None, white: float | None = None) -> Found:
    """Read a folder of pictures, ``table.csv``, ``array.npy`` or ``file.npz``.

    Args:
        path: a folder, with a subfolder for each class or without; or a file.
        image_size: height and width that pictures are made to; of an array of two axes, that its rows are pictures.
        white: the number of full brightness in an array; by default what its kind of whole number can hold, or 1.

    Returns:
        Pictures as brightness in [0, 1], ``(count, channels·height·width)``; the columns of a table with the mean 0 and
        the variance 1 of the examples to train on, and in ``about`` the way back. Rows of a table with a missing value,
        columns of text and columns that never change are left out, and the lines say so.

    Raises:
        FileNotFoundError: there is no such file or folder.
        ValueError: it holds nothing that can be learned from; says what was seen, and what to do.
    """
    path = Path(path)
    if image_size is not None:
        checks.at_least(1, image_size=image_size)
    if white is not None:
        checks.positive(white=white)
    if not path.exists():
        raise FileNotFoundError(f"there is no file or folder {path}")
    if path.is_dir():
        rows = _folder(path, image_size)
    elif not path.is_file():  # of a device or a pipe one could read for ever
        raise ValueError(f"{path} is neither a file nor a folder")
    elif path.suffix.lower() in (".csv", ".tsv", ".txt"):
        rows = _table(*_cells(path))
    elif path.suffix.lower() in (".npy", ".npz"):
        rows = _arrays(path, image_size, white)
    else:
        raise ValueError(f"{path} must be a folder of pictures, or end in .csv, .npy or .npz")
    return _parted(path, rows)


def _parted(path: Path, rows: _Rows) -> Found:
    values = np.ascontiguousarray(rows.values)
    with np.errstate(over="ignore"):
        narrow = values.astype(np.float32)
    keys = (row if np.isfinite(row).all() else wide for row, wide in zip(narrow, values, strict=True))
    shares = np.array([zlib.crc32(key.tobytes()) / 2**32 for key in keys])
    order = np.argsort(shares, kind="stable")  # shuffled, and in the same way each time
    values, shares, classes = values[order], shares[order], rows.labels[order]
    if len(np.unique(shares)) < 3:
        raise ValueError(f"{path} holds {len(values)} examples, less than three different ones; bring more")
    distinct = np.unique(shares)
    held = shares <= min(max(TEST_SHARE, distinct[0]), distinct[-2])  # on each side one at least
    lines, about = [*rows.lines], rows.about
    if about.columns:
        most = np.abs(values[~held]).max(0)
        most[most == 0] = 1
        spread = (values[~held] / most).std(0)  # as a share of the most, or squares of 1e200 would be none
        keep = spread > 1e-9
        if not keep.all():
            gone = [name for name, kept in zip(about.columns, keep, strict=True) if not kept]
            lines.append(f"left out, since they do not change: {_listed(gone)}")
        if not keep.any():
            raise ValueError(f"{path} holds no column that changes; a model would have nothing to learn")
        values, spread, most = (values / most)[:, keep], spread[keep], most[keep]
        center = values[~held].mean(0)
        columns = tuple(name for name, kept in zip(about.columns, keep, strict=True) if kept)
        values = (values - center) / spread
        far = np.abs(values).max(0)
        if not far.max() < MOST_SPREADS:
            raise ValueError(
                f"{path} holds a value in {columns[far.argmax()]} that lies {far.max():.1g} standard deviations from "
                "the others; mend it, or take its row away"
            )
        about = About(None, about.classes, columns, tuple((center * most).tolist()), tuple((spread * most).tolist()))
        lines.append(f"{len(columns)} columns, brought to mean 0 and variance 1: {_listed(columns)}")
    x, labels = torch.from_numpy(values.astype(np.float32)), torch.from_numpy(classes.astype(np.int64))
    if about.classes:
        counts = Counter(classes.tolist())
        lines.append("classes: " + _listed([f"{name} ({counts[i]})" for i, name in enumerate(about.classes)]))
    test = torch.from_numpy(held)
    lines.append(f"{int((~test).sum())} to train on and to choose the epoch by, {int(test.sum())} to test on, for good")
    parts = (x[~test], x[test], labels[~test], labels[test])
    return Found(Dataset(str(path), *parts, about.image_shape, about), tuple(lines))


def _listed(names: Sequence[str], most: int = 8) -> str:
    more = f", and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more


# --- a folder of pictures --------------------------------------------------------------------------------------------


def _picture(file: Path, image_size: int | None) -> np.ndarray[Any, Any]:
    """Brightness from 0 to 1, ``(height, width)`` or with three channels behind."""
    from PIL import Image, UnidentifiedImageError

    try:
        with Image.open(file) as picture:
            grey = picture.mode in ("1", "L", "LA", "F") or picture.mode.startswith("I")
            deep = picture.mode == "F" or picture.mode.startswith("I")  # floats from 0 to 1, 16 bits
            full = 1 if picture.mode == "F" else 65535 if deep else 255
            picture = picture if deep or picture.mode in ("L", "RGB") else picture.convert("L" if grey else "RGB")
            if image_size is not None and picture.size != (image_size, image_size):
                picture = picture.resize((image_size, image_size), Image.Resampling.BILINEAR)
            values = np.asarray(picture, dtype=np.float32) / np.float32(full)
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        raise ValueError(f"{file} cannot be read as a picture ({error}); repair it or take it away") from None
    if not (values.min() >= 0 and values.max() <= 1):  # NaN too
        raise ValueError(f"{file} must hold brightness from 0 to {full}, got {_range(values * full)}; save it as PNG")
    return values


def _folder(path: Path, image_size: int | None) -> _Rows:
    visible = (
        file for file in path.rglob("*") if not any(part.startswith(".") for part in file.relative_to(path).parts)
    )
    files = sorted(file for file in visible if file.is_file() and file.suffix.lower() in PICTURE_ENDINGS)
    if not files:
        raise ValueError(
            f"{path} holds no pictures: no file in it ends in {', '.join(PICTURE_ENDINGS[:3])} or the like"
        )
    names = [file.relative_to(path).parts[0] if file.parent != path else "" for file in files]
    classes = sorted(set(names)) if set(names) != {""} else []
    if "" in classes:
        raise ValueError(f"{path} holds pictures both in it and in its subfolders, which name classes; choose one way")
    pictures: list[np.ndarray[Any, Any]] = []
    filled = 0
    for file in files:
        pictures.append(_picture(file, image_size))
        filled += pictures[-1].nbytes
        if filled > MOST_BYTES:
            raise ValueError(
                f"{path} holds {len(files)} pictures, too many of this size: {len(pictures)} take "
                f"{filled / 2**30:.1f} GB of memory; --image-size 32 makes all 32x32"
            )
    colour = any(picture.ndim == 3 for picture in pictures)
    if colour:
        pictures = [picture if picture.ndim == 3 else np.repeat(picture[..., None], 3, 2) for picture in pictures]
    sizes = Counter(picture.shape[:2] for picture in pictures)
    if len(sizes) > 1:
        (small, many), *_, (large, _) = sorted(sizes.items())
        raise ValueError(
            f"{path} holds pictures of {len(sizes)} sizes, from {small[1]}x{small[0]} ({many} of it) to "
            f"{large[1]}x{large[0]}; --image-size 32 makes all 32x32"
        )
    stacked = np.stack(pictures)
    if colour:
        stacked = stacked.transpose(0, 3, 1, 2)  # channels, height, width
    shape = stacked.shape[1:]
    lines = [f"{len(files)} pictures, {shape[-1]}x{shape[-2]}, {'colour' if colour else 'grey'}, {_range(stacked)}"]
    labels = np.array([classes.index(name) if classes else 0 for name in names])
    return _Rows(stacked.reshape(len(files), -1), labels, About(tuple(shape), tuple(classes)), lines)


def _range(values: np.ndarray[Any, Any]) -> str:
    return f"from {values.min():.4g} to {values.max():.4g}"


# --- a table ---------------------------------------------------------------------------------------------------------


def _cells(path: Path) -> tuple[Path, list[str], list[list[str]]]:
    """The names of the columns and the rows, as text."""
    try:
        text = path.read_text(encoding="utf-8-sig")
        dialect: Any = csv.Sniffer().sniff("\n".join(text.splitlines()[:20]), ",;\t|")
    except UnicodeDecodeError as error:
        raise ValueError(f"{path} is not text in UTF-8 ({error.reason}); save it as such") from None
    except csv.Error:
        dialect = csv.excel  # one column
    try:
        rows = [[cell.strip() for cell in row] for row in csv.reader(text.splitlines(), dialect)]
    except csv.Error as error:
        raise ValueError(f"{path} cannot be read as a table ({error})") from None
    rows = [row for row in rows if any(row)]
    if not rows:
        raise ValueError(f"{path} is empty")
    named = not any(_number(cell) is not None for cell in rows[0])
    names = rows.pop(0) if named else [f"column {place}" for place in range(1, len(rows[0]) + 1)]
    names = [name or f"column {place}" for place, name in enumerate(names, start=1)]
    for place, row in enumerate(rows, start=1 + named):
        if len(row) != len(names):
            raise ValueError(f"{path} has {len(names)} columns, but {len(row)} in row {place}")
    return path, names, rows


def _number(cell: str) -> float | None:
    try:
        value = float(cell)
    except ValueError:
        return None
    return value if math.isfinite(value) else None


def _table(path: Path, names: list[str], rows: list[list[str]]) -> _Rows:
    columns = dict(enumerate(zip(*rows, strict=True)))
    text = {
        place: {cell for cell in cells if cell.lower() not in MISSING}
        for place, cells in columns.items()
        if any(_number(cell) is None and cell.lower() not in MISSING for cell in cells)
    }
    lines = [f"a table of {len(rows)} rows and {len(names)} columns"]
    few = [place for place, words in text.items() if len(words) <= min(MOST_WORDS, len(rows) // 2)]
    by_class = few[-1] if few else None
    if gone := [names[place] for place in text if place != by_class]:
        lines.append(f"left out, since they are text: {_listed(gone)}")
    if by_class is not None:
        lines.append(f"{names[by_class]} is text and names the class; no model is trained on it")
    kept = [place for place in columns if place not in text]
    empty = [place for place in kept if sum(_number(cell) is None for cell in columns[place]) > len(rows) / 2]
    if empty:
        lines.append(f"left out, since most of it is missing: {_listed([names[place] for place in empty])}")
    kept = [place for place in kept if place not in empty]
    if not kept:
        raise ValueError(f"{path} holds no column of numbers, among {_listed(names)}")
    numbers = np.array([[_number(row[place]) for place in kept] for row in rows], dtype=np.float64)
    whole = np.isfinite(numbers).all(1)
    if not whole.all():
        lines.append(f"rows left out, since a value is missing: {int((~whole).sum())}")
    classes = sorted(text[by_class]) if by_class is not None else []
    words = [row[by_class] if by_class is not None else "" for row in rows]
    if any(word not in classes for word in words) and classes:
        classes = ["(none)", *classes]
    labels = np.array([classes.index(word) if word in classes else 0 for word in words])
    about = About(None, tuple(classes), tuple(names[place] for place in kept))
    return _Rows(numbers[whole], labels[whole], about, lines)


# --- arrays ----------------------------------------------------------------------------------------------------------


def _arrays(path: Path, image_size: int | None, white: float | None) -> _Rows:
    found = _stored(path)
    names = {name.lower(): name for name in found}
    chosen = next((names[name] for name in ("x", "x_train", "images", "data", "train") if name in names), None)
    if chosen is None and len(found) == 1:
        chosen = next(iter(found))
    if chosen is None:
        raise ValueError(f"{path} holds the arrays {_listed(list(found))}; name the examples x and their classes y")
    values = found[chosen]
    said = next((names[name] for name in ("y", "y_train", "labels", "target") if name in names), None)
    if values.dtype.kind not in "buif" or values.ndim not in (2, 3, 4) or values.size == 0:
        raise ValueError(
            f"{path} must hold numbers of shape (count, columns), (count, height, width) or with a channel, got "
            f"{values.dtype} of shape {values.shape}"
        )
    labels, classes = _classes(path, found[said], len(values)) if said else (np.zeros(len(values)), ())
    lines = [f"an array {chosen} of shape {values.shape}, {values.dtype}, {_range(values)}"]
    if values.ndim == 2 and image_size is None:
        if not np.isfinite(values).all():
            raise ValueError(f"{path} must be finite, but row {int((~np.isfinite(values)).any(1).argmax())} is not")
        lines.append("two axes, so a table; with --image-size its rows are pictures")
        about = About(None, classes, tuple(f"column {place}" for place in range(1, values.shape[1] + 1)))
        return _Rows(values.astype(np.float64), labels, about, lines)
    most = white or {"u1": 255, "u2": 65535, "b1": 1}.get(values.dtype.str[1:], 1)
    scaled = values.astype(np.float32) / np.float32(most)
    if not (scaled.min() >= 0 and scaled.max() <= 1):  # NaN too
        raise ValueError(f"{path} must hold brightness from 0 to {most:g}, got {_range(values)}; --white 255 says else")
    shape: tuple[int, ...] = values.shape[1:] if values.ndim > 2 else (image_size or 0, image_size or 0)
    if len(shape) == 3 and shape[0] not in (1, 3) and shape[-1] in (1, 3):
        scaled, shape = scaled.transpose(0, 3, 1, 2), (shape[-1], *shape[:-1])
    if math.prod(shape) != scaled[0].size or (image_size and shape[-2:] != (image_size, image_size)):
        raise ValueError(f"{path} holds examples of shape {values.shape[1:]}, which are not {image_size}x{image_size}")
    return _Rows(scaled.reshape(len(values), -1), labels, About(shape, classes), lines)


def _stored(path: Path) -> dict[str, np.ndarray[Any, Any]]:
    """The arrays of a file of NumPy's; none that would have to be unpickled."""
    try:
        if path.suffix.lower() == ".npy":
            with path.open("rb") as file:
                return {"x": np.lib.format.read_array(file, allow_pickle=False)}
        with zipfile.ZipFile(path) as archive:
            members = [name for name in archive.namelist() if name.endswith(".npy")]
            found = {}
            for name in members:
                with archive.open(name) as member:
                    found[name.removesuffix(".npy")] = np.lib.format.read_array(member, allow_pickle=False)
            return found
    except (ValueError, EOFError, RuntimeError, MemoryError, zipfile.BadZipFile, zlib.error) as error:
        raise ValueError(f"{path} cannot be read as arrays of NumPy ({error})") from None


def _classes(path: Path, labels: np.ndarray[Any, Any], count: int) -> tuple[np.ndarray[Any, Any], tuple[str, ...]]:
    labels = labels.reshape(len(labels), -1) if labels.ndim else labels
    if labels.ndim != 2 or labels.shape != (count, 1) or labels.dtype.kind not in "buiUS":
        raise ValueError(f"{path} must hold a class for each of {count} examples, got {labels.dtype}, {labels.shape}")
    words, places = np.unique(labels[:, 0], return_inverse=True)
    return places, tuple(word.decode() if isinstance(word, bytes) else str(word) for word in words.tolist())

"""What data.py says: where a run's pictures are, and how they become what its network got."""

import hashlib
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from retinue.data.builtin import BUILT_IN, built_in, where
from retinue.data.cache import cache_folder
from retinue.data.files import Files, Folder, open_files
from retinue.data.imagedata import picture_digest
from retinue.data.official import find_official
from retinue.data.pool import Given
from retinue.errors import UsageError
from retinue.images import Pixels, Preprocess
from retinue.reporting.project.seen import Seen
from retinue.reporting.project.source_text import render
from retinue.runs import Run
from retinue.wording import printable
from retinue.writing import csv_cell

Values = dict[str, Any]
Row = tuple[str, ...]  # id, path, class, split, digest


@dataclass(frozen=True)
class Pictures:
    """The source of data.py, the rows of its splits.csv, and pictures that are not to be had else.

    The rows begin with the names of the columns.
    """

    source: str
    rows: list[list[str]]
    drawn: Pixels | None = None


def pictures_of(run: Run, preprocess: Preprocess) -> Pictures:
    """Look at the pictures of a run again, and say how to read them.

    Raises:
        UsageError: they are gone, have changed, or are of a kind that is not read by a few lines.
        RetinueError: they cannot be read.
    """
    recipe, rows = run.recipe, run.splits
    if not recipe.data:
        raise UsageError(
            f"{run.path}: no folder to hand in: it was trained on arrays that only Python had; "
            "save them as pictures in class folders and train on these"
        )
    if recipe.data in BUILT_IN:
        root = Path(run.data.get("data_root") or cache_folder() / "data")
        if not where(recipe.data, root):
            raise UsageError(f"{run.path}: its pictures are gone: {recipe.data} is not in {root}")
        given = built_in(recipe.data, root, recipe.data_options, None)
        if isinstance(given, Given):
            return _from_arrays(run, given, preprocess, root)
        return _from_files(run, given, rows, preprocess)
    path = Path(recipe.data)
    if not path.exists():
        raise UsageError(f"{run.path}: its pictures are gone: {path} does not exist")
    return _from_files(run, path, rows, preprocess)


def _from_arrays(run: Run, given: Given, preprocess: Preprocess, root: Path) -> Pictures:
    """A built-in data set in files of its own, generated, or part of scikit-learn."""
    name, rows = run.recipe.data, run.splits
    for number, _, _, _, digest in rows:
        at = int(number)
        found = given.digests[at] if given.digests else picture_digest(given.images[at])
        if found != digest:
            raise _changed(run, f"picture {at} of {name}")
    height, width, channels = given.images.shape[1:]
    values: Values = {"source": "npz" if name == "shapes" else name}
    if BUILT_IN[name].official:
        values = _official(name, root)
    to = preprocess.channels
    values["arrays_to"] = "" if to == channels else "colour" if to == 3 else "grey"
    is_fitted = (height, width) != preprocess.stored
    values["pil"] = ["Image"] if is_fitted or preprocess.enlarges or to < channels else []
    drawn = given.images if name == "shapes" else None
    cells = [[number, label, split] for number, _, label, split, _ in rows]
    table = _labelled(run, ["id", "class", "split"], cells)
    return Pictures(_render(values, preprocess, is_fitted, table), table, drawn)


def _official(name: str, root: Path) -> Values:
    """How the published files of a data set are read where they lie."""
    place = find_official(name, root)
    assert place is not None  # noqa: S101  `where` has found it
    if "mnist" in name:
        stems = ("train-images-idx3-ubyte", "t10k-images-idx3-ubyte")
        packed = not all((place / stem).is_file() for stem in stems)
        names = [f"{stem}.gz" if packed else stem for stem in stems]
        return {"source": "idx", "place": place.resolve(), "names": names, "packed": packed}
    few = name == "cifar10"
    train = [f"data_batch_{number}.bin" for number in range(1, 6)] if few else ["train.bin"]
    return {
        "source": "cifar" if place.is_dir() else "cifar tar",
        "place": place.resolve(),
        "parts": [*train, "test_batch.bin" if few else "test.bin"],
        "inside": "cifar-10-batches-bin" if few else "cifar-100-binary",
        "label_bytes": 1 if few else 2,
    }


def _from_files(run: Run, path: Path, rows: Sequence[Row], preprocess: Preprocess) -> Pictures:
    """Picture files in folders or in a zip."""
    files: Files = (
        Folder(path.parent) if path.suffix.lower() in (".csv", ".tsv") else open_files(path)
    )
    names = {row[1] for row in rows}
    packed = not isinstance(files, Folder)
    if packed and not (zipfile.is_zipfile(path) and names <= set(zipfile.ZipFile(path).namelist())):
        raise UsageError(
            f"{run.path}: no folder to hand in: {path} is neither a folder nor a usual zip; unpack "
            "it and train on the folder, which gives the same weights"
        )
    digests = {row[1]: row[4] for row in rows}
    seen = Seen(preprocess)
    for name, data in files.read(sorted(names)):
        if hashlib.sha256(data).hexdigest() != digests[name]:
            raise _changed(run, printable(name))
        seen.look(printable(name), data)
    seen.require_readable()
    values = {
        "source": "zip" if packed else "folder",
        "place": files.root.resolve(),
        "pil": ["Image", "ImageOps"] if seen.turned else ["Image"],
        "drafts": ("inside" if preprocess.fit == "pad" else "whole") if seen.drafts else "",
        "turned": seen.turned,
        "transparent": seen.transparent,
        "converted": seen.converted,
    }
    cells = [[name, label, split, digest] for _, name, label, split, digest in rows]
    table = _labelled(run, ["path", "class", "split", "digest"], cells)
    is_fitted = seen.shapes != {preprocess.stored}
    return Pictures(_render(values, preprocess, is_fitted, table), table)


def _labelled(run: Run, columns: list[str], cells: list[list[str]]) -> list[list[str]]:
    """The table with the number of each class, and names that no terminal obeys."""
    at = columns.index("class")
    label = {name: number for number, name in enumerate(run.classes)}
    if absent := label.keys() - {row[at] for row in cells}:
        raise UsageError(
            f"{run.path}: no folder to hand in: no picture of class {min(absent)!r} is in the data"
        )
    found = [[*row[:at], printable(row[at]), *row[at + 1 :], str(label[row[at]])] for row in cells]
    return [[*columns, "label"], *found]


def _render(values: Values, preprocess: Preprocess, is_fitted: bool, table: list[list[str]]) -> str:
    """data.py; `is_fitted` says whether pictures are brought to another size when they are read."""
    size, stored = preprocess.size, preprocess.stored
    enlarges = preprocess.enlarges
    is_plain = not any(values.get(key) for key in ("drafts", "turned", "transparent", "converted"))
    is_cut = stored != size and not enlarges
    top, left = ((have - want) // 2 for have, want in zip(stored, size, strict=True))
    common: Values = {
        "place": None,
        "names": [],
        "parts": [],
        "packed": False,
        "arrays_to": "",
        "drafts": "",
        "plain_file": is_plain and (enlarges or not is_fitted),
        "files": values["source"] in ("folder", "zip"),
        "escaped": any(csv_cell(cell) != cell for row in table for cell in row),
        "channels": preprocess.channels,
        "fit": preprocess.fit if is_fitted or enlarges else "",
        "enlarges": enlarges,
        "resizes": enlarges or (is_fitted and values["source"] not in ("folder", "zip")),
        "target": size if enlarges else stored,
        "remark": "larger than what the network takes, so that crops have room" if is_cut else "",
        "centre": (top, top + size[0], left, left + size[1]) if is_cut else (),
    }
    return render("data.py.j2", {**common, **values})


def _changed(run: Run, what: str) -> UsageError:
    return UsageError(
        f"{run.path}: no folder to hand in: {what} has changed since the training; "
        "bring it back, or train again"
    )

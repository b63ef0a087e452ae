"""Which picture belongs to which class and split, told from paths or from a CSV."""

import csv
import re
import stat
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath
from posixpath import splitext

from retinue import wording
from retinue.data.files import Entry, Files, Folder, is_ignored, open_files
from retinue.errors import RetinueError, UsageError
from retinue.images import SUFFIXES

SPLIT_NAMES = {
    "train": "train",
    "val": "val",
    "valid": "val",
    "validation": "val",
    "dev": "val",
    "test": "test",
}
_PATH_COLUMNS = ("path", "file", "filename", "file_name", "filepath", "image", "image_path")
_LABEL_COLUMNS = ("label", "class", "class_name", "category", "target")
_SPLIT_COLUMNS = ("split", "subset", "set", "partition")


@dataclass(frozen=True)
class Item:
    """One picture as a source lists it, before anything is read.

    `split` is train, val, test or empty where the source gives none; `group` is empty unless
    grouping was asked for.
    """

    entry: Entry
    class_name: str
    split: str = ""
    group: str = ""


@dataclass(frozen=True)
class Listing:
    """All pictures of a source, the classes that it names, and remarks for the user."""

    files: Files
    items: list[Item]
    classes: tuple[str, ...]
    notes: tuple[str, ...] = ()


def list_source(path: Path, group_by: str | None = None) -> Listing:
    """List a folder of class folders, an archive of one, or a CSV.

    Raises:
        UsageError: there is nothing, or nothing that looks like labelled pictures.
    """
    if path.suffix.lower() in (".csv", ".tsv") and path.is_file():
        return _list_table(path, group_by)
    return _list_tree(open_files(path), group_by)


def class_order(names: set[str]) -> tuple[str, ...]:
    """Class names in label order: by number where all are numbers, else by character."""
    numbers = all(name.isdecimal() and len(name) < 19 for name in names)
    return tuple(sorted(names, key=lambda name: (int(name), name) if numbers else (0, name)))


def _list_tree(files: Files, group_by: str | None) -> Listing:
    """Class folders, or train/val/test folders of class folders; a folder around all is peeled."""
    pictures, others = [], Counter[str]()
    for entry in files.entries():
        suffix = splitext(entry.name)[1].lower()  # of many files, pathlib takes long
        if suffix in SUFFIXES or suffix in ("", "."):
            pictures.append(entry)
        else:
            others[suffix] += 1
    parts, around = _peeled([entry.name.split("/") for entry in pictures])
    has_splits = _names_splits({part[0].lower() for part in parts if len(part) > 2})
    items, stray = [], 0
    for entry, part in zip(pictures, parts, strict=True):
        split = SPLIT_NAMES.get(part[0].lower(), "") if has_splits else ""
        inner = part[1:] if split else part
        if len(inner) < 2 or (has_splits and not split):
            stray += 1
        else:
            items.append(Item(entry, inner[0], split, _path_group(entry.name, group_by)))
    _require(items, files.root)
    named = {item.class_name for item in items}
    empty = sorted(_class_folders(files, around, has_splits) - named)
    return Listing(files, items, class_order(named), tuple(_tree_notes(others, stray, empty)))


def _peeled(parts: list[list[str]]) -> tuple[list[list[str]], list[str]]:
    """Take off folders that hold everything, as archives often have one, down to the classes."""
    around = []
    while parts and min(map(len, parts)) > 2 and len({part[0] for part in parts}) == 1:
        around.append(parts[0][0])
        parts = [part[1:] for part in parts]
    return parts, around


def _names_splits(folders: set[str]) -> bool:
    """Whether folders are splits: train and another one; `train` alone may be a class."""
    return "train" in folders and len(folders & set(SPLIT_NAMES)) > 1


def _class_folders(files: Files, around: list[str], has_splits: bool) -> set[str]:
    """Names of class folders on the disk, those without pictures too."""
    if not isinstance(files, Folder):
        return set()
    above = [files.root.joinpath(*around)]
    if has_splits:
        above = [path for path in above[0].iterdir() if path.name.lower() in SPLIT_NAMES]
    folders = (path for parent in above if parent.is_dir() for path in parent.iterdir())
    return {path.name for path in folders if path.is_dir() and not is_ignored(path.name)}


def _tree_notes(others: Counter[str], stray: int, empty: list[str]) -> Iterator[str]:
    if others:
        kinds = ", ".join(f"{number} {suffix}" for suffix, number in others.most_common(5))
        yield f"left out, not pictures by their names: {kinds}"
    if stray:
        yield f"left out, outside every class folder: {wording.count(stray, 'picture')}"
    for name in empty[:5]:
        yield f"the class folder {name!r} holds no pictures: the class is left out"


def _require(items: list[Item], root: Path) -> None:
    if not items:
        raise UsageError(
            f"{root}: no pictures in class folders found; expected <class>/<picture>, "
            "or train/<class>/<picture> with test/ or val/ beside it"
        )


def _path_group(name: str, group_by: str | None) -> str:
    """The group that a path belongs to: its folder, or what a regular expression finds in it."""
    if group_by is None:
        return ""
    if group_by == "parent":
        return str(PurePosixPath(name).parent)
    try:
        found = re.search(group_by, name)
    except re.error as error:
        raise UsageError(
            f"--group-by {group_by}: neither 'parent', nor a CSV column, nor a regular expression "
            f"({error})"
        ) from None
    return (found.group(1) if found.re.groups else found.group()) if found else ""


def _list_table(path: Path, group_by: str | None) -> Listing:
    """A CSV with a path and a label column, and perhaps one for the split."""
    rows = _read_table(path)
    columns = {name.strip().lower(): name for name in rows[0]} if rows else {}
    path_column = _column(columns, _PATH_COLUMNS, path, "paths")
    label_column = _column(columns, _LABEL_COLUMNS, path, "labels")
    split_column = next((columns[name] for name in _SPLIT_COLUMNS if name in columns), None)
    items = []
    for number, row in enumerate(rows, start=2):
        name, label = ((row[column] or "").strip() for column in (path_column, label_column))
        if not name or not label:
            raise UsageError(f"{path}, line {number}: the path or the label is missing")
        split = _table_split(row, split_column, f"{path}, line {number}")
        by_column = row.get(group_by) if group_by else None
        group = _path_group(name, group_by) if by_column is None else by_column
        items.append(Item(_table_entry(path.parent, name), label, split, group))
    _require(items, path)
    repeated = len(items) - len({item.entry.name for item in items})
    notes = (f"{repeated} rows name a picture that an earlier row names",) if repeated else ()
    return Listing(Folder(path.parent), items, class_order({i.class_name for i in items}), notes)


def _read_table(path: Path) -> list[dict[str, str | None]]:
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            comma = "\t" if path.suffix.lower() == ".tsv" else ","
            reader = csv.DictReader(file, delimiter=comma, restkey="")
            rows = list(reader)
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise RetinueError(f"{path}: cannot be read as a CSV in UTF-8: {error}") from None
    for number, row in enumerate(rows, start=2):
        if "" in row and "" not in (reader.fieldnames or ()):
            raise UsageError(f"{path}, line {number}: has more cells than the first line")
    return rows


def _column(columns: dict[str, str], names: Sequence[str], path: Path, what: str) -> str:
    for name in names:
        if name in columns:
            return columns[name]
    raise UsageError(f"{path}: no column of {what}; name one of its columns {' or '.join(names)}")


def _table_split(row: dict[str, str | None], column: str | None, where: str) -> str:
    text = (row[column] or "").strip().lower() if column else ""
    if text and text not in SPLIT_NAMES:
        raise UsageError(f"{where}: the split {text!r} is none of {', '.join(SPLIT_NAMES)}")
    return SPLIT_NAMES.get(text, "")


def _table_entry(folder: Path, name: str) -> Entry:
    """A row's file; a missing one is found out when it is read, and listed as unreadable."""
    try:
        status = (folder / name).stat()
    except (OSError, ValueError):  # ValueError: a NUL in the name
        return Entry(name, -1, 0)
    if not stat.S_ISREG(status.st_mode):
        return Entry(name, -1, 0)
    return Entry(name, status.st_size, status.st_mtime_ns)


def only_classes(listing: Listing, classes: Sequence[str]) -> Listing:
    """Keep some classes, in the order asked for.

    Raises:
        UsageError: a class is not in the source.
    """
    for name in classes:
        if name not in listing.classes:
            raise UsageError(
                f"--classes: no class {name!r}; there are {', '.join(listing.classes)}"
            )
    wanted = tuple(dict.fromkeys(classes))
    items = [item for item in listing.items if item.class_name in wanted]
    return replace(listing, items=items, classes=wanted)

"""Notebooks of the course into a learner's folder, where nobody's work may be lost."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from retinue.errors import UsageError
from retinue.lessons.catalogue import MASTERS, chosen
from retinue.lessons.notebooks import notebook_of, sources_of, text_of
from retinue.writing import write_text

State = Literal["absent", "same", "older", "worked on"]


@dataclass(frozen=True)
class Copied:
    """What copying did.

    Args:
        written: files that were written.
        kept: files that were there already, as they would have been written.
    """

    written: Sequence[Path] = field(default_factory=tuple)
    kept: Sequence[Path] = field(default_factory=tuple)


def copy(
    folder: Path, names: Sequence[str] = (), force: bool = False, masters: Path = MASTERS
) -> Copied:
    """Write the notebooks of the course into a folder, which is made where it is not there.

    Args:
        folder: where to.
        names: which lessons and labs, as `catalogue.chosen` takes them; by default all.
        force: write also over notebooks that somebody has worked on.
        masters: the folder of the masters.

    Raises:
        MissingExtraError: jupytext or nbformat is not installed.
        UsageError: there is no such lesson, or somebody has worked on a notebook that is there:
            then nothing is written.
    """
    if folder.exists() and not folder.is_dir():
        raise UsageError(f"{folder}: is a file; name a folder for the notebooks")
    texts = {
        folder / one.notebook: text_of(notebook_of(one.path.read_text("utf-8"), one.path.stem))
        for one in chosen(names, masters)
    }
    return write_notebooks(texts, force)


def write_notebooks(texts: dict[Path, str], force: bool) -> Copied:
    """Write notebooks, by path, over those only that nobody has worked on.

    Raises:
        UsageError: there is one that somebody has worked on; nothing is written.
    """
    states = states_for(texts, force)
    kept = [path for path, state in states.items() if state == "same"]
    written = [path for path in texts if path not in kept]
    for path in written:
        write_text(path, texts[path])
    return Copied(written, kept)


def states_for(texts: dict[Path, str], force: bool) -> dict[Path, State]:
    """How each file stands to what is to be written there.

    Raises:
        UsageError: there is one that somebody has worked on, and nothing says that it may go.
    """
    states = {path: state_of(path, text) for path, text in texts.items()}
    touched = [path for path, state in states.items() if state == "worked on"]
    if touched and not force:
        names = ", ".join(path.name for path in touched)
        raise UsageError(
            f"{touched[0].parent}: somebody has worked on {names}; nothing was written: name "
            "another folder, choose others, or lose that work by --force"
        )
    return states


def state_of(path: Path, text: str) -> State:
    """How the file at a path stands to what is to be written there.

    It is "same" where it holds the same cells, with outputs or without; "older" where it holds
    what an earlier version of Retinue wrote, and no outputs; and in all other cases "worked on".

    Raises:
        UsageError: it is a folder.
    """
    if path.is_dir():
        raise UsageError(f"{path}: is a folder, and a notebook is to be written there")
    if not path.exists():
        return "worked on" if path.is_symlink() else "absent"
    try:
        found = json.loads(path.read_bytes())
        sources = sources_of(found["cells"])
        is_as_written = found["metadata"]["retinue"]["sources"] == sources
        is_run = any(one.get("outputs") for one in found["cells"])
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return "worked on"  # whatever it is, it is not ours
    wanted: dict[str, Any] = json.loads(text)
    if sources == wanted["metadata"]["retinue"]["sources"]:
        return "same"
    return "older" if is_as_written and not is_run else "worked on"

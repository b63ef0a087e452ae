"""Checkpoints on the disk: a JSON file and the tensors that it names, the newest two of a run.

Each is written aside and renamed, tensors first, so that a checkpoint whose JSON file is there is
whole. Digests over both files tell one that was damaged afterwards.
"""

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from safetensors.torch import load, save
from torch import Tensor

from retinue.errors import RetinueError
from retinue.writing import appearing, write_json

SCHEMA = 1
KEPT = 2


@dataclass(frozen=True)
class Checkpoint:
    """What a training was at one step: numbers by name, and tensors by name."""

    step: int
    values: dict[str, Any]
    tensors: dict[str, Tensor]


def write_checkpoint(folder: Path, checkpoint: Checkpoint) -> None:
    """Write one, and remove all but the newest two, and any of a later step.

    Those are left by a training that went back to an earlier one because they were damaged.
    """
    stem = f"step-{checkpoint.step:09d}"
    data = save(checkpoint.tensors)
    with appearing(folder / f"{stem}.safetensors") as aside:
        aside.write_bytes(data)
    values = {
        "schema": SCHEMA,
        "step": checkpoint.step,
        **checkpoint.values,
        "tensors": hashlib.sha256(data).hexdigest(),
    }
    write_json(folder / f"{stem}.json", {**values, "digest": _digest(values)})
    earlier = [path.stem for path in _newest_first(folder) if path.stem <= stem]
    for path in sorted(folder.glob("step-*")):  # of a pair the JSON file goes first
        if path.stem not in earlier[:KEPT]:
            path.unlink(missing_ok=True)


def read_newest(folder: Path) -> tuple[Checkpoint, list[str]]:
    """The newest checkpoint that is whole, and what is wrong with newer ones, in words.

    Raises:
        RetinueError: there is none, or none is whole.
    """
    wrong: list[str] = []
    for path in _newest_first(folder):
        try:
            return _read(path), wrong
        except (OSError, ValueError, KeyError, TypeError) as error:
            wrong.append(f"{path.name} is damaged ({_reason(error)})")
    raise RetinueError(f"{folder}: {'; '.join(wrong) or 'holds no checkpoint'}")


def remove_checkpoints(folder: Path) -> None:
    """Remove them all, JSON files first."""
    for path in [*_newest_first(folder), *folder.glob("step-*.safetensors")]:
        path.unlink(missing_ok=True)
    if folder.is_dir() and not any(folder.iterdir()):
        folder.rmdir()


def _read(path: Path) -> Checkpoint:
    values = json.loads(path.read_text(encoding="utf-8"))
    if values.pop("digest") != _digest(values):
        raise ValueError("its digest differs")
    if values["schema"] > SCHEMA:
        raise ValueError("written by a newer Retinue")
    data = path.with_suffix(".safetensors").read_bytes()
    if hashlib.sha256(data).hexdigest() != values.pop("tensors"):
        raise ValueError("the digest of its tensors differs")
    return Checkpoint(values["step"], values, load(data))


def _digest(values: dict[str, Any]) -> str:
    return hashlib.sha256(json.dumps(values, sort_keys=True).encode()).hexdigest()


def _newest_first(folder: Path) -> list[Path]:
    return sorted(folder.glob("step-*.json"), reverse=True)


def _reason(error: Exception) -> str:
    return str(error).splitlines()[0][:100] if str(error) else type(error).__name__

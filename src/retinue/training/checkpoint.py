"""Checkpoints on the disk: a JSON file and the tensors that it names, the newest two of a run.

Each is written aside and renamed, tensors first, so that a checkpoint whose JSON file is there is
whole. Tensors have their digest in their name: a step that is saved again, with other best weights,
leaves the first pair whole until the second is. Digests tell what was damaged afterwards.
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
    stem, data = _stem(checkpoint.step), save(checkpoint.tensors)
    digest = hashlib.sha256(data).hexdigest()
    path = folder / f"{stem}.json"
    tensors = _tensors_of(path, digest)
    with appearing(tensors) as aside:
        aside.write_bytes(data)
    values = {"schema": SCHEMA, "step": checkpoint.step, **checkpoint.values, "tensors": digest}
    write_json(path, {**values, "digest": _digest(values)})
    kept = [one.stem for one in _newest_first(folder) if one.stem <= stem][:KEPT]
    for one in _all_of(folder):
        own = _stem_of(one)
        if own not in kept or (own == stem and one not in (path, tensors)):
            one.unlink(missing_ok=True)


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


def remove_checkpoints(folder: Path, after: int | None = None) -> None:
    """Remove them all, or those of later steps than `after`."""
    for path in _all_of(folder):
        if after is None or _stem_of(path) > _stem(after):
            path.unlink(missing_ok=True)
    if folder.is_dir() and not any(folder.iterdir()):
        folder.rmdir()


def _read(path: Path) -> Checkpoint:
    values = json.loads(path.read_text(encoding="utf-8"))
    if values.pop("digest") != _digest(values):
        raise ValueError("its digest differs")
    if values["schema"] > SCHEMA:
        raise ValueError("written by a newer Retinue")
    digest = values.pop("tensors")
    data = _tensors_of(path, digest).read_bytes()
    if hashlib.sha256(data).hexdigest() != digest:
        raise ValueError("the digest of its tensors differs")
    return Checkpoint(values["step"], values, load(data))


def _tensors_of(path: Path, digest: str) -> Path:
    return path.with_name(f"{path.stem}.{digest[:8]}.safetensors")


def _stem(step: int) -> str:
    return f"step-{step:09d}"


def _stem_of(path: Path) -> str:
    """The part of a file's name that its pair shares."""
    return path.name.partition(".")[0]


def _all_of(folder: Path) -> list[Path]:
    """All files, JSON first: one that names tensors is never left without them."""
    return sorted(folder.glob("step-*"), key=lambda path: (path.suffix != ".json", path.name))


def _digest(values: dict[str, Any]) -> str:
    return hashlib.sha256(json.dumps(values, sort_keys=True).encode()).hexdigest()


def _newest_first(folder: Path) -> list[Path]:
    return sorted(folder.glob("step-*.json"), reverse=True)


def _reason(error: Exception) -> str:
    return str(error).splitlines()[0][:100] if str(error) else type(error).__name__

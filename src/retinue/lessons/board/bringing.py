"""The files of a run that a board reads, copied aside; the run itself is left as it is."""

import shutil
import stat
from pathlib import Path

from retinue.data.archives import ZipFiles
from retinue.data.refusals import GIB, MIB, in_words
from retinue.errors import RetinueError
from retinue.lessons.board.handed import LIMITS, Handed

# What is read of a run, and how large it may be.
WANTED = {
    "recipe.yaml": MIB,
    "status.json": MIB,
    "model.json": 16 * MIB,
    "model.safetensors": GIB,
    "model.onnx": GIB,
    "calibration.json": MIB,
    "splits.csv": 256 * MIB,
    "evaluation/test/metrics.json": 64 * MIB,
}


def bring(handed: Handed, folder: Path) -> None:
    """Copy what a board reads of a run into a new folder.

    Raises:
        RetinueError: a file is a link, no plain file, or too large; or the zip is damaged.
        OSError: a file cannot be read.
    """
    folder.mkdir(parents=True)
    if handed.place.is_dir():
        _from_folder(handed.place, folder)
    else:
        _from_zip(handed, folder)


def _from_folder(place: Path, folder: Path) -> None:
    real = place.resolve()
    for name, most in WANTED.items():
        path = real / name
        try:
            status = path.lstat()
        except OSError:
            continue  # who needs it will say that it is missing
        if path.resolve() != path:
            raise RetinueError(f"{name} is a link, which may lead anywhere")
        if not stat.S_ISREG(status.st_mode):
            raise RetinueError(f"{name} is no plain file")
        _require_modest(name, status.st_size, most)
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, folder / name)


def _from_zip(handed: Handed, folder: Path) -> None:
    files = ZipFiles(handed.place, LIMITS)
    prefix = f"{handed.inside}/" if handed.inside else ""
    wanted = {f"{prefix}{name}": name for name in WANTED}
    entries = [entry for entry in files.entries() if entry.name in wanted]
    for entry in entries:
        name = wanted[entry.name]
        _require_modest(name, entry.size, WANTED[name])
    for written, content in files.read([entry.name for entry in entries]):
        path = folder / wanted[written]
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)


def _require_modest(name: str, size: int, most: int) -> None:
    if size > most:
        raise RetinueError(f"{name} is larger than {in_words(most)}")

"""The folder that grades are written to, and whether those in it are the same ones."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from retinue.errors import UsageError
from retinue.lessons.question import Lab
from retinue.locks import HeldError, held
from retinue.runs import numbered, slug
from retinue.writing import write_json

SCHEMA = 1
GRADES = Path("grades")
FILE = "grading.json"  # says of which lab and source a folder's grades are


@contextmanager
def placed(source: Path, lab: Lab, output: Path | None) -> Iterator[Path]:
    """The folder for the grades of a source, which nobody else writes to meanwhile.

    It is `output`; else that under grades/ in which this source was graded before; else a new one.

    Raises:
        UsageError: it holds other things or another lab's grades, or somebody grades there now.
        OSError: it cannot be made.
    """
    told = {"schema": SCHEMA, "lab": lab.name, "source": str(source.resolve())}
    path = _asked(output, lab) if output is not None else _before(told) or _new(lab)
    try:
        with held(path):
            write_json(path / FILE, told)
            yield path
    except HeldError:
        raise UsageError(f"{path}: somebody is grading there now; wait, or name --output") from None


def _asked(output: Path, lab: Lab) -> Path:
    if output.exists() and not output.is_dir():
        raise UsageError(f"--output {output}: is a file; name a folder")
    output.mkdir(parents=True, exist_ok=True)
    if not any(output.iterdir()):
        return output
    known = _told(output)
    if known is None:
        raise UsageError(f"--output {output}: is not empty and holds no grades; name a new folder")
    if known.get("lab") != lab.name:
        raise UsageError(
            f"--output {output}: holds grades of {known.get('lab')}, not of {lab.name}; "
            "name another folder"
        )
    return output


def _before(told: dict[str, Any]) -> Path | None:
    """The newest folder in which the same was graded."""
    found = [one.parent for one in GRADES.glob(f"*/{FILE}") if _told(one.parent) == told]
    return max(found, key=lambda one: (one / FILE).stat().st_mtime, default=None)


def _new(lab: Lab) -> Path:
    return numbered(GRADES, slug(lab.name))


def _told(folder: Path) -> dict[str, Any] | None:
    try:
        found = json.loads((folder / FILE).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return found if isinstance(found, dict) else None

"""The runs behind a comparison, as far as they are still there."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from retinue.errors import RetinueError
from retinue.experiments.comparison import Comparison
from retinue.runs import Run


@dataclass(frozen=True)
class Behind:
    """The runs of an entrant that were found, in order, and the paths of those that were not."""

    runs: tuple[Run, ...]
    missing: tuple[str, ...]


def runs_behind(comparison: Comparison, entrant: Mapping[str, Any]) -> Behind:
    """Open the runs of one of the comparison's entrants.

    A relative path is looked for beside the folder of comparisons first, where it was when both
    were written, then from the current folder. What lies there now is used only if it was judged on
    the same pictures with the same accuracy.
    """
    found, missing = [], []
    digest = comparison.values["data"]["test_digest"]
    for path, accuracy in zip(entrant["runs"], entrant["by_run"], strict=True):
        run = next(
            (
                run
                for place in _places(comparison, path)
                if (run := _opened(place, digest, accuracy)) is not None
            ),
            None,
        )
        if run is None:
            missing.append(path)
        else:
            found.append(run)
    return Behind(tuple(found), tuple(missing))


def _places(comparison: Comparison, path: str) -> list[Path]:
    folder = comparison.path.resolve()
    if Path(path).is_absolute():
        # A folder of runs and comparisons that was moved as a whole is still found.
        return [Path(path), folder.parent.parent / "runs" / Path(path).name]
    return [folder.parent.parent / path, folder.parent / path, Path(path)]


def _opened(place: Path, digest: str, accuracy: float) -> Run | None:
    try:
        run = Run.load(place)
        found = run.metrics("test")
        same = run.data["digests"]["test"] == digest
    except (RetinueError, KeyError, OSError):
        return None
    return run if same and abs(found["accuracy"]["value"] - accuracy) < 1e-9 else None

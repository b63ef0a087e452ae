"""One run judged on the hidden pictures, in a process that may die of it.

Only its files are read: weights and JSON, or a graph of ONNX's own operators.
"""

import csv
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from retinue.data.imagedata import Split
from retinue.data.refusals import GIB, in_words
from retinue.errors import RetinueError, UsageError
from retinue.experiments.answers import naming_damage
from retinue.images import Preprocess
from retinue.lessons.board.hidden import judged_split, load_hidden
from retinue.models.catalogue import MODELS
from retinue.models.weights import ModelCard, read_card
from retinue.prediction.classifier import Classifier
from retinue.runs import Run

MOST_PIXELS = 4 * GIB  # bytes of all hidden pictures as one run wants them
WARM = 16  # pictures predicted before the time is taken
NAMED = 3  # classes named of those that differ
_bounded = False


def judge_run(spec: Mapping[str, Any]) -> dict[str, Any]:
    """Judge a run; its probabilities (N, K) go into a file, in the order of the board's classes.

    Args:
        spec: `folder` of the run's files, `output` for the probabilities, `source`, `data_root`,
            `classes` and `digests` of the hidden pictures, `pixel_digests` of them or an empty
            list, and `memory`, the bytes that the process may take.

    Returns:
        what `Judged` has, as JSON.

    Raises:
        RetinueError: why it cannot be judged.
    """
    _bound_memory(spec["memory"])
    run = Run.load(Path(spec["folder"]))
    with naming_damage(run):
        return _judged(run, spec)


def _judged(run: Run, spec: Mapping[str, Any]) -> dict[str, Any]:
    card = read_card(run.path)
    if not card.of_catalogue and not card.graph:
        why = f" ({card.no_graph})" if card.no_graph else ""
        raise UsageError(
            f"its network {card.name!r} would need its author's code, which a board does not run; "
            f"it has no model.onnx{why}"
        )
    _require_plain_settings(card)
    columns = _columns(card.classes, spec["classes"])
    _require_modest(card.preprocess, len(spec["digests"]))
    classifier = Classifier.load(run)
    split = _hidden(spec["source"], spec["data_root"], card.preprocess)
    if list(split.digests) != spec["digests"]:
        raise RetinueError("the hidden pictures changed while they were judged; do it again")
    classifier.logits(split.take(slice(WARM)))
    started = time.perf_counter()
    probabilities = classifier.calibrated(classifier.logits(split))
    seconds = time.perf_counter() - started
    if not np.isfinite(probabilities).all():
        raise RetinueError("its answers are not numbers: weights or temperature are damaged")
    np.save(spec["output"], probabilities[:, columns], allow_pickle=False)
    return {
        "model": card.name if card.of_catalogue else f"{card.name} (one's own)",
        "parameters": int(card.parameters),
        "weights": card.weights or card.graph,
        "seconds": seconds,
        "state": str(run.state),
        **_own(run),
        **_met(run, spec["digests"], spec["pixel_digests"]),
    }


def _require_plain_settings(card: ModelCard) -> None:
    """Refuse settings of others' backbones that could name a file, which these would then load.

    Those of Retinue's own networks are checked one by one when they are built.
    """
    if card.graph or card.name in MODELS:
        return
    for key, value in card.arguments.items():
        if not isinstance(value, bool | int | float | None):
            raise RetinueError(f"model.json: a board gives {card.name} no setting {key}={value!r}")


def _columns(theirs: Sequence[str], ours: Sequence[str]) -> list[int]:
    """Where in a run's answers each class of the hidden pictures stands."""
    if set(theirs) != set(ours) or len(theirs) != len(ours):
        parts = [
            f"{who} {', '.join(some[:NAMED])}{', ...' if len(some) > NAMED else ''}"
            for who, some in (
                ("it alone knows", sorted(set(theirs) - set(ours))),
                ("it does not know", sorted(set(ours) - set(theirs))),
            )
            if some
        ]
        raise RetinueError(f"its classes are not those of the hidden pictures: {'; '.join(parts)}")
    return [list(theirs).index(name) for name in ours]


def _require_modest(preprocess: Preprocess, n: int) -> None:
    """Refuse pictures so large that they would fill the disk, or that are none."""
    sides = [*preprocess.stored, *preprocess.size]
    if preprocess.channels not in (1, 3) or any(type(one) is not int or one < 1 for one in sides):
        raise RetinueError("model.json: is damaged: it tells no size of pictures")
    height, width, channels = preprocess.shape
    if max(n * height * width * channels, n * max(sides)) > MOST_PIXELS or max(sides) > 2**14:
        raise RetinueError(
            f"it wants pictures of {height} x {width} pixels: all of them together are over "
            f"{in_words(MOST_PIXELS)}"
        )


@lru_cache(maxsize=3)
def _hidden(source: str, data_root: str | None, preprocess: Preprocess) -> Split:
    """The hidden pictures, decoded once for all runs that want them alike."""
    return judged_split(load_hidden(source, data_root, preprocess))


def _own(run: Run) -> dict[str, Any]:
    """What the run says of its own test; None where it says nothing that can be understood."""
    try:
        found = run.metrics("test")
        value, n = float(found["accuracy"]["value"]), int(found["accuracy"]["n"])
        looks = run.status.get("test_looks")
        looks = looks if type(looks) is int and looks >= 0 else None
        digest = str(found.get("test_digest", ""))
    except (RetinueError, KeyError, TypeError, ValueError, AttributeError):
        return {"own": None}
    if not 0 <= value <= 1 or n < 1:
        return {"own": None}
    return {"own": {"value": value, "n": n, "looks": looks, "digest": digest}}


def _met(run: Run, digests: Sequence[str], pixels: Sequence[str]) -> dict[str, Any]:
    """Which hidden pictures stand in the run's own splits, by splits.csv."""
    met: dict[str, set[str]] = {"train": set(), "val": set(), "test": set()}
    try:
        for row in run.splits:
            met[row[3]].add(row[4])
    except (RetinueError, OSError, ValueError, LookupError, csv.Error):
        return {"learnt": [], "tested": 0, "knows_splits": False}
    learnt = met["train"] | met["val"]
    both = list(zip(digests, pixels or digests, strict=True))
    return {
        "learnt": [n for n, pair in enumerate(both) if not learnt.isdisjoint(pair)],
        "tested": sum(not met["test"].isdisjoint(pair) for pair in both),
        "knows_splits": any(met.values()),
    }


def _bound_memory(most: int) -> None:
    """Let this process take so many bytes more than it has now, where the system can."""
    global _bounded  # noqa: PLW0603  once in the life of the process
    if _bounded or not most:
        return
    _bounded = True
    with suppress(ImportError, OSError, ValueError):
        import resource

        pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0])
        limit = pages * resource.getpagesize() + most
        resource.setrlimit(resource.RLIMIT_AS, (limit, limit))

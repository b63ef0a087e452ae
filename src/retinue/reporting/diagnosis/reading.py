"""From a run folder to the facts that the rules look at."""

import math
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

from safetensors import SafetensorError, safe_open

from retinue.experiments.curves import FALLING, LAST, Curve, curve_of
from retinue.reporting.diagnosis.facts import Facts, Line, Shared
from retinue.reporting.facts.reading import is_recorded
from retinue.runs import Run
from retinue.training.course import subset_size

JUDGED = ("val", "test")


def read_facts(run: Run) -> Facts:
    """Everything that a run's files say; files that are not there yet count as empty.

    What cannot be understood in them raises whatever it raises.
    """
    status, data = run.status, run.data
    raw = {"history.jsonl": run.history, "steps.jsonl": run.steps}
    history, steps = (tuple(_finite(line) for line in lines) for lines in raw.values())
    kept, last = _curves(run, history)
    transfer = (run.path / "transfer.json").is_file()
    return Facts(
        path=run.path,
        state=run.state,
        reason=str(status.get("reason", "")),
        recipe=run.recipe,
        status=status,
        classes=tuple(run.classes),
        counts=data["counts"],
        history=history,
        steps=steps,
        broken=_first_broken(raw.items()),
        measures={name: run.metrics(name) for name in run.evaluations if name in JUDGED},
        kept=kept,
        last=last,
        batch_norm=_has_batch_norm(run.path / "model.safetensors"),
        shared=_shared(run),
        transfer=run.read_json("transfer.json") if transfer else None,
    )


def _finite(line: dict[str, Any]) -> dict[str, Any]:
    return {key: None if _is_broken(value) else value for key, value in line.items()}


def _is_broken(value: Any) -> bool:
    return isinstance(value, float) and not math.isfinite(value)


def _first_broken(files: Iterable[tuple[str, list[dict[str, Any]]]]) -> str:
    """Which number of which line is the first that is none."""
    for name, lines in files:
        for line in lines:
            for key, value in line.items():
                if _is_broken(value):
                    at = "".join(f", {one} {line[one]}" for one in ("epoch", "step") if one in line)
                    return f"{key} in {name}{at}"
    return ""


def _curves(run: Run, history: tuple[Line, ...]) -> tuple[Curve | None, Curve | None]:
    """How well the kept weights fit, and those of the last epoch."""
    recorded = is_recorded(run)
    kept = _of_own_loop(run, history) if recorded else curve_of([run])
    if kept is None or recorded:
        return kept, kept
    both = ("subset_accuracy", "val_accuracy")
    whole = [one for one in history if all(one.get(key) is not None for key in both)]
    return kept, replace(kept, train=whole[-1]["subset_accuracy"], val=whole[-1]["val_accuracy"])


def _of_own_loop(run: Run, history: tuple[Line, ...]) -> Curve | None:
    """The curve of a loop that is not Retinue's, of which the last weights are kept.

    Where it did not look at training pictures as they are, the running accuracy stands for it.
    """
    pairs = [
        (train, one["val_accuracy"])
        for one in history
        if (train := one.get("subset_accuracy") or one.get("train_accuracy")) is not None
        and one.get("val_accuracy") is not None
    ]
    if not pairs:
        return None
    train, val = (sum(run.data["counts"][split].values()) for split in ("train", "val"))
    last = round(LAST * len(pairs))
    falling = "schedule" in run.status["recorded"] and run.recipe.schedule in FALLING
    return Curve(
        train=pairs[-1][0],
        val=pairs[-1][1],
        n_train=subset_size(train, val),
        n_val=val,
        epochs=len(pairs),
        before=pairs[-1 - last][1],
        after=pairs[-1][1],
        last=last,
        falling=falling,
    )


def _has_batch_norm(path: Path) -> bool:
    """Whether the network keeps running statistics of its batches."""
    try:
        with safe_open(path, framework="numpy") as file:
            return any(name.endswith(".running_mean") for name in file.keys())  # noqa: SIM118
    except (OSError, SafetensorError):
        return False


def _shared(run: Run) -> tuple[Shared, ...]:
    """Which pictures of each other split are byte for byte in train too."""
    rows = run.splits
    seen = {row[4] for row in rows if row[3] == "train"}
    found = []
    for split in JUDGED:
        ours = [row for row in rows if row[3] == split]
        leaked = {row[0] for row in ours if row[4] in seen}
        if leaked:
            found.append(Shared(split, len(leaked), len(ours), _without(run, split, leaked)))
    return tuple(found)


def _without(run: Run, split: str, leaked: set[str]) -> float | None:
    """The accuracy on those pictures of a split that are not among the leaked ones."""
    if split not in run.evaluations:
        return None
    said = run.predictions(split)
    right = [
        true == predicted
        for name, true, predicted in zip(said.ids, said.true, said.predicted, strict=True)
        if name not in leaked
    ]
    return sum(right) / len(right) if right else None

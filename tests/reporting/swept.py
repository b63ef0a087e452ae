"""Folders of sweeps as `retinue sweep` leaves them, from trainings that are simulated."""

import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import retinue
from retinue import plotting
from retinue.experiments.sweeps.axis import Axis, Range
from retinue.experiments.sweeps.figures import draw
from retinue.experiments.sweeps.journal import SCHEMA, Entry, Journal
from retinue.experiments.sweeps.plan import Plan
from retinue.experiments.sweeps.result import FAILED, Value
from retinue.experiments.sweeps.sentences import tell
from retinue.experiments.sweeps.sweep import Sweep
from retinue.recipe import make_recipe, write_recipe
from retinue.writing import write_json
from tests.experiments.sweeps.drawn_cases import Case, case_of, grid

AXES = (Axis("lr", (0.001, 0.01, 0.1)), Axis("model.depth", (2, 3)))
CLASSES = ("cat", "dog", "ship")


def written(
    path: Path,
    axes: Sequence[Axis] = AXES,
    *,
    seeds: int = 3,
    odd: bool = False,
    classes: Sequence[str] = CLASSES,
    settings: Sequence[dict[str, Value]] | None = None,
    figures: bool = False,
    **asked: Any,
) -> Sweep:
    """The folder of a sweep over a grid, or over these settings."""
    case = case_of(axes, grid(axes) if settings is None else settings, seeds, odd)
    base = {"model": {"name": "cnn", "width": 8}, "epochs": 2}
    plan = Plan("photos", base, tuple(axes), seeds=seeds, **asked)
    journal = Journal(path, plan, _entries(plan, case))
    failed = [one for one in case.results if one.state == FAILED]
    journal.failed = {f"{one.setting:04d}-seed{one.seed}": one.reason for one in failed}
    path.mkdir(parents=True)
    journal.write()
    write_json(path / "effects.json", _effects(case, plan, classes))
    if case.findings.best is not None:
        write_recipe(path / "best.yaml", make_recipe(base, {"data": plan.data}))
    if figures:
        for name, figure in draw(plan.axes, case.results, case.findings):
            plotting.save(figure, path / "figures" / f"{name}.png")
    return Sweep.load(path)


def drawn(count: int) -> tuple[tuple[Axis, ...], list[dict[str, Value]]]:
    """A learning rate and a width at random, without chance."""
    axes = (
        Axis("lr", range=Range(1e-4, 1.0, log=True)),
        Axis("model.width", range=Range(8.0, 64.0, whole=True)),
    )
    settings: list[dict[str, Value]] = [
        {"lr": 10 ** (-4 + 4 * ((37 * n) % 101) / 101), "model.width": 8 + (29 * n) % 57}
        for n in range(count)
    ]
    return axes, settings


def _entries(plan: Plan, case: Case) -> list[Entry]:
    found = {one.setting: one for one in case.results}
    return [
        Entry(number, dict(one.values), {}, one.reason if one.state == "impossible" else "")
        for number, one in sorted(found.items())
    ]


def _effects(case: Case, plan: Plan, classes: Sequence[str]) -> dict[str, object]:
    counts = {
        split: dict.fromkeys(classes, each)
        for split, each in (("train", 80), ("val", 10), ("test", 20))
    }
    values = {
        "schema": SCHEMA,
        "retinue": retinue.__version__,
        "data": {
            "name": plan.data,
            "source": plan.data,
            "classes": list(classes),
            "counts": counts,
            "digests": dict.fromkeys(counts, "0123456789abcdef0123"),
        },
        "machine": {"processor": "one", "cores": 2, "threads": 1, "device_name": "cpu"},
        "findings": asdict(case.findings),
        "discussion": [asdict(section) for section in tell(case.findings, plan.axes)],
    }
    read: dict[str, object] = json.loads(json.dumps(values))
    return read

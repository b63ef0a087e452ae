"""What the ready-made experiments gave on one machine: small files that come with the package."""

import json
from collections.abc import Sequence
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any

from retinue.errors import UsageError
from retinue.experiments.sweeps.asking import ready
from retinue.experiments.sweeps.journal import SCHEMA
from retinue.experiments.sweeps.result import Result
from retinue.experiments.sweeps.sweep import Sweep
from retinue.writing import write_text

KEPT = ("setting", "seed", "state", "test", "val", "train", "epochs", "seconds", "val_curve")
KERNEL_STRIDE_PADDING = "kernel-stride-padding"


def measured(name: str) -> dict[str, Any]:
    """What an experiment gave: date, machine, axes, findings, discussion, and every training.

    `findings` is as `retinue.experiments.sweeps.findings.Findings` says, `trainings` are lines of
    the table with the accuracies on val by epoch.

    Raises:
        UsageError: no results of that name are shipped.
    """
    file = _folder() / f"{name}.json"
    if not file.is_file():
        known = sorted(path.name.removesuffix(".json") for path in _folder().iterdir())
        raise UsageError(f"{name}: no results of that name are shipped; there are {known}")
    found: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    return found


def is_measured(name: str) -> bool:
    """Whether results of that name are shipped."""
    return bool((_folder() / f"{name}.json").is_file())


def kernel_rows() -> list[dict[str, Any]]:
    """What `ConvolutionExplorer` shows of measured networks: a row for each kernel-stride-padding.

    Empty where the results are not shipped.
    """
    if not is_measured(KERNEL_STRIDE_PADDING):
        return []
    return [
        {
            "kernel": one["values"]["model.kernel_size"],
            "stride": one["values"]["model.stride"],
            "padding": one["values"]["model.padding"],
            "accuracy": one["test"],
            "low": one["test_low"],
            "high": one["test_high"],
            "seconds": one["seconds"],
        }
        for one in measured(KERNEL_STRIDE_PADDING)["findings"]["settings"]
        if one["test"] is not None
    ]


def kernel_source() -> str:
    """Of what networks, pictures and trainings these rows are; empty where there are none."""
    if not is_measured(KERNEL_STRIDE_PADDING):
        return ""
    found = measured(KERNEL_STRIDE_PADDING)
    base, pictures = found["base"], sum(found["data"]["counts"]["train"].values())
    return (
        f"Networks of {base['model']['depth']} such convolutions, {base['epochs']} epochs on "
        f"{pictures:,} pictures of {found['data']['name']}; means of {found['seeds']} seeds with "
        f"their intervals, measured on {found['date']}."
    )


def ship(sweep: Sweep, date: str, seconds: float, path: Path) -> None:
    """Write the results of a sweep of an experiment as a file to be shipped.

    Args:
        sweep: a whole one.
        date: when it was done, as 2026-11-29.
        seconds: how long it took in all.
        path: the file.
    """
    plan = sweep.journal.plan
    values = {
        "schema": SCHEMA,
        "experiment": plan.experiment,
        "title": plan.title,
        "question": plan.question,
        "command": f"retinue sweep --experiment {plan.experiment}",
        "date": date,
        "total_seconds": round(seconds, 1),
        **{key: value for key, value in sweep.values.items() if key != "schema"},
        "base": plan.base,
        "seeds": plan.seeds,
        "axes": plan.as_json()["axes"],
        "trainings": _lines(sweep.results),
    }
    values["data"] = {key: one for key, one in values["data"].items() if key != "digests"}
    write_text(path, json.dumps(_rounded(values), ensure_ascii=False, allow_nan=False) + "\n")


def _lines(results: Sequence[Result]) -> list[dict[str, Any]]:
    return [{key: getattr(one, key) for key in KEPT} for one in results]


def _rounded(value: Any) -> Any:
    """Five digits are more than any of it is sure of."""
    if isinstance(value, float):
        return float(f"{value:.5g}")
    if isinstance(value, dict):
        return {key: _rounded(one) for key, one in value.items()}
    return [_rounded(one) for one in value] if isinstance(value, list | tuple) else value


def _folder() -> Traversable:
    return ready() / "results"

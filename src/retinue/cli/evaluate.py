"""`retinue evaluate`."""

from typing import Annotated, Any

import typer

from retinue.cli.console import loading, make_console, print_json, print_table
from retinue.cli.options import CacheMemory, DataRoot, Device, Json, OwnModel, RunPath
from retinue.wording import count, measured_share


def evaluate(
    run: RunPath,
    data: Annotated[
        str | None,
        typer.Argument(help="Other data to judge on; default the test split of the run's own."),
    ] = None,
    model: OwnModel = None,
    data_root: DataRoot = None,
    cache_memory: CacheMemory = "1GiB",
    device: Device = "cpu",
    as_json: Json = False,
) -> None:
    """Judge a run on its test split, or on other data with classes of the same names."""
    from retinue.cli.telling import tell_most_confused
    from retinue.evaluation.evaluate import evaluate as evaluate_run
    from retinue.models.own import own_module
    from retinue.runs import Run

    console = make_console(as_json)
    opened = Run.load(run)
    with loading(console) as progress:
        found = evaluate_run(
            opened,
            data,
            model=own_module(model, opened.path),
            data_root=data_root,
            cache_memory=cache_memory,
            device=device,
            progress=progress,
        )
    folder = opened.path / "evaluation" / found.name
    if as_json:
        print_json({"name": found.name, "notes": list(found.notes), **found.metrics})
        return
    for note in found.notes:
        console.print(f"note: {note}", markup=False)
    print_table(
        console, ["class", "pictures", "precision", "recall", "F1", "ROC AUC"], _rows(found.metrics)
    )
    console.print(
        f"accuracy on {found.name}: {measured_share(found.metrics['accuracy'])}", markup=False
    )
    for key in ("log_loss", "ece"):
        low, high = _number(found.metrics[key], "low"), _number(found.metrics[key], "high")
        console.print(
            f"{key}: {_number(found.metrics[key])}" + (f" ({low} to {high})" if low else "")
        )
    tell_most_confused(console, found.metrics)
    if found.name == "test":
        looks = count(opened.status["test_looks"], "time")
        console.print(f"the test split was looked at {looks}")
    console.print(f"written: {folder}", markup=False)


def _rows(metrics: dict[str, Any]) -> list[list[Any]]:
    """A row a class, then their mean."""
    rows = [
        [
            one["class"],
            one["n"],
            *(_number(one[score]) for score in ("precision", "recall", "f1", "roc_auc")),
        ]
        for one in metrics["per_class"]
    ]
    macro = [_number(metrics["macro"][score]) for score in ("precision", "recall", "f1")]
    return [*rows, ["mean of classes", metrics["n"], *macro, _number(metrics["roc_auc_macro"])]]


def _number(measured: dict[str, Any], part: str = "value") -> str:
    return "" if measured[part] is None else f"{measured[part]:.3f}"

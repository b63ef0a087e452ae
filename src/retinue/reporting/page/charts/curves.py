"""The learning curves of a run: loss and accuracy over epochs, and the learning rate."""

from collections.abc import Mapping, Sequence
from typing import Any

from retinue.reporting.page.charts.chart import Chart, number_tick, percent_tick
from retinue.reporting.page.charts.lines import Axis, Line, line_chart

KINDS = {
    # What history.jsonl has, by what it is called in a chart; the last is the one that counts.
    "loss": {"training": "train_loss", "train": "subset_loss", "val": "val_loss"},
    "accuracy": {
        "training": "train_accuracy",
        "train": "subset_accuracy",
        "val": "val_accuracy",
    },
}


def curve_charts(
    id_: str, history: Sequence[Mapping[str, Any]], best_epoch: float | None
) -> list[Chart]:
    """Charts of what a history has; none where it has too little for a line."""
    if not history:
        return []
    xs = [float(line.get("epoch", place)) for place, line in enumerate(history, 1)]
    mark = None if best_epoch is None else (float(best_epoch), "kept")
    epoch = Axis("epoch", lambda value: f"{value:g}")
    loss = line_chart(
        f"{id_}-loss", "Loss", xs, _lines(history, "loss"), epoch, Axis("loss", _three, 0.0), mark
    )
    accuracy = line_chart(
        f"{id_}-accuracy",
        "Accuracy",
        xs,
        _lines(history, "accuracy"),
        epoch,
        Axis("accuracy", percent_tick, None, 1.0),
        mark,
    )
    return [chart for chart in (loss, accuracy) if chart is not None]


def rate_chart(id_: str, steps: Sequence[Mapping[str, Any]]) -> Chart | None:
    """The learning rate over the steps; None where it is not known or always the same."""
    rates = [(float(line["step"]), line.get("lr")) for line in steps if "step" in line]
    if len({rate for _, rate in rates}) < 2:
        return None
    xs, values = zip(*rates, strict=True)
    return line_chart(
        f"{id_}-rate",
        "Learning rate",
        xs,
        [Line("rate", values)],
        Axis("step", lambda value: f"{value:,.0f}"),
        Axis("learning rate", number_tick, 0.0),
    )


def _lines(history: Sequence[Mapping[str, Any]], kind: str) -> list[Line]:
    lines = []
    for name, key in KINDS[kind].items():
        values = [line.get(key) for line in history]
        style = {"val": "main", "train": "side"}.get(name, "faint")
        lines.append(Line(name, values, style))
    return lines


def _three(value: float) -> str:
    return f"{value:.3g}"

"""Every figure on the slides is one of the folder's files; a changed file is noticed."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pptx.slide import Slide

from retinue.runs import Run

Slides = Callable[[Path], list[Slide]]
Unfounded = Callable[[list[Slide], list[Any]], list[str]]
Change = Callable[[Path, Callable[[Any], None]], None]
CLASSES = 10


def parts(slides: list[Slide], kind: str, what: str) -> list[Any]:
    """The charts or tables of the slide of a part of the talk."""
    for slide in slides:
        shapes: list[Any] = list(slide.shapes)
        if kind in [one.text_frame.text for one in shapes if one.has_text_frame]:
            return [getattr(one, what) for one in shapes if getattr(one, f"has_{what}")]
    raise AssertionError(f"no slide of {kind}")


def rows_of(table: Any) -> list[list[str]]:
    return [[cell.text.replace("\xa0", " ") for cell in row.cells] for row in table.rows]


def points_of(series: Any) -> list[tuple[float, float]]:
    element = series._element
    values = [element.find(f"{{*}}{axis}").findall(".//{*}v") for axis in ("xVal", "yVal")]
    return [(float(x.text), float(y.text)) for x, y in zip(*values, strict=True)]


def shares(confusion: list[list[int]]) -> list[float]:
    """Cells of a confusion matrix as shares of their rows, and how many mistakes there are."""
    counts = np.array(confusion)
    mistakes = int(counts.sum() - np.trace(counts))
    return [*(counts / counts.sum(axis=1, keepdims=True)).ravel().tolist(), mistakes,
            *counts.sum(axis=1).tolist()]  # fmt: skip


def known_of(folder: Path) -> list[Any]:
    """All numbers that a run's files hold, with sums and shares of them, worked out here."""
    run = Run.load(folder)
    data = json.loads((folder / "data.json").read_text())
    test = json.loads((folder / "evaluation/test/metrics.json").read_text())
    val = json.loads((folder / "evaluation/val/metrics.json").read_text())
    counts = {split: list(one.values()) for split, one in data["counts"].items()}
    totals = [sum(one) for one in counts.values()]
    predictions = run.predictions("test")
    surest = np.sort(predictions.probabilities.max(axis=1))[::-1]
    ends = np.flatnonzero(np.append(surest[:-1] > surest[1:], True)) + 1
    right = np.array(predictions.true) == np.array(predictions.predicted)
    order = np.argsort(-predictions.probabilities.max(axis=1), kind="stable")
    wrong = np.cumsum(~right[order])
    place = ends[ends <= 0.8 * len(right)][-1]
    largest = max(data["counts"]["train"], key=lambda name: data["counts"]["train"][name])
    always = float(np.mean(np.array(predictions.true) == largest))
    return [
        data, test, val["accuracy"], run.history, counts, totals, sum(totals), CLASSES,
        list(map(float, data["classes"])), shares(test["confusion"]),
        json.loads((folder / "status.json").read_text()), run.recipe.lr, run.recipe.batch_size,
        run.recipe.seed, len(run.history), 1 / CLASSES, always, 1 - test["accuracy"]["value"],
        place / len(right), wrong[place - 1] / place,
        [int(100 * one + 1e-9) for one in surest], [int(100 * one + 1e-9) / 100 for one in surest],
        json.loads((folder / "calibration.json").read_text()), gain(right, predictions, largest),
    ]  # fmt: skip


def gain(right: Any, predictions: Any, largest: str) -> list[float]:
    """By how much the network beats always naming one class, with the interval of Wald."""
    difference = right.astype(float) - (np.array(predictions.true) == largest)
    error = 1.96 * difference.std(ddof=1) / np.sqrt(len(difference))
    return [difference.mean(), difference.mean() - error, difference.mean() + error]


def of_network(folder: Path) -> list[Any]:
    """Numbers that no file holds: those of the layers of an MLP."""
    hidden = [256, 128, CLASSES]
    inputs = [64, 256, 128]
    adds = [one * two for one, two in zip(inputs, hidden, strict=True)]
    weights = [one + two for one, two in zip(adds, hidden, strict=True)]
    return [hidden, inputs, adds, weights, sum(adds), sum(weights), 1, 8, 2]


def test_every_number_of_a_run_is_in_its_files(
    digits: Path, slides: Slides, unfounded: Unfounded
) -> None:
    folder = digits / "runs" / "mlp"
    assert unfounded(slides(folder), [known_of(folder), of_network(folder)]) == []


def test_numbers_are_missed_when_the_files_say_something_else(
    digits: Path, copied: Path, slides: Slides, unfounded: Unfounded, change: Change
) -> None:
    folder = copied / "runs" / "mlp"
    written = slides(digits / "runs" / "mlp")

    def worse(metrics: Any) -> None:
        metrics["accuracy"]["value"] = 0.12345
        metrics["log_loss"]["value"] = 9.8765

    change(folder / "evaluation" / "test" / "metrics.json", worse)
    found = " ".join(unfounded(written, [known_of(folder), of_network(folder)]))
    assert "slide 5:" in found


def test_tables_and_charts_of_a_run_hold_its_measures(digits: Path, slides: Slides) -> None:
    folder = digits / "runs" / "mlp"
    assert differing(slides(folder), folder) == []


@pytest.mark.parametrize(
    ("file", "path", "noticed"),
    [
        ("evaluation/test/metrics.json", ("macro", "f1", "value"), "measures"),
        ("evaluation/test/metrics.json", ("per_class", 3, "recall", "value"), "bars of classes"),
        ("evaluation/test/metrics.json", ("per_class", 3, "f1", "value"), "table of classes"),
        ("evaluation/test/metrics.json", ("confusion", 2, 2), "confusion"),
        ("data.json", ("counts", "train", "4"), "bars of counts"),
    ],
)
def test_changed_files_differ_from_tables_and_charts(
    digits: Path,
    copied: Path,
    slides: Slides,
    change: Change,
    file: str,
    path: tuple[Any, ...],
    noticed: str,
) -> None:
    folder = copied / "runs" / "mlp"
    written = slides(digits / "runs" / "mlp")

    def replace(value: Any) -> None:
        for step in path[:-1]:
            value = value[step]
        value[path[-1]] = 0.123 if isinstance(value[path[-1]], float) else 4321

    change(folder / file, replace)
    assert noticed in differing(written, folder)


def differing(slides: list[Slide], folder: Path) -> list[str]:
    """Tables and charts that differ from the files, compared cell by cell and point by point."""
    run = Run.load(folder)
    metrics = run.metrics("test")
    checks = {
        "measures": measures_are(parts(slides, "Results", "table")[0], metrics),
        "bars of classes": bars_are(
            parts(slides, "Classes", "chart")[0],
            {one["class"]: one["recall"]["value"] for one in metrics["per_class"]},
        ),
        "table of classes": classes_are(parts(slides, "Classes", "table")[0], metrics),
        "confusion": confusion_is(parts(slides, "Confusion", "table")[0], metrics["confusion"]),
        "bars of counts": bars_are(parts(slides, "Data", "chart")[0], run.data["counts"]["train"]),
        "curves": curves_are(parts(slides, "Training", "chart"), run.history),
    }
    return [name for name, holds in checks.items() if not holds]


def measures_are(table: Any, metrics: Any) -> bool:
    wanted = {
        "accuracy": (metrics["accuracy"], 100, "{:.1f} %"),
        "F1, mean of classes": (metrics["macro"]["f1"], 1, "{:.3f}"),
        "log loss": (metrics["log_loss"], 1, "{:.3f}"),
        "calibration error": (metrics["ece"], 1, "{:.3f}"),
    }
    rows = {row[0]: row[1:] for row in rows_of(table)}
    return all(
        rows[name] == [form.format(scale * found[end]) for end in ("value", "low", "high")]
        for name, (found, scale, form) in wanted.items()
    )


def bars_are(chart: Any, wanted: dict[str, float]) -> bool:
    """Values and their labels, which are there for bars that are not too short."""
    (series,) = chart.plots[0].series
    names = [str(name) for name in chart.plots[0].categories]
    labels = {
        int(label.find("{*}idx").get("val")): "".join(label.xpath(".//a:t/text()"))
        for label in series._element.xpath(".//c:dLbl")
    }
    told = [
        labels.get(place) == (f"{100 * value:.1f} %" if value < 1 else f"{value:,.0f}")
        or (value == 1 and labels.get(place) == "100.0 %")
        for place, value in enumerate(series.values)
    ]
    return all(told) and dict(zip(names, series.values, strict=True)) == pytest.approx(wanted)


def classes_are(table: Any, metrics: Any) -> bool:
    wanted = {
        one["class"]: [str(one["n"])]
        + [f"{100 * one[key]['value']:.1f} %" for key in ("recall", "precision")]
        + [f"{one['f1']['value']:.3f}"]
        for one in metrics["per_class"]
    }
    return {row[0]: row[1:] for row in rows_of(table)[1:]} == wanted


def confusion_is(table: Any, wanted: list[list[int]]) -> bool:
    return [[int(cell or 0) for cell in row[1:]] for row in rows_of(table)[1:]] == wanted


def curves_are(charts: list[Any], history: list[dict[str, Any]]) -> bool:
    names = {"training, running": "train", "training": "subset", "validation": "val"}
    return all(
        points_of(series)
        == [(line["epoch"], line[f"{names[series.name]}_{quantity}"]) for line in history]
        for chart, quantity in zip(charts, ("loss", "accuracy"), strict=True)
        for series in chart.plots[0].series
    )


def test_charts_of_a_comparison_hold_its_numbers(digits: Path, slides: Slides) -> None:
    folder = digits / "comparisons" / "both"
    assert differing_comparison(slides(folder), folder) == []


@pytest.mark.parametrize(
    ("path", "noticed"),
    [
        (("entrants", 1, "accuracy", "value"), "accuracies"),
        (("entrants", 0, "training_seconds"), "costs"),
        (("entrants", 0, "f1", "value"), "measures"),
        (("pairs", 0, "value"), "differences"),
    ],
)
def test_a_changed_comparison_differs_from_its_charts(
    digits: Path,
    copied: Path,
    slides: Slides,
    change: Change,
    path: tuple[Any, ...],
    noticed: str,
) -> None:
    folder = copied / "comparisons" / "both"
    written = slides(digits / "comparisons" / "both")

    def replace(value: Any) -> None:
        for step in path[:-1]:
            value = value[step]
        value[path[-1]] = 0.0123

    change(folder / "comparison.json", replace)
    assert noticed in differing_comparison(written, folder)


def differing_comparison(slides: list[Slide], folder: Path) -> list[str]:
    values = json.loads((folder / "comparison.json").read_text())
    entrants = {one["name"]: one for one in values["entrants"]}
    training, alone = parts(slides, "Trade-offs", "chart")
    pair = values["pairs"][0]
    checks = {
        "accuracies": bars_are(
            parts(slides, "Results", "chart")[0],
            {name: one["accuracy"]["value"] for name, one in entrants.items()},
        ),
        "costs": dots_of(training)
        == {
            name: (one["training_seconds"], one["accuracy"]["value"])
            for name, one in entrants.items()
        }
        and dots_of(alone)
        == {
            name: (pytest.approx(1000 * one["prediction"]["single"]), one["accuracy"]["value"])
            for name, one in entrants.items()
        },
        "measures": {row[0]: row[2:] for row in rows_of(parts(slides, "Results", "table")[0])[1:]}
        == {
            name: [f"{one[key]['value']:.3f}" for key in ("f1", "log_loss", "ece")]
            for name, one in entrants.items()
        },
        "differences": rows_of(parts(slides, "Comparison", "table")[0])[1][2]
        == f"{100 * abs(pair['value']):.1f}",
    }
    return [name for name, holds in checks.items() if not holds]


def dots_of(chart: Any) -> dict[str, Any]:
    """Each entrant's dot; the line that joins some of them has more points."""
    points = {series.name: points_of(series) for series in chart.plots[0].series}
    return {name: some[0] for name, some in points.items() if len(some) == 1}


def test_every_number_of_a_comparison_is_in_its_file(
    digits: Path, slides: Slides, unfounded: Unfounded
) -> None:
    folder = digits / "comparisons" / "both"
    values = json.loads((folder / "comparison.json").read_text())
    some = [shares(one["confusion"]) for one in values["entrants"]]
    # What the run folders and the discussion say is looked at elsewhere.
    runs = [known_of(digits / "runs" / name) for name in ("mlp", "softmax")]
    told = json.dumps(values["discussion"])
    found = [
        one for one in unfounded(slides(folder), [values, some, runs, len(values["entrants"])])
        if one.split(": ")[1] not in told
    ]  # fmt: skip
    assert found == []


def test_the_notes_name_the_place_of_every_share_in_a_title(digits: Path, slides: Slides) -> None:
    for folder in (digits / "runs" / "mlp", digits / "comparisons" / "both"):
        for slide in slides(folder):
            notes = slide.notes_slide.notes_text_frame
            assert notes is not None
            assert notes.text
            title = slide.shapes.title
            assert title is not None
            for word in title.text_frame.text.split():
                if word.endswith("\xa0%"):
                    assert f"{word}: " in notes.text


def test_what_the_notes_say_of_a_file_stands_there(digits: Path, slides: Slides) -> None:
    folder = digits / "runs" / "mlp"
    checked = 0
    for slide in slides(folder):
        notes = slide.notes_slide.notes_text_frame
        assert notes is not None
        for line in notes.text.splitlines():
            shown, _, place = line.replace("\xa0", " ").rpartition(": ")
            file, _, key = place.partition(", ")
            if not file.endswith(".json") or " " in key or not shown.endswith("%"):
                continue
            value = json.loads((folder / file).read_text())
            for step in key.replace("[", ".").replace("]", "").split("."):
                value = value[int(step)] if step.isdigit() else value[step]
            assert shown == f"{100 * value:.1f} %"
            checked += 1
    assert checked > 20

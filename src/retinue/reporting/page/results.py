"""What was measured: all measures of every evaluation, class by class, and the probabilities."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup

from retinue.reporting.facts.mistakes import worst_pairs
from retinue.reporting.facts.reading import optional, predictions_on
from retinue.reporting.facts.trust import area_under, risk_coverage
from retinue.reporting.page.charts.intervals import interval_bar
from retinue.reporting.page.charts.trust import reliability_chart, risk_chart, roc_chart
from retinue.reporting.page.views import Collected, Table, Trust
from retinue.runs import Run
from retinue.wording import percent

SHARES = {"accuracy": "accuracy", "top5": "among the five most probable"}
SCORES = {
    "precision, mean of classes": ("macro", "precision"),
    "recall, mean of classes": ("macro", "recall"),
    "F1, mean of classes": ("macro", "f1"),
    "F1, weighted by pictures": ("weighted", "f1"),
    "log loss": ("log_loss",),
    "calibration error": ("ece",),
    "area under ROC": ("roc_auc_macro",),
    "average precision": ("average_precision_macro",),
}


@dataclass(frozen=True)
class ClassRow:
    """A class: its scores with their interval, and what it is taken for most."""

    name: str
    n: int
    recall: str
    recall_ends: str
    bar: Markup
    precision: str
    f1: str
    auc: str
    mistaken: str
    sorting: tuple[float, ...]


def measures_table(run: Run, names: Sequence[str]) -> Table:
    """A row a measure, a column an evaluation."""
    found = [run.metrics(name) for name in names]
    rows: list[tuple[str, ...]] = [("pictures", *(f"{one['n']:,}" for one in found))]
    for key, title in SHARES.items():
        if any(one.get(key) for one in found):
            rows.append((title, *(_share(one.get(key)) for one in found)))
    for title, place in SCORES.items():
        rows.append((title, *(_score(_at(one, place)) for one in found)))
    rows += _at_threshold(found)
    return Table("Measures, each with its 95 % interval", ("", *names), rows)


def class_rows(metrics: Mapping[str, Any], classes: Sequence[str]) -> list[ClassRow]:
    """The table of classes."""
    rows = []
    for position, one in enumerate(metrics["per_class"]):
        recall = one["recall"]
        rows.append(
            ClassRow(
                name=one["class"],
                n=one["n"],
                recall=percent(recall["value"]) if one["n"] else "",
                recall_ends=_ends(recall) if one["n"] else "",
                bar=_bar(recall) if one["n"] else Markup(""),
                precision=percent(one["precision"]["value"]) if one["predicted"] else "",
                f1=_plain(one["f1"]),
                auc=_plain(one["roc_auc"]),
                mistaken=_mistaken(metrics["confusion"][position], position, classes),
                sorting=_sorting(one),
            )
        )
    return rows


def pairs_table(metrics: Mapping[str, Any], classes: Sequence[str], most: int = 20) -> Table:
    """The most common mistakes, for matrices that are too large to be looked through."""
    rows = [
        (pair.true, pair.predicted, f"{pair.n:,}", f"{pair.of:,}", percent(pair.share))
        for pair in worst_pairs(metrics, classes, most)
    ]
    head = ("is", "was taken for", "times", "of", "share")
    return Table("The most common mistakes", head, rows)


def trust_of(run: Run, split: str, collected: Collected, id_: str, name: str = "") -> Trust:
    """The charts of the probabilities, and what they say."""
    metrics, predictions = run.metrics(split), predictions_on(run, split)
    reliability = reliability_chart(f"{id_}-reliability", metrics["calibration_bins"])
    charts, sentences = [reliability], [_calibrated(run, metrics)]
    if predictions is not None:
        coverage, error = risk_coverage(predictions)
        charts.append(risk_chart(f"{id_}-risk", coverage, error))
        area = area_under(coverage, error)
        if area is not None:
            sentences.append(
                f"The area under the curve of risk and coverage is {area:.4f}; 0 would be one "
                "that is sure only where it is right."
            )
    binary = metrics.get("binary") or {}
    if binary.get("roc"):
        charts.append(roc_chart(f"{id_}-roc", binary["roc"], binary["positive"]))
    sentences += _abstaining(run)
    return Trust(name, collected.keep(*charts), tuple(sentences))


def _calibrated(run: Run, metrics: Mapping[str, Any]) -> str:
    ece = metrics["ece"]
    told = f"Confidence and share of right answers differ by {percent(ece['value'])} on average"
    if ece["low"] is not None:
        told += f" ({percent(ece['low'])} to {percent(ece['high'])})"
    temperature = optional(run, "calibration.json").get("temperature")
    return told + (
        f"; the temperature, fitted on val, is {temperature:.3g}." if temperature else "."
    )


def _abstaining(run: Run) -> list[str]:
    found = optional(run, "calibration.json").get("abstention") or {}
    if "target" not in found:
        return []
    target = percent(found["target"], 0)
    if found["threshold"] is None:
        return [f"No confidence was found on val from which {target} of the answers are right."]
    if found["threshold"] == 0:
        return [f"On val {target} of all answers are right, so none needs to be left out."]
    return [
        f"Answers less sure than {percent(found['threshold'])} are marked unsure: on val, where "
        f"that was chosen, {percent(found['accuracy'])} of the {found['accepted']:,} others are "
        f"right."
    ]


def _at_threshold(found: Sequence[Mapping[str, Any]]) -> list[tuple[str, ...]]:
    """For two classes, the scores at the threshold that was chosen on val."""
    places = [(one.get("binary") or {}).get("at_threshold") for one in found]
    if not any(places):
        return []
    positive = next(one["binary"]["positive"] for one in found if one.get("binary"))
    rows: list[tuple[str, ...]] = [
        (
            f"threshold for {positive}, chosen on val",
            *(f"{one['threshold']:.3f}" if one else "" for one in places),
        )
    ]
    for key, title in (("recall", "sensitivity there"), ("specificity", "specificity there")):
        rows.append((title, *(_share(one and one.get(key)) for one in places)))
    return rows


def _at(metrics: Mapping[str, Any], place: Sequence[str]) -> Mapping[str, Any] | None:
    found: Any = metrics
    for key in place:
        found = (found or {}).get(key)
    return found  # type: ignore[no-any-return]


def _share(one: Mapping[str, Any] | None) -> str:
    if not one or one["value"] is None:
        return ""
    return (
        f"{percent(one['value'])} ({_ends(one)})"
        if one["low"] is not None
        else percent(one["value"])
    )


def _score(one: Mapping[str, Any] | None) -> str:
    if not one or one["value"] is None:
        return ""
    ends = f" ({one['low']:.3f} to {one['high']:.3f})" if one["low"] is not None else ""
    return f"{one['value']:.3f}{ends}"


def _plain(one: Mapping[str, Any]) -> str:
    return "" if one["value"] is None else f"{one['value']:.3f}"


def _ends(one: Mapping[str, Any]) -> str:
    return f"{percent(one['low'])} to {percent(one['high'])}"


def _bar(one: Mapping[str, Any]) -> Markup:
    return interval_bar(one["low"], one["value"], one["high"])


def _mistaken(counts: Sequence[int], position: int, classes: Sequence[str]) -> str:
    wrong = [(n, -place) for place, n in enumerate(counts) if n and place != position]
    if not wrong:
        return ""
    n, place = max(wrong)
    return f"{classes[-place]} ({n:,})"


def _sorting(one: Mapping[str, Any]) -> tuple[float, ...]:
    """What the columns that can be sorted are sorted by."""
    keys = ("recall", "precision", "f1", "roc_auc")
    return (one["n"], *(_or_below(one[key]["value"]) for key in keys))


def _or_below(value: float | None) -> float:
    return -1.0 if value is None else value

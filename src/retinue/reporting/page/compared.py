"""What only a comparison's page has: who is better, at which cost, and the discussion."""

from collections.abc import Mapping, Sequence
from typing import Any

from retinue.experiments.comparison import Comparison
from retinue.experiments.phrases import in_points, points, probability, seconds, size
from retinue.reporting.facts.headline import pictures_of
from retinue.reporting.facts.mistakes import worst_pairs
from retinue.reporting.facts.pictures import Pictures
from retinue.reporting.page.album import Album
from retinue.reporting.page.charts.chart import Chart, percent_tick
from retinue.reporting.page.charts.intervals import gauge, interval_bar
from retinue.reporting.page.charts.lines import Axis, Line, line_chart
from retinue.reporting.page.charts.pareto import Dot, pareto_chart
from retinue.reporting.page.first import SAMPLES, pictures_of_pair, samples_of
from retinue.reporting.page.page import Compared
from retinue.reporting.page.views import Card, Collected, First, Rank, Table
from retinue.runs import Run
from retinue.wording import count, percent


def first_of_comparison(
    comparison: Comparison, pictures: Pictures, album: Album, digests: Mapping[str, str]
) -> First:
    """The first screen: who was chosen, how accurate it is, and whether it is better."""
    values, winner = comparison.values, comparison.winner
    entrants, data = values["entrants"], values["data"]
    best = next((one for one in entrants if one["name"] == winner), entrants[0])
    found = best["accuracy"]
    trainings = len(best["runs"])
    mean = f", the mean of {trainings} trainings" if trainings > 1 else ""
    caption = (
        f"of {pictures_of('test', data['test_pictures'])} recognised by {best['name']}{mean}; "
        f"95 % interval {percent(found['low'])} to {percent(found['high'])}"
    )
    title = f"{winner} is chosen out of {len(entrants)}" if winner else "Nobody could be chosen"
    return First(
        kicker=f"Report of a comparison on {data['name']}",
        title=title,
        number=percent(found["value"]),
        caption=caption,
        gauge=gauge(found["value"], found["low"], found["high"]),
        samples=samples_of(data["classes"], pictures, album, digests),
        more=max(0, len(data["classes"]) - SAMPLES),
        cards=tuple(_cards(comparison, best, pictures, album, digests)),
        banner=""
        if winner
        else "Without val pictures nobody is chosen: the number is that of the "
        "most accurate on test, and flatters it.",
        ranks=tuple(_ranks(comparison)),
    )


def compared_of(comparison: Comparison, collected: Collected, missing: Sequence[str]) -> Compared:
    """The tables and plots of a comparison, and its discussion."""
    values = comparison.values
    return Compared(
        charts=collected.keep(*_paretos(comparison)),
        quality=_quality(values["entrants"]),
        cost=_cost(values["entrants"]),
        pairs=_pairs(values["pairs"]),
        recalls=_recalls(values["entrants"], values["data"]["classes"]),
        missing=tuple(missing),
    )


def curves_of(named: Sequence[tuple[str, Run]]) -> Chart | None:
    """The accuracy on val of every entrant's first run, epoch by epoch, in one chart."""
    histories = {name: run.history for name, run in named}
    epochs = sorted({line["epoch"] for history in histories.values() for line in history})
    lines = []
    for place, (name, history) in enumerate(histories.items()):
        values = {line["epoch"]: line.get("val_accuracy") for line in history}
        kind = "side" if place else "main"
        lines.append(Line(name, [values.get(epoch) for epoch in epochs], kind))
    across = Axis("epoch", lambda value: f"{value:g}")
    up = Axis("accuracy on val", percent_tick, None, 1.0)
    return line_chart("val", "Accuracy on val", epochs, lines, across, up)


def _cards(
    comparison: Comparison,
    best: Mapping[str, Any],
    pictures: Pictures,
    album: Album,
    digests: Mapping[str, str],
) -> list[Card]:
    sections = {one["title"]: one["sentences"] for one in comparison.values["discussion"]}
    cards = [_wrong(comparison, best, pictures, album, digests)]
    for title, name in (
        ("Which to choose", "Which to choose"),
        ("To bear in mind", "Bear in mind"),
    ):
        if sections.get(title):
            cards.append(Card(name, tuple(sections[title][:3])))
    return cards


def _wrong(
    comparison: Comparison,
    best: Mapping[str, Any],
    pictures: Pictures,
    album: Album,
    digests: Mapping[str, str],
) -> Card:
    """What the best mixes up most, in all its runs together."""
    classes = comparison.values["data"]["classes"]
    title = f"What {best['name']} gets wrong most"
    pairs = worst_pairs(best, classes, most=1)
    if not pairs:
        return Card(title, ("It recognises every test picture.",))
    pair = pairs[0]
    trainings = len(best["runs"])
    where = f" of {trainings} trainings together" if trainings > 1 else ""
    told = (
        f"It takes {pair.true} for {pair.predicted}: {count(pair.n, 'time')}{where}, "
        f"{percent(pair.share)} of the pictures of {pair.true}."
    )
    return Card(title, (told,), pictures_of_pair(pair, classes, pictures, album, digests))


def _ranks(comparison: Comparison) -> list[Rank]:
    """Everybody's accuracy on one scale, and whether it differs from that of the chosen one."""
    entrants, winner = comparison.values["entrants"], comparison.winner
    ends = scale_of(entrants)
    return [
        Rank(
            one["name"],
            percent(one["accuracy"]["value"]),
            f"{percent(one['accuracy']['low'])} to {percent(one['accuracy']['high'])}",
            interval_bar(
                one["accuracy"]["low"],
                one["accuracy"]["value"],
                one["accuracy"]["high"],
                ends,
                "main" if one["name"] == winner else "side",
                one["by_run"] if len(one["by_run"]) > 1 else (),
            ),
            "chosen on val" if one["name"] == winner else _verdict(comparison, one["name"]),
            one["name"] == winner,
        )
        for one in entrants
    ]


def scale_of(entrants: Sequence[Mapping[str, Any]]) -> tuple[float, float]:
    """Ends between which all intervals lie."""
    low = min(one["accuracy"]["low"] for one in entrants)
    high = max(one["accuracy"]["high"] for one in entrants)
    margin = 0.04 * (high - low) or 0.01
    return max(0.0, low - margin), min(1.0, high + margin)


def _verdict(comparison: Comparison, name: str) -> str:
    """How much less accurate than the chosen one an entrant is, if that is shown."""
    for pair in comparison.values["pairs"]:
        if {pair["first"], pair["second"]} != {name, comparison.winner}:
            continue
        less = pair["first"] == name
        value, low, high = (
            (-pair["value"], -pair["high"], -pair["low"])
            if less
            else (pair["value"], pair["low"], pair["high"])
        )
        if not pair["shown"]:
            ends = points(low, high)
            return f"no difference shown ({ends[0]} to {ends[1]} points)"
        if value < 0:
            return f"{in_points(-value, -high, -low)} better"
        return f"{in_points(value, low, high)} worse"
    return ""


def _paretos(comparison: Comparison) -> list[Chart | None]:
    """Accuracy against seconds of training, a picture alone, and pictures in batches."""
    entrants, winner = comparison.values["entrants"], comparison.winner

    def dots(cost: Any) -> list[Dot]:
        return [
            Dot(
                one["name"],
                cost(one),
                one["accuracy"]["value"],
                one["accuracy"]["low"],
                one["accuracy"]["high"],
                "main" if one["name"] == winner else "side",
            )
            for one in entrants
            if cost(one)
        ]

    single = dots(lambda one: (one["prediction"] or {}).get("single"))
    batch = dots(lambda one: one["prediction"] and 1 / one["prediction"]["batch"])
    training = dots(lambda one: one["training_seconds"])
    weights = dots(lambda one: one["size"])
    asked = (
        ("training", "Accuracy and training", training, "training", seconds),
        ("single", "Accuracy and one picture", single, "a picture alone", seconds),
        ("batch", "Accuracy and many pictures", batch, "a picture in batches", seconds),
        ("size", "Accuracy and size", weights, "file of the weights", size),
    )
    return [
        pareto_chart(f"pareto-{key}", title, some, cost, told)
        for key, title, some, cost, told in asked
    ]


def _quality(entrants: Sequence[Mapping[str, Any]]) -> Table:
    head = ("", "accuracy", "95 % interval", "precision", "recall", "F1", "log loss", "ECE")
    rows = [
        (
            one["name"],
            percent(one["accuracy"]["value"]),
            f"{percent(one['accuracy']['low'])} to {percent(one['accuracy']['high'])}",
            *(
                f"{one[key]['value']:.3f}"
                for key in ("precision", "recall", "f1", "log_loss", "ece")
            ),
            _told(one["val_accuracy"], percent),
            _told(one["train_accuracy"], percent),
        )
        for one in entrants
    ]
    return Table("How good", (*head, "on val", "on train"), rows)


def _cost(entrants: Sequence[Mapping[str, Any]]) -> Table:
    head = ("", "parameters", "multiply-adds", "file", "training", "peak memory")
    rows = [
        (
            one["name"],
            f"{one['parameters']:,}",
            _told(one["multiply_adds"], lambda value: f"{value:,}"),
            size(one["size"]),
            _told(one["training_seconds"], seconds),
            _told(one["peak_memory"], size),
            _told((one["prediction"] or {}).get("single"), seconds),
            _told((one["prediction"] or {}).get("batch"), lambda value: f"{value:,.0f}/s"),
        )
        for one in entrants
    ]
    return Table("At which cost", (*head, "one picture", "in batches"), rows)


def _pairs(pairs: Sequence[Mapping[str, Any]]) -> Table | None:
    """Every two entrants, the more accurate one first."""
    if not pairs:
        return None
    rows = []
    for pair in pairs:
        first, second = pair["first"], pair["second"]
        value, low, high = pair["value"], pair["low"], pair["high"]
        if value < 0:
            first, second, value, low, high = second, first, -value, -high, -low
        texts = points(value, low, high)
        p = probability(pair["p_holm"]).removeprefix("p = ").removeprefix("p ")
        shown = "yes" if pair["shown"] else "no"
        rows.append((first, second, texts[0], f"{texts[1]} to {texts[2]}", p, shown))
    head = ("", "before", "by points", "95 % interval", "p, Holm", "shown")
    return Table("Every two", head, rows)


def _recalls(entrants: Sequence[Mapping[str, Any]], classes: Sequence[str]) -> Table:
    """Which share of each class each entrant recognises, all its runs together."""
    rows = []
    for place, name in enumerate(classes):
        counts = [one["confusion"][place] for one in entrants]
        shares = [percent(row[place] / sum(row)) if sum(row) else "" for row in counts]
        n = sum(counts[0]) // len(entrants[0]["runs"])
        rows.append((name, f"{n:,}", *shares))
    head = ("class", "pictures", *(one["name"] for one in entrants))
    return Table("Share of each class that is recognised", head, rows)


def _told(value: Any, how: Any) -> str:
    return "" if value is None else str(how(value))

"""What each diagnosis looks like, drawn from trainings in which it was provoked.

python -m benchmarks.diagnosis_pictures            all, into docs/pictures/diagnoses
python -m benchmarks.diagnosis_pictures flat       some
"""

import argparse
import math
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks.document import DOCUMENT
from benchmarks.provoked import HEALTHY, PROVOKED
from retinue.plotting.style import (
    BLUE,
    GREY,
    INK,
    ORANGE,
    SKY,
    VERMILION,
    new_figure,
    percent,
    save,
    styled,
)
from retinue.reporting.diagnosis.reading import read_facts
from retinue.runs import Run

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

FOLDER = DOCUMENT.parent / "pictures" / "diagnoses"
WIDTH, HEIGHT = 5.6, 2.3  # inches
LOW, NARROW = 1.5, 3.6  # of bars, and of matrices

Runs = Callable[[str], Run]
Points = Sequence[tuple[float, float]]


def main() -> None:
    """Train what is asked for, and draw it."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("names", nargs="*", choices=[*PICTURES, []], default=[])
    parser.add_argument("--folder", type=Path, default=FOLDER)
    asked = parser.parse_args()
    known: dict[str, Run] = {}
    with tempfile.TemporaryDirectory(prefix="retinue-bench-") as place:

        def runs(name: str) -> Run:
            if name not in known:
                known[name] = {**PROVOKED, **HEALTHY}[name](Path(place) / name)
            return known[name]

        for name in asked.names or PICTURES:
            save(draw(name, runs), asked.folder / f"{name}.png")
            print(asked.folder / f"{name}.png", flush=True)


@styled()
def draw(name: str, runs: Runs) -> "Figure":
    """The picture of one diagnosis."""
    width = NARROW if name in MATRICES else WIDTH
    height = LOW if name in BARS else HEIGHT + 0.4 * (name in MATRICES)
    figure = new_figure(width, height)
    axes = figure.subplots()
    PICTURES[name](axes, runs)
    return figure


# --- losses


def _diverged(axes: "Axes", runs: Runs) -> None:
    run = runs("diverged")
    points = _steps(run)
    last = int(run.status["reason"].partition("at step ")[2].split()[0])
    _lines(axes, {"loss of a step": (points, VERMILION)}, "step", "loss")
    axes.plot([points[-1][0], last], [points[-1][1], 60], color=VERMILION, linestyle=":")
    axes.plot([last], [60], "x", color=VERMILION, markersize=9, markeredgewidth=2)
    axes.annotate(f"NaN at step {last}", (last, 60), (-8, 0), textcoords="offset points",
                  ha="right", va="center", color=VERMILION)  # fmt: skip
    _logarithmic(axes)
    axes.set_ylim(0.05, 200)
    _guessing(axes, 10)


def _jumping(axes: "Axes", runs: Runs) -> None:
    _two(axes, runs, "jumping", "learning rate 0.5", "learning rate 0.002")


def _flat(axes: "Axes", runs: Runs) -> None:
    _two(axes, runs, "flat", "learning rate 0.000001", "learning rate 0.002")


def _first_loss(axes: "Axes", runs: Runs) -> None:
    _two(axes, runs, "first-loss", "last layer drawn 50 times too large", "as usual")
    _logarithmic(axes)
    axes.set_xlim(-3, 130)


def _two(axes: "Axes", runs: Runs, name: str, wrong: str, right: str) -> None:
    """The losses of the steps, beside those of a healthy training."""
    lines = {wrong: (_steps(runs(name)), VERMILION), right: (_steps(runs("mlp")), BLUE)}
    _lines(axes, lines, "step", "loss")
    _guessing(axes, 10)


# --- accuracy by epoch


def _overfitting(axes: "Axes", runs: Runs) -> None:
    _train_and_val(axes, runs("overfitting"), "loss")


def _underfitting(axes: "Axes", runs: Runs) -> None:
    run, right = runs("underfitting"), runs("mlp")
    lines = {
        "training, 1 hidden neuron": (_epochs(run, "subset_accuracy"), VERMILION),
        "val, 1 hidden neuron": (_epochs(run, "val_accuracy"), ORANGE),
        "training, 256 and 128 neurons": (_epochs(right, "subset_accuracy"), BLUE),
        "val, 256 and 128 neurons": (_epochs(right, "val_accuracy"), SKY),
    }
    _lines(axes, lines, "epoch", "accuracy")


def _modes_disagree(axes: "Axes", runs: Runs) -> None:
    run = runs("modes-disagree")
    lines = {
        "training pictures, while it learns": (_epochs(run, "train_accuracy"), BLUE),
        "training pictures, judged": (_epochs(run, "subset_accuracy"), VERMILION),
    }
    _lines(axes, lines, "epoch", "accuracy")


def _still_improving(axes: "Axes", runs: Runs) -> None:
    _train_and_val(axes, runs("still-improving"), "loss")
    axes.set_ylim(0, None)


def _stopped_early(axes: "Axes", runs: Runs) -> None:
    run = runs("stopped-early")
    lines = {
        "training": (_epochs(run, "subset_loss"), BLUE),
        "val": (_epochs(run, "val_loss"), VERMILION),
    }
    _lines(axes, lines, "epoch", "loss")
    done, asked = len(run.history), run.recipe.epochs
    axes.axvspan(done, asked, color=GREY, alpha=0.15, lw=0)
    axes.text((done + asked) / 2, axes.get_ylim()[1] / 2, "not trained", ha="center", color=GREY)


def _interrupted(axes: "Axes", runs: Runs) -> None:
    run = runs("interrupted")
    _lines(axes, {"val": (_epochs(run, "val_accuracy"), VERMILION)}, "epoch", "accuracy")
    done, asked = len(run.history), float(run.recipe.epochs)
    axes.axvspan(done, asked, color=GREY, alpha=0.15, lw=0)
    axes.text((done + asked) / 2, 0.5, "not trained", ha="center", va="center", color=GREY)
    axes.set(xlim=(0.5, asked), ylim=(0, 1.02))


def _train_and_val(axes: "Axes", run: Run, what: str) -> None:
    lines = {
        "training": (_epochs(run, f"subset_{what}"), BLUE),
        "val": (_epochs(run, f"val_{what}"), VERMILION),
    }
    _lines(axes, lines, "epoch", what)


# --- shares with their intervals


def _leakage(axes: "Axes", runs: Runs) -> None:
    run = runs("leakage")
    (leak,) = [one for one in read_facts(run).shared if one.split == "test"]
    _counts(axes, {"test pictures that are in train too": leak.pictures,
                   "other test pictures": leak.of - leak.pictures})  # fmt: skip


def _test_below_val(axes: "Axes", runs: Runs) -> None:
    run = runs("test-below-val")
    shares = {name: run.metrics(name)["accuracy"] for name in ("val", "test")}
    _shares(axes, shares, "accuracy")


def _too_few_judged(axes: "Axes", runs: Runs) -> None:
    shares = {
        f"{one['n']} test pictures": one
        for one in (runs(name).metrics()["accuracy"] for name in ("too-few-judged", "mlp"))
    }
    _shares(axes, shares, "accuracy")


def _too_few_pictures(axes: "Axes", runs: Runs) -> None:
    run, right = runs("too-few-pictures"), runs("mlp")
    shares = {}
    for name, one in (("6 a class", run), ("126 a class", right)):
        shares[f"{name}: training"] = one.history[-1]["subset_accuracy"]
        shares[f"{name}: test"] = one.metrics()["accuracy"]
    _shares(axes, shares, "accuracy")


def _imbalance(axes: "Axes", runs: Runs) -> None:
    run = runs("imbalance")
    counts = run.data["counts"]["train"]
    rows = sorted(run.metrics()["per_class"], key=lambda row: -counts[row["class"]])
    names = [f"{row['class']}\n{counts[row['class']]}" for row in rows]
    colours = [VERMILION if counts[row["class"]] < 30 else BLUE for row in rows]
    axes.bar(names, [row["recall"]["value"] for row in rows], color=colours)
    axes.set(xlabel="class, and its training pictures", ylabel="recognised on test", ylim=(0, 1.05))
    axes.yaxis.set_major_formatter(percent)
    axes.grid(visible=False, axis="x")


def _out_of_time(axes: "Axes", runs: Runs) -> None:
    run = runs("out-of-time")
    seen = sum(line["pictures_per_second"] * line["seconds"] for line in run.history)
    total = sum(run.data["counts"]["train"].values())
    _counts(axes, {"training pictures seen once": round(seen), "never seen": round(total - seen)})


def _tiny_batches(axes: "Axes", runs: Runs) -> None:
    lines = {
        "batches of 2": (_steps(runs("tiny-batches")), VERMILION),
        "batches of 64": (_steps(runs("cnn")), BLUE),
    }
    _lines(axes, lines, "step", "loss")
    axes.set_xlim(-3, 130)
    _guessing(axes, 10)


# --- what is answered


def _chance(axes: "Axes", runs: Runs) -> None:
    _matrix(axes, runs("chance"))


def _never_predicted(axes: "Axes", runs: Runs) -> None:
    _matrix(axes, runs("never-predicted"))


def _matrix(axes: "Axes", run: Run) -> None:
    counts = run.metrics()["confusion"]
    image = axes.imshow(counts, cmap="Blues", vmin=0)
    bar = axes.get_figure().colorbar(image, ax=axes, shrink=0.8)  # type: ignore[union-attr]
    bar.outline.set_visible(False)
    numbers = range(len(counts))
    axes.set_xticks(numbers, run.classes, fontsize=7)
    axes.set_yticks(numbers, run.classes, fontsize=7)
    axes.set(xlabel="predicted", ylabel="true")
    axes.grid(visible=False)


PICTURES: dict[str, Callable[["Axes", Runs], None]] = {
    "diverged": _diverged,
    "interrupted": _interrupted,
    "leakage": _leakage,
    "modes-disagree": _modes_disagree,
    "jumping": _jumping,
    "flat": _flat,
    "first-loss": _first_loss,
    "chance": _chance,
    "overfitting": _overfitting,
    "underfitting": _underfitting,
    "too-few-pictures": _too_few_pictures,
    "test-below-val": _test_below_val,
    "never-predicted": _never_predicted,
    "imbalance": _imbalance,
    "tiny-batches": _tiny_batches,
    "still-improving": _still_improving,
    "stopped-early": _stopped_early,
    "out-of-time": _out_of_time,
    "too-few-judged": _too_few_judged,
}


MATRICES, BARS = ("chance", "never-predicted"), ("leakage", "out-of-time")


# --- lines and bars


def _steps(run: Run) -> Points:
    return [(line["step"], line["loss"]) for line in run.steps]


def _epochs(run: Run, key: str) -> Points:
    return [(line["epoch"], line[key]) for line in run.history]


def _lines(axes: "Axes", lines: dict[str, tuple[Points, str]], over: str, what: str) -> None:
    from matplotlib.ticker import MaxNLocator

    for label, (points, colour) in lines.items():
        marker = "o" if len(points) <= 12 else ""
        axes.plot(*zip(*points, strict=True), marker=marker, markersize=3, color=colour,
                  label=label)  # fmt: skip
    axes.set(xlabel=over, ylabel=what)
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    if what == "accuracy":
        axes.yaxis.set_major_formatter(percent)
        axes.set_ylim(0, 1.03)
    axes.legend()


def _guessing(axes: "Axes", classes: int) -> None:
    axes.axhline(math.log(classes), color=GREY, linestyle="--", linewidth=1)
    axes.annotate("guessing", (0.85, math.log(classes)), (0, 2), xycoords=("axes fraction", "data"),
                  textcoords="offset points", ha="right", va="bottom", color=GREY,
                  fontsize=8)  # fmt: skip


def _logarithmic(axes: "Axes") -> None:
    axes.set_yscale("log")
    axes.yaxis.set_major_formatter(lambda value, _: f"{value:g}")


def _shares(axes: "Axes", shares: dict[str, Any], what: str) -> None:
    """Shares as dots with their intervals, a line each; those without one are numbers."""
    places = range(len(shares))
    for place, one in zip(places, shares.values(), strict=True):
        value = one["value"] if isinstance(one, dict) else one
        if isinstance(one, dict):
            axes.plot([one["low"], one["high"]], [place, place], color=VERMILION, linewidth=4,
                      alpha=0.5, solid_capstyle="butt")  # fmt: skip
        axes.plot([value], [place], "o", color=VERMILION, markersize=6)
        axes.annotate(percent(round(value, 3)), (value, place), (0, 6),
                      textcoords="offset points", ha="center", fontsize=8)  # fmt: skip
    axes.set_yticks(places, list(shares))
    axes.set(xlim=(0, 1.03), ylim=(len(shares) - 0.4, -0.7), xlabel=what)
    axes.xaxis.set_major_formatter(percent)
    axes.grid(visible=False, axis="y")


def _counts(axes: "Axes", counts: dict[str, int]) -> None:
    """Two numbers of pictures that make up a whole, as one bar."""
    left = 0
    for (label, number), colour in zip(counts.items(), (VERMILION, SKY), strict=True):
        axes.barh([0], [number], 0.5, left=left, color=colour, label=f"{label}: {number:,}")
        left += number
    axes.set(yticks=[], xlabel="pictures", ylim=(-0.4, 1.5), xlim=(0, left))
    axes.grid(visible=False)
    axes.spines["left"].set_visible(False)
    axes.legend(loc="upper left", labelcolor=INK)


if __name__ == "__main__":
    main()

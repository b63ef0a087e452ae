"""The notebook of a comparison, cell by cell."""

from pathlib import Path

from retinue.experiments.comparison import Comparison
from retinue.reporting.facts.entrants import runs_behind
from retinue.reporting.notebook.cells import INSTALL, MISTAKES, Cell, code, told, way_to

LOAD = """
    from pathlib import Path

    import numpy as np
    from PIL import Image

    from retinue import plotting
    from retinue.experiments.comparison import Comparison
    from retinue.plotting.comparison import Dot, accuracies, confusions, pareto
    from retinue.reporting.facts.entrants import runs_behind
    from retinue.reporting.notebook import sentences, table
    from retinue.wording import printable

    # Where the folder of the comparison is, seen from this notebook.
    comparison = Comparison.load(Path(FOLDER))
    entrants = comparison.values["entrants"]
    print(len(entrants), "networks,", comparison.values["data"]["test_pictures"], "test pictures")
    """
RUNS = """
    runs = {}
    for one in entrants:
        behind = runs_behind(comparison, one)
        if behind.runs:
            runs[one["name"]] = behind.runs[0]
    print("run folders found:", len(runs), "of", len(entrants))
    """
ACCURACIES = """
    dots = [
        Dot(
            one["name"],
            *(one["accuracy"][key] for key in ("value", "low", "high")),
            seeds=tuple(one["by_run"]),
        )
        for one in entrants
    ]
    accuracies(dots, comparison.winner)
    """
MEASURES = """
    keys = ["accuracy", "precision", "recall", "f1", "log_loss", "ece"]
    table(
        ["network", *keys, "parameters", "seconds of training"],
        [
            [
                one["name"],
                *(f"{one[key]['value']:.3f}" for key in keys),
                f"{one['parameters']:,}",
                one["training_seconds"],
            ]
            for one in entrants
        ],
    )
    """
DIFFERENCES = """
    from retinue.experiments.phrases import probability

    table(
        ["first", "second", "points", "from", "to", "corrected", "shown"],
        [
            [
                pair["first"],
                pair["second"],
                *(f"{100 * pair[key]:.1f}" for key in ("value", "low", "high")),
                probability(pair["p_holm"]),
                "yes" if pair["shown"] else "no",
            ]
            for pair in comparison.values["pairs"]
        ],
    )
    """
COSTS = """
    costs = {
        "seconds of training": {
            one["name"]: one["training_seconds"] for one in entrants if one["training_seconds"]
        },
        "milliseconds for one picture alone": {
            one["name"]: 1000 * one["prediction"]["single"] for one in entrants if one["prediction"]
        },
    }
    costs = {label: known for label, known in costs.items() if known}
    pareto(dots, costs, comparison.winner) if costs else print("no times are known")
    """
CONFUSIONS = """
    confusions(
        {one["name"]: np.array(one["confusion"]) for one in entrants[:12]},
        comparison.values["data"]["classes"],
    )
    """
CURVES = """
    from IPython.display import display

    for name, run in runs.items():
        print(printable(name))
        display(plotting.learning_curves(run.history, run.status.get("best_epoch")))
    """
TRUST = """
    from retinue.reporting.facts.trust import risk_coverage

    plotting.risk_coverage(
        {name: risk_coverage(run.predictions("test")) for name, run in runs.items()}
    )
    """
RELIABILITY = """
    for name, run in runs.items():
        print(printable(name))
        display(plotting.reliability(run.metrics("test")["calibration_bins"]))
    """
CLASSES = """
    shown = runs.get(comparison.winner) or next(iter(runs.values()))
    plotting.class_bars(shown.metrics("test")["per_class"])
    """
KEPT = """
    from retinue.reporting.facts.pictures import pictures_on

    kept = pictures_on(shown, "test")"""
SAMPLES = """
    samples = {
        shown.classes[label]: [np.array(Image.open(one.path)) for one in pictures]
        for label, pictures in sorted(kept.samples.items())[:20]
    }
    plotting.sample_sheet(samples) if samples else print("this run kept no pictures")
    """
DISCUSSION = """
    sentences(
        {part["title"]: part["sentences"] for part in comparison.values["discussion"]}
    )
    """
COMMANDS = """
    from retinue.reporting.facts.commands import commands

    sentences({"To repeat it": commands(comparison)})
    """


def cells_of_comparison(comparison: Comparison, notebook: Path) -> list[Cell]:
    """Every cell, in order; those about runs only where a run folder is still there."""
    values = comparison.values
    behind = [runs_behind(comparison, one) for one in values["entrants"]]
    return [
        told(
            """
            # A comparison, drawn again

            Everything here is read from the folder of a comparison and from the run folders behind
            it, and drawn by `retinue.plotting`. Nothing is trained. Change a cell and run it to
            look closer.
            """
        ),
        code(INSTALL),
        code(LOAD, folder=way_to(comparison.path, notebook)),
        code(RUNS),
        told(
            """
            ## How good they are

            All answered the same test pictures. Bars are intervals at 95 %, ticks the trainings of
            one seed each.
            """
        ),
        code(ACCURACIES),
        code(MEASURES),
        told(
            """
            ## Is a difference real?

            Shown: the interval leaves out 0, and p, corrected for the number of pairs, is at most
            0.05. What is not shown is not shown to be equal either.
            """
        ),
        code(DIFFERENCES),
        told("## What accuracy costs\n\nThe further up and to the left, the better."),
        code(COSTS),
        told("## What is taken for what\n\nRows are the true classes; all on one scale."),
        code(CONFUSIONS),
        *(_of_runs() if any(one.runs for one in behind) else []),
        told("## Discussion\n\nMade by rules from the numbers above."),
        code(DISCUSSION),
        code(COMMANDS),
    ]


def _of_runs() -> list[Cell]:
    """What only the run folders know: of each entrant its first run."""
    return [
        told("## How they learned"),
        code(CURVES),
        told(
            """
            ## How far to trust them

            If the least sure answers are left to people, fewer of the rest are wrong.
            """
        ),
        code(TRUST),
        told("If one says 80 %, is it right in 80 of 100 cases?"),
        code(RELIABILITY),
        told("## The chosen one\n\nOr, where nobody was chosen, the most accurate: its classes."),
        code(CLASSES),
        told("The wrong answers that it was surest of, and samples of classes."),
        code(KEPT + MISTAKES),
        code(SAMPLES),
    ]

"""The notebook of a run, cell by cell."""

from pathlib import Path

from retinue.reporting.facts.headline import judged_on
from retinue.reporting.notebook.cells import INSTALL, MISTAKES, Cell, code, told, way_to
from retinue.runs import Run

LOAD = """
    from pathlib import Path

    import numpy as np
    from PIL import Image

    import retinue
    from retinue import plotting
    from retinue.reporting.notebook import sentences, table
    from retinue.wording import measured_share

    run = retinue.Run.load(Path(FOLDER))  # where the run folder is, seen from this notebook
    print(run.state, "after", len(run.history), "epochs")
    """
LAYERS = """
    from retinue.reporting.facts.layers import layers

    table(
        ["layer", "what it does", "output", "parameters", "multiply-adds"],
        [
            [one.name, one.kind, one.output, one.parameters, one.multiply_adds]
            for one in layers(run)
        ],
    )
    """
CURVES = """
    plotting.learning_curves(run.history, run.status.get("best_epoch"))
    """
DIAGNOSES = """
    from retinue.reporting.diagnosis import diagnose

    sentences(
        {one.title: [one.evidence, one.advice] for one in diagnose(run)}
        or {"Nothing stands out": []}
    )
    """
MEASURES = """
    metrics = run.metrics(SPLIT)
    print("recognised:", measured_share(metrics["accuracy"]))
    measures = {
        "accuracy": metrics["accuracy"],
        **{f"{name}, mean of classes": one for name, one in metrics["macro"].items()},
        "log loss": metrics["log_loss"],
        "calibration error": metrics["ece"],
    }
    table(
        ["measure", "value", "from", "to"],
        [
            [name, *(f"{one[key]:.3f}" for key in ("value", "low", "high"))]
            for name, one in measures.items()
        ],
    )
    """
SAMPLES = """
    from retinue.reporting.facts.pictures import pictures_on

    kept = pictures_on(run, SPLIT)
    samples = {
        run.classes[label]: [np.array(Image.open(one.path)) for one in some]
        for label, some in sorted(kept.samples.items())[:20]
    }
    plotting.sample_sheet(samples) if samples else print("this run kept no pictures")
    """
CONFUSION = """
    plotting.confusion_matrix(metrics["confusion"], run.classes, normalise=True)
    """
PAIRS = """
    from retinue.reporting.facts.mistakes import worst_pairs

    table(
        ["true", "taken for", "times", "of"],
        [
            [pair.true, pair.predicted, pair.n, pair.of]
            for pair in worst_pairs(metrics, run.classes, most=10)
        ],
    )
    """
CLASSES = """
    plotting.class_bars(metrics["per_class"])
    """
RELIABILITY = """
    plotting.reliability(metrics["calibration_bins"])
    """
COVERAGE = """
    from retinue.reporting.facts.trust import risk_coverage

    predictions = run.predictions(SPLIT)
    plotting.risk_coverage({"this network": risk_coverage(predictions)})
    """
BINARY = """
    plotting.roc_and_precision_recall(metrics["binary"])
    """
RECIPE = """
    table(["setting", "value"], list(run.recipe.model_dump(mode="json").items()))
    """
CARD = """
    from retinue.reporting.facts.card import model_card

    sentences({section.title: section.sentences for section in model_card(run)})
    """
COMMANDS = """
    from retinue.reporting.facts.commands import commands

    sentences({"To repeat it": commands(run)})
    """


def cells_of_run(run: Run, notebook: Path) -> list[Cell]:
    """Every cell, in order; those about results only where it was judged."""
    split = judged_on(run)
    return [
        told(
            """
            # A run, drawn again

            Everything here is read from the files of a run folder and drawn by `retinue.plotting`.
            Nothing is trained, and nothing outside of the folder is needed. Change a cell and run
            it to look closer.
            """
        ),
        code(INSTALL),
        code(LOAD, folder=way_to(run.path, notebook)),
        told("## Data\n\nHow many pictures each class has in each split."),
        code('plotting.class_counts(run.data["counts"])'),
        *(_pictures(split) if split else []),
        told("## Network\n\nIts layers, as one picture passes through them."),
        code(LAYERS),
        told(
            """
            ## Training

            Compare *training* with *validation*: where the first goes on falling and the second
            rises, the network learns the pictures by heart.
            """
        ),
        code(CURVES),
        told("What may be wrong with it, and what to try."),
        code(DIAGNOSES),
        *(_results(run, split) if split else []),
        told("## Recipe\n\nEvery setting of the training, those left at their defaults too."),
        code(RECIPE),
        told("## Model card\n\nWhat the network is for, and where its limits are."),
        code(CARD),
        code(COMMANDS),
    ]


def _pictures(split: str) -> list[Cell]:
    return [
        told("Some pictures of each class, of the first twenty at most, as the network sees them."),
        code(SAMPLES, split=split),
    ]


def _results(run: Run, split: str) -> list[Cell]:
    """What it got right and wrong, and how far its probabilities can be trusted."""
    found = [
        told(
            """
            ## Results

            An interval at 95 % says between which values the share among very many such pictures
            would lie.
            """
        ),
        code(MEASURES, split=split),
        told("Rows are the true classes, columns what they were taken for."),
        code(CONFUSION),
        code(PAIRS),
        told(
            """
            Recall: how many pictures of a class were found. Precision: how many of those called so
            belong to it.
            """
        ),
        code(CLASSES),
        told("The wrong answers that it was surest of."),
        code(MISTAKES),
        told(
            """
            ## How far to trust it

            If it says 80 %, is it right in 80 of 100 cases?
            """
        ),
        code(RELIABILITY),
    ]
    if (run.path / "evaluation" / split / "predictions.csv").is_file():
        found.append(
            told("If the least sure answers are left to people, fewer of the rest are wrong.")
        )
        found.append(code(COVERAGE, split=split))
    if run.metrics(split).get("binary"):
        found.append(told("Of two classes: what each threshold finds, and what it costs."))
        found.append(code(BINARY))
    return found

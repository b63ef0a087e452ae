"""The figures of a comparison."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from retinue import plotting
from retinue.data.imagedata import ImageData
from retinue.experiments.entrants import Entrant
from retinue.experiments.findings import Findings
from retinue.experiments.pictures import SHOWN, differing, pixels_of
from retinue.plotting.comparison import Dot, accuracies, confusions, pareto
from retinue.runs import slug

if TYPE_CHECKING:
    from matplotlib.figure import Figure

MATRICES = 12  # confusion matrices in one figure


def draw(findings: Findings) -> "Iterator[tuple[str, Figure]]":
    """Names and figures: accuracy, accuracy against times, confusion matrices."""
    dots = [_dot(findings, one) for one in findings.entrants]
    numbers = findings.numbers
    yield "accuracy", accuracies(dots, findings.winner)
    training = {
        name: found.training_seconds for name, found in numbers.items() if found.training_seconds
    }
    if len(training) > 1:
        costs = {"seconds of training": training}
        yield "pareto-training", pareto(dots, costs, findings.winner)
    speeds = {name: found.speed for name, found in numbers.items() if found.speed is not None}
    if len(speeds) > 1:
        costs = {
            "milliseconds for one picture alone": {
                name: 1000 * speed.single for name, speed in speeds.items()
            },
            "milliseconds a picture in batches": {
                name: 1000 / speed.batch for name, speed in speeds.items()
            },
        }
        yield "pareto-prediction", pareto(dots, costs, findings.winner)
    first = findings.by_accuracy[:MATRICES]
    classes = first[0].answers[0].classes
    yield "confusion", confusions({one.name: one.confusion for one in first}, classes)


def draw_differing(
    first: Entrant, second: Entrant, data: ImageData | None
) -> "Iterator[tuple[str, Figure]]":
    """Names and sheets of the pictures that only one of two entrants recognised.

    Without `data` only pictures are shown of which a run kept a thumbnail. No sheet where there are
    none.
    """
    names = [slug(one.name) for one in (first, second)]
    names = names if names[0] != names[1] else [names[0], f"{names[1]}-2"]
    positions = differing(first, second)
    sides = ((first, second, names), (second, first, names[::-1]))
    for (right, wrong, files), alone in zip(sides, positions, strict=True):
        pixels = pixels_of((wrong, right), alone[:SHOWN] if data else alone, data)
        shown = [position for position in alone if position in pixels][:SHOWN]
        if not shown:
            continue
        answers = wrong.answers[0]
        yield (
            f"differ-{files[0]}-{files[1]}",
            plotting.confident_mistakes(
                [pixels[position] for position in shown],
                [answers.classes[answers.truth[position]] for position in shown],
                [answers.classes[answers.predicted[position]] for position in shown],
                [float(answers.probabilities[position].max()) for position in shown],
                columns=8,
                title=f"Recognised by {right.name} alone, {len(shown)} of {len(alone):,}; "
                f"after the arrow: what {wrong.name} took them for",
            ),
        )


def _dot(findings: Findings, entrant: Entrant) -> Dot:
    found = findings.numbers[entrant.name]
    accuracy = found.accuracy
    return Dot(entrant.name, accuracy.value, accuracy.low, accuracy.high, found.by_run)

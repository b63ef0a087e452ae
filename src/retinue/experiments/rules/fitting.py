"""Over- and underfitting, from the curves."""

from retinue.experiments.findings import Findings
from retinue.experiments.phrases import in_points
from retinue.wording import count, percent


def overfitting(findings: Findings) -> list[str]:
    """Who is surely more than two points better on its training pictures than on val."""
    told = []
    for entrant in findings.by_accuracy:
        curve = findings.numbers[entrant.name].curve
        if curve is not None and curve.overfits:
            told.append(
                f"{entrant.name} overfits: at the epoch that was kept it recognised "
                f"{percent(curve.train)} of training pictures and {percent(curve.val)} of val "
                f"pictures, a gap of {in_points(*curve.gap)}."
            )
    return told


def underfitting(findings: Findings) -> list[str]:
    """Who recognises fewer of its own training pictures than the chosen one does of unseen ones."""
    best, told = findings.numbers[findings.chosen.name].curve, []
    for entrant in findings.by_accuracy:
        curve = findings.numbers[entrant.name].curve
        if curve is not None and best is not None and curve.is_below(best):
            told.append(
                f"{entrant.name} underfits: it recognised {percent(curve.train)} of its own "
                f"training pictures, {findings.chosen.name} {percent(best.val)} of val pictures, "
                "which it was not trained on."
            )
    return told


def still_rising(findings: Findings) -> list[str]:
    """Whose accuracy on val rose until training ended."""
    told = []
    for entrant in findings.by_accuracy:
        curve = findings.numbers[entrant.name].curve
        if curve is not None and curve.still_rises:
            but = (
                "its learning rate fell to the end, which alone lets it rise"
                if curve.falling
                else "a longer training was not tried"
            )
            told.append(
                f"{entrant.name} still rose at the end: from {percent(curve.before)} to "
                f"{percent(curve.after)} on val over the last {count(curve.last, 'epoch')} of "
                f"{curve.epochs}; {but}."
            )
    return told

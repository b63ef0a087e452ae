"""The slide of one network's trade-off: how many answers it gives, and how many are wrong."""

import numpy as np

from retinue.plotting.style import BLUE, GREY, VERMILION
from retinue.reporting.facts.reading import optional, predictions_on
from retinue.reporting.facts.trust import risk_coverage
from retinue.reporting.slides.pages import (
    END,
    FULL,
    MARGIN,
    TOP,
    Block,
    Box,
    Line,
    Lines,
    Page,
    Source,
    Words,
)
from retinue.reporting.slides.sources import Book, metrics_of, three
from retinue.runs import Run
from retinue.wording import percent

HALF = (FULL - 0.4) / 2
ASKED = 0.8  # the share of answers that the title speaks of
MOST_POINTS = 200  # of a line


def trade_off_page(run: Run, split: str) -> Page:
    """Errors among the surest answers, and whether what is said surely is right so often."""
    metrics = metrics_of(run, split)
    found = predictions_on(run, split)
    title, sources = "What its probabilities are worth", []
    blocks: list[tuple[Box, Block]] = []
    high = END - TOP - 0.55
    if found is not None and found.true:
        coverage, error = risk_coverage(found)
        title = _title(coverage, error)
        file = f"evaluation/{split}/predictions.csv"
        sources.append(Source("line wrong", file, "the share of wrong among the surest answers"))
        blocks.append((Box(MARGIN, TOP, HALF, high), _risk(coverage, error)))
    blocks.append((Box(MARGIN + HALF + 0.4, TOP, HALF, high), _reliability(metrics)))
    box = Box(MARGIN, END - 0.45, FULL, 0.45)
    blocks.append((box, Words((_abstention(run, metrics, sources),), (13, 12, 11, 10), quiet=True)))
    return Page(
        "Trade-offs",
        title,
        tuple(blocks),
        (*metrics.taken, *sources),
        (
            "Left: if the least sure answers are left to people, how many of the others are wrong.",
            "Right: of the answers given with such a confidence, how many are right.",
        ),
    )


def _title(coverage: np.ndarray, error: np.ndarray) -> str:
    """What leaving a fifth of the pictures to people would bring."""
    some = np.flatnonzero(coverage <= ASKED)
    last = percent(float(error[-1]))
    if error[-1] == 0:
        return "None of its answers is wrong, neither sure nor unsure ones"
    if not len(some):
        return f"{last} of all answers are wrong, and none is less sure than the others"
    place = some[-1]
    shares = percent(float(coverage[place]), 0), percent(float(error[place]))
    if error[place] == 0:
        return f"Of the surest {shares[0]} of its answers none is wrong; of all {last}"
    return f"Of the surest {shares[0]} of its answers {shares[1]} are wrong; of all {last}"


def _risk(coverage: np.ndarray, error: np.ndarray) -> Lines:
    """The curve, with no more points than can be seen."""
    step = -(-len(coverage) // MOST_POINTS)
    kept = np.unique([*range(0, len(coverage), step), len(coverage) - 1])
    line = Line("wrong", tuple(coverage[kept].tolist()), tuple(error[kept].tolist()), VERMILION)
    return Lines(
        (line,), "Wrong answers among the surest", "share of pictures answered, the surest first",
        shares=True, across_shares=True,
    )  # fmt: skip


def _reliability(metrics: Book) -> Lines:
    bins = [one for one in metrics.values["calibration_bins"] if one["n"]]
    metrics.note("line measured", "calibration_bins[].confidence and .accuracy")
    measured = Line("measured", tuple(one["confidence"] for one in bins),
                    tuple(one["accuracy"] for one in bins), BLUE)  # fmt: skip
    perfect = Line("perfectly calibrated", (0.0, 1.0), (0.0, 1.0), GREY, dashed=True)
    return Lines((measured, perfect), "Right answers by confidence", "confidence",
                 shares=True, across_shares=True)  # fmt: skip


def _abstention(run: Run, metrics: Book, sources: list[Source]) -> str:
    """The calibration error, and the threshold that was chosen on val."""
    told = f"Calibration error {metrics.say('ece.value', three)} on average."
    calibration = Book("calibration.json", optional(run, "calibration.json"))
    chosen = calibration.values.get("abstention") or {}
    if chosen.get("threshold"):
        threshold, coverage, accuracy = (
            calibration.say(f"abstention.{key}", percent)
            for key in ("threshold", "coverage", "accuracy")
        )
        told += (
            f" Answers less sure than {threshold} are marked unsure; on val {coverage} were surer, "
            f"and {accuracy} of these right."
        )
    sources.extend(calibration.taken)
    return told

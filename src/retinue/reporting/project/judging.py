"""What evaluate.py says: on which pictures the network is judged, and how it is shown them."""

from typing import Any

from retinue.models.weights import ModelCard
from retinue.prediction.classifier import batch_of
from retinue.runs import Run
from retinue.wording import printable

MANY = 30  # classes, from which on a matrix with numbers is not to be read


def judging_values(run: Run, card: ModelCard) -> dict[str, Any]:
    """All that the template of evaluate.py asks for."""
    views, side = card.views, min(card.preprocess.size)
    return {
        "bf16": run.read_json("environment.json")["precision"] == "bf16",
        "split": judged_split(run),
        "views": views,
        "shifts": "shift" in views,
        "flips": "flip" in views,
        "shift": 1 if side <= 64 else round(side / 32),
        "at_once": batch_of(card.preprocess.size),
        "side": max(6, min(24, round(0.6 * len(card.classes)))),
        "many": len(card.classes) > MANY,
        "dollars": any("$" in printable(name) for name in card.classes),
    }


def judged_split(run: Run) -> str:
    """The split that nobody chose by; val where there is no test."""
    return "test" if sum(run.data["counts"]["test"].values()) else "val"

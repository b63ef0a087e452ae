"""How training ended: by hand, by lost patience, or by the clock."""

from retinue.reporting.diagnosis.diagnosis import Diagnosis
from retinue.reporting.diagnosis.facts import Facts
from retinue.wording import count, percent

IMPATIENT = 0.02  # of the loss on training pictures, since the epoch that was kept, is progress
EARLY = 0.8  # of the epochs; ended before them, a falling learning rate has not done its work


def interrupted(facts: Facts) -> Diagnosis | None:
    """It was stopped before its end, and not judged on test."""
    if facts.state != "interrupted":
        return None
    done, asked = len(facts.history), facts.recipe.epochs
    return Diagnosis(
        "interrupted",
        "training was stopped before its end",
        f"{facts.reason or 'its process has died'}; {done} of {_epochs(asked)} are done",
        f"retinue train --resume {facts.path}",
        "hint",
    )


def impatient(facts: Facts) -> Diagnosis | None:
    """Patience was lost while it still learned, or before the learning rate had fallen."""
    if facts.recorded or not facts.reason.startswith("no better"):
        return None
    done, asked, patience = len(facts.history), facts.recipe.epochs, facts.recipe.patience or 1
    before = facts.falling and done < EARLY * asked
    losses = dict(facts.known("subset_loss"))
    kept, last = losses.get(facts.status.get("best_epoch") or 0), losses.get(done)
    learns = kept is not None and last is not None and last < (1 - IMPATIENT) * kept
    # Where val falls behind, more epochs would be spent on learning by heart.
    if (facts.last is not None and facts.last.overfits) or not (before or learns):
        return None
    why = []
    if learns and kept is not None and last is not None:
        why.append(f"the loss on training pictures still fell, from {kept:.3f} to {last:.3f}")
    if before:
        why.append("the learning rate had not fallen yet, and val improves most when it does")
    return Diagnosis(
        "stopped-early",
        "patience was lost too early",
        f"after {done} of {_epochs(asked)}, {patience} of them without a better "
        f"{facts.recipe.monitor}: {'; '.join(why)}",
        f"--patience {max(3 * patience, 5)}, or no --patience: the best epoch is kept anyway",
        "hint",
    )


def out_of_time(facts: Facts) -> Diagnosis | None:
    """The time limit came before every training picture was seen."""
    limit = facts.recipe.time_limit
    if limit is None or not facts.reason.startswith("time limit reached"):
        return None
    seen = _seen(facts)
    if seen > 0.999:
        return None
    return Diagnosis(
        "out-of-time",
        "time was up before every training picture was seen",
        f"{percent(seen, 0)} of {facts.pictures('train'):,} training pictures in {limit:g} seconds",
        f"--time-limit {round(limit * min(100, 3 / max(seen, 0.03)))}s, --preset quick, or a "
        "smaller --size",
        "hint",
    )


def _seen(facts: Facts) -> float:
    """Passes over the training pictures."""
    words = facts.reason.split()
    if "after" in words:  # of a head that is solved for: after 12 of 90 training pictures
        place = words.index("after")
        return int(words[place + 1]) / int(words[place + 3])
    seen = sum(
        line["pictures_per_second"] * line["seconds"]
        for line in facts.history
        if line.get("pictures_per_second") and line.get("seconds")
    )
    return float(seen) / max(1, facts.pictures("train"))


def _epochs(epochs: float) -> str:
    """`1 epoch`, `2.5 epochs`."""
    return count(epochs, "epoch") if isinstance(epochs, int) else f"{epochs:g} epochs"

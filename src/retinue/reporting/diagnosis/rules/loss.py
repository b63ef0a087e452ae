"""What the losses say: no number, jumping, flat, or odd from the first step on."""

import math

from retinue.reporting.diagnosis.diagnosis import Diagnosis
from retinue.reporting.diagnosis.facts import Facts
from retinue.reporting.diagnosis.odds import above, is_less
from retinue.reporting.diagnosis.rules.options import learning_rate, more_epochs
from retinue.runs import NO_NUMBER
from retinue.training.sanity.guessing import plausible_first_loss
from retinue.wording import count, percent

EXPLODED = 1.3, 2.0  # times the loss of guessing: the mean of an epoch, and of one step
COLLAPSE = 0.1  # of accuracy, lost from one epoch to a later one
FLAT = 0.95  # of the loss of guessing is still there
LITTLE = 0.15  # of the way from guessing to perfection, at most
FEW_STEPS = 100


def diverged(facts: Facts) -> Diagnosis | None:
    """The loss, or another number of the training, is NaN or infinite."""
    evidence, advice = "", f"{learning_rate(facts, 0.1)}, --clip 1, or --precision fp32"
    if facts.state == "failed" and NO_NUMBER in facts.reason:
        evidence, _, tried = facts.reason.partition(": try ")
        advice = tried or advice
    elif facts.broken:
        evidence = f"{facts.broken} is NaN or infinite"
    elif facts.recorded and (lost := _lost(facts)):
        evidence = f"from epoch {lost} on the history has no loss that is a number"
    if not evidence:
        return None
    return Diagnosis("diverged", "the loss is no longer a number", evidence, advice)


def _lost(facts: Facts) -> int:
    """The epoch from which on a loss that was known is not known any more; 0 where there is none.

    A loop of somebody's own has no other way to say that it was NaN.
    """
    known = facts.known("train_loss")
    return known[-1][0] + 1 if known and known[-1][0] < len(facts.history) else 0


def jumping(facts: Facts) -> Diagnosis | None:
    """The loss rose far above that of guessing, or what was learned was lost again."""
    evidence = _exploded(facts) or _collapsed(facts)
    if not evidence:
        return None
    lower = learning_rate(facts, 0.1)
    return Diagnosis(
        "jumping",
        "the loss jumps: the learning rate is too high",
        evidence,
        f"{lower}, --lr auto, --warmup 0.1, or --clip 1",
    )


def _exploded(facts: Facts) -> str:
    """Where the loss was far above that of guessing, after the first step."""
    first = next((line["loss"] for line in facts.steps if line.get("step") == 1), None)
    even = max(math.log(len(facts.classes)), first or 0.0)
    steps = [(line["step"], line["loss"]) for line in facts.steps if line["loss"] is not None]
    # Where only the hardest pictures are taken, theirs is no mean any more.
    hard = facts.recipe.hardest < 1 and facts.says("hardest")
    epochs = facts.known("train_loss")[: 1 if hard else None]
    for what, found, times in (("epoch", epochs, EXPLODED[0]), ("step", steps, EXPLODED[1])):
        number, worst = max(found, key=lambda one: one[1], default=(0, 0.0))
        if worst > times * even:
            return (
                f"the loss of {what} {number} was {worst:.3g}; who guesses has "
                f"{math.log(len(facts.classes)):.2f}"
            )
    return ""


def _collapsed(facts: Facts) -> str:
    """Where training pictures that were recognised were lost again, in the second half."""
    known = facts.known(f"{facts.fit}_accuracy")
    n = facts.last.n_train if facts.last else facts.pictures("train")
    best, best_at, falls = 0.0, 0, []
    for epoch, accuracy in known:
        if accuracy > best:
            best, best_at = accuracy, epoch
        elif is_less(accuracy, n, best, n, COLLAPSE) and 2 * epoch > len(known):
            falls.append((epoch, accuracy, best, best_at))
    if not falls or (len(falls) < 2 and falls[-1][0] < known[-1][0]):
        return ""
    epoch, accuracy, best, best_at = falls[-1]
    return (
        f"after epoch {best_at} it recognised {percent(best)} of the training pictures, after "
        f"epoch {epoch} only {percent(accuracy)}"
    )


def flat(facts: Facts) -> Diagnosis | None:
    """Nothing was learned: the loss is still that of guessing."""
    losses = facts.known(f"{facts.fit}_loss")
    accuracies = facts.known(f"{facts.fit}_accuracy")
    if not losses or not accuracies or facts.way == "linear":
        return None
    loss, accuracy = losses[-1][1], accuracies[-1][1]
    learned = above(accuracy, facts.most_frequent)
    if loss < FLAT * facts.guessing or learned > LITTLE:
        return None
    steps = int(facts.status.get("step", 0))
    shown = "" if facts.recorded else f" after {count(steps, 'step')}"
    longer = [more_epochs(facts, 5)] if 0 < steps < FEW_STEPS else []
    tries = [*longer, learning_rate(facts, 10), "--lr auto", "--sanity to see whether it can learn"]
    return Diagnosis(
        "flat",
        "nothing was learned: the loss is flat",
        f"the loss on training pictures is {loss:.3f}{shown}; who guesses has "
        f"{facts.guessing:.3f}. It recognises {percent(accuracy)} of them, and the largest class "
        f"is {percent(facts.most_frequent)}",
        f"{', '.join(tries[:-1])}, or {tries[-1]}",
    )


def first_loss(facts: Facts) -> Diagnosis | None:
    """A network that has learned nothing yet should guess."""
    first = next((line["loss"] for line in facts.steps if line.get("step") == 1), None)
    knows = facts.transfer is not None and (facts.way != "full" or facts.recipe.keep_head)
    if first is None or knows:
        return None
    low, high = plausible_first_loss(len(facts.classes), facts.guessing)
    if low <= first <= high:
        return None
    even = math.log(len(facts.classes))
    told = f"it was {first:.3g}; ln({len(facts.classes)}) is {even:.2f}"
    if first > high:
        return Diagnosis(
            "first-loss",
            "the first loss is far above that of guessing",
            told,
            "smaller initial weights in the last layer of a network of your own; pixels normalised "
            "as usual (leave out model.mean and model.std); --sanity",
            "hint",
        )
    return Diagnosis(
        "first-loss",
        "the first loss is far below that of guessing",
        told,
        "look whether the network was trained already, or whether the label can be read off the "
        "pictures; --sanity",
    )

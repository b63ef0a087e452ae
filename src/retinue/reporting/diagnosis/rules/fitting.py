"""What accuracy on training and validation pictures says: over- and underfitting."""

from retinue.evaluation.statistics import wilson
from retinue.experiments.curves import Curve
from retinue.experiments.phrases import in_points
from retinue.models.catalogue import split_way
from retinue.reporting.diagnosis.diagnosis import Diagnosis
from retinue.reporting.diagnosis.facts import Facts
from retinue.reporting.diagnosis.odds import above
from retinue.reporting.diagnosis.rules.options import (
    against_overfitting,
    more_epochs,
)
from retinue.wording import count, percent

LARGE, HEART = 0.1, 0.5  # a gap that is surely larger, and the share of mistakes on val it makes
HUGE = 0.2  # a gap that is overfitting even where val still gets better
RISE = 1.2  # times its least, and the loss on val has risen
FALL = 0.15  # of the loss on val, over the last quarter, is still much
POOR = 0.5  # of the way from guessing to perfection on its own training pictures
FEWEST_EPOCHS = 4  # fewer show no course


def overfitting(facts: Facts) -> Diagnosis | None:
    """Training pictures are learned by heart: val falls behind, or its loss rises again."""
    kept, last = facts.kept, facts.last
    # A head that is solved for is held back as far as val likes it best.
    if kept is None or last is None or facts.way == "linear":
        return None
    rise = _rise_of_val(facts)
    by_gap = _learns_by_heart(facts, kept)
    by_rise = last.overfits and bool(rise)
    if not by_gap and not by_rise:
        return None
    curve, when = (kept, "that were kept") if by_gap else (last, "of the last epoch")
    tries = [*against_overfitting(facts), "more pictures", "--patience 5"]
    return Diagnosis(
        "overfitting",
        "overfitting: it learns its training pictures by heart",
        f"the weights {when} recognise {percent(curve.train)} of training pictures and "
        f"{percent(curve.val)} of val pictures, a gap of {in_points(*curve.gap)}{rise}",
        ", ".join(tries),
        "problem" if kept.gap[1] > HUGE else "hint",
    )


def _learns_by_heart(facts: Facts, curve: Curve) -> bool:
    """Whether most mistakes on val are none on training pictures, and val gets no better."""
    before, after = _last_quarter(facts, curve)
    rests = after >= (1 - FALL) * before
    mostly = curve.gap[0] > HEART * (1 - curve.val)
    return curve.gap[1] > HUGE or (curve.gap[1] > LARGE and mostly and rests)


def _rise_of_val(facts: Facts) -> str:
    """That the loss on val has risen again since it was least, while that on train fell."""
    val, train = facts.known("val_loss"), dict(facts.known(f"{facts.fit}_loss"))
    if len(val) < FEWEST_EPOCHS:
        return ""
    least_at, least = min(val, key=lambda one: one[1])
    end = val[-max(1, round(len(val) / 4)) :]
    mean = sum(value for _, value in end) / len(end)
    if mean <= RISE * least or train.get(val[-1][0], 0.0) >= train.get(least_at, 0.0):
        return ""
    return (
        f"; the loss on val was least after epoch {least_at}, {least:.3f}, and ended at {mean:.3f}"
    )


def _last_quarter(facts: Facts, curve: Curve) -> tuple[float, float]:
    """The loss on val before the last quarter of the epochs, and after it; zeros if not known."""
    losses = facts.known("val_loss")
    return (losses[-1 - curve.last][1], losses[-1][1]) if len(losses) > curve.last else (0.0, 0.0)


def underfitting(facts: Facts) -> Diagnosis | None:
    """Its own training pictures are recognised poorly, and it has come to rest."""
    curve = facts.kept
    if curve is None or _moves(facts, curve) or curve.overfits:
        return None
    low, high = wilson(curve.train * curve.n_train, curve.n_train)
    if above(high, facts.most_frequent) > POOR:
        return None
    tries = [*_larger(facts), *_less_held_back(facts)]
    network = split_way(facts.recipe.model.name)[0]
    tries.append(f"--model {network}:finetune" if facts.way == "linear" else more_epochs(facts))
    return Diagnosis(
        "underfitting",
        "underfitting: it does not even learn its training pictures",
        f"it recognises {percent(curve.train)} ({percent(low)} to {percent(high)}) of pictures "
        f"that it was trained on, and {percent(curve.val)} of val pictures",
        ", ".join(tries),
        "hint",
    )


def _moves(facts: Facts, curve: Curve) -> bool:
    """Whether the training was too short to say that it came to rest."""
    short = curve.epochs < FEWEST_EPOCHS and facts.way != "linear"
    return short or (curve.still_rises and not facts.falling)


def _larger(facts: Facts) -> list[str]:
    name = facts.recipe.model.name
    if name in ("softmax", "mlp", "lenet"):
        return ["--model cnn"]
    if "width" in facts.recipe.model.arguments:
        return [f"--set model.width={2 * int(facts.recipe.model.arguments['width'])}"]
    return []


def _less_held_back(facts: Facts) -> list[str]:
    recipe = facts.recipe
    tries = []
    if facts.says("augment") and recipe.augment == "strong":
        tries.append("--augment basic")
    if facts.says("mixup") and (recipe.mixup or recipe.cutmix):
        tries.append("--mixup 0 --cutmix 0")
    if facts.says("weight_decay") and recipe.weight_decay > 0.1:
        tries.append("--weight-decay 0.05")
    return tries


def still_improving(facts: Facts) -> Diagnosis | None:
    """Val got better until the last epoch, with a learning rate that did not fall for it."""
    curve = facts.kept
    # A learning rate that falls to the end lets val rise by itself.
    if curve is None or facts.falling or curve.epochs < FEWEST_EPOCHS:
        return None
    if facts.state != "finished" or facts.reason.startswith(("no better", "time limit")):
        return None
    before, after = _last_quarter(facts, curve)
    # From one epoch to the next is no trend.
    falls = after < (1 - FALL) * before and curve.last > 1
    if not curve.still_rises and not falls:
        return None
    over = f"over the last {count(curve.last, 'epoch')} of {curve.epochs}"
    told = f"rose from {percent(curve.before)} to {percent(curve.after)}"
    return Diagnosis(
        "still-improving",
        "it was still improving when training ended",
        f"{over} accuracy on val {told}"
        + (f", and the loss fell from {before:.3f} to {after:.3f}" if falls else ""),
        f"{more_epochs(facts)}; or --schedule onecycle, whose learning rate falls to the end",
        "hint",
    )

"""What to try, as options of `retinue train`."""

from retinue.reporting.diagnosis.facts import Facts


def learning_rate(facts: Facts, factor: float) -> str:
    """A learning rate so many times that of the run."""
    lr = facts.recipe.lr
    if facts.says("lr") and not isinstance(lr, str):
        return f"--lr {lr * factor:.2g} (it was {lr:.2g})"
    times, way = (factor, "higher") if factor > 1 else (1 / factor, "lower")
    return f"a learning rate {times:.3g} times {way}"


def more_epochs(facts: Facts, times: float = 2.0) -> str:
    """So many times as many epochs."""
    epochs = max(len(facts.history), float(facts.recipe.epochs))
    return f"--epochs {max(1, round(epochs * times))}"


def against_overfitting(facts: Facts) -> list[str]:
    """What holds a network back from learning its pictures by heart and is not in use yet."""
    recipe = facts.recipe
    tries = []
    if recipe.augment != "strong" or not facts.says("augment"):
        tries.append("--augment strong")
    if not recipe.mixup and not recipe.cutmix:
        tries.append("--mixup 0.2")
    usual = 0.05 if recipe.opt == "adamw" else 5e-4
    if recipe.weight_decay < usual:
        tries.append(f"--weight-decay {usual:g}")
    return tries


def begin_with_weights(facts: Facts) -> list[str]:
    """Transfer, where the run began from scratch."""
    return [] if facts.transfer is not None else ["--model efficientnet_lite0:linear"]

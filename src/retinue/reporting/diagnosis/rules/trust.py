"""Whether the numbers can be believed: modes that disagree, leaks, and mere chance."""

from retinue.experiments.phrases import listed
from retinue.reporting.diagnosis.diagnosis import Diagnosis
from retinue.reporting.diagnosis.facts import Facts
from retinue.reporting.diagnosis.odds import is_less
from retinue.reporting.diagnosis.rules.options import learning_rate
from retinue.training.sanity.guessing import agreement
from retinue.wording import count, measured_share, percent

DISAGREE = 0.05  # of accuracy, between train mode and eval mode
WORSE = 0.03  # of accuracy, test below val
BETTER = 0.05  # of accuracy, test above training pictures
LEAKED = 0.005  # of a split's pictures are in train too
CHANCE = 1.645  # deviations above 0 that chance exceeds once in twenty times
SLIGHT = 0.1  # of kappa: nearer to guessing than anybody would use
FEWEST = 8  # pictures whose mean and deviation batch norm should take


def tiny_batches(facts: Facts) -> Diagnosis | None:
    """Batch norm takes the mean of so few pictures that it is mostly noise."""
    kept = facts.way in ("linear", "finetune")  # the statistics of the pretrained network stay
    if facts.recorded or not facts.batch_norm or kept:
        return None
    size = min(facts.recipe.batch_size, facts.pictures("train"))
    parts = -(-size // facts.recipe.slice_size) if facts.recipe.slice_size else 1
    at_once = size / parts
    if at_once >= FEWEST:
        return None
    option = "--slice-size" if parts > 1 else "--batch-size"
    return Diagnosis(
        "tiny-batches",
        "batch norm with tiny batches",
        f"the network normalises over {at_once:g} pictures at a time",
        f"{option} 32, or with --model cnn --set model.batch_norm=false",
        "hint",
    )


def modes_disagree(facts: Facts) -> Diagnosis | None:
    """What was recognised while training is not recognised when judged, though it is the same."""
    evidence = _of_training(facts) or _of_val(facts)
    if not evidence:
        return None
    tries = []
    if facts.recorded:
        tries.append("mean and std of `record` as in the loop, classes in the order of the data")
        tries.append("model.eval() before judging")
    else:
        tries += ["--batch-size 64" if facts.recipe.batch_size < 64 else learning_rate(facts, 0.3)]
        tries += ["--schedule onecycle"] if not facts.falling else []
        tries += ["--ema 0"] if facts.recipe.ema else []
        tries.append("--sanity")
    return Diagnosis(
        "modes-disagree",
        "training and judging disagree about the same pictures",
        evidence,
        ", ".join(tries),
    )


def _of_training(facts: Facts) -> str:
    """Training pictures: as they ran, and as they are, after the last epoch."""
    running, still = dict(facts.known("train_accuracy")), facts.known("subset_accuracy")
    if not still or facts.last is None or facts.way == "linear":
        return ""
    epoch, accuracy = still[-1]
    ran = running.get(epoch)
    n = facts.pictures("train")
    if ran is None or not is_less(accuracy, facts.last.n_train, ran, n, DISAGREE):
        return ""
    return (
        f"in epoch {epoch} it recognised {percent(ran)} of its training pictures while it learned "
        f"from them, and right after {percent(accuracy)} of some of them"
    )


def _of_val(facts: Facts) -> str:
    """Val pictures: as the history has them, and as they were judged in the end."""
    if facts.kept is None or "val" not in facts.measures:
        return ""
    found = facts.measures["val"]["accuracy"]
    if not is_less(found["value"], found["n"], facts.kept.val, found["n"], DISAGREE):
        return ""
    return (
        f"the history says {percent(facts.kept.val)} of val for the weights that were kept; "
        f"judged, they recognise {measured_share(found)}"
    )


def test_below_val(facts: Facts) -> Diagnosis | None:
    """Test is surely worse than val: these are not pictures of one kind."""
    if not {"val", "test"} <= facts.measures.keys():
        return None
    val, test = (facts.measures[name]["accuracy"] for name in ("val", "test"))
    if not is_less(test["value"], test["n"], val["value"], val["n"], WORSE):
        return None
    return Diagnosis(
        "test-below-val",
        "test is much worse than val",
        f"{measured_share(val)} on val, {measured_share(test)} on test",
        "look at both (retinue show): are test pictures of another kind or source? "
        "Do near-identical ones, of one scene or person, lie in train and val? then --group-by",
    )


def leakage(facts: Facts) -> Diagnosis | None:
    """Pictures to judge on were seen in training, or are suspiciously easy."""
    leaks = [one for one in facts.shared if one.pictures > LEAKED * one.of]
    told = [
        f"{count(one.pictures, 'picture')} of {one.of:,} in {one.split} are byte for byte in train"
        + (f"; on the others the accuracy is {percent(one.rest)}" if one.rest is not None else "")
        for one in leaks
    ]
    if told:
        return Diagnosis(
            "leakage",
            f"{listed([one.split for one in leaks])} pictures were seen in training",
            ". ".join(told),
            "take them out of one split; or give the pictures without splits: Retinue keeps equal "
            "pictures together, and with --group-by those of one scene, person or day",
        )
    return _too_easy(facts)


def _too_easy(facts: Facts) -> Diagnosis | None:
    """Test is recognised better than the pictures that were learned."""
    if facts.kept is None or "test" not in facts.measures:
        return None
    test, curve = facts.measures["test"]["accuracy"], facts.kept
    if not is_less(curve.train, curve.n_train, test["value"], test["n"], BETTER):
        return None
    return Diagnosis(
        "leakage",
        "test is recognised better than training pictures",
        f"{percent(curve.train)} of training pictures, {measured_share(test)} on test",
        "look whether test pictures are easier or known to the network from before, or whether "
        "training labels are wrong (retinue show)",
        "hint",
    )


def chance(facts: Facts) -> Diagnosis | None:
    """The answers have nothing to do with the pictures, as far as can be told."""
    if not facts.judged_on:
        return None
    measures = facts.measures[facts.judged_on]
    kappa, deviations = agreement(measures["confusion"])
    if deviations >= CHANCE and kappa >= SLIGHT:
        return None
    largest = max(sum(row) for row in measures["confusion"]) / measures["accuracy"]["n"]
    slight = "hardly more than by chance"
    how = slight if kappa < SLIGHT else "no more than by chance, as far as so few pictures tell"
    return Diagnosis(
        "chance",
        "the result is hardly better than guessing",
        f"{measured_share(measures['accuracy'])} on {facts.judged_on}; who always says the most "
        f"frequent class has {percent(largest)}, and the answers agree with the labels {how} "
        f"(kappa {_two_digits(kappa)})",
        "--sanity; then look at pictures and labels (retinue show), and train longer or at another "
        "learning rate (--lr auto)",
        "problem" if kappa < SLIGHT else "hint",
    )


def _two_digits(kappa: float) -> str:
    """Kappa with two digits, and no minus before 0."""
    return f"{kappa:.2f}".replace("-0.00", "0.00")

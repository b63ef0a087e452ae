"""What the pictures and their classes say: too few, too uneven, never answered."""

from collections.abc import Iterable, Mapping
from typing import Any

from retinue.experiments.phrases import listed, probability
from retinue.reporting.diagnosis.diagnosis import Diagnosis
from retinue.reporting.diagnosis.facts import Facts
from retinue.reporting.diagnosis.odds import SURELY, is_less, p_of_fewer
from retinue.reporting.diagnosis.rules.options import against_overfitting
from retinue.wording import count, percent, printable

FEW, ENOUGH, ENOUGH_WITH_WEIGHTS = 5, 100, 20  # training pictures a class
GAP = 0.05  # of accuracy between them and others, surely, where there are too few
WIDE = 0.1  # half the interval of an accuracy
UNEVEN = 3.0  # times as many pictures in the largest class as in the smallest
LOSES = 0.1  # of recall that rare classes are behind
NAMED = 3  # classes
RARELY = 0.01  # of runs all of whose classes are equally easy miss one of them by chance


def too_few_pictures(facts: Facts) -> Diagnosis | None:
    """So few training pictures a class that what is learned of them does not hold for others."""
    evidence = _rarest(facts) or _few_each(facts)
    if not evidence:
        return None
    weights = [] if facts.transfer is not None else ["--model efficientnet_lite0:linear"]
    tries = ["more pictures", *weights, *against_overfitting(facts)[:1]]
    return Diagnosis(
        "too-few-pictures", "too few training pictures", evidence, ", ".join(tries), "hint"
    )


def _rarest(facts: Facts) -> str:
    """Classes of which there is next to nothing."""
    few = {name: n for name, n in facts.counts["train"].items() if n < FEW}
    if not few:
        return ""
    first = min(few, key=lambda name: few[name])
    others = f"; so few have {len(few) - 1} other classes too" if len(few) > 1 else ""
    return f"{_named([first])} has {count(few[first], 'training picture')}{others}"


def _few_each(facts: Facts) -> str:
    """Few of every class, and pictures not learned from are recognised less often."""
    each, curve, judged = facts.pictures("train") / len(facts.classes), facts.kept, facts.judged_on
    enough = ENOUGH_WITH_WEIGHTS if facts.transfer is not None else ENOUGH
    if curve is None or each >= enough or not judged:
        return ""
    found = facts.measures[judged]["accuracy"]
    if not is_less(found["value"], found["n"], curve.train, curve.n_train, GAP):
        return ""
    return (
        f"there are {each:.0f} a class; it recognises {percent(curve.train)} of them, and "
        f"{percent(found['value'])} of {judged} pictures"
    )


def too_few_judged(facts: Facts) -> Diagnosis | None:
    """So few pictures to judge on that the accuracy says little."""
    if not facts.judged_on:
        return None
    found = facts.measures[facts.judged_on]["accuracy"]
    if found["high"] - found["low"] <= 2 * WIDE:
        return None
    option = "--test-fraction 0.3" if facts.judged_on == "test" else "--val-fraction 0.2"
    return Diagnosis(
        "too-few-judged",
        f"too few {facts.judged_on} pictures to say how good it is",
        f"with {count(found['n'], 'picture')} the accuracy may be anything from "
        f"{percent(found['low'])} to {percent(found['high'])}",
        f"more pictures, or {option}",
        "hint",
    )


def never_predicted(facts: Facts) -> Diagnosis | None:
    """A class is not the answer to a single picture, though it should be to some."""
    if not facts.judged_on:
        return None
    measures = facts.measures[facts.judged_on]
    accuracy, rows = measures["accuracy"]["value"], measures["per_class"]
    missing = {row["class"]: row["n"] for row in rows if row["n"] and not row["predicted"]}
    unseen = [name for name in missing if not facts.counts["train"].get(name)]
    # One as easy as the others would be missed so often by chance.
    unlikely = [name for name, n in missing.items() if (1 - accuracy) ** n < RARELY / len(rows)]
    names = list(dict.fromkeys([*unseen, *unlikely]))
    if not names:
        return None
    pictures = sum(missing[name] for name in names)
    evidence = (
        f"{_named(names)}: not the answer to any of {measures['accuracy']['n']:,} "
        f"{facts.judged_on} pictures, {pictures:,} of which "
        f"{'are' if pictures > 1 else 'is'} of {'these classes' if len(names) > 1 else 'it'}"
    )
    if unseen:
        evidence += f"; without a training picture: {_named(unseen)}"
    return Diagnosis(
        "never-predicted",
        "a class is never predicted"
        if len(names) == 1
        else f"{len(names)} classes are never predicted",
        evidence,
        "look at their pictures and labels (retinue show), --class-weights balanced, more pictures "
        "of them",
    )


def imbalance(facts: Facts) -> Diagnosis | None:
    """Rare classes are recognised less often than frequent ones, and answered too seldom."""
    counts = {name: n for name, n in facts.counts["train"].items() if n}
    if not facts.judged_on or len(counts) < 2:
        return None
    most, least = max(counts.values()), min(counts.values())
    if most < UNEVEN * least:
        return None
    rows = facts.measures[facts.judged_on]["per_class"]
    middle = (most * least) ** 0.5
    rare = _sums(row for row in rows if 0 < counts.get(row["class"], 0) < middle)
    frequent = _sums(row for row in rows if counts.get(row["class"], 0) >= middle)
    p = p_of_fewer(rare["hits"], rare["n"], frequent["hits"], frequent["n"])
    behind = frequent["recall"] - rare["recall"]
    if p >= SURELY or behind < LOSES or rare["predicted"] >= rare["n"]:
        return None
    weigh = facts.recipe.class_weights == "none" or not facts.says("class_weights")
    return Diagnosis(
        "imbalance",
        "rare classes suffer from frequent ones",
        f"classes have {least:,} to {most:,} training pictures; of {facts.judged_on} pictures of "
        f"the rare ones it recognises {percent(rare['recall'])} ({rare['hits']} of {rare['n']}), "
        f"of the others {percent(frequent['recall'])} ({probability(p)}); it answered with rare "
        f"ones {count(rare['predicted'], 'time')}",
        f"{'--class-weights balanced, ' if weigh else ''}more pictures of the rare classes",
    )


def _sums(rows: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """Pictures, right answers, answers and recall of some classes together."""
    rows = list(rows)
    n, predicted = (sum(row[key] for row in rows) for key in ("n", "predicted"))
    hits = sum(round(row["recall"]["value"] * row["n"]) for row in rows)
    return {"n": n, "predicted": predicted, "hits": hits, "recall": hits / n if n else 0.0}


def _named(names: list[str]) -> str:
    """Some names, so that they cannot steer a terminal."""
    shown = [printable(name, 60) for name in names[:NAMED]]
    more = len(names) - len(shown)
    return listed(shown) if not more else f"{', '.join(shown)} and {more} more"

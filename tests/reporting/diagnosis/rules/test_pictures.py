"""Rules on pictures and classes: told where chance would not bring it about."""

from collections.abc import Callable
from typing import Any

import pytest

from retinue.experiments.curves import Curve
from retinue.reporting.diagnosis.facts import Facts
from retinue.reporting.diagnosis.rules import pictures

Make = Callable[..., Facts]
Measured = Callable[..., dict[str, Any]]


def counts(*train: int) -> dict[str, dict[str, int]]:
    names = [str(number) for number in range(len(train))]
    some = dict(zip(names, train, strict=True))
    return {"train": some, "val": dict.fromkeys(names, 9), "test": dict.fromkeys(names, 9)}


def of(*train: int) -> dict[str, Any]:
    """What facts of so many training pictures a class have."""
    return {"counts": counts(*train), "classes": tuple(str(one) for one in range(len(train)))}


def test_classes_of_which_there_is_next_to_nothing(facts: Make) -> None:
    told = pictures.too_few_pictures(facts(**of(100, 2, 90)))
    assert told is not None
    assert told.evidence == "1 has 2 training pictures"
    told = pictures.too_few_pictures(facts(**of(100, 3, 1, 0)))
    assert told is not None
    assert told.evidence == "3 has 0 training pictures; so few have 2 other classes too"
    assert pictures.too_few_pictures(facts(**of(100, 5, 90))) is None


def test_few_of_every_class_where_it_shows(
    facts: Make, curve: Callable[..., Curve], measured: Measured
) -> None:
    bad, good = measured([[140, 60], [60, 140]]), measured([[195, 5], [5, 195]])
    kept = curve(train=1.0, n_train=100)
    told = pictures.too_few_pictures(facts(**of(50, 50), kept=kept, measures={"test": bad}))
    assert told is not None
    assert told.evidence == (
        "there are 50 a class; it recognises 100.0 % of them, and 70.0 % of test pictures"
    )
    assert "--model efficientnet_lite0:linear" in told.advice
    other: list[dict[str, Any]] = [
        {"measures": {"test": good}},
        {"measures": {}},
        of(500, 500),
        {"transfer": {"way": "linear"}},
        {"kept": None},
    ]
    for changes in other:
        found = {**of(50, 50), "kept": kept, "measures": {"test": bad}, **changes}
        assert pictures.too_few_pictures(facts(**found)) is None


def test_few_pictures_to_judge_on(facts: Make, measured: Measured) -> None:
    few, many = measured([[8, 2], [3, 7]]), measured([[80, 20], [30, 70]])
    told = pictures.too_few_judged(facts(measures={"test": few}))
    assert told is not None
    assert told.evidence.startswith("with 20 pictures the accuracy may be anything from 53.1 % to")
    told = pictures.too_few_judged(facts(measures={"val": few}))
    assert told is not None
    assert "val" in told.title
    assert pictures.too_few_judged(facts(measures={"test": many, "val": few})) is None
    assert pictures.too_few_judged(facts(measures={})) is None


@pytest.mark.parametrize(
    ("confusion", "told"),
    [
        ([[50, 0, 0], [0, 50, 0], [25, 25, 0]], True),
        ([[50, 0, 0], [0, 50, 0], [1, 0, 0]], False),  # a single picture, missed by chance
        ([[50, 0, 0], [0, 50, 0], [25, 24, 1]], False),  # once
        ([[50, 0, 0], [0, 50, 0], [0, 0, 0]], False),  # there was none to find
        ([[20, 30, 0], [25, 25, 0], [1, 2, 0]], False),  # it hardly finds any
    ],
)
def test_a_class_that_is_never_the_answer(
    facts: Make, measured: Measured, confusion: list[list[int]], told: bool
) -> None:
    found = pictures.never_predicted(
        facts(**of(90, 90, 90), measures={"test": measured(confusion)})
    )
    assert (found is not None) is told
    if found is not None:
        assert found.evidence == (
            "2: not the answer to any of 150 test pictures, 50 of which are of it"
        )


def test_a_class_without_training_pictures_cannot_be_the_answer(
    facts: Make, measured: Measured
) -> None:
    confusion = [[50, 0, 0], [0, 50, 0], [1, 0, 0]]
    found = pictures.never_predicted(facts(**of(90, 90, 0), measures={"val": measured(confusion)}))
    assert found is not None
    assert found.evidence.endswith("1 of which is of it; without a training picture: 2")


def test_rare_classes_that_lose(facts: Make, measured: Measured) -> None:
    loses = measured([[98, 2, 0], [3, 97, 0], [12, 10, 8]])
    told = pictures.imbalance(facts(**of(300, 200, 20), measures={"test": loses}))
    assert told is not None
    assert "classes have 20 to 300 training pictures" in told.evidence
    assert "it recognises 26.7 % (8 of 30), of the others 97.5 % (p < 0.001)" in told.evidence
    assert told.evidence.endswith("it answered with rare ones 8 times")
    assert told.advice.startswith("--class-weights balanced")
    weighed = {"class_weights": "balanced"}
    told = pictures.imbalance(facts(weighed, **of(300, 200, 20), measures={"test": loses}))
    assert told is not None
    assert "--class-weights" not in told.advice


def test_rare_classes_that_do_well_enough(facts: Make, measured: Measured) -> None:
    loses = measured([[98, 2, 0], [3, 97, 0], [12, 10, 8]])
    for train, confusion in (
        ((300, 200, 150), [[98, 2, 0], [3, 97, 0], [12, 10, 8]]),  # not rare
        ((300, 200, 20), [[98, 2, 0], [3, 97, 0], [2, 1, 27]]),  # as good as the others
        ((300, 200, 20), [[98, 2, 0], [3, 97, 0], [1, 1, 1]]),  # by chance
        ((300, 200, 20), [[80, 2, 18], [3, 77, 20], [12, 10, 8]]),  # hard, but answered often
    ):
        found = facts(**of(*train), measures={"test": measured(confusion)})
        assert pictures.imbalance(found) is None
    assert pictures.imbalance(facts(**of(300, 200, 20), measures={})) is None
    assert pictures.imbalance(facts(**of(300, 0, 0), measures={"test": loses})) is None

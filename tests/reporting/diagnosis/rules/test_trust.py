"""Rules on whether the numbers can be believed."""

from collections.abc import Callable
from typing import Any

import pytest

from retinue.experiments.curves import Curve
from retinue.reporting.diagnosis.facts import Facts, Shared
from retinue.reporting.diagnosis.rules import trust

Make = Callable[..., Facts]
Measured = Callable[..., dict[str, Any]]
Draw = Callable[..., Curve]


def shares(measured: Measured, right: int, n: int) -> dict[str, Any]:
    """Measures of which so many of n are right, of two equal classes."""
    half, rest = n // 2, n - n // 2
    good = right // 2
    return measured([[good, half - good], [rest - (right - good), right - good]])


@pytest.mark.parametrize(
    ("recipe", "told"),
    [
        ({"batch_size": 2}, "2"),
        ({"batch_size": 64, "slice_size": 6}, "5.81818"),
        ({"batch_size": 8}, None),
        ({"batch_size": 64, "slice_size": 16}, None),
    ],
)
def test_tiny_batches(facts: Make, recipe: dict[str, Any], told: str | None) -> None:
    found = trust.tiny_batches(facts(recipe, batch_norm=True))
    assert (None if found is None else found.evidence.split()[4]) == told
    assert trust.tiny_batches(facts(recipe, batch_norm=False)) is None
    for way in ("linear", "finetune"):
        kept = facts(recipe, batch_norm=True, transfer={"way": way})
        assert trust.tiny_batches(kept) is None
    full = facts(recipe, batch_norm=True, transfer={"way": "full"})
    assert (trust.tiny_batches(full) is None) is (told is None)


def test_fewer_pictures_than_a_batch(facts: Make) -> None:
    counts = {"train": {"a": 3, "b": 2}, "val": {}, "test": {}}
    found = trust.tiny_batches(facts({"batch_size": 64}, batch_norm=True, counts=counts))
    assert found is not None
    assert found.evidence == "the network normalises over 5 pictures at a time"


def test_train_and_eval_mode(facts: Make, curve: Draw) -> None:
    def said(ran: float, still: float, **changes: Any) -> Any:
        line = {"epoch": 1, "train_accuracy": ran, "subset_accuracy": still}
        found = {"history": (line,), "last": curve(n_train=200), "kept": None, **changes}
        return trust.modes_disagree(facts(**found))

    told = said(0.95, 0.4, recipe={"batch_size": 4, "ema": 0.99, "schedule": "constant"})
    assert told is not None
    assert told.advice == "--batch-size 64, --schedule onecycle, --ema 0, --sanity"
    assert said(0.95, 0.93) is None
    assert said(0.6, 0.9) is None  # varied pictures, and weights that were still worse
    assert said(0.95, 0.4, last=curve(n_train=3)) is None
    assert said(0.95, 0.4, transfer={"way": "linear"}) is None


def test_val_as_told_and_as_judged(facts: Make, curve: Draw, measured: Measured) -> None:
    kept = curve(val=0.9)
    line = {"epoch": 1, "train_accuracy": 0.9, "subset_accuracy": 0.9}
    for right, told in ((100, True), (178, False)):
        found = facts(
            history=(line,), kept=kept, last=kept, measures={"val": shares(measured, right, 200)}
        )
        assert (trust.modes_disagree(found) is not None) is told


def test_test_against_val(facts: Make, measured: Measured) -> None:
    def said(val: tuple[int, int], test: tuple[int, int]) -> bool:
        both = {"val": shares(measured, *val), "test": shares(measured, *test)}
        return trust.test_below_val(facts(measures=both)) is not None

    assert said((180, 200), (300, 400))
    assert not said((180, 200), (345, 400))  # chance
    assert not said((20, 20), (320, 400))  # chance, with few in val
    assert not said((150, 200), (380, 400))  # better
    assert not said((9200, 10_000), (9000, 10_000))  # sure, and small
    assert trust.test_below_val(facts(measures={"test": shares(measured, 1, 200)})) is None


def test_pictures_of_train_in_another_split(facts: Make) -> None:
    told = trust.leakage(facts(shared=(Shared("test", 60, 600, 0.8), Shared("val", 1, 100, None))))
    assert told is not None
    assert told.title == "test and val pictures were seen in training"
    assert told.evidence == (
        "60 pictures of 600 in test are byte for byte in train; on the others the accuracy is "
        "80.0 %. 1 picture of 100 in val are byte for byte in train"
    )
    assert trust.leakage(facts(shared=(Shared("test", 3, 10_000, 0.9),), kept=None)) is None


def test_test_pictures_that_are_suspiciously_easy(
    facts: Make, curve: Draw, measured: Measured
) -> None:
    easy = {"test": shares(measured, 196, 200)}
    told = trust.leakage(facts(kept=curve(train=0.8), measures=easy))
    assert told is not None
    assert told.severity == "hint"
    for kept in (curve(train=0.94), curve(train=0.8, n_train=20), None):
        assert trust.leakage(facts(kept=kept, measures=easy)) is None


def test_answers_that_have_nothing_to_do_with_the_pictures(facts: Make, measured: Measured) -> None:
    for confusion, severity in (
        ([[50, 50], [50, 50]], "problem"),
        ([[95, 0], [5, 0]], "problem"),  # always the larger one
        ([[84, 6], [8, 2]], "hint"),  # nearly always
        ([[7, 3], [4, 6]], "hint"),  # too few to tell
        ([[40, 60], [60, 40]], "problem"),
        ([[52, 48], [48, 52]], "problem"),
        ([[5400, 4600], [4600, 5400]], "problem"),  # surely better, and no use
    ):
        told = trust.chance(facts(measures={"test": measured(confusion)}))
        assert told is not None, confusion
        assert told.severity == severity, confusion
    for confusion in ([[80, 20], [20, 80]], [[900, 10], [20, 70]], [[9, 1], [1, 9]]):
        assert trust.chance(facts(measures={"test": measured(confusion)})) is None, confusion
    assert trust.chance(facts(measures={})) is None

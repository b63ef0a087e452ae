"""Over- and underfitting of a single run: told where it is sure, and where something follows."""

from collections.abc import Callable
from typing import Any

from retinue.experiments.curves import Curve
from retinue.reporting.diagnosis.facts import Facts
from retinue.reporting.diagnosis.rules import fitting

Make = Callable[..., Facts]
Draw = Callable[..., Curve]


def losses(val: list[float], train: list[float] | None = None) -> tuple[dict[str, Any], ...]:
    falling = train or [1 / number for number in range(1, len(val) + 1)]
    rows = zip(val, falling, strict=True)
    return tuple(
        {"epoch": number, "val_loss": one, "subset_loss": two, "subset_accuracy": 0.9}
        for number, (one, two) in enumerate(rows, 1)
    )


def test_a_large_gap_is_overfitting(facts: Make, curve: Draw) -> None:
    wide = curve(train=1.0, val=0.6)
    told = fitting.overfitting(facts(kept=wide, last=wide))
    assert told is not None
    assert told.severity == "problem"
    assert (
        "the weights that were kept recognise 100.0 % of training pictures and 60.0 % of val"
        in (told.evidence)
    )
    assert "a gap of 40.0 points" in told.evidence
    assert told.advice.startswith("--augment strong, --mixup 0.2")


def test_a_gap_that_chance_or_a_healthy_network_has_is_not(facts: Make, curve: Draw) -> None:
    for one in (
        curve(train=0.95, val=0.9),
        curve(train=1.0, val=0.7, n_train=200, n_val=12),
        curve(train=0.8, val=0.9),
    ):
        flat = losses([1.0, 0.8, 0.7, 0.7, 0.71, 0.7])
        assert fitting.overfitting(facts(kept=one, last=one, history=flat)) is None
    assert fitting.overfitting(facts(kept=None, last=None)) is None
    wide = curve(train=1.0, val=0.6)
    solved = facts(kept=wide, last=wide, transfer={"way": "linear"})
    assert fitting.overfitting(solved) is None


def test_a_gap_is_no_fault_while_val_still_gets_better(facts: Make, curve: Draw) -> None:
    falls = losses([1.0] * 9 + [0.9, 0.8, 0.7])
    for train, val, told in ((0.95, 0.78, False), (0.99, 0.6, True)):
        one = curve(train=train, val=val)
        found = fitting.overfitting(facts(kept=one, last=one, history=falls))
        assert (found is not None) is told
        rests = losses([1.0] * 12)
        assert fitting.overfitting(facts(kept=one, last=one, history=rests)) is not None


def test_a_gap_of_a_network_that_does_not_know_its_pictures_by_heart_is_none(
    facts: Make, curve: Draw
) -> None:
    rests = losses([1.0] * 12)
    for train, val, told in ((0.79, 0.66, False), (0.95, 0.82, True), (0.7, 0.45, True)):
        one = curve(train=train, val=val)
        found = fitting.overfitting(facts(kept=one, last=one, history=rests))
        assert (found is not None) is told
        assert found is None or found.severity == ("problem" if train < 0.8 else "hint")


def test_a_small_gap_and_a_loss_that_rises_again(facts: Make, curve: Draw) -> None:
    some = curve(train=0.97, val=0.91)
    rising = losses([1.0, 0.5, 0.6, 0.7, 0.8, 0.9, 0.9, 0.95])
    told = fitting.overfitting(facts(kept=some, last=some, history=rising))
    assert told is not None
    assert told.severity == "hint"
    assert "the loss on val was least after epoch 2, 0.500, and ended at 0.925" in told.evidence
    both = losses([1.0, 0.5, 0.6, 0.7, 0.8, 0.9], [1.0, 0.1, 0.2, 0.3, 0.4, 0.5])
    assert fitting.overfitting(facts(kept=some, last=some, history=both)) is None
    even = curve()
    assert fitting.overfitting(facts(kept=even, last=even, history=rising)) is None


def test_what_is_in_use_already_is_not_advised(facts: Make, curve: Draw) -> None:
    wide = curve(train=1.0, val=0.6)
    used = {"augment": "strong", "mixup": 0.2, "weight_decay": 0.05}
    told = fitting.overfitting(facts(kept=wide, last=wide, recipe=used))
    assert told is not None
    assert told.advice == "more pictures, --patience 5"


def test_underfitting(facts: Make, curve: Draw) -> None:
    poor = curve(train=0.4, val=0.4, before=0.4, after=0.4)
    recipe = {"augment": "strong", "mixup": 0.5, "epochs": 12}
    told = fitting.underfitting(facts(kept=poor, recipe=recipe))
    assert told is not None
    assert told.advice == "--model cnn, --augment basic, --mixup 0 --cutmix 0, --epochs 24"
    for one in (
        curve(train=0.7, val=0.7),
        curve(train=0.5, val=0.5, n_train=20),
        curve(train=0.4, val=0.4, epochs=3),
        curve(train=0.45, val=0.3),
        curve(train=0.4, val=0.4, before=0.3, after=0.4, falling=False),
    ):
        falling = {"schedule": "onecycle" if one.falling else "constant"}
        assert fitting.underfitting(facts(kept=one, recipe=falling)) is None
    assert fitting.underfitting(facts(kept=None)) is None


def test_features_that_do_not_tell_classes_apart(facts: Make, curve: Draw) -> None:
    poor = curve(train=0.4, val=0.4, epochs=1)
    told = fitting.underfitting(facts(kept=poor, transfer={"way": "linear"}))
    assert told is not None
    assert told.advice == "--model cnn, --model mlp:finetune"


def test_a_rise_at_the_end(facts: Make, curve: Draw) -> None:
    rising = curve(before=0.7, after=0.8, falling=False)
    constant = {"schedule": "constant", "epochs": 12}
    flat = losses([0.5] * 12)
    told = fitting.still_improving(facts(kept=rising, recipe=constant, history=flat))
    assert told is not None
    assert "over the last 3 epochs of 12 accuracy on val rose from 70.0 % to 80.0 %" in (
        told.evidence
    )
    assert told.advice.startswith("--epochs 24")
    falls = losses([1.0] * 8 + [0.9, 0.8, 0.7, 0.6])
    told = fitting.still_improving(facts(kept=curve(), recipe=constant, history=falls))
    assert told is not None
    assert told.evidence.endswith("and the loss fell from 0.900 to 0.600")
    single = facts(kept=curve(epochs=5, last=1), recipe=constant, history=falls)
    assert fitting.still_improving(single) is None  # from one epoch to the next


def test_no_rise_by_itself_or_by_chance(facts: Make, curve: Draw) -> None:
    rising = curve(before=0.7, after=0.8)
    constant, flat = {"schedule": "constant"}, losses([0.5] * 12)
    assert fitting.still_improving(facts(kept=rising, history=flat)) is None  # onecycle
    for one in (
        curve(before=0.7, after=0.8, n_val=40),
        curve(before=0.7, after=0.8, epochs=3),
        curve(),
    ):
        assert fitting.still_improving(facts(kept=one, recipe=constant, history=flat)) is None
    for changes in ({"state": "interrupted"}, {"reason": "no better val_accuracy for 5 epochs"}):
        found = facts(kept=rising, recipe=constant, history=flat, **changes)
        assert fitting.still_improving(found) is None

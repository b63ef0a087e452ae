"""Rules on losses: what they tell, and where they say nothing."""

from collections.abc import Callable
from typing import Any

from retinue.reporting.diagnosis.facts import Facts
from retinue.reporting.diagnosis.rules import loss

Make = Callable[..., Facts]


def lines(**columns: list[Any]) -> tuple[dict[str, Any], ...]:
    """A line an epoch."""
    rows = zip(*columns.values(), strict=True)
    return tuple(
        {"epoch": number, **dict(zip(columns, row, strict=True))}
        for number, row in enumerate(rows, 1)
    )


def steps(*losses: float) -> tuple[dict[str, Any], ...]:
    """A line every ten steps."""
    return tuple({"step": 1 + 10 * number, "loss": one} for number, one in enumerate(losses))


def test_a_loss_that_is_no_number(facts: Make) -> None:
    reason = "the loss is no longer a number at step 3 (epoch 1, learning rate 9): try --lr 0.9"
    told = loss.diverged(facts(state="failed", reason=reason, recipe={"lr": 9.0}))
    assert told is not None
    assert told.evidence == "the loss is no longer a number at step 3 (epoch 1, learning rate 9)"
    assert told.advice == "--lr 0.9"
    broken = loss.diverged(facts(broken="gradient_norm in steps.jsonl, step 4"))
    assert broken is not None
    assert broken.evidence == "gradient_norm in steps.jsonl, step 4 is NaN or infinite"
    assert broken.advice.startswith("--lr 0.0002 (it was 0.002), --clip 1")
    assert loss.diverged(facts(state="failed", reason="MemoryError: no room")) is None


def test_a_loop_of_ones_own_that_measured_every_epoch(facts: Make) -> None:
    status: dict[str, Any] = {"recorded": []}
    whole = facts(status=status, history=lines(train_loss=[2.0, 1.0, 0.5]))
    never = facts(status=status, history=lines(train_loss=[None, None, None]))
    gap = facts(status=status, history=lines(train_loss=[2.0, None, 0.5]))
    for one in (whole, never, gap):
        assert loss.diverged(one) is None


def test_a_loss_far_above_guessing(facts: Make) -> None:
    even = 2.3
    for losses, told in (((even, 5.0), True), ((even, 4.0), False), ((9.0, 12.0), False)):
        found = loss.jumping(facts(steps=steps(*losses)))
        assert (found is not None) is told
    epochs = lines(train_loss=[3.2, 2.0])
    assert loss.jumping(facts(history=epochs)) is not None
    assert loss.jumping(facts(history=lines(train_loss=[2.6, 2.0]))) is None


def test_losses_of_the_hardest_pictures_are_no_mean(facts: Make) -> None:
    later = lines(train_loss=[2.0, 4.0], subset_accuracy=[0.5, 0.6])
    assert loss.jumping(facts(history=later)) is not None
    assert loss.jumping(facts(history=later, recipe={"hardest": 0.3})) is None


def test_what_was_learned_and_lost(facts: Make) -> None:
    def said(*accuracies: float) -> bool:
        return (
            loss.jumping(facts(steps=(), history=lines(subset_accuracy=list(accuracies)))) is None
        )

    assert not said(0.5, 0.9, 0.9, 0.9, 0.2)  # at the end
    assert not said(0.5, 0.9, 0.9, 0.3, 0.9, 0.4, 0.9)  # again and again
    assert said(0.5, 0.9, 0.2, 0.9, 0.92, 0.93, 0.95)  # on the way, at a high rate
    assert said(0.5, 0.9, 0.9, 0.9, 0.86)  # a little


def test_a_loss_that_stays(facts: Make) -> None:
    stays = lines(subset_loss=[2.31, 2.3], subset_accuracy=[0.1, 0.11])
    told = loss.flat(facts(history=stays, status={"step": 30}, recipe={"lr": 1e-6, "epochs": 2}))
    assert told is not None
    assert "after 30 steps" in told.evidence
    assert told.advice.startswith("--epochs 10, --lr 1e-05 (it was 1e-06), --lr auto")
    for changed in (
        lines(subset_loss=[2.3, 1.9], subset_accuracy=[0.1, 0.11]),
        lines(subset_loss=[2.3, 2.9], subset_accuracy=[0.1, 0.7]),
        lines(subset_loss=[None, None], subset_accuracy=[None, None]),
        (),
    ):
        assert loss.flat(facts(history=changed)) is None
    assert loss.flat(facts(history=stays, transfer={"way": "linear"})) is None


def test_the_first_loss(facts: Make) -> None:
    for first, told in ((2.3, False), (3.5, False), (30.0, True), (0.2, True), (1.6, False)):
        found = loss.first_loss(facts(steps=steps(first)))
        assert (found is not None) is told
        if found is not None:
            assert found.severity == ("hint" if first > 2.3 else "problem")
            assert f"it was {first:.3g}; ln(10) is 2.30" == found.evidence


def test_a_head_that_knows_has_another_first_loss(facts: Make) -> None:
    low = steps(0.2)
    assert loss.first_loss(facts(steps=low, transfer={"way": "finetune"})) is None
    full = {"transfer": {"way": "full"}, "steps": low}
    assert loss.first_loss(facts(**full)) is not None
    assert loss.first_loss(facts(**full, recipe={"keep_head": True})) is None
    assert loss.first_loss(facts(steps=())) is None
    assert loss.first_loss(facts(steps=({"step": 11, "loss": 0.2},))) is None


def test_two_classes_of_unlike_size_may_begin_low(facts: Make) -> None:
    counts = {"train": {"a": 95, "b": 5}, "val": {"a": 9, "b": 1}, "test": {"a": 9, "b": 1}}
    some = {"classes": ("a", "b"), "counts": counts}
    assert loss.first_loss(facts(**some, steps=steps(0.25))) is None
    assert loss.first_loss(facts(**some, steps=steps(0.01))) is not None

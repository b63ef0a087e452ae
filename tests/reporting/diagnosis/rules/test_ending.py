"""Rules on how training ended."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from retinue.experiments.curves import Curve
from retinue.reporting.diagnosis.facts import Facts
from retinue.reporting.diagnosis.rules import ending

Make = Callable[..., Facts]


def history(*losses: float) -> tuple[dict[str, Any], ...]:
    return tuple({"epoch": number, "subset_loss": one} for number, one in enumerate(losses, 1))


def test_a_run_that_was_stopped(facts: Make) -> None:
    told = ending.interrupted(
        facts({"epochs": 12}, state="interrupted", reason="stopped by hand after epoch 2",
              history=history(2.0, 1.0), path=Path("runs/a"))
    )  # fmt: skip
    assert told is not None
    assert told.evidence == "stopped by hand after epoch 2; 2 of 12 epochs are done"
    assert told.advice == "retinue train --resume runs/a"
    died = ending.interrupted(facts({"epochs": 1.5}, state="interrupted", reason="", history=()))
    assert died is not None
    assert died.evidence == "its process has died; 0 of 1.5 epochs are done"
    for state in ("finished", "running", "failed"):
        assert ending.interrupted(facts(state=state)) is None


def test_patience_that_is_lost_while_it_learns(facts: Make, curve: Callable[..., Curve]) -> None:
    lost = {"reason": "no better val_accuracy for 2 epochs", "status": {"best_epoch": 4}}
    learns, rests = history(2, 1.5, 1, 0.5, 0.4, 0.3), history(2, 1.5, 1, 0.5, 0.5, 0.5)
    recipe = {"epochs": 7, "patience": 2, "schedule": "constant"}
    told = ending.impatient(facts(recipe, history=learns, **lost))
    assert told is not None
    assert "the loss on training pictures still fell, from 0.500 to 0.300" in told.evidence
    assert "learning rate" not in told.evidence
    assert told.advice.startswith("--patience 6")
    assert ending.impatient(facts(recipe, history=rests, **lost)) is None
    overfits = curve(train=1.0, val=0.5)
    assert ending.impatient(facts(recipe, history=learns, last=overfits, **lost)) is None
    assert ending.impatient(facts(recipe, history=learns)) is None  # all epochs done


def test_patience_that_is_lost_before_the_rate_fell(facts: Make) -> None:
    lost = {"reason": "no better val_accuracy for 2 epochs", "status": {"best_epoch": 4}}
    rests = history(2, 1.5, 1, 0.5, 0.5, 0.5)
    early = facts({"epochs": 20, "patience": 2}, history=rests, **lost)
    told = ending.impatient(early)
    assert told is not None
    assert "the learning rate had not fallen yet" in told.evidence
    late = facts({"epochs": 7, "patience": 2}, history=rests, **lost)
    assert ending.impatient(late) is None


def test_time_that_was_up_too_soon(facts: Make) -> None:
    counts = {"train": {"a": 60, "b": 40}, "val": {}, "test": {}}
    up = {"reason": "time limit reached", "counts": counts}
    line = {"epoch": 1, "seconds": 2.0, "pictures_per_second": 15.0}
    told = ending.out_of_time(facts({"time_limit": 2.0}, history=(line,), **up))
    assert told is not None
    assert told.evidence == "30 % of 100 training pictures in 2 seconds"
    assert told.advice.startswith("--time-limit 20s")
    whole = {**line, "pictures_per_second": 50.0}
    assert ending.out_of_time(facts({"time_limit": 2.0}, history=(whole,), **up)) is None
    assert ending.out_of_time(facts({"time_limit": 2.0}, history=(line,), counts=counts)) is None


def test_time_that_was_up_before_all_features_were_there(facts: Make) -> None:
    reason = "time limit reached after 25 of 100 training pictures"
    told = ending.out_of_time(facts({"time_limit": 2.0}, reason=reason, history=()))
    assert told is not None
    assert told.evidence.startswith("25 % of")

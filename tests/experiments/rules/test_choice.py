"""Which to choose: for accuracy, for speed, for size, each with what it costs."""

from collections.abc import Callable

from retinue.experiments.entrants import Entrant
from retinue.experiments.findings import Findings
from retinue.experiments.rules import choice
from retinue.experiments.speed import Speed

Make = Callable[..., Entrant]
Find = Callable[..., Findings]


def test_for_accuracy_with_those_that_are_not_shown_to_be_worse(
    entrant: Make, findings: Find
) -> None:
    near, far = entrant("near", range(12)), entrant("far", range(60))
    best = entrant("best", range(10))
    assert choice.for_accuracy(findings(best, near, far)) == [
        "For accuracy: best; near was not shown to be less accurate."
    ]
    other = entrant("other", range(11))
    assert choice.for_accuracy(findings(best, near, other)) == [
        "For accuracy: best; other and near were not shown to be less accurate."
    ]
    assert choice.for_accuracy(findings(best, far)) == ["For accuracy: best."]
    assert choice.for_accuracy(findings(best, far, far={"val_accuracy": None})) == []


def test_for_speed_with_its_cost(entrant: Make, findings: Find) -> None:
    found = findings(
        entrant("best", range(10)), entrant("quick", range(60)),
        best={"speed": Speed(100.0, 0.02, 16)}, quick={"speed": Speed(5000.0, 0.001, 16)},
    )  # fmt: skip
    alone, batches = choice.for_speed(found)
    assert alone.startswith(
        "For speed, a picture alone: quick with 1 ms; best: 20 ms; it costs 41.7 points ("
    )
    assert batches.startswith(
        "For speed, in batches: quick with 5,000 pictures/s; best: 100 pictures/s; it costs 41.7"
    )


def test_the_chosen_one_may_be_the_quickest(entrant: Make, findings: Find) -> None:
    found = findings(
        entrant("best", range(10)), entrant("slow", range(60)), slow={"speed": Speed(10.0, 1.0, 16)}
    )
    assert choice.for_speed(found)[0] == (
        "For speed, a picture alone: best with 1 ms, which is also the one chosen."
    )


def test_equal_speed_is_not_ranked(entrant: Make, findings: Find) -> None:
    found = findings(
        entrant("best", range(10)), entrant("other", range(60)),
        other={"speed": Speed(1100.0, 0.0009, 16)},
    )  # fmt: skip
    assert choice.for_speed(found) == []


def test_two_that_are_about_as_quick_are_both_named(entrant: Make, findings: Find) -> None:
    found = findings(
        entrant("best", range(10)), entrant("a", range(60)), entrant("b", range(12)),
        best={"speed": Speed(10.0, 0.1, 16)}, a={"speed": Speed(1000.0, 0.0011, 16)},
    )  # fmt: skip
    alone = choice.for_speed(found)[0]
    assert "a picture alone: b and a with 1 ms and 1.1 ms; best: 100 ms; that b is" in alone
    assert "that b is less accurate was not shown: 1.7 points (" in alone
    assert "; a costs 41.7 points" in alone


def test_the_quickest_of_those_that_are_as_accurate(entrant: Make, findings: Find) -> None:
    found = findings(
        entrant("best", range(10)), entrant("near", range(12)), entrant("quick", range(60)),
        best={"speed": Speed(10.0, 0.1, 16)}, near={"speed": Speed(50.0, 0.02, 16)},
        quick={"speed": Speed(5000.0, 0.0001, 16)},
    )  # fmt: skip
    assert choice.for_speed(found)[-1] == (
        "Of those not shown to be less accurate than best, near is the quickest for a picture "
        "alone: 20 ms."
    )


def test_without_all_speeds_none_is_ranked(entrant: Make, findings: Find) -> None:
    found = findings(entrant("best", range(10)), entrant("x", range(60)), x={"speed": None})
    assert choice.for_speed(found) == []


def test_for_size(entrant: Make, findings: Find) -> None:
    some = entrant("best", range(10)), entrant("small", range(60))
    small = {"size": 1000, "parameters": 1}
    (told,) = choice.for_size(findings(*some, small=small))
    assert told.startswith("For size: small with 1 kB and 1 parameter; best: 4 kB; it costs 41.7")
    (told,) = choice.for_size(findings(*some, best=small))
    assert told == "For size: best with 1 kB and 1 parameter, which is also the one chosen."
    assert choice.for_size(findings(*some)) == []


def test_the_smaller_may_be_more_accurate_on_test(entrant: Make, findings: Find) -> None:
    found = findings(
        entrant("chosen", range(60)), entrant("small", range(10)),
        chosen={"val_accuracy": 0.99}, small={"size": 1000},
    )  # fmt: skip
    assert "it is more accurate on test by 41.7 points (" in choice.for_size(found)[0]

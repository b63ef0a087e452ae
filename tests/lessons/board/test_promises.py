from math import comb

import pytest
from statsmodels.stats.proportion import confint_proportions_2indep

from retinue.lessons.board.promises import in_words, newcombe, promises_of
from retinue.lessons.board.verdicts import Own
from tests.lessons.board.conftest import of_accuracy


@pytest.mark.parametrize(
    "counts", [(56, 70, 48, 80), (9, 10, 3, 10), (10, 10, 0, 20), (5, 56, 0, 29)]
)
def test_the_interval_is_that_of_statsmodels(counts: tuple[int, int, int, int]) -> None:
    expected = confint_proportions_2indep(*counts, method="newcomb", compare="diff")
    assert newcombe(*counts) == pytest.approx(tuple(expected), abs=1e-9)


def test_the_interval_is_that_of_the_paper() -> None:
    # Newcombe 1998, table II, method 10, contrast (a): 56/70 - 48/80.
    low, high = newcombe(56, 70, 48, 80)
    assert (round(low, 4), round(high, 4)) == (0.0524, 0.3339)


def test_who_promised_more_than_it_holds_is_told_so() -> None:
    (one,) = promises_of([of_accuracy("proud", 0.6, own=Own(0.9, 300, 7))], "hidden")
    assert one.verdict == "more"
    assert in_words(one) == "promised more than it holds"
    assert one.value == pytest.approx(-0.3)
    assert one.high is not None
    assert one.high < 0
    assert one.looks == 7


def test_who_holds_what_it_promised_is_told_so() -> None:
    (one,) = promises_of([of_accuracy("modest", 0.8, own=Own(0.82, 200))], "hidden")
    assert one.verdict == "held"
    assert in_words(one).startswith("holds what it promised")


def test_who_holds_more_is_told_so_too() -> None:
    (one,) = promises_of([of_accuracy("shy", 0.9, own=Own(0.6, 300))], "hidden")
    assert one.verdict == "less"
    assert in_words(one) == "holds more than it promised"


def test_the_p_value_is_fishers() -> None:
    (one,) = promises_of([of_accuracy("few", 0.5, n=10, own=Own(0.9, 10))], "hidden")
    # All tables with the same sums that are no more probable than 5 of 10 and 9 of 10.
    chances = [comb(10, hits) * comb(10, 14 - hits) / comb(20, 14) for hits in range(4, 11)]
    expected = sum(chance for chance in chances if chance <= chances[5 - 4] + 1e-12)
    assert one.p == pytest.approx(expected)


def test_with_many_runs_a_single_small_p_is_no_claim() -> None:
    alone = of_accuracy("proud", 0.7, n=200, own=Own(0.8, 200))
    (told,) = promises_of([alone], "hidden")
    assert told.p is not None
    assert told.p < 0.05
    assert told.verdict == "more"
    others = [of_accuracy(f"run {n}", 0.7, n=200, seed=n, own=Own(0.7, 200)) for n in range(30)]
    assert promises_of([alone, *others], "hidden")[0].verdict == "held"


def test_a_test_on_these_very_pictures_says_what_it_holds_or_was_changed() -> None:
    runs = [
        of_accuracy("true", 0.8, own=Own(0.8, 400, digest="hidden")),
        of_accuracy("false", 0.8, own=Own(0.95, 400, digest="hidden")),
    ]
    true, false = promises_of(runs, "hidden")
    assert (true.verdict, false.verdict) == ("same", "forged")
    assert "its files were changed" in in_words(false)
    assert promises_of(runs[1:], "other")[0].verdict == "more"


def test_who_says_nothing_is_not_judged_by_it() -> None:
    (one,) = promises_of([of_accuracy("silent", 0.8)], "")
    assert (one.verdict, one.p) == ("silent", None)
    assert in_words(one) == "says nothing of a test of its own"

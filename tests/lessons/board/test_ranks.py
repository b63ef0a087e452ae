import numpy as np
import pytest
from statsmodels.stats.contingency_tables import mcnemar
from statsmodels.stats.multitest import multipletests

from retinue.lessons.board.ranks import (
    LEVEL,
    Pair,
    by_accuracy,
    compare_all,
    groups_of,
    places_of,
)
from tests.lessons.board.conftest import judged, of_accuracy


def pair(first: str, second: str, value: float = 0.1, p_holm: float = 0.01) -> Pair:
    return Pair(first, second, 100, value, value - 0.05, value + 0.05, 15, 5, p_holm, p_holm)


def test_p_values_are_those_of_statsmodels_corrected_for_all_pairs() -> None:
    runs = [of_accuracy(f"run {n}", 0.7 + 0.03 * n, seed=n) for n in range(5)]
    pairs = compare_all(runs)
    assert len(pairs) == 10
    known = {one.name: one.correct for one in runs}
    expected = []
    for one in pairs:
        a, b = known[one.first], known[one.second]
        table = [[(a & b).sum(), (a & ~b).sum()], [(~a & b).sum(), (~a & ~b).sum()]]
        expected.append(mcnemar(table, exact=True).pvalue)
        assert one.value == pytest.approx(a.mean() - b.mean())
        assert one.low <= one.value <= one.high
    assert [one.p for one in pairs] == pytest.approx(expected)
    corrected = multipletests(expected, method="holm")[1]
    assert [one.p_holm for one in pairs] == pytest.approx(list(corrected))


def test_a_planted_difference_is_found_and_orders_the_ranks() -> None:
    runs = [of_accuracy("good", 0.9, seed=1), of_accuracy("bad", 0.6, seed=2)]
    places = places_of(["good", "bad"], compare_all(runs))
    assert places["good"].told == "1"
    assert places["bad"].told == "2"
    assert places["good"].worse == ("bad",)
    assert places["bad"].better == ("good",)


def test_equally_good_runs_share_all_ranks() -> None:
    runs = [of_accuracy(f"run {n}", 0.8, seed=n) for n in range(4)]
    names = [one.name for one in runs]
    pairs = compare_all(runs)
    assert {one.told for one in places_of(names, pairs).values()} == {"1 to 4"}
    assert groups_of(names, pairs) == (tuple(names),)


def test_among_equals_ranks_are_rarely_told_apart() -> None:
    told = 0
    for seed in range(200):
        draw = np.random.default_rng(seed)
        truth = np.zeros(120, int)
        runs = [judged(f"{n}", draw.random(120) < 0.3, truth) for n in range(5)]
        told += any(one.is_shown for one in compare_all(runs))
    assert told / 200 <= LEVEL


def test_without_the_correction_equals_would_be_told_apart_more_often() -> None:
    told = 0
    for seed in range(200):
        draw = np.random.default_rng(seed)
        truth = np.zeros(120, int)
        runs = [judged(f"{n}", draw.random(120) < 0.3, truth) for n in range(5)]
        told += any(one.p <= LEVEL for one in compare_all(runs))
    assert told / 200 > 2 * LEVEL


def test_a_rank_is_bounded_by_who_is_shown_to_be_better_and_worse() -> None:
    names = ["a", "b", "c", "d"]
    pairs = [
        pair("a", "b", p_holm=0.5), pair("a", "c", p_holm=0.2), pair("a", "d"),
        pair("b", "c", p_holm=0.9), pair("d", "b", value=-0.1), pair("c", "d", p_holm=0.3),
    ]  # fmt: skip
    places = places_of(names, pairs)
    assert [places[name].told for name in names] == ["1 to 3", "1 to 3", "1 to 4", "3 to 4"]


def test_groups_hold_neighbours_of_whom_no_two_differ() -> None:
    names = ["a", "b", "c", "d"]
    pairs = [pair("a", "c"), pair("a", "d"), pair("b", "d"), pair("a", "b", p_holm=0.5)]
    assert groups_of(names, pairs) == (("a", "b"), ("b", "c"), ("c", "d"))
    everything = [pair(one, other) for one in names for other in names if one < other]
    assert groups_of(names, everything) == (("a",), ("b",), ("c",), ("d",))


def test_pictures_that_one_of_two_learnt_from_do_not_count_for_them() -> None:
    truth = np.zeros(300, int)
    learnt = np.arange(300) < 150
    lazy = judged("lazy", np.where(learnt, 0, np.arange(300) % 2), truth, learnt=learnt)
    honest = judged("honest", (np.arange(300) + 1) % 2, truth)
    (one,) = compare_all([lazy, honest])
    assert one.n == 150
    assert not one.is_shown
    assert lazy.accuracy == pytest.approx(0.5)
    (told,) = compare_all([judged("lazy", lazy.predicted, truth), honest])
    assert told.is_shown  # were the leak not known, it would win


def test_two_that_learnt_from_all_of_it_together_cannot_be_compared() -> None:
    truth = np.zeros(10, int)
    first = judged("first", truth, truth, learnt=np.arange(10) < 5)
    second = judged("second", truth, truth, learnt=np.arange(10) >= 5)
    (one,) = compare_all([first, second])
    assert (one.n, one.p, one.low, one.high) == (0, 1.0, -1.0, 1.0)


def test_the_most_accurate_comes_first_and_equals_by_name() -> None:
    runs = [of_accuracy("b", 0.5), of_accuracy("a", 0.5), of_accuracy("c", 0.75)]
    assert [one.name for one in by_accuracy(runs)] == ["c", "a", "b"]

"""Two entrants: the test of the two networks, or the interval of the two recipes."""

from collections.abc import Callable
from dataclasses import replace

import pytest
from scipy.stats import binomtest

from retinue.evaluation.differences import difference, holm
from retinue.experiments.entrants import Entrant
from retinue.experiments.pairs import Pair, between, compare_all

Make = Callable[..., Entrant]


def test_single_runs_have_mcnemars_test(entrant: Make) -> None:
    one, two = entrant("a", range(12)), entrant("b", range(4, 40))
    (pair,) = compare_all([one, two])
    expected = binomtest(4, 4 + 28, 0.5).pvalue
    assert pair.of == "networks"
    assert (pair.only_first, pair.only_second) == (28, 4)
    assert pair.p == pytest.approx(expected, rel=1e-9)
    assert pair.value == pytest.approx((108 - 84) / 120)
    assert pair.low < pair.value < pair.high
    assert pair.is_shown


def test_two_that_are_alike_do_not_differ(entrant: Make) -> None:
    (pair,) = compare_all([entrant("a", range(5)), entrant("b", range(5))])
    assert (pair.value, pair.p, pair.only_first) == (0.0, 1.0, 0)
    assert not pair.is_shown


def test_p_values_are_corrected_for_all_pairs(entrant: Make) -> None:
    some = [entrant("a", range(10)), entrant("b", range(22)), entrant("c", range(60))]
    pairs = compare_all(some)
    assert [(pair.first, pair.second) for pair in pairs] == [("a", "b"), ("a", "c"), ("b", "c")]
    assert [pair.p_holm for pair in pairs] == holm([pair.p for pair in pairs])
    assert pairs[0].p_holm > pairs[0].p or pairs[0].p == max(pair.p for pair in pairs)


def test_several_seeds_have_an_interval_of_recipes(entrant: Make) -> None:
    one, two = entrant("a", range(9), range(11)), entrant("b", range(30), range(33), range(36))
    (pair,) = compare_all([one, two])
    expected = difference(one.correct, two.correct)
    assert pair.of == "recipes"
    assert (pair.value, pair.low, pair.high, pair.p) == (
        expected.value, expected.low, expected.high, expected.p,
    )  # fmt: skip
    assert pair.runs == ()
    assert pair.only_first is None


def test_one_run_against_several_is_about_the_networks_of_one_seed(entrant: Make) -> None:
    one, two = entrant("a", range(9), range(50)), entrant("b", range(30))
    (pair,) = compare_all([one, replace(two, seeds=(1,))])
    assert pair.of == "networks"
    assert pair.runs == ("runs/a-1", "runs/b-0")
    assert pair.only_second == 20
    (pair,) = compare_all([one, replace(two, seeds=(7,))])
    assert pair.runs == ("runs/a-0", "runs/b-0")


def test_a_pair_is_found_from_both_sides(entrant: Make) -> None:
    pairs = compare_all([entrant("a", range(9)), entrant("b", range(30))])
    there, back = between(pairs, "a", "b"), between(pairs, "b", "a")
    assert there == pairs[0]
    assert (back.first, back.second, back.value) == ("b", "a", -there.value)
    assert (back.low, back.high) == (-there.high, -there.low)
    assert (back.only_first, back.only_second) == (there.only_second, there.only_first)
    assert back.runs == there.runs[::-1]
    assert back.turned() == there
    with pytest.raises(KeyError):
        between(pairs, "a", "c")


@pytest.mark.parametrize(
    ("low", "p", "shown"), [(0.01, 0.05, True), (0.01, 0.051, False), (-0.01, 0.01, False)]
)
def test_a_difference_is_shown_by_both_interval_and_p(low: float, p: float, shown: bool) -> None:
    pair = Pair("a", "b", "recipes", (), 0.02, low, 0.03, p / 3, "", p_holm=p)
    assert pair.is_shown is shown
    assert pair.turned().is_shown is shown

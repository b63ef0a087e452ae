"""Comparisons of networks against SciPy, statsmodels, published values and simulated studies."""

import math
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.optimize import minimize_scalar
from scipy.special import ndtri, xlogy
from scipy.stats import binomtest, bootstrap
from scipy.stats import t as student
from statsmodels.stats.contingency_tables import mcnemar as reference_mcnemar
from statsmodels.stats.multitest import multipletests
from statsmodels.stats.proportion import proportion_confint

from retinue.evaluation import differences
from retinue.evaluation.differences import (
    Spread,
    accuracy_estimate,
    bootstrap_means,
    difference,
    half_width,
    holm,
    mcnemar,
    mean_estimate,
    moments,
    spread_of,
    tango,
)

ROOT = Path(__file__).parents[2]
Bools = NDArray[np.bool_]
Floats = NDArray[np.float64]


def answers(
    random: np.random.Generator,
    hardness: Floats,
    seeds: int,
    accuracy: float,
    spread: float = 0.0,
    alike: float = 0.7,
) -> Bools:
    """Answers (seeds, N) of a recipe: picture by picture, unlike those of the benchmark."""
    own = accuracy + spread * random.standard_normal((seeds, 1))
    luck = random.standard_normal((seeds, len(hardness)))
    return np.asarray(math.sqrt(alike) * hardness + math.sqrt(1 - alike) * luck < ndtri(own))


# McNemar's test


@given(only_first=st.integers(0, 4000), only_second=st.integers(0, 4000), both=st.integers(0, 9))
@settings(deadline=None, max_examples=50)
def test_mcnemar_is_scipys_and_statsmodels(only_first: int, only_second: int, both: int) -> None:
    first = np.repeat([True, False, True, False], [only_first, only_second, both, 3])
    second = np.repeat([False, True, True, False], [only_first, only_second, both, 3])
    found = mcnemar(first, second)
    assert (found.only_first, found.only_second) == (only_first, only_second)
    table = [[both, only_first], [only_second, 3]]
    assert found.p == pytest.approx(reference_mcnemar(table, exact=True).pvalue, abs=1e-9)
    if only_first + only_second:
        expected = binomtest(only_first, only_first + only_second).pvalue
        assert found.p == pytest.approx(expected, rel=1e-9, abs=1e-200)


def test_mcnemar_by_hand() -> None:
    first = np.array([True, True, True, True, True, True, True])
    assert mcnemar(first, ~first).p == pytest.approx(2 / 2**7, abs=1e-15)
    assert mcnemar(first, first).p == 1
    with pytest.raises(ValueError, match="not to one set"):
        mcnemar(first, first[:3])


# Holm's adjustment


@given(st.lists(st.floats(0, 1), min_size=1, max_size=12))
@settings(deadline=None, max_examples=15)  # statsmodels collects garbage each time
def test_holm_is_statsmodels(p_values: list[float]) -> None:
    found = holm(p_values)
    assert found == pytest.approx(multipletests(p_values, method="holm")[1], abs=1e-12)


def test_holm_by_hand() -> None:
    assert holm([0.04, 0.01, 0.03]) == pytest.approx([0.06, 0.03, 0.06])
    assert holm([0.6, 0.7]) == [1.0, 1.0]
    assert holm([]) == []
    for wrong in (-0.1, 1.1, math.nan):
        with pytest.raises(ValueError, match="between 0 and 1"):
            holm([0.5, wrong])


# One network, or two with one seed each


@given(right=st.integers(0, 400), wrong=st.integers(0, 400))
@settings(deadline=None, max_examples=50)
def test_the_accuracy_of_one_network_has_wilsons_interval(right: int, wrong: int) -> None:
    if right + wrong == 0:
        return
    correct = np.repeat([True, False], [right, wrong])[None]
    found = accuracy_estimate(correct)
    expected = proportion_confint(right, right + wrong, method="wilson")
    assert (found.low, found.high) == pytest.approx(expected, abs=1e-9)
    assert found.value == right / (right + wrong)
    assert found == accuracy_estimate(correct[0])


def test_tango_gives_published_values() -> None:
    # Bentur et al. 2009 as in Fagerland, Lydersen and Laake 2014, table VI
    assert tango(1, 7, 21) == pytest.approx((-0.517, -0.026), abs=5e-4)


@pytest.mark.parametrize(("b", "c", "n"), [(40, 20, 160), (3, 11, 300), (0, 6, 50), (900, 1, 2000)])
def test_tango_solves_its_defining_equation(b: int, c: int, n: int) -> None:
    """The likeliest share is sought here, where the implementation has it in closed form."""
    for end in tango(b, c, n):

        def unlikely(share: float, end: float = end) -> float:
            first, rest = share + end, 1 - 2 * share - end
            return -float(xlogy(b, first) + xlogy(c, share) + xlogy(n - b - c, rest))

        bounds = (max(0.0, -end) + 1e-13, (1 - end) / 2 - 1e-13)
        share = minimize_scalar(unlikely, bounds=bounds, method="bounded", options={"xatol": 1e-12})
        deviation = math.sqrt((2 * share.x + end * (1 - end)) / n)
        assert abs((b - c) / n - end) / deviation == pytest.approx(1.959964, abs=2e-4)


@given(b=st.integers(0, 60), c=st.integers(0, 60), rest=st.integers(0, 100))
@settings(deadline=None)
def test_tango_holds_the_difference(b: int, c: int, rest: int) -> None:
    n = b + c + rest
    if n == 0:
        return
    low, high = tango(b, c, n)
    assert -1 <= low <= (b - c) / n <= high <= 1
    assert high - low > 1e-3
    assert tango(c, b, n) == pytest.approx((-high, -low), abs=1e-9)


def test_a_difference_of_single_networks_is_tangos_with_mcnemars_p() -> None:
    random = np.random.default_rng(0)
    first, second = random.random((1, 200)) < 0.8, random.random((1, 200)) < 0.7
    found = difference(first, second)
    test = mcnemar(first[0], second[0])
    assert (found.low, found.high) == tango(test.only_first, test.only_second, 200)
    assert found.p == test.p
    assert found.value == pytest.approx(first.mean() - second.mean())


# Several seeds


@pytest.fixture
def tables() -> tuple[Bools, Bools]:
    random = np.random.default_rng(5)
    hardness = random.standard_normal(200)
    first = answers(random, hardness, 3, 0.85, 0.02)
    return first, answers(random, hardness, 4, 0.75, 0.02)


def test_variances_are_mean_squares_of_a_two_way_analysis(tables: tuple[Bools, Bools]) -> None:
    table = tables[0] * 1.0
    (seeds, n), mean = table.shape, table.mean()
    of_pictures, of_seeds = table.mean(axis=0), table.mean(axis=1)
    residual = table - of_pictures - of_seeds[:, None] + mean
    found = spread_of(*moments(table), (seeds,), n)
    pictures = seeds * np.sum((of_pictures - mean) ** 2) / (n - 1)
    assert found.pictures * table.size == pytest.approx(pictures, abs=1e-9)
    varied = n * np.sum((of_seeds - mean) ** 2) / (seeds - 1)
    assert found.seeds * table.size == pytest.approx(varied, abs=1e-9)
    noise = np.sum(residual**2) / (seeds - 1) / (n - 1)
    assert found.noise * table.size == pytest.approx(noise, abs=1e-9)
    assert found.freedom == 2


def test_variances_of_a_difference_by_hand(tables: tuple[Bools, Bools]) -> None:
    first, second = tables
    found = spread_of(*moments(np.vstack(tables) * 1.0), (3, 4), 200)
    apart = first.mean(axis=0) - second.mean(axis=0)
    assert found.pictures == pytest.approx(apart.var(ddof=1) / 200, abs=1e-12)
    one, other = (table.mean(axis=1).var(ddof=1) / len(table) for table in tables)
    assert found.seeds == pytest.approx(one + other, abs=1e-12)
    welch = (one + other) ** 2 / (one**2 / 4 + other**2 / 5) - 2
    assert found.freedom == pytest.approx(min(welch, 5), abs=1e-9)


def test_where_pictures_add_nothing_it_is_students_interval() -> None:
    parts = [np.array(number) for number in (2e-6, 5e-6, 2e-6, 4.0)]
    assert half_width(Spread(*parts)) == pytest.approx(student.ppf(0.975, 4) * math.sqrt(5e-6))


def test_where_seeds_add_nothing_it_is_the_normal_interval() -> None:
    parts = [np.array(number) for number in (2e-6, 0.0, 0.0, 2.0)]
    assert half_width(Spread(*parts)) == pytest.approx(1.959964 * math.sqrt(2e-6), rel=1e-5)


def test_equal_seeds_keep_half_the_width_for_pictures() -> None:
    parts = [np.array(number) for number in (2e-6, 0.0, 2e-6, 4.0)]
    assert half_width(Spread(*parts)) == pytest.approx(1.959964 * math.sqrt(2e-6) / 2, rel=1e-5)


def test_p_values_and_intervals_agree() -> None:
    random = np.random.default_rng(1)
    claimed = []
    for _ in range(60):
        hardness = random.standard_normal(300)
        first = answers(random, hardness, 2, 0.8)
        second = answers(random, hardness, 3, 0.8 - random.choice([0.0, 0.05]))
        found = difference(first, second)
        assert (found.p < 0.05) == (not found.low <= 0 <= found.high)
        if found.value:
            edge = difference(first, second, confidence=1 - found.p)
            assert min(abs(edge.low), abs(edge.high)) == pytest.approx(0, abs=1e-9)
        claimed.append(found.p < 0.05)
    assert 0 < np.mean(claimed) < 1


def test_a_difference_turns_round(tables: tuple[Bools, Bools]) -> None:
    found, turned = difference(*tables), difference(*tables[::-1])
    assert (turned.value, turned.low, turned.high) == pytest.approx(
        (-found.value, -found.high, -found.low), abs=1e-12
    )
    assert turned.p == pytest.approx(found.p, rel=1e-6)
    assert found.low < found.value == tables[0].mean() - tables[1].mean() < found.high


def test_the_order_of_pictures_and_seeds_does_not_matter(tables: tuple[Bools, Bools]) -> None:
    order = np.random.default_rng(2).permutation(200)
    moved = [table[::-1, order] for table in tables]
    found, again = difference(*tables), difference(moved[0], moved[1])
    assert (again.low, again.high) == pytest.approx((found.low, found.high), abs=1e-12)
    values = tables[0] * 0.3
    same = mean_estimate(values, draws=50), mean_estimate(values[::-1, order], draws=50)
    assert same[0].low == pytest.approx(same[1].low, abs=1e-12)


def test_a_lone_network_varies_as_the_other_recipe_does(tables: tuple[Bools, Bools]) -> None:
    first, second = tables
    both = np.vstack([first[:1], second]) * 1.0
    found = spread_of(*moments(both), (1, 4), 200)
    seeds = second.mean(axis=1).var(ddof=1)
    assert found.seeds == pytest.approx(seeds * (1 + 1 / 4), abs=1e-12)
    assert found.freedom == 3
    one, several = difference(first[:1], second), difference(first, second)
    assert one.high - one.low > several.high - several.low


def test_nothing_but_right_answers_leave_a_width() -> None:
    all_right = np.ones((3, 50), dtype=bool)
    found = difference(all_right, all_right[:2])
    assert (found.value, found.p) == (0, 1)
    assert (found.low, found.high) == pytest.approx(tango(0, 0, 50), abs=1e-9)
    assert found == difference(all_right, all_right[:2])
    assert accuracy_estimate(all_right).low == accuracy_estimate(all_right[:1]).low
    worst = difference(all_right, ~all_right)
    assert worst.high == 1
    assert 0.9 < worst.low < 1
    assert worst.p == differences.LEAST_P


@given(
    sizes=st.tuples(st.integers(1, 4), st.integers(1, 4), st.integers(2, 12)),
    shares=st.tuples(*[st.sampled_from([0.0, 0.1, 0.5, 0.95, 1.0])] * 2),
    seed=st.integers(0, 99),
)
@settings(deadline=None, max_examples=100)
def test_any_answers_have_intervals(
    sizes: tuple[int, int, int], shares: tuple[float, float], seed: int
) -> None:
    random = np.random.default_rng(seed)
    first, second = (
        random.random((size, sizes[2])) < share
        for size, share in zip(sizes[:2], shares, strict=True)
    )
    found, accuracy = difference(first, second), accuracy_estimate(first)
    assert -1 <= found.low <= found.value <= found.high <= 1
    assert 0 < found.p <= 1
    assert 0 <= accuracy.low <= accuracy.value <= accuracy.high <= 1
    assert accuracy.low < accuracy.high
    mean = mean_estimate(first * 1.0, draws=5)
    assert mean.low <= mean.value <= mean.high


def test_accuracies_stay_within_their_bounds() -> None:
    table = np.ones((3, 300), dtype=bool)
    table[0, :20] = False
    found = accuracy_estimate(table)
    assert found.low < found.value < found.high < 1
    assert found.value - found.low > found.high - found.value
    certain = accuracy_estimate(table, confidence=0.99)
    assert certain.low < found.low < found.high < certain.high


@pytest.mark.parametrize(
    ("first", "second", "message"),
    [
        (np.ones((2, 5)), np.ones((2, 4)), "not the same pictures"),
        (np.ones((2, 0)), np.ones((2, 0)), "seeds times pictures"),
        (np.ones((2, 1)), np.ones((2, 1)), "one picture"),
        (np.ones((2, 2, 2)), np.ones((2, 2, 2)), "seeds times pictures"),
    ],
)
def test_unfit_tables_are_refused(first: Floats, second: Floats, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        difference(first > 0, second > 0)


# Means of other numbers


@pytest.mark.parametrize("n", [7, 300])
def test_bootstrap_is_scipys_on_the_same_resamples(n: int) -> None:
    values = np.random.default_rng(0).exponential(size=n)
    indices = np.random.default_rng(9).integers(0, n, (400, n))
    expected = bootstrap(
        (values,), np.mean, n_resamples=400, method="percentile", rng=np.random.default_rng(9)
    )
    found = bootstrap_means(values, indices)
    assert found == pytest.approx(expected.bootstrap_distribution, abs=1e-9)
    interval = expected.confidence_interval
    assert np.percentile(found, [2.5, 97.5]) == pytest.approx([interval.low, interval.high])


def test_means_have_the_percentile_bootstraps_interval() -> None:
    values = np.random.default_rng(3).exponential(size=400)
    found = mean_estimate(values, draws=5000)
    expected = bootstrap((values,), np.mean, method="percentile", rng=np.random.default_rng(0))
    interval = expected.confidence_interval
    assert (found.low, found.high) == pytest.approx((interval.low, interval.high), abs=0.006)
    assert found == mean_estimate(values[None], draws=5000)
    assert found != mean_estimate(values, draws=5000, seed=1)
    assert found.high - found.value > found.value - found.low


def test_seeds_widen_both_sides_of_a_bootstrap_alike() -> None:
    random = np.random.default_rng(8)
    right = answers(random, random.standard_normal(400), 3, 0.8, 0.04)
    found, alone = mean_estimate(right * 1.0), mean_estimate(right.mean(axis=0))
    spread = spread_of(*moments(right * 1.0), (3,), 400)
    wider = half_width(spread) / (1.959964 * math.sqrt(spread.pictures))
    assert found.value - found.low == pytest.approx((alone.value - alone.low) * wider, rel=1e-5)
    assert found.high - found.value == pytest.approx((alone.high - alone.value) * wider, rel=1e-5)
    assert found.method != alone.method


def test_means_of_equal_values() -> None:
    assert mean_estimate(np.full(5, 2.0)).high == 2
    apart = mean_estimate(np.repeat([[1.0], [2.0]], 5, axis=1))
    assert apart.low < 1 < 2 < apart.high
    with pytest.raises(ValueError, match="not finite"):
        mean_estimate(np.array([1.0, math.inf]))


# Simulated studies: benchmarks/coverage.py has them at full size


def test_single_networks_are_covered_and_rarely_called_different() -> None:
    random = np.random.default_rng(0)
    held, claimed = [], []
    for _ in range(600):
        table = answers(random, random.standard_normal(300), 2, 0.9)
        found = difference(table[:1], table[1:])
        accuracy = accuracy_estimate(table[:1])
        held.append([found.low <= 0 <= found.high, accuracy.low <= 0.9 <= accuracy.high])
        claimed.append(found.p <= 0.05)
    assert np.mean(held, axis=0) == pytest.approx(0.95, abs=0.03)
    assert np.mean(claimed) <= 0.05


@pytest.mark.parametrize("spread", [0.0, 0.01])
def test_recipes_of_three_seeds_are_covered(spread: float) -> None:
    random = np.random.default_rng(1)
    held, naive, claimed, fixed = [], [], [], []
    for _ in range(400):
        hardness = random.standard_normal(1000)
        first, second = (answers(random, hardness, 3, 0.85, spread) for _ in range(2))
        accuracy, found = accuracy_estimate(first), difference(first, second)
        held.append([accuracy.low <= 0.85 <= accuracy.high, found.low <= 0 <= found.high])
        alone = accuracy_estimate(first.reshape(1, -1))
        naive.append(alone.low <= 0.85 <= alone.high)
        claimed.append(found.p <= 0.05)
        both = np.vstack([first, second]) * 1.0
        pictures = spread_of(*moments(both), (3, 3), 1000).pictures
        fixed.append(abs(found.value) > 1.96 * math.sqrt(pictures))
    assert np.mean(held, axis=0) == pytest.approx(0.95, abs=0.03)
    assert np.mean(claimed) <= 0.07
    assert np.mean(naive) < 0.88, "control: all answers taken as independent"
    if spread:
        assert np.mean(fixed) > 0.15, "control: seeds taken as fixed"


def test_two_points_are_found() -> None:
    random = np.random.default_rng(2)
    found = []
    for _ in range(60):
        hardness = random.standard_normal(10_000)
        first = answers(random, hardness, 3, 0.8, 0.003)
        found.append(difference(first, answers(random, hardness, 3, 0.78, 0.003)).p <= 0.05)
    assert np.mean(found) > 0.8


def test_control_resampling_three_seeds_covers_too_little() -> None:
    random = np.random.default_rng(3)
    ours, resampled = [], []
    for _ in range(250):
        table = answers(random, random.standard_normal(300), 3, 0.8, 0.05)
        found = accuracy_estimate(table)
        ours.append(found.low <= 0.8 <= found.high)
        pictures = random.multinomial(300, np.full(300, 1 / 300), size=300) / 300
        seeds = random.multinomial(3, np.full(3, 1 / 3), size=300) / 3
        means = ((pictures @ table.T) * seeds).sum(axis=1)
        low, high = np.percentile(means, [2.5, 97.5])
        resampled.append(low <= 0.8 <= high)
    assert np.mean(ours) > 0.92
    assert np.mean(resampled) < 0.88


def test_mean_log_losses_are_covered() -> None:
    random = np.random.default_rng(4)
    held = []
    for _ in range(300):
        losses = random.gamma(0.5, 1.0, size=400)
        found = mean_estimate(losses, draws=400)
        held.append(found.low <= 0.5 <= found.high)
    assert np.mean(held) == pytest.approx(0.95, abs=0.035)


# The benchmark


@pytest.fixture
def _benchmarks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(ROOT)


@pytest.mark.usefixtures("_benchmarks")
def test_simulated_patterns_are_those_of_answers() -> None:
    """The benchmark's way through counts gives what the functions give on the answers."""
    from benchmarks.coverage import World, simulate

    world = World(400, (0.9, 0.88), (2, 3), 0.5, (0.01, 0.0), shared=0.6)
    studies = simulate(world, 4000, np.random.default_rng(0))
    assert studies.means.mean(axis=0) == pytest.approx([0.9, 0.9, 0.88, 0.88, 0.88], abs=1e-3)
    deviations = np.sqrt(np.diagonal(studies.covariance, axis1=1, axis2=2))
    alike = (studies.covariance / deviations[:, :, None] / deviations[:, None, :]).mean(axis=0)
    assert alike[0, 1] == pytest.approx(0.5, abs=0.02)
    assert alike[2, 3] == pytest.approx(0.5, abs=0.02)
    assert 0.2 < alike[0, 2] < 0.4
    moved = np.asarray(np.corrcoef(studies.means.T))
    assert moved[0, 1] < moved[2, 3] - 0.05, "seeds with a spread follow the pictures less"


@pytest.mark.usefixtures("_benchmarks")
def test_the_benchmark_runs_and_writes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from benchmarks.coverage import main

    document = tmp_path / "doc.md"
    words = ["coverage", "--smoke", "--write", "--document", str(document)]
    monkeypatch.setattr(sys, "argv", words)
    assert main() == 0
    told = capsys.readouterr().out
    assert told.count("| 1,000 |") == 8 + 24 + 22 + 1
    assert told.strip() in document.read_text()

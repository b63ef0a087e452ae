"""Least squares on columns of levels."""

import numpy as np
import pytest

from retinue.experiments.sweeps.model import averaged, columns_of, fit

PLACES = np.array([[0, 0], [0, 1], [1, 0], [1, 1], [2, 0]])
SIZES = (3, 2)
TERMS = ((), (0,), (1,))


def test_weighted_fits_are_those_of_statsmodels() -> None:
    import statsmodels.api as sm

    weights, y = np.array([3.0, 2, 1, 3, 3]), np.array([0.7, 0.72, 0.69, 0.75, 0.8])
    columns = columns_of(PLACES, SIZES, TERMS)
    expected = sm.WLS(y, columns, weights=weights).fit()
    found = fit(columns, weights, y)
    assert found.parameters == pytest.approx(expected.params)
    assert found.squares == pytest.approx(expected.ssr)
    assert found.rank == 4
    combination = averaged(PLACES, SIZES, TERMS, {0: 2})
    estimate = found.estimate(combination)
    assert estimate is not None
    assert estimate[0] == pytest.approx(expected.params @ combination)
    variance = combination @ expected.normalized_cov_params @ combination
    assert estimate[1] @ estimate[1] == pytest.approx(variance)


def test_what_settings_do_not_determine_has_no_estimate() -> None:
    places = np.array([[0, 0], [1, 1]])  # the two keys change together
    found = fit(columns_of(places, (2, 2), TERMS), np.ones(2), np.array([0.7, 0.8]))
    assert found.rank == 2
    assert found.estimate(np.array([0.0, 1.0, 0.0])) is None
    both = found.estimate(np.array([0.0, 1.0, 1.0]))
    assert both is not None
    assert both[0] == pytest.approx(0.1)


def test_pairs_have_a_column_for_each_pair_of_levels() -> None:
    columns = columns_of(PLACES, SIZES, [(0, 1)])
    assert columns.shape == (5, 2)
    assert columns.sum(axis=1).tolist() == [0, 0, 0, 1, 0]


def test_a_mean_is_over_the_combinations_that_are_there() -> None:
    places = np.array([[0, 0, 0], [1, 0, 1], [1, 0, 1]])
    row = averaged(places, (2, 2, 2), ((), (1,), (2,)), {0: 1})
    assert row.tolist() == [1.0, 0.0, 0.5]

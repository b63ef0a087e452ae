"""What guessing is like, against references."""

import math

import numpy as np
import pytest
from sklearn.metrics import cohen_kappa_score
from statsmodels.stats.inter_rater import cohens_kappa

from retinue.training.sanity.guessing import agreement, entropy, plausible_first_loss


def test_the_loss_of_guessing() -> None:
    assert entropy([5, 5]) == pytest.approx(math.log(2))
    assert entropy([9, 1, 0]) == pytest.approx(-0.9 * math.log(0.9) - 0.1 * math.log(0.1))
    assert entropy([7]) == 0
    assert entropy([]) == 0


@pytest.mark.parametrize("seed", range(5))
def test_kappa(seed: int) -> None:
    random = np.random.default_rng(seed)
    table = random.integers(0, 30, (4, 4)) + 10 * np.eye(4, dtype=int)
    true = np.repeat(np.arange(4), table.sum(1))
    said = np.concatenate([np.repeat(np.arange(4), row) for row in table])
    kappa, deviations = agreement(table.tolist())
    assert kappa == pytest.approx(cohen_kappa_score(true, said))
    reference = cohens_kappa(table)
    assert deviations == pytest.approx(reference.kappa / reference.std_kappa0)


def test_who_always_says_the_same_does_not_agree() -> None:
    assert agreement([[90, 0], [10, 0]]) == (0.0, 0.0)
    assert agreement([[90, 0], [0, 0]]) == (0.0, 0.0)


def test_the_first_loss_of_a_fresh_network_lies_around_that_of_guessing() -> None:
    for classes in (2, 10, 1000):
        low, high = plausible_first_loss(classes, math.log(classes))
        assert low < math.log(classes) < high
    low, _ = plausible_first_loss(2, entropy([99, 1]))
    assert low < entropy([99, 1])

"""Numbers as they stand in a sentence."""

import pytest

from retinue.evaluation.differences import Estimate
from retinue.experiments import phrases


def test_a_share_has_its_interval() -> None:
    assert phrases.share(Estimate(0.912, 0.906, 0.917, "")) == "91.2 % (90.6 % to 91.7 %)"


@pytest.mark.parametrize(
    ("values", "told"),
    [
        ((0.013, 0.004, 0.022), "1.3 points (0.4 to 2.2)"),
        ((0.01, -0.004, 0.022), "1.0 point (-0.4 to 2.2)"),
        ((0.0, -0.004, 0.004), "0.0 points (-0.4 to 0.4)"),
        ((0.002, 0.0003, 0.004), "0.20 points (0.03 to 0.40)"),
        ((-0.00001, -0.004, 0.004), "-0.001 points (-0.400 to 0.400)"),
        ((-0.000001, -0.004, 0.004), "0.000 points (-0.400 to 0.400)"),
    ],
)
def test_only_nothing_looks_like_nothing(values: tuple[float, ...], told: str) -> None:
    assert phrases.in_points(*values) == told


@pytest.mark.parametrize(
    ("names", "told"),
    [([], ""), (["a"], "a"), (["a", "b"], "a and b"), (["a", "b", "c"], "a, b and c")],
)
def test_lists(names: list[str], told: str) -> None:
    assert phrases.listed(names) == told


@pytest.mark.parametrize(
    ("value", "told"),
    [(0.00042, "0.42 ms"), (0.0123, "12.3 ms"), (12, "12 s"), (89, "89 s"), (204, "3.4 min"),
     (7200, "2 h")],
)  # fmt: skip
def test_times(value: float, told: str) -> None:
    assert phrases.seconds(value) == told


@pytest.mark.parametrize(
    ("value", "told"), [(12, "12 bytes"), (31000, "31 kB"), (3.14e6, "3.14 MB"), (2e9, "2 GB")]
)
def test_sizes(value: float, told: str) -> None:
    assert phrases.size(value) == told


@pytest.mark.parametrize(
    ("p", "told"),
    [(1.0, "p = 1.00"), (0.6, "p = 0.60"), (0.0342, "p = 0.034"), (1e-9, "p < 0.001")],
)
def test_probabilities(p: float, told: str) -> None:
    assert phrases.probability(p) == told

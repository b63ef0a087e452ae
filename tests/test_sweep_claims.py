"""The simulation of sweeps, small; `benchmarks/sweep_claims.py` has it at full size."""

import sys
from dataclasses import replace
from pathlib import Path

import pytest

from benchmarks import sweep_claims
from benchmarks.sweep_claims import WORLDS, World, main, share
from retinue.experiments.sweeps import design, error
from retinue.experiments.sweeps.error import Error, by_seeds

SMALL = World("a test's", (3, 2))


def test_what_is_not_there_is_rarely_claimed_and_what_is_there_found() -> None:
    claims, _, _ = share(SMALL, 150, False)
    assert claims < 0.05 + 3 * (0.05 * 0.95 / 150) ** 0.5
    found, besides = share(SMALL, 20, True)[1:]
    assert found > 0.8
    assert besides < 0.15


def test_an_error_that_is_too_small_claims_too_much(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*given: object) -> Error:
        right = by_seeds(*given)  # type: ignore[arg-type]
        return replace(right, variance=right.variance / 2)

    monkeypatch.setattr(design, "by_seeds", broken)
    assert share(SMALL, 80, False)[0] > 0.12


def test_too_many_degrees_of_freedom_claim_too_much(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*given: object) -> Error:
        return replace(by_seeds(*given), degrees=1000.0)  # type: ignore[arg-type]

    monkeypatch.setattr(design, "by_seeds", broken)
    assert share(World("a test's", (2,)), 300, False)[0] > 0.08


def test_without_holm_more_is_claimed(monkeypatch: pytest.MonkeyPatch) -> None:
    from retinue.experiments.sweeps import find

    monkeypatch.setattr(find, "holm", list)
    assert share(World("a test's", (2, 2, 2)), 80, False)[0] > 0.12


@pytest.mark.slow
def test_all_designs_are_simulated(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(sweep_claims, "FEW", 2)
    place = tmp_path / "claims.md"
    monkeypatch.setattr(sys, "argv", ["x", "--smoke", "--write", "--document", str(place)])
    assert main() == 0
    text = place.read_text(encoding="utf-8")
    assert all(world.name in text for world in WORLDS)


@pytest.mark.slow
def test_own_variances_keep_a_less_steady_value_from_being_claimed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    world = World("a test's", (5, 4, 4), unequal="level")
    own = share(world, 120, False)[0]
    monkeypatch.setattr(error, "MANY_DEGREES", float("inf"))
    shared = share(world, 120, False)[0]
    assert own <= 0.09 < shared

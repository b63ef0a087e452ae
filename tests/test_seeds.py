"""The documented formula of every random draw."""

import hashlib
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from retinue import seeds
from retinue.seeds import seed_for

NUMBERS = st.integers(0, 2**63 - 1)


def by_hand(text: str) -> int:
    """The first 16 hexadecimal digits of the SHA-256, as a number without its top bit."""
    return int(hashlib.sha256(text.encode()).hexdigest()[:16], 16) % 2**64 // 2


@given(NUMBERS, st.text(st.characters(codec="utf-8")), NUMBERS, NUMBERS)
def test_the_seed_is_what_a_script_without_retinue_computes(
    seed: int, purpose: str, epoch: int, step: int
) -> None:
    assert seed_for(seed, purpose, epoch, step) == by_hand(f"{seed}/{purpose}/{epoch}/{step}")


def test_epoch_and_step_are_zero_unless_given() -> None:
    assert seed_for(3, "weights") == by_hand("3/weights/0/0")


@given(NUMBERS, NUMBERS)
def test_every_seed_fits_torch_and_numpy(seed: int, step: int) -> None:
    assert 0 <= seed_for(seed, "order", 0, step) < 2**63


@pytest.mark.parametrize("other", [(1, "a", 0, 0), (0, "b", 0, 0), (0, "a", 1, 0), (0, "a", 0, 1)])
def test_each_of_the_four_changes_the_seed(other: tuple[int, str, int, int]) -> None:
    assert seed_for(*other) != seed_for(0, "a", 0, 0)


def test_many_places_of_a_training_get_seeds_of_their_own() -> None:
    drawn = {seed_for(0, "augment", epoch, step) for epoch in range(50) for step in range(100)}
    assert len(drawn) == 5000


def test_the_formula_needs_hashlib_alone() -> None:
    assert seeds.__file__ is not None
    imported = re.findall(r"^(?:import|from) (\S+)", Path(seeds.__file__).read_text(), re.MULTILINE)
    assert imported == ["hashlib"]

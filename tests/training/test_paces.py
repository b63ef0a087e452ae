"""What a preset means for data of any size: relations, not numbers."""

import math
from itertools import pairwise
from types import SimpleNamespace
from typing import Any, cast

import pytest

from retinue.data.imagedata import ImageData
from retinue.recipe import Recipe, make_recipe
from retinue.training.paces import PACES, fast_settings

PRESETS = ("quick", "balanced", "accurate")
COUNTS = (1, 2, 19, 20, 100, 999, 5000, 20_000, 50_000, 200_000)


def data(count: int = 50_000, size: tuple[int, int] = (32, 32)) -> ImageData:
    """As much of a data set as the settings look at."""
    return cast(ImageData, SimpleNamespace(train=range(count), size=size))


def settings(
    count: int = 50_000, size: tuple[int, int] = (32, 32), preset: str = "balanced"
) -> dict[str, Any]:
    return fast_settings(data(count, size), preset)


def steps(found: dict[str, Any], count: int) -> float:
    """How many steps a whole training has."""
    return float(found["epochs"] * math.ceil(count / found["batch_size"]))


@pytest.mark.parametrize("preset", PRESETS)
@pytest.mark.parametrize("count", [45_000, 50_000])
def test_cifar10_takes_the_epochs_of_the_preset_whatever_the_batch(preset: str, count: int) -> None:
    for batch_size in (None, 32, 2000):
        assert fast_settings(data(count), preset, batch_size)["epochs"] == PACES[preset].epochs


def test_there_is_a_pace_for_every_preset_of_the_recipe() -> None:
    assert tuple(PACES) == PRESETS
    for preset in PRESETS:
        assert make_recipe({"preset": preset}).preset == preset
        assert PACES[preset].why.startswith(f"{preset}: ")


def test_from_quick_to_accurate_networks_get_wider_and_trainings_longer() -> None:
    for quicker, slower in pairwise(PRESETS):
        assert PACES[quicker].width < PACES[slower].width
        for count in (500, 50_000):
            found = [settings(count, preset=preset) for preset in (quicker, slower)]
            assert found[0]["epochs"] < found[1]["epochs"]


@pytest.mark.parametrize("preset", PRESETS)
def test_small_data_sets_have_smaller_batches_and_more_epochs(preset: str) -> None:
    found = [settings(count, preset=preset) for count in COUNTS]
    batches, epochs = ([each[key] for each in found] for key in ("batch_size", "epochs"))
    assert batches == sorted(batches)
    # But for rounding: 999 pictures have 21 batches, 1,000 would have 20.
    assert all(later <= 1.1 * earlier for earlier, later in pairwise(epochs))
    assert batches[0] == 1
    assert batches[-1] == PACES[preset].batch_size
    assert epochs[-1] == PACES[preset].epochs
    assert epochs[2] > epochs[-1]


@pytest.mark.parametrize("preset", PRESETS)
@pytest.mark.parametrize("count", COUNTS)
def test_an_epoch_has_enough_steps_and_no_training_is_much_shorter_than_that_of_a_larger_set(
    count: int, preset: str
) -> None:
    found = settings(count, preset=preset)
    if count >= 20:
        assert math.ceil(count / found["batch_size"]) >= 20
    # One epoch more or less is what rounding takes.
    fewest = steps(settings(5000, preset=preset), 5000)
    an_epoch = math.ceil(count / found["batch_size"])
    assert steps(found, count) >= fewest - an_epoch - 20 * PACES[preset].epochs


def test_the_rate_of_the_rest_goes_with_the_batch() -> None:
    whole = settings()
    for count in (2000, 5000, 9000):
        found = settings(count)
        assert found["batch_size"] < whole["batch_size"]
        share = found["batch_size"] / whole["batch_size"]
        assert found["rest_lr"] == pytest.approx(share * whole["rest_lr"], abs=0.006)  # rounded
        assert found["lr"] == whole["lr"]


def test_only_large_batches_are_sliced() -> None:
    for count in COUNTS:
        for preset in PRESETS:
            found = settings(count, preset=preset)
            size = found["slice_size"]
            assert size is None or size < found["batch_size"]
    assert settings(200_000, preset="accurate")["slice_size"]
    assert settings(100)["slice_size"] is None


@pytest.mark.parametrize("preset", PRESETS)
def test_fewer_pixels_at_first_follow_the_larger_side_and_small_pictures_have_none(
    preset: str,
) -> None:
    assert settings(size=(8, 8), preset=preset)["progressive"] == ()
    for size in ((32, 32), (64, 64), (40, 64)):
        found = settings(size=size, preset=preset)["progressive"]
        expected = [(round(share * max(size)), until) for share, until in PACES[preset].stretches]
        assert list(found) == expected
        assert all(pixels < max(size) for pixels, _ in found)
        # In the order in which the loop looks for the first that has not ended.
        assert [until for _, until in found] == sorted(until for _, until in found)


@pytest.mark.parametrize("preset", PRESETS)
@pytest.mark.parametrize("count", COUNTS)
def test_the_settings_are_a_recipe(count: int, preset: str) -> None:
    found = settings(count, preset=preset)
    recipe = make_recipe(found)
    assert recipe.model_fields_set == set(found) <= set(Recipe.model_fields)
    assert all(getattr(recipe, key) == value for key, value in found.items())
    assert recipe.opt == "muon"

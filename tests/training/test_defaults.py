"""What the recipe leaves open is chosen; what it says is never changed."""

from typing import Any

import numpy as np
import pytest

from retinue.data.imagedata import ImageData
from retinue.data.load import load_data
from retinue.errors import UsageError
from retinue.recipe import Recipe, make_recipe
from retinue.training.defaults import Choice, choose

# One value a key, each unlike the recipe's default and unlike what would be chosen for `digits`.
UNUSUAL: dict[str, Any] = {
    "augment": "strong", "flip": True, "opt": "sgd", "lr": 0.123, "momentum": 0.7,
    "weight_decay": 0.3, "batch_size": 77, "epochs": 3, "schedule": "step", "warmup": 0.11,
    "label_smoothing": 0.2, "class_weights": "balanced", "clip": 2.0, "patience": 4,
    "monitor": "val_loss", "time_limit": 60.0, "seed": 9, "precision": "fp32",
}  # fmt: skip
CHOSEN = ("epochs", "batch_size", "opt", "lr", "weight_decay", "schedule", "augment", "flip")


def arrays(channels: int, size: int = 8, count: int = 60) -> ImageData:
    random = np.random.default_rng(0)
    images = random.integers(0, 256, (count, size, size, channels), dtype=np.uint8)
    return load_data((images, np.arange(count) % 3))


def keys(choices: list[Choice]) -> list[str]:
    return [choice.key for choice in choices]


@pytest.mark.parametrize("model", ["auto", "mlp", "keras-lesson"])
@pytest.mark.parametrize("key", UNUSUAL)
def test_a_setting_that_is_given_stays(digits: ImageData, key: str, model: str) -> None:
    recipe, choices = choose(make_recipe({"model": model, key: UNUSUAL[key]}), digits)
    assert getattr(recipe, key) == UNUSUAL[key]
    assert key not in keys(choices)


@pytest.mark.parametrize("key", [key for key in UNUSUAL if key not in ("clip", "patience")])
def test_a_setting_that_is_given_at_its_default_stays_too(digits: ImageData, key: str) -> None:
    default = Recipe.model_fields[key].default
    recipe, _ = choose(make_recipe({key: default}), digits)
    assert getattr(recipe, key) == default


def test_the_table_above_would_notice_a_change(digits: ImageData) -> None:
    open_recipe, _ = choose(Recipe(), digits)
    for key, value in UNUSUAL.items():
        assert getattr(open_recipe, key) != value


def test_nothing_is_open_afterwards(digits: ImageData) -> None:
    recipe, choices = choose(Recipe(), digits)
    assert recipe.model_fields_set == set(Recipe.model_fields)
    assert (recipe.size, recipe.channels) == ((8, 8), 1)
    assert recipe.model.name == "cnn"
    assert recipe.model.arguments["depth"] == 6
    assert set(keys(choices)) == {"model.name", "size", *CHOSEN}
    assert all(choice.why for choice in choices)
    told = {choice.key: choice.value for choice in choices}
    assert all(told[key] == getattr(recipe, key) for key in CHOSEN)


def test_what_was_chosen_once_is_not_chosen_again(digits: ImageData) -> None:
    recipe, _ = choose(Recipe(), digits)
    again, choices = choose(recipe, digits)
    assert again == recipe
    assert choices == []


@pytest.mark.parametrize("given", [{}, {"model": "auto"}])
def test_the_network_is_chosen_unless_it_is_named(digits: ImageData, given: dict[str, Any]) -> None:
    recipe, choices = choose(make_recipe(given), digits)
    assert recipe.model.name == "cnn"
    assert "model.name" in keys(choices)
    named, choices = choose(make_recipe(given, {"model": "lenet"}), digits)
    assert named.model.name == "lenet"
    assert "model.name" not in keys(choices)


def test_settings_of_the_network_stay_and_the_others_are_filled_in(digits: ImageData) -> None:
    recipe, _ = choose(make_recipe({"model": {"name": "mlp", "dropout": 0.4}}), digits)
    assert recipe.model.arguments == {"hidden": [256, 128], "activation": "relu", "dropout": 0.4}


def test_an_unknown_network_is_refused(digits: ImageData) -> None:
    with pytest.raises(UsageError, match="no model 'cnm'; did you mean cnn"):
        choose(make_recipe({"model": "cnm"}), digits)


def test_the_keras_lesson_is_trained_as_in_the_lesson(digits: ImageData) -> None:
    recipe, choices = choose(make_recipe({"model": "keras-lesson"}), digits)
    lesson = {"epochs": 5, "batch_size": 32, "opt": "adam", "lr": 1e-3, "augment": "none"}
    assert {key: getattr(recipe, key) for key in lesson} == lesson
    assert (recipe.schedule, recipe.warmup, recipe.weight_decay) == ("constant", 0.0, 0.0)
    assert {choice.why for choice in choices if choice.key in lesson} == {"as in the Keras lesson"}


@pytest.mark.parametrize(("schedule", "warmup"), [("onecycle", 0.25), ("cosine", 0.0)])
def test_only_onecycle_warms_up_by_itself(digits: ImageData, schedule: str, warmup: float) -> None:
    assert choose(make_recipe({"schedule": schedule}), digits)[0].warmup == warmup


def test_digits_and_other_grey_pictures_are_not_mirrored_colour_is(digits: ImageData) -> None:
    assert not choose(Recipe(), digits)[0].flip
    assert not choose(Recipe(), arrays(channels=1))[0].flip
    assert choose(Recipe(), arrays(channels=3))[0].flip


def test_a_cnn_for_photos_is_residual_unless_the_recipe_says_otherwise() -> None:
    photos, small = arrays(3, size=70), arrays(3, size=8)
    recipe, choices = choose(make_recipe({"model": "cnn"}), photos)
    assert recipe.model.arguments["residual"] is True
    assert "model.residual" in keys(choices)
    assert choose(make_recipe({"model": "cnn"}), small)[0].model.arguments["residual"] is False
    recipe, choices = choose(make_recipe({"model": {"name": "cnn", "residual": False}}), photos)
    assert recipe.model.arguments["residual"] is False
    assert "model.residual" not in keys(choices)


def test_photos_are_varied_more_and_seen_less() -> None:
    photos, small = arrays(3, size=70), arrays(3, size=8)
    assert choose(Recipe(), photos)[0].augment == "strong"
    assert choose(Recipe(), small)[0].augment == "basic"
    assert choose(Recipe(), small)[0].epochs == 60


def test_many_pictures_are_seen_fewer_times(digits: ImageData) -> None:
    many = load_data("digits")
    few_epochs, few_batch = (
        getattr(choose(Recipe(), many)[0], k) for k in ("epochs", "batch_size")
    )
    more_epochs = choose(Recipe(), digits)[0].epochs
    assert few_epochs == round(40_000 / len(many.train)) < more_epochs
    assert few_batch == 64 > choose(Recipe(), digits)[0].batch_size

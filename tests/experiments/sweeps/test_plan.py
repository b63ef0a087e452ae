"""What a sweep is asked: what goes together, the recipes it makes, and JSON there and back."""

import json
from typing import Any

import pytest

from retinue.errors import UsageError
from retinue.experiments.sweeps.plan import Plan
from retinue.experiments.sweeps.varying import axes_of


def plan(*words: str, **settings: Any) -> Plan:
    base = settings.pop("base", {})
    return Plan("digits", base, axes_of(words), **settings)


def test_it_is_the_same_after_json() -> None:
    axes = axes_of(
        {"lr": "1e-4..1:log", "model.kernel_size": [3, "3x5"], "cure": {"a": {}, "b": {"lr": 1}}}
    )
    asked = Plan("digits", {"epochs": 2}, axes, "random", 7, 3, True, 2)
    assert Plan.of_json(json.loads(json.dumps(asked.as_json()))) == asked


def test_a_grid_has_all_settings() -> None:
    assert plan("lr=0.1,0.2,0.3", "model.depth=1,2").wanted == 6
    assert plan("lr=0.1,0.2", search="random").wanted == 20
    assert plan("lr=0.1,0.2", search="tpe", trials=7).wanted == 7


def test_a_setting_is_a_recipe_over_the_base() -> None:
    recipe = plan(
        "lr=0.1,0.2", "model.depth=1,2", base={"model": {"name": "cnn", "width": 8}}
    ).recipe({"lr": 0.2, "model.depth": 1})
    assert recipe.model_dump(exclude_unset=True) == {
        "data": "digits", "lr": 0.2, "model": {"name": "cnn", "width": 8, "depth": 1},
    }  # fmt: skip


def test_the_order_of_keys_does_not_matter_where_one_is_the_network() -> None:
    words = ("model.width=8,16", "model=cnn,fast")
    for order in (words, words[::-1]):
        recipe = plan(*order).recipe({"model": "fast", "model.width": 16})
        assert recipe.model.name == "fast"
        assert recipe.model.arguments == {"width": 16}


@pytest.mark.parametrize(
    ("words", "settings", "told"),
    [
        (["lr=0.1..0.2"], {}, "a range has no grid"),
        (["lr=0.1,0.2"], {"trials": 3}, "a grid has all settings"),
        (["lr=0.1,0.2"], {"search": "bayes"}, "is one of grid, random, tpe"),
        (["lr=0.1,0.2"], {"seeds": 0}, "--seeds: one at least"),
        (["epochs=1,2"], {"prune": True}, "different epochs"),
    ],
)
def test_what_does_not_go_together_is_told(
    words: list[str], settings: dict[str, Any], told: str
) -> None:
    with pytest.raises(UsageError, match=told):
        plan(*words, **settings)

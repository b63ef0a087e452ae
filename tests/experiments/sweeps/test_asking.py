"""What is asked: words and settings, experiments that are shipped or the user's own."""

from pathlib import Path
from typing import Any

import pytest

from retinue.errors import UsageError
from retinue.experiments.sweeps.asking import asked_of, read_experiment, shipped
from retinue.experiments.sweeps.plan import Plan
from retinue.recipe import Recipe, write_recipe

NAMES = {
    "kernel-stride-padding", "depth", "learning-rate", "batch-size", "regularisation",
    "normalisation", "softmax-vs-mlp-vs-cnn", "optimisers", "data-size",
}  # fmt: skip


def test_the_experiments_of_the_docs_are_shipped() -> None:
    assert set(shipped()) == NAMES


@pytest.mark.parametrize("name", sorted(NAMES))
def test_each_is_a_plan_whose_every_setting_is_a_recipe(name: str) -> None:
    asked = asked_of(None, (), name, None, {})
    plan = Plan(**asked)
    assert plan.data == "cifar10"
    assert plan.seeds >= 3
    assert plan.title
    assert plan.question.endswith(("?", "order.", "all.", "it."))
    for axis in plan.axes:
        others = {other.key: other.values[0] for other in plan.axes}
        for value in axis.values:
            recipe = plan.recipe({**others, axis.key: value})
            assert recipe.data == "cifar10"


def test_the_design_of_kernel_stride_padding_is_a_grid_of_27() -> None:
    plan = Plan(**asked_of(None, (), "kernel-stride-padding", None, {}))
    assert (plan.wanted, plan.seeds) == (27, 3)


def test_the_users_data_and_settings_go_over_the_experiments() -> None:
    asked = asked_of("photos", (), "depth", None, {"epochs": 2, "model": {"width": 8}})
    assert asked["data"] == "photos"
    assert asked["base"]["epochs"] == 2
    assert asked["base"]["model"] == {"name": "cnn", "width": 8}


def test_a_recipe_file_is_the_base_and_settings_go_over_it(tmp_path: Path) -> None:
    write_recipe(tmp_path / "mine.yaml", Recipe(epochs=3, lr=0.5, data="digits"))
    asked = asked_of(None, ["lr=0.1,0.2"], None, tmp_path / "mine.yaml", {"epochs": 4})
    assert asked["data"] == "digits"
    assert (asked["base"]["epochs"], asked["base"]["lr"]) == (4, 0.5)
    assert asked["seeds"] == 1


def test_an_experiment_of_ones_own_is_a_file(tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text(
        "data: digits\nvary: {lr: [0.1, 0.2], cure: {none: {}, all: {augment: basic}}}\n"
    )
    found = read_experiment(path)
    assert (found.name, found.title, found.seeds) == ("mine", "mine", 1)
    assert Plan(**asked_of(None, (), path, None, {})).wanted == 4


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("data: digits\n", "it has no mapping 'vary'"),
        ("vary: [1]\n", "it has no mapping 'vary'"),
        ("vary: {lr: [1, 2]}\nseed: 3\n", "'seed' is none of its keys"),
        ("{", "cannot be read"),
        ("vary: !!python/object/apply:os.system ['true']\n", "cannot be read"),
    ],
)
def test_a_file_that_is_none_is_told(tmp_path: Path, text: str, told: str) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text(text)
    with pytest.raises(UsageError, match=told):
        read_experiment(path)


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ((None, ["lr=1,2"], None, None, {}), "DATA: name what to train on"),
        (("digits", (), None, None, {}), "nothing is varied"),
        (("digits", ["lr=1,2"], "depth", None, {}), "name one of both"),
        (("digits", (), "dept", None, {}), "there is none of that name; there are batch-size"),
    ],
)
def test_too_little_or_too_much_is_told(words: Any, told: str) -> None:
    with pytest.raises(UsageError, match=told):
        asked_of(*words)

"""What is to be varied: words and mappings, and what is wrong with them."""

from typing import Any

import pytest

from retinue.errors import UsageError
from retinue.experiments.sweeps.axis import Axis, Range
from retinue.experiments.sweeps.varying import assigned, axes_of


@pytest.mark.parametrize(
    ("word", "axis"),
    [
        ("lr=1e-3,1e-2", Axis("lr", (0.001, 0.01))),
        ("model.kernel_size=3, 5,7", Axis("model.kernel_size", (3, 5, 7))),
        ("model.kernel_size=3x5,5x3", Axis("model.kernel_size", ("3x5", "5x3"))),
        ("model.padding=valid,same,2", Axis("model.padding", ("valid", "same", 2))),
        ("model.batch_norm=true,false", Axis("model.batch_norm", (True, False))),
        ("augment=none,basic", Axis("augment", ("none", "basic"))),
        ("model=cnn,mlp", Axis("model", ("cnn", "mlp"))),
        ("lr=1e-4..1e-1:log", Axis("lr", range=Range(1e-4, 0.1, log=True))),
        ("model.depth=2..8", Axis("model.depth", range=Range(2, 8, whole=True))),
        ("model.dropout=0..0.5", Axis("model.dropout", range=Range(0, 0.5))),
        ("progressive=24:0.6,20:0.3", Axis("progressive", ("24:0.6", "20:0.3"))),
    ],
)
def test_words_are_read(word: str, axis: Axis) -> None:
    assert axes_of([word]) == (axis,)


def test_a_mapping_says_the_same_as_words() -> None:
    words = axes_of(["lr=0.001,0.01", "model.depth=2..8", "model.kernel_size=3,3x5"])
    mapping = {"lr": [1e-3, 1e-2], "model.depth": "2..8", "model.kernel_size": [3, (3, 5)]}
    assert axes_of(mapping) == words


def test_variants_are_names_of_several_settings() -> None:
    variants = {"none": None, "both": {"model.dropout": 0.3, "model.depth": 2, "augment": "basic"}}
    (axis,) = axes_of({"cure": variants})
    assert axis.values == ("none", "both")
    assert assigned(axis, "none") == {}
    assert assigned(axis, "both") == {"model": {"dropout": 0.3, "depth": 2}, "augment": "basic"}


@pytest.mark.parametrize(
    ("key", "value", "settings"),
    [
        ("lr", 0.1, {"lr": 0.1}),
        ("model.depth", 3, {"model": {"depth": 3}}),
        ("model", "mlp", {"model": "mlp"}),
    ],
)
def test_a_value_becomes_settings_of_a_recipe(key: str, value: Any, settings: Any) -> None:
    assert assigned(Axis(key, (value, "other")), value) == settings


@pytest.mark.parametrize(
    ("vary", "told"),
    [
        ([], "nothing is varied"),
        (["lr"], "--vary lr: write KEY=V1,V2"),
        (["=3"], "write KEY=V1,V2"),
        (["lr=0.1"], "two values or more"),
        (["lr=0.1,"], "a value is missing"),
        (["lr=0.1,0.1"], "the same value stands there twice"),
        (["lr=0.1,0.2", "lr=0.3,0.4"], "is named twice"),
        (["lrr=0.1,0.2"], "did you mean lr"),
        (["lr.x=0.1,0.2"], "no such setting"),
        (["data=digits,shapes"], "one data set"),
        (["seed=1,2"], "--seeds"),
        (["split_seed=1,2"], "same pictures"),
        (["lr=a..b"], "a range is of numbers"),
        (["lr=1..0.1"], "begins below its end"),
        (["lr=0..0.1:log"], "begins above 0"),
        (["lr=0.1..1:exp"], "only :log may follow"),
        (["augment=[,none"], "cannot be read"),
        ({"cure": {"one": {}}}, "two variants or more"),
        ({"cure": {"one": {}, "two": {"lrr": 1}}}, "did you mean lr"),
    ],
)
def test_what_is_wrong_is_told(vary: Any, told: str) -> None:
    with pytest.raises(UsageError, match=told):
        axes_of(vary)

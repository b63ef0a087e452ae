"""`retinue models` and `retinue describe`."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from retinue.models.catalogue import MODELS, build

Command = Callable[..., tuple[int, str, str]]


def test_models_lists_every_network_with_its_settings(command: Command) -> None:
    code, out, err = command("models")
    assert (code, err) == (0, "")
    for name, entry in MODELS.items():
        assert f"{name}  {entry.summary}" in out
    assert "hidden=256,128" in out
    assert "batch_norm=true" in out


def test_models_as_json(command: Command) -> None:
    code, out, _ = command("models", "--json")
    found = {one["name"]: one["settings"] for one in json.loads(out)}
    assert code == 0
    assert list(found) == list(MODELS)
    assert found["mlp"] == {"hidden": [256, 128], "activation": "relu", "dropout": 0.0}


def test_describe_has_a_line_a_layer(command: Command) -> None:
    code, out, err = command("describe", "lenet", "--input", "1x28x28")
    assert (code, err) == (0, "")
    rows = {line.split()[0]: line.split() for line in out.splitlines() if line.split()}
    # 6 filters of 5x5 on one channel, with biases; 28x28 positions.
    assert rows["features.conv1"][-4:] == ["6x28x28", "156", "117,600", "5x5"]
    assert rows["head.output"][-3:] == ["10", "850", "840"]
    assert "61,706 parameters" in out


def test_describe_counts_the_parameters_that_torch_counts(command: Command) -> None:
    words = ["--input", "3x20x24", "--classes", "7", "--set", "depth=4", "--set", "width=9"]
    words = [word.replace("depth", "model.depth").replace("width", "model.width") for word in words]
    code, out, _ = command("describe", "cnn", *words, "--json")
    arguments: dict[str, Any] = {"depth": 4, "width": 9}
    network = build(
        "cnn", classes=7, channels=3, size=(20, 24), arguments=arguments, mean=[0] * 3, std=[1] * 3
    )
    found = json.loads(out)
    assert code == 0
    assert found["parameters"] == sum(weight.numel() for weight in network.parameters())
    assert found["input"] == [3, 20, 24]
    assert found["rows"][-1]["output"] == [7]


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["lenet", "--input", "1x8x8"], "layer features.conv2 (kernel 5x5"),
        (["cnn", "--set", "model.padding=valid", "--set", "model.kernel_size=9"], "layer "),
        (["cnn", "--set", "model.depth=none"], "depth='none'"),
        (["cnn", "--set", "model.depht=3"], "did you mean depth?"),
        (["cnn", "--input", "32x32"], "--input 32x32: write channels x height x width"),
        (["cnn", "--input", "0x8x8"], "--input 0x8x8"),
        (["cnn", "--classes", "1"], "--classes"),
    ],
)
def test_settings_that_are_impossible_name_the_layer_or_the_setting(
    command: Command, words: list[str], told: str
) -> None:
    code, out, err = command("describe", *words)
    assert (code, out) == (2, "")
    assert told in err
    assert err.count("\n") == 1

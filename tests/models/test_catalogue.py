import json
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

from retinue.errors import ImpossibleNetworkError, UsageError
from retinue.models.backbones import CERTIFIED
from retinue.models.catalogue import (
    MODELS,
    TRANSFER,
    build,
    build_network,
    is_known,
    resolved_arguments,
    split_way,
    wrap,
)
from retinue.models.normalise import Normalise

SIZES = [(1, 8, 8), (1, 28, 28), (1, 28, 20), (3, 32, 32), (3, 64, 64), (3, 128, 128)]
# Two poolings and 5x5 or unpadded kernels need more than 8 pixels.
TOO_SMALL = {("lenet", 8): "features.conv2", ("keras-lesson", 8): "features.pool2"}


def made(
    name: str, shape: tuple[int, int, int] = (3, 32, 32), arguments: dict[str, Any] | None = None
) -> nn.Sequential:
    channels, *size = shape
    return build(
        name,
        classes=7,
        channels=channels,
        size=(size[0], size[1]),
        arguments=arguments or {},
        mean=[120.0] * channels,
        std=[60.0] * channels,
    )


@pytest.mark.parametrize("shape", SIZES, ids=str)
@pytest.mark.parametrize("name", MODELS)
def test_every_model_runs_on_every_size(name: str, shape: tuple[int, int, int]) -> None:
    if (name, shape[1]) in TOO_SMALL:
        with pytest.raises(ImpossibleNetworkError, match=TOO_SMALL[name, shape[1]]):
            made(name, shape)
        return
    model = made(name, shape)
    pictures = torch.randint(0, 256, (2, *shape), dtype=torch.uint8)
    with torch.no_grad():
        assert model(pictures).shape == (2, 7)
    output = model.get_submodule("network.head.output")
    assert isinstance(output, nn.Linear)


@pytest.mark.parametrize("name", MODELS)
def test_initial_weights_depend_on_the_global_seed_alone(name: str) -> None:
    states = []
    for seed in (1, 1, 2):
        torch.manual_seed(seed)
        states.append(made(name).state_dict())
    first, again, other = states
    assert all(torch.equal(value, again[key]) for key, value in first.items())
    assert not all(torch.equal(value, other[key]) for key, value in first.items())


def test_a_model_is_its_normalisation_and_its_network() -> None:
    model = made("softmax")
    assert [name for name, _ in model.named_children()] == ["normalise", "network"]
    assert isinstance(model.get_submodule("normalise"), Normalise)
    own = nn.Flatten()
    assert wrap(own, [1.0], [2.0]).get_submodule("network") is own


def test_settings_reach_the_network_and_text_is_read() -> None:
    arguments = {"depth": "2", "kernel_size": "3x5", "batch_norm": "false", "dense": 16.0}
    model = made("cnn", arguments=arguments)
    conv = model.get_submodule("network.features.conv2")
    assert isinstance(conv, nn.Conv2d)
    assert conv.kernel_size == (3, 5)
    assert conv.bias is not None
    hidden = made("mlp", arguments={"hidden": "20,10"}).get_submodule("network.head.dense2")
    assert isinstance(hidden, nn.Linear)
    assert hidden.out_features == 10


@pytest.mark.parametrize("name", MODELS)
def test_resolved_arguments_hold_every_setting_and_give_the_same_again(name: str) -> None:
    settings = resolved_arguments(name, {})
    assert json.loads(json.dumps(settings)) == settings
    assert resolved_arguments(name, settings) == settings
    keywords = MODELS[name].factory.__kwdefaults__ or {}
    assert list(settings) == list(keywords)


def test_resolved_arguments_are_of_their_types() -> None:
    settings = resolved_arguments("cnn", {"kernel_size": "3,5", "depth": "4", "padding": "1"})
    assert (settings["kernel_size"], settings["depth"], settings["padding"]) == ([3, 5], 4, 1)
    assert resolved_arguments("mlp", {"hidden": 64})["hidden"] == [64]
    assert resolved_arguments("mlp", {"hidden": "64"})["hidden"] == [64]
    assert resolved_arguments("own.nets:tiny", {"a": 1}) == {"a": 1}


@pytest.mark.parametrize(
    ("name", "arguments", "text"),
    [
        ("cnn", {"kernal_size": 3}, "model cnn has no setting 'kernal_size'; did you mean "),
        ("cnn", {"kernal_size": 3}, "did you mean kernel_size? It has: depth, width, kernel_size,"),
        ("cnn", {"zzz": 3}, "model cnn has no setting 'zzz'. It has: depth,"),
        ("softmax", {"depth": 3}, "model softmax has no setting 'depth'. It has: none"),
        ("cnn", {"depth": 0}, "model cnn: depth=0 should be greater than or equal to 1"),
        ("cnn", {"depth": 2.5}, "model cnn: depth=2.5 should be a valid whole number"),
        ("cnn", {"depth": None}, "model cnn: depth=None should be a valid whole number"),
        ("cnn", {"dropout": 1.5}, "model cnn: dropout=1.5 should be less than 1"),
        ("cnn", {"dropout": float("nan")}, "model cnn: dropout=nan should be a finite number"),
        (
            "cnn",
            {"kernel_size": "abc"},
            "kernel_size='abc' should be a valid whole number, or a list of numbers",
        ),
        ("cnn", {"padding": "sam"}, "padding='sam' should be a valid whole number, or a list of"),
        ("cnn", {"padding": "sam"}, "or 'same' or 'valid'"),
        ("cnn", {"activation": "rel"}, "activation='rel' should be 'relu', 'leaky_relu',"),
        ("mlp", {"hidden": [8, 0]}, "model mlp: hidden (the part 0) should be greater than or"),
        ("resnet-small", {"depth": 10}, "model resnet-small: depth=10 should be 6n + 2"),
        ("resnt-small", {}, "there is no model 'resnt-small'; did you mean resnet-small? Models"),
        ("vgg", {}, "there is no model 'vgg'; did you mean vgg16? Models are: softmax, mlp, lenet"),
        ("resnet-50", {}, "there is no model 'resnet-50'; did you mean resnet50?"),
        ("efficientnet-lite0", {}, "did you mean efficientnet_lite0?"),
        ("xyz", {}, "there is no model 'xyz'. Models are: softmax, mlp, lenet, keras-lesson, cnn"),
        ("xyz", {}, "torchvision's (vgg16, inception_v3, resnet18, resnet50, mobilenet_v3_small,"),
        ("xyz", {}, "convnext_tiny, vit_b_16, ...), timm/NAME, or your own as package.module:fac"),
        ("timm/resnet81", {}, "timm has no model 'resnet81'; did you mean resnet"),
    ],
)
def test_what_is_said_of_wrong_requests(name: str, arguments: dict[str, Any], text: str) -> None:
    with pytest.raises(UsageError) as caught:
        made(name, arguments=arguments)
    assert text in str(caught.value)
    with pytest.raises(UsageError):
        # Values that only the factory can judge are not judged before it runs.
        resolved_arguments(name, arguments if name != "resnet-small" else {"depth": 0})


def test_a_network_of_the_users_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "own_net_in_catalogue.py").write_text(
        "from torch import nn\n"
        "def tiny(classes, channels, size):\n"
        "    return nn.Sequential(nn.Flatten(), nn.Linear(channels * size[0] * size[1], classes))\n"
    )
    monkeypatch.chdir(tmp_path)
    model = made("own_net_in_catalogue:tiny")
    assert model(torch.zeros(2, 3, 32, 32, dtype=torch.uint8)).shape == (2, 7)


# --- backbones


@pytest.mark.parametrize("name", ["mobilenet_v3_small", "timm/mobilenetv3_small_050"])
def test_a_backbone_is_built_for_the_classes_that_there_are(name: str) -> None:
    model = made(name, (3, 64, 64)).eval()
    pictures = torch.randint(0, 256, (2, 3, 64, 64), dtype=torch.uint8)
    with torch.no_grad():
        assert model(pictures).shape == (2, 7)
    normalise = model.get_submodule("normalise")
    assert isinstance(normalise, Normalise)
    assert normalise.mean.flatten().tolist() == [120] * 3


@pytest.mark.parametrize("name", ["resnet18", "timm/resnet18"])
def test_a_backbone_takes_no_grey_pictures(name: str) -> None:
    with pytest.raises(UsageError) as caught:
        build_network(name, 7, 1, (224, 224), {})
    assert str(caught.value) == (
        f"model {name}: takes pictures of three channels; give --channels 3"
    )


def test_settings_of_a_backbone_are_those_given() -> None:
    assert resolved_arguments("resnet18", {}) == {}
    assert resolved_arguments("timm/resnet18", {"drop_rate": 0.1}) == {"drop_rate": 0.1}


@pytest.mark.parametrize("way", TRANSFER)
@pytest.mark.parametrize("name", ["resnet18", "timm/resnet18.a1_in1k", "mine.nets:small", "cnn"])
def test_a_name_may_end_in_the_way_of_transfer(name: str, way: str) -> None:
    assert split_way(f"{name}:{way}") == (name, way)
    assert split_way(name) == (name, "")


@pytest.mark.parametrize("name", ["linear", ":linear", "mine.nets:linear2", "resnet18:Linear", ""])
def test_other_endings_are_no_way_of_transfer(name: str) -> None:
    assert split_way(name) == (name, "")


def test_what_can_be_built_without_a_user_s_code_is_known() -> None:
    for name in (*MODELS, *CERTIFIED, "timm/resnet18"):
        assert is_known(name)
    for name in ("mine.nets:small", "resnet", "", "resnet18:linear"):
        assert not is_known(name)

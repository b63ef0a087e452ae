"""Others' networks: with their weights they compute what the libraries themselves compute."""

from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from retinue.errors import UsageError
from retinue.models.backbones import CERTIFIED, Backbone, backbone, build_backbone, names
from retinue.models.catalogue import wrap
from retinue.models.heads import head_of
from retinue.models.pretrained import Loaded, load_into, read_weights
from retinue.models.published import refuse
from retinue.models.vision import import_timm, import_torchvision

IMAGENET = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
QUICK = ("resnet18", "mobilenet_v3_small")
EACH = [name if name in QUICK else pytest.param(name, marks=pytest.mark.slow) for name in CERTIFIED]


def known(name: str) -> Backbone:
    found = backbone(name)
    assert found is not None
    return found


def pictures(found: Backbone) -> Tensor:
    """Two smooth pictures, 0 to 255."""
    generator = torch.Generator().manual_seed(0)
    small = torch.rand(2, 3, 9, 9, generator=generator) * 255
    large = nn.functional.interpolate(small, found.size, mode="bicubic")
    return large.clamp(0, 255).to(torch.uint8)


def random_state(name: str) -> dict[str, Tensor]:
    """Random weights of torchvision's own network, and running statistics that go with them."""
    torch.manual_seed(1)
    models, found = import_torchvision(), known(name)
    extra = {"init_weights": False} if name == "inception_v3" else {}
    network = models.get_model_builder(name)(weights=None, **extra).eval()
    network.training = True  # an auxiliary head is asked then; no layer is left out by chance
    for layer in network.modules():
        if isinstance(layer, nn.BatchNorm2d):
            layer.momentum = 1.0
            layer.train()
        elif isinstance(layer, nn.Linear) and not layer.weight.any():
            nn.init.normal_(layer.weight, 0, 0.02)
    preset = models.get_model_weights(name).DEFAULT.transforms(resize_size=found.size[0])
    network(preset(pictures(found)))
    state: dict[str, Tensor] = network.state_dict()
    return state


def with_weights(found: Backbone) -> tuple[nn.Module, Loaded]:
    """The backbone of 1000 classes as transfer makes it, with the weights that are at hand."""
    weights = read_weights(found.published.obtain(refuse))
    network = build_backbone(found, 1000, {})
    head = head_of(network, found.name, 1000, 3, found.size, {})
    loaded = load_into(network, weights, head.tensors, keep_head=True)
    return wrap(network, found.mean, found.std).eval(), loaded


def difference(ours: Tensor, theirs: Tensor) -> float:
    return float((ours - theirs).abs().max() / theirs.abs().max())


@pytest.fixture
def stands_in(cache: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], Any]:
    """`stands_in("resnet18")`: torchvision's weights, as if random ones had been downloaded.

    They are where the download would have put them, and are what torchvision loads.
    """
    models = import_torchvision()

    def make(name: str) -> Any:
        state = random_state(name)
        weights = models.get_model_weights(name).DEFAULT
        folder = cache / "weights"
        folder.mkdir(parents=True)
        torch.save(state, folder / weights.url.rpartition("/")[2])
        monkeypatch.setattr(models.WeightsEnum, "get_state_dict", lambda *_, **__: state)
        return weights

    return make


@pytest.mark.parametrize("name", EACH)
@torch.no_grad()
def test_a_network_of_torchvision_gives_torchvision_s_logits(
    name: str, stands_in: Callable[[str], Any]
) -> None:
    weights, found = stands_in(name), known(name)
    given = pictures(found)
    theirs = import_torchvision().get_model_builder(name)(weights=weights).eval()
    # torchvision's own way with a picture, which needs no other size here.
    expected = theirs(weights.transforms(resize_size=found.size[0])(given))
    ours, loaded = with_weights(found)
    assert difference(ours(given), expected) < 1e-4
    assert difference(expected[:1], expected[1:]) > 1e-3, "the control: pictures differ"
    assert loaded.new == ()
    assert all(key.startswith("AuxLogits.") for key in loaded.left_out)
    assert bool(loaded.left_out) == (name == "inception_v3")


@pytest.mark.slow
@torch.no_grad()
def test_inception_s_weights_want_pixels_as_tensorflow_has_them(
    stands_in: Callable[[str], Any],
) -> None:
    weights, found = stands_in("inception_v3"), known("inception_v3")
    given = pictures(found)
    build = import_torchvision().inception_v3
    ours, _ = with_weights(found)
    theirs = build(weights=weights).eval()
    assert theirs.transform_input
    # From -1 to 1, whatever the preset says of mean and deviation.
    theirs.transform_input = False
    assert difference(ours(given), theirs(given.float() / 127.5 - 1)) < 1e-4
    without = theirs(weights.transforms(resize_size=299)(given))
    assert difference(ours(given), without) > 1e-2


@pytest.mark.parametrize("name", CERTIFIED)
def test_size_and_normalisation_are_those_of_imagenet(name: str) -> None:
    found = known(name)
    side = 299 if name == "inception_v3" else 224
    assert found.size == (side, side)
    assert found.mean == pytest.approx([255 * value for value in IMAGENET[0]])
    assert found.std == pytest.approx([255 * value for value in IMAGENET[1]])


def test_efficientnet_lite0_s_normalisation_is_its_own() -> None:
    found = known("efficientnet_lite0")
    assert (found.size, found.mean, found.std) == ((224, 224), (127,) * 3, (128,) * 3)
    assert found.make is None


def test_torchvision_s_classifiers_are_there_and_nothing_else() -> None:
    there = names()
    assert set(CERTIFIED) < set(there)
    for other in ("fasterrcnn_resnet50_fpn", "deeplabv3_resnet50", "r3d_18", "quantized_resnet18"):
        assert other not in there
        assert backbone(other) is None


@pytest.mark.parametrize("name", ["", "cnn", "resnet", "ResNet18", "../x", "os", "a b", "torch"])
def test_of_other_names_there_is_none(name: str) -> None:
    assert backbone(name) is None


@pytest.mark.slow
@pytest.mark.parametrize("name", [name for name in names() if not name.startswith("regnet")])
def test_every_network_of_torchvision_can_be_had(name: str) -> None:
    found = known(name)
    with torch.device("meta"):
        network = build_backbone(found, 7, {}).eval()
        assert network(torch.zeros(2, 3, *found.size)).shape == (2, 7)
    assert head_of(network, name, 7, 3, found.size, {}).tensors
    assert found.published.fetch().url.startswith("https://download.pytorch.org/models/")


def test_a_network_that_cannot_be_made_on_paper_can_be_had_too() -> None:
    found = known("regnet_y_400mf")
    with torch.device("meta"), pytest.raises(UsageError):  # control
        build_backbone(found, 7, {})
    network = build_backbone(found, 7, {})
    assert head_of(network, found.name, 7, 3, found.size, {}).layer == "fc"


def test_settings_reach_the_network() -> None:
    with torch.device("meta"):
        network = build_backbone(known("mobilenet_v3_small"), 3, {"dropout": 0.5})
    rates = [layer.p for layer in network.modules() if isinstance(layer, nn.Dropout)]
    assert rates == [0.5]


@pytest.mark.parametrize(
    ("name", "arguments", "told"),
    [
        ("resnet18", {"depth": 3}, "got an unexpected keyword argument 'depth'"),
        ("resnet18", {"width_per_group": "wide"}, "model resnet18: "),
        ("timm/resnet18", {"depth": 3}, "model timm/resnet18: "),
    ],
)
def test_settings_that_it_does_not_take_are_refused_in_a_line(
    name: str, arguments: dict[str, Any], told: str
) -> None:
    with pytest.raises(UsageError) as caught:
        build_backbone(known(name), 3, arguments)
    assert told in str(caught.value)
    assert "\n" not in str(caught.value)


def test_what_makes_weights_work_is_not_a_setting() -> None:
    with pytest.raises(UsageError, match=r"model\.transform_input: is always True for googlenet"):
        build_backbone(known("googlenet"), 3, {"transform_input": False})
    with torch.device("meta"):
        network: Any = build_backbone(known("googlenet"), 3, {"transform_input": True})
    assert network.transform_input


@pytest.mark.parametrize("name", ["resnet18", "timm/resnet18"])
@pytest.mark.parametrize("key", ["weights", "checkpoint_path", "pretrained_cfg", "cache_dir"])
def test_no_setting_has_a_file_read_or_fetched(name: str, key: str, tmp_path: Path) -> None:
    asked: list[dict[str, Any]] = []

    def make(_: int, **arguments: Any) -> nn.Module:
        asked.append(arguments)
        return nn.Linear(1, 1)

    watched = replace(known(name), make=make)
    with pytest.raises(UsageError, match=f"model.{key}: weights are named by --pretrained"):
        build_backbone(watched, 5, {key: str(tmp_path / "weights.pth")})
    assert not asked
    build_backbone(watched, 5, {"drop_path_rate": 0.1})
    assert asked == [{"drop_path_rate": 0.1}]


def test_timm_would_read_such_a_file(tmp_path: Path) -> None:
    weights = tmp_path / "weights.pth"
    torch.save(import_timm().create_model("resnet18", num_classes=5).state_dict(), weights)
    read = import_timm().create_model("resnet18", num_classes=5, checkpoint_path=str(weights))
    kept = torch.load(weights, weights_only=True)
    assert torch.equal(read.conv1.weight, kept["conv1.weight"])


# --- timm


def channels_of(values: Iterable[float]) -> tuple[float, ...]:
    return tuple(255 * value for value in values)


@pytest.mark.parametrize(
    ("name", "repository"),
    [
        ("timm/resnet18", "timm/resnet18.a1_in1k"),
        ("timm/resnet18.tv_in1k", "timm/resnet18.tv_in1k"),
        ("timm/tf_efficientnet_lite0", "timm/tf_efficientnet_lite0.in1k"),
    ],
)
@torch.no_grad()
def test_a_network_of_timm_is_timm_s(
    name: str, repository: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = known(name)
    assert found.name == name
    assert found.published.title == f"timm's weights {repository}"
    torch.manual_seed(3)
    ours = build_backbone(found, 5, {}).eval()
    torch.manual_seed(3)
    theirs = import_timm().create_model(name.partition("/")[2], num_classes=5).eval()
    settings = theirs.pretrained_cfg
    assert found.size == tuple(settings["input_size"][1:])
    assert found.mean == channels_of(settings["mean"])
    assert found.std == channels_of(settings["std"])
    given = torch.randn(2, 3, *found.size)
    assert ours(given).equal(theirs(given))


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("timm/resnet81", "timm has no model 'resnet81'; did you mean resnet"),
        ("timm/", "timm has no model ''."),
        ("timm/qqqqqqqq", "timm has no model 'qqqqqqqq'."),
        ("timm/resnet18.best", "model timm/resnet18.best: Invalid pretrained tag (best)"),
        ("timm/resnet18/x", "timm has no model 'resnet18/x'; did you mean resnet18?"),
    ],
)
def test_a_name_that_timm_has_not_is_refused_in_a_line(name: str, told: str) -> None:
    with pytest.raises(UsageError) as caught:
        backbone(name)
    assert str(caught.value).startswith(told)
    assert "\n" not in str(caught.value)


def test_a_network_whose_weights_nobody_published_is_told() -> None:
    timm = import_timm()
    name = next(
        one for one in timm.list_models() if not timm.models.get_pretrained_cfg(one).hf_hub_id
    )
    with pytest.raises(UsageError) as caught:
        backbone(f"timm/{name}")
    assert str(caught.value) == f"model timm/{name}: timm knows no weights of it on the hub"

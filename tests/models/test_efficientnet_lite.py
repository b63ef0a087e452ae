"""EfficientNet-Lite0 against timm's, and what it says of photos with the weights at hand."""

import functools
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from torch import Tensor, nn

from retinue.models.backbones import backbone
from retinue.models.catalogue import build
from retinue.models.efficientnet_lite import SamePadding, efficientnet_lite0
from retinue.models.pretrained import in_order_of, load_into, read_weights
from retinue.models.published import refuse
from retinue.models.vision import import_timm

BOTTLES = {440, 737, 898, 907}  # of beer, lemonade, water and wine among ImageNet's classes


def weights_file() -> Path:
    known = backbone("efficientnet_lite0")
    assert known is not None
    return known.published.obtain(refuse)


@functools.cache
def pretrained() -> nn.Sequential:
    """Pixels 0 to 255 in, the logits of ImageNet's classes out."""
    known = backbone("efficientnet_lite0")
    assert known is not None
    model = build(
        known.name, classes=1000, channels=3, size=known.size, arguments={}, mean=known.mean,
        std=known.std,
    )  # fmt: skip
    network = model.get_submodule("network")
    weights = in_order_of(network, read_weights(weights_file()))
    load_into(network, weights, ["head.output.weight", "head.output.bias"], keep_head=True)
    return model.eval()


@functools.cache
def of_timm() -> Any:
    """timm's network with the same tensors, by their order."""
    network = import_timm().create_model("tf_efficientnet_lite0", pretrained=False).eval()
    tensors = torch.load(weights_file(), weights_only=True).values()
    network.load_state_dict(dict(zip(network.state_dict(), tensors, strict=True)))
    return network


def pictures(*size: int) -> Tensor:
    generator = torch.Generator().manual_seed(0)
    small = torch.rand(2, 3, 7, 7, generator=generator) * 255
    return nn.functional.interpolate(small, size, mode="bicubic").clamp(0, 255).to(torch.uint8)


def difference(ours: Tensor, theirs: Tensor) -> float:
    return float((ours - theirs).abs().max() / theirs.abs().max())


@pytest.mark.parametrize("size", [(224, 224), (225, 197)])
@torch.no_grad()
def test_it_is_timm_s_network(size: tuple[int, int]) -> None:
    given = pictures(*size)
    expected = of_timm()((given.float() - 127) / 128)
    assert difference(pretrained()(given), expected) < 1e-4
    assert difference(expected[:1], expected[1:]) > 1e-2, "the control: pictures differ"
    other = of_timm()(given.float() / 255)
    assert difference(pretrained()(given), other) > 1e-2, "the control: normalised otherwise"


@torch.no_grad()
def test_padding_alike_on_both_sides_would_be_another_network(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def alike(self: SamePadding, maps: Tensor) -> Tensor:
        return nn.functional.pad(maps, [self.kernel // 2] * 4)

    given = pictures(224, 224)
    expected = of_timm()((given.float() - 127) / 128)
    monkeypatch.setattr(SamePadding, "forward", alike)
    assert difference(pretrained()(given), expected) > 1e-2


@given(
    side=st.integers(1, 40),
    kernel=st.sampled_from([1, 3, 5, 7]),
    stride=st.integers(1, 3),
)
def test_same_padding_is_tensorflow_s_formula(side: int, kernel: int, stride: int) -> None:
    # https://www.tensorflow.org/api_docs/python/tf/nn#notes_on_padding_2
    filtered = kernel - (side % stride or stride)
    before, after = max(filtered, 0) // 2, max(filtered, 0) - max(filtered, 0) // 2
    maps = torch.ones(1, 1, side, side)
    padded = SamePadding(kernel, stride)(maps)
    assert padded.equal(nn.functional.pad(maps, (before, after, before, after)))
    assert nn.functional.max_pool2d(padded, kernel, stride).shape[2] == -(-side // stride)


def test_it_has_the_known_number_of_parameters() -> None:
    network = efficientnet_lite0(1000, 3, (224, 224))
    assert sum(weight.numel() for weight in network.parameters()) == 4_652_008
    assert len(network.state_dict()) == 296


def test_dropout_can_be_set() -> None:
    layer = efficientnet_lite0(2, 1, (32, 32), dropout=0.5).get_submodule("head.dropout")
    assert isinstance(layer, nn.Dropout)
    assert layer.p == 0.5


@torch.no_grad()
def test_its_first_weights_keep_the_scale_of_the_maps() -> None:
    torch.manual_seed(0)
    network = efficientnet_lite0(2, 3, (64, 64)).eval()
    last = network.get_submodule("features")(torch.randn(2, 3, 64, 64))
    assert last.isfinite().all()
    assert last.std() > 1e-6


@pytest.mark.shared_data
@torch.no_grad()
def test_it_takes_photos_of_glass_for_bottles(shared_data: Path) -> None:
    def share(kind: str) -> float:
        files = sorted((shared_data / "trash6" / kind).glob("*.jpg"))[::20]
        photos = [np.asarray(Image.open(path).convert("RGB").resize((224, 224))) for path in files]
        found = pretrained()(torch.from_numpy(np.stack(photos)).permute(0, 3, 1, 2)).argmax(1)
        return sum(label in BOTTLES for label in found.tolist()) / len(files)

    assert share("glass") > 0.4
    assert share("cardboard") < 0.1, "the control: not all is a bottle"

"""The head of a network: which layer it is, and what goes into it."""

from collections import OrderedDict
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from retinue.errors import UsageError
from retinue.models.backbones import CERTIFIED
from retinue.models.catalogue import MODELS, build_network
from retinue.models.heads import Features, Head, head_of, linear_head

OTHERS = {
    "vgg16": ("classifier.6", 4096),
    "inception_v3": ("fc", 2048),
    "resnet18": ("fc", 512),
    "resnet50": ("fc", 2048),
    "mobilenet_v3_small": ("classifier.3", 1024),
    "efficientnet_b0": ("classifier.1", 1280),
    "convnext_tiny": ("classifier.2", 768),
    "vit_b_16": ("heads.head", 768),
    "densenet121": ("classifier", 1024),
    "googlenet": ("fc", 1024),
    "swin_t": ("head", 768),
    "timm/resnet18": ("fc", 512),
    "timm/convnext_atto": ("head.fc", 320),
    "timm/vit_tiny_patch16_224": ("head", 192),
}


def size_of(name: str) -> tuple[int, int]:
    return (299, 299) if name == "inception_v3" else (224, 224)


def on_paper(name: str, classes: int = 5) -> nn.Module:
    """The network without numbers in its tensors: shapes are enough here, and cost nothing."""
    with torch.device("meta"):
        return build_network(name, classes, 3, size_of(name), {}).eval()


@pytest.mark.parametrize("name", MODELS)
@torch.no_grad()
def test_the_head_of_retinue_s_own_networks(name: str) -> None:
    network = build_network(name, 5, 3, (32, 32), {}).eval()
    head = head_of(network, name, 5, 3, (32, 32), {})
    layer = linear_head(network, head)
    own = [f"head.output.{key}" for key in layer.state_dict()]
    assert head == Head("head.output", tuple(own))
    pictures = torch.randn(2, 3, 32, 32)
    found = Features(network, layer)(pictures)
    assert found.shape == (2, layer.in_features)
    torch.testing.assert_close(layer(found), network(pictures))


def test_every_certified_backbone_is_listed_here() -> None:
    assert set(CERTIFIED) < set(OTHERS)


@pytest.mark.parametrize("name", OTHERS)
def test_the_head_of_others_networks(name: str) -> None:
    network = on_paper(name)
    layer, width = OTHERS[name]
    head = head_of(network, name, 5, 3, size_of(name), {})
    assert head == Head(layer, (f"{layer}.weight", f"{layer}.bias"))
    linear = linear_head(network, head)
    assert (linear.in_features, linear.out_features) == (width, 5)
    pictures = torch.zeros(2, 3, *size_of(name), device="meta")
    assert Features(network, linear)(pictures).shape == (2, width)


@pytest.mark.parametrize("classes", [1, 999, 1000, 1001])
def test_any_number_of_classes_shows_the_head(classes: int) -> None:
    network = on_paper("vgg16", classes)
    assert head_of(network, "vgg16", classes, 3, (224, 224), {}).layer == "classifier.6"


@torch.no_grad()
def test_features_are_what_the_head_makes_its_logits_of() -> None:
    network = build_network("resnet18", 5, 3, (64, 64), {}).eval()
    layer = linear_head(network, head_of(network, "resnet18", 5, 3, (64, 64), {}))
    pictures = torch.randn(3, 3, 64, 64)
    found = Features(network, layer)(pictures)
    torch.testing.assert_close(layer(found), network(pictures))
    assert not found[0].allclose(found[1]), "the control: pictures differ"
    assert not layer._forward_pre_hooks


def test_finding_the_head_draws_nothing_from_the_global_generator() -> None:
    network = on_paper("resnet18")
    before = torch.get_rng_state()
    head_of(network, "resnet18", 5, 3, (224, 224), {})
    assert torch.get_rng_state().equal(before)


def test_a_network_that_looks_at_its_numbers_while_it_is_made(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def make(name: str, classes: int, *_: object) -> nn.Module:
        body = nn.Linear(4, 4)
        float(body.weight.sum())  # cannot be told without numbers
        return nn.Sequential(OrderedDict(body=body, fc=nn.Linear(4, classes)))

    with pytest.raises(RuntimeError), torch.device("meta"):  # control
        make("x", 5)
    network = make("x", 5)
    monkeypatch.setattr("retinue.models.heads.build_network", make)
    before = torch.get_rng_state()
    assert head_of(network, "x", 5, 3, (8, 8), {}) == Head("fc", ("fc.weight", "fc.bias"))
    assert torch.get_rng_state().equal(before)


# --- a user's own


def own(**layers: nn.Module) -> Head:
    network = nn.Sequential(OrderedDict(layers))
    return head_of(network, "mine.nets:small", 5, 3, (8, 8), {})


def test_the_head_of_a_user_s_network_is_its_last_linear_layer() -> None:
    head = own(flatten=nn.Flatten(), fc1=nn.Linear(192, 16), act=nn.ReLU(), fc2=nn.Linear(16, 5))
    assert head == Head("fc2", ("fc2.weight", "fc2.bias"))
    head = own(flatten=nn.Flatten(), fc1=nn.Linear(192, 5), fc2=nn.Linear(5, 5, bias=False))
    assert head == Head("fc2", ("fc2.weight",))


def test_a_layer_that_was_made_later_is_no_head_if_it_knows_no_classes() -> None:
    assert own(fc=nn.Linear(16, 5), gate=nn.Linear(16, 16)).layer == "fc"


def test_a_user_s_network_without_a_linear_layer_has_no_head() -> None:
    for layers in ({"conv": nn.Conv2d(3, 5, 8)}, {"fc": nn.Linear(192, 7)}):
        with pytest.raises(UsageError) as caught:
            own(**layers)
        assert str(caught.value) == (
            "model mine.nets:small: has no linear layer at its end, which transfer replaces"
        )


# --- what :linear cannot do


def test_a_head_that_is_a_convolution_can_be_finetuned_only() -> None:
    network = on_paper("squeezenet1_0")
    head = head_of(network, "squeezenet1_0", 5, 3, (224, 224), {})
    assert head == Head("classifier.1", ("classifier.1.weight", "classifier.1.bias"))
    with pytest.raises(UsageError) as caught:
        linear_head(network, head)
    assert str(caught.value) == (
        "its last layer, classifier.1, is Conv2d and not linear: use :finetune or :full"
    )


def test_a_network_of_two_heads_can_be_finetuned_only() -> None:
    name = "timm/deit_tiny_distilled_patch16_224"
    network = on_paper(name)
    head = head_of(network, name, 5, 3, (224, 224), {})
    assert set(head.tensors) == {
        "head.weight", "head.bias", "head_dist.weight", "head_dist.bias",
    }  # fmt: skip
    with pytest.raises(UsageError, match="more heads than one: use :finetune or :full"):
        linear_head(network, head)


class Everywhere(nn.Module):
    """A linear layer at every pixel, or more than once."""

    def __init__(self, times: int) -> None:
        super().__init__()
        self.times, self.fc = times, nn.Linear(3, 5)

    def forward(self, pictures: Tensor) -> Any:
        """(N, 3, H, W) -> (N, 5)."""
        if self.times == 0:
            return self.fc(pictures.permute(0, 2, 3, 1)).mean((1, 2))
        return sum(self.fc(pictures.mean((2, 3))) for _ in range(self.times))


def test_a_head_that_gets_no_vector_a_picture_gives_no_features() -> None:
    pictures = torch.randn(2, 3, 4, 4)
    once = Everywhere(1)
    assert Features(once, once.fc)(pictures).shape == (2, 3)  # control
    for network in (Everywhere(0), Everywhere(2)):
        with pytest.raises(UsageError, match="on more than a vector a picture: use :finetune or"):
            Features(network, network.fc)(pictures)


def test_a_network_that_fails_leaves_no_hook_behind() -> None:
    network = Everywhere(1)
    with pytest.raises(RuntimeError):
        Features(network, network.fc)(torch.randn(2, 4, 4, 4))
    assert not network.fc._forward_pre_hooks

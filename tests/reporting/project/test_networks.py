"""model.py gives the catalogue's networks: their tensors, their first weights, their logits."""

import itertools
from collections.abc import Iterator
from typing import Any

import pytest
import torch
from torch import nn

from retinue.errors import UsageError
from retinue.images import Preprocess
from retinue.models.catalogue import MODELS, resolved_arguments
from retinue.models.fast import WhiteningConv2d
from retinue.models.weights import ModelCard
from retinue.reporting.project.networks import NETWORKS, model_source

OTHERS: list[tuple[str, dict[str, Any]]] = [
    ("softmax", {}),
    ("mlp", {}),
    ("mlp", {"hidden": [5], "dropout": 0.25, "activation": "tanh"}),
    ("lenet", {}),
    ("lenet", {"pooling": "average", "activation": "gelu"}),
    ("keras-lesson", {}),
    ("fast", {}),
    ("fast", {"depth": 1}),
    ("fast", {"depth": 4, "width": 8, "activation": "relu"}),
    ("resnet-small", {"depth": 14}),
    ("resnet-small", {"depth": 8, "width": 4, "dropout": 0.1, "zero_init": False}),
    ("efficientnet_lite0", {"dropout": 0.1}),
]
INPUTS = [(3, (32, 32)), (1, (28, 28)), (3, (80, 72))]


def card_of(name: str, settings: dict[str, Any], channels: int, size: tuple[int, int]) -> ModelCard:
    arguments = resolved_arguments(name, settings)
    preprocess = Preprocess(size, size, "crop", channels)
    numbers = (120.5,) * channels, (0.0,) + (60.25,) * (channels - 1)
    return ModelCard(name, arguments, ("a", "b", "c"), preprocess, *numbers, parameters=0)


def built(source: str) -> nn.Module:
    namespace: dict[str, Any] = {}
    exec(compile(source, "model.py", "exec"), namespace)
    model: nn.Module = namespace["build_model"]()
    return model


def check(card: ModelCard) -> str:
    """The same tensors by the same names, and the same logits; gives the source."""
    torch.manual_seed(3)
    ours = card.build().to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    source = model_source(card, ours.get_submodule("network"))
    torch.manual_seed(3)
    theirs = built(source)
    whitened = [layer for layer in ours.modules() if isinstance(layer, WhiteningConv2d)]
    if whitened:  # until it is fitted to pictures it holds anything
        theirs.get_submodule("network.features.whiten").weight.data.copy_(whitened[0].weight)  # type: ignore[operator]
    expected, found = ours.state_dict(), theirs.state_dict()
    assert list(expected) == list(found)
    assert all(torch.equal(expected[name], found[name]) for name in expected)
    learns = [(name, weight.requires_grad) for name, weight in ours.named_parameters()]
    assert learns == [(name, weight.requires_grad) for name, weight in theirs.named_parameters()]
    shape = (2, card.preprocess.channels, *card.preprocess.size)
    pictures = torch.randint(0, 256, shape, dtype=torch.uint8)
    assert torch.equal(ours.eval()(pictures), theirs.eval()(pictures))
    return source


@pytest.fixture(autouse=True)
def seeded() -> Iterator[None]:
    """The caller's random numbers stay as they were."""
    with torch.random.fork_rng():
        yield


def test_the_whole_catalogue_is_known() -> None:
    assert set(NETWORKS) == set(MODELS) == {name for name, _ in OTHERS} | {"cnn"}


@pytest.mark.parametrize(("name", "settings"), OTHERS)
def test_every_network(name: str, settings: dict[str, Any]) -> None:
    for channels, size in INPUTS:
        check(card_of(name, settings, channels, size))


def check_all(kernels: Any, strides: Any, depths: Any, **fixed: Any) -> int:
    """Check a `cnn` of every combination that is possible; gives how many there were."""
    tried = 0
    inputs = ((3, (16, 16)), (3, (80, 68)))
    for kernel, stride, depth, (channels, size) in itertools.product(
        kernels, strides, depths, inputs
    ):
        settings = {"width": 3, "kernel_size": kernel, "stride": stride, "depth": depth, **fixed}
        card = card_of("cnn", settings, channels, size)
        try:
            card.build()
        except UsageError:
            continue  # it runs out of pixels, or cannot be residual
        check(card)
        tried += 1
    return tried


@pytest.mark.parametrize("residual", [False, True])
@pytest.mark.parametrize("batch_norm", [False, True])
def test_cnns_of_many_kinds(batch_norm: bool, residual: bool) -> None:
    assert check_all((3, 2, 1), (1, 2), (4,), batch_norm=batch_norm, residual=residual) > 9


@pytest.mark.slow
@pytest.mark.parametrize("residual", [False, True])
@pytest.mark.parametrize("batch_norm", [False, True])
@pytest.mark.parametrize("padding", ["same", "valid", 1])
def test_cnns_of_every_kind(padding: Any, batch_norm: bool, residual: bool) -> None:
    kernels, strides = (3, 2, 1, (3, 1)), (1, 2, (1, 2))
    fixed = {"padding": padding, "batch_norm": batch_norm, "residual": residual}
    assert check_all(kernels, strides, (1, 2, 5, 9), **fixed) > 9


@pytest.mark.parametrize("activation", ["relu", "leaky_relu", "tanh", "hardswish"])
@pytest.mark.parametrize("pooling", ["max", "average", "none"])
def test_heads_and_activations_of_a_cnn(pooling: str, activation: str) -> None:
    for dense, dropout in itertools.product((0, 7), (0.0, 0.5)):
        settings = {"pooling": pooling, "activation": activation, "dense": dense, "width": 4}
        check(card_of("cnn", {**settings, "dropout": dropout, "depth": 3}, 1, (12, 12)))


def test_the_source_holds_only_what_the_network_is_made_of() -> None:
    plain = check(card_of("cnn", {"depth": 2, "batch_norm": False}, 1, (16, 16)))
    for word in ("BatchNorm", "Residual", "Dropout", "pairwise", "every", "ZeroPad", "stride"):
        assert word not in plain
    residual = check(card_of("cnn", {"depth": 4, "residual": True}, 1, (16, 16)))
    assert "class Residual" in residual
    assert "BatchNorm" in residual


def test_numbers_of_another_kind_make_other_weights() -> None:
    card = card_of("cnn", {"depth": 2}, 1, (16, 16))
    torch.manual_seed(3)
    source = model_source(card, card.build().get_submodule("network"))
    torch.manual_seed(3)
    expected = card.build().state_dict()
    torch.manual_seed(3)
    other = built(source.replace('nonlinearity="relu"', 'nonlinearity="tanh"')).state_dict()
    assert not torch.equal(
        expected["network.features.conv1.weight"], other["network.features.conv1.weight"]
    )

from math import prod

import pytest
import torch
from torch import nn

from retinue.errors import ImpossibleNetworkError
from retinue.models.small import keras_lesson, lenet, mlp, softmax


def parameters(network: nn.Module) -> int:
    return sum(parameter.numel() for parameter in network.parameters())


def test_softmax_is_one_linear_map_of_the_pixels() -> None:
    network = softmax(10, 1, (28, 20))
    assert parameters(network) == 28 * 20 * 10 + 10
    pictures = torch.randn(3, 1, 28, 20)
    weight, bias = network.parameters()
    torch.testing.assert_close(network(pictures), pictures.flatten(1) @ weight.T + bias)


def test_mlp_has_the_layers_asked_for() -> None:
    network = mlp(10, 1, (28, 28), hidden=(300, 100), activation="tanh", dropout=0.5)
    assert parameters(network) == 784 * 300 + 300 + 300 * 100 + 100 + 100 * 10 + 10
    assert [name for name, _ in network.named_children()] == ["head"]
    assert [name for name, _ in network.get_submodule("head").named_children()] == [
        "flatten",
        *("dense1", "act1", "dropout1"),
        *("dense2", "act2", "dropout2"),
        "output",
    ]
    assert isinstance(network.get_submodule("head.act2"), nn.Tanh)


def test_mlp_without_hidden_layers_is_softmax() -> None:
    assert parameters(mlp(10, 1, (8, 8), hidden=())) == parameters(softmax(10, 1, (8, 8)))


def test_lenet_has_the_known_number_of_parameters() -> None:
    assert parameters(lenet(10, 1, (28, 28))) == 61_706


def test_lenet_nearest_to_the_original() -> None:
    network = lenet(10, 1, (28, 28), activation="tanh", pooling="average")
    assert isinstance(network.get_submodule("features.act1"), nn.Tanh)
    assert isinstance(network.get_submodule("features.pool2"), nn.AvgPool2d)


def test_lenet_names_the_layer_that_8x8_pictures_do_not_reach() -> None:
    with pytest.raises(ImpossibleNetworkError) as caught:
        lenet(10, 1, (8, 8))
    assert str(caught.value) == (
        "layer features.conv2 (kernel 5x5, stride 1, padding 0) runs out of pixels: "
        "its input is 4x4"
    )


@pytest.mark.parametrize(
    ("channels", "size", "count"), [(1, (28, 28), 113_386), (3, (32, 32), 159_018)]
)
def test_keras_lesson_has_as_many_parameters_as_keras_counts(
    channels: int, size: tuple[int, int], count: int
) -> None:
    assert parameters(keras_lesson(10, channels, size)) == count


def test_keras_lesson_begins_with_keras_weights() -> None:
    network = keras_lesson(10, 3, (32, 32))
    for layer in network.modules():
        if isinstance(layer, nn.Conv2d | nn.Linear):
            assert layer.bias is not None
            assert not layer.bias.any()
            window = prod(layer.weight.shape[2:])
            limit = (6 / (window * (layer.weight.shape[0] + layer.weight.shape[1]))) ** 0.5
            assert layer.weight.abs().max() <= limit
            assert layer.weight.std().item() == pytest.approx(limit / 3**0.5, rel=0.08)

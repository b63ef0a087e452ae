"""The small networks of every first lesson: softmax regression, a perceptron, LeNet, Keras' own."""

from math import prod
from typing import Literal

from torch import nn

from retinue.models.blocks import ACTIVATIONS, Activation, named
from retinue.models.settings import Counts, Fraction
from retinue.models.shapes import trace


def softmax(classes: int, channels: int, size: tuple[int, int]) -> nn.Module:
    """Softmax regression: one linear layer on the pixels.

    Takes (N, channels, height, width); returns logits (N, classes).
    """
    output = nn.Linear(channels * prod(size), classes)
    return named(head=named(flatten=nn.Flatten(), output=output))


def mlp(
    classes: int,
    channels: int,
    size: tuple[int, int],
    *,
    hidden: Counts = (256, 128),
    activation: Activation = "relu",
    dropout: Fraction = 0.0,
) -> nn.Module:
    """A multilayer perceptron on the pixels; `dropout` follows every hidden layer.

    Takes (N, channels, height, width); returns logits (N, classes).
    """
    head = named(flatten=nn.Flatten())
    inputs = channels * prod(size)
    for number, outputs in enumerate(hidden, 1):
        head.add_module(f"dense{number}", nn.Linear(inputs, outputs))
        head.add_module(f"act{number}", ACTIVATIONS[activation]())
        if dropout:
            head.add_module(f"dropout{number}", nn.Dropout(dropout))
        inputs = outputs
    head.add_module("output", nn.Linear(inputs, classes))
    return named(head=head)


def lenet(
    classes: int,
    channels: int,
    size: tuple[int, int],
    *,
    activation: Activation = "relu",
    pooling: Literal["max", "average"] = "max",
) -> nn.Module:
    """LeNet-5 as it is commonly written today; 61,706 parameters for 10 classes of 28x28 grey.

    LeCun, Bottou, Bengio and Haffner, "Gradient-based learning applied to document recognition",
    1998, with full connections in the second convolution and a plain linear output. `tanh` and
    `average` come nearest to the original.

    Takes (N, channels, height, width); returns logits (N, classes).
    """
    act, pool = ACTIVATIONS[activation], nn.MaxPool2d if pooling == "max" else nn.AvgPool2d
    features = named(
        conv1=nn.Conv2d(channels, 6, 5, padding=2),
        act1=act(),
        pool1=pool(2),
        conv2=nn.Conv2d(6, 16, 5),
        act2=act(),
        pool2=pool(2),
    )
    head = named(
        flatten=nn.Flatten(),
        dense1=nn.Linear(prod(trace(features, channels, size, "features")), 120),
        act1=act(),
        dense2=nn.Linear(120, 84),
        act2=act(),
        output=nn.Linear(84, classes),
    )
    return named(features=features, head=head)


def keras_lesson(classes: int, channels: int, size: tuple[int, int]) -> nn.Module:
    """The small convolutional network of a Keras lesson, with Keras' initial weights.

    Glorot uniform weights (Glorot and Bengio, 2010) and zero biases. As many parameters as Keras
    counts: 113,386 for 10 classes of 28x28 grey, 159,018 for 10 classes of 32x32 colour.

    Takes (N, channels, height, width); returns logits (N, classes).
    """
    features = named(
        conv1=nn.Conv2d(channels, 32, 3),
        act1=nn.ReLU(),
        pool1=nn.MaxPool2d(2),
        conv2=nn.Conv2d(32, 32, 3),
        act2=nn.ReLU(),
        pool2=nn.MaxPool2d(2),
    )
    head = named(
        flatten=nn.Flatten(),
        dense=nn.Linear(prod(trace(features, channels, size, "features")), 128),
        act=nn.ReLU(),
        output=nn.Linear(128, classes),
    )
    network = named(features=features, head=head)
    for layer in network.modules():
        if isinstance(layer, nn.Conv2d | nn.Linear):
            nn.init.xavier_uniform_(layer.weight)
            if layer.bias is not None:
                nn.init.zeros_(layer.bias)
    return network

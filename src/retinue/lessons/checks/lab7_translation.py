"""Lab 7: is a network of PyTorch what a list of Keras' layers says?"""

import copy
from typing import Any

import torch
from torch import Tensor, nn

from retinue.lessons.checks.lab7_networks import Layer, cases, counts, through, weights_of
from retinue.lessons.comparing import compare, require_function, same, shown
from retinue.lessons.question import WrongError

COUNT_HINTS = {
    "bias_forgotten": "Each filter and each unit adds one more number at the end. Which one?",
    "channels_forgotten": (
        "A filter looks at all channels of its input at once, not at one. How many numbers has it?"
    ),
    "kernel_not_squared": "kernel_size 3 stands for a square. How many numbers lie in it?",
    "flatten_forgotten": (
        "What comes out of Flatten has height, width and channels in it. How many values are "
        "that, and how many weights does each unit of the next layer need?"
    ),
}
TRANSLATE_HINTS = {
    "softmax_kept": (
        "PyTorch's cross entropy takes the softmax itself. What does a softmax of a softmax do "
        "to the loss?"
    ),
    "same_forgotten": (
        'A layer with padding "same" gives back maps of the size it got. What does yours give, '
        "and which setting of nn.Conv2d is that?"
    ),
    "always_padded": (
        'Only some layers say padding "same". What does "valid" mean for the size of the maps?'
    ),
    "activation_forgotten": (
        "In Keras the activation is a setting of the layer. In PyTorch it is a layer. Where is "
        "it in your network?"
    ),
    "wrong_channels": (
        "In Keras a layer finds out by itself how many channels come in. In PyTorch you say it: "
        "what did the layer before give, and which number of the shape is it for the first one?"
    ),
    "flatten_forgotten": (
        "A linear layer takes rows of numbers, not maps. What turns (N, C, H, W) into (N, C*H*W)?"
    ),
    "wrong_flat_size": (
        "How many values are there when the maps are flattened? Follow height and width through "
        "every convolution and pooling, or let the network tell you with a picture of zeros."
    ),
    "dropout_forgotten": "One layer of the list is missing. It has no weights, but it matters.",
    "rate_turned_round": "Is Keras' rate the share that is dropped, or the share that is kept?",
}


def check_counts(answer: Any) -> None:
    """Whether the parameters of every layer are counted right, against torch's layers."""
    mistakes = {
        "bias_forgotten": lambda *case: counts(*case, bias=False),
        "channels_forgotten": lambda *case: counts(*case, one_channel=True),
        "kernel_not_squared": lambda *case: counts(*case, flat_kernel=True),
        "flatten_forgotten": lambda *case: counts(*case, channels_only=True),
    }
    compare(answer, cases(), counts, mistakes, words=_words)


def check_translation(answer: Any) -> None:
    """Whether networks are translated right: layer by layer, and by what they answer."""
    require_function(answer)
    for layers, shape in cases():
        network = answer(copy.deepcopy(layers), shape)
        case = _words(layers, shape)
        if not isinstance(network, nn.Module):
            raise WrongError(f"{case}\ngives {shown(network)}\nexpected a torch.nn.Module")
        pictures = torch.rand(3, shape[2], *shape[:2])
        error = None
        try:
            with torch.no_grad():
                said = network.eval()(pictures)
        except Exception as one:  # what is wrong with the layers says more than this
            error = one
        if error is not None:
            _check_flatten(network, f"{case}\nends in {type(error).__name__}: {error}")
        _check_layers(layers, shape, network, f"{case}\n")
        if error is not None:
            raise error
        _check_answers(layers, network, pictures, said, f"{case}\n")


def _words(layers: list[Layer], shape: tuple[int, int, int]) -> str:
    named = ", ".join(_named(layer) for layer in layers)
    return f"for pictures {shape} and the layers {named}"


def _named(layer: Layer) -> str:
    settings = (str(value) for key, value in layer.items() if key not in ("layer", "activation"))
    return f"{layer['layer']}({', '.join(settings)})"


def _check_layers(
    layers: list[Layer], shape: tuple[int, int, int], network: nn.Module, case: str
) -> None:
    modules = list(network.modules())
    if any(isinstance(one, nn.Softmax | nn.LogSoftmax) for one in modules):
        raise WrongError(f"{case}there is a softmax in the network", "softmax_kept")
    _check_convolutions(layers, shape, modules, case)
    _check_dropout(layers, modules, case)
    _check_linear(layers, shape, modules, case)


def _check_convolutions(
    layers: list[Layer], shape: tuple[int, int, int], modules: list[nn.Module], case: str
) -> None:
    wanted = [layer for layer in layers if layer["layer"] == "Conv2D"]
    there = [one for one in modules if isinstance(one, nn.Conv2d)]
    if len(there) != len(wanted):
        raise WrongError(f"{case}has {len(there)} nn.Conv2d, expected {len(wanted)}")
    channels = shape[2]
    for layer, one in zip(wanted, there, strict=True):
        told = f"{case}{_named(layer)} became {one}"
        if one.in_channels != channels:
            raise WrongError(f"{told}, but it gets {channels} channels", "wrong_channels")
        channels = layer["filters"]
        if one.out_channels != channels or one.kernel_size != (layer["kernel_size"],) * 2:
            raise WrongError(f"{told}: filters or kernel size differ")
        padding = _padding(one)
        if layer["padding"] == "same" and padding == 0:
            raise WrongError(f"{told}, which makes the maps smaller", "same_forgotten")
        if layer["padding"] == "valid" and padding != 0:
            raise WrongError(f"{told}, which puts zeros around", "always_padded")
        if layer["padding"] == "same" and padding != layer["kernel_size"] // 2:
            raise WrongError(f"{told}, which does not keep the size of the maps")


def _padding(layer: nn.Conv2d) -> int:
    if isinstance(layer.padding, str):
        return layer.kernel_size[0] // 2 if layer.padding == "same" else 0
    return int(layer.padding[0])


def _check_dropout(layers: list[Layer], modules: list[nn.Module], case: str) -> None:
    rates = [layer["rate"] for layer in layers if layer["layer"] == "Dropout"]
    there = [one.p for one in modules if isinstance(one, nn.Dropout)]
    if len(there) < len(rates):
        raise WrongError(f"{case}there is no nn.Dropout", "dropout_forgotten")
    for rate, p in zip(rates, there, strict=False):
        if p != rate:
            turned = "rate_turned_round" if same(p, 1 - rate) else None
            raise WrongError(f"{case}Dropout(rate={rate}) became nn.Dropout(p={p})", turned)


def _check_linear(
    layers: list[Layer], shape: tuple[int, int, int], modules: list[nn.Module], case: str
) -> None:
    wanted = [layer for layer in layers if layer["layer"] == "Dense"]
    there = [one for one in modules if isinstance(one, nn.Linear)]
    if len(there) != len(wanted):
        raise WrongError(f"{case}has {len(there)} nn.Linear, expected {len(wanted)}")
    of_dense = counts(layers, shape)[-len(wanted) :]  # they come last
    for layer, one, count in zip(wanted, there, of_dense, strict=True):
        told = f"{case}{_named(layer)} became {one}"
        if one.out_features != layer["units"]:
            raise WrongError(told)
        gets = count // layer["units"] - 1
        if one.in_features != gets:
            raise WrongError(f"{told}; it gets {gets} values", "wrong_flat_size")


def _check_flatten(network: nn.Module, case: str) -> None:
    flat = any(isinstance(one, nn.Flatten) for one in network.modules())
    if isinstance(network, nn.Sequential) and not flat:
        raise WrongError(case, "flatten_forgotten")


def _check_answers(
    layers: list[Layer], network: nn.Module, pictures: Tensor, said: Any, case: str
) -> None:
    if not isinstance(said, Tensor):
        raise WrongError(f"{case}the network gives {shown(said)}")
    with torch.no_grad():
        expected = through(layers, pictures, weights_of(network))
        # The order in which maps are flattened is free: no weights are carried over here.
        last = through(layers, pictures, weights_of(network), channels_last=True)
        plain = through(layers, pictures, weights_of(network), activate=False)
    if same(said, expected) or same(said, last):
        return
    mistake = None
    if any(same(said, one.softmax(1)) for one in (expected, last)):
        mistake = "softmax_kept"
    elif same(said, plain):
        mistake = "activation_forgotten"
    raise WrongError(f"{case}gives {shown(said)}\nexpected {shown(expected)}", mistake)

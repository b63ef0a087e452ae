"""What the tests of filters and maps share: classifiers of untrained networks, and pictures."""

from typing import Any

import numpy as np
import torch
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.text import Text
from torch import Tensor, nn

from retinue.explaining.picture import Picture
from retinue.images import Preprocess
from retinue.models.catalogue import build_network, wrap
from retinue.plotting.style import styled
from retinue.prediction.classifier import Classifier
from tests.plotting.edges import edges_are_white

MEAN, DEVIATION = 120.0, 60.0


def classifier_of(
    network: nn.Module, channels: int = 3, size: tuple[int, int] = (8, 8), classes: int = 10
) -> Classifier:
    """A classifier of any network, whose classes are called class 0 and so on."""
    model = wrap(network, [MEAN] * channels, [DEVIATION] * channels)
    names = [f"class {number}" for number in range(classes)]
    return Classifier(model, names, Preprocess(size, size, "crop", channels))


def built(
    name: str,
    channels: int = 3,
    size: tuple[int, int] = (32, 32),
    classes: int = 10,
    **arguments: Any,
) -> Classifier:
    """A classifier of an untrained network of the catalogue, or of torchvision's."""
    torch.manual_seed(0)
    network = build_network(name, classes, channels, size, arguments)
    return classifier_of(network, channels, size, classes)


def noise_picture(
    channels: int = 3, size: tuple[int, int] = (32, 32), seed: int = 0, name: str = "noise"
) -> Picture:
    """Pixels that are unlike those of any other seed."""
    random = np.random.default_rng(seed)
    return Picture(name, random.integers(0, 256, (*size, channels), dtype=np.uint8))


def normalised(picture: Picture) -> Tensor:
    """What the network gets of a picture, (1, C, H, W), computed by hand."""
    pixels = np.moveaxis(picture.pixels.astype(np.float32), 2, 0)
    return torch.from_numpy((pixels - MEAN) / DEVIATION)[None]


def state_of(model: nn.Module) -> list[Any]:
    """All that looking into a network must leave as it was, in a form to be compared."""
    hooks = ("_forward_hooks", "_forward_pre_hooks", "_backward_hooks")
    return [
        [part.training for part in model.modules()],
        [getattr(part, "inplace", None) for part in model.modules()],
        [len(getattr(part, hook)) for part in model.modules() for hook in hooks],
        [weight.requires_grad for weight in model.parameters()],
        [None if weight.grad is None else weight.grad.tolist() for weight in model.parameters()],
        [(name, value.numpy().tobytes()) for name, value in model.state_dict().items()],
        torch.get_rng_state().tolist(),
    ]


def words_of(figure: Figure) -> list[str]:
    """Everything written in a figure, without the marks of direction."""
    with styled():
        figure.draw_without_rendering()
    found = (text for text in figure.findobj(Text) if isinstance(text, Text))
    return [text.get_text().replace("\u200e", "") for text in found if text.get_text()]


def in_one(figure: Figure) -> str:
    """The same as one text, in which broken lines are whole."""
    return " ".join(words_of(figure))


def all_edges_are_white(figure: Figure) -> bool:
    """Whether nothing that is drawn reaches the edge of the figure, where it would be cut off."""
    canvas = FigureCanvasAgg(figure)
    with styled():
        canvas.draw()
    return edges_are_white(np.asarray(canvas.buffer_rgba()))

"""Networks and pictures for the tests of attributions."""

from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from retinue.explaining.picture import Picture
from retinue.images import Preprocess
from retinue.models.catalogue import build, wrap
from retinue.models.graph import GraphNetwork
from retinue.prediction.classifier import Classifier

MEAN, STD = [110.0, 120.0, 130.0], [60.0, 55.0, 50.0]


def classifier_of(
    network: nn.Module, channels: int = 3, size: tuple[int, int] = (16, 16), classes: int = 4
) -> Classifier:
    """A classifier around a module that takes normalised pixels."""
    names = [f"class {number}" for number in range(classes)]
    model = wrap(network, MEAN[:channels], STD[:channels])
    return Classifier(model, names, Preprocess(size, size, "crop", channels))


def of_catalogue(
    name: str, channels: int = 3, size: int = 32, classes: int = 10, seed: int = 0, **arguments: Any
) -> Classifier:
    """An untrained network of the catalogue."""
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        model = build(
            name, classes=classes, channels=channels, size=(size, size), arguments=arguments,
            mean=MEAN[:channels], std=STD[:channels],
        )  # fmt: skip
    names = [f"class {number}" for number in range(classes)]
    return Classifier(model, names, Preprocess((size, size), (size, size), "crop", channels))


def picture_for(classifier: Classifier, seed: int = 0, label: int | None = None) -> Picture:
    """Blobs of colour, of the size that the network takes."""
    rules = classifier.preprocess
    generator = torch.Generator().manual_seed(seed)
    coarse = torch.rand(1, rules.channels, 5, 5, generator=generator)
    fine = nn.functional.interpolate(coarse, rules.size, mode="bicubic").clamp(0, 1)[0]
    pixels = np.round(255 * fine.permute(1, 2, 0).numpy()).astype(np.uint8)
    return Picture(f"blobs-{seed}.png", np.ascontiguousarray(pixels), label)


def tensor_of(picture: Picture) -> Tensor:
    """(1, C, H, W) float from 0 to 255."""
    return picture.batch.float()


def part_of(model: nn.Module, name: str) -> nn.Module:
    """A part of a wrapped network by the name that Retinue gives it."""
    return model.get_submodule(f"network.{name}")


class Quadrant(nn.Module):
    """Sees one quadrant only: everything else is zero before the first convolution."""

    keep: Tensor

    def __init__(self, number: int, size: int = 16) -> None:
        super().__init__()
        keep = torch.zeros(1, 1, size, size)
        row, column = divmod(number, 2)
        half = size // 2
        keep[:, :, row * half : (row + 1) * half, column * half : (column + 1) * half] = 1
        self.register_buffer("keep", keep)
        self.conv = nn.Conv2d(3, 6, 3, padding=1, bias=False)
        self.act = nn.ReLU()
        self.out = nn.Linear(6, 2, bias=False)
        with torch.no_grad():
            generator = torch.Generator().manual_seed(number)
            self.conv.weight.copy_(torch.randn(self.conv.weight.shape, generator=generator))
            self.out.weight.copy_(torch.tensor([[1.0] * 6, [-1.0] * 6]))

    def forward(self, values: Tensor) -> Tensor:
        maps = self.act(self.conv(values * self.keep))
        logits: Tensor = self.out(maps.mean((2, 3)))
        return logits


class Stored(GraphNetwork):
    """A graph, as far as one can tell from outside: it runs, and that is all."""

    def __init__(self) -> None:
        nn.Module.__init__(self)

    def forward(self, pictures: Tensor) -> Tensor:
        means = pictures.detach().float().mean((2, 3))
        return torch.cat([means, means[:, :1] * 0.5], 1)


class InPlaceNorm(nn.Module):
    """Batch norm, dropout, and an activation that writes over its input."""

    def __init__(self) -> None:
        super().__init__()
        generator = torch.Generator().manual_seed(0)
        self.conv, self.norm = nn.Conv2d(3, 6, 3), nn.BatchNorm2d(6)
        self.act, self.drop, self.out = nn.ReLU(inplace=True), nn.Dropout(), nn.Linear(6, 4)
        with torch.no_grad():
            for weight in self.parameters():
                weight.copy_(torch.randn(weight.shape, generator=generator))

    def forward(self, values: Tensor) -> Tensor:
        maps = self.act(self.norm(self.conv(values)))
        logits: Tensor = self.out(self.drop(maps.mean((2, 3))))
        return logits

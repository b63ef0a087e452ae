"""Networks in which one thing is wrong on purpose, and benches to ask them on."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from retinue.data.imagedata import ImageData
from retinue.data.load import load_data
from retinue.recipe import make_recipe
from retinue.training.sanity.bench import Bench
from retinue.training.sanity.checking import make_bench

CPU = torch.device("cpu")


class Net(nn.Module):
    """A sound network of grey pictures of 8x8 pixels; the others change one thing of it."""

    def __init__(self, classes: int = 10) -> None:
        super().__init__()
        self.hidden = nn.Linear(64, 32)
        self.output = nn.Linear(32, classes)

    def features(self, pictures: Tensor) -> Tensor:
        return self.hidden(pictures.flatten(1)).relu()  # type: ignore[no-any-return]

    def forward(self, pictures: Tensor) -> Tensor:
        return self.output(self.features(pictures))  # type: ignore[no-any-return]


class Detached(Net):
    def features(self, pictures: Tensor) -> Tensor:
        return super().features(pictures).detach()


class Unused(Net):
    def __init__(self) -> None:
        super().__init__()
        self.spare = nn.Linear(3, 3)


class Exploding(Net):
    """The slope of a square root at 0 is infinite."""

    def forward(self, pictures: Tensor) -> Tensor:
        return super().forward(pictures) + self.hidden.weight.sub(self.hidden.weight).sqrt().sum()


class Softmaxed(Net):
    def forward(self, pictures: Tensor) -> Tensor:
        return super().forward(pictures).softmax(1)


class Constant(Net):
    def features(self, pictures: Tensor) -> Tensor:
        return super().features(torch.zeros_like(pictures))


class Corner(Net):
    """It looks at two rows of pixels out of eight, and of these at two columns."""

    def features(self, pictures: Tensor) -> Tensor:
        mask = torch.zeros_like(pictures)
        mask[:, :, :2, :2] = 1
        return super().features(pictures * mask)


class Neighbours(Net):
    """It takes the mean of the batch off, in eval mode too."""

    def features(self, pictures: Tensor) -> Tensor:
        found = super().features(pictures)
        return found - found.mean(0) if len(found) > 1 else found


class Random(Net):
    """Dropout that nobody turns off."""

    def forward(self, pictures: Tensor) -> Tensor:
        kept = nn.functional.dropout(self.features(pictures), 0.5, training=True)
        return self.output(kept)  # type: ignore[no-any-return]


class Loud(Net):
    def __init__(self) -> None:
        super().__init__()
        self.output.weight.data *= 100


class Frozen(Net):
    """Its body is held still on purpose."""

    def __init__(self) -> None:
        super().__init__()
        self.hidden.requires_grad_(False)


NETWORKS: dict[str, type[Net]] = {
    kind.__name__: kind
    for kind in (
        Net, Detached, Unused, Exploding, Softmaxed, Constant, Corner, Neighbours, Random, Loud,
        Frozen,
    )
}  # fmt: skip


@pytest.fixture(scope="session")
def digits() -> ImageData:
    """Some handwritten digits."""
    return load_data("digits", limit_per_class=60, val_fraction=0.3)


@pytest.fixture
def bench(digits: ImageData) -> Callable[..., Bench]:
    """`bench("Detached")`, `bench(model="cnn")`: what the checks work with."""

    def make(name: str = "", data: ImageData | None = None, **settings: Any) -> Bench:
        torch.manual_seed(0)
        module = NETWORKS[name]() if name else None
        recipe = make_recipe({"model": {"name": "own:Net"}} if name else {}, settings)
        return make_bench(recipe, data or digits, CPU, module)

    return make


@pytest.fixture
def network() -> Callable[[str], nn.Module]:
    """`network("Detached")`: a network by the name of its class."""
    return lambda name: NETWORKS[name]()


@pytest.fixture
def knowing(digits: ImageData) -> nn.Module:
    """A network that was trained on all these pictures, val too, and learns no more but a scale."""
    torch.manual_seed(0)
    model = Net()
    pictures = np.concatenate([digits.train.images, digits.val.images]).transpose(0, 3, 1, 2)
    labels = np.concatenate([digits.train.labels, digits.val.labels])
    seen = (torch.from_numpy(pictures).float() - 78) / 95
    optimiser = torch.optim.Adam(model.parameters(), lr=0.01)
    for _ in range(150):
        optimiser.zero_grad()
        nn.functional.cross_entropy(model(seen), torch.from_numpy(labels)).backward()
        optimiser.step()
    model.requires_grad_(False)
    model.output.bias.requires_grad_()
    return model

import copy

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from retinue.errors import UsageError
from retinue.explaining.fields.linearised import linearised
from retinue.explaining.layers import layers
from retinue.models.blocks import ACTIVATIONS, named
from retinue.models.catalogue import MODELS, build
from retinue.models.graph import GraphNetwork


def built(name: str) -> nn.Module:
    return build(
        name, classes=4, channels=3, size=(32, 32), arguments={}, mean=[120.0] * 3, std=[60.0] * 3
    )


@pytest.mark.parametrize("name", MODELS)
def test_the_copy_is_linear_in_the_picture_and_the_original_is_not(name: str) -> None:
    model = built(name).eval()
    twin = linearised(model)
    first, second = torch.rand(2, 1, 3, 32, 32, dtype=torch.float64) * 255
    total = twin(2 * first + 3 * second)
    assert torch.allclose(total, 2 * twin(first) + 3 * twin(second), rtol=1e-9)
    if name != "softmax":
        parts = [model(one.float()) for one in (2 * first + 3 * second, first, second)]
        assert not torch.allclose(parts[0], 2 * parts[1] + 3 * parts[2], rtol=1e-3)


@pytest.mark.parametrize("name", MODELS)
def test_every_pixel_counts_towards_every_answer(name: str) -> None:
    pixels = torch.zeros(1, 3, 32, 32, dtype=torch.float64, requires_grad=True)
    linearised(built(name))(pixels)[0, 1].backward()
    assert pixels.grad is not None
    # What a stride leaves over at the far edge is never seen.
    assert (pixels.grad[0, :, :28, :28] > 0).all()


def test_the_original_stays_as_it_was() -> None:
    model = built("resnet-small").train()
    before = copy.deepcopy(model.state_dict())
    twin = linearised(model)
    assert model.training
    assert not twin.training
    assert all(torch.equal(value, before[name]) for name, value in model.state_dict().items())
    assert list(layers(twin)) == list(layers(model))


def test_a_stack_by_hand() -> None:
    network = named(
        conv=nn.Conv2d(2, 3, 3, padding=1),
        norm=nn.BatchNorm2d(3),
        act=nn.GELU(),
        pool=nn.MaxPool2d(3, 2, padding=1, ceil_mode=True),
    )
    network.state_dict()["norm.running_mean"].fill_(7)
    pictures = torch.rand(1, 2, 8, 9, dtype=torch.float64)
    maps = F.conv2d(pictures, torch.full((3, 2, 3, 3), 1 / 18, dtype=torch.float64), padding=1)
    expected = F.avg_pool2d(maps / (1 + 1e-5) ** 0.5, 3, 2, 1, ceil_mode=True)
    assert torch.allclose(linearised(network)(pictures), expected, rtol=1e-12)


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_activations_pass_everything_on(activation: str) -> None:
    network = named(act=ACTIVATIONS[activation](), other=nn.PReLU(), last=nn.Softmax(dim=1))
    values = torch.linspace(-5, 5, 8, dtype=torch.float64).reshape(1, 8)
    assert torch.equal(linearised(network)(values), values)


def test_a_max_pooling_with_gaps_and_attention_stay() -> None:
    network = named(pool=nn.MaxPool2d(2, dilation=2), attention=nn.MultiheadAttention(4, 2))
    twin = linearised(network)
    kinds = [type(part) for part in twin.children()]
    assert kinds == [nn.MaxPool2d, nn.MultiheadAttention]


class Graph(GraphNetwork):
    def __init__(self) -> None:
        nn.Module.__init__(self)

    def forward(self, pictures: Tensor) -> Tensor:
        return pictures


def test_a_graph_is_refused() -> None:
    with pytest.raises(UsageError, match="graph, which shows no layers"):
        linearised(named(network=Graph()))

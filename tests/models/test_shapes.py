import pytest
import torch
from torch import nn

from retinue.errors import ImpossibleNetworkError
from retinue.models.shapes import refusing_to_run_out, trace


def hooks(module: nn.Module) -> int:
    return sum(len(part._forward_pre_hooks) for part in module.modules())


def test_trace_gives_the_shape_and_changes_nothing() -> None:
    module = nn.Sequential(nn.Conv2d(3, 4, 3, 2), nn.BatchNorm2d(4), nn.Dropout(), nn.Flatten())
    before = {name: value.clone() for name, value in module.state_dict().items()}
    random = torch.get_rng_state()
    assert trace(module, 3, (9, 7)) == (4 * 4 * 3,)
    assert module.training
    assert hooks(module) == 0
    assert torch.equal(random, torch.get_rng_state())
    assert all(torch.equal(value, before[name]) for name, value in module.state_dict().items())


@pytest.mark.parametrize(
    ("layer", "text"),
    [
        (nn.Conv2d(1, 1, 7, 2), "kernel 7x7, stride 2, padding 0"),
        (nn.Conv2d(1, 1, (3, 5), (1, 2), padding=(1, 0)), "kernel 3x5, stride 1x2, padding 1x0"),
        (nn.Conv2d(1, 1, 3, dilation=3), "kernel 3x3, stride 1, padding 0"),
        (nn.Conv2d(1, 1, 9, padding="valid"), "kernel 9x9, stride 1, padding valid"),
        (nn.MaxPool2d(6), "kernel 6x6, stride 6, padding 0"),
        (nn.AvgPool2d((1, 5), 1), "kernel 1x5, stride 1, padding 0"),
    ],
)
def test_the_layer_that_runs_out_is_named(layer: nn.Module, text: str) -> None:
    with pytest.raises(ImpossibleNetworkError) as caught:
        trace(nn.Sequential(nn.Identity(), layer), 1, (4, 4), "features")
    expected = f"layer features.1 ({text}) runs out of pixels: its input is 4x4"
    assert str(caught.value) == expected


@pytest.mark.parametrize(
    "layer",
    [
        nn.Conv2d(1, 1, 9, padding="same"),
        nn.MaxPool2d(3, 3, ceil_mode=True),
        nn.MaxPool2d(5, 1, padding=2),
        nn.AvgPool2d(2, ceil_mode=True),
    ],
)
def test_layers_that_fit_are_let_through(layer: nn.Module) -> None:
    assert trace(layer, 1, (3, 3)) == layer(torch.zeros(1, 1, 3, 3)).shape[1:]


def test_hooks_are_released_when_it_fails() -> None:
    module = nn.Sequential(nn.MaxPool2d(9))
    with pytest.raises(ImpossibleNetworkError), refusing_to_run_out(module):
        module(torch.zeros(1, 1, 4, 4))
    assert hooks(module) == 0

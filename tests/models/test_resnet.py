import pytest
import torch
from torch import nn

from retinue.errors import UsageError
from retinue.models.resnet import resnet_small


def parameters(network: nn.Module) -> int:
    return sum(parameter.numel() for parameter in network.parameters())


# The paper's table 6: 0.27 M, 0.46 M, 0.66 M, 0.85 M; projections add 2,752 to each.
@pytest.mark.parametrize(("depth", "millions"), [(20, 0.27), (32, 0.46), (44, 0.66), (56, 0.85)])
def test_parameters_are_the_papers(depth: int, millions: float) -> None:
    assert parameters(resnet_small(10, 3, (32, 32), depth=depth)) / 1e6 == pytest.approx(
        millions, abs=0.01
    )


def test_resnet_20_exactly() -> None:
    # 269,722 with zero padding (option A); the two projections hold 512 + 64 and 2,048 + 128.
    assert parameters(resnet_small(10, 3, (32, 32))) == 269_722 + 512 + 64 + 2048 + 128


def test_depth_counts_layers_with_weights() -> None:
    network = resnet_small(10, 3, (32, 32), depth=14)
    layers = [
        name
        for name, layer in network.named_modules()
        if isinstance(layer, nn.Conv2d | nn.Linear) and "shortcut" not in name
    ]
    assert len(layers) == 14


@pytest.mark.parametrize(
    ("depth", "text"), [(10, "8 or 14"), (21, "20 or 26"), (2, "8 or 14"), (1, "8 or 14")]
)
def test_other_depths_are_refused(depth: int, text: str) -> None:
    with pytest.raises(UsageError, match=f"depth={depth} should be 6n \\+ 2, such as {text}"):
        resnet_small(10, 3, (32, 32), depth=depth)


def test_large_pictures_are_reduced_to_a_quarter_first() -> None:
    features = resnet_small(10, 3, (128, 128), depth=8).get_submodule("features")
    assert features(torch.zeros(1, 3, 128, 128)).shape == (1, 64, 8, 8)
    features = resnet_small(10, 3, (64, 64), depth=8).get_submodule("features")
    assert features(torch.zeros(1, 3, 64, 64)).shape == (1, 64, 16, 16)


def test_blocks_start_as_their_shortcut() -> None:
    block = resnet_small(10, 3, (32, 32)).get_submodule("features.stage1.block2").eval()
    maps = torch.rand(1, 16, 8, 8)
    assert torch.equal(block(maps), maps)
    block = resnet_small(10, 3, (32, 32), zero_init=False).get_submodule("features.stage1.block2")
    assert not torch.equal(block.eval()(maps), maps)

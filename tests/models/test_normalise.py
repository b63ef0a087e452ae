import pytest
import torch

from retinue.models.normalise import Normalise


def test_bytes_and_floats_give_the_same_float32() -> None:
    pictures = torch.randint(0, 256, (2, 3, 4, 5), dtype=torch.uint8)
    layer = Normalise([10.0, 20.0, 30.0], [2.0, 4.0, 8.0])
    result = layer(pictures)
    assert result.dtype == torch.float32
    assert torch.equal(result, layer(pictures.double()))
    for channel, (mean, std) in enumerate([(10, 2), (20, 4), (30, 8)]):
        expected = (pictures[:, channel].float() - mean) / std
        assert torch.equal(result[:, channel], expected)


def test_a_constant_channel_stays_finite() -> None:
    result = Normalise([7.0], [0.0])(torch.full((1, 1, 2, 2), 7, dtype=torch.uint8))
    assert torch.equal(result, torch.zeros(1, 1, 2, 2))


def test_the_numbers_travel_with_the_weights_and_are_not_trained() -> None:
    layer = Normalise([1.0, 2.0], [3.0, 4.0])
    assert set(layer.state_dict()) == {"mean", "std"}
    assert layer.mean.shape == layer.std.shape == (1, 2, 1, 1)
    assert not list(layer.parameters())
    assert "mean=[1.0, 2.0], std=[3.0, 4.0]" in repr(layer)


def test_unequal_lengths_are_refused() -> None:
    with pytest.raises(ValueError, match="1 means but 2 standard deviations"):
        Normalise([1.0], [1.0, 2.0])

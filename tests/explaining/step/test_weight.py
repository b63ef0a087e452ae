"""Which weight is followed."""

import pytest
import torch
from torch import nn

from retinue.errors import UsageError
from retinue.explaining.step.weight import Place, find_place, settle


def test_without_a_word_the_steepest_weight_of_the_first_matrix_that_learns_is_taken() -> None:
    gradients = {
        "bias": torch.tensor([9.0, 9.0]),
        "still.weight": torch.zeros(2, 2),
        "conv.weight": torch.tensor([[1.0, -3.0], [2.0, 0.0]]),
        "dense.weight": torch.tensor([[5.0, 4.0]]),
    }
    assert settle(None, gradients, lambda _: True) == Place("conv.weight", (0, 1))
    assert settle(None, gradients, lambda name: name == "dense.weight").tensor == "dense.weight"
    assert settle(None, gradients, lambda _: False).tensor == "conv.weight"


def test_the_index_is_that_of_the_tensors_own_order() -> None:
    gradient = torch.zeros(2, 3, 4, 5)
    gradient[1, 2, 0, 3] = -7
    order = gradient.to(memory_format=torch.channels_last)
    place = settle(None, {"weight": order}, lambda _: True)
    assert place == Place("weight", (1, 2, 0, 3))
    assert str(place) == "weight[1, 2, 0, 3]"


def test_a_single_number_has_no_index() -> None:
    model = nn.Module()
    model.scale = nn.Parameter(torch.tensor(2.0))
    place = settle(find_place(model, "scale"), {"scale": torch.tensor(0.5)}, lambda _: True)
    assert (place.index, str(place)) == ((), "scale")


def test_where_nothing_learns_there_is_nothing_to_follow() -> None:
    with pytest.raises(UsageError, match="no weight of the network learns"):
        settle(None, {}, lambda _: True)

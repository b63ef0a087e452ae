"""A network from elsewhere: its normalisation, and what it may give."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from retinue.data.imagedata import ImageData
from retinue.errors import UsageError
from retinue.prediction.classifier import Classifier
from retinue.training.checked import FIRST, Checked, normalised_copy, require_logits


def pictures(channels: int) -> Tensor:
    shape = (5, channels, 4, 4)
    return torch.randint(0, 256, shape, generator=torch.Generator().manual_seed(1)).byte()


@pytest.mark.parametrize(
    ("mean", "std"),
    [(0.0, 1.0), (0.5, 0.5), ((0.49, 0.48, 0.45), (0.2, 0.25, 0.3)), ([0.4], np.ones(3))],
)
def test_the_network_sees_what_it_was_trained_on(mean: Any, std: Any) -> None:
    network, (means, deviations) = normalised_copy(nn.Identity(), mean, std, 3)
    seen = pictures(3)
    theirs = torch.as_tensor(mean).float().view(1, -1, 1, 1)
    divisor = torch.as_tensor(std).float().view(1, -1, 1, 1)
    assert torch.allclose(network(seen), (seen / 255 - theirs) / divisor, atol=1e-6)
    assert (len(means), len(deviations)) == (3, 3)


def test_plain_pixels_are_those_divided_by_255_to_the_bit() -> None:
    network, statistics = normalised_copy(nn.Identity(), 0.0, 1.0, 1)
    assert statistics == ([0.0], [255.0])
    assert torch.equal(network(pictures(1)), pictures(1) / 255)


@pytest.mark.parametrize("channels", [1, 3])
def test_it_gets_pictures_in_the_order_that_torch_gives(channels: int) -> None:
    network, _ = normalised_copy(nn.Identity(), 0.0, 1.0, channels)
    stored = torch.zeros((5, 4, 4, channels), dtype=torch.uint8).permute(0, 3, 1, 2)
    assert stored.stride() != pictures(channels).stride()
    assert network(stored).stride() == pictures(channels).stride()


@pytest.mark.parametrize(
    ("mean", "std", "told"),
    [
        (33.3, 1.0, r"mean=33.3: give it for pixels from 0 to 1"),
        (0.0, 0.0, r"std=0.0: give numbers above 0"),
        (0.0, float("nan"), "std=nan"),
        ((0.1, 0.2), 1.0, "mean: 2 numbers for pictures of 3 channels"),
        (0.0, "wide", "std='wide': give a number, or one a channel"),
    ],
)
def test_numbers_that_pixels_cannot_have_are_refused(mean: Any, std: Any, told: str) -> None:
    with pytest.raises(UsageError, match=told):
        normalised_copy(nn.Identity(), mean, std, 3)


class Uncopied(nn.Identity):
    def __deepcopy__(self, _: Any) -> "Uncopied":
        raise TypeError("holds a\nlock")


def test_what_cannot_be_copied_is_told() -> None:
    with pytest.raises(UsageError, match=r"the network cannot be copied: holds a$"):
        normalised_copy(Uncopied(), 0.0, 1.0, 1)


class Gives(nn.Module):
    """A network that gives whatever a function makes of the number of pictures."""

    def __init__(self, make: Callable[[int], Any]) -> None:
        super().__init__()
        self.make = make

    def forward(self, given: Tensor) -> Any:
        return self.make(len(given))


def judged(make: Callable[[int], Any], data: ImageData) -> None:
    classifier = Classifier(Checked(Gives(make), 10), data.classes, data.preprocess)
    require_logits(classifier, data)


@pytest.mark.parametrize(
    ("make", "told"),
    [
        (
            lambda n: torch.zeros(n, 3),
            r"gives \(32, 3\) torch.float32 for pictures \(32, 1, 8, 8\)",
        ),
        (torch.zeros, r"not logits \(32, 10\): a number for each class of the data"),
        (lambda n: torch.zeros(1, 10), r"gives \(1, 10\)"),
        (lambda n: torch.zeros(n, 10, 1, 1), r"gives \(32, 10, 1, 1\)"),
        (lambda n: torch.zeros(n, 10, dtype=torch.int64), "torch.int64"),
        (lambda n: (torch.zeros(n, 10),), r"gives a tuple, not logits \(32, 10\)"),
        (lambda n: torch.full((n, 10), torch.nan), "logits that are NaN or infinite"),
        (lambda n: torch.full((n, 10), torch.inf), "logits that are NaN or infinite"),
        (lambda n: torch.rand(n, 10).softmax(1), "gives probabilities.* without its softmax"),
        (lambda n: torch.zeros(n, 10) @ torch.zeros(3), "the network fails on pictures .*Error"),
    ],
)
def test_what_are_no_logits_is_refused_in_one_line(
    make: Callable[[int], Any], told: str, digits: ImageData
) -> None:
    with pytest.raises(UsageError, match=told) as caught:
        judged(make, digits)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("make", [torch.log_softmax, lambda logits, _: logits])
def test_logits_pass(make: Callable[..., Tensor], digits: ImageData) -> None:
    counts: Sequence[int] = []

    def give(number: int) -> Tensor:
        counts.append(number)  # type: ignore[attr-defined]
        return make(torch.rand(number, 10), 1)

    judged(give, digits)
    assert list(counts) == [FIRST, 30, FIRST]

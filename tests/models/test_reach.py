from collections.abc import Sequence

import numpy as np
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch.nn import functional as F

from retinue.models.arithmetic import ReceptiveField, output_size
from retinue.models.reach import Reach

Window = tuple[int, int, int, int]  # kernel, stride, padding, dilation

windows = st.tuples(st.integers(1, 5), st.integers(1, 3), st.integers(0, 4), st.integers(1, 2))


def through_sets(seen: list[set[int]], window: Window) -> list[set[int]]:
    """The pixels of every value after a window, followed one by one; padding is nobody's."""
    kernel, stride, padding, dilation = window
    outputs = max(output_size(len(seen), kernel, stride, padding, dilation), 0)
    nothing: list[set[int]] = [set()] * padding
    padded = [*nothing, *seen, *nothing]
    return [
        set().union(*(padded[number * stride + dilation * tap] for tap in range(kernel)))
        for number in range(outputs)
    ]


def through_reach(reach: Reach, window: Window) -> Reach:
    outputs = output_size(len(reach.first), *window)
    return reach.through(outputs, *window)


@given(st.integers(1, 30), st.lists(windows, min_size=1, max_size=4))
def test_it_agrees_with_pixels_followed_one_by_one(size: int, steps: Sequence[Window]) -> None:
    reach, seen = Reach.of_pixels(size), [{pixel} for pixel in range(size)]
    for window in steps:
        seen = through_sets(seen, window)
        if not seen:
            return
        reach = through_reach(reach, window)
        expected = [(min(one), max(one) + 1) if one else (0, 0) for one in seen]
        assert [reach.span(place) for place in range(len(seen))] == expected


def test_it_agrees_with_gradients() -> None:
    pixels = torch.ones(1, 1, 23, requires_grad=True)
    maps = F.avg_pool1d(F.conv1d(pixels, torch.ones(1, 1, 4), padding=3), 2)
    maps = F.conv1d(maps, torch.ones(1, 1, 3), stride=2, padding=1)
    reach = Reach.of_pixels(23).through(26, 4, padding=3).through(13, 2, 2).through(7, 3, 2, 1)
    for place, value in enumerate(maps.flatten()):
        (gradient,) = torch.autograd.grad(value, pixels, retain_graph=True)
        touched = gradient.flatten().nonzero().flatten()
        assert reach.span(place) == (int(touched.min()), int(touched.max()) + 1)


def test_a_union_covers_both_and_padding_alone_adds_nothing() -> None:
    pixels = Reach.of_pixels(4)
    shifted = pixels.through(4, 1, padding=1)  # its first value is padding
    both = pixels.union(shifted)
    assert [shifted.span(place) for place in range(4)] == [(0, 0), (0, 1), (1, 2), (2, 3)]
    assert [both.span(place) for place in range(4)] == [(0, 1), (0, 2), (1, 3), (2, 4)]


def test_the_formula_cut_at_the_edges_would_claim_pixels_that_no_window_reaches() -> None:
    # A pooling leaves the seventh pixel over; the padding of the next layer stands in its place.
    reach = Reach.of_pixels(7).through(3, 2, 2).through(3, 3, padding=1)
    field = ReceptiveField().through(2, 2).through(3, padding=1)
    end_by_formula = min(field.start + 2 * field.jump + field.size, 7)
    assert end_by_formula == 7
    assert reach.span(2) == (2, 6)
    assert np.array_equal(reach.last, [3, 5, 5])

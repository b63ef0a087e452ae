"""ReLU and pooling by torch's rules, and a pooled value traced."""

import json
import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import Phase, find, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from torch.nn import functional

from retinue.errors import UsageError
from retinue.explaining.convolution.pooling import Pooling, pool, relu
from retinue.explaining.convolution.pooling_trace import trace_pool

Numbers = NDArray[np.float64]
Case = tuple[Numbers, Pooling]
# A control needs no smallest example.
FIRST = settings(phases=[Phase.generate], max_examples=500, deadline=None)


@st.composite
def cases(draw: st.DrawFn) -> Case:
    def both(low: int, high: int) -> int | tuple[int, int]:
        one = st.integers(low, high)
        return draw(st.one_of(one, st.tuples(one, one)))

    kind: Any = draw(st.sampled_from(("max", "average")))
    pooling = Pooling(
        kernel=both(1, 4),
        kind=kind,
        stride=None if draw(st.booleans()) else both(1, 4),
        padding=both(0, 2),
        dilation=both(1, 3) if kind == "max" else 1,
        ceil_mode=draw(st.booleans()),
        count_include_pad=draw(st.booleans()),
    )
    size = (draw(st.integers(1, 9)), draw(st.integers(1, 9)))
    # Few whole numbers, so that the largest is often there twice.
    values = np.random.default_rng(draw(st.integers(0, 2**16))).integers(-3, 4, (2, *size))
    return values.astype(np.float64), pooling


def by_torch(case: Case) -> Numbers | None:
    """What torch makes of it; None where it refuses."""
    maps, chosen = torch.from_numpy(case[0])[None], case[1]
    try:
        if chosen.kind == "max":
            found = functional.max_pool2d(
                maps, chosen.kernel, chosen.stride, chosen.padding, chosen.dilation,
                chosen.ceil_mode,
            )  # fmt: skip
        else:
            found = functional.avg_pool2d(
                maps, chosen.kernel, chosen.stride, chosen.padding, chosen.ceil_mode,
                chosen.count_include_pad,
            )  # fmt: skip
    except RuntimeError:
        return None
    return np.asarray(found[0].numpy())


def by_us(case: Case) -> Numbers | None:
    try:
        return pool(*case)
    except UsageError:
        return None


def by_traces(case: Case, change: Callable[[Pooling], Pooling] = lambda same: same) -> Any:
    """Every cell's traced value."""
    maps, chosen = case
    expected = by_us(case)
    if expected is None:
        return None
    chosen = change(chosen)
    cells = np.ndindex(*expected.shape)
    return np.array([trace_pool(maps, chosen, cell).value for cell in cells]).reshape(
        expected.shape
    )


def agrees(case: Case, ours: Callable[[Case], Numbers | None]) -> bool:
    expected, found = by_torch(case), ours(case)
    if expected is None or found is None:
        return expected is found
    return expected.shape == found.shape and np.allclose(found, expected, rtol=1e-12)


@settings(max_examples=500, deadline=None)
@given(cases())
def test_results_and_refusals_are_those_of_torch(case: Case) -> None:
    assert agrees(case, by_us)


@settings(max_examples=80, deadline=None)
@given(cases())
def test_every_traced_value_is_that_of_torch(case: Case) -> None:
    assert agrees(case, by_traces)


def test_control_a_mean_over_other_cells_is_noticed() -> None:
    def changed(same: Pooling) -> Pooling:
        return Pooling(**{**vars(same), "count_include_pad": not same.count_include_pad})

    def differs(case: Case) -> bool:
        return not agrees(case, lambda case: by_traces(case, changed))

    case = find(cases(), differs, settings=FIRST)
    assert case[1].kind == "average"
    assert agrees(case, by_traces)


@settings(max_examples=80, deadline=None)
@given(cases())
def test_the_chosen_place_is_the_one_that_torch_names(case: Case) -> None:
    maps, chosen = case
    expected = by_torch(case)
    if chosen.kind != "max" or expected is None or not np.isfinite(expected).all():
        return
    places = functional.max_pool2d(
        torch.from_numpy(maps)[None], chosen.kernel, chosen.stride, chosen.padding,
        chosen.dilation, chosen.ceil_mode, return_indices=True,
    )[1][0]  # fmt: skip
    for cell in np.ndindex(*expected.shape):
        at = trace_pool(maps, chosen, cell).chosen
        assert at is not None
        assert at[0] * maps.shape[2] + at[1] == int(places[cell])


@settings(max_examples=80, deadline=None)
@given(cases())
def test_a_formula_comes_out_as_it_says(case: Case) -> None:
    expected = by_torch(case)
    if expected is None:
        return
    formulas = trace_pool(*case).formulas
    for formula, size in zip(formulas, expected.shape[1:], strict=True):
        left, right = formula.split(" = ")
        assert eval(left, {"floor": math.floor, "ceil": math.ceil}) == int(right) == size


def test_relu_is_that_of_torch() -> None:
    maps = np.random.default_rng(0).normal(size=(2, 3, 4))
    np.testing.assert_array_equal(relu(maps), functional.relu(torch.from_numpy(maps)).numpy())


def test_a_largest_value_by_hand() -> None:
    found = trace_pool([[1, 5, 2], [3, 5, 0], [9, 9, 9]], Pooling(), (0, 0, 0))
    assert (found.value, found.chosen) == (5.0, (0, 1))
    assert found.written() == "max(1, 5, 3, 5) = 5"
    assert found.formulas[0] == "floor((3 + 0 - 2) / 2) + 1 = 1"


def test_a_mean_by_hand_counts_padding_as_zeros_unless_told_not_to() -> None:
    maps = [[1, -5], [3, 5]]
    chosen = Pooling(2, "average", padding=1)
    found = trace_pool(maps, chosen, (0, 0, 1))
    assert found.written() == "(0 + 0 + (-5) + 0) / 4 = -1.25"
    assert found.counts.all()
    found = trace_pool(maps, Pooling(2, "average", padding=1, count_include_pad=False), (0, 0, 1))
    assert found.written() == "(-5) / 1 = -5"


def test_a_long_window_is_shortened() -> None:
    line = trace_pool(np.zeros((30, 30)), Pooling(20)).written(60)
    assert len(line) < 90
    assert "smaller)" in line


@pytest.mark.parametrize(
    ("chosen", "line"),
    [
        (Pooling(3, padding=2), "padding 2: may be half of the pooling's kernel, 3x3, at most"),
        (Pooling(6), "kernel 6x6 covers 6x6 and does not fit: with its padding the input has 5x5"),
        (Pooling(2, "average", dilation=2), "average pooling has no dilation; use max, or leave"),
        (Pooling(2, "median"), "pooling 'median': should be max or average"),  # type: ignore[arg-type]
        (Pooling(2, stride=0), "stride 0: should be a whole number of at least 1, or two of"),
    ],
)
def test_what_torch_refuses_is_refused_in_a_clear_line(chosen: Pooling, line: str) -> None:
    with pytest.raises(UsageError) as caught:
        pool(np.zeros((1, 5, 5)), chosen)
    assert str(caught.value).startswith(line)


@pytest.mark.parametrize("kind", ["max", "average"])
def test_the_numbers_are_json_and_the_figure_shows_itself(kind: Any) -> None:
    maps = np.random.default_rng(0).normal(size=(1, 5, 5))
    found = trace_pool(maps, Pooling(3, kind, 2, 1, ceil_mode=True), (0, 2, 2))
    value = found.as_dict()
    assert json.loads(json.dumps(value, allow_nan=False)) == value
    assert value["values"][2] == [None] * 3
    assert found._repr_html_().startswith("<img")


def test_a_window_of_padding_alone_has_no_largest_value() -> None:
    found = trace_pool([[7.0]], Pooling(2, padding=1, dilation=2))
    assert (found.value, found.chosen) == (-math.inf, None)
    assert by_torch((np.array([[[7.0]]]), found.pooling)) == -math.inf
    assert found.as_dict()["value"] is None
    found.figure()

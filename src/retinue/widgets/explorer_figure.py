"""The convolution explorer as a static picture, from the settings it has at the moment."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from retinue.explaining.convolution.convolve import Arithmetic, outside, padded
from retinue.explaining.convolution.maps import Maps
from retinue.explaining.convolution.terms import SHOWN_LETTERS
from retinue.plotting.inside.cells import Scale
from retinue.plotting.inside.explorer import Stage, explorer_stages
from retinue.widgets.explorer_checks import shape_of
from retinue.widgets.explorer_learned import Learned
from retinue.widgets.explorer_pictures import GRID
from retinue.widgets.explorer_result import COLOURS, Result, computed, known_sizes, traces
from retinue.widgets.panel import Value

if TYPE_CHECKING:
    from matplotlib.figure import Figure

WHITE, NINE = 255.0, 9.0  # the largest number of a picture, and of a grid


def explorer_figure(state: Mapping[str, Value], learned: Learned | None) -> "Figure":
    """Input with the window, kernel, output, what follows, the sum and the formulas."""
    result, known = computed(state, learned), known_sizes(state)
    kernel = np.array(state["values"], np.float64)
    names = COLOURS if len(kernel) > 1 else ("",)
    stages = [_input(state, result, known), *_outputs(state, result)]
    return explorer_stages(stages, kernel, names, _lines(state, learned, known), _title(state))


def scale_of_output(state: Mapping[str, Value], output: Maps) -> Scale:
    """Black to white where the kernel makes a picture; around 0 where it finds differences."""
    weights = np.array(state["values"], np.float64)
    channels = shape_of(state)[2] if state["channels"] == "sum" else 1
    times = channels if len(weights) < channels else 1
    kind = state["shown"]
    if kind == "auto":
        differs = state["normalised"] or weights.sum() < 0.05 * np.abs(weights).sum()
        kind = "signed" if differs else "picture"
    if kind == "signed":
        most = float(np.abs(output).max()) or 1.0
        return Scale(-most, most, signed=True)
    return Scale(0.0, _white(state) * max(1.0, times * float(weights.sum())), signed=False)


def _input(state: Mapping[str, Value], result: Result, known: Arithmetic) -> Stage:
    """The picture with its padding, and the window of the pointed cell."""
    maps = padded(result.numbers, known)
    low, high = 0.0, _white(state)
    if state["normalised"]:
        low, high = float(maps.min()), float(maps.max())
    top, _, left, _ = known.padding
    row, column = state["position"]
    rows, columns = known.window.places((row, column))
    height, width = known.size
    around = ", with padding" if any(known.padding) else ""
    return Stage(
        title=f"input {height} x {width}{around}",
        maps=maps,
        scale=Scale(low, high if high > low else low + 1, signed=False),
        rows=rows + top,
        columns=columns + left,
        outside=outside(known),
        unreached=known.unreached,
    )


def _outputs(state: Mapping[str, Value], result: Result) -> list[Stage]:
    """The output, and what ReLU and pooling make of it, in the same colours."""
    scale = scale_of_output(state, result.output)
    row, column = state["position"]
    cell = np.array([row]), np.array([column])
    stages = [Stage(_sized("output", result.output), result.output, scale, *cell)]
    if result.active is not None:
        stages.append(Stage(_sized("after ReLU", result.active), result.active, scale, *cell))
    if result.pooled is not None:
        limits = result.pooled.shape[1:]
        pooled = [
            np.array([min(place // state["pool_stride"], limit - 1)])
            for place, limit in zip((row, column), limits, strict=True)
        ]
        title = _sized(f"after {state['pooling']} pooling", result.pooled)
        stages.append(Stage(title, result.pooled, scale, pooled[0], pooled[1]))
    return stages


def _sized(what: str, maps: Maps) -> str:
    return f"{what} {maps.shape[1]} x {maps.shape[2]}"


def _lines(state: Mapping[str, Value], learned: Learned | None, known: Arithmetic) -> list[str]:
    """The sum of the pointed cell, and the formulas of the output's size."""
    found = traces(state, learned)
    sums = [line for one in found for line in one.written(SHOWN_LETTERS)]
    return [*sums, f"rows: {known.formulas[0]}", f"columns: {known.formulas[1]}"]


def _title(state: Mapping[str, Value]) -> str:
    row, column = state["position"]
    name = "" if state["picture"] == GRID else state["picture_name"]
    place = f"row {row + 1}, column {column + 1} of the output"
    kernel = "" if state["preset"] == "own" else f"{state['preset']}: "
    return f"{kernel}{place}{f' of {name}' if name else ''}"


def _white(state: Mapping[str, Value]) -> float:
    return NINE if state["picture"] == GRID else WHITE

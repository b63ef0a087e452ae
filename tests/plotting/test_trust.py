"""Charts of what probabilities are worth."""

from collections.abc import Callable
from typing import Any

import matplotlib
import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

from retinue import plotting

Draw = Callable[[Figure], NDArray[np.uint8]]


def test_a_line_a_classifier_with_its_name(odd: list[str], drawn: Draw) -> None:
    before = dict(matplotlib.rcParams)
    curves: dict[str, Any] = {
        name: (np.linspace(0.1, 1, 10), np.linspace(0, 0.1 * number, 10))
        for number, name in enumerate(odd)
    }
    figure = plotting.risk_coverage(curves)
    pixels = drawn(figure)
    assert pixels.std() > 5
    for edge in (pixels[0], pixels[-1], pixels[:, 0]):
        assert (edge == 255).all(), "something is clipped"
    assert dict(matplotlib.rcParams) == before
    (axes,) = figure.axes
    legend = axes.get_legend()
    assert legend is not None
    assert len(legend.get_texts()) == len(odd)
    line = axes.get_lines()[2]  # of the second: each has a line and a dot
    assert np.asarray(line.get_ydata())[-1] == 0.1


def test_one_line_needs_no_name_and_none_draws_nothing(drawn: Draw) -> None:
    figure = plotting.risk_coverage({"a": ([0.5, 1.0], [0.0, 0.2])})
    assert figure.axes[0].get_legend() is None
    drawn(plotting.risk_coverage({"a": ([], [])}))

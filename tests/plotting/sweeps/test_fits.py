"""That a figure which is cut off is noticed, so that the others are known not to be."""

from collections.abc import Callable

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

from retinue.plotting.style import new_figure, styled
from tests.plotting.lines import fits

Draw = Callable[[Figure], NDArray[np.uint8]]


@styled()
def with_text(x: float) -> Figure:
    figure = new_figure(3, 2)
    figure.text(x, 0.5, "some text")
    return figure


def test_what_reaches_an_edge_or_lies_beyond_is_noticed(drawn: Draw) -> None:
    assert fits(with_text(0.2), drawn)
    assert not fits(with_text(0.95), drawn)
    assert not fits(with_text(1.2), drawn)

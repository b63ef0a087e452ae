"""How the settings learnt."""

from collections.abc import Callable

import numpy as np
import pytest
from matplotlib.colors import to_hex
from matplotlib.figure import Figure
from numpy.typing import NDArray

from retinue.plotting.sweeps.curves import curves
from retinue.plotting.sweeps.scale import Scale, colour_of
from tests.plotting.lines import fits, xs, ys

Draw = Callable[[Figure], NDArray[np.uint8]]
SCALE = Scale("depth", ("2", "4"), ordered=True)


def test_settings_are_thin_and_means_thick_in_their_level_s_colour() -> None:
    settings = [(0.0, (0.2, 0.4, 0.5)), (0.0, (0.4, 0.6, 0.7)), (1.0, (0.3, 0.8))]
    means = [(0.0, (0.3, 0.5, 0.6))]
    lines = curves(settings, means, SCALE).axes[0].lines
    thin = [one for one in lines if one.get_linewidth() < 1]
    assert [ys(one) for one in thin] == [list(line[1]) for line in settings]
    assert [to_hex(one.get_color()) for one in thin] == [colour_of(SCALE, s[0]) for s in settings]
    assert ys(lines[-1]) == [0.3, 0.5, 0.6]
    assert lines[-1].get_linewidth() > 2
    assert xs(thin[2]) == [1, 2]


@pytest.mark.parametrize("count", [1, 300])
def test_nothing_is_cut_off_and_many_lines_are_faint(count: int, drawn: Draw) -> None:
    figure = curves([(0.0, (0.2, 0.5, 0.9))] * count, [], SCALE)
    assert fits(figure, drawn)
    assert (figure.axes[0].lines[0].get_alpha() or 1) == (0.5 if count == 1 else 0.15)

"""All settings at once, as lines through their values."""

from collections.abc import Callable

import numpy as np
import pytest
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from numpy.typing import NDArray

from retinue.plotting.sweeps.parallel import Trial, parallel
from retinue.plotting.sweeps.scale import Scale
from tests.plotting.lines import fits, xs, ys

Draw = Callable[[Figure], NDArray[np.uint8]]
Read = Callable[[Figure], list[str]]
LR = Scale("lr", low=1e-4, high=1.0, log=True)
DEPTH = Scale("depth", ("2", "4", "6"), ordered=True)
TRIALS = [Trial((1e-4, 0), 0.5), Trial((1e-2, 1), 0.9), Trial((1.0, 2), 0.7)]


def courses(figure: Figure, points: int = 3) -> list[Line2D]:
    """The lines of settings, in the order in which they are drawn."""
    return [one for one in figure.axes[0].lines if len(xs(one)) == points]


def test_lines_cross_ranges_by_their_scale_and_end_at_the_accuracy() -> None:
    heights = [ys(one) for one in courses(parallel(TRIALS, [LR, DEPTH]))]
    assert [line[0] for line in heights] == pytest.approx([0, 1, 0.5])
    assert [line[-1] for line in heights] == pytest.approx([0, 0.5, 1])


def test_the_best_is_on_top_and_thick() -> None:
    lines = courses(parallel(TRIALS, [LR, DEPTH]))
    assert [one.get_linewidth() for one in lines] == [1, 1, 3]
    assert ys(lines[-1])[-1] == 1


def test_at_a_level_better_ones_pass_higher_and_stay_within_it() -> None:
    trials = [Trial((1,), accuracy) for accuracy in (0.5, 0.7, 0.9)]
    found = [ys(one)[0] for one in courses(parallel(trials, [DEPTH]), 2)[:3]]
    assert found == sorted(found)
    assert len(set(found)) == 3
    assert all(1 / 3 < height < 2 / 3 for height in found)


def test_settings_without_an_accuracy_end_in_marks_below(texts: Read) -> None:
    ended = [Trial((0.1, 1), None, "diverged"), Trial((0.1, 2), None, "impossible")]
    figure = parallel([*TRIALS, *ended, ended[0]], [LR, DEPTH])
    dashed = [one for one in courses(figure) if one.is_dashed()]
    assert len(dashed) == 3
    assert all(ys(one)[-1] < 0 for one in dashed)
    assert {"diverged: 2", "impossible: 1"} <= set(texts(figure))
    assert not any("diverged" in one for one in texts(parallel(TRIALS, [LR, DEPTH])))


@pytest.mark.parametrize("keys", [1, 3, 8])
def test_hundreds_of_lines_and_long_titles_are_not_cut_off(keys: int, drawn: Draw) -> None:
    random = np.random.default_rng(0)
    scale = Scale("a key with quite a long name", ("some long name of a level", "b"))
    trials = [
        Trial(tuple(random.integers(0, 2, keys).tolist()), float(random.random()))
        for _ in range(200)
    ]
    trials.append(Trial((0.0,) * keys, None, "stopped early"))
    assert fits(parallel(trials, [scale] * keys), drawn)


def test_equal_accuracies_are_drawn_too(drawn: Draw) -> None:
    assert fits(parallel([Trial((0,), 0.5), Trial((1,), 0.5)], [DEPTH]), drawn)

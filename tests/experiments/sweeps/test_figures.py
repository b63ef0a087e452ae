"""The figures of a sweep: which are drawn, that they show what came out, and nothing is cut off."""

from collections.abc import Callable
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from matplotlib.figure import Figure
from matplotlib.text import Text
from PIL import Image

from retinue.experiments.sweeps.figures import draw
from retinue.experiments.sweeps.find import find
from retinue.experiments.sweeps.result import DIVERGED, Result
from retinue.plotting import save
from retinue.plotting.style import BLUE, GREY
from tests.experiments.sweeps.drawn_cases import (
    Case,
    named_variants,
    one_at_a_time,
    one_key,
    one_seed,
    random_search,
    three_by_three,
)
from tests.plotting.edges import edges_are_white
from tests.plotting.lines import ROUNDING, beyond, ys

ALL = {
    "effects", "interactions", "stability", "train-test", "pareto", "parallel", "importance",
    "curves",
}  # fmt: skip
OF_PAIRS = {"interactions", "importance"}
ODD = ["as it is", "$x_1$ <b>bold</b>", "שלום 12", "l" * 300, "😀 wide & deep", "日本語"]


@cache
def grid_case() -> Case:
    """27 settings of three seeds, some of which went wrong."""
    return three_by_three()


def figures(case: Case) -> dict[str, Figure]:
    """By name."""
    return dict(draw(case.axes, case.results, case.findings))


def figure_of(case: Case, name: str) -> Figure:
    """That one alone."""
    drawn = draw(case.axes, case.results, case.findings)
    return next(figure for found, figure in drawn if found == name)


def words(figure: Figure) -> set[str]:
    """Everything written in it."""
    found = (one for one in figure.findobj(Text) if isinstance(one, Text))
    return {one.get_text() for one in found}


@pytest.mark.slow
@pytest.mark.parametrize(
    ("make", "missing"),
    [
        (one_key, OF_PAIRS),
        (grid_case, set[str]()),
        (one_seed, set[str]()),
        (random_search, set[str]()),
        (lambda: named_variants(ODD), OF_PAIRS),
        (one_at_a_time, {"interactions"}),
    ],
)
def test_every_sweep_has_its_figures_and_none_is_cut_off(
    make: Callable[[], Case], missing: set[str], tmp_path: Path
) -> None:
    found = figures(make())
    assert set(found) == ALL - missing
    for name, figure in found.items():
        save(figure, tmp_path / f"{name}.png")
        pixels = np.asarray(Image.open(tmp_path / f"{name}.png").convert("RGB"))
        assert edges_are_white(pixels), name
        assert beyond(figure) < ROUNDING, name
        assert pixels.std() > 5


def test_a_sweep_in_which_nothing_finished_has_no_figure_but_of_what_diverged() -> None:
    case = grid_case()
    waiting = tuple(
        replace(one, state="waiting", test=None, val=None, train=None, val_curve=())
        for one in case.results
    )
    assert figures(_again(case, waiting)) == {}
    diverged = tuple(replace(one, state=DIVERGED) for one in waiting)
    assert set(figures(_again(case, diverged))) == {"stability"}


def _again(case: Case, results: tuple[Result, ...]) -> Case:
    return Case(case.axes, results, find(case.axes, results))


def test_effects_have_the_means_of_the_findings_and_the_colour_of_what_is_shown() -> None:
    case = grid_case()
    first, *others = case.findings.effects
    findings = replace(case.findings, effects=(replace(first, shown=False), *others))
    panels = figure_of(replace(case, findings=findings), "effects").axes
    for axes, effect in zip(panels, findings.effects, strict=True):
        dots = [one for one in axes.lines if one.get_markersize() == 7]
        assert [ys(one)[0] for one in dots] == [level.mean for level in effect.levels]
        assert {one.get_color() for one in dots} == {BLUE if effect.shown else GREY}


def test_the_surest_interactions_come_first_and_at_most_six() -> None:
    case = grid_case()
    some = case.findings.interactions
    last = replace(some[-1], p=0.001, p_holm=0.003, shown=True)
    findings = replace(case.findings, interactions=(*some[:-1], *some[:2] * 4, last))
    panels = figure_of(replace(case, findings=findings), "interactions").axes
    titles = [axes.get_title(loc="left") for axes in panels if axes.get_images()]
    assert titles[0] == "interaction shown, p = 0.003"
    assert len(titles) == 6
    assert all("not shown" in title for title in titles[1:])


def test_the_most_important_key_has_the_colours() -> None:
    case = grid_case()
    low, high = (
        replace(e, importance=i) for e, i in zip(case.findings.effects, (0.1, 0.6), strict=False)
    )
    rest = case.findings.effects[2:]
    for effects, title in (((low, high, *rest), "depth"), ((high, low, *rest), "depth")):
        findings = replace(case.findings, effects=effects)
        (legend,) = figure_of(replace(case, findings=findings), "curves").legends
        assert legend.get_title().get_text() == title


def test_curves_are_means_over_seeds_and_over_the_settings_of_a_level() -> None:
    case = three_by_three(odd=False)
    axes = figure_of(case, "curves").axes[0]
    thin = [ys(one) for one in axes.lines if one.get_linewidth() < 1]
    trained = [one.val_curve for one in case.results if one.setting == 1]
    assert thin[0] == pytest.approx(np.mean(trained, axis=0).tolist())
    thick = [ys(one) for one in axes.lines if one.get_linewidth() == 2.6]
    level = [one.val_curve for one in case.results if one.values["lr"] == 0.01]
    assert thick[1] == pytest.approx(np.mean(level, axis=0).tolist())


def test_stability_counts_what_diverged_and_draws_deviations_from_each_setting() -> None:
    case = grid_case()
    panel = figure_of(case, "stability").axes[0]
    counts = [text.get_text() for text in panel.texts]
    tried = [one for one in case.results if one.state in ("finished", "pruned", "diverged")]
    for count, level in zip(counts, (0.001, 0.01, 0.1), strict=True):
        here = [one.state for one in tried if one.values["lr"] == level]
        assert count == f"{here.count('diverged')}/{len(here)}"
    tests = [one.test or 0.0 for one in case.results if one.setting == 1]
    assert ys(panel.lines[0])[:3] == pytest.approx([test - np.mean(tests) for test in tests])


def test_efficient_by_work_is_who_nobody_beats_in_val_with_as_little() -> None:
    case = grid_case()
    panel = figure_of(case, "pareto").axes[1]
    known = [one for one in case.findings.settings if one.val is not None]
    expected = {
        str(one.number)
        for one in known
        if not any(
            (o.val or 0) >= (one.val or 0) and (o.multiply_adds or 0) <= (one.multiply_adds or 0)
            for o in known
            if o is not one
        )
    }
    assert {text.get_text() for text in panel.texts} == expected
    assert 0 < len(expected) < len(known)


def test_odd_names_are_drawn_as_they_are() -> None:
    found = figure_of(named_variants(ODD), "effects")
    assert {"as it is", "$x_1$ <b>bold</b>"} <= words(found)

"""Charts: what they draw is what they are given, and can be read."""

import math
import re
from typing import Any

import numpy as np
import pytest
from markupsafe import Markup

from retinue.reporting.page.charts import svg
from retinue.reporting.page.charts.chart import HEIGHT, WIDTH, Chart, spread
from retinue.reporting.page.charts.curves import curve_charts, rate_chart
from retinue.reporting.page.charts.intervals import count_bar, gauge, interval_bar
from retinue.reporting.page.charts.lines import Axis, Line, line_chart, thinned
from retinue.reporting.page.charts.pareto import Dot, pareto_chart, unbeaten
from retinue.reporting.page.charts.scale import Scale, widened
from retinue.reporting.page.charts.trust import at, reliability_chart, risk_chart, roc_chart

PLAIN = Axis("x", "{:g}".format)


def places(chart: Chart) -> list[list[tuple[float, float]]]:
    """The points of every line of a chart."""
    drawn = re.findall(r'<path d="([^"]*)" fill="none" class="line', chart.svg)
    return [
        [(float(x), float(y)) for x, y in re.findall(r"[ML]([\d.-]+) ([\d.-]+)", one)]
        for one in drawn
    ]


def test_what_is_not_markup_is_text() -> None:
    made = svg.element("text", "<b>", Markup("<tspan/>"), class_="a&b", x=1.5, y=None, dx=2.0)
    assert made == '<text class="a&amp;b" x="1.5" dx="2">&lt;b&gt;<tspan/></text>'
    assert "\u202e" not in svg.text("\u202ex", 0, 0)


def test_a_path_has_gaps_and_a_point_alone_is_a_dot() -> None:
    drawn = svg.path([(0, 0), (1, 2), None, (3, 4), None, None, (5, 6), (7, 8)])
    assert 'd="M0 0L1 2M3 4h0M5 6L7 8"' in drawn


@pytest.mark.parametrize(
    ("low", "high", "log", "told"),
    [
        (0, 1, False, [0, 0.2, 0.4, 0.6, 0.8, 1]),
        (0.31, 0.34, False, [0.31, 0.32, 0.33, 0.34]),
        (-3, 50, False, [0, 20, 40]),
        (1, 100, True, [1, 3, 10, 30, 100]),
        (0.5, 4, True, [0.5, 1, 2]),
    ],
)
def test_ticks_are_round_and_within(low: float, high: float, log: bool, told: list[float]) -> None:
    found = Scale(low, high, 0, 100, log).ticks(5 if log else 6)
    assert found == pytest.approx(told)


@pytest.mark.parametrize(("low", "high"), [(0.5, 0.5), (0, 0), (1e-9, 1e9), (-5, 12345.6)])
@pytest.mark.parametrize("most", [2, 5, 6])
def test_ticks_are_never_too_many(low: float, high: float, most: int) -> None:
    low, high = widened(low, high)
    ticks = Scale(low, high, 0, 1).ticks(most)
    assert len(ticks) <= most + 1
    assert all(low - 1e-9 <= one <= high + 1e-9 for one in ticks)


def test_a_scale_is_straight_or_bent_and_ends_at_its_ends() -> None:
    assert Scale(0, 10, 100, 0)(2.5) == 75
    assert Scale(1, 100, 0, 2, log=True)(10) == 1
    assert Scale(0, 1, 0, 10)(5) == 10
    assert Scale(1, 1, 0, 10)(1) == 5


def test_names_keep_their_distance_and_stay_within() -> None:
    found = spread([10, 11, 12, 90], 15, 0, 100)
    assert all(b - a >= 15 for a, b in zip(sorted(found), sorted(found)[1:], strict=False))
    assert max(spread([95, 96], 15, 0, 100)) <= 100


def test_lines_lie_where_their_values_are() -> None:
    values: list[float | None] = [1.0, None, 3.0, math.nan, 2.0]
    chart = line_chart("c", "T", range(5), [Line("a", values)], PLAIN, Axis("y", "{:g}".format, 0))
    assert chart is not None
    (points,) = places(chart)
    assert len(points) == 3
    ys = {value: y for value, (_, y) in zip((1.0, 3.0, 2.0), points, strict=True)}
    assert ys[2.0] == pytest.approx((ys[1.0] + ys[3.0]) / 2, abs=0.02)
    assert all(0 < x < WIDTH and 0 < y < HEIGHT for x, y in points)
    assert [stop.text for stop in chart.stops][:2] == ["x 0: a 1", "x 1: "]
    assert [len(stop.dots) for stop in chart.stops] == [1, 0, 1, 0, 1]
    assert [row[1] for row in chart.rows][:3] == ["1", "", "3"]


def test_a_name_from_outside_is_text_in_a_chart() -> None:
    line = Line("</svg><script>", [1.0, 2.0], "main")
    chart = line_chart("c", "<i>", [0, 1], [line], PLAIN, PLAIN)
    assert chart is not None
    assert "<script" not in chart.svg
    assert "&lt;/svg&gt;" in chart.svg


def test_many_epochs_are_thinned_and_none_make_no_chart() -> None:
    assert thinned(3, 5) == [0, 1, 2]
    assert thinned(100, 5) == [0, 25, 50, 74, 99]
    assert line_chart("c", "T", [], [Line("a", [])], PLAIN, PLAIN) is None
    assert line_chart("c", "T", [1], [Line("a", [None])], PLAIN, PLAIN) is None
    one = line_chart("c", "T", [1], [Line("a", [0.5])], PLAIN, PLAIN)
    assert one is not None
    assert len(one.stops) == 1


def test_curves_tell_the_history_epoch_by_epoch() -> None:
    history: list[dict[str, Any]] = [
        {"epoch": 0.5, "train_loss": 2.0, "val_loss": 1.5, "val_accuracy": 0.25},
        {"epoch": 1.0, "train_loss": 1.0, "val_loss": None, "val_accuracy": 0.5},
    ]
    loss, accuracy = curve_charts("c", history, 0.5)
    assert [stop.text for stop in loss.stops] == [
        "epoch 0.5: training 2, val 1.5",
        "epoch 1: training 1",
    ]
    assert accuracy.stops[1].text == "epoch 1: val 50 %"
    assert ">kept<" in loss.svg
    assert curve_charts("c", [], None) == []
    assert curve_charts("c", [{"epoch": 1, "seconds": 2.0}], None) == []
    assert rate_chart("c", [{"step": 1, "lr": 0.1}, {"step": 2, "lr": 0.1}]) is None
    assert rate_chart("c", [{"step": 1, "lr": 0.1}, {"step": 2, "lr": 0.2}]) is not None


def test_reliability_has_a_dot_for_each_bin_with_pictures() -> None:
    bins: list[dict[str, Any]] = [
        {"low": 0.0, "high": 0.5, "n": 0, "confidence": None, "accuracy": None},
        {"low": 0.5, "high": 1.0, "n": 8, "confidence": 0.75, "accuracy": 0.5},
    ]
    chart = reliability_chart("c", bins)
    assert chart is not None
    assert chart.svg.count("<circle") == 1
    assert chart.stops[0].text == "said 75.0 %, right 50.0 % (8 pictures)"
    assert reliability_chart("c", bins[:1]) is None


def test_risk_at_a_coverage_is_that_of_the_first_point_that_reaches_it() -> None:
    coverage, error = np.array([0.25, 0.5, 1.0]), np.array([0.0, 0.1, 0.3])
    assert [at(coverage, error, share) for share in (0.1, 0.25, 0.3, 1.0)] == [0.0, 0.0, 0.1, 0.3]
    chart = risk_chart("c", coverage, error)
    assert chart is not None
    assert chart.rows[0] == ("100 %", "30 %")
    assert risk_chart("c", np.empty(0), np.empty(0)) is None


def test_a_roc_curve_goes_through_its_points() -> None:
    chart = roc_chart("c", {"fpr": [0.0, 0.0, 1.0], "tpr": [0.0, 0.8, 1.0]}, "b<c")
    assert chart is not None
    assert len(places(chart)[0]) == 3
    assert "b&lt;c" in chart.svg


def test_nobody_beats_those_on_the_dashed_line() -> None:
    rows = (("a", 1, 0.5), ("b", 2, 0.4), ("c", 3, 0.9), ("d", 9, 0.9))
    dots = [Dot(name, cost, value, value - 0.1, value + 0.1) for name, cost, value in rows]
    assert [dot.name for dot in unbeaten(dots)] == ["a", "c"]
    chart = pareto_chart("c", "T", dots, "time", "{:g} s".format)
    assert chart is not None
    assert chart.stops[0].text == "a: 50.0 %, 1 s"
    assert chart.svg.count("<circle") == 4
    assert pareto_chart("c", "T", dots[:1], "time", str) is None
    assert pareto_chart("c", "T", [dots[0], dots[0]], "time", str) is not None


def test_a_dot_has_its_label_beside_it_or_nothing_and_all_are_read() -> None:
    dots = [Dot("plain", 1, 0.5, 0.4, 0.6), Dot("b" * 99, 2, 0.6, 0.5, 0.7, "main", "7")]
    dots.append(Dot("unnamed", 3, 0.7, 0.6, 0.8).without_label())
    chart = pareto_chart("c", "T", dots, "time", "{:g} s".format, "setting")
    assert chart is not None
    assert re.findall(r'class="label \w+">([^<]*)<', chart.svg) == ["plain", "7"]
    assert chart.reads == "setting"
    assert len(chart.stops) == 3
    assert "unnamed" not in chart.description
    assert re.findall(r'class="dot (\w+)"', chart.svg) == ["side", "side", "main"]


def test_an_interval_lies_around_its_value() -> None:
    bar = interval_bar(0.2, 0.5, 0.6, ticks=(0.4,))
    low, high = re.findall(r'<line x1="([\d.]+)" y1="9" x2="([\d.]+)" y2="9" class="span', bar)[0]
    (middle,) = re.findall(r'<circle cx="([\d.]+)"', bar)
    assert float(low) < float(middle) < float(high)
    assert bar.count('class="one main"') == 1
    assert 'width="80"' in count_bar(5, 10)
    assert 'width="0"' in count_bar(0, 0)
    assert ">largest<" in gauge(0.9, 0.8, 0.95, [(0.1, "largest")])

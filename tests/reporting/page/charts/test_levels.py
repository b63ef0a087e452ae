"""The chart of a key's levels."""

import re

from retinue.reporting.page.charts.chart import HEIGHT, LEFT, WIDTH
from retinue.reporting.page.charts.levels import Point, levels_chart


def points(*names: str) -> list[Point]:
    return [Point(name, 0.5 + n / 100, 0.4, 0.7, [0.45, 0.6]) for n, name in enumerate(names)]


def dots(svg: str) -> list[tuple[float, float]]:
    return [(float(x), float(y)) for x, y in re.findall(r'cx="([\d.]+)" cy="([\d.]+)"', svg)]


def test_each_level_has_a_dot_in_order_and_higher_where_more_accurate() -> None:
    chart = levels_chart("c", "Accuracy by lr", points("0.1", "1", "10"), "lr", True)
    assert chart is not None
    found = dots(chart.svg)
    assert len(found) == 3
    assert found == sorted(found)
    assert [y for _, y in found] == sorted((y for _, y in found), reverse=True)
    assert all(LEFT <= x <= WIDTH and 0 <= y <= HEIGHT for x, y in found)
    assert chart.svg.count('class="ideal"') == 2
    assert chart.stops[0].text == "0.1: 50.0 % (40.0 % to 70.0 %)"
    assert "10: 52.0 %" in chart.description


def test_names_without_an_order_are_not_joined() -> None:
    chart = levels_chart("c", "Accuracy by kind", points("a", "b"), "kind", False)
    assert chart is not None
    assert 'class="ideal"' not in chart.svg


def test_a_level_without_a_training_has_no_dot_and_one_level_no_chart() -> None:
    some = [*points("a", "b"), Point("c", None, None, None, [])]
    chart = levels_chart("c", "t", some, "kind", False)
    assert chart is not None
    assert len(dots(chart.svg)) == 2
    assert chart.stops[2].text == "c: none finished"
    assert levels_chart("c", "t", some[1:], "kind", False) is None


def test_long_names_are_cut_and_hostile_ones_escaped() -> None:
    names = ["<script>alert(1)</script>", "x" * 500, "\u202eeval", *("y" * 50,) * 20]
    chart = levels_chart("c", "t", points(*names), "k" * 500, False)
    assert chart is not None
    assert "<script" not in chart.svg
    assert "\u202e" not in chart.svg
    drawn = re.findall(r"<text[^>]*>([^<]*)</text>", chart.svg)
    assert max(map(len, drawn)) <= 50


def test_groups_of_a_range_take_two_lines() -> None:
    chart = levels_chart(
        "c",
        "t",
        points("0.000194 to 0.0012", "0.00487 to 0.0054", "0.01 to 0.1", "0.2"),
        "lr",
        True,
    )
    assert chart is not None
    assert ">0.000194 to</text>" in chart.svg
    assert ">0.0012</text>" in chart.svg

"""Names beside dots."""

from retinue.reporting.slides.labels import Mark, positions

SIZE = (400.0, 300.0)


def test_a_name_stands_right_of_a_dot_alone() -> None:
    assert positions([Mark(60, 100, 100, 90, 110)], SIZE, 14) == ["r"]


def test_a_name_does_not_leave_the_plot() -> None:
    assert positions([Mark(60, 390, 100, 90, 110)], SIZE, 14) == ["l"]


def test_names_of_neighbours_do_not_cover_one_another() -> None:
    marks = [Mark(60, 200, 100, 95, 105), Mark(60, 230, 100, 95, 105)]
    first, second = positions(marks, SIZE, 14)
    assert first in "ltb"
    assert second == "r"

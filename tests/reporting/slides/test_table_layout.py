"""Sizes of tables."""

from retinue.reporting.slides.pages import Box, Table
from retinue.reporting.slides.table_layout import SIDE, lay_out
from retinue.reporting.slides.text import width_of

BOX = Box(0, 0, 8, 4)


def numbers(rows: int, name: str = "cat") -> Table:
    return Table(("class", "one", "two"), ((name, "1,234", "5.0 %"),) * rows, "title")


def test_letters_are_large_where_rows_are_few() -> None:
    sizes = [lay_out(numbers(rows), BOX).size for rows in (2, 10, 20)]
    assert sizes == sorted(sizes, reverse=True)
    assert sizes[0] == 18
    assert sizes[0] > sizes[-1]


def test_rows_end_within_the_box() -> None:
    for rows in (1, 5, 12, 20):
        layout = lay_out(numbers(rows), BOX)
        assert sum(layout.heights) <= 4 + 1e-9
        assert len(layout.heights) == rows + 1
        assert min(layout.heights) * 72 >= layout.size * 1.2
        assert sum(layout.widths) == 8


def test_a_long_name_is_shortened_and_numbers_are_not() -> None:
    layout = lay_out(numbers(3, "a very long name of a class that goes on and on and on"), BOX)
    name, one, two = layout.cells[1]
    assert (one, two) == ("1,234", "5.0\xa0%")
    assert "…" in name
    assert width_of(name, layout.size) <= (layout.widths[0] - 2 * SIDE) * 72


def matrix(names: tuple[str, ...]) -> Table:
    k = len(names)
    rows = tuple((name, *("9",) * k) for name in names)
    return Table(("true", *names), rows, "matrix", (2, *(0.6,) * k), ((0.5,) * k,) * k)


def test_wide_names_above_narrow_columns_are_written_upwards() -> None:
    assert not lay_out(matrix(tuple("abcdefghij")), BOX).turned
    turned = lay_out(matrix(("airplane", *"bcdefghij")), BOX)
    assert turned.turned
    assert turned.cells[0][1] == "airplane"
    assert turned.heights[0] > turned.heights[1]
    assert sum(turned.heights) <= 4 + 1e-9

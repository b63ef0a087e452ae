"""How wide and high the cells of a table are, how large its letters, and what is cut from names."""

from collections.abc import Sequence
from dataclasses import dataclass

from retinue.reporting.slides.pages import Box, Table
from retinue.reporting.slides.text import LINE, cut, fitting, plain, width_of

SIZES = (18, 17, 16, 15, 14, 13, 12, 11, 10, 9, 8)
READABLE = 12  # letters are not made smaller than this for the sake of names: these are shortened
SIDE = 0.07  # inches between a cell's text and its edge
ROOM = 2.0  # height of a row, in sizes of its letters, where there is room
TIGHT = LINE * 1.12  # and where there is none
NARROW = 1.0  # inches of a column whose name is written upwards if it is wider
TURNED = 1.15  # inches that names written upwards may take


@dataclass(frozen=True)
class Layout:
    """Cells, row by row, the head first; `turned` where names in the head are written upwards."""

    cells: list[list[str]]
    widths: list[float]  # inches of columns
    heights: list[float]  # inches of rows
    size: float
    turned: bool


def lay_out(table: Table, box: Box) -> Layout:
    """Find the largest letters at which all rows fit in height, and all numbers in width."""
    weights = table.widths or (1.0,) * len(table.head)
    widths = [box.width * weight / sum(weights) for weight in weights]
    rooms = [(width - 2 * SIDE) * 72 for width in widths]
    names = [plain(text) for text in table.head]
    turned = bool(table.shades) and widths[-1] < NARROW
    turned = turned and _are_wide(names[table.texts :], rooms[-1], READABLE)
    head = 0.0
    if turned:
        widest = max(width_of(name, READABLE) for name in names[table.texts :])
        head = min(TURNED, widest / 72 + 2 * SIDE)
    height = box.height - head
    count = len(table.rows) + (0 if turned else 1)
    size = _size(table, rooms, height / count)
    row = min(size * ROOM / 72, height / count)
    cells = _columns(table, rooms, size)
    if table.shades:
        room = (head - 2 * SIDE) * 72 if turned else rooms[-1]
        cells[0][table.texts :] = fitting(names[table.texts :], room, min(size, READABLE))
    return Layout(cells, widths, [head or row] + [row] * len(table.rows), size, turned)


def _size(table: Table, rooms: Sequence[float], row: float) -> float:
    """The largest size for rows that are so many inches high."""
    rows = table.rows if table.shades else [table.head, *table.rows]
    for size in SIZES:
        first = 0 if size > READABLE else table.texts
        cells = [
            _are_wide([plain(line[place]) for line in rows], rooms[place], size)
            for place in range(first, len(table.head))
        ]
        if size * TIGHT / 72 <= row and not any(cells):
            return size
    return SIZES[-1]


def _are_wide(texts: Sequence[str], room: float, size: float) -> bool:
    return any(width_of(text, size) > room for text in texts)


def _columns(table: Table, rooms: Sequence[float], size: float) -> list[list[str]]:
    """Rows of cells that fit their column on one line."""
    columns: list[list[str]] = []
    for place, column in enumerate(zip(table.head, *table.rows, strict=True)):
        texts = [plain(text) for text in column]
        if place < table.texts:
            columns.append([cut(texts[0], rooms[place], size),
                            *fitting(texts[1:], rooms[place], size)])  # fmt: skip
        else:
            columns.append([cut(text, rooms[place], size) for text in texts])
    return [list(row) for row in zip(*columns, strict=True)]

"""--names: a CSV file that says whose a submission is where its file's name does not."""

from pathlib import Path

from retinue.errors import UsageError
from retinue.lessons.grading.sheet import read_lines
from retinue.wording import printable

HEADS = ("name", "student")  # how the second column is called in a head


def read_names(path: Path) -> dict[str, str]:
    """Right names by a file's name, or by the name that was made out of it.

    Two columns: file or name, right name. A first line that calls the second column "name" is a
    head.

    Raises:
        UsageError: it cannot be read, or a line has no two cells, or one that says otherwise.
    """
    found: dict[str, str] = {}
    for number, row in read_lines(path):
        cells = [cell.strip() for cell in row[:2]]
        if number == 1 and len(cells) == 2 and cells[1].lower() in HEADS:
            continue
        where = f"{path}, line {number}"
        if len(cells) < 2 or not all(cells):
            raise UsageError(f"{where}: needs two cells, a file or name and the right name")
        if found.setdefault(cells[0].casefold(), cells[1]) != cells[1]:
            raise UsageError(f"{where}: {printable(cells[0], 80)} has another name further up")
    return found

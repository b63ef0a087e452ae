"""Reading CSV files that came out of a page, an editor or a spreadsheet of any country."""

import csv
import io
from collections.abc import Iterator
from pathlib import Path

from retinue.errors import UsageError
from retinue.writing import from_csv_cell

MOST_BYTES = 50_000_000
LONGEST = 2_000_000  # letters of a cell


def read_lines(path: Path) -> Iterator[tuple[int, list[str]]]:
    """The lines of a CSV file that are not empty, each with the number at which it begins.

    Commas, semicolons or tabs part its columns, whichever the first line has most of.

    Raises:
        UsageError: it cannot be read, or is no CSV.
    """
    text = _text(path)
    delimiter = max(",;\t", key=text.partition("\n")[0].count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    csv.field_size_limit(LONGEST)
    begins = 1
    try:
        for row in reader:
            if any(cell.strip() for cell in row):
                yield begins, [from_csv_cell(cell) for cell in row]
            begins = reader.line_num + 1
    except csv.Error as error:
        raise UsageError(f"{path}, line {begins}: is no CSV: {error}") from None


def _text(path: Path) -> str:
    """The text, without the mark that spreadsheets put before it."""
    try:
        if path.stat().st_size > MOST_BYTES:
            raise UsageError(f"{path}: is too large; name a CSV file")
        return path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise UsageError(f"{path}: is no text in UTF-8; save it as CSV in UTF-8") from None
    except OSError as error:
        raise UsageError(f"{path}: cannot be read: {error.strerror}") from None

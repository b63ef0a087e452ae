"""CSV files from outside."""

from pathlib import Path

import pytest

from retinue.errors import UsageError
from retinue.lessons.grading import sheet
from retinue.lessons.grading.sheet import read_lines


def _lines(path: Path, data: bytes) -> list[tuple[int, list[str]]]:
    file = path / "some.csv"
    file.write_bytes(data)
    return list(read_lines(file))


def test_lines_have_the_numbers_of_an_editor_and_empty_ones_are_left_out(tmp_path: Path) -> None:
    found = _lines(tmp_path, b'a,b\n\n"x\ny",1\n , \nz,2\n')
    assert found == [(1, ["a", "b"]), (3, ["x\ny", "1"]), (6, ["z", "2"])]


def test_an_apostrophe_before_a_formula_is_taken_away(tmp_path: Path) -> None:
    assert _lines(tmp_path, b"'=1+1,'tis\n") == [(1, ["=1+1", "'tis"])]


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (b"a,b\n\xff\xfe\n", "no text in UTF-8"),
        (b'a,b\n"x"y,1\n', "line 2: is no CSV"),
        (b'a,b\n1,"\n2,3\n', "line 2: is no CSV"),
    ],
)
def test_what_is_no_csv_is_told_in_a_line(data: bytes, told: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=told):
        _lines(tmp_path, data)


def test_no_file_and_a_folder_are_told(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"none\.csv: cannot be read: No such file"):
        list(read_lines(tmp_path / "none.csv"))
    with pytest.raises(UsageError, match="cannot be read"):
        list(read_lines(tmp_path))


def test_a_file_that_is_too_large_is_not_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert _lines(tmp_path, b"a,b\n")
    monkeypatch.setattr(sheet, "MOST_BYTES", 3)
    with pytest.raises(UsageError, match="too large"):
        _lines(tmp_path, b"a,b\n")

"""--names."""

from pathlib import Path

import pytest

from retinue.errors import UsageError
from retinue.lessons.grading.names import read_names


def _read(path: Path, text: str) -> dict[str, str]:
    file = path / "names.csv"
    file.write_text(text, encoding="utf-8")
    return read_names(file)


def test_right_names_by_file_or_made_up_name(tmp_path: Path) -> None:
    found = _read(tmp_path, "Folder/X.ipynb,Ada Lovelace\nhopper g;x,Grace Hopper\n")
    assert found == {"folder/x.ipynb": "Ada Lovelace", "hopper g;x": "Grace Hopper"}


def test_a_head_is_no_name_and_a_first_line_without_one_is(tmp_path: Path) -> None:
    assert _read(tmp_path, "file;name\na;B\n") == {"a": "B"}
    assert _read(tmp_path, "file;Namir\na;B\n") == {"file": "Namir", "a": "B"}


@pytest.mark.parametrize("line", ["alone", "a,", ",b"])
def test_a_line_without_two_cells_is_refused(line: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"names\.csv, line 2: needs two cells"):
        _read(tmp_path, f"a,b\n{line}\n")


def test_two_names_for_one_are_refused_and_the_same_twice_is_not(tmp_path: Path) -> None:
    assert _read(tmp_path, "a,B\nA,B\n") == {"a": "B"}
    with pytest.raises(UsageError, match="line 2: A has another name further up"):
        _read(tmp_path, "a,B\nA,C\n")

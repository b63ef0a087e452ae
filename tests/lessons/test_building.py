"""What a checkout generates from its masters."""

import shutil
from pathlib import Path

import nbformat
import pytest

from retinue.errors import UsageError
from retinue.lessons import building
from retinue.lessons.building import build, differing, generated, main

ROOT = Path(__file__).parents[2]
LAB = """\
# %% [markdown]
# # Lab 2. Convolution

# %% question="size"
size = "the secret"  # SOLUTION
"""
LESSON = "# %% [markdown]\n# # 2. Convolution\n"
FILES = {
    "lessons/lab2_convolution.ipynb",
    "lessons/lesson2_convolution.ipynb",
    "src/retinue/lessons/masters/lab2_convolution.py",
}


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    root = tmp_path / "checkout"
    for folder in (building.LABS, building.MASTERS, building.NOTEBOOKS):
        (root / folder).mkdir(parents=True)
    (root / building.LABS / "lab2_convolution.py").write_text(LAB)
    (root / building.MASTERS / "lesson2_convolution.py").write_text(LESSON)
    return root


def test_what_is_committed_is_what_would_be_generated() -> None:
    assert [path.as_posix() for path in differing(ROOT)] == []


def test_one_letter_in_any_generated_file_is_noticed(tmp_path: Path) -> None:
    for folder in (building.LABS, building.MASTERS, building.NOTEBOOKS):
        shutil.copytree(ROOT / folder, tmp_path / folder)
    paths = list(generated(ROOT))
    assert paths
    for path in paths:
        file = tmp_path / path
        file.write_bytes(file.read_bytes().replace(b"e", b"E", 1))
    assert differing(tmp_path) == sorted(paths)


def test_building_writes_what_is_missing_and_nothing_the_second_time(checkout: Path) -> None:
    assert {one.as_posix() for one in build(checkout)} == FILES
    assert differing(checkout) == []
    assert build(checkout) == []


def test_the_students_copy_and_its_notebook_have_no_solution(checkout: Path) -> None:
    build(checkout)
    for name in FILES:
        assert "the secret" not in (checkout / name).read_text()
    book = nbformat.read(checkout / "lessons/lab2_convolution.ipynb", as_version=4)
    assert book.cells[-1].source == "size = ..."


def test_bytes_are_the_same_each_time_and_by_line_ends_of_windows(checkout: Path) -> None:
    build(checkout)
    before = {name: (checkout / name).read_bytes() for name in FILES}
    for name in FILES:
        (checkout / name).unlink()
    (checkout / building.LABS / "lab2_convolution.py").write_bytes(
        LAB.replace("\n", "\r\n").encode()
    )
    build(checkout)
    assert {name: (checkout / name).read_bytes() for name in FILES} == before


def test_files_with_line_ends_of_windows_do_not_differ(checkout: Path) -> None:
    build(checkout)
    for name in FILES:
        file = checkout / name
        file.write_bytes(file.read_bytes().replace(b"\n", b"\r\n"))
    assert differing(checkout) == []


def test_what_has_no_master_is_told_and_goes(checkout: Path) -> None:
    build(checkout)
    (checkout / building.LABS / "lab2_convolution.py").unlink()
    gone = [Path("lessons/lab2_convolution.ipynb"), building.MASTERS / "lab2_convolution.py"]
    assert differing(checkout) == gone
    assert build(checkout) == gone
    assert differing(checkout) == []


def test_comparing_writes_nothing_and_names_what_differs(
    checkout: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["--check", str(checkout)]) == 1
    told = capsys.readouterr().out
    assert all(f"differs: {name}\n" in told for name in FILES)
    assert not any((checkout / name).exists() for name in FILES)
    assert main([str(checkout)]) == 0
    assert main(["--check", str(checkout)]) == 0
    assert capsys.readouterr().out.count("differs") == 0


def test_a_wrong_marker_is_told_with_file_and_line(
    checkout: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (checkout / building.LABS / "lab2_convolution.py").write_text("# %%\n### END SOLUTION\n")
    assert main([str(checkout)]) == 2
    assert "labs/lab2_convolution.py, line 2: END SOLUTION" in capsys.readouterr().err


def test_a_master_of_other_letters_is_told(checkout: Path) -> None:
    (checkout / building.LABS / "lab2_convolution.py").write_bytes(b"# %%\n# \xff\n")
    with pytest.raises(UsageError, match=r"lab2_convolution\.py: not UTF-8"):
        generated(checkout)


def test_elsewhere_nothing_is_written(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(tmp_path)]) == 2
    assert "no checkout of Retinue" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []

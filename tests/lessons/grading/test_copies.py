import json
from pathlib import Path

from retinue.lessons.grading.copies import copy_of
from retinue.lessons.labs import find_lab, read_lab
from tests.lessons.grading.class_of_30 import Copies

HERE = Path(__file__).parent
LAB = read_lab(HERE / "toy_checks.py")


def test_the_copy_of_a_lab_of_the_course_is_its_master() -> None:
    found = copy_of(find_lab("lab2"))
    assert found is not None
    assert found.version
    asked = {one.question for one in found.cells}
    assert asked >= {*find_lab("lab2").questions, *find_lab("lab2").written}


def test_the_copy_of_a_teachers_lab_lies_beside_its_checks(tmp_path: Path) -> None:
    copies = Copies(HERE / "toy.py", LAB)
    student, solution = tmp_path / "student", tmp_path / "solution"
    for folder, notebook in ((student, copies.empty()), (solution, copies.solved())):
        folder.mkdir()
        (folder / "toy.ipynb").write_text(json.dumps(notebook))
    for folder in (student, solution):  # never the solution itself
        found = copy_of(LAB, folder / "toy_checks.py")
        assert found is not None
        assert found.version == copies.empty()["metadata"]["retinue"]["version"]
        (why,) = (one.source for one in found.cells if one.question == "why")
        assert "kernel must fit" not in why


def test_a_notebook_that_somebody_worked_on_is_no_copy(tmp_path: Path) -> None:
    notebook = Copies(HERE / "toy.py", LAB).empty()
    notebook["cells"][-1]["source"] = "My answer."
    (tmp_path / "toy.ipynb").write_text(json.dumps(notebook))
    assert copy_of(LAB, tmp_path / "toy_checks.py") is None
    (tmp_path / "toy.ipynb").write_text("{")
    assert copy_of(LAB, tmp_path / "toy_checks.py") is None
    assert copy_of(LAB, tmp_path / "none" / "toy_checks.py") is None

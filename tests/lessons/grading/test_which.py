"""Which lab notebooks are of."""

import json
from pathlib import Path
from typing import Any

import pytest

from retinue.errors import UsageError
from retinue.lessons.grading import which
from retinue.lessons.grading.which import labs_of, which_lab
from tests.lessons.grading.graded_class import LAB

OWN = """
from retinue.lessons.question import Lab
LAB = Lab("mine", "My own", {})
"""


def _notebook(path: Path, *sources: Any, **told: Any) -> Path:
    cells = [{"cell_type": "code", "source": one} for one in sources]
    path.write_text(json.dumps({"cells": cells, "metadata": {"retinue": told}}), encoding="utf-8")
    return path


@pytest.fixture(autouse=True)
def _course(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(which, "find_lab", lambda name: {"lab2": LAB}[name])


def test_a_notebook_says_it_itself_or_by_its_checks(tmp_path: Path) -> None:
    assert labs_of(_notebook(tmp_path / "a", "x", lab="lab3")) == {"lab3"}
    assert labs_of(_notebook(tmp_path / "b", 'check("lab2.conv2d", conv2d)')) == {"lab2"}
    assert labs_of(_notebook(tmp_path / "c", ["import x\n", "check( 'lab4.a', a)"])) == {"lab4"}
    assert labs_of(_notebook(tmp_path / "d", "print('lab2.')")) == set()


@pytest.mark.parametrize(
    "text",
    ["", "{", "[]", "null", '{"cells": 3}', '{"cells": [3]}', '{"cells": [{"source": [1]}]}',
     '{"metadata": [], "cells": []}', '{"metadata": {"retinue": 1}, "cells": []}', "[" * 99999,
     '{"metadata": {"retinue": {"lab": "../x"}}, "cells": []}'],
)  # fmt: skip
def test_what_is_no_notebook_is_of_no_lab(text: str, tmp_path: Path) -> None:
    (tmp_path / "x").write_text(text, encoding="utf-8")
    assert labs_of(tmp_path / "x") == set()
    assert labs_of(tmp_path / "not there") == set()


def test_the_lab_of_most_notebooks_is_taken(tmp_path: Path) -> None:
    some = [_notebook(tmp_path / f"{n}", lab="lab2") for n in range(2)]
    other = [_notebook(tmp_path / "x", lab="lab3"), _notebook(tmp_path / "y", "1")]
    assert which_lab([*other, *some], None, None) == (LAB, None)
    with pytest.raises(UsageError, match="as many notebooks are of lab3 as of lab2; name one"):
        which_lab([*other, some[0]], None, None)


def test_notebooks_that_tell_nothing_want_the_lab_named(tmp_path: Path) -> None:
    some = [_notebook(tmp_path / "x", "1 + 1")]
    with pytest.raises(UsageError, match="--lab: no notebook says which lab it is of"):
        which_lab(some, None, None)
    assert which_lab(some, "lab2", None) == (LAB, None)


def test_of_a_lab_of_ones_own_no_file_is_run_unless_the_teacher_names_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.undo()
    monkeypatch.chdir(tmp_path)
    ran = tmp_path / "ran"
    Path("mine_checks.py").write_text(f"{OWN}\nopen({str(ran)!r}, 'w').close()\n")
    some = [_notebook(tmp_path / "x", lab="mine")]
    with pytest.raises(UsageError, match="--checks: mine is no lab of the course"):
        which_lab(some, None, None)
    assert not ran.exists()
    lab, checks = which_lab(some, None, Path("mine_checks.py"))
    assert (lab.name, checks) == ("mine", (tmp_path / "mine_checks.py").resolve())
    assert ran.exists()
    assert which_lab(some, "mine", None)[1] == checks


def test_another_name_than_that_of_the_checks_is_refused(tmp_path: Path) -> None:
    checks = tmp_path / "mine_checks.py"
    checks.write_text(OWN)
    with pytest.raises(UsageError, match="its lab is called mine, not lab2"):
        which_lab([], "lab2", checks)

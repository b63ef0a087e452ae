import json
import os
import zipfile
from pathlib import Path
from typing import Any

import pytest

from retinue.lessons.grading.submissions import Submission, collect


def notebook(lab: str = "lab2", **more: Any) -> str:
    metadata = {"retinue": {"lab": lab}}
    return json.dumps({"nbformat": 4, "metadata": metadata, "cells": [], **more})


def handed_in(tmp_path: Path, named: dict[str, str]) -> list[Submission]:
    """What is found in a folder with such files, the later ones newer."""
    for number, (name, text) in enumerate(named.items()):
        path = tmp_path / "class" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        os.utime(path, (1e9 + 100 * number,) * 2)
    return collect(tmp_path / "class", tmp_path / "into")


def test_a_notebook_is_copied_under_a_name_of_no_meaning(tmp_path: Path) -> None:
    (one,) = handed_in(tmp_path, {"anna.ipynb": notebook()})
    assert (one.student, one.file, one.note) == ("anna", "anna.ipynb", "")
    assert one.notebook is not None
    assert one.notebook.parent == tmp_path / "into"
    assert one.notebook.read_text() == notebook()


def test_the_newest_of_several_is_taken_and_told(tmp_path: Path) -> None:
    new, old = notebook(a="new"), notebook(a="old")
    (one,) = handed_in(tmp_path, {"anna/old.ipynb": old, "anna/lab2.ipynb": new})
    assert one.notebook is not None
    assert one.notebook.read_text() == new
    assert one.note == "2 notebooks; taken: lab2.ipynb, the newest; not: old.ipynb."
    assert len(list((tmp_path / "into").iterdir())) == 1


def test_that_of_the_lab_of_the_class_goes_before_the_newest(tmp_path: Path) -> None:
    found = handed_in(
        tmp_path,
        {
            "anna/lab2.ipynb": notebook(),
            "anna/lab3.ipynb": notebook("lab3"),
            "ben/lab2.ipynb": notebook(),
        },
    )
    assert [one.file for one in found] == ["anna/lab2.ipynb", "ben/lab2.ipynb"]
    assert "that of this lab; not: lab3.ipynb" in found[0].note


@pytest.mark.parametrize(
    ("name", "text", "note"),
    [
        ("anna/lab2.py", "x = 1", "lab2.py is no notebook (.ipynb)."),
        ("anna/lab2.html", "<html>", "lab2.html is no notebook (.ipynb)."),
        ("anna/lab2.ipynb", "", "lab2.ipynb is empty."),
        ("anna/lab2.ipynb", "{", "lab2.ipynb is broken JSON at line 1."),
        ("anna/lab2.ipynb", "[1]", "lab2.ipynb is JSON, but no notebook."),
        (
            "anna/lab2.ipynb",
            "<html>",
            "lab2.ipynb is a web page; download it as a notebook (.ipynb).",
        ),
        ("anna/lab2.zip", "nothing", "lab2.zip is a damaged zip."),
    ],
)
def test_who_hands_in_no_notebook_is_not_dropped(
    tmp_path: Path, name: str, text: str, note: str
) -> None:
    anna, ben = handed_in(tmp_path, {name: text, "ben/lab2.ipynb": notebook()})
    assert anna == Submission("anna", name, None, note)
    assert ben.notebook is not None


def test_endings_that_browsers_add_do_no_harm(tmp_path: Path) -> None:
    found = handed_in(tmp_path, {"a/lab2.ipynb.txt": notebook(), "b/lab2.ipynb.json": notebook()})
    assert all(one.notebook for one in found)


def test_a_broken_file_beside_a_good_one_is_told(tmp_path: Path) -> None:
    named = {"anna/a.ipynb": notebook(), "anna/b.ipynb": "{", "ben/a.ipynb": notebook()}
    one, _ = handed_in(tmp_path, named)
    assert one.notebook is not None
    assert "b.ipynb is broken" in one.note


def test_two_students_of_one_name_are_kept_apart(tmp_path: Path) -> None:
    paths = [f"Müller Anna_{number}_assignsubmission_file_/x.ipynb" for number in (11, 22)]
    found = handed_in(tmp_path, dict.fromkeys(paths, notebook()))
    assert [one.student for one in found] == ["Müller Anna (11)", "Müller Anna (22)"]


def test_names_of_a_zip_that_lead_elsewhere_are_harmless(tmp_path: Path) -> None:
    hostile = ["../../evil.ipynb", "/etc/lab.ipynb", "..\\..\\w.ipynb", "=cmd|x.ipynb", "q" * 500]
    hostile += ["a\u202eb.ipynb", "<b>$x$.ipynb", "C:\\x\\lab.ipynb", ".ipynb"]
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        for name in hostile:
            archive.writestr(name, notebook())
    before = set(tmp_path.rglob("*"))
    found = collect(tmp_path / "a.zip", tmp_path / "in" / "to")
    assert len(found) == len(hostile) - 1  # what begins with a point, systems have left
    new = set(tmp_path.rglob("*")) - before - {tmp_path / "in"}
    assert all(path == tmp_path / "in/to" or path.parent == tmp_path / "in/to" for path in new)
    assert all(
        path.name.removesuffix(".ipynb").isdigit() for path in (tmp_path / "in/to").iterdir()
    )
    assert len({one.student for one in found}) == len({one.file for one in found}) == len(found)
    assert all(len(one.student) < 130 and len(one.file) <= 300 for one in found)
    assert all(one.student.isprintable() and one.file.isprintable() for one in found)


def test_right_names_go_before_those_of_files(tmp_path: Path) -> None:
    handed_in(tmp_path, {"s123.ipynb": notebook(), "x/s124.ipynb": notebook()})
    match = {"S123": "Anna Bauer", "s124.ipynb": "Ben Cem"}
    found = collect(tmp_path / "class", tmp_path / "again", match=match)
    assert [one.student for one in found] == ["Anna Bauer", "Ben Cem"]

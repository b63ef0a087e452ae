"""A class of thirty as it hands in a lab: good, bad, empty, endless, greedy, and wrong files.

make_class(Path("class.zip"), Path("toy.py"), LAB) -> what each should get
"""

import json
import re
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any

from retinue.lessons.notebooks import notebook_of
from retinue.lessons.question import Lab
from retinue.lessons.student import student_of

_MARKER = re.compile(r"(BEGIN|END) SOLUTION")
FAMILY = (
    *("Ahrens", "Bauer", "Çelik", "Dvořák", "Engel", "Fuß", "García", "Huber", "Ivanova", "Jansen"),
    *(
        "Kowalski",
        "Lindström",
        "Müller",
        "Nguyen",
        "Özdemir",
        "Popescu",
        "Quinn",
        "Rossi",
        "Schmidt",
    ),
    *(
        "Tanaka",
        "Ullmann",
        "Vogel",
        "Weiß",
        "Xu",
        "Yılmaz",
        "Zimmermann",
        "Abel",
        "Brandt",
        "Curie",
    ),
    "Dietz",
)
GIVEN = ("Ada", "Ben", "Cem", "Dana", "Eva", "Finn", "Gül", "Hans", "Ida", "Jan")


@dataclass(frozen=True)
class Expected:
    """What a student should get: the questions that are right, and how the run may end."""

    student: str
    what: str
    right: frozenset[str]
    states: tuple[str, ...] = ("graded",)

    def points(self, lab: Lab) -> float:
        """The sum of what its checked questions give."""
        return sum(one.points for name, one in lab.questions.items() if name in self.right)


class Copies:
    """The notebooks of a lab from which submissions are made: the solution, and the empty copy."""

    def __init__(self, master: Path, lab: Lab) -> None:
        text = master.read_text(encoding="utf-8")
        self.lab = lab
        stem, is_own = master.stem, not master.stem.startswith("lab")
        answered = "\n".join(one for one in text.splitlines() if not _MARKER.search(one))
        self._solution = notebook_of(answered, stem, own=is_own)
        self._empty = notebook_of(student_of(text, stem), stem, own=is_own)
        # The solution is handed in as what it is made from: the copy.
        self._solution.metadata = self._empty.metadata
        self.names = list(lab.questions)

    def solved(self) -> dict[str, Any]:
        """A notebook in which everything is right."""
        return _copied_out(self._solution)

    def empty(self) -> dict[str, Any]:
        """A notebook in which nothing was written."""
        return _copied_out(self._empty)

    def some(self, right: Sequence[str]) -> dict[str, Any]:
        """A notebook in which some questions are answered."""
        notebook = self.solved()
        for cell, blank in zip(notebook["cells"], self.empty()["cells"], strict=True):
            question = cell["metadata"].get("question")
            if question in self.lab.questions and question not in right:
                cell["source"] = blank["source"]
        return notebook

    def place(self, notebook: dict[str, Any], question: str) -> int:
        """Where the cell of a question stands."""
        return next(
            number
            for number, cell in enumerate(notebook["cells"])
            if cell["metadata"].get("question") == question
        )


def _copied_out(notebook: Any) -> dict[str, Any]:
    read: dict[str, Any] = json.loads(json.dumps(notebook))
    return read


def code(source: str, **metadata: Any) -> dict[str, Any]:
    """A code cell."""
    return {
        "cell_type": "code",
        "execution_count": None,
        "metadata": metadata,
        "outputs": [],
        "source": source,
    }


def with_cell(copies: Copies, source: str, after: str | None = None) -> dict[str, Any]:
    """Everything right, and one more cell: at the end, or after a question's."""
    notebook = copies.solved()
    cells = notebook["cells"]
    place = len(cells) if after is None else copies.place(notebook, after) + 1
    cells.insert(place, code(source))
    return notebook


def as_format_3(notebook: dict[str, Any]) -> dict[str, Any]:
    """The same as programs of before 2015 wrote it."""
    cells = []
    for cell in notebook["cells"]:
        old = {"cell_type": cell["cell_type"], "metadata": cell["metadata"]}
        if cell["cell_type"] == "code":
            old |= {"input": cell["source"], "language": "python", "outputs": []}
        else:
            old |= {"source": cell["source"]}
        cells.append(old)
    sheets = [{"cells": cells, "metadata": {}}]
    return {"nbformat": 3, "nbformat_minor": 0, "metadata": {"name": ""}, "worksheets": sheets}


LOOP = "while True:\n    pass"
DEAF_LOOP = "import signal\nsignal.signal(signal.SIGALRM, signal.SIG_IGN)\nwhile True:\n    pass"
HOG = "hog = []\nwhile True:\n    hog.append(bytearray(16_000_000))"
OUTPUT = "while True:\n    print('x' * 10_000)"
THREAD = (
    "import threading, time\n"
    "def forever():\n    while True:\n        time.sleep(0.01)\n"
    "threading.Thread(target=forever).start()"
)
BOMB = "import os\nwhile True:\n    os.fork()"
CHILD = "import subprocess\nsubprocess.Popen(['sleep', '1234'], start_new_session=True)"
DELETE = "import os, shutil\nshutil.rmtree(os.getcwd(), ignore_errors=True)"
REPLACE = (
    "import torch\ncheck = lambda *_: True\n"
    "torch.nn.functional.conv2d = lambda *_, **__: torch.zeros(1)"
)
CLOSE = "import os, sys\nos.closerange(3, 300)\nsys.settrace(lambda *_: None)\nsys.stdout = None"
SHELL = "!rm -rf ~\n%pip install evil\nfiles = !ls\nget_ipython().system('touch x')"


def _variants(copies: Copies) -> Iterator[tuple[str, Any, Sequence[str], tuple[str, ...]]]:
    """What, the notebook or other content, the questions that are right, and how it may end."""
    names, graded = copies.names, ("graded",)
    first, last, half = names[0], names[-1], names[: len(names) // 2]
    yield "good", copies.solved(), names, graded
    yield "empty", copies.empty(), [], graded
    yield "half", copies.some(half), half, graded
    yield "bad", _bad(copies), [], graded
    yield "endless loop", with_cell(copies, LOOP, first), names, graded
    yield "endless answer", _endless_answer(copies), names[:-1], graded
    yield "deaf endless loop", with_cell(copies, DEAF_LOOP, first), [first], ("time",)
    yield "memory hog", with_cell(copies, HOG, first), names, graded
    yield "great array", with_cell(copies, "import numpy as np\nnp.ones(10**12)"), names, graded
    yield "deleted cell", _without(copies, last), names[:-1], graded
    yield "copied cell", _copied(copies), names, graded
    yield "reordered", _reordered(copies), names, graded
    yield "outdated", _outdated(copies), names, graded
    yield "cleared metadata", _cleared(copies), names, graded
    yield "another lab", _other(), [], ("unreadable",)
    yield "format 3", as_format_3(copies.solved()), names, graded
    yield "syntax error", _syntax_error(copies), names[:-1], graded
    yield "input", with_cell(copies, "name = input('Who? ')", first), names, graded
    yield "exit", with_cell(copies, "exit()\nimport sys\nsys.exit(1)", first), names, graded
    yield "os._exit", with_cell(copies, "import os\nos._exit(0)", first), [first], ("crashed",)
    yield "thread", with_cell(copies, THREAD, first), names, graded
    yield "endless output", with_cell(copies, OUTPUT, first), names, graded
    yield "fork bomb", with_cell(copies, BOMB), names, ("crashed", "graded")
    yield "deleted folder", with_cell(copies, DELETE, first), names, graded
    yield "replaced functions", with_cell(copies, REPLACE), names, graded
    yield "closed files", with_cell(copies, CLOSE + "\n" + CHILD, first), names, graded
    yield "shell", with_cell(copies, SHELL, first), names, graded
    yield "wrong file", b"<html><body>My lab</body></html>", [], ("unreadable",)
    yield "broken", json.dumps(copies.solved()).encode()[:-500], [], ("unreadable",)
    yield "nothing", b"", [], ("unreadable",)


def make_class(path: Path, master: Path, lab: Lab) -> list[Expected]:
    """Write the zip of a class of thirty.

    Args:
        path: of the zip.
        master: of the lab, with solutions.
        lab: what it asks.
    """
    copies = Copies(master, lab)
    expected = []
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for number, (what, made, right, states) in enumerate(_variants(copies)):
            data = made if isinstance(made, bytes) else json.dumps(made).encode()
            student = f"{FAMILY[number]} {GIVEN[number % len(GIVEN)]}"
            for name, content in _handed_in(number, student, what, lab.name, data):
                archive.writestr(name, content)
            expected.append(Expected(student, what, frozenset(right), states))
    return expected


def _handed_in(
    number: int, student: str, what: str, lab: str, data: bytes
) -> Iterator[tuple[str, bytes]]:
    """The files of one student as platforms name them."""
    moodle = f"{student}_{100_000 + number}_assignsubmission_file_"
    if what == "wrong file":
        yield f"{moodle}/{lab}.html", data
    elif number % 5 == 1:
        yield f"{moodle}{lab} (1).ipynb", data  # flat
    elif number % 5 == 3:
        yield f"{moodle}/{lab}.zip", _zipped(f"my work/{lab}-final.ipynb", data)
    else:
        if number % 5 == 2:
            yield f"{moodle}/.ipynb_checkpoints/{lab}-checkpoint.ipynb", b"{}"
            yield f"{moodle}/notes.txt", b"by hand"
        yield f"{moodle}/{lab}.ipynb", data


def _zipped(name: str, data: bytes) -> bytes:
    packed = BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, data)
        archive.writestr(f"__MACOSX/{name}", b"\0")
    return packed.getvalue()


def _bad(copies: Copies) -> dict[str, Any]:
    notebook = copies.solved()
    for name, question in copies.lab.questions.items():
        cell = notebook["cells"][copies.place(notebook, name)]
        cell["source"] = f"def {question.answer}(*arguments, **named):\n    return 'nonsense'"
    return notebook


def _endless_answer(copies: Copies) -> dict[str, Any]:
    notebook = copies.solved()
    last = copies.names[-1]
    answer = copies.lab.questions[last].answer
    source = f"def {answer}(*arguments, **named):\n    while True:\n        pass"
    notebook["cells"][copies.place(notebook, last)]["source"] = source
    _drop_checks(notebook, last)  # each call of it would be another endless loop
    return notebook


def _drop_checks(notebook: dict[str, Any], question: str) -> None:
    def is_check(cell: dict[str, Any]) -> bool:
        return (
            cell["cell_type"] == "code"
            and 'check("' in cell["source"]
            and f".{question}" in cell["source"]
        )

    notebook["cells"] = [one for one in notebook["cells"] if not is_check(one)]


def _without(copies: Copies, question: str) -> dict[str, Any]:
    notebook = copies.solved()
    del notebook["cells"][copies.place(notebook, question)]
    return notebook


def _copied(copies: Copies) -> dict[str, Any]:
    """The answer in a copy of the cell, the empty cell left below."""
    notebook, empty = copies.solved(), copies.empty()
    place = copies.place(notebook, copies.names[0])
    notebook["cells"].insert(place + 1, empty["cells"][place])
    return notebook


def _reordered(copies: Copies) -> dict[str, Any]:
    """The cells of imports and helpers moved behind all others."""
    notebook = copies.solved()
    cells = notebook["cells"]

    def is_early(cell: dict[str, Any]) -> bool:
        return cell["cell_type"] == "code" and "import" in cell["source"]

    notebook["cells"] = [one for one in cells if not is_early(one)] + [
        one for one in cells if is_early(one)
    ]
    return notebook


def _outdated(copies: Copies) -> dict[str, Any]:
    notebook = copies.solved()
    notebook["metadata"]["retinue"]["version"] = "0" * 12
    notebook["cells"].append(code("def gone():\n    return 1", question="gone"))
    return notebook


def _cleared(copies: Copies) -> dict[str, Any]:
    notebook = copies.solved()
    notebook["metadata"] = {}
    for cell in notebook["cells"]:
        cell["metadata"] = {}
        cell.pop("id", None)
    return notebook


def _other() -> dict[str, Any]:
    metadata = {"retinue": {"lab": "lab99", "version": "1"}}
    cells = [code("x = 1", question="double"), code('check("lab99.x", x)')]
    return {"nbformat": 4, "nbformat_minor": 5, "metadata": metadata, "cells": cells}


def _syntax_error(copies: Copies) -> dict[str, Any]:
    notebook = copies.solved()
    notebook["cells"][copies.place(notebook, copies.names[-1])]["source"] = "def f(:\n    return"
    return notebook

import json
from typing import Any

import pytest

from retinue.lessons.grading.cells import NoNotebookError, fault_of, read_notebook


def as_bytes(**more: Any) -> bytes:
    return json.dumps({"nbformat": 4, "metadata": {}, "cells": [], **more}).encode()


def test_cells_are_read_with_their_questions() -> None:
    cells = [
        {"cell_type": "markdown", "source": ["# A\n", "text"], "metadata": {"question": "why"}},
        {"cell_type": "code", "source": "x = 1", "metadata": {}},
        {"cell_type": "strange", "source": "y"},
    ]
    metadata = {"retinue": {"lab": "lab2", "version": "abc"}}
    found = read_notebook(as_bytes(cells=cells, metadata=metadata))
    assert [(one.number, one.kind, one.source, one.question) for one in found.cells] == [
        (1, "markdown", "# A\ntext", "why"),
        (2, "code", "x = 1", ""),
    ]
    assert (found.lab, found.version, found.notes) == ("lab2", "abc", ())


def test_format_3_is_read_and_told() -> None:
    cells = [
        {"cell_type": "code", "input": ["x = 1\n", "y"]},
        {"cell_type": "heading", "source": "A"},
    ]
    data = json.dumps({"nbformat": 3, "worksheets": [{"cells": cells}]}).encode()
    found = read_notebook(data)
    assert [(one.kind, one.source) for one in found.cells] == [
        ("code", "x = 1\ny"),
        ("markdown", "A"),
    ]
    assert "nbformat 3" in found.notes[0]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_encodings_of_editors_are_read(encoding: str) -> None:
    assert fault_of(as_bytes().decode().encode(encoding)) == ""


@pytest.mark.parametrize(
    "data",
    [b"", b" \n", b"\xff\x00\xff", b"{", b"1", b"[]", b"<html>", b"[" * 100_000, b'{"cells": 1}'],
)
def test_everything_else_has_a_fault(data: bytes) -> None:
    assert fault_of(data)
    with pytest.raises(NoNotebookError):
        read_notebook(data)


@pytest.mark.parametrize(
    "cells", [[None], [1], [{}], [{"cell_type": "code", "source": 3, "metadata": 4}]]
)
def test_cells_of_no_sense_are_left_out(cells: list[Any]) -> None:
    assert read_notebook(as_bytes(cells=cells, metadata=[1])).cells == ()


def test_half_letters_are_replaced() -> None:
    data = b'{"cells": [{"cell_type": "code", "source": "x = \'\\ud800\'"}]}'
    assert read_notebook(data).cells[0].source == "x = '?'"

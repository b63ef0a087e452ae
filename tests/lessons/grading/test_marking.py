from collections.abc import Mapping
from typing import Any

from retinue.lessons.grading.cells import Cell, Notebook
from retinue.lessons.grading.marking import blank_marks, marks_of, notes_of, state_of
from retinue.lessons.question import Lab, Question, Written

LAB = Lab(
    "lab",
    "Lab",
    {
        "one": Question("one", "one", lambda _: None, {"slip": "Think again."}),
        "two": Question("two", "two", lambda _: None, points=2),
    },
    {"why": Written("why?", points=3)},
)
NOTEBOOK = Notebook((Cell(1, "code", "one = 1"), Cell(2, "markdown", "Because.", "why")))
END = {"did": "ended", "how": "end"}


def check(question: str, cell: int | None = None, passed: bool = False, **more: Any) -> Any:
    told = {"did": "check", "question": question, "cell": cell, "passed": passed}
    return {**told, "answered": True, "case": "", "mistake": None, "replaced": [], **more}


def cell(number: int, error: str = "", **more: Any) -> dict[str, Any]:
    return {"did": "cell", "cell": number, "error": error, "again": 0, "passed_over": [], **more}


def marks(*events: Mapping[str, Any], notebook: Notebook = NOTEBOOK) -> Any:
    return marks_of(LAB, events, notebook, None)


def test_marks_are_the_labs_own_in_its_order() -> None:
    (one, two, why), notes = marks(check("gone", passed=True), check("two", passed=True), END)
    assert (one.question, one.points, one.out_of, one.answered) == ("one", 0, 1, False)
    assert (two.question, two.points, two.passed) == ("two", 2, True)
    assert (why.points, why.written, why.answered) == (None, "Because.", True)
    assert notes == []


def test_nobody_has_to_read_what_nobody_wrote() -> None:
    (*_, why), _ = marks(END, notebook=Notebook(()))
    assert (why.points, why.answered) == (0, False)


def test_the_last_check_counts_and_is_explained() -> None:
    (one, *_), notes = marks(check("one", 1, passed=True), check("one", None))
    assert one.points == 0
    assert notes == ["one: was right after cell 1, and is not at the end."]
    (one, *_), notes = marks(check("one", 1), check("one", None, passed=True))
    assert (one.points, notes) == (1, [])


def test_an_empty_copy_takes_no_answer_away() -> None:
    (one, *_), notes = marks(check("one", 1, passed=True), check("one", None, answered=False))
    assert one.points == 1
    assert notes == ["one: a later cell has no answer; that of cell 1 counts."]


def test_hints_are_the_labs_own_whatever_the_process_says() -> None:
    (one, *_), _ = marks(check("one", 1, mistake="slip", hint="<script>", case="3"))
    assert (one.mistake, one.hint, one.case) == ("slip", "Think again.", "3")
    (one, *_), _ = marks(check("one", 1, mistake="unheard of"))
    assert (one.mistake, one.hint) == (None, "")


def test_what_makes_no_sense_gives_no_points() -> None:
    events = [
        check("one", passed="yes", answered=1, case=["x"], mistake=5, cell="x"),  # type: ignore[arg-type]
        check("two", case="x\x1b[31m\ud800" * 3000, replaced="x"),
        {"did": "check"},
        {"did": "cell", "cell": [1], "error": {}, "passed_over": 3, "again": None},
        {"did": "nothing of ours"},
    ]
    events[3]["cell"] = None
    (one, two, _), _ = marks(*events)
    assert (one.points, one.case, one.mistake) == (0, "", None)
    assert two.case.encode()
    assert "\x1b" not in two.case
    assert len(two.case) <= 2000
    assert notes_of([*events, END], NOTEBOOK, None) == []


def test_ends_are_told() -> None:
    for how, state in [("end", "graded"), ("time", "time"), ("memory", "memory")]:
        assert state_of([{"did": "ended", "how": how}]) == state
    assert state_of([{"did": "ended", "how": ["x"]}]) == "crashed"
    assert state_of([{"did": "ended", "how": "processes"}]) == "crashed"
    assert state_of([]) == "crashed"


def test_notes_say_what_happened() -> None:
    events = [
        {"did": "apart", "network": False, "reason": "darwin has no namespaces"},
        cell(1, "NameError: name 'x' is not defined"),
        cell(1, "", again=1, passed_over=["%pip install x"]),
        check("one", replaced=["torch.conv2d"]),
        {"did": "ended", "how": "time"},
    ]
    notebook = Notebook((*NOTEBOOK.cells, Cell(3, "code", "loop()")), version="a", notes=("Old.",))
    notes = notes_of(events, notebook, Notebook((), version="b"))
    assert notes == [
        "Old.",
        "The notebook is a copy of another version of the lab; what this version does not ask is "
        "left out.",
        "It was ended in cell 3, for it took too long. What was answered by then counts.",
        "Run again after the others, for a name was missing at first: cell 1.",
        "Shell commands and installations are not carried out: %pip install x.",
        "The notebook replaced torch.conv2d; it was checked with the original.",
        "The network could not be kept away from it, nor the files of this machine (darwin has no "
        "namespaces).",
    ]
    assert notes_of([{"did": "apart", "network": True}, cell(1), END], NOTEBOOK, None) == []


def test_failing_cells_are_named_by_their_first_line() -> None:
    (note,) = notes_of([cell(1, "ValueError: no"), END], NOTEBOOK, None)
    assert note == "Cell 1 (one = 1) failed: ValueError: no."
    assert notes_of([cell(1, "NotImplementedError"), END], NOTEBOOK, None) == []


def test_who_handed_in_nothing_gets_nothing() -> None:
    assert [(one.question, one.points) for one in blank_marks(LAB)] == [
        ("one", 0),
        ("two", 0),
        ("why", 0),
    ]

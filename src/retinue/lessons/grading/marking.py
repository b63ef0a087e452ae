"""From what a notebook's process told to marks, by the lab's own list of questions."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from retinue.lessons.grading.cells import Cell, Notebook
from retinue.lessons.grading.marks import Mark, State
from retinue.lessons.grading.written import written_answers
from retinue.lessons.question import Lab, Question, Written
from retinue.wording import count, printable

_LONGEST = 2000  # letters of a case
_TOLD = 6  # cells in a note
_WIDE = 40  # letters of a cell in a note
_UNWRITTEN = "NotImplementedError"
_STATES: Mapping[str, State] = {"time": "time", "memory": "memory", "processes": "crashed"}


@dataclass(frozen=True)
class Found:
    """What one check found.

    Args:
        cell: after which cell; None for the check at the end.
        passed, answered, case, mistake: as of an outcome.
    """

    cell: int | None
    passed: bool
    answered: bool
    case: str
    mistake: str | None


def marks_of(
    lab: Lab, events: Sequence[Mapping[str, Any]], notebook: Notebook, copy: Notebook | None
) -> tuple[tuple[Mark, ...], list[str]]:
    """The marks of a notebook, in the lab's order, written ones last; and notes about them."""
    found: dict[str, list[Found]] = {name: [] for name in lab.questions}
    for event in events:
        if event["did"] == "check" and event.get("question") in found:
            found[event["question"]].append(_found(event))
    notes: list[str] = []
    marks = []
    for name, question in lab.questions.items():
        counting, note = _counting(name, found[name])
        notes += [note] if note else []
        marks.append(_mark(name, question, counting))
    return (*marks, *_written(lab, notebook, copy)), notes


def blank_marks(lab: Lab) -> tuple[Mark, ...]:
    """The marks of who handed in nothing that can be read."""
    asked: dict[str, Question | Written] = {**lab.questions, **lab.written}
    return tuple(Mark(name, 0.0, float(one.points)) for name, one in asked.items())


def state_of(events: Sequence[Mapping[str, Any]]) -> State:
    """How a run ended."""
    how = next((one.get("how") for one in events if one["did"] == "ended"), "crashed")
    return "graded" if how == "end" else _STATES.get(str(how), "crashed")


def notes_of(
    events: Sequence[Mapping[str, Any]], notebook: Notebook, copy: Notebook | None
) -> list[str]:
    """What student and teacher should know of a run, in plain words."""
    cells = [one for one in events if one["did"] == "cell"]
    return [
        *notebook.notes,
        *_version(notebook, copy),
        *_ending(events, notebook),
        *_failures(cells, notebook),
        *_again(cells),
        *_passed_over(cells),
        *_replaced(events),
        *_not_apart(events),
    ]


def _found(event: Mapping[str, Any]) -> Found:
    cell, mistake = event.get("cell"), event.get("mistake")
    return Found(
        cell if isinstance(cell, int) else None,
        event.get("passed") is True,
        event.get("answered") is True,
        _text(event.get("case"), _LONGEST),
        mistake if isinstance(mistake, str) else None,
    )


def _counting(name: str, found: Sequence[Found]) -> tuple[Found | None, str]:
    """Which of several checks of a question counts, and a note where that may surprise.

    The last does; but a copy without an answer takes none away that stands in another cell.
    """
    answered = [number for number, one in enumerate(found) if one.answered]
    if not answered:
        return (found[-1] if found else None), ""
    last = found[answered[-1]]
    blank = [one for one in found[answered[0] :] if not one.answered]
    if blank:
        first = [found[number].cell for number in answered if found[number].cell is not None]
        return last, f"{name}: a later cell has no answer; that of cell {first[0]} counts."
    right = [one.cell for one in found if one.passed]
    if not last.passed and right:
        return last, f"{name}: was right after cell {right[-1]}, and is not at the end."
    return last, ""


def _mark(name: str, question: Question, found: Found | None) -> Mark:
    points = float(question.points)
    if found is None:
        return Mark(name, 0.0, points)
    mistake = found.mistake if found.mistake in question.hints else None
    hint = question.hints[mistake] if mistake else ""
    given = points if found.passed else 0.0
    case = "" if found.passed else found.case
    return Mark(name, given, points, found.passed, found.answered, case, hint, mistake)


def _written(lab: Lab, notebook: Notebook, copy: Notebook | None) -> Iterator[Mark]:
    answers = written_answers(notebook, lab, copy)
    for name, question in lab.written.items():
        mark = Mark(name, None, float(question.points), answered=True, written=answers[name])
        yield mark if answers[name] else replace(mark, points=0.0, answered=False)


def _version(notebook: Notebook, copy: Notebook | None) -> Iterator[str]:
    if copy and notebook.version and copy.version and notebook.version != copy.version:
        yield (
            "The notebook is a copy of another version of the lab; what this version does not ask "
            "is left out."
        )


def _ending(events: Sequence[Mapping[str, Any]], notebook: Notebook) -> Iterator[str]:
    how = next((one.get("how") for one in events if one["did"] == "ended"), "crashed")
    done = {one.get("cell") for one in events if one["did"] == "cell"}
    left = [one.number for one in notebook.cells if one.kind == "code" and one.number not in done]
    at = f" in cell {left[0]}" if left else " after its last cell"
    words = {
        "time": f"It was ended{at}, for it took too long.",
        "memory": f"It was ended{at}, for it took too much memory.",
        "processes": f"It was ended{at}, for it started too many processes.",
        "crashed": f"Its process ended by itself{at}.",
    }
    if isinstance(how, str) and how in words:
        yield f"{words[how]} What was answered by then counts."


def _failures(cells: Sequence[Mapping[str, Any]], notebook: Notebook) -> Iterator[str]:
    last = {one.get("cell"): one for one in cells}  # the latest time that each was run
    # An answer that nobody wrote raises this wherever it is called; its mark says so.
    failed = [one for one in last.values() if _text(one.get("error"), 20) not in ("", _UNWRITTEN)]
    begin = {one.number: _first_line(one.source) for one in notebook.cells}
    for one in failed[:_TOLD]:
        more = " What it had made was thrown away." if one.get("full") else ""
        what = begin.get(one.get("cell", 0), "")
        error = _text(one.get("error"), 200).rstrip(". ")
        yield f"Cell {one.get('cell')} ({what}) failed: {error}.{more}"
    if len(failed) > _TOLD:
        yield f"{count(len(failed) - _TOLD, 'more cell')} failed."


def _first_line(source: str) -> str:
    line = next((one.strip() for one in source.splitlines() if one.strip()), "")
    return printable(line if len(line) <= _WIDE else f"{line[: _WIDE - 1]}…")


def _again(cells: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    again = sorted({one.get("cell", 0) for one in cells if one.get("again") and not one["error"]})
    if again:
        numbers = ", ".join(map(str, again[:_TOLD]))
        end = ", ..." if len(again) > _TOLD else "."
        word = "cell" if len(again) == 1 else "cells"
        yield f"Run again after the others, for a name was missing at first: {word} {numbers}{end}"


def _passed_over(cells: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    texts = [_text(text, 60) for one in cells for text in _list(one.get("passed_over"))]
    if texts:
        told = ", ".join(dict.fromkeys(texts[:_TOLD]))
        yield f"Shell commands and installations are not carried out: {told}."


def _replaced(events: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    names = [_text(text, 60) for one in events for text in _list(one.get("replaced"))]
    if names:
        told = ", ".join(dict.fromkeys(names))
        yield f"The notebook replaced {told[:200]}; it was checked with the original."


def _not_apart(events: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    apart = next((one for one in events if one["did"] == "apart"), None)
    if apart is not None and apart.get("network") is not True:
        reason = _text(apart.get("reason"), 100)
        files = "" if apart.get("files") is True else ", nor the files of this machine"
        yield f"The network could not be kept away from it{files} ({reason})."


def _text(value: Any, most: int) -> str:
    """Text from a notebook's process, which may be anything, made harmless."""
    if not isinstance(value, str):
        return ""
    lines = [printable(one) for one in value[:most].splitlines()]
    return "\n".join(lines).encode("utf-8", "replace").decode()


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def code_of(notebook: Notebook) -> Sequence[Cell]:
    """The cells that are run."""
    return [one for one in notebook.cells if one.kind == "code" and one.source.strip()]

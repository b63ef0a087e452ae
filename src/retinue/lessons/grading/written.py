"""Answers in words, taken out of a notebook's text as the students' copy explains it."""

from collections.abc import Iterator, Mapping, Sequence

from retinue.lessons.grading.cells import Cell, Notebook
from retinue.lessons.question import Lab
from retinue.lessons.student import WRITE_TEXT

MOST_LETTERS = 20_000
_ENOUGH = 12  # letters of a line by which a cell is known again


def written_answers(notebook: Notebook, lab: Lab, copy: Notebook | None) -> Mapping[str, str]:
    """The text that answers each written question; empty where nobody wrote one.

    A cell is known by its metadata, and where these are lost by the words that the copy begins it
    with, or the cell before it.

    Args:
        notebook: what was handed in.
        lab: whose questions.
        copy: the students' copy, if it is at hand; without it the question itself may stand in
            the answer.
    """
    return {name: _answer(name, notebook, copy)[:MOST_LETTERS] for name in lab.written}


def _answer(name: str, notebook: Notebook, copy: Notebook | None) -> str:
    asked = None if copy is None else _cell_of(name, copy.cells)
    told = _lines(asked.source) if asked else []
    answers: list[str] = []
    for cell in _cells(name, notebook, copy, asked):
        answer = _without(cell.source, told)
        if answer and answer not in answers:
            answers.append(answer)
    return "\n\n".join(answers)


def _cells(
    name: str, notebook: Notebook, copy: Notebook | None, asked: Cell | None
) -> Iterator[Cell]:
    texts = [one for one in notebook.cells if one.kind == "markdown"]
    named = [one for one in texts if one.question == name]
    if named:
        yield from named
    elif asked is not None and copy is not None:
        yield from _known_again(asked, copy, texts)


def _known_again(asked: Cell, copy: Notebook, texts: Sequence[Cell]) -> Iterator[Cell]:
    """The cell of a question whose metadata are lost."""
    begin = _begin(asked.source)
    if begin:
        for number, one in enumerate(texts):
            if _begin(one.source) == begin:
                yield one
                if not _without(one.source, _lines(asked.source)):
                    yield from texts[number + 1 : number + 2]  # written in a cell of its own
        return
    before = [one for one in copy.cells if one.kind == "markdown" and one.number < asked.number]
    begin = _begin(before[-1].source) if before else ""
    for number, one in enumerate(texts):
        if begin and _begin(one.source) == begin:
            yield from texts[number + 1 : number + 2]


def _without(source: str, told: Sequence[str]) -> str:
    """What a cell says besides the words of the copy and the place for an answer.

    Without a copy, what stands before an untouched place is the question.
    """
    lines = source.splitlines()
    places = [number for number, one in enumerate(lines) if one.strip() == WRITE_TEXT]
    if places and not told:
        lines = lines[places[-1] + 1 :]
    kept = [one for one in lines if one.strip() not in told and one.strip() != WRITE_TEXT]
    return "\n".join(kept).strip()


def _lines(source: str) -> list[str]:
    return [one.strip() for one in source.splitlines() if one.strip() not in ("", WRITE_TEXT)]


def _begin(source: str) -> str:
    """The first line that is long enough to know a cell by; empty where there is none."""
    return next((one for one in _lines(source) if len(one) >= _ENOUGH), "")


def _cell_of(name: str, cells: Sequence[Cell]) -> Cell | None:
    return next((one for one in cells if one.kind == "markdown" and one.question == name), None)

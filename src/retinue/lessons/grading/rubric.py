"""rubric.csv: the points and comments that a person gave for written answers."""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from retinue.errors import UsageError
from retinue.lessons.grading.marks import Graded
from retinue.lessons.grading.sheet import read_lines
from retinue.lessons.grading.submissions import Submission
from retinue.lessons.grading.table import points_in_words
from retinue.lessons.question import Lab
from retinue.wording import printable

HEAD = ("student", "file", "question", "points", "comment")  # as the page saves it


@dataclass(frozen=True)
class Read:
    """What a person gave for one answer; no points where that is not decided yet."""

    points: float | None
    comment: str


Rubric = Mapping[tuple[str, str], Read]  # by the submission's file and the question


def read_rubric(
    path: Path, lab: Lab, handed_in: Sequence[Graded | Submission]
) -> dict[tuple[str, str], Read]:
    """Read what a person gave, as the page that is made for it saves it, or a spreadsheet.

    A comma may stand for the point in 1,5. The column `file` may be missing where every name
    stands for one submission.

    Raises:
        UsageError: it cannot be read; or a line names nobody who handed in, no written question,
            or points that the question does not give. The text names the line.
    """
    found: dict[tuple[str, str], Read] = {}
    for where, row in _rows(path):
        file = _file(row, handed_in, where)
        question = _question(row["question"].strip(), lab, where)
        read = Read(_points(row["points"], question, lab, where), row["comment"].strip())
        if found.setdefault((file, question), read) != read:
            who = printable(row["student"].strip() or file, 80)
            raise UsageError(f"{where}: {who} got something else for {question} further up")
    return found


def merged(graded: Sequence[Graded], rubric: Rubric) -> list[Graded]:
    """The grades with what a person gave; all else stays."""
    return [_given(one, rubric) for one in graded]


def _given(one: Graded, rubric: Rubric) -> Graded:
    read = {mark.question: rubric.get((one.file, mark.question)) for mark in one.marks}
    marks = tuple(
        mark if (got := read[mark.question]) is None else replace(mark, **vars(got))
        for mark in one.marks
    )
    return replace(one, marks=marks)


def _rows(path: Path) -> Iterator[tuple[str, dict[str, str]]]:
    """The lines after the head by the head's names, each with the words for where it stands."""
    lines = read_lines(path)
    _, first = next(lines, (1, []))
    head = [name.strip().lower() for name in first]
    if missing := [name for name in HEAD if name != "file" and name not in head]:
        raise UsageError(f"{path}: its first line, which names the columns, lacks {missing[0]!r}")
    for number, row in lines:
        cells = dict.fromkeys(HEAD, "") | dict(zip(head, row, strict=False))
        yield f"{path}, line {number}", cells


def _file(row: Mapping[str, str], handed_in: Sequence[Graded | Submission], where: str) -> str:
    """The file of the submission that a line is about."""
    student, file = row["student"].strip(), row["file"].strip()
    key, wanted = ("file", file) if file else ("student", student)
    found = [one.file for one in handed_in if _same(getattr(one, key), wanted)]
    who = printable(student or file, 80) or "nobody"
    if not found:
        raise UsageError(f"{where}: {who}: handed in nothing; correct the name")
    if len(found) > 1:
        raise UsageError(f"{where}: {who} handed in {len(found)} files; add a column 'file'")
    return found[0]


def _same(one: str, other: str) -> bool:
    """Pages show names without what steers, and so a rubric that they saved has them."""
    return printable(one).strip() == printable(other)


def _question(name: str, lab: Lab, where: str) -> str:
    if name in lab.written:
        return name
    known = ", ".join(lab.written) or "none"
    why = "is checked and not read" if name in lab.questions else f"is not of {lab.name}"
    told = printable(name, 80) or "no question"
    raise UsageError(f"{where}: {told}: {why}; points go to {known}")


def _points(text: str, question: str, lab: Lab, where: str) -> float | None:
    text, most = text.strip(), lab.written[question].points
    if not text:
        return None
    try:
        points = float(text.replace(",", "."))
    except ValueError:
        points = math.nan
    if not 0 <= points <= most:
        told = f"{printable(text, 40)} points for {question}"
        raise UsageError(f"{where}: {told}, which gives 0 to {points_in_words(most)}")
    return points

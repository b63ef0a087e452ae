"""From what a learning platform exports to a notebook for each student, or why there is none."""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath

from retinue.lessons.grading.cells import fault_of
from retinue.lessons.grading.handed_in import File, UnreadableError, files
from retinue.lessons.grading.students import Whose, whose
from retinue.lessons.grading.unmangling import shortened
from retinue.lessons.grading.which import labs_of
from retinue.wording import count

_VERSION = re.compile(r"(?:\((\d+)\)|[-_ ]v?(\d{1,3}))(?=\.|$)")
_TOLD = 3  # names of files in a note


@dataclass(frozen=True)
class Submission:
    """What one student handed in.

    Args:
        student: the name, as made out of the file's; no two of a class have the same.
        file: the file's name as it was handed in, with folders; no two have the same.
        notebook: where its notebook lies now; None where there is none that can be read.
        note: why there is none, or which of several was taken; else empty.
    """

    student: str
    file: str
    notebook: Path | None
    note: str = ""


@dataclass(frozen=True)
class _Candidate:
    file: File
    fault: str  # why it is no notebook
    place: Path | None
    whose: Whose | None = None


def collect(
    source: Path, into: Path, *, match: Mapping[str, str] | None = None
) -> list[Submission]:
    """Find what each student handed in; every file that somebody handed in is in one of them.

    Args:
        source: a folder or a zip, as a learning platform exports it, or a class keeps it.
        into: a folder, to which the notebooks are copied under names of no meaning.
        match: right names of students, by file, by its last name, or by the name made of it.

    Returns:
        one for each student, by name.

    Raises:
        UsageError: the source is neither a folder nor a zip.
        RetinueError: it is a zip, and damaged.
    """
    into.mkdir(parents=True, exist_ok=True)
    found = [_candidate(file, number, into) for number, file in enumerate(files(source))]
    owners = whose([one.file.name for one in found])
    found = [replace(one, whose=owner) for one, owner in zip(found, owners, strict=True)]
    of_students: dict[str, list[_Candidate]] = {}
    for one, owner in zip(found, owners, strict=True):
        of_students.setdefault(owner.key, []).append(one)
    lab = _most_frequent(found)
    chosen = [_chosen(each, lab) for each in of_students.values()]
    names = _names([owners[found.index(each[0])] for each in of_students.values()])
    made = [replace(one, student=name) for one, name in zip(chosen, names, strict=True)]
    return sorted(_unlike(_matched(made, match or {})), key=lambda one: one.student.casefold())


def _candidate(file: File, number: int, into: Path) -> _Candidate:
    """Copy a file where it is a notebook."""
    name = file.name.lower()
    if file.fault or not (".ipynb" in PurePosixPath(name).name or name.endswith(".json")):
        return _Candidate(file, file.fault or "is no notebook (.ipynb)", None)
    try:
        data = file.read()
    except UnreadableError as error:
        return _Candidate(file, str(error), None)
    if fault := fault_of(data):
        return _Candidate(file, fault, None)
    place = into / f"{number:05}.ipynb"
    place.write_bytes(data)
    return _Candidate(file, "", place)


def _most_frequent(found: Sequence[_Candidate]) -> str | None:
    """The lab that most notebooks say they are of."""
    votes = Counter(lab for one in found if one.place for lab in labs_of(one.place))
    return votes.most_common(1)[0][0] if votes else None


def _chosen(of_student: Sequence[_Candidate], lab: str | None) -> Submission:
    notebooks = [one for one in of_student if one.place is not None]
    if not notebooks:
        return _without(of_student)
    best = max(notebooks, key=lambda one: _rank(one, lab))
    notes = [_told_choice(best, notebooks, lab)] if len(notebooks) > 1 else []
    broken = [one for one in of_student if not one.place and ".ipynb" in one.file.name.lower()]
    notes += [f"{_short(one.file.name)} {one.fault}." for one in broken[:_TOLD]]
    if best.whose and best.whose.is_late:
        notes.append("The platform says that it came late.")
    for one in notebooks:
        if one is not best and one.place:
            one.place.unlink()
    return Submission("", shortened(best.file.name), best.place, " ".join(notes))


def _rank(one: _Candidate, lab: str | None) -> tuple[bool, float, int, str]:
    """Which of several is taken: of the right lab, the newest, the one with the highest number."""
    labs = labs_of(one.place) if one.place else set()
    numbers = [int(a or b) for a, b in _VERSION.findall(PurePosixPath(one.file.name).name)]
    is_right = lab is None or not labs or lab in labs
    return is_right, one.file.modified, numbers[-1] if numbers else 0, one.file.name


def _told_choice(best: _Candidate, notebooks: Sequence[_Candidate], lab: str | None) -> str:
    others = [one for one in notebooks if one is not best]
    is_by_lab = any(not _rank(one, lab)[0] for one in others)
    same = [one for one in others if _rank(one, lab)[0] == _rank(best, lab)[0]]
    why = "that of this lab" if is_by_lab and not same else "the newest"
    if is_by_lab and same:
        why = "the newest of this lab"
    left = ", ".join(_short(one.file.name) for one in others[:_TOLD])
    return (
        f"{count(len(notebooks), 'notebook')}; taken: {_short(best.file.name)}, {why}; "
        f"not: {left}{', ...' if len(others) > _TOLD else ''}."
    )


def _without(of_student: Sequence[_Candidate]) -> Submission:
    """A student who handed in no notebook; files that call themselves one are told first."""
    ranked = sorted(of_student, key=lambda one: ".ipynb" not in one.file.name.lower())
    told = "; ".join(f"{_short(one.file.name)} {one.fault}" for one in ranked[:_TOLD])
    more = len(ranked) - _TOLD
    told += f"; {more} more" * (more > 0)
    return Submission("", shortened(ranked[0].file.name), None, f"{told}.")


def _names(owners: Sequence[Whose]) -> list[str]:
    """Names of students, no two alike."""
    often = Counter(one.name.casefold() for one in owners)
    return [
        one.name if often[one.name.casefold()] == 1 else f"{one.name} ({_short(one.apart, 40)})"
        for one in owners
    ]


def _matched(made: Sequence[Submission], match: Mapping[str, str]) -> list[Submission]:
    known = {key.casefold(): name for key, name in match.items()}
    named = []
    for one in made:
        keys = (one.file, PurePosixPath(one.file).name, one.student)
        right = next(
            (known[key.casefold()] for key in keys if key.casefold() in known), one.student
        )
        named.append(replace(one, student=right))
    return named


def _unlike(made: Sequence[Submission]) -> list[Submission]:
    """The same, with numbers behind names and files that are still alike."""
    students: Counter[str] = Counter()
    paths: Counter[str] = Counter()
    apart = []
    for one in made:
        students[one.student.casefold()] += 1
        paths[one.file] += 1
        n, m = students[one.student.casefold()], paths[one.file]
        name = one.student if n == 1 else f"{one.student} ({n})"
        file = one.file if m == 1 else f"{one.file} ({m})"
        apart.append(replace(one, student=name, file=file))
    return apart


def _short(path: str, most: int = 60) -> str:
    name = PurePosixPath(path).name
    return name if len(name) <= most else f"{name[: most - 1]}…"

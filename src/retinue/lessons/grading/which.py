"""Which lab the submissions are of."""

import json
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from retinue.errors import UsageError
from retinue.lessons.labs import COURSE, OWN, find_lab, read_lab
from retinue.lessons.question import Lab
from retinue.wording import printable

_CHECK = re.compile(r"""\bcheck\(\s*["'](\w{1,40})\.""", re.ASCII)


def which_lab(
    notebooks: Sequence[Path], name: str | None, checks: Path | None
) -> tuple[Lab, Path | None]:
    """The lab, and the file of its checks where it is none of the course.

    It is the one that `checks` defines, else the one of that name, else the one of the course that
    most notebooks are of. Of another than the course's, notebooks are not believed: its file of
    checks is run, and a student may have handed in one.

    Raises:
        UsageError: there is no such lab, or the notebooks do not tell.
    """
    if checks is not None:
        lab = read_lab(checks)
        if name not in (None, lab.name):
            raise UsageError(f"{checks}: its lab is called {printable(lab.name)}, not {name}")
        return lab, checks.resolve()
    if name is None:
        name = _most_named(notebooks)
    return find_lab(name), None if name in COURSE else Path(OWN.format(name=name)).resolve()


def labs_of(notebook: Path) -> set[str]:
    """The lab that a notebook says it is of, or those whose questions its cells check."""
    try:
        read = json.loads(notebook.read_bytes())
        told = read.get("metadata", {}).get("retinue", {}).get("lab")
        if isinstance(told, str) and re.fullmatch(r"\w{1,40}", told, re.ASCII):
            return {told}
        return {name for cell in read["cells"] for name in _CHECK.findall(_source(cell))}
    except (OSError, ValueError, LookupError, TypeError, AttributeError, RecursionError):
        return set()


def _most_named(notebooks: Sequence[Path]) -> str:
    votes = Counter(_votes(notebooks))
    course = [name for name, _ in votes.most_common() if name in COURSE]
    if not votes:
        raise UsageError("--lab: no notebook says which lab it is of; name it, as --lab lab2")
    if not course:
        name = printable(votes.most_common(1)[0][0])
        raise UsageError(f"--checks: {name} is no lab of the course; name the file of its checks")
    if len(course) > 1 and votes[course[0]] == votes[course[1]]:
        raise UsageError(f"--lab: as many notebooks are of {course[0]} as of {course[1]}; name one")
    return course[0]


def _votes(notebooks: Sequence[Path]) -> Iterator[str]:
    for notebook in notebooks:
        yield from labs_of(notebook)


def _source(cell: Any) -> str:
    source = cell["source"]
    return source if isinstance(source, str) else "".join(source)

"""A class of thirty hands in a lab and is graded: how long that takes, and are all marks right?

    python -m benchmarks.grading --write         lab2
    python -m benchmarks.grading --smoke         the small lab of the tests, in less time for each

The thirty are good, bad, empty, endless, greedy, mangled and no notebooks at all, as
`tests/lessons/grading/class_of_30.py` makes them; what each should get is known. They are graded by
`retinue.lessons.grading.grading.grade`, and the marks are read from the CSV that it writes.
"""

import argparse
import csv
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmarks import arrays, document, machine
from retinue.lessons.grading.grades import TABLE
from retinue.lessons.grading.grading import grade
from retinue.lessons.labs import COURSE, find_lab, read_lab
from retinue.lessons.question import Lab
from tests.lessons.grading.class_of_30 import Expected, make_class

TESTS = arrays.ROOT / "tests" / "lessons" / "grading"
LIMIT = 300.0  # seconds for all thirty
WORKERS = 2


def main() -> int:
    """Grade a class and print a table; 1 where a mark is wrong or it takes too long."""
    asked = _arguments()
    name = "toy" if asked.smoke else asked.lab
    lab, checks, master = _lab(name)
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder, "class.zip")
        expected = make_class(source, master, lab)
        output = Path(folder, "grades")
        more: dict[str, Any] = {"seconds": 20.0} if asked.smoke else {}
        started = time.perf_counter()
        grade(source, lab.name, output, checks=checks, workers=WORKERS, **more)
        seconds = time.perf_counter() - started
        rows = read_rows(output / TABLE)
        started = time.perf_counter()
        grade(source, lab.name, output, checks=checks, workers=WORKERS, **more)
        again = time.perf_counter() - started
    wrong = differences(lab, expected, rows)
    text = _table(name, expected, rows, wrong, seconds, again)
    print(text)
    if asked.write:
        document.replace_part(asked.document, "grading", text)
    return int(bool(wrong) or seconds > LIMIT)


def read_rows(path: Path) -> list[dict[str, str]]:
    """The lines of a table of grades by its head."""
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def differences(
    lab: Lab, expected: Sequence[Expected], rows: Sequence[dict[str, str]]
) -> list[str]:
    """What is not as it should be: a student who is missing or too many, a state, or points."""
    found = {row["student"]: row for row in rows}
    wrong = [f"{name} is nobody" for name in found.keys() - {one.student for one in expected}]
    wrong += ["somebody stands there twice"] * (len(found) != len(rows))
    for one in expected:
        row = found.get(one.student)
        if row is None:
            wrong.append(f"{one.what}: is missing")
            continue
        for name, question in lab.questions.items():
            points = float(question.points) if name in one.right else 0.0
            if float(row[name] or 0) != points:
                wrong.append(f"{one.what}: {name} has {row[name]}, not {points:g}")
    return wrong


def _table(
    lab: str,
    expected: Sequence[Expected],
    rows: Sequence[dict[str, str]],
    wrong: Sequence[str],
    seconds: float,
    again: float,
) -> str:
    found = {row["student"]: row for row in rows}
    lines = [
        "| what was handed in | how its run ended | questions right, of those that should be |",
        "|---|---|---|",
    ]
    for one in expected:
        row = found.get(one.student, {})
        right = sum(float(row.get(name) or 0) > 0 for name in one.right)
        lines.append(
            f"| {one.what} | {row.get('state', 'missing')} | {right} of {len(one.right)} |"
        )
    verdict = "all marks right" if not wrong else f"**wrong**: {'; '.join(wrong)}"
    held = "held" if seconds <= LIMIT else "**missed**"
    return "\n".join(
        [
            *lines,
            "",
            f"{len(rows)} submissions of {lab} by {WORKERS} workers in {seconds:.0f} seconds "
            f"(target: at most {LIMIT:.0f}: {held}), again in {again:.1f}; {verdict}.",
            f"On {machine.describe()}; processes that wanted the processor: {machine.load():.1f}.",
        ]
    )


def _lab(name: str) -> tuple[Lab, Path | None, Path]:
    """A lab, the file of its checks where it is none of the course, and its master."""
    if name in COURSE:
        (master,) = (arrays.ROOT / "labs").glob(f"{name}_*.py")
        return find_lab(name), None, master
    checks = TESTS / f"{name}_checks.py"
    return read_lab(checks), checks, TESTS / f"{name}.py"


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--lab", default="lab2", choices=[*COURSE, "toy"], help="which is graded")
    parser.add_argument("--smoke", action="store_true", help="the small lab of the tests")
    return document.parse(parser)


if __name__ == "__main__":
    sys.exit(main())

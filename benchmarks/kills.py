"""Trainings that are really killed, at random moments, and go on: whether every byte is the same.

    python -m benchmarks.kills --write          200 kills (half an hour)
    python -m benchmarks.kills --smoke          a few

`retinue verify-resume` is asked again and again, for each of several trainings, until there are as
many kills as wanted. The last training forgets the optimiser's state on purpose: it must not hold.
"""

import argparse
import os
import sys
import tempfile
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks import arrays, document
from retinue.training.verification import Verdict, verify_resume

AT_ONCE = 12  # kills of one training; with more, none would come as far as its judgement
MOMENTS = ("training", "saving", "judging", "beginning")
COMMAND = (sys.executable, "-m", "retinue")
PYTHON = (sys.executable, str(Path(__file__).with_name("in_python.py")))
FORGETFUL = (sys.executable, str(arrays.ROOT / "tests" / "training" / "forgetful.py"))
DIGITS = "digits --threads 1 --checkpoint-every"


@dataclass(frozen=True)
class Course:
    """A training that is killed: the options of `retinue train`, and the program that has them."""

    name: str
    options: str
    program: tuple[str, ...] = COMMAND
    exact: bool = True


COURSES = [
    Course("`fast`", f"{DIGITS} 5 --model fast --hardest 0.6 --augment light --epochs 60"),
    Course("`cnn`", f"{DIGITS} 1 --model cnn --ema 0.9 --mixup 0.2 --augment basic --epochs 6"),
    Course(
        "`resnet-small`",
        f"{DIGITS} 1s --model resnet-small --set model.width=8 --augment basic --epochs 6",
    ),
    Course("`fast`, by `retinue.train` in Python", "", PYTHON),
    Course(
        "control: `fast`, the optimiser's state left out",
        f"{DIGITS} 5 --model fast --epochs 60",
        FORGETFUL,
        exact=False,
    ),
]


@dataclass
class Tally:
    """What came of a course's trainings so far."""

    trainings: int = 0
    moments: Counter[str] = field(default_factory=Counter)
    different: set[str] = field(default_factory=set)

    def add(self, found: Verdict) -> None:
        """Count one proof."""
        self.trainings += 1
        self.moments.update(found.moments)
        self.different.update(found.different)


def main() -> int:
    """Kill as often as asked, and print a table; 1 where something differs that must not."""
    asked = _arguments()
    courses = [course for course in COURSES if not asked.smoke or course.program == PYTHON]
    each = 2 if asked.smoke else -(-asked.kills // sum(course.exact for course in courses))
    lines = [
        f"| training | trainings | kills | {' | '.join(f'while {what}' for what in MOMENTS)} "
        "| files that differ |",
        "|---|" + "---|" * (len(MOMENTS) + 3),
    ]
    failed, total = False, 0
    with ThreadPoolExecutor(os.cpu_count()) as pool:  # each training has a thread of its own
        counts = [each if course.exact else AT_ONCE for course in courses]
        tallies = list(pool.map(_tally, courses, counts))
    for course, tally in zip(courses, tallies, strict=True):
        failed |= bool(tally.different) == course.exact
        total += tally.moments.total() if course.exact else 0
        moments = [tally.moments[what] for what in MOMENTS]
        numbers = " | ".join(map(str, [tally.trainings, tally.moments.total(), *moments]))
        lines.append(f"| {course.name} | {numbers} | {len(tally.different) or 'none'} |")
    verdict = "**not exact**" if failed else "exact"
    text = "\n".join([*lines, "", f"{total} kills with SIGKILL besides the control's: {verdict}."])
    print(text)
    if asked.write:
        document.replace_part(asked.document, "kills", text)
    return int(failed)


def _tally(course: Course, kills: int) -> Tally:
    """Prove a course again and again, until it was killed so often."""
    tally = Tally()
    while (left := kills - tally.moments.total()) > 0 and tally.trainings < kills:
        with tempfile.TemporaryDirectory() as folder:
            found = verify_resume(
                course.options.split(), Path(folder), min(AT_ONCE, left), _tell, course.program
            )
        tally.add(found)
    return tally


def _tell(text: str) -> None:
    print(f"  {text}", file=sys.stderr, flush=True)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--kills", type=int, default=200, help="in all, besides the control's")
    parser.add_argument("--smoke", action="store_true", help="a few, from Python alone")
    return document.parse(parser, "into the document")


if __name__ == "__main__":
    sys.exit(main())

"""What runs said of their test pictures, brought into one order; refused where these differ.

A picture is known by its class and its digest, so runs agree whatever their paths, order and sizes.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np

from retinue.errors import RetinueError, UsageError
from retinue.evaluation.calibration import Bools, Floats, Ints
from retinue.runs import Run
from retinue.wording import count

NAMED = 3  # classes named of those that differ

Key = tuple[str, str]  # class, digest


@dataclass(frozen=True)
class Answers:
    """The test pictures of a run, sorted by class and digest, and what was said of each.

    `truth` and `predicted` (N,) count in `classes`, whose order the `probabilities` (N, K) have
    too. Pictures that are alike stand in the order of predictions.csv.
    """

    classes: tuple[str, ...]
    keys: tuple[Key, ...]
    ids: tuple[str, ...]
    truth: Ints
    predicted: Ints
    probabilities: Floats

    @property
    def correct(self) -> Bools:
        """Which pictures were recognised, (N,)."""
        return np.asarray(self.predicted == self.truth)


def read_answers(run: Run, classes: Sequence[str]) -> Answers:
    """The answers of a run that `require_judged` let pass, in this order of its classes.

    Raises:
        RetinueError: predictions.csv does not belong to the pictures of splits.csv.
    """
    found = run.predictions("test")
    rows = [row for row in run.splits if row[3] == "test"]
    if Counter(found.ids) != Counter(row[0] for row in rows):
        raise RetinueError(
            f"{run.path}/evaluation/test/predictions.csv: is not of the test pictures in "
            "splits.csv; were files renamed? bring their names back and judge them again: "
            f"retinue evaluate {run.path}"
        )
    digests: dict[str, list[str]] = defaultdict(list)
    for row in reversed(rows):
        digests[row[0]].append(row[4])
    keys = [(name, digests[one].pop()) for name, one in zip(found.true, found.ids, strict=True)]
    order = sorted(range(len(keys)), key=lambda position: keys[position])
    number = {name: position for position, name in enumerate(classes)}
    columns = [found.classes.index(name) for name in classes]
    if not np.isfinite(found.probabilities).all():
        raise ValueError("not all probabilities are numbers")
    return Answers(
        classes=tuple(classes),
        keys=tuple(keys[position] for position in order),
        ids=tuple(found.ids[position] for position in order),
        truth=np.array([number[found.true[position]] for position in order], np.int64),
        predicted=np.array([number[found.predicted[position]] for position in order], np.int64),
        probabilities=found.probabilities[order][:, columns],
    )


@contextmanager
def naming_damage(run: Run) -> Iterator[None]:
    """Let what cannot be understood in a run's files be told as damage of that run."""
    try:
        yield
    except (KeyError, ValueError, TypeError, IndexError, AttributeError, OSError) as error:
        what = " ".join(f"{type(error).__name__}: {error}".split())[:200]
        raise RetinueError(f"{run.path}: its files are damaged ({what})") from error


def require_judged(run: Run) -> None:
    """Refuse a run that is not finished or was not judged on its test split.

    Raises:
        UsageError: it says what to do.
    """
    state = run.state
    if state == "running":
        raise UsageError(f"{run.path}: is still being trained; wait for its end")
    if state == "interrupted":
        raise UsageError(f"{run.path}: was stopped; go on with retinue train --resume {run.path}")
    if state != "finished":
        raise UsageError(f"{run.path}: its training {state}; train it again")
    if "test" not in run.evaluations:
        if not sum(run.data["counts"]["test"].values()):
            raise UsageError(f"{run.path}: its data has no test split to be judged on")
        raise UsageError(
            f"{run.path}: was not judged on its test split; do it with retinue evaluate {run.path}"
        )


def require_same_pictures(first: Run, other: Run) -> None:
    """Refuse two runs with other classes or other test pictures, saying how they differ.

    Raises:
        UsageError: they do.
    """
    head = f"{other.path}: cannot be compared with {first.path}"
    if set(first.classes) != set(other.classes):
        parts = [
            f"{_some(set(one.classes) - set(two.classes))} only in {one.path}"
            for one, two in ((first, other), (other, first))
            if set(one.classes) - set(two.classes)
        ]
        raise UsageError(f"{head}: their classes differ: {', '.join(parts)}")
    one, two = _judged_on(first), _judged_on(other)
    if one == two:
        return
    before, now = _pictures(first), _pictures(other)
    parts = [
        f"{count(now.total(), 'picture')} against {before.total():,}",
        f"{(now - before).total():,} only in {other.path}",
        f"{(before - now).total():,} only in {first.path}",
    ]
    if relabelled := _relabelled(before, now):
        parts.append(f"{relabelled:,} of these in both under another class")
    raise UsageError(f"{head}: their test pictures differ: {', '.join(parts)}")


def _judged_on(run: Run) -> str:
    """The digest of the pictures on which metrics.json was made."""
    digest: str = run.metrics("test").get("test_digest", "")
    if digest != run.data["digests"]["test"]:
        raise UsageError(
            f"{run.path}: was judged on other pictures than those of its test split; judge it "
            f"again: retinue evaluate {run.path}"
        )
    return digest


def _pictures(run: Run) -> Counter[Key]:
    return Counter((row[2], row[4]) for row in run.splits if row[3] == "test")


def _relabelled(before: Counter[Key], now: Counter[Key]) -> int:
    """How many pictures of the first that are not in the second are there with another class."""
    elsewhere = {digest for _, digest in now - before}
    return sum(number for (_, digest), number in (before - now).items() if digest in elsewhere)


def _some(names: set[str]) -> str:
    more = ", ..." if len(names) > NAMED else ""
    return ", ".join(sorted(names)[:NAMED]) + more

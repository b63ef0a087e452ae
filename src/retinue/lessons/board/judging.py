"""All runs judged, one after another, each within bounds of time and memory."""

import tempfile
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import TimeoutError as LateError
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np

from retinue.data.refusals import GIB
from retinue.errors import DiedError, RetinueError
from retinue.lessons.board.bringing import bring
from retinue.lessons.board.handed import Handed
from retinue.lessons.board.hidden import Hidden
from retinue.lessons.board.judge import judge_run
from retinue.lessons.board.verdicts import Judged, NotJudged, Own
from retinue.processes import Processes
from retinue.wording import printable

MEMORY = 6 * GIB  # bytes for one run, beside what torch itself takes
SECONDS = 300.0  # for one run
LONGEST = 400  # letters of a reason

Verdict = Judged | NotJudged
OnVerdict = Callable[[int, int, Verdict], None]


def judge_all(
    handed: Sequence[Handed],
    hidden: Hidden,
    seconds: float = SECONDS,
    on_verdict: OnVerdict | None = None,
) -> list[Verdict]:
    """Judge every run on the hidden pictures, in their order; what goes wrong stops no other.

    All are judged in one process, which is replaced where a run kills it or takes too long.

    Args:
        handed: as `find_runs` gives them.
        hidden: the pictures.
        seconds: that one run may take, its network's loading included.
        on_verdict: called with how many are done, how many there are, and the last verdict.
    """
    verdicts: list[Verdict] = []
    with tempfile.TemporaryDirectory(prefix="retinue-board-") as folder:
        for verdict in _one_by_one(handed, hidden, seconds, Path(folder)):
            verdicts.append(verdict)
            if on_verdict is not None:
                on_verdict(len(verdicts), len(handed), verdict)
    return verdicts


def _one_by_one(
    handed: Sequence[Handed], hidden: Hidden, seconds: float, folder: Path
) -> Iterator[Verdict]:
    waiting = deque(enumerate(handed))
    while waiting:
        # Left by the error where a run is late: that is what ends its process.
        with suppress(LateError), Processes(lasting=True) as workers:
            while waiting:
                number, one = waiting.popleft()
                try:
                    yield _judged(one, hidden, workers, seconds, folder / str(number))
                except LateError:
                    yield NotJudged(one.name, _told(one), f"it took longer than {seconds:g} s")
                    raise


def _judged(
    one: Handed, hidden: Hidden, workers: Processes, seconds: float, folder: Path
) -> Verdict:
    """The verdict on one run, which is read from a copy in a new folder."""
    if one.reason:
        return NotJudged(one.name, _told(one), _reason(one.reason, folder))
    try:
        bring(one, folder)
        answers = folder / "answers.npy"
        found = workers.submit(judge_run, _spec(hidden, folder, answers)).result(seconds)
        probabilities = np.load(answers, allow_pickle=False)
        return _verdict(one, hidden, found, probabilities)
    except LateError:  # which is an OSError too
        raise
    except DiedError as error:
        return NotJudged(one.name, _told(one), f"judging it failed: {error}")
    except (RetinueError, OSError) as error:
        return NotJudged(one.name, _told(one), _reason(str(error), folder))
    finally:
        (folder / "model.safetensors").unlink(missing_ok=True)  # the others need the room


def _spec(hidden: Hidden, folder: Path, answers: Path) -> dict[str, Any]:
    return {
        "folder": str(folder),
        "output": str(answers),
        "source": hidden.source,
        "data_root": hidden.data_root,
        "classes": list(hidden.classes),
        "digests": list(hidden.split.digests),
        "pixel_digests": list(hidden.pixel_digests),
        "memory": MEMORY,
    }


def _verdict(one: Handed, hidden: Hidden, found: Mapping[str, Any], answers: Any) -> Verdict:
    learnt = np.zeros(len(hidden), bool)
    learnt[found["learnt"]] = True
    if learnt.all():
        reason = "all hidden pictures are among those that it learnt from"
        return NotJudged(one.name, _told(one), reason)
    return Judged(
        name=one.name,
        place=_told(one),
        model=printable(found["model"], 200),
        parameters=found["parameters"],
        weights=found["weights"],
        seconds=found["seconds"],
        state=found["state"],
        truth=hidden.truth,
        probabilities=answers,
        learnt=learnt,
        tested=found["tested"],
        knows_splits=found["knows_splits"],
        own=None if found["own"] is None else Own(**found["own"]),
    )


def _told(one: Handed) -> str:
    """Where a run lies, as text."""
    return str(one.place) + (f"/{one.inside}" if one.inside else "")


def _reason(text: str, folder: Path) -> str:
    """A reason in one line, in which the copy that was read is not named."""
    for path in (folder.resolve(), folder):
        text = text.replace(f"{path}: ", "").replace(f"{path}/", "").replace(str(path), "the run")
    return printable(" ".join(text.split()), LONGEST)

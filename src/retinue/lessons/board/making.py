"""`make_board`: a class's runs side by side on hidden pictures."""

from collections.abc import Sequence
from pathlib import Path

import torch

from retinue.data.cache import Progress
from retinue.errors import RetinueError
from retinue.experiments.folder import require_free
from retinue.lessons.board.anonymous import hide
from retinue.lessons.board.board import Board
from retinue.lessons.board.handed import find_runs
from retinue.lessons.board.hidden import open_hidden
from retinue.lessons.board.judging import SECONDS, OnVerdict, judge_all
from retinue.lessons.board.standing import stand
from retinue.lessons.board.verdicts import Judged, NotJudged
from retinue.lessons.board.writing import boards_before, write_board
from retinue.training.environment import describe_environment

REASONS = 3  # told where nothing could be judged


def make_board(
    runs: Sequence[str | Path],
    data: str | Path,
    *,
    output: str | Path | None = None,
    anonymous: bool = False,
    data_root: str | Path | None = None,
    time_limit: float = SECONDS,
    on_load: Progress | None = None,
    on_verdict: OnVerdict | None = None,
) -> Board:
    """Judge runs on hidden pictures and write a board; the runs themselves are only read.

    A run is judged by its weights, or by model.onnx where its network is its author's own; no
    author's code is run. One that cannot be judged is listed with the reason.

    Args:
        runs: run folders, folders of run folders or of zips, and zips; `NAME=RUN` gives a name.
        data: the hidden pictures: a built-in name, folder, archive or CSV, as `load_data` takes.
        output: the board's folder; by default boards/<data>-<n>.
        anonymous: runs are called A, B, C, ...; the key goes into <folder>-key.csv beside it.
        data_root: where built-in data lies.
        time_limit: seconds for one run.
        on_load: told how the loading of the hidden pictures goes.
        on_verdict: called with how many runs are done, how many there are, and the last verdict.

    Raises:
        UsageError: no such run or data, or a folder that holds something.
        RetinueError: not one run could be judged, or pictures cannot be read.
    """
    folder = None if output is None else Path(output)
    require_free(folder)
    handed = find_runs(runs)
    hidden = open_hidden(data, data_root, on_load)
    verdicts = judge_all(handed, hidden, time_limit, on_verdict)
    if not any(isinstance(one, Judged) for one in verdicts):
        some = [f"{one.name}: {one.reason}" for one in verdicts if isinstance(one, NotJudged)]
        more = f"; and {len(some) - REASONS} more" if len(some) > REASONS else ""
        raise RetinueError(f"no run could be judged: {'; '.join(some[:REASONS])}{more}")
    verdicts, key = hide(verdicts) if anonymous else (verdicts, [])
    standing = stand(
        hidden,
        [one for one in verdicts if isinstance(one, Judged)],
        [one for one in verdicts if isinstance(one, NotJudged)],
        boards_before(folder, hidden.digest),
        _machine(),
    )
    return write_board(folder, standing, key)


def _machine() -> dict[str, object]:
    """Where the seconds were taken."""
    found = describe_environment(torch.device("cpu"), "fp32")
    return {key: found[key] for key in ("processor", "cores", "threads", "system", "packages")}

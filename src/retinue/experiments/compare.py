"""`compare`: which is better, on the same test pictures, and is the difference real."""

from collections.abc import Iterator, Sequence
from concurrent.futures import Executor
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch

from retinue.data.load import Source
from retinue.data.memory import CACHE_MEMORY
from retinue.experiments.comparison import Comparison
from retinue.experiments.discussion import discuss
from retinue.experiments.entering import Course, load_runs, train_entrants
from retinue.experiments.entrants import gather
from retinue.experiments.figures import draw, draw_differing
from retinue.experiments.findings import Findings
from retinue.experiments.folder import require_free, write_comparison
from retinue.experiments.groups import given_groups
from retinue.experiments.judging import (
    Groups,
    best_two,
    groups_of,
    judge,
    open_data_of,
    require_names,
)
from retinue.experiments.listener import Listener
from retinue.models.published import Permit, allow, refuse
from retinue.recipe import Recipe
from retinue.runs import Run

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def compare(
    data_or_runs: Source | Sequence[Run | str | Path],
    models: str | Sequence[str] | None = None,
    *,
    seeds: int = 1,
    recipes: Sequence[Recipe | str | Path] = (),
    time_limit: float | str | None = None,
    groups: Groups | None = None,
    pair: tuple[str, str] | None = None,
    output: str | Path | None = None,
    data_root: str | Path | None = None,
    cache_memory: int | str = CACHE_MEMORY,
    device: str = "auto",
    threads: int | None = None,
    download: bool | Permit = False,
    executor: Executor | None = None,
    listener: Listener | None = None,
    **settings: Any,
) -> Comparison:
    """Compare runs, or train models on some data and compare these; write a comparison folder.

    With `models` or `recipes` the first argument is data: what is missing is trained, and runs in
    `runs/` with the same recipe, data, seed and version are used again. Otherwise it names runs;
    all were judged on the same test pictures, or nothing is compared. Runs whose recipes differ in
    the seed alone are one entrant.

    Args:
        data_or_runs: a built-in name, folder, archive or CSV; or two runs or more.
        models: names as `train` takes them, in a sequence or separated by commas.
        seeds: how many trainings of each, with seeds that count up from the recipe's.
        recipes: further entrants, as recipes or their YAML files.
        time_limit: seconds for each training, or as "90s", "10m".
        groups: names for groups of classes, {name: classes}; without them groups are looked for in
            the mistakes.
        pair: two names of entrants, by default the best two on val: sheets show which pictures only
            one of them recognised.
        output: the comparison's folder; by default comparisons/<data>-<n>.
        data_root: where built-in data sets lie or are downloaded to.
        cache_memory: bytes of decoded pictures that may lie in memory, as "256MB".
        device: where to train: auto, cpu, cuda or cuda:N.
        threads: of the processor; by default all.
        download: may weights be fetched; or a function that is asked with a title and the bytes.
        executor: does the trainings; by default each has a process of its own.
        listener: told how it goes.
        settings: any key of the recipe, for all, as epochs=5.

    Raises:
        UsageError: runs that cannot be compared, or a setting, name or folder that cannot be used.
        RetinueError: fewer than two are left, or files cannot be read.
    """
    listener, folder = listener or Listener(), None if output is None else Path(output)
    require_free(folder)
    if threads is not None:
        torch.set_num_threads(threads)
    if time_limit is not None:
        settings["time_limit"] = time_limit
    course = Course(_listed(models), recipes, seeds, settings)
    reading: dict[str, Any] = {
        "data_root": None if data_root is None else str(data_root),
        "cache_memory": cache_memory,
    }

    def check(names: Sequence[str], classes: Sequence[str]) -> None:
        given_groups(groups or {}, classes)
        if pair is not None:
            require_names(pair, names)

    if course:
        permit = download if callable(download) else allow if download else refuse
        options = {**reading, "device": device, "threads": threads}
        entry = train_entrants(data_or_runs, course, listener, executor, permit, options, check)
    else:
        entry = load_runs(data_or_runs, course)
    entrants = gather(entry.runs, entry.labels)
    check([one.name for one in entrants], entrants[0].answers[0].classes)
    found = groups_of(entrants, groups)
    findings = judge(entrants, found, entry.left_out, listener, **reading)
    return _written(folder, findings, pair, listener, reading)


def _written(
    folder: Path | None,
    findings: Findings,
    pair: tuple[str, str] | None,
    listener: Listener,
    reading: dict[str, Any],
) -> Comparison:
    """The discussion, the figures, and all of it in a folder."""
    two = best_two(findings, pair)
    data = open_data_of(two, listener, **reading)
    if data is None:
        note = "the sheet of differing pictures shows only those of which a run kept a thumbnail"
        findings = replace(findings, notes=(*findings.notes, f"the source is gone: {note}"))

    def figures() -> "Iterator[tuple[str, Figure]]":
        yield from draw(findings)
        yield from draw_differing(*two, data)

    path, values = write_comparison(folder, findings, discuss(findings), figures())
    return Comparison(path, values)


def _listed(models: str | Sequence[str] | None) -> list[str]:
    names = models.split(",") if isinstance(models, str) else list(models or ())
    return [name.strip() for name in names if name.strip()]

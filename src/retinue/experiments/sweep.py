"""`sweep`: train with many settings, and say which of them mattered."""

import os
import shutil
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import Executor
from contextlib import nullcontext
from pathlib import Path
from typing import Any

from retinue.data.memory import CACHE_MEMORY
from retinue.errors import UsageError
from retinue.experiments.folder import require_free
from retinue.experiments.listener import Listener
from retinue.experiments.opened import Opened
from retinue.experiments.sweeps.asking import asked_of
from retinue.experiments.sweeps.collect import collect
from retinue.experiments.sweeps.drive import Driver
from retinue.experiments.sweeps.folder import draw_best, write_findings
from retinue.experiments.sweeps.journal import FILE, Journal
from retinue.experiments.sweeps.plan import Plan
from retinue.experiments.sweeps.result import FAILED, WAITING
from retinue.experiments.sweeps.schedule import Schedule
from retinue.experiments.sweeps.settle import Settler
from retinue.experiments.sweeps.study import Study
from retinue.experiments.sweeps.sweep import Sweep
from retinue.experiments.sweeps.trial import import_all
from retinue.locks import NAME, HeldError, held, is_held
from retinue.models.published import Permit, allow, refuse
from retinue.processes import Processes
from retinue.recipe import Recipe, make_recipe
from retinue.runs import numbered, slug
from retinue.training.prepare import resolve_device
from retinue.wording import count

SWEEPS = Path("sweeps")
MOST_WORKERS = 4  # where nothing is said: each has its own copy of the data in memory


def sweep(
    data: str | Path | None = None,
    vary: Sequence[str] | Mapping[str, Any] = (),
    *,
    experiment: str | Path | None = None,
    recipe: Recipe | str | Path | None = None,
    search: str | None = None,
    trials: int | None = None,
    seeds: int | None = None,
    prune: bool = False,
    workers: int | None = None,
    threads: int | None = None,
    time_limit: float | str | None = None,
    output: str | Path | None = None,
    resume: Sweep | str | Path | None = None,
    data_root: str | Path | None = None,
    cache_memory: int | str = CACHE_MEMORY,
    device: str = "auto",
    download: bool | Permit = False,
    executor: Executor | None = None,
    listener: Listener | None = None,
    **settings: Any,
) -> Sweep:
    """Train with many settings, each with several seeds, and say which settings mattered.

    Args:
        data: a built-in name, folder, archive or CSV.
        vary: what is varied: words as `--vary` takes them, or a mapping from keys of the recipe to
            values, as {"lr": [1e-3, 1e-2], "model.depth": "2..8"}.
        experiment: instead: the name of an experiment that is shipped, or a YAML file of one.
        recipe: settings to begin with, as a recipe or its YAML file.
        search: grid (all settings), random, or tpe (what earlier ones suggest).
        trials: how many settings random and tpe try; by default 20.
        seeds: trainings of each setting, with seeds that count up from the recipe's.
        prune: stop trainings whose accuracy on val is below the median of others at that epoch.
        workers: trainings at a time, each in a process of its own.
        threads: of each training; by default the processor's are divided among the workers.
        time_limit: seconds, or as "30m", after which no further training begins.
        output: the sweep's folder; by default sweeps/<data>-<n>.
        resume: a sweep that was stopped; it goes on with what it was asked.
        data_root: where built-in data sets lie or are downloaded to.
        cache_memory: bytes of decoded pictures that may lie in memory, as "256MB".
        device: where to train: auto, cpu, cuda or cuda:N.
        download: may weights be fetched; or a function that is asked with a title and the bytes.
        executor: does the trainings; by default each worker is a process of its own.
        listener: told how it goes.
        settings: any key of the recipe, for all, as epochs=5.

    Raises:
        UsageError: a setting, name or folder that cannot be used.
        MissingExtraError: Optuna is needed and not installed.
        RetinueError: data cannot be read, or several trainings in a row failed.
    """
    listener = listener or Listener()
    until = None if time_limit is None else time.monotonic() + _seconds(time_limit)
    permit = download if callable(download) else allow if download else refuse
    at_once = _workers(workers, device)
    if resume is not None:
        said: dict[str, Any] = {"data": data, "vary": vary, "experiment": experiment}
        said |= {"recipe": recipe, "search": search, "trials": trials, "seeds": seeds}
        said |= {"prune": prune, "threads": threads, "output": output, **settings}
        if named := [key for key, value in said.items() if value]:
            raise UsageError(f"{', '.join(named)}: a sweep goes on as it began; leave it out")
        journal = Journal.load(resume.path if isinstance(resume, Sweep) else resume)
    else:
        asked = asked_of(data, vary, experiment, recipe, settings)
        plan = Plan(
            **asked | {"seeds": seeds or asked["seeds"]},
            search=search or "grid",
            trials=trials,
            prune=prune,
            threads=threads or max(1, _cores() // at_once),
            device=device,
            data_root=None if data_root is None else str(data_root),
        )
        journal = _begin(plan, None if output is None else Path(output))
    options: dict[str, Any] = {
        "data_root": journal.plan.data_root if data_root is None else str(data_root),
        "cache_memory": cache_memory,
        "device": journal.plan.device,
        "threads": journal.plan.threads,
    }
    try:
        with held(journal.path):
            return _carry_out(journal, listener, permit, options, at_once, until, executor)
    except HeldError:
        raise UsageError(f"{journal.path}: another process is at work on this sweep") from None
    except KeyboardInterrupt:
        listener.on_note(f"go on with: retinue sweep --resume {journal.path}")
        raise


def _begin(plan: Plan, output: Path | None) -> Journal:
    """Make the folder of a new sweep; what is wrong with the plan was told before."""
    if output is not None and (output / FILE).is_file():
        raise UsageError(f"--output {output}: holds a sweep; go on with: retinue sweep --resume")
    if output is not None and is_held(output) is False:
        (output / NAME).unlink()  # of a driver that was killed before anything had begun
    require_free(output)
    if output is None:
        name = plan.experiment or Path(plan.data).stem
        output = numbered(SWEEPS, slug(name))
    output.mkdir(parents=True, exist_ok=True)
    return Journal(output, plan)


def _carry_out(
    journal: Journal,
    listener: Listener,
    permit: Permit,
    options: dict[str, Any],
    at_once: int,
    until: float | None,
    executor: Executor | None,
) -> Sweep:
    """Train what is left of a sweep, and write what came out."""
    plan = journal.plan
    opened = Opened(options["data_root"], options["cache_memory"], listener.on_load)
    study = None
    if plan.search != "grid" or plan.prune:
        study = Study(plan.axes, plan.search, journal.first_seed, plan.prune)
    schedule = Schedule(journal, Settler(plan, opened, listener, permit), study)
    with nullcontext(executor) if executor else Processes(at_once, lasting=True) as working:
        for _ in range(at_once):
            working.submit(import_all)  # while this process looks at the data
        try:
            schedule.begin()
        except BaseException:
            if not (journal.path / FILE).exists():
                shutil.rmtree(journal.path)  # nothing has begun: it holds a lock at most
            raise
        Driver(journal, schedule, listener, options, until).drive(working, at_once)
    results = collect(journal)
    if waiting := sum(one.state in (WAITING, FAILED) for one in results):
        goes_on = f"go on with: retinue sweep --resume {journal.path}"
        listener.on_note(f"{count(waiting, 'training')} not finished; {goes_on}")
    found = write_findings(journal, results)
    draw_best(found, opened)
    return found


def _workers(workers: int | None, device: str) -> int:
    """How many trainings at a time: one on a GPU, else one for each core, up to four."""
    if workers is not None and workers < 1:
        raise UsageError(f"--workers {workers}: one at least")
    if workers is None:
        on_gpu = resolve_device(device).type == "cuda"
        return 1 if on_gpu else min(MOST_WORKERS, _cores())
    return workers


def _cores() -> int:
    """How many cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _seconds(limit: float | str) -> float:
    return float(make_recipe({"time_limit": limit}).time_limit or 0.0)

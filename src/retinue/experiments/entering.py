"""Where the runs of a comparison come from: named by the user, or trained for it."""

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Executor
from contextlib import nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from retinue.errors import RetinueError, UsageError
from retinue.experiments.candidates import Candidate, recipes_for, settle
from retinue.experiments.listener import Listener
from retinue.experiments.missing import train_missing
from retinue.models.published import Permit
from retinue.processes import Processes
from retinue.recipe import Recipe
from retinue.runs import Run

Check = Callable[[Sequence[str], Sequence[str]], None]


@dataclass(frozen=True)
class Entry:
    """Runs to be compared, names for some of them by path, and who is left out, with reasons."""

    runs: list[Run]
    labels: dict[str, str] = field(default_factory=dict)
    left_out: list[tuple[str, str]] = field(default_factory=list)


@dataclass(frozen=True)
class Course:
    """What is to be trained: models and recipes, with how many seeds and which settings for all."""

    models: Sequence[str]
    recipes: Sequence[Recipe | str | Path]
    seeds: int
    settings: Mapping[str, Any]

    def __bool__(self) -> bool:
        return bool(self.models or self.recipes)


def load_runs(named: object, course: Course) -> Entry:
    """The runs that are named.

    Raises:
        UsageError: it is not a sequence of runs, or something is said that only a training needs.
    """
    if isinstance(named, str | Path) or not isinstance(named, Sequence):
        raise UsageError(
            f"{named}: name two runs or more, or say with --models what to train on it"
        )
    said = [*course.settings, *(["seeds"] if course.seeds != 1 else [])]
    if said:
        raise UsageError(f"{', '.join(said)}: goes with --models, not with runs that are there")
    return Entry([Run.load(one) for one in named])


def train_entrants(
    data: object,
    course: Course,
    listener: Listener,
    executor: Executor | None,
    permit: Permit,
    options: Mapping[str, Any],
    check: Check,
) -> Entry:
    """Train what is missing of a course on some data.

    `options` are what `fit` takes beside the recipe and its folder. `check` is called with the
    names of the entrants and the classes before anything is trained.

    Raises:
        UsageError: no such data, or a setting that cannot be used.
        RetinueError: fewer than two are left that could be trained.
    """
    if not isinstance(data, str | Path):
        raise UsageError(
            "each training has a process of its own: name the data by its path or built-in name"
        )
    if course.seeds < 1:
        raise UsageError(f"seeds={course.seeds}: one at least")
    wanted = recipes_for(str(data), course.models, course.recipes, course.settings)
    candidates, left_out = settle(
        wanted,
        course.seeds,
        listener,
        permit=permit,
        data_root=options["data_root"],
        cache_memory=options["cache_memory"],
    )
    _require_two(candidates, left_out)
    check([one.name for one in candidates], candidates[0].data["classes"])
    with nullcontext(executor) if executor is not None else Processes() as workers:
        trained = train_missing(candidates, listener, workers, **options)
    left_out += trained.failures
    done = sorted(trained.runs)
    _require_two([candidates[number] for number in done], left_out)
    return Entry(
        [trained.runs[number] for number in done],
        {str(trained.runs[number].path): candidates[number].name for number in done},
        left_out,
    )


def _require_two(candidates: Sequence[Candidate], left_out: Sequence[tuple[str, str]]) -> None:
    if len({one.name for one in candidates}) >= 2:
        return
    if not left_out:
        raise UsageError("a comparison takes two models or more")
    reasons = "; ".join(f"{name}: {reason}" for name, reason in left_out)
    raise RetinueError(f"fewer than two are left to compare: {reasons}")

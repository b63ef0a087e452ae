"""Who takes part in a comparison: runs of one recipe that differ in their seed are one entrant."""

import json
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from retinue.errors import RetinueError, UsageError
from retinue.evaluation.calibration import Bools, Ints
from retinue.experiments.answers import (
    Answers,
    naming_damage,
    read_answers,
    require_judged,
    require_same_pictures,
)
from retinue.models.catalogue import split_way
from retinue.runs import Run

SHOWN = 2  # settings by which a name tells two recipes apart; where more differ, the folder does


@dataclass(frozen=True)
class Entrant:
    """One network, or one recipe that was trained with several seeds: a run each."""

    name: str
    model: str
    runs: tuple[Run, ...]
    seeds: tuple[int, ...]
    answers: tuple[Answers, ...]

    @property
    def has_seeds(self) -> bool:
        """Whether there are several networks, so that something can be said of their recipe."""
        return len(self.answers) > 1

    @cached_property
    def correct(self) -> Bools:
        """Which pictures each run recognised, (S, N)."""
        return np.stack([answers.correct for answers in self.answers])

    @cached_property
    def confusion(self) -> Ints:
        """What was taken for what, summed over the runs, (K, K); rows are the true classes."""
        k = len(self.answers[0].classes)
        cells = np.concatenate([one.truth * k + one.predicted for one in self.answers])
        return np.bincount(cells, minlength=k * k).reshape(k, k).astype(np.int64)


def gather(runs: Sequence[Run], labels: Mapping[str, str] | None = None) -> list[Entrant]:
    """The entrants of some runs, in the order in which they are named.

    Args:
        runs: finished and judged on the same test pictures.
        labels: names for runs, by path; the others are named by model and by what differs.

    Raises:
        UsageError: fewer than two runs, one that is named twice, is not finished or not judged, or
            runs whose classes or test pictures differ.
        RetinueError: files of a run are damaged.
    """
    _require_several(runs)
    for run in runs:
        with naming_damage(run):
            require_judged(run)
            require_same_pictures(runs[0], run)
    groups = _by_recipe(runs)
    if len(groups) == 1 and not labels:
        groups = [[run] for run in runs]  # they differ in their seed alone: network by network
    classes = runs[0].classes
    entrants = []
    for group, name in zip(groups, _names(groups, labels or {}), strict=True):
        answers = []
        for run in group:
            with naming_damage(run):
                answers.append(read_answers(run, classes))
        seeds = tuple(run.recipe.seed for run in group)
        model = group[0].recipe.model.name
        entrants.append(Entrant(name, model, tuple(group), seeds, tuple(answers)))
    _require_alike(entrants)
    return entrants


def is_own(model: str) -> bool:
    """Whether a model's name is that of the user's own code."""
    return ":" in split_way(model)[0]


def _require_several(runs: Sequence[Run]) -> None:
    if len(runs) < 2:
        raise UsageError("a comparison takes two runs or more")
    places = Counter(run.path.resolve() for run in runs)
    place, times = places.most_common(1)[0]
    if times > 1:
        raise UsageError(f"{place}: is named {times} times; name each run once")


def _by_recipe(runs: Sequence[Run]) -> list[list[Run]]:
    """The runs by recipe, data and version; a user's own networks only where the seeds differ."""
    groups: dict[str, list[Run]] = defaultdict(list)
    for run in runs:
        with naming_damage(run):
            groups[_key(run)].append(run)
    found: list[list[Run]] = []
    for group in groups.values():
        by_seed: dict[int, Run] = {}
        for run in group:
            twin = by_seed.setdefault(run.recipe.seed, run)
            if twin is not run and not is_own(run.recipe.model.name):
                raise UsageError(
                    f"{twin.path} and {run.path} have the same recipe and seed; name one of them"
                )
        found += [group] if len(by_seed) == len(group) else [[run] for run in group]
    return found


def _key(run: Run) -> str:
    values = run.recipe.model_dump(mode="json", exclude={"seed", "data"})
    digests = [run.data["digests"][split] for split in ("train", "val")]
    return json.dumps([values, digests, run.read_json("environment.json").get("retinue")])


def _names(groups: Sequence[Sequence[Run]], labels: Mapping[str, str]) -> list[str]:
    """A name for each group, no two alike."""
    models = [_short(group[0]) for group in groups]
    names = [labels.get(str(group[0].path), "") for group in groups]
    for position, group in enumerate(groups):
        model = models[position]
        if not names[position]:
            rivals = [other for other, name in zip(groups, models, strict=True) if name == model]
            what = _what_differs(group, rivals)
            names[position] = f"{model} ({what})" if len(rivals) > 1 else model
    counts = Counter(names)
    return [
        name if counts[name] == 1 else f"{name} [{group[0].path}]"
        for name, group in zip(names, groups, strict=True)
    ]


def _short(run: Run) -> str:
    """The model's name; of a user's own the last part."""
    name = run.recipe.model.name
    return name.rpartition(":")[2] if is_own(name) else name


def _what_differs(group: Sequence[Run], rivals: Sequence[Sequence[Run]]) -> str:
    """The settings in which a group differs from others of its model, or its folder."""
    settings = [_flat(rival[0]) for rival in rivals]
    if any(len(rival) > 1 for rival in rivals):
        settings = [{key: one[key] for key in one if key != "seed"} for one in settings]
    keys = [key for key in settings[0] if len({json.dumps(one.get(key)) for one in settings}) > 1]
    if not 0 < len(keys) <= SHOWN:
        return Path(group[0].path).resolve().name
    mine = _flat(group[0])
    return ", ".join(f"{key}={_word(mine.get(key))}" for key in keys)


def _flat(run: Run) -> dict[str, Any]:
    values = run.recipe.model_dump(mode="json", exclude={"data"})
    model = values.pop("model")
    return {**values, **{f"model.{key}": value for key, value in model.items() if key != "name"}}


def _word(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, list):
        return ":".join(map(_word, value))
    return f"{value:g}" if isinstance(value, float) else str(value)


def _require_alike(entrants: Sequence[Entrant]) -> None:
    """Be once more certain that all speak of the same pictures in the same order."""
    keys = entrants[0].answers[0].keys
    for entrant in entrants:
        for run, answers in zip(entrant.runs, entrant.answers, strict=True):
            if answers.keys != keys:
                raise RetinueError(
                    f"{run.path}/splits.csv: its test pictures are not those of data.json"
                )

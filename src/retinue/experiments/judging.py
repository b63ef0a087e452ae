"""From entrants to findings: numbers, pairs, groups, and who is chosen."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch

from retinue.data.imagedata import ImageData
from retinue.data.memory import CACHE_MEMORY
from retinue.errors import RetinueError, UsageError
from retinue.experiments.entrants import Entrant
from retinue.experiments.findings import Findings, choose_winner
from retinue.experiments.groups import Group, found_groups, given_groups
from retinue.experiments.listener import Listener
from retinue.experiments.looking import look_into
from retinue.experiments.numbers import measure_entrant
from retinue.experiments.pairs import compare_all
from retinue.experiments.pictures import open_test
from retinue.experiments.remarks import remarks
from retinue.training.environment import describe_environment

Groups = Mapping[str, Sequence[str]]


def judge(
    entrants: Sequence[Entrant],
    groups: tuple[Group, ...],
    left_out: Sequence[tuple[str, str]] = (),
    listener: Listener | None = None,
    *,
    data_root: str | Path | None = None,
    cache_memory: int | str = CACHE_MEMORY,
) -> Findings:
    """Measure the entrants and compare every two of them.

    Raises:
        RetinueError: files of a run are damaged.
    """
    numbers = {one.name: measure_entrant(one) for one in entrants}
    told = remarks(entrants, numbers)
    numbers, unknown = look_into(
        entrants,
        numbers,
        listener or Listener(),
        data_root=data_root,
        cache_memory=cache_memory,
    )
    return Findings(
        data=_data(entrants[0]),
        entrants=tuple(entrants),
        numbers=numbers,
        pairs=compare_all(entrants),
        groups=groups,
        winner=choose_winner(entrants, numbers),
        machine=_machine(),
        time_limit=_time_limit(entrants),
        notes=(*told, *unknown),
        left_out=tuple(left_out),
    )


def groups_of(entrants: Sequence[Entrant], given: Groups | None) -> tuple[Group, ...]:
    """The groups of classes that the user gives, or those that the mistakes of all show.

    Raises:
        UsageError: a class that is not there, or that stands in two groups.
    """
    classes = entrants[0].answers[0].classes
    if given:
        return given_groups(given, classes)
    return found_groups(np.sum([one.confusion for one in entrants], axis=0), classes)


def best_two(findings: Findings, pair: tuple[str, str] | None) -> tuple[Entrant, Entrant]:
    """The entrants that are named, or the best two on val.

    Raises:
        UsageError: a name that nobody has, or one name twice.
    """
    if pair is not None:
        require_names(pair, [one.name for one in findings.entrants])
        return findings.entrant(pair[0]), findings.entrant(pair[1])

    def merit(one: Entrant) -> float:
        found = findings.numbers[one.name]
        return found.accuracy.value if findings.winner is None else found.val_accuracy or 0.0

    second = max(findings.others, key=merit)
    return findings.chosen, second


def require_names(pair: tuple[str, str], names: Sequence[str]) -> None:
    """Refuse a pair of names that are not two of the entrants'.

    Raises:
        UsageError: a name that nobody has, or one name twice.
    """
    for name in pair:
        if name not in names:
            raise UsageError(f"--pair: nobody is called {name}; there are {', '.join(names)}")
    if pair[0] == pair[1]:
        raise UsageError(f"--pair: {pair[0]} is named twice")


def open_data_of(
    entrants: Sequence[Entrant],
    listener: Listener,
    data_root: str | Path | None = None,
    cache_memory: int | str = CACHE_MEMORY,
) -> ImageData | None:
    """The data of the first entrant whose source is still there."""
    for entrant in entrants:
        try:
            return open_test(entrant.runs[0], data_root, listener.on_load, cache_memory)
        except RetinueError:
            continue
    return None


def _data(entrant: Entrant) -> dict[str, Any]:
    data = entrant.runs[0].data
    return {
        "name": data["name"],
        "source": data["source"],
        "classes": list(entrant.answers[0].classes),
        "test_pictures": len(entrant.answers[0].keys),
        "test_digest": data["digests"]["test"],
    }


def _machine() -> dict[str, Any]:
    """Where the speed of prediction is measured."""
    found = describe_environment(torch.device("cpu"), "fp32")
    keys = ("processor", "cores", "threads", "system", "python", "packages", "device", "precision")
    return {key: found[key] for key in keys}


def _time_limit(entrants: Sequence[Entrant]) -> float | None:
    limits = {run.recipe.time_limit for one in entrants for run in one.runs}
    return limits.pop() if len(limits) == 1 else None

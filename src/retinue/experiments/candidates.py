"""What is to be compared on some data: a recipe for each model and seed, with nothing left open."""

import json
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from retinue.data.memory import CACHE_MEMORY
from retinue.errors import RetinueError, UsageError
from retinue.experiments.listener import Listener
from retinue.experiments.opened import Opened
from retinue.models.backbones import backbone
from retinue.models.published import Permit, refuse
from retinue.recipe import Recipe, make_recipe, read_recipe
from retinue.training.defaults import choose
from retinue.training.folder import describe_data
from retinue.training.start import DEFAULT, start_of


@dataclass(frozen=True)
class Candidate:
    """One training: its recipe in full, and what data.json will say of its pictures."""

    name: str
    recipe: Recipe
    data: dict[str, Any]


def recipes_for(
    data: str,
    models: Sequence[str],
    recipes: Sequence[Recipe | str | Path],
    settings: Mapping[str, Any],
) -> dict[str, Recipe]:
    """A recipe, in which much may be open, for each model and each recipe file, by its name.

    Raises:
        UsageError: a setting that is not allowed, a file that cannot be read, two of one name.
    """
    entries: list[tuple[str, Recipe]] = [
        ("", make_recipe({"data": data, "model": model}, settings)) for model in models
    ]
    for number, one in enumerate(recipes, start=1):
        if isinstance(one, Recipe):
            values, title = one.model_dump(exclude_unset=True), f"recipe {number}"
        else:
            values, title = read_recipe(Path(one)), Path(one).stem
        entries.append((title, make_recipe(values, {"data": data}, settings)))
    counts = Counter(recipe.model.name for _, recipe in entries)
    named: dict[str, Recipe] = {}
    for title, recipe in entries:
        model = recipe.model.name
        name = f"{model} ({title})" if title and counts[model] > 1 else model
        if name in named:
            raise UsageError(f"{name}: is named twice; each takes part once")
        named[name] = recipe
    return named


def settle(
    recipes: Mapping[str, Recipe],
    seeds: int,
    listener: Listener,
    *,
    permit: Permit = refuse,
    data_root: str | Path | None = None,
    cache_memory: int | str = CACHE_MEMORY,
) -> tuple[list[Candidate], list[tuple[str, str]]]:
    """Choose for the data what the recipes leave open; all of one seed, then all of the next.

    Returns the candidates, and names with reasons of those that cannot be trained, as where weights
    cannot be had.

    Raises:
        UsageError: no such data, data without test pictures, or settings under which not all would
            be judged on the same ones.
        RetinueError: pictures cannot be read.
    """
    opened = Opened(data_root, cache_memory, listener.on_load)
    settled: list[Candidate] = []
    left_out: list[tuple[str, str]] = []

    def leave_out(name: str, error: RetinueError) -> None:
        left_out.append((name, str(error)))
        listener.on_left_out(name, str(error))

    for name, recipe in recipes.items():
        try:
            obtain(recipe, permit, listener)
        except RetinueError as error:
            leave_out(name, error)
            continue
        # What is wrong with the data itself ends it all.
        data = opened.of(recipe)
        try:
            full, _ = choose(recipe.model_copy(update={"data": data.source}), data)
        except RetinueError as error:
            leave_out(name, error)
            continue
        title = f"auto ({full.model.name})" if name == "auto" else name
        settled.append(Candidate(title, full, json.loads(json.dumps(describe_data(data)))))
    _require_same_test(settled)
    _require_different(settled)
    first = [one.recipe.seed for one in settled]
    return [
        Candidate(one.name, one.recipe.model_copy(update={"seed": seed + more}), one.data)
        for more in range(seeds)
        for one, seed in zip(settled, first, strict=True)
    ], left_out


def obtain(recipe: Recipe, permit: Permit, listener: Listener) -> None:
    """Have published weights here, where the recipe begins with such."""
    start = start_of(recipe)
    found = backbone(start.name) if start.pretrained == DEFAULT else None
    if found is not None:
        found.published.obtain(permit, _downloading(listener, found.published.title))


def _downloading(listener: Listener, title: str) -> Callable[[int, int], None] | None:
    """Progress of a download, as the listener takes it."""
    told = listener.on_load
    return None if told is None else lambda done, total: told(title, done, total)


def _require_same_test(candidates: Sequence[Candidate]) -> None:
    for one in candidates:
        if not sum(one.data["counts"]["test"].values()):
            raise UsageError(f"{one.data['name']}: has no test pictures to be judged on")
        if one.data["digests"]["test"] != candidates[0].data["digests"]["test"]:
            raise UsageError(
                f"{one.name} and {candidates[0].name} would be judged on different test pictures; "
                "let settings of the data be the same in all recipes"
            )


def _require_different(candidates: Sequence[Candidate]) -> None:
    names: dict[str, str] = {}
    for one in candidates:
        key = one.recipe.model_dump_json(exclude={"seed"})
        twin = names.setdefault(key, one.name)
        if twin != one.name:
            raise UsageError(f"{twin} and {one.name} are the same recipe; name one of them")

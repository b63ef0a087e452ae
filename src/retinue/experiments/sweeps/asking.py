"""What a sweep is asked for: by its user's words, or by an experiment that is written down."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any

from retinue.errors import UsageError
from retinue.experiments.sweeps.varying import axes_of
from retinue.recipe import Recipe, make_recipe, read_recipe

KEYS = ("title", "question", "data", "recipe", "vary", "seeds")


@dataclass(frozen=True)
class Experiment:
    """A question with the sweep that answers it, as its YAML file has it."""

    name: str
    title: str
    question: str
    data: str
    recipe: dict[str, Any]
    vary: dict[str, Any]
    seeds: int


def shipped() -> list[str]:
    """The names of the experiments that come with the package."""
    return sorted(
        path.name.removesuffix(".yaml") for path in ready().iterdir() if path.name.endswith(".yaml")
    )


def read_experiment(name: str | Path) -> Experiment:
    """An experiment that is shipped, by its name, or one of the user's, by its file.

    Raises:
        UsageError: there is none, or the file is none.
    """
    path = Path(name)
    if path.suffix not in (".yaml", ".yml"):
        if str(name) not in shipped():
            raise UsageError(
                f"--experiment {name}: there is none of that name; there are {', '.join(shipped())}"
            )
        path = Path(str(ready() / f"{name}.yaml"))
    values = read_recipe(path)
    unknown = [key for key in values if key not in KEYS]
    if unknown or not isinstance(values.get("vary"), Mapping):
        wrong = f"{unknown[0]!r} is none of its keys" if unknown else "it has no mapping 'vary'"
        raise UsageError(f"{path}: no experiment: {wrong}; it has {', '.join(KEYS)}")
    return Experiment(
        path.stem,
        str(values.get("title", path.stem)),
        " ".join(str(values.get("question", "")).split()),
        str(values.get("data", "")),
        dict(values.get("recipe") or {}),
        dict(values["vary"]),
        int(values.get("seeds", 1)),
    )


def asked_of(
    data: str | Path | None,
    vary: Sequence[str] | Mapping[str, Any],
    experiment: str | Path | None,
    recipe: Recipe | str | Path | None,
    settings: Mapping[str, Any],
) -> dict[str, Any]:
    """Data, base settings, axes and the like, as a `Plan` takes them.

    Settings of the user's go over those of the recipe, and both over the experiment's.

    Raises:
        UsageError: too little or too much is said, or something that is not allowed.
    """
    found: dict[str, Any] = {"seeds": 1}
    layers: list[Mapping[str, Any]] = []
    if experiment is not None:
        if vary:
            raise UsageError("--vary: an experiment says itself what is varied; name one of both")
        one = read_experiment(experiment)
        found = {"seeds": one.seeds, "experiment": one.name, "title": one.title}
        found["question"] = one.question
        vary, data = one.vary, data or one.data
        layers.append(one.recipe)
    if isinstance(recipe, Recipe):
        layers.append(recipe.model_dump(exclude_unset=True))
    elif recipe is not None:
        layers.append(read_recipe(Path(recipe)))
    base = make_recipe(*layers, settings).model_dump(mode="json", exclude_unset=True)
    data = data or base.pop("data", "")
    if not data:
        raise UsageError(
            "DATA: name what to train on, as retinue sweep cifar10 --vary lr=1e-3,1e-2"
        )
    base.pop("data", None)
    return {**found, "data": str(data), "base": base, "axes": axes_of(vary)}


def ready() -> Traversable:
    """The folder of the experiments that come with the package."""
    return files("retinue.experiments") / "ready"

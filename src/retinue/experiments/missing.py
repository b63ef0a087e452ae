"""Training what is missing: what is there already is found in `runs/` and used again."""

import hashlib
import json
from collections.abc import Iterator, Sequence
from concurrent.futures import Executor
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import retinue
from retinue.errors import RetinueError
from retinue.experiments.answers import naming_damage
from retinue.experiments.candidates import Candidate
from retinue.experiments.entrants import is_own
from retinue.experiments.listener import Job, Listener
from retinue.jobs import Spec, run_all
from retinue.recipe import make_recipe
from retinue.runs import RUNS, Run, numbered, slug

# What data.json says of the pictures and of how they become numbers.
_OF_DATA = ("classes", "digests", "preprocess", "decode_rules")


@dataclass(frozen=True)
class Trained:
    """The runs by candidate, as far as there are any, and why others could not be trained."""

    runs: dict[int, Run]
    failures: list[tuple[str, str]]


def find_runs(candidates: Sequence[Candidate]) -> dict[int, Run]:
    """Finished runs in `runs/` with the recipe, data and version of candidates, the newest ones."""
    found: dict[int, Run] = {}
    paths = sorted(RUNS.glob("*/recipe.yaml"), key=lambda path: -path.stat().st_mtime)
    for path in paths:
        with suppress(RetinueError):
            run = Run.load(path.parent)
            with naming_damage(run):
                for number, candidate in enumerate(candidates):
                    if number not in found and _is_of(run, candidate):
                        found[number] = run
    return found


def train_missing(
    candidates: Sequence[Candidate],
    listener: Listener,
    executor: Executor | None,
    **options: Any,
) -> Trained:
    """Find the runs of the candidates, and train the others, one after another.

    Args:
        candidates: what is wanted.
        listener: told what is found and trained.
        executor: where the trainings take place; here, if None.
        options: what `fit` takes beside the recipe and its folder, as JSON has it.
    """
    runs = find_runs(candidates)
    for number, run in sorted(runs.items()):
        listener.on_reuse(candidates[number].name, run)
    missing = [number for number in range(len(candidates)) if number not in runs]
    jobs: dict[str, tuple[int, Job]] = {}

    def specs() -> Iterator[Spec]:
        for position, number in enumerate(missing, start=1):
            candidate = candidates[number]
            recipe, model = candidate.recipe, candidate.recipe.model.name
            model = model.rpartition(":")[2] if is_own(model) else model
            path = numbered(RUNS, f"{slug(candidate.data['name'])}-{slug(model)}")
            job = Job(candidate.name, recipe.seed, path, position, len(missing))
            jobs[str(path)] = number, job
            listener.on_train(job)
            yield {"output": str(path), "recipe": recipe.model_dump(mode="json"), **options}

    failures = []
    for ending in run_all(train_one, specs(), executor):
        number, job = jobs[ending.spec["output"]]
        if ending.error:
            with suppress(OSError):
                job.path.rmdir()  # where nothing had begun
            failures.append((f"{job.name}, seed {job.seed}", ending.error))
            listener.on_left_out(*failures[-1])
        else:
            runs[number] = Run.load(ending.result)
            listener.on_trained(job, runs[number])
    return Trained(runs, failures)


def train_one(spec: Spec) -> str:
    """Train by a spec, and give the path of the run.

    Raises:
        RetinueError: the training fails, or ends before it is finished.
        KeyboardInterrupt: it was stopped by hand.
    """
    from retinue.training.fit import fit

    options = {key: value for key, value in spec.items() if key not in ("output", "recipe")}
    run = fit(make_recipe(spec["recipe"]), output=Path(spec["output"]), **options)
    status = run.status
    if status["state"] != "finished":
        if "by hand" in status["reason"]:
            raise KeyboardInterrupt
        raise RetinueError(f"{run.path}: {status['state']}: {status['reason']}")
    return str(run.path)


def _is_of(run: Run, candidate: Candidate) -> bool:
    """Whether a run is what training a candidate would give."""
    recipe = candidate.recipe
    return (
        run.status["state"] == "finished"
        # The code of a user's own network may have changed since.
        and not is_own(recipe.model.name)
        and run.recipe.model_dump(mode="json") == recipe.model_dump(mode="json")
        and all(run.data[key] == candidate.data[key] for key in _OF_DATA)
        and run.read_json("environment.json")["retinue"] == retinue.__version__
        and "test" in run.evaluations
        and _weights_are_the_same(run, recipe.pretrained)
    )


def _weights_are_the_same(run: Run, pretrained: str) -> bool:
    """Whether the file or run that a training began with still holds the same weights."""
    path = Path(pretrained)
    if pretrained in ("none", "default") or not path.exists():
        return True
    digest = run.read_json("transfer.json")["digest"]
    if path.is_dir():
        return bool(digest == json.loads((path / "model.json").read_text())["weights"])
    return bool(digest == hashlib.sha256(path.read_bytes()).hexdigest())

"""What a sweep's folder gets when it has ended: table, effects, best recipe, figures."""

import json
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

import retinue
from retinue import plotting
from retinue.experiments.opened import Opened
from retinue.experiments.sweeps.figures import draw
from retinue.experiments.sweeps.find import find
from retinue.experiments.sweeps.journal import SCHEMA, Journal, Trial
from retinue.experiments.sweeps.phrases import value_text
from retinue.experiments.sweeps.result import FINISHED, Result
from retinue.experiments.sweeps.sentences import tell
from retinue.experiments.sweeps.sweep import BEST, EFFECTS, TABLE, Sweep
from retinue.models.catalogue import is_known, split_way
from retinue.recipe import make_recipe, write_recipe
from retinue.runs import Run
from retinue.training.carry_out import draw_run
from retinue.writing import write_csv, write_json

NUMBERS = (
    "test", "val", "train", "val_loss", "train_loss", "epochs", "best_epoch", "parameters",
    "multiply_adds", "seconds",
)  # fmt: skip
MACHINE = ("processor", "cores", "threads", "device_name", "precision")


def write_findings(journal: Journal, results: Sequence[Result]) -> Sweep:
    """Write what came out so far; each file appears whole.

    Raises:
        RetinueError: files of a run are damaged.
        OSError: the folder cannot be written.
    """
    plan, about = journal.plan, _about(journal, results)
    counts = about["data"]["counts"] if about else {"test": {}, "val": {}}
    pictures = sum(counts["test"].values()) or None
    findings = find(
        plan.axes,
        results,
        adaptive=plan.search == "tpe",
        pruned=plan.prune,
        pictures=pictures,
        val_pictures=sum(counts["val"].values()) or None,
    )
    _write_table(journal, results)
    if findings.best is not None:
        recipe = make_recipe(journal.settings[findings.best.setting - 1].recipe or {})
        write_recipe(journal.path / BEST, recipe)
    for name, figure in draw(plan.axes, results, findings):
        plotting.save(figure, journal.path / "figures" / f"{name}.png")
    sections = [asdict(section) for section in tell(findings, plan.axes, pictures)]
    values = {
        "schema": SCHEMA,
        "retinue": retinue.__version__,
        **about,
        "chosen_on": "val",
        "told_by": "test",
        "findings": asdict(findings),
        "discussion": sections,
    }
    read: dict[str, Any] = json.loads(json.dumps(values))  # as who opens the folder has it
    write_json(journal.path / EFFECTS, read)
    return Sweep(journal.path, read)


def draw_best(sweep: Sweep, opened: Opened) -> None:
    """Draw the figures and pictures of the best setting's first training, if there is one."""
    best, journal = sweep.values["findings"]["best"], sweep.journal
    if best is None:
        return
    run = Run(journal.folder(Trial(best["setting"], journal.first_seed)))
    is_drawn = (run.path / "pictures").exists()
    if not is_drawn and is_known(split_way(run.recipe.model.name)[0]):
        draw_run(run, opened.of(journal.plan.recipe(best["values"])))


def _about(journal: Journal, results: Sequence[Result]) -> dict[str, Any]:
    """The data and the machine of the first training that finished; empty where none did."""
    first = next((one for one in results if one.state == FINISHED), None)
    if first is None:
        return {}
    run = Run(journal.path / first.run)
    data, environment = run.data, run.read_json("environment.json")
    return {
        "data": {key: data[key] for key in ("name", "source", "classes", "counts", "digests")},
        "machine": {key: environment[key] for key in MACHINE},
    }


def _write_table(journal: Journal, results: Sequence[Result]) -> None:
    """table.csv: a line a training."""
    keys = [axis.key for axis in journal.plan.axes]
    rows = (
        [
            one.setting,
            one.seed,
            *(value_text(one.values[key]) for key in keys),
            one.state,
            *(getattr(one, name) for name in NUMBERS),
            one.run,
            one.reason,
        ]
        for one in results
    )
    head = ["setting", "seed", *keys, "state", *NUMBERS, "run", "reason"]
    write_csv(journal.path / TABLE, head, rows)

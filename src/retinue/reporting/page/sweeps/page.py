"""The page of a sweep."""

from collections.abc import Mapping
from typing import Any

from retinue.errors import RetinueError
from retinue.experiments.discussion import Section
from retinue.experiments.phrases import points
from retinue.experiments.sweeps.findings import Findings
from retinue.experiments.sweeps.sweep import BEST, Sweep
from retinue.reporting.facts.data import Counts
from retinue.reporting.facts.sweep_commands import repeat_of, sweep_commands
from retinue.reporting.facts.sweep_words import luck_sentences, titles
from retinue.reporting.facts.sweeps import findings_of
from retinue.reporting.page.about import Data
from retinue.reporting.page.inside import drawing_of
from retinue.reporting.page.page import Page
from retinue.reporting.page.sweeps.costs import cost_charts
from retinue.reporting.page.sweeps.effects import effects_of, grids_of, how_tested, parts_of
from retinue.reporting.page.sweeps.first import first_of_sweep
from retinue.reporting.page.sweeps.settings import failed_of, impossible_of, settings_of
from retinue.reporting.page.sweeps.views import Illustration, Swept, Told
from retinue.reporting.page.views import Collected, Table
from retinue.wording import count

# What each figure of the folder shows, for those who cannot see it: title and words.
FIGURES = {
    "stability": (
        "How steady trainings are",
        "How far seeds of the same setting lie apart, and how many trainings diverged, by level; "
        "the tables above have the numbers.",
    ),
    "train-test": (
        "Training against test",
        "Each setting's accuracy on training pictures against that on test; the table of all "
        "settings has the numbers.",
    ),
    "curves": (
        "Accuracy on val, epoch by epoch",
        "A line for each setting, and bold ones for the means of the key that explains most.",
    ),
    "parallel": (
        "All settings at once",
        "A line for each setting through its values, in the colour of its accuracy on val; the "
        "table of all settings has the numbers.",
    ),
}


def page_of_sweep(sweep: Sweep) -> Page:
    """Everything that is known of a sweep.

    Raises:
        UsageError: the sweep was stopped before anything could be said.
        RetinueError: files of the folder are damaged.
    """
    findings, plan = findings_of(sweep), sweep.journal.plan
    collected, data, asked = Collected(), _data(sweep.values), repeat_of(plan)
    name = plan.data if data is None else data.name
    tested = sum(sweep.values["data"]["counts"]["test"].values()) if data else None
    files = [(BEST, _text(sweep, BEST))] if findings.best is not None else []
    notes = []
    if asked.file:
        files.append((asked.file, asked.text))
        notes.append(f"The first command needs the file {asked.file}, whose text stands below.")
    return Page(
        title=f"Sweep on {name}",
        first=first_of_sweep(findings, plan, name, tested),
        collected=collected,
        swept=_swept(sweep, findings, collected),
        discussed=tuple(
            Section(one["title"], tuple(one["sentences"])) for one in sweep.values["discussion"]
        ),
        data=data,
        commands=tuple(sweep_commands(sweep, asked)),
        files=tuple(files),
        notes=tuple(notes),
        environments=(_machine(sweep.values),),
    )


def _swept(sweep: Sweep, findings: Findings, collected: Collected) -> Swept:
    axes = sweep.journal.plan.axes
    names = titles(axes)
    return Swept(
        effects=effects_of(findings, axes, names, collected),
        parts=parts_of(findings, names),
        how=how_tested(findings),
        grids=grids_of(findings, names),
        stability=Told(_steadiness(findings), (), _figures(sweep, "stability")),
        fit=Told((), (), _figures(sweep, "train-test", "curves")),
        costs=Told((), collected.keep(*cost_charts(findings, axes))),
        luck=luck_sentences(findings.luck) if findings.luck is not None else (),
        settings=settings_of(findings, axes, names),
        impossible=impossible_of(findings, axes),
        failed=failed_of(sweep.journal, axes),
        parallel=Told((), (), _figures(sweep, "parallel")),
    )


def _steadiness(findings: Findings) -> tuple[str, ...]:
    told = []
    if findings.spread is not None:
        told.append(
            "Trainings of the same setting with another seed differ, as a standard deviation, by "
            f"{points(findings.spread)[0]} points of accuracy on test."
        )
    else:
        told.append("Each setting has one training: how much seeds differ is not known.")
    diverged = findings.counts.get("diverged", 0)
    if diverged:
        where = sum(bool(one.diverged) for one in findings.settings)
        told.append(
            f"{count(diverged, 'training')} diverged (the loss was no number any more), "
            f"in {count(where, 'setting')}."
        )
    else:
        told.append("No training diverged.")
    return tuple(told)


def _figures(sweep: Sweep, *names: str) -> tuple[Illustration, ...]:
    """Those that were drawn."""
    found = []
    for name in names:
        path, (title, alt) = sweep.path / "figures" / f"{name}.png", FIGURES[name]
        if path.is_file():
            found.append(Illustration(drawing_of(title, path), alt))
    return tuple(found)


def _data(values: Mapping[str, Any]) -> Data | None:
    """The pictures, as the sweep kept them; None where no training finished."""
    if "data" not in values:
        return None
    data = values["data"]
    counts: Mapping[str, Mapping[str, int]] = data["counts"]
    splits = tuple(split for split, found in counts.items() if sum(found.values()))
    rows = tuple(
        (str(name), tuple(counts[split].get(name, 0) for split in splits))
        for name in data["classes"]
    )
    facts = [("source", data["source"] or "arrays in memory"), ("classes", f"{len(rows):,}")]
    facts += [(f"digest of {split}", str(data["digests"][split])[:16]) for split in splits]
    return Data(data["name"], Counts(splits, rows), tuple(facts), (), (), 0, is_checked=False)


def _machine(values: Mapping[str, Any]) -> Table:
    found = values.get("machine") or {}
    rows = [(key.replace("_", " "), str(one)) for key, one in found.items() if one is not None]
    rows.append(("retinue", str(values["retinue"])))
    return Table("Machine", ("", ""), rows, numbers=False)


def _text(sweep: Sweep, name: str) -> str:
    try:
        return (sweep.path / name).read_text(encoding="utf-8")
    except (OSError, ValueError) as error:
        raise RetinueError(f"{sweep.path / name}: cannot be read: {error}") from None

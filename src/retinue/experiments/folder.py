"""Writing the folder of a comparison: whole, or not at all."""

import json
import os
import shutil
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import retinue
from retinue import plotting
from retinue.errors import UsageError
from retinue.experiments.comparison import SCHEMA
from retinue.experiments.discussion import Section, as_markdown
from retinue.experiments.entrants import Entrant
from retinue.experiments.findings import Findings
from retinue.experiments.numbers import SCORES, Numbers
from retinue.runs import numbered, slug
from retinue.writing import write_csv, write_json, write_text

if TYPE_CHECKING:
    from matplotlib.figure import Figure

COMPARISONS = Path("comparisons")
ESTIMATES = ("accuracy", *SCORES)


def require_free(output: Path | None, option: str = "--output") -> None:
    """Refuse a folder that holds something; `option` is what named it.

    Raises:
        UsageError: it does, or is a file.
    """
    if output is None or not output.exists():
        return
    if not output.is_dir():
        raise UsageError(f"{option} {output}: is a file; name a new folder")
    if any(output.iterdir()):
        raise UsageError(f"{option} {output}: is not empty; name a new folder")


def write_comparison(
    output: Path | None,
    findings: Findings,
    sections: Sequence[Section],
    figures: Iterable[tuple[str, "Figure"]],
) -> tuple[Path, dict[str, Any]]:
    """Write all files of a comparison; give its folder, and comparison.json as a mapping.

    The folder is `output`, or comparisons/<data>-<n>.
    """
    require_free(output)
    if output is None:
        path = numbered(COMPARISONS, slug(findings.data["name"]))
    else:
        path = output
        path.mkdir(parents=True, exist_ok=True)
    values = as_json(findings, sections)
    whole = path.resolve()
    aside = whole.with_name(f".{whole.name}.{os.getpid()}.part")
    shutil.rmtree(aside, ignore_errors=True)
    try:
        aside.mkdir()
        _write_files(aside, findings, sections, values)
        for name, figure in figures:
            plotting.save(figure, aside / "figures" / f"{name}.png")
        path.rmdir()  # empty: not everywhere can a folder take its place
        aside.rename(path)
    except BaseException:
        shutil.rmtree(aside, ignore_errors=True)
        if path.is_dir() and not any(path.iterdir()):
            path.rmdir()
        raise
    return path, values


def as_json(findings: Findings, sections: Sequence[Section]) -> dict[str, Any]:
    """Everything that was found, the most accurate entrant first."""
    values = {
        "schema": SCHEMA,
        "retinue": retinue.__version__,
        "data": findings.data,
        "winner": findings.winner,
        "chosen_on": "val accuracy, then val log loss" if findings.winner else None,
        "time_limit": findings.time_limit,
        "entrants": [_entrant(one, findings.numbers[one.name]) for one in findings.by_accuracy],
        "pairs": [{**asdict(pair), "shown": pair.is_shown} for pair in findings.pairs],
        "groups": [
            {"name": one.name, "classes": list(one.classes), "found": one.found}
            for one in findings.groups
        ],
        "machine": findings.machine,
        "left_out": [{"name": name, "reason": reason} for name, reason in findings.left_out],
        "notes": list(findings.notes),
        "discussion": [asdict(section) for section in sections],
    }
    read: dict[str, Any] = json.loads(json.dumps(values))  # as who opens the folder has it
    return read


def _entrant(entrant: Entrant, numbers: Numbers) -> dict[str, Any]:
    values = asdict(numbers)
    curve, speed = values.pop("curve"), values.pop("speed")
    return {
        "name": entrant.name,
        "model": entrant.model,
        "runs": [str(run.path) for run in entrant.runs],
        "seeds": list(entrant.seeds),
        **values,
        "train_accuracy": curve and curve["train"],
        "curve": curve,
        "prediction": speed,
        "confusion": entrant.confusion.tolist(),
    }


def _write_files(
    folder: Path, findings: Findings, sections: Sequence[Section], values: Mapping[str, Any]
) -> None:
    write_json(folder / "comparison.json", values)
    _write_rows(folder / "table.csv", [_row(one) for one in values["entrants"]])
    pairs = [{**pair, "runs": " ".join(pair["runs"])} for pair in values["pairs"]]
    _write_rows(folder / "pairs.csv", pairs)
    paths = [path for one in values["entrants"] for path in one["runs"]]
    write_text(folder / "runs.txt", "".join(f"{path}\n" for path in paths))
    title = f"Comparison on {findings.data['name']}"
    write_text(folder / "discussion.md", as_markdown(sections, title))


def _row(entrant: Mapping[str, Any]) -> dict[str, Any]:
    """A line of table.csv: no lists, an estimate in three cells."""
    row: dict[str, Any] = {
        "name": entrant["name"],
        "model": entrant["model"],
        "runs": len(entrant["runs"]),
        "seeds": " ".join(map(str, entrant["seeds"])),
    }
    for name in ESTIMATES:
        found = entrant[name]
        row |= {name: found["value"], f"{name}_low": found["low"], f"{name}_high": found["high"]}
    plain = (
        "val_accuracy", "val_loss", "train_accuracy", "train_pictures", "parameters",
        "multiply_adds", "size", "training_seconds", "training_speed", "peak_memory",
    )  # fmt: skip
    row |= {name: entrant[name] for name in plain}
    speed = entrant["prediction"] or {"batch": None, "single": None}
    return {**row, "pictures_per_second": speed["batch"], "seconds_single": speed["single"]}


def _write_rows(path: Path, rows: Sequence[Mapping[str, Any]]) -> None:
    write_csv(path, list(rows[0]), [list(row.values()) for row in rows])

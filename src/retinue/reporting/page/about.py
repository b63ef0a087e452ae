"""Sections that a run and a comparison have in common: data, network, recipe, environment."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from retinue.experiments.phrases import seconds, size
from retinue.recipe import DATA_KEYS, Recipe
from retinue.reporting.facts.data import Counts, bad_pictures, counts_of
from retinue.reporting.facts.layers import Layer, layers
from retinue.reporting.facts.reading import is_recorded, optional
from retinue.reporting.page.charts.chart import Chart
from retinue.reporting.page.views import Table
from retinue.runs import Run
from retinue.wording import count

BAD = 50  # pictures left out that are named


@dataclass(frozen=True)
class Data:
    """The pictures: how many, of which classes, and what to know of them."""

    name: str
    counts: Counts
    facts: tuple[tuple[str, str], ...]
    notes: tuple[str, ...]
    bad: tuple[tuple[str, str], ...]
    bad_more: int
    is_checked: bool = True  # whether it is known that no other pictures were left out


@dataclass(frozen=True)
class Network:
    """A network layer by layer."""

    name: str
    layers: tuple[Layer, ...]
    facts: tuple[tuple[str, str], ...]
    is_known: bool

    def called(self, name: str) -> "Network":
        """The same under the name that a comparison has for it."""
        return replace(self, name=name)


@dataclass(frozen=True)
class Training:
    """How a training went."""

    name: str
    charts: tuple[Chart, ...]
    facts: tuple[tuple[str, str], ...]


def data_of(run: Run) -> Data:
    """What the run was trained and judged on."""
    data, bad = run.data, bad_pictures(run)
    height, width = data["preprocess"]["size"]
    colour = "grey" if data["preprocess"]["channels"] == 1 else "colour"
    facts = [
        ("source", data["source"] or "arrays in memory"),
        ("classes", f"{len(run.classes):,}"),
        (f"{run.recipe.model.name} sees", f"{height} x {width} pixels, {colour}"),
        ("brought to size by", data["preprocess"]["fit"]),
        ("digest of the data", str(data["digest"])[:16]),
    ]
    return Data(
        data["name"],
        counts_of(run),
        tuple(facts),
        tuple(data.get("notes", [])),
        tuple(bad[:BAD]),
        max(0, len(bad) - BAD),
    )


def network_of(run: Run) -> Network | None:
    """The run's network; None where it has none yet."""
    card, found = optional(run, "model.json"), layers(run)
    if not card:
        return None
    facts = [("network", card["name"]), ("parameters", f"{card['parameters']:,}")]
    if adds := sum(layer.multiply_adds or 0 for layer in found):
        facts.append(("multiply-adds a picture", f"{adds:,}"))
    weights = run.path / "model.safetensors"
    if weights.is_file():
        facts.append(("file of the weights", size(weights.stat().st_size)))
    facts += [(str(key), _word(value)) for key, value in card["arguments"].items()]
    if card.get("views", "one") != "one":
        facts.append(("views averaged", card["views"]))
    facts += _transferred(run)
    known = any(layer.output is not None for layer in found)
    return Network(card["name"], tuple(found), tuple(facts), known)


def training_facts(run: Run) -> tuple[tuple[str, str], ...]:
    """How long, how far, and why it ended."""
    status, history = run.status, run.history
    facts = [("state", run.state)]
    if status.get("reason"):
        facts.append(("ended because", status["reason"]))
    facts.append(("epochs", f"{status.get('epoch', len(history)):g}"))
    if status.get("best_epoch") is not None:
        facts.append(("weights kept", f"those of epoch {status['best_epoch']:g}"))
    if status.get("training_seconds") is not None:
        facts.append(("time of training", seconds(status["training_seconds"])))
    speeds = [line["pictures_per_second"] for line in history if line.get("pictures_per_second")]
    if speeds:
        middle = sorted(speeds)[len(speeds) // 2]
        facts.append(("speed", f"{middle:,.0f} pictures/s"))
    if status.get("peak_memory"):
        facts.append(("most memory", size(status["peak_memory"])))
    return tuple(facts)


def recipe_table(run: Run, seeds: Sequence[int] = ()) -> Table:
    """Every setting with its meaning; of a recorded run those that were said.

    `seeds` are those of several trainings by this recipe.
    """
    recipe = run.recipe.model_dump(mode="json") | ({"seed": seeds} if len(seeds) > 1 else {})
    model = recipe.pop("model")
    values = {"model": model.pop("name")} | {f"model.{key}": one for key, one in model.items()}
    values |= recipe
    if is_recorded(run):
        known = {*DATA_KEYS, "data", "epochs", *run.status["recorded"]}
        values = {
            key: one for key, one in values.items() if key.startswith("model") or key in known
        }
    rows = [(key, _word(value), _meaning(key)) for key, value in values.items()]
    return Table("Recipe", ("setting", "value", "what it is"), rows, numbers=False)


def environment_table(run: Run) -> Table:
    """On what it was trained; empty where that was not written."""
    found = optional(run, "environment.json")
    packages = found.get("packages") or {}
    kept = ("retinue", "python", "system", "processor", "cores", "threads", "device_name")
    rows = [
        (key.replace("_", " "), _word(found[key]))
        for key in (*kept, "precision", "git")
        if found.get(key) is not None
    ]
    rows += [(name, str(version)) for name, version in packages.items()]
    return Table("Environment", ("", ""), rows, numbers=False)


def side_by_side(what: str, tables: Mapping[str, Table]) -> tuple[Table, ...]:
    """What differs in tables of several, a column each, and what is the same in all.

    `what` says what they are; the tables' rows begin with a key and its value.
    """
    found = {name: {row[0]: row for row in table.rows} for name, table in tables.items()}
    keys = list(dict.fromkeys(key for rows in found.values() for key in rows))
    unlike, alike = [], []
    for key in keys:
        values = [rows[key][1] if key in rows else "" for rows in found.values()]
        if len(set(values)) > 1:
            unlike.append((key, *values))
        else:
            alike.append(next(rows[key] for rows in found.values() if key in rows))
    shown = []
    if unlike:
        head = ("", *tables)
        shown.append(Table(f"Where the {what} differ", head, unlike, numbers=False))
    if alike:
        head = next(iter(tables.values())).head
        shown.append(Table(f"What the {what} share", head, alike, numbers=False))
    return tuple(shown)


def _transferred(run: Run) -> list[tuple[str, str]]:
    found = optional(run, "transfer.json")
    facts = [("way of transfer", str(found["way"]))] if found.get("way") else []
    if found.get("source"):
        facts.append(("weights to begin with", str(found["source"])))
    if found.get("loaded"):
        facts.append(("taken over", count(len(found["loaded"]), "tensor")))
    if found.get("new"):
        facts.append(("newly made", _word(found["new"])))
    return facts


def _meaning(key: str) -> str:
    field = Recipe.model_fields.get(key.partition(".")[0])
    return "" if field is None or "." in key else field.description or ""


def _word(value: Any) -> str:
    """A value as people read it."""
    if value is None or value == "":
        return "–"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:.6g}"
    if isinstance(value, Sequence) and not isinstance(value, str):
        return ", ".join(map(_word, value)) or "–"
    if isinstance(value, dict):
        return ", ".join(f"{key}: {_word(one)}" for key, one in value.items()) or "–"
    return str(value)

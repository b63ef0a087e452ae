"""The page of a comparison."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from retinue.experiments.comparison import Comparison
from retinue.experiments.discussion import Section
from retinue.reporting.diagnosis import Diagnosis, diagnose
from retinue.reporting.facts.card import model_card
from retinue.reporting.facts.commands import commands
from retinue.reporting.facts.entrants import Behind, runs_behind
from retinue.reporting.facts.pictures import Pictures, pictures_on
from retinue.reporting.page.about import (
    data_of,
    environment_table,
    network_of,
    recipe_table,
    side_by_side,
)
from retinue.reporting.page.compared import compared_of, curves_of, first_of_comparison
from retinue.reporting.page.matrix import (
    WIDE,
    Matrix,
    Shown,
    digests_of,
    fill,
    make_matrix,
    shown_in,
    together,
)
from retinue.reporting.page.page import Diagnosed, Page
from retinue.reporting.page.results import pairs_table, trust_of
from retinue.reporting.page.run_page import gallery, training_of
from retinue.reporting.page.views import Collected
from retinue.runs import Run
from retinue.wording import count


@dataclass(frozen=True)
class Side:
    """An entrant, its runs that are still there, and their pictures."""

    values: Mapping[str, Any]
    behind: Behind
    pictures: tuple[Pictures, ...]
    digests: tuple[dict[str, str], ...]

    @property
    def name(self) -> str:
        """What the comparison calls it."""
        return str(self.values["name"])

    @property
    def first(self) -> Run | None:
        """The run that stands for it."""
        return self.behind.runs[0] if self.behind.runs else None


def page_of_comparison(comparison: Comparison) -> Page:
    """Everything that is known of a comparison; what only missing runs know is left out.

    Raises:
        RetinueError: a file of a run is damaged.
    """
    collected = Collected()
    sides = [_side(comparison, one) for one in chosen_first(comparison)]
    values, best = comparison.values, sides[0]
    classes = values["data"]["classes"]
    numbered = enumerate(sides)
    matrices = tuple(_matrix(f"m{place}", side, classes, collected) for place, side in numbered)
    there = [(side, side.first) for side in sides if side.first is not None]
    pictures = best.pictures[0] if best.pictures else Pictures()
    digests = best.digests[0] if best.digests else {}
    named = [
        (f"{side.name}, seed {run.recipe.seed}", run) for side in sides for run in side.behind.runs
    ]
    diagnosed = (_diagnosed(side) for side in sides)
    data = next((data_of(run) for _, run in there), None)
    networks = ((side.name, network_of(run)) for side, run in there)
    recipes = {side.name: recipe_table(run, side.values["seeds"]) for side, run in there}
    environments = {side.name: environment_table(run) for side, run in there}
    return Page(
        title=f"Comparison on {values['data']['name']}",
        first=first_of_comparison(comparison, pictures, collected.album, digests),
        collected=collected,
        compared=compared_of(comparison, collected, _missing(sides)),
        discussed=tuple(
            Section(section["title"], tuple(section["sentences"]))
            for section in values["discussion"]
        ),
        data=data,
        networks=tuple(found.called(name) for name, found in networks if found is not None),
        curves=collected.keep(curves_of([(side.name, run) for side, run in there])),
        trainings=tuple(
            training_of(run, f"e{place}", collected, side.name)
            for place, (side, run) in enumerate(there)
        ),
        diagnosed=tuple(one for one in diagnosed if one.found),
        matrices=matrices,
        quota=fill(matrices, collected.album),
        pairs=pairs_table(best.values, classes) if len(classes) > WIDE else None,
        mistakes=gallery(pictures, collected, digests, f"test by {best.name}"),
        trusts=tuple(
            trust_of(run, "test", collected, f"e{place}", side.name)
            for place, (side, run) in enumerate(there)
        ),
        looks=tuple(_looks(named)),
        recipes=side_by_side("recipes", recipes),
        environments=side_by_side("environments", environments),
        commands=tuple(commands(comparison)),
        card=_card(best),
        card_of=best.name,
    )


def chosen_first(comparison: Comparison) -> list[dict[str, Any]]:
    """The entrants: the one that was chosen on val, then the others as accurate as they are."""
    entrants: list[dict[str, Any]] = comparison.values["entrants"]
    return sorted(entrants, key=lambda one: one["name"] != comparison.winner)


def _side(comparison: Comparison, entrant: Mapping[str, Any]) -> Side:
    behind = runs_behind(comparison, entrant)
    pictures = tuple(pictures_on(run, "test") for run in behind.runs)
    return Side(entrant, behind, pictures, tuple(digests_of(run, "test") for run in behind.runs))


def _matrix(id_: str, side: Side, classes: Sequence[str], collected: Collected) -> Matrix:
    parts: list[dict[tuple[int, int], list[Shown]]] = [
        shown_in(pictures.cells, collected.album, digests)
        for pictures, digests in zip(side.pictures, side.digests, strict=True)
    ]
    runs = len(side.values["runs"])
    return make_matrix(id_, side.name, classes, side.values["confusion"], together(parts), runs)


def _diagnosed(side: Side) -> Diagnosed:
    """What is wrong with an entrant's trainings, each once, with in how many."""
    runs = side.behind.runs
    found: dict[str, list[Diagnosis]] = {}
    for run in runs:
        for one in diagnose(run):
            found.setdefault(one.name, []).append(one)
    several = len(runs) > 1
    return Diagnosed(
        side.name,
        tuple(
            (some[0], f"in {len(some)} of {len(runs)} trainings" if several else "")
            for some in found.values()
        ),
    )


def _card(side: Side) -> tuple[Section, ...]:
    return () if side.first is None else tuple(model_card(side.first))


def _missing(sides: Sequence[Side]) -> list[str]:
    """The run folders that are not there any more."""
    return [path for side in sides for path in side.behind.missing]


def _looks(named: Sequence[tuple[str, Run]]) -> list[str]:
    """How often each training's test split was looked at."""
    looks = {name: run.test_looks for name, run in named}
    if not looks:
        return []
    if set(looks.values()) == {1}:
        trainings = count(len(looks), "training")
        return [f"The test split was looked at once for each of {trainings}, after it had ended."]
    told = ", ".join(f"{name}: {count(n, 'time')}" for name, n in looks.items())
    return [f"How often the test split was looked at: {told}."]

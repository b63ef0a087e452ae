"""The page of a run."""

from collections.abc import Sequence

from retinue.explaining.explain import Explanation
from retinue.reporting.diagnosis import diagnose
from retinue.reporting.facts.card import model_card
from retinue.reporting.facts.commands import command_line, commands
from retinue.reporting.facts.headline import judged_on
from retinue.reporting.facts.pictures import Pictures, pictures_on
from retinue.reporting.facts.test_looks import test_looks
from retinue.reporting.page.about import (
    Training,
    data_of,
    environment_table,
    network_of,
    recipe_table,
    training_facts,
)
from retinue.reporting.page.charts.curves import curve_charts, rate_chart
from retinue.reporting.page.first import first_of_run
from retinue.reporting.page.inside import inside_of
from retinue.reporting.page.matrix import (
    WIDE,
    Matrix,
    digests_of,
    fill,
    make_matrix,
    shown_in,
)
from retinue.reporting.page.page import Diagnosed, Gallery, Page
from retinue.reporting.page.results import class_rows, measures_table, pairs_table, trust_of
from retinue.reporting.page.views import Collected, Trust, picture_of
from retinue.runs import Run
from retinue.wording import percent


def page_of_run(run: Run, explanations: Sequence[Explanation] = ()) -> Page:
    """Everything that is known of a run, however far it came.

    Raises:
        RetinueError: a file that every run has is damaged.
    """
    collected, split = Collected(), judged_on(run)
    pictures = Pictures() if split is None else pictures_on(run, split)
    digests = {} if split is None else digests_of(run, split)
    found = tuple(diagnose(run))
    matrices = () if split is None else (_matrix(run, split, pictures, collected, digests),)
    metrics = None if split is None else run.metrics(split)
    network = network_of(run)
    started = command_line(run)
    return Page(
        title=f"{run.recipe.model.name} on {run.data['name']}",
        first=first_of_run(run, pictures, collected.album, digests, found),
        collected=collected,
        data=data_of(run),
        networks=() if network is None else (network,),
        trainings=(training_of(run, "run", collected),),
        diagnosed=(Diagnosed("", tuple((one, "") for one in found)),) if found else (),
        measures=measures_table(run, _names(run, split)) if split else None,
        classes=class_rows(metrics, run.classes) if metrics else (),
        matrices=matrices,
        quota=fill(matrices, collected.album),
        pairs=pairs_table(metrics, run.classes) if metrics and len(run.classes) > WIDE else None,
        inside=tuple(map(inside_of, explanations)),
        mistakes=gallery(pictures, collected, digests, split or ""),
        trusts=_trusts(run, split, collected),
        looks=(test_looks(run),),
        recipes=(recipe_table(run),),
        environments=(environment_table(run),),
        commands=tuple(commands(run)),
        card=tuple(model_card(run)),
        notes=() if started is None else (f"It was started with: {started}",),
    )


def training_of(run: Run, id_: str, collected: Collected, name: str = "") -> Training:
    """The curves of a run and how its training ended."""
    curves = curve_charts(id_, run.history, run.status.get("best_epoch"))
    charts = collected.keep(*curves, rate_chart(id_, run.steps))
    return Training(name, charts, training_facts(run))


def gallery(
    pictures: Pictures, collected: Collected, digests: dict[str, str], split: str
) -> Gallery | None:
    """The mistakes it was surest of; None where it made none, or none was kept."""
    if not pictures.mistakes:
        return None
    shown = tuple(
        picture_of(
            one, collected.album, digests, _caption(one.true, one.predicted, one.probability)
        )
        for one in pictures.mistakes
    )
    return Gallery(f"Wrong answers on {split}, the surest first", shown)


def _caption(true: str | None, predicted: str | None, probability: float | None) -> str:
    sure = "" if probability is None else f", {percent(probability, 0)}"
    return f"{true} → {predicted}{sure}" if true is not None else ""


def _matrix(
    run: Run, split: str, pictures: Pictures, collected: Collected, digests: dict[str, str]
) -> Matrix:
    confusion = run.metrics(split)["confusion"]
    shown = shown_in(pictures.cells, collected.album, digests)
    return make_matrix("m0", "", run.classes, confusion, shown)


def _names(run: Run, split: str) -> list[str]:
    """The evaluations, the one that the report is about first."""
    return [split, *(name for name in run.evaluations if name != split)]


def _trusts(run: Run, split: str | None, collected: Collected) -> tuple[Trust, ...]:
    return () if split is None else (trust_of(run, split, collected, "run"),)

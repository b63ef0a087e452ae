"""Which slides there are, for a run and for a comparison."""

from dataclasses import replace

from retinue.errors import UsageError
from retinue.experiments.comparison import Comparison
from retinue.reporting.facts.entrants import runs_behind
from retinue.reporting.facts.headline import judged_on
from retinue.reporting.slides import (
    conclusion,
    mistakes,
    network,
    opening,
    results,
    training,
    versus,
)
from retinue.reporting.slides.entrants import chosen_row
from retinue.reporting.slides.pages import BOTTOM, FULL, MARGIN, TOP, Box, Page, Source, Words
from retinue.reporting.slides.sources import Book
from retinue.reporting.slides.text import short
from retinue.reporting.slides.trust import trade_off_page
from retinue.runs import Run
from retinue.wording import count


def pages_of(what: Run | Comparison) -> list[Page]:
    """The pages, in the order of the talk.

    Raises:
        UsageError: a run that has not been judged on any pictures.
    """
    return _of_comparison(what) if isinstance(what, Comparison) else _of_run(what)


def _of_run(run: Run) -> list[Page]:
    split = judged_on(run)
    if split is None:
        raise UsageError(
            f"{run.path}: was not judged on any pictures, so there is nothing to show; "
            f"see retinue evaluate {run.path}"
        )
    matrix = run.metrics(split)["confusion"]
    source = Source("", f"evaluation/{split}/metrics.json", "confusion")
    pages = [
        opening.opening_of_run(run, split),
        opening.data_page(run, split),
        network.network_page(run),
        training.training_page(run),
        results.results_page(run, split),
        results.classes_page(run, split),
        mistakes.confusion_page(matrix, run.classes, source, "it"),
        mistakes.mistakes_page(run, split, "it"),
        results.baseline_page(run, split),
        trade_off_page(run, split),
        conclusion.conclusion_of_run(run, split),
    ]
    return [
        replace(page, footer=f"{run.path.resolve().name} · judged on {split}") for page in pages
    ]


def _of_comparison(comparison: Comparison) -> list[Page]:
    values = comparison.values
    first = {}
    for one in values["entrants"]:
        behind = runs_behind(comparison, one)
        if behind.runs:
            first[one["name"]] = behind.runs[0]
    row = chosen_row(_book(comparison)) or 0
    shown = values["entrants"][row]
    name = short(shown["name"], 40)
    some = first.get(shown["name"]) or next(iter(first.values()), None)
    runs = len(shown["runs"])
    who = name if runs == 1 else f"{name} in {count(runs, 'training')}"
    source = Source("", "comparison.json", f"entrants[{row}].confusion")
    pages = [
        opening.opening_of_comparison(_book(comparison), some),
        _data(comparison, some),
        network.networks_page(_book(comparison)),
        training.trainings_page(_book(comparison), first),
        versus.results_of_all(_book(comparison)),
        versus.differences_page(_book(comparison)),
        versus.classes_of_all(_book(comparison)),
        mistakes.confusion_page(shown["confusion"], values["data"]["classes"], source, who),
        _mistakes(comparison, first.get(shown["name"]), name),
        versus.costs_page(_book(comparison)),
        conclusion.conclusion_of_comparison(_book(comparison)),
    ]
    pictures = count(values["data"]["test_pictures"], "test picture")
    footer = f"{comparison.path.resolve().name} · the same {pictures}"
    return [replace(page, footer=footer) for page in pages]


def _book(comparison: Comparison) -> Book:
    return Book("comparison.json", comparison.values)


def _data(comparison: Comparison, run: Run | None) -> Page:
    """The data as a run tells of them; without one what the comparison knows."""
    if run is not None:
        return opening.data_page(run, "test", f"{run.path.name}/")
    book = _book(comparison)
    data = comparison.values["data"]
    pictures = book.say("data.test_pictures", lambda n: count(n, "test picture"))
    book.note(str(len(data["classes"])), "data.classes, how many")
    words = Words(
        (
            f"All were judged on the same {pictures}.",
            f"Classes: {', '.join(short(name, 40) for name in data['classes'])}.",
            "The folders of the runs are not here, so there are neither counts nor pictures.",
        )
    )
    return Page(
        "Data",
        f"{short(data['name'], 40)}: {len(data['classes'])} classes",
        ((Box(MARGIN, TOP, FULL, BOTTOM - TOP), words),),
        tuple(book.taken),
        ("Say where the pictures come from, and what is hard about them.",),
        own_words=False,
    )


def _mistakes(comparison: Comparison, run: Run | None, name: str) -> Page:
    if run is not None:
        return mistakes.mistakes_page(run, "test", name, f"{run.path.name}/")
    told = "Its run folder is not here, so there are no pictures of its mistakes."
    return Page(
        "Mistakes",
        f"The mistakes {name} makes",
        ((Box(MARGIN, TOP, FULL, 2), Words((told,))),),
    )

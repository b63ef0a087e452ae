"""The model card: what the network is for, what it was made of, and where it ends.

Its parts are those of Mitchell et al. 2019, as far as a run knows anything of them.
"""

from collections.abc import Iterator

from retinue.experiments.discussion import Section
from retinue.reporting.facts.headline import headline, judged_on, others
from retinue.reporting.facts.mistakes import what_goes_wrong
from retinue.reporting.facts.reading import is_recorded, optional
from retinue.reporting.facts.test_looks import test_looks
from retinue.runs import Run
from retinue.wording import count, percent

NAMED = 12  # classes that are named one by one
FEW = 30  # pictures of a class below which its numbers say little


def model_card(run: Run) -> list[Section]:
    """Sections with their sentences; what a run does not know is not said."""
    parts = {
        "The model": _model,
        "Intended use": _use,
        "Data": _data,
        "Measures": _measures,
        "Limits": _limits,
    }
    sections = [Section(title, tuple(tell(run))) for title, tell in parts.items()]
    return [section for section in sections if section.sentences]


def _model(run: Run) -> Iterator[str]:
    recipe, card = run.recipe, optional(run, "model.json")
    size = f" with {count(card['parameters'], 'parameter')}" if card.get("parameters") else ""
    yield f"{recipe.model.name}{size}, trained on {run.data['name']}."
    transfer = optional(run, "transfer.json")
    if transfer.get("source"):
        yield f"It began with weights from elsewhere: {transfer['source']}."
    if is_recorded(run):
        yield "It was trained in a loop of its own; how is known only where that loop has told."
    temperature = optional(run, "calibration.json").get("temperature")
    if temperature:
        yield f"Its probabilities are calibrated on val pictures (temperature {temperature:.3g})."


def _use(run: Run) -> Iterator[str]:
    names = run.classes
    shown = ", ".join(names[:NAMED])
    more = f" and {len(names) - NAMED} more" if len(names) > NAMED else ""
    yield f"To say which of {len(names)} classes a picture shows: {shown}{more}."
    yield "It names one of these for every picture, also for one that shows none of them."
    abstention = optional(run, "calibration.json").get("abstention") or {}
    if abstention.get("threshold"):
        yield (
            f"Answers less sure than {percent(abstention['threshold'])} are marked unsure; on val "
            f"{percent(abstention['accuracy'])} of the others were right, "
            f"{percent(abstention['coverage'])} of all pictures."
        )


def _data(run: Run) -> Iterator[str]:
    totals = {split: sum(counts.values()) for split, counts in run.data["counts"].items()}
    told = ", ".join(f"{n:,} {split}" for split, n in totals.items() if n)
    yield f"{run.data['name']}: {told} pictures."
    height, width = run.data["preprocess"]["size"]
    colour = "grey" if run.data["preprocess"]["channels"] == 1 else "colour"
    yield f"The network sees {colour} pictures of {height} x {width} pixels."
    if run.data.get("bad_pictures"):
        yield f"{count(run.data['bad_pictures'], 'picture')} could not be read and were left out."
    yield from (f"{note[:1].upper()}{note[1:]}." for note in run.data.get("notes", []))


def _measures(run: Run) -> Iterator[str]:
    found = headline(run)
    if found is None:
        yield "It has not been judged on any pictures."
        return
    yield found.sentence
    macro = run.metrics(found.split)["macro"]["f1"]
    yield (
        f"Macro F1, the mean over the classes, is {macro['value']:.3f} "
        f"({macro['low']:.3f} to {macro['high']:.3f})."
    )
    yield what_goes_wrong(run)
    yield from others(run)
    yield test_looks(run)


def _limits(run: Run) -> Iterator[str]:
    if run.state != "finished":
        yield f"The training is not finished: it is {run.state}."
    split = judged_on(run)
    if split is None:
        return
    yield (
        f"The interval is about other pictures like those of {split}. Pictures taken otherwise, "
        "with other cameras, places or people, were not tried, unless an evaluation above says so."
    )
    few = [one for one in run.metrics(split)["per_class"] if one["n"] < FEW]
    if few:
        names = ", ".join(f"{one['class']} ({one['n']})" for one in few[:NAMED])
        more = f" and {len(few) - NAMED} more" if len(few) > NAMED else ""
        yield f"Judged on fewer than {FEW} pictures, so hardly known: {names}{more}."
    yield "One training was made; with another seed it would come out a little different."

"""The first screen of a run: one number, what is asked, what goes wrong, whether it is good."""

from collections.abc import Mapping, Sequence

from markupsafe import Markup

from retinue.reporting.diagnosis import Diagnosis
from retinue.reporting.facts.baseline import Baseline, against_the_largest
from retinue.reporting.facts.headline import Headline, headline, others, pictures_of
from retinue.reporting.facts.mistakes import Pair, what_goes_wrong, worst_pairs
from retinue.reporting.facts.pictures import Pictures, Thumbnail
from retinue.reporting.facts.reading import is_recorded
from retinue.reporting.facts.test_looks import test_looks
from retinue.reporting.page.album import Album
from retinue.reporting.page.charts.intervals import gauge
from retinue.reporting.page.views import Card, First, Picture, picture_of
from retinue.runs import Run
from retinue.wording import count, percent

SAMPLES = 12  # pictures of the task
SHOWN = 6  # of the largest mistake


def first_of_run(
    run: Run,
    pictures: Pictures,
    album: Album,
    digests: Mapping[str, str],
    diagnoses: Sequence[Diagnosis],
) -> First:
    """Everything on the first screen of a run."""
    found = headline(run)
    baseline = None if found is None else against_the_largest(run, found.split)
    data = run.data["name"]
    if found is None:
        number, caption = "–", "It has not been judged on any pictures."
    else:
        number, caption = percent(found.value), caption_of(found)
    return First(
        kicker=f"Report of {'a recorded run' if is_recorded(run) else 'a training'}",
        title=f"Can {run.recipe.model.name} tell the {len(run.classes)} classes of {data} apart?",
        number=number,
        caption=caption,
        gauge=gauge_of(found, baseline),
        samples=samples_of(run.classes, pictures, album, digests),
        more=max(0, len(run.classes) - SAMPLES),
        cards=tuple(_cards(run, found, baseline, pictures, album, digests, diagnoses)),
        banner=banner_of(run),
    )


def caption_of(found: Headline) -> str:
    """What the first number is a share of, and its interval."""
    return (
        f"of {pictures_of(found.split, found.n)} recognised; 95 % interval "
        f"{percent(found.low)} to {percent(found.high)}"
    )


def gauge_of(found: Headline | None, baseline: Baseline | None) -> Markup | None:
    """The first number on a scale, beside what it has to beat."""
    if found is None:
        return None
    marks = [] if baseline is None else [(baseline.value, "always the largest class")]
    return gauge(found.value, found.low, found.high, marks)


def samples_of(
    classes: Sequence[str], pictures: Pictures, album: Album, digests: Mapping[str, str]
) -> tuple[Picture, ...]:
    """Some pictures of each class, those first that were recognised."""
    each = max(1, min(3, SAMPLES // len(classes)))
    found = []
    for label, name in enumerate(classes[:SAMPLES]):
        some = sorted(pictures.samples.get(label, []), key=_was_mistaken)[:each]
        found += [picture_of(one, album, digests, name) for one in some]
    return tuple(found)


def worst_pictures(
    run: Run, split: str, pictures: Pictures, album: Album, digests: Mapping[str, str]
) -> tuple[Picture, ...]:
    """Pictures of the most common mistake."""
    pairs = worst_pairs(run.metrics(split), run.classes, most=1)
    return pictures_of_pair(pairs[0], run.classes, pictures, album, digests) if pairs else ()


def pictures_of_pair(
    pair: Pair,
    classes: Sequence[str],
    pictures: Pictures,
    album: Album,
    digests: Mapping[str, str],
) -> tuple[Picture, ...]:
    """Some pictures of one class that were taken for another."""
    cell = classes.index(pair.true), classes.index(pair.predicted)
    some = pictures.cells.get(cell, [])[:SHOWN]
    return tuple(picture_of(one, album, digests) for one in some)


def banner_of(run: Run) -> str:
    """What is to be known first of a training that is not finished; empty for one that is."""
    status, state = run.status, run.state
    if state == "finished":
        return ""
    reason = f": {status['reason']}" if status.get("reason") and state != "running" else ""
    epochs = f"{status.get('epoch', 0):g} of {run.recipe.epochs:g} epochs"
    told = f"This training is {state}{reason}. It got through {epochs}; shown is what was there."
    line = next(reversed(run.history), None)
    if line is not None and line.get("val_accuracy") is not None and not run.evaluations:
        told += f" At last it recognised {percent(line['val_accuracy'])} of the val pictures."
    return told


def _was_mistaken(thumbnail: Thumbnail) -> bool:
    return thumbnail.true != thumbnail.predicted


def _cards(
    run: Run,
    found: Headline | None,
    baseline: Baseline | None,
    pictures: Pictures,
    album: Album,
    digests: Mapping[str, str],
    diagnoses: Sequence[Diagnosis],
) -> list[Card]:
    cards = []
    if found is not None:
        wrong = worst_pictures(run, found.split, pictures, album, digests)
        cards.append(Card("What it gets wrong most", (what_goes_wrong(run),), wrong))
    if baseline is not None:
        cards.append(Card("Is it better than guessing?", (baseline.sentence,)))
    trust = [*others(run), test_looks(run)]
    if diagnoses:
        titles = "; ".join(one.title for one in diagnoses[:3])
        trust.append(f"{count(len(diagnoses), 'thing')} to look at: {titles}.")
    if run.data.get("notes"):
        trust.append(f"{count(len(run.data['notes']), 'note')} on the data below.")
    cards.append(Card("How far to trust it", tuple(trust)))
    return cards

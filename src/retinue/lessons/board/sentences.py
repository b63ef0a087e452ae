"""What a board says, in sentences."""

from retinue.experiments.phrases import listed
from retinue.lessons.board.promises import in_words
from retinue.lessons.board.standing import Standing
from retinue.lessons.board.verdicts import Judged
from retinue.wording import count, percent

NAMED = 8  # names in a sentence
MANY = 0.5  # share of the runs whose promises do not hold, from which the pictures are suspected


def title_of(standing: Standing) -> str:
    """Who is best, or that the pictures cannot tell."""
    leaders, n = standing.leaders, len(standing.judged)
    if n == 1:
        return f"{leaders[0]} was judged alone"
    if len(leaders) == 1:
        return f"{leaders[0]} is shown to be the best of {n}"
    if len(leaders) == n:
        return f"No difference is shown between the {n} runs"
    return f"{len(leaders)} of {n} runs may be the best: the pictures cannot tell which"


def leaders_of(standing: Standing) -> tuple[str, ...]:
    """What the title means, in one or two sentences."""
    leaders, n = standing.leaders, len(standing.hidden)
    if len(standing.judged) == 1:
        return ()
    shown = sum(pair.is_shown for pair in standing.pairs)
    told = (
        f"Of {count(len(standing.pairs), 'pair')} of runs the {n:,} hidden pictures show for "
        f"{shown:,} which of the two is better."
    )
    if len(leaders) == 1:
        return (told,)
    return (f"Nobody is shown to be better than {names(leaders)}.", told)


def how_ranked(standing: Standing) -> str:
    """How the ranks were found."""
    return (
        "Each pair was compared by McNemar's exact test on the pictures that just one of the two "
        f"recognised, and the p-values of all {len(standing.pairs):,} pairs were corrected "
        "together (Holm). A run's best rank is one more than the number of runs shown to be "
        "better; its worst is as far from the last as the number shown to be worse. Such ranks "
        "all hold together in at least 95 % of boards. They speak of these networks and of "
        "pictures like these, not of another training by the same recipe."
    )


def promise_sentences(standing: Standing) -> tuple[str, ...]:
    """Who promised more than it holds, in plain words."""
    found = standing.promises.values()
    told = []
    for one in found:
        if one.verdict == "more" and one.said is not None and one.value is not None:
            told.append(
                f"{one.name} promised {percent(one.said)} and holds {percent(one.holds)}, "
                f"{-100 * one.value:.1f} points less. It promised more than it holds."
            )
        if one.verdict == "forged":
            told.append(f"{one.name} {in_words(one)}.")
    spoken = [one for one in found if one.p is not None]
    broken = sum(one.verdict == "more" for one in spoken)
    if broken > MANY * len(spoken) and len(spoken) > 2:
        told.insert(
            0,
            f"That {broken} of {len(spoken)} hold less than they promised says more of the "
            "hidden pictures than of the runs: these are probably harder, or of another kind, than "
            "those they were tested on.",
        )
    if not told and spoken:
        told.append("No run is shown to hold less than its own test promised.")
    silent = [one.name for one in found if one.verdict == "silent"]
    if silent:
        told.append(f"Without a test of its own: {names(silent)}.")
    return tuple(told)


def leak_sentences(standing: Standing) -> tuple[str, ...]:
    """Which runs learnt from hidden pictures."""
    told = [_leak(one) for one in standing.leaking]
    unknown = [one.name for one in standing.judged if not one.knows_splits]
    if unknown:
        told.append(f"Not known, for want of a list of its pictures: {names(unknown)}.")
    if not standing.leaking:
        told.insert(0, "No run lists a hidden picture among those that it learnt from.")
    told.append(
        "Pictures are known again by their bytes, or by their pixels: not where they were saved "
        "anew or resized. What a run learnt from is what its own files say."
    )
    return tuple(told)


def copies_of(standing: Standing) -> tuple[str, ...]:
    """Which runs have the very same weights: one training that was handed in more than once."""
    alike: dict[str, list[str]] = {}
    for one in standing.judged:
        if one.weights:
            alike.setdefault(one.weights, []).append(one.name)
    return tuple(
        f"{names(some)} have the very same weights: they are one training."
        for some in alike.values()
        if len(some) > 1
    )


def caution_of(standing: Standing) -> str:
    """That hidden pictures wear out; empty the first time."""
    if not standing.before:
        return ""
    return (
        f"These hidden pictures were judged on before: {count(standing.before, 'board')} here. "
        "Runs that were changed after an earlier board may fit just these pictures; then only new "
        "ones can tell."
    )


def names(some: tuple[str, ...] | list[str]) -> str:
    """Names in a sentence, the first of many."""
    if len(some) > NAMED:
        return f"{', '.join(some[:NAMED])} and {len(some) - NAMED} more"
    return listed(list(some))


def _leak(one: Judged) -> str:
    met, everything = int(one.learnt.sum()), float(one.correct.mean())
    return (
        f"{one.name} learnt from {count(met, 'hidden picture')}: it recognises "
        f"{percent(everything)} of all, and {percent(one.accuracy)} of the "
        f"{int(one.new.sum()):,} that are new to it. Only these count for its rank."
    )

"""What was measured as Markdown: a line a side, with ratios, targets and whether they held."""

import statistics
from collections.abc import Iterable, Mapping, Sequence

from benchmarks.contests import Contest, Side
from benchmarks.results import Measurement

# The measurements of every side of a figure; a side that could not be measured is missing.
Found = Mapping[str, Sequence[Measurement]]

HEAD = (
    "| figure | who | test accuracy | seconds of training | pictures/s | end to end "
    "| beside the peer | target |\n|---|---|---|---|---|---|---|---|"
)


def lines_of(contest: Contest, found: Found) -> list[str]:
    """The lines of a figure, the peer first; none for a side without a measurement."""
    cells = []
    for side in contest.sides:
        measured = found.get(side.name, ())
        if measured:
            beside, verdict = "", ""
            if side is not contest.peer:
                beside, verdict = _beside(contest, side, found), _verdict(contest, side, found)
            cells.append([side.name, *_numbers(measured), beside, verdict])
    names = [contest.what, *[""] * len(cells)]
    return [f"| {' | '.join([name, *row])} |" for name, row in zip(names, cells, strict=False)]


def ratio_line(figure: str, contest: Contest, side: Side, found: Found) -> str:
    """One of our sides in a sentence, for the screen."""
    accuracy, seconds, *_ = _numbers(found[side.name])
    parts = [f"{accuracy} in {seconds} s", _beside(contest, side, found)]
    parts.append(_verdict(contest, side, found))
    return f"{figure}: {side.name} {'; '.join(part for part in parts if part)}"


def about(found: Iterable[Measurement]) -> list[str]:
    """Versions, dates and noise of all that is in the table."""
    every = list(found)
    versions = {f"{name} {version}" for one in every for name, version in one.versions.items()}
    dates = sorted({one.date for one in every})
    loads = [one.load for one in every]
    return [
        f"Versions: {', '.join(sorted(versions))}.",
        f"Measured {dates[0]}{f' to {dates[-1]}' if len(dates) > 1 else ''}; processes that wanted "
        f"the processor when a measurement began: {min(loads):.1f} to {max(loads):.1f}.",
    ]


def commands(found: Iterable[Measurement]) -> list[str]:
    """What was run, without seed and paths, as a list."""
    said = dict.fromkeys((one.figure, one.side, one.command) for one in found)
    return [f"- {figure}, {side}: `{command}`" for figure, side, command in said]


def _numbers(measured: Sequence[Measurement]) -> list[str]:
    accuracy = [100 * one.accuracy for one in measured]
    speed = statistics.mean(one.pictures_per_second for one in measured)
    cold = [one.cold for one in measured if one.cold is not None]
    warm = [one.wall for one in measured if one.wall != one.cold]
    ends = [f"cold {statistics.mean(cold):.0f}"] if cold else []
    # A peer's script is given decoded pictures: it has no warm start of its own.
    if warm and any(one.cold is None for one in measured):
        ends.append(f"warm {statistics.mean(warm):.0f}")
    return [
        f"{statistics.mean(accuracy):.2f} %{_each(accuracy, 2)}",
        f"{_seconds(measured):.1f}{_each([one.seconds for one in measured], 1)}",
        f"{speed:,.0f}",
        ", ".join(ends),
    ]


def _each(values: Sequence[float], digits: int) -> str:
    """Every single value, where there are several."""
    if len(values) < 2:
        return ""
    return f" ({', '.join(f'{value:.{digits}f}' for value in values)})"


def _beside(contest: Contest, side: Side, found: Found) -> str:
    """The ratio to the peer, where both were measured."""
    theirs = found.get(contest.peer.name, ()) if contest.peer else ()
    if not theirs:
        return ""
    ours = found[side.name]
    if contest.speed:
        return f"{_speed(ours) / _speed(theirs):.2f} times the pictures/s"
    return f"{_seconds(ours) / _seconds(theirs):.3f} of the time"


def _verdict(contest: Contest, side: Side, found: Found) -> str:
    """The target in words, and whether it held."""
    ours = found[side.name]
    theirs = found.get(contest.peer.name, ()) if contest.peer else ()
    limits: list[tuple[str, bool]] = []
    if contest.accuracy is not None:
        limits.append((f">= {contest.accuracy:g} %", 100 * _accuracy(ours) >= contest.accuracy))
    if contest.as_peer and theirs:
        limits.append((">= the peer", _accuracy(ours) >= _accuracy(theirs)))
    if contest.seconds is not None:
        limits.append((f"<= {contest.seconds:g} s", _seconds(ours) <= contest.seconds))
    if contest.share is not None and theirs:
        share = _seconds(ours) / _seconds(theirs)
        limits.append((f"<= {contest.share:g} of the time", share <= contest.share))
    if contest.times is not None and theirs:
        times = _speed(ours) / _speed(theirs)
        limits.append((f">= {contest.times:g} times the pictures/s", times >= contest.times))
    if not limits:
        return ""
    verdict = "held" if all(held for _, held in limits) else "**missed**"
    return f"{', '.join(text for text, _ in limits)}: {verdict}"


def _accuracy(measured: Sequence[Measurement]) -> float:
    return statistics.mean(one.accuracy for one in measured)


def _seconds(measured: Sequence[Measurement]) -> float:
    return statistics.mean(one.seconds for one in measured)


def _speed(measured: Sequence[Measurement]) -> float:
    return statistics.mean(one.pictures_per_second for one in measured)

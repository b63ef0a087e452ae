"""Where each loses: by pairs of classes, and by groups of classes."""

import numpy as np

from retinue.evaluation.calibration import Bools
from retinue.evaluation.differences import accuracy_estimate, difference
from retinue.experiments.entrants import Entrant
from retinue.experiments.findings import Findings
from retinue.experiments.groups import Group, by_chance, within
from retinue.experiments.pairs import LEVEL
from retinue.experiments.phrases import in_points, listed, share
from retinue.wording import count, percent

LEAST = 5  # mistakes of a pair of classes that are worth a sentence


def hardest_pairs(findings: Findings) -> list[str]:
    """The two classes that each mixes up most, where there is one such pair."""
    told = []
    for entrant in findings.by_accuracy:
        mixed = np.triu(entrant.confusion + entrant.confusion.T, 1)
        most = int(mixed.max())
        places = np.argwhere(mixed == most)
        if most < LEAST or len(places) > 1:
            continue
        one, two = (entrant.answers[0].classes[place] for place in places[0])
        total = int(mixed.sum())
        over = f" of {len(entrant.runs)} runs" if entrant.has_seeds else ""
        told.append(
            f"{entrant.name} mixes up {one} and {two} most: {most:,} of the "
            f"{count(total, 'mistake')}{over} ({percent(most / total, 0)})."
        )
    return told


def lost_pairs(findings: Findings) -> list[str]:
    """The two classes that another mixes up more often than the chosen one, most of all pairs."""
    chosen, told = findings.chosen, []
    classes = chosen.answers[0].classes
    mine = _by_pair(chosen)
    for other in findings.others:
        theirs = _by_pair(other)
        one, two = np.unravel_index(int((theirs - mine).argmax()), mine.shape)
        if theirs[one, two] <= mine[one, two]:
            continue
        mixed = _mixed(other, int(one), int(two)), _mixed(chosen, int(one), int(two))
        # The pair was looked for among all of them, and may stand out by chance.
        tried = len(classes) * (len(classes) - 1) / 2 * len(findings.others)
        found = difference(*mixed)
        if found.p * tried <= LEVEL and found.low > 0:
            told.append(
                f"Against {chosen.name}, {other.name} loses most between {classes[one]} and "
                f"{classes[two]}: {_number(theirs[one, two])} such mistakes instead of "
                f"{_number(mine[one, two])}{' a run' if _several(chosen, other) else ''}."
            )
    return told


def what_the_groups_are(findings: Findings) -> list[str]:
    """Which groups were found in the mistakes, if any were and the user gave none."""
    if not findings.groups or not findings.groups[0].found:
        return []
    names = "; ".join(group.name for group in findings.groups)
    return [
        f"The mistakes of all together fall into {count(len(findings.groups), 'group')} of "
        f"classes: {names}."
    ]


def mistakes_by_group(findings: Findings) -> list[str]:
    """How many mistakes stay within a group of classes."""
    if not findings.groups:
        return []
    told = []
    for entrant in findings.by_accuracy:
        inside, total = within(entrant.confusion, findings.groups)
        if total >= LEAST:
            chance = by_chance(entrant.confusion, findings.groups)
            told.append(
                f"Of the {total:,} mistakes of {entrant.name} {percent(inside / total, 0)} stay "
                f"within a group; {percent(chance, 0)} would by chance."
            )
    return told


def accuracy_by_group(findings: Findings) -> list[str]:
    """How much of each group each recognises."""
    told = []
    for entrant in findings.by_accuracy if findings.groups else []:
        parts = [
            f"{share(accuracy_estimate(correct))} of {_quoted(group)}"
            for group in findings.groups
            if (correct := _of_group(entrant, group)).shape[1] >= 2
        ]
        if parts:
            told.append(f"{entrant.name} recognises {listed(parts)}.")
    return told


def losses_by_group(findings: Findings) -> list[str]:
    """In which groups the others are less accurate than the chosen one."""
    chosen, told = findings.chosen, []
    tried = len(findings.others) * len(findings.groups)
    for other in findings.others if findings.groups else []:
        parts = []
        for group in findings.groups:
            mine, theirs = _of_group(chosen, group), _of_group(other, group)
            if mine.shape[1] < 2:
                continue
            found = difference(mine, theirs)
            figures = in_points(found.value, found.low, found.high)
            is_shown = found.p * tried <= LEVEL and not found.low <= 0 <= found.high
            what = figures if is_shown else f"no difference shown, {figures}"
            parts.append(f"{_quoted(group)}: {what}")
        if parts:
            told.append(f"{chosen.name} less {other.name} on {'; on '.join(parts)}.")
    if told:
        told.append(f"What is shown here allows for the {tried} differences that were looked at.")
    return told


def _by_pair(entrant: Entrant) -> np.ndarray[tuple[int, int], np.dtype[np.float64]]:
    """Mistakes a run between two classes, whichever was taken for the other; upper triangle."""
    mixed = np.triu(entrant.confusion + entrant.confusion.T, 1)
    return np.asarray(mixed / len(entrant.runs))


def _mixed(entrant: Entrant, one: int, two: int) -> Bools:
    """On which pictures of two classes the other of them was said, (S, n)."""
    truth = entrant.answers[0].truth
    of_either = np.flatnonzero((truth == one) | (truth == two))
    other = one + two - truth[of_either]
    return np.stack([answers.predicted[of_either] == other for answers in entrant.answers])


def _of_group(entrant: Entrant, group: Group) -> Bools:
    """Which pictures of a group's classes were recognised, (S, n)."""
    return entrant.correct[:, np.isin(entrant.answers[0].truth, group.numbers)]


def _several(*entrants: Entrant) -> bool:
    return any(one.has_seeds for one in entrants)


def _number(mean: float) -> str:
    return f"{mean:,.0f}" if mean == round(mean) else f"{mean:,.1f}"


def _quoted(group: Group) -> str:
    return f"({group.name})" if group.found else group.name

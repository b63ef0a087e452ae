"""The hidden pictures that are worth talking about: disputed, wrong for all, right for one."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from retinue.evaluation.calibration import Floats, Ints
from retinue.lessons.board.verdicts import Judged


@dataclass(frozen=True)
class Talk:
    """Positions of hidden pictures, those first that there is most to say of.

    Args:
        disputed: by the entropy of the answers, the largest first.
        all_wrong: that nobody has right; those first of which all say the same, for there the label
            may be what is wrong.
        one_right: that one run alone has right, with its place among the runs; those first in which
            the others agree most. Only of three runs or more.
        entropies: of the answers to each picture, (N,), in bits.
    """

    disputed: tuple[int, ...]
    all_wrong: tuple[int, ...]
    one_right: tuple[tuple[int, int], ...]
    entropies: Floats


def talk_of(judged: Sequence[Judged], classes: int) -> Talk:
    """What there is to talk about in the answers of all runs."""
    answers = np.stack([one.predicted for one in judged])
    truth = judged[0].truth
    entropies = entropies_of(answers, classes)
    right = (answers == truth).sum(axis=0)
    falling = np.lexsort((right, -entropies))  # among equally disputed ones, the harder first
    rising = np.argsort(entropies, kind="stable")
    several = len(judged) > 1
    return Talk(
        disputed=tuple(int(one) for one in falling if entropies[one] > 0),
        all_wrong=tuple(int(one) for one in rising if right[one] == 0 and several),
        one_right=tuple(
            (int(one), int(np.flatnonzero(answers[:, one] == truth[one])[0]))
            for one in rising
            if right[one] == 1 and len(judged) > 2
        ),
        entropies=entropies,
    )


def entropies_of(answers: Ints, classes: int) -> Floats:
    """How divided the answers (R, N) of R runs are, picture by picture, (N,), in bits.

    0 where all say the same; at most log2 of the smaller of R and the number of classes.
    """
    votes = np.stack([(answers == label).mean(axis=0) for label in range(classes)])
    logs = np.log2(votes, out=np.zeros_like(votes), where=votes > 0)
    return np.asarray(np.maximum(0.0, -(votes * logs).sum(axis=0)))


def votes_on(judged: Sequence[Judged], position: int) -> list[tuple[int, tuple[str, ...]]]:
    """What was answered of a picture, the commonest first: the class, and who said so."""
    said: dict[int, list[str]] = {}
    for one in judged:
        said.setdefault(int(one.predicted[position]), []).append(one.name)
    return [
        (label, tuple(names))
        for label, names in sorted(said.items(), key=lambda item: (-len(item[1]), item[0]))
    ]

"""What guessing is like: its loss, its agreement with the truth, what a fresh network has."""

import math
from collections.abc import Sequence

import numpy as np

HIGH, ROOM = 1.5, 0.5  # at most so many times the loss of guessing, and so much more
LOW = 0.6  # at least so much of it


def entropy(counts: Sequence[int]) -> float:
    """The mean loss of whoever knows how frequent the classes are and nothing else."""
    shares = np.array([count for count in counts if count], dtype=np.float64)
    shares /= max(1.0, shares.sum())
    return float(-(shares * np.log(shares)).sum())


def plausible_first_loss(classes: int, guessing: float) -> tuple[float, float]:
    """From where to where the loss of a network with fresh weights may lie.

    Whoever gives every class the same probability has a loss of ln(classes), whatever the pictures.
    A fresh network is not quite so even. Below lies who knows how frequent the classes are, whose
    loss is `guessing`; what is well below that too has been told something.
    """
    even = math.log(classes)
    return LOW * min(guessing, even), HIGH * even + ROOM


def agreement(confusion: Sequence[Sequence[int]]) -> tuple[float, float]:
    """Cohen's kappa of a confusion matrix, and by how many deviations it is above 0.

    Kappa is the share of right answers beyond those of somebody who gives the same answers to
    pictures at random: 0 is chance, 1 is perfect. The deviation is that without any agreement
    (Fleiss, Cohen and Everitt 1969, equation 14).
    """
    table = np.asarray(confusion, dtype=np.float64)
    n = table.sum()
    true, said = table.sum(axis=1) / n, table.sum(axis=0) / n
    right, by_chance = float(np.trace(table) / n), float(true @ said)
    spread = by_chance + by_chance**2 - float((true * said) @ (true + said))
    if spread <= 1e-12 or by_chance >= 1:
        return 0.0, 0.0
    return (right - by_chance) / (1 - by_chance), (right - by_chance) / math.sqrt(spread / n)

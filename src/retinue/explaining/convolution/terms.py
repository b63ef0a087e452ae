"""Sums written out, term by term, as a learner would write them."""

from collections.abc import Sequence

import numpy as np

from retinue.plotting.inside.cells import number

SHOWN_LETTERS = 130  # of a line under a figure
_FOR_THE_REST = 22  # letters that name what is left out


def within(value: float) -> str:
    """A number inside a sum or product: brackets keep a minus apart from the sign before it."""
    text = number(value)
    return f"({text})" if text.startswith("-") else text


def product(value: float, weight: float) -> str:
    """`3 × 0.5`, or `3 × (-1)`."""
    return f"{within(value)} × {within(weight)}"


def added(terms: Sequence[str], values: Sequence[float], letters: int | None = None) -> str:
    """`3 × 1 + 2 × 2`, what the terms and their values are.

    Where that is longer than `letters`, those of the largest values, up or down, are kept in their
    order, and the others follow as one number: `20 × 3 + 5 (16 smaller)`.
    """
    whole = " + ".join(terms)
    if letters is None or len(whole) <= letters:
        return whole
    room, kept = letters - _FOR_THE_REST, set[int]()
    for at in np.argsort(-np.abs(values), kind="stable").tolist():
        room -= len(terms[at]) + 3
        if room < 0 and kept:
            break
        kept.add(at)
    rest = sum(value for at, value in enumerate(values) if at not in kept)
    written = [terms[at] for at in sorted(kept)]
    return " + ".join([*written, f"{within(rest)} ({len(terms) - len(kept)} smaller)"])


def listed(values: Sequence[float], letters: int | None = None) -> str:
    """`3, -1, 2`, the largest among them; those that do not fit into `letters` are counted."""
    terms = [number(value) for value in values]
    whole = ", ".join(terms)
    if letters is None or len(whole) <= letters or not terms:
        return whole
    most = max(1, letters // (max(map(len, terms)) + 2))
    kept = sorted(np.argsort(-np.asarray(values), kind="stable")[:most].tolist())
    return ", ".join([*(terms[at] for at in kept), f"… ({len(terms) - len(kept)} smaller)"])

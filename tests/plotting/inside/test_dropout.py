"""Dropout's figure draws whatever the names and numbers are."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from matplotlib.figure import Figure
from numpy.typing import NDArray

from retinue.plotting.inside.dropout import dropout
from tests.plotting.edges import edges_are_white

Draw = Callable[[Figure], NDArray[np.uint8]]
Read = Callable[[Figure], list[str]]


def figure(classes: list[str], units: int = 40, channels: int = 3, **changes: Any) -> Figure:
    random = np.random.default_rng(0)
    inputs = np.maximum(0, random.normal(size=units))
    masks = random.random((8, units)) > 0.3
    settings: dict[str, Any] = {
        "title": "Dropout on test:3",
        "picture": random.integers(0, 256, (20, 30, channels), dtype=np.uint8),
        "layer": "head.dropout",
        "masks": masks,
        "inputs": inputs,
        "outputs": masks * inputs / 0.7,
        "mean_output": inputs,
        "factor": 1 / 0.7,
        "probabilities": random.dirichlet(np.ones(len(classes)), 100),
        "in_eval": random.dirichlet(np.ones(len(classes))),
        "classes": classes,
        "label": 1,
        "notes": ["A sentence about what is seen here. " * 5],
    }
    return dropout(**{**settings, **changes})


CASES: dict[str, Callable[[list[str]], Figure]] = {
    "many units": lambda odd: figure(odd, units=5000, channels=1),
    "one unit, no label": lambda odd: figure(odd[-2:], units=1, label=None),
    "nothing comes in": lambda odd: figure(odd, inputs=np.zeros(40), mean_output=np.zeros(40)),
    "odd names, long words": lambda odd: figure(odd, title="t" * 500, layer="l" * 500),
}


@pytest.mark.parametrize("case", CASES)
def test_it_draws_within_its_edges(case: str, odd: list[str], drawn: Draw) -> None:
    assert edges_are_white(drawn(CASES[case](odd))), "something is clipped"


def test_what_it_says(texts: Read) -> None:
    found = texts(figure(["cat", "dog"], units=300))
    assert {"dog", "the answer under 100 masks", "some masks of head.dropout"} <= set(found)
    assert "unit, the first 256 of 300; dark: kept, light: dropped" in found

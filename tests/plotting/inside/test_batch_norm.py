"""Batch norm's figure draws whatever the names and numbers are."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from matplotlib.figure import Figure
from numpy.typing import NDArray

from retinue.plotting.inside.batch_norm import batch_norm
from tests.plotting.edges import edges_are_white

Draw = Callable[[Figure], NDArray[np.uint8]]
Read = Callable[[Figure], list[str]]


def figure(classes: list[str], channels: int = 4, **changes: Any) -> Figure:
    random = np.random.default_rng(0)
    steps = random.normal(size=(21, channels))
    beside = random.dirichlet(np.ones(len(classes)), (2, 12))
    settings: dict[str, Any] = {
        "title": "features.norm1: BatchNorm2d 32",
        "channels": list(range(channels)),
        "samples": random.normal(3, 2, (3, channels, 500)),
        "running": (steps, steps**2),
        "batch": (steps[-1], steps[-1] ** 2),
        "momentum": 0.1,
        "beside": (beside[0], beside[1]),
        "classes": classes,
        "notes": ["A sentence about what is seen here. " * 5],
    }
    return batch_norm(**{**settings, **changes})


CASES: dict[str, Callable[[list[str]], Figure]] = {
    "odd names, a long title": lambda odd: figure(odd, title="t" * 500),
    "one channel, two classes": lambda odd: figure(odd[-2:], channels=1),
    "nothing remembered": lambda odd: figure(odd, running=None, batch=None, momentum=None),
    "values that do not vary": lambda odd: figure(odd, samples=np.ones((3, 4, 2))),
}


@pytest.mark.parametrize("case", CASES)
def test_it_draws_within_its_edges(case: str, odd: list[str], drawn: Draw) -> None:
    assert edges_are_white(drawn(CASES[case](odd))), "something is clipped"


def test_what_it_says(texts: Read) -> None:
    found = texts(figure(["cat", "dog"]))
    assert {"before the layer", "after it, train mode", "after it, eval mode", "cat"} <= set(found)
    assert "running variance of a new layer (momentum 0.1)" in found
    nothing = texts(figure(["cat", "dog"], running=None, batch=None))
    assert nothing.count("the layer keeps none") == 2

"""The strip of a training step draws whatever the names, shapes and numbers are."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from matplotlib.figure import Figure
from numpy.typing import NDArray

from retinue.plotting.inside.training_step import ROWS, training_step
from tests.plotting.edges import edges_are_white

Draw = Callable[[Figure], NDArray[np.uint8]]
Read = Callable[[Figure], list[str]]


def figure(classes: list[str], count: int = 5, channels: int = 3, **changes: Any) -> Figure:
    random = np.random.default_rng(0)
    before = random.integers(0, 256, (8, 40, 32, channels), dtype=np.uint8)
    labels = [number % len(classes) for number in range(8)]
    probabilities = random.dirichlet(np.ones(len(classes)), 8)
    settings: dict[str, Any] = {
        "title": "One training step",
        "before": before,
        "after": before[:, :32],
        "augment": "basic",
        "layers": [(f"features.layer{number}", (8, 4, 4)) for number in range(count)],
        "gradients": [None if number % 3 == 0 else 0.1**number for number in range(count)],
        "classes": classes,
        "labels": labels,
        "probabilities": probabilities,
        "loss": (2.3, 1.9),
        "formula": ["loss of the first: -ln 0.1 = 2.303", "mean of 8: 2.3"],
        "optimiser": "SGD",
        "weight": ("features.conv1.weight[0, 1, 2, 2]", 0.25, 0.2),
        "notes": ["a note", "and another"],
        "rule": [("w ← w - lr · g", "0.25 - 0.1 · 0.5 = 0.2")],
    }
    return training_step(**{**settings, **changes})


CASES: dict[str, Callable[[list[str]], Figure]] = {
    "many layers": lambda odd: figure(odd, count=200, channels=1),
    "one layer": lambda odd: figure(odd, count=1, gradients=[0.0]),
    "long words": lambda odd: figure(
        odd,
        title="t" * 300,
        augment="a" * 300,
        optimiser="word " * 100,
        layers=[("l" * 300, (1000, 1000, 1000))] * 5,
        weight=("w" * 300, 1.0, 1.0),
        rule=[("r" * 300, "n" * 300)] * 12,
        notes=["a note of words " * 30] * 3,
    ),
    "a part without a shape": lambda odd: figure(odd, layers=[("tokens", None)] * 5),
    "extreme numbers": lambda odd: figure(
        odd, gradients=[1e-30, 1e20, 3.0, None, 0.0], loss=(0.0, 0.0), weight=("w", -1e-9, 1e9)
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_it_draws_within_its_edges(case: str, odd: list[str], drawn: Draw) -> None:
    assert edges_are_white(drawn(CASES[case](odd))), "something is clipped"


def test_what_it_says(odd: list[str], texts: Read) -> None:
    found = texts(figure(["cat", "dog"]))
    assert "a note; and another" in found
    assert {"1. transform", "2. forward", "3. backward", "4. update", "cat", "dog"} <= set(found)
    assert {"features.layer0", "8×4×4", "0.1", "0.01", "w ← w - lr · g", "2.3", "1.9"} <= set(found)
    assert {"0.25", "0.2", "0.25 - 0.1 · 0.5 = 0.2"} <= set(found)


def test_of_too_many_layers_some_that_learn_are_drawn_and_it_says_so(texts: Read) -> None:
    found = texts(figure(["cat", "dog"], count=200))
    assert f"layer ({ROWS} of 200)" in found
    names = [text for text in found if text.startswith("features.layer")]
    assert len(names) == ROWS
    assert {"features.layer1", "features.layer199"} <= set(names)
    assert "features.layer3" not in names  # it does not learn


def test_the_true_class_is_shown_though_it_is_not_among_the_most_probable(texts: Read) -> None:
    classes = [f"class {number}" for number in range(20)]
    probabilities = np.full((8, 20), 0.05)
    probabilities[0] = np.linspace(1, 0, 20) / 10
    found = texts(figure(classes, probabilities=probabilities, labels=[19] * 8))
    assert "0.000 true" in found


def test_only_certainty_is_called_1(texts: Read) -> None:
    almost = np.tile([1 - 1e-9, 1e-9], (8, 1))
    assert "0.999 true" in texts(figure(["cat", "dog"], probabilities=almost, labels=[0] * 8))
    certain = np.tile([1.0, 0.0], (8, 1))
    assert "1.000 true" in texts(figure(["cat", "dog"], probabilities=certain, labels=[0] * 8))

"""The speed of prediction, by a clock that can be trusted."""

from collections.abc import Sequence
from itertools import chain, repeat
from typing import Any, cast

import numpy as np
import pytest

from retinue.data.load import load_data
from retinue.experiments.pictures import places_of
from retinue.experiments.speed import FEW, measure_speed, some_of
from retinue.images import Pixels
from retinue.prediction.classifier import Classifier


class Slow:
    """A classifier that takes so many seconds for a call and so many for each picture."""

    def __init__(self, call: float, each: float, hiccups: Sequence[float] = ()) -> None:
        self.time, self.call, self.each = 0.0, call, each
        self.hiccups = chain(hiccups, repeat(0.0))
        self.sizes: list[int] = []

    def predict(self, images: Pixels) -> None:
        self.sizes.append(len(images))
        self.time += self.call + self.each * len(images) + next(self.hiccups)


def measured(slow: Slow, count: int = 5000) -> Any:
    pictures = np.zeros((count, 2, 2, 1), np.uint8)
    return measure_speed(cast(Classifier, slow), pictures, lambda: slow.time)


def test_batches_and_single_pictures() -> None:
    slow = Slow(call=0.001, each=0.001)
    found = measured(slow)
    assert found.single == pytest.approx(0.002)
    assert found.batch == pytest.approx(1000, rel=0.01)
    assert slow.sizes.count(1) == 50


def test_a_hiccup_does_not_count() -> None:
    found = measured(Slow(0.001, 0.001, hiccups=(9.0, 0.0, 30.0, 0.0, 0.0, 5.0)))
    assert found.single == pytest.approx(0.002)
    assert found.batch == pytest.approx(1000, rel=0.01)


def test_a_slow_network_is_measured_on_few_pictures() -> None:
    slow = Slow(call=0.0, each=1.0)
    found = measured(slow)
    assert found.pictures == FEW
    assert slow.sizes.count(1) == 5
    assert found.batch == pytest.approx(1.0)


def test_few_pictures_are_enough() -> None:
    found = measured(Slow(0.0, 0.001), count=3)
    assert found.pictures == 3
    assert found.single == pytest.approx(0.001)


def test_the_pictures_are_the_same_whatever_their_order() -> None:
    data = load_data("digits", limit_per_class=5)
    keys = sorted(places_of(data))
    assert len(keys) == len(data.test)
    some = some_of(data, keys)
    assert len(some) == len(keys)
    assert np.array_equal(some[0], data.test.images[places_of(data)[keys[0]]])

"""Made-up sweeps, and the same as a table for an independent program."""

from collections.abc import Callable, Sequence
from itertools import product
from typing import Any

import numpy as np
import pandas as pd  # type: ignore[import-untyped]

from retinue.experiments.sweeps.axis import Axis
from retinue.experiments.sweeps.result import FINISHED, Result

Mean = Callable[..., float]


def axes_of(sizes: Sequence[int]) -> list[Axis]:
    return [Axis("abcdef"[place], tuple(range(size))) for place, size in enumerate(sizes)]


def grid(
    sizes: Sequence[int],
    mean: Mean = lambda *_: 0.0,
    seeds: int = 3,
    spread: float = 0.005,
    seed: int = 0,
    without: Sequence[tuple[int, ...]] = (),
) -> list[Result]:
    """All combinations of levels, with accuracies of 0.7 + mean(*levels) + chance."""
    random = np.random.default_rng(seed)
    results = []
    for number, levels in enumerate(product(*(range(size) for size in sizes)), 1):
        noise = random.standard_normal(seeds)
        if levels in without:
            continue
        values = dict(zip("abcdef", levels, strict=False))
        results += [
            Result(number, one, values, FINISHED, test=0.7 + mean(*levels) + spread * float(luck))
            for one, luck in enumerate(noise)
        ]
    return results


def frame(results: Sequence[Result]) -> Any:
    return pd.DataFrame([{**one.values, "y": one.test, "cell": one.setting} for one in results])

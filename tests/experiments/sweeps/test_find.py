"""A sweep as a whole."""

from collections import Counter
from dataclasses import replace

import numpy as np
import pytest

from retinue.evaluation.differences import holm
from retinue.experiments.sweeps.axis import Axis, Range
from retinue.experiments.sweeps.find import find
from retinue.experiments.sweeps.findings import Effect, Interaction
from retinue.experiments.sweeps.result import (
    DIVERGED,
    FAILED,
    FINISHED,
    IMPOSSIBLE,
    PRUNED,
    WAITING,
    Result,
    Values,
)
from tests.experiments.sweeps.sweep_cases import axes_of, grid


def test_all_tests_of_a_sweep_are_corrected_together() -> None:
    found = find(axes_of((3, 2, 2)), grid((3, 2, 2), lambda a, b, c: 0.004 * a + 0.003 * b * c))
    tested: list[Effect | Interaction] = [*found.effects, *found.interactions]
    ps = [one.p for one in tested if one.p is not None]
    assert len(ps) == 6
    assert [one.p_holm for one in tested] == holm(ps)
    assert [one.shown for one in tested] == [p < 0.05 for p in holm(ps)]
    assert found.effects[0].shown
    assert found.tested == "seeds"
    assert found.degrees == 24


def test_an_adaptive_or_pruned_sweep_claims_nothing() -> None:
    results = grid((3, 3), lambda a, b: 0.1 * a)
    for flags in ({"adaptive": True}, {"pruned": True}):
        found = find(axes_of((3, 3)), results, **flags)
        assert found.tested == "nothing"
        assert found.why_not
        assert not any(one.shown for one in found.effects)
        assert not any(one.shown for one in found.interactions)
        assert found.effects[0].p is None
        assert found.effects[0].differences[0].value == pytest.approx(0.2, abs=0.01)
        assert found.effects[0].differences[0].low is None
    assert find(axes_of((3, 3)), results).effects[0].shown


def test_trainings_that_did_not_finish_are_counted() -> None:
    results = [replace(one, val=one.test) for one in grid((3, 2))]
    for place, state in ((0, DIVERGED), (4, FAILED), (7, PRUNED), (9, WAITING)):
        results[place] = replace(results[place], state=state, test=None, val=None)
    results.append(Result(7, 0, {"a": 0, "b": 0}, IMPOSSIBLE, "no such network"))
    found = find(axes_of((3, 2)), results)
    counts = {DIVERGED: 1, FAILED: 1, PRUNED: 1, WAITING: 1, IMPOSSIBLE: 1, FINISHED: 14}
    assert found.counts == Counter(counts)
    assert found.tested == "seeds"
    assert found.settings[-1].impossible
    assert found.best is not None
    assert found.best.setting in (5, 6)
    assert found.luck is not None
    assert found.luck.tried == 2


def test_a_sweep_that_has_not_begun_has_no_findings() -> None:
    results = [Result(n, 0, {"a": n - 1}, WAITING) for n in (1, 2, 3)]
    for some in (results, []):
        found = find(axes_of((3,)), some)
        assert (found.tested, found.best, found.luck, found.spread) == ("nothing", None, None, None)
        assert found.effects[0].levels[0].mean is None
        assert found.why_not


def test_a_random_search_is_judged_by_its_settings() -> None:
    random = np.random.default_rng(0)
    axes = [Axis("lr", range=Range(1e-4, 1.0, log=True)), Axis("opt", ("sgd", "adam"))]
    results = []
    for number in range(1, 31):
        place, opt = float(random.random()), str(random.choice(["sgd", "adam"]))
        test = 0.7 + 0.05 * place + 0.003 * float(random.standard_normal())
        values: Values = {"lr": 10 ** (4 * place - 4), "opt": opt}
        results.append(Result(number, 0, values, FINISHED, test=test, val=test))
    found = find(axes, results, val_pictures=1000)
    assert found.tested == "settings"
    lr, opt_effect = found.effects
    assert [lr.shown, opt_effect.shown] == [True, False]
    assert all(" to " in str(level.value) for level in lr.levels)
    assert len(lr.levels) == 4
    assert found.luck is not None


def test_variants_are_a_key_as_any_other() -> None:
    names = ("<b>bold</b>", "x" * 500)
    axis = Axis("network", variants={name: {"model": "cnn"} for name in names})
    results = [
        replace(one, values={"network": names[int(one.values["a"])]})
        for one in grid((2,), lambda a: 0.05 * a)
    ]
    (effect,) = find([axis], results).effects
    assert effect.shown
    assert effect.differences[0].better == names[1]


def test_a_value_that_its_key_does_not_have_is_named() -> None:
    with pytest.raises(ValueError, match="a has no value 2"):
        find(axes_of((2,)), grid((3,)))

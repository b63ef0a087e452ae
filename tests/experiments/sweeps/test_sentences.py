"""What came out of a sweep, in sentences."""

from collections.abc import Sequence
from dataclasses import replace

import pytest
from statsmodels.stats.proportion import proportion_confint

from retinue.experiments.sweeps.axis import Axis
from retinue.experiments.sweeps.find import find
from retinue.experiments.sweeps.findings import Findings
from retinue.experiments.sweeps.result import DIVERGED, Result
from retinue.experiments.sweeps.sentences import tell
from tests.experiments.sweeps.sweep_cases import axes_of, grid

AXES = [Axis("model.depth", (0, 1, 2)), Axis("lr", (0, 1))]


def _text(findings: Findings, axes: Sequence[Axis] = AXES) -> str:
    return "\n".join(one for section in tell(findings, axes) for one in section.sentences)


def _named(results: Sequence[Result]) -> list[Result]:
    names = {"a": "model.depth", "b": "lr"}
    return [
        replace(
            one,
            values={names[key]: value for key, value in one.values.items()},
            val=one.test,
            train=None if one.test is None else one.test + 0.02,
            seconds=10.0 * one.setting,
        )
        for one in results
    ]


def _found(results: Sequence[Result], **flags: bool) -> Findings:
    return find(AXES, _named(results), pictures=1000, **flags)


def test_what_matters_is_told_with_its_figures() -> None:
    findings = _found(grid((3, 2), lambda a, b: 0.02 * a))
    text = _text(findings)
    depth = findings.effects[0].differences[0]
    assert "Depth matters: 2 is above 0 by" in text
    assert f"{100 * depth.value:.1f} points ({100 * (depth.low or 0):.1f} to" in text
    assert "Between the values of lr no difference is shown" in text
    assert "Lr matters" not in text


def test_that_other_pictures_would_say_otherwise_is_told_with_by_how_much() -> None:
    findings = _found(grid((3, 2), lambda a, b: 0.02 * a))
    sections = tell(findings, AXES, 100)
    text = "\n".join(one for section in sections for one in section.sentences)
    best = findings.best
    assert best is not None
    low, high = proportion_confint(100 * (best.test or 0), 100, method="wilson")
    assert "the same 100 test pictures" in text
    assert f"might as well be {100 * low:.1f} % or {100 * high:.1f} %" in text
    assert "might as well be" not in _text(findings)


def test_nothing_is_called_alike() -> None:
    text = _text(_found(grid((3, 2), seed=1)))
    assert "matters" not in text
    assert text.count("no difference is shown") == 2
    assert "no difference " not in text.replace("no difference is shown", "")
    assert "is not shown for any pair" in text


def test_how_large_a_difference_stands_out_is_half_the_interval() -> None:
    findings = _found(grid((3, 2), seed=1))
    one = findings.effects[1].differences[0]
    assert one.low is not None
    assert one.high is not None
    half = 100 * (one.high - one.low) / 2
    assert f"measured as {half:.1f} points to stand out by itself" in _text(findings)


def test_a_search_that_is_not_tested_claims_nothing() -> None:
    results = grid((3, 2), lambda a, b: 0.1 * a)
    text = _text(_found(results, adaptive=True))
    assert "was not tested: the search went where" in text
    assert "matters" not in text
    assert "shown" not in text.replace("not shown to be worse on val", "")
    assert "matters" in _text(_found(results))


def test_what_depends_on_another_key_is_told_by_its_values() -> None:
    text = _text(_found(grid((3, 2), lambda a, b: 0.03 * a * (2 * b - 1))))
    assert "What depth does depends on lr (p < 0.001): with lr 0 it is best at 0" in text
    assert "and with lr 1 it is best at 2" in text


def test_values_with_which_trainings_diverge_are_named() -> None:
    results = grid((3, 2), seeds=4)
    lost = [
        replace(one, state=DIVERGED, test=None) if one.values["a"] == 2 and one.seed else one
        for one in results
    ]
    text = _text(_found(lost))
    assert "With depth 2, 6 of 8 trainings diverged, with others 0 of 16." in text
    assert "In all, 6 trainings diverged" in text
    single = [replace(results[0], state=DIVERGED, test=None), *results[1:]]
    assert "With depth" not in _text(_found(single))  # one alone may be chance


def test_values_with_which_seeds_differ_more_are_named() -> None:
    results = grid((3, 2), seeds=6)
    wide = [
        replace(one, test=0.7 + 6 * ((one.test or 0) - 0.7)) if one.values["b"] == 1 else one
        for one in results
    ]
    assert "Seeds differ more with lr 1" in _text(_found(wide))
    assert "Seeds differ more" not in _text(_found(results))


def test_the_best_is_told_with_its_test_accuracy_and_luck() -> None:
    findings = _found(grid((3, 2), lambda a, b: 0.05 * a + 0.05 * b))
    text = _text(findings)
    assert findings.best is not None
    assert "The most accurate on val is depth 2, lr 1" in text
    assert f"it reaches {100 * (findings.best.test or 0):.1f} %" in text
    assert "6 settings were tried; the best of 6 equally good ones" in text
    assert "other setting" not in text.split("No other setting")[0]  # none ties
    near = _text(_found(grid((3, 2), seed=1)))
    assert "are not shown to be worse on val" in near


def test_cost_is_told_of_what_none_beats() -> None:
    text = _text(_found(grid((3, 2), lambda a, b: 0.05 * a + 0.05 * b)))
    assert "both quicker to train and more accurate" in text
    assert "depth 0, lr 0 (" in text


def test_training_and_test_are_told_apart_by_value() -> None:
    results = [
        replace(one, train=(one.test or 0) + (0.15 if one.values["model.depth"] == 2 else 0.01))
        for one in _named(grid((3, 2)))
    ]
    text = _text(find(AXES, results))
    assert "With depth 2 training pictures are recognised" in text
    assert "recognised" not in _text(_found(grid((3, 2))))


@pytest.mark.parametrize("name", ["x" * 500, "\u202egnp.exe\n", "$x$ <b>"])
def test_hostile_names_steer_nothing(name: str) -> None:
    axis = Axis("network", variants={name: {}, "plain": {}})
    results = [
        replace(one, values={"network": name if one.values["a"] else "plain"})
        for one in grid((2,), lambda a: 0.05 * a)
    ]
    text = _text(find([axis], results), [axis])
    assert "Network matters" in text
    assert "\u202e" not in text
    assert "x" * 61 not in text


def test_few_trainings_say_what_they_do_not_tell() -> None:
    results = [replace(one, val=one.test) for one in grid((3,), seeds=1)]
    text = _text(find(axes_of((3,)), results), axes_of((3,)))
    assert "with three seeds a setting it could be tested" in text
    assert _text(find(axes_of((3,)), []), axes_of((3,))).startswith("Whether settings differ was")

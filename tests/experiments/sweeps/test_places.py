"""Where the values of a key lie, and which settings are in each level."""

import pytest

from retinue.experiments.sweeps.axis import Axis, Range
from retinue.experiments.sweeps.phrases import value_text
from retinue.experiments.sweeps.places import (
    by_level,
    in_order,
    is_ordered,
    middle_place,
    place_of,
    scale_of,
    setting_name,
)
from retinue.experiments.sweeps.result import Value
from tests.experiments.sweeps.drawn_cases import random_search, three_by_three


@pytest.mark.parametrize(
    ("value", "text"),
    [(True, "true"), (False, "false"), (0.001, "0.001"), (3, "3"), (1e-5, "1e-05"), ("a", "a")],
)
def test_values_are_named_as_people_read_them(value: Value, text: str) -> None:
    assert value_text(value) == text


def test_numbers_are_ordered_and_names_and_switches_are_not() -> None:
    assert is_ordered((3, 0.5))
    assert not is_ordered((True, False))
    assert not is_ordered((3, "none"))
    assert in_order((0.1, 0.01, 3)) == (0.01, 0.1, 3)
    assert in_order(("b", "a")) == ("b", "a")


def test_scales_have_levels_in_order_or_the_range() -> None:
    axis = Axis("model.max_depth", (4, 2, 8))
    scale = scale_of(axis)
    assert (scale.title, scale.levels, scale.ordered) == ("max depth", ("2", "4", "8"), True)
    assert [place_of(axis, value) for value in (2, 4, 8)] == [0, 1, 2]
    ranged = Axis("lr", range=Range(0.001, 0.1, log=True))
    assert (scale_of(ranged).low, scale_of(ranged).high, scale_of(ranged).log) == (0.001, 0.1, True)
    assert place_of(ranged, 0.02) == 0.02
    named = Axis("recipe", variants={"a": {}, "b": {}})
    assert scale_of(named).levels == ("a", "b")
    assert place_of(named, "b") == 1


def test_each_level_has_its_settings() -> None:
    case = three_by_three(odd=False)
    for axis, effect in zip(case.axes, case.findings.effects, strict=True):
        found = by_level(axis, effect, case.findings.settings)
        assert [level.value for level, _ in found] == list(axis.values)
        assert [len(settings) for _, settings in found] == [9, 9, 9]
        for level, settings in found:
            assert {one.values[axis.key] for one in settings} == {level.value}
            assert level.trainings == sum(one.trainings for one in settings)


def test_groups_of_a_range_have_their_settings() -> None:
    case = random_search(60)
    axis, effect = case.axes[0], case.findings.effects[0]
    groups = by_level(axis, effect, case.findings.settings)
    assert sum(len(settings) for _, settings in groups) == 60
    highest = 0.0
    for level, settings in groups:
        rates = [float(one.values["lr"]) for one in settings]
        assert level.settings == len(rates)
        assert str(level.value) == f"{min(rates):.3g} to {max(rates):.3g}"
        assert min(rates) > highest
        highest = max(rates)
        assert min(rates) <= middle_place(axis, settings) <= max(rates)


def test_settings_are_named_by_all_their_values() -> None:
    axes = (Axis("lr", range=Range(0, 1)), Axis("model.depth", (2, 4)), Axis("bn", (True, False)))
    values: dict[str, Value] = {"lr": 0.0123456, "model.depth": 4, "bn": True}
    assert setting_name(axes, values) == "lr 0.0123, depth 4, bn true"

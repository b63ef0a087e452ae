"""Which setting is next, by Optuna: seeded by the number of the setting, whatever came before."""

import pytest

from retinue.errors import MissingExtraError
from retinue.experiments.sweeps.result import Values
from retinue.experiments.sweeps.study import BEFORE_PRUNING, INSIST, Study
from retinue.experiments.sweeps.varying import axes_of

AXES = axes_of(
    ["lr=1e-4..1:log", "model.depth=1..6", "model.padding=valid,same", "momentum=0,0.5,0.9"]
)


def asked(search: str, seed: int, count: int, known: list[Values] | None = None) -> list[Values]:
    """The first settings of a search in which `lr` near 0.01 is best."""
    study = Study(AXES, search, seed, prune=False)
    found: list[Values] = []
    for values in known or []:
        study.adopt(len(found) + 1, values)
        found.append(values)
        study.tell(len(found), goodness(values))
    for number in range(len(found) + 1, count + 1):
        values = study.ask(number)
        found.append(values)
        study.tell(number, goodness(values))
    return found


def goodness(values: Values) -> float:
    return 1 - abs(float(values["lr"]) - 0.01)


@pytest.mark.parametrize("search", ["random", "tpe"])
def test_what_is_drawn_depends_on_the_seed_and_what_is_known_alone(search: str) -> None:
    whole = asked(search, 3, 16)
    assert asked(search, 3, 16) == whole
    assert asked(search, 3, 16, whole[:12]) == whole  # as after a kill
    assert asked(search, 4, 16) != whole


def test_values_are_of_their_axes() -> None:
    for values in asked("tpe", 0, 20):
        assert 1e-4 <= float(values["lr"]) <= 1
        assert values["model.depth"] in range(1, 7)
        assert isinstance(values["model.depth"], int)
        assert values["model.padding"] in ("valid", "same")
        assert values["momentum"] in (0, 0.5, 0.9)


def test_tpe_goes_where_it_was_good_and_random_does_not() -> None:
    def near(search: str) -> float:
        late = [values for seed in range(3) for values in asked(search, seed, 40)[20:]]
        return sum(goodness(values) > 0.95 for values in late) / len(late)

    assert near("tpe") > near("random") + 0.1


def test_where_tpe_insists_on_what_was_tried_chance_decides() -> None:
    axes = axes_of(["lr=1,2,3,4,5,6,7,8,9,10"])
    study = Study(axes, "tpe", 0, prune=False)
    for number in range(1, 31):
        study.adopt(number, {"lr": 5 if number % 3 else 9})
        study.tell(number, 1.0 if number % 3 else 0.0)

    def drawn(attempts: range) -> set[object]:
        found: set[object] = set()
        for attempt in attempts:
            found.add(study.ask(31, attempt)["lr"])
            study.tell(31, None)
        return found

    assert len(drawn(range(INSIST))) < 6
    assert len(drawn(range(INSIST, INSIST + 40))) == 10


def test_a_training_below_the_median_is_stopped_and_none_before_others_ended() -> None:
    axes = axes_of(["lr=1,2,3,4,5,6,7,8"])
    study = Study(axes, "grid", 0, prune=True)
    for number in range(1, 9):
        study.adopt(number, {"lr": number})
    for number in range(1, BEFORE_PRUNING + 1):
        assert not stops(study, number, [0.1])
        assert not stops(study, number, [0.1, 0.1 * number])
        study.tell(number, 0.1 * number)
    assert not stops(study, 6, [])
    assert not stops(study, 6, [0.1, 0.31])
    assert stops(study, 7, [0.1, 0.29])
    without = Study(axes, "grid", 0, prune=False)
    without.adopt(1, {"lr": 1})
    assert not stops(without, 1, [0.0, 0.0])


def stops(study: Study, number: int, curve: list[float]) -> bool:
    study.report(number, curve)
    return study.should_stop(number)


def test_without_optuna_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    import sys

    monkeypatch.setitem(sys.modules, "optuna", None)
    with pytest.raises(MissingExtraError, match=r"retinue\[sweep\]"):
        Study(AXES, "tpe", 0, prune=False)

"""Findings read back from effects.json, and what they come to in words."""

import json
from collections.abc import Callable
from dataclasses import asdict, replace
from typing import Any

import pytest

from retinue.errors import RetinueError, UsageError
from retinue.experiments.sweeps.axis import Axis, Range
from retinue.experiments.sweeps.findings import Best, Difference, Findings, Luck
from retinue.experiments.sweeps.phrases import difference_text, verdict_of
from retinue.experiments.sweeps.sweep import Sweep
from retinue.reporting.facts.sweep_words import (
    answer_of,
    chosen,
    cut,
    luck_sentences,
    question_of,
    recipe_name,
    titles,
    tried,
    value_of,
)
from retinue.reporting.facts.sweeps import findings_of
from tests.reporting.swept import AXES, written


@pytest.fixture(scope="module")
def sweep(tmp_path_factory: pytest.TempPathFactory) -> Sweep:
    """Two keys, of which one matters, with three seeds."""
    return written(tmp_path_factory.mktemp("sweeps") / "plain")


@pytest.fixture
def findings(sweep: Sweep) -> Findings:
    return findings_of(sweep)


def test_findings_are_read_as_they_were_written(sweep: Sweep, findings: Findings) -> None:
    assert json.loads(json.dumps(asdict(findings))) == sweep.values["findings"]
    assert isinstance(findings.effects[0].levels[0].mean, float)


def test_a_sweep_that_was_stopped_says_how_to_go_on(sweep: Sweep) -> None:
    with pytest.raises(UsageError, match=r"stopped.*--resume") as told:
        findings_of(replace(sweep, values={}))
    assert "\n" not in str(told.value)


def _without_effects(values: dict[str, Any]) -> None:
    del values["findings"]["effects"]


def _other_keys(values: dict[str, Any]) -> None:
    values["findings"]["effects"][0]["key"] = "opt"


def _odd_level(values: dict[str, Any]) -> None:
    values["findings"]["effects"][0]["levels"][0] = 7


def _more_cells(values: dict[str, Any]) -> None:
    values["findings"]["interactions"][0]["cells"].append([])


def _no_mapping(values: dict[str, Any]) -> None:
    values["findings"] = []


@pytest.mark.parametrize(
    "harm", [_without_effects, _other_keys, _odd_level, _more_cells, _no_mapping]
)
def test_damage_is_told_with_the_file(sweep: Sweep, harm: Callable[[dict[str, Any]], None]) -> None:
    values = json.loads(json.dumps(sweep.values))
    harm(values)
    with pytest.raises(RetinueError, match=r"effects\.json: is damaged"):
        findings_of(replace(sweep, values=values))


def test_the_question_is_the_authors_or_of_what_is_varied(sweep: Sweep) -> None:
    plan = sweep.journal.plan
    assert question_of(plan, "photos") == "What do lr and depth do to the accuracy on photos?"
    assert question_of(replace(plan, axes=AXES[:1]), "x") == "What does lr do to the accuracy on x?"
    assert question_of(replace(plan, question="Why?"), "photos") == "Why?"


def test_the_answer_names_what_is_shown_with_its_interval(findings: Findings) -> None:
    answer = " ".join(answer_of(findings, AXES))
    shown = [one for one in findings.effects if one.shown]
    assert 0 < len(shown) < len(findings.effects)
    for effect in findings.effects:
        assert (difference_text(effect.differences[0]) in answer) == effect.shown


def test_what_is_not_shown_is_not_said_to_matter(findings: Findings) -> None:
    first, second = (replace(one, shown=False) for one in findings.effects)
    alone = tuple(replace(one, shown=False) for one in findings.interactions)
    none = replace(findings, effects=(first, second), interactions=alone)
    assert "matters" not in " ".join(answer_of(none, AXES))
    assert "No difference is shown" in " ".join(answer_of(none, AXES))
    one = replace(none, effects=(first, replace(second, shown=True)))
    told = answer_of(one, AXES)
    assert told[0].startswith("Depth matters: with")
    assert told[1] == "For lr, no difference is shown."


def test_without_a_test_the_reason_stands_there(findings: Findings) -> None:
    untested = replace(findings, tested="nothing", why_not="there is one seed")
    assert answer_of(untested, AXES) == (
        "Whether what was varied matters is not tested: there is one seed.",
    )
    nothing = replace(untested, counts={"diverged": 2})
    assert answer_of(nothing, AXES) == ("No training has finished, so nothing can be said.",)


def test_every_end_of_a_training_is_counted(findings: Findings) -> None:
    counts = {"finished": 3, "diverged": 1, "failed": 2, "impossible": 1, "waiting": 4, "pruned": 1}
    assert tried(replace(findings, counts=counts)) == (
        "6 settings, 11 trainings: 3 finished, 1 diverged, 1 stopped early, 2 failed and "
        "4 not made yet. 1 setting is impossible."
    )


def test_differences_verdicts_and_luck_in_words(findings: Findings) -> None:
    known = Difference(2, 1, 0.0123, 0.004, 0.02, None, None)
    assert difference_text(known) == "1.2 points (0.4 to 2.0)"
    assert difference_text(replace(known, low=None)) == "1.2 points"
    effect = findings.effects[0]
    assert verdict_of(replace(effect, p_holm=0.03, shown=True)) == "shown, p = 0.03"
    assert verdict_of(replace(effect, p_holm=0.3, shown=False)) == "not shown, p = 0.30"
    assert verdict_of(replace(effect, p_holm=None)) == "not tested"
    assert "look 1.5 points better" in luck_sentences(Luck(9, 0.01, 0.015, 0.2))[0]
    best = Best(1, {"lr": 0.1, "model.depth": 2}, 0.9, None, None, None, (2, 3))
    assert chosen(best, AXES)[0] == "lr 0.1, depth 2: chosen on val, where it has 90.0 %."
    assert chosen(best, AXES)[1].startswith("2 other settings are not shown to be worse")


def test_names_are_short_and_without_marks_of_direction() -> None:
    axes = (Axis("kind", ("שלום 3",)), Axis("x" * 500, (True,)))
    name = recipe_name(axes, {"kind": "שלום 3", "x" * 500: True})
    assert "\u200e" not in name
    assert len(cut("y" * 500)) <= 40
    assert max(map(len, titles(axes).values())) < 90
    drawn = Axis("lr", range=Range(0.0, 1.0))
    assert value_of(drawn, 0.123456) == "0.123"
    assert value_of(axes[1], True) == "true"

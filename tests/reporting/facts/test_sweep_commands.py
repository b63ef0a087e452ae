"""The commands that repeat a sweep: what they ask for is the same plan."""

import shlex
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from retinue.cli.main import main
from retinue.experiments.sweeps.asking import asked_of, read_experiment, shipped
from retinue.experiments.sweeps.axis import Axis, Range
from retinue.experiments.sweeps.plan import Plan
from retinue.recipe import make_recipe
from retinue.reporting.facts.sweep_commands import experiment_text, repeat_of, sweep_commands
from tests.reporting.swept import written

BASE: dict[str, Any] = {"model": {"name": "cnn", "depth": 3}, "epochs": 2}
DEPTHS = Axis("model.depth", (1, 2, 3))
HOSTILE = ("<script>", "$x$ 'a' \"b\"", "שלום", "👩\u200d🚀", "no", "1e-4", "x" * 500, "a: b # c")


def dumped(**settings: Any) -> dict[str, Any]:
    """The base of a plan as a sweep has it."""
    return make_recipe(BASE, settings).model_dump(mode="json", exclude_unset=True)


def plan_of(*axes: Axis, **said: Any) -> Plan:
    return Plan(**{"data": "digits", "base": BASE, "axes": axes or (DEPTHS,), **said})


PLANS = {
    "plain": plan_of(threads=2),
    "nothing said": plan_of(base={}),
    "values": plan_of(
        Axis("lr", (1e-05, 0.1)),
        Axis("flip", (True, False)),
        Axis("model.kernel_size", (3, "3x5")),
        Axis("model.padding", ("same", "valid", 2)),
        seeds=3,
    ),
    "ranges": plan_of(
        Axis("lr", range=Range(1e-05, 1.0, log=True)),
        Axis("model.width", range=Range(8.0, 64.0, whole=True)),
        search="tpe",
        trials=7,
        prune=True,
    ),
    "words": plan_of(
        base=dumped(
            seed=4, clip=None, progressive="24:0.6,28:0.9", augment="none", classes="a,b c"
        ),
        data="my photos/it's; rm -rf $HOME",
        device="cpu",
        data_root="/some where/data",
    ),
    "variants": plan_of(
        Axis("kind", HOSTILE, variants={name: {"model": {"depth": 2}} for name in HOSTILE}),
        Axis("lr", (0.01, 0.1)),
        experiment="mine",
        title="Which: one?",
        question="Is it <b>so</b>?",
        seeds=2,
    ),
}


def asked_by(
    command: str, folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Plan:
    """The plan that the command line makes of a command, where no sweep follows."""
    found: list[Plan] = []

    class Stop(Exception):
        pass

    def stop(plan: Plan, output: Path | None) -> None:
        found.append(plan)
        raise Stop

    monkeypatch.setattr("retinue.experiments.sweep._begin", stop)
    monkeypatch.chdir(folder)
    with pytest.raises((Stop, SystemExit)):
        main(shlex.split(command)[1:])
    assert found, capsys.readouterr().err
    return found[0]


@pytest.mark.parametrize("name", PLANS)
def test_the_command_asks_for_the_same_plan(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    plan = PLANS[name]
    repeat = repeat_of(plan)
    if repeat.file:
        (tmp_path / repeat.file).write_text(repeat.text, encoding="utf-8")
    assert bool(repeat.file) == (name == "variants")
    found = asked_by(repeat.command, tmp_path, monkeypatch, capsys)
    assert found.as_json() == plan.as_json()


def test_a_command_that_lost_a_word_asks_for_another_plan(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    command = repeat_of(PLANS["values"]).command
    for word in ("--seeds 3", "--vary flip=true,false", "--set model.depth=3"):
        assert word in command
        less = command.replace(f" {word}", "")
        found = asked_by(less, tmp_path, monkeypatch, capsys)
        assert found.as_json() != PLANS["values"].as_json()


def test_a_shipped_experiment_is_named_with_what_differs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    name = shipped()[0]
    asked = asked_of(None, (), name, None, {"epochs": 1})
    plan = Plan(**asked, threads=1)
    repeat = repeat_of(plan)
    assert f"--experiment {name}" in repeat.command
    assert repeat.command.count("--set") == 1
    assert "--vary" not in repeat.command
    assert asked_by(repeat.command, tmp_path, monkeypatch, capsys).as_json() == plan.as_json()
    # One that is called so and asks for something else is not taken for it.
    other = repeat_of(replace(plan, axes=(DEPTHS,)))
    assert other.file == f"{name}.yaml"


def test_the_file_of_an_experiment_is_read_back(tmp_path: Path) -> None:
    plan = PLANS["variants"]
    file = tmp_path / "mine.yaml"
    file.write_text(experiment_text(plan), encoding="utf-8")
    found = read_experiment(file)
    assert list(found.vary["kind"]) == list(HOSTILE)
    assert (found.title, found.question, found.seeds) == ("Which: one?", "Is it <b>so</b>?", 2)
    assert found.recipe == BASE


def test_a_name_that_is_no_file_name_is_not_used_as_one() -> None:
    repeat = repeat_of(replace(PLANS["variants"], experiment="../../x"))
    assert repeat.file == "experiment.yaml"


def test_training_by_the_best_recipe_needs_one(tmp_path: Path) -> None:
    sweep = written(tmp_path / "s w")
    told = sweep_commands(sweep, repeat_of(sweep.journal.plan))
    assert told[1] == f"retinue train photos --recipe '{tmp_path}/s w/best.yaml'"
    assert told[2] == f"retinue report '{tmp_path}/s w'"
    (tmp_path / "s w" / "best.yaml").unlink()
    assert len(sweep_commands(sweep, repeat_of(sweep.journal.plan))) == 2

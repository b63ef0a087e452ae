"""Every diagnosis is found where it was provoked, and in no healthy run."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from torch import nn

import retinue
from retinue.errors import RetinueError, UsageError
from retinue.reporting.diagnosis import RULES, diagnose
from retinue.reporting.diagnosis.diagnosing import EXPLAINS, UNTRAINED
from retinue.runs import Run

Train = Callable[[str], Run]
DOCUMENT = Path(__file__).parents[3] / "docs" / "troubleshooting.md"


def names(run: Run) -> list[str]:
    return [one.name for one in diagnose(run)]


@pytest.mark.parametrize("name", RULES)
def test_each_is_found_where_it_was_provoked(name: str, training: Train) -> None:
    found = {one.name: one for one in diagnose(training(name))}
    assert name in found
    told = found[name]
    assert told.title
    assert any(letter.isdigit() for letter in told.evidence)
    assert "--" in told.advice or "retinue" in told.advice
    assert told.severity in ("problem", "hint")
    assert set(told.as_dict()) == {"name", "title", "evidence", "advice", "severity"}


@pytest.mark.parametrize("name", ["mlp", "cnn"])
def test_a_healthy_run_has_none(name: str, training: Train) -> None:
    assert diagnose(training(name)) == []


def test_every_rule_has_a_provoked_run(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(Path(__file__).parents[3])
    from benchmarks.provoked import PROVOKED

    assert list(PROVOKED) == list(RULES)


def test_what_explains_and_what_is_explained_are_rules() -> None:
    assert set(EXPLAINS) <= set(RULES)
    assert {name for others in EXPLAINS.values() for name in others} <= set(RULES)
    assert not [name for name, others in EXPLAINS.items() if name in others]
    assert set(UNTRAINED) <= set(RULES)


def test_a_diagnosis_that_explains_another_is_told_alone(training: Train) -> None:
    assert names(training("flat")) == ["flat"]
    assert names(training("underfitting")) == ["underfitting"]


def test_every_one_is_a_heading_of_the_document_with_its_picture() -> None:
    text = DOCUMENT.read_text(encoding="utf-8")
    for name in RULES:
        assert f"\n### {name}\n" in text
        picture = f"pictures/diagnoses/{name}.png"
        assert f"({picture})" in text
        assert (DOCUMENT.parent / picture).is_file()


# What must neither fail nor mislead.


def test_a_network_that_was_not_to_be_trained(tmp_path: Path, small: Callable[..., Run]) -> None:
    assert diagnose(small(epochs=0)) == []


@pytest.mark.parametrize(
    "settings",
    [
        {"epochs": 1},
        {"epochs": 0.3},
        {"preset": "quick", "model": "fast"},
        {"val_fraction": 0.0, "epochs": 3},
        {"classes": ("3", "8"), "epochs": 3},
        {"epochs": 3, "hardest": 0.5, "ema": 0.9},
        {"epochs": 3, "mixup": 0.4, "augment": "light"},
    ],
)
def test_short_and_unusual_trainings_are_not_called_faulty(
    small: Callable[..., Run], settings: dict[str, Any]
) -> None:
    run = small(**{"model": "mlp", "lr": 5e-3, "batch_size": 32, **settings})
    assert names(run) == []


def test_a_run_without_a_test_split(tmp_path: Path) -> None:
    random = np.random.default_rng(0)
    images = random.integers(0, 256, (200, 8, 8), dtype=np.uint8)
    images[:100, :4] //= 4
    labels = np.repeat(["a", "b"], 100)
    data = retinue.load_data((images, labels), test_fraction=0.0, val_fraction=0.2)
    run = retinue.train(data, model="mlp", epochs=8, output=tmp_path / "run", device="cpu")
    assert "test" not in run.evaluations
    assert names(run) == []


def test_a_hundred_classes(tmp_path: Path) -> None:
    random = np.random.default_rng(0)
    colours = random.integers(0, 200, (100, 1, 1, 3))
    noise = random.integers(0, 30, (100, 60, 4, 4, 3))
    images = (colours[:, None] + noise).astype(np.uint8).reshape(-1, 4, 4, 3)
    data = retinue.load_data((images, np.repeat(np.arange(100), 60)))
    run = retinue.train(
        data, model="mlp", epochs=8, lr=5e-3, augment="none", output=tmp_path / "run", device="cpu"
    )
    assert run.metrics()["accuracy"]["value"] > 0.5
    assert names(run) == []


def test_transferred_heads_have_no_first_loss_and_no_course(
    tmp_path: Path, healthy: Run, small: Callable[..., Run]
) -> None:
    for way in ("linear", "finetune", "full"):
        run = small(model=f"mlp:{way}", pretrained=str(healthy.path), epochs=1)
        assert names(run) == []


def test_a_recorded_run_of_which_next_to_nothing_is_known(
    tmp_path: Path, healthy: Run, own: Callable[[], nn.Module]
) -> None:
    data = retinue.load_data("digits")
    run = retinue.record(own(), data, name="own:Net", output=tmp_path / "run", mean=0.31, std=0.38)
    assert run.history == []
    assert names(run) == []


def test_a_recorded_run_judged_with_other_pixels_than_it_was_trained_on(
    tmp_path: Path, own: Callable[[], nn.Module]
) -> None:
    data = retinue.load_data("digits")
    history = [{"val_accuracy": 0.5, "train_accuracy": 0.5}, {"val_accuracy": 0.96}]
    history[1]["train_accuracy"] = 0.97
    run = retinue.record(
        own(), data, history, name="own:Net", output=tmp_path / "run", mean=0.31, std=97.0
    )
    (told,) = [one for one in diagnose(run) if one.name == "modes-disagree"]
    assert "the history says 96.0 % of val" in told.evidence
    assert "mean and std of `record`" in told.advice
    right = retinue.record(
        own(), data, history, name="own:Net", output=tmp_path / "right", mean=0.31, std=0.38
    )
    assert names(right) == []


def test_a_loss_that_a_loop_of_ones_own_lost(tmp_path: Path, own: Callable[[], nn.Module]) -> None:
    data = retinue.load_data("digits")
    history = {"loss": [1.0, float("nan"), float("nan")], "val_accuracy": [0.5, 0.4, 0.4]}
    run = retinue.record(own(), data, history, name="own:Net", output=tmp_path / "run")
    told = diagnose(run)[0]
    assert (told.name, "from epoch 2 on" in told.evidence) == ("diverged", True)
    assert told.advice.startswith("a learning rate 10 times lower")


def test_names_from_outside_steer_nothing(training: Train, tmp_path: Path) -> None:
    """A class may be called anything."""
    shutil.copytree(training("never-predicted").path, tmp_path / "run")
    for path in (tmp_path / "run").rglob("*"):
        if path.suffix == ".json" and path.name in ("data.json", "metrics.json"):
            text = path.read_text(encoding="utf-8").replace('"8"', '"\\u001b[31m<b>\\u202e"')
            path.write_text(text, encoding="utf-8")
    told = next(one for one in diagnose(tmp_path / "run") if one.name == "never-predicted")
    assert "�[31m<b>�: not the answer" in told.evidence


def test_what_is_no_run_is_said(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no run folder"):
        diagnose(tmp_path)


def test_damaged_files_are_named(healthy: Run, tmp_path: Path) -> None:
    shutil.copytree(healthy.path, tmp_path / "run")
    (tmp_path / "run" / "data.json").write_text(json.dumps({"classes": ["a"]}))
    with pytest.raises(RetinueError, match="its files are damaged"):
        diagnose(tmp_path / "run")


@pytest.mark.parametrize("key", ["accuracy", "confusion", "per_class"])
def test_damage_that_only_a_rule_would_meet_is_named_too(
    healthy: Run, tmp_path: Path, key: str
) -> None:
    shutil.copytree(healthy.path, tmp_path / "run")
    path = tmp_path / "run" / "evaluation" / "test" / "metrics.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), key: "gone"}))
    with pytest.raises(RetinueError, match="its files are damaged"):
        diagnose(tmp_path / "run")


def test_it_is_a_verb_of_the_package(healthy: Run) -> None:
    assert retinue.diagnose(str(healthy.path)) == []

"""From files to facts."""

import math
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from retinue.reporting.diagnosis.reading import read_facts
from retinue.runs import Run

Train = Callable[[str], Run]


def test_the_facts_of_a_finished_run(healthy: Run) -> None:
    found = read_facts(healthy)
    assert (found.state, found.reason, found.judged_on) == ("finished", "all epochs done", "test")
    assert found.classes == tuple("0123456789")
    assert found.guessing == pytest.approx(math.log(10), abs=0.01)
    assert found.most_frequent == pytest.approx(0.1, abs=0.01)
    assert found.pictures("train") == len([row for row in healthy.splits if row[3] == "train"])
    assert found.kept is not None
    assert found.last is not None
    best, last = healthy.history[healthy.status["best_epoch"] - 1], healthy.history[-1]
    assert (found.kept.train, found.kept.val) == (best["subset_accuracy"], best["val_accuracy"])
    assert (found.last.train, found.last.val) == (last["subset_accuracy"], last["val_accuracy"])
    assert (found.broken, found.shared, found.transfer, found.way) == ("", (), None, "")
    assert not found.recorded
    assert not found.untrained
    assert found.falling
    assert found.known("val_loss")[0] == (1, healthy.history[0]["val_loss"])
    assert found.fit == "subset"


def test_batch_norm_is_seen_in_the_names_of_the_weights(training: Train) -> None:
    assert read_facts(training("cnn")).batch_norm
    assert not read_facts(training("mlp")).batch_norm
    assert not read_facts(training("diverged")).batch_norm


def test_what_is_no_finite_number_is_left_out_and_named(healthy: Run, tmp_path: Path) -> None:
    shutil.copytree(healthy.path, tmp_path / "run")
    run = Run(tmp_path / "run")
    run.append("steps.jsonl", {"epoch": 2, "step": 31, "loss": 1.0, "gradient_norm": math.inf})
    found = read_facts(run)
    assert found.broken == "gradient_norm in steps.jsonl, epoch 2, step 31"
    assert found.steps[-1]["gradient_norm"] is None
    assert found.steps[-1]["loss"] == 1.0


def test_leaked_pictures_are_counted_and_the_others_judged(training: Train) -> None:
    run = training("leakage")
    (leak,) = [one for one in read_facts(run).shared if one.split == "test"]
    seen = {row[4] for row in run.splits if row[3] == "train"}
    digests = {row[0]: row[4] for row in run.splits if row[3] == "test"}
    said = run.predictions("test")
    rows = zip(said.ids, said.true, said.predicted, strict=True)
    right = [true == one for name, true, one in rows if digests[name] not in seen]
    assert (leak.pictures, leak.of) == (len(digests) - len(right), len(digests))
    assert leak.rest == pytest.approx(np.mean(right))


def test_a_stopped_run_has_what_is_there(training: Train, tmp_path: Path) -> None:
    found = read_facts(training("interrupted"))
    assert (found.state, found.judged_on) == ("interrupted", "val")
    assert len(found.history) == 3
    shutil.copytree(training("interrupted").path, tmp_path / "run")
    shutil.rmtree(tmp_path / "run" / "evaluation")
    for name in ("history.jsonl", "steps.jsonl", "model.safetensors", "model.json"):
        (tmp_path / "run" / name).unlink()
    bare = read_facts(Run(tmp_path / "run"))
    assert (bare.history, bare.steps, bare.kept, bare.judged_on) == ((), (), None, "")

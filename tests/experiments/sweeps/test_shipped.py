"""Results that are shipped: written from a sweep, read back, and what the explorer shows."""

import json
from pathlib import Path

import pytest

from retinue.errors import UsageError
from retinue.experiments.sweeps import shipped
from retinue.experiments.sweeps.asking import shipped as experiments
from retinue.experiments.sweeps.shipped import is_measured, kernel_rows, measured, ship
from retinue.experiments.sweeps.sweep import Sweep


def test_the_results_of_every_experiment_are_shipped_with_date_and_machine() -> None:
    for name in experiments():
        found = measured(name)
        assert found["experiment"] == name
        assert found["date"] >= "2026"
        assert found["machine"]["processor"]
        assert found["trainings"]
        assert found["findings"]["effects"]
        done = [one for one in found["trainings"] if one["state"] == "finished"]
        assert len(done) >= 0.8 * len(found["trainings"])


def test_what_is_not_shipped_is_told() -> None:
    assert not is_measured("nothing")
    with pytest.raises(UsageError, match="nothing: no results of that name are shipped"):
        measured("nothing")


def test_the_explorers_rows_are_the_shipped_settings() -> None:
    rows = kernel_rows()
    possible = [
        one
        for one in measured("kernel-stride-padding")["findings"]["settings"]
        if not one["impossible"]
    ]
    assert len(rows) == len(possible) > 20
    for row in rows:
        assert 0 < row["low"] < row["accuracy"] < row["high"] < 1
        assert row["seconds"] > 0


def test_a_sweep_is_shipped_as_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    values = {
        "schema": 1, "data": {"name": "x", "digests": {}}, "findings": {"spread": 0.123456789},
    }  # fmt: skip
    monkeypatch.setattr(shipped, "_lines", lambda results: [])
    sweep = Sweep(tmp_path, values)
    _journal(tmp_path)
    ship(sweep, "2026-11-29", 61.26, tmp_path / "x.json")
    found = json.loads((tmp_path / "x.json").read_text())
    assert found["findings"] == {"spread": 0.12346}
    assert found["data"] == {"name": "x"}
    assert (found["date"], found["total_seconds"]) == ("2026-11-29", 61.3)
    assert found["command"] == "retinue sweep --experiment depth"
    assert sweep.values["data"] == {"name": "x", "digests": {}}


def _journal(path: Path) -> None:
    from retinue.experiments.sweeps.asking import asked_of
    from retinue.experiments.sweeps.journal import Journal
    from retinue.experiments.sweeps.plan import Plan

    Journal(path, Plan(**asked_of(None, (), "depth", None, {}))).write()

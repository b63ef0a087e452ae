"""The benchmarks of sweeps notice what they are there to notice."""

import csv
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks import sweep_kills, sweep_search, sweep_speed
from benchmarks.experiments import section
from retinue.experiments.sweeps.shipped import measured


def trial(sweep: Path, name: str, state: str = "finished", at: float = 1.0) -> None:
    folder = sweep / "trials" / name
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "status.json").write_text(json.dumps({"state": state}))
    (folder / "model.safetensors").write_bytes(name.encode())
    os.utime(folder / "model.safetensors", (at, at))


def write_table(sweep: Path, rows: list[dict[str, object]]) -> None:
    with (sweep / "table.csv").open("w", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)


def test_a_training_that_was_finished_and_is_done_again_or_gone_is_lost(tmp_path: Path) -> None:
    for name in ("a", "b", "c"):
        trial(tmp_path, name)
    trial(tmp_path, "d", state="running")
    before = sweep_kills.finished(tmp_path)
    assert set(before) == {"a", "b", "c"}
    assert sweep_kills.lost(before, sweep_kills.finished(tmp_path)) == 0
    trial(tmp_path, "a", at=2.0)
    trial(tmp_path, "b", state="running")
    trial(tmp_path, "d")
    assert sweep_kills.lost(before, sweep_kills.finished(tmp_path)) == 2


def test_tables_are_compared_without_their_times(tmp_path: Path) -> None:
    tables = []
    for seconds, test in ((1.0, 0.5), (2.0, 0.5), (1.0, 0.6)):
        write_table(tmp_path, [{"setting": 1, "test": test, "seconds": seconds}])
        tables.append(sweep_kills.table(tmp_path))
    assert tables[0] == tables[1] != tables[2]


def test_weights_are_told_apart(tmp_path: Path) -> None:
    trial(tmp_path, "a")
    before = sweep_speed.weights(tmp_path)
    (tmp_path / "trials" / "a" / "model.safetensors").write_bytes(b"other")
    assert before.keys() == sweep_speed.weights(tmp_path).keys()
    assert before != sweep_speed.weights(tmp_path)


def test_a_search_is_judged_by_the_grids_numbers(tmp_path: Path) -> None:
    ends = (("finished", 0.7), ("finished", 0.8), ("diverged", ""))
    rows: list[dict[str, object]] = [
        {"setting": number, "lr": number, "weight_decay": 0, "model.dropout": 0}
        | {"state": state, "test": test}
        for number, (state, test) in enumerate(ends, start=1)
    ]
    write_table(tmp_path, rows)
    (tmp_path / "effects.json").write_text(json.dumps({"findings": {"best": {"setting": 1}}}))
    by_values, best = sweep_search.judged(tmp_path)
    assert by_values == {("1", "0", "0"): 0.7, ("2", "0", "0"): 0.8}
    assert best == 0.7  # what it chose on val, not the greatest on test


def test_the_document_of_the_experiments_is_what_is_shipped() -> None:
    root = Path(__file__).parents[1]
    text = (root / "docs" / "experiments.md").read_text()
    for name in ("kernel-stride-padding", "depth"):
        assert section(measured(name)) in text
        assert (root / "docs" / "pictures" / f"experiment-{name}.png").exists()


@pytest.mark.slow
def test_killed_sweeps_end_as_undisturbed_ones() -> None:
    root = Path(__file__).parents[1]
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.sweep_kills", "--smoke"],
        cwd=root, capture_output=True, text=True, timeout=900, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-2000:]
    assert "| none | none |" in done.stdout

"""The benchmark of false alarms, and the pictures of docs/troubleshooting.md, in small."""

import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image

ROOT = Path(__file__).parents[1]


def run(module: str, *words: str) -> str:
    """What a program of benchmarks prints."""
    done = subprocess.run(
        [sys.executable, "-m", f"benchmarks.{module}", *words],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.slow
def test_false_alarms_are_counted_and_written(tmp_path: Path) -> None:
    document = tmp_path / "doc.md"
    document.write_text("before\n<!-- diagnoses:begin -->\nold\n<!-- diagnoses:end -->\nafter\n")
    out = run("diagnoses", "--smoke", "--write", "--document", str(document))
    rows = [line for line in out.splitlines() if line.startswith("| digits")]
    assert len(rows) == 2
    alarms = sum(not row.endswith("| nothing |") for row in rows)
    assert f"Of {alarms} of 2 runs something is said" in out
    text = document.read_text()
    assert all(row in text for row in rows)
    assert "old" not in text
    assert text.endswith("after\n")


def test_thirty_healthy_runs_over_four_data_sets_and_more(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(ROOT)
    from benchmarks.diagnoses import RUNS

    assert len(RUNS) == 30
    assert len({str(one) for one in RUNS}) == 30
    assert {one.data for one in RUNS} == {"digits", "shapes", "fashion-mnist", "cifar10", "trash6"}
    assert len({one.model for one in RUNS}) == 7


@pytest.mark.slow
@pytest.mark.parametrize("name", ["jumping", "leakage", "never-predicted", "too-few-judged"])
def test_pictures_are_drawn(tmp_path: Path, name: str) -> None:
    run("diagnosis_pictures", name, "--folder", str(tmp_path))
    with Image.open(tmp_path / f"{name}.png") as picture:
        assert min(picture.size) > 150


def test_every_provoked_run_has_a_picture(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(ROOT)
    from benchmarks.diagnosis_pictures import BARS, MATRICES, PICTURES
    from benchmarks.provoked import PROVOKED

    assert list(PICTURES) == list(PROVOKED)
    assert {*BARS, *MATRICES} <= set(PICTURES)

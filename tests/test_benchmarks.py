"""Every benchmark runs in its smallest form, so that it cannot rot."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

ROOT = Path(__file__).parents[1]
SHARED = ROOT.parent / "shared" / "data"


def smoke(figure: str) -> list[str]:
    """The lines of the table that a figure prints."""
    command = [sys.executable, str(ROOT / "benchmarks" / "figures.py"), figure, "--smoke"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return [line for line in done.stdout.splitlines() if line.startswith("| `")]


@pytest.mark.slow
@pytest.mark.parametrize(("figure", "lines"), [("startup", 2), ("digits", 1)])
def test_figures_that_need_no_data(figure: str, lines: int) -> None:
    assert len(smoke(figure)) == lines


@pytest.mark.slow
@pytest.mark.shared_data
@pytest.mark.skipif(not SHARED.exists(), reason="../shared/data is not here")
@pytest.mark.parametrize(("figure", "lines"), [("lesson", 2), ("photos", 1)])
def test_figures_on_real_data(figure: str, lines: int) -> None:
    assert len(smoke(figure)) == lines


@pytest.fixture
def bench(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Benchmarks can be imported, and keep what they make in a folder of this test alone."""
    monkeypatch.syspath_prepend(ROOT)
    monkeypatch.setenv("RETINUE_BENCH", str(tmp_path / "bench"))
    return tmp_path / "bench"


@pytest.fixture
def versus(
    bench: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[..., list[str]]:
    """Run `benchmarks.versus` as a command; the lines of its table."""

    def run(*words: str) -> list[str]:
        from benchmarks.versus import main

        places = ["--document", str(tmp_path / "doc.md"), "--picture", str(tmp_path / "front.png")]
        monkeypatch.setattr(
            sys, "argv", ["versus", *words, "--smoke", "--seeds", "1", "--threads", "1", *places]
        )
        assert main() == 0
        told = capsys.readouterr().out.splitlines()
        return [line for line in told if line.startswith("| ")][1:]

    return run


@pytest.mark.slow
def test_versus_measures_both_sides_once_and_writes_them_down(
    versus: Callable[..., list[str]],
    bench: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # airbench needs nothing but torch: it runs here as in an environment of its own.
    monkeypatch.setattr("benchmarks.measure.python_of", lambda _: Path(sys.executable))
    lines = versus("cifar10-94")
    assert [line.split("|")[2].strip() for line in lines] == ["airbench94", "Retinue"]
    assert "of the time" in lines[1]
    measured = (bench / "results-smoke.jsonl").read_text()
    assert versus("cifar10-94", "--write") == lines
    assert (bench / "results-smoke.jsonl").read_text() == measured
    assert lines[1] in (tmp_path / "doc.md").read_text()
    assert (tmp_path / "front.png").read_bytes().startswith(b"\x89PNG")


@pytest.mark.slow
@pytest.mark.parametrize(
    "figure",
    [
        *("cifar10-lesson", "cifar10-90", "cifar10-96", "cifar10-fastai"),
        *("fashion-lesson", "fashion-93", "speed-cifar10-32", "speed-fashion-128"),
        *("cifar10-precision", "checkpoints", "digits", "shapes"),
    ],
)
def test_our_side_of_every_figure_runs(
    versus: Callable[..., list[str]], monkeypatch: pytest.MonkeyPatch, figure: str
) -> None:
    from benchmarks.contests import CONTESTS

    contest = replace(CONTESTS[figure], peer=None)
    monkeypatch.setitem(CONTESTS, figure, contest)
    assert len(versus(figure)) == len(contest.ours)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("peer", "program"), [("keras", "keras_lesson"), ("fastai", "fastai_learner")]
)
def test_peers_run(
    peer: str, program: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(ROOT)
    from benchmarks.peers.environment import is_made, python_of

    # A gigabyte each: CI makes them, a person says so.
    if not (is_made(peer) or os.environ.get("CI") or os.environ.get("RETINUE_BENCH_PEERS")):
        pytest.skip("no environment for this peer: RETINUE_BENCH_PEERS=1 makes it")
    pixels = np.random.default_rng(0).integers(0, 256, (60, 32, 32, 3), dtype=np.uint8)
    labels = np.arange(60) % 10
    arrays = {"train_images": pixels, "test_images": pixels[:20]}
    path = tmp_path / "arrays.npz"
    np.savez(path, **arrays, train_labels=labels, test_labels=labels[:20])  # type: ignore[arg-type]
    command = [str(python_of(peer)), "-m", f"benchmarks.peers.{program}", "--data", str(path)]
    done = subprocess.run(
        [*command, "--smoke", "--batch-size", "20"],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    result = json.loads(done.stdout.splitlines()[-1])
    assert 0 <= result["accuracy"] <= 1
    assert result["pictures_per_second"] == pytest.approx(60 / result["seconds"])
    assert len(result["curve"]) == 1


@pytest.mark.slow
def test_input_measures_both_sides_and_our_memory(tmp_path: Path) -> None:
    if not (os.environ.get("CI") or os.environ.get("RETINUE_BENCH_PEERS")):
        pytest.skip("installs torchvision into a folder of its own: RETINUE_BENCH_PEERS=1 lets it")
    document = tmp_path / "doc.md"
    place = "<!-- input-speed:begin -->\nof last year\n<!-- input-speed:end -->"
    document.write_text(f"before\n{place}\nafter\n")
    command = [sys.executable, "-m", "benchmarks.input", "--smoke"]
    command += ["--write", "--document", str(document)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    lines = [line for line in done.stdout.splitlines() if line.startswith("| ")]
    assert sum(line.startswith("| first pass: ") for line in lines) == 2
    assert sum(line.startswith("| later pass: ") for line in lines) == 2
    trainings = 3 if sys.platform == "linux" else 0  # memory is read from /proc
    assert sum("--cache-memory" in line for line in lines) == trainings
    assert sum(line.startswith("| `retinue train shapes") for line in lines) == trainings
    speed, memory = document.read_text().split("\nafter\n")
    assert speed.startswith("before\n")
    assert "of last year" not in speed
    assert [line for line in (speed + memory).splitlines() if line.startswith("| ")] == lines


@pytest.mark.slow
def test_profile_of_a_step(bench: Path, tmp_path: Path) -> None:
    document = tmp_path / "doc.md"
    command = [sys.executable, "-m", "benchmarks.step_profile", "cifar10-94", "--smoke"]
    done = subprocess.run(
        [*command, "--steps", "2", "--threads", "1", "--write", "--document", str(document)],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    written = document.read_text()
    for word in ("transform", "forward", "backward", "update", "aten::convolution_backward"):
        assert f"| {word} |" in written
    assert "GFLOP a second" in written


@pytest.mark.slow
def test_mutated_files_never_crash_the_decoder(bench: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.fuzz", "--smoke"],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    counts = [
        int(line.split("|")[2].replace(",", ""))
        for line in done.stdout.splitlines()
        if line.startswith("| ") and "files" not in line
    ]
    assert sum(counts) == 300
    assert len(counts) > 5


@pytest.mark.slow
def test_killed_trainings_go_on_exactly_from_python_too(bench: Path, tmp_path: Path) -> None:
    document = tmp_path / "doc.md"
    command = [sys.executable, "-m", "benchmarks.kills", "--smoke", "--write", "--document"]
    done = subprocess.run(
        [*command, str(document)], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    line = next(line for line in done.stdout.splitlines() if line.startswith("| `fast`"))
    _, trainings, kills, *moments, different = (cell.strip() for cell in line.strip("|").split("|"))
    assert int(trainings) >= 1
    assert int(kills) == sum(map(int, moments)) > 0
    assert different == "none"
    assert line in document.read_text()


@pytest.mark.slow
def test_looking_inside_is_timed_for_every_network(bench: Path) -> None:
    command = [sys.executable, "-m", "benchmarks.inside", "--smoke"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    *_, row = done.stdout.splitlines()
    name, maps, cam, both, captum = (cell.strip() for cell in row.strip("|").split("|"))
    assert name == "`cnn`"
    assert min(map(float, (maps, cam, captum))) > 0
    assert float(both) == pytest.approx(float(maps) + float(cam), abs=0.002)


@pytest.mark.slow
def test_the_classic_assignment_is_written_with_its_pictures(bench: Path, tmp_path: Path) -> None:
    document = tmp_path / "docs" / "classic.md"
    command = [sys.executable, "-m", "benchmarks.classic", "--smoke", "--folder", str(tmp_path)]
    done = subprocess.run(
        [*command, "--write", "--document", str(document)],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    comparison = json.loads((tmp_path / "comparison" / "comparison.json").read_text())
    written = document.read_text()
    for one in comparison["entrants"]:
        assert f"| `{one['name']}` | {100 * one['accuracy']['value']:.1f} % |" in written
        assert f"| `{one['name']}` | balanced | 1 |" in written
    assert all(f"- {line}" in written for line in comparison["discussion"][0]["sentences"])
    shown = sorted(path.name for path in (document.parent / "pictures").iterdir())
    assert shown == [
        f"classic-{name}.png"
        for name in ("accuracy", "confusion", "pareto-prediction", "pareto-training")
    ]


def test_a_figure_measured_anew_takes_the_place_of_its_lines_alone(
    bench: Path, tmp_path: Path
) -> None:
    from benchmarks.results import Measurement, append, merge, read

    about: dict[str, Any] = {"side": "Retinue", "command": "", "precision": "fp32", "wall": 0.0}
    about |= {"cold": None, "curve": [], "versions": {}, "load": 0.0, "date": "", "accuracy": 0.5}
    about |= {"pictures_per_second": 1.0}

    def measured(figure: str, seed: int, seconds: float) -> Measurement:
        return Measurement(figure=figure, seed=seed, seconds=seconds, **about)

    path = tmp_path / "measured.jsonl"
    for figure, seed in (("a", 0), ("a", 1), ("b", 0)):
        append(path, measured(figure, seed, 10))
    merge(path, [measured("a", 0, 9), measured("c", 0, 8)])
    found = [(one.figure, one.seed, one.seconds) for one in read(path)]
    assert found == [("b", 0, 10), ("a", 0, 9), ("c", 0, 8)]
    merge(path, [])
    assert len(read(path)) == 3


def test_ratios_and_verdicts(bench: Path) -> None:
    from benchmarks.contests import CONTESTS
    from benchmarks.results import Measurement
    from benchmarks.table import lines_of

    about: dict[str, Any] = {"figure": "", "command": "", "seed": 0, "precision": "fp32"}
    about |= {"wall": 0.0, "cold": None, "curve": [], "versions": {}, "load": 0.0, "date": ""}

    def measured(side: str, accuracy: float, seconds: float) -> list[Measurement]:
        found: dict[str, Any] = {"accuracy": accuracy, "seconds": seconds}
        found["pictures_per_second"] = 1 / seconds
        return [Measurement(side=side, **found, **about)]

    keras = measured("Keras, lesson", 0.66, 40)
    for accuracy, seconds, verdict in ((0.66, 5, "held"), (0.65, 5, "miss"), (0.7, 6, "miss")):
        found = {"Keras, lesson": keras, "Retinue": measured("Retinue", accuracy, seconds)}
        lines = lines_of(CONTESTS["cifar10-lesson"], found)
        assert len(lines) == 2
        assert verdict in lines[1]
        assert f"{seconds / 40:.3f} of the time" in lines[1]
    alone = lines_of(CONTESTS["cifar10-94"], {"Retinue": measured("Retinue", 0.95, 5)})
    assert len(alone) == 1
    assert ">= 94 %: held" in alone[0]
    for seconds, verdict in ((30, "1.3 times the pictures/s: held"), (32, "**missed**")):
        found = {"Keras, lesson": keras, "Retinue, bf16": measured("Retinue, bf16", 0.1, seconds)}
        assert verdict in lines_of(CONTESTS["speed-cifar10-32"], found)[1]


def test_only_the_named_part_of_a_document_is_written_anew(bench: Path, tmp_path: Path) -> None:
    from benchmarks.document import replace_part

    path = tmp_path / "doc.md"
    path.write_text("# Head\n\n<!-- a:begin -->\nold\n<!-- a:end -->\n\nTail\n")
    replace_part(path, "a", "new")
    replace_part(path, "b", "more")
    assert path.read_text() == (
        "# Head\n\n<!-- a:begin -->\nnew\n<!-- a:end -->\n\nTail\n"
        "\n<!-- b:begin -->\nmore\n<!-- b:end -->\n"
    )

"""Run folders: taken once, read with care, never half-written."""

import json
import os
import platform
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from retinue.errors import RetinueError, UsageError
from retinue.recipe import Recipe, make_recipe, write_recipe
from retinue.runs import SCHEMA, SILENCE, STATES, Run
from retinue.writing import write_json


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty working folder; runs/ is made in it."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """A run that has just begun, with a recipe."""
    begun = Run.create("digits", "cnn", tmp_path / "run")
    write_recipe(begun.path / "recipe.yaml", Recipe(data="digits", epochs=3))
    return begun


# --- making


def test_runs_are_numbered_by_data_and_model(here: Path) -> None:
    paths = [Run.create("digits", model).path for model in ("cnn", "cnn", "mlp", "cnn")]
    expected = ["digits-cnn-1", "digits-cnn-2", "digits-mlp-1", "digits-cnn-3"]
    assert [path.as_posix() for path in paths] == [f"runs/{name}" for name in expected]
    assert all((here / path).is_dir() for path in paths)


def test_the_number_of_a_removed_run_may_be_taken_again(here: Path) -> None:
    first = Run.create("digits", "cnn").path
    (first / "status.json").unlink()
    first.rmdir()
    assert Run.create("digits", "cnn").path == first


@pytest.mark.parametrize(
    ("data", "model", "name"),
    [
        ("My Photos (2024)!", "package.module:Factory", "my-photos-2024-package-module-factory-1"),
        ("../../etc", "cnn", "etc-cnn-1"),
        ("日本", "cnn", "data-cnn-1"),
        ("a" * 100, "cnn", "a" * 40 + "-cnn-1"),
    ],
)
@pytest.mark.usefixtures("here")
def test_any_name_becomes_a_plain_folder(data: str, model: str, name: str) -> None:
    assert Run.create(data, model).path == Path("runs") / name


def test_a_new_run_says_what_it_is(run: Run) -> None:
    status = run.status
    assert status["schema"] == SCHEMA
    assert status["state"] == "running"
    assert status["state"] in STATES
    assert (status["epoch"], status["step"], status["test_looks"]) == (0, 0, 0)
    assert status["process"] == os.getpid()
    assert status["started"] <= status["heartbeat"] <= time.time()


def test_output_is_taken_as_it_is_named(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    for name in ("empty", "deep/er"):
        assert Run.create("digits", "cnn", tmp_path / name).path == tmp_path / name


def test_output_that_holds_something_is_refused_and_left_alone(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("mine")
    with pytest.raises(UsageError, match="is not empty; name a new folder"):
        Run.create("digits", "cnn", tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]


def test_a_folder_with_a_run_is_not_taken_again(run: Run) -> None:
    before = run.status
    with pytest.raises(UsageError, match="is not empty"):
        Run.create("digits", "cnn", run.path)
    assert run.status == before


def test_a_run_that_begins_between_look_and_taking_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    Run.create("digits", "cnn", tmp_path / "run")
    before = (tmp_path / "run" / "status.json").read_text()
    monkeypatch.setattr(Path, "iterdir", lambda _: iter(()))
    with pytest.raises(UsageError, match="another run has just begun there"):
        Run.create("digits", "cnn", tmp_path / "run")
    assert (tmp_path / "run" / "status.json").read_text() == before


def test_output_that_is_a_file_is_called_one(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("mine")
    with pytest.raises(RetinueError) as caught:
        Run.create("digits", "cnn", tmp_path / "file")
    assert "another run" not in str(caught.value)
    assert (tmp_path / "file").read_text() == "mine"


def test_runs_that_is_a_file_is_called_one(here: Path) -> None:
    (here / "runs").write_text("mine")
    with pytest.raises(RetinueError) as caught:
        Run.create("digits", "cnn")
    assert "another run" not in str(caught.value)
    assert "--output None" not in str(caught.value)


RACE = """
import sys, time
from pathlib import Path
from retinue.errors import UsageError
from retinue.runs import Run
output = Path(sys.argv[2]) if sys.argv[2] else None
print("ready", flush=True)
sys.stdin.readline()
for number in range(20):
    try:
        print(Run.create(f"data{number}", "cnn", output and output / str(number)).path)
    except UsageError as error:
        print("refused", flush=True)
"""


def race(folder: Path, output: str) -> list[list[str]]:
    """What two processes get that make the same twenty runs from the same moment on."""
    command = [sys.executable, "-c", RACE, "", output]
    both = [
        subprocess.Popen(
            command, cwd=folder, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        for _ in range(2)
    ]
    for process in both:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
    for process in both:
        assert process.stdin is not None
        process.stdin.write("\n")
        process.stdin.flush()
    lines = [process.communicate()[0].split() for process in both]
    assert [process.returncode for process in both] == [0, 0]
    return lines


def test_of_two_processes_exactly_one_takes_an_output_folder(tmp_path: Path) -> None:
    first, second = race(tmp_path, str(tmp_path / "out"))
    assert len(first) == len(second) == 20
    for one, other in zip(first, second, strict=True):
        assert (one == "refused") + (other == "refused") == 1


def test_two_processes_get_numbers_of_their_own(tmp_path: Path) -> None:
    first, second = race(tmp_path, "")
    assert "refused" not in first + second
    assert len(set(first + second)) == 40


# --- loading


def test_a_loaded_run_is_the_one_that_was_made(run: Run) -> None:
    for given in (run.path, str(run.path)):
        loaded = Run.load(given)
        assert loaded.path == run.path
        assert loaded.status == run.status
        assert loaded.recipe == make_recipe({"data": "digits", "epochs": 3})
    assert Run.load(run) is run


def test_a_folder_without_a_recipe_is_no_run(tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "none"):
        with pytest.raises(UsageError, match="no run folder"):
            Run.load(path)


def test_a_run_of_a_newer_schema_is_refused(run: Run) -> None:
    run.update_status(schema=SCHEMA + 1)
    with pytest.raises(UsageError, match="written by a newer Retinue; upgrade to read it"):
        Run.load(run.path)


def test_a_damaged_json_file_is_named(run: Run) -> None:
    (run.path / "data.json").write_text('{"classes": [')
    with pytest.raises(RetinueError, match=r"data\.json: cannot be read"):
        _ = run.classes


def test_a_missing_json_file_is_named(run: Run) -> None:
    with pytest.raises(UsageError, match=r"metrics\.json: no such file in this run"):
        run.metrics("test")


def test_classes_keep_the_order_of_the_outputs(run: Run) -> None:
    (run.path / "data.json").write_text(json.dumps({"classes": ["b", "a"]}))
    assert run.classes == ["b", "a"]


# --- status


def test_an_update_changes_what_it_names_and_the_heartbeat(run: Run) -> None:
    before = run.status
    run.update_status(state="finished", epoch=7)
    after = run.status
    assert (after["state"], after["epoch"]) == ("finished", 7)
    assert after["heartbeat"] > before["heartbeat"]
    for key in set(before) - {"state", "epoch", "heartbeat"}:
        assert after[key] == before[key]


def test_looks_at_the_test_split_are_read_from_the_status(run: Run) -> None:
    assert run.test_looks == 0
    run.update_status(test_looks=2)
    assert Run.load(run.path).test_looks == 2


def test_a_run_whose_process_died_is_interrupted(run: Run) -> None:
    assert run.state == "running", "its process has not come to the lock yet"
    with run.held():
        assert run.state == "running"
        with pytest.raises(UsageError, match=f"trained by process {os.getpid()} on "), run.held():
            pass
    assert run.state == "interrupted"
    assert run.status["state"] == "running"
    assert "interrupted" in repr(run)
    run.update_status(state="finished")
    assert run.state == "finished"


def test_without_locks_the_heartbeat_tells(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("retinue.runs.is_held", lambda _: None)
    assert run.state == "running"
    late = time.time() + SILENCE + 1
    monkeypatch.setattr(time, "time", lambda: late)
    assert run.state == "interrupted"


HERE, ELSEWHERE = platform.node(), "another-host"


@pytest.mark.parametrize(
    ("host", "process", "age", "refused"),
    [
        (ELSEWHERE, 1, 0, True),
        (ELSEWHERE, 1, SILENCE + 1, False),
        (ELSEWHERE, 1, -SILENCE - 1, False),  # a clock that was set back
        (HERE, os.getppid(), 0, True),
        (HERE, 2**22 + 1, 0, False),  # no such process: Linux has fewer
        (HERE, os.getpid(), 0, False),
    ],
    ids=[f"case {number}" for number in range(6)],  # process numbers differ
)
def test_without_locks_a_run_that_shows_life_is_not_taken(
    run: Run,
    monkeypatch: pytest.MonkeyPatch,
    host: str,
    process: int,
    age: float,
    refused: bool,
) -> None:
    @contextmanager
    def without(_: Path) -> Iterator[bool]:
        yield False

    monkeypatch.setattr("retinue.runs.held", without)
    beat = {"host": host, "process": process, "heartbeat": time.time() - age}
    write_json(run.path / "status.json", {**run.status, **beat})
    if refused:
        with pytest.raises(UsageError, match=f"is being trained by process {process} on {host}"):
            run.held().__enter__()
    else:
        with run.held():
            pass
    monkeypatch.setattr("retinue.runs.is_held", lambda _: None)
    assert run.state == ("running" if refused or process == os.getpid() else "interrupted")


def test_taking_over_a_run(run: Run) -> None:
    run.update_status(state="failed", reason="no space", training_seconds=3.5, test_looks=1)
    (run.path / "stop").touch()
    run.take_over(epoch=2, step=30)
    status = run.status
    assert (status["state"], status["epoch"], status["step"]) == ("running", 2, 30)
    assert (status["process"], status["test_looks"]) == (os.getpid(), 1)
    assert not status.keys() & {"reason", "training_seconds"}
    assert not (run.path / "stop").exists()


def test_lines_are_cut_to_what_a_checkpoint_knows(run: Run) -> None:
    run.append("history.jsonl", {"epoch": 1})
    sizes = run.flush_lines()
    run.append("history.jsonl", {"epoch": 2})
    run.append("steps.jsonl", {"step": 1})
    run.cut_lines(sizes)
    assert (run.history, run.steps) == ([{"epoch": 1}], [])
    with pytest.raises(RetinueError, match="has lost lines"):
        run.cut_lines({**sizes, "history.jsonl": 1000})


# --- lines


@pytest.mark.parametrize("name", ["history", "steps"])
def test_lines_are_read_as_they_were_appended(run: Run, name: str) -> None:
    lines: list[dict[str, Any]] = [{"epoch": 1, "note": "ä\nb"}, {"epoch": 2, "val_loss": None}]
    assert getattr(run, name) == []
    for line in lines:
        run.append(f"{name}.jsonl", line)
    assert getattr(run, name) == lines


def test_a_half_written_last_line_is_left_out(run: Run) -> None:
    run.append("history.jsonl", {"epoch": 1, "train_loss": 0.25})
    run.append("history.jsonl", {"epoch": 2, "train_loss": 0.125})
    file = run.path / "history.jsonl"
    whole = file.read_bytes()
    first = whole.index(b"\n") + 1
    for end in range(first, len(whole)):
        file.write_bytes(whole[:end])
        assert [line["epoch"] for line in run.history] == [1]
    file.write_bytes(whole)
    assert [line["epoch"] for line in run.history] == [1, 2]


# --- predictions


HEAD = ["id", "path", "true", "predicted", "cat", "dog"]


def test_predictions_come_back_as_they_were_written(run: Run) -> None:
    probabilities = np.random.default_rng(0).dirichlet([1, 1], size=3)
    names = ['a,"b".png', "line\nbreak.png", "ü.png"]
    rows = [[str(row), names[row], "cat", "dog", *probabilities[row].tolist()] for row in range(3)]
    run.write_rows("evaluation/test/predictions.csv", HEAD, rows)
    found = run.predictions()
    assert found.ids == ["0", "1", "2"]
    assert found.paths == names
    assert (found.true, found.predicted) == (["cat"] * 3, ["dog"] * 3)
    assert found.classes == ["cat", "dog"]
    assert found.probabilities.dtype == np.float64
    assert (found.probabilities == probabilities).all()


def test_predictions_of_no_picture_are_empty(run: Run) -> None:
    run.write_rows("evaluation/test/predictions.csv", HEAD, [])
    found = run.predictions()
    assert found.ids == found.paths == found.true == found.predicted == []
    assert found.classes == ["cat", "dog"]
    assert found.probabilities.shape == (0, 2)


def test_missing_predictions_say_how_to_get_them(run: Run) -> None:
    with pytest.raises(UsageError, match="no predictions; see `retinue evaluate`"):
        run.predictions("val")


def test_rows_that_cannot_be_written_leave_the_old_file(run: Run) -> None:
    class Unwritable:
        def __str__(self) -> str:
            raise RuntimeError("no text")

    run.write_rows("splits.csv", ["id"], [[1]])
    with pytest.raises(RuntimeError, match="no text"):
        run.write_rows("splits.csv", ["id"], [[2], [Unwritable()]])
    assert (run.path / "splits.csv").read_text() == "id\n1\n"


# --- showing


class Texts(HTMLParser):
    """The tags and the texts of some HTML."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.text = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)

    def handle_data(self, data: str) -> None:
        self.text += data


def test_a_run_shows_its_evaluations_and_nothing_as_markup(tmp_path: Path) -> None:
    run = Run.create("digits", "cnn", tmp_path / "<script>x<&b>")
    accuracy = {"value": 0.914, "low": 0.9, "high": 0.925, "n": 360}
    folder = run.path / "evaluation" / "<i>other"
    folder.mkdir(parents=True)
    (folder / "metrics.json").write_text(json.dumps({"accuracy": accuracy}))
    seen = Texts(run._repr_html_())
    assert seen.tags == {"table", "caption", "tr", "th", "td"}
    for shown in (f"{run.path} (running)", "<i>other", "91.4 %", "90.0 % to 92.5 %", "360"):
        assert shown in seen.text


def test_a_run_in_short_names_path_and_state(run: Run) -> None:
    run.update_status(state="interrupted")
    assert repr(run) == f"Run({str(run.path)!r}, interrupted)"


def test_files_are_readable_without_torch() -> None:
    script = "import retinue.runs, retinue.recipe, sys; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == 0

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from retinue.errors import RetinueError
from retinue.lessons.grading import running, workers
from retinue.lessons.grading.limits import Limits
from retinue.lessons.grading.marks import Graded, from_json
from retinue.lessons.grading.running import digest_of, grade_all
from retinue.lessons.grading.submissions import Submission, collect
from retinue.lessons.labs import read_lab
from tests.lessons.grading.class_of_30 import Copies, make_class

HERE = Path(__file__).parent
CHECKS, MASTER = HERE / "toy_checks.py", HERE / "toy.py"
MOST = {"seconds": 60.0, "memory": 2**30}


@pytest.fixture(scope="module")
def copies() -> Copies:
    return Copies(MASTER, read_lab(CHECKS))


def handed_in(folder: Path, **notebooks: Mapping[str, Any] | None) -> list[Submission]:
    """Submissions of such notebooks; None for somebody who handed in something else."""
    folder.mkdir(exist_ok=True)
    found = []
    for name, notebook in notebooks.items():
        if notebook is None:
            found.append(Submission(name, f"{name}.txt", None, "It is no notebook."))
            continue
        path = folder / f"{name}.ipynb"
        path.write_text(json.dumps(notebook))
        found.append(Submission(name, path.name, path))
    return found


def graded(submissions: list[Submission], folder: Path, **more: Any) -> dict[str, Graded]:
    options = {**MOST, "workers": 1, **more}
    found = grade_all(submissions, read_lab(CHECKS), CHECKS, folder, **options)
    return {one.student: one for one in found}


def test_a_class_is_graded_and_not_run_again(
    copies: Copies, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    half = copies.some(["double"])
    submissions = handed_in(
        tmp_path / "in", anna=copies.solved(), ben=copies.empty(), cem=half, dana=None
    )
    found = graded(submissions, tmp_path)
    points = {name: [mark.points for mark in one.marks] for name, one in found.items()}
    assert points == {
        "anna": [1, 2, 1, 1, None, None],
        "ben": [0, 0, 0, 0, 0, 0],
        "cem": [1, 0, 0, 0, None, None],
        "dana": [0, 0, 0, 0, 0, 0],
    }
    assert [one.state for one in found.values()].count("graded") == 3
    assert found["dana"].notes == ("It is no notebook.",)
    kept = [json.loads(one.read_text()) for one in (tmp_path / "submissions").iterdir()]
    assert {from_json(one["graded"]).student for one in kept} == {"anna", "ben", "cem"}

    monkeypatch.setattr(running, "_marked", lambda *_: pytest.fail("was run again"))
    again = graded([replace(submissions[0], student="Anna B.", note="Two files.")], tmp_path)
    assert again["Anna B."].marks == found["anna"].marks
    assert again["Anna B."].notes == ("Two files.", *found["anna"].notes)
    with pytest.raises(pytest.fail.Exception, match="run again"):
        graded(submissions[:1], tmp_path, memory=2**29)
    (tmp_path / "in" / "anna.ipynb").write_text(json.dumps(half))
    with pytest.raises(pytest.fail.Exception, match="run again"):
        graded(submissions[:1], tmp_path)


class Idle:
    """Workers that run nothing."""

    def __init__(self, *_: Any) -> None:
        """They need no setting."""

    def __enter__(self) -> "Idle":
        return self

    def __exit__(self, *_: object) -> None:
        """Nobody is to be ended."""

    def run(self, cells: Any) -> list[dict[str, str]]:
        return [{"did": "ended", "how": "end"}]


def test_what_was_kept_and_is_damaged_is_made_again(
    copies: Copies, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(running, "Workers", Idle)
    submissions = handed_in(tmp_path / "in", anna=copies.empty())
    graded(submissions, tmp_path)
    (kept,) = (tmp_path / "submissions").iterdir()
    whole = kept.read_text()
    kept.write_text(whole[:-40])
    graded(submissions, tmp_path)
    assert json.loads(kept.read_text())["key"] == json.loads(whole)["key"]


def test_the_digest_changes_with_all_that_marks_depend_on(tmp_path: Path) -> None:
    lab = read_lab(CHECKS)
    other = tmp_path / "toy_checks.py"
    other.write_text(CHECKS.read_text() + "# changed")
    limits = [Limits(60, 5, 2**30), Limits(61, 5, 2**30)]
    found = {digest_of(lab, path, one) for path in (CHECKS, other) for one in limits}
    assert len(found) == 4
    assert digest_of(lab, CHECKS, limits[0]) == digest_of(lab, CHECKS, limits[0])


def test_notebooks_of_another_lab_are_not_run(
    copies: Copies, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(running, "Workers", Idle)
    notebook = copies.solved()
    notebook["metadata"]["retinue"]["lab"] = "lab3"
    is_check = 'check("toy.'
    asks = json.loads(json.dumps(notebook))
    notebook["cells"] = [one for one in notebook["cells"] if is_check not in one["source"]]
    found = graded(handed_in(tmp_path / "in", anna=notebook, ben=asks), tmp_path)
    assert found["anna"].state == "unreadable"
    assert found["anna"].notes == ("This is a notebook of lab3, not of toy.",)
    assert found["ben"].state == "graded"


def test_processes_that_cannot_start_are_told(
    copies: Copies, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(workers, "_START", "raise SystemExit('no room')")
    with pytest.raises(RetinueError, match=r"no process for notebooks can be started.*no room"):
        graded(handed_in(tmp_path / "in", anna=copies.empty()), tmp_path)


@pytest.mark.slow
def test_a_class_of_thirty_gets_the_right_marks(tmp_path: Path) -> None:
    lab = read_lab(CHECKS)
    expected = {one.student: one for one in make_class(tmp_path / "class.zip", MASTER, lab)}
    submissions = collect(tmp_path / "class.zip", tmp_path / "in")
    assert {one.student for one in submissions} == expected.keys()
    assert len(submissions) == 30
    options: dict[str, Any] = {"seconds": 20.0, "memory": 2**30, "workers": 2}
    for one in grade_all(submissions, lab, CHECKS, tmp_path / "out", **options):
        wanted = expected[one.student]
        right = {mark.question for mark in one.marks if mark.passed}
        assert right == wanted.right, (wanted.what, one)
        assert one.state in wanted.states, (wanted.what, one)


_ENDLESS = """
import sys
from pathlib import Path
from retinue.lessons.grading.running import grade_all
from retinue.lessons.grading.submissions import Submission
from retinue.lessons.labs import read_lab

checks, folder = Path(sys.argv[1]), Path(sys.argv[2])
found = [Submission(one.stem, one.name, one) for one in sorted((folder / "in").iterdir())]
options = {"seconds": 60, "memory": 2**30, "workers": 1, "cell_seconds": float(sys.argv[3])}
for one in grade_all(found, read_lab(checks), checks, folder, **options):
    print(one.student, flush=True)
"""


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")
def test_a_grader_that_is_killed_leaves_nobody_behind_and_goes_on(
    copies: Copies, tmp_path: Path
) -> None:
    mark = f"86402.{os.getpid()}"
    child = f"import subprocess\nsubprocess.Popen(['sleep', '{mark}'], start_new_session=True)\n"
    endless = copies.solved()
    endless["cells"].append({"cell_type": "code", "source": f"{child}while True: pass"})
    handed_in(tmp_path / "in", anna=copies.solved(), ben=endless)
    command = [sys.executable, "-c", _ENDLESS, str(CHECKS), str(tmp_path)]
    temporary = tmp_path / "tmp"
    temporary.mkdir()
    environment = {**os.environ, "TMPDIR": str(temporary)}
    grader = subprocess.Popen([*command, "60"], stdout=subprocess.PIPE, text=True, env=environment)
    assert grader.stdout is not None
    assert grader.stdout.readline() == "anna\n"
    _wait_until(lambda: bool(_alive(mark)))
    below = _below(grader.pid)
    grader.send_signal(signal.SIGKILL)
    grader.wait()
    grader.stdout.close()
    _wait_until(lambda: not _alive(mark) and not any(map(_is_there, below)))
    assert not [one for one in temporary.iterdir() if one.name.startswith("retinue-run")]
    kept = [one.stat().st_mtime_ns for one in (tmp_path / "submissions").iterdir()]
    assert len(kept) == 1  # of anna, who was done
    endless["cells"][-1]["source"] = "size = 0"
    handed_in(tmp_path / "in", ben=endless)
    again = subprocess.run([*command, "5"], capture_output=True, text=True, check=True)
    assert sorted(again.stdout.split()) == ["anna", "ben"]


def _alive(mark: str) -> list[int]:
    """The processes with a word in their command."""
    found = []
    for one in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            if mark.encode() in one.read_bytes().split(b"\0"):
                found.append(int(one.parent.name))
        except OSError:
            continue
    return found


def _below(root: int) -> list[int]:
    from retinue.lessons.grading.watching import descendants

    return [one for one in descendants(root) if one != root]


def _is_there(number: int) -> bool:
    return Path(f"/proc/{number}").exists()


def _wait_until(is_so: Any, seconds: float = 60.0) -> None:
    end = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < end, "it never came to be"
        time.sleep(0.05)

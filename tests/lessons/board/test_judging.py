import hashlib
import json
import os
import shutil
import signal
import time
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from retinue.lessons.board import judging
from retinue.lessons.board.handed import Handed, find_runs
from retinue.lessons.board.hidden import open_hidden
from retinue.lessons.board.judge import judge_run
from retinue.lessons.board.judging import judge_all
from retinue.lessons.board.verdicts import Judged, NotJudged


def spoilt(spec: Mapping[str, Any]) -> dict[str, Any]:
    """Judge a run; one whose recipe says so kills its process, or never ends."""
    text = (Path(spec["folder"]) / "recipe.yaml").read_text()
    if "kill" in text:
        os.kill(os.getpid(), signal.SIGKILL)
    while "sleep" in text:
        time.sleep(0.05)
    if "memory" in text:
        bytearray(2**50)
    return judge_run(spec)


def note(folder: Path, text: str) -> None:
    with (folder / "recipe.yaml").open("a") as file:
        file.write(f"# {text}\n")


def test_runs_are_judged_in_their_order_and_what_fails_stops_no_other(
    handed_in: Path, in_this_process: None
) -> None:
    with zipfile.ZipFile("dora.zip", "w") as archive:
        for path in Path("runs/anna").rglob("*"):
            archive.write(path, path.relative_to("runs"))
    Path("runs/ben/model.safetensors").write_bytes(b"no weights")
    Path("runs/deep").mkdir()
    Path("runs/deep/recipe.yaml").write_text("{}")
    Path("runs/deep/status.json").write_text("[" * 100_000)
    told: list[tuple[int, int, str]] = []
    verdicts = judge_all(
        find_runs(["runs", "dora.zip"]),
        open_hidden("hidden"),
        on_verdict=lambda done, total, one: told.append((done, total, one.name)),
    )
    assert told == [
        (n + 1, 5, name) for n, name in enumerate(["anna", "ben", "cleo", "deep", "dora"])
    ]
    kinds = [type(one) for one in verdicts]
    assert kinds == [Judged, NotJudged, Judged, NotJudged, Judged]
    anna, ben, _, deep, dora = verdicts
    assert isinstance(ben, NotJudged)
    assert ben.reason == "model.safetensors: damaged, or not the weights that model.json names"
    assert isinstance(deep, NotJudged)
    assert "RecursionError" in deep.reason
    assert isinstance(anna, Judged)
    assert isinstance(dora, Judged)
    assert (anna.probabilities == dora.probabilities).all()
    assert anna.own == dora.own


def test_nothing_in_a_run_is_changed(handed_in: Path, in_this_process: None) -> None:
    before = {path: path.stat().st_mtime_ns for path in Path("runs").rglob("*")}
    judge_all(find_runs(["runs"]), open_hidden("hidden"))
    assert {path: path.stat().st_mtime_ns for path in Path("runs").rglob("*")} == before


def test_a_run_that_learnt_from_all_hidden_pictures_is_not_judged(
    handed_in: Path, in_this_process: None
) -> None:
    hidden = open_hidden("hidden")
    rows = [f"{n},,cat,train,{one}" for n, one in enumerate(hidden.split.digests)]
    Path("runs/anna/splits.csv").write_text("\n".join(["id,path,class,split,digest", *rows]))
    (one,) = judge_all(find_runs(["runs/anna"]), hidden)
    assert isinstance(one, NotJudged)
    assert one.reason == "all hidden pictures are among those that it learnt from"


def test_a_reason_names_no_copy_and_steers_no_terminal(
    handed_in: Path, in_this_process: None
) -> None:
    path = Path("runs/anna/model.json")
    values = json.loads(path.read_text())
    path.write_text(json.dumps({**values, "classes": ["\x1b[2J" + "x" * 5000, "dog", "ship"]}))
    Path("runs/ben/model.json").unlink()
    anna, ben = judge_all(find_runs(["runs/anna", "runs/ben"]), open_hidden("hidden"))
    assert isinstance(anna, NotJudged)
    assert isinstance(ben, NotJudged)
    assert "\x1b" not in anna.reason
    assert len(anna.reason) <= 400
    assert ben.reason == "holds no network yet; was its training stopped?"


@pytest.mark.slow
def test_a_run_that_kills_its_process_or_never_ends_is_told_and_the_next_is_judged(
    handed_in: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, text in (("a", "kill"), ("b", "memory"), ("c", "sleep")):
        shutil.copytree("runs/anna", f"runs/{name}")
        note(Path("runs", name), text)
    monkeypatch.setattr(judging, "judge_run", spoilt)
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(Path(__file__).parents[3])]))
    monkeypatch.syspath_prepend(str(Path(__file__).parent))
    spoilt.__module__ = Path(__file__).stem  # as the process imports it
    handed = [Handed(name, Path("runs", name)) for name in ("a", "b", "anna", "c", "ben")]
    verdicts = judge_all(handed, open_hidden("hidden"), seconds=20)
    reasons = [one.reason if isinstance(one, NotJudged) else "" for one in verdicts]
    assert "was killed by signal 9" in reasons[0]
    assert "MemoryError" in reasons[1]
    assert reasons[2] == ""
    assert reasons[3] == "it took longer than 20 s"
    assert reasons[4] == ""


def endless_graph() -> bytes:
    """A graph of ONNX's own operators that never ends."""
    from onnx import TensorProto, helper

    state = helper.make_tensor_value_info
    turn = helper.make_graph(
        [
            helper.make_node("Identity", ["go"], ["go_on"]),
            helper.make_node("Identity", ["before"], ["after"]),
        ],
        "turn",
        [
            state("number", TensorProto.INT64, []),
            state("go", TensorProto.BOOL, []),
            state("before", TensorProto.FLOAT, None),
        ],
        [state("go_on", TensorProto.BOOL, []), state("after", TensorProto.FLOAT, None)],
    )
    graph = helper.make_graph(
        [helper.make_node("Loop", ["turns", "true", "pictures"], ["logits"], body=turn)],
        "endless",
        [state("pictures", TensorProto.FLOAT, None)],
        [state("logits", TensorProto.FLOAT, None)],
        [
            helper.make_tensor("turns", TensorProto.INT64, [], [2**62]),
            helper.make_tensor("true", TensorProto.BOOL, [], [True]),
        ],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    return bytes(model.SerializeToString())


@pytest.mark.slow
def test_an_endless_graph_and_a_network_too_large_for_any_memory_stop_no_other(
    handed_in: Path,
) -> None:
    for name in ("endless", "huge"):
        shutil.copytree("runs/ben", f"runs/{name}")
    graph = endless_graph()
    Path("runs/endless/model.onnx").write_bytes(graph)
    path = Path("runs/endless/model.json")
    values = {**json.loads(path.read_text()), "name": "own:make"}
    path.write_text(json.dumps({**values, "graph": hashlib.sha256(graph).hexdigest()}))
    path = Path("runs/huge/model.json")
    values = json.loads(path.read_text())
    path.write_text(json.dumps({**values, "arguments": {"hidden": [10**6, 10**6]}}))
    handed = [Handed(name, Path("runs", name)) for name in ("huge", "endless", "anna")]
    huge, endless, anna = judge_all(handed, open_hidden("hidden"), seconds=30)
    assert isinstance(endless, NotJudged)
    assert endless.reason == "it took longer than 30 s"
    assert isinstance(huge, NotJudged)
    assert "memory" in huge.reason
    assert isinstance(anna, Judged)


@pytest.mark.slow
def test_in_a_process_of_its_own_it_is_as_here(
    handed_in: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    handed, hidden = find_runs(["runs"]), open_hidden("hidden")
    there = judge_all(handed, hidden)
    with monkeypatch.context() as patched:
        from tests.lessons.board.conftest import Here

        patched.setattr(judging, "Processes", Here)
        here = judge_all(handed, hidden)
    for one, other in zip(there, here, strict=True):
        assert isinstance(one, Judged)
        assert isinstance(other, Judged)
        assert one.probabilities == pytest.approx(other.probabilities, abs=1e-6)

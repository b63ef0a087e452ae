"""Many jobs: each ends in its own way, and none takes the others along."""

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import count, islice
from pathlib import Path
from threading import Barrier, Event

import pytest

from retinue import jobs
from retinue.errors import DiedError, RetinueError
from retinue.jobs import Spec, is_finished, run_all


def double(spec: Spec) -> int:
    number: int = spec["number"]
    if number == 2:
        raise RetinueError("two is\nnot wanted")
    if number == 3:
        raise ZeroDivisionError("three")
    return 2 * number


def numbered(numbers: Iterator[int] | range, folder: Path | None = None) -> Iterator[Spec]:
    for number in numbers:
        yield {"number": number, "output": str((folder or Path()) / f"job-{number}")}


@pytest.mark.parametrize("threads", [None, 1, 3])
def test_a_failing_job_is_one_line_and_the_others_go_on(threads: int | None) -> None:
    executor = ThreadPoolExecutor(threads) if threads else None
    found = {end.spec["number"]: end for end in run_all(double, numbered(range(5)), executor)}
    assert {number: end.result for number, end in found.items()} == {
        0: 0, 1: 2, 2: None, 3: None, 4: 8,
    }  # fmt: skip
    assert found[2].error == "two is not wanted"
    assert found[3].error == "ZeroDivisionError: three"
    assert not any(found[number].error for number in (0, 1, 4))


def test_what_is_finished_is_skipped(tmp_path: Path) -> None:
    done = tmp_path / "job-1" / "status.json"
    done.parent.mkdir()
    for state, skipped in (("finished", True), ("running", False)):
        done.write_text(json.dumps({"state": state}))
        endings = list(run_all(double, numbered(range(2), tmp_path)))
        assert [end.skipped for end in endings] == [False, skipped]


@pytest.mark.parametrize("text", ["", "[]", "{}", "\xff"])
def test_a_damaged_status_is_not_finished(tmp_path: Path, text: str) -> None:
    (tmp_path / "status.json").write_text(text, encoding="latin-1")
    assert not is_finished({"output": str(tmp_path)})
    assert not is_finished({"output": str(tmp_path / "missing")})
    assert not is_finished({})


def test_another_rule_may_say_what_is_finished() -> None:
    endings = run_all(double, numbered(range(2)), finished=lambda spec: spec["number"] == 0)
    assert [end.skipped for end in endings] == [True, False]


@pytest.mark.parametrize("at_once", [1, 2])
def test_specs_are_taken_only_when_there_is_room(at_once: int) -> None:
    taken = []

    def endless() -> Iterator[Spec]:
        for number in count(10):
            taken.append(number)
            yield {"number": number}

    with ThreadPoolExecutor(2) as executor:
        endings = run_all(double, endless(), executor, at_once=at_once)
        assert {end.result for end in islice(endings, 3)} <= {20, 22, 24, 26}
        assert len(taken) <= 3 + at_once
        endings.close()  # type: ignore[attr-defined]


def test_so_many_jobs_are_at_work_at_once() -> None:
    barrier = Barrier(3, timeout=10)

    def meet(spec: Spec) -> int:
        return barrier.wait()

    with ThreadPoolExecutor(3) as executor:
        endings = run_all(meet, numbered(range(6)), executor, at_once=3)
        assert sorted(end.result for end in endings) == [0, 0, 1, 1, 2, 2]


def test_without_jobs_there_is_no_ending() -> None:
    assert list(run_all(double, [])) == []


def test_a_job_whose_process_was_killed_is_told_apart_from_one_that_failed() -> None:
    def job(spec: Spec) -> None:
        raise DiedError("killed") if spec["number"] else RetinueError("failed")

    endings = list(run_all(job, numbered(range(2))))
    assert [(end.error, end.died) for end in endings] == [("failed", False), ("killed", True)]


def test_who_waits_is_called_meanwhile(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jobs, "EVERY", 0.01)
    waited, ready = [], Event()

    def meanwhile() -> None:
        waited.append(1)
        if len(waited) == 3:
            ready.set()

    def job(spec: Spec) -> bool:
        return ready.wait(30)  # ends only if somebody is called

    found = list(run_all(job, numbered(range(1)), ThreadPoolExecutor(1), meanwhile=meanwhile))
    assert found[0].result is True
    assert len(waited) >= 3

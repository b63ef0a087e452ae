"""Test pictures are matched by class and digest, or refused with what differs."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from retinue.errors import RetinueError, UsageError
from retinue.experiments.answers import (
    naming_damage,
    read_answers,
    require_judged,
    require_same_pictures,
)
from retinue.runs import Run
from retinue.writing import write_json

Make = Callable[..., Run]
Ints = NDArray[np.int64]


def test_answers_do_not_depend_on_the_order_of_lines(make_run: Make) -> None:
    order = np.random.default_rng(0).permutation(120).tolist()
    plain = read_answers(make_run("a", range(7)), ["cat", "dog", "ship"])
    mixed = read_answers(make_run("b", range(7), order=order), ["cat", "dog", "ship"])
    assert plain.keys == mixed.keys
    assert plain.ids == mixed.ids
    for name in ("truth", "predicted", "probabilities"):
        assert np.array_equal(getattr(plain, name), getattr(mixed, name))
    assert plain.correct.sum() == 113


def test_answers_follow_the_order_of_classes_that_is_asked_for(make_run: Make) -> None:
    run = make_run("a", range(7))
    plain, turned = (
        read_answers(run, names) for names in (["cat", "dog", "ship"], ["ship", "dog", "cat"])
    )
    assert np.array_equal(turned.truth, 2 - plain.truth)
    assert np.array_equal(turned.predicted, 2 - plain.predicted)
    assert np.array_equal(turned.probabilities, plain.probabilities[:, ::-1])


def test_pictures_that_are_alike_count_each(make_run: Make) -> None:
    digests = [f"{number // 2:064x}" for number in range(120)]
    first, other = make_run("a", [0], digests=digests), make_run("b", [1], digests=digests)
    require_same_pictures(first, other)
    found = [read_answers(run, run.classes) for run in (first, other)]
    assert found[0].keys == found[1].keys
    assert len(found[0].keys) == 120
    assert [one.correct.sum() for one in found] == [119, 119]


def test_predictions_of_other_files_are_refused(make_run: Make) -> None:
    run = make_run("a")
    path = run.path / "evaluation" / "test" / "predictions.csv"
    path.write_text(path.read_text().replace("\n7.png", "\n7000.png"))
    with pytest.raises(RetinueError, match=r"predictions.csv: is not of the test pictures"):
        read_answers(run, run.classes)


# Refusals.


def test_equal_runs_are_let_pass(make_run: Make) -> None:
    first, other = make_run("a"), make_run("b", range(50))
    require_same_pictures(first, other)
    require_judged(first)


def test_other_classes_are_named(make_run: Make) -> None:
    first, other = make_run("a"), make_run("b", classes=("cat", "cow", "ship"))
    with pytest.raises(UsageError) as refused:
        require_same_pictures(first, other)
    assert str(refused.value) == (
        f"{other.path}: cannot be compared with {first.path}: their classes differ: dog only in "
        f"{first.path}, cow only in {other.path}"
    )


def test_a_class_more_is_named_once(make_run: Make, truth: Ints) -> None:
    first, other = make_run("a"), make_run("b", classes=("cat", "dog", "ship", "zebra"))
    with pytest.raises(UsageError, match=r"their classes differ: zebra only in .*b$"):
        require_same_pictures(first, other)


def test_other_test_pictures_are_counted(make_run: Make, truth: Ints) -> None:
    first = make_run("a")
    digests = [f"{number + 20:064x}" for number in range(100)]
    other = make_run("b", labels=truth[20:], digests=digests)
    with pytest.raises(UsageError) as refused:
        require_same_pictures(first, other)
    assert "their test pictures differ: 100 pictures against 120, " in str(refused.value)
    assert f"0 only in {other.path}, 20 only in {first.path}" in str(refused.value)


def test_other_labels_are_counted(make_run: Make, truth: Ints) -> None:
    first, labels = make_run("a"), truth.copy()
    labels[:3] = 1
    other = make_run("b", labels=labels)
    with pytest.raises(UsageError, match="3 of these in both under another class"):
        require_same_pictures(first, other)


@pytest.mark.parametrize(
    ("status", "told"),
    [
        ({"state": "running", "process": 0, "host": "", "heartbeat": 0}, "was stopped; go on with"),
        ({"state": "interrupted"}, "was stopped; go on with retinue train --resume"),
        ({"state": "failed"}, "its training failed; train it again"),
    ],
)
def test_runs_that_are_not_finished_are_refused(
    make_run: Make, status: dict[str, Any], told: str
) -> None:
    run = make_run("a")
    write_json(run.path / "status.json", {**run.status, **status})
    with pytest.raises(UsageError, match=told):
        require_judged(run)


def test_a_run_that_is_being_trained_is_refused(make_run: Make) -> None:
    run = make_run("a")
    run.update_status(state="running")
    with run.held(), pytest.raises(UsageError, match="is still being trained"):
        require_judged(run)


def test_a_run_that_was_judged_on_val_only_is_refused(make_run: Make) -> None:
    import shutil

    run = make_run("a")
    shutil.rmtree(run.path / "evaluation" / "test")
    with pytest.raises(UsageError, match=f"do it with retinue evaluate {run.path}"):
        require_judged(run)
    data = {**run.data, "counts": {**run.data["counts"], "test": {}}}
    write_json(run.path / "data.json", data)
    with pytest.raises(UsageError, match="has no test split"):
        require_judged(Run(run.path))


def test_a_judgement_of_other_pictures_is_refused(make_run: Make) -> None:
    first, other = make_run("a"), make_run("b")
    path = other.path / "evaluation" / "test" / "metrics.json"
    write_json(path, {**other.metrics(), "test_digest": "another"})
    with pytest.raises(UsageError, match=r"was judged on other pictures .* judge it again"):
        require_same_pictures(first, other)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("evaluation/test/predictions.csv", ""),
        ("evaluation/test/predictions.csv", "id,path,true,predicted,cat,dog,ship\na,b\n"),
        ("evaluation/test/metrics.json", "{}"),
        ("data.json", "[]"),
        ("data.json", "{}"),
        ("splits.csv", "id\n1\n"),
        ("status.json", "{}"),
    ],
)
def test_damage_is_one_line_that_names_the_run(
    make_run: Make, tmp_path: Path, name: str, text: str
) -> None:
    first, other = make_run("a"), make_run("b")
    (other.path / name).write_text(text)

    def read() -> None:
        with naming_damage(other):
            require_judged(other)
            require_same_pictures(first, other)
            read_answers(other, first.classes)

    with pytest.raises(RetinueError, match=str(other.path)) as told:
        read()
    assert "\n" not in str(told.value)


@pytest.mark.parametrize("value", ["nan", "inf", "x"])
def test_probabilities_that_are_no_numbers_are_damage(make_run: Make, value: str) -> None:
    run = make_run("a")
    path = run.path / "evaluation" / "test" / "predictions.csv"
    path.write_text(path.read_text().replace("0.15", value, 1))
    with pytest.raises(RetinueError, match="its files are damaged"), naming_damage(run):
        read_answers(run, run.classes)

"""What every form of a report says: equal to the files it is read from."""

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import retinue
from retinue.experiments.comparison import Comparison
from retinue.models.weights import read_card
from retinue.reporting.facts.baseline import against_the_largest, largest_class
from retinue.reporting.facts.card import model_card
from retinue.reporting.facts.commands import command_line, commands, quoted
from retinue.reporting.facts.data import bad_pictures, counts_of
from retinue.reporting.facts.entrants import runs_behind
from retinue.reporting.facts.headline import headline, judged_on, others, pictures_of
from retinue.reporting.facts.layers import _stored, layers
from retinue.reporting.facts.mistakes import what_goes_wrong, worst_pairs
from retinue.reporting.facts.pictures import pictures_on
from retinue.reporting.facts.test_looks import test_looks as looks_of
from retinue.reporting.facts.trust import area_under, risk_coverage
from retinue.runs import Predictions, Run
from retinue.wording import percent
from retinue.writing import write_json

CLASSES = ("ant", "bee", "cow")


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """A multilayer perceptron after an epoch, on noise of three colours."""
    draw = np.random.default_rng(0)
    labels = np.repeat(np.arange(3), (60, 40, 20))
    images = np.clip(90 * labels[:, None, None, None] + draw.normal(40, 99, (120, 6, 6, 3)), 0, 255)
    data = (images.astype(np.uint8), [CLASSES[label] for label in labels])
    folder = tmp_path_factory.mktemp("facts") / "runs" / "one"
    return retinue.train(data, model="mlp", epochs=1, batch_size=8, output=folder, device="cpu")


@pytest.fixture
def copy(run: Run, tmp_path: Path) -> Run:
    """The same run in a folder that may be changed."""
    return Run.load(shutil.copytree(run.path, tmp_path / "copy"))


def answers(confidences: list[float], right: list[bool]) -> Predictions:
    """Two classes; each answer is `a`."""
    rows = np.array([[share, 1 - share] for share in confidences]).reshape(-1, 2)
    true = ["a" if is_right else "b" for is_right in right]
    ids = [str(number) for number in range(len(right))]
    return Predictions(ids, ids, true, ["a"] * len(right), ["a", "b"], rows)


def test_the_headline_is_that_of_test_and_of_val_without_it(copy: Run) -> None:
    for split in ("test", "val"):
        found, measured = headline(copy), copy.metrics(split)["accuracy"]
        assert found is not None
        assert found.split == judged_on(copy) == split
        assert (found.value, found.low, found.high) == (
            measured["value"],
            measured["low"],
            measured["high"],
        )
        assert percent(measured["value"]) in found.sentence
        assert f"{measured['n']} {split} pictures" in found.sentence
        shutil.rmtree(copy.path / "evaluation" / split)
    assert headline(copy) is None
    assert judged_on(copy) is None


def test_other_data_counts_where_neither_was_judged(copy: Run) -> None:
    (copy.path / "evaluation" / "test").rename(copy.path / "evaluation" / "photos")
    assert judged_on(copy) == "val"
    (told,) = others(copy)
    assert told.startswith("On photos it reaches")
    shutil.rmtree(copy.path / "evaluation" / "val")
    assert judged_on(copy) == "photos"
    assert pictures_of("photos", 3) == '3 pictures of "photos"'


def test_the_worst_pairs_are_the_largest_cells_beside_the_diagonal() -> None:
    metrics = {"confusion": [[90, 3, 7], [5, 5, 0], [0, 9, 1]]}
    found = worst_pairs(metrics, CLASSES, most=3)
    assert [(one.true, one.predicted, one.n, one.of, one.share) for one in found] == [
        ("cow", "bee", 9, 10, 0.9),
        ("ant", "cow", 7, 100, 0.07),
        ("bee", "ant", 5, 10, 0.5),
    ]
    assert worst_pairs({"confusion": [[3, 0], [0, 4]]}, ("a", "b")) == []


def test_what_goes_wrong_counts_as_the_matrix_does(copy: Run) -> None:
    metrics = copy.metrics("test")
    wrong = sum(
        n
        for true, row in enumerate(metrics["confusion"])
        for said, n in enumerate(row)
        if said != true
    )
    assert f"It gets {wrong} of {metrics['n']} test pictures wrong" in what_goes_wrong(copy)
    for confusion, told in (
        ([[5, 0, 0], [0, 5, 0], [0, 0, 5]], "none of"),
        ([[5, 1, 0], [0, 5, 0], [0, 0, 5]], "a picture of ant, which it takes for bee"),
        ([[5, 2, 0], [2, 5, 0], [0, 0, 5]], "no two classes stand out"),
        ([[5, 4, 0], [2, 5, 0], [0, 0, 5]], "ant for bee: 4 times, 44 % of the pictures of ant"),
    ):
        path = copy.path / "evaluation" / "test" / "metrics.json"
        write_json(path, {**metrics, "confusion": confusion})
        assert told in what_goes_wrong(copy)


def test_risk_falls_with_coverage_as_counted_by_hand() -> None:
    coverage, error = risk_coverage(answers([0.9, 0.6, 0.8, 0.6], [True, False, False, True]))
    assert coverage.tolist() == [0.25, 0.5, 1.0]  # those of 0.6 are answered together
    assert error.tolist() == [0.0, 0.5, 0.5]
    assert area_under(coverage, error) == pytest.approx(0.25 * 0 + 0.25 * 0.5 + 0.5 * 0.5)
    assert area_under(*risk_coverage(answers([], []))) is None


def test_risk_at_full_coverage_is_the_error_of_the_metrics(run: Run) -> None:
    coverage, error = risk_coverage(run.predictions("test"))
    assert coverage[-1] == 1
    assert error[-1] == pytest.approx(1 - run.metrics("test")["accuracy"]["value"])


def test_the_baseline_is_always_the_largest_class(run: Run) -> None:
    found = against_the_largest(run, "test")
    assert found is not None
    assert found.name == largest_class(run) == "ant"
    per_class = {one["class"]: one["n"] for one in run.metrics("test")["per_class"]}
    metrics = run.metrics("test")
    assert found.value == per_class["ant"] / metrics["n"]
    assert found.gain == pytest.approx(metrics["accuracy"]["value"] - found.value)
    assert found.low <= found.gain <= found.high
    assert ("was not shown" in found.sentence) == (not found.shown)
    assert "Always answering ant, the class with most" in found.sentence


@pytest.mark.parametrize(("right", "shown"), [(40, True), (26, False), (2, True)])
def test_better_than_the_baseline_is_said_only_where_it_is_shown(
    copy: Run, right: int, shown: bool
) -> None:
    """24 of 48 pictures are of the largest class; some of all are recognised."""
    true = ["ant"] * 24 + ["bee"] * 24
    said = [name if place % 48 < right else "cow" for place, name in enumerate(true)]
    head = ["id", "path", "true", "predicted", *CLASSES]
    rows = [
        [str(n), "", a, b, "0.4", "0.3", "0.3"]
        for n, (a, b) in enumerate(zip(true, said, strict=True))
    ]
    copy.write_rows("evaluation/test/predictions.csv", head, rows)
    found = against_the_largest(copy, "test")
    assert found is not None
    assert found.shown == shown
    assert (" fewer " in found.sentence) == (right == 2)


def test_pictures_are_those_of_the_index_with_what_was_predicted(run: Run) -> None:
    found, predictions = pictures_on(run, "test"), run.predictions("test")
    known = {
        one: (true, said, float(row.max()))
        for one, true, said, row in zip(
            predictions.ids,
            predictions.true,
            predictions.predicted,
            predictions.probabilities,
            strict=True,
        )
    }
    for (true, said), some in found.cells.items():
        for one in some:
            assert (one.true, one.predicted) == (run.classes[true], run.classes[said])
            assert known[one.id] == (one.true, one.predicted, one.probability)
            assert one.path.is_file()
    assert all(one.true != one.predicted for one in found.mistakes)
    sure = [one.probability or 0.0 for one in found.mistakes]
    assert sure == sorted(sure, reverse=True)


def test_layers_add_up_to_the_network(run: Run) -> None:
    card, found = read_card(run.path), layers(run)
    assert sum(one.parameters for one in found) == card.parameters
    assert found[-1].output == (3,)
    stored = _stored(run.path / "model.safetensors")
    assert sum(one.parameters for one in stored) == card.parameters
    assert [one.name for one in stored] == [one.name for one in found if one.parameters]


def test_the_layers_of_a_network_of_ones_own_are_read_without_its_code(copy: Run) -> None:
    values = copy.read_json("model.json")
    write_json(copy.path / "model.json", {**values, "name": "nowhere.at_all:make"})
    found = layers(copy)
    assert sum(one.parameters for one in found) == values["parameters"]
    assert {one.output for one in found} == {None}
    (copy.path / "model.safetensors").write_bytes(b"\xff" * 20)
    assert layers(copy) == []
    (copy.path / "model.json").unlink()
    assert layers(copy) == []


@pytest.mark.parametrize(
    "word", ["plain", "two words", "a'b\"c", "$(rm x)", "new\nline\x07", "\u202etxt\\'.", "-x;y"]
)
def test_a_shell_reads_quoted_words_as_they_were(word: str) -> None:
    told = quoted(word)
    assert not [sign for sign in told if ord(sign) < 32 or sign == "\u202e"]
    command = ["bash", "-c", f"printf %s {told}"]
    done = subprocess.run(command, capture_output=True, check=True, env={"LC_ALL": "C.UTF-8"})
    assert done.stdout.decode() == word


def test_commands_repeat_a_run_where_its_data_has_a_name(copy: Run) -> None:
    assert [one.split()[1] for one in commands(copy)] == ["evaluate", "report"]  # arrays have none
    text = (copy.path / "recipe.yaml").read_text(encoding="utf-8")
    named = text.replace("data: ''", "data: digits")
    assert named != text
    (copy.path / "recipe.yaml").write_text(named, encoding="utf-8")
    again = Run.load(copy.path)
    assert commands(again)[0] == f"retinue train --recipe {copy.path}/recipe.yaml"
    again.update_status(recorded=[])
    assert "train" not in commands(again)[0]


def test_the_command_line_is_told_where_there_was_one(copy: Run) -> None:
    environment = copy.read_json("environment.json")
    for command, told in (
        (["/x/bin/retinue", "train", "my data"], "retinue train 'my data'"),
        (["notebook.py", "train"], None),
        ("retinue", None),
    ):
        write_json(copy.path / "environment.json", {**environment, "command": command})
        assert command_line(copy) == told


@pytest.mark.parametrize(("looks", "told"), [(0, "has not been"), (1, "once"), (3, "3 times")])
def test_looks_at_test_are_told(copy: Run, looks: int, told: str) -> None:
    copy.update_status(test_looks=looks)
    assert told in looks_of(copy)


def test_the_card_tells_numbers_of_the_files_and_nothing_unknown(copy: Run) -> None:
    parts = {one.title: " ".join(one.sentences) for one in model_card(copy)}
    found = headline(copy)
    assert found is not None
    assert found.sentence in parts["Measures"]
    assert "ant, bee, cow" in parts["Intended use"]
    assert f"{sum(copy.data['counts']['train'].values())} train" in parts["Data"]
    assert "hardly known: ant (12), bee (8), cow (4)" in parts["Limits"]
    for name in ("calibration.json", "model.json"):
        (copy.path / name).unlink()
    for name in ("evaluation", "pictures"):
        shutil.rmtree(copy.path / name)
    bare = {one.title: " ".join(one.sentences) for one in model_card(copy)}
    assert "has not been judged" in bare["Measures"]
    assert "temperature" not in bare["The model"]


def test_counts_and_bad_pictures_are_those_of_the_files(copy: Run) -> None:
    counts = counts_of(copy)
    assert counts.splits == ("train", "val", "test")
    assert sum(counts.totals) == 120
    assert counts.most == 60
    assert dict(counts.rows)["bee"] == tuple(
        copy.data["counts"][one]["bee"] for one in counts.splits
    )
    copy.write_rows("bad-pictures.csv", ["path", "reason"], [["=a.png", "no picture"]])
    assert bad_pictures(copy) == [("=a.png", "no picture")]
    (copy.path / "bad-pictures.csv").unlink()
    assert bad_pictures(copy) == []


@pytest.fixture
def comparison(run: Run) -> Callable[..., Comparison]:
    """`comparison(folder, path)`: a comparison that knows the run by a path."""

    def make(folder: Path, path: str, accuracy: float | None = None) -> Comparison:
        value = run.metrics("test")["accuracy"]["value"] if accuracy is None else accuracy
        values: dict[str, Any] = {
            "data": {"test_digest": run.data["digests"]["test"]},
            "entrants": [{"runs": [path], "by_run": [value]}],
        }
        return Comparison(folder, values)

    return make


def test_the_runs_behind_an_entrant_are_found_where_they_were(
    run: Run, comparison: Callable[..., Comparison], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    beside = run.path.parent.parent / "comparisons" / "c"
    monkeypatch.chdir(tmp_path)
    for folder, path in (
        (beside, "runs/one"),
        (beside, "/elsewhere/runs/one"),
        (tmp_path, str(run.path)),
    ):
        one = comparison(folder, path)
        behind = runs_behind(one, one.values["entrants"][0])
        assert [found.path.resolve() for found in behind.runs] == [run.path.resolve()]
        assert behind.missing == ()
    for one in (comparison(tmp_path, "runs/one"), comparison(beside, "runs/one", 0.123)):
        behind = runs_behind(one, one.values["entrants"][0])
        assert behind.runs == ()
        assert behind.missing == ("runs/one",)

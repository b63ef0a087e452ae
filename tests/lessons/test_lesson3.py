"""The loop that lesson 3 writes, against Retinue's: the same seed gives the same weights."""

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jupytext
import numpy as np
import pytest
import torch

from retinue.data.imagedata import ImageData
from retinue.data.load import load_data
from retinue.lessons.catalogue import MASTERS
from retinue.prediction.classifier import Classifier
from retinue.runs import Run
from retinue.seeds import seed_for
from retinue.training.fit import train

Names = dict[str, Any]
DEFINING = (ast.Import, ast.ImportFrom, ast.FunctionDef, ast.ClassDef)


@pytest.fixture(scope="module")
def data() -> ImageData:
    return load_data("digits", size=28, limit_per_class=20)


def statements() -> Iterator[str]:
    """What the lesson defines: imports, functions, classes, and names in capitals."""
    cells = jupytext.read(MASTERS / "lesson3_training.py", fmt="py:percent").cells
    for cell in cells:
        if cell.cell_type == "code":
            for one in ast.parse(cell.source).body:
                defines = isinstance(one, DEFINING)
                if defines or (
                    isinstance(one, ast.Assign) and ast.unparse(one.targets[0]).isupper()
                ):
                    yield ast.unparse(one)


def lesson(data: ImageData, change: tuple[str, str] = ("", "")) -> Names:
    """What the lesson defines, on this data, with one text of its code in another's place."""
    code = "\n".join(statements())
    assert change[0] in code
    names: Names = {"data": data, "__name__": "lesson3"}
    exec(code.replace(*change) if change[0] else code, names)
    names["images"] = torch.from_numpy(data.train.images)
    names["labels"] = torch.from_numpy(data.train.labels)
    names["mean"], names["std"] = names["statistics"](data.train.images)
    return names


def weights_of(names: Names, **settings: Any) -> list[torch.Tensor]:
    network, _ = names["fit"](**settings)
    return list(network.parameters())


@pytest.fixture(scope="module")
def run(data: ImageData, tmp_path_factory: pytest.TempPathFactory) -> Run:
    names = lesson(data)
    folder: Path = tmp_path_factory.mktemp("lesson3") / "run"
    return train(data, model="lenet", seed=names["SEED"], output=folder, **names["SETTINGS"])


@pytest.fixture(scope="module")
def theirs(run: Run) -> list[torch.Tensor]:
    return list(network_of(run).parameters())


def network_of(run: Run) -> torch.nn.Module:
    return Classifier.load(run).model.get_submodule("network")


def all_equal(one: list[torch.Tensor], other: list[torch.Tensor]) -> bool:
    return len(one) == len(other) and all(map(torch.equal, one, other))


def test_both_loops_give_the_same_weights_to_the_last_bit(
    data: ImageData, theirs: list[torch.Tensor]
) -> None:
    names = lesson(data)
    ours = weights_of(names)
    assert len(ours) == 10
    assert all_equal(ours, theirs)
    beginning = list(names["new_network"](names["SEED"]).parameters())
    assert not any(map(torch.equal, beginning, theirs))  # they did learn


def test_the_lesson_s_own_comparison_says_so(data: ImageData, run: Run) -> None:
    names = lesson(data)
    assert names["same_weights"](names["fit"]()[0], network_of(run))
    assert not names["same_weights"](names["fit"](seed=1)[0], network_of(run))


@pytest.mark.parametrize(
    ("change", "settings"),
    [
        (("", ""), {"seed": 1}),
        (("optimiser.zero_grad()", "pass"), {}),
        (("(0, 3, 32, 0.1)", "(0, 3, 32, 0.1001)"), {}),
        (("'order', epoch", "'order', 0"), {}),
        (("F.cross_entropy(logits, targets)", "F.cross_entropy(logits.softmax(1), targets)"), {}),
        (("- mean) / std", "- mean) / 255"), {}),
    ],
)
def test_a_loop_that_is_a_little_different_gives_other_weights(
    data: ImageData, theirs: list[torch.Tensor], change: tuple[str, str], settings: Names
) -> None:
    assert not all_equal(weights_of(lesson(data, change), **settings), theirs)


def test_zero_grad_left_out_by_the_lesson_s_forgetful_optimiser_gives_other_weights(
    data: ImageData, theirs: list[torch.Tensor]
) -> None:
    names = lesson(data)
    assert not all_equal(weights_of(names, optimiser_class=names["Forgetful"]), theirs)


def test_the_lesson_s_formula_for_seeds_is_retinue_s(data: ImageData) -> None:
    ours = lesson(data)["seed_for"]
    for seed, purpose, epoch in ((0, "weights", 0), (7, "order", 3), (123, "order", 0)):
        assert ours(seed, purpose, epoch) == seed_for(seed, purpose, epoch)


def test_the_lesson_normalises_by_the_numbers_that_the_run_keeps(data: ImageData, run: Run) -> None:
    names, normalise = lesson(data), Classifier.load(run).model.get_submodule("normalise")
    assert torch.equal(names["mean"], normalise.get_buffer("mean"))
    assert torch.equal(names["std"], normalise.get_buffer("std"))


def test_the_lesson_judges_as_retinue_does(data: ImageData, run: Run) -> None:
    names = lesson(data)
    ours, _ = names["fit"]()
    for split in ("val", "test"):
        loss, accuracy = names["evaluate"](ours, data.splits[split])
        assert np.isclose(accuracy, run.metrics(split)["accuracy"]["value"])
    best = run.history[run.status["best_epoch"] - 1]
    assert np.isclose(names["evaluate"](ours, data.val)[0], best["val_loss"], rtol=1e-5)
    assert loss > 0

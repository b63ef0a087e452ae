"""Runs and findings that are written down instead of trained."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from retinue.data.imagedata import pairs_digest
from retinue.evaluation.differences import Estimate, accuracy_estimate
from retinue.evaluation.metrics import measure
from retinue.experiments.answers import Answers
from retinue.experiments.curves import Curve
from retinue.experiments.entrants import Entrant
from retinue.experiments.findings import Findings, choose_winner
from retinue.experiments.groups import Group
from retinue.experiments.numbers import Numbers
from retinue.experiments.pairs import compare_all
from retinue.experiments.speed import Speed
from retinue.images import Preprocess
from retinue.models.catalogue import build
from retinue.models.weights import make_card, save_model
from retinue.recipe import Recipe, make_recipe, write_recipe
from retinue.runs import Run
from retinue.writing import write_json

Ints = NDArray[np.int64]

CLASSES = ("cat", "dog", "ship")
N = 120
ENVIRONMENT = {
    "retinue": "0.1.0", "processor": "one", "cores": 2, "threads": 1, "device_name": "cpu",
    "precision": "fp32",
}  # fmt: skip


def answers_of(truth: Ints, wrong: Sequence[int], classes: Sequence[str]) -> Ints:
    """The truth, but the next class for the pictures that are named."""
    predicted = truth.copy()
    predicted[list(wrong)] = (truth[list(wrong)] + 1) % len(classes)
    return predicted


def probabilities_of(predicted: Ints, k: int) -> NDArray[np.float64]:
    """0.7 for what is predicted, the rest for the others."""
    found = np.full((len(predicted), k), 0.3 / (k - 1))
    found[np.arange(len(predicted)), predicted] = 0.7
    return found


@pytest.fixture
def truth() -> Ints:
    """The classes of 120 test pictures, 40 of each."""
    return np.repeat(np.arange(3), N // 3)


@pytest.fixture
def make_run(tmp_path: Path, truth: Ints) -> Callable[..., Run]:
    """`make_run("a", wrong=range(10), seed=1, model="mlp", lr=0.1)`: a finished run folder.

    `wrong` are the pictures that it takes for the next class; `order` that of its files' lines.
    """

    def make(
        name: str,
        wrong: Sequence[int] = (),
        *,
        labels: Ints = truth,
        classes: Sequence[str] = CLASSES,
        digests: Sequence[str] | None = None,
        order: Sequence[int] | None = None,
        seed: int = 0,
        model: str | Mapping[str, Any] = "cnn",
        val: float = 0.8,
        **settings: Any,
    ) -> Run:
        run = Run.create("made", "any", tmp_path / name)
        known = digests or [f"{number:064x}" for number in range(len(labels))]
        order = list(order or range(len(labels)))
        ids = [f"{number}.png" for number in order]
        names = [classes[labels[number]] for number in order]
        rows = [
            (one, f"made/{one}", which, "test", known[number])
            for one, which, number in zip(ids, names, order, strict=True)
        ]
        head = ["id", "path", "class", "split", "digest"]
        run.write_rows("splits.csv", head, [("t.png", "", classes[0], "train", "0"), *rows])
        digest = pairs_digest((row[2], row[4]) for row in rows)
        counts = {one: names.count(one) for one in classes}
        zero = dict.fromkeys(classes, 0)
        data = {
            "name": "made", "source": "made", "classes": list(classes), "data_root": None,
            "counts": {"train": {**zero, classes[0]: 300}, "val": {**zero, classes[0]: 100},
                       "test": counts},
            "digest": "all", "digests": {"train": "train", "val": "val", "test": digest},
            "decode_rules": 1, "preprocess": {}, "notes": [], "bad_pictures": 0,
        }  # fmt: skip
        write_json(run.path / "data.json", data)
        write_json(run.path / "environment.json", ENVIRONMENT)
        _judged(run, labels, answers_of(labels, wrong, classes), classes, order, rows, digest)
        lines = [
            {"epoch": epoch, "subset_accuracy": 0.9, "val_accuracy": val - 0.01 * (4 - epoch),
             "seconds": 2.0, "pictures_per_second": 100.0 * epoch}
            for epoch in (1, 2, 3, 4)
        ]  # fmt: skip
        for line in lines:
            run.append("history.jsonl", line)
        write_json(
            run.path / "evaluation" / "val" / "metrics.json",
            {"accuracy": {"value": val}, "log_loss": {"value": 1 - val}},
        )
        _network(run, classes, str(model))
        every = Recipe(data="made").model_dump()
        write_recipe(
            run.path / "recipe.yaml", make_recipe(every, {"model": model, "seed": seed}, settings)
        )
        run.update_status(
            state="finished", reason="all epochs done", best_epoch=4, training_seconds=8.0,
            test_looks=1,
        )  # fmt: skip
        return run

    return make


@cache
def _metrics(
    labels: tuple[int, ...], predicted: tuple[int, ...], classes: tuple[str, ...]
) -> dict[str, Any]:
    """Measured once, for the bootstrap of every interval takes its time."""
    return measure(np.array(labels), probabilities_of(np.array(predicted), len(classes)), classes)


def _judged(
    run: Run,
    labels: Ints,
    predicted: Ints,
    classes: Sequence[str],
    order: Sequence[int],
    rows: Sequence[tuple[str, ...]],
    digest: str,
) -> None:
    probabilities = probabilities_of(predicted, len(classes))
    metrics = _metrics(tuple(labels.tolist()), tuple(predicted.tolist()), tuple(classes))
    write_json(
        run.path / "evaluation" / "test" / "metrics.json",
        {**metrics, "test_digest": digest, "test_looks": 1},
    )
    lines = [
        [row[0], row[1], row[2], classes[predicted[number]]]
        + [f"{value:.9g}" for value in probabilities[number]]
        for row, number in zip(rows, order, strict=True)
    ]
    head = ["id", "path", "true", "predicted", *classes]
    run.write_rows("evaluation/test/predictions.csv", head, lines)


def _network(run: Run, classes: Sequence[str], model: str) -> None:
    """A softmax regression, whatever it is called."""
    network = build(
        "softmax", classes=len(classes), channels=1, size=(4, 4), arguments={}, mean=[0.0],
        std=[1.0],
    )  # fmt: skip
    preprocess = Preprocess((4, 4), (4, 4), "crop", 1)
    card = make_card(network, model, {}, classes, preprocess, ([0.0], [1.0]))
    save_model(run.path, network, card)


@pytest.fixture
def entrant(truth: Ints) -> Callable[..., Entrant]:
    """`entrant("cnn", range(10), range(12))`: what each of two runs has wrong; no files."""

    def make(
        name: str,
        *wrong: Sequence[int],
        model: str | None = None,
        labels: Ints = truth,
        classes: Sequence[str] = CLASSES,
        predicted: Sequence[Ints] = (),
    ) -> Entrant:
        said = list(predicted) or [answers_of(labels, one, classes) for one in wrong or ((),)]
        keys = tuple((classes[label], f"{n:064x}") for n, label in enumerate(labels))
        answers = [
            Answers(
                tuple(classes),
                keys,
                tuple(map(str, range(len(labels)))),
                labels,
                one,
                probabilities_of(one, len(classes)),
            )
            for one in said
        ]
        runs = tuple(Run(Path(f"runs/{name}-{number}")) for number in range(len(said)))
        return Entrant(name, model or name, runs, tuple(range(len(said))), tuple(answers))

    return make


@pytest.fixture
def numbers_of() -> Callable[..., Numbers]:
    """`numbers_of(entrant, val_accuracy=0.9)`: numbers that are as good as any other."""

    def make(entrant: Entrant, **changes: Any) -> Numbers:
        some = Estimate(0.5, 0.4, 0.6, "made")
        found = Numbers(
            accuracy=accuracy_estimate(entrant.correct),
            precision=some, recall=some, f1=some, log_loss=some, ece=some,
            by_run=tuple(entrant.correct.mean(axis=1).tolist()),
            val_accuracy=float(entrant.correct.mean()), val_loss=0.5,
            train_pictures=300, train_digest="train",
            parameters=1000, size=4000, training_seconds=60.0, training_speed=100.0,
            peak_memory=10**9,
            curve=None, multiply_adds=1000, speed=Speed(1000.0, 0.001, 16),
        )  # fmt: skip
        return replace(found, **changes)

    return make


@pytest.fixture
def findings(numbers_of: Callable[..., Numbers]) -> Callable[..., Findings]:
    """`findings(cnn, mlp, mlp={"val_accuracy": 0.2})`: findings about entrants, by their names."""

    def make(
        *entrants: Entrant,
        groups: tuple[Group, ...] = (),
        others: Mapping[str, Any] | None = None,
        **changes: Mapping[str, Any],
    ) -> Findings:
        numbers = {one.name: numbers_of(one, **changes.get(one.name, {})) for one in entrants}
        return Findings(
            data={"name": "made", "test_pictures": len(entrants[0].answers[0].keys)},
            entrants=entrants,
            numbers=numbers,
            pairs=compare_all(entrants),
            groups=groups,
            winner=choose_winner(entrants, numbers),
            machine={},
            **(others or {}),
        )

    return make


@pytest.fixture
def curve() -> Callable[..., Curve]:
    """`curve(train=0.9)`: a curve of which there is nothing to say."""

    def make(**changes: Any) -> Curve:
        plain = Curve(
            train=0.8, val=0.8, n_train=2000, n_val=2000, epochs=12, before=0.8, after=0.8, last=3,
            falling=True,
        )  # fmt: skip
        return replace(plain, **changes)

    return make

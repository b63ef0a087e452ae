"""Trainings in which something is wrong on purpose, each trained once, and facts to be changed."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from torch import nn

from retinue.experiments.curves import Curve
from retinue.reporting.diagnosis.facts import Facts
from retinue.reporting.diagnosis.reading import read_facts
from retinue.runs import Run

ROOT = Path(__file__).parents[3]


@pytest.fixture(scope="session")
def training(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[str], Run]]:
    """`training("flat")`: the run of `benchmarks.provoked` of that name, or of a healthy one."""
    folder = tmp_path_factory.mktemp("provoked")
    runs: dict[str, Run] = {}
    with pytest.MonkeyPatch.context() as patched:
        patched.syspath_prepend(ROOT)
        from benchmarks.provoked import HEALTHY, PROVOKED

        made = {**PROVOKED, **HEALTHY}

        def train(name: str) -> Run:
            if name not in runs:
                # Only while it trains: this fixture outlives the tests of this folder.
                with pytest.MonkeyPatch.context() as quick:
                    for slow in ("draw_figures", "write_pictures"):
                        quick.setattr(f"retinue.evaluation.judge.{slow}", lambda *_: None)
                    runs[name] = made[name](folder / name)
            return runs[name]

        yield train


@pytest.fixture(scope="session")
def healthy(training: Callable[[str], Run]) -> Run:
    """An MLP that learned handwritten digits."""
    return training("mlp")


@pytest.fixture
def facts(healthy: Run) -> Callable[..., Facts]:
    """`facts(recipe={"lr": 0.5}, batch_norm=True)`: those of the healthy run, but for some."""
    plain = read_facts(healthy)

    def make(recipe: Mapping[str, Any] | None = None, **changes: Any) -> Facts:
        settled = plain.recipe.model_copy(update=dict(recipe or {}))
        return replace(plain, recipe=settled, **changes)

    return make


@pytest.fixture
def curve() -> Callable[..., Curve]:
    """`curve(train=0.9)`: a curve of which there is nothing to say."""

    def make(**changes: Any) -> Curve:
        plain = Curve(
            train=0.9, val=0.9, n_train=2000, n_val=2000, epochs=12, before=0.9, after=0.9, last=3,
            falling=True,
        )  # fmt: skip
        return replace(plain, **changes)

    return make


@pytest.fixture
def measured() -> Callable[..., dict[str, Any]]:
    """`measured([[9, 1], [2, 8]])`: as metrics.json has it, of a confusion matrix."""
    import numpy as np

    from retinue.evaluation.metrics import measure

    def make(confusion: list[list[int]], classes: list[str] | None = None) -> dict[str, Any]:
        k = len(confusion)
        cells = [(i, j) for i in range(k) for j in range(k) for _ in range(confusion[i][j])]
        labels = np.array([true for true, _ in cells])
        said = np.eye(k)[[one for _, one in cells]] * 0.8 + 0.2 / k
        return measure(labels, said, classes or [str(i) for i in range(k)])

    return make


@pytest.fixture
def small(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Run]:
    """`small(epochs=1)`: a training on digits by these settings."""
    from retinue.training.fit import train

    for name in ("draw_figures", "write_pictures"):
        monkeypatch.setattr(f"retinue.evaluation.judge.{name}", lambda *_: None)
    numbers = iter(range(100))

    def make(**settings: Any) -> Run:
        plain: dict[str, Any] = {"model": "mlp", "device": "cpu"}
        return train("digits", output=tmp_path / f"run-{next(numbers)}", **{**plain, **settings})

    return make


@pytest.fixture
def own(healthy: Run) -> Callable[[], nn.Module]:
    """A network that knows the digits, without its normalisation."""
    from retinue.prediction.classifier import Classifier

    return lambda: Classifier.load(healthy).model.get_submodule("network")

"""Retinue trains image classifiers, shows what they do, and says how good they are.

    import retinue

    data = retinue.load_data("digits")
    run = retinue.train(data, model="cnn")
    retinue.evaluate(run)
    retinue.predict(run, "my-digit.png")

Importing this module imports neither torch nor matplotlib: each name is loaded at its first use.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from retinue.data.load import load_data as load_data
    from retinue.errors import RetinueError as RetinueError
    from retinue.errors import UsageError as UsageError
    from retinue.evaluation.evaluate import evaluate as evaluate
    from retinue.experiments.compare import compare as compare
    from retinue.experiments.sweep import sweep as sweep
    from retinue.explaining.explain import explain as explain
    from retinue.prediction.predict import predict as predict
    from retinue.recipe import Recipe as Recipe
    from retinue.reporting.diagnosis.diagnosing import diagnose as diagnose
    from retinue.reporting.forms import report as report
    from retinue.runs import Run as Run
    from retinue.training.fit import train as train
    from retinue.training.record import record as record
    from retinue.training.sanity.checking import check_sanity as check_sanity

__version__ = "0.1.0"

_HOME = {
    "load_data": "retinue.data.load",
    "train": "retinue.training.fit",
    "record": "retinue.training.record",
    "evaluate": "retinue.evaluation.evaluate",
    "compare": "retinue.experiments.compare",
    "sweep": "retinue.experiments.sweep",
    "explain": "retinue.explaining.explain",
    "predict": "retinue.prediction.predict",
    "diagnose": "retinue.reporting.diagnosis.diagnosing",
    "report": "retinue.reporting.forms",
    "check_sanity": "retinue.training.sanity.checking",
    "Run": "retinue.runs",
    "Recipe": "retinue.recipe",
    "RetinueError": "retinue.errors",
    "UsageError": "retinue.errors",
}

__all__ = [
    "Recipe",
    "RetinueError",
    "Run",
    "UsageError",
    "check_sanity",
    "compare",
    "diagnose",
    "evaluate",
    "explain",
    "load_data",
    "predict",
    "record",
    "report",
    "sweep",
    "train",
]


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module 'retinue' has no attribute {name!r}")
    return getattr(import_module(_HOME[name]), name)


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])

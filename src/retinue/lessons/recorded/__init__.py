"""What other programs gave on one machine, for lessons where they are not installed."""

import json
from importlib.resources import files
from typing import Any

from retinue.errors import UsageError

KERAS = "keras-fashion-mnist"


def recorded(name: str) -> dict[str, Any]:
    """A recorded result, with its date, machine and versions.

    That of `KERAS` holds the Keras lesson on Fashion-MNIST and the same network in Retinue, each
    with layers, parameters and the accuracy on test after every epoch; `benchmarks/keras_lesson.py`
    makes it.

    Raises:
        UsageError: nothing of that name is recorded.
    """
    folder = files(__name__)
    file = folder / f"{name}.json"
    if not file.is_file():
        names = (path.name for path in folder.iterdir())
        known = sorted(one.removesuffix(".json") for one in names if one.endswith(".json"))
        raise UsageError(f"{name}: nothing of that name is recorded; there are {known}")
    found: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    return found

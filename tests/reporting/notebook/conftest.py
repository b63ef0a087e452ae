"""Runs and comparisons whose notebooks are written."""

import csv

import numpy as np
import pytest
from PIL import Image

import retinue
from retinue.runs import Run

NAMES = (
    "<script>alert(1)</script>", "$\\href{javascript:alert(1)}{x}$", '""" + boom() + """',
    "'); boom()  #", "[x](javascript:boom())", "\u202egnp", "\x1b[31mred", "猫",
)  # fmt: skip


@pytest.fixture(scope="session")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """A run of digits; it must not be changed."""
    folder = tmp_path_factory.mktemp("digits")
    return retinue.train("digits", model="softmax", epochs=2, output=folder / "runs" / "one")


@pytest.fixture(scope="session")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """A run whose classes, and whose folder, have names that want to be markup or code."""
    folder = tmp_path_factory.mktemp("hostile")
    rows, draw = [], np.random.default_rng(0)
    for number, name in enumerate(NAMES):
        for copy in range(6):
            path = folder / f"{number}-{copy}.png"
            Image.fromarray(draw.integers(0, 256, (8, 8, 3), dtype=np.uint8)).save(path)
            rows.append([path.name, name])
    with (folder / "labels.csv").open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([["path", "label"], *rows])
    where = folder / "'); boom() # <b>\u202e"
    return retinue.train(folder / "labels.csv", model="softmax", epochs=1, output=where)

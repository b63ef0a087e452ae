"""The public API, and that importing it is light."""

import importlib
import subprocess
import sys

import pytest

import retinue

PUBLIC = {
    "Recipe": "retinue.recipe",
    "RetinueError": "retinue.errors",
    "Run": "retinue.runs",
    "UsageError": "retinue.errors",
    "check_sanity": "retinue.training.sanity.checking",
    "compare": "retinue.experiments.compare",
    "diagnose": "retinue.reporting.diagnosis.diagnosing",
    "evaluate": "retinue.evaluation.evaluate",
    "explain": "retinue.explaining.explain",
    "load_data": "retinue.data.load",
    "predict": "retinue.prediction.predict",
    "record": "retinue.training.record",
    "report": "retinue.reporting.forms",
    "sweep": "retinue.experiments.sweep",
    "train": "retinue.training.fit",
}


def loaded_after(code: str) -> set[str]:
    """Which of the heavy libraries a fresh interpreter has loaded after running some code."""
    heavy = ("torch", "matplotlib", "numpy")
    code += f"\nimport sys\nprint(*[name for name in {heavy} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return set(done.stdout.splitlines()[-1].split())


def test_the_public_names_are_exactly_these() -> None:
    assert retinue.__all__ == sorted(PUBLIC)


@pytest.mark.parametrize(("name", "home"), PUBLIC.items())
def test_every_public_name_is_what_its_home_defines(name: str, home: str) -> None:
    assert getattr(retinue, name) is getattr(importlib.import_module(home), name)
    assert getattr(retinue, name).__doc__


def test_a_star_import_brings_the_public_names() -> None:
    names: dict[str, object] = {}
    exec("from retinue import *", names)
    assert set(names) - {"__builtins__"} == set(PUBLIC)


def test_dir_shows_them() -> None:
    assert set(PUBLIC) <= set(dir(retinue))


def test_what_there_is_not_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no attribute 'trane'"):
        retinue.trane  # noqa: B018


def test_the_version_is_a_version() -> None:
    assert all(part.isdecimal() for part in retinue.__version__.split("."))


def test_importing_retinue_loads_neither_torch_nor_matplotlib() -> None:
    assert loaded_after("import retinue") == set()


@pytest.mark.parametrize("words", [["--help"], ["train", "--help"], ["--version"]])
def test_help_loads_neither_torch_nor_matplotlib(words: list[str]) -> None:
    code = f"from retinue.cli.main import main\ntry: main({words})\nexcept SystemExit: pass"
    assert not loaded_after(code) & {"torch", "matplotlib"}


def test_the_check_sees_a_heavy_import() -> None:
    assert loaded_after("import retinue\nretinue.train") >= {"torch"}

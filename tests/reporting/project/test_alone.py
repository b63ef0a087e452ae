"""Folders run in an environment without Retinue, by its own Python, to the end."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import nbformat
import pytest
import torch

from retinue.runs import Run
from tests.reporting.project.conftest import WEIGHTS

Trained = Callable[..., Run]
Project = Callable[[Run], Path]
RunAlone = Callable[[Path, str], str]
FULL: dict[str, dict[str, Any]] = {
    "softmax": {"opt": "adam", "weight_decay": 0.01, "schedule": "cosine", "warmup": 0.2},
    "mlp": {"opt": "sgd", "momentum": 0.0, "schedule": "linear", "batch_size": 7, "seed": 12},
    "lenet": {"size": 16, "ema": 0.9, "hardest": 0.5, "epochs": 4, "monitor": "val_loss"},
    "keras-lesson": {"size": 16, "epochs": 3, "clip": 1.0, "class_weights": "balanced"},
    "cnn": {"model": {"name": "cnn", "dropout": 0.2, "kernel_size": [3, 2]}, "epochs": 2.5},
    "fast": {"epochs": 3, "hardest": 0.6, "progressive": "6:0.5", "slice_size": 9, "flip": True},
    "resnet-small": {"size": 16, "opt": "muon", "lr": 0.02, "patience": 1, "epochs": 6},
    "efficientnet_lite0": {"size": 48, "pretrained": "none", "opt": "adamw"},
}


def test_where_there_is_no_retinue(bare_python: Path, tmp_path: Path) -> None:
    import subprocess

    for name, code in (("retinue", 1), ("numpy", 0)):
        command = [str(bare_python), "-c", f"import {name}"]
        done = subprocess.run(command, cwd=tmp_path, stderr=subprocess.DEVNULL, check=False)
        assert done.returncode == code


def check(run: Run, folder: Path, run_alone: RunAlone) -> None:
    """Its weights, its SHA-256, its accuracy."""
    said = run_alone(folder, "train.py")
    assert (folder / WEIGHTS).read_bytes() == (run.path / WEIGHTS).read_bytes()
    assert run.read_json("model.json")["weights"] in said
    assert f"{run.metrics()['accuracy']['value']:.4f}" in run_alone(folder, "evaluate.py")


def test_as_a_user_runs_it(
    run_alone: RunAlone, photos: Path, trained: Trained, project: Project
) -> None:
    run = trained(photos, model="cnn", size=24)
    folder = project(run)
    run_alone(folder, "train.py")
    assert (folder / WEIGHTS).read_bytes() == (run.path / WEIGHTS).read_bytes()


@pytest.mark.slow
@pytest.mark.parametrize("name", FULL)
@pytest.mark.parametrize("precision", ["fp32", "auto"])
def test_every_network(
    name: str, precision: str, run_alone: RunAlone, trained: Trained, project: Project
) -> None:
    more = {"limit_per_class": 40, "precision": precision}
    run = trained(**{"model": name, **more, **FULL[name]})
    check(run, project(run), run_alone)


@pytest.mark.slow
@pytest.mark.parametrize("augment", ["none", "light", "basic", "strong"])
def test_photos(
    augment: str, run_alone: RunAlone, photos: Path, trained: Trained, project: Project
) -> None:
    run = trained(photos, model="cnn", augment=augment, limit_per_class=None, epochs=3)
    check(run, project(run), run_alone)


@pytest.mark.slow
@pytest.mark.parametrize("threads", [1, 2])
def test_as_many_threads_as_the_run_had(
    threads: int, run_alone: RunAlone, trained: Trained, project: Project
) -> None:
    before = torch.get_num_threads()
    try:
        run = trained("shapes", model="fast", limit_per_class=30, threads=threads, batch_size=60)
    finally:
        torch.set_num_threads(before)
    folder = project(run)
    assert f"THREADS = {threads} " in (folder / "train.py").read_text(encoding="utf-8")
    check(run, folder, run_alone)


@pytest.mark.slow
@pytest.mark.shared_data
def test_real_data_with_no_option(
    shared_data: Path, run_alone: RunAlone, trained: Trained, project: Project
) -> None:
    run = trained("fashion-mnist", data_root=shared_data, preset="quick", limit_per_class=300)
    check(run, project(run), run_alone)


@pytest.mark.slow
@pytest.mark.parametrize("source", ["digits", "photos"])
def test_the_notebook_runs_to_its_end(
    source: str, photos: Path, trained: Trained, project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    from nbclient import NotebookClient

    monkeypatch.setenv("MPLBACKEND", "module://matplotlib_inline.backend_inline")
    data, model = (photos, "cnn") if source == "photos" else ("digits", "fast")
    run = trained(data, model=model, limit_per_class=None if source == "photos" else 30)
    folder = project(run)
    notebook = nbformat.read(folder / "notebook.ipynb", 4)
    resources = {"metadata": {"path": str(folder)}}
    NotebookClient(notebook, timeout=300, resources=resources).execute()
    assert (folder / WEIGHTS).read_bytes() == (run.path / WEIGHTS).read_bytes()
    outputs = [out for cell in notebook.cells if cell.cell_type == "code" for out in cell.outputs]
    assert sum("image/png" in out.get("data", {}) for out in outputs) >= 5
    said = "".join(out.get("text", "") for out in outputs)
    assert f"{run.metrics()['accuracy']['value']:.4f}" in said
    assert "this network" in said

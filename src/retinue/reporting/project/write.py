"""Writing the folder to hand in, whole or not at all."""

import csv
from collections.abc import Callable
from pathlib import Path

import numpy as np

from retinue.errors import RetinueError
from retinue.experiments.folder import require_free
from retinue.models.weights import ModelCard
from retinue.reporting.project.judging import judging_values
from retinue.reporting.project.networks import model_source
from retinue.reporting.project.notebook import notebook_source
from retinue.reporting.project.pictures import Pictures, pictures_of
from retinue.reporting.project.refusals import require_repeatable
from retinue.reporting.project.source_text import render
from retinue.reporting.project.telling import told
from retinue.reporting.project.training import train_values
from retinue.runs import Run
from retinue.writing import appearing_folder, csv_cell, write_text

SLIDES = "slides.pptx"
_REMARKS = {
    "model.py": "the network",
    "data.py": "the pictures and their splits",
    "train.py": "the training: transform, forward, backward, update",
    "muon.py": "the optimiser",
    "evaluate.py": "measures and confusion matrix on pictures that it did not learn from",
    "notebook.ipynb": "all of it explained, drawn, and compared with others",
    "splits.csv": "which picture is in train, val or test, and its class",
    "pictures.npz": "the pictures that were drawn",
    "requirements.txt": "the versions",
    "ruff.toml": "the style of the code",
    SLIDES: "the talk",
}


def write_project(
    run: Run | str | Path, output: Path, add_slides: Callable[[Path], object] | None = None
) -> Path:
    """Write a run as a folder of plain PyTorch whose `train.py` gives its very weights again.

    Args:
        run: a finished run, with its pictures where they were.
        output: a new or empty folder.
        add_slides: is given the path at which to write the slides; without it there are none.

    Returns:
        The folder: model.py, data.py, train.py, evaluate.py, a notebook, splits.csv,
        requirements.txt, README.md, and where they are needed muon.py and pictures.npz.

    Raises:
        UsageError: no such run, one that cannot be repeated exactly, or a folder that holds
            something.
        RetinueError: files of the run or pictures are missing or damaged, or the disk is full.
    """
    run, output = Run.load(run), Path(output)
    require_free(output, "--project")
    card = require_repeatable(run)
    try:
        pictures = pictures_of(run, card.preprocess)
        texts = _texts(run, card, pictures, add_slides is not None)
    except (KeyError, TypeError, ValueError) as error:
        raise RetinueError(f"{run.path}: its files are damaged: {error}") from error
    try:
        with appearing_folder(output) as aside:
            _write(aside, texts, pictures)
            if add_slides is not None:
                add_slides(aside / SLIDES)
            require_free(
                output, "--project"
            )  # still: what came into it meanwhile is not ours to replace
    except OSError as error:
        raise RetinueError(f"{output}: cannot be written: {error.strerror or error}") from error
    return output


def _texts(run: Run, card: ModelCard, pictures: Pictures, has_slides: bool) -> dict[str, str]:
    """The text of every file, by name."""
    network = card.build().get_submodule("network")
    values, judging = train_values(run, card, network), judging_values(run, card)
    texts = {
        "model.py": model_source(card, network),
        "data.py": pictures.source,
        "train.py": render("train.py.j2", values),
        "evaluate.py": render("evaluate.py.j2", judging),
    }
    if values["muon"]:
        texts["muon.py"] = render("muon.py.j2", values)
    others = ["notebook.ipynb", "splits.csv", "requirements.txt", "ruff.toml"]
    others += ["pictures.npz"] if pictures.drawn is not None else []
    others += [SLIDES] if has_slides else []
    files = {name: about for name, about in _REMARKS.items() if name in [*texts, *others]}
    said = {**values, **judging, **told(run, card, files)}
    said["place"] = "\nDATA = " in pictures.source
    texts["notebook.ipynb"] = notebook_source(said)
    for name in ("README.md", "requirements.txt", "ruff.toml"):
        texts[name] = render(f"{name}.j2", said)
    return texts


def _write(folder: Path, texts: dict[str, str], pictures: Pictures) -> None:
    for name, text in texts.items():
        write_text(folder / name, text)
    with (folder / "splits.csv").open("w", encoding="utf-8", newline="") as file:
        rows = ([csv_cell(cell) for cell in row] for row in pictures.rows)
        csv.writer(file, lineterminator="\n").writerows(rows)
    if pictures.drawn is not None:
        np.savez_compressed(folder / "pictures.npz", pictures=pictures.drawn)

"""`evaluate`: how good a run's classifier is on its test split or on other data."""

from dataclasses import replace
from pathlib import Path

import numpy as np
from torch import nn

from retinue.data.builtin import BUILT_IN
from retinue.data.cache import Progress
from retinue.data.imagedata import SPLITS, ImageData, Split
from retinue.data.load import Source, load_data, load_for
from retinue.data.memory import CACHE_MEMORY
from retinue.errors import UsageError
from retinue.evaluation.judge import Evaluation, evaluate_split
from retinue.prediction.classifier import Classifier
from retinue.runs import Run


def evaluate(
    run: Run | str | Path,
    data: Source | ImageData | None = None,
    *,
    model: nn.Module | None = None,
    data_root: str | Path | None = None,
    cache_memory: int | str = CACHE_MEMORY,
    device: str = "cpu",
    progress: Progress | None = None,
) -> Evaluation:
    """Judge a run's classifier, and write metrics, predictions, pictures and figures into it.

    Without `data` the run's own source is opened again and its test split judged; this counts as
    a look at the test split. Other data is judged as a whole, or its test split where it has one;
    its classes are matched to the run's by name. `cache_memory` is what `load_data` takes.

    Raises:
        UsageError: no such run or data, the data changed since, or no class in common.
        RetinueError: files of the run or pictures cannot be read.
    """
    run = Run.load(run)
    classifier = Classifier.load(run, model, device)
    if data is None:
        opened = reopen(run, data_root, progress, cache_memory)
        split, name = opened.test, "test"
        if not len(split):
            raise UsageError(f"{run.path}: its data has no test split; name other data to judge")
        if split.content_digest(opened.classes) != run.data["digests"]["test"]:
            raise UsageError(
                f"{run.path}: the test pictures of {run.recipe.data} changed since the training; "
                f"judge them as other data: retinue evaluate {run.path} {run.recipe.data}"
            )
        found = evaluate_split(run, classifier, split, name, count_look=True, progress=progress)
        run.update_status(test_looks=found.metrics["test_looks"])
        return found
    if not isinstance(data, ImageData):
        data = load_data(
            data,
            preprocess=classifier.preprocess,
            val_fraction=0,
            test_fraction=0,
            data_root=data_root,
            cache_memory=cache_memory,
            progress=progress,
        )
    if data.preprocess != classifier.preprocess:
        raise UsageError(
            f"{data.name}: was not loaded as this run wants its pictures; name its source instead, "
            "or load it with preprocess=Classifier.load(run).preprocess"
        )
    split = data.test if len(data.test) else data.train
    matched, notes = _matched(split, data.classes, classifier.classes, data.name)
    # File systems that know no capitals would take Test for test.
    name = f"{data.name}-data" if data.name.lower() in SPLITS else data.name
    found = evaluate_split(run, classifier, matched, name, progress=progress)
    return replace(found, notes=(*data.notes, *notes))


def reopen(
    run: Run,
    data_root: str | Path | None = None,
    progress: Progress | None = None,
    cache_memory: int | str = CACHE_MEMORY,
) -> ImageData:
    """Open the source that a run recorded, split as it was then.

    Raises:
        UsageError: the run was trained on arrays, or its source is gone.
    """
    recipe = run.recipe
    if not recipe.data:
        raise UsageError(
            f"{run.path}: was trained on arrays that only Python had; give the data to evaluate"
        )
    if recipe.data not in BUILT_IN and not Path(recipe.data).exists():
        raise UsageError(f"{run.path}: its pictures are gone: {recipe.data} does not exist")
    root = data_root or run.data.get("data_root")
    return load_for(recipe, None, root, progress, cache_memory)


def _matched(
    split: Split, theirs: tuple[str, ...], ours: tuple[str, ...], name: str
) -> tuple[Split, list[str]]:
    """The pictures whose class the run knows, with the run's labels; and what does not match."""
    known = {number: ours.index(text) for number, text in enumerate(theirs) if text in ours}
    if not known:
        raise UsageError(
            f"{name}: none of its classes ({', '.join(theirs[:5])}) is one of the run's "
            f"({', '.join(ours[:5])})"
        )
    keep = np.flatnonzero(np.isin(split.labels, list(known)))
    notes = []
    strange = [text for text in theirs if text not in ours]
    if strange:
        left_out = len(split) - len(keep)
        notes.append(f"not known to the run, left out: {', '.join(strange)} ({left_out} pictures)")
    absent = [text for text in ours if text not in theirs]
    if absent:
        notes.append(f"known to the run, but not in {name}: {', '.join(absent)}")
    labels = np.array([known[label] for label in split.labels[keep].tolist()], dtype=np.int64)
    return replace(split.at(keep), labels=labels), notes

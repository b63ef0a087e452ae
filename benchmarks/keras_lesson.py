"""Record the Keras lesson on Fashion-MNIST, and the same network in Retinue, for lesson 7.

    python -m benchmarks.keras_lesson                       three seeds; some ten minutes
    python -m benchmarks.keras_lesson --smoke --to FILE     one epoch of generated pictures

Keras runs in its environment of `benchmarks.peers.environment`. Its weights are then carried over
into our network, and both answer the test pictures.
"""

import argparse
import json
import os
import subprocess
import tempfile
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from benchmarks import arrays, machine
from benchmarks.peers.environment import python_of
from retinue import __version__
from retinue.data.imagedata import ImageData
from retinue.data.load import load_data
from retinue.lessons import recorded
from retinue.models.catalogue import build
from retinue.models.describe import describe
from retinue.prediction.classifier import Classifier
from retinue.training.fit import train
from retinue.training.listener import Listener, Plan
from retinue.writing import write_text

FILE = Path(recorded.__file__).parent / f"{recorded.KERAS}.json"
# Pixels are divided by 255 and nothing else, as in the lesson of Keras.
MODEL = {"name": "keras-lesson", "mean": [0.0], "std": [1.0]}
SETTINGS: dict[str, Any] = {
    "epochs": 5,
    "batch_size": 32,
    "optimiser": "adam",
    "learning_rate": 0.001,
}
BATCH = 1000


def main() -> None:
    """Train both with every seed, carry the weights over, and write the file."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--data-root", type=Path, default=arrays.SHARED)
    parser.add_argument("--to", type=Path, default=FILE)
    parser.add_argument("--smoke", action="store_true", help="one epoch of generated pictures")
    asked = parser.parse_args()
    name = arrays.SMOKE if asked.smoke else "fashion-mnist"
    options: dict[str, Any] = {"data_options": arrays.SMOKE_OPTIONS} if asked.smoke else {}
    data = load_data(name, data_root=asked.data_root, val_fraction=0, **options)
    epochs = 1 if asked.smoke else SETTINGS["epochs"]
    load = machine.load()
    with tempfile.TemporaryDirectory() as folder:
        weights = Path(folder) / "weights.npz"
        pictures, _ = arrays.decoded(name, asked.data_root)
        theirs, ours = [], []
        for seed in reversed(range(asked.seeds)):  # the weights that stay are those of seed 0
            theirs.append(_keras(pictures, weights, seed, epochs))
            ours.append(_retinue(data, Path(folder) / f"run-{seed}", seed, epochs))
            print(f"seed {seed}: {theirs[-1]['curve'][-1]}, {ours[-1]['curve'][-1]}", flush=True)
        carried = carry_over(data, weights)
    found = {
        "command": f"python -m benchmarks.keras_lesson --seeds {asked.seeds}",
        "date": date.today().isoformat(),
        "machine": machine.describe(),
        "load": round(load, 1),
        "torch_threads": torch.get_num_threads(),
        "data": {"name": data.name, "train": len(data.train), "test": len(data.test)},
        "settings": {**SETTINGS, "epochs": epochs},
        "keras": _summed_up(theirs),
        "retinue": _summed_up(ours),
        "carried_over": carried,
    }
    write_text(asked.to, json.dumps(found, indent=1) + "\n")
    print(f"wrote {asked.to}")


def carry_over(data: ImageData, weights: Path) -> dict[str, Any]:
    """Put Keras' weights into our network: how far the logits of the test pictures differ."""
    with np.load(weights) as kept:
        arrays_ = dict(kept)
    height, width = data.size
    network = build(
        "keras-lesson",
        classes=len(data.classes),
        channels=data.channels,
        size=(height, width),
        arguments={},
        mean=[0.0] * data.channels,
        std=[255.0] * data.channels,
    ).eval()
    put_in(network.get_submodule("network"), arrays_)
    ours = Classifier(network, data.classes, data.preprocess).logits(data.test)
    theirs = arrays_["logits"]
    return {
        "pictures": len(data.test),
        "largest_difference": float(np.abs(ours - theirs).max()),
        "largest_logit": float(np.abs(theirs).max()),
        "same_answers": int((ours.argmax(1) == theirs.argmax(1)).sum()),
        "accuracy": float((ours.argmax(1) == data.test.labels).mean()),
    }


def put_in(network: nn.Module, weights: dict[str, NDArray[Any]]) -> None:
    """Keras' kernels (H, W, I, O) and (I, O) into a `keras-lesson`, as PyTorch has them.

    What the first dense layer takes was flattened with the channels last there, and first here.
    """
    maps = int(weights["conv2.bias"].shape[0])
    inputs, hidden = weights["dense.kernel"].shape
    side = round((inputs / maps) ** 0.5)
    dense = weights["dense.kernel"].reshape(side, side, maps, hidden).transpose(3, 2, 0, 1)
    kernels = {
        "features.conv1": weights["conv1.kernel"].transpose(3, 2, 0, 1),
        "features.conv2": weights["conv2.kernel"].transpose(3, 2, 0, 1),
        "head.dense": dense.reshape(hidden, inputs),
        "head.output": weights["output.kernel"].T,
    }
    with torch.no_grad():
        for name, kernel in kernels.items():
            layer: Any = network.get_submodule(name)
            layer.weight.copy_(torch.from_numpy(kernel.copy()))
            layer.bias.copy_(torch.from_numpy(weights[f"{name.partition('.')[2]}.bias"]))


def _keras(pictures: Path, weights: Path, seed: int, epochs: int) -> dict[str, Any]:
    words = [str(python_of("keras")), "-m", "benchmarks.peers.keras_recorded"]
    words += ["--data", str(pictures), "--weights", str(weights)]
    words += ["--seed", str(seed), "--epochs", str(epochs)]
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
    done = subprocess.run(
        words, cwd=arrays.ROOT, env=environment, stdout=subprocess.PIPE, text=True, check=True
    )
    told: dict[str, Any] = json.loads(done.stdout.strip().splitlines()[-1])
    return {"seed": seed, **told}


def _retinue(data: ImageData, folder: Path, seed: int, epochs: int) -> dict[str, Any]:
    plans: list[Plan] = []
    accuracies: list[float] = []
    times: list[float] = []

    def judge(line: dict[str, Any]) -> None:
        network = plans[0].model.eval()
        accuracies.append(_accuracy(network, data))
        times.append(line["seconds"])

    run = train(
        data,
        model={**MODEL, "mean": [0.0] * data.channels, "std": [1.0] * data.channels},
        epochs=epochs,
        seed=seed,
        precision="fp32",
        output=folder,
        listener=Listener(on_plan=plans.append, on_epoch=judge),
    )
    described = describe(plans[0].model, data.channels, data.size)
    return {
        "seed": seed,
        "curve": list(zip(np.cumsum(times).tolist(), accuracies, strict=True)),
        "seconds": run.status["training_seconds"],
        "versions": {"retinue": __version__, "torch": torch.__version__},
        "layers": [
            {
                "name": row.name,
                "kind": row.kind,
                "output": list(row.output),
                "parameters": row.parameters,
            }
            for row in described.rows
        ],
        "parameters": described.parameters,
    }


@torch.inference_mode()
def _accuracy(network: nn.Module, data: ImageData) -> float:
    pixels = torch.from_numpy(data.test.images).permute(0, 3, 1, 2)
    parts = (pixels[start : start + BATCH] for start in range(0, len(pixels), BATCH))
    said = torch.cat([network(part).argmax(1) for part in parts])
    return float((said == torch.from_numpy(data.test.labels)).double().mean())


def _summed_up(found: list[dict[str, Any]]) -> dict[str, Any]:
    """What is the same for all seeds once, and the accuracies on test by epoch of each."""
    return {
        "versions": found[0]["versions"],
        "layers": found[0]["layers"],
        "parameters": found[0]["parameters"],
        "trainings": [
            {
                "seed": one["seed"],
                "seconds": round(one["seconds"], 1),
                "accuracy": [round(accuracy, 4) for _, accuracy in one["curve"]],
            }
            for one in sorted(found, key=lambda one: int(one["seed"]))
        ],
    }


if __name__ == "__main__":
    main()

"""The Keras lesson once more, with what a reader wants to see of it: layers, weights, epochs.

Runs in the environment `keras`. `fit`, its defaults and its own clock are left as they are: only
the judging after each epoch stands outside of the clock.
"""

# mypy: disable-error-code="import-not-found, import-untyped"

import argparse
import os
from pathlib import Path
from typing import Any

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("KERAS_BACKEND", "tensorflow")

import keras
import numpy as np
import tensorflow

from benchmarks.peers.keras_lesson import lesson
from benchmarks.peers.protocol import Clock, tell


def layers_of(model: Any) -> list[dict[str, Any]]:
    """Every layer: name, kind, shape of its output without the batch, parameters."""
    return [
        {
            "name": layer.name,
            "kind": type(layer).__name__,
            "output": list(layer.output.shape[1:]),
            "parameters": layer.count_params(),
        }
        for layer in model.layers
    ]


def main() -> None:
    """Train, judge after every epoch, and keep the weights."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="an .npz of decoded pictures")
    parser.add_argument("--weights", type=Path, required=True, help="an .npz to be written")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--epochs", type=int, default=5)
    asked = parser.parse_args()
    with np.load(asked.data) as arrays:
        images, labels = arrays["train_images"] / np.float32(255), arrays["train_labels"]
        test, test_labels = arrays["test_images"] / np.float32(255), arrays["test_labels"]
    keras.utils.set_random_seed(asked.seed)
    model = lesson(images.shape[1:], int(labels.max()) + 1)
    clock = Clock()
    curve: list[tuple[float, float]] = []

    def judge(*_: object) -> None:
        clock.stop()
        found = model.evaluate(test, test_labels, verbose=0, return_dict=True)
        curve.append((clock.seconds, float(found["accuracy"])))
        clock.start()

    clock.start()
    watch = keras.callbacks.LambdaCallback(on_epoch_end=judge)
    model.fit(images, labels, epochs=asked.epochs, callbacks=[watch], verbose=0)
    clock.stop()
    logits = model.predict(test, verbose=0)
    names = ("conv1", "conv2", "dense", "output")
    pairs = (layer.get_weights() for layer in model.layers if layer.get_weights())
    kept = dict(zip(names, pairs, strict=True))
    weights = {f"{name}.kernel": pair[0] for name, pair in kept.items()}
    weights |= {f"{name}.bias": pair[1] for name, pair in kept.items()}
    np.savez(asked.weights, logits=logits, **weights)
    tell(
        accuracy=curve[-1][1],
        clock=clock,
        pictures=asked.epochs * len(images),
        curve=curve,
        versions={"keras": keras.__version__, "tensorflow": tensorflow.__version__},
        layers=layers_of(model),
        parameters=model.count_params(),
    )


if __name__ == "__main__":
    main()

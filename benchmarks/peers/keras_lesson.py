"""The lesson that Keras' beginners meet: a small network, Adam, five epochs, pixels / 255.

Runs in the environment `keras`. The clock runs from the first use of the pictures to the last
update. Tracing is outside of it: one batch of zeros goes through the compiled step, then weights
and optimiser are set back.
"""

# mypy: disable-error-code="import-not-found, import-untyped"

import os
from typing import Any

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("KERAS_BACKEND", "tensorflow")

import keras
import numpy as np
import tensorflow

from benchmarks.peers.protocol import Clock, Task, read_task, tell


def lesson(shape: tuple[int, ...], classes: int) -> Any:
    """The lesson's network, compiled as there."""
    layers = keras.layers
    model = keras.Sequential(
        [
            keras.Input(shape),
            layers.Conv2D(32, 3, activation="relu"),
            layers.MaxPooling2D(2),
            layers.Conv2D(32, 3, activation="relu"),
            layers.MaxPooling2D(2),
            layers.Flatten(),
            layers.Dense(128, activation="relu"),
            layers.Dense(classes),
        ]
    )
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(keras.optimizers.Adam(1e-3), loss=loss, metrics=["accuracy"])
    return model


def trace(model: Any, task: Task) -> None:
    """Compile the training step for both sizes of a batch, and undo what that changed."""
    model.optimizer.build(model.trainable_variables)
    kept = [model.variables, model.optimizer.variables]
    before = [[variable.numpy() for variable in variables] for variables in kept]
    count = task.batch_size + len(task.train_images) % task.batch_size
    zeros = np.zeros((count, *task.train_images.shape[1:]), np.float32)
    model.fit(zeros, np.zeros(count), batch_size=task.batch_size, epochs=1, verbose=0)
    for variables, values in zip(kept, before, strict=True):
        for variable, value in zip(variables, values, strict=True):
            variable.assign(value)


def main() -> None:
    """Train and judge after every epoch, outside the clock."""
    task = read_task(__doc__, epochs=5, batch_size=32)
    if task.threads is not None:
        tensorflow.config.threading.set_intra_op_parallelism_threads(task.threads)
    if task.precision == "bf16":
        keras.mixed_precision.set_global_policy("mixed_bfloat16")
    keras.utils.set_random_seed(task.seed)
    model = lesson(task.train_images.shape[1:], task.classes)
    trace(model, task)
    test = task.test_images.astype("float32") / 255
    clock = Clock()
    curve: list[tuple[float, float]] = []

    def judge(*_: object) -> None:
        clock.stop()
        found = model.evaluate(test, task.test_labels, 500, verbose=0, return_dict=True)
        curve.append((clock.seconds, float(found["accuracy"])))
        clock.start()

    clock.start()
    images = task.train_images.astype("float32") / 255
    model.fit(
        images,
        task.train_labels,
        batch_size=task.batch_size,
        epochs=task.epochs,
        callbacks=[keras.callbacks.LambdaCallback(on_epoch_end=judge)],
        verbose=0,
    )
    clock.stop()
    tell(
        accuracy=curve[-1][1],
        clock=clock,
        pictures=task.epochs * len(images),
        curve=curve,
        versions={"keras": keras.__version__, "tensorflow": tensorflow.__version__},
        precision="bf16" if task.precision == "bf16" else "fp32",
    )


if __name__ == "__main__":
    main()

"""fastai's vision learner as its documentation has it: a small residual network, one cycle.

Runs in the environment `fastai`. The pictures are arrays in memory, at their own size, and the
network starts from random weights: nothing is downloaded. The clock runs from the first use of the
pictures to the last update, without fastai's validation after every epoch.
"""

# mypy: disable-error-code="import-not-found, import-untyped, no-untyped-call"

import torch

from benchmarks.peers.protocol import Clock, read_task, tell
from benchmarks.peers.vision import import_torchvision

torchvision = import_torchvision()  # before fastai imports it

import fastai  # noqa: E402
from fastai.vision import all as vision  # noqa: E402


def main() -> None:
    """Train; fastai judges the test pictures after every epoch, outside the clock."""
    task = read_task(__doc__, epochs=5, batch_size=64)
    if task.threads is not None:
        torch.set_num_threads(task.threads)
    vision.set_seed(task.seed, reproducible=True)
    count = len(task.train_images)
    pictures = (task.train_images, task.test_images)
    labels: list[int] = [*task.train_labels.tolist(), *task.test_labels.tolist()]
    clock = Clock()
    ends = []  # the clock after every epoch

    class Watch(vision.Callback):  # type: ignore[misc]
        """The clock runs while there is training, and not while there is validation."""

        def before_train(self) -> None:
            clock.start()

        def after_train(self) -> None:
            clock.stop()
            ends.append(clock.seconds)

    def picture(number: int) -> object:
        part, at = (0, number) if number < count else (1, number - count)
        array = pictures[part][at]
        return vision.PILImage.create(array if array.shape[-1] == 3 else array.repeat(3, -1))

    def label(number: int) -> int:
        return labels[number]

    clock.start()
    block = vision.DataBlock(
        blocks=(vision.ImageBlock, vision.CategoryBlock(vocab=range(task.classes))),
        get_x=picture,
        get_y=label,
        splitter=vision.IndexSplitter(range(count, len(labels))),
        batch_tfms=vision.aug_transforms(size=task.train_images.shape[1]),
    )
    device = None if task.device == "auto" else torch.device(task.device)
    loaders = block.dataloaders(range(len(labels)), bs=task.batch_size, device=device)
    clock.stop()
    learner = vision.vision_learner(
        loaders,
        torchvision.models.resnet18,
        pretrained=False,
        metrics=vision.accuracy,
        cbs=Watch(),
    )
    with learner.no_bar(), learner.no_logging():
        learner.fit_one_cycle(task.epochs)
    accuracies = [float(values[-1]) for values in learner.recorder.values]
    tell(
        accuracy=accuracies[-1],
        clock=clock,
        pictures=task.epochs * count,
        curve=list(zip(ends, accuracies, strict=True)),
        versions={"fastai": fastai.__version__, "torch": torch.__version__},
        precision="fp32",
    )


if __name__ == "__main__":
    main()

"""The training loop: transform, forward, backward, update."""

import math
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import torch
from torch import Tensor, nn
from torch.optim.swa_utils import AveragedModel

from retinue.data.ahead import HAND_OVER, ahead_where_it_pays
from retinue.data.augment import resize
from retinue.data.batches import Batches, in_order
from retinue.data.imagedata import Split
from retinue.errors import RetinueError
from retinue.runs import NO_NUMBER
from retinue.seeds import seed_for
from retinue.training.precision import autocast

LOG_EVERY = 10  # steps between two lines of steps.jsonl


@dataclass(frozen=True)
class StepReport:
    """One training step as it is told to who listens; `gradient_norm` only every few steps."""

    epoch: int
    step: int
    pictures: int
    loss: float
    correct: int
    lr: float
    gradient_norm: float | None


def _all_learns(_: float) -> None:
    """Nothing is held still."""


@dataclass
class Training:
    """All that the loop works with. `rate` gives the learning rate at a progress from 0 to 1.

    `slice_size` pictures go through the network at once, all of a batch where it is None.
    `progressive` holds (pixels, until which progress). `average` follows the weights where they
    are averaged; `seconds` counts what was spent on training, without validation. `unfreeze` holds
    still, at a progress, what of a pretrained network is not to learn yet.
    """

    model: nn.Module
    batches: Batches
    loss: nn.CrossEntropyLoss
    optimiser: torch.optim.Optimizer
    rate: Callable[[float], float]
    epochs: float
    seed: int
    precision: str
    device: torch.device
    clip: float | None = None
    time_limit: float | None = None
    slice_size: int | None = None
    progressive: tuple[tuple[int, float], ...] = ()
    average: AveragedModel | None = None
    unfreeze: Callable[[float], None] = _all_learns
    started: float = field(default_factory=time.monotonic)
    seconds: float = 0.0

    @property
    def judged(self) -> nn.Module:
        """The network that is validated and kept: the averaged one where there is one."""
        return self.model if self.average is None else self.average.module

    def steps(self, epochs: float) -> int:
        """How many steps so many epochs have, or what is left of them at the end of training."""
        epochs = min(epochs, self.epochs)
        return round(min(epochs, 1) * self.batches.steps(0)) + round(
            max(epochs - 1, 0) * self.batches.steps(1)
        )

    def progress(self, epoch: int, step: int) -> float:
        """How far training is, by steps or by the clock, whichever is further."""
        by_steps = (self.steps(epoch) + step) / max(1, self.steps(self.epochs))
        by_clock = (time.monotonic() - self.started) / (self.time_limit or math.inf)
        return max(by_steps, by_clock)

    def pixels(self, progress: float) -> tuple[int, int]:
        """Height and width at which the network trains then; the larger side is what is named."""
        height, width = self.batches.size
        for side, until in self.progressive:
            if progress < until:
                share = side / max(height, width)
                return max(1, round(height * share)), max(1, round(width * share))
        return height, width


class DivergedError(RetinueError):
    """The loss is no longer a number."""


class TooLargeError(RetinueError):
    """Pictures do not fit memory at once; no weight has moved in this step."""


@contextmanager
def fitting_memory() -> Iterator[None]:
    """Tell a want of memory, on the processor or a GPU, from all else.

    Raises:
        TooLargeError: what was computed inside does not fit.
    """
    try:
        yield
    except (MemoryError, RuntimeError) as error:
        words = ("can't allocate memory", "not enough memory")
        if isinstance(error, MemoryError | torch.OutOfMemoryError) or any(
            word in str(error) for word in words
        ):
            raise TooLargeError("the pictures of a step do not fit memory at once") from error
        raise


def train_epoch(
    training: Training, epoch: int, report: Callable[[StepReport], None], start: int = 0
) -> None:
    """Train one epoch, from step `start` on, or up to the time limit.

    The four steps of every deep network's training.

    Raises:
        DivergedError: the loss became NaN or infinite; names the step and the learning rate.
        TooLargeError: a slice does not fit memory.
    """
    model, optimiser = training.model.train(), training.optimiser
    order = training.batches.order(epoch)
    made = training.batches.epoch(epoch, start, order)
    batches = ahead_where_it_pays(made, HAND_OVER if training.device.type == "cpu" else 0)
    for step, positions in enumerate(order[start:], start):
        progress = training.progress(epoch, step)
        if progress >= 1:
            return
        training.unfreeze(progress)
        lr = training.rate(progress)
        for group in optimiser.param_groups:
            group["lr"] = lr * group.get("lr_scale", 1.0)
        torch.manual_seed(seed_for(training.seed, "dropout", epoch, step))

        images, labels = next(batches)  # 1. transform: pictures to a batch of numbers
        images = resize(images, training.pixels(progress))

        optimiser.zero_grad()
        total, correct = 0.0, 0
        for part, targets, places in slices(training.slice_size, images, labels, positions):
            with fitting_memory(), autocast(training.precision, training.device):
                logits = model(part)  # 2. forward: numbers to predictions, and to a loss
            loss = training.loss(logits.float(), targets) * share(training.loss, targets, labels)
            with fitting_memory():
                loss.backward()  # 3. backward: how the loss changes with every weight
            total += loss.item()
            correct += count_correct(logits, targets)
            training.batches.note(places, logits.detach(), targets)
        if not math.isfinite(total):
            raise DivergedError(advice(training, epoch, step, lr))
        gradient_norm = _clip(training, step)

        optimiser.step()  # 4. update: move every weight a little downhill

        if training.average is not None:
            training.average.update_parameters(model)
        report(StepReport(epoch, step, len(labels), total, correct, lr, gradient_norm))


def slices(size: int | None, *batch: Tensor) -> Iterator[tuple[Tensor, ...]]:
    """Parts of a batch of at most `size` pictures, as equal as can be; the whole where it is None.

    Their gradients add up to those of the batch at once, but for batch norm, which takes its
    statistics from each part.
    """
    count = 1 if size is None else -(-len(batch[0]) // size)
    return zip(*(tensor.tensor_split(count) for tensor in batch), strict=True)


def share(loss: nn.CrossEntropyLoss, part: Tensor, whole: Tensor) -> float:
    """What a slice's mean loss counts in the batch's: its pictures, or the weights of classes."""
    if loss.weight is None or part.ndim > 1:
        return len(part) / len(whole)
    return float(loss.weight[part].sum() / loss.weight[whole].sum())


def count_correct(logits: Tensor, labels: Tensor) -> int:
    """How many predictions are the label, or of soft labels (N, K) the one with most weight."""
    hard = labels if labels.ndim == 1 else labels.argmax(1)
    return int((logits.argmax(1) == hard).sum())


@torch.inference_mode()
def validate(training: Training, split: Split) -> tuple[float, float]:
    """Mean loss, without label smoothing, and accuracy of a split in eval mode."""
    model = training.judged.eval()
    total, correct = torch.zeros(()), 0
    at_once = min(512, training.slice_size or 512)
    batches = training.batches
    for images, labels in in_order(split, batches.size, at_once, training.device, batches.fit):
        with autocast(training.precision, training.device):
            logits: Tensor = model(images)
        total += nn.functional.cross_entropy(logits.float(), labels, reduction="sum").cpu()
        correct += count_correct(logits, labels)
    return float(total) / len(split), correct / len(split)


def _clip(training: Training, step: int) -> float | None:
    """Bound the gradients where asked to; their norm is computed only where it is used."""
    weights = list(training.model.parameters())
    if training.clip is not None:
        return float(nn.utils.clip_grad_norm_(weights, training.clip))
    if step % LOG_EVERY:
        return None
    norms = [weight.grad.norm() for weight in weights if weight.grad is not None]
    return float(torch.stack(norms).norm())


def advice(training: Training, epoch: int, step: int, lr: float) -> str:
    """What to tell of a loss that is no longer a number, and what to try."""
    number = training.steps(epoch) + step + 1
    return (
        f"the loss is {NO_NUMBER} at step {number} (epoch {epoch + 1}, learning rate "
        f"{lr:.2g}): try --lr {lr / 10:.2g}, or --clip 1, or --precision fp32"
    )

"""The training loop: transform, forward, backward, update."""

import math
import time
from collections.abc import Callable
from dataclasses import dataclass, field

import torch
from torch import Tensor, nn

from retinue.data.batches import Batches, in_order
from retinue.data.imagedata import Split
from retinue.errors import RetinueError
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


@dataclass
class Training:
    """All that the loop works with. `rate` gives the learning rate at a progress from 0 to 1."""

    model: nn.Module
    batches: Batches
    loss: nn.CrossEntropyLoss
    optimiser: torch.optim.Optimizer
    rate: Callable[[float], float]
    epochs: int
    seed: int
    precision: str
    device: torch.device
    clip: float | None = None
    time_limit: float | None = None
    started: float = field(default_factory=time.monotonic)

    def progress(self, epoch: int, step: int) -> float:
        """How far training is, by steps or by the clock, whichever is further."""
        by_steps = (epoch * len(self.batches) + step) / max(1, self.epochs * len(self.batches))
        by_clock = (time.monotonic() - self.started) / (self.time_limit or math.inf)
        return max(by_steps, by_clock)


class DivergedError(RetinueError):
    """The loss is no longer a number."""


def train_epoch(training: Training, epoch: int, report: Callable[[StepReport], None]) -> None:
    """Train one epoch, or up to the time limit. The four steps of every deep network's training.

    Raises:
        DivergedError: the loss became NaN or infinite; names the step and the learning rate.
    """
    model, optimiser = training.model.train(), training.optimiser
    batches = training.batches.epoch(epoch)
    for step in range(len(training.batches)):
        progress = training.progress(epoch, step)
        if progress >= 1:
            return
        lr = training.rate(progress)
        for group in optimiser.param_groups:
            group["lr"] = lr
        torch.manual_seed(seed_for(training.seed, "dropout", epoch, step))

        images, labels = next(batches)  # 1. transform: pictures to a batch of numbers

        with autocast(training.precision, training.device):
            logits = model(images)  # 2. forward: numbers to predictions, and to a loss
        loss = training.loss(logits.float(), labels)
        if not math.isfinite(value := loss.item()):
            raise DivergedError(advice(training, epoch, step, lr))

        optimiser.zero_grad()
        loss.backward()  # 3. backward: how the loss changes with every weight
        gradient_norm = _clip(training, step)

        optimiser.step()  # 4. update: move every weight a little downhill

        correct = int((logits.argmax(1) == labels).sum())
        report(StepReport(epoch, step, len(labels), value, correct, lr, gradient_norm))


@torch.inference_mode()
def validate(training: Training, split: Split) -> tuple[float, float]:
    """Mean loss, without label smoothing, and accuracy of a split in eval mode."""
    training.model.eval()
    total, correct = torch.zeros(()), 0
    for images, labels in in_order(split, training.batches.size, 512, training.device):
        with autocast(training.precision, training.device):
            logits: Tensor = training.model(images)
        total += nn.functional.cross_entropy(logits.float(), labels, reduction="sum").cpu()
        correct += int((logits.argmax(1) == labels).sum())
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
    number = epoch * len(training.batches) + step + 1
    return (
        f"the loss is no longer a number at step {number} (epoch {epoch + 1}, learning rate "
        f"{lr:.2g}): try --lr {lr / 10:.2g}, or --clip 1, or --precision fp32"
    )

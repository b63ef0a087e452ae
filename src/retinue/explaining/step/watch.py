"""One step of the training loop, watched by hooks: what goes in, comes out, and is changed."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor, nn

from retinue.errors import RetinueError, UsageError
from retinue.explaining.layers import OURS
from retinue.explaining.step.rule import OneWeight, moves_alone, one_weight
from retinue.explaining.step.weight import Place, settle, weights_of
from retinue.seeds import seed_for
from retinue.training.loop import StepReport, Training, share, train_epoch
from retinue.training.precision import autocast

Slice = tuple[Tensor, Tensor, Tensor]  # pictures, targets, logits
Tensors = dict[str, Tensor]


class _EnoughError(Exception):
    """The step that was to be watched is done; like Ctrl-C, it ends the loop between two steps."""


@dataclass(frozen=True)
class Ran:
    """One run of one layer: its name, and the shape (C, H, W) or (F,) it gives for a picture."""

    name: str
    layer: nn.Module
    output: tuple[int, ...]


@dataclass(frozen=True)
class Watched:
    """What was seen of a step.

    `slices` are the parts in which the batch went through the network, by default one. Gradients
    are those that the update takes, after clipping.
    """

    report: StepReport
    slices: list[Slice]
    ran: list[Ran]
    before: Tensors
    gradients: Tensors
    after: Tensors
    place: Place
    weight: OneWeight
    loss_after: float


@dataclass
class _Heard:
    """What the hooks have heard so far."""

    given: list[Tensor] = field(default_factory=list)
    slices: list[Slice] = field(default_factory=list)
    ran: list[Ran] = field(default_factory=list)
    before: Tensors = field(default_factory=dict)
    gradients: Tensors = field(default_factory=dict)
    followed: list[tuple[Place, OneWeight]] = field(default_factory=list)
    reports: list[StepReport] = field(default_factory=list)


def pass_over(training: Training, epoch: int, start: int, end: int) -> None:
    """Train from step `start` of an epoch up to `end`, which is left, and look at nothing."""

    def stop(report: StepReport) -> None:
        if report.step == end - 1:
            raise _EnoughError

    if start < end:
        with suppress(_EnoughError):
            train_epoch(training, epoch, stop, start)


def watch(training: Training, epoch: int, step: int, place: Place | None = None) -> Watched:
    """Let the training loop do one step, and look at it; afterwards all hooks are gone.

    `place` is the weight to follow; without it one is chosen. Where this fails nothing has changed.

    Raises:
        UsageError: the training ends before this step, or what is to be followed does not learn.
        DivergedError: the loss became NaN or infinite.
    """
    heard = _Heard()

    def end(report: StepReport) -> None:
        heard.reports.append(report)
        raise _EnoughError

    remembered = _buffers(training.model)
    try:
        with _listening(training, heard, place), suppress(_EnoughError):
            train_epoch(training, epoch, end, step)
    except RetinueError:
        _put_back(remembered)
        raise
    if not heard.reports:
        raise UsageError(f"epoch {epoch}, step {step}: the training ends before")
    settled, weight = heard.followed[0]
    after = {name: one.detach().clone() for name, one in weights_of(training.model).items()}
    return Watched(
        report=heard.reports[0],
        slices=heard.slices,
        ran=heard.ran,
        before=heard.before,
        gradients=heard.gradients,
        after=after,
        place=settled,
        weight=weight,
        loss_after=_loss_now(training, epoch, step, heard.slices),
    )


@contextmanager
def _listening(training: Training, heard: _Heard, place: Place | None) -> Iterator[None]:
    """While it lasts, the network, its layers, the loss and the optimiser are listened to."""

    def keep_slice(_: nn.Module, arguments: tuple[Any, ...]) -> None:
        logits, targets = arguments
        heard.slices.append((heard.given[-1], targets, logits.detach()))

    def keep_run(name: str, layer: nn.Module, output: Any) -> None:
        if isinstance(output, Tensor) and not heard.slices:  # all slices run alike
            heard.ran.append(Ran(name, layer, tuple(output.shape[1:])))

    with ExitStack() as hooks:
        model = training.model
        handles = [
            model.register_forward_pre_hook(lambda _, given: heard.given.append(given[0])),
            training.loss.register_forward_pre_hook(keep_slice),
            training.optimiser.register_step_pre_hook(lambda *_: _look(training, heard, place)),
        ]
        for path, layer in model.named_modules():
            if path and not list(layer.children()):
                name = path.removeprefix(OURS)
                handles.append(
                    layer.register_forward_hook(
                        lambda layer, _, output, name=name: keep_run(name, layer, output)
                    )
                )
        for handle in handles:
            hooks.callback(handle.remove)
        yield


def _look(training: Training, heard: _Heard, place: Place | None) -> None:
    """Before the update: keep gradients, weights, and what the optimiser remembers of one."""
    weights, optimiser = weights_of(training.model), training.optimiser
    heard.before = {name: weight.detach().clone() for name, weight in weights.items()}
    heard.gradients = {
        name: weight.grad.detach().clone()
        for name, weight in weights.items()
        if weight.grad is not None
    }
    found = settle(place, heard.gradients, lambda name: moves_alone(optimiser, weights[name]))
    gradient, index = heard.gradients[found.tensor], found.index or ()
    heard.followed.append((found, one_weight(optimiser, weights[found.tensor], gradient, index)))


@torch.no_grad()
def _loss_now(training: Training, epoch: int, step: int, slices: list[Slice]) -> float:
    """The loss of the same batch with the weights as they are now, and the dropout of the step.

    In train mode, as in the step; what batch norm remembers is then put back.
    """
    labels = torch.cat([targets for _, targets, _ in slices])
    remembered = _buffers(training.model)
    torch.manual_seed(seed_for(training.seed, "dropout", epoch, step))
    total = 0.0
    for pictures, targets, _ in slices:
        with autocast(training.precision, training.device):
            logits: Tensor = training.model(pictures)
        loss = training.loss(logits.float(), targets)
        total += float(loss) * share(training.loss, targets, labels)
    _put_back(remembered)
    return total


def _buffers(model: nn.Module) -> list[tuple[Tensor, Tensor]]:
    """The buffers, such as the running statistics of batch norm, each with a copy of its values."""
    return [(buffer, buffer.clone()) for buffer in model.buffers()]


@torch.no_grad()
def _put_back(buffers: list[tuple[Tensor, Tensor]]) -> None:
    for buffer, values in buffers:
        buffer.copy_(values)

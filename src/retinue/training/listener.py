"""Who wants to know how a training goes: the terminal, a notebook, TensorBoard."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from torch import nn

from retinue.data.cache import Progress
from retinue.data.imagedata import ImageData
from retinue.errors import MissingExtraError
from retinue.recipe import Recipe
from retinue.runs import Run
from retinue.training.choices import Choice
from retinue.training.loop import StepReport, Training
from retinue.training.transferred import Transfer


@dataclass(frozen=True)
class Plan:
    """What is about to be trained; `choices` were made for the data, each with its reason.

    `transfer` says whose weights it begins with, if it does not draw its own.
    """

    run: Run
    recipe: Recipe
    data: ImageData
    model: nn.Module
    precision: str
    choices: list[Choice]
    transfer: Transfer | None = None


def _ignore(*_: Any) -> None:
    """Nobody listens."""


@dataclass
class Listener:
    """Functions that are called as a training goes on; each does nothing unless it is set.

    `on_load(doing, done, total)` while pictures are read, `on_resume(step)` where a stopped
    training goes on, `on_note(text)` with what should be known besides, `on_plan` before the first
    step, `on_step` after every step, `on_epoch` with each line of history.jsonl, and
    `on_judge(split)` before a split is judged.
    """

    on_load: Progress | None = None
    on_resume: Callable[[int], None] = _ignore
    on_note: Callable[[str], None] = _ignore
    on_plan: Callable[[Plan], None] = _ignore
    on_step: Callable[[StepReport, Training], None] = _ignore
    on_epoch: Callable[[dict[str, Any]], None] = _ignore
    on_judge: Callable[[str], None] = _ignore


def with_tensorboard(listener: Listener) -> Listener:
    """The listener, which also writes TensorBoard files into the run's folder `tensorboard`.

    Raises:
        MissingExtraError: TensorBoard is not installed.
    """
    try:
        from torch.utils.tensorboard import SummaryWriter
    except ImportError:
        raise MissingExtraError("--tensorboard", "tensorboard") from None
    writers: list[SummaryWriter] = []

    def on_plan(plan: Plan) -> None:
        writers.append(SummaryWriter(plan.run.path / "tensorboard"))
        listener.on_plan(plan)

    def on_epoch(line: dict[str, Any]) -> None:
        for key, value in line.items():
            if isinstance(value, int | float) and key != "epoch":
                writers[0].add_scalar(key, value, line["epoch"])
        writers[0].flush()
        listener.on_epoch(line)

    return replace(listener, on_plan=on_plan, on_epoch=on_epoch)

"""Who wants to know how a training goes: the terminal, a notebook, TensorBoard."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from torch import nn

from retinue.data.cache import Progress
from retinue.data.imagedata import ImageData
from retinue.errors import MissingExtraError
from retinue.recipe import Recipe
from retinue.runs import Run
from retinue.training.defaults import Choice
from retinue.training.loop import StepReport, Training


@dataclass(frozen=True)
class Plan:
    """What is about to be trained; `choices` were made for the data, each with its reason."""

    run: Run
    recipe: Recipe
    data: ImageData
    model: nn.Module
    precision: str
    choices: list[Choice]


def _ignore(*_: Any) -> None:
    """Nobody listens."""


@dataclass
class Listener:
    """Functions that are called as a training goes on; each does nothing unless it is set.

    `on_load(doing, done, total)` while pictures are read, `on_plan` before the first step,
    `on_step` after every step, `on_epoch` with each line of history.jsonl, and `on_judge(split)`
    before a split is judged.
    """

    on_load: Progress | None = None
    on_plan: Callable[[Plan], None] = _ignore
    on_step: Callable[[StepReport, Training], None] = _ignore
    on_epoch: Callable[[dict[str, Any]], None] = _ignore
    on_judge: Callable[[str], None] = _ignore


def require_tensorboard() -> None:
    """See that TensorBoard is there, before anything is begun.

    Raises:
        MissingExtraError: it is not installed.
    """
    try:
        import torch.utils.tensorboard  # noqa: F401
    except ImportError:
        raise MissingExtraError("--tensorboard", "tensorboard") from None


def with_tensorboard(listener: Listener, run: Run) -> Listener:
    """The listener, and TensorBoard files in the run's folder `tensorboard`."""
    from torch.utils.tensorboard import SummaryWriter

    writer = SummaryWriter(run.path / "tensorboard")

    def on_epoch(line: dict[str, Any]) -> None:
        for key, value in line.items():
            if isinstance(value, int | float) and key != "epoch":
                writer.add_scalar(key, value, line["epoch"])
        writer.flush()
        listener.on_epoch(line)

    return Listener(
        listener.on_load, listener.on_plan, listener.on_step, on_epoch, listener.on_judge
    )

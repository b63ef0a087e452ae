"""The widget TrainingStep: transform, forward, backward, update, with a real batch's numbers."""

import math
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from torch import nn

from retinue.data.imagedata import ImageData
from retinue.data.load import Source
from retinue.errors import RetinueError, UsageError
from retinue.explaining.step.seen import LayerStep, TrainingStepSeen
from retinue.explaining.step.training_step import PICTURES, TrainingSteps
from retinue.explaining.step.weight import find_place, weights_of
from retinue.recipe import Recipe
from retinue.runs import Run
from retinue.training.loop import DivergedError
from retinue.widgets.panel import Panel, Value
from retinue.widgets.samples import thumbnails
from retinue.wording import printable

if TYPE_CHECKING:
    from matplotlib.figure import Figure

STAGES = ("transform", "forward", "backward", "update")
MOST = 200  # steps at once
ANSWERS = 5  # classes a picture, and its own
LETTERS = 200  # of a name


class TrainingStepPanel(Panel):
    """A training taken step by step from its beginning, each step in its four parts.

    The training is carried out again, by the training loop itself; nothing is written. Settings:
    `stage` is the part that is shown, `picture` the one of the batch whose answer is shown, `taken`
    how many steps were taken, which only rises, and `weight` the weight that the next step is to
    follow, as `head.output.weight[3, 7]` or `features.conv1`, or the same as before where empty.

    What is beside them is for the page: `seen` tells the last step, `before` and `after` are bytes
    of its pictures, (n, h, w, C) as `seen` says, and `losses` has the loss of every step so far.
    """

    module = "training_step"
    name = "Training step"
    inputs = frozenset({"stage", "picture", "taken", "weight"})

    def __init__(
        self,
        source: Run | Recipe | str | Path,
        data: Source | ImageData | None = None,
        *,
        weight: str = "",
        model: nn.Module | None = None,
        device: str = "cpu",
        data_root: str | Path | None = None,
        pictures: int = PICTURES,
    ) -> None:
        """Take the first step; arguments are those of `retinue.explaining.step.training_step`.

        Raises:
            UsageError: no such run, weight or data, or a training without steps.
            RetinueError: files cannot be read, or the loss is no longer a number.
        """
        self._steps = TrainingSteps(source, data, model=model, device=device, data_root=data_root)
        self._pictures = pictures
        self.seen = self._steps.next(weight or None, pictures)
        names = [name for name, one in weights_of(self._steps.model).items() if one.requires_grad]
        super().__init__(
            {
                "stage": STAGES[0],
                "picture": 0,
                "taken": 1,
                "weight": weight,
                "weights": [printable(name, LETTERS) for name in names],
                "losses": [self.seen.loss],
                **self._shown(1),
            }
        )

    def respond(self, changes: dict[str, Value]) -> Mapping[str, Value]:
        """Further steps, where they are asked for.

        Raises:
            UsageError: no such stage, picture, weight or number of steps.
        """
        wanted = {**self.state, **changes}
        _check(wanted, len(self.seen.before))
        if changes.get("weight"):
            find_place(self._steps.model, changes["weight"])
        more = wanted["taken"] - self.state["taken"]
        if more < 0:
            raise UsageError(f"taken {wanted['taken']}: steps cannot be taken back; begin anew")
        if more > MOST:
            raise UsageError(f"taken {wanted['taken']}: at most {MOST} steps at once")
        if more == 0:
            return {}
        return self._go_on(more, wanted)

    def figure(self) -> "Figure":
        """The four parts of the last step, side by side."""
        return self.seen.figure()

    def _go_on(self, more: int, wanted: Mapping[str, Value]) -> dict[str, Value]:
        """Take so many steps, or as many as there are until the training ends."""
        losses, trouble, diverged = list(self.state["losses"]), "", False
        for number in range(more):
            if self._steps.ended:
                break
            try:
                self.seen = self._steps.next(wanted["weight"] or None, self._pictures)
            except RetinueError as error:
                diverged = isinstance(error, DivergedError)
                if number == 0 and not diverged:
                    raise  # nothing has changed
                trouble = str(error)
                break
            losses.append(self.seen.loss)
        return {
            "taken": len(losses),
            # A batch may be a picture shorter than the one before.
            "picture": min(wanted["picture"], len(self.seen.before) - 1),
            "losses": losses,
            **self._shown(len(losses), trouble, diverged),
        }

    def _shown(self, taken: int, trouble: str = "", diverged: bool = False) -> dict[str, Value]:
        before, after = thumbnails(self.seen.before), thumbnails(self.seen.after)
        return {
            "before": before.tobytes(),
            "after": after.tobytes(),
            "seen": {
                "taken": taken,
                "ended": self._steps.ended or diverged,
                "notes": [*self.seen.notes, *([trouble] if trouble else [])],
                "before_shape": list(before.shape),
                "after_shape": list(after.shape),
                **_finite(_told(self.seen)),
            },
        }


def _told(seen: TrainingStepSeen) -> dict[str, Any]:
    """A step as the page has it."""
    weight = seen.weight
    return {
        "where": seen.where,
        "input_shape": list(seen.input_shape),
        "value_range": list(seen.value_range),
        "augment": seen.augment,
        "layers": [_layer(row) for row in seen.layers],
        "answers": _answers(seen),
        "loss": seen.loss,
        "loss_after": seen.loss_after,
        "mean": "weighted mean" if seen.weighted else "mean",
        "correct": seen.correct,
        "gradient_norm": seen.gradient_norm,
        "clip": seen.clip,
        "optimiser": seen.optimiser,
        "lr": seen.lr,
        "weight": {
            "name": printable(weight.name, LETTERS),
            "before": weight.before,
            "gradient": weight.gradient,
            "lr": weight.lr,
            "after": weight.after,
            "rule": list(weight.rule),
            "filled": list(weight.filled),
        },
    }


def _layer(row: LayerStep) -> dict[str, Any]:
    return {
        "name": printable(row.name, LETTERS),
        "kind": printable(row.kind, LETTERS),
        "output": None if row.output is None else list(row.output),
        "parameters": row.parameters,
        "gradient": row.gradient_norm,
        "relative": row.relative_gradient,
        "update": row.relative_update,
    }


def _answers(seen: TrainingStepSeen) -> list[dict[str, Any]]:
    """What the network said of each picture that is shown: its likeliest classes, and its own."""
    names = [printable(name, LETTERS) for name in seen.classes]
    rows = []
    for place in range(len(seen.before)):
        shares, label = seen.probabilities[place], int(seen.labels[place])
        order = np.argsort(-shares, kind="stable").tolist()
        kept = order[:ANSWERS]
        kept += [] if label in kept else [label]
        rows.append(
            {
                "true": names[label],
                "right": order[0] == label,
                "loss": float(seen.losses[place]),
                "formula": _formula(seen, place),
                "classes": [
                    [names[one], float(seen.logits[place, one]), float(shares[one]), one == label]
                    for one in kept
                ],
            }
        )
    return rows


def _formula(seen: TrainingStepSeen, place: int) -> str:
    """How the loss of one picture comes about."""
    loss = float(seen.losses[place])
    if seen.targets is not None:
        return f"its loss, by the shares of the mixed classes: {loss:.4g}"
    if seen.label_smoothing:
        return f"its loss, by labels smoothed by {seen.label_smoothing:g}: {loss:.4g}"
    share = float(seen.probabilities[place, seen.labels[place]])
    return f"its loss: −ln(probability of its class) = −ln {share:.3g} = {loss:.4g}"


def _check(wanted: Mapping[str, Value], pictures: int) -> None:
    """Refuse impossible values."""
    if wanted["stage"] not in STAGES:
        raise UsageError(f"stage {printable(str(wanted['stage']))}: is one of {', '.join(STAGES)}")
    for key in ("picture", "taken"):
        if isinstance(wanted[key], bool) or not isinstance(wanted[key], int):
            raise UsageError(f"{key} {printable(str(wanted[key]))}: should be a whole number")
    if not 0 <= wanted["picture"] < pictures:
        raise UsageError(f"picture {wanted['picture']}: is from 0 to {pictures - 1}")
    if not isinstance(wanted["weight"], str):
        raise UsageError("weight: is the name of a weight, a text")


def _finite(value: Value) -> Value:
    """The same with None for what JSON has no number for: an update can go out of hand."""
    if isinstance(value, dict):
        return {key: _finite(one) for key, one in value.items()}
    if isinstance(value, list):
        return [_finite(one) for one in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value

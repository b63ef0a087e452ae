"""What is seen of one training step: TrainingStepSeen, a row a layer, and one weight."""

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from retinue.explaining.drawn import Drawn
from retinue.images import Pixels
from retinue.plotting.inside import training_step as drawing
from retinue.wording import count

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Numbers = NDArray[np.float64]


@dataclass(frozen=True)
class LayerStep:
    """One layer in one step, in the order in which the forward pass runs through them.

    `output` is the shape that it gives for one picture, (C, H, W) or (F,); None of a part that has
    weights and is not run as a layer. Norms are those of all of its weights together (the root of
    the sum of squares); they are None where it has none, or where they do not learn in this step.
    A layer that runs twice has two rows, and its weights stand in the first.
    """

    name: str  # such as "features.conv1"
    kind: str  # such as "Conv2d 3x3, 32"
    output: tuple[int, ...] | None
    parameters: int
    gradient_norm: float | None  # of what the update uses: after clipping
    weight_norm: float | None  # before the update
    update_norm: float | None  # of weights after minus weights before

    @property
    def relative_gradient(self) -> float | None:
        """The gradient's norm over the weights'; None where either is missing, or no weight."""
        return _over(self.gradient_norm, self.weight_norm)

    @property
    def relative_update(self) -> float | None:
        """How far the update moved the weights, as a share of their norm; often about 0.001."""
        return _over(self.update_norm, self.weight_norm)


@dataclass(frozen=True)
class WeightStep:
    """One weight before and after the update.

    `rule` writes the optimiser's rule in letters, a line a step; `filled` the same lines with this
    weight's numbers. Both are empty for an optimiser that treats a whole matrix at once. `expected`
    is what the rule gives in double precision, None where there is none.
    """

    name: str  # such as "features.conv1.weight[3, 0, 1, 2]"
    before: float
    gradient: float
    lr: float  # of its group of weights
    after: float
    rule: tuple[str, ...]
    filled: tuple[str, ...]
    expected: float | None


@dataclass(frozen=True)
class TrainingStepSeen(Drawn):
    """One step of a training on N pictures of K classes, by its four parts.

    Of the batch all numbers are here, and of its pictures the first n. With mixed pictures (mixup,
    cutmix) `targets` holds the shares of the classes, else it is None.
    """

    classes: tuple[str, ...]
    epoch: int  # counted from 0
    step: int  # of the epoch, counted from 0
    steps: int  # that the epoch has
    # 1. transform
    ids: tuple[str, ...]  # (N,) of the pictures, in the order of the batch
    labels: NDArray[np.int64]  # (N,) numbers of their classes
    targets: Numbers | None  # (N, K)
    before: Pixels  # (n, h, w, C) uint8: as they are stored
    after: Pixels  # (n, H, W, C) uint8: varied, as they go into the network
    input_shape: tuple[int, int, int, int]  # (N, C, H, W) of the batch
    value_range: tuple[float, float]  # of the batch's values, before the network normalises them
    augment: str  # what varies the pictures, in words
    # 2. forward
    layers: tuple[LayerStep, ...]
    logits: Numbers  # (N, K)
    losses: Numbers  # (N,) of each picture
    loss: float  # of the batch: the mean of `losses`, or weighted by class where `weighted`
    weighted: bool
    label_smoothing: float
    correct: int  # predictions of the batch that are right
    # 3. backward
    gradient_norm: float  # of all gradients together, before clipping
    clip: float | None  # the largest that is let through
    # 4. update
    optimiser: str  # in words
    lr: float
    weight: WeightStep
    loss_after: float  # of the same batch, with the same dropout, after the update
    notes: tuple[str, ...] = ()  # where it is not quite as in the run

    @property
    def probabilities(self) -> Numbers:
        """(N, K): the softmax of the logits."""
        powers = np.exp(self.logits - self.logits.max(axis=1, keepdims=True))
        return np.asarray(powers / powers.sum(axis=1, keepdims=True))

    @property
    def where(self) -> str:
        """Which step it is, in words: `epoch 1, step 1 of 6`, as people count."""
        return f"epoch {self.epoch + 1}, step {self.step + 1} of {self.steps}"

    def figure(self) -> "Figure":
        """The four parts side by side."""
        return drawing.training_step(
            title=f"One training step: {self.where}, {count(len(self.labels), 'picture')}",
            before=self.before,
            after=self.after,
            augment=self.augment,
            layers=[(row.name, row.output) for row in self.layers],
            gradients=[row.gradient_norm for row in self.layers],
            classes=self.classes,
            labels=self.labels.tolist(),
            probabilities=self.probabilities,
            loss=(self.loss, self.loss_after),
            formula=_loss_formula(self),
            optimiser=self.optimiser,
            weight=(self.weight.name, self.weight.before, self.weight.after),
            rule=_rule_lines(self.weight),
            notes=self.notes,
        )

    def as_dict(self) -> dict[str, Any]:
        """The numbers as JSON has them, without pictures and logits."""
        rows = [
            {
                **asdict(row),
                "output": None if row.output is None else list(row.output),
                "relative_gradient": row.relative_gradient,
                "relative_update": row.relative_update,
            }
            for row in self.layers
        ]
        weight = asdict(self.weight)
        weight |= {"rule": list(self.weight.rule), "filled": list(self.weight.filled)}
        return {
            "epoch": self.epoch,
            "step": self.step,
            "steps": self.steps,
            "input_shape": list(self.input_shape),
            "value_range": list(self.value_range),
            "augment": self.augment,
            "ids": list(self.ids),
            "labels": self.labels.tolist(),
            "layers": rows,
            "losses": self.losses.tolist(),
            "loss": self.loss,
            "correct": self.correct,
            "gradient_norm": self.gradient_norm,
            "clip": self.clip,
            "optimiser": self.optimiser,
            "lr": self.lr,
            "weight": weight,
            "loss_after": self.loss_after,
            "notes": list(self.notes),
        }


def _over(part: float | None, whole: float | None) -> float | None:
    return None if part is None or not whole else part / whole


def _loss_formula(seen: TrainingStepSeen) -> list[str]:
    """How the loss of the first picture, and that of the batch, come about."""
    count_, first = len(seen.labels), float(seen.losses[0])
    if seen.targets is None and not seen.label_smoothing:
        share = float(seen.probabilities[0, seen.labels[0]])
        lines = [f"loss of the first: -ln {share:.3g} = {first:.3f}"]
    else:
        how = "its classes' shares" if seen.targets is not None else "smoothed labels"
        lines = [f"loss of the first, by {how}: {first:.3f}"]
    mean = "weighted mean" if seen.weighted else "mean"
    return [*lines, f"{mean} of {count_}: {seen.loss:.3f}"]


def _rule_lines(weight: WeightStep) -> list[tuple[str, str]]:
    """What the update takes, then the rule in letters and in numbers, where there is one."""
    given = f"gradient g = {weight.gradient:.4g}", f"learning rate lr = {weight.lr:.4g}"
    return [given, *zip(weight.rule, weight.filled, strict=True)]

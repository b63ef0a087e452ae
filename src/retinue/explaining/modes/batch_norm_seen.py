"""What is seen of a batch norm: BatchNormSeen, and the three things that it shows."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from retinue.explaining.drawn import Drawn
from retinue.plotting.inside import batch_norm as drawing
from retinue.wording import count

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Numbers = NDArray[np.float64]


@dataclass(frozen=True)
class Spread:
    """The mean and the standard deviation of each channel's values, (C,) each."""

    mean: Numbers
    std: Numbers

    def as_dict(self) -> dict[str, list[float]]:
        """The numbers as JSON has them."""
        return {"mean": self.mean.tolist(), "std": self.std.tolist()}


@dataclass(frozen=True)
class Modes:
    """The same batch before a batch norm, and after it in train and in eval mode.

    `samples` (3, c, n) are values of the c channels `shown`, in that order.
    """

    before: Spread
    in_train: Spread
    in_eval: Spread
    shown: tuple[int, ...]
    samples: Numbers


@dataclass(frozen=True)
class Running:
    """What a new layer remembers as it sees the same batch again and again.

    Torch's formula, with m for the momentum and t for the step: r(t) = (1 - m) r(t-1) + m b, where
    b is the batch's mean or its unbiased variance. A momentum of None is the mean over the steps.
    """

    momentum: float | None
    batch_mean: Numbers  # (C,)
    batch_var: Numbers  # (C,) unbiased: divided by one value less than there are
    mean: Numbers  # (steps + 1, C), the first as a new layer has it
    var: Numbers  # (steps + 1, C)

    def as_dict(self) -> dict[str, Any]:
        """The numbers as JSON has them."""
        return {
            "momentum": self.momentum,
            "batch_mean": self.batch_mean.tolist(),
            "batch_var": self.batch_var.tolist(),
            "mean": self.mean.tolist(),
            "var": self.var.tolist(),
        }


@dataclass(frozen=True)
class Company:
    """The probabilities (G, K) of one picture in G small batches of `size`, with different others.

    All batch norms of the network are in train mode, or in eval mode; the rest is in eval mode.
    """

    size: int
    in_train: Numbers
    in_eval: Numbers

    @property
    def differ_by(self) -> tuple[float, float]:
        """By how much the probability of some class differs at most, in train and eval mode."""
        return float(np.ptp(self.in_train, axis=0).max()), float(np.ptp(self.in_eval, axis=0).max())

    def as_dict(self) -> dict[str, Any]:
        """The numbers as JSON has them."""
        return {
            "size": self.size,
            "in_train": self.in_train.tolist(),
            "in_eval": self.in_eval.tolist(),
        }


@dataclass(frozen=True)
class BatchNormSeen(Drawn):
    """One batch norm of C channels on a batch of N pictures.

    All is measured on what arrives at the layer in eval mode, so that both modes have the same to
    work on.
    """

    layer: str
    kind: str  # such as "BatchNorm2d 32"
    classes: tuple[str, ...]
    pictures: int  # N
    values: int  # that each channel has in the batch: N, times the pixels of the map
    eps: float
    scale: Numbers  # (C,) that the layer multiplies by; 1 where it has none
    shift: Numbers  # (C,) that it then adds; 0 where it has none
    remembered: Spread | None  # by which eval mode normalises; None: it takes the batch's
    modes: Modes
    running: Running | None  # None where the layer keeps no statistics
    alone: Spread | None  # of the first picture's own map; None where that is a single pixel
    alone_in_words: str
    company: Company

    @property
    def sentences(self) -> tuple[str, ...]:
        """What is seen, in words."""
        train, evaluated = self.company.differ_by
        return (
            "In train mode every channel leaves with mean = shift and deviation = |scale|, "
            "whatever it was before; in eval mode only as far as the batch is like what was seen "
            "in training.",
            self.alone_in_words,
            f"In {len(self.company.in_train)} batches of {self.company.size} with "
            f"different others, the first picture's probabilities differ by up to {train:.2g} in "
            f"train mode and {evaluated:.1g} in eval mode.",
        )

    def figure(self) -> "Figure":
        """Values before and after, what is remembered step by step, and answers in company."""
        shown, run = list(self.modes.shown), self.running
        return drawing.batch_norm(
            title=f"{self.layer}: {self.kind}, on {count(self.pictures, 'picture')}",
            channels=shown,
            samples=self.modes.samples,
            running=None if run is None else (run.mean[:, shown], run.var[:, shown]),
            batch=None if run is None else (run.batch_mean[shown], run.batch_var[shown]),
            momentum=None if run is None else run.momentum,
            beside=(self.company.in_train, self.company.in_eval),
            classes=self.classes,
            notes=self.sentences,
        )

    def as_dict(self) -> dict[str, Any]:
        """The numbers as JSON has them, without single values."""
        run = self.running
        return {
            "layer": self.layer,
            "kind": self.kind,
            "pictures": self.pictures,
            "values": self.values,
            "eps": self.eps,
            "scale": self.scale.tolist(),
            "shift": self.shift.tolist(),
            "before": self.modes.before.as_dict(),
            "in_train": self.modes.in_train.as_dict(),
            "in_eval": self.modes.in_eval.as_dict(),
            "remembered": None if self.remembered is None else self.remembered.as_dict(),
            "running": None if run is None else run.as_dict(),
            "alone": None if self.alone is None else self.alone.as_dict(),
            "company": self.company.as_dict(),
            "sentences": list(self.sentences),
        }

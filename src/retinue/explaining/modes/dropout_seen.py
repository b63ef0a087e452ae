"""What is seen of dropout: DropoutSeen, one picture under many masks."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from retinue.explaining.drawn import Drawn
from retinue.explaining.picture import Picture
from retinue.plotting.inside import dropout as drawing
from retinue.wording import percent

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Numbers = NDArray[np.float64]


@dataclass(frozen=True)
class LayerUnderMasks:
    """One dropout of U units: what comes in, M masks drawn, and what goes out under them.

    `inputs` (U,) are those of eval mode, in which the layer passes them on as they are. A unit that
    is kept goes out times `factor` = 1 / (1 - p), so that over all masks its mean stays the same.
    """

    name: str
    p: float
    factor: float
    inputs: Numbers
    masks: NDArray[np.bool_]  # (M, U); True: kept
    outputs: Numbers  # (M, U)
    mean_output: Numbers  # (U,) over all samples, those of `masks` among them
    kept: float  # the share of all units of all samples that was kept


@dataclass(frozen=True)
class DropoutSeen(Drawn):
    """The answers of a network of K classes to one picture, under S masks.

    Probabilities are calibrated as the classifier's own, and of one view.
    """

    picture: Picture
    classes: tuple[str, ...]
    dropouts: tuple[tuple[str, float], ...]  # name and p of every dropout that is drawn
    probabilities: Numbers  # (S, K)
    in_eval: Numbers  # (K,) without dropout, as in prediction
    layer: LayerUnderMasks

    @property
    def mean(self) -> Numbers:
        """(K,): the mean of the answers over the masks."""
        return np.asarray(self.probabilities.mean(axis=0))

    @property
    def deviation(self) -> Numbers:
        """(K,): the standard deviation of the answers over the masks, divided by S - 1."""
        return np.asarray(self.probabilities.std(axis=0, ddof=1))

    @property
    def sentences(self) -> tuple[str, ...]:
        """What is seen, in words."""
        best = int(self.in_eval.argmax())
        agree = float((self.probabilities.argmax(axis=1) == best).mean())
        return (
            f"{self.layer.name} drops each unit with probability {self.layer.p:g} and multiplies "
            f"the others by 1 / (1 - {self.layer.p:g}) = {self.layer.factor:.4g}; in eval mode it "
            "does nothing.",
            f"{len(self.probabilities)} masks: the class of eval mode is the answer under "
            f"{percent(agree, 0)} of them; its probability is {percent(self.in_eval[best])} in "
            f"eval mode, and on average {percent(self.mean[best])} over the masks, with a "
            f"deviation of {100 * self.deviation[best]:.2g} points.",
        )

    def figure(self) -> "Figure":
        """The picture, some masks, what becomes of single units, and the spread of the answers."""
        return drawing.dropout(
            title=f"Dropout on {self.picture.name}",
            picture=self.picture.pixels,
            layer=self.layer.name,
            masks=self.layer.masks,
            inputs=self.layer.inputs,
            outputs=self.layer.outputs,
            mean_output=self.layer.mean_output,
            factor=self.layer.factor,
            probabilities=self.probabilities,
            in_eval=self.in_eval,
            classes=self.classes,
            label=self.picture.label,
            notes=self.sentences,
        )

    def as_dict(self) -> dict[str, Any]:
        """The numbers as JSON has them, without single units."""
        return {
            "picture": self.picture.name,
            "classes": list(self.classes),
            "dropouts": [{"name": name, "p": p} for name, p in self.dropouts],
            "samples": len(self.probabilities),
            "probabilities": self.probabilities.tolist(),
            "mean": self.mean.tolist(),
            "deviation": self.deviation.tolist(),
            "in_eval": self.in_eval.tolist(),
            "layer": self.layer.name,
            "units": len(self.layer.inputs),
            "factor": self.layer.factor,
            "kept": self.layer.kept,
            "sentences": list(self.sentences),
        }

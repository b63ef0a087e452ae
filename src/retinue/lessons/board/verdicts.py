"""What was found of a run that was handed in: judged, or why not."""

from dataclasses import dataclass

import numpy as np

from retinue.evaluation.calibration import Bools, Floats, Ints


@dataclass(frozen=True)
class Own:
    """What a run says of itself: its accuracy on its own test pictures.

    Args:
        value: 0 to 1.
        n: how many pictures.
        looks: how often the run looked at them; None where it does not say.
        digest: the identity of these pictures; empty where it does not say.
    """

    value: float
    n: int
    looks: int | None = None
    digest: str = ""


@dataclass(frozen=True)
class Judged:
    """A run that was judged on N hidden pictures of K classes.

    Args:
        name: what the board calls it.
        place: where it lies.
        model: its network's name.
        parameters: how many weights.
        seconds: to predict all hidden pictures.
        state: of its training; a finished one is `finished`.
        truth: the true classes, (N,).
        probabilities: (N, K).
        learnt: which hidden pictures are in its own train or val split, (N,).
        tested: how many hidden pictures are in its own test split.
        knows_splits: whether it says which pictures it learnt from.
        own: what it says of itself; None where it does not.
        weights: the digest of its weights; empty where it has none.
    """

    name: str
    place: str
    model: str
    parameters: int
    seconds: float
    state: str
    truth: Ints
    probabilities: Floats
    learnt: Bools
    tested: int = 0
    knows_splits: bool = True
    own: Own | None = None
    weights: str = ""

    @property
    def predicted(self) -> Ints:
        """The most probable classes, (N,)."""
        return np.asarray(self.probabilities.argmax(axis=1), np.int64)

    @property
    def correct(self) -> Bools:
        """Which pictures were recognised, (N,)."""
        return np.asarray(self.predicted == self.truth)

    @property
    def new(self) -> Bools:
        """Which hidden pictures are new to it, (N,): what is claimed of it is of these."""
        return ~self.learnt

    @property
    def accuracy(self) -> float:
        """The share of the pictures that are new to it that it recognised."""
        return float(self.correct[self.new].mean())


@dataclass(frozen=True)
class NotJudged:
    """A run that was handed in and not judged, and why."""

    name: str
    place: str
    reason: str

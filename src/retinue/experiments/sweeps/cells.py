"""The settings of a sweep with their trainings, and how much seeds differ within them."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from retinue.experiments.sweeps.result import FINISHED, Result, Values


@dataclass(frozen=True)
class Cell:
    """One setting with all its trainings.

    `weights` are those of the finished ones with an accuracy on test, 1 each; a training that came
    out bit for bit the same in m settings, for what differs between them does nothing, is one
    training and weighs 1 / m in each.
    """

    number: int
    values: Values
    results: tuple[Result, ...]
    tested: tuple[Result, ...]
    weights: tuple[float, ...]

    @property
    def accuracies(self) -> tuple[float, ...]:
        """On test, of the finished trainings."""
        return tuple(one.test for one in self.tested if one.test is not None)

    @property
    def mean(self) -> float:
        """The mean of `accuracies`, of which there has to be one."""
        return sum(self.accuracies) / len(self.accuracies)


@dataclass(frozen=True)
class Pooled:
    """The variance between seeds within settings, and its degrees of freedom."""

    variance: float
    degrees: float

    @property
    def deviation(self) -> float | None:
        """The standard deviation, None without degrees of freedom."""
        return float(self.variance**0.5) if self.degrees > 0 else None


def gather(results: Sequence[Result]) -> tuple[Cell, ...]:
    """The settings by number, each with its trainings."""
    groups: dict[int, list[Result]] = defaultdict(list)
    for one in results:
        groups[one.setting].append(one)
    prints = Counter(_print(one) for one in results)
    cells = []
    for number, group in sorted(groups.items()):
        tested = tuple(one for one in group if one.state == FINISHED and one.test is not None)
        weights = tuple(1 / prints[_print(one)] for one in tested)
        cells.append(Cell(number, group[0].values, tuple(group), tested, weights))
    return tuple(cells)


def pooled(cells: Iterable[Cell]) -> Pooled:
    """The variance of accuracies on test between seeds within settings, over all these."""
    return pool((cell.accuracies, cell.weights) for cell in cells)


def pool(groups: Iterable[tuple[Sequence[float], Sequence[float]]]) -> Pooled:
    """The variance within groups of values, each with the weights of the values."""
    squares, degrees = 0.0, 0.0
    for values, weights in groups:
        if len(values) < 2:
            continue
        total = sum(weights)
        mean = sum(w * v for w, v in zip(weights, values, strict=True)) / total
        squares += sum(w * (v - mean) ** 2 for w, v in zip(weights, values, strict=True))
        degrees += total * (1 - 1 / len(values))
    return Pooled(squares / degrees if degrees else 0.0, degrees)


def _print(result: Result) -> tuple[object, ...]:
    """What two trainings share only if they are the same: losses, beside all else, and the seed."""
    losses = (result.val_loss, result.train_loss, result.loss_curve or None)
    numbers = (result.test, result.val, result.train, result.val_curve, *losses)
    known = result.state == FINISHED and any(loss is not None for loss in losses)
    return (result.seed, numbers) if known else (result.setting, result.seed, result.run)

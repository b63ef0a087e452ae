"""Optuna behind a small face: which setting to try next, and which training to stop on its way.

Only the driver of a sweep asks; trainings know nothing of it. Every draw is seeded by the number of
the setting for which it is made, so a sweep that was killed goes on as it would have gone on.
"""

import warnings
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from retinue.errors import MissingExtraError
from retinue.experiments.sweeps.axis import Axis, Range
from retinue.experiments.sweeps.places import in_order, is_ordered
from retinue.experiments.sweeps.result import Value, Values
from retinue.seeds import seed_for

if TYPE_CHECKING:
    from optuna.distributions import BaseDistribution
    from optuna.samplers import BaseSampler

AT_RANDOM = 10  # settings that TPE draws before it has something to go by
INSIST = 10  # draws of TPE, all of which were tried before, after which it is left to chance
BEFORE_PRUNING = 5  # trainings that have to be finished before any is stopped


class Study:
    """Settings by their number, what their trainings have shown so far, and what to try next.

    `tpe` is the tree-structured Parzen estimator (Bergstra et al. 2011; multivariate as in Falkner
    et al. 2018). With `prune`, a training is stopped after an epoch at which its best accuracy on
    val is below the median of what finished ones had by then (Golovin et al. 2017).
    """

    def __init__(self, axes: Sequence[Axis], search: str, seed: int, prune: bool) -> None:
        """`seed` is that of the whole search.

        Raises:
            MissingExtraError: Optuna is not installed.
        """
        try:
            import optuna
        except ImportError:
            raise MissingExtraError("--search and --prune", "sweep") from None
        optuna.logging.set_verbosity(optuna.logging.WARNING)
        median = optuna.pruners.MedianPruner(n_startup_trials=BEFORE_PRUNING)
        self.axes, self.search, self.seed = axes, search, seed
        self._study = optuna.create_study(
            direction="maximize", pruner=median if prune else optuna.pruners.NopPruner()
        )
        self._space = {axis.key: _distribution(axis) for axis in axes}
        self._trials: dict[int, Any] = {}

    def ask(self, number: int, attempt: int = 0) -> Values:
        """The values of a new setting; another `attempt` draws anew, after some at random."""
        seed = seed_for(self.seed, "sweep", number, attempt)
        self._study.sampler = self._sampler(seed, self.search == "random" or attempt >= INSIST)
        self._trials[number] = trial = self._study.ask(self._space)
        return {axis.key: _value(axis, trial.params[axis.key]) for axis in self.axes}

    def adopt(self, number: int, values: Values) -> None:
        """Take in a setting that was chosen before, or elsewhere."""
        self._study.enqueue_trial(
            {axis.key: _parameter(axis, values[axis.key]) for axis in self.axes}
        )
        self._trials[number] = self._study.ask(self._space)

    def report(self, number: int, curve: Sequence[float]) -> None:
        """Take in the accuracy on val after each epoch of a setting's first training, so far."""
        trial = self._trials[number]
        told = self._study.get_trials(deepcopy=False)[trial.number].intermediate_values
        for epoch in range(len(told), len(curve)):
            trial.report(curve[epoch], epoch)

    def should_stop(self, number: int) -> bool:
        """Whether a training is not worth going on, by what was reported of it and of others."""
        return bool(self._trials[number].should_prune())

    def tell(self, number: int, value: float | None, pruned: bool = False) -> None:
        """A setting is done with: its accuracy on val; None where it has none."""
        from optuna.trial import TrialState

        trial = self._trials[number]
        if value is not None and not pruned:
            self._study.tell(trial, value)
        else:
            self._study.tell(trial, state=TrialState.PRUNED if pruned else TrialState.FAIL)

    def _sampler(self, seed: int, at_random: bool) -> "BaseSampler":
        from optuna import exceptions, samplers

        seed %= 2**32  # what NumPy's generators of old take
        if at_random:
            return samplers.RandomSampler(seed)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", exceptions.ExperimentalWarning)
            return samplers.TPESampler(
                n_startup_trials=AT_RANDOM, multivariate=True, constant_liar=True, seed=seed
            )


def _distribution(axis: Axis) -> "BaseDistribution":
    """Where Optuna draws: of levels it draws the place, so that order tells it what is near."""
    from optuna.distributions import CategoricalDistribution, IntDistribution

    if axis.range is not None:
        return range_distribution(axis.range)
    if _rise_or_fall(axis.values):
        return IntDistribution(0, len(axis.values) - 1)
    return CategoricalDistribution(tuple(range(len(axis.values))))


def range_distribution(found: Range) -> "BaseDistribution":
    """A range as Optuna has it."""
    from optuna.distributions import FloatDistribution, IntDistribution

    if found.whole:
        return IntDistribution(int(found.low), int(found.high), log=found.log)
    return FloatDistribution(found.low, found.high, log=found.log)


def _rise_or_fall(values: tuple[Value, ...]) -> bool:
    return is_ordered(values) and in_order(values) in (values, values[::-1])


def _value(axis: Axis, parameter: Any) -> Value:
    if axis.range is None:
        return axis.values[int(parameter)]
    return int(parameter) if axis.range.whole else float(parameter)


def _parameter(axis: Axis, value: Value) -> Any:
    return axis.values.index(value) if axis.range is None else value

"""How much of the variance between settings each key explains."""

from collections.abc import Sequence
from importlib.util import find_spec
from itertools import combinations
from typing import TYPE_CHECKING, Any

import numpy as np

from retinue.experiments.sweeps.axis import Axis
from retinue.experiments.sweeps.design import Design
from retinue.experiments.sweeps.findings import Setting
from retinue.experiments.sweeps.model import ROUNDING, Term
from retinue.experiments.sweeps.study import range_distribution

if TYPE_CHECKING:
    from optuna.distributions import BaseDistribution

LEAST_SETTINGS = 10  # for a forest


def shares_of(design: Design) -> dict[Term, float]:
    """The share of the variance between settings' means on test that each key, and pair, explains.

    In a complete grid this is the classical decomposition, which functional ANOVA (Hooker 2007)
    comes to there: with the keys' workings in threes and more the shares sum to 1. With settings
    missing, a term's share is what it explains beyond all single keys. Empty where means are equal.
    """
    if not len(design.means):
        return {}
    equal = np.ones(len(design.means))
    total = float(((design.means - design.means.mean()) ** 2).sum())
    if total <= ROUNDING**2 * len(design.means):
        return {}
    left = design.fit(design.singles, equal).squares
    shares: dict[Term, float] = {}
    for key in range(len(design.axes)):
        without = [term for term in design.singles if term != (key,)]
        shares[(key,)] = (design.fit(without, equal).squares - left) / total
    for pair in combinations(range(len(design.axes)), 2):
        shares[pair] = (left - design.fit([*design.singles, pair], equal).squares) / total
    return {term: min(1.0, max(0.0, share)) for term, share in shares.items()}


def forest_shares(axes: Sequence[Axis], settings: Sequence[Setting]) -> dict[Term, float]:
    """The same of settings that are no grid, by a random forest on their accuracies on val.

    This is fANOVA (Hutter, Hoos and Leyton-Brown 2014) as optuna has it, of single keys, scaled to
    sum to 1. Empty without optuna, or with fewer than ten settings.
    """
    some = [one for one in settings if one.val is not None]
    if find_spec("optuna") is None or len(some) < LEAST_SETTINGS or len(axes) < 2:
        return {}
    if len({one.val for one in some}) < 2:
        return {}
    import optuna

    kinds = {axis.key: _distribution(axis) for axis in axes}
    loud = optuna.logging.get_verbosity()
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    try:
        study = optuna.create_study(direction="maximize")
        for one in some:
            values: dict[str, Any] = {axis.key: _value(axis, one) for axis in axes}
            trial = optuna.trial.create_trial(params=values, distributions=kinds, value=one.val)
            study.add_trial(trial)
        evaluator = optuna.importance.FanovaImportanceEvaluator(seed=0)
        shares = optuna.importance.get_param_importances(study, evaluator=evaluator)
    finally:
        optuna.logging.set_verbosity(loud)
    return {(place,): float(shares[axis.key]) for place, axis in enumerate(axes)}


def _distribution(axis: Axis) -> "BaseDistribution":
    from optuna.distributions import CategoricalDistribution

    if axis.range is not None:
        return range_distribution(axis.range)
    return CategoricalDistribution([str(one) for one in axis.levels])


def _value(axis: Axis, setting: Setting) -> Any:
    value = setting.values[axis.key]
    return str(value) if axis.range is None else value

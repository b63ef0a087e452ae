"""How values, settings, differences and verdicts are told where people read."""

from retinue.experiments.phrases import in_points, points, probability
from retinue.experiments.sweeps.findings import Difference, Effect, Interaction
from retinue.experiments.sweeps.result import Value, Values


def value_text(value: Value) -> str:
    """A value as a recipe has it: 0.001, true, 3x5."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return f"{value:.6g}" if isinstance(value, float) else str(value)


def setting_name(values: Values) -> str:
    """All values of a setting, as `lr=0.001, depth=4`."""
    return ", ".join(
        f"{key.removeprefix('model.')}={value_text(value)}" for key, value in values.items()
    )


def difference_text(one: Difference) -> str:
    """A difference with its interval where it has one, as `1.3 points (0.4 to 2.2)`."""
    if one.low is None or one.high is None:
        text = points(one.value)[0]
        return f"{text} point{'' if text == '1.0' else 's'}"
    return in_points(one.value, one.low, one.high)


def verdict_of(found: Effect | Interaction, shown: str = "shown") -> str:
    """Whether it is shown, in words, with its p after correction."""
    if found.p_holm is None:
        return "not tested"
    return f"{shown if found.shown else 'not shown'}, {probability(found.p_holm)}"

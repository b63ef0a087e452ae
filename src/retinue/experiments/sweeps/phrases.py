"""How values and settings are called where people read."""

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

"""What came out of a sweep, read back from its effects.json."""

from collections.abc import Mapping
from typing import Any

from retinue.errors import RetinueError, UsageError
from retinue.experiments.sweeps.findings import (
    Best,
    Difference,
    Effect,
    Findings,
    Interaction,
    Level,
    Luck,
    Setting,
)
from retinue.experiments.sweeps.sweep import EFFECTS, Sweep


def findings_of(sweep: Sweep) -> Findings:
    """The findings as they were written.

    Raises:
        UsageError: the sweep was stopped before anything could be said.
        RetinueError: effects.json is damaged.
    """
    if not sweep.values:
        raise UsageError(
            f"{sweep.path}: was stopped before its end; "
            f"go on with: retinue sweep --resume {sweep.path}"
        )
    try:
        found = _findings(sweep.values["findings"])
        _require_known(found, {axis.key for axis in sweep.journal.plan.axes})
    except (LookupError, TypeError, ValueError, AttributeError) as error:
        raise RetinueError(f"{sweep.path / EFFECTS}: is damaged ({error})") from None
    return found


def _findings(values: Mapping[str, Any]) -> Findings:
    luck, best = values["luck"], values["best"]
    parts = {
        "settings": tuple(Setting(**one) for one in values["settings"]),
        "effects": tuple(map(_effect, values["effects"])),
        "interactions": tuple(map(_interaction, values["interactions"])),
        "luck": None if luck is None else Luck(**luck),
        "best": None if best is None else Best(**{**best, "ties": tuple(best["ties"])}),
    }
    return Findings(**{**values, **parts})


def _effect(values: Mapping[str, Any]) -> Effect:
    levels = tuple(Level(**one) for one in values["levels"])
    differences = tuple(Difference(**one) for one in values["differences"])
    return Effect(**{**values, "levels": levels, "differences": differences})


def _interaction(values: Mapping[str, Any]) -> Interaction:
    first, second = values["keys"]
    cells = tuple(tuple(row) for row in values["cells"])
    rows, columns = tuple(values["rows"]), tuple(values["columns"])
    if [len(row) for row in cells] != [len(columns)] * len(rows):
        raise ValueError("cells of another number than levels")
    return Interaction(
        **{**values, "keys": (first, second), "rows": rows, "columns": columns, "cells": cells}
    )


def _require_known(found: Findings, keys: set[str]) -> None:
    """Refuse findings of other keys than those of the sweep."""
    told = {one.key for one in found.effects} | {
        key for one in found.interactions for key in one.keys
    }
    told |= {key for one in found.settings for key in one.values}
    if told - keys:
        raise ValueError(f"{min(told - keys)!r} was not varied")

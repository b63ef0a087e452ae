"""What was measured of networks whose kernels differ, as the explorer shows it."""

from collections.abc import Mapping, Sequence
from math import isfinite
from typing import Any

from retinue.errors import UsageError
from retinue.widgets.explorer_checks import checked
from retinue.widgets.panel import Value, plain

SHARES = ("accuracy", "low", "high")
KEYS = ("kernel", "stride", "padding", *SHARES, "seconds")


def measured_rows(rows: Sequence[Mapping[str, Any]]) -> list[dict[str, Value]]:
    """The rows as the page has them: kernel and stride as pairs.

    Args:
        rows: each with `kernel`, `stride`, `padding`, the shares `accuracy`, `low` and `high` from
            0 to 1, and `seconds`.

    Raises:
        UsageError: a row lacks one of them, or it is none.
    """
    return [_row(number, plain(row)) for number, row in enumerate(rows)]


def _row(number: int, row: Mapping[str, Any]) -> dict[str, Value]:
    missing = [key for key in KEYS if key not in row]
    if missing:
        raise UsageError(f"measured, row {number}: has no {', '.join(missing)}")
    try:
        found = {
            "kernel": checked("kernel_size", row["kernel"]),
            "stride": checked("stride", row["stride"]),
            "padding": checked("padding", row["padding"]),
            **{key: float(row[key]) for key in (*SHARES, "seconds")},
        }
    except (UsageError, TypeError, ValueError) as error:
        raise UsageError(f"measured, row {number}: {error}") from None
    shares = all(0 <= found[key] <= 1 for key in SHARES)
    if not shares or not (isfinite(found["seconds"]) and found["seconds"] >= 0):
        raise UsageError(f"measured, row {number}: shares are from 0 to 1, and seconds from 0 on")
    return found

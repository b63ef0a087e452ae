"""The file in which a comparison or a board keeps all that it found, read back."""

import json
from pathlib import Path
from typing import Any

from retinue.errors import RetinueError, UsageError


def read_values(file: Path, schema: int, missing: str) -> dict[str, Any]:
    """The values of a JSON file that says by which schema it was written.

    Args:
        file: the file.
        schema: the newest that this Retinue reads.
        missing: what its folder is not, and how to come to one, where there is no such file.

    Raises:
        UsageError: there is no such file, or a newer Retinue has written it.
        RetinueError: it is damaged.
    """
    try:
        values: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
        written = int(values["schema"])
    except FileNotFoundError:
        raise UsageError(f"{file.parent}: {missing}") from None
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise RetinueError(f"{file}: cannot be read: {error}") from None
    if written > schema:
        raise UsageError(f"{file.parent}: written by a newer Retinue; upgrade to read it")
    return values

"""`lesson_data`: the pictures of a lesson, or others where they are not at hand."""

import os
from pathlib import Path
from textwrap import shorten
from typing import TYPE_CHECKING, Any

from retinue.errors import RetinueError

if TYPE_CHECKING:
    from retinue.data.imagedata import ImageData

ROOT = "RETINUE_DATA_ROOT"  # the folder in which data sets lie, in the environment
LONGEST = 160  # letters of a reason; the addresses that were tried follow after that


def lesson_data(
    name: str,
    *,
    instead: str = "shapes",
    data_root: str | Path | None = None,
    **options: Any,
) -> "ImageData":
    """Load a built-in data set, from the disk or the network; else a generated one, and say so.

    Args:
        name: as `retinue datasets` lists them, as "cifar10".
        instead: what is loaded where it is not at hand: "shapes" (colour, 32 x 32) or "digits"
            (grey, 8 x 8), which need neither disk nor network.
        data_root: where data sets lie or are downloaded to; by default what the environment
            names as RETINUE_DATA_ROOT, else Retinue's own cache.
        options: as `retinue.load_data` takes them, as `limit_per_class=500`.
    """
    from retinue.data.load import load_data

    root = data_root or os.environ.get(ROOT)
    try:
        return load_data(name, data_root=root, **options)
    except RetinueError as error:
        print(f"{name} is not at hand: {shorten(str(error), LONGEST, placeholder=' ...')}")  # noqa: T201
        print(f"This notebook goes on with {instead}; its numbers differ from the text's.")  # noqa: T201
        return load_data(instead, **options)

"""What is written into a notebook: explanations, and code that loads and draws."""

import os
import re
from dataclasses import dataclass
from pathlib import Path
from textwrap import dedent
from typing import Literal

INSTALL = """
    import importlib.util
    import warnings

    if importlib.util.find_spec("retinue") is None:  # as in Colab; this needs the web
        %pip install --quiet retinue
    %matplotlib inline
    # Letters that no font here has are drawn as boxes.
    warnings.filterwarnings("ignore", message="Glyph .* missing from")
    """


# Of `kept`, the pictures of what is shown.
MISTAKES = """
    some = [one for one in kept.mistakes if one.probability is not None]
    plotting.confident_mistakes(
        [np.array(Image.open(one.path)) for one in some],
        [one.true for one in some],
        [one.predicted for one in some],
        [one.probability for one in some],
    ) if some else print("there are no pictures of mistakes")
    """


@dataclass(frozen=True)
class Cell:
    """A cell as it stands in a notebook."""

    kind: Literal["markdown", "code"]
    source: str


def told(text: str) -> Cell:
    """A cell of explanation, in Markdown; nothing from outside may be in it."""
    return Cell("markdown", dedent(text).strip())


def code(text: str, **names: str) -> Cell:
    """A cell of code; `NAME` in it becomes the value of `name`, written as a literal of Python.

    The literals are of ASCII letters alone, so that no name from outside can end one or turn a
    line around.
    """
    source = dedent(text).strip()
    for name, value in names.items():
        plain = re.fullmatch(r"[\w ./-]+", value, re.ASCII)
        source = source.replace(name.upper(), f'"{value}"' if plain else ascii(value))
    return Cell("code", source)


def way_to(folder: Path, notebook: Path) -> str:
    """Where a folder is as seen from a notebook: `.` if it lies in it; absolute on other drives."""
    start, end = notebook.resolve().parent, folder.resolve()
    try:
        return Path(os.path.relpath(end, start)).as_posix()
    except ValueError:
        return end.as_posix()

"""What the tests of figures share: names that are hard to draw, and looking at a figure."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from matplotlib.figure import Figure
from matplotlib.text import Text
from numpy.typing import NDArray
from PIL import Image

from retinue import plotting
from retinue.plotting.style import styled

_ODD = [
    "plain",
    "$x_1$",
    "a_b_c",
    "$",
    "😀 smile",
    "שלום",
    "مرحبا",
    "日本語",
    "\\frac{1}",
    "l" * 300,
]


@pytest.fixture
def odd() -> list[str]:
    """Ten names that are hard to draw, the last one too long."""
    return list(_ODD)


@pytest.fixture
def texts() -> Callable[[Figure], list[str]]:
    """Everything written in a figure, without the marks of direction."""

    def read(figure: Figure) -> list[str]:
        with styled():
            figure.canvas.draw()
        found = (text for text in figure.findobj(Text) if isinstance(text, Text))
        return [text.get_text().replace("\u200e", "") for text in found]

    return read


@pytest.fixture
def drawn(tmp_path: Path) -> Callable[[Figure], NDArray[np.uint8]]:
    """The pixels of a figure as it is saved."""

    def draw(figure: Figure) -> NDArray[np.uint8]:
        plotting.save(figure, tmp_path / "deeper" / "figure.png")
        return np.asarray(Image.open(tmp_path / "deeper" / "figure.png").convert("RGB"))

    return draw

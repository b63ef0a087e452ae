"""Whether a figure keeps within its edges, where it would be cut off."""

from typing import Any

import numpy as np
from numpy.typing import NDArray


def edges_are_white(pixels: NDArray[np.integer[Any]]) -> bool:
    """Whether nothing that is drawn reaches one of the four edges of the pixels (H, W, C)."""
    return all((edge == 255).all() for edge in (pixels[0], pixels[-1], pixels[:, 0], pixels[:, -1]))

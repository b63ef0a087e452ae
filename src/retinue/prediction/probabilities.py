"""From a network's outputs to probabilities."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

Probabilities = NDArray[np.float64]


def softmax(logits: NDArray[np.floating[Any]], temperature: float = 1.0) -> Probabilities:
    """Turn logits (N, K), divided by the temperature, into float64 probabilities (N, K).

    Raises:
        ValueError: the temperature is not above 0.
    """
    if not temperature > 0:
        raise ValueError(f"a temperature is above 0, not {temperature}")
    scaled = np.asarray(logits, dtype=np.float64) / temperature
    # Without the largest logit no exponential overflows, and the quotient stays the same.
    exponentials = np.exp(scaled - scaled.max(axis=-1, keepdims=True))
    return np.asarray(exponentials / exponentials.sum(axis=-1, keepdims=True))

"""Mean and standard deviation of the training pictures, for the network's first layer."""

import numpy as np

from retinue.data.imagedata import Split

_MOST = 10_000  # more photos change the third digit at best
_CHUNK = 2**21  # bytes of pictures at a time
_EXACT = 256  # bytes squared may be added up to 2**24, where float32 begins to round


def channel_statistics(split: Split) -> tuple[list[float], list[float]]:
    """Per channel, over all pixels, on the scale 0 to 255; of at most 10,000 photos.

    Pictures of up to 64 pixels are all taken.
    """
    few = split.store.shape[1] <= 64
    count = len(split) if few else min(len(split), _MOST)
    positions = np.linspace(0, len(split) - 1, count).astype(np.int64)
    channels = split.store.shape[3]
    total, squares, pixels = np.zeros(channels), np.zeros(channels), 0
    step = max(1, min(_EXACT, _CHUNK // split.store[:1].size))
    for start in range(0, count, step):
        pictures = split.take(positions[start : start + step])
        floats = pictures.astype(np.float32)
        total += floats.sum(axis=0).reshape(-1, channels).sum(axis=0, dtype=np.float64)
        squares += np.square(floats).sum(axis=0).reshape(-1, channels).sum(axis=0, dtype=np.float64)
        pixels += pictures.size // channels
    mean = total / pixels
    std = np.sqrt(np.maximum(squares / pixels - mean**2, 0))
    return mean.tolist(), std.tolist()

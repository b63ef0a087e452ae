"""How a network keeps what it computes in memory: in which order, and for how long."""

import ctypes
import functools
import os

from torch import nn

_SAFE_CHANNELS = 16
# Of glibc's malloc.h: parameters of mallopt, and what they are set to.
_TRIM_THRESHOLD, _MMAP_THRESHOLD = -1, -3
_LARGEST_KEPT = 256 * 2**20  # bytes of one block; a batch's maps are smaller
_MOST_KEPT = 2 * _LARGEST_KEPT  # bytes of all that is free at the end of the heap


@functools.cache
def keep_freed_memory() -> None:
    """Have the C library keep the memory of a layer for the next step.

    glibc gives every block above 32 MiB back to the system, and what lies at the end of its heap;
    the next step gets the same pages anew, each at the price of a fault and of being zeroed: a
    third of the time of fp32 in batches of 128. Does nothing where the C library is another, or the
    user has set MALLOC_ variables.
    """
    if any(name.startswith("MALLOC_") for name in os.environ):
        return
    try:
        set_parameter = ctypes.CDLL(None).mallopt
    except (OSError, AttributeError, TypeError):
        return
    # Both: setting either ends glibc's own guessing of the other.
    set_parameter(_MMAP_THRESHOLD, _LARGEST_KEPT)
    set_parameter(_TRIM_THRESHOLD, _MOST_KEPT)


def channels_last_is_safe(module: nn.Module) -> bool:
    """Whether a network computes rightly in channels_last order on this version of torch.

    The backward pass of a strided 1x1 convolution with fewer than 16 input channels corrupts
    memory there (oneDNN issue 6035, seen with torch 2.13 on the CPU). No network of the catalogue
    has one; a user's own may.
    """
    return not any(
        isinstance(layer, nn.Conv2d)
        and layer.kernel_size == (1, 1)
        and max(layer.stride) > 1
        and layer.in_channels < _SAFE_CHANNELS
        for layer in module.modules()
    )

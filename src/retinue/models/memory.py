"""In which order a network may keep its pictures in memory."""

from torch import nn

_SAFE_CHANNELS = 16


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

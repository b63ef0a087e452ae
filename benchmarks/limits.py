"""How many operations a second this machine reaches at best: what a step is held against."""

import time
from collections.abc import Callable

import torch
from torch import Tensor, nn


def product_limit(device: torch.device, dtype: torch.dtype, side: int = 2048) -> float:
    """Operations a second in a large product of matrices: about the peak of the machine."""
    a, b = (torch.randn(side, side, device=device, dtype=dtype) for _ in range(2))
    return 2 * side**3 / _shortest(lambda: a @ b, device)


def convolution_limit(device: torch.device, dtype: torch.dtype, pictures: int = 128) -> float:
    """Operations a second in a convolution of a good shape: 3x3, 256 channels, 16x16 pixels."""
    images = torch.randn(pictures, 256, 16, 16, device=device, dtype=dtype)
    images = images.to(memory_format=torch.channels_last)
    layer = nn.Conv2d(256, 256, 3, padding=1, bias=False, device=device, dtype=dtype)
    layer = layer.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    operations = 2 * pictures * 16 * 16 * 256 * 256 * 9
    return operations / _shortest(lambda: layer(images), device)


@torch.inference_mode()
def _shortest(work: Callable[[], Tensor], device: torch.device, tries: int = 12) -> float:
    """Seconds of the quickest of some tries, the first two of which only warm up."""
    seconds = []
    for _ in range(tries):
        started = time.perf_counter()
        work()
        wait_for(device)
        seconds.append(time.perf_counter() - started)
    return min(seconds[2:])


def wait_for(device: torch.device) -> None:
    """Let a device that works on its own finish."""
    if device.type == "cuda":
        torch.cuda.synchronize(device)

"""Which networks may run in channels_last order, and that freed memory is kept."""

import os
import platform
import subprocess
import sys

import pytest
import torch
from torch import nn

from retinue.models.catalogue import MODELS, build, wrap
from retinue.models.memory import channels_last_is_safe


@pytest.mark.parametrize("name", list(MODELS))
def test_every_network_of_the_catalogue_is_safe(name: str) -> None:
    model = build(
        name, classes=3, channels=3, size=(32, 32), arguments={}, mean=[0.0] * 3, std=[1.0] * 3
    )
    assert channels_last_is_safe(model)


@pytest.mark.parametrize(("channels", "stride", "kernel", "safe"), [
    (8, 2, 1, False), (16, 2, 1, True), (8, 1, 1, True), (8, 2, 3, True),
])  # fmt: skip
def test_the_layer_that_torch_gets_wrong_is_found(
    channels: int, stride: int, kernel: int, safe: bool
) -> None:
    layer = nn.Conv2d(channels, 4, kernel, stride=stride)
    assert channels_last_is_safe(nn.Sequential(layer)) is safe


@pytest.mark.parametrize(
    ("stride", "order"), [(2, torch.contiguous_format), (1, torch.channels_last)]
)
def test_an_unsafe_network_gets_its_numbers_in_contiguous_order(
    stride: int, order: torch.memory_format
) -> None:
    module = nn.Sequential(nn.Identity(), nn.Conv2d(8, 4, 1, stride=stride))
    seen: list[torch.Tensor] = []
    module[0].register_forward_hook(lambda _, __, output: seen.append(output))
    pictures = torch.zeros(2, 6, 6, 8, dtype=torch.uint8).permute(0, 3, 1, 2)
    wrap(module, [0.0] * 8, [1.0] * 8)(pictures)
    assert seen[0].is_contiguous(memory_format=order)


FAULTS = """
import ctypes, resource
from retinue.models.memory import keep_freed_memory
library = ctypes.CDLL(None)
library.malloc.restype = ctypes.c_void_p
library.free.argtypes = [ctypes.c_void_p]

def faults():
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    for _ in range(20):
        block = library.malloc(ctypes.c_size_t(48 * 2**20))
        ctypes.memset(block, 1, 48 * 2**20)
        library.free(block)
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before

first = faults()
keep_freed_memory()
print(first, faults())
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="another C library than glibc")
@pytest.mark.parametrize("told", [False, True])
def test_memory_is_kept_from_step_to_step_unless_the_user_has_told_the_library(told: bool) -> None:
    environment = {key: value for key, value in os.environ.items() if "MALLOC" not in key}
    if told:
        environment["MALLOC_TOP_PAD_"] = "131072"
    done = subprocess.run(
        [sys.executable, "-c", FAULTS], env=environment, capture_output=True, text=True, check=True
    )
    before, after = map(int, done.stdout.split())
    assert (after > before / 2) is told, "twenty blocks from the same pages fault once"

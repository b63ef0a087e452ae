"""What the figures were measured on."""

import os
import platform
from pathlib import Path

import torch


def describe() -> str:
    """Processor, cores, its bf16 instructions, memory, GPU, system: one line of text."""
    cores = os.cpu_count()
    parts = [f"{cores} cores of {_processor()}", _bf16()]
    if hasattr(os, "sysconf"):
        memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
        parts.append(f"{memory / 2**30:.0f} GiB of memory")
    if torch.cuda.is_available():
        parts.append(torch.cuda.get_device_name())
    parts += [platform.system(), f"Python {platform.python_version()}"]
    return ", ".join(parts)


def load() -> float:
    """How many processes wanted the processor in the last minute: noise, if it is not idle."""
    return os.getloadavg()[0] if hasattr(os, "getloadavg") else 0.0


def _processor() -> str:
    return _of_cpuinfo("model name") or platform.processor() or platform.machine()


def _bf16() -> str:
    flags = _of_cpuinfo("flags").split()
    found = [name for name in ("avx512_bf16", "amx_bf16") if name in flags]
    return " and ".join(found) or "no bf16 instructions known"


def _of_cpuinfo(key: str) -> str:
    """The first value of a key where Linux tells it."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return ""
    return next((line.partition(":")[2].strip() for line in lines if line.startswith(key)), "")

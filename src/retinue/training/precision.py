"""In which arithmetic a training runs."""

import torch

from retinue.errors import UsageError


def resolve_precision(wanted: str, device: torch.device) -> str:
    """bf16 or fp32: `auto` takes bf16 where the processor computes in it natively.

    Raises:
        UsageError: bf16 is asked for on a processor that would only imitate it, slowly.
    """
    native = has_bf16(device)
    if wanted == "bf16" and not native:
        raise UsageError(
            f"--precision bf16: this {device.type} has no native bf16; use fp32 or auto"
        )
    return "bf16" if wanted == "bf16" or (wanted == "auto" and native) else "fp32"


def has_bf16(device: torch.device) -> bool:
    """Whether a device multiplies bf16 natively: AVX512-BF16 or AMX, or a GPU from Ampere on."""
    if device.type == "cuda":
        return torch.cuda.get_device_capability(device) >= (8, 0)
    if device.type != "cpu":
        return False
    # Older torch has neither name; then fp32 is the safe answer.
    names = ("_is_avx512_bf16_supported", "_is_amx_tile_supported")
    return any(getattr(torch.cpu, name, lambda: False)() for name in names)


def autocast(precision: str, device: torch.device) -> torch.autocast:
    """The context in which a forward pass runs."""
    return torch.autocast(device.type, torch.bfloat16, enabled=precision == "bf16")

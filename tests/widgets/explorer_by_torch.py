"""What torch's own layers make of the settings of a convolution explorer."""

import warnings
from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional


def maps_by_torch(
    state: Mapping[str, Any], pixels: Any = None, turned: bool = False
) -> dict[str, Tensor]:
    """The maps (C, H, W) on the way, float64: `output`, and where they follow `active`, `pooled`.

    Args:
        state: of a panel; its weights are for one slice or for each channel.
        pixels: (H, W, C); those of the state, or its grid, if not given.
        turned: whether to turn the kernel around, which is another operation: a true convolution.

    Raises:
        RuntimeError, ValueError: torch refuses the settings.
    """
    if pixels is None and state["picture"] == "grid":
        pixels = np.array(state["grid"])[..., None]
    elif pixels is None:
        pixels = np.frombuffer(state["pixels"], np.uint8).reshape(state["shape"])
    channels, apart = pixels.shape[2], state["channels"] == "apart"
    padding = state["padding"]
    layer = nn.Conv2d(
        channels, channels if apart else 1, tuple(state["kernel_size"]), tuple(state["stride"]),
        tuple(padding) if isinstance(padding, list) else padding, tuple(state["dilation"]),
        channels if apart else 1, True, state["padding_mode"],
    ).double()  # fmt: skip
    slices = torch.tensor(state["values"], dtype=torch.float64).expand(channels, -1, -1)
    slices = slices.flip(1, 2) if turned else slices
    picture = torch.tensor(np.ascontiguousarray(pixels), dtype=torch.float64).permute(2, 0, 1)
    with torch.no_grad(), warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Using padding=.same. with even kernel")
        layer.weight.copy_(slices[:, None] if apart else slices[None])
        assert layer.bias is not None
        layer.bias.fill_(state["bias"])
        found = {"output": layer(picture[None])[0]}
    last = found["output"]
    if state["activation"] == "relu":
        found["active"] = last = functional.relu(last)
    window = (state["pool_size"], state["pool_stride"])
    if state["pooling"] == "max":
        found["pooled"] = functional.max_pool2d(last, *window)
    if state["pooling"] == "average":
        found["pooled"] = functional.avg_pool2d(last, *window)
    return found


def drawn_settings(random: np.random.Generator, channels: int) -> dict[str, Any]:
    """Settings of any kind, some of which cannot be."""
    size = random.integers(1, 6, 2).tolist()
    slices = int(random.choice([1, channels]))
    values = random.normal(size=(slices, *size)) * 10.0 ** random.integers(-2, 3)
    if random.random() < 0.5:
        values = np.round(3 * random.normal(size=values.shape))
    return {
        "kernel_size": size,
        "values": values.tolist(),
        "bias": float(random.choice([0, 0.25, -3])),
        "channels": str(random.choice(["sum", "apart"])),
        "stride": random.integers(1, 4, 2).tolist(),
        "dilation": random.integers(1, 4, 2).tolist(),
        "padding": [0, 1, 2, [3, 1], 7, "same", "valid"][int(random.integers(7))],
        "padding_mode": str(random.choice(["zeros", "reflect", "replicate", "circular"])),
        "activation": str(random.choice(["none", "relu"])),
        "pooling": str(random.choice(["none", "max", "average"])),
        "pool_size": int(random.integers(1, 4)),
        "pool_stride": int(random.integers(1, 4)),
    }

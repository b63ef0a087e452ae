"""Lab 4: a residual block around layers that are given to it."""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812

from retinue.lessons.comparing import same, shown
from retinue.lessons.question import WrongError

CHANNELS = 4

HINTS = {
    "addition_forgotten": "What comes out does not depend on the shortcut. What is added to what?",
    "activation_before_sum": "A sum came out that is negative in places, or too large: the "
    "activation was applied to a part. Draw the block: does ReLU stand before or after the +?",
    "activation_forgotten": "The sum is right. What follows it?",
    "always_projected": "Where the shape stays, the shortcut has nothing to learn: it hands on "
    "what came in. Yours has weights.",
    "stride_forgotten": "With stride 2 and as many channels as before the two do not fit: the "
    "body has halved the map. What has to happen on the shortcut? When is it needed?",
    "channels_forgotten": "The body makes more channels than came in, and the two cannot be "
    "added. Which layer changes the number of channels and looks at one pixel at a time?",
    "new_each_time": "The same input gave two different answers: the shortcut's weights are drawn "
    "anew at every call. Where are layers made, and where are they used?",
    "shortcut_not_learnt": "The block has no weights but those of its body. A layer that is to "
    "learn must be an attribute of the module, made in __init__.",
}


class _Times(nn.Module):
    """A body without weights: so many times what comes in."""

    def __init__(self, factor: float) -> None:
        super().__init__()
        self.factor = factor

    def forward(self, maps: Tensor) -> Tensor:
        """(N, C, H, W) -> the same shape."""
        return self.factor * maps


def check_residual(answer: Any) -> None:
    """Try `Residual(body, channels_in, channels_out, stride)` with bodies whose answer is known."""
    if not isinstance(answer, type) or not issubclass(answer, nn.Module):
        raise WrongError(f"a class that inherits from nn.Module is asked for, not {shown(answer)}")
    _check_same_shape(answer)
    for outputs, stride in ((CHANNELS, 2), (CHANNELS + 2, 1), (2 * CHANNELS, 2)):
        _check_other_shape(answer, outputs, stride)


def _maps() -> Tensor:
    return torch.randn(2, CHANNELS, 7, 6, generator=torch.Generator().manual_seed(3))


def _check_same_shape(answer: Callable[..., nn.Module]) -> None:
    """With a body that gives -2x the block is ReLU(-x)."""
    block, maps = answer(_Times(-2.0), CHANNELS, CHANNELS, 1), _maps()
    with torch.no_grad():
        got = block(maps.clone())
    if same(got, F.relu(-maps)):
        return
    case = f"body(x) = -2 x, x = {shown(maps[0, 0, 0])}\ngives {_first(got)}"
    if list(block.parameters()):
        raise WrongError(f"{case}\nthough channels and stride stay", "always_projected")
    mistakes = {
        "addition_forgotten": F.relu(-2 * maps),
        "activation_forgotten": -maps,
        "activation_before_sum": F.relu(-2 * maps) + maps,
    }
    found = [name for name, wrong in mistakes.items() if same(got, wrong)]
    if same(got, F.relu(-2 * maps) + F.relu(maps)):
        found = ["activation_before_sum"]
    raise WrongError(f"{case}\nexpected {_first(F.relu(-maps))}", found[0] if found else None)


def _check_other_shape(answer: Callable[..., nn.Module], outputs: int, stride: int) -> None:
    """With a body that gives zeros the block is ReLU(shortcut), whatever that has learnt."""
    body = nn.Conv2d(CHANNELS, outputs, 3, stride, padding=1, bias=False)
    nn.init.zeros_(body.weight)
    block, maps = answer(body, CHANNELS, outputs, stride), _maps()
    case = f"channels {CHANNELS} to {outputs}, stride {stride}"
    with torch.no_grad():
        got = _asked(block, maps, case, "channels_forgotten" if stride == 1 else "stride_forgotten")
        again = block(maps.clone())
        expected = body(maps).shape
    if not isinstance(got, Tensor) or got.shape != expected:
        raise WrongError(f"{case}: gives {shown(got)}, expected the shape {tuple(expected)}")
    if not same(got, again):
        raise WrongError(f"{case}: the same input gave two answers", "new_each_time")
    if not bool(got.any()):
        raise WrongError(f"{case}, body(x) = 0: gives zeros", "addition_forgotten")
    if bool((got < 0).any()):
        raise WrongError(f"{case}, body(x) = 0: gives numbers below 0", "activation_before_sum")
    if sum(one.numel() for one in block.parameters()) <= body.weight.numel():
        raise WrongError(f"{case}: the block has no weights but its body's", "shortcut_not_learnt")


def _asked(block: nn.Module, maps: Tensor, case: str, mistake: str) -> Any:
    try:
        return block(maps.clone())
    except RuntimeError as error:
        if "size of tensor" in str(error):
            raise WrongError(f"{case}: {error}", mistake) from error
        raise


def _first(got: Any) -> str:
    is_maps = isinstance(got, Tensor) and got.ndim == 4
    return shown(got[0, 0, 0] if is_maps else got)

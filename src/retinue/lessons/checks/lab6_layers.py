"""Checks of lab 6: what a layer gives, its filters as pictures, and the pixels that a unit sees."""

import copy
from collections.abc import Iterator
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from retinue.lessons.checks.lab5_parts import tensor_like
from retinue.lessons.comparing import Function, compare, require_function
from retinue.lessons.question import WrongError

SIDE = 9
_Numbers = NDArray[np.float64]


class _Branched(nn.Module):
    """A network that is no simple row of layers, with one that works in place."""

    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Conv2d(2, 3, 3, padding=1)
        self.act = nn.ReLU(inplace=True)
        self.second = nn.Conv2d(3, 3, 3, padding=1)
        self.last = nn.Linear(3, 4)

    def forward(self, pictures: Tensor) -> Tensor:
        maps = self.act(self.first(pictures))
        answers: Tensor = self.last((self.second(maps) - maps).mean((2, 3)))
        return answers

    def passes(self, pictures: Tensor) -> dict[str, tuple[Tensor, Tensor]]:
        """What each layer is given and gives, computed without hooks and in place of nothing."""
        before = self.first(pictures)
        maps = before.relu()
        after = self.second(maps)
        means = (after - maps).mean((2, 3))
        return {
            "first": (pictures, before),
            "act": (before, maps),
            "second": (maps, after),
            "last": (means, self.last(means)),
        }


def check_record(answer: Any) -> None:
    """Whether it gives what layers give, and leaves the network as it was.

    Raises:
        WrongError: it does not.
    """
    require_function(answer)
    for is_training in (True, False):
        network = _Branched().train(is_training)
        pictures = torch.randn(3, 2, SIDE, SIDE)
        with torch.no_grad():
            passes = copy.deepcopy(network).passes(pictures)
        for name, (given, expected) in passes.items():
            _judge_record(answer, network, name, pictures, given, expected)
            if network.training != is_training:
                raise WrongError("the network's mode is another one afterwards", "mode_changed")


def _judge_record(
    answer: Any, network: _Branched, name: str, pictures: Tensor, given: Tensor, expected: Tensor
) -> None:
    layer = getattr(network, name)
    heard: list[int] = []
    theirs = layer.register_forward_hook(lambda *_: heard.append(1))
    case = f"for the layer {name}: {type(layer).__name__}"
    try:
        got = answer(network, layer, pictures.clone())
        _judge_hooks(network, layer, heard, case)
    finally:
        theirs.remove()
        for one in network.modules():
            one._forward_hooks.clear()
            one._forward_pre_hooks.clear()
    if isinstance(got, tuple | list):
        raise WrongError(f"{case}: gives a {type(got).__name__}", "tuple_for_tensor")
    carries = isinstance(got, Tensor) and got.requires_grad
    if _is(got, expected):
        if carries:
            raise WrongError(
                f"{case}: the numbers are right, requires_grad is True", "not_detached"
            )
        return
    with torch.no_grad():
        known = {
            "overwritten": expected.relu() if name == "first" else expected,
            "input_for_output": given.relu() if name == "act" else given,
            "input_for_output ": given,
            "network_output": network(pictures),
        }
    mistake = next((key.strip() for key, one in known.items() if _is(got, one)), None)
    tensor_like(got, expected, case) if mistake is None else None
    raise WrongError(f"{case}: gives other numbers than the layer", mistake)


def _judge_hooks(network: nn.Module, layer: nn.Module, heard: list[int], case: str) -> None:
    """Nobody listens any more but who did before."""
    hooks = sum(len(one._forward_hooks) + len(one._forward_pre_hooks) for one in network.modules())
    heard.clear()
    with torch.no_grad():
        network(torch.randn(1, 2, SIDE, SIDE))
    if not heard:
        raise WrongError(f"{case}: a hook that was there before is gone", "others_removed")
    if hooks > 1:
        raise WrongError(f"{case}: a hook is still there afterwards", "hook_left")


def _is(got: Any, expected: Tensor) -> bool:
    try:
        found = torch.as_tensor(got).detach().float()
    except Exception:
        return False
    return found.shape == expected.shape and torch.allclose(found, expected, atol=1e-5)


def check_as_pictures(answer: Any) -> None:
    """Whether zero is mid-grey, and all filters have one scale.

    Raises:
        WrongError: it is otherwise.
    """
    compare(
        answer,
        list(_filters()),
        _on_one_scale,
        _WRONG_PICTURES,
        words=lambda weights: (
            f"for weights of shape {weights.shape} from {weights.min():.3g} to {weights.max():.3g}"
        ),
    )


def _filters() -> Iterator[tuple[_Numbers]]:
    draws = np.random.default_rng(0)
    for number, shape in enumerate([(4, 3, 2, 5), (6, 3, 3, 3), (1, 3, 4, 2)]):
        weights = draws.normal(0.3 * (-1) ** number, 1, shape)
        yield (weights * draws.uniform(0.2, 1, (shape[0], 1, 1, 1)),)


def _last(pictures: _Numbers) -> _Numbers:
    return np.moveaxis(pictures, 1, -1)


def _on_one_scale(weights: _Numbers) -> _Numbers:
    ends = np.array([-1, 1]) * np.linalg.norm(weights.ravel(), np.inf)
    return np.asarray(np.interp(_last(weights), ends, [0, 1]))


def _each_its_own(weights: _Numbers) -> _Numbers:
    return np.concatenate([_on_one_scale(one[None]) for one in weights])


def _from_least(weights: _Numbers) -> _Numbers:
    return np.asarray(np.interp(_last(weights), [weights.min(), weights.max()], [0, 1]))


def _each_from_least(weights: _Numbers) -> _Numbers:
    return np.concatenate([_from_least(one[None]) for one in weights])


def _reshaped(weights: _Numbers) -> _Numbers:
    scaled = np.moveaxis(_on_one_scale(weights), -1, 1)
    filters, channels, height, width = weights.shape
    return np.ascontiguousarray(scaled).reshape(filters, height, width, channels)


_WRONG_PICTURES: dict[str, Function] = {
    "each_its_own": _each_its_own,
    "zero_not_grey": _from_least,
    "least_is_black": _each_from_least,
    "sign_lost": lambda weights: np.abs(2 * _on_one_scale(weights) - 1),
    "not_centred": lambda weights: 2 * _on_one_scale(weights) - 1,
    "reshaped": _reshaped,
    "sides_exchanged": lambda weights: _on_one_scale(weights).swapaxes(1, 2),
    "channels_first": lambda weights: np.moveaxis(_on_one_scale(weights), -1, 1),
}


class _TwoEyes(nn.Module):
    """A network that sees more of the second channel than of the first."""

    def __init__(self) -> None:
        super().__init__()
        self.near = nn.Conv2d(1, 2, 3, padding=1)
        self.far = nn.Conv2d(1, 2, (3, 7), padding=(1, 3))

    def forward(self, pictures: Tensor) -> Tensor:
        maps: Tensor = self.near(pictures[:, :1]) + self.far(pictures[:, 1:])
        return maps


def check_field_of(answer: Any) -> None:
    """Whether the pixels are those that change the unit when they are changed.

    Raises:
        WrongError: they are not.
    """
    compare(
        answer,
        list(_places()),
        _by_changing,
        _WRONG_FIELDS,
        words=lambda body, picture, row, column: (
            f"for the unit in row {row} and column {column} of a network on "
            f"{picture.shape[2]} x {picture.shape[3]} pixels"
        ),
    )


def _places() -> Iterator[tuple[nn.Module, Tensor, int, int]]:
    torch.manual_seed(0)
    strided = nn.Sequential(nn.Conv2d(2, 3, 3, stride=2, padding=1), nn.Conv2d(3, 2, 3, padding=1))
    dilated = nn.Sequential(nn.Conv2d(2, 3, 3), nn.AvgPool2d(2), nn.Conv2d(3, 2, 2, dilation=2))
    for body, places in ((strided, (1, 4)), (_TwoEyes(), (5, 2)), (dilated, (0, 1))):
        body.double()
        yield body, torch.randn(1, 2, 12, 14, dtype=torch.float64), *places


@torch.no_grad()
def _change(body: nn.Module, picture: Tensor) -> Tensor:
    """By how much each unit moves with each number of the picture: (C, H, W, K, h, w)."""
    moved = torch.eye(picture.numel(), dtype=picture.dtype).view(-1, *picture.shape[1:]) + picture
    maps = body(moved) - body(picture)
    return torch.where(maps.abs() > 1e-9, maps, 0.0).view(*picture.shape[1:], *maps.shape[1:])


def _by_changing(body: nn.Module, picture: Tensor, row: int, column: int) -> Tensor:
    return _change(body, picture)[..., row, column].ne(0).any(-1).any(0)


_WRONG_FIELDS: dict[str, Function] = {
    "whole_map": lambda body, picture, *_: _change(body, picture).ne(0).flatten(3).any(-1).any(0),
    "place_exchanged": lambda body, picture, row, column: _by_changing(body, picture, column, row),
    "positive_only": lambda body, picture, row, column: (
        _change(body, picture)[..., row, column].sum(-1).gt(0).any(0)
    ),
    "first_channel_only": lambda body, picture, row, column: (
        _change(body, picture)[0, ..., row, column].ne(0).any(-1)
    ),
    "channels_kept": lambda body, picture, row, column: (
        _change(body, picture)[..., row, column].ne(0).any(-1)
    ),
}

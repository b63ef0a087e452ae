"""Checks of lab 5: dropout by what its draws look like, batch norm against torch's own."""

import math
from collections.abc import Callable, Iterator
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F  # noqa: N812

from retinue.lessons.checks.lab5_parts import compare_parts, tensor_like
from retinue.lessons.comparing import Function, require_function
from retinue.lessons.question import WrongError

NEAR = 0.05  # shares of 10,000 draws are nearer than this, but for one chance in many millions
Maker = Callable[..., Tensor]


def check_dropout(answer: Any) -> None:
    """Whether it drops as often as it should, all numbers by themselves, and in train mode only.

    Raises:
        WrongError: it does not.
    """
    require_function(answer)
    for p in (0.2, 0.7):
        x = 1 + torch.rand(200, 50)
        given = x.clone()
        case = f"for x of 200 x 50 random numbers from 1 to 2 and p = {p}"
        train = tensor_like(answer(given, p, True), x, f"{case}, training=True")
        if not torch.equal(given, x):
            raise WrongError(f"{case}: x itself has changed", "input_changed")
        still = tensor_like(answer(x.clone(), p, False), x, f"{case}, training=False")
        if (train != 0).all():
            mistake = "modes_exchanged" if (still == 0).any() else "nothing_dropped"
            raise WrongError(f"{case}, training=True: nothing is dropped", mistake)
        _judge_mask(train != 0, case)
        _judge_modes(x, train, still, p, case)
        if torch.equal(train != 0, tensor_like(answer(x.clone(), p, True), x, case) != 0):
            raise WrongError(f"{case}: a second call drops the same", "same_mask_each_time")
    x = 1 + torch.rand(5, 7)
    _require_close(tensor_like(answer(x, 0.0, True), x, "for p = 0"), x, "for p = 0 all stays")


def _judge_modes(x: Tensor, train: Tensor, still: Tensor, p: float, case: str) -> None:
    dropped = float((train == 0).double().mean())
    told = f"{case}, training=True: {dropped:.0%} of the numbers are 0, expected about {p:.0%}"
    if abs(dropped - p) > NEAR:
        raise WrongError(told, "keeps_with_p" if abs(dropped - (1 - p)) < NEAR else None)
    factors = (train / x)[train != 0]
    told = f"{case}, training=True: what is kept is multiplied by {float(factors.mean()):.4g}"
    if not _close(factors, torch.full_like(factors, 1 / (1 - p))):
        if not _close(factors, torch.ones_like(factors)):
            raise WrongError(told, "scaled_wrongly" if factors.std() < 1e-4 else None)
        raise WrongError(told, "scaled_at_test" if _close(still, x * (1 - p)) else "not_scaled")
    told = f"{case}, training=False: gives other numbers than x"
    if (still == 0).any():
        raise WrongError(told, "drops_in_eval")
    if not _close(still, x):
        raise WrongError(told, "scaled_in_eval" if (still / x).std() < 1e-4 else None)


def _judge_mask(kept: Tensor, case: str) -> None:
    if (kept == kept[:1]).all():
        raise WrongError(f"{case}: all rows lose the same numbers", "one_mask_for_all_rows")
    if (kept == kept[:, :1]).all():
        raise WrongError(f"{case}: a row is kept or lost as a whole", "whole_rows")


def check_batch_norm(answer: Any) -> None:
    """Whether output and memory are those of `torch.nn.functional.batch_norm`.

    Raises:
        WrongError: they are not.
    """
    compare_parts(
        answer,
        list(_batches()),
        _by_torch,
        {
            "the output y": _WRONG_OUTPUTS,
            "the running mean": _WRONG_MEANS,
            "the running variance": _WRONG_VARIANCES,
        },
        lambda x, *_: f"for x of shape {tuple(x.shape)}, training={_[2]}",
    )


def _batches() -> Iterator[tuple[Any, ...]]:
    for number, shape in enumerate([(3, 2, 2, 3), (2, 4, 3, 1), (5, 3, 4, 4), (2, 2, 2, 2)]):
        draws = torch.Generator().manual_seed(number)
        spread = 1e-3 if number == 3 else 3.0  # where it hardly varies eps counts
        level = torch.randn(1, shape[1], 1, 1, generator=draws)
        x = level + spread * torch.randn(shape, generator=draws)
        mean, var = torch.randn(shape[1], generator=draws), torch.rand(shape[1], generator=draws)
        for training in (True, False):
            yield x, mean, var + 0.5, training, 0.3 if number == 2 else 0.1, 1e-5


def _by_torch(
    x: Tensor, mean: Tensor, var: Tensor, training: bool, momentum: float, eps: float
) -> tuple[Tensor, Tensor, Tensor]:
    y = F.batch_norm(x, mean, var, training=training, momentum=momentum, eps=eps)
    return y, mean, var


def _scaled_from(axes: tuple[int, ...]) -> Function:
    """Train mode with statistics over other axes."""

    def make(x: Tensor, *rest: Any) -> Tensor:
        var, eps = x.var(axes, correction=0, keepdim=True), float(rest[4])
        return (x - x.mean(axes, True)) / (var + eps).sqrt()

    return make


def _with_root(root: Callable[[Tensor, float], Tensor]) -> Function:
    """What stands below the fraction is made otherwise, in both modes."""

    def make(x: Tensor, mean: Tensor, var: Tensor, training: bool, _: float, eps: float) -> Tensor:
        if training:
            mean, var = x.mean((0, 2, 3)), x.var((0, 2, 3), correction=0)
        return (x - mean[:, None, None]) / root(var[:, None, None], eps)

    return make


def _not_centred(x: Tensor, *rest: Any) -> Tensor:
    spread = x.var((0, 2, 3), correction=0) if rest[2] else rest[1]
    return F.batch_norm(x, torch.zeros_like(spread), spread, eps=rest[4])


def _unbiased(x: Tensor, *rest: Any) -> Tensor:
    n = x.numel() / x.shape[1]
    share, eps = (n - 1) / n, float(rest[4])
    return F.batch_norm(x, None, None, training=True, eps=eps * share) * math.sqrt(share)


_WRONG_OUTPUTS: dict[str, Function] = {
    "over_pictures_only": _scaled_from((0,)),
    "over_everything": _scaled_from((0, 1, 2, 3)),
    "each_picture_by_itself": _scaled_from((2, 3)),
    "unbiased_in_output": _unbiased,
    "eps_outside": _with_root(lambda var, eps: var.sqrt() + eps),
    "eps_forgotten": _with_root(lambda var, _: var.sqrt()),
    "variance_for_deviation": _with_root(lambda var, eps: var + eps),
    "mean_not_taken_away": _not_centred,
    "eval_uses_batch": lambda x, *rest: F.batch_norm(x, None, None, training=True, eps=rest[4]),
    "train_uses_memory": lambda x, mean, var, *rest: F.batch_norm(x, mean, var, eps=rest[2]),
}


def _memory(part: int, momentum: Callable[[float], float] = lambda m: m) -> Function:
    """The memory as torch keeps it in train mode, with another momentum."""

    def make(x: Tensor, mean: Tensor, var: Tensor, _: bool, given: float, eps: float) -> Tensor:
        return _by_torch(x, mean, var, True, momentum(given), eps)[part]

    return make


def _variance_of(make: Callable[[Tensor], Tensor]) -> Function:
    """The memory of the variance where something else of the batch goes into it."""

    def made(x: Tensor, _: Tensor, var: Tensor, __: bool, momentum: float, eps: float) -> Tensor:
        return torch.lerp(var, make(x), momentum)

    return made


_WRONG_MEANS: dict[str, Function] = {
    "momentum_reversed": _memory(1, lambda m: 1 - m),
    "memory_written_in_eval": _memory(1),
    "memory_not_written": lambda x, mean, *_: mean,
}
_WRONG_VARIANCES: dict[str, Function] = {
    "momentum_reversed": _memory(2, lambda m: 1 - m),
    "memory_written_in_eval": _memory(2),
    "memory_not_written": lambda x, mean, var, *_: var,
    "biased_in_memory": _variance_of(lambda x: x.var((0, 2, 3), correction=0)),
    "deviation_in_memory": _variance_of(lambda x: x.std((0, 2, 3))),
}


def _require_close(got: Tensor, expected: Tensor, told: str) -> None:
    if not _close(got, expected):
        raise WrongError(f"{told}, and it does not")


def _close(got: Tensor, expected: Tensor) -> bool:
    return bool(torch.allclose(got, expected, rtol=1e-4, atol=1e-6))

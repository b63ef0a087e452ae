"""Check of lab 5: a step of AdamW against torch's own."""

from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor

from retinue.lessons.checks.lab5_parts import compare_parts
from retinue.lessons.comparing import Function

_Betas = tuple[float, float]


def check_adamw_step(answer: Any) -> None:
    """Whether the weights and both means are those of `torch.optim.AdamW`.

    Raises:
        WrongError: they are not.
    """
    compare_parts(
        answer,
        list(_cases()),
        _by_torch,
        {
            "the weights w": _WRONG_WEIGHTS,
            "the mean m": {"corrected_given_back": _corrected(1), "means_not_given_back": _old(2)},
            "the mean v": {"corrected_given_back": _corrected(2), "means_not_given_back": _old(3)},
        },
        lambda w, *rest: (
            f"for {len(w)} weights, t = {rest[3]}, lr = {rest[4]:g}, decay = {rest[5]:g}"
        ),
    )


def _cases() -> Iterator[tuple[Any, ...]]:
    for number, (t, lr, decay) in enumerate([(1, 0.1, 0.2), (2, 0.05, 0.4), (7, 0.2, 0.1)]):
        draws = torch.Generator().manual_seed(number)
        w, g, m, v = torch.randn(4, 6, generator=draws, dtype=torch.float64)
        begins = t == 1
        m, v = (torch.zeros_like(w), torch.zeros_like(w)) if begins else (0.3 * m, v**2 / 10)
        yield w, 2 * g, m, v, t, lr, decay, (0.8, 0.95) if number == 2 else (0.9, 0.999), 1e-8


def _by_torch(
    w: Tensor,
    g: Tensor,
    m: Tensor,
    v: Tensor,
    t: int,
    lr: float,
    decay: float,
    betas: _Betas,
    eps: float,
    kind: type[torch.optim.Optimizer] = torch.optim.AdamW,
) -> tuple[Tensor, Tensor, Tensor]:
    """The step that an optimiser of torch makes from there on."""
    weight = w.clone().requires_grad_()
    settings: dict[str, Any] = {"lr": lr, "weight_decay": decay, "betas": betas, "eps": eps}
    optimiser = kind([weight], **settings)
    memory = {"step": torch.tensor(float(t - 1)), "exp_avg": m.clone(), "exp_avg_sq": v.clone()}
    optimiser.state[weight] = memory
    weight.grad = g.clone()
    optimiser.step()
    state = optimiser.state[weight]
    return weight.detach(), state["exp_avg"], state["exp_avg_sq"]


def _with_decay(decay: float, *arguments: Any) -> Tensor:
    """The weights of the step with another decay."""
    given = list(arguments)
    given[6] = decay
    return _by_torch(*given)[0]


def _uncorrected(*given: Any) -> Tensor:
    """Far along in a training nothing is corrected any more."""
    late = list(given)
    late[4] = 10**7
    return _by_torch(*late)[0]


def _counted_from_zero(*given: Any) -> Tensor:
    late = list(given)
    late[4] += 1
    return _by_torch(*late)[0]


def _through_the_means(*given: Any) -> Tensor:
    """Torch's Adam adds the decay to the gradient."""
    asked = [*given, torch.optim.Adam]
    return _by_torch(*asked)[0]


def _uphill(*given: Any) -> Tensor:
    still = _with_decay(0.0, *given)
    moved: Tensor = given[0] * (1 - given[5] * given[6]) - (still - given[0])
    return moved


_WRONG_WEIGHTS: dict[str, Function] = {
    "decay_in_gradient": _through_the_means,
    "decay_without_rate": lambda *given: _with_decay(given[6] / given[5], *given),
    "decay_grows": lambda *given: 2 * _with_decay(0.0, *given) - _by_torch(*given)[0],
    "decay_forgotten": lambda *given: _with_decay(0.0, *given),
    "no_bias_correction": _uncorrected,
    "counts_from_zero": _counted_from_zero,
    "uphill": _uphill,
}


def _corrected(part: int) -> Function:
    """A mean with its correction."""

    def make(*given: Any) -> Tensor:
        share: float = 1 - given[7][part - 1] ** given[4]
        return _by_torch(*given)[part] / share

    return make


def _old(place: int) -> Function:
    """The mean that was given, as it was."""

    def make(*given: Any) -> Any:
        return given[place]

    return make

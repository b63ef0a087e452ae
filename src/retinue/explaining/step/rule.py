"""How an optimiser moves a single weight, written out in letters and in numbers."""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from retinue.training.muon import Muon


@dataclass(frozen=True)
class OneWeight:
    """One weight before its update: its gradient, and what the optimiser knows of it.

    `group` holds the settings of its group of weights; `state` its own running numbers, such as
    the momentum.
    """

    value: float
    gradient: float
    kind: type[torch.optim.Optimizer]
    group: Mapping[str, Any]
    state: Mapping[str, float]

    @property
    def lr(self) -> float:
        """The learning rate of its group."""
        return float(self.group["lr"])


@dataclass(frozen=True)
class Line:
    """One line of a rule: in letters and in numbers."""

    letters: str
    numbers: str


Rule = Callable[[OneWeight], tuple[list[Line], float]]


def one_weight(
    optimiser: torch.optim.Optimizer, weight: nn.Parameter, gradient: Tensor, index: tuple[int, ...]
) -> OneWeight:
    """What the optimiser knows of the weight at that index of a tensor, before its step."""
    state = {
        key: float(value[index] if value.shape == weight.shape else value)
        for key, value in optimiser.state.get(weight, {}).items()
        if isinstance(value, Tensor)
    }
    group = _group_of(optimiser, weight)
    value = float(weight.detach()[index])
    return OneWeight(value, float(gradient[index]), type(optimiser), group, state)


def moves_alone(optimiser: torch.optim.Optimizer, weight: nn.Parameter) -> bool:
    """Whether each weight of a tensor moves by its own gradient: muon turns kernels as a whole."""
    return _rule_for(type(optimiser), _group_of(optimiser, weight)) is not None


def written_out(one: OneWeight) -> tuple[tuple[str, ...], tuple[str, ...], float | None]:
    """The rule in letters, the same lines in numbers, and the weight after it in double precision.

    Nothing where the optimiser treats whole matrices at once.
    """
    rule = _rule_for(one.kind, one.group)
    if rule is None:
        return (), (), None
    lines, after = rule(one)
    return tuple(line.letters for line in lines), tuple(line.numbers for line in lines), after


def _group_of(optimiser: torch.optim.Optimizer, weight: nn.Parameter) -> dict[str, Any]:
    """The settings of the group that a tensor is in."""
    for group in optimiser.param_groups:
        if any(one is weight for one in group["params"]):
            return {key: value for key, value in group.items() if key != "params"}
    return {"lr": 0.0}  # of a weight that the optimiser does not have


def _rule_for(kind: type[torch.optim.Optimizer], group: Mapping[str, Any]) -> Rule | None:
    """What moves the weights of a group, of one kind of optimiser; None where there is no rule."""
    if "momentum" in group and (issubclass(kind, torch.optim.SGD) or "decay" in group):
        return _sgd
    if "betas" in group and issubclass(kind, torch.optim.Adam | torch.optim.AdamW):
        return _adam
    return None


def _sgd(one: OneWeight) -> tuple[list[Line], float]:
    """Plain descent, or with Nesterov's momentum as torch has it, whose rate is outside of it.

    Sutskever, Martens, Dahl and Hinton, "On the importance of initialization and momentum in deep
    learning", 2013.
    """
    decay = one.group["decay" if issubclass(one.kind, Muon) else "weight_decay"]
    lines, step, letter = _with_decay(one, decay)
    momentum = one.group["momentum"]
    if momentum:
        old = one.state.get("momentum_buffer", one.state.get("momentum", 0.0))
        new = momentum * old + step
        ahead = step + momentum * new
        lines += [
            Line(
                f"v ← {momentum:g} · v + {letter}",
                f"{momentum:g} · {_in(old)} + {_in(step)} = {_out(new)}",
            ),
            Line(
                f"u = {letter} + {momentum:g} · v",
                f"{_out(step)} + {momentum:g} · {_in(new)} = {_out(ahead)}",
            ),
        ]
        step, letter = ahead, "u"
    after = one.value - one.lr * step
    moved = f"{_out(one.value)} - {_out(one.lr)} · {_in(step)} = {_out(after)}"
    return [*lines, Line(f"w ← w - lr · {letter}", moved)], after


def _adam(one: OneWeight) -> tuple[list[Line], float]:
    """Adam (Kingma and Ba 2015, arXiv:1412.6980), or AdamW (Loshchilov and Hutter 2019)."""
    decoupled = issubclass(one.kind, torch.optim.AdamW)
    lines, gradient, letter = _with_decay(one, 0.0 if decoupled else one.group["weight_decay"])
    value, decay = one.value, one.group["weight_decay"]
    if decoupled and decay:
        value -= one.lr * decay * value
        shrunk = f"{_out(one.value)} - {_out(one.lr)} · {decay:g} · {_in(one.value)}"
        lines.append(Line(f"w ← w - lr · {decay:g} · w", f"{shrunk} = {_out(value)}"))
    (first, second), eps = one.group["betas"], one.group["eps"]
    count = round(one.state.get("step", 0)) + 1
    more, mean = _averaged("m", letter, first, one.state.get("exp_avg", 0.0), gradient, count)
    lines += more
    old = one.state.get("exp_avg_sq", 0.0)
    more, square = _averaged("s", f"{letter}²", second, old, gradient**2, count)
    lines += more
    root = math.sqrt(square)
    after = value - one.lr * mean / (root + eps)
    moved = f"{_out(value)} - {_out(one.lr)} · {_in(mean)} / ({_out(root)} + {eps:g})"
    return [*lines, Line(f"w ← w - lr · m' / (√s' + {eps:g})", f"{moved} = {_out(after)}")], after


def _averaged(
    letter: str, of: str, beta: float, old: float, value: float, count: int
) -> tuple[list[Line], float]:
    """A running average over the steps, and without its pull towards the 0 with which it began."""
    new = beta * old + (1 - beta) * value
    unbiased = new / (1 - beta**count)
    return [
        Line(
            f"{letter} ← {beta:g} · {letter} + {1 - beta:g} · {of}",
            f"{beta:g} · {_in(old)} + {1 - beta:g} · {_in(value)} = {_out(new)}",
        ),
        Line(
            f"{letter}' = {letter} / (1 - {beta:g}^{count})",
            f"{_out(new)} / {1 - beta**count:.5g} = {_out(unbiased)}",
        ),
    ], unbiased


def _with_decay(one: OneWeight, decay: float) -> tuple[list[Line], float, str]:
    """The gradient to which the decay adds its pull towards zero, and the letter it then has."""
    if not decay:
        return [], one.gradient, "g"
    pulled = one.gradient + decay * one.value
    numbers = f"{_out(one.gradient)} + {decay:g} · {_in(one.value)} = {_out(pulled)}"
    return [Line(f"d = g + {decay:g} · w", numbers)], pulled, "d"


def _out(value: float) -> str:
    """A number with five digits."""
    return f"{value:.5g}"


def _in(value: float) -> str:
    """The same after a sign: a negative number in brackets."""
    return f"({_out(value)})" if value < 0 else _out(value)

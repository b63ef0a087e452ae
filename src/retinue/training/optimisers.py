"""The optimisers by name."""

from collections.abc import Callable, Sequence
from typing import Any

import torch
import torch._dynamo  # the first optimiser would import it, within the time that training takes
from torch import nn

from retinue.errors import UsageError
from retinue.recipe import Recipe
from retinue.training.muon import Muon
from retinue.training.unfreezing import Part

Groups = list[dict[str, Any]]


def make_optimiser(
    model: nn.Module, recipe: Recipe, precision: str, parts: Sequence[Part] = ()
) -> torch.optim.Optimizer:
    """The recipe's optimiser over the weights that train; no decay on norms and biases.

    Every group's `lr_scale`, where it has one, is its share of the learning rate: that of the
    network's `parts`, where they are given.

    Raises:
        UsageError: muon, which has one rate, cannot train parts.
    """
    lr = float(recipe.lr)
    if recipe.opt == "muon" and parts:
        raise UsageError("--opt muon: not with :finetune, whose parts learn at rates of their own")
    if recipe.opt == "muon":
        return Muon(
            model,
            lr=lr,
            momentum=recipe.momentum,
            rest_lr=recipe.rest_lr,
            rest_momentum=recipe.rest_momentum,
            rest_decay=recipe.weight_decay,
            dtype=torch.bfloat16 if precision == "bf16" else torch.float32,
        )
    scaled = [(part.weights, part.lr_scale) for part in parts]
    groups: Groups = []
    for weights, scale in scaled or [(tuple(model.parameters()), 1.0)]:
        trained = [weight for weight in weights if weight.requires_grad]
        matrices = [weight for weight in trained if weight.ndim > 1]
        vectors = [weight for weight in trained if weight.ndim <= 1]
        groups += [
            {"params": matrices, "weight_decay": recipe.weight_decay, "lr_scale": scale},
            {"params": vectors, "weight_decay": 0.0, "lr_scale": scale},
        ]
    groups = [group for group in groups if group["params"]]
    return OPTIMISERS[recipe.opt](groups, lr, recipe.momentum)


def _sgd(groups: Groups, lr: float, momentum: float) -> torch.optim.Optimizer:
    return torch.optim.SGD(groups, lr=lr, momentum=momentum, nesterov=momentum > 0)


def _adam(groups: Groups, lr: float, momentum: float) -> torch.optim.Optimizer:
    return torch.optim.Adam(groups, lr=lr, betas=(momentum, 0.999))


def _adamw(groups: Groups, lr: float, momentum: float) -> torch.optim.Optimizer:
    return torch.optim.AdamW(groups, lr=lr, betas=(momentum, 0.999))


OPTIMISERS: dict[str, Callable[[Groups, float, float], torch.optim.Optimizer]] = {
    "sgd": _sgd,
    "adam": _adam,
    "adamw": _adamw,
}

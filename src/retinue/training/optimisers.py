"""The optimisers by name."""

from collections.abc import Callable
from typing import Any

import torch
import torch._dynamo  # the first optimiser would import it, within the time that training takes
from torch import nn

from retinue.recipe import Recipe
from retinue.training.muon import Muon

Groups = list[dict[str, Any]]


def make_optimiser(model: nn.Module, recipe: Recipe, precision: str) -> torch.optim.Optimizer:
    """The recipe's optimiser over the weights that train; no decay on norms and biases.

    Every group's `lr_scale`, where it has one, is its share of the learning rate.
    """
    lr = float(recipe.lr)
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
    trained = [weight for weight in model.parameters() if weight.requires_grad]
    matrices = [weight for weight in trained if weight.ndim > 1]
    vectors = [weight for weight in trained if weight.ndim <= 1]
    groups = [
        {"params": matrices, "weight_decay": recipe.weight_decay},
        {"params": vectors, "weight_decay": 0.0},
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

"""Lab 8: only the head learns, and the backbone stays as it is."""

import copy
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from retinue.lessons.comparing import require_function, same, shown
from retinue.lessons.question import WrongError

HINTS = {
    "head_frozen_too": (
        "Nothing learns any more: no weight asks for a gradient, or the head is where it was. "
        "Which part must still learn?"
    ),
    "backbone_learns": (
        "Weights of the backbone have moved. Which weights does the optimiser know, and which of "
        "them ask for a gradient?"
    ),
    "batch_norm_moves": (
        "No weight of the backbone has moved, but its batch norms have new running statistics. "
        "They take them from every batch in one of the two modes: which?"
    ),
    "gradients_for_nothing": (
        "The backbone stays as it is, but its gradients are computed all the same, and that is "
        "most of the work. How does one tell a weight that nobody will ask?"
    ),
    "gradients_not_zeroed": (
        "The first step is right, the later ones are too long: what is still in .grad from the "
        "step before?"
    ),
}
STEPS, LR = 4, 0.5


class Network(nn.Module):
    """A backbone with a batch norm and dropout, and a head."""

    def __init__(self) -> None:
        super().__init__()
        self.backbone = nn.Sequential(
            nn.Conv2d(2, 6, 3),
            nn.BatchNorm2d(6),
            nn.ReLU(),
            nn.AdaptiveAvgPool2d(2),
            nn.Flatten(),
            nn.Dropout(0.3),
        )
        self.head = nn.Linear(24, 3)

    def forward(self, pictures: Tensor) -> Tensor:
        """Logits (N, 3) of pictures (N, 2, H, W)."""
        logits: Tensor = self.head(self.backbone(pictures))
        return logits


def check(answer: Any) -> None:
    """Whether the head is where gradient descent leads, and all else where it was."""
    require_function(answer)
    network = _practised()
    pictures, labels = torch.randn(12, 2, 7, 7) * 2 + 1, torch.arange(12) % 3
    before = copy.deepcopy(network)
    try:
        answer(network, pictures.clone(), labels.clone(), STEPS, LR)
    except RuntimeError as error:
        if "does not require grad" in str(error):
            raise WrongError(f"backward() fails: {error}", "head_frozen_too") from None
        raise
    case = f"for {len(labels)} pictures, {STEPS} steps\n"
    _check_backbone(network, before, case)
    if same(network.head.weight, before.head.weight):
        raise WrongError(f"{case}the head has not changed", "head_frozen_too")
    _check_head(network, before, pictures, labels, case)


def _practised() -> Network:
    """A network whose batch norm has seen pictures already, as one with published weights."""
    network = Network()
    with torch.no_grad():
        network.train()(torch.randn(64, 2, 7, 7))
    return network


def _check_backbone(network: Network, before: Network, case: str) -> None:
    for name, weight in before.backbone.named_parameters():
        if not same(network.backbone.get_parameter(name), weight, 1e-9):
            raise WrongError(f"{case}backbone.{name} has changed", "backbone_learns")
    for name, value in before.backbone.named_buffers():
        if not same(network.backbone.get_buffer(name), value, 1e-9):
            raise WrongError(f"{case}backbone.{name} has changed", "batch_norm_moves")
    for name, weight in network.backbone.named_parameters():
        if weight.grad is not None:
            told = f"{case}backbone.{name} has a gradient"
            raise WrongError(told, "gradients_for_nothing")


def _check_head(
    network: Network, before: Network, pictures: Tensor, labels: Tensor, case: str
) -> None:
    with torch.no_grad():
        features = before.backbone.eval()(pictures).double().numpy()
    expected = _descended(before.head, features, labels, keep=0)
    got = network.head.weight
    if same(got, expected, 1e-4):
        return
    mistake = None
    if same(got, _descended(before.head, features, labels, keep=1), 1e-4):
        mistake = "gradients_not_zeroed"
    raise WrongError(
        f"{case}head.weight is {shown(got)}\nexpected {shown(expected)} (plain SGD)", mistake
    )


def _descended(head: nn.Linear, features: Any, labels: Tensor, keep: float) -> Any:
    """The weight of softmax regression after the steps, by its closed-form gradient.

    `keep` is the share of the gradient before that stays in it.
    """
    rows = np.hstack([features, np.ones((len(features), 1))])
    weights = torch.cat([head.weight, head.bias[:, None]], 1).detach().double().numpy().T
    wanted = np.eye(3)[labels.numpy()]
    slope = np.zeros_like(weights)
    for _ in range(STEPS):
        said = np.exp(rows @ weights)
        said /= said.sum(1, keepdims=True)
        slope = keep * slope + rows.T @ (said - wanted) / len(rows)
        weights = weights - LR * slope
    return weights[:-1].T

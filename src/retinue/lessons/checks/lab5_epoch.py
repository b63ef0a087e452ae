"""Check of lab 5: an epoch is watched as it trains and measures."""

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812

from retinue.lessons.comparing import require_function, same, shown
from retinue.lessons.question import WrongError

_Batches = Sequence[tuple[Tensor, Tensor]]
CLASSES, SIDE = 3, 3
TRAIN, VAL, CHANGED = 0.5, 0.25, 0.125  # what the first two pixels of a picture tell of it


class _Watched(nn.Module):
    """A linear network that notes what reaches it, and in which mode."""

    def __init__(self) -> None:
        super().__init__()
        self.layer = nn.Linear(SIDE * SIDE, CLASSES)
        self.seen: list[tuple[Tensor, bool]] = []

    def forward(self, pictures: Tensor) -> Tensor:
        self.seen.append((pictures.detach().clone(), self.training))
        logits: Tensor = self.layer(pictures.flatten(1))
        return logits


class _Watching(torch.optim.SGD):
    """An optimiser that notes the gradients with which it is asked to make a step."""

    def __init__(self, model: _Watched) -> None:
        super().__init__(model.parameters(), lr=0.5)
        self.model = model
        self.steps: list[tuple[int, Tensor, Tensor]] = []

    def step(self, closure: Any = None) -> Any:
        """Note how much was seen by now, the weights, and their gradient; then the step."""
        weight = self.model.layer.weight
        gradient = torch.zeros_like(weight) if weight.grad is None else weight.grad
        both = torch.cat([weight, self.model.layer.bias[:, None]], 1).detach().clone()
        self.steps.append((len(self.model.seen), both, gradient.clone()))
        return super().step(closure)


def check_one_epoch(answer: Any) -> None:
    """Whether it trains on changed training pictures, and measures on val as it is.

    Raises:
        WrongError: what it does otherwise.
    """
    require_function(answer)
    for seed, is_training in ((0, False), (1, True)):
        torch.manual_seed(seed)
        model = _Watched().train(is_training)
        optimiser = _Watching(model)
        train, val = _batches([6, 6, 4], TRAIN), _batches([7, 7, 2], VAL)
        got = answer(model, optimiser, train, val, _changed)
        _judge_passes(model.seen)
        _judge_steps(model.seen, optimiser.steps, train)
        _judge_share(got, model.layer, train, val)


def _batches(sizes: Sequence[int], kind: float) -> list[tuple[Tensor, Tensor]]:
    """Random pictures of which the first pixel says whose they are."""
    pictures = [torch.randn(size, 1, SIDE, SIDE) for size in sizes]
    for one in pictures:
        one[:, 0, 0, 0], one[:, 0, 0, 1] = kind, 0
    return [(one, torch.randint(CLASSES, (len(one),))) for one in pictures]


def _changed(pictures: Tensor) -> Tensor:
    """The augmentation: the second pixel says that it was here."""
    changed = pictures.clone()
    changed[:, 0, 0, 1] = CHANGED
    changed[:, 0, 1:] = changed[:, 0, 1:].flip(-1)
    return changed


def _judge_passes(seen: Sequence[tuple[Tensor, bool]]) -> None:
    """All pictures in the right mode, and changed where they may be."""
    for pictures, is_training in seen:
        is_val = bool((pictures[:, 0, 0, 0] == VAL).all())
        is_changed = bool((pictures[:, 0, 0, 1] == CHANGED).any())
        if is_val and is_changed:
            raise WrongError("a batch of val came to the network augmented", "val_augmented")
        if is_val and is_training:
            raise WrongError("the network saw val in train mode", "eval_forgotten")
    for pictures, is_training in seen:
        if (pictures[:, 0, 0, 0] == VAL).all() or is_training:
            continue
        if not (pictures[:, 0, 0, 1] == CHANGED).all():
            continue  # training pictures may be measured too
        raise WrongError("the network trained in eval mode", "train_mode_forgotten")


def _judge_steps(
    seen: Sequence[tuple[Tensor, bool]],
    steps: Sequence[tuple[int, Tensor, Tensor]],
    train: _Batches,
) -> None:
    """A step for each training batch, with the gradient of that batch's loss."""
    for number, (passes, weights, gradient) in enumerate(steps):
        pictures = seen[passes - 1][0] if passes else torch.zeros(1, 1, SIDE, SIDE)
        case = f"in step {number + 1}"
        if (pictures[:, 0, 0, 0] == VAL).all():
            raise WrongError(f"{case} the network learns from val", "val_learnt")
        if not (pictures[:, 0, 0, 1] == CHANGED).all():
            raise WrongError(f"{case} the pictures are as they were", "train_not_augmented")
        labels = next((y for x, y in train if torch.equal(_changed(x), pictures)), None)
        if labels is None:
            raise WrongError(f"{case} the network learns from pictures that are no batch of train")
        _judge_gradient(weights, gradient, pictures, labels, number)
    if not steps:
        raise WrongError("no step of the optimiser", "no_step")
    if len(steps) != len(train):
        raise WrongError(f"{len(steps)} steps for {len(train)} batches of train")


def _judge_gradient(
    weights: Tensor, gradient: Tensor, pictures: Tensor, labels: Tensor, number: int
) -> None:
    right = _gradient(weights, pictures, labels, softmax=False)
    if torch.allclose(gradient, right, atol=1e-5):
        return
    case = f"in step {number + 1} the gradients are not those of its batch's loss"
    if not gradient.any():
        raise WrongError(f"in step {number + 1} all gradients are zero", "zeroed_before_step")
    if torch.allclose(gradient, _gradient(weights, pictures, labels, softmax=True), atol=1e-5):
        raise WrongError(case, "softmax_twice")
    raise WrongError(case, "gradients_not_zeroed" if number else None)


def _gradient(weights: Tensor, pictures: Tensor, labels: Tensor, softmax: bool) -> Tensor:
    """Of the loss with respect to the weights, the bias in the last column."""
    weights = weights.clone().requires_grad_()
    logits = pictures.flatten(1) @ weights[:, :-1].T + weights[:, -1]
    loss = F.cross_entropy(logits.softmax(1) if softmax else logits, labels)
    return torch.autograd.grad(loss, weights)[0][:, :-1]


@torch.no_grad()
def _judge_share(got: Any, layer: nn.Linear, train: _Batches, val: _Batches) -> None:
    hits = [(layer(x.flatten(1)).argmax(1) == y).float() for x, y in val]
    known = [(layer(_changed(x).flatten(1)).argmax(1) == y).float() for x, y in train]
    plain = [(layer(x.flatten(1)).argmax(1) == y).float() for x, y in train]
    right = float(torch.cat(hits).mean())
    if same(got, right):
        return
    case = f"gives {shown(got)}, expected {right:.6g}"
    mistaken = {
        "count_for_share": [float(torch.cat(hits).sum())],
        "mean_of_batches": [float(torch.stack([one.mean() for one in hits]).mean())],
        "train_accuracy": [float(torch.cat(one).mean()) for one in (known, plain)],
    }
    for name, values in mistaken.items():
        if any(same(got, value) for value in values):
            raise WrongError(case, name)
    raise WrongError(case)

"""Lab 3: one update by hand, and one epoch by the four steps, watched while they are done."""

from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F  # noqa: N812

from retinue.lessons.checks.lab3_probes import Batch, Watched, WatchedSGD, batches
from retinue.lessons.comparing import require_function, same, shown
from retinue.lessons.question import WrongError

Tensors = list[Tensor]
RATE = 0.3
SIZES = (6, 6, 2)  # pictures a batch: not all of one size

STEP_HINTS = {
    "sign_wrong": "The gradient points to where the loss rises. Where do you want to go?",
    "gradients_not_zeroed": "There was an old gradient in each weight's .grad when your function "
    "began. What does backward() do with what is there already?",
    "rate_forgotten": "Every weight moved by its whole gradient. What decides how long a step is?",
    "not_in_place": "The weights are as before. A line such as w = w - ... makes a new tensor and "
    "gives it the name w; the one in the list, and in the network, does not notice.",
    "no_grad_forgotten": "PyTorch refuses, for it would have to note your update as a part of the "
    "network. How do you tell it not to note what happens in a block?",
    "backward_forgotten": "You moved by the gradients that were there before. Who computes those "
    "of this loss?",
    "learns_no_more": "After your step a weight has requires_grad=False, or is no weight of its "
    "own any more: there will be no next step. Change its numbers, and nothing else.",
}
EPOCH_HINTS = {
    "eval_mode_left_on": "The network came to you as it is used for judging. Layers such as "
    "dropout act differently in training: how do you tell the network what follows?",
    "gradients_not_zeroed": "At a backward pass the gradients of the batch before were still "
    "there. What does backward() do with them?",
    "step_before_backward": "The optimiser moved the weights before the gradients of this batch "
    "were known. What does it go by?",
    "cleared_before_step": "The optimiser had no gradients to go by: they were cleared between "
    "backward and update. When are they not needed any more?",
    "backward_forgotten": "There was no backward pass. Where should the gradients come from?",
    "step_forgotten": "The gradients are computed, but nobody moves the weights.",
    "softmax_twice": "F.cross_entropy takes logits and does the softmax itself. What do you give "
    "it?",
    "loss_summed": "The weights moved by the gradient of a sum: the more pictures a batch has, "
    "the longer the step. What does F.cross_entropy give if you ask for nothing else?",
    "mean_of_batch_means": "The last batch has fewer pictures than the others. How much should it "
    "count in the mean over all pictures?",
    "last_batch_only": "This is the loss of the last batch. What about those before it?",
    "sum_not_mean": "A sum grows with the number of pictures. The mean is asked for: divide by "
    "what?",
    "graph_kept": "The number that you return still hangs on the whole forward pass, so the "
    "memory of every batch is kept. Which method gives a tensor's plain number?",
}


_LOSSES: dict[str, Callable[[Tensor, Tensor], Tensor]] = {
    "softmax_twice": lambda logits, labels: F.cross_entropy(logits.softmax(1), labels),
    "loss_summed": lambda logits, labels: F.cross_entropy(logits, labels, reduction="sum"),
}


def check_sgd_step(answer: Any) -> None:
    """Hold `sgd_step(weights, loss, rate)` against torch's SGD, old gradients lying about."""
    require_function(answer)
    for seed in range(3):
        _check_step(answer, seed)


def check_train_epoch(answer: Any) -> None:
    """Watch `train_epoch(model, batches, optimiser)`, and hold its outcome against torch."""
    require_function(answer)
    network, given = Watched(), batches(SIZES)
    network.eval()
    got = answer(network, given, WatchedSGD(network, RATE))
    _check_order(network, len(given))
    right, losses = _trained(given, F.cross_entropy)
    if not _close(network, right):
        found = (
            name for name, loss in _LOSSES.items() if _close(network, _trained(given, loss)[0])
        )
        case = "after one epoch the weights are not those that they should be"
        raise WrongError(case, next(found, None))
    if isinstance(got, Tensor) and got.requires_grad:
        raise WrongError(f"returns {got!r}, which is more than a number", "graph_kept")
    _check_mean(got, losses)


def _check_step(answer: Callable[..., Any], seed: int) -> None:
    weights, old, loss = _problem(seed)
    given, before = list(weights), [weight.detach().clone() for weight in weights]
    new = list(torch.autograd.grad(loss, weights, retain_graph=True))
    try:
        answer(given, loss, RATE)
    except RuntimeError as error:
        if "in-place operation" in str(error) and "leaf" in str(error):
            raise WrongError(f"RuntimeError: {error}", "no_grad_forgotten") from error
        raise
    expected = _moved(before, new, -RATE)
    if all(map(_same, weights, expected)):
        if not all(weight.requires_grad and weight.is_leaf for weight in weights):
            raise WrongError("the weights moved rightly, but cannot learn on", "learns_no_more")
        return
    both = [one + other for one, other in zip(old, new, strict=True)]
    mistakes = {
        "not_in_place": before,
        "gradients_not_zeroed": _moved(before, both, -RATE),
        "sign_wrong": _moved(before, new, RATE),
        "rate_forgotten": _moved(before, new, -1),
        "backward_forgotten": _moved(before, old, -RATE),
    }
    found = (name for name, wrong in mistakes.items() if all(map(_same, weights, wrong)))
    case = (
        f"weight {shown(before[1])}, gradient {shown(new[1])}, rate {RATE}\n"
        f"becomes {shown(weights[1])}\nexpected {shown(expected[1])}"
    )
    raise WrongError(case, next(found, None))


def _problem(seed: int) -> tuple[Tensors, Tensors, Tensor]:
    """Two weights that have an old gradient each, these, and a loss that depends on the weights."""
    generator = torch.Generator().manual_seed(seed)
    inputs, targets, *drawn = (
        torch.randn(shape, generator=generator)
        for shape in ((7, 4), (7, 3), (4, 3), (3,), (4, 3), (3,))
    )
    weights, old = drawn[:2], drawn[2:]
    for weight, gradient in zip(weights, old, strict=True):
        weight.requires_grad_()
        weight.grad = gradient.clone()
    return weights, old, F.mse_loss(inputs @ weights[0] + weights[1], targets)


def _moved(before: Tensors, gradients: Tensors, by: float) -> Tensors:
    return [weight + by * slope for weight, slope in zip(before, gradients, strict=True)]


def _same(one: Tensor, other: Tensor) -> bool:
    return same(one, other)


def _check_order(network: Watched, count: int) -> None:
    """See that each batch had a forward pass in training, a backward pass and an update."""
    notes = network.notes
    order = [one for at, one in enumerate(notes.order) if notes.order[at - 1 : at] != [one]]
    case = f"{count} batches gave this order: {', '.join(order[:9])}"
    for name, mistake in (("backward", "backward_forgotten"), ("step", "step_forgotten")):
        if name not in order:
            raise WrongError(case, mistake)
    if not all(notes.in_training):
        raise WrongError("the network was asked while it was in eval mode", "eval_mode_left_on")
    if order.index("step") < order.index("backward"):
        raise WrongError(case, "step_before_backward")
    if not all(notes.cleared):
        raise WrongError(
            "a backward pass found gradients of the one before", "gradients_not_zeroed"
        )
    if not all(notes.ready):
        raise WrongError("an update found no gradients", "cleared_before_step")
    if order != ["forward", "backward", "step"] * count:
        raise WrongError(f"{case}\nexpected for each batch: forward, backward, step")


def _trained(given: Sequence[Batch], loss: Callable[..., Tensor]) -> tuple[Watched, Tensors]:
    """A network after one epoch, and the losses (n,) of each batch's pictures on the way."""
    network, losses = Watched(), []
    optimiser = torch.optim.SGD(network.parameters(), lr=RATE)
    for pictures, labels in given:
        network.zero_grad()
        logits = network(pictures)
        losses.append(F.cross_entropy(logits.detach(), labels, reduction="none"))
        loss(logits, labels).backward()
        optimiser.step()
    return network, losses


def _close(one: Watched, other: Watched) -> bool:
    return all(map(_same, one.parameters(), other.parameters()))


def _check_mean(got: Any, losses: Tensors) -> None:
    expected = torch.cat(losses).mean().item()
    if same(got, expected):
        return
    means = torch.stack([one.mean() for one in losses])
    mistakes = {
        "mean_of_batch_means": means.mean(),
        "last_batch_only": means[-1],
        "sum_not_mean": torch.cat(losses).sum(),
    }
    found = [name for name, wrong in mistakes.items() if same(got, wrong.item())]
    if same(got, means.sum().item()):
        found = ["sum_not_mean"]
    case = f"batches of {', '.join(map(str, SIZES))}: returns {shown(got)}, expected {expected:.6g}"
    raise WrongError(case, found[0] if found else None)

"""Lab 3: judging a network, and keeping the best of its epochs, watched while it is done."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor, nn

from retinue.lessons.checks.lab3_probes import CLASSES, Batch, Watched, batches
from retinue.lessons.comparing import require_function, same, shown
from retinue.lessons.question import WrongError

EVALUATE_HINTS = {
    "eval_mode_forgotten": "The network was still in training mode: dropout would throw values "
    "away while it is judged. How do you tell it?",
    "no_grad_forgotten": "PyTorch noted the whole forward pass, which costs memory and time, "
    "though nobody asks for gradients here. How do you switch that off?",
    "mean_of_batch_means": "The last batch has fewer pictures. Is the mean of the batches' "
    "accuracies the share of all pictures that are right?",
    "wrong_axis": "logits has the shape (pictures, classes). Along which axis do you look for the "
    "largest score of a picture?",
    "not_divided": "You counted the right ones. A share is asked for.",
    "share_of_mistakes": "A perfect network should get 1, not 0.",
    "last_batch_only": "This is the accuracy on the last batch. What about those before it?",
    "percent": "The share is asked for, from 0 to 1.",
}
FIT_HINTS = {
    "test_used": "The test pictures were looked at while you were still choosing. What is then "
    "left to tell how good the network is on pictures that nothing was fitted to?",
    "train_used": "You chose by pictures that the network learnt. Would you notice overfitting?",
    "learnt_from_others": "The network was trained on pictures that it must not learn from.",
    "last_weights": "At the end the network has the weights of its last epoch, not of its best.",
    "state_not_copied": "You loaded weights back, and they were the last ones. state_dict() gives "
    "no copy: what you kept went on changing while the training went on.",
    "patience_not_reset": "You stopped too soon: an epoch that was better starts the count anew.",
    "patience_miscounted": "Count by hand: with patience 2, training ends after the second epoch "
    "in a row that is not better than the best.",
    "never_stopped": "All epochs were trained, though the patience was at its end long before.",
    "smallest_kept": "A high accuracy is good. Which epoch do you keep?",
}


def check_evaluate(answer: Any) -> None:
    """Watch `evaluate(model, batches)`; first as many pictures a batch as classes, then unequal."""
    require_function(answer)
    for sizes in ((CLASSES, CLASSES, CLASSES), (6, 6, 2)):
        _check_accuracy(answer, batches(sizes, seed=10))


def _check_accuracy(answer: Any, given: list[Batch]) -> None:
    network = Watched()
    network.train()
    got = answer(network, given)
    if any(network.notes.in_training):
        raise WrongError("the network was asked while in training mode", "eval_mode_forgotten")
    if any(network.notes.noting):
        raise WrongError("the forward pass was noted for gradients", "no_grad_forgotten")
    with torch.no_grad():
        logits = [network(pictures) for pictures, _ in given]
    labels = [truth for _, truth in given]
    right = [(one.argmax(1) == truth).float() for one, truth in zip(logits, labels, strict=True)]
    expected = torch.cat(right).mean().item()
    if same(got, expected):
        return
    sizes = ", ".join(str(len(one)) for one in right)
    case = f"batches of {sizes}: returns {shown(got)}, expected {shown(expected)}"
    raise WrongError(case, _mistake(got, right, logits, labels))


def _mistake(
    got: Any, right: list[Tensor], logits: list[Tensor], labels: list[Tensor]
) -> str | None:
    expected = torch.cat(right).mean()
    wrong = {
        "mean_of_batch_means": torch.stack([one.mean() for one in right]).mean(),
        "not_divided": torch.cat(right).sum(),
        "share_of_mistakes": 1 - expected,
        "last_batch_only": right[-1].mean(),
        "percent": 100 * expected,
    }
    pairs = list(zip(logits, labels, strict=True))
    if all(len(truth) == CLASSES for truth in labels):
        turned = [(one.argmax(0) == truth).float() for one, truth in pairs]
        wrong["wrong_axis"] = torch.cat(turned).mean()
    return next((name for name, value in wrong.items() if same(got, value.item())), None)


@dataclass(frozen=True)
class _Course:
    """What a training would give, epoch by epoch, and what follows from it."""

    val: tuple[float, ...]
    test: tuple[float, ...]
    patience: int

    def outcome(self, patience: int, reset: bool = True, sign: int = 1) -> tuple[int, int]:
        """How many epochs are trained, and which is the best of them, counted from 1."""
        best, bad = 0, 0
        for epoch, accuracy in enumerate(self.val, 1):
            if not best or sign * accuracy > sign * self.val[best - 1]:
                best, bad = epoch, 0 if reset else bad
            else:
                bad += 1
            if bad >= patience:
                return epoch, best
        return len(self.val), best


_COURSES = (
    _Course(
        (0.30, 0.50, 0.60, 0.55, 0.58, 0.40, 0.45, 0.90),
        (0.10, 0.20, 0.30, 0.40, 0.50, 0.60, 0.70, 0.80),
        3,
    ),
    _Course((0.20, 0.40, 0.30, 0.50, 0.45, 0.60), (0.6, 0.5, 0.4, 0.3, 0.2, 0.1), 2),
    _Course((0.10, 0.30, 0.20, 0.25), (0.4, 0.3, 0.2, 0.1), 5),
)


@dataclass
class _Told:
    """In which order which pictures were learnt from or judged on."""

    learnt: list[str] = field(default_factory=list)
    judged: list[str] = field(default_factory=list)
    early_looks: int = 0  # at test pictures, before the last epoch


class _Scripted(nn.Module):
    """A network whose one weight is the number of its epochs."""

    def __init__(self) -> None:
        super().__init__()
        self.loaded = 0
        self.epochs = nn.Parameter(torch.zeros(()))

    def load_state_dict(self, *arguments: Any, **settings: Any) -> Any:
        """Take weights over, and note it."""
        self.loaded += 1
        return super().load_state_dict(*arguments, **settings)


def check_fit(answer: Any) -> None:
    """Watch `fit(model, data, train_epoch, evaluate, epochs, patience)` on scripted courses."""
    require_function(answer)
    for course in _COURSES:
        _check_course(answer, course)


def _check_course(answer: Any, course: _Course) -> None:
    network, told = _Scripted(), _Told()
    data = {name: f"the {name} pictures" for name in ("train", "val", "test")}

    def train_epoch(model: _Scripted, pictures: str) -> None:
        told.learnt.append(pictures)
        told.early_looks = told.judged.count(data["test"])
        with torch.no_grad():
            model.epochs.add_(1)

    def evaluate(model: _Scripted, pictures: str) -> float:
        told.judged.append(pictures)
        accuracies = course.test if pictures == data["test"] else course.val
        done = min(int(model.epochs), len(accuracies))
        return accuracies[done - 1] if done else 0.0

    got = answer(network, data, train_epoch, evaluate, len(course.val), course.patience)
    case = f"accuracies on val {course.val}, patience {course.patience}"
    _check_pictures(told, data)
    epochs, best = course.outcome(course.patience)
    if len(told.learnt) != epochs:
        tried = f"{case}: trained {len(told.learnt)} epochs, expected {epochs}"
        raise WrongError(tried, _miscounted(course, len(told.learnt)))
    kept = int(network.epochs)
    if kept != best:
        last = "state_not_copied" if network.loaded else "last_weights"
        smallest = kept == course.outcome(course.patience, sign=-1)[1]
        kept_least = "smallest_kept" if smallest else None
        mistake = last if kept == epochs else kept_least
        raise WrongError(f"{case}: the weights are of epoch {kept}, expected {best}", mistake)
    if not same(got, list(course.val[:epochs])):
        raise WrongError(f"{case}: returns {shown(got)}, expected {shown(course.val[:epochs])}")


def _check_pictures(told: _Told, data: dict[str, str]) -> None:
    """See that only training pictures were learnt from, and only validation chose."""
    if any(one != data["train"] for one in told.learnt):
        raise WrongError(f"train_epoch got {shown(told.learnt[-1])}", "learnt_from_others")
    if told.early_looks:
        raise WrongError("evaluate got the test pictures before the last epoch", "test_used")
    if data["val"] not in told.judged:
        mistake = "train_used" if data["train"] in told.judged else None
        raise WrongError("evaluate never got the validation pictures", mistake)


def _miscounted(course: _Course, trained: int) -> str | None:
    """Which mistake leads to so many epochs."""
    patience = course.patience
    lengths: Sequence[tuple[str, int]] = (
        ("patience_not_reset", course.outcome(patience, reset=False)[0]),
        ("smallest_kept", course.outcome(patience, sign=-1)[0]),
        ("never_stopped", len(course.val)),
        ("patience_miscounted", course.outcome(patience + 1)[0]),
        ("patience_miscounted", course.outcome(max(1, patience - 1))[0]),
    )
    return next((name for name, length in lengths if length == trained), None)

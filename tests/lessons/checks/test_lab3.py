import copy
import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from torch.nn import functional as F

from retinue.lessons.checking import outcome_of
from retinue.lessons.checks.lab3 import LAB
from retinue.lessons.outcome import Outcome

Answer = Callable[..., Any]


def probabilities(logits, axis=1):  # type: ignore[no-untyped-def]
    powers = np.exp(logits)
    return powers / powers.sum(axis=axis, keepdims=True)


def of_true(table, labels):  # type: ignore[no-untyped-def]
    return table[np.arange(len(labels)), labels]


def naive_loss(logits, labels):  # type: ignore[no-untyped-def]
    return -np.log(of_true(probabilities(logits), labels)).mean()


def loss_twice(logits, labels):  # type: ignore[no-untyped-def]
    return naive_loss(probabilities(logits), labels)


def loss_with_one_hot(logits, labels):  # type: ignore[no-untyped-def]
    one_hot = np.eye(logits.shape[1])[labels]
    return -(one_hot * np.log(probabilities(logits))).mean()


def clipped_loss(logits, labels):  # type: ignore[no-untyped-def]
    shares = probabilities(logits - logits.max(axis=1, keepdims=True))
    return -np.log(of_true(shares, labels) + 1e-12).mean()


def loss_by_math(logits, labels):  # type: ignore[no-untyped-def]
    total = 0.0
    for scores, label in zip(logits, labels, strict=True):
        powers = [math.exp(score) for score in scores]
        total -= math.log(powers[label] / sum(powers))
    return total / len(labels)


def step_with(
    sign: float = -1, clear: bool = True, backward: bool = True, by_rate: bool = True
) -> Answer:
    def sgd_step(weights, loss, rate):  # type: ignore[no-untyped-def]
        if clear:
            for weight in weights:
                weight.grad.zero_()
        if backward:
            loss.backward()
        for weight in weights:
            weight.data += sign * (rate if by_rate else 1) * weight.grad

    return sgd_step


def step_with_new_names(weights, loss, rate):  # type: ignore[no-untyped-def]
    for weight in weights:
        weight.grad = None
    loss.backward()
    for weight in weights:
        weight = weight - rate * weight.grad  # noqa: PLW2901


def step_into_the_list(weights, loss, rate):  # type: ignore[no-untyped-def]
    for weight in weights:
        weight.grad = None
    loss.backward()
    for number, weight in enumerate(weights):
        weights[number] = weight - rate * weight.grad


def step_that_is_noted(weights, loss, rate):  # type: ignore[no-untyped-def]
    for weight in weights:
        weight.grad = None
    loss.backward()
    for weight in weights:
        weight -= rate * weight.grad  # noqa: PLW2901


def step_that_ends_learning(weights, loss, rate):  # type: ignore[no-untyped-def]
    for weight in weights:
        weight.grad = None
    loss.backward()
    for weight in weights:
        weight.requires_grad_(False)
        weight -= rate * weight.grad  # noqa: PLW2901


def epoch_with(
    train: bool = True,
    order: str = "zero forward backward step",
    twice: bool = False,
    mean: str = "pictures",
    reduction: str = "mean",
) -> Answer:
    def train_epoch(model, batches, optimiser):  # type: ignore[no-untyped-def]
        if train:
            model.train()
        losses, counts = [], []
        for pictures, labels in batches:
            for part in order.split():
                if part == "zero":
                    optimiser.zero_grad()
                elif part == "forward":
                    logits = model(pictures)
                    scores = logits.softmax(1) if twice else logits
                    loss = F.cross_entropy(scores, labels, reduction=reduction)
                elif part == "backward":
                    loss.backward()
                else:
                    optimiser.step()
            losses.append(loss)
            counts.append(len(labels))
        total = sum(one.item() * count for one, count in zip(losses, counts, strict=True))
        return {
            "pictures": total / sum(counts),
            "batches": sum(one.item() for one in losses) / len(losses),
            "sum": total,
            "sum of means": sum(one.item() for one in losses),
            "last": losses[-1].item(),
            "graph": sum(one * n for one, n in zip(losses, counts, strict=True)) / sum(counts),
        }[mean]

    return train_epoch


def evaluate_with(
    judging: bool = True, noting: bool = False, axis: int = 1, mean: str = "pictures"
) -> Answer:
    def evaluate(model, batches):  # type: ignore[no-untyped-def]
        if judging:
            model.eval()
        right: list[float] = []
        counts: list[int] = []
        with torch.set_grad_enabled(noting):
            for pictures, labels in batches:
                right.append((model(pictures).argmax(axis) == labels).float().sum().item())
                counts.append(len(labels))
        share = sum(right) / sum(counts)
        return {
            "pictures": share,
            "batches": sum(one / n for one, n in zip(right, counts, strict=True)) / len(right),
            "count": sum(right),
            "wrong": 1 - share,
            "last": right[-1] / counts[-1],
            "percent": 100 * share,
        }[mean]

    return evaluate


def fit_with(
    chooses: str = "val",
    learns: str = "train",
    keeps: str = "copy",
    resets: bool = True,
    more: int = 0,
    stops: bool = True,
    smallest: bool = False,
) -> Answer:
    def fit(model, data, train_epoch, evaluate, epochs, patience):  # type: ignore[no-untyped-def]
        accuracies: list[float] = []
        best, kept, waited = math.inf if smallest else -math.inf, None, 0
        for _ in range(epochs):
            train_epoch(model, data[learns])
            accuracy = evaluate(model, data[chooses])
            accuracies.append(accuracy)
            if (accuracy < best) if smallest else (accuracy > best):
                best, kept = accuracy, model.state_dict()
                kept = copy.deepcopy(kept) if keeps == "copy" else kept
                waited = 0 if resets else waited
            else:
                waited += 1
            if stops and waited >= patience + more:
                break
        if keeps != "last":
            model.load_state_dict(kept)
        return accuracies

    return fit


WRONG: dict[str, dict[str, Answer]] = {
    "cross_entropy": {
        "softmax_twice": loss_twice,
        "softmax_forgotten": lambda logits, labels: -of_true(logits, labels).mean(),
        "wrong_axis": lambda logits, labels: (
            -np.log(of_true(probabilities(logits, 0), labels)).mean()
        ),
        "log_forgotten": lambda logits, labels: -of_true(probabilities(logits), labels).mean(),
        "sign_wrong": lambda logits, labels: -naive_loss(logits, labels),
        "mean_forgotten": lambda logits, labels: (
            -np.log(of_true(probabilities(logits), labels)).sum()
        ),
        "one_loss_each": lambda logits, labels: -np.log(of_true(probabilities(logits), labels)),
        "divided_by_all": loss_with_one_hot,
        "other_logarithm": lambda logits, labels: (
            -np.log2(of_true(probabilities(logits), labels)).mean()
        ),
        "unstable": naive_loss,
        "log_clipped": clipped_loss,
    },
    "sgd_step": {
        "sign_wrong": step_with(sign=1),
        "gradients_not_zeroed": step_with(clear=False),
        "rate_forgotten": step_with(by_rate=False),
        "not_in_place": step_with_new_names,
        "no_grad_forgotten": step_that_is_noted,
        "backward_forgotten": step_with(clear=False, backward=False),
        "learns_no_more": step_that_ends_learning,
    },
    "train_epoch": {
        "eval_mode_left_on": epoch_with(train=False),
        "gradients_not_zeroed": epoch_with(order="forward backward step"),
        "step_before_backward": epoch_with(order="zero forward step backward"),
        "cleared_before_step": epoch_with(order="forward backward zero step"),
        "backward_forgotten": epoch_with(order="zero forward step"),
        "step_forgotten": epoch_with(order="zero forward backward"),
        "softmax_twice": epoch_with(twice=True),
        "loss_summed": epoch_with(reduction="sum"),
        "mean_of_batch_means": epoch_with(mean="batches"),
        "last_batch_only": epoch_with(mean="last"),
        "sum_not_mean": epoch_with(mean="sum"),
        "graph_kept": epoch_with(mean="graph"),
    },
    "evaluate": {
        "eval_mode_forgotten": evaluate_with(judging=False),
        "no_grad_forgotten": evaluate_with(noting=True),
        "mean_of_batch_means": evaluate_with(mean="batches"),
        "wrong_axis": evaluate_with(axis=0),
        "not_divided": evaluate_with(mean="count"),
        "share_of_mistakes": evaluate_with(mean="wrong"),
        "last_batch_only": evaluate_with(mean="last"),
        "percent": evaluate_with(mean="percent"),
    },
    "fit": {
        "test_used": fit_with(chooses="test"),
        "train_used": fit_with(chooses="train"),
        "learnt_from_others": fit_with(learns="val"),
        "last_weights": fit_with(keeps="last"),
        "state_not_copied": fit_with(keeps="reference"),
        "patience_not_reset": fit_with(resets=False),
        "patience_miscounted": fit_with(more=1),
        "never_stopped": fit_with(stops=False),
        "smallest_kept": fit_with(smallest=True),
    },
}


def ask(question: str, answer: Any) -> Outcome:
    return outcome_of(f"lab3.{question}", LAB.questions[question], answer)


def test_other_ways_of_writing_a_right_answer_are_right() -> None:
    from scipy.special import log_softmax

    assert ask("cross_entropy", lambda z, y: -of_true(log_softmax(z, axis=1), y).mean())
    assert ask("sgd_step", step_with())
    assert ask("train_epoch", epoch_with())
    assert ask("train_epoch", epoch_with(order="forward zero backward step"))
    assert ask("train_epoch", epoch_with(order="forward backward step zero"))
    assert ask("evaluate", evaluate_with())
    assert ask("evaluate", torch.inference_mode()(evaluate_with(noting=False)))
    assert ask("fit", fit_with())


@pytest.mark.parametrize(
    ("question", "answer", "mistake"),
    [
        ("cross_entropy", loss_by_math, "unstable"),
        ("sgd_step", step_into_the_list, "not_in_place"),
        ("train_epoch", epoch_with(mean="sum of means"), "sum_not_mean"),
        ("fit", fit_with(more=-1), "patience_miscounted"),
    ],
)
def test_other_ways_of_making_a_mistake_are_known_too(
    question: str, answer: Answer, mistake: str
) -> None:
    assert ask(question, answer).mistake == mistake


def test_test_pictures_may_be_looked_at_when_all_is_chosen() -> None:
    def fit(model, data, *others):  # type: ignore[no-untyped-def]
        accuracies = fit_with()(model, data, *others)
        others[1](model, data["test"])
        return accuracies

    assert ask("fit", fit)


def test_the_network_may_be_judged_before_its_first_epoch() -> None:
    def fit(model, data, train_epoch, evaluate, *others):  # type: ignore[no-untyped-def]
        evaluate(model, data["val"])
        return fit_with()(model, data, train_epoch, evaluate, *others)

    assert ask("fit", fit)

"""Lab 8: the solution passes, typical mistakes get their hint, and nonsense does no harm."""

import hashlib
from collections.abc import Callable
from itertools import combinations
from pathlib import PurePosixPath
from typing import Any

import numpy as np
import torch
from scipy.stats import norm
from torch import nn
from torch.nn import functional

from retinue.lessons.checking import outcome_of
from retinue.lessons.checks.lab8 import LAB


def grouped(files: dict[str, bytes], key: Callable[[str], Any]) -> list[list[str]]:
    found: dict[Any, list[str]] = {}
    for name in files:
        found.setdefault(key(name), []).append(name)
    return [names for names in found.values() if len(names) > 1]


def copies(files: dict[str, bytes]) -> list[list[str]]:
    return grouped(files, lambda name: hashlib.md5(files[name]).digest())


def with_single_ones(files: dict[str, bytes]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for name, content in files.items():
        found.setdefault(hashlib.sha256(content).hexdigest(), []).append(name)
    return found


def only_later_ones(files: dict[str, bytes]) -> list[list[str]]:
    seen: dict[bytes, list[str]] = {}
    for name in sorted(files):
        if files[name] in seen:
            seen[files[name]].append(name)
        else:
            seen[files[name]] = []
    return [names for names in seen.values() if names]


def in_pairs(files: dict[str, bytes]) -> list[tuple[str, str]]:
    return [(a, b) for a, b in combinations(sorted(files), 2) if files[a] == files[b]]


def in_one_folder(files: dict[str, bytes]) -> list[list[str]]:
    return grouped(files, lambda name: (PurePosixPath(name).parent, files[name]))


def brighter(picture: Any) -> Any:
    return np.diff(picture.astype(int), axis=1) > 0


def wrapped(one: Any, other: Any) -> Any:
    return ((np.diff(one) > 0) != (np.diff(other) > 0)).sum()


def steps(
    network: Any,
    pictures: torch.Tensor,
    labels: torch.Tensor,
    count: int,
    lr: float,
    *,
    weights: Callable[[Any], Any] = lambda network: network.head.parameters(),
    zero: bool = True,
) -> None:
    optimiser = torch.optim.SGD(list(weights(network)), lr=lr)
    for _ in range(count):
        loss = functional.cross_entropy(network(pictures), labels)
        if zero:
            optimiser.zero_grad()
        loss.backward()
        optimiser.step()


def all_frozen(network: Any, *given: Any) -> None:
    network.eval()
    for weight in network.parameters():
        weight.requires_grad = False
    steps(network, *given, weights=lambda network: network.parameters())


def all_learns(network: Any, *given: Any) -> None:
    network.train()
    steps(network, *given, weights=lambda network: network.parameters())


def all_learns_in_eval_mode(network: Any, *given: Any) -> None:
    network.eval()
    steps(network, *given, weights=lambda network: network.parameters())


def left_in_train_mode(network: Any, *given: Any) -> None:
    network.backbone.requires_grad_(False)
    network.train()
    steps(network, *given)


def optimiser_alone(network: Any, *given: Any) -> None:
    network.eval()
    steps(network, *given)


def never_zeroed(network: Any, *given: Any) -> None:
    network.backbone.requires_grad_(False)
    network.eval()
    steps(network, *given, zero=False)


def wilson(right: int, count: int, level: float = 0.95) -> Any:
    z = norm.ppf(0.5 + level / 2)
    roots = np.roots(
        [count * (count + z**2), -right * 2 * count - z**2 * count, float(right**2)]
    )  # where (p - right / count)^2 = z^2 p (1 - p) / count
    return np.sort(roots.real)


def normal(right: int, count: int) -> Any:
    share = right / count
    half = norm.ppf(0.975) * np.sqrt(share * (1 - share) / count)
    return share - half, share + half


def not_moved(right: int, count: int) -> Any:
    low, high = wilson(right, count)
    return right / count - (high - low) / 2, right / count + (high - low) / 2


def recalls(true: Any, predicted: Any, count: int) -> Any:
    matrix = np.zeros((count, count))
    np.add.at(matrix, (true, predicted), 1)
    with np.errstate(invalid="ignore"):
        return matrix.diagonal() / matrix.sum(axis=1)


def precisions(true: Any, predicted: Any, count: int) -> Any:
    found = []
    for one in np.unique(true):
        said = predicted == one
        found.append((true[said] == one).mean() if said.any() else 0.0)
    return np.mean(found)


def chosen(sure: Any, right: Any, target: float, careful: bool = False) -> Any:
    good = [one for one in np.unique(sure) if right[sure >= one].mean() >= target]
    return good[-1] if careful else good[0]


def applied(cut: Any, sure: Any, right: Any) -> Any:
    return cut, (sure >= cut).mean(), right[sure >= cut].mean()


def strictly(val: Any, val_right: Any, test: Any, right: Any, target: float) -> Any:
    for cut in np.unique(val):
        if (val > cut).any() and val_right[val > cut].mean() >= target:
            break
    return cut, (test > cut).mean(), right[test > cut].mean()


def strictly_on_test(val: Any, val_right: Any, test: Any, right: Any, target: float) -> Any:
    cut = chosen(val, val_right, target)
    return cut, (test > cut).mean(), right[test > cut].mean()


WRONG: dict[str, dict[str, Callable[..., Any]]] = {
    "duplicates": {
        "by_name": lambda files: grouped(files, lambda name: PurePosixPath(name).name),
        "by_size": lambda files: grouped(files, lambda name: len(files[name])),
        "single_ones_too": with_single_ones,
        "one_left_out": only_later_ones,
        "in_pairs": in_pairs,
        "in_one_folder_only": in_one_folder,
    },
    "near": {
        "wraps_around": wrapped,
        "bits_alike": lambda one, other: (brighter(one) == brighter(other)).sum(),
        "down_the_columns": lambda one, other: (
            (one[1:] > one[:-1]) != (other[1:] > other[:-1])
        ).sum(),
        "equal_is_brighter": lambda one, other: (
            (one[:, 1:] >= one[:, :-1]) != (other[:, 1:] >= other[:, :-1])
        ).sum(),
        "share_for_count": lambda one, other: (brighter(one) != brighter(other)).mean(),
        "against_the_mean": lambda one, other: ((one > one.mean()) != (other > other.mean())).sum(),
        "pixels_counted": lambda one, other: (one != other).sum(),
    },
    "transfer": {
        "head_frozen_too": all_frozen,
        "backbone_learns": all_learns,
        "batch_norm_moves": left_in_train_mode,
        "gradients_for_nothing": optimiser_alone,
        "gradients_not_zeroed": never_zeroed,
    },
    "interval": {
        "normal_approximation": normal,
        "normal_approximation_cut": lambda right, count: np.clip(normal(right, count), 0, 1),
        "in_percent": lambda right, count: 100 * wilson(right, count),
        "one_standard_deviation": lambda right, count: wilson(right, count, 0.6827),
        "one_sided": lambda right, count: wilson(right, count, 0.9),
        "centre_not_moved": not_moved,
    },
    "balanced": {
        "accuracy": lambda true, predicted, count: (true == predicted).mean(),
        "precision_for_recall": precisions,
        "absent_counted": lambda *given: np.nan_to_num(recalls(*given)).mean(),
        "not_a_number": lambda *given: recalls(*given).mean(),
        "in_percent": lambda *given: 100 * np.nanmean(recalls(*given)),
    },
    "abstain": {
        "chosen_on_test": lambda val, val_right, test, right, target: applied(
            chosen(test, right, target), test, right
        ),
        "accuracy_of_all": lambda val, val_right, test, right, target: (
            chosen(val, val_right, target),
            (test >= chosen(val, val_right, target)).mean(),
            (right & (test >= chosen(val, val_right, target))).mean(),
        ),
        "strictly_above": strictly,
        "strictly_above_on_test": strictly_on_test,
        "most_careful": lambda val, val_right, test, right, target: applied(
            chosen(val, val_right, target, careful=True), test, right
        ),
        "share_left_out": lambda val, val_right, test, right, target: (
            chosen(val, val_right, target),
            (test < chosen(val, val_right, target)).mean(),
            right[test >= chosen(val, val_right, target)].mean(),
        ),
    },
}


def test_a_backbone_that_learns_in_eval_mode_is_told_as_that() -> None:
    outcome = outcome_of("lab8", LAB.questions["transfer"], all_learns_in_eval_mode)
    assert outcome.mistake == "backbone_learns"


def test_a_backbone_that_is_taken_apart_is_told() -> None:
    def spoil(network: Any, *_: Any) -> None:
        network.backbone = nn.Identity()

    outcome = outcome_of("lab8", LAB.questions["transfer"], spoil)
    assert not outcome.passed


def test_other_ways_to_a_right_answer_pass() -> None:
    def without_gradients(
        network: Any, pictures: torch.Tensor, labels: torch.Tensor, count: int, lr: float
    ) -> None:
        network.eval()
        with torch.no_grad():
            features = network.backbone(pictures)
        optimiser = torch.optim.SGD(network.head.parameters(), lr=lr)
        for _ in range(count):
            network.head.zero_grad()
            nn.CrossEntropyLoss()(network.head(features), labels).backward()
            optimiser.step()

    right = {
        "duplicates": lambda files: {one[0]: set(one) for one in copies(files)},
        "near": lambda one, other: np.count_nonzero(brighter(one) ^ brighter(other)),
        "transfer": without_gradients,
        "interval": lambda right, count: list(wilson(right, count)),
        "balanced": lambda *given: np.nanmean(recalls(*given)),
        "abstain": lambda val, val_right, *rest: applied(
            chosen(val, val_right, rest[2]), *rest[:2]
        ),
    }
    for question, answer in right.items():
        outcome = outcome_of("lab8", LAB.questions[question], answer)
        assert outcome.passed, str(outcome)

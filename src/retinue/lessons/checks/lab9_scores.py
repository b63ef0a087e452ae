"""Checks of lab 9 about scores of a network, and about choosing one."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn import metrics as sk

from retinue.lessons.comparing import compare

Ints = NDArray[np.int64]
Labels = tuple[Ints, Ints, int]  # true, predicted, number of classes
Accuracies = Mapping[str, float]


def check_confusion_matrix(answer: Any) -> None:
    """Counts, rows true."""
    compare(
        answer,
        _labels(),
        _matrix,
        {
            "transposed": lambda truth, said, k: _matrix(truth, said, k).T,
            "shares_of_rows": lambda truth, said, k: _normalised(truth, said, k, "true"),
            "shares_of_columns": lambda truth, said, k: _normalised(truth, said, k, "pred"),
            "counted_once": lambda truth, said, k: np.minimum(_matrix(truth, said, k), 1),
            "classes_missing": lambda truth, said, k: sk.confusion_matrix(truth, said),
            "hits_only": lambda truth, said, k: np.diag(np.diag(_matrix(truth, said, k))),
        },
        words=_told,
    )


def check_macro_f1(answer: Any) -> None:
    """The mean of the F1 of the classes that occur, true or predicted."""

    def averaged(average: str) -> Any:
        return lambda truth, said, k: sk.f1_score(truth, said, average=average, zero_division=0)

    def score(name: str) -> Any:
        function = getattr(sk, f"{name}_score")
        return lambda truth, said, k: function(truth, said, average="macro", zero_division=0)

    compare(
        answer,
        _labels(),
        averaged("macro"),
        {
            "micro": lambda truth, said, k: sk.accuracy_score(truth, said),
            "weighted": averaged("weighted"),
            "f1_of_means": _f1_of_means,
            "macro_recall": score("recall"),
            "macro_precision": score("precision"),
            "absent_counted": lambda truth, said, k: sk.f1_score(
                truth, said, labels=range(k), average="macro", zero_division=0
            ),
            "undefined_left_out": _mean_of_positive,
        },
        words=_told,
    )


def check_choose_model(answer: Any) -> None:
    """Chosen on val, of equals the smaller one; reported on test."""
    compare(
        answer,
        _candidates(),
        _named,
        {
            "chosen_on_test": lambda val, test, size: _named(test, test, size),
            "val_reported": lambda val, test, size: _named(val, val, size),
            "best_test_reported": lambda val, test, size: (
                _named(val, test, size)[0],
                max(test.values()),
            ),
            "first_of_equals": lambda val, test, size: _of(
                max(val, key=lambda one: val[one]), test
            ),
            "larger_of_equals": lambda val, test, size: _named(
                val, test, {name: -number for name, number in size.items()}
            ),
            "smallest_chosen": lambda val, test, size: _of(min(size, key=lambda n: size[n]), test),
            "worst_chosen": lambda val, test, size: _named(
                {name: -value for name, value in val.items()}, test, size
            ),
        },
    )


def _labels() -> list[Labels]:
    """True and predicted classes: rare classes, ones never recognised, ones that are not there."""
    cases = [
        (np.array([0, 0, 0, 0, 1, 1, 2]), np.array([0, 0, 0, 2, 1, 0, 0]), 3),
        (np.array([0, 0, 1, 1, 1, 1]), np.array([0, 1, 1, 1, 1, 0]), 4),
        (np.array([1, 1, 3, 3, 3]), np.array([1, 3, 3, 3, 1]), 5),
    ]
    draw = np.random.default_rng(0)
    for _ in range(12):
        k = int(draw.integers(2, 7))
        shares = draw.dirichlet(np.full(k, 0.7))
        truth = draw.choice(k, int(draw.integers(10, 80)), p=shares)
        said = np.where(draw.random(len(truth)) < 0.6, truth, draw.choice(k, len(truth)))
        cases.append((truth, said, k))
    return cases


def _matrix(truth: Ints, said: Ints, k: int) -> Ints:
    return np.asarray(sk.confusion_matrix(truth, said, labels=range(k)))


def _normalised(truth: Ints, said: Ints, k: int, over: str) -> Any:
    return sk.confusion_matrix(truth, said, labels=range(k), normalize=over)


def _f1_of_means(truth: Ints, said: Ints, k: int) -> float:
    precision, recall = (
        score(truth, said, average="macro", zero_division=0)
        for score in (sk.precision_score, sk.recall_score)
    )
    both = precision + recall
    return float(2 * precision * recall / both) if both else 0.0


def _mean_of_positive(truth: Ints, said: Ints, k: int) -> float:
    scores = sk.f1_score(truth, said, average=None, zero_division=0)
    return float(scores[scores > 0].mean())


def _told(truth: Ints, said: Ints, k: int) -> str:
    more = " ..." if len(truth) > 12 else ""
    return (
        f"for true {truth[:12].tolist()}{more}, predicted {said[:12].tolist()}{more}, {k} classes"
    )


def _candidates() -> list[tuple[Accuracies, Accuracies, Mapping[str, int]]]:
    """Accuracies on val and on test, and parameters; in some the best on val are two."""
    draw = np.random.default_rng(0)
    cases: list[tuple[Accuracies, Accuracies, Mapping[str, int]]] = []
    for number in range(12):
        names = [f"model {letter}" for letter in "ABCDE"[: int(draw.integers(3, 6))]]
        val = dict(zip(names, draw.uniform(0.5, 0.9, len(names)).round(3).tolist(), strict=True))
        test = dict(zip(names, draw.uniform(0.5, 0.9, len(names)).round(3).tolist(), strict=True))
        sizes = (draw.permutation(len(names)) * 1000 + 500).tolist()
        size = dict(zip(names, sizes, strict=True))
        if number % 2:
            two = sorted(names, key=lambda name: -val[name])[:2]
            val[two[1]] = val[two[0]]
            if number % 4 == 1:  # the larger one first
                first, second = sorted(two)
                size[first], size[second] = sorted((size[first], size[second]), reverse=True)
        cases.append((val, test, size))
    return cases


def _named(by: Accuracies, told: Accuracies, size: Mapping[str, int]) -> tuple[str, float]:
    """The best by some accuracies, of equals the one with fewest parameters, and its number."""
    return _of(min(by, key=lambda name: (-by[name], size[name])), told)


def _of(name: str, told: Accuracies) -> tuple[str, float]:
    return name, told[name]

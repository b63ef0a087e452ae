"""Lab 8: honest numbers, held against SciPy and scikit-learn."""

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from retinue.lessons.comparing import compare, require_function

NORMAL = (
    "This is the plain normal approximation. Ask it about 20 right answers out of 20: are you "
    "really certain then? Wilson's interval moves its centre towards a half."
)
INTERVAL_HINTS = {
    "normal_approximation": NORMAL,
    "normal_approximation_cut": NORMAL,
    "in_percent": "A share lies between 0 and 1.",
    "one_standard_deviation": (
        "This would hold in about two of three cases. How many standard deviations does 95 % need?"
    ),
    "one_sided": "95 % on both sides together: how much may lie beyond each end?",
    "centre_not_moved": (
        "The width is right, but the interval sits symmetrically around the share. Look at the "
        "formula's centre."
    ),
}
BALANCED_HINTS = {
    "accuracy": (
        "This is the share of all pictures that are right. A class with many pictures counts more "
        "in it. What should a class with few count?"
    ),
    "precision_for_recall": (
        "You divided by how often a class was said. Recall asks: of the pictures that *are* this "
        "class, how many were found?"
    ),
    "absent_counted": (
        "A class without any test picture has no recall, and 0 is not the same as unknown."
    ),
    "not_a_number": "0 divided by 0: which class has no picture here, and should it be counted?",
    "in_percent": "A share lies between 0 and 1.",
}
ABOVE = 'An answer whose confidence is *exactly* the threshold counts as given: "at least".'
ABSTAIN_HINTS = {
    "chosen_on_test": (
        "The threshold was chosen on the pictures that judge it. Which pictures are there to "
        "choose with?"
    ),
    "accuracy_of_all": (
        "You divided by all test pictures. Of the answers that were *given*, how many are right?"
    ),
    "strictly_above": ABOVE,
    "strictly_above_on_test": ABOVE,
    "most_careful": (
        "This threshold reaches the target, but a lower one does too, and answers more pictures."
    ),
    "share_left_out": "This is the share that goes to a person. Which share is answered?",
}


def check_interval(answer: Any) -> None:
    """Whether it is Wilson's interval, against SciPy's."""
    require_function(answer)
    draw = np.random.default_rng(0)
    cases = [(0, 10), (20, 20), (1, 30), (168, 168)]
    for _ in range(12):
        count = int(draw.integers(5, 400))
        cases.append((int(draw.integers(0, count + 1)), count))
    compare(
        answer,
        cases,
        _wilson,
        INTERVAL_MISTAKES,
        tolerance=2e-4,  # for those who take 1.96 or 2 decimals less
        words=lambda right, count: f"for {right} right of {count}",
    )


def check_balanced(answer: Any) -> None:
    """Whether it is the mean of the recalls of the classes that occur, against scikit-learn's."""
    require_function(answer)

    def words(true: Any, predicted: Any, count: int) -> str:
        return f"for {count} classes, true {true.tolist()}, predicted {predicted.tolist()}"

    compare(answer, _answers(), _recall, BALANCED_MISTAKES, words=words)


def check_abstain(answer: Any) -> None:
    """Whether the threshold is chosen on val and applied to test, against scikit-learn's curve."""
    require_function(answer)

    def words(val: Any, val_right: Any, test: Any, test_right: Any, target: float) -> str:
        return f"for {len(val)} val and {len(test)} test pictures, target {target}"

    compare(answer, _confidences(), _abstain, ABSTAIN_MISTAKES, words=words)


def _wilson(right: int, count: int, confidence: float = 0.95) -> tuple[float, float]:
    from scipy.stats import binomtest

    found = binomtest(right, count).proportion_ci(confidence, method="wilson")
    return float(found.low), float(found.high)


def _normal(right: int, count: int) -> tuple[float, float]:
    share = right / count
    half = 1.96 * (share * (1 - share) / count) ** 0.5
    return share - half, share + half


def _not_moved(right: int, count: int) -> tuple[float, float]:
    low, high = _wilson(right, count)
    return right / count - (high - low) / 2, right / count + (high - low) / 2


def _cut(ends: tuple[float, float]) -> tuple[float, float]:
    return max(0.0, ends[0]), min(1.0, ends[1])


INTERVAL_MISTAKES: dict[str, Callable[[int, int], Any]] = {
    "normal_approximation": _normal,
    "normal_approximation_cut": lambda right, count: _cut(_normal(right, count)),
    "in_percent": lambda right, count: [100 * end for end in _wilson(right, count)],
    "one_standard_deviation": lambda right, count: _wilson(right, count, 0.682689),
    "one_sided": lambda right, count: _wilson(right, count, 0.9),
    "centre_not_moved": _not_moved,
}


def _answers() -> Iterator[tuple[Any, Any, int]]:
    """True and predicted classes of few pictures: rare classes, some without a picture."""
    draw = np.random.default_rng(0)
    for number in range(10):
        count = int(draw.integers(3, 6))
        absent = int(draw.integers(0, count)) if number % 2 else -1
        shares = np.array([0.0 if one == absent else 2.0**one for one in range(count)])
        true = draw.choice(count, 20, p=shares / shares.sum())
        guessed = draw.random(20) < 0.4
        yield true, np.where(guessed, draw.integers(0, count, 20), true), count


def _recall(true: Any, predicted: Any, count: int) -> float:
    return _mean("recall_score", true, predicted, np.unique(true))


def _accuracy(true: Any, predicted: Any, count: int) -> float:
    return float((true == predicted).mean())


def _over_all(true: Any, predicted: Any, count: int) -> float:
    return _mean("recall_score", true, predicted, range(count))


def _precision(true: Any, predicted: Any, count: int) -> float:
    return _mean("precision_score", true, predicted, np.unique(true))


def _mean(score: str, true: Any, predicted: Any, labels: Any) -> float:
    """The mean of a score of scikit-learn's over classes."""
    from sklearn import metrics

    settings = {"labels": labels, "average": "macro", "zero_division": 0}
    return float(getattr(metrics, score)(true, predicted, **settings))


def _unknown(true: Any, predicted: Any, count: int) -> float:
    return _recall(true, predicted, count) if len(np.unique(true)) == count else float("nan")


BALANCED_MISTAKES: dict[str, Callable[[Any, Any, int], float]] = {
    "accuracy": _accuracy,
    "precision_for_recall": _precision,
    "absent_counted": _over_all,
    "not_a_number": _unknown,
    "in_percent": lambda true, predicted, count: 100 * _recall(true, predicted, count),
}


def _confidences() -> Iterator[tuple[Any, Any, Any, Any, float]]:
    """Confidences with ties, and whether the answers were right, of val and of test."""
    draw = np.random.default_rng(0)
    for target in (0.8, 0.9, 0.85, 0.75, 0.9, 0.8):
        parts: list[Any] = []
        for count in (80, 120):
            sure = np.round(draw.uniform(0.3, 0.99, count), 2)
            parts += [sure, draw.random(count) < sure]
        parts[1][parts[0] >= 0.95] = True  # so that some threshold reaches the target
        yield (*parts, target)


def _threshold(sure: Any, right: Any, target: float, careful: bool = False) -> float:
    """The lowest, or highest, threshold from which on enough answers are right."""
    from sklearn.metrics import precision_recall_curve

    shares, _, thresholds = precision_recall_curve(right, sure)
    good = thresholds[shares[:-1] >= target]
    return float(good[-1] if careful else good[0])


def _applied(threshold: float, sure: Any, right: Any) -> tuple[float, float, float]:
    given = sure >= threshold
    return threshold, float(given.mean()), float(right[given].mean())


def _abstain(val: Any, val_right: Any, test: Any, right: Any, target: float) -> Any:
    return _applied(_threshold(val, val_right, target), test, right)


def _chosen_on_test(val: Any, val_right: Any, test: Any, right: Any, target: float) -> Any:
    return _applied(_threshold(test, right, target), test, right)


def _of_all(val: Any, val_right: Any, test: Any, right: Any, target: float) -> Any:
    threshold, share, among = _abstain(val, val_right, test, right, target)
    return threshold, share, share * among


def _careful(val: Any, val_right: Any, test: Any, right: Any, target: float) -> Any:
    return _applied(_threshold(val, val_right, target, careful=True), test, right)


def _left_out(val: Any, val_right: Any, test: Any, right: Any, target: float) -> Any:
    threshold, share, among = _abstain(val, val_right, test, right, target)
    return threshold, 1 - share, among


def _above_on_test(val: Any, val_right: Any, test: Any, right: Any, target: float) -> Any:
    threshold = _threshold(val, val_right, target)
    _, *found = _applied(float(np.nextafter(threshold, 1)), test, right)
    return threshold, *found


def _above(val: Any, val_right: Any, test: Any, right: Any, target: float) -> Any:
    """Those above a threshold are those that reach the next confidence; the rest follows."""
    reached = _threshold(val, val_right, target)
    threshold = float(max(val[val < reached], default=reached))
    _, *found = _applied(float(np.nextafter(threshold, 1)), test, right)
    return threshold, *found


ABSTAIN_MISTAKES: dict[str, Callable[..., Any]] = {
    "chosen_on_test": _chosen_on_test,
    "accuracy_of_all": _of_all,
    "strictly_above": _above,
    "strictly_above_on_test": _above_on_test,
    "most_careful": _careful,
    "share_left_out": _left_out,
}

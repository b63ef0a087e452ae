"""Lab 4: reading a measured experiment: which setting is chosen, and what is shown."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from retinue.lessons.comparing import compare
from retinue.lessons.question import WrongError

Row = Mapping[str, Any]

CHOOSE_HINTS = {
    "chosen_on_test": "You chose by the test pictures. The best of many is partly lucky: what "
    "then tells how good it is?",
    "chosen_on_train": "You chose by the pictures that were learnt. What does a network get there "
    "that has learnt them by heart?",
    "worst_chosen": "A high accuracy is good.",
    "place_for_number": "You give the place in the list. Every setting has a number of its own.",
    "quickest_chosen": "You chose by seconds. Nobody asked how long it takes.",
    "unfinished_not_left_out": "Some settings never finished: their accuracies are None, which no "
    "number can be compared with. What should become of them?",
}
APART_HINTS = {
    "all_of_them": "You take every difference for real. Other seeds would give other numbers: "
    "what does the interval say?",
    "by_the_mean": "You look at the mean difference alone. Other seeds would give another one: "
    "what does the interval say?",
    "only_above_zero": "A difference may also be below zero with certainty: then the other one is "
    "better.",
    "covering_zero": "These are just those that could be zero.",
    "one_end_only": "You look at one end of the interval. Where are both ends, if zero is not in "
    "between?",
    "zero_at_the_edge": "An interval that begins or ends at zero contains zero.",
    "unknown_not_left_out": "With one seed no interval is known: low and high are None. Is a "
    "difference shown whose interval nobody knows?",
}


def check_choose(answer: Any) -> None:
    """Hold `choose(settings)` against what was best on val; then with unfinished ones."""
    compare(answer, _tables(), _best_on("val"), _CHOOSE_MISTAKES, words=_told)
    _with_unknown(answer, _unfinished(), _best_on("val"), "unfinished_not_left_out")


def check_apart(answer: Any) -> None:
    """Hold `apart(differences)` against the sign of both ends; then with unknown intervals."""
    compare(answer, _differences(), _apart, _APART_MISTAKES)
    _with_unknown(answer, _unknown(), _apart, "unknown_not_left_out")


def _with_unknown(answer: Any, cases: Iterator[Any], reference: Any, mistake: str) -> None:
    """The same where some values are None: a right answer passes over them."""
    for case in cases:
        try:
            compare(answer, [case], reference, {})
        except TypeError as error:
            raise WrongError(f"TypeError: {error}", mistake) from error
        except WrongError as wrong:
            raise WrongError(wrong.case, mistake) from wrong


def _tables() -> Iterator[tuple[list[Row]]]:
    random = np.random.default_rng(4)
    for count in (5, 7, 9):
        numbers = random.permutation(np.arange(11, 11 + count)).tolist()
        order = random.permutation(count)
        # Turned against one another, so that no two of them are greatest in one place.
        columns = [np.roll(order, by).tolist() for by in range(4)]
        yield (
            [
                {
                    "number": number,
                    "values": {"lr": 0.001 * number},
                    "val": round(0.4 + 0.01 * columns[0][at], 2),
                    "test": round(0.38 + 0.01 * columns[1][at], 2),
                    "train": round(0.5 + 0.01 * columns[2][at], 2),
                    "seconds": 5.0 + columns[3][at],
                }
                for at, number in enumerate(numbers)
            ],
        )


def _unfinished() -> Iterator[tuple[list[Row]]]:
    for (rows,) in _tables():
        nothing = dict.fromkeys(("val", "test", "train", "seconds"))
        yield ([{**rows[0], **nothing, "number": 99}, *rows, {**rows[0], **nothing, "number": 98}],)


def _best_on(key: str, sign: int = 1) -> Any:
    def best(settings: Sequence[Row]) -> int:
        known = [row for row in settings if row[key] is not None]
        ranked = np.argsort([sign * row[key] for row in known])
        return int(known[int(ranked[-1])]["number"])

    return best


_CHOOSE_MISTAKES = {
    "chosen_on_test": _best_on("test"),
    "chosen_on_train": _best_on("train"),
    "worst_chosen": _best_on("val", -1),
    "quickest_chosen": _best_on("seconds", -1),
    "place_for_number": lambda settings: int(np.argmax([row["val"] for row in settings])),
}


def _told(settings: Sequence[Row]) -> str:
    rows = ((row["number"], row["val"], row["test"]) for row in settings[:4])
    told = "; ".join(f"number {number}: val {val}, test {test}" for number, val, test in rows)
    return f"for {len(settings)} settings, {told} ..."


def _row(better: str, worse: str, low: float | None, high: float | None) -> Row:
    value = 0.05 if low is None or high is None else round((low + high) / 2, 4)
    return {"better": better, "worse": worse, "value": value, "low": low, "high": high}


def _differences() -> Iterator[tuple[list[Row]]]:
    shown, turned = _row("a", "b", 0.01, 0.05), _row("b", "c", -0.06, -0.02)
    open_, below = _row("a", "c", -0.01, 0.07), _row("c", "d", -0.07, 0.01)
    yield ([shown, open_, below],)
    yield ([open_],)
    yield ([turned, open_, shown],)
    yield ([_row("a", "d", 0.0, 0.04), below, shown, _row("b", "d", -0.04, 0.0)],)
    yield ([],)


def _unknown() -> Iterator[tuple[list[Row]]]:
    yield ([_row("a", "b", None, None), _row("a", "c", 0.01, 0.03)],)


def _named(rows: Sequence[Row], wanted: Any) -> list[tuple[str, str]]:
    return [(row["better"], row["worse"]) for row in rows if wanted(row["low"], row["high"])]


def _apart(rows: Sequence[Row]) -> list[tuple[str, str]]:
    known = [row for row in rows if row["low"] is not None]
    return _named(known, lambda low, high: np.sign(low) * np.sign(high) > 0)


_APART_MISTAKES = {
    "all_of_them": lambda rows: _named(rows, lambda low, high: True),
    "by_the_mean": lambda rows: [(row["better"], row["worse"]) for row in rows if row["value"] > 0],
    "only_above_zero": lambda rows: _named(rows, lambda low, high: low > 0),
    "covering_zero": lambda rows: _named(rows, lambda low, high: np.sign(low) != np.sign(high)),
    "one_end_only": lambda rows: _named(rows, lambda low, high: high > 0),
    "zero_at_the_edge": lambda rows: _named(rows, lambda low, high: low >= 0 or high <= 0),
}

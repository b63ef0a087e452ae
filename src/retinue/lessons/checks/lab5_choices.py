"""Checks of lab 5: who chooses the epoch at which a training ends, and who chooses a recipe."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import torch
from torch.optim.lr_scheduler import ReduceLROnPlateau

from retinue.lessons.comparing import Function, compare, require_function, same, shown
from retinue.lessons.question import WrongError

_History = Mapping[str, Sequence[float]]
_LOSSES = ("train_loss", "val_loss", "test_loss")


def check_early_stopping(answer: Any) -> None:
    """Whether it ends where torch's `ReduceLROnPlateau` would lose its patience.

    Raises:
        WrongError: it does not.
    """
    compare(
        answer,
        list(_trainings()),
        lambda history, patience: _by_torch(history["val_loss"], patience),
        _WRONG_STOPS,
        words=lambda history, patience: (
            f"for val losses {history['val_loss']} and patience {patience}, (kept, stopped)"
        ),
    )


def _trainings() -> Iterator[tuple[dict[str, list[float]], int]]:
    """Histories in which val, test and train are best at different epochs; some losses are equal.

    The last ends before its patience is lost.
    """
    draws = np.random.default_rng(0)
    for number in range(12):
        epochs = np.arange(14)
        valley = 0.1 * np.abs(epochs - 5 - number % 3)
        val, test = (np.round(1 + valley + draws.normal(0, 0.15, 14), 1) for _ in range(2))
        train = np.round(2 * 0.9**epochs, 2)
        losses = dict(zip(_LOSSES, (train.tolist(), val.tolist(), test.tolist()), strict=True))
        yield losses, 1 + number % 4
    yield {name: [3.0, 2.0, 1.5] for name in _LOSSES}, 5


def _by_torch(losses: Sequence[float], patience: int) -> tuple[int, int]:
    """The best epoch, and the one after which a learning rate would fall."""
    optimiser = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=1.0)
    watch = ReduceLROnPlateau(optimiser, patience=patience - 1, threshold=0, threshold_mode="abs")
    stopped = 0
    for epoch, loss in enumerate(losses):
        watch.step(loss)
        stopped = epoch
        if optimiser.param_groups[0]["lr"] < 1:
            break
    return list(losses).index(watch.best), stopped


def _by(name: str, more: int = 0) -> Function:
    """The same by another loss, or with other patience."""

    def make(history: _History, patience: int) -> tuple[int, int]:
        return _by_torch(history[name], max(1, patience + more))

    return make


def _first_of(bad: Any, patience: int) -> int:
    """The first place at which the number of bad epochs reaches the patience, or the last."""
    reached = np.flatnonzero(np.asarray(bad) >= patience)
    return int(reached[0]) if len(reached) else len(bad) - 1


def _never_reset(history: _History, patience: int) -> tuple[int, int]:
    losses = np.array(history["val_loss"])
    best = np.minimum.accumulate(losses)
    bad = np.cumsum(np.r_[False, losses[1:] >= best[:-1]])
    stopped = _first_of(bad, patience)
    return int(losses[: stopped + 1].argmin()), stopped


def _against_previous(history: _History, patience: int) -> tuple[int, int]:
    losses = np.array(history["val_loss"])
    worse = np.r_[False, losses[1:] >= losses[:-1]]
    runs = [int(worse[: end + 1][::-1].cumprod().sum()) for end in range(len(worse))]
    stopped = _first_of(runs, patience)
    return int(losses[: stopped + 1].argmin()), stopped


def _last(history: _History, patience: int) -> tuple[int, int]:
    stopped = _by_torch(history["val_loss"], patience)[1]
    return stopped, stopped


def _looks_ahead(history: _History, patience: int) -> tuple[int, int]:
    return int(np.argmin(history["val_loss"])), _by_torch(history["val_loss"], patience)[1]


def _equal_is_progress(history: _History, patience: int) -> tuple[int, int]:
    losses = history["val_loss"]
    return _by_torch([loss - 1e-9 * epoch for epoch, loss in enumerate(losses)], patience)


def _largest(history: _History, patience: int) -> tuple[int, int]:
    return _by_torch([-loss for loss in history["val_loss"]], patience)


_WRONG_STOPS: dict[str, Function] = {
    "chosen_by_test": _by("test_loss"),
    "chosen_by_train": _by("train_loss"),
    "last_for_best": _last,
    "looks_ahead": _looks_ahead,
    "never_reset": _never_reset,
    "against_previous": _against_previous,
    "equal_is_progress": _equal_is_progress,
    "largest_for_least": _largest,
    "too_late": _by("val_loss", 1),
    "too_early": _by("val_loss", -1),
}


def check_choose_cure(answer: Any) -> None:
    """Whether val chooses and test reports, on results made so that each choice is another.

    Raises:
        WrongError: it is otherwise.
    """
    require_function(answer)
    draws = np.random.default_rng(0)
    for _ in range(6):
        names = draws.permutation(["none", "dropout", "batch norm", "augmentation", "all"]).tolist()
        rows = _results(names)
        by_name = {row["name"]: row for row in rows}
        results = [rows[place] for place in draws.permutation(len(rows))]
        got = answer([dict(row) for row in results])
        best = by_name[names[0]]
        expected = (best["name"], best["test"], best["train"] - best["test"])
        if isinstance(got, tuple | list) and same(tuple(got), expected):
            continue
        case = f"for {results}\ngives {shown(got)}\nexpected {shown(expected)}"
        raise WrongError(case, _wrong_choice(got, names, best))


def _results(names: Sequence[str]) -> list[dict[str, Any]]:
    """The first is best on val, the second on test, the third on train; the fourth has no gap."""
    accuracies = [
        (0.85, 0.72, 0.64),
        (0.88, 0.70, 0.71),
        (0.99, 0.60, 0.55),
        (0.41, 0.42, 0.405),
        (0.80, 0.65, 0.60),
    ]
    return [
        {"name": name, "train": train, "val": val, "test": test}
        for name, (train, val, test) in zip(names, accuracies, strict=True)
    ]


def _wrong_choice(got: Any, names: Sequence[str], best: Mapping[str, Any]) -> str | None:
    if not isinstance(got, tuple | list) or len(got) != 3:
        return None
    chosen = dict(
        zip(names[1:4], ("chosen_by_test", "chosen_by_train", "chosen_by_gap"), strict=True)
    )
    if isinstance(got[0], str) and got[0] in chosen:
        return chosen[got[0]]
    if got[0] != best["name"]:
        return None
    train, val, test = (best[key] for key in ("train", "val", "test"))
    if same(got[1], val):
        return "val_reported"
    if not same(got[1], test):
        return None
    gaps = {"gap_reversed": test - train, "gap_to_val": train - val}
    return next((name for name, gap in gaps.items() if same(got[2], gap)), None)

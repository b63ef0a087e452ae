"""The check of lab 1's split: not what it gives, which chance decides, but what holds of it."""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from retinue.lessons.comparing import require_function, shown
from retinue.lessons.question import WrongError

Places = NDArray[np.int64]
SEEDS = (0, 1, 2, 3)


class Photos(NamedTuple):
    """Photos of some objects, and what share is wanted for val."""

    labels: Places
    groups: Places
    share: float

    def __str__(self) -> str:
        groups, classes = len(set(self.groups)), len(set(self.labels))
        return (
            f"for {len(self.labels)} photos in {groups} groups of {classes} classes, "
            f"share {self.share}"
        )


def check_split(answer: Any) -> None:
    """Train and val of whole groups, the same share of every class, by chance, by a seed."""
    require_function(answer)
    draw = np.random.default_rng(0)
    for photos in (_photos(draw, 6, 8, 0.25), _photos(draw, 9, 10, 0.2), _photos(draw, 4, 6, 0.5)):
        for seed in SEEDS:
            _check_split_of(photos, *_ask(answer, photos, seed))
        _check_chance(answer, photos)


def _photos(draw: np.random.Generator, classes: int, groups: int, share: float) -> Photos:
    """Photos in the order of their classes, as folders give them; groups are numbered at will."""
    sizes = draw.integers(2, 5, classes * groups)
    numbers = draw.permutation(1000)[: classes * groups]
    labels = np.repeat(np.repeat(np.arange(classes), groups), sizes)
    return Photos(labels, np.repeat(numbers, sizes), share)


def _ask(answer: Any, photos: Photos, seed: int) -> tuple[Places, Places]:
    """What the answer gives, if it has the form that is asked for."""
    given = answer(photos.labels.copy(), photos.groups.copy(), photos.share, seed)
    if not isinstance(given, tuple | list) or len(given) != 2:
        raise WrongError(f"{photos}\ngives {shown(given)}\nexpected two arrays, train and val")
    train, val = (np.asarray(part) for part in given)
    for part, name in ((train, "train"), (val, "val")):
        if part.ndim != 1 or (part.size and part.dtype.kind not in "iu"):
            raise WrongError(f"{photos}\n{name} is {shown(part)}\nexpected the places of photos")
        if part.size and not 0 <= part.min() <= part.max() < len(photos.labels):
            raise WrongError(f"{photos}\n{name} has places from {part.min()} to {part.max()}")
    return train.astype(np.int64), val.astype(np.int64)


def _check_split_of(photos: Photos, train: Places, val: Places) -> None:
    both = np.intersect1d(train, val)
    if both.size:
        raise WrongError(f"{photos}\nphotos in train and in val: {both.size}", "overlap")
    lost = len(photos.labels) - len(np.union1d(train, val))
    if lost:
        raise WrongError(f"{photos}\nphotos in neither of the two: {lost}", "photos_lost")
    if len(train) + len(val) != len(photos.labels):
        raise WrongError(f"{photos}\na photo is more than once in train or in val")
    straddling = np.intersect1d(photos.groups[train], photos.groups[val])
    if straddling.size:
        case = f"{photos}\ngroups with photos on both sides: {straddling.size}"
        raise WrongError(case, "groups_straddle")
    _check_shares(photos, train, val)


def _check_shares(photos: Photos, train: Places, val: Places) -> None:
    """Of each class the share, give or take a group."""
    if not _stray(photos, val):
        return
    label, count, wanted = _stray(photos, val)[0]
    case = f"{photos}\nval has {count} photos of class {label}\nexpected about {wanted:.0f}"
    raise WrongError(case, "not_stratified" if _stray(photos, train) else "swapped")


def _stray(photos: Photos, part: Places) -> list[tuple[int, int, float]]:
    """Classes that give a part too many or too few photos: class, photos, those wanted."""
    found = []
    for label in np.unique(photos.labels).tolist():
        own = photos.labels == label
        count = int((photos.labels[part] == label).sum())
        wanted = photos.share * own.sum()
        largest = np.unique(photos.groups[own], return_counts=True)[1].max()
        if abs(count - wanted) > largest:
            found.append((label, count, wanted))
    return found


def _check_chance(answer: Any, photos: Photos) -> None:
    first, again = (np.sort(_ask(answer, photos, 0)[1]) for _ in range(2))
    if not np.array_equal(first, again):
        raise WrongError(f"{photos}\nseed 0 gives one val, and another one when asked again",
                         "seed_ignored")  # fmt: skip
    others = [np.sort(_ask(answer, photos, seed)[1]) for seed in SEEDS]
    if all(np.array_equal(first, other) for other in others):
        seeds = ", ".join(map(str, SEEDS))
        raise WrongError(f"{photos}\nseeds {seeds} all give the same val", "not_shuffled")

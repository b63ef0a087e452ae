"""Who is in train, val and test: a pure function of labels, digests, groups and a seed.

Pictures are ordered within their class by a hash of (split seed, digest), so that a split does
not depend on file names, on the order of files, or on the container. What must stay together
(byte-identical pictures, and groups where asked for) moves as one.
"""

import hashlib
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from retinue.data.imagedata import Labels, Rows
from retinue.wording import count


@dataclass(frozen=True)
class Assignment:
    """Positions of the pictures of each split, and remarks on how they came about."""

    train: Rows
    val: Rows
    test: Rows
    notes: tuple[str, ...]


@dataclass(frozen=True)
class SplitRules:
    """Shares, seed and cut of a split; the names are those of the recipe."""

    val_fraction: float = 0.1
    test_fraction: float = 0.2
    split_seed: int = 0
    limit_per_class: int | None = None


def assign(
    labels: Labels,
    digests: Sequence[str],
    given: Sequence[str],
    groups: Sequence[str],
    rules: SplitRules,
) -> Assignment:
    """Decide the split of each picture.

    `given` holds train, val, test or empty per picture. With train and test given, val is cut
    from train; with train and val given, val serves as test and a new val is cut from train;
    with nothing given, test and val are cut from everything.
    """
    notes: list[str] = []
    names = _serving(given, notes)
    everything = np.arange(len(labels))
    train = everything[names == "train"]
    val = everything[names == "val"]
    test = everything[names == "test"]
    together = _together(digests, groups)

    def cut(rows: Rows, fraction: float, purpose: str) -> tuple[Rows, Rows]:
        seed = f"{purpose}/{rules.split_seed}"
        return _cut(rows, labels, together, fraction, seed)

    if not len(test) and not len(val):
        train, test = cut(train, rules.test_fraction, "test")
    train = _limited(train, labels, digests, rules)
    if not len(val):
        # The share of val is a share of everything where test was cut from everything too.
        share = rules.val_fraction
        if not any(given):
            share = min(0.9, share / (1 - rules.test_fraction))
        train, val = cut(train, share, "val")
    elif not rules.val_fraction:
        train, val = np.sort(np.concatenate([train, val])), val[:0]
    if rules.val_fraction and not len(val):
        notes.append("too few pictures or groups for a val split: the last weights will be kept")
    return Assignment(train, val, test, tuple(notes))


def _serving(given: Sequence[str], notes: list[str]) -> np.ndarray[tuple[int], np.dtype[np.str_]]:
    """The given splits as they serve: pictures without one train, and val may stand in for test."""
    names = np.array([name or "train" for name in given], dtype="<U5")
    if not any(given):
        return names
    if "test" not in names and "val" in names:
        names[names == "val"] = "test"
        notes.append("no test split given: val serves as test, and a new val is cut from train")
    if not all(given):
        lost = list(given).count("")
        notes.append(f"put into train, for they name no split: {count(lost, 'picture')}")
    return names


def _together(digests: Sequence[str], groups: Sequence[str]) -> Callable[[int], str]:
    """The key of a position; pictures linked by digest or group, however indirectly, share one."""
    parent: dict[str, str] = {}

    def root(key: str) -> str:
        while parent.setdefault(key, key) != key:
            parent[key] = parent[parent[key]]
            key = parent[key]
        return key

    for digest, group in zip(digests, groups, strict=True):
        if group:
            low, high = sorted((root(f"picture {digest}"), root(f"group {group}")))
            parent[high] = low

    def key(position: int) -> str:
        name = f"picture {digests[position]}"
        return root(name) if parent else name

    return key


def _cut(
    rows: Rows, labels: Labels, together: Callable[[int], str], fraction: float, seed: str
) -> tuple[Rows, Rows]:
    """Cut a stratified share off; each class that can gives at least one, and keeps one."""
    if fraction <= 0 or not len(rows):
        return rows, rows[:0]
    # Most blocks are one picture, so that lists are kept of the others only.
    first: dict[bytes, int] = {}
    blocks: dict[bytes, list[int]] = {}
    for row in rows.tolist():
        mark = hashlib.sha256(f"{seed}/{together(row)}".encode()).digest()
        if first.setdefault(mark, row) != row:
            blocks.setdefault(mark, [first[mark]]).append(row)
    by_class = defaultdict(list)
    for mark, row in first.items():
        counts = Counter(labels[blocks.get(mark, [row])].tolist())
        by_class[min(counts, key=lambda one: (-counts[one], one))].append(mark)
    taken: list[int] = []
    for _, marks in sorted(by_class.items()):
        taken += _share([blocks.get(mark, [first[mark]]) for mark in sorted(marks)], fraction)
    mask = np.isin(rows, taken)
    return rows[~mask], rows[mask]


def _share(blocks: list[list[int]], fraction: float) -> list[int]:
    """Take whole blocks until their pictures come nearest to the share; leave at least one."""
    wanted = max(1.0, fraction * sum(map(len, blocks)))
    taken: list[int] = []
    left = len(blocks)
    for block in blocks:
        if left > 1 and len(taken) + len(block) / 2 <= wanted:
            taken += block
            left -= 1
    # Where every group is too large for the share, the smallest is better than none.
    return taken if taken or left < 2 else min(blocks, key=len)


def _limited(train: Rows, labels: Labels, digests: Sequence[str], rules: SplitRules) -> Rows:
    """Keep at most so many pictures of each class, chosen by hash like everything here."""
    if rules.limit_per_class is None:
        return train
    kept: list[int] = []
    for label in np.unique(labels[train]):
        rows = train[labels[train] == label].tolist()
        rows.sort(key=lambda row: _hash(f"limit/{rules.split_seed}/{digests[row]}"))
        kept += rows[: rules.limit_per_class]
    return np.array(sorted(kept), dtype=np.int64)


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()

"""Groups of classes that are mixed up among themselves: given, or found in the mistakes."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.cluster.hierarchy import fcluster, linkage
from scipy.spatial.distance import squareform

from retinue.errors import UsageError
from retinue.evaluation.calibration import Floats, Ints
from retinue.seeds import seed_for

MOST = 8  # groups
LEAST_MODULARITY = 0.15
LEAST_MISTAKES = 5  # a class, on average
DRAWS = 200  # of mistakes without groups
REST = "the others"


@dataclass(frozen=True)
class Group:
    """Some classes under a name; `numbers` are their places among all classes."""

    name: str
    classes: tuple[str, ...]
    numbers: tuple[int, ...]
    found: bool = False


def given_groups(groups: Mapping[str, Sequence[str]], classes: Sequence[str]) -> tuple[Group, ...]:
    """The groups that the user names; classes that are in none make one more.

    Raises:
        UsageError: a class that is not there or stands in two groups, or a single group.
    """
    where: dict[str, str] = {}
    for name, members in groups.items():
        for one in members:
            if one not in classes:
                known = ", ".join(classes[:20])
                raise UsageError(f"--group {name}: there is no class {one!r}; there are {known}")
            if where.setdefault(one, name) != name:
                raise UsageError(f"--group: class {one!r} stands in {where[one]} and in {name}")
    rest = [one for one in classes if one not in where]
    named = {name: list(members) for name, members in groups.items()}
    if rest and groups:
        named[REST] = rest
    if len(groups) == 1 and not rest:
        raise UsageError("--group: one group of all classes tells nothing; name two or more")
    return tuple(_group(name, members, classes) for name, members in named.items())


def found_groups(confusion: Ints, classes: Sequence[str]) -> tuple[Group, ...]:
    """Groups that the mistakes themselves show, or none where they are not clear.

    Classes that are often mixed up are joined first (agglomerative clustering, average linkage),
    and the tree is cut where the modularity (Newman 2004) is greatest: the share of mistakes within
    groups less the share that would be there by chance. Clear is what mistakes without groups,
    drawn from the same totals of rows and columns, reach in at most 5 % of 200 draws, with two
    classes or more in every group. Fewer than five mistakes a class show nothing.

    Args:
        confusion: counts (K, K), rows true, columns predicted, summed over all entrants.
        classes: the K names.
    """
    mistakes = _symmetric(confusion)
    if len(classes) < 4 or mistakes.sum() / 2 < LEAST_MISTAKES * len(classes):
        return ()
    labels, modularity = _best_cut(mistakes)
    sizes = np.bincount(labels)
    if modularity < LEAST_MODULARITY or sizes.min() < 2:
        return ()
    if np.mean([_best_cut(drawn)[1] >= modularity for drawn in _without_groups(confusion)]) > 0.05:
        return ()
    members = [np.flatnonzero(labels == label) for label in range(len(sizes))]
    members.sort(key=lambda numbers: (-len(numbers), numbers[0]))
    return tuple(
        Group(
            _name(names := [classes[i] for i in some.tolist()]),
            tuple(names),
            tuple(some.tolist()),
            True,
        )
        for some in members
    )


def within(confusion: Ints, groups: Sequence[Group]) -> tuple[int, int]:
    """How many mistakes stay within a group, and how many there are."""
    mistakes = confusion - np.diag(np.diag(confusion))
    inside = sum(int(mistakes[np.ix_(one.numbers, one.numbers)].sum()) for one in groups)
    return inside, int(mistakes.sum())


def by_chance(confusion: Ints, groups: Sequence[Group]) -> float:
    """The share of mistakes that would stay within a group if groups did not matter."""
    chances = _chances(confusion)
    return float(sum(chances[np.ix_(one.numbers, one.numbers)].sum() for one in groups))


def _group(name: str, members: Sequence[str], classes: Sequence[str]) -> Group:
    names = [one for one in classes if one in set(members)]
    return Group(name, tuple(names), tuple(classes.index(one) for one in names))


def _name(classes: Sequence[str]) -> str:
    return ", ".join(classes) if len(classes) <= 6 else f"{', '.join(classes[:5])}, ..."


def _symmetric(confusion: Ints) -> Floats:
    """Mistakes between two classes, whichever was taken for the other."""
    mistakes = confusion - np.diag(np.diag(confusion))
    return np.asarray(mistakes + mistakes.T, dtype=np.float64)


def _best_cut(mistakes: Floats) -> tuple[NDArray[np.int64], float]:
    """The group, from 0, of each class where the modularity is greatest, and that modularity."""
    degrees = mistakes.sum(axis=1)
    chances = _independent(degrees, degrees)
    shares = mistakes / max(degrees.sum(), 1.0)
    # Beside what two classes with so many mistakes would have by chance: rare classes count too.
    often = np.divide(shares, chances, out=np.zeros_like(shares), where=chances > 0)
    tree = linkage(squareform(1 / (1 + often) - np.eye(len(often))), "average")
    best = (np.zeros(len(mistakes), np.int64), -1.0)
    for count in range(2, min(MOST, len(mistakes) // 2) + 1):
        labels = np.asarray(fcluster(tree, count, "maxclust"), np.int64) - 1
        same = labels[:, None] == labels
        modularity = float((shares - chances)[same].sum())
        if modularity > best[1] + 1e-9:
            best = labels, modularity
    return best


def _chances(confusion: Ints) -> Floats:
    """The chance of each kind of mistake, (K, K), if groups did not matter."""
    mistakes = confusion - np.diag(np.diag(confusion))
    return _independent(mistakes.sum(axis=1), mistakes.sum(axis=0))


def _independent(rows: Floats | Ints, columns: Floats | Ints) -> Floats:
    """Shares (K, K) from totals of rows and columns, none on the diagonal."""
    chances = np.outer(rows, columns).astype(np.float64)
    np.fill_diagonal(chances, 0.0)
    return np.asarray(chances / max(chances.sum(), 1e-12))


def _without_groups(confusion: Ints) -> Iterator[Floats]:
    """Mistakes as they might be without groups, as many as there are."""
    chances, total = _chances(confusion), int(confusion.sum() - np.trace(confusion))
    random = np.random.default_rng(seed_for(0, "groups"))
    for _ in range(DRAWS):
        drawn = random.multinomial(total, chances.ravel()).reshape(chances.shape)
        yield _symmetric(drawn)

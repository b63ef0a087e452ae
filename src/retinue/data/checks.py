"""What a user should know of the data before training starts; cheap, from labels and digests."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain

from retinue.data.imagedata import BadPicture, Split
from retinue.errors import RetinueError, UsageError
from retinue.wording import count


def notes_on(splits: dict[str, Split], classes: Sequence[str]) -> Iterator[str]:
    """One line for each thing that may spoil the training or its numbers."""
    yield from _straddling(splits)
    yield from _two_classes(splits, classes)
    yield from _missing(splits, classes)


def require_classes(classes: Sequence[str], source: str) -> None:
    """Refuse data with fewer than two classes.

    Raises:
        UsageError: there is nothing to tell apart.
    """
    if len(classes) < 2:
        only = f"only the class {classes[0]!r}" if classes else "no class with a readable picture"
        raise UsageError(f"{source}: {only}; a classifier needs at least two")


def require_readable(bad: Sequence[BadPicture], total: int, max_bad: float) -> None:
    """Refuse data of which more than a share cannot be read.

    Raises:
        RetinueError: names some of the pictures.
    """
    if len(bad) > max_bad * total:
        some = "; ".join(f"{picture.path} ({picture.reason})" for picture in bad[:3])
        raise RetinueError(
            f"{len(bad)} of {total} pictures cannot be read, more than --max-bad {max_bad:g}: "
            f"{some}{'; ...' if len(bad) > 3 else ''}"
        )


def _straddling(splits: dict[str, Split]) -> Iterator[str]:
    """Byte-identical pictures on both sides: possible only where the splits were given."""
    for first, second in (("train", "test"), ("train", "val"), ("val", "test")):
        here = set(splits[first].digests)
        there = splits[second]
        shared = [name for name, d in zip(there.ids, there.digests, strict=True) if d in here]
        if shared:
            yield (
                f"byte for byte in {first} and in {second}: {count(len(shared), 'picture')} "
                f"({_some(shared)}); the accuracy on {second} looks better than it is"
            )


def _two_classes(splits: dict[str, Split], classes: Sequence[str]) -> Iterator[str]:
    # Few pictures are there twice, so only of those more than the digest is kept.
    times = Counter(chain.from_iterable(split.digests for split in splits.values()))
    if len(times) == sum(map(len, splits.values())):
        return
    found: dict[str, dict[int, str]] = defaultdict(dict)
    for split in splits.values():
        for digest, label, name in zip(split.digests, split.labels, split.ids, strict=True):
            if times[digest] > 1:
                found[digest][int(label)] = name
    pairs = [names for names in found.values() if len(names) > 1]
    if pairs:
        some = [" = ".join(f"{names[k]} ({classes[k]})" for k in sorted(names)) for names in pairs]
        yield f"byte for byte under two classes: {count(len(pairs), 'picture')} ({_some(some)})"


def _missing(splits: dict[str, Split], classes: Sequence[str]) -> Iterator[str]:
    for name, split in splits.items():
        if not len(split):
            continue
        counts = Counter(split.labels.tolist())
        absent = [classes[label] for label in range(len(classes)) if not counts[label]]
        if absent:
            yield f"{_some(absent)}: too few pictures for one in {name}"


def _some(names: Iterable[str]) -> str:
    listed = list(names)
    return ", ".join(listed[:3]) + (f" and {len(listed) - 3} more" if len(listed) > 3 else "")

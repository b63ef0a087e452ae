"""Lab 8: files that are the same, byte for byte."""

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from itertools import combinations
from typing import Any

import numpy as np

from retinue.lessons.comparing import compare, require_function

Files = dict[str, bytes]
Groups = list[list[str]]

HINTS = {
    "by_name": (
        "Two cameras both call their first picture IMG_1.jpg. What is equal in a copy, and in "
        "nothing else?"
    ),
    "by_size": "Different pictures may have equally many bytes. What else can be compared?",
    "single_ones_too": "A file that is there once is no duplicate. How large is each group?",
    "one_left_out": (
        "Each group should name all files that are alike, the first one too: nobody knows which "
        "of them is the original."
    ),
    "in_pairs": "Three equal files are one group of three. You made pairs of them.",
    "in_one_folder_only": (
        "The worst duplicates lie in different folders: what does it mean if one picture belongs "
        "to two kinds?"
    ),
}


def check(answer: Any) -> None:
    """Whether it finds the copies that were put into some folders."""
    require_function(answer)
    planted = {_key(files): groups for files, groups in _albums()}
    mistakes: dict[str, Callable[[Files], Groups]] = {
        "by_name": lambda files: _alike(files, lambda name: name.rpartition("/")[2]),
        "by_size": lambda files: _alike(files, lambda name: len(files[name])),
        "single_ones_too": lambda files: _with_single(files, planted[_key(files)]),
        "one_left_out": lambda files: [group[1:] for group in planted[_key(files)]],
        "in_pairs": lambda files: [
            list(pair) for group in planted[_key(files)] for pair in combinations(group, 2)
        ],
        "in_one_folder_only": lambda files: _in_folders(planted[_key(files)]),
    }
    compare(
        lambda files: _tidy(answer(files)),
        ((files,) for files, _ in _albums()),
        lambda files: planted[_key(files)],
        {name: _tidily(mistake) for name, mistake in mistakes.items()},
        words=lambda files: f"for {len(files)} files: {', '.join(files)}",
    )


def _albums() -> Iterator[tuple[Files, Groups]]:
    """Files by name, and which of them are copies: groups in order, of names in order."""
    draw = np.random.default_rng(0)
    for album in range(4):
        files: Files = {}
        for folder in ("glass", "metal", "paper"):
            for number in range(5):
                # Equally long ones that differ are there too.
                length = 24 if number < 3 else int(draw.integers(10, 20))
                files[f"{folder}/IMG_{number}.jpg"] = draw.bytes(length)
        names = draw.permutation(list(files)).tolist()
        sizes = ((2,), (3, 2), (2, 2, 3), ())[album]
        groups = []
        for size in sizes:
            group, names = names[:size], names[size:]
            groups.append(sorted(group))
            for name in group[1:]:
                files[name] = files[group[0]]
        if album == 1:  # one that no folder holds twice, one that lies within a folder
            files["glass/copy.jpg"] = files["glass/IMG_4.jpg"]
            known = [group for group in groups if "glass/IMG_4.jpg" in group]
            for group in known:
                group.append("glass/copy.jpg")
            groups += [] if known else [["glass/IMG_4.jpg", "glass/copy.jpg"]]
        yield files, sorted(sorted(group) for group in groups)


def _key(files: Files) -> tuple[tuple[str, bytes], ...]:
    return tuple(sorted(files.items()))


def _tidy(groups: Any) -> Any:
    """Groups in order, whatever holds them; something else as it is."""
    if isinstance(groups, Mapping):
        groups = list(groups.values())
    if not isinstance(groups, list | tuple | set | frozenset):
        return groups
    if not all(isinstance(group, list | tuple | set | frozenset) for group in groups):
        return list(groups)
    return sorted(sorted(map(str, group)) for group in groups)


def _tidily(mistake: Callable[[Files], Groups]) -> Callable[[Files], Any]:
    return lambda files: _tidy(mistake(files))


def _alike(files: Files, key: Callable[[str], Any]) -> Groups:
    found = defaultdict(list)
    for name in files:
        found[key(name)].append(name)
    return [group for group in found.values() if len(group) > 1]


def _with_single(files: Files, groups: Groups) -> Groups:
    known = {name for group in groups for name in group}
    return [*groups, *([name] for name in files if name not in known)]


def _in_folders(groups: Groups) -> Groups:
    """Of each group what lies in one folder twice."""
    found = []
    for group in groups:
        folders = defaultdict(list)
        for name in group:
            folders[name.partition("/")[0]].append(name)
        found += [names for names in folders.values() if len(names) > 1]
    return found

"""Whose a file is, by its name as learning platforms and students make it.

- Moodle: `Lastname Firstname_123456_assignsubmission_file_/lab2.ipynb`, or the same in one name.
- Canvas: `lastnamefirstname_LATE_12345_67890_lab2-1.ipynb`, anonymous `anon_x1Y2z_67890_lab2.ipynb`
  (canvas-lms, lib/content_zipper.rb).
- ILIAS: `Lastname_Firstname_login_1234/lab2.ipynb`, in teams below `Team 12/`.
- Sakai: `Lastname, Firstname(login)/Submission attachment(s)/lab2.ipynb`.
- Blackboard: `Lab 2_login_attempt_2026-01-31-10-00-00_lab2.ipynb`.
- Otherwise a folder for each student, or a file that is called after one.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

LONGEST = 80  # letters of a name
NOBODY = "unnamed"

_MOODLE = re.compile(r"(?P<name>.+?)_(?P<id>\d+)_assignsubmission_(?:file|onlinetext)_?.*")
_CANVAS = re.compile(r"(?P<name>\w*?[^\W\d_]\w*?)_(?P<late>LATE_)?(?P<id>\d+)_(?:\d+_).+")
_CANVAS_TEXT = re.compile(r"(?P<name>\w+?)_(?P<late>LATE_)?(?P<id>\d+)_(?:text|link)\.html")
_ANONYMOUS = re.compile(r"(?P<late>LATE_)?(?P<name>anon)_(?P<id>[^\W_]+)_\d+_.+")
_BLACKBOARD = re.compile(r".+?_(?P<id>(?P<name>[^_]+))_attempt_\d{4}(?:-\d\d){5}(?:_.+|\.\w+)?")
_SAKAI = re.compile(r"(?P<name>[^(),]+,[^(),]+)\((?P<id>[^()]+)\)")
_ILIAS = re.compile(r"(?P<name>[^\d_]+(?:_[^\d_]+)+)_[^_]+_(?P<id>\d{2,})")
_ILIAS_SHORT = re.compile(r"(?P<name>[^\d_]+(?:_[^\d_]+)+)_(?P<id>\d{2,})")
_OF_FILES = (_MOODLE, _ANONYMOUS, _CANVAS, _CANVAS_TEXT, _BLACKBOARD)
_OF_FOLDERS = (_MOODLE, _SAKAI, _ILIAS, _ILIAS_SHORT)

_COPY = re.compile(
    r"\(\d+\)|\b(?:copy|kopie|copie|copia)(?: (?:of|von|de|di))?\b|\bcheckpoint\b", re.IGNORECASE
)
_ENDING = re.compile(r"(?:\.(?:ipynb|json|txt|zip|html?|py|pdf|md))+$", re.IGNORECASE)
_OF_NOBODY = re.compile(
    r"""v?\d{1,4}|lab\d*|lesson\d*|a\d{1,2}|hw\d*|ex\d*|assignment\d*|homework\d*|exercise\d*
    |uebung\d*|übung\d*|aufgabe\d*|blatt\d*|abgaben?|task\d*|project|projekt|submissions?|submitted
    |solutions?|lösung(?:en)?|loesung(?:en)?|answers?|notebooks?|untitled\d*|final|finished|done
    |fertig|new|neu|newest|last|version|student|colab|jupyter|my|mein|attachments?|src|code|files?
    |pictures|convolution|training|space|overfitting|inside|keras|photos|the|and|of|feedback""",
    re.IGNORECASE | re.VERBOSE,
)
_BETWEEN = re.compile(r"[\s_\-+.,]+")


@dataclass(frozen=True)
class Whose:
    """Whose a file is.

    Args:
        key: the same for all files of a student, and for nobody else's.
        name: as it is shown.
        apart: what tells the student from another of the same name.
        is_late: whether the platform says so.
    """

    key: str
    name: str
    apart: str
    is_late: bool = False


def whose(paths: Sequence[str]) -> list[Whose]:
    """Whose each of some files is; all files of a class at once, for they explain each other.

    Args:
        paths: with folders, which / divides; one that ends in / is an empty folder.
    """
    plain = [_parts(path) for path in paths]
    known = [_by_platform(parts) for parts in plain]
    left = [parts for parts, one in zip(plain, known, strict=True) if one is None]
    root, depth = _root(left)
    return [one or _by_place(parts, root, depth) for parts, one in zip(plain, known, strict=True)]


def _parts(path: str) -> tuple[str, ...]:
    parts = tuple(part for part in path.split("/") if part.strip() not in ("", ".", ".."))
    return (*parts, "") if path.endswith("/") else parts or ("",)


def _by_platform(parts: Sequence[str]) -> Whose | None:
    """By the first name on the way to the file that a platform has made."""
    for number, part in enumerate(parts):
        is_file = number == len(parts) - 1
        for pattern in _OF_FILES if is_file else _OF_FOLDERS:
            found = pattern.fullmatch(part)
            if found is None or _is_of_nobody(found["name"]):
                continue
            name = tidy(found["name"])
            if name.casefold() in ("anon", "participant", "teilnehmer/in", "teilnehmer"):
                name = f"{name} {found['id']}"
            is_late = bool(found.groupdict().get("late"))
            key = f"id {found['id']} {name.casefold()}"
            return Whose(key, name, found["id"], is_late)
    return None


def _by_place(parts: Sequence[str], root: int, depth: int) -> Whose:
    """By the folder, or by the file's own name where it lies in none of a student's."""
    folders, file = parts[:-1], parts[-1]
    inner = folders[root:]
    if not inner:
        if name := _in_name(file):
            return Whose(f"file {name.casefold()}", tidy(name), file)
        inner = folders[-1:]
    if not inner:
        return Whose(f"file {file.casefold()}", tidy(file) or NOBODY, file)
    own = inner[:depth]
    return Whose(f"folder {'/'.join(own).casefold()}", _folder_name(own), "/".join(own))


def _root(all_parts: Sequence[Sequence[str]]) -> tuple[int, int]:
    """How many folders all files share, and how many of those below them tell a student."""
    folders = [parts[:-1] for parts in all_parts]
    root = 0
    while len(set(folders)) > 1 and all(len(one) > root for one in folders):
        if len({one[root] for one in folders}) > 1:
            break
        root += 1
    if len(set(folders)) == 1 and len(folders) > 1 and all(_in_name(one[-1]) for one in all_parts):
        root = len(folders[0])  # files called after students, in one folder
    inner = [one[root:] for one in folders if len(one) > root]
    is_deep = bool(inner) and all(len(one) > 1 for one in inner)
    groups, below = {one[0] for one in inner}, {one[:2] for one in inner}
    is_grouped = is_deep and len(below) > len(groups)
    if is_grouped and not any(_is_of_nobody(one[1]) for one in below):
        return root, 2
    return root, 1


def _folder_name(folders: Sequence[str]) -> str:
    for one in reversed(folders):
        if not _is_of_nobody(one) and (name := tidy(one)):
            return name
    return tidy(folders[0]) or NOBODY


def _in_name(file: str) -> str:
    """The part of a file's name that may be a student's; empty where all of it says what it is."""
    stem = _COPY.sub(" ", _ENDING.sub("", file).replace("_", " "))
    words = [word for word in _BETWEEN.split(stem) if word]
    kept = [word for word in words if not _OF_NOBODY.fullmatch(word)]
    return " ".join(kept)


def _is_of_nobody(text: str) -> bool:
    return not _in_name(text)


def tidy(text: str) -> str:
    """A name with single spaces, of a bearable length."""
    name = " ".join(_ENDING.sub("", text).replace("_", " ").split())
    return name if len(name) <= LONGEST else f"{name[: LONGEST - 1].rstrip()}…"

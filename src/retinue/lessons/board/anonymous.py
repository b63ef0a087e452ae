"""Runs as A, B, C: for showing a board in class without saying whose run is which."""

import string
from collections.abc import Sequence
from dataclasses import dataclass, replace
from secrets import SystemRandom

from retinue.lessons.board.judging import Verdict
from retinue.lessons.board.verdicts import Judged, NotJudged

OWN = "one's own"


@dataclass(frozen=True)
class Key:
    """Who is behind a letter, and why a run could not be judged."""

    letter: str
    name: str
    place: str
    reason: str = ""


def hide(verdicts: Sequence[Verdict]) -> tuple[list[Verdict], list[Key]]:
    """The verdicts under letters, without what could name somebody, and the key.

    The letters are dealt out by chance that nobody can repeat: by a seed, whoever knows the names
    could find the key again.
    """
    letters = [letter_of(number) for number in range(len(verdicts))]
    SystemRandom().shuffle(letters)
    hidden = [_hidden(one, letter) for one, letter in zip(verdicts, letters, strict=True)]
    key = [
        Key(letter, one.name, one.place, getattr(one, "reason", ""))
        for one, letter in zip(verdicts, letters, strict=True)
    ]
    hidden.sort(key=lambda one: (len(one.name), one.name))  # the order could tell names too
    return hidden, sorted(key, key=lambda one: (len(one.letter), one.letter))


def letter_of(number: int) -> str:
    """A, B, ..., Z, AA, AB, ..."""
    text = ""
    number += 1
    while number:
        number, place = divmod(number - 1, len(string.ascii_uppercase))
        text = string.ascii_uppercase[place] + text
    return text


def _hidden(one: Verdict, letter: str) -> Verdict:
    if isinstance(one, Judged):
        model = OWN if OWN in one.model else one.model
        return replace(one, name=letter, place="", model=model)
    # A reason may quote paths, classes and settings, in which names hide.
    return NotJudged(letter, "", "it could not be judged; the key says why")

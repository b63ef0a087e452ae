"""What of a submission's notes a teacher should look at, and what is the machine's own."""

from retinue.lessons.grading.marks import Graded
from retinue.lessons.grading.table import STATES

NETWORK = "The network could not be kept away"
# How runs tell what somebody should look at, and the reason in short.
TOLD = {
    "failed: stopped after": "a cell took too long",
    "had made was thrown away": "a cell took too much memory",
    "The notebook replaced": "replaces what the checks use",
}


def own_notes(one: Graded) -> list[str]:
    """The notes of a submission itself."""
    return [note for note in one.notes if not note.startswith(NETWORK)]


def reasons(one: Graded) -> list[str]:
    """Why somebody should look at a submission, in a few words each; none for most."""
    if one.state != "graded":
        return [STATES[one.state]]
    found = [why for words, why in TOLD.items() if any(words in note for note in one.notes)]
    if not any(mark.answered for mark in one.marks):
        found.append("no answers")
    return found

"""The discussion: a text made from the measured numbers by rules that a reader can check."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from retinue.experiments.findings import Findings
from retinue.experiments.rules import better, choice, fitting, mistakes, transfer
from retinue.wording import printable

Rule = Callable[[Findings], list[str]]


def left_out(findings: Findings) -> list[str]:
    """Who could not take part, and why."""
    return [f"{name} is left out: {reason}." for name, reason in findings.left_out]


def notes(findings: Findings) -> list[str]:
    """What the reader should know besides."""
    return [f"{note[:1].upper()}{note[1:]}." for note in findings.notes]


RULES: dict[str, tuple[Rule, ...]] = {
    "Which is better": (
        better.budget,
        better.chosen_on_val,
        better.against_the_chosen,
        better.of_what_this_is_said,
    ),
    "Where each loses": (
        mistakes.hardest_pairs,
        mistakes.lost_pairs,
        mistakes.what_the_groups_are,
        mistakes.mistakes_by_group,
        mistakes.accuracy_by_group,
        mistakes.losses_by_group,
    ),
    "Over- and underfitting": (fitting.overfitting, fitting.underfitting, fitting.still_rising),
    "What transfer bought": (transfer.what_transfer_bought, transfer.ways_of_transfer),
    "Which to choose": (choice.for_accuracy, choice.for_speed, choice.for_size),
    "To bear in mind": (left_out, notes),
}


@dataclass(frozen=True)
class Section:
    """A title and the sentences under it."""

    title: str
    sentences: tuple[str, ...]


def discuss(findings: Findings) -> tuple[Section, ...]:
    """What the rules have to say; sections without a sentence are not there."""
    sections = [
        Section(title, tuple(sentence for rule in rules for sentence in rule(findings)))
        for title, rules in RULES.items()
    ]
    return tuple(section for section in sections if section.sentences)


def as_markdown(sections: Sequence[Section], title: str) -> str:
    """The sections as Markdown, a sentence a line; names from outside are no markup in it."""
    lines = [f"# {_plain(title)}", ""]
    for section in sections:
        lines += [f"## {section.title}", "", *(f"- {_plain(one)}" for one in section.sentences), ""]
    return "\n".join(lines)


def _plain(text: str) -> str:
    return re.sub(r"([\\`*_\[\]<>|#~&$])", r"\\\1", printable(text))

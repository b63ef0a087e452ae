"""Where each loses: counted, and said only where it stands out."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from retinue.experiments.entrants import Entrant
from retinue.experiments.findings import Findings
from retinue.experiments.groups import Group, found_groups, given_groups
from retinue.experiments.rules import mistakes

Make = Callable[..., Entrant]
Find = Callable[..., Findings]

CLASSES = ("cat", "dog", "car", "ship")
ANIMALS, TRANSPORT = (
    Group("animals", ("cat", "dog"), (0, 1)),
    Group("cars", ("car", "ship"), (2, 3)),
)


@pytest.fixture
def four(entrant: Make) -> Make:
    """`four("cnn", {(0, 1): 9})`: nine of class 0 are taken for class 1; 100 pictures a class."""
    labels = np.repeat(np.arange(4), 100)

    def said(wrong: dict[tuple[int, int], int]) -> NDArray[np.int64]:
        predicted, used = labels.copy(), dict.fromkeys(range(4), 0)
        for (true, other), number in wrong.items():
            start = 100 * true + used[true]
            predicted[start : start + number] = other
            used[true] += number
        return predicted

    def make(name: str, *wrong: dict[tuple[int, int], int], **changes: Any) -> Entrant:
        return entrant(
            name, labels=labels, classes=CLASSES, predicted=[said(one) for one in wrong], **changes
        )

    return make


def test_the_pair_that_is_mixed_up_most(four: Make, findings: Find) -> None:
    found = findings(four("cnn", {(0, 1): 9, (1, 0): 6, (2, 3): 5}), four("mlp", {(2, 3): 40}))
    assert mistakes.hardest_pairs(found) == [
        "cnn mixes up cat and dog most: 15 of the 20 mistakes (75 %).",
        "mlp mixes up car and ship most: 40 of the 40 mistakes (100 %).",
    ]


def test_several_runs_are_counted_together(four: Make, findings: Find) -> None:
    found = findings(four("cnn", {(0, 1): 9}, {(0, 1): 4, (3, 0): 1}), four("mlp", {}))
    assert mistakes.hardest_pairs(found) == [
        "cnn mixes up cat and dog most: 13 of the 14 mistakes of 2 runs (93 %)."
    ]


@pytest.mark.parametrize("wrong", [{}, {(0, 1): 4}, {(0, 1): 9, (2, 3): 9}])
def test_few_mistakes_and_ties_are_no_pair(
    four: Make, findings: Find, wrong: dict[tuple[int, int], int]
) -> None:
    assert mistakes.hardest_pairs(findings(four("cnn", wrong), four("mlp", {}))) == []


def test_where_another_loses_most_against_the_chosen(four: Make, findings: Find) -> None:
    found = findings(
        four("cnn", {(0, 1): 10, (2, 3): 4}), four("mlp", {(0, 1): 55, (1, 0): 5, (2, 3): 6})
    )
    assert mistakes.lost_pairs(found) == [
        "Against cnn, mlp loses most between cat and dog: 60 such mistakes instead of 10."
    ]


def test_over_several_runs_it_is_the_mean(four: Make, findings: Find) -> None:
    found = findings(
        four("cnn", *({(0, 1): number} for number in (10, 11, 11, 10))),
        four("mlp", *({(0, 1): number} for number in (58, 56, 57, 59))),
    )
    (told,) = mistakes.lost_pairs(found)
    assert "57.5 such mistakes instead of 10.5 a run" in told


@pytest.mark.parametrize("more", [0, 3])
def test_a_loss_that_chance_explains_is_not_told(four: Make, findings: Find, more: int) -> None:
    found = findings(four("cnn", {(0, 1): 10}), four("mlp", {(1, 0): 10 + more}))
    assert found.winner == "cnn"
    assert mistakes.lost_pairs(found) == []


def test_mistakes_within_groups(four: Make, findings: Find) -> None:
    wrong = {(0, 1): 9, (1, 0): 9, (2, 3): 9, (3, 2): 9, (0, 2): 4}
    found = findings(four("cnn", wrong), four("mlp", {}), groups=(ANIMALS, TRANSPORT))
    (told,) = mistakes.mistakes_by_group(found)
    assert told.startswith("Of the 40 mistakes of cnn 90 % stay within a group; ")
    assert "% would by chance" in told
    assert mistakes.mistakes_by_group(findings(four("cnn", wrong), four("mlp", {}))) == []


def test_accuracy_by_group_is_that_of_its_pictures(four: Make, findings: Find) -> None:
    found = findings(
        four("cnn", {(0, 1): 20}), four("mlp", {(2, 3): 50}), groups=(ANIMALS, TRANSPORT)
    )
    first, second = mistakes.accuracy_by_group(found)
    assert first.startswith("cnn recognises 90.0 % (85.1 % to 93.4 %) of animals and 100.0 % (")
    assert second.startswith("mlp recognises 100.0 % (")
    assert "75.0 %" in second
    assert mistakes.accuracy_by_group(findings(four("cnn", {}), four("mlp", {}))) == []


def test_losses_by_group(four: Make, findings: Find) -> None:
    groups = (ANIMALS, TRANSPORT)
    found = findings(
        four("cnn", {(0, 1): 10, (2, 3): 10}), four("mlp", {(0, 1): 80, (2, 3): 11}), groups=groups
    )
    told, allowance = mistakes.losses_by_group(found)
    assert "allows for the 2 differences" in allowance
    assert told.startswith("cnn less mlp on animals: 35.0 points (")
    assert "on cars: no difference shown, 0.5 points (" in told
    assert mistakes.losses_by_group(findings(four("cnn", {}), four("mlp", {}))) == []


def test_found_groups_are_named_and_given_ones_are_known(four: Make, findings: Find) -> None:
    wrong = {(0, 1): 30, (1, 0): 30, (2, 3): 30, (3, 2): 30, (0, 2): 3, (3, 1): 3}
    some = four("cnn", wrong), four("mlp", wrong)
    groups = found_groups(some[0].confusion + some[1].confusion, CLASSES)
    assert len(groups) == 2
    (told,) = mistakes.what_the_groups_are(findings(*some, groups=groups))
    assert (
        told == "The mistakes of all together fall into 2 groups of classes: cat, dog; car, ship."
    )
    assert "of (cat, dog)" in mistakes.accuracy_by_group(findings(*some, groups=groups))[0]
    given = given_groups({"animals": ["cat", "dog"]}, CLASSES)
    assert mistakes.what_the_groups_are(findings(*some, groups=given)) == []
    assert mistakes.what_the_groups_are(findings(*some)) == []

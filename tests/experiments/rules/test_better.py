"""Which is better: said only where the pictures show it, and of what they show it."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from retinue.experiments.entrants import Entrant
from retinue.experiments.findings import Findings
from retinue.experiments.pairs import Pair
from retinue.experiments.rules import better

Make = Callable[..., Entrant]
Find = Callable[..., Findings]


def test_a_clear_difference_of_two_networks(entrant: Make, findings: Find) -> None:
    found = findings(entrant("cnn", range(12)), entrant("mlp", range(4, 50)))
    (told,) = better.against_the_chosen(found)
    pair = found.pairs[0]
    assert told.startswith("The network cnn is more accurate than the network mlp: ")
    assert "28.3 points (" in told
    assert f"{pair.only_first} test pictures were recognised by the first alone, 4 by" in told
    assert "p < 0.001" in told


def test_the_most_accurate_on_test_need_not_be_chosen(entrant: Make, findings: Find) -> None:
    found = findings(
        entrant("cnn", range(50)), entrant("mlp", range(10)), cnn={"val_accuracy": 0.99}
    )
    assert found.winner == "cnn"
    assert better.against_the_chosen(found)[0].startswith("The network mlp is more accurate than")


def test_no_difference_is_told_with_its_interval(entrant: Make, findings: Find) -> None:
    found = findings(entrant("cnn", range(12)), entrant("mlp", range(10, 25)))
    (told,) = better.against_the_chosen(found)
    pair = found.pairs[0]
    assert told.startswith("Between the networks cnn and mlp no difference was shown: 2.5 points (")
    assert pair.low < 0 < pair.high
    assert "better" not in told
    assert "more accurate" not in told


def test_one_interval_among_many_is_no_claim() -> None:
    pair = Pair("a", "b", "recipes", (), 0.02, 0.001, 0.04, 0.04, "", p_holm=0.4)
    told = better.tell(pair)
    assert "no difference was shown" in told
    assert "may leave out 0 by chance" in told
    assert "by chance" not in better.tell(replace(pair, low=-0.01))


def test_several_seeds_speak_of_recipes(entrant: Make, findings: Find) -> None:
    found = findings(
        entrant("cnn", range(10), range(11)), entrant("mlp", range(50), range(52), range(54))
    )
    (told,) = better.against_the_chosen(found)
    assert told.startswith("cnn is more accurate than mlp: ")
    assert "network" not in told
    assert "statements about recipes" in " ".join(better.of_what_this_is_said(found))


def test_two_seeds_are_few(entrant: Make, findings: Find) -> None:
    some = [range(10), range(11), range(12)]
    few = findings(entrant("cnn", *some[:2]), entrant("mlp", *some))
    assert "Two seeds hardly show" in " ".join(better.of_what_this_is_said(few))
    enough = findings(entrant("cnn", *some), entrant("mlp", *some))
    assert "Two seeds" not in " ".join(better.of_what_this_is_said(enough))


def test_single_runs_make_no_claim_about_recipes(entrant: Make, findings: Find) -> None:
    found = findings(entrant("cnn", range(10)), entrant("mlp", range(50)), entrant("old", range(9)))
    told = " ".join(better.of_what_this_is_said(found) + better.against_the_chosen(found))
    assert "recipe" not in told
    assert "about the networks in their run folders and no others" in told
    assert "--seeds 3" in told


def test_where_only_some_have_seeds(entrant: Make, findings: Find) -> None:
    found = findings(
        entrant("a", range(10), range(9)), entrant("b", range(10), range(9)), entrant("c", range(9))
    )
    told = " ".join(better.of_what_this_is_said(found))
    assert "Statements about single networks are about the networks in their run folders" in told


def test_the_correction_is_named_where_there_is_one(entrant: Make, findings: Find) -> None:
    two = findings(entrant("a", range(10)), entrant("b", range(9)))
    assert "Holm" not in " ".join(better.of_what_this_is_said(two))
    three = findings(entrant("a", range(10)), entrant("b", range(9)), entrant("c", range(8)))
    assert "Holm's correction for the 3 pairs" in " ".join(better.of_what_this_is_said(three))


def test_who_is_chosen_and_what_it_reaches(entrant: Make, findings: Find) -> None:
    found = findings(
        entrant("cnn", range(12)), entrant("mlp", range(30)), cnn={"val_accuracy": 0.95}
    )
    assert better.chosen_on_val(found) == [
        "cnn is chosen: of 2 it has the highest accuracy on val, 95.0 %.",
        "On test, which had no part in the choice, it reaches 90.0 % (83.3 % to 94.2 %).",
    ]


def test_the_choice_over_seeds_is_of_their_mean(entrant: Make, findings: Find) -> None:
    found = findings(
        entrant("cnn", range(12), range(10)), entrant("mlp", range(30)), cnn={"val_accuracy": 0.95}
    )
    assert "95.0 %, the mean of 2 seeds" in better.chosen_on_val(found)[0]


def test_a_tie_on_val_is_told_with_what_decided(entrant: Make, findings: Find) -> None:
    tied = {"val_accuracy": 0.9}
    found = findings(
        entrant("cnn", range(12)), entrant("mlp", range(5)),
        cnn={**tied, "val_loss": 0.2}, mlp={**tied, "val_loss": 0.3},
    )  # fmt: skip
    assert found.winner == "cnn"
    told = better.chosen_on_val(found)[0]
    assert "shares the highest accuracy on val, 90.0 %, with mlp" in told
    assert "the lower log loss" in told


def test_without_val_nobody_is_chosen(entrant: Make, findings: Find) -> None:
    found = findings(
        entrant("cnn", range(12)), entrant("mlp", range(5)), cnn={"val_accuracy": None}
    )
    assert found.winner is None
    (told,) = better.chosen_on_val(found)
    assert told.startswith("Nobody is chosen")
    assert "The most accurate on test is mlp" in told
    assert "flatters" in told


@pytest.mark.parametrize(("limit", "told"), [(None, []), (600.0, ["10 min"]), (60.0, ["60 s"])])
def test_an_equal_budget_is_told(
    entrant: Make, findings: Find, limit: float | None, told: list[str]
) -> None:
    some = entrant("cnn"), entrant("mlp", range(5))
    found = better.budget(findings(*some, others={"time_limit": limit}))
    assert len(found) == len(told)
    assert all(text in one for one, text in zip(found, told, strict=True))

"""The discussion as a whole: what is in it, what never is, and how it is written down."""

from collections.abc import Callable
from typing import Any

import pytest

from retinue.experiments.curves import Curve
from retinue.experiments.discussion import RULES, Section, as_markdown, discuss
from retinue.experiments.entrants import Entrant
from retinue.experiments.findings import Findings

Make = Callable[..., Entrant]
Find = Callable[..., Findings]


def text(found: Findings) -> str:
    return " ".join(one for section in discuss(found) for one in section.sentences)


def test_sections_come_in_order_and_only_with_sentences(entrant: Make, findings: Find) -> None:
    titles = [section.title for section in discuss(findings(entrant("a"), entrant("b", range(9))))]
    assert titles == ["Which is better", "Where each loses", "Which to choose"]
    assert titles == [title for title in RULES if title in titles]


def test_single_runs_never_make_a_claim_about_recipes(
    entrant: Make, findings: Find, curve: Callable[..., Curve]
) -> None:
    found = findings(
        entrant("a", range(9)), entrant("b", range(70)), entrant("c", range(11)),
        a={"curve": curve(train=1.0, val=0.7)}, b={"curve": curve(train=0.4, val=0.4)},
    )  # fmt: skip
    assert "recipe" not in text(found)
    assert "other seed" in text(found) or "another seed" in text(found)


def test_networks_that_are_alike_are_called_neither_better_nor_worse(
    entrant: Make, findings: Find
) -> None:
    found = text(findings(entrant("a", range(9)), entrant("b", range(10))))
    assert "no difference was shown" in found
    for word in ("better", "worse", "more accurate", "gained", "lost", "costs"):
        assert word not in found


def test_every_sentence_of_the_measured_carries_figures(
    entrant: Make, findings: Find, curve: Callable[..., Curve]
) -> None:
    some = {"curve": curve(train=1.0, val=0.5, before=0.2, after=0.5)}
    found = findings(entrant("a", range(9)), entrant("net", range(70), model="x:linear"), net=some)
    for section in discuss(found):
        for sentence in section.sentences:
            said = sentence.startswith(("These statements", "For accuracy"))
            assert said or any(letter.isdigit() for letter in sentence), sentence


def test_who_is_left_out_and_what_is_to_be_borne_in_mind(entrant: Make, findings: Find) -> None:
    others: dict[str, Any] = {"left_out": (("vgg16", "no weights"),), "notes": ("it rained",)}
    found = discuss(findings(entrant("a"), entrant("b"), others=others))
    assert found[-1] == Section("To bear in mind", ("vgg16 is left out: no weights.", "It rained."))


@pytest.mark.parametrize(
    "name", ["<b>x</b>", "[a](b)", "*x*_y_", "`x`", "a\nb", "| x |", "\x1b[31m"]
)
def test_names_are_no_markup(name: str) -> None:
    found = as_markdown([Section("Title", (f"{name} is chosen.",))], "made")
    (line,) = (line for line in found.splitlines() if line.startswith("- "))
    assert line.endswith("is chosen.")
    assert "\x1b" not in found
    plain = line.replace("\\", "")
    for sign in "<>[]*`|":
        assert line.count(f"\\{sign}") == plain.count(sign)

"""What transfer bought, where it was shown to buy something."""

from collections.abc import Callable
from typing import Any

import pytest

from retinue.experiments.entrants import Entrant
from retinue.experiments.findings import Findings
from retinue.experiments.rules import transfer

Make = Callable[..., Entrant]
Find = Callable[..., Findings]


@pytest.mark.parametrize(
    ("model", "is_transfer"),
    [("resnet18:linear", True), ("resnet18:full", True), ("timm/x:finetune", True),
     ("cnn", False), ("my.nets:wide", False), ("linear", False)],
)  # fmt: skip
def test_what_counts_as_transfer(entrant: Make, model: str, is_transfer: bool) -> None:
    assert transfer.is_transfer(entrant("x", model=model)) is is_transfer


def _found(entrant: Make, findings: Find, wrong: range, **linear: Any) -> Findings:
    return findings(
        entrant("net:linear", wrong, model="resnet18:linear"),
        entrant("cnn", range(50)),
        entrant("mlp", range(70)),
        cnn={"val_accuracy": 0.6},
        mlp={"val_accuracy": 0.5},
        **{"net:linear": linear},
    )


def test_a_gain_has_its_price(entrant: Make, findings: Find) -> None:
    found = _found(entrant, findings, range(10), training_seconds=180.0)
    told = transfer.what_transfer_bought(found)
    assert told[0].startswith(
        "Against the network cnn, the best without transfer, net:linear gained 33.3 points ("
    )
    assert told[0].endswith("from the same 300 training pictures.")
    assert told[1] == (
        "It was trained for 3 min, cnn for 60 s: 33.3 points for 2 min more, 16.7 for each minute."
    )
    assert told[2].startswith("A picture alone takes it 1 ms to predict, cnn 1 ms; in batches")


def test_seconds_are_not_blown_up_to_minutes(entrant: Make, findings: Find) -> None:
    found = _found(entrant, findings, range(10), training_seconds=61.0)
    told = transfer.what_transfer_bought(found)
    assert told[1].endswith("cnn for 60 s: 33.3 points for 1 s more.")


def test_a_gain_in_less_time_has_no_rate(entrant: Make, findings: Find) -> None:
    told = transfer.what_transfer_bought(
        _found(entrant, findings, range(10), training_seconds=20.0, train_digest="others")
    )
    assert "same" not in told[0]
    assert told[1] == "It was trained for 20 s, cnn for 60 s."


def test_what_is_not_known_is_not_told(entrant: Make, findings: Find) -> None:
    found = _found(entrant, findings, range(10), training_seconds=None, speed=None)
    assert len(transfer.what_transfer_bought(found)) == 1


def test_without_a_difference_nothing_was_bought(entrant: Make, findings: Find) -> None:
    told = transfer.what_transfer_bought(
        _found(entrant, findings, range(3, 51), training_seconds=180.0)
    )
    assert "no difference was shown" in told[0]
    assert "gained" not in " ".join(told)
    assert "each minute" not in " ".join(told)


def test_a_loss_is_a_loss(entrant: Make, findings: Find) -> None:
    told = transfer.what_transfer_bought(_found(entrant, findings, range(90)))
    assert "net:linear lost 33.3 points (" in told[0]
    assert "each minute" not in told[1]


def test_silent_without_transfer_or_without_anything_else(entrant: Make, findings: Find) -> None:
    plain = findings(entrant("cnn", range(9)), entrant("mlp", range(50)))
    assert transfer.what_transfer_bought(plain) == []
    assert transfer.ways_of_transfer(plain) == []
    only = findings(
        entrant("a", range(9), model="resnet18:linear"), entrant("b", model="resnet18:full")
    )
    assert transfer.what_transfer_bought(only) == []


def test_ways_of_one_backbone_beside_one_another(entrant: Make, findings: Find) -> None:
    found = findings(
        entrant("cnn", range(3)),
        entrant("linear", range(10), model="resnet18:linear"),
        entrant("full", range(60), model="resnet18:full"),
        entrant("other", range(70), model="resnet50:full"),
    )
    (told,) = transfer.ways_of_transfer(found)
    assert told.startswith("The network linear is more accurate than the network full")

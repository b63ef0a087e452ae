"""Over- and underfitting: told with the figures, or not at all."""

from collections.abc import Callable

from retinue.experiments.curves import Curve
from retinue.experiments.entrants import Entrant
from retinue.experiments.findings import Findings
from retinue.experiments.rules import fitting

Make = Callable[..., Entrant]
Find = Callable[..., Findings]
Draw = Callable[..., Curve]


def test_overfitting(entrant: Make, findings: Find, curve: Draw) -> None:
    some = entrant("cnn"), entrant("mlp", range(20)), entrant("old", range(30))
    gap = {"curve": curve(train=0.99, val=0.6)}
    found = findings(*some, mlp=gap, cnn={"curve": curve()}, old={"curve": None})
    (told,) = fitting.overfitting(found)
    assert told.startswith("mlp overfits: at the epoch that was kept it recognised 99.0 % of train")
    assert "60.0 % of val pictures, a gap of 39.0 points (" in told


def test_underfitting(entrant: Make, findings: Find, curve: Draw) -> None:
    some = entrant("cnn"), entrant("mlp", range(20))
    weak, strong = curve(train=0.5, val=0.5), curve(train=0.9, val=0.85)
    (told,) = fitting.underfitting(findings(*some, cnn={"curve": strong}, mlp={"curve": weak}))
    assert told == (
        "mlp underfits: it recognised 50.0 % of its own training pictures, cnn 85.0 % of val "
        "pictures, which it was not trained on."
    )
    for mine, theirs in ((strong, strong), (strong, None), (None, weak)):
        found = findings(*some, cnn={"curve": mine}, mlp={"curve": theirs})
        assert fitting.underfitting(found) == []


def test_a_rise_at_the_end(entrant: Make, findings: Find, curve: Draw) -> None:
    some = entrant("cnn"), entrant("mlp", range(20)), entrant("old", range(30))
    rising = {"before": 0.5, "after": 0.8}
    found = findings(
        *some,
        cnn={"curve": curve(**rising)},
        mlp={"curve": curve(**rising, falling=False, last=1)},
        old={"curve": curve()},
    )
    first, second = fitting.still_rising(found)
    assert first.startswith(
        "cnn still rose at the end: from 50.0 % to 80.0 % on val over the last 3 epochs of 12;"
    )
    assert "its learning rate fell to the end" in first
    assert "over the last 1 epoch of 12; a longer training was not tried." in second

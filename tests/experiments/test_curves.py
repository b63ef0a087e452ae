"""What the curves of a training show, and when they show nothing."""

from collections.abc import Callable

import pytest

from retinue.data.imagedata import ImageData
from retinue.data.load import load_data
from retinue.experiments.curves import Curve, curve_of
from retinue.runs import Run
from retinue.training.course import subset_of, subset_size

Make = Callable[..., Curve]


@pytest.mark.parametrize(
    ("train", "val", "n", "overfits"),
    [(1.0, 0.6, 2000, True), (0.85, 0.8, 2000, True), (0.83, 0.8, 2000, False),
     (1.0, 0.9, 20, False), (0.8, 0.8, 2000, False), (0.7, 0.9, 2000, False)],
)  # fmt: skip
def test_a_gap_is_told_where_it_is_surely_large(
    curve: Make, train: float, val: float, n: int, overfits: bool
) -> None:
    found = curve(train=train, val=val, n_train=n, n_val=n)
    value, low, high = found.gap
    assert low < value < high
    assert value == pytest.approx(train - val)
    assert found.overfits is overfits


@pytest.mark.parametrize(
    ("before", "after", "n", "last", "rises"),
    [(0.6, 0.7, 2000, 3, True), (0.6, 0.7, 50, 3, False), (0.6, 0.605, 10**6, 3, False),
     (0.7, 0.6, 2000, 3, False), (0.6, 0.7, 2000, 0, False)],
)  # fmt: skip
def test_a_rise_is_told_where_it_is_more_than_chance(
    curve: Make, before: float, after: float, n: int, last: int, rises: bool
) -> None:
    assert curve(before=before, after=after, n_val=n, last=last).still_rises is rises


def test_one_fits_its_own_pictures_worse_than_another_does_unseen_ones(curve: Make) -> None:
    weak, strong = curve(train=0.5, val=0.5), curve(train=0.9, val=0.8)
    assert weak.is_below(strong)
    assert not strong.is_below(strong)
    assert not strong.is_below(weak)
    assert not curve(train=0.79).is_below(strong)
    assert not curve(train=0.5, n_train=10).is_below(curve(val=0.7, n_val=10))


def test_the_curve_of_a_run_is_that_of_the_epoch_that_was_kept(
    make_run: Callable[..., Run],
) -> None:
    run = make_run("a", val=0.8, schedule="constant")
    run.update_status(best_epoch=2)
    found = curve_of([run])
    assert found is not None
    assert (found.n_train, found.n_val, found.epochs, found.last) == (200, 100, 4, 1)
    assert not found.falling
    values = [found.train, found.val, found.before, found.after]
    assert values == pytest.approx([0.9, 0.78, 0.79, 0.8])


def test_curves_of_several_runs_are_averaged(make_run: Callable[..., Run]) -> None:
    found = curve_of([make_run("a", val=0.8), make_run("b", val=0.6, seed=1)])
    assert found is not None
    assert found.val == pytest.approx(0.7)


@pytest.mark.parametrize("what", ["no history", "no val", "no epoch"])
def test_without_accuracies_there_is_no_curve(make_run: Callable[..., Run], what: str) -> None:
    run, other = make_run("a"), make_run("b", seed=1)
    if what == "no history":
        (run.path / "history.jsonl").unlink()
    elif what == "no val":
        (run.path / "history.jsonl").write_text(
            '{"epoch": 4, "subset_accuracy": 0.9, "val_accuracy": null}\n'
        )
    else:
        run.update_status(best_epoch=None)
    assert curve_of([run]) is None
    assert curve_of([run, other]) is None
    assert curve_of([other]) is not None


@pytest.mark.parametrize("limit", [3, 30, 120])
def test_the_subset_is_as_large_as_training_takes_it(limit: int) -> None:
    data: ImageData = load_data("digits", limit_per_class=limit)
    expected = len(subset_of(data.train, data.val))
    assert subset_size(len(data.train), len(data.val)) == expected

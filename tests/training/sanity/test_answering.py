"""What is asked about answers: each question fails one network and passes another."""

from collections.abc import Callable

import pytest

from retinue.training.sanity import answering
from retinue.training.sanity.bench import Bench

Make = Callable[..., Bench]


def test_a_picture_is_judged_by_itself(bench: Make) -> None:
    for found in (answering.alone(bench("Net")), answering.alone(bench(model="cnn"))):
        assert found.passed
    bad = answering.alone(bench("Neighbours"))
    assert bad.passed is False
    assert "alone and among 8 logits differ by" in bad.figures


def test_the_same_picture_gets_the_same_answer(bench: Make) -> None:
    for settings in ({"name": "Net"}, {"model": {"name": "cnn", "dropout": 0.5}}):
        found = answering.repeatable(bench(**settings))
        assert (found.passed, found.figures) == (True, "asked twice, logits differ by nothing")
    assert answering.repeatable(bench("Random")).passed is False


@pytest.mark.parametrize(
    ("name", "passed", "figures"),
    [
        ("Net", True, "100 % of the parts"),
        ("Detached", True, "100 % of the parts"),
        ("Constant", False, "0 % of the parts"),
        ("Corner", False, "6 % of the parts"),
    ],
)
def test_pixels_matter(bench: Make, name: str, passed: bool, figures: str) -> None:
    found = answering.pixels(bench(name))
    assert found.passed is passed
    assert found.figures.startswith(figures)

"""The class whose answer is explained: by name, by number, the predicted or the true one."""

import numpy as np
import pytest

from retinue.errors import UsageError
from retinue.explaining.attribution.target import class_number
from retinue.explaining.picture import Picture

CLASSES = ("cat", "dog", "horse")
KNOWN = Picture("a.png", np.zeros((4, 4, 3), np.uint8), label=2)
UNKNOWN = Picture("b.png", np.zeros((4, 4, 3), np.uint8))


def test_without_a_word_it_is_the_predicted_class() -> None:
    assert class_number(CLASSES, None, KNOWN, 1) == 1
    assert class_number(CLASSES, "predicted", KNOWN, 1) == 1


def test_by_name_by_number_and_the_true_one() -> None:
    assert class_number(CLASSES, "dog", KNOWN, 0) == 1
    assert class_number(CLASSES, 2, KNOWN, 0) == 2
    assert class_number(CLASSES, np.int64(2), KNOWN, 0) == 2  # type: ignore[arg-type]
    assert class_number(CLASSES, "true", KNOWN, 0) == 2


def test_a_class_that_is_called_true_is_meant_first() -> None:
    assert class_number(("false", "true", "predicted"), "true", KNOWN, 0) == 1
    assert class_number(("false", "true", "predicted"), "predicted", KNOWN, 0) == 2


@pytest.mark.parametrize("number", [-1, 3])
def test_numbers_that_no_class_has_are_refused(number: int) -> None:
    with pytest.raises(UsageError, match=f"class {number}: classes have the numbers 0 to 2"):
        class_number(CLASSES, number, KNOWN, 0)


def test_a_name_that_no_class_has_is_refused_with_those_there_are() -> None:
    with pytest.raises(UsageError) as told:
        class_number(CLASSES, "dogs", KNOWN, 0)
    assert str(told.value) == (
        "class 'dogs': there is none; did you mean dog? Classes are: cat, dog, horse"
    )
    with pytest.raises(UsageError) as told:
        class_number([f"c{number}" for number in range(99)], "\x1b[31m", KNOWN, 0)
    assert str(told.value).endswith("c8, c9, ...")
    assert "\x1b" not in str(told.value)


def test_the_true_class_must_be_known() -> None:
    with pytest.raises(UsageError, match=r"class true: that of b.png is not known; name it"):
        class_number(CLASSES, "true", UNKNOWN, 0)

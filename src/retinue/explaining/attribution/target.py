"""The class whose answer is explained."""

from collections.abc import Sequence

from retinue.errors import UsageError
from retinue.explaining.picture import Picture
from retinue.models.settings import suggestion
from retinue.wording import printable

NAMED = 10  # classes that a refusal lists


def class_number(
    classes: Sequence[str], target: str | int | None, picture: Picture, predicted: int
) -> int:
    """The number of a class.

    Args:
        classes: all of them.
        target: a name, a number, `true`, `predicted`, or None for the predicted one.
        picture: has the true one.
        predicted: the number of the predicted one.

    Raises:
        UsageError: there is no such class, or the true one is not known.
    """
    if target is None:
        return predicted
    if not isinstance(target, str):
        if not 0 <= target < len(classes):
            raise UsageError(f"class {target}: classes have the numbers 0 to {len(classes) - 1}")
        return int(target)
    if target in classes:
        return classes.index(target)
    if target == "predicted":
        return predicted
    if target != "true":
        raise UsageError(f"class '{printable(target, 80)}': there is none{_known(classes, target)}")
    if picture.label is None:
        raise UsageError(f"class true: that of {printable(picture.name, 80)} is not known; name it")
    return picture.label


def _known(classes: Sequence[str], target: str) -> str:
    """Which classes there are, the nearest first."""
    some = ", ".join(printable(name, 80) for name in classes[:NAMED])
    more = ", ..." if len(classes) > NAMED else ""
    return f"{printable(suggestion(target, classes))} Classes are: {some}{more}"

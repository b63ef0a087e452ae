"""Answers that are functions, held against a reference on many cases."""

import copy
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from retinue.lessons.question import WrongError

Function = Callable[..., Any]
TOLERANCE = 1e-5  # of the largest value, for those who compute in float32


def compare(
    answer: Any,
    cases: Iterable[Sequence[Any]],
    reference: Function,
    mistakes: Mapping[str, Function],
    *,
    tolerance: float = TOLERANCE,
    words: Callable[..., str] | None = None,
) -> None:
    """Ask a function on many cases, each with arguments of its own that it may change.

    A mistake is named where it makes, in every case that is wrong, just what the answer makes.

    Args:
        answer: the function to be judged.
        cases: arguments of each case.
        reference: what is right.
        mistakes: functions that make known mistakes, by name; one that raises makes nothing.
        tolerance: of the largest absolute value of what is right.
        words: tells a case by its arguments; by itself their shapes or values.

    Raises:
        WrongError: the first case in which the answer is wrong.
    """
    require_function(answer)
    wrong: list[tuple[Sequence[Any], Any, Any]] = []
    for arguments in cases:
        expected = reference(*copy.deepcopy(tuple(arguments)))
        got = answer(*copy.deepcopy(tuple(arguments)))
        if not same(got, expected, tolerance):
            wrong.append((arguments, got, expected))
    if not wrong:
        return
    arguments, got, expected = wrong[0]
    told = (words or in_words)(*arguments)
    case = f"{told}\ngives {shown(got)}\nexpected {shown(expected)}"
    raise WrongError(case, _recognised(wrong, mistakes, tolerance))


def require_function(answer: Any) -> None:
    """Refuse what cannot be called.

    Raises:
        WrongError: it cannot.
    """
    if not callable(answer):
        kind = type(answer).__name__
        raise WrongError(f"a function is asked for, this is {kind} {shown(answer)}")


def same(got: Any, expected: Any, tolerance: float = TOLERANCE) -> bool:
    """Whether two answers agree: numbers and arrays nearly, in shape exactly; all else equally."""
    if isinstance(expected, tuple | list) and not _is_numbers(expected):
        return (
            isinstance(got, tuple | list)
            and len(got) == len(expected)
            and all(same(*pair, tolerance) for pair in zip(got, expected, strict=True))
        )
    if isinstance(expected, str | bool) or expected is None:
        return type(got) is type(expected) and bool(got == expected)
    left, right = _numbers(got), _numbers(expected)
    if left is None or right is None:
        return bool(got is expected)
    if left.shape != right.shape:
        return False
    scale = max(1.0, float(np.abs(right).max(initial=0)))
    return bool(np.allclose(left, right, rtol=0, atol=tolerance * scale, equal_nan=True))


def in_words(*arguments: Any) -> str:
    """The arguments of a case, short."""
    return "for " + ", ".join(shown(one) for one in arguments)


def shown(value: Any) -> str:
    """A value in a line: small ones whole, arrays of more numbers by shape and first numbers."""
    numbers = None if isinstance(value, str | bool | int) else _numbers(value)
    if numbers is None or numbers.ndim == 0:
        return _short(f"{value:.6g}" if isinstance(value, float) else repr(value))
    if numbers.size <= 16:
        return np.array2string(numbers, precision=4, suppress_small=True)
    first = ", ".join(f"{one:.4g}" for one in numbers.ravel()[:4])
    return f"shape {numbers.shape}, first numbers {first} ..."


def _recognised(
    wrong: Sequence[tuple[Sequence[Any], Any, Any]],
    mistakes: Mapping[str, Function],
    tolerance: float,
) -> str | None:
    for name, mistaken in mistakes.items():
        try:
            if all(
                same(got, mistaken(*copy.deepcopy(tuple(arguments))), tolerance)
                for arguments, got, _ in wrong
            ):
                return name
        except Exception:  # noqa: S112  what such a mistake cannot be made of
            continue
    return None


def _is_numbers(value: Sequence[Any]) -> bool:
    """Whether a list or tuple is of numbers, or of such lists, all through."""
    return bool(value) and all(
        _is_numbers(one) if isinstance(one, tuple | list) else isinstance(one, int | float)
        for one in value
    )


def _numbers(value: Any) -> NDArray[Any] | None:
    """A value as an array of numbers; None where it is none."""
    detach = getattr(value, "detach", None)
    if detach is not None:
        value = detach().cpu().numpy()
    try:
        numbers = np.asarray(value)
    except ValueError:  # ragged
        return None
    return numbers.astype(float) if numbers.dtype.kind in "biuf" else None


def _short(text: str, most: int = 200) -> str:
    return text if len(text) <= most else f"{text[: most - 3]}..."

"""What the checks of labs 5 and 6 share: answers of several parts, tensors, functions."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import torch
from torch import Tensor

from retinue.lessons.comparing import TOLERANCE, Function, compare, require_function, shown
from retinue.lessons.question import WrongError


def tensor_like(value: Any, wanted: Tensor, case: str) -> Tensor:
    """What an answer gave as a tensor of the shape of another, float32.

    Raises:
        WrongError: it is no such thing.
    """
    try:
        found = torch.as_tensor(value).detach().float()
    except Exception:
        raise WrongError(f"{case}: gives {_kind(value)}, not a tensor") from None
    if found.shape != wanted.shape:
        told = f"of shape {tuple(found.shape)}, expected {tuple(wanted.shape)}"
        raise WrongError(f"{case}: gives a tensor {told}")
    return found


def compare_parts(
    answer: Any,
    cases: Sequence[Sequence[Any]],
    reference: Function,
    mistakes: Mapping[str, Mapping[str, Function]],
    words: Callable[..., str],
    tolerance: float = TOLERANCE,
) -> None:
    """`comparing.compare` for a function that gives several things at once, one after the other.

    Args:
        answer: the function to be judged.
        cases: arguments of each case.
        reference: gives what is right, a tuple.
        mistakes: for each part, by what it is called, the functions that make known mistakes of it.
        words: tells a case by its arguments.
        tolerance: as that of `compare`.

    Raises:
        WrongError: the first part that is wrong, in the first case in which it is.
    """
    require_function(answer)
    for number, (name, known) in enumerate(mistakes.items()):

        def part(*arguments: Any, _number: int = number) -> Any:
            got = answer(*arguments)
            if not isinstance(got, tuple | list) or len(got) != len(mistakes):
                names = ", ".join(mistakes)
                raise WrongError(f"gives {_kind(got)}, not {len(mistakes)} things: {names}")
            return got[_number]

        def right(*arguments: Any, _number: int = number) -> Any:
            return reference(*arguments)[_number]

        def told(*arguments: Any, _name: str = name) -> str:
            return f"{words(*arguments)}: {_name}"

        compare(part, cases, right, known, words=told, tolerance=tolerance)


def _kind(value: Any) -> str:
    if isinstance(value, tuple | list):
        return f"a {type(value).__name__} of {len(value)}"
    return f"{type(value).__name__} {shown(value)}"

"""`check`: whether an answer is right, and if not, the failing case and a hint."""

import random
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from retinue.lessons.labs import find_question
from retinue.lessons.outcome import Outcome
from retinue.lessons.question import Question, WrongError


def check(name: str, answer: Any) -> Outcome:
    """Check an answer to a question of a lab.

    The same answer has the same outcome at every call, and Python's, NumPy's and torch's
    generators are afterwards as they were.

    Args:
        name: lab and question, as "lab2.conv2d".
        answer: what the question asks for: a function, a class or a value.

    Returns:
        the outcome, which shows itself in a notebook and is true where the answer is right.

    Raises:
        UsageError: there is no such lab or question.
    """
    _, question = find_question(name)
    return outcome_of(name, question, answer)


def outcome_of(name: str, question: Question, answer: Any) -> Outcome:
    """What comes of a question's check; an answer that fails in itself fails the check."""
    if answer is ... or answer is None:
        return Outcome(name, passed=False, answered=False)
    try:
        with _as_before(), warnings.catch_warnings():
            warnings.simplefilter("ignore")  # those of the answer's own are not its marks
            question.check(answer)
    except WrongError as wrong:
        hint = question.hints.get(wrong.mistake, "") if wrong.mistake else ""
        return Outcome(name, False, wrong.case, hint, wrong.mistake)
    except NotImplementedError:
        return Outcome(name, passed=False, answered=False)
    except Exception as error:
        case = f"{type(error).__name__}: {error}{_where(error)}"
        return Outcome(name, False, case, "It ended in this error, before it gave anything.")
    return Outcome(name, passed=True)


@contextmanager
def _as_before() -> Iterator[None]:
    """Seed Python's, NumPy's and torch's generators for a block, and put back what they were."""
    import numpy as np
    import torch

    kept = random.getstate(), np.random.get_state(), torch.get_rng_state()  # noqa: NPY002
    random.seed(0)
    np.random.seed(0)  # noqa: NPY002  an answer may draw from it
    torch.manual_seed(0)
    try:
        yield
    finally:
        random.setstate(kept[0])
        np.random.set_state(kept[1])  # noqa: NPY002
        torch.set_rng_state(kept[2])


def _where(error: BaseException) -> str:
    """The line of the notebook in which it happened, where it happened in one."""
    place = ""
    step = error.__traceback__
    while step is not None:
        code = step.tb_frame.f_code
        if "ipykernel" in code.co_filename or code.co_filename.startswith("<ipython-input"):
            place = f" (in {code.co_name}, line {step.tb_lineno} of its cell)"
        step = step.tb_next
    return place

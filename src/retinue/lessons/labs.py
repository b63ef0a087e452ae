"""Which labs there are: those of the course, and a teacher's own beside the notebook."""

import importlib
import importlib.util
import re
import sys
from pathlib import Path

from retinue.errors import UsageError
from retinue.lessons.question import Lab, Question
from retinue.wording import printable

COURSE = tuple(f"lab{number}" for number in range(1, 10))
OWN = "{name}_checks.py"  # where a teacher's own checks lie, beside the notebook


def find_question(name: str) -> tuple[Lab, Question]:
    """The lab and the question of a name such as "lab2.conv2d".

    Raises:
        UsageError: there is no such lab or question.
    """
    lab_name, _, question = name.partition(".")
    lab = find_lab(lab_name)
    if question not in lab.questions:
        known = ", ".join(f"{lab_name}.{one}" for one in lab.questions)
        raise UsageError(f"{printable(name)}: no such question; there are {known}")
    return lab, lab.questions[question]


def find_lab(name: str) -> Lab:
    """A lab of the course, or one whose checks lie in the current folder.

    Raises:
        UsageError: there is no such lab.
    """
    if name in COURSE:
        found: Lab = importlib.import_module(f"retinue.lessons.checks.{name}").LAB
        return found
    own = Path(OWN.format(name=name))
    if not re.fullmatch(r"\w+", name, re.ASCII) or not own.is_file():
        known = ", ".join(COURSE)
        raise UsageError(
            f"{printable(name)}: no such lab; there are {known}, and none of one's own: "
            f"{printable(str(own))} is not in this folder"
        )
    return read_lab(own)


def read_lab(path: Path) -> Lab:
    """The lab that a file of checks defines as LAB; its code is run.

    Raises:
        UsageError: it cannot be imported, or defines no LAB.
    """
    name = module_of(path)
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None or not path.is_file():
        raise UsageError(f"{path}: no file of checks")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module  # dataclasses look their module up
    try:
        spec.loader.exec_module(module)
    except Exception as error:
        raise UsageError(f"{path}: {type(error).__name__}: {error}") from error
    lab = getattr(module, "LAB", None)
    if not isinstance(lab, Lab):
        raise UsageError(f"{path}: defines no LAB, a retinue.lessons.question.Lab")
    return lab


def module_of(checks: Path) -> str:
    """The name of the module that a file of checks becomes; no other module has it."""
    return f"{__name__}.{checks.stem}"

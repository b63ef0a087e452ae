"""`python -m retinue.lessons.building [--check]`: what a checkout generates from its masters.

The students' copies of the labs, `src/retinue/lessons/masters/labN_*.py`, from `labs/labN_*.py`;
and `lessons/*.ipynb` from all that lies in `masters`.
"""

import argparse
import sys
from pathlib import Path

from retinue.errors import RetinueError, UsageError
from retinue.lessons.notebooks import notebook_of, text_of
from retinue.lessons.student import student_of
from retinue.writing import write_text

LABS = Path("labs")
MASTERS = Path("src/retinue/lessons/masters")
NOTEBOOKS = Path("lessons")
CHECKOUT = Path(__file__).parents[3]


def generated(root: Path) -> dict[Path, str]:
    """All that is generated in a checkout, by path relative to it; lines end in plain newlines.

    Raises:
        UsageError: this is no checkout, or a master cannot be read; the text names the line.
    """
    if not (root / MASTERS).is_dir() or not (root / LABS).is_dir():
        raise UsageError(f"{root}: no checkout of Retinue: {LABS} or {MASTERS} is not there")
    made: dict[Path, str] = {}
    for path in sorted((root / LABS).glob("lab*_*.py")):
        made[MASTERS / path.name] = student_of(_text(path), f"{LABS / path.name}")
    masters = {path.name: _text(path) for path in (root / MASTERS).glob("lesson*_*.py")}
    masters |= {path.name: text for path, text in made.items()}
    for name, text in sorted(masters.items()):
        stem = name.removesuffix(".py")
        made[NOTEBOOKS / f"{stem}.ipynb"] = text_of(notebook_of(text, stem))
    return made


def differing(root: Path) -> list[Path]:
    """Which files of a checkout are not what would be generated, are missing, or have no master."""
    made = generated(root)
    wrong = [path for path, text in made.items() if not _is(root / path, text)]
    return sorted([*wrong, *_left_over(root, made)])


def build(root: Path) -> list[Path]:
    """Generate everything that differs, and delete what has no master; gives what was changed."""
    made = generated(root)
    changed = differing(root)
    for path in changed:
        if path in made:
            write_text(root / path, made[path])
        else:
            (root / path).unlink()
    return changed


def main(arguments: list[str] | None = None) -> int:
    """Build or compare; gives the exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m retinue.lessons.building", description=__doc__.split("\n\n")[1]
    )
    parser.add_argument("--check", action="store_true", help="compare only; 1 where they differ")
    parser.add_argument("root", nargs="?", type=Path, default=CHECKOUT, help="the checkout")
    given = parser.parse_args(arguments)
    try:
        changed = differing(given.root) if given.check else build(given.root)
    except RetinueError as error:
        print(f"building: {error}", file=sys.stderr)  # noqa: T201
        return error.exit_code
    for path in changed:
        print(f"{'differs' if given.check else 'written'}: {path.as_posix()}")  # noqa: T201
    if given.check and changed:
        print("Generate them: python -m retinue.lessons.building")  # noqa: T201
    return int(given.check and bool(changed))


def _left_over(root: Path, made: dict[Path, str]) -> list[Path]:
    """Files where only generated ones lie that nothing is generated for."""
    found = [*(root / MASTERS).glob("lab*.py"), *(root / NOTEBOOKS).glob("*.ipynb")]
    return [path for one in found if (path := one.relative_to(root)) not in made]


def _is(path: Path, text: str) -> bool:
    return path.is_file() and _text(path).replace("\r\n", "\n") == text


def _text(path: Path) -> str:
    try:
        return path.read_bytes().decode()
    except UnicodeDecodeError as error:
        raise UsageError(f"{path}: not UTF-8: {error}") from None


if __name__ == "__main__":
    sys.exit(main())

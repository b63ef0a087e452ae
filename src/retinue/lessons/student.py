"""A master with solutions becomes the student's: what stands between the markers goes.

    def area(width, height):                    def area(width, height):
        ### BEGIN SOLUTION                          # Your code here.
        return width * height            ->         raise NotImplementedError
        ### END SOLUTION

    size = 26  # SOLUTION                ->     size = ...

In markdown the markers are `<!-- BEGIN SOLUTION -->` and `<!-- END SOLUTION -->`.
"""

import ast
import re
import textwrap
from collections.abc import Sequence
from dataclasses import dataclass

from retinue.errors import UsageError

WRITE_CODE = "# Your code here."
WRITE_TEXT = "*Your answer here.*"
NOT_YET = "raise NotImplementedError"

_CODE = re.compile(r"(?P<indent>\s*)#+ *(?P<which>BEGIN|END) SOLUTION *#*\s*", re.IGNORECASE)
_TEXT = re.compile(
    r"(?P<indent>(?:# ?)?\s*)<!-- *(?P<which>BEGIN|END) SOLUTION *-->\s*", re.IGNORECASE
)
_ONE_LINE = re.compile(r"# *SOLUTION\s*$")
_LEFT = re.compile(r"\b(BEGIN|END)[ _-]*SOLUTION|^\s*[^#\s].*# *SOLUTION\s*$", re.IGNORECASE)
_CELL = re.compile(r"# *%%")


@dataclass(frozen=True)
class _Marker:
    kind: str  # code or text
    which: str  # begin or end
    indent: str


def student_of(master: str, name: str) -> str:
    """The student's copy of a master, in py:percent form; lines end in plain newlines.

    Args:
        master: the text of the master.
        name: its file's name, for errors.

    Raises:
        UsageError: markers that have no partner, or leave something that is no Python.
    """
    lines = master.replace("\r\n", "\n").split("\n")
    left: list[str] = []
    position = 0
    while position < len(lines):
        begin = _marker(lines[position])
        if begin is None:
            left.append(_without_value(lines[position], f"{name}, line {position + 1}"))
            position += 1
            continue
        end = _partner(lines, position, begin, name)
        left += _instead(begin, lines[position + 1 : end], lines, position)
        position = end + 1
    _hold_no_marker(left, name)
    return _readable("\n".join(left), name)


def _marker(line: str) -> _Marker | None:
    for kind, pattern in (("code", _CODE), ("text", _TEXT)):
        found = pattern.fullmatch(line)
        if found:
            return _Marker(kind, found["which"].lower(), found["indent"])
    return None


def _partner(lines: Sequence[str], start: int, begin: _Marker, name: str) -> int:
    """Where the solution that begins at a line ends.

    Raises:
        UsageError: it does not, or what is there is an end.
    """
    place = f"{name}, line {start + 1}"
    if begin.which == "end":
        raise UsageError(f"{place}: END SOLUTION, but no BEGIN SOLUTION before it")
    for number in range(start + 1, len(lines)):
        found = _marker(lines[number])
        if found == _Marker(begin.kind, "end", begin.indent):
            return number
        if found is not None and found.which == "end":
            raise UsageError(
                f"{name}, line {number + 1}: END SOLUTION is not written or indented as its "
                f"BEGIN SOLUTION in line {start + 1}"
            )
        if found is not None:
            raise UsageError(
                f"{name}, line {number + 1}: BEGIN SOLUTION, but the one in line {start + 1} "
                "has not ended"
            )
        if _CELL.match(lines[number]):
            break
    raise UsageError(f"{place}: BEGIN SOLUTION, but no END SOLUTION in this cell")


def _instead(
    begin: _Marker, solution: Sequence[str], lines: Sequence[str], position: int
) -> list[str]:
    """What the student finds in the place of a solution."""
    if begin.kind == "text":
        return [f"{begin.indent}{WRITE_TEXT}"]
    if begin.indent:
        inside = _enclosing(lines, position, begin.indent)
        rest = "pass" if inside == "class" else NOT_YET
    else:
        names = _bound("\n".join(solution))
        rest = f"{names[-1]} = ..." if names else NOT_YET
    return [f"{begin.indent}{WRITE_CODE}", f"{begin.indent}{rest}"]


def _enclosing(lines: Sequence[str], position: int, indent: str) -> str:
    """Whether a line stands right in a class, or in a function."""
    width = len(indent)
    for line in reversed(lines[:position]):
        if not line.strip() or line.lstrip().startswith((")", "#")):
            continue
        depth = len(line) - len(line.lstrip())
        if depth >= width:
            continue
        found = re.match(r"\s*(?:async +)?(def|class)\b", line)
        if found:
            return found[1]
        width = depth
    return "def"


def _bound(code: str) -> list[str]:
    """Names that code gives a value at its top level, in order."""
    try:
        statements = ast.parse(textwrap.dedent(code)).body
    except SyntaxError:
        return []
    names: list[str] = []
    for one in statements:
        if isinstance(one, ast.FunctionDef | ast.ClassDef | ast.AsyncFunctionDef):
            names.append(one.name)
        elif isinstance(one, ast.Assign | ast.AnnAssign):
            targets = one.targets if isinstance(one, ast.Assign) else [one.target]
            names += [target.id for target in targets if isinstance(target, ast.Name)]
    return names


def _without_value(line: str, place: str) -> str:
    """`size = 26  # SOLUTION` as `size = ...`; any other line as it is.

    Raises:
        UsageError: the line is no assignment.
    """
    bare = line.strip()
    if bare.startswith("#") or not _ONE_LINE.search(bare):
        return line
    indent = line[: len(line) - len(line.lstrip())]
    try:
        (statement,) = ast.parse(bare).body
    except (SyntaxError, ValueError):
        statement = None
    if isinstance(statement, ast.Assign):
        last: ast.expr = statement.targets[-1]
        values = len(last.elts) if isinstance(last, ast.Tuple | ast.List) else 1
    elif isinstance(statement, ast.AnnAssign):
        last, values = statement.annotation, 1
    else:
        raise UsageError(f"{place}: # SOLUTION belongs behind an assignment in one line")
    kept = bare.encode()[: last.end_col_offset].decode()
    return f"{indent}{kept} = {', '.join(['...'] * values)}"


def _hold_no_marker(lines: Sequence[str], name: str) -> None:
    """See that nothing is left that was meant as a marker.

    Raises:
        UsageError: something is.
    """
    for line in lines:
        if _LEFT.search(line):
            raise UsageError(
                f"{name}: no marker, but it looks like one: {line.strip()!r}; write "
                "### BEGIN SOLUTION, ### END SOLUTION or <!-- BEGIN SOLUTION --> on lines of "
                "their own, or # SOLUTION behind an assignment"
            )


def _readable(text: str, name: str) -> str:
    """The text, if it is Python.

    Raises:
        UsageError: it is not, as where the rest of a statement went with the solution.
    """
    try:
        compile(text, name, "exec", ast.PyCF_ALLOW_TOP_LEVEL_AWAIT | ast.PyCF_ONLY_AST)
    except (SyntaxError, ValueError) as error:
        line = text.split("\n")[(getattr(error, "lineno", None) or 1) - 1].strip()
        raise UsageError(
            f"{name}: what is left without the solutions is no Python: {error}: {line!r}"
        ) from None
    return text

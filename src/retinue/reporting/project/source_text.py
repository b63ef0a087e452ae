"""Source text out of templates: values stand in it as Python's own literals, whatever they hold."""

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

WIDTH = 88  # ruff's own
_PIECE = 72  # characters of a long text on one line


def render(template: str, values: Mapping[str, Any]) -> str:
    """The text of a template of this package."""
    return _environment().get_template(template).render(values)


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("retinue.reporting.project"),
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        undefined=StrictUndefined,
        autoescape=False,  # noqa: S701  Python, not HTML; what comes from outside goes through `literal`
    )
    environment.globals |= {"fitted": fitted, "literal": literal, "assigned": assigned}
    return environment


def fitted(indent: int, head: str, arguments: Sequence[str], tail: str = "") -> str:
    """`head(arguments)tail` on one line, or broken as ruff's formatter breaks it."""
    room = WIDTH - indent
    inside = ", ".join(arguments)
    if len(head) + len(inside) + 2 + len(tail) <= room:
        lines = [f"{head}({inside}){tail}"]
    elif len(inside) + 4 <= room:
        lines = [f"{head}(", f"    {inside}", f"){tail}"]
    else:
        lines = [f"{head}(", *(f"    {one}," for one in arguments), f"){tail}"]
    return "\n".join(" " * indent + line for line in lines)


def assigned(name: str, kind: str, text: str) -> str:
    """`name = kind(text)`, a long text over several lines."""
    if len(whole := f"{name} = {kind}({literal(text)})") <= WIDTH:
        return whole
    pieces = [literal(text)] if len(literal(text)) + 4 <= WIDTH else _pieces(text)
    return "\n".join([f"{name} = {kind}(", *(f"    {piece}" for piece in pieces), ")"])


def literal(value: Any) -> str:
    """A value as Python's source has it, in ASCII and on one line."""
    return f'"{_escaped(value)}"' if isinstance(value, str) else repr(value)


def _escaped(text: str) -> str:
    # Without a quote within, ruff's formatter has no reason to choose other quotes around.
    return ascii(text)[1:-1].replace("\\'", "'").replace('"', "\\x22")


def _pieces(text: str) -> list[str]:
    """The literals of parts that make up the text."""
    pieces = [""]
    for letter in text:
        escaped = _escaped(letter)
        if len(pieces[-1]) + len(escaped) > _PIECE:
            pieces.append("")
        pieces[-1] += escaped
    return [f'"{piece}"' for piece in pieces]

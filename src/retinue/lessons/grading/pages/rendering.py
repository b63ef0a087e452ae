"""From what a page shows to its HTML, in the manner of a report's page."""

from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment
from markupsafe import Markup

import retinue
from retinue.lessons.grading.table import points_in_words
from retinue.reporting.page.rendering import HERE as REPORT
from retinue.reporting.page.rendering import environment_of, policy
from retinue.wording import count, percent, printable

HERE = Path(__file__).parent
SORTING = "page.js"  # of a report: tables that can be sorted
# What a report's script looks for in its page.
_NOTHING: dict[str, Any] = {"charts": {}, "matrices": [], "pictures": {}, "tiny": []}


def render(template: str, script: str = "", data: Any = None, **values: Any) -> str:
    """A page as HTML.

    Args:
        template: its file.
        script: that of its script; without one nothing in it is run.
        data: what the script reads, as plain values.
        values: what the template shows.
    """
    style = _text(REPORT / "assets" / "page.css") + _text(HERE / "assets" / "grades.css")
    code = _script(script) if script else ""
    return (
        _environment()
        .get_template(template)
        .render(
            policy=policy(style, code),
            style=Markup(style),  # noqa: S704  our own
            script=Markup(code),  # noqa: S704  our own
            data=_NOTHING if data is None else data,
            version=retinue.__version__,
            **values,
        )
    )


def cleaned(value: Any) -> Any:
    """Plain values, whose texts hold nothing that could turn the text around them."""
    if isinstance(value, str):
        return "\n".join(printable(line) for line in value.split("\n"))
    if isinstance(value, dict):
        return {key: cleaned(one) for key, one in value.items()}
    return [cleaned(one) for one in value] if isinstance(value, list | tuple) else value


def broken(name: str) -> str:
    """A name in which a line may end after each underscore."""
    return name.replace("_", "_\u200b")


def _script(name: str) -> str:
    own = HERE / "assets" / name
    return _text(own if own.is_file() else REPORT / "assets" / name)


@cache
def _text(path: Path) -> str:
    return path.read_text(encoding="utf-8")


@cache
def _environment() -> Environment:
    environment = environment_of(HERE / "templates")
    environment.filters |= {
        "broken": broken,
        "points": points_in_words,
        "percent": lambda share: percent(share, 0),
        "count": count,
    }
    return environment

"""From what a page shows to its HTML: one file, which may fetch nothing."""

import json
import re
from base64 import b64encode
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape

import retinue
from retinue.reporting.page.charts.intervals import count_bar
from retinue.wording import printable

if TYPE_CHECKING:
    from retinue.reporting.page.page import Page

HERE = Path(__file__).parent
# Letters that are written from right to left, and what lies between two of them.
_LEFTWARD = "\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefe\U00010800-\U00010fff\U0001e800-\U0001efff"
_RUN = re.compile(f"[{_LEFTWARD}](?:[^A-Za-z&;]*[{_LEFTWARD}])?")


def render(page: "Page") -> str:
    """The page as HTML."""
    style, script = (_asset(name) for name in ("page.css", "page.js"))
    body = _environment().get_template("body.html").render(page=page, album=page.collected.album)
    return (
        _environment()
        .get_template("page.html")
        .render(
            page=page,
            policy=policy(style, script),
            style=Markup(style),  # noqa: S704  our own
            script=Markup(script),  # noqa: S704  our own
            body=Markup(body),  # noqa: S704  escaped when it was made
            data=_as_json(_data(page)),
            version=retinue.__version__,
        )
    )


def policy(style: str, script: str) -> str:
    """The content security policy: this style, this script, pictures that lie in the page."""
    return (
        f"default-src 'none'; img-src data:; style-src '{_hash(style)}'; "
        f"script-src '{_hash(script)}'; base-uri 'none'; form-action 'none'"
    )


def prose(text: str) -> Markup:
    """Text in which names that are written from right to left leave the rest where it is."""
    shown = str(escape(printable(text)))
    return Markup(_RUN.sub(lambda found: f"<bdi>{found[0]}</bdi>", shown))  # noqa: S704


def lines(text: str) -> Markup:
    """The text of a file, whose lines stay lines."""
    return Markup("\n").join(escape(printable(one)) for one in text.split("\n"))


def _data(page: "Page") -> dict[str, Any]:
    """What the script needs: pictures that are not in the body, values of charts, cells."""
    album = page.collected.album
    return {
        "charts": {chart.id: chart.data for chart in page.collected.charts if chart.stops},
        "matrices": [matrix.data(album, page.quota) for matrix in page.matrices],
        "pictures": album.others(),
        "tiny": [key for key in album.stored if album.is_tiny(key)],
    }


def _as_json(value: Any) -> Markup:
    """JSON that can stand in a script element, and steers nothing when it is shown."""
    text = json.dumps(_cleaned(value), ensure_ascii=True, separators=(",", ":"), allow_nan=False)
    for sign in "<>&":
        text = text.replace(sign, f"\\u{ord(sign):04x}")
    return Markup(text)  # noqa: S704  has no sign of markup


def _cleaned(value: Any) -> Any:
    if isinstance(value, str):
        return printable(value)
    if isinstance(value, dict):
        return {key: _cleaned(one) for key, one in value.items()}
    return [_cleaned(one) for one in value] if isinstance(value, list | tuple) else value


def _hash(text: str) -> str:
    return f"sha256-{b64encode(sha256(text.encode()).digest()).decode()}"


@cache
def _asset(name: str) -> str:
    return (HERE / "assets" / name).read_text(encoding="utf-8")


def environment_of(*folders: Path) -> Environment:
    """The templates of some folders, the first first, with filters for texts from outside.

    Everything is escaped, and nothing in it can turn the line around.
    """
    environment = Environment(
        loader=FileSystemLoader(folders),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=_shown,
    )
    environment.filters |= {"prose": prose, "lines": lines}
    return environment


@cache
def _environment() -> Environment:
    environment = environment_of(HERE / "templates")
    environment.globals["count_bar"] = count_bar
    return environment


def _shown(value: Any) -> Any:
    """Text from outside without what could turn the line around; markup was made so already."""
    return printable(value) if isinstance(value, str) and not isinstance(value, Markup) else value

"""From what a board's page shows to its HTML: the reports' page with sections of its own."""

import json
from functools import cache
from pathlib import Path

from jinja2 import Environment
from markupsafe import Markup

import retinue
from retinue.lessons.board.page.views import BoardPage
from retinue.reporting.page import rendering

HERE = Path(__file__).parent


def render(page: BoardPage) -> str:
    """The page as HTML."""
    style = "".join(
        path.read_text(encoding="utf-8")
        for path in (rendering.HERE / "assets" / "page.css", HERE / "assets" / "board.css")
    )
    script = (rendering.HERE / "assets" / "page.js").read_text(encoding="utf-8")
    environment = _environment()
    body = environment.get_template("body.html").render(page=page, album=page.album)
    shown = {
        "policy": rendering.policy(style, script),
        "style": Markup(style),  # noqa: S704  our own
        "script": Markup(script),  # noqa: S704  our own
        "body": Markup(body),  # noqa: S704  escaped when it was made
        "data": _data(page),
        "version": retinue.__version__,
    }
    return environment.get_template("page.html").render(page=page, **shown)


def _data(page: BoardPage) -> Markup:
    """What the script needs; the keys of pictures are the page's own."""
    tiny = [key for key in page.album.stored if page.album.is_tiny(key)]
    data = {"charts": {}, "matrices": [], "pictures": page.album.others(), "tiny": tiny}
    return Markup(json.dumps(data, separators=(",", ":")))  # noqa: S704  keys and base64


@cache
def _environment() -> Environment:
    """The reports' templates, and before them those of a board."""
    return rendering.environment_of(HERE / "templates", rendering.HERE / "templates")

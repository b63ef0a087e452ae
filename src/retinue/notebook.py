"""How results show themselves in a notebook: tables and pictures as HTML, everything escaped."""

from base64 import b64encode
from collections.abc import Sequence
from html import escape
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from matplotlib.figure import Figure


# MathJax, which notebooks let look for formulas, passes over these; a class may be called $x$, or
# be a formula with a script in its link.
NO_FORMULAS = "tex2jax_ignore mathjax_ignore"


def table(head: Sequence[str], rows: Sequence[Sequence[Any]], caption: str = "") -> str:
    """An HTML table with its caption above."""
    top = "".join(f"<th>{escape(name)}</th>" for name in head)
    body = "".join(
        "<tr>" + "".join(f"<td>{escape(str(cell))}</td>" for cell in row) + "</tr>" for row in rows
    )
    caption = f"<caption>{escape(caption)}</caption>"
    return f'<table class="{NO_FORMULAS}">{caption}<tr>{top}</tr>{body}</table>'


def figure(drawing: "Figure") -> str:
    """A matplotlib figure as an HTML picture that carries its own data."""
    buffer = BytesIO()
    drawing.savefig(buffer, format="png", dpi=100)
    return _png(buffer.getvalue(), "")


def picture(path: Path) -> str:
    """A PNG file as an HTML picture that carries its own data; nothing where there is no file."""
    return _png(path.read_bytes(), path.stem.replace("_", " ")) if path.is_file() else ""


def _png(data: bytes, description: str) -> str:
    source = b64encode(data).decode()
    return f'<img alt="{escape(description)}" src="data:image/png;base64,{source}">'

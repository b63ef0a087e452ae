"""HTML for notebooks: what data and users name is shown as text, never as markup."""

from base64 import b64decode
from html.parser import HTMLParser
from io import BytesIO
from pathlib import Path

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from matplotlib.figure import Figure
from PIL import Image

from retinue import notebook

EVIL = "<script>alert('1')</script>\"&"


class Reader(HTMLParser):
    """What a browser makes of some HTML: its tags, its texts, and the attributes of pictures."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.texts: list[str] = []
        self.attributes: dict[str, str | None] = {}
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes |= dict(attrs)

    def handle_data(self, data: str) -> None:
        self.texts.append(data)


def test_a_table_has_its_cells_in_their_places() -> None:
    html = notebook.table(["a", "b"], [[1, "x"], [2.5, None]], "two rows")
    seen = Reader(html)
    assert seen.tags == ["table", "caption", "tr", "th", "th", *["tr", "td", "td"] * 2]
    assert seen.texts == ["two rows", "a", "b", "1", "x", "2.5", "None"]


def test_markup_in_any_part_of_a_table_is_text() -> None:
    for html in (
        notebook.table([EVIL], []),
        notebook.table(["a"], [[EVIL]]),
        notebook.table(["a"], [], EVIL),
    ):
        seen = Reader(html)
        assert "script" not in seen.tags
        assert EVIL in "".join(seen.texts)


@given(st.text(st.characters(codec="utf-8", exclude_characters="\0\r")))
def test_any_text_comes_out_of_a_table_as_it_went_in(text: str) -> None:
    seen = Reader(notebook.table([], [[text]]))
    assert seen.tags == ["table", "caption", "tr", "tr", "td"]
    assert "".join(seen.texts) == text


def test_a_picture_carries_its_file_and_a_description(tmp_path: Path) -> None:
    file = tmp_path / "learning_curves.png"
    Image.fromarray(np.arange(12, dtype=np.uint8).reshape(3, 4)).save(file)
    seen = Reader(notebook.picture(file))
    assert seen.tags == ["img"]
    assert seen.attributes["alt"] == "learning curves"
    head, _, data = str(seen.attributes["src"]).partition(",")
    assert head == "data:image/png;base64"
    assert b64decode(data) == file.read_bytes()


def test_the_name_of_a_picture_cannot_leave_its_attribute(tmp_path: Path) -> None:
    file = tmp_path / '"><b onload=x>.png'
    file.write_bytes(b"png")
    seen = Reader(notebook.picture(file))
    assert seen.tags == ["img"]
    assert set(seen.attributes) == {"alt", "src"}
    assert seen.attributes["alt"] == '"><b onload=x>'


def test_a_picture_that_is_not_there_shows_nothing(tmp_path: Path) -> None:
    assert notebook.picture(tmp_path / "none.png") == ""


def test_a_figure_becomes_a_png_of_its_size() -> None:
    seen = Reader(notebook.figure(Figure(figsize=(2, 1))))
    data = b64decode(str(seen.attributes["src"]).partition(",")[2])
    with Image.open(BytesIO(data)) as image:
        assert (image.format, image.size) == ("PNG", (200, 100))


def test_no_formulas_are_looked_for_in_a_table() -> None:
    seen = Reader(notebook.table(["a"], [["$\\href{javascript:alert(1)}{x}$"]]))
    assert seen.attributes["class"] == "tex2jax_ignore mathjax_ignore"

"""Figures noted with where they stand."""

from retinue.reporting.slides.pages import Source
from retinue.reporting.slides.sources import MISSING, Book, resolve, three, whole
from retinue.wording import percent

VALUES = {"a": [{"b": 0.5}, {"b": None}], "n": 1234}


def test_a_figure_is_said_and_noted_once() -> None:
    book = Book("file.json", VALUES)
    assert book.say("a[0].b", percent) == "50.0 %"
    assert book.say("a[0].b", percent) == "50.0 %"
    assert book.say("n", whole) == "1,234"
    assert book.taken == [
        Source("50.0 %", "file.json", "a[0].b"), Source("1,234", "file.json", "n")
    ]  # fmt: skip


def test_what_is_not_known_is_a_dash_and_not_noted() -> None:
    book = Book("file.json", VALUES)
    for key in ("a[1].b", "a[2].b", "b", "a.b", "n[0]"):
        assert resolve(VALUES, key) is None
        assert book.say(key, three) == MISSING
    assert book.taken == []

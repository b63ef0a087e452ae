"""Text that fits."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from retinue.reporting.slides.text import (
    fit,
    fitting,
    height_of,
    lines_of,
    plain,
    short_all,
    width_of,
)


@given(st.text())
def test_any_text_can_stand_in_xml(text: str) -> None:
    etree.SubElement(etree.Element("a"), "b").text = plain(text)


@pytest.mark.parametrize("letter", ["\x00", "\x1b", "\ufffe", "\uffff", "\ud800", "\u202e"])
def test_letters_that_xml_lacks_or_that_turn_the_line_become_signs(letter: str) -> None:
    assert plain(f"a{letter}b") == "a\ufffdb"


def test_letters_of_every_script_and_emoji_stay() -> None:
    assert plain("שלום 猫 👩\u200d🚀 größe") == "שלום 猫 👩\u200d🚀 größe"


def test_no_line_is_broken_before_a_percent_sign() -> None:
    assert plain("of 98.3 % to 5 % and % alone") == "of 98.3\xa0% to 5\xa0% and % alone"


def test_a_wide_text_is_wide() -> None:
    assert width_of("mmm", 10) > width_of("iii", 10) > 0
    assert width_of("mmm", 20) == pytest.approx(2 * width_of("mmm", 10))
    assert width_of("猫", 10) == 10
    assert width_of("e\u0301", 10) == width_of("e", 10)


def test_words_are_broken_into_lines() -> None:
    word = width_of("word", 10)
    assert lines_of("word word word", 10, 10 * word) == 1
    assert lines_of("word word word", 10, 1.1 * word) == 3
    assert lines_of("wordwordword", 10, 1.1 * word) == 3
    assert height_of(["word", "word"], 10, 10 * word, gap=0.5) == 10 * (2.4 + 0.5)


def test_the_largest_size_that_fits_is_taken() -> None:
    texts = ["one two three four five six seven"] * 3
    for height in (60, 80, 120, 200):
        found, size = fit(texts, (200, height), (20, 16, 12, 10))
        assert found == texts
        assert height_of(texts, size, 200) <= height
        larger = [one for one in (20, 16, 12, 10) if one > size]
        assert all(height_of(texts, one, 200) > height for one in larger)


def test_what_never_fits_is_left_out_from_the_end() -> None:
    found, size = fit([f"paragraph {number}" for number in range(50)], (200, 60), (20, 10))
    assert size == 10
    assert found[0] == "paragraph 0"
    assert found[-1] == "…"
    assert height_of(found, size, 200) <= 60


def test_one_long_paragraph_is_cut() -> None:
    ((found,), size) = fit(["word " * 500], (200, 60), (20, 10))
    assert found.endswith("…")
    assert 30 < len(found) < 300
    assert height_of([found], size, 200) <= 60


@given(st.lists(st.text(min_size=1, max_size=60), min_size=1, max_size=6),
       st.floats(30, 400))  # fmt: skip
def test_names_are_no_wider_than_their_room(names: list[str], room: float) -> None:
    found = fitting(names, room, 10)
    assert len(found) == len(names)
    assert all(width_of(name, 10) <= room or len(name) == 1 for name in found)


def test_what_names_have_in_common_goes_first() -> None:
    names = [f"the class of number {number}" for number in range(10)]
    assert short_all(names, 12)[3] == "the cl…er 3"  # their middle is enough
    names = [f"the class of number {number} of ten" for number in range(10)]
    assert short_all(names, 12) == [f"…{number}…" for number in range(10)]
    assert short_all(names, 40) == names
    assert short_all(["cat", "dog"], 12) == ["cat", "dog"]

import re

from retinue.lessons.outcome import Outcome

HARM = "<img src=x onerror=alert(1)> $x$"


def test_it_is_true_where_it_passed() -> None:
    assert Outcome("lab1.a", passed=True)
    assert not Outcome("lab1.a", passed=False)


def test_it_tells_itself_as_text() -> None:
    assert str(Outcome("lab1.a", passed=True)) == "lab1.a: right"
    assert str(Outcome("lab1.a", passed=False, answered=False)) == "lab1.a: no answer yet"
    wrong = Outcome("lab1.a", False, "gives 1\nexpected 2", "Count again?", "off_by_one")
    lines = ["lab1.a: not right yet", "  gives 1\nexpected 2", "  Hint: Count again?"]
    assert str(wrong) == "\n".join(lines)


def test_nothing_in_its_box_is_markup_or_a_formula() -> None:
    box = Outcome(HARM, False, HARM, HARM)._repr_html_()
    assert "<img" not in box
    assert box.count("&lt;img") == 3
    assert "tex2jax_ignore" in box
    assert set(re.findall(r"<(\w+)", box)) == {"div", "b", "code"}


def test_right_and_wrong_are_told_by_more_than_colour() -> None:
    assert "✓" in Outcome("lab1.a", passed=True)._repr_html_()
    assert "✗" in Outcome("lab1.a", passed=False)._repr_html_()

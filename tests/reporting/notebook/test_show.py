"""Tables and sentences in a notebook: what they hold is text."""

from retinue.reporting.notebook import sentences, table

EVIL = "<script>alert(1)</script> $\\href{javascript:x}{y}$ \x1b[31m\u202e"


def test_markup_is_text_and_formulas_are_passed_over() -> None:
    for shown in (table([EVIL], [[EVIL]], EVIL), sentences({EVIL: [EVIL]})):
        html = shown._repr_html_()
        assert "<script" not in html
        assert html.count("&lt;script&gt;") >= 2
        assert "\x1b" not in html + repr(shown)
        assert "\u202e" not in html + repr(shown)
        assert html.startswith(("<table class=", "<div class="))
        assert 'class="tex2jax_ignore mathjax_ignore"' in html


def test_a_terminal_shows_the_same_words() -> None:
    assert repr(table(["a", "b"], [[1, None]], "two")) == "two\na\tb\n1\tNone"
    assert repr(sentences({"A": ["One.", "Two."]})) == "A\nOne.\nTwo."

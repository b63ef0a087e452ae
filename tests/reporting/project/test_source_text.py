"""Values from outside in source text: they come back as they were, and ruff's formatter agrees."""

import ast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from retinue.reporting.project.source_text import WIDTH, assigned, fitted, literal

EVIL = (
    '"', "'", "\\", '"""', "'''", "\n", "\r\n", "\u2028", "\u202e", "\x00", "\x1b[31m", "😀",
    "שלום", "{{ x }}", "{% raw %}", "#", '"; import os; os.system("true"); "', "\udcff", "a" * 300,
    "C:\\new\\table", "a b " * 60,
)  # fmt: skip


@pytest.mark.parametrize("text", EVIL)
def test_a_text_comes_back(text: str) -> None:
    assert ast.literal_eval(literal(text)) == text
    assert literal(text).isascii()
    assert "\n" not in literal(text)


@given(st.text())
def test_every_text_comes_back(text: str) -> None:
    assert ast.literal_eval(literal(text)) == text


@given(st.text(max_size=400))
def test_long_texts_are_broken_and_whole(text: str) -> None:
    source = assigned("DATA", "str", text)
    namespace: dict[str, str] = {}
    exec(source, namespace)
    assert namespace["DATA"] == text
    assert max(map(len, source.splitlines())) <= WIDTH


def test_numbers_are_exact() -> None:
    for number in (0.1, 1e-7, 0.05 * 3, 125.30691809553422):
        assert ast.literal_eval(literal(number)) == number


def test_a_call_is_broken_where_it_is_too_long() -> None:
    assert fitted(4, "f", ["a", "b"]) == "    f(a, b)"
    assert fitted(0, "f" * 80, ["a" * 5, "b"]).splitlines() == [f"{'f' * 80}(", "    aaaaa, b", ")"]
    broken = fitted(0, "f", ["a" * 50, "b" * 50]).splitlines()
    assert broken == ["f(", f"    {'a' * 50},", f"    {'b' * 50},", ")"]

"""Shares in words: rounded, but never rounded up to certainty."""

import pytest

from retinue.wording import measured_share, percent, printable


@pytest.mark.parametrize(
    ("share", "digits", "text"),
    [(0.98349, 1, "98.3 %"), (1.0, 1, "100.0 %"), (0.99999, 1, "99.9 %"), (0.996, 0, "99 %")],
)  # fmt: skip
def test_only_certainty_is_a_hundred_percent(share: float, digits: int, text: str) -> None:
    assert percent(share, digits) == text


def test_a_measured_share_carries_its_interval_and_number() -> None:
    measured = {"value": 0.75, "low": 0.5, "high": 0.9, "n": 1234}
    assert measured_share(measured) == "75.0 % (50.0 % to 90.0 %, n = 1,234)"


@pytest.mark.parametrize(
    "text", ["cat", "größe", "кот", "שלום", "猫", "😀", "👩\u200d🚀", "a b", "e\u0301", "नमस्ते"]
)
def test_letters_of_every_script_and_emoji_are_printable(text: str) -> None:
    assert printable(text) == text


@pytest.mark.parametrize(
    "sign",
    [
        "\x1b",
        "\x00",
        "\x07",
        "\n",
        "\r",
        "\t",
        "\x7f",
        "\x9b",
        "\u202e",
        "\u2066",
        "\u2028",
        "\ud800",
    ],
)
def test_what_steers_a_terminal_is_shown_as_what_cannot_be_shown(sign: str) -> None:
    assert printable(f"a{sign}b") == "a\ufffdb"
    assert printable(f"a{sign}b", 1) == "a"

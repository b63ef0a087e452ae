import unicodedata

import pytest

from retinue.lessons.grading.unmangling import LONGEST, shortened, unmangled


@pytest.mark.parametrize("name", ["Müller", "Großmann", "Çelik", "Dvořák", "Ελένη", "石田", "👩‍🎓"])
def test_utf8_that_a_zip_did_not_mark_is_read(name: str) -> None:
    assert unmangled(name.encode().decode("cp437")) == name


@pytest.mark.parametrize("name", ["Müller", "Åsa Öberg", "José Núñez"])
def test_names_of_windows_are_read(name: str) -> None:
    assert unmangled(name.encode("cp1252").decode("cp437")) == name


@pytest.mark.parametrize("name", ["Müller", "Großmann", "Ελένη", "Σοφία", "石田", "a (1).ipynb"])
def test_right_names_stay(name: str) -> None:
    assert unmangled(name) == name


def test_old_dos_names_stay() -> None:
    assert unmangled("Großmann Jürgen".encode("cp437").decode("cp437")) == "Großmann Jürgen"


def test_letters_are_composed() -> None:
    assert unmangled(unicodedata.normalize("NFD", "Éric/Zoë")) == "Éric/Zoë"


def test_signs_that_steer_become_one_that_is_seen() -> None:
    assert unmangled("a\u202eb\x1b[31m\n.ipynb") == "a\ufffdb\ufffd[31m\ufffd.ipynb"


def test_long_paths_keep_both_ends() -> None:
    short = shortened("begin" + "x" * 1000 + "end.ipynb")
    assert len(short) <= LONGEST
    assert short.startswith("begin")
    assert short.endswith("end.ipynb")

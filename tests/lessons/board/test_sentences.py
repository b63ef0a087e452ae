from pathlib import Path

import numpy as np
import pytest

from retinue.lessons.board.hidden import Hidden, judged_split, load_hidden, open_hidden
from retinue.lessons.board.sentences import (
    leaders_of,
    leak_sentences,
    names,
    promise_sentences,
    title_of,
)
from retinue.lessons.board.standing import Standing, stand
from retinue.lessons.board.verdicts import Judged, Own
from tests.lessons.board.conftest import of_accuracy, pictures, saved

N = 300


@pytest.fixture(scope="module")
def hidden(tmp_path_factory: pytest.TempPathFactory) -> Hidden:
    folder = tmp_path_factory.mktemp("hidden")
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("RETINUE_CACHE", str(folder / "cache"))
        return open_hidden(saved(folder / "hidden", *pictures(N // 3, 1)))


def standing(hidden: Hidden, *runs: Judged) -> Standing:
    return stand(hidden, runs, [])


def run(name: str, accuracy: float, seed: int = 0, **others: object) -> Judged:
    return of_accuracy(name, accuracy, N, seed, **others)


def test_one_who_is_better_than_all_is_called_the_best(hidden: Hidden) -> None:
    found = standing(hidden, run("a", 0.9), run("b", 0.5, 1), run("c", 0.45, 2))
    assert title_of(found) == "a is shown to be the best of 3"
    assert leaders_of(found)[0].startswith("Of 3 pairs of runs the 300 hidden pictures show for 2")


def test_who_may_be_the_best_is_told_without_choosing(hidden: Hidden) -> None:
    found = standing(hidden, run("a", 0.9), run("b", 0.89, 1), run("c", 0.45, 2))
    assert title_of(found) == "2 of 3 runs may be the best: the pictures cannot tell which"
    assert leaders_of(found)[0] == "Nobody is shown to be better than a and b."


def test_without_any_difference_that_is_the_title(hidden: Hidden) -> None:
    found = standing(hidden, run("a", 0.9), run("b", 0.89, 1))
    assert title_of(found) == "No difference is shown between the 2 runs"


def test_a_promise_that_does_not_hold_is_told_in_plain_words(hidden: Hidden) -> None:
    kept = run("b", 0.8, 1, own=Own(0.8, 300))
    found = standing(hidden, run("a", 0.6, own=Own(0.9, 300)), kept)
    assert promise_sentences(found) == (
        "a promised 90.0 % and holds 60.0 %, 30.0 points less. It promised more than it holds.",
    )
    assert promise_sentences(standing(hidden, kept)) == (
        "No run is shown to hold less than its own test promised.",
    )


def test_where_most_do_not_hold_the_pictures_are_suspected(hidden: Hidden) -> None:
    runs = [run(f"{n}", 0.6, n, own=Own(0.9, 300)) for n in range(4)]
    assert promise_sentences(standing(hidden, *runs))[0].startswith("That 4 of 4 hold less")
    runs[1:] = [run(f"{n}", 0.9, n, own=Own(0.9, 300)) for n in range(1, 4)]
    assert not any(
        "hold less than they" in one for one in promise_sentences(standing(hidden, *runs))
    )


def test_a_leak_is_counted_and_what_is_left_is_told(hidden: Hidden) -> None:
    learnt = np.arange(N) < 100
    found = standing(hidden, run("a", 0.8, learnt=learnt), run("b", 0.8, 1, knows_splits=False))
    told = leak_sentences(found)
    assert told[0].startswith("a learnt from 100 hidden pictures: it recognises 80.0 % of all, and")
    assert "200 that are new to it" in told[0]
    assert told[1] == "Not known, for want of a list of its pictures: b."
    clean = leak_sentences(standing(hidden, run("a", 0.8)))
    assert clean[0] == "No run lists a hidden picture among those that it learnt from."


def test_many_names_are_cut() -> None:
    assert names(["a", "b"]) == "a and b"
    assert names([str(n) for n in range(20)]) == "0, 1, 2, 3, 4, 5, 6, 7 and 12 more"


def test_hidden_pictures_are_the_test_split_where_there_is_one(tmp_path: Path) -> None:
    saved(tmp_path / "data" / "train", *pictures(8, 1))
    saved(tmp_path / "data" / "test", *pictures(5, 2))
    assert len(open_hidden(tmp_path / "data")) == 15
    loaded = load_hidden(str(tmp_path / "data" / "train"))
    assert len(judged_split(loaded)) == 24


def test_copies_among_the_hidden_pictures_are_counted(tmp_path: Path) -> None:
    images, labels = pictures(5, 1)
    images[1] = images[0]
    assert open_hidden(saved(tmp_path / "data", images, labels)).repeated == 1
    assert open_hidden(saved(tmp_path / "other", *pictures(5, 2))).repeated == 0

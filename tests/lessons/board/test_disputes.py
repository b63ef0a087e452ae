import numpy as np
import pytest
from scipy.stats import entropy

from retinue.lessons.board.disputes import entropies_of, talk_of, votes_on
from tests.lessons.board.conftest import judged


def test_the_entropy_of_answers_is_scipys() -> None:
    answers = np.random.default_rng(0).integers(0, 4, (7, 50))
    counts = np.stack([(answers == label).sum(axis=0) for label in range(4)])
    assert entropies_of(answers, 4) == pytest.approx(entropy(counts, base=2))


def test_agreement_has_no_entropy_and_even_division_the_most() -> None:
    answers = np.array([[0, 0], [0, 1], [0, 2], [0, 3]])
    assert entropies_of(answers, 4).tolist() == [0.0, 2.0]


TRUTH = [0, 1, 2, 0, 1, 2]
RUNS = [
    judged("a", [0, 1, 0, 1, 1, 0], TRUTH),
    judged("b", [0, 2, 0, 1, 0, 1], TRUTH),
    judged("c", [0, 0, 1, 1, 0, 2], TRUTH),
]


def test_what_is_disputed_wrong_for_all_and_right_for_one() -> None:
    talk = talk_of(RUNS, 3)
    # Answers: 000 right; 120: one right; 001 none; 111 none; 100: one; 012: one.
    assert set(talk.disputed[:2]) == {1, 5}
    assert set(talk.disputed) == {1, 2, 4, 5}
    assert talk.all_wrong == (3, 2)  # those first that all mistake alike
    assert set(talk.one_right) == {(1, 0), (4, 0), (5, 2)}
    assert talk.one_right[0] == (4, 0)  # the others agree most


def test_one_run_alone_disputes_nothing() -> None:
    talk = talk_of(RUNS[:1], 3)
    assert (talk.disputed, talk.all_wrong, talk.one_right) == ((), (), ())


def test_of_two_runs_none_is_alone_against_the_others() -> None:
    assert talk_of(RUNS[:2], 3).one_right == ()


def test_votes_name_who_said_what_the_commonest_first() -> None:
    assert votes_on(RUNS, 2) == [(0, ("a", "b")), (1, ("c",))]

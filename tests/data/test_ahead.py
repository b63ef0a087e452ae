"""The next item is made while one is in use: the same items, no more than one ahead."""

import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator

import pytest
import torch

from retinue.data.ahead import ahead, ahead_where_it_pays

WAIT = 5.0  # seconds that a test waits for a thread, at most


class Watched:
    """Numbers from 0 on that note in which thread they were made, and how many there are."""

    def __init__(self, count: int, act: Callable[[int], None] = lambda _: None) -> None:
        self.count = count
        self.act = act
        self.made = threading.Semaphore(0)
        self.threads: list[threading.Thread] = []

    def __iter__(self) -> Iterator[int]:
        for number in range(self.count):
            self.act(number)
            self.threads.append(threading.current_thread())
            self.made.release()
            yield number

    def wait(self, count: int) -> bool:
        """Whether so many more are made soon."""
        return all(self.made.acquire(timeout=WAIT) for _ in range(count))


@pytest.mark.parametrize("count", [0, 1, 2, 30])
def test_the_same_items_come_in_the_same_order(count: int) -> None:
    assert list(ahead(iter(range(count)))) == list(range(count))


def test_none_is_an_item_like_any_other() -> None:
    assert list(ahead(iter([None, 0, None]))) == [None, 0, None]


def test_nothing_is_made_before_the_first_is_asked_for() -> None:
    watched = Watched(3)
    ahead(iter(watched))
    assert watched.threads == []


def test_the_next_one_is_made_while_one_is_in_use_and_no_more() -> None:
    watched = Watched(9)
    items = ahead(iter(watched))
    for number in range(3):
        assert next(items) == number
        assert watched.wait(2 if number == 0 else 1)  # the one asked for, and one ahead
        assert not watched.made.acquire(timeout=0.05), "more than one ahead"
    items.close()  # type: ignore[attr-defined]
    assert len(watched.threads) == 4


def test_items_are_made_in_one_other_thread() -> None:
    watched = Watched(5)
    list(ahead(iter(watched)))
    assert len(set(watched.threads)) == 1
    assert watched.threads[0] is not threading.current_thread()


def test_an_exception_comes_where_its_item_would_have_come() -> None:
    def act(number: int) -> None:
        if number == 2:
            raise ValueError("the third")

    items = ahead(iter(Watched(5, act)))
    assert [next(items), next(items)] == [0, 1]
    with pytest.raises(ValueError, match="the third"):
        next(items)
    with pytest.raises(StopIteration):  # as with the generator itself
        next(items)


def ends(threads: list[threading.Thread]) -> bool:
    """Whether these threads are over soon."""
    for thread in threads:
        thread.join(WAIT)
    return not any(thread.is_alive() for thread in threads)


def test_the_thread_ends_with_the_items() -> None:
    watched = Watched(3)
    list(ahead(iter(watched)))
    assert ends(watched.threads)


def test_the_thread_ends_when_no_more_are_wanted() -> None:
    watched = Watched(1000)
    items = ahead(iter(watched))
    next(items)
    assert watched.threads[0].is_alive()  # control
    items.close()  # type: ignore[attr-defined]
    assert ends(watched.threads)
    assert len(watched.threads) <= 2


def test_the_thread_ends_when_the_consumer_fails() -> None:
    watched = Watched(1000)

    def consume() -> None:
        for _ in ahead(iter(watched)):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        consume()
    assert ends(watched.threads)


@pytest.mark.parametrize("least", [0.0, 60.0])
@pytest.mark.parametrize("count", [0, 1, 2, 3, 30])
def test_where_it_pays_or_not_the_items_are_the_same(count: int, least: float) -> None:
    assert list(ahead_where_it_pays(iter(range(count)), least)) == list(range(count))


def test_only_what_takes_long_is_made_in_another_thread() -> None:
    def made(seconds: float, least: float) -> list[bool]:
        watched = Watched(5, lambda number: time.sleep(seconds if number == 1 else 0))
        list(ahead_where_it_pays(iter(watched), least))
        return [thread is threading.current_thread() for thread in watched.threads]

    assert made(seconds=0, least=60) == [True] * 5
    assert made(seconds=0.05, least=0.05) == [True] * 2 + [False] * 3


def test_only_as_many_are_made_as_are_wanted_until_it_is_known() -> None:
    watched = Watched(9)
    items = ahead_where_it_pays(iter(watched), least=60)
    for wanted in range(1, 4):
        next(items)
        assert len(watched.threads) == wanted


def test_random_numbers_of_the_consumer_are_its_own() -> None:
    def drawn(items: Iterator[int]) -> list[float]:
        torch.manual_seed(3)
        return [float(torch.rand(())) for _ in items]

    def draw(_: int) -> None:
        torch.rand(3, generator=torch.Generator().manual_seed(0))

    assert drawn(ahead(iter(Watched(5, draw)))) == drawn(iter(range(5)))


CORES = """
import threading
import torch
from retinue.data.ahead import ahead

told = {}

def items():
    told["maker"] = torch.get_num_threads()
    yield 1
    yield 2

def later():
    told["later"] = torch.get_num_threads()

if FIRST:
    torch.set_num_threads(3)
list(ahead(items()))
told["main"] = torch.get_num_threads()
thread = threading.Thread(target=later)
thread.start()
thread.join()
print(told["maker"], told["main"], told["later"])
"""


@pytest.mark.parametrize(("first", "main"), [(True, 3), (False, 2)])
def test_only_the_thread_ahead_keeps_to_one_core(first: bool, main: int) -> None:
    """In a process of its own, where torch has not looked at the number of threads before."""
    done = subprocess.run(
        [sys.executable, "-c", CORES.replace("FIRST", str(first))],
        capture_output=True, text=True, check=True, env={**os.environ, "OMP_NUM_THREADS": "2"},
    )  # fmt: skip
    assert done.stdout.split() == ["1", str(main), str(main)]

"""The next batch is prepared while the network computes."""

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from typing import TypeVar

import torch

Item = TypeVar("Item")

HAND_OVER = 0.003  # seconds; on two busy cores a second thread cost more than it saved below


def ahead_where_it_pays(items: Iterator[Item], least: float) -> Iterator[Item]:
    """Yield the same items: made `ahead` if one takes `least` seconds, else one after another."""
    yield from islice(items, 1)  # pays for what is done once, so that the second one is timed
    started = time.perf_counter()
    timed = list(islice(items, 1))
    pays = time.perf_counter() - started >= least
    yield from timed
    yield from ahead(items) if pays else items


def ahead(items: Iterator[Item]) -> Iterator[Item]:
    """Yield the same items; each is made in a second thread while the one before is in use.

    What making an item raises is raised where it would have been yielded. One item more than the
    consumer has is in memory.
    """
    end, threads = object(), torch.get_num_threads()
    with ThreadPoolExecutor(1) as pool:
        pool.submit(_take_one_core).result()
        torch.set_num_threads(threads)  # torch gives every new thread what was set last
        following = pool.submit(next, items, end)
        while (item := following.result()) is not end:
            following = pool.submit(next, items, end)
            yield item  # type: ignore[misc]


def _take_one_core() -> None:
    """The processor belongs to the network: this thread's own operations take one core."""
    torch.get_num_threads()  # the first look at the number is what would set it otherwise
    torch.set_num_threads(1)

"""The next batch is prepared while the network computes."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

import torch

Item = TypeVar("Item")


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

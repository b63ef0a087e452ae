"""Lab 4: whether pixels are put into one other order, the same for all pictures."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from retinue.lessons.comparing import require_function, shown
from retinue.lessons.question import WrongError

Pixels = NDArray[np.int64]
SHAPE = (5, 3, 4, 6)  # pictures, channels, rows, columns: all different
SEED = 7

HINTS = {
    "new_order_each": "Two pictures came out in different orders. Then not even a linear layer "
    "could learn from them: how often may the order be drawn?",
    "channels_torn": "Red, green and blue of one pixel landed in different places. The order is "
    "one of places, and each place has all channels.",
    "pictures_mixed": "Numbers of one picture landed in another one. Which axis did you permute?",
    "lines_only": "Whole rows or columns stayed together, so many neighbours did too. How many "
    "places does a picture have?",
    "nothing_moved": "The pictures came out as they went in.",
    "pixels_lost": "Some pixels are missing, others there twice: indices that are drawn one by "
    "one can come twice. What is a permutation?",
    "not_repeatable": "The same seed gave another order at the second call. Training and test "
    "pictures would be shuffled differently.",
    "seed_ignored": "Another seed gave the same order.",
    "depends_on_pictures": "With fewer pictures the same seed gave another order. Training and "
    "test pictures would be shuffled differently.",
    "input_changed": "The pictures that were given to your function have changed. Whoever called "
    "it may still need them.",
}


def check_shuffle_pixels(answer: Any) -> None:
    """See what `shuffle_pixels(pictures, seed)` does to numbers that are all different."""
    require_function(answer)
    order = _order(answer, SHAPE[0], SEED)
    if not np.array_equal(_order(answer, SHAPE[0], SEED), order):
        raise WrongError(f"two calls with the seed {SEED} gave two orders", "not_repeatable")
    if np.array_equal(_order(answer, SHAPE[0], SEED + 1), order):
        raise WrongError(f"the seeds {SEED} and {SEED + 1} gave the same order", "seed_ignored")
    if not np.array_equal(_order(answer, 2, SEED), order):
        case = f"{SHAPE[0]} and 2 pictures with the seed {SEED} gave two orders"
        raise WrongError(case, "depends_on_pictures")


def _order(answer: Any, count: int, seed: int) -> Pixels:
    """Which pixel of a picture lies where afterwards; the same for all of them.

    Raises:
        WrongError: there is no such order.
    """
    shape = (count, *SHAPE[1:])
    pictures = np.arange(np.prod(shape), dtype=np.int64).reshape(shape)
    given = pictures.copy()
    got = answer(given, seed)
    case = f"pictures of shape {shape}, seed {seed}"
    try:
        found = np.asarray(got).astype(np.int64)
    except (TypeError, ValueError):
        raise WrongError(f"{case}: gives {shown(got)}, no array") from None
    if found.shape != shape:
        raise WrongError(f"{case}: gives the shape {found.shape}, expected {shape}")
    if np.array_equal(found, pictures):
        raise WrongError(case, "nothing_moved")
    _check_places(found, shape, case)
    if not np.array_equal(given, pictures):
        raise WrongError(case, "input_changed")
    return np.asarray(found[0, 0].ravel() % (shape[2] * shape[3]))


def _check_places(found: Pixels, shape: tuple[int, ...], case: str) -> None:
    """See that every pixel came whole, from the same place of the same picture."""
    count, channels, rows, columns = shape
    if not np.array_equal(np.sort(found.ravel()), np.arange(found.size)):
        raise WrongError(f"{case}: not every number came once", "pixels_lost")
    flat = found.reshape(count, channels, -1)
    picture, channel, place = np.unravel_index(flat, flat.shape)
    if (picture != np.arange(count)[:, None, None]).any():
        raise WrongError(case, "pictures_mixed")
    if (channel != np.arange(channels)[:, None]).any() or (place != place[:, :1]).any():
        raise WrongError(case, "channels_torn")
    if (place != place[:1]).any():
        raise WrongError(case, "new_order_each")
    row, column = np.divmod(place[0, 0].reshape(rows, columns), columns)
    if (row == row[:, :1]).all() or (column == column[:1]).all():
        raise WrongError(case, "lines_only")
